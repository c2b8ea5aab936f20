//! The kind of device a user agent names.

use super::flags::UserAgentFlags;
use crate::values::device::Device;

/// The device of a person whose user agent has these flags.
///
/// The order matters: televisions and tablets run the systems of phones, and phones name the systems of desktops.
pub(super) const fn device(flags: UserAgentFlags) -> Device {
    if flags.any_of(UserAgentFlags::OTHER_SYSTEM) {
        Device::Unknown
    } else if flags.any_of(UserAgentFlags::TABLET) {
        Device::Tablet
    } else if flags.any_of(UserAgentFlags::MOBILE) {
        Device::Mobile
    } else if flags.any_of(UserAgentFlags::ANDROID) {
        // Browsers of Android phones say "Mobile", those of tablets leave it out.
        Device::Tablet
    } else if flags.any_of(UserAgentFlags::DESKTOP) {
        Device::Desktop
    } else {
        Device::Unknown
    }
}
