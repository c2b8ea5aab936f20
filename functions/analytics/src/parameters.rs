//! Query parameters that reports and exports share.

use domain::values::form::{self, Form};
use domain::values::moment::Day;

/// Days a report may cover.
const MAX_DAYS: i64 = 400;
/// Days a report covers when `from` is left out.
const DEFAULT_DAYS: i64 = 30;

/// Days in UTC, both included.
#[derive(Clone, Copy)]
pub(crate) struct Range {
    pub(crate) from: Day,
    pub(crate) to: Day,
}

impl Range {
    /// The days from `from` to `to`, by default the last thirty.
    pub(crate) fn read(form: &mut Form<'_>, today: Day) -> Self {
        Self::of_at_most(MAX_DAYS, form, today)
    }

    /// The days from `from` to `to`, at most `most`; by default the last thirty, or as many as there may be.
    pub(crate) fn of_at_most(most: i64, form: &mut Form<'_>, today: Day) -> Self {
        let to = form.optional("to", "Last day, UTC, included; today when left out.", form::parsed()).unwrap_or(today);
        let doc = "First day, UTC, such as 2026-03-01; 29 days before `to` when left out, and at most 399.";
        let from = form.optional("from", doc, form::parsed()).unwrap_or_else(|| to.plus(1 - DEFAULT_DAYS.min(most)));
        if !(1..=most).contains(&from.days_to(to)) {
            form.fault("from", format!("must not be after to, nor more than {most} days before it"));
        }
        Self { from, to }
    }
}
