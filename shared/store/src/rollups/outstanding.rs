//! What is not folded yet: the deltas, and the state of folding each day.

use std::collections::{BTreeMap, BTreeSet};

use aws_sdk_dynamodb::operation::query::builders::QueryFluentBuilder;
use aws_sdk_dynamodb::types::AttributeValue;
use futures::future::try_join_all;

use domain::reports::{CellScope, Delta};
use domain::values::moment::{Day, Moment};
use domain::values::name::Handle;

use crate::dynamo::table::Key;
use crate::dynamo::{Database, Item, damaged, integer, key_of, optional, string, table, text};
use crate::error::{Error, Result};

/// The attribute of a fold state that counts its folds.
pub(super) const VERSION: &str = "version";
/// The attribute of a fold state with the sort keys of the deltas that the last fold removed.
pub(super) const REMOVED: &str = "removed";

/// The state of folding a day.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct FoldState {
    /// The number of folds.
    pub(super) version: i64,
    /// Deltas in the cells already, by sort key. They may still be stored.
    pub(super) removed: BTreeSet<String>,
}

impl FoldState {
    pub(super) fn of(item: &Item) -> Self {
        let removed = match item.get(REMOVED) {
            Some(AttributeValue::Ss(keys)) => keys.iter().cloned().collect(),
            _ => BTreeSet::new(),
        };
        Self { version: integer(item, VERSION).unwrap_or_default(), removed }
    }
}

/// A delta as it is stored.
#[derive(Clone, Debug)]
pub(super) struct StoredDelta {
    pub(super) at: Key,
    pub(super) day: Day,
    /// When it was written.
    pub(super) written_at: Option<Moment>,
    pub(super) delta: Delta,
    /// Bytes of its document.
    pub(super) bytes: usize,
}

impl StoredDelta {
    /// The delta of an item, of the scopes that are wanted; none, with a line in the log, of one that cannot be decoded. A recount shows
    /// what is missing then.
    pub(super) fn of(item: &Item, is_wanted: impl Fn(&CellScope) -> bool) -> Option<Self> {
        let read = || -> Result<Self> {
            let at = key_of(item)?;
            let day = at.sk.get(..8).and_then(Day::from_compact).ok_or_else(|| damaged(&at.pk, "its sk does not begin with a day"))?;
            let written_at = optional(item, "at").and_then(|text| text.parse().ok());
            let json = string(item, "doc")?;
            let delta = Delta::from_json(json, is_wanted).map_err(|error| damaged(&at.pk, error))?;
            Ok(Self { day, written_at, delta, bytes: json.len(), at })
        };
        read().map_err(|error| tracing::error!(error = &error as &dyn std::error::Error, damaged = 1, "delta is left out")).ok()
    }
}

/// The fold states from one day to another, both included.
pub(super) async fn states(db: &Database, handle: &Handle, from: Day, to: Day) -> Result<BTreeMap<Day, FoldState>> {
    let items = query(db, table::folds(handle), [from.compact(), to.compact()]).await?;
    let day = |item: &Item| string(item, "sk").map(Day::from_compact);
    let mut states = BTreeMap::new();
    for item in &items {
        states.extend(day(item)?.map(|day| (day, FoldState::of(item))));
    }
    Ok(states)
}

/// The first deltas of a day in each lane, and whether these are all; those that folds have removed may be among them. However many
/// there are, one `Query` of a page for each lane.
pub(super) async fn first_deltas(db: &Database, handle: &Handle, day: Day, per_lane: i32) -> Result<(Vec<StoredDelta>, bool)> {
    let range = [day.compact(), format!("{}#~", day.compact())];
    let lanes = (0..table::DELTA_LANES).map(|lane| {
        let query = range_query(db, &table::deltas(handle, lane), &range).limit(per_lane);
        async move { query.send().await.map_err(Error::call("Query")) }
    });
    let pages = try_join_all(lanes).await?;
    let are_all = pages.iter().all(|page| page.last_evaluated_key().is_none());
    Ok((pages.iter().flat_map(|page| page.items()).filter_map(|item| StoredDelta::of(item, |_| true)).collect(), are_all))
}

/// The items of the deltas from one day to another, both included, by lane and day; those that folds have removed may be among them.
pub(super) async fn delta_items(db: &Database, handle: &Handle, from: Day, to: Day) -> Result<Vec<Item>> {
    let range = [from.compact(), format!("{}#~", to.compact())];
    let lanes = (0..table::DELTA_LANES).map(|lane| query(db, table::deltas(handle, lane), range.clone()));
    Ok(try_join_all(lanes).await?.into_iter().flatten().collect())
}

/// The items of a partition in a range of sort keys, with consistent reads.
pub(super) async fn query(db: &Database, pk: String, range: [String; 2]) -> Result<Vec<Item>> {
    let (mut items, mut start) = (Vec::new(), None);
    loop {
        let query = range_query(db, &pk, &range).set_exclusive_start_key(start);
        let found = query.send().await.map_err(Error::call("Query"))?;
        items.extend(found.items.unwrap_or_default());
        start = found.last_evaluated_key;
        if start.is_none() {
            return Ok(items);
        }
    }
}

fn range_query(db: &Database, pk: &str, [from, to]: &[String; 2]) -> QueryFluentBuilder {
    db.query()
        .key_condition_expression("pk = :pk AND sk BETWEEN :from AND :to")
        .expression_attribute_values(":pk", text(pk))
        .expression_attribute_values(":from", text(from))
        .expression_attribute_values(":to", text(to))
        .consistent_read(true)
}
