//! Erasing what is personal in one record, in one transaction with what that changes in the figures.

use std::collections::BTreeSet;

use aws_sdk_dynamodb::types::TransactWriteItem;
use serde_json::Value;

use domain::reports::{Addition, Tally};
use domain::values::id::{ClickId, ErasureId, EventId};
use domain::values::moment::{Day, Moment};
use domain::values::name::{Handle, SessionId};
use domain::values::secret::sha256_hex;

use crate::clicks::{Restatement, StoredClick};
use crate::conversions::{CONFIRMED, StoredConversion};
use crate::dynamo::table::Key;
use crate::dynamo::{Item, applied, key_of, optional, string, table, text, to_json};
use crate::error::{Error, Result};
use crate::outbox::is_due;
use crate::privacy::Privacy;
use crate::privacy::walk::{PersonRecord, PersonalAdjustment, PersonalConversion};
use crate::rollups::Entry;

/// Items of a session that one step deletes.
const MAX_SIGNALS: i32 = 250;

/// What became of a record.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum RecordErased {
    /// Nothing in it was personal any more.
    Nothing,
    /// It is erased; the figures of these days changed.
    Done(BTreeSet<Day>),
    /// It changed since it was read; it must be read again.
    Changed,
}

impl Privacy<'_> {
    /// Erases what is personal in a record.
    pub(super) async fn erase_record(self, by: ErasureId, record: &PersonRecord, now: Moment) -> Result<RecordErased> {
        match record {
            PersonRecord::Conversion(conversion) => self.erase_conversion(by, conversion, now).await,
            PersonRecord::Click(click) => self.erase_click(by, click, now).await,
            PersonRecord::ParkedClick(click) => self.erase_parked(click).await,
        }
    }

    async fn erase_click(self, by: ErasureId, before: &StoredClick, now: Moment) -> Result<RecordErased> {
        let click = &before.click;
        // First, since an erased click is not found again.
        if !self.erase_message(&click.handle, click.id).await? {
            return Ok(RecordErased::Changed);
        }
        let restatement = Restatement { before: before.clone(), after: click.erased() };
        let added = restatement.addition();
        self.append(&click.handle, (by, &click.id.to_string()), vec![restatement.part(self.db)?], added, now).await
    }

    /// A parked click is in no figure yet.
    async fn erase_parked(self, before: &StoredClick) -> Result<RecordErased> {
        let at = table::parked(&before.click.handle, before.click.id);
        let update = self
            .db
            .update(&at)
            .update_expression("SET doc = :after")
            .condition_expression("doc = :before")
            .expression_attribute_values(":before", text(before.doc()))
            .expression_attribute_values(":after", text(to_json(&at, &before.click.erased())?));
        let is_done = applied("UpdateItem", update.send().await)?;
        Ok(if is_done { RecordErased::Done(BTreeSet::new()) } else { RecordErased::Changed })
    }

    /// Erases the referrer in the message of a click, where it has one; false when the message changed meanwhile.
    async fn erase_message(self, handle: &Handle, click: ClickId) -> Result<bool> {
        let at = table::event(handle, EventId::from_bytes(click.to_bytes()));
        let Some(item) = self.db.get(&at).await? else { return Ok(true) };
        let before = string(&item, "doc")?;
        let Ok(mut message) = serde_json::from_str::<Value>(before) else { return Ok(true) };
        let Some(referrer) = message.pointer_mut("/payload/referrer") else { return Ok(true) };
        *referrer = Value::from(domain::privacy::REFERRER);
        let update = self
            .db
            .update(&at)
            .update_expression("SET doc = :after")
            .condition_expression("doc = :before")
            .expression_attribute_values(":before", text(before))
            .expression_attribute_values(":after", text(message.to_string()));
        applied("UpdateItem", update.send().await)
    }

    /// Adjustments first: a conversion that is erased may not be found again.
    async fn erase_conversion(self, by: ErasureId, found: &PersonalConversion, now: Moment) -> Result<RecordErased> {
        let StoredConversion { conversion, confirmed, origin, counted, .. } = &found.stored;
        let (mut days, mut is_personal) = (BTreeSet::new(), false);
        for adjustment in &found.adjustments {
            match self.erase_adjustment(by, adjustment, now).await? {
                RecordErased::Nothing => {}
                RecordErased::Done(of_adjustment) => days.extend(of_adjustment),
                RecordErased::Changed => return Ok(RecordErased::Changed),
            }
        }
        is_personal |= !days.is_empty();
        let after = origin.as_ref().map(domain::reports::Origin::erased);
        let is_erased = conversion.erased() == *conversion
            && confirmed.as_deref().is_none_or(|confirmed| confirmed.erased() == *confirmed)
            && after == *origin;
        if is_erased {
            return Ok(if is_personal { RecordErased::Done(days) } else { RecordErased::Nothing });
        }
        let mut difference = Tally::default();
        if let (Some(before), Some(after), true, false) = (origin, &after, counted, conversion.test) {
            difference = Tally::of_conversion(conversion, after).minus(&Tally::of_conversion(conversion, before));
        }
        let at = key_of(&found.item)?;
        let mut changes = vec![("doc", to_json(&at, &conversion.erased())?)];
        if let Some(confirmed) = confirmed {
            changes.push((CONFIRMED, to_json(&at, &confirmed.erased())?));
        }
        if let Some(after) = &after {
            changes.push(("origin", to_json(&at, after)?));
        }
        let part = self.replace_part(&at, &found.item, &["doc", CONFIRMED, "origin"], changes)?;
        let added = Addition::of_record(conversion.accepted_at.day(), &conversion.slug, conversion.campaign_id.as_ref(), difference);
        match self.append(&conversion.handle, (by, &conversion.id.to_string()), vec![part], added, now).await? {
            RecordErased::Done(of_conversion) => Ok(RecordErased::Done(days.into_iter().chain(of_conversion).collect())),
            other => Ok(other),
        }
    }

    async fn erase_adjustment(self, by: ErasureId, found: &PersonalAdjustment, now: Moment) -> Result<RecordErased> {
        let PersonalAdjustment { adjustment, origin, item } = found;
        let Some((before, after)) = origin.as_ref().map(|origin| (origin, origin.erased())).filter(|(before, after)| *before != after)
        else {
            return Ok(RecordErased::Nothing);
        };
        let difference = Tally::of_adjustment(adjustment, &after).minus(&Tally::of_adjustment(adjustment, before));
        let at = key_of(item)?;
        let part = self.replace_part(&at, item, &["origin"], vec![("origin", to_json(&at, &after)?)])?;
        let added = Addition::of_record(adjustment.created_at.day(), &adjustment.slug, adjustment.campaign_id.as_ref(), difference);
        self.append(&adjustment.handle, (by, &adjustment.id.to_string()), vec![part], added, now).await
    }

    /// The part of a transaction that sets attributes of an item, unless one of `read` is not what was read.
    fn replace_part(self, at: &Key, item: &Item, read: &[&str], changes: Vec<(&str, String)>) -> Result<TransactWriteItem> {
        let unchanged = read.iter().map(|name| match optional(item, name) {
            Some(_) => format!("{name} = :before_{name}"),
            None => format!("attribute_not_exists({name})"),
        });
        let unchanged = unchanged.collect::<Vec<_>>().join(" AND ");
        let set: Vec<String> = changes.iter().map(|(name, _)| format!("{name} = :after_{name}")).collect();
        self.db.update_part(at, |update| {
            let update = update.update_expression(format!("SET {}", set.join(", "))).condition_expression(unchanged);
            let update = read
                .iter()
                .filter_map(|name| Some((name, optional(item, name)?)))
                .fold(update, |update, (name, before)| update.expression_attribute_values(format!(":before_{name}"), text(before)));
            changes
                .into_iter()
                .fold(update, |update, (name, after)| update.expression_attribute_values(format!(":after_{name}"), text(after)))
        })
    }

    async fn append(
        self,
        handle: &Handle,
        (by, of): (ErasureId, &str),
        actions: Vec<TransactWriteItem>,
        added: Addition,
        now: Moment,
    ) -> Result<RecordErased> {
        let (changes_figures, day) = (!added.is_empty(), added.day);
        // One request erases a record once, so the delta of the two has a name of its own.
        let id = sha256_hex(format!("{by} {of}").as_bytes());
        let entry = Entry { id, actions, added: vec![added] };
        Ok(match self.rollups.append_one(handle, entry, now).await? {
            Some(_) => RecordErased::Changed,
            None => RecordErased::Done(if changes_figures { BTreeSet::from([day]) } else { BTreeSet::new() }),
        })
    }

    /// Deletes signals and limits of a session, but for those that are not counted yet; true when nothing of it is left.
    pub(super) async fn erase_session(self, handle: &Handle, session: &SessionId) -> Result<bool> {
        let query = self.db.query().key_condition_expression("pk = :pk").consistent_read(true).limit(MAX_SIGNALS);
        let query = query.expression_attribute_values(":pk", text(table::session(handle, session).pk));
        let found = query.send().await.map_err(Error::call("Query"))?;
        let keys = found.items().iter().filter(|item| !is_due(item)).map(key_of).collect::<Result<Vec<_>>>()?;
        self.db.batch_delete(&keys).await?;
        Ok(found.last_evaluated_key().is_none() && keys.len() == found.items().len())
    }
}
