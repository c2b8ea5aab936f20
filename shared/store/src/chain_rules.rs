//! Chain rules: all of a handle's in one item, so that one read brings them to a decision.

use domain::audit::Event;
use domain::chain::RuleBook;
use domain::name::Handle;

use crate::Store;
use crate::error::Result;
use crate::item::{doc, integer, number, with_doc};
use crate::table;

impl Store {
    /// A handle's chain rules and their version.
    pub async fn chain_rules(&self, handle: &Handle) -> Result<(RuleBook, u64)> {
        let Some(item) = self.get(&table::chain_rules(handle)).await? else { return Ok((RuleBook::default(), 0)) };
        let version = integer(&item, "version").unwrap_or_default().unsigned_abs();
        Ok((doc(&item)?, version))
    }

    /// Writes the chain rules and the audit event if they are still at `before`; tells whether they were.
    pub async fn save_chain_rules(&self, handle: &Handle, book: &RuleBook, before: u64, event: &Event) -> Result<bool> {
        let mut item = with_doc(&table::chain_rules(handle), book)?;
        item.insert("version".to_owned(), number(before + 1));
        let put = self.put_part(item, |put| {
            put.condition_expression("attribute_not_exists(pk) OR version = :before").expression_attribute_values(":before", number(before))
        })?;
        Ok(self.transact(vec![put, self.audit_part(handle, event)?]).await?.is_written())
    }
}
