//! A handle's personalization rules: one item, one version.

use domain::audit::Event;
use domain::name::Handle;
use domain::routing::RuleBook;

use crate::Store;
use crate::error::Result;
use crate::item::{doc, integer, number, with_doc};
use crate::table;

impl Store {
    /// The rules and their version; a handle without rules has an empty book of version 0.
    pub async fn rule_book(&self, handle: &Handle) -> Result<(RuleBook, u64)> {
        let Some(item) = self.get(&table::rules(handle)).await? else { return Ok((RuleBook::default(), 0)) };
        let version = integer(&item, "version").unwrap_or_default().unsigned_abs();
        Ok((doc(&item)?, version))
    }

    /// Writes the rules and the audit event if they are still at `before`; tells whether they were.
    pub async fn save_rule_book(&self, handle: &Handle, book: &RuleBook, before: u64, event: &Event) -> Result<bool> {
        let mut item = with_doc(&table::rules(handle), book)?;
        item.insert("version".to_owned(), number(before + 1));
        let put = self.put_part(item, |put| {
            put.condition_expression("attribute_not_exists(pk) OR version = :before").expression_attribute_values(":before", number(before))
        })?;
        Ok(self.transact(vec![put, self.audit_part(handle, event)?]).await?.is_written())
    }
}
