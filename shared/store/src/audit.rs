//! Audit events, kept beside the handle they concern and written together with what they tell of.

use aws_sdk_dynamodb::types::TransactWriteItem;

use domain::audit::{Event, KEPT_DAYS};
use domain::name::Handle;

use crate::Store;
use crate::error::{Error, Result};
use crate::item::{Item, Page, cursor, doc, number, read_cursor, text, with_doc};
use crate::table;

impl Store {
    /// Writes an audit event of something that left nothing else behind.
    pub async fn audit(&self, handle: &Handle, event: &Event) -> Result<()> {
        let put = self.db.put_item().table_name(&self.table).set_item(Some(item(handle, event)?));
        put.send().await.map_err(Error::call("PutItem"))?;
        Ok(())
    }

    /// The part of a transaction that writes an audit event.
    pub(crate) fn audit_part(&self, handle: &Handle, event: &Event) -> Result<TransactWriteItem> {
        self.put_part(item(handle, event)?, |put| put)
    }

    /// The audit events of a handle, newest first.
    pub async fn audit_events(&self, handle: &Handle, limit: i32, from: Option<&str>) -> Result<Page<Event>> {
        let before = from.and_then(read_cursor).map_or("~".to_owned(), |[before]| before);
        let query = self
            .db
            .query()
            .table_name(&self.table)
            .key_condition_expression("pk = :pk AND sk < :before")
            .expression_attribute_values(":pk", text(table::audit_events(handle)))
            .expression_attribute_values(":before", text(before))
            .limit(limit)
            .scan_index_forward(false);
        let found = query.send().await.map_err(Error::call("Query"))?;
        let items: Vec<Event> = found.items().iter().map(doc).collect::<Result<_>>()?;
        let more = found.last_evaluated_key().is_some();
        Ok(Page { next_cursor: items.last().filter(|_| more).map(|last| cursor(&[&last.audit_id.to_string()])), items })
    }
}

fn item(handle: &Handle, event: &Event) -> Result<Item> {
    let mut item = with_doc(&table::audit(handle, event.audit_id), event)?;
    item.insert("ttl".to_owned(), number(event.at.plus_days(KEPT_DAYS).seconds()));
    Ok(item)
}
