//! Full scans for offline jobs. No function may make them; no IAM statement of the template allows it.

use domain::values::id::{AdjustmentId, ConversionId, Id, IdKind};
use domain::values::moment::Day;
use domain::values::name::Handle;

use crate::conversions::{self, StoredAdjustment, StoredConversion, ledger};
use crate::dynamo::{Database, Item, string, table, text};
use crate::error::{Error, Result};

/// The longest time between the creation of an id and the acceptance of its record in milliseconds: the longest a function can run.
const MAX_ACCEPTANCE_MS: i64 = 900_000;

/// Handle of the scans: `store.admin_scans()`.
#[derive(Clone, Copy, Debug)]
pub struct AdminScans<'a> {
    db: &'a Database,
}

impl<'a> AdminScans<'a> {
    pub(crate) fn new(db: &'a Database) -> Self {
        Self { db }
    }

    /// All handles by name: a `Scan` of the whole table.
    ///
    /// # Errors
    /// When the table is unavailable.
    pub async fn handles(self) -> Result<Vec<Handle>> {
        let mut handles = Vec::new();
        let mut start: Option<Item> = None;
        loop {
            let scan = self
                .db
                .scan()
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

    /// A page of the conversions that count on a day, by id, after the given one; empty at the end.
    ///
    /// # Errors
    /// When the table is unavailable.
    pub async fn conversions_of_day(self, handle: &Handle, day: Day, after: Option<ConversionId>) -> Result<Vec<StoredConversion>> {
        let found = self.listed(|month| table::conversions(handle, month), day, after).await?;
        found.iter().map(conversions::stored).collect()
    }

    /// A page of the adjustments that count on a day, by id, after the given one; empty at the end.
    ///
    /// # Errors
    /// When the table is unavailable.
    pub async fn adjustments_of_day(self, handle: &Handle, day: Day, after: Option<AdjustmentId>) -> Result<Vec<StoredAdjustment>> {
        let found = self.listed(|month| table::adjustments_of_month(handle, month), day, after).await?;
        found.iter().map(ledger::stored).collect()
    }

    /// A page of the `list` index with the ids created on a day or shortly before it.
    async fn listed<K: IdKind>(self, list: impl Fn(Day) -> String, day: Day, after: Option<Id<K>>) -> Result<Vec<Item>> {
        // An id is created before its record is accepted, so the first ids of a day can be of the day before.
        let from = after.unwrap_or_else(|| Id::new(day.start().plus_millis(-MAX_ACCEPTANCE_MS), 0));
        let to = Id::<K>::new(day.plus(1).start(), 0);
        let mut month = from.moment().day();
        let mut from = from.to_string();
        loop {
            let query = self
                .db
                .query_index(table::LIST)
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
