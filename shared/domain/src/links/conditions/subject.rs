//! What conditions are compared with.

use jiff::tz::TimeZone;

use crate::links::visit::Visit;

/// A visit as conditions see it.
pub struct Subject<'v> {
    pub(super) visit: &'v Visit,
    /// The zone of the rule's `timeBetween`, else UTC.
    pub(super) zone: &'v TimeZone,
    /// The visitor's place among all, worked out only when a percentage is asked for.
    pub(super) bucket: &'v dyn Fn() -> u64,
}
