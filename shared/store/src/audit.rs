//! Audit events, kept beside the handle they concern and written together with what they tell of.

use aws_sdk_dynamodb::types::TransactWriteItem;

use domain::audit::{Event, KEPT_DAYS};
use domain::id::AuditId;
use domain::moment::Moment;
use domain::name::Handle;

use crate::Store;
use crate::error::{Error, Result};
use crate::item::{Item, Page, cursor, doc, number, read_cursor, text, with_doc};
use crate::table::{self, Key};

impl Store {
    /// Writes an audit event of something that left nothing else behind.
    pub async fn audit(&self, handle: &Handle, event: &Event) -> Result<()> {
        let put = self.db.put_item().table_name(&self.table).set_item(Some(item(&table::audit(handle, event.audit_id), event)?));
        put.send().await.map_err(Error::call("PutItem"))?;
        Ok(())
    }

    /// The part of a transaction that writes an audit event.
    pub(crate) fn audit_part(&self, handle: &Handle, event: &Event) -> Result<TransactWriteItem> {
        self.put_part(item(&table::audit(handle, event.audit_id), event)?, |put| put)
    }

    /// The audit events of a handle, newest first; those past their days are gone, whether or not the table has deleted them.
    pub async fn audit_events(&self, handle: &Handle, now: Moment, limit: i32, from: Option<&str>) -> Result<Page<Event>> {
        let oldest = AuditId::new(now.plus_days(-KEPT_DAYS), 0);
        let cursor_at: Option<AuditId> = from.and_then(read_cursor).and_then(|[before]| before.parse().ok());
        let newest = cursor_at.map_or(AuditId::from_bytes([u8::MAX; 16]), just_before);
        if newest < oldest {
            return Ok(Page { items: Vec::new(), next_cursor: None });
        }
        let query = self
            .db
            .query()
            .table_name(&self.table)
            .key_condition_expression("pk = :pk AND sk BETWEEN :oldest AND :newest")
            .expression_attribute_values(":pk", text(table::audit_events(handle)))
            .expression_attribute_values(":oldest", text(oldest.to_string()))
            .expression_attribute_values(":newest", text(newest.to_string()))
            .limit(limit)
            .scan_index_forward(false);
        let found = query.send().await.map_err(Error::call("Query"))?;
        let items: Vec<Event> = found.items().iter().map(doc).collect::<Result<_>>()?;
        let more = found.last_evaluated_key().is_some();
        Ok(Page { next_cursor: items.last().filter(|_| more).map(|last| cursor(&[&last.audit_id.to_string()])), items })
    }
}

/// The last id that sorts before this one.
fn just_before(id: AuditId) -> AuditId {
    AuditId::from_bytes(u128::from_be_bytes(id.to_bytes()).saturating_sub(1).to_be_bytes())
}

pub(crate) fn item(at: &Key, event: &Event) -> Result<Item> {
    let mut item = with_doc(at, event)?;
    item.insert("ttl".to_owned(), number(event.at.plus_days(KEPT_DAYS).seconds()));
    Ok(item)
}
