//! The days that a report covers, as its query names them.

use domain::values::form::{self, Form};
use domain::values::moment::Day;

/// Days a report may cover.
const MAX_DAYS: i64 = 400;
/// Days a report covers when `from` is left out.
const DEFAULT_DAYS: i64 = 30;
/// Days a report by hour may cover, and does when `from` is left out.
const MAX_DAYS_BY_HOUR: i64 = 7;

/// Days in UTC, both included.
#[derive(Clone, Copy, Debug)]
pub struct DayRange {
    /// The first day.
    pub from: Day,
    /// The last day.
    pub to: Day,
}

impl DayRange {
    /// The days from `from` to `to`, by default the last thirty.
    pub fn read(form: &mut Form<'_>, today: Day) -> Self {
        let doc = "First day, UTC, such as 2026-03-01; 29 days before `to` when left out, and at most 399.";
        Self::of_at_most(MAX_DAYS, DEFAULT_DAYS, doc, form, today)
    }

    /// The days of a report by hour, at most and by default seven.
    pub fn read_by_hour(form: &mut Form<'_>, today: Day) -> Self {
        let doc = "First day, UTC, such as 2026-03-01; 6 days before `to` when left out, and at most 6.";
        Self::of_at_most(MAX_DAYS_BY_HOUR, MAX_DAYS_BY_HOUR, doc, form, today)
    }

    fn of_at_most(most: i64, default: i64, doc: &'static str, form: &mut Form<'_>, today: Day) -> Self {
        let to = form.optional("to", "Last day, UTC, included; today when left out.", form::parsed()).unwrap_or(today);
        let from = form.optional("from", doc, form::parsed()).unwrap_or_else(|| to.plus(1 - default));
        if !(1..=most).contains(&from.days_to(to)) {
            form.fault("from", format!("must not be after to, nor more than {most} days before it"));
        }
        Self { from, to }
    }
}
