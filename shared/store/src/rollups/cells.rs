//! The cells: counters of one scope and day, spread over shards.

use std::collections::BTreeMap;

use aws_sdk_dynamodb::types::{AttributeValue, TransactWriteItem};
use futures::future::try_join_all;

use domain::reports::{CellKey, Counts, Selection, Tally};
use domain::values::moment::{Day, Moment};
use domain::values::name::Handle;

use crate::dynamo::{Database, Item, damaged, number, optional, string, table, text};
use crate::error::{Error, Result};

/// Counters that one update may add to, so that its expression stays below DynamoDB's 4 KB.
pub(crate) const MAX_COUNTERS: usize = 250;

/// The cells of one selection over some days.
#[derive(Clone, Debug, Default)]
pub struct Cells {
    /// Counters by day.
    pub days: BTreeMap<Day, Counts>,
    /// When the latest of them was added to.
    pub updated_at: Option<Moment>,
}

/// Handle of the report cells: `store.rollups()`.
#[derive(Clone, Copy, Debug)]
pub struct Rollups<'a> {
    db: &'a Database,
}

impl<'a> Rollups<'a> {
    pub(crate) fn new(db: &'a Database) -> Self {
        Self { db }
    }

    /// The cells of a selection from one day to another, both included, with eventually consistent reads: one `Query` per MB.
    ///
    /// # Errors
    /// When the table is unavailable.
    pub async fn read(self, handle: &Handle, selection: &Selection, from: Day, to: Day) -> Result<Cells> {
        let mut cells = Cells::default();
        let mut start: Option<Item> = None;
        loop {
            let query = self
                .db
                .query()
                .key_condition_expression("pk = :pk AND sk BETWEEN :from AND :to")
                .expression_attribute_values(":pk", text(table::rollups(handle, selection)))
                .expression_attribute_values(":from", text(from.compact()))
                .expression_attribute_values(":to", text(format!("{}#~", to.compact())))
                .set_exclusive_start_key(start);
            let found = query.send().await.map_err(Error::call("Query"))?;
            for item in found.items() {
                let sk = string(item, "sk")?;
                if let Selection::LinkInCampaign(_, campaign) = selection
                    && sk.split('#').nth(1) != Some(campaign.as_str())
                {
                    continue;
                }
                let day = sk.get(..8).and_then(Day::from_compact);
                let day = day.ok_or_else(|| damaged(optional(item, "pk").unwrap_or("?"), "its sk is not a day"))?;
                read_into(cells.days.entry(day).or_default(), item);
                let updated = optional(item, "updatedAt").and_then(|text| text.parse().ok());
                cells.updated_at = cells.updated_at.max(updated);
            }
            start = found.last_evaluated_key;
            if start.is_none() {
                return Ok(cells);
            }
        }
    }
}

/// The parts of a transaction that add tallies to their cells, each in a shard. Keys beyond a cell's limit are folded into
/// `other`: one eventually consistent `GetItem` per cell for the keys it has.
pub(crate) async fn parts(db: &Database, tallies: &BTreeMap<(CellKey, u32), Tally>, now: Moment) -> Result<Vec<TransactWriteItem>> {
    let shards = try_join_all(tallies.keys().map(|(cell, shard)| read_shard(db, cell, *shard))).await?;
    let folded = tallies.iter().zip(&shards);
    folded.map(|(((cell, shard), tally), counts)| add_part(db, cell, *shard, &tally.folded_into(counts), now)).collect()
}

/// Tallies that all go to the same shard of their cells.
pub(crate) fn in_shard(tallies: &BTreeMap<CellKey, Tally>, shard: u32) -> BTreeMap<(CellKey, u32), Tally> {
    tallies.iter().map(|(cell, tally)| ((cell.clone(), shard), tally.clone())).collect()
}

async fn read_shard(db: &Database, cell: &CellKey, shard: u32) -> Result<Counts> {
    let mut counts = Counts::default();
    if let Some(item) = db.get_eventually_consistent(&table::rollup(cell, shard)).await? {
        read_into(&mut counts, &item);
    }
    Ok(counts)
}

fn add_part(db: &Database, cell: &CellKey, shard: u32, tally: &Tally, now: Moment) -> Result<TransactWriteItem> {
    db.update_part(&table::rollup(cell, shard), |mut update| {
        let mut adds = Vec::with_capacity(tally.len());
        for (place, (name, increment)) in tally.counters().enumerate() {
            adds.push(format!("#{place} :{place}"));
            update = update
                .expression_attribute_names(format!("#{place}"), name)
                .expression_attribute_values(format!(":{place}"), number(increment));
        }
        update
            .update_expression(format!("SET updatedAt = :now ADD {}", adds.join(", ")))
            .expression_attribute_values(":now", text(now.to_string()))
    })
}

fn read_into(counts: &mut Counts, item: &Item) {
    for (name, value) in item {
        if let AttributeValue::N(digits) = value
            && let Ok(value) = digits.parse()
        {
            counts.add(name, value);
        }
    }
}
