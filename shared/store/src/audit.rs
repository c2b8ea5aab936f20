//! Audit events, kept beside the handle they concern.

use domain::audit::{Event, KEPT_DAYS};
use domain::name::Handle;

use crate::Store;
use crate::error::{Error, Result};
use crate::item::{doc, number, text, with_doc};
use crate::table;

impl Store {
    /// Writes an audit event.
    pub async fn audit(&self, handle: &Handle, event: &Event) -> Result<()> {
        let mut item = with_doc(&table::audit(handle, event.audit_id), event)?;
        item.insert("ttl".to_owned(), number(event.at.plus_days(KEPT_DAYS).seconds()));
        self.db.put_item().table_name(&self.table).set_item(Some(item)).send().await.map_err(Error::call("PutItem"))?;
        Ok(())
    }

    /// The latest audit events of a handle, newest first.
    pub async fn audit_events(&self, handle: &Handle, limit: i32) -> Result<Vec<Event>> {
        let query = self.db.query().table_name(&self.table).key_condition_expression("pk = :pk").limit(limit).scan_index_forward(false);
        let query = query.expression_attribute_values(":pk", text(table::audit_events(handle)));
        let found = query.send().await.map_err(Error::call("Query"))?;
        found.items().iter().map(doc).collect()
    }
}
