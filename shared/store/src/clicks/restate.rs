//! Restating stored clicks: a new classification of a click and what it changes in its cells are one transaction.
//!
//! A click is restated only from the very document that was read: of two concurrent writers the second finds it changed and reads
//! it again, so that restating twice, concurrently or after a crash, changes nothing.

use aws_sdk_dynamodb::types::TransactWriteItem;

use domain::accounts::audit::AuditEvent;
use domain::clicks::Click;
use domain::reports::{Addition, Tally};
use domain::values::id::ClickId;
use domain::values::moment::{Day, Moment};
use domain::values::name::Handle;
use domain::values::secret::sha256_hex;

use crate::accounts::audit;
use crate::clicks::Clicks;
use crate::dynamo::{Database, Item, TRANSACT, doc, string, table, text, to_json};
use crate::error::{Error, Result};
use crate::rollups::Entry;

/// Clicks of one page: few enough that reading a page delays no other request.
const PAGE: i32 = 500;
/// Clicks restated in one transaction.
const MAX_RESTATED: usize = 50;

/// A stored click as it was read.
#[derive(Clone, Debug)]
pub struct StoredClick {
    /// The click.
    pub click: Click,
    doc: String,
}

impl StoredClick {
    /// The document as it was read.
    pub(crate) fn doc(&self) -> &str {
        &self.doc
    }

    pub(crate) fn of(item: &Item) -> Result<Self> {
        Ok(Self { click: doc(item)?, doc: string(item, "doc")?.to_owned() })
    }
}

/// A stored click and its replacement: the same visit of the same link, classified differently.
#[derive(Clone, Debug)]
pub struct Restatement {
    /// As it was read.
    pub before: StoredClick,
    /// As it is to be.
    pub after: Click,
}

impl Restatement {
    /// What it adds to the cells of the click's day.
    pub(crate) fn addition(&self) -> Addition {
        let before = &self.before.click;
        let difference = Tally::of_click(&self.after).minus(&Tally::of_click(before));
        Addition::of_record(before.day(), &before.slug, before.campaign_id.as_ref(), difference)
    }

    /// The part of a transaction that replaces the click unless it has changed since it was read.
    pub(crate) fn part(&self, db: &Database) -> Result<TransactWriteItem> {
        let at = table::click(&self.after.handle, self.after.id);
        let after = to_json(&at, &self.after)?;
        db.update_part(&at, |update| {
            update
                .update_expression("SET doc = :after")
                .condition_expression("doc = :before")
                .expression_attribute_values(":before", text(&self.before.doc))
                .expression_attribute_values(":after", text(after))
        })
    }
}

/// Outcome of restating a group.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Restated {
    /// All of it is written.
    Written,
    /// Nothing is written: these clicks have changed since they were read.
    Changed(Vec<ClickId>),
}

/// Splits restatements into groups that fit one transaction each, together with an audit event.
pub fn restatement_groups(restatements: Vec<Restatement>) -> Vec<Vec<Restatement>> {
    let mut all = restatements.into_iter().peekable();
    let mut groups = Vec::new();
    while all.peek().is_some() {
        groups.push(all.by_ref().take(MAX_RESTATED).collect());
    }
    groups
}

impl Clicks<'_> {
    /// A stored click with what restating it needs; none when it has not been counted.
    ///
    /// # Errors
    /// When the table is unavailable.
    pub async fn get_stored(self, handle: &Handle, id: ClickId) -> Result<Option<StoredClick>> {
        self.db.get(&table::click(handle, id)).await?.as_ref().map(StoredClick::of).transpose()
    }

    /// A page of one shard of a handle's clicks of a day, by id, after the given one; and whether more follow. One `Query`.
    ///
    /// # Errors
    /// When the table is unavailable.
    pub async fn stored_page(self, handle: &Handle, day: Day, shard: u32, after: Option<ClickId>) -> Result<(Vec<StoredClick>, bool)> {
        let query = self
            .db
            .query()
            .key_condition_expression("pk = :pk AND sk > :after")
            .expression_attribute_values(":pk", text(table::clicks(handle, day, shard)))
            .expression_attribute_values(":after", text(after.map_or(" ".to_owned(), |id| id.to_string())))
            .consistent_read(true)
            .limit(PAGE);
        let found = query.send().await.map_err(Error::call("Query"))?;
        let clicks = found.items().iter().map(StoredClick::of).collect::<Result<_>>()?;
        Ok((clicks, found.last_evaluated_key().is_some()))
    }

    /// Restates a group of one handle in one transaction, with the audit event.
    ///
    /// # Errors
    /// When the table is unavailable or contended.
    pub async fn restate(self, group: &[Restatement], event: &AuditEvent, now: Moment) -> Result<Restated> {
        let Some(first) = group.first() else { return Ok(Restated::Written) };
        let handle = &first.after.handle;
        let added = group.iter().map(Restatement::addition).collect();
        let mut actions = group.iter().map(|restatement| restatement.part(self.db)).collect::<Result<Vec<_>>>()?;
        actions.push(audit::part(self.db, handle, event)?);
        // The same click may be restated again, so its id alone would not be unique.
        let id = sha256_hex(format!("{} {} {}", event.audit_id, now.millis(), first.before.doc).as_bytes());
        match self.rollups.append_one(handle, Entry { id, actions, added }, now).await? {
            None => Ok(Restated::Written),
            Some(place) => {
                let changed = group.get(place).ok_or(Error::Contended(TRANSACT))?;
                Ok(Restated::Changed(vec![changed.after.id]))
            }
        }
    }
}
