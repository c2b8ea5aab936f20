//! Handles with their collaborators, and each user's list of handles.
//!
//! The handle's item is the truth. A user's list is an index written before the handle's item when it grows and after
//! when it shrinks, so that a crash in between leaves an entry too many, never one too few; readers drop those. Each entry
//! carries the version of the handle that wrote it, so that a late removal leaves alone what a newer version put back.

use aws_sdk_dynamodb::operation::delete_item::DeleteItemError;
use aws_sdk_dynamodb::operation::put_item::PutItemError;
use futures::future::try_join_all;

use domain::accounts::Profile;
use domain::accounts::audit::Event;
use domain::values::name::{Handle, UserId};

use crate::Store;
use crate::dynamo::item::{Page, doc, key, number, page_of, place_in, string, text, with_doc};
use crate::dynamo::table;
use crate::dynamo::transaction::absent;
use crate::error::{Error, Result};

impl Store {
    /// The handle, if there is one.
    pub async fn profile(&self, handle: &Handle) -> Result<Option<Profile>> {
        self.get(&table::handle(handle)).await?.map(|item| doc(&item)).transpose()
    }

    /// Writes a handle and the audit event if it is still at the version before this one (or absent, for the first); tells whether it was.
    pub async fn save_profile(&self, profile: &Profile, before: Option<&Profile>, event: &Event) -> Result<bool> {
        let members = |profile: &Profile| -> Vec<UserId> { profile.collaborators.keys().cloned().chain([profile.owner.clone()]).collect() };
        let (now, then) = (members(profile), before.map(members).unwrap_or_default());
        try_join_all(now.iter().filter(|user| !then.contains(user)).map(|user| self.add_membership(user, profile))).await?;
        if !self.put_profile(profile, before, event).await? {
            return Ok(false);
        }
        try_join_all(then.iter().filter(|user| !now.contains(user)).map(|user| self.drop_membership(user, profile))).await?;
        Ok(true)
    }

    async fn put_profile(&self, profile: &Profile, before: Option<&Profile>, event: &Event) -> Result<bool> {
        let mut item = with_doc(&table::handle(&profile.handle), profile)?;
        item.insert("version".to_owned(), number(profile.version));
        let put = self.put_part(item, |put| match before {
            None => absent(put),
            Some(before) => put.condition_expression("version = :before").expression_attribute_values(":before", number(before.version)),
        })?;
        Ok(self.transact(vec![put, self.audit_part(&profile.handle, event)?]).await?.is_written())
    }

    async fn add_membership(&self, user: &UserId, profile: &Profile) -> Result<()> {
        let mut item = key(&table::membership(user, &profile.handle));
        item.insert("version".to_owned(), number(profile.version));
        let put = self
            .db
            .put_item()
            .table_name(&self.table)
            .set_item(Some(item))
            .condition_expression("attribute_not_exists(version) OR version < :version")
            .expression_attribute_values(":version", number(profile.version));
        match put.send().await {
            Err(error) if !error.as_service_error().is_some_and(PutItemError::is_conditional_check_failed_exception) => {
                Err(Error::call("PutItem")(error))
            }
            Ok(_) | Err(_) => Ok(()),
        }
    }

    async fn drop_membership(&self, user: &UserId, profile: &Profile) -> Result<()> {
        let delete = self
            .db
            .delete_item()
            .table_name(&self.table)
            .set_key(Some(key(&table::membership(user, &profile.handle))))
            .condition_expression("attribute_not_exists(version) OR version < :version")
            .expression_attribute_values(":version", number(profile.version));
        match delete.send().await {
            Err(error) if !error.as_service_error().is_some_and(DeleteItemError::is_conditional_check_failed_exception) => {
                Err(Error::call("DeleteItem")(error))
            }
            Ok(_) | Err(_) => Ok(()),
        }
    }

    /// The handles a user owns or works on, by name.
    pub async fn profiles_of(&self, user: &UserId, limit: usize, from: Option<&str>) -> Result<Page<Profile>> {
        let partition = table::memberships(user);
        let after = place_in(&partition, from)?.unwrap_or_else(|| " ".to_owned());
        let query = self
            .db
            .query()
            .table_name(&self.table)
            .key_condition_expression("pk = :pk AND sk > :after")
            .expression_attribute_values(":after", text(after))
            .consistent_read(true);
        let names = page_of(query, &partition, limit, |item| string(item, "sk").map(str::to_owned)).await?;
        let handles = names.items.iter().filter_map(|name| name.parse::<Handle>().ok());
        let profiles = try_join_all(handles.map(|handle| async move { self.profile(&handle).await })).await?;
        let items = profiles.into_iter().flatten().filter(|profile| profile.role_of(user).is_some()).collect();
        Ok(Page { items, next_cursor: names.next_cursor })
    }
}
