//! The audit log: events in the partition of their handle, written in the transaction of the change they record.

use aws_sdk_dynamodb::types::TransactWriteItem;

use domain::accounts::audit::{AuditEvent, KEPT_DAYS};
use domain::values::id::AuditId;
use domain::values::moment::Moment;
use domain::values::name::Handle;

use crate::dynamo::table::{self, Key};
use crate::dynamo::{Database, Item, Stretch, decode_cursor, doc, number, stretch_of, text, with_doc};
use crate::error::{Error, Result};

/// Handle of the audit log: `store.audit_log()`.
#[derive(Clone, Copy, Debug)]
pub struct AuditLog<'a> {
    db: &'a Database,
}

impl<'a> AuditLog<'a> {
    pub(crate) fn new(db: &'a Database) -> Self {
        Self { db }
    }

    /// Records an audit event of something that changed nothing else in the table: one `PutItem`.
    ///
    /// # Errors
    /// When the table is unavailable.
    pub async fn record(self, handle: &Handle, event: &AuditEvent) -> Result<()> {
        let put = self.db.put(item(&table::audit(handle, event.audit_id), event)?);
        put.send().await.map_err(Error::call("PutItem"))?;
        Ok(())
    }

    /// At most `most` audit events of a handle, and at most a megabyte, newest first, from `until` back to `since`: one `Query`.
    /// Expired ones are left out even before DynamoDB deletes them.
    ///
    /// # Errors
    /// When the cursor is not one of this list, or the table is unavailable.
    pub async fn list(
        self,
        handle: &Handle,
        (since, until): (Option<Moment>, Option<Moment>),
        now: Moment,
        most: usize,
        cursor: Option<&str>,
    ) -> Result<Stretch<AuditEvent>> {
        let kept_since = now.plus_days(-KEPT_DAYS);
        // An event has its id shortly before its time.
        let oldest = AuditId::new(since.map_or(kept_since, |since| since.plus_secs(-1).max(kept_since)), 0);
        let latest = until.map_or(AuditId::from_bytes([u8::MAX; 16]), |until| AuditId::new(until, u128::MAX));
        let partition = table::audit_events(handle);
        let last: Option<AuditId> = decode_cursor(&partition, cursor)?.and_then(|last| last.parse().ok());
        let newest = last.map_or(latest, |last| last.before().min(latest));
        if newest < oldest {
            return Ok(Stretch::new(&partition, Vec::new(), None));
        }
        let query = self
            .db
            .query()
            .key_condition_expression("pk = :pk AND sk BETWEEN :oldest AND :newest")
            .expression_attribute_values(":oldest", text(oldest.to_string()))
            .expression_attribute_values(":newest", text(newest.to_string()))
            .scan_index_forward(false);
        stretch_of(query, (&partition, &partition), most, ["sk", "sk"], doc).await
    }
}

/// The part of a transaction that records an audit event.
pub(crate) fn part(db: &Database, handle: &Handle, event: &AuditEvent) -> Result<TransactWriteItem> {
    db.put_part(item(&table::audit(handle, event.audit_id), event)?, |put| put)
}

/// The item of an audit event, which expires.
pub(crate) fn item(at: &Key, event: &AuditEvent) -> Result<Item> {
    let mut item = with_doc(at, event)?;
    item.insert("ttl".to_owned(), number(event.at.plus_days(KEPT_DAYS).seconds()));
    Ok(item)
}
