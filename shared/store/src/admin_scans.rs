//! What only an operator's jobs read: everything there is. No function may; no statement of the template allows it.

use domain::values::id::{AdjustmentId, ConversionId, Id, Kind};
use domain::values::moment::Day;
use domain::values::name::Handle;

use crate::Store;
use crate::conversions::accept::{Stored, stored};
use crate::conversions::ledger::{StoredAdjustment, stored_adjustment};
use crate::dynamo::item::{Item, string, text};
use crate::dynamo::table;
use crate::error::{Error, Result};

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
        let found = self.listed_of(|month| table::conversions(handle, month), day, after).await?;
        found.iter().map(stored).collect()
    }

    /// A page of the adjustments that count on a day, in the order of their ids, after the one before; none at the end.
    pub async fn adjustments_of(&self, handle: &Handle, day: Day, after: Option<AdjustmentId>) -> Result<Vec<StoredAdjustment>> {
        let found = self.listed_of(|month| table::adjustments_of_month(handle, month), day, after).await?;
        found.iter().map(stored_adjustment).collect()
    }

    /// A page of the `list` index whose ids were made on a day or a moment before it.
    async fn listed_of<K: Kind>(&self, list: impl Fn(Day) -> String, day: Day, after: Option<Id<K>>) -> Result<Vec<Item>> {
        // An id is made a moment before its record is accepted, so that the first of a day may be named by the day before.
        let from = after.unwrap_or_else(|| Id::new(day.start().plus_millis(-MAX_APART_MS), 0));
        let to = Id::<K>::new(day.plus(1).start(), 0);
        let mut month = from.moment().day();
        let mut from = from.to_string();
        loop {
            let query = self
                .db
                .query()
                .table_name(&self.table)
                .index_name(table::LIST)
                .key_condition_expression("listPk = :month AND listSk BETWEEN :from AND :to")
                .expression_attribute_values(":month", text(list(month)))
                .expression_attribute_values(":from", text(format!("{from}!")))
                .expression_attribute_values(":to", text(to.to_string()));
            let found = query.send().await.map_err(Error::call("Query"))?;
            if !found.items().is_empty() || month.month() == day.month() {
                return Ok(found.items.unwrap_or_default());
            }
            (month, from) = (day, String::new());
        }
    }
}

/// How long after its id was made a record may have been accepted, far more than a function runs.
const MAX_APART_MS: i64 = 900_000;
