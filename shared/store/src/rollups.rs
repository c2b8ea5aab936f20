//! Rollup cells: read by days, added to inside the transaction that stores what they count.

use aws_sdk_dynamodb::types::{AttributeValue, TransactWriteItem};
use std::collections::BTreeMap;

use domain::reports::{CellKey, Counts, Selection, Tally};
use domain::values::moment::{Day, Moment};
use domain::values::name::Handle;

use crate::Store;
use crate::dynamo::item::{Item, damaged, key, number, optional, string, text};
use crate::dynamo::table;
use crate::error::{Error, Result};

/// The cells of one selection over some days.
#[derive(Clone, Debug, Default)]
pub struct Cells {
    /// Counters by day.
    pub days: BTreeMap<Day, Counts>,
    /// When the latest of them was added to.
    pub updated_at: Option<Moment>,
}

impl Store {
    /// Reads the cells of a selection from one day to another, both included.
    pub async fn cells(&self, handle: &Handle, selection: &Selection, from: Day, to: Day) -> Result<Cells> {
        let mut cells = Cells::default();
        let mut start: Option<Item> = None;
        loop {
            let query = self
                .db
                .query()
                .table_name(&self.table)
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
                let day = day.ok_or_else(|| damaged(optional(item, "pk").unwrap_or("?"), "its sk is no day"))?;
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

    /// One shard of a cell as it stands; it tells which keys are known to it.
    pub(crate) async fn cell_shard(&self, cell: &CellKey, shard: u32) -> Result<Counts> {
        let get = self.db.get_item().table_name(&self.table).set_key(Some(key(&table::rollup(cell, shard))));
        let found = get.send().await.map_err(Error::call("GetItem"))?;
        let mut counts = Counts::default();
        if let Some(item) = found.item() {
            read_into(&mut counts, item);
        }
        Ok(counts)
    }

    /// The part of a transaction that adds a tally to a cell.
    pub(crate) fn add_to_cell(&self, cell: &CellKey, shard: u32, tally: &Tally, now: Moment) -> Result<TransactWriteItem> {
        self.update_part(&table::rollup(cell, shard), |mut update| {
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
