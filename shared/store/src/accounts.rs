//! Accounts: the plan and the time zone of whoever owns handles.

use domain::account::Account;
use domain::name::UserId;

use crate::Store;
use crate::error::{Error, Result};
use crate::item::{doc, with_doc};
use crate::table;

impl Store {
    /// The account, if somebody set it.
    pub async fn account(&self, user: &UserId) -> Result<Option<Account>> {
        self.get(&table::account(user)).await?.map(|item| doc(&item)).transpose()
    }

    /// Sets the account.
    pub async fn set_account(&self, user: &UserId, account: &Account) -> Result<()> {
        let item = with_doc(&table::account(user), account)?;
        self.db.put_item().table_name(&self.table).set_item(Some(item)).send().await.map_err(Error::call("PutItem"))?;
        Ok(())
    }
}
