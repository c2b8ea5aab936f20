//! What only an operator's jobs read: everything there is. No function may; no statement of the template allows it.

use domain::id::ConversionId;
use domain::moment::Day;
use domain::name::Handle;

use crate::Store;
use crate::conversions::{Stored, stored};
use crate::error::{Error, Result};
use crate::item::{Item, string, text};
use crate::table;

impl Store {
    /// Every handle, by name. Reads the whole table.
    pub async fn all_handles(&self) -> Result<Vec<Handle>> {
        let mut handles = Vec::new();
        let mut start: Option<Item> = None;
        loop {
            let scan = self
                .db
                .scan()
                .table_name(&self.table)
                .filter_expression("begins_with(pk, :handles)")
                .expression_attribute_values(":handles", text(table::HANDLES))
                .projection_expression("pk")
                .set_exclusive_start_key(start);
            let found = scan.send().await.map_err(Error::call("Scan"))?;
            for item in found.items() {
                handles.extend(string(item, "pk")?.strip_prefix(table::HANDLES).and_then(|name| name.parse().ok()));
            }
            start = found.last_evaluated_key;
            if start.is_none() {
                handles.sort();
                return Ok(handles);
            }
        }
    }

    /// A page of the conversions that count on a day, in the order of their ids, after the one before; none at the end.
    pub async fn conversions_of(&self, handle: &Handle, day: Day, after: Option<ConversionId>) -> Result<Vec<Stored>> {
        // An id is made a moment before its conversion is accepted, so that the first of a day may be named by the day before.
        let from = after.unwrap_or_else(|| ConversionId::new(day.start().plus_millis(-MOST_APART_MS), 0));
        let to = ConversionId::new(day.plus(1).start(), 0);
        let mut month = from.moment().day();
        let mut from = from.to_string();
        loop {
            let query = self
                .db
                .query()
                .table_name(&self.table)
                .index_name(table::LIST)
                .key_condition_expression("listPk = :month AND listSk BETWEEN :from AND :to")
                .expression_attribute_values(":month", text(table::conversions(handle, month)))
                .expression_attribute_values(":from", text(format!("{from}!")))
                .expression_attribute_values(":to", text(to.to_string()));
            let found = query.send().await.map_err(Error::call("Query"))?;
            if !found.items().is_empty() || month.month() == day.month() {
                return found.items().iter().map(stored).collect();
            }
            (month, from) = (day, String::new());
        }
    }
}

/// How long after its id was made a conversion may have been accepted, far more than a function runs.
const MOST_APART_MS: i64 = 900_000;
