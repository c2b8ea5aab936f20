//! Reading the ledger: conversions and adjustments in the order they were written.

use domain::conversions::ledger::{Adjustment, Cause, LedgerEntry, LedgerEntryId};
use domain::conversions::{Conversion, Trust};
use domain::values::id::{self, AdjustmentId, ConversionId, Id, IdKind};
use domain::values::moment::{Day, Moment};
use domain::values::name::Handle;

use crate::conversions::ledger::Ledger;
use crate::conversions::stored::{self, StoredConversion};
use crate::dynamo::{Item, ListCursor, ListRange, Page, decode_cursor, decode_parts, doc, encode_cursor, readable, table, text};
use crate::error::{Error, Result};

/// Entries of a list that one call reads.
const MAX_LISTED: usize = 1_000;

impl Ledger<'_> {
    /// A conversion with its ledger, oldest first; its sum of adjustments is that of these very entries. One `Query` per MB.
    ///
    /// # Errors
    /// When the table is unavailable.
    pub async fn with_entries(self, stored: StoredConversion) -> Result<(StoredConversion, Vec<LedgerEntry>)> {
        let query = self.db.query().consistent_read(true).key_condition_expression("pk = :pk");
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
            // It was corrected after it was read.
            true => {
                let Conversion { handle, id, .. } = &stored.conversion;
                stored::find(self.db, &stored.at.pk, handle, *id).await?.unwrap_or(stored)
            }
            false => stored,
        };
        stored.adjusted = sum(&stored, &adjustments);
        let mut entries: Vec<LedgerEntry> = adjustments.into_iter().map(LedgerEntry::from).collect();
        entries.push(LedgerEntry::from(&stored.conversion));
        entries.sort_by_key(|entry| entry.id);
        Ok((stored, entries))
    }

    /// A handle's ledger from one day to another, both included, oldest first, without test conversions and without what cannot be
    /// decoded: at least two `Query` of the `list` index, which lags, per month, and one `BatchGetItem` for a hundred entries.
    ///
    /// # Errors
    /// When the cursor is not one of this list, or the table is unavailable.
    pub async fn entries(self, handle: &Handle, from: Day, to: Day, limit: usize, cursor: Option<&str>) -> Result<Page<LedgerEntry>> {
        let list = format!("LEDGER#{handle}");
        let mut low = bound(from.start(), 0);
        if let Some(last) = decode_cursor(&list, cursor)?.and_then(|id| read_entry_id(&id)) {
            low = low.max(u128::from_be_bytes(last).saturating_add(1).to_be_bytes());
        }
        let high = bound(to.plus(1).start().plus_millis(-1), u128::MAX);
        let mut day = ConversionId::from_bytes(low).moment().day();
        let mut entries = Vec::new();
        while low <= high && day.month() <= to.month() {
            let max = limit + 1 - entries.len();
            let conversions = self.entries_between(table::conversions(handle, day), ids::<id::Conversion>(low, high), max, of_conversion);
            let adjustments =
                self.entries_between(table::adjustments_of_month(handle, day), ids::<id::Adjustment>(low, high), max, of_adjustment);
            let (conversions, adjustments) = futures::try_join!(conversions, adjustments)?;
            let mut month: Vec<LedgerEntry> = conversions.into_iter().chain(adjustments).collect();
            month.sort_by_key(|entry| entry.id);
            entries.extend(month.into_iter().take(max));
            if entries.len() > limit {
                entries.truncate(limit);
                let next_cursor = entries.last().map(|last| encode_cursor(&list, &last.id.to_string()));
                return Ok(Page::new(entries, next_cursor));
            }
            day = day.first_of_next_month();
        }
        Ok(Page::new(entries, None))
    }

    /// The first entries of one partition of the `list` index with ids in a range.
    async fn entries_between(
        self,
        partition: String,
        (low, high): (String, String),
        max: usize,
        read: impl Fn(&Item) -> Result<Option<LedgerEntry>>,
    ) -> Result<Vec<LedgerEntry>> {
        let mut entries = Vec::new();
        let mut after: Option<ListCursor> = None;
        loop {
            let range = ListRange::of_month(max.min(MAX_LISTED), partition.clone()).between(&low, &high);
            let (listed, next) = self.db.listed(range.after(after)).await?;
            for (_, item) in &listed {
                entries.extend(readable(item, &read)?.flatten());
            }
            after = next;
            if after.is_none() || entries.len() >= max {
                entries.truncate(max);
                return Ok(entries);
            }
        }
    }
}

/// The sum of the adjustments of the record in effect: a correction starts with what the merchant confirms.
fn sum(stored: &StoredConversion, adjustments: &[Adjustment]) -> i64 {
    let counts = |adjustment: &&Adjustment| match stored.confirmed {
        Some(_) => adjustment.trust == Trust::Confirmed,
        None => true,
    };
    let sum: i64 = adjustments.iter().filter(counts).filter_map(|adjustment| adjustment.amount).map(|amount| amount.minor).sum();
    let confirmed = stored.confirmed.as_ref().and_then(|confirmed| confirmed.money);
    sum.saturating_sub(confirmed.map_or(0, |money| money.minor))
}

fn of_conversion(item: &Item) -> Result<Option<LedgerEntry>> {
    let conversion: Conversion = doc(item)?;
    Ok((!conversion.test).then(|| LedgerEntry::from(&conversion)))
}

fn of_adjustment(item: &Item) -> Result<Option<LedgerEntry>> {
    doc::<Adjustment>(item).map(|adjustment| Some(LedgerEntry::from(adjustment)))
}

/// The bytes of an id of this moment.
fn bound(at: Moment, random: u128) -> [u8; 16] {
    ConversionId::new(at, random).to_bytes()
}

fn ids<K: IdKind>(low: [u8; 16], high: [u8; 16]) -> (String, String) {
    (Id::<K>::from_bytes(low).to_string(), Id::<K>::from_bytes(high).to_string())
}

fn read_entry_id(id: &str) -> Option<[u8; 16]> {
    let of_conversion = id.parse().ok().map(LedgerEntryId::Conversion);
    of_conversion.or_else(|| id.parse::<AdjustmentId>().ok().map(LedgerEntryId::Adjustment)).map(LedgerEntryId::to_bytes)
}

/// The moment that a cursor of [`Ledger::entries`] has reached.
pub fn ledger_cursor_moment(cursor: &str) -> Option<Moment> {
    let [_, id] = decode_parts(cursor)?;
    read_entry_id(&id).map(|bytes| ConversionId::from_bytes(bytes).moment())
}
