//! The ledger: adjustments of conversions.
//!
//! Under `ADJ#handle#conversion` each adjustment is stored by its idempotency key, which belongs to the conversion and never
//! expires. One transaction writes it and adds it to the sum in the conversion's item, on the condition that the conversion's
//! value stays within bounds. Like a conversion it is an entry of the outbox while it has `duePk`, and is counted, on the day it
//! was created, in the transaction that takes it out. A correction is two such entries, written together with what the
//! conversion says from then on; see [`crate::conversions::corrections`].

use aws_sdk_dynamodb::types::TransactWriteItem;

use domain::accounts::audit::AuditEvent;
use domain::conversions::ledger::{Adjustment, AdjustmentBounds};
use domain::reports::{Addition, Origin, Tally};
use domain::values::moment::Moment;
use domain::values::money::MoneyChange;

use crate::accounts::audit;
use crate::conversions::stored::{self, ADJUSTED, CONFIRMED, StoredConversion};
use crate::dynamo::table::{self, Key};
use crate::dynamo::{
    Database, Item, RetryPolicy, RetryStep, TRANSACT, absent, damaged, doc, number, optional, retry, string, text, to_json, with_doc,
};
use crate::error::{Error, Result};
use crate::outbox::{GRACE_MS, Pointer, is_due, make_due};
use crate::rollups::{CountOutcome, Entry, Rollups};

/// How long an entry waits for its click, which may still be in the click queue, in milliseconds.
const CLICK_TIMEOUT_MS: i64 = 300_000;
/// The attribute with the partition of the conversion an adjustment belongs to.
const CONVERSION_PK: &str = "conversionPk";

/// Outcome of an adjustment.
#[derive(Clone, Debug)]
pub enum Adjusted {
    /// It is stored now; the pointer names its outbox entry.
    Accepted(Pointer),
    /// Its key holds this adjustment.
    Duplicate(Box<Adjustment>),
    /// The conversion's value would leave its bounds; this is the value now.
    OutOfBounds(Option<MoneyChange>),
}

/// An adjustment with its state of processing.
#[derive(Clone, Debug)]
pub struct StoredAdjustment {
    /// The record.
    pub adjustment: Adjustment,
    /// Whether it has been counted.
    pub counted: bool,
    /// Where the visitor of the click came from under which it counts, once counted.
    pub origin: Option<Origin>,
    /// The partition of its conversion.
    conversion_pk: String,
}

/// Handle of the ledger: `store.ledger()`.
#[derive(Clone, Copy, Debug)]
pub struct Ledger<'a> {
    pub(super) db: &'a Database,
    rollups: Rollups<'a>,
}

impl<'a> Ledger<'a> {
    pub(crate) fn new(db: &'a Database, rollups: Rollups<'a>) -> Self {
        Self { db, rollups }
    }

    /// Adjusts a conversion, with the audit event, unless the key holds an earlier adjustment or the value would leave `bounds`.
    ///
    /// # Errors
    /// When the table is unavailable or contended, or the conversion was corrected meanwhile.
    pub async fn adjust(
        self,
        conversion: &StoredConversion,
        adjustment: &Adjustment,
        bounds: AdjustmentBounds,
        key_digest: &str,
        event: &AuditEvent,
    ) -> Result<Adjusted> {
        let at = &table::adjustment(&adjustment.handle, adjustment.conversion_id, key_digest);
        let bounds = &bounds;
        retry(RetryPolicy::OPTIMISTIC_WRITE, TRANSACT, conversion.at.clone(), |_, conversion_at| async move {
            let put = self.db.put_part(pending_item(at, &conversion_at, adjustment)?, absent)?;
            let add = self.add_part(&conversion_at, conversion, adjustment, bounds)?;
            let written = self.db.transact(vec![put, add, audit::part(self.db, &adjustment.handle, event)?]).await?;
            if written.is_written() {
                return Ok(RetryStep::Done(Adjusted::Accepted(Pointer::to(at))));
            }
            if written.failed_at(0) {
                return self.resolve_duplicate(at, adjustment).await.map(RetryStep::Done);
            }
            if !written.failed_at(1) {
                return Ok(RetryStep::Again(conversion_at));
            }
            let current = stored::find(self.db, &conversion_at.pk, &adjustment.handle, adjustment.conversion_id).await?;
            // One that has been corrected meanwhile is another conversion to adjust, perhaps in another currency.
            let is_same = |current: &StoredConversion| current.confirmed.is_some() == conversion.confirmed.is_some();
            let current = current.filter(is_same).ok_or(Error::Contended(TRANSACT))?;
            if !bounds.contains(current.adjusted) {
                return Ok(RetryStep::Done(Adjusted::OutOfBounds(current.net())));
            }
            Ok(RetryStep::Again(current.at))
        })
        .await
    }

    async fn resolve_duplicate(self, at: &Key, adjustment: &Adjustment) -> Result<Adjusted> {
        let holder: Adjustment = self.db.get_doc(at).await?.ok_or(Error::Contended(TRANSACT))?;
        if holder.request_id == adjustment.request_id {
            // This request's own write: its response was lost and the SDK resent it.
            return Ok(Adjusted::Accepted(Pointer::to(at)));
        }
        Ok(Adjusted::Duplicate(Box::new(holder)))
    }

    /// The part that adds an adjustment to the sum in its conversion's item.
    fn add_part(
        self,
        at: &Key,
        conversion: &StoredConversion,
        adjustment: &Adjustment,
        bounds: &AdjustmentBounds,
    ) -> Result<TransactWriteItem> {
        let corrected = if conversion.confirmed.is_some() { "attribute_exists" } else { "attribute_not_exists" };
        let minor = adjustment.amount.map_or(0, |amount| amount.minor);
        let first = if bounds.contains(0) { format!("attribute_not_exists({ADJUSTED}) OR ") } else { String::new() };
        self.db.update_part(at, |update| {
            update
                .update_expression(format!("ADD {ADJUSTED} :amount"))
                .condition_expression(format!("id = :id AND {corrected}({CONFIRMED}) AND ({first}{ADJUSTED} BETWEEN :least AND :most)"))
                .expression_attribute_values(":id", text(adjustment.conversion_id.to_string()))
                .expression_attribute_values(":amount", number(minor))
                .expression_attribute_values(":least", number(bounds.min))
                .expression_attribute_values(":most", number(bounds.max))
        })
    }

    /// The adjustment a pointer names.
    ///
    /// # Errors
    /// When the table is unavailable.
    pub async fn adjustment_at(self, pointer: &Pointer) -> Result<Option<StoredAdjustment>> {
        self.db.get(&pointer.key()).await?.as_ref().map(stored).transpose()
    }

    /// The conversion of an adjustment.
    ///
    /// # Errors
    /// When the table is unavailable; [`Error::Damaged`] when it has no conversion.
    pub async fn conversion_of(self, found: &StoredAdjustment) -> Result<StoredConversion> {
        let StoredAdjustment { adjustment, conversion_pk, .. } = found;
        let conversion = stored::find(self.db, conversion_pk, &adjustment.handle, adjustment.conversion_id).await?;
        conversion.ok_or_else(|| damaged(conversion_pk, format!("conversion {} is missing", adjustment.conversion_id)))
    }

    /// Counts an adjustment exactly once, with the origin of its conversion or, where it counts under another click, of that.
    ///
    /// # Errors
    /// When the table is unavailable or contended.
    pub async fn count(self, pointer: &Pointer, adjustment: &Adjustment, origin: &Origin, now: Moment) -> Result<CountOutcome> {
        let Some(origin) = self.origin_of(adjustment, origin, now).await? else { return Ok(CountOutcome::ClickChanged) };
        let kept = text(to_json(&pointer.key(), &origin)?);
        let (day, tally) = (adjustment.created_at.day(), Tally::of_adjustment(adjustment, &origin));
        let added = Addition::of_record(day, &adjustment.slug, adjustment.campaign_id.as_ref(), tally);
        let leave_outbox = self.db.update_part(&pointer.key(), |update| {
            update
                .update_expression("SET origin = :origin REMOVE duePk, dueAt")
                .condition_expression("attribute_exists(duePk)")
                .expression_attribute_values(":origin", kept)
        })?;
        let entry = Entry { id: adjustment.id.to_string(), actions: vec![leave_outbox], added: vec![added] };
        let refused = self.rollups.append_one(&adjustment.handle, entry, now).await?;
        Ok(refused.map_or(CountOutcome::Counted, |_| CountOutcome::AlreadyCounted))
    }

    /// The origin an adjustment counts under; none while its click may still arrive.
    async fn origin_of(self, adjustment: &Adjustment, of_conversion: &Origin, now: Moment) -> Result<Option<Origin>> {
        if !adjustment.elsewhere {
            return Ok(Some(of_conversion.clone()));
        }
        let click = self.db.get_doc(&table::click(&adjustment.handle, adjustment.click_id)).await?;
        let may_arrive = now.millis() - adjustment.created_at.millis() < CLICK_TIMEOUT_MS;
        Ok(match click {
            Some(click) => Some(Origin::of(&click)),
            None if may_arrive => None,
            None => Some(Origin::unknown()),
        })
    }
}

/// The adjustment of an item.
pub(crate) fn stored(item: &Item) -> Result<StoredAdjustment> {
    let origin = optional(item, "origin").and_then(|text| serde_json::from_str(text).ok());
    let conversion_pk = string(item, CONVERSION_PK)?.to_owned();
    Ok(StoredAdjustment { adjustment: doc(item)?, counted: !is_due(item), origin, conversion_pk })
}

/// The item of an adjustment that is in the outbox.
pub(super) fn pending_item(at: &Key, conversion_at: &Key, adjustment: &Adjustment) -> Result<Item> {
    let mut item = with_doc(at, adjustment)?;
    item.insert(CONVERSION_PK.to_owned(), text(&conversion_at.pk));
    item.insert("id".to_owned(), text(adjustment.id.to_string()));
    let month = table::adjustments_of_month(&adjustment.handle, adjustment.id.moment().day());
    item.insert("listPk".to_owned(), text(table::listed_in(&month, adjustment.id.to_bytes())));
    item.insert("listSk".to_owned(), text(adjustment.id.to_string()));
    make_due(&mut item, adjustment.created_at, adjustment.created_at.plus_millis(GRACE_MS));
    Ok(item)
}
