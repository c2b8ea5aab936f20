//! Accounts: the plan and the time zone of each user; and what belongs to accounts: handles, tokens, the audit log.

pub(crate) mod audit;
mod profiles;
mod tokens;

use domain::accounts::Account;
use domain::accounts::audit::AuditEvent;
use domain::values::name::UserId;

use crate::dynamo::{Database, RetryPolicy, table, with_doc};
use crate::error::Result;

pub use audit::AuditLog;
pub use profiles::Profiles;
pub use tokens::{AddToken, StoredToken, Tokens};

/// Handle of the accounts: `store.accounts()`.
#[derive(Clone, Copy, Debug)]
pub struct Accounts<'a> {
    db: &'a Database,
}

impl<'a> Accounts<'a> {
    pub(crate) fn new(db: &'a Database) -> Self {
        Self { db }
    }

    /// The account; none when it was never set.
    ///
    /// # Errors
    /// When the table is unavailable.
    pub async fn get(self, user: &UserId) -> Result<Option<Account>> {
        self.db.get_doc(&table::account(user)).await
    }

    /// Sets the account. Its audit event belongs to no handle and is stored in the account's partition.
    ///
    /// # Errors
    /// When the table is unavailable or contended.
    pub async fn set(self, user: &UserId, account: &Account, event: &AuditEvent) -> Result<()> {
        let put = self.db.put_part(with_doc(&table::account(user), account)?, |put| put)?;
        let audit = self.db.put_part(audit::item(&table::account_audit(user, event.audit_id), event)?, |put| put)?;
        self.db.transact_retrying(RetryPolicy::TRANSACTION, &[put, audit], &[]).await.map(drop)
    }
}
