//! Rule sets: one item with a version for each kind of rules of a handle.

use domain::accounts::audit::AuditEvent;
use domain::chain;
use domain::links::rule_set::{Rule, RuleSet};
use domain::routing::PersonalizationRule;
use domain::values::name::Handle;
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::accounts::audit;
use crate::dynamo::table::{self, Key};
use crate::dynamo::{Database, Item, damaged, integer, log_damage, number, optional, with_doc};
use crate::error::Result;

/// The attribute of a handle's personalization rules while the handle is deleted: its links are not followed.
pub(crate) const CLOSED: &str = "closed";
/// The document of a set without rules.
pub(crate) const NO_RULES: &str = r#"{"rules":[]}"#;

/// A rule whose rule set is stored.
pub trait StoredRule: Rule + Serialize + DeserializeOwned + Clone {
    /// The key of a handle's rule set of this kind.
    fn key(handle: &Handle) -> Key;
}

impl StoredRule for PersonalizationRule {
    fn key(handle: &Handle) -> Key {
        table::rules(handle)
    }
}

impl StoredRule for chain::ChainRule {
    fn key(handle: &Handle) -> Key {
        table::chain_rules(handle)
    }
}

/// Handle of the rule sets: `store.rule_sets()`.
#[derive(Clone, Copy, Debug)]
pub struct RuleSets<'a> {
    db: &'a Database,
}

impl<'a> RuleSets<'a> {
    pub(crate) fn new(db: &'a Database) -> Self {
        Self { db }
    }

    /// The rules and their version; a handle without rules has an empty set of version 0. Rules that cannot be decoded are named by
    /// the set and evaluated nowhere.
    ///
    /// # Errors
    /// When the table is unavailable.
    pub async fn get<R: StoredRule>(self, handle: &Handle) -> Result<(RuleSet<R>, u64)> {
        let Some(item) = self.db.get(&R::key(handle)).await? else { return Ok((RuleSet::default(), 0)) };
        let version = integer(&item, "version").unwrap_or_default().unsigned_abs();
        Ok((of_item(&item), version))
    }

    /// Writes the rules and the audit event; returns false, without a change, when the stored version is not `before` any more.
    ///
    /// # Errors
    /// When the table is unavailable.
    pub async fn save<R: StoredRule>(self, handle: &Handle, rules: &RuleSet<R>, before: u64, event: &AuditEvent) -> Result<bool> {
        let mut item = with_doc(&R::key(handle), rules)?;
        item.insert("version".to_owned(), number(before + 1));
        let put = self.db.put_part(item, |put| {
            put.condition_expression("attribute_not_exists(pk) OR version = :before").expression_attribute_values(":before", number(before))
        })?;
        Ok(self.db.transact(vec![put, audit::part(self.db, handle, event)?]).await?.is_written())
    }
}

/// The rule set of an item, with a line in the log for each rule of it that cannot be decoded.
pub(crate) fn of_item<R: StoredRule>(item: &Item) -> RuleSet<R> {
    let set = RuleSet::restore(optional(item, "doc").unwrap_or_default());
    for rule in set.damaged() {
        log_damage(&damaged(optional(item, "pk").unwrap_or("?"), format!("{} {rule} cannot be decoded", R::DISPLAY_NAME)));
    }
    set
}

/// Whether these rules are those of a deleted handle.
pub(crate) fn are_closed(item: &Item) -> bool {
    item.contains_key(CLOSED)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_document_of_no_rules_is_that_of_an_empty_set() {
        assert_eq!(serde_json::to_string(&RuleSet::<PersonalizationRule>::default()).unwrap(), NO_RULES);
    }
}
