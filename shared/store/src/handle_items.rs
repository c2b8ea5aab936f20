//! Moving everything a handle owns from one table to another, for offline jobs. No function may do it.

use std::collections::BTreeSet;

use domain::values::name::{Handle, TokenId};

use crate::dynamo::{Database, Item, MAX_BATCH, key_of, optional, table, text};
use crate::error::{Error, Result};

/// Handle of the items: `store.handle_items(&handle)`.
#[derive(Clone, Debug)]
pub struct HandleItems<'a> {
    db: &'a Database,
    handle: &'a Handle,
}

/// An item as it is stored.
#[derive(Clone, Debug)]
pub struct StoredItem(Item);

/// Where the next page of a scan begins.
#[derive(Clone, Debug)]
pub struct ScanPosition(Item);

/// What an item makes of the others, in the order in which items are put: until the last are there, nothing is shown or counted in part.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum ItemRole {
    /// It is found by those of the other roles.
    Content,
    /// The state of folding a day: an entry of the outbox, which has the day's deltas added to its cells.
    Fold,
    /// A link, which visitors follow.
    Link,
    /// The handle's profile or a user's membership, by which members find the rest.
    Entrance,
}

impl ItemRole {
    /// Those that are put after all content, in their order.
    pub const AFTER_CONTENT: [Self; 3] = [Self::Fold, Self::Link, Self::Entrance];
}

impl StoredItem {
    /// What it makes of the others.
    pub fn role(&self) -> ItemRole {
        match optional(&self.0, "pk").and_then(|pk| pk.split('#').next()) {
            Some("FOLD") => ItemRole::Fold,
            Some("LINK") => ItemRole::Link,
            Some("HANDLE" | "USER") => ItemRole::Entrance,
            _ => ItemRole::Content,
        }
    }
}

impl<'a> HandleItems<'a> {
    pub(crate) fn new(db: &'a Database, handle: &'a Handle) -> Self {
        Self { db, handle }
    }

    /// The handle's items in a page of the table, and where the next page begins: one `Scan` of at most 1 MB.
    ///
    /// # Errors
    /// When the table is unavailable.
    pub async fn page(&self, tokens: &BTreeSet<TokenId>, after: Option<ScanPosition>) -> Result<(Vec<StoredItem>, Option<ScanPosition>)> {
        let found = self.db.scan().set_exclusive_start_key(after.map(|position| position.0)).send().await.map_err(Error::call("Scan"))?;
        let next = found.last_evaluated_key().cloned().map(ScanPosition);
        let is_own = |item: &Item| match (optional(item, "pk"), optional(item, "sk")) {
            (Some(pk), Some(sk)) => is_owned(self.handle, tokens, pk, sk),
            _ => false,
        };
        Ok((found.items.unwrap_or_default().into_iter().filter(is_own).map(StoredItem).collect(), next))
    }

    /// The ids of the handle's tokens, revoked ones included: one `Query` per MB.
    ///
    /// # Errors
    /// When the table is unavailable.
    pub async fn tokens(&self) -> Result<BTreeSet<TokenId>> {
        let (mut tokens, mut start) = (BTreeSet::new(), None);
        loop {
            let query = self.db.query().key_condition_expression("pk = :pk").projection_expression("sk").consistent_read(true);
            let query = query.expression_attribute_values(":pk", text(table::tokens(self.handle))).set_exclusive_start_key(start);
            let found = query.send().await.map_err(Error::call("Query"))?;
            // The number of tokens is beside them and is no id.
            tokens.extend(found.items().iter().filter_map(|item| optional(item, "sk")?.parse::<TokenId>().ok()));
            start = found.last_evaluated_key;
            if start.is_none() {
                return Ok(tokens);
            }
        }
    }

    /// Stores items, over those with the same keys: one `BatchWriteItem` for 25 of them, one after the other.
    ///
    /// # Errors
    /// When the table is unavailable, or some items are left.
    pub async fn put(&self, items: Vec<StoredItem>) -> Result<()> {
        let mut items = items.into_iter().map(|item| item.0).peekable();
        while items.peek().is_some() {
            self.db.batch_put(items.by_ref().take(MAX_BATCH).collect()).await?;
        }
        Ok(())
    }

    /// Deletes items; those that do not exist are no error.
    ///
    /// # Errors
    /// When the table is unavailable, or some items are left.
    pub async fn delete(&self, items: &[StoredItem]) -> Result<()> {
        let keys = items.iter().map(|item| key_of(&item.0)).collect::<Result<Vec<_>>>()?;
        self.db.batch_delete(&keys).await
    }
}

/// Whether an item is the handle's: its partition names the handle, or it is a membership or a token of it. Accounts, quotas and rate
/// limits are those of people and addresses.
fn is_owned(handle: &Handle, tokens: &BTreeSet<TokenId>, pk: &str, sk: &str) -> bool {
    let mut parts = pk.split('#');
    match (parts.next(), parts.next()) {
        (Some("ACCT" | "QUOTA" | "RATE" | "SYSTEM"), _) | (None, _) | (_, None) => false,
        (Some("USER"), _) => sk == handle.as_str(),
        (Some("PAT"), Some(id)) => id.parse::<TokenId>().is_ok_and(|id| tokens.contains(&id)),
        (Some(_), Some(name)) => name == handle.as_str(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_handle_owns_what_its_partitions_name_and_nothing_of_people_or_of_other_handles() {
        let (handle, token): (Handle, TokenId) = ("acme".parse().unwrap(), "0aZ9bcdefghijklm".parse().unwrap());
        let tokens = BTreeSet::from([token]);
        let owned = |pk: &str, sk: &str| is_owned(&handle, &tokens, pk, sk);
        for (pk, sk) in [
            ("HANDLE#acme", "A"),
            ("USER#demo-owner", "acme"),
            ("LINK#acme", "launch"),
            ("CLICK#acme#20260301#21", "clk_1"),
            ("ROLLUP#acme#C#partner", "day#20260301"),
            ("PAT#0aZ9bcdefghijklm", "A"),
            ("TOKENS#acme", "#"),
        ] {
            assert!(owned(pk, sk), "{pk} {sk}");
        }
        for (pk, sk) in [
            ("HANDLE#acme-2", "A"),
            ("USER#acme", "demo"),
            ("ACCT#acme", "A"),
            ("QUOTA#acme#20260301", "A"),
            ("RATE#acme#0", "A"),
            ("SYSTEM#acme", "A"),
            ("PAT#1aZ9bcdefghijklm", "A"),
            ("CLICK#demo#20260301#21", "acme"),
            ("acme", "acme"),
        ] {
            assert!(!owned(pk, sk), "{pk} {sk}");
        }
    }
}
