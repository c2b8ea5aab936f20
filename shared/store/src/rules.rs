//! A handle's rule books: one item and one version each.

use domain::accounts::audit::Event;
use domain::chain;
use domain::routing::PersonalizationRule;
use domain::routing::rule_set::{Rule, RuleSet};
use domain::values::name::Handle;
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::Store;
use crate::error::Result;
use crate::item::{doc, integer, number, with_doc};
use crate::table::{self, Key};

/// A rule whose book is kept.
pub trait KeptRule: Rule + Serialize + DeserializeOwned + Clone {
    /// Where the handle's book of them lies.
    fn book_of(handle: &Handle) -> Key;
}

impl KeptRule for PersonalizationRule {
    fn book_of(handle: &Handle) -> Key {
        table::rules(handle)
    }
}

impl KeptRule for chain::ChainRule {
    fn book_of(handle: &Handle) -> Key {
        table::chain_rules(handle)
    }
}

impl Store {
    /// The rules and their version; a handle without rules has an empty book of version 0.
    pub async fn rule_book<R: KeptRule>(&self, handle: &Handle) -> Result<(RuleSet<R>, u64)> {
        let Some(item) = self.get(&R::book_of(handle)).await? else { return Ok((RuleSet::default(), 0)) };
        let version = integer(&item, "version").unwrap_or_default().unsigned_abs();
        Ok((doc(&item)?, version))
    }

    /// Writes the rules and the audit event if they are still at `before`; tells whether they were.
    pub async fn save_rule_book<R: KeptRule>(&self, handle: &Handle, book: &RuleSet<R>, before: u64, event: &Event) -> Result<bool> {
        let mut item = with_doc(&R::book_of(handle), book)?;
        item.insert("version".to_owned(), number(before + 1));
        let put = self.put_part(item, |put| {
            put.condition_expression("attribute_not_exists(pk) OR version = :before").expression_attribute_values(":before", number(before))
        })?;
        Ok(self.transact(vec![put, self.audit_part(handle, event)?]).await?.is_written())
    }
}
