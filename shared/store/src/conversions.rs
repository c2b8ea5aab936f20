//! Conversions: the record, its idempotency key and its outbox entry are one item, accepted by one conditional write.
//!
//! Under `CONV#handle#digest(key)` lies the conversion that holds the key, as `A`. While it has `duePk` it is also an
//! entry of the outbox. Settling it adds it to its rollup cells and removes `duePk` in one transaction, so that it is
//! counted exactly once however often it is announced. When a key is used again after its year, the former conversion is
//! moved beside the new one in the same transaction: nothing that was ever paid on is overwritten.

use std::collections::BTreeMap;

use aws_sdk_dynamodb::operation::put_item::PutItemError;
use aws_sdk_dynamodb::types::ReturnValuesOnConditionCheckFailure::AllOld;
use aws_sdk_dynamodb::types::TransactWriteItem;

use domain::conversion::Conversion;
use domain::id::ConversionId;
use domain::moment::{Day, Moment};
use domain::name::Handle;
use domain::rollup::{CellKey, Origin, Tally, cells};

use crate::Store;
use crate::clicks::contended_shard;
use crate::error::{Error, Result};
use crate::item::{Item, Page, cursor, doc, number, optional, read_cursor, string, text, with_doc};
use crate::outbox::{GRACE_MS, Pointer};
use crate::restate::Restatement;
use crate::table::{self, Key};
use crate::transaction::absent;

/// What became of a submitted conversion.
#[derive(Clone, Debug, PartialEq)]
pub enum Accepted {
    /// It is stored, and was not before.
    New(Pointer),
    /// Its key already stands for this one.
    Duplicate(Box<Conversion>),
}

/// A conversion with what is known of its place in the outbox.
#[derive(Clone, Debug)]
pub struct Stored {
    /// The record.
    pub conversion: Conversion,
    /// Whether it has been counted.
    pub settled: bool,
    /// Where its visitor came from, once counted.
    pub origin: Option<Origin>,
}

/// What became of settling a conversion.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Settled {
    /// It is counted now.
    Now,
    /// It was counted before.
    Before,
}

impl Store {
    /// Accepts a conversion unless its key stands for an earlier one.
    pub async fn accept_conversion(&self, conversion: &Conversion, key_digest: &str) -> Result<Accepted> {
        let at = table::conversion(&conversion.handle, key_digest);
        let put = self
            .db
            .put_item()
            .table_name(&self.table)
            .set_item(Some(pending_item(&at, conversion)?))
            .condition_expression("attribute_not_exists(pk)")
            .return_values_on_condition_check_failure(AllOld);
        let held = match put.send().await {
            Ok(_) => return Ok(Accepted::New(Pointer::to(&at))),
            Err(error) => match error.as_service_error() {
                Some(PutItemError::ConditionalCheckFailedException(failed)) => failed.item().cloned(),
                _ => return Err(Error::call("PutItem")(error)),
            },
        };
        let held = held.ok_or(Error::Contended("PutItem"))?;
        self.meet(&at, conversion, &held).await
    }

    /// Decides between a conversion and the one that holds its key.
    async fn meet(&self, at: &Key, conversion: &Conversion, held: &Item) -> Result<Accepted> {
        let holder: Conversion = doc(held)?;
        if holder.request_id == conversion.request_id {
            // The write was ours and its answer was lost; the SDK tried again.
            return Ok(Accepted::New(Pointer::to(at)));
        }
        if holder.holds_key(conversion.accepted_at) {
            return Ok(Accepted::Duplicate(Box::new(holder)));
        }
        if self.succeed(at, conversion, held, &holder).await? {
            return Ok(Accepted::New(Pointer::to(at)));
        }
        // Somebody else took the expired key first.
        let holder: Conversion = self.get(at).await?.map(|item| doc(&item)).transpose()?.ok_or(Error::Contended("TransactWriteItems"))?;
        if holder.request_id == conversion.request_id {
            return Ok(Accepted::New(Pointer::to(at)));
        }
        Ok(Accepted::Duplicate(Box::new(holder)))
    }

    /// Takes over an expired key: the former conversion moves to its own place, whole.
    async fn succeed(&self, at: &Key, conversion: &Conversion, held: &Item, holder: &Conversion) -> Result<bool> {
        let mut former = held.clone();
        former.insert("sk".to_owned(), text(holder.id.to_string()));
        let archive = self.put_part(former, absent)?;
        let take = self.put_part(pending_item(at, conversion)?, |put| {
            put.condition_expression("id = :holder").expression_attribute_values(":holder", text(holder.id.to_string()))
        })?;
        Ok(self.transact(vec![archive, take]).await?.is_written())
    }

    /// The conversion an outbox message names.
    pub async fn conversion_at(&self, pointer: &Pointer) -> Result<Option<Stored>> {
        self.get(&pointer.key()).await?.as_ref().map(stored).transpose()
    }

    /// Counts a conversion, exactly once, and restates its click with it where it tells something of that.
    pub async fn settle_conversion(
        &self,
        pointer: &Pointer,
        conversion: &Conversion,
        origin: &Origin,
        click: Option<&Restatement>,
        now: Moment,
    ) -> Result<Settled> {
        let tally = Tally::of_conversion(conversion, origin);
        let day = conversion.accepted_at.day();
        let tallies: BTreeMap<CellKey, Tally> = cells(&conversion.handle, &conversion.slug, conversion.campaign_id.as_ref(), day)
            .into_iter()
            .map(|cell| (cell, tally.clone()))
            .collect();
        let mut shard = 0;
        for attempt in 1..=6 {
            let mut parts = vec![self.leave_outbox(pointer, conversion, origin)?];
            if let Some(click) = click {
                parts.push(self.restate_part(click)?);
            }
            parts.extend(self.placed_parts(&placed(&tallies, shard, click), now).await?);
            let settled = self.transact(parts).await?;
            if settled.is_written() {
                return Ok(Settled::Now);
            }
            if settled.failed_at(0) {
                return Ok(Settled::Before);
            }
            if click.is_some() && settled.failed_at(1) {
                // The click has changed since it was read: the message comes again, and with it another look.
                break;
            }
            shard = contended_shard(Some(conversion.click_id), attempt);
        }
        Err(Error::Contended("TransactWriteItems"))
    }

    fn leave_outbox(&self, pointer: &Pointer, conversion: &Conversion, origin: &Origin) -> Result<TransactWriteItem> {
        let at = pointer.key();
        let origin = text(crate::item::to_json(&at, origin)?);
        self.update_part(&at, |update| {
            update
                .update_expression("SET origin = :origin REMOVE duePk, dueAt")
                .condition_expression("attribute_exists(duePk) AND id = :id")
                .expression_attribute_values(":id", text(conversion.id.to_string()))
                .expression_attribute_values(":origin", origin)
        })
    }

    /// One conversion by its id, which tells the month it lies in.
    pub async fn conversion(&self, handle: &Handle, id: ConversionId) -> Result<Option<Stored>> {
        let query = self
            .db
            .query()
            .table_name(&self.table)
            .index_name(table::LIST)
            .key_condition_expression("listPk = :month AND listSk = :id")
            .expression_attribute_values(":month", text(table::conversions(handle, id.moment().day())))
            .expression_attribute_values(":id", text(id.to_string()));
        let found = query.send().await.map_err(Error::call("Query"))?;
        found.items().first().map(stored).transpose()
    }

    /// A handle's conversions, newest first, going back month by month to `oldest`.
    pub async fn conversions(&self, handle: &Handle, newest: Day, oldest: Day, limit: usize, from: Option<&str>) -> Result<Page<Stored>> {
        let mut items = Vec::new();
        let (mut day, mut before) = match from.and_then(read_cursor) {
            Some([day, before]) => (Day::from_compact(&day).unwrap_or(newest), before),
            None => (newest, "~".to_owned()),
        };
        loop {
            let wanted = limit + 1 - items.len();
            let query = self
                .db
                .query()
                .table_name(&self.table)
                .index_name(table::LIST)
                .key_condition_expression("listPk = :month AND listSk < :before")
                .expression_attribute_values(":month", text(table::conversions(handle, day)))
                .expression_attribute_values(":before", text(&before))
                .scan_index_forward(false)
                .limit(i32::try_from(wanted).unwrap_or(i32::MAX));
            let found = query.send().await.map_err(Error::call("Query"))?;
            for item in found.items() {
                items.push(stored(item)?);
            }
            if items.len() > limit {
                items.truncate(limit);
                let last =
                    items.last().map(|last| cursor(&[&last.conversion.id.moment().day().compact(), &last.conversion.id.to_string()]));
                return Ok(Page { items, next_cursor: last });
            }
            if found.last_evaluated_key().is_none() {
                let month = day.month();
                while day.month() == month {
                    day = day.plus(-1);
                }
                before = "~".to_owned();
                if day.month() < oldest.month() {
                    return Ok(Page { items, next_cursor: None });
                }
            } else if let Some(last) = items.last() {
                before = last.conversion.id.to_string();
            }
        }
    }
}

/// What a conversion adds in a shard, and what the restated click changes in its own, where both may meet.
fn placed(tallies: &BTreeMap<CellKey, Tally>, shard: u32, click: Option<&Restatement>) -> BTreeMap<(CellKey, u32), Tally> {
    let mut placed = click.map(Restatement::tallies).unwrap_or_default();
    for (cell, tally) in tallies {
        placed.entry((cell.clone(), shard)).or_default().merge(tally);
    }
    placed
}

fn pending_item(at: &Key, conversion: &Conversion) -> Result<Item> {
    let mut item = with_doc(at, conversion)?;
    item.insert("id".to_owned(), text(conversion.id.to_string()));
    item.insert("listPk".to_owned(), text(table::conversions(&conversion.handle, conversion.id.moment().day())));
    item.insert("listSk".to_owned(), text(conversion.id.to_string()));
    item.insert("duePk".to_owned(), text(table::due_of(conversion.accepted_at)));
    item.insert("dueAt".to_owned(), number(conversion.accepted_at.plus_millis(GRACE_MS).millis()));
    Ok(item)
}

pub(crate) fn stored(item: &Item) -> Result<Stored> {
    let origin = optional(item, "origin").and_then(|text| serde_json::from_str(text).ok());
    string(item, "doc")?;
    Ok(Stored { conversion: doc(item)?, settled: !item.contains_key("duePk"), origin })
}
