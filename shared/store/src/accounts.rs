//! Accounts: the plan and the time zone of each user; and what belongs to accounts: handles, tokens, the audit log.

pub(crate) mod audit;
mod deletion;
mod open_handles;
pub(crate) mod profiles;
mod tokens;

use domain::accounts::Account;
use domain::accounts::audit::AuditEvent;
use domain::values::name::UserId;

use crate::dynamo::{Database, RetryPolicy, TRANSACT, absent, doc, string, table, text, with_doc};
use crate::error::{Error, Result};

pub(crate) use open_handles::OpenHandles;

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

    /// Changes the account: one `GetItem` and one `TransactWriteItems`, again while others change it in between. `edit` makes the next
    /// state of the present one, which is none when it was never set, and the audit event of the change. The event belongs to no handle
    /// and is stored in the account's partition.
    ///
    /// # Errors
    /// Those of `edit`; when the table is unavailable or contended.
    pub async fn change<E: From<Error>>(
        self,
        user: &UserId,
        edit: impl Fn(Option<Account>) -> std::result::Result<(Account, AuditEvent), E>,
    ) -> std::result::Result<Account, E> {
        let at = table::account(user);
        for _ in RetryPolicy::OPTIMISTIC_WRITE.attempts() {
            let item = self.db.get(&at).await?;
            let before = item.as_ref().map(|item| string(item, "doc")).transpose()?.map(text);
            let (account, event) = edit(item.as_ref().map(doc).transpose()?)?;
            let put = self.db.put_part(with_doc(&at, &account)?, |put| match before {
                None => absent(put),
                Some(before) => put.condition_expression("doc = :before").expression_attribute_values(":before", before),
            })?;
            let audit = self.db.put_part(audit::item(&table::account_audit(user, event.audit_id), &event)?, |put| put)?;
            if self.db.transact(vec![put, audit]).await?.is_written() {
                return Ok(account);
            }
        }
        Err(Error::Contended(TRANSACT).into())
    }
}
