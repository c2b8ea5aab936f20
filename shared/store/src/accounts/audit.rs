//! Audit events, kept beside the handle they concern and written together with what they tell of.

use aws_sdk_dynamodb::types::TransactWriteItem;

use domain::accounts::audit::{Event, KEPT_DAYS};
use domain::values::id::AuditId;
use domain::values::moment::Moment;
use domain::values::name::Handle;

use crate::Store;
use crate::dynamo::item::{Item, Page, doc, number, page_of, place_in, text, with_doc};
use crate::dynamo::table::{self, Key};
use crate::error::{Error, Result};

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
    pub async fn audit_events(&self, handle: &Handle, now: Moment, limit: usize, from: Option<&str>) -> Result<Page<Event>> {
        let oldest = AuditId::new(now.plus_days(-KEPT_DAYS), 0);
        let partition = table::audit_events(handle);
        let cursor_at: Option<AuditId> = place_in(&partition, from)?.and_then(|before| before.parse().ok());
        let newest = cursor_at.map_or(AuditId::from_bytes([u8::MAX; 16]), just_before);
        if newest < oldest {
            return Ok(Page { items: Vec::new(), next_cursor: None });
        }
        let query = self
            .db
            .query()
            .table_name(&self.table)
            .key_condition_expression("pk = :pk AND sk BETWEEN :oldest AND :newest")
            .expression_attribute_values(":oldest", text(oldest.to_string()))
            .expression_attribute_values(":newest", text(newest.to_string()))
            .scan_index_forward(false);
        page_of(query, &partition, limit, doc).await
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
