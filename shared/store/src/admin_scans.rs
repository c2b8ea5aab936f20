//! Reading everything of a kind, for offline jobs and the recounter. No other function may do it: no IAM statement of theirs allows it.

use domain::values::id::{AdjustmentId, ClickId, ConversionId, Id, IdKind};
use domain::values::moment::{Day, Moment};
use domain::values::name::Handle;

use crate::conversions::{self, StoredAdjustment, StoredConversion, ledger};
use crate::dynamo::{Database, Item, ListCursor, ListRange, string, table, text};
use crate::error::{Error, Result};

/// The longest time between the creation of an id and the acceptance of its record in milliseconds: the longest a function can run.
const MAX_ACCEPTANCE_MS: i64 = 900_000;
/// Entries of a list that one call reads.
const MAX_LISTED: usize = 1_000;

/// Handle of the scans: `store.admin_scans()`.
#[derive(Clone, Copy, Debug)]
pub struct AdminScans<'a> {
    db: &'a Database,
}

impl<'a> AdminScans<'a> {
    pub(crate) fn new(db: &'a Database) -> Self {
        Self { db }
    }

    /// All handles by name: one `Query` of the `list` index per thousand.
    ///
    /// # Errors
    /// When the table is unavailable.
    pub async fn handles(self) -> Result<Vec<Handle>> {
        let mut handles = Vec::new();
        let mut after: Option<ListCursor> = None;
        loop {
            let range = ListRange::first(MAX_LISTED, table::HANDLE_LIST.to_owned()).after(after);
            let (entries, next) = self.db.list_entries(range).await?;
            handles.extend(entries.iter().filter_map(|entry| entry.position.parse::<Handle>().ok()));
            after = next;
            if after.is_none() {
                return Ok(handles);
            }
        }
    }

    /// The next handles by name, after a given one: one `Query` of the `list` index.
    ///
    /// # Errors
    /// When the table is unavailable.
    pub async fn handles_after(self, after: Option<&Handle>, limit: usize) -> Result<Vec<Handle>> {
        let mut range = ListRange::first(limit, table::HANDLE_LIST.to_owned());
        if let Some(after) = after {
            // No name has a character that sorts before this one.
            range = range.between(format!("{after}!"), "~");
        }
        let (entries, _) = self.db.list_entries(range).await?;
        Ok(entries.iter().filter_map(|entry| entry.position.parse::<Handle>().ok()).collect())
    }

    /// The clicks of a handle whose message could not be sent: their number, and when the oldest was made. One `Query` of each shard
    /// per MB.
    ///
    /// # Errors
    /// When the table is unavailable.
    pub async fn parked_clicks(self, handle: &Handle) -> Result<(u64, Option<Moment>)> {
        let (mut number, mut oldest): (u64, Option<Moment>) = (0, None);
        for shard in 0..table::PARKED_SHARDS {
            let mut start: Option<Item> = None;
            loop {
                let query = self
                    .db
                    .query()
                    .key_condition_expression("pk = :pk")
                    .expression_attribute_values(":pk", text(table::parked_clicks(handle, shard)))
                    .projection_expression("sk")
                    .consistent_read(true)
                    .set_exclusive_start_key(start);
                let found = query.send().await.map_err(Error::call("Query"))?;
                number += u64::try_from(found.items().len()).unwrap_or_default();
                let first = found.items().first().and_then(|item| string(item, "sk").ok()?.parse::<ClickId>().ok());
                oldest = oldest.into_iter().chain(first.map(|id| id.moment())).min();
                start = found.last_evaluated_key;
                if start.is_none() {
                    break;
                }
            }
        }
        Ok((number, oldest))
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
            let range = ListRange::of_month(MAX_LISTED, list(month)).between(format!("{from}!"), &to);
            let (items, _) = self.db.listed(range).await?;
            if !items.is_empty() || month.month() == day.month() {
                return Ok(items.into_iter().map(|(_, item)| item).collect());
            }
            (month, from) = (day, String::new());
        }
    }
}
