//! Accounts: the plan and the time zone of whoever owns handles.

pub(crate) mod audit;
pub(crate) mod profiles;
pub(crate) mod tokens;

use domain::accounts::Account;
use domain::accounts::audit::Event;
use domain::values::name::UserId;

use crate::Store;
use crate::dynamo::item::{doc, with_doc};
use crate::dynamo::table;
use crate::error::{Error, Result};

impl Store {
    /// The account, if somebody set it.
    pub async fn account(&self, user: &UserId) -> Result<Option<Account>> {
        self.get(&table::account(user)).await?.map(|item| doc(&item)).transpose()
    }

    /// Sets the account, with the audit event of it: that belongs to no handle and lies beside the account.
    pub async fn set_account(&self, user: &UserId, account: &Account, event: &Event) -> Result<()> {
        let put = self.put_part(with_doc(&table::account(user), account)?, |put| put)?;
        let told = self.put_part(audit::item(&table::account_audit(user, event.audit_id), event)?, |put| put)?;
        for _ in 0..TRIES {
            if self.transact(vec![put.clone(), told.clone()]).await?.is_written() {
                return Ok(());
            }
        }
        Err(Error::Contended("TransactWriteItems"))
    }
}

/// Tries before contention is given back to the caller.
const TRIES: u32 = 6;
