//! Lists by the index `list`, the one place that reads it: conversions and adjustments by month, deliveries by month, links by
//! creation, subscriptions by the platform key that seals their secrets, handles by name.
//!
//! The index has keys only, so that a change of an item does not write it again. It lags behind the table; the items themselves are
//! read from the table, consistently, as they are now.

use std::collections::HashMap;

use futures::future::try_join_all;
use serde::{Deserialize, Serialize};

use crate::dynamo::database::Database;
use crate::dynamo::item::{Item, key, key_of, optional, string, text};
use crate::dynamo::table::{self, Key};
use crate::error::{Error, Result};

/// Items of one `BatchGetItem` (DynamoDB).
const MAX_BATCH: usize = 100;

/// The part of a list that is read, in the order of its positions (`listSk`).
#[derive(Clone, Debug)]
pub(crate) struct ListRange {
    list: String,
    shards: u32,
    low: String,
    high: String,
    is_newest_first: bool,
    limit: usize,
    after: Option<ListCursor>,
}

/// The position after which a list goes on.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ListCursor(String);

/// An entry of a list.
#[derive(Clone, Debug)]
pub(crate) struct ListEntry {
    /// Its position in the list.
    pub(crate) position: String,
    at: Key,
}

impl ListRange {
    /// At most `limit` entries of a list that is one partition.
    pub(crate) fn first(limit: usize, list: String) -> Self {
        // Every id and name is between these.
        let (low, high) = (" ".to_owned(), "~".to_owned());
        Self { list, shards: 1, low, high, is_newest_first: false, limit, after: None }
    }

    /// At most `limit` entries of a list of one month, which is spread over [`table::LIST_SHARDS`] partitions.
    pub(crate) fn of_month(limit: usize, list: String) -> Self {
        Self { shards: table::LIST_SHARDS, ..Self::first(limit, list) }
    }

    /// Only the positions between these, both included.
    #[must_use]
    pub(crate) fn between(self, low: impl ToString, high: impl ToString) -> Self {
        Self { low: low.to_string(), high: high.to_string(), ..self }
    }

    /// From the last position to the first.
    #[must_use]
    pub(crate) fn newest_first(self) -> Self {
        Self { is_newest_first: true, ..self }
    }

    /// Goes on where the entries before ended.
    #[must_use]
    pub(crate) fn after(self, cursor: Option<ListCursor>) -> Self {
        Self { after: cursor, ..self }
    }

    /// The first and the last position to read. That of the cursor is read again.
    fn bounds(&self) -> (&str, &str) {
        match &self.after {
            Some(ListCursor(position)) if self.is_newest_first => (&self.low, position),
            Some(ListCursor(position)) => (position, &self.high),
            None => (&self.low, &self.high),
        }
    }

    fn partition(&self, shard: u32) -> String {
        if self.shards == 1 { self.list.clone() } else { table::list_shard(&self.list, shard) }
    }
}

impl ListEntry {
    fn of(item: &Item) -> Result<Self> {
        Ok(Self { position: string(item, "listSk")?.to_owned(), at: key_of(item)? })
    }

    /// Where its item is when it is no longer where the index says: a conversion whose key was used again has its id as sort key.
    fn moved(&self) -> Key {
        Key { pk: self.at.pk.clone(), sk: self.position.clone() }
    }

    /// Whether an item is the one it stands for.
    fn is_of(&self, item: &Item) -> bool {
        optional(item, "listSk") == Some(&self.position)
    }
}

impl Database {
    /// The entries of a part of a list, and where it goes on: one `Query` of the index, which lags, for each partition of the list.
    pub(crate) async fn list_entries(&self, range: ListRange) -> Result<(Vec<ListEntry>, Option<ListCursor>)> {
        let (low, high) = range.bounds();
        if low > high {
            return Ok((Vec::new(), None));
        }
        let shards = try_join_all((0..range.shards).map(|shard| self.entries_of_shard(&range, shard))).await?;
        let mut is_more = shards.iter().any(|(_, is_more)| *is_more);
        let mut entries: Vec<ListEntry> = shards.into_iter().flat_map(|(entries, _)| entries).collect();
        entries.sort_by(|one, other| one.position.cmp(&other.position));
        if range.is_newest_first {
            entries.reverse();
        }
        is_more |= entries.len() > range.limit;
        entries.truncate(range.limit);
        let next = entries.last().filter(|_| is_more).map(|last| ListCursor(last.position.clone()));
        Ok((entries, next))
    }

    /// The first entries of one partition, as many as the whole list may have, and whether more follow.
    async fn entries_of_shard(&self, range: &ListRange, shard: u32) -> Result<(Vec<ListEntry>, bool)> {
        let (low, high) = range.bounds();
        let limit = range.limit + usize::from(range.after.is_some());
        let query = self
            .query_index(table::LIST)
            .key_condition_expression("listPk = :list AND listSk BETWEEN :low AND :high")
            .expression_attribute_values(":list", text(range.partition(shard)))
            .expression_attribute_values(":low", text(low))
            .expression_attribute_values(":high", text(high))
            .limit(i32::try_from(limit).unwrap_or(i32::MAX))
            .scan_index_forward(!range.is_newest_first);
        let found = query.send().await.map_err(Error::call("Query"))?;
        let mut entries: Vec<ListEntry> = found.items().iter().map(ListEntry::of).collect::<Result<_>>()?;
        entries.retain(|entry| range.after.as_ref().is_none_or(|after| after.0 != entry.position));
        Ok((entries, found.last_evaluated_key.is_some()))
    }

    /// The items of some entries with their positions, in the same order, without those that no longer exist: one `BatchGetItem` for a
    /// hundred of them.
    pub(crate) async fn items_of(&self, entries: &[ListEntry]) -> Result<Vec<(String, Item)>> {
        let mut items = self.items_at(entries.iter().map(|entry| &entry.at)).await?;
        let is_elsewhere = |entry: &&ListEntry| !items.get(&entry.at).is_some_and(|item| entry.is_of(item));
        let moved: Vec<Key> = entries.iter().filter(is_elsewhere).map(ListEntry::moved).collect();
        items.extend(self.items_at(moved.iter()).await?);
        let item = |entry: &ListEntry| {
            let found = [&entry.at, &entry.moved()].into_iter().find_map(|at| items.get(at).filter(|item| entry.is_of(item)));
            found.map(|item| (entry.position.clone(), item.clone()))
        };
        Ok(entries.iter().filter_map(item).collect())
    }

    /// The items of a part of a list with their positions, and where it goes on; see [`Self::list_entries`] and [`Self::items_of`].
    pub(crate) async fn listed(&self, range: ListRange) -> Result<(Vec<(String, Item)>, Option<ListCursor>)> {
        let (entries, next) = self.list_entries(range).await?;
        Ok((self.items_of(&entries).await?, next))
    }

    async fn items_at(&self, keys: impl Iterator<Item = &Key>) -> Result<HashMap<Key, Item>> {
        let keys: Vec<Item> = keys.map(key).collect();
        let found = try_join_all(keys.chunks(MAX_BATCH).map(|keys| self.batch_get(keys.to_vec()))).await?;
        found.into_iter().flatten().map(|item| Ok((key_of(&item)?, item))).collect()
    }
}
