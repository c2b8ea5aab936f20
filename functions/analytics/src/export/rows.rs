//! The rows of exports, and the JSON document around them.

use domain::values::moment::Day;
use domain::values::name::Handle;
use serde::Serialize;

use super::clicks::ClickRow;
use super::conversions::EntryRow;
use super::daily::DayRow;

/// An export as JSON.
#[derive(Serialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Export {
    pub(super) handle: Handle,
    pub(super) r#type: &'static str,
    /// First day, UTC.
    #[schema(value_type = String, format = Date)]
    pub(super) from: Day,
    /// Last day, UTC, included.
    #[schema(value_type = String, format = Date)]
    pub(super) to: Day,
    /// The same rows as the CSV, in time order.
    pub(super) items: Vec<ExportRow>,
    /// Pass it as `cursor` to get the next page; null at the end.
    pub(super) next_cursor: Option<String>,
}

/// One row of an export.
#[derive(Serialize, utoipa::ToSchema)]
#[serde(untagged)]
pub(crate) enum ExportRow {
    Click(Box<ClickRow>),
    Entry(Box<EntryRow>),
    Day(DayRow),
}

impl From<ClickRow> for ExportRow {
    fn from(row: ClickRow) -> Self {
        Self::Click(Box::new(row))
    }
}

impl From<EntryRow> for ExportRow {
    fn from(row: EntryRow) -> Self {
        Self::Entry(Box::new(row))
    }
}

impl From<DayRow> for ExportRow {
    fn from(row: DayRow) -> Self {
        Self::Day(row)
    }
}
