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

use domain::accounts::audit::Event;
use domain::conversions::Conversion;
use domain::reports::{CellKey, Origin, Tally, cells};
use domain::values::id::{ClickId, ConversionId};
use domain::values::moment::{Day, Moment};
use domain::values::money::Change;
use domain::values::name::Handle;

use crate::Store;
use crate::clicks::restate::Restatement;
use crate::clicks::write::contended_shard;
use crate::dynamo::item::{Item, Page, cursor_to, doc, from_json, integer, number, optional, place_in, string, text, with_doc};
use crate::dynamo::table::{self, Key};
use crate::dynamo::transaction::absent;
use crate::error::{Error, Result};
use crate::outbox::{GRACE_MS, Pointer};

/// The attribute with the sum of a conversion's adjustments.
pub(crate) const ADJUSTED: &str = "adjusted";
/// The attribute with what the merchant confirmed of a claimed conversion.
pub(crate) const CONFIRMED: &str = "confirmed";
/// Tries before contention is given back to whoever asked.
const TRIES: u32 = 6;

/// What became of a submitted conversion.
#[derive(Clone, Debug)]
pub enum Accepted {
    /// It is stored, and was not before.
    New(Pointer),
    /// Its key already stands for this one.
    Duplicate(Box<Stored>),
}

/// A conversion with what is known of its place in the outbox.
#[derive(Clone, Debug)]
pub struct Stored {
    /// The record as it was accepted: the first entry of its ledger.
    pub conversion: Conversion,
    /// What the merchant confirmed of it since, where somebody else had claimed it.
    pub confirmed: Option<Box<Conversion>>,
    /// Whether it has been counted.
    pub settled: bool,
    /// Where its visitor came from, once counted.
    pub origin: Option<Origin>,
    /// The sum of its adjustments, in minor units of its currency.
    pub adjusted: i64,
    /// Where it lies.
    pub(crate) at: Key,
}

impl Stored {
    /// The record as it stands.
    pub fn current(&self) -> &Conversion {
        self.confirmed.as_deref().unwrap_or(&self.conversion)
    }

    /// The sum of its adjustments; none when it has no money.
    pub fn adjustments(&self) -> Option<Change> {
        self.current().money.map(|money| Change { minor: self.adjusted, currency: money.currency })
    }

    /// What it is worth after its adjustments; none when it has no money.
    pub fn net(&self) -> Option<Change> {
        self.current().money.map(|money| Change { minor: money.minor.saturating_add(self.adjusted), currency: money.currency })
    }
}

/// What became of settling a conversion.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Settled {
    /// It is counted now.
    Now,
    /// It was counted before.
    Before,
    /// Not yet: its click is not there, or has changed since it was read to be restated with it.
    ClickChanged,
}

impl Store {
    /// Accepts a conversion that somebody of the handle made to try a campaign out, with the audit event of that, in one transaction.
    pub async fn accept_test_conversion(&self, conversion: &Conversion, key_digest: &str, event: &Event) -> Result<Accepted> {
        let at = table::conversion(&conversion.handle, key_digest);
        let parts = vec![self.put_part(pending_item(&at, conversion)?, absent)?, self.audit_part(&conversion.handle, event)?];
        if self.transact(parts).await?.is_written() {
            return Ok(Accepted::New(Pointer::to(&at)));
        }
        let held = self.get(&at).await?.ok_or(Error::Contended("TransactWriteItems"))?;
        self.meet(&at, conversion, &held).await
    }

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
        let mut held = held.clone();
        for _ in 0..TRIES {
            let holder: Conversion = doc(&held)?;
            if holder.request_id == conversion.request_id {
                // The write was ours and its answer was lost; the SDK tried again.
                return Ok(Accepted::New(Pointer::to(at)));
            }
            if holder.holds_key(conversion.accepted_at) {
                return Ok(Accepted::Duplicate(Box::new(stored(&held)?)));
            }
            if self.succeed(at, conversion, &held, &holder).await? {
                return Ok(Accepted::New(Pointer::to(at)));
            }
            // Somebody else took the expired key first, or the holder was settled or adjusted meanwhile.
            held = self.get(at).await?.ok_or(Error::Contended("TransactWriteItems"))?;
        }
        Err(Error::Contended("TransactWriteItems"))
    }

    /// Takes over an expired key: the former conversion moves to its own place, whole, or not at all.
    async fn succeed(&self, at: &Key, conversion: &Conversion, held: &Item, holder: &Conversion) -> Result<bool> {
        let mut former = held.clone();
        former.insert("sk".to_owned(), text(holder.id.to_string()));
        let archive = self.put_part(former, absent)?;
        let take = self.put_part(pending_item(at, conversion)?, |put| {
            let unsettled = if held.contains_key("duePk") { "attribute_exists(duePk)" } else { "attribute_not_exists(duePk)" };
            let corrected = if held.contains_key(CONFIRMED) { "attribute_exists" } else { "attribute_not_exists" };
            let unchanged = format!("id = :holder AND {unsettled} AND {corrected}({CONFIRMED})");
            let put = put.expression_attribute_values(":holder", text(holder.id.to_string()));
            match integer(held, ADJUSTED) {
                Some(sum) => {
                    put.condition_expression(format!("{unchanged} AND {ADJUSTED} = :sum")).expression_attribute_values(":sum", number(sum))
                }
                None => put.condition_expression(format!("{unchanged} AND attribute_not_exists({ADJUSTED})")),
            }
        })?;
        Ok(self.transact(vec![archive, take]).await?.is_written())
    }

    /// The conversion an outbox message names.
    pub async fn conversion_at(&self, pointer: &Pointer) -> Result<Option<Stored>> {
        self.get(&pointer.key()).await?.as_ref().map(stored).transpose()
    }

    /// Counts a conversion, exactly once, and restates its click with it where it tells something of that; a conversion that
    /// only tries out a campaign leaves the outbox and adds to no cell.
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
            .filter(|_| !conversion.test)
            .map(|cell| (cell, tally.clone()))
            .collect();
        self.count_once(&tallies, click, conversion.click_id, now, || self.leave_outbox(pointer, conversion, origin)).await
    }

    /// Adds tallies to their cells in one transaction with the part that takes what they count out of the outbox.
    pub(crate) async fn count_once(
        &self,
        tallies: &BTreeMap<CellKey, Tally>,
        restated: Option<&Restatement>,
        click: ClickId,
        now: Moment,
        leave_outbox: impl Fn() -> Result<TransactWriteItem>,
    ) -> Result<Settled> {
        let mut shard = 0;
        for attempt in 1..=TRIES {
            let mut parts = vec![leave_outbox()?];
            if let Some(restated) = restated {
                parts.push(self.restate_part(restated)?);
            }
            parts.extend(self.placed_parts(&placed(tallies, shard, restated), now).await?);
            let settled = self.transact(parts).await?;
            if settled.is_written() {
                return Ok(Settled::Now);
            }
            if settled.failed_at(0) {
                return Ok(Settled::Before);
            }
            if restated.is_some() && settled.failed_at(1) {
                return Ok(Settled::ClickChanged);
            }
            shard = contended_shard(Some(click), attempt);
        }
        Err(Error::Contended("TransactWriteItems"))
    }

    fn leave_outbox(&self, pointer: &Pointer, conversion: &Conversion, origin: &Origin) -> Result<TransactWriteItem> {
        let at = pointer.key();
        let origin = text(crate::dynamo::item::to_json(&at, origin)?);
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
        let list = format!("CONVS#{handle}");
        let last: Option<ConversionId> = place_in(&list, from)?.and_then(|id| id.parse().ok());
        let mut day = last.map_or(newest, |id| id.moment().day());
        let mut before = last.map_or_else(|| "~".to_owned(), |id| id.to_string());
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
                let next_cursor = items.last().map(|last| cursor_to(&list, &last.conversion.id.to_string()));
                return Ok(Page { items, next_cursor });
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
    let at = Key { pk: string(item, "pk")?.to_owned(), sk: string(item, "sk")?.to_owned() };
    let adjusted = integer(item, ADJUSTED).unwrap_or_default();
    let confirmed = optional(item, CONFIRMED).map(|text| from_json(&at, text)).transpose()?;
    Ok(Stored { conversion: doc(item)?, confirmed, settled: !item.contains_key("duePk"), origin, adjusted, at })
}
