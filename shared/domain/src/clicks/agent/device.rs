//! The kind of device a user agent speaks of.

use super::flags::Marks;
use crate::values::device::Device;

/// The device of a person whose user agent carries `marks`.
///
/// The order matters: televisions and tablets run the systems of telephones, and
/// telephones name the systems of desktops.
pub(super) const fn device(marks: Marks) -> Device {
    if marks.any_of(Marks::OTHER_SYSTEM) {
        Device::Unknown
    } else if marks.any_of(Marks::TABLET) {
        Device::Tablet
    } else if marks.any_of(Marks::MOBILE) {
        Device::Mobile
    } else if marks.any_of(Marks::ANDROID) {
        // Browsers of Android telephones say "Mobile", those of tablets leave it out.
        Device::Tablet
    } else if marks.any_of(Marks::DESKTOP) {
        Device::Desktop
    } else {
        Device::Unknown
    }
}
