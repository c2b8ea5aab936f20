//! The ledger: adjustments of conversions, and both in the order they were written.
//!
//! Under `ADJ#handle#conversion` lies each adjustment by its idempotency key, which belongs to the conversion and never
//! ends. One transaction writes it and adds it to the sum that lies with the conversion, on the condition that the
//! conversion's worth stays within bounds. Like a conversion it is an entry of the outbox while it has `duePk`, and is
//! counted, on the day it was made, in the transaction that takes it out. A correction is two such entries, written
//! together with what the conversion says from then on; see [`crate::corrections`].

use std::collections::BTreeMap;

use aws_sdk_dynamodb::types::TransactWriteItem;

use domain::accounts::audit::Event;
use domain::conversions::ledger::{Adjustment, Cause, Entry, EntryId, Room};
use domain::conversions::{Conversion, Trust};
use domain::reports::{CellKey, Origin, Tally, cells};
use domain::values::id::{self, AdjustmentId, ConversionId, Id, Kind};
use domain::values::moment::{Day, Moment};
use domain::values::money::Change;
use domain::values::name::Handle;

use crate::Store;
use crate::conversions::accept::{ADJUSTED, CONFIRMED, Settled, Stored, stored};
use crate::dynamo::item::{Item, Page, cursor_to, damaged, doc, number, optional, place_in, read_cursor, string, text, to_json, with_doc};
use crate::dynamo::table::{self, Key};
use crate::dynamo::transaction::absent;
use crate::error::{Error, Result};
use crate::outbox::{GRACE_MS, Pointer};

/// Concurrent adjustments of one conversion one of them meets before it gives up.
const TRIES: u32 = 8;
/// How long an entry waits for its click, which may still be in its own queue.
const CLICK_PATIENCE_MS: i64 = 300_000;
/// The attribute with the partition of the conversion an adjustment belongs to.
const CONVERSION_PK: &str = "conversionPk";

/// What became of an adjustment.
#[derive(Clone, Debug)]
pub enum Adjusted {
    /// It is stored, and was not before.
    Accepted(Pointer),
    /// Its key already stands for this one.
    Duplicate(Box<Adjustment>),
    /// The conversion would be worth less than nothing, or more than a conversion may be; it is worth this much.
    NoRoom(Option<Change>),
}

/// An adjustment with what is known of its place in the outbox.
#[derive(Clone, Debug)]
pub struct StoredAdjustment {
    /// The record.
    pub adjustment: Adjustment,
    /// Whether it has been counted.
    pub settled: bool,
    /// Where the visitor came from under whose click it counts, once counted.
    pub origin: Option<Origin>,
    /// The partition its conversion lies in.
    conversion_pk: String,
}

impl Store {
    /// Adjusts a conversion, with the audit event, unless the key stands for an earlier adjustment or there is no room for it.
    pub async fn adjust(
        &self,
        conversion: &Stored,
        adjustment: &Adjustment,
        room: Room,
        key_digest: &str,
        event: &Event,
    ) -> Result<Adjusted> {
        let at = table::adjustment(&adjustment.handle, adjustment.conversion_id, key_digest);
        let mut conversion_at = conversion.at.clone();
        for _ in 0..TRIES {
            let put = self.put_part(pending_item(&at, &conversion_at, adjustment)?, absent)?;
            let add = self.add_part(&conversion_at, conversion, adjustment, room)?;
            let written = self.transact(vec![put, add, self.audit_part(&adjustment.handle, event)?]).await?;
            if written.is_written() {
                return Ok(Adjusted::Accepted(Pointer::to(&at)));
            }
            if written.failed_at(0) {
                let holder: Adjustment =
                    self.get(&at).await?.as_ref().map(doc).transpose()?.ok_or(Error::Contended("TransactWriteItems"))?;
                if holder.request_id == adjustment.request_id {
                    // The write was ours and its answer was lost; the SDK tried again.
                    return Ok(Adjusted::Accepted(Pointer::to(&at)));
                }
                return Ok(Adjusted::Duplicate(Box::new(holder)));
            }
            if written.failed_at(1) {
                let current = self.conversion_in(&conversion_at.pk, &adjustment.handle, adjustment.conversion_id).await?;
                // What has been corrected meanwhile is another conversion to adjust, perhaps in another currency.
                let same = |current: &Stored| current.confirmed.is_some() == conversion.confirmed.is_some();
                let current = current.filter(same).ok_or(Error::Contended("TransactWriteItems"))?;
                if !room.holds(current.adjusted) {
                    return Ok(Adjusted::NoRoom(current.net()));
                }
                conversion_at = current.at;
            }
        }
        Err(Error::Contended("TransactWriteItems"))
    }

    /// The part that adds an adjustment to the sum that lies with its conversion.
    fn add_part(&self, at: &Key, conversion: &Stored, adjustment: &Adjustment, room: Room) -> Result<TransactWriteItem> {
        let corrected = if conversion.confirmed.is_some() { "attribute_exists" } else { "attribute_not_exists" };
        let minor = adjustment.amount.map_or(0, |amount| amount.minor);
        let first = if room.holds(0) { format!("attribute_not_exists({ADJUSTED}) OR ") } else { String::new() };
        self.update_part(at, |update| {
            update
                .update_expression(format!("ADD {ADJUSTED} :amount"))
                .condition_expression(format!("id = :id AND {corrected}({CONFIRMED}) AND ({first}{ADJUSTED} BETWEEN :least AND :most)"))
                .expression_attribute_values(":id", text(adjustment.conversion_id.to_string()))
                .expression_attribute_values(":amount", number(minor))
                .expression_attribute_values(":least", number(room.least))
                .expression_attribute_values(":most", number(room.most))
        })
    }

    /// A conversion as it is, consistently.
    pub async fn reread(&self, conversion: &Stored) -> Result<Option<Stored>> {
        self.conversion_in(&conversion.at.pk, &conversion.conversion.handle, conversion.conversion.id).await
    }

    /// A conversion in its key's partition: it holds the key still, or lies beside whoever holds it now.
    async fn conversion_in(&self, pk: &str, handle: &Handle, id: ConversionId) -> Result<Option<Stored>> {
        let digest = pk.rsplit('#').next().unwrap_or_default();
        for at in [table::conversion(handle, digest), table::former_conversion(handle, digest, id)] {
            let found = self.get(&at).await?.as_ref().map(stored).transpose()?;
            if let Some(found) = found.filter(|found| found.conversion.id == id) {
                return Ok(Some(found));
            }
        }
        Ok(None)
    }

    /// The adjustment an outbox message names.
    pub async fn adjustment_at(&self, pointer: &Pointer) -> Result<Option<StoredAdjustment>> {
        self.get(&pointer.key()).await?.as_ref().map(stored_adjustment).transpose()
    }

    /// The conversion of an adjustment.
    pub async fn adjusted_conversion(&self, found: &StoredAdjustment) -> Result<Stored> {
        let StoredAdjustment { adjustment, conversion_pk, .. } = found;
        let conversion = self.conversion_in(conversion_pk, &adjustment.handle, adjustment.conversion_id).await?;
        conversion.ok_or_else(|| damaged(conversion_pk, format!("conversion {} is missing", adjustment.conversion_id)))
    }

    /// Counts an adjustment where its conversion came from, exactly once.
    pub async fn settle_adjustment(&self, pointer: &Pointer, adjustment: &Adjustment, origin: &Origin, now: Moment) -> Result<Settled> {
        let Some(origin) = self.origin_of(adjustment, origin, now).await? else { return Ok(Settled::ClickChanged) };
        let kept = text(to_json(&pointer.key(), &origin)?);
        let tally = Tally::of_adjustment(adjustment, &origin);
        let day = adjustment.created_at.day();
        let tallies: BTreeMap<CellKey, Tally> = cells(&adjustment.handle, &adjustment.slug, adjustment.campaign_id.as_ref(), day)
            .into_iter()
            .map(|cell| (cell, tally.clone()))
            .collect();
        let leave_outbox = || {
            self.update_part(&pointer.key(), |update| {
                update
                    .update_expression("SET origin = :origin REMOVE duePk, dueAt")
                    .condition_expression("attribute_exists(duePk)")
                    .expression_attribute_values(":origin", kept.clone())
            })
        };
        self.count_once(&tallies, None, adjustment.click_id, now, leave_outbox).await
    }

    /// Where the visitor came from under whose click an adjustment counts; none while that click may still arrive.
    async fn origin_of(&self, adjustment: &Adjustment, of_conversion: &Origin, now: Moment) -> Result<Option<Origin>> {
        if !adjustment.elsewhere {
            return Ok(Some(of_conversion.clone()));
        }
        let click = self.click(&adjustment.handle, adjustment.click_id).await?;
        let may_arrive = now.millis() - adjustment.created_at.millis() < CLICK_PATIENCE_MS;
        Ok(match click {
            Some(click) => Some(Origin::of(&click)),
            None if may_arrive => None,
            None => Some(Origin::unknown()),
        })
    }

    /// A conversion with its ledger, oldest first; its sum is that of these very entries.
    pub async fn with_entries(&self, stored: Stored) -> Result<(Stored, Vec<Entry>)> {
        let query = self.db.query().table_name(&self.table).consistent_read(true).key_condition_expression("pk = :pk");
        let pk = table::adjustments(&stored.conversion.handle, stored.conversion.id);
        let mut pages = query.expression_attribute_values(":pk", text(pk)).into_paginator().send();
        let mut adjustments: Vec<Adjustment> = Vec::new();
        while let Some(page) = pages.next().await {
            for item in page.map_err(Error::call("Query"))?.items() {
                adjustments.push(doc(item)?);
            }
        }
        let is_corrected = adjustments.iter().any(|adjustment| adjustment.cause == Cause::Confirmation);
        let mut stored = match is_corrected && stored.confirmed.is_none() {
            // It was read from the index, which lags.
            true => self.reread(&stored).await?.unwrap_or(stored),
            false => stored,
        };
        stored.adjusted = adjusted(&stored, &adjustments);
        let mut entries: Vec<Entry> = adjustments.into_iter().map(Entry::from).collect();
        entries.push(Entry::from(&stored.conversion));
        entries.sort_by_key(|entry| entry.id);
        Ok((stored, entries))
    }

    /// A handle's ledger from one day to another, both included, oldest first; test conversions are not in it.
    pub async fn ledger_entries(&self, handle: &Handle, from: Day, to: Day, limit: usize, after: Option<&str>) -> Result<Page<Entry>> {
        let list = format!("LEDGER#{handle}");
        let mut low = bound(from.start(), 0);
        if let Some(after) = place_in(&list, after)?.and_then(|id| read_entry_id(&id)) {
            low = low.max(u128::from_be_bytes(after).saturating_add(1).to_be_bytes());
        }
        let high = bound(to.plus(1).start().plus_millis(-1), u128::MAX);
        let mut day = ConversionId::from_bytes(low).moment().day();
        let mut entries = Vec::new();
        while low <= high && day.month() <= to.month() {
            let most = limit + 1 - entries.len();
            let conversions = self.entries_between(table::conversions(handle, day), ids::<id::Conversion>(low, high), most, of_conversion);
            let adjustments =
                self.entries_between(table::adjustments_of_month(handle, day), ids::<id::Adjustment>(low, high), most, of_adjustment);
            let (conversions, adjustments) = futures::try_join!(conversions, adjustments)?;
            let mut month: Vec<Entry> = conversions.into_iter().chain(adjustments).collect();
            month.sort_by_key(|entry| entry.id);
            entries.extend(month.into_iter().take(most));
            if entries.len() > limit {
                entries.truncate(limit);
                return Ok(Page { next_cursor: entries.last().map(|last| cursor_to(&list, &last.id.to_string())), items: entries });
            }
            day = first_of_next_month(day);
        }
        Ok(Page { items: entries, next_cursor: None })
    }

    /// The first entries of one partition of the `list` index whose ids lie in a range.
    async fn entries_between(
        &self,
        partition: String,
        (low, high): (String, String),
        most: usize,
        read: impl Fn(&Item) -> Result<Option<Entry>>,
    ) -> Result<Vec<Entry>> {
        let mut entries = Vec::new();
        let mut start: Option<Item> = None;
        loop {
            let query = self
                .db
                .query()
                .table_name(&self.table)
                .index_name(table::LIST)
                .key_condition_expression("listPk = :partition AND listSk BETWEEN :low AND :high")
                .expression_attribute_values(":partition", text(&partition))
                .expression_attribute_values(":low", text(&low))
                .expression_attribute_values(":high", text(&high))
                .limit(i32::try_from(most).unwrap_or(i32::MAX))
                .set_exclusive_start_key(start);
            let found = query.send().await.map_err(Error::call("Query"))?;
            for item in found.items() {
                entries.extend(read(item)?);
            }
            start = found.last_evaluated_key;
            if start.is_none() || entries.len() >= most {
                entries.truncate(most);
                return Ok(entries);
            }
        }
    }
}

/// The sum of adjustments since the conversion says what it says: a correction begins with what the merchant confirms.
fn adjusted(stored: &Stored, adjustments: &[Adjustment]) -> i64 {
    let counts = |adjustment: &&Adjustment| match stored.confirmed {
        Some(_) => adjustment.trust == Trust::Confirmed,
        None => true,
    };
    let sum: i64 = adjustments.iter().filter(counts).filter_map(|adjustment| adjustment.amount).map(|amount| amount.minor).sum();
    let confirmed = stored.confirmed.as_ref().and_then(|confirmed| confirmed.money);
    sum.saturating_sub(confirmed.map_or(0, |money| money.minor))
}

pub(crate) fn stored_adjustment(item: &Item) -> Result<StoredAdjustment> {
    let origin = optional(item, "origin").and_then(|text| serde_json::from_str(text).ok());
    let conversion_pk = string(item, CONVERSION_PK)?.to_owned();
    Ok(StoredAdjustment { adjustment: doc(item)?, settled: !item.contains_key("duePk"), origin, conversion_pk })
}

fn of_conversion(item: &Item) -> Result<Option<Entry>> {
    let conversion: Conversion = doc(item)?;
    Ok((!conversion.test).then(|| Entry::from(&conversion)))
}

fn of_adjustment(item: &Item) -> Result<Option<Entry>> {
    doc::<Adjustment>(item).map(|adjustment| Some(Entry::from(adjustment)))
}

/// The bytes of an id of this moment.
fn bound(at: Moment, random: u128) -> [u8; 16] {
    ConversionId::new(at, random).to_bytes()
}

fn ids<K: Kind>(low: [u8; 16], high: [u8; 16]) -> (String, String) {
    (Id::<K>::from_bytes(low).to_string(), Id::<K>::from_bytes(high).to_string())
}

fn read_entry_id(id: &str) -> Option<[u8; 16]> {
    let of_conversion = id.parse().ok().map(EntryId::Conversion);
    of_conversion.or_else(|| id.parse::<AdjustmentId>().ok().map(EntryId::Adjustment)).map(EntryId::to_bytes)
}

/// How far a cursor of [`Store::ledger_entries`] has come.
pub fn ledger_cursor_moment(cursor: &str) -> Option<Moment> {
    let [_, id] = read_cursor(cursor)?;
    read_entry_id(&id).map(|bytes| ConversionId::from_bytes(bytes).moment())
}

fn first_of_next_month(day: Day) -> Day {
    let mut next = day;
    while next.month() == day.month() {
        next = next.plus(1);
    }
    next
}

pub(crate) fn pending_item(at: &Key, conversion_at: &Key, adjustment: &Adjustment) -> Result<Item> {
    let mut item = with_doc(at, adjustment)?;
    item.insert(CONVERSION_PK.to_owned(), text(&conversion_at.pk));
    item.insert("id".to_owned(), text(adjustment.id.to_string()));
    item.insert("listPk".to_owned(), text(table::adjustments_of_month(&adjustment.handle, adjustment.id.moment().day())));
    item.insert("listSk".to_owned(), text(adjustment.id.to_string()));
    item.insert("duePk".to_owned(), text(table::due_of(adjustment.created_at)));
    item.insert("dueAt".to_owned(), number(adjustment.created_at.plus_millis(GRACE_MS).millis()));
    Ok(item)
}
