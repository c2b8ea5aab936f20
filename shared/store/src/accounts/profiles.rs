//! Handles with their collaborators, and the list of handles of each user.
//!
//! The handle's item is authoritative. A user's list is an index that is written before the handle's item when it grows and
//! after it when it shrinks, so that a crash in between leaves an entry too many, never one too few; readers drop those. Each
//! entry carries the version of the handle that wrote it, so that a late removal does not undo a newer version.

use futures::future::try_join_all;

use domain::accounts::Profile;
use domain::accounts::audit::AuditEvent;
use domain::values::name::{Handle, UserId};

use crate::accounts::{OpenHandles, audit};
use crate::dynamo::{
    Database, Found, Item, Page, absent, applied, decode_cursor, doc, found, key, number, page_of, string, table, text, with_doc,
};
use crate::error::Result;
use crate::outbox::make_due;

/// The attribute of a handle's item once the handle is erased: the name stays taken.
pub(crate) const ERASED: &str = "erasedAt";

/// Handle of the profiles: `store.profiles()`.
#[derive(Clone, Copy, Debug)]
pub struct Profiles<'a> {
    pub(super) db: &'a Database,
    pub(super) open: &'a OpenHandles,
}

impl<'a> Profiles<'a> {
    pub(crate) fn new(db: &'a Database, open: &'a OpenHandles) -> Self {
        Self { db, open }
    }

    /// The handle, if it exists, also while it is deleted and not yet erased.
    ///
    /// # Errors
    /// When the table is unavailable.
    pub async fn get(self, handle: &Handle) -> Result<Option<Profile>> {
        self.db.get(&table::handle(handle)).await?.filter(|item| !item.contains_key(ERASED)).as_ref().map(doc).transpose()
    }

    /// The handle, if it exists and is not deleted.
    ///
    /// # Errors
    /// When the table is unavailable.
    pub async fn open(self, handle: &Handle) -> Result<Option<Profile>> {
        Ok(self.get(handle).await?.filter(Profile::is_open))
    }

    /// Writes a handle and the audit event. Returns false, without a change, when the stored handle is not `before` any more: its
    /// version differs, or for none it exists.
    ///
    /// # Errors
    /// When the table is unavailable.
    pub async fn save(self, profile: &Profile, before: Option<&Profile>, event: &AuditEvent) -> Result<bool> {
        let members = |profile: &Profile| -> Vec<UserId> { profile.collaborators.keys().cloned().chain([profile.owner.clone()]).collect() };
        let (now, then) = (members(profile), before.map(members).unwrap_or_default());
        try_join_all(now.iter().filter(|user| !then.contains(user)).map(|user| self.add_membership(user, profile))).await?;
        if !self.put(profile, before, event).await? {
            return Ok(false);
        }
        try_join_all(then.iter().filter(|user| !now.contains(user)).map(|user| self.remove_membership(user, profile))).await?;
        Ok(true)
    }

    async fn put(self, profile: &Profile, before: Option<&Profile>, event: &AuditEvent) -> Result<bool> {
        let put = self.db.put_part(item_of(profile)?, |put| match before {
            None => absent(put),
            Some(before) => put.condition_expression("version = :before").expression_attribute_values(":before", number(before.version)),
        })?;
        Ok(self.db.transact(vec![put, audit::part(self.db, &profile.handle, event)?]).await?.is_written())
    }

    async fn add_membership(self, user: &UserId, profile: &Profile) -> Result<()> {
        let mut item = key(&table::membership(user, &profile.handle));
        item.insert("version".to_owned(), number(profile.version));
        let put = self
            .db
            .put(item)
            .condition_expression("attribute_not_exists(version) OR version < :version")
            .expression_attribute_values(":version", number(profile.version));
        applied("PutItem", put.send().await).map(drop)
    }

    async fn remove_membership(self, user: &UserId, profile: &Profile) -> Result<()> {
        let delete = self
            .db
            .delete(&table::membership(user, &profile.handle))
            .condition_expression("attribute_not_exists(version) OR version < :version")
            .expression_attribute_values(":version", number(profile.version));
        applied("DeleteItem", delete.send().await).map(drop)
    }

    /// The handles a user owns or collaborates on, by name: one `Query` and one `GetItem` per handle.
    ///
    /// # Errors
    /// When the cursor is not one of this list, or the table is unavailable.
    pub async fn list(self, user: &UserId, limit: usize, cursor: Option<&str>) -> Result<Page<Profile>> {
        let partition = table::memberships(user);
        let after = decode_cursor(&partition, cursor)?.unwrap_or_else(|| " ".to_owned());
        let query = self
            .db
            .query()
            .key_condition_expression("pk = :pk AND sk > :after")
            .expression_attribute_values(":after", text(after))
            .consistent_read(true);
        let names = page_of(query, &partition, limit, |item| string(item, "sk").map(str::to_owned)).await?;
        let handles = names.items.iter().filter_map(|name| name.parse::<Handle>().ok());
        let read = |handle| async move {
            let item = self.db.get(&table::handle(&handle)).await?.filter(|item| !item.contains_key(ERASED));
            Ok((item.map(|item| found(&item, doc::<Profile>)).transpose()?, handle))
        };
        let (mut items, mut damaged) = (Vec::new(), Vec::new());
        for (profile, handle) in try_join_all(handles.map(read)).await? {
            match profile {
                Some(Found::Intact(profile)) if profile.role_of(user).is_some() => items.push(profile),
                Some(Found::Damaged(_)) => damaged.push(handle.to_string()),
                Some(Found::Intact(_)) | None => {}
            }
        }
        Ok(Page { items, next_cursor: names.next_cursor, damaged })
    }
}

/// The item of a handle; that of a deleted one is an entry of the outbox, due when it can no longer be restored.
pub(super) fn item_of(profile: &Profile) -> Result<Item> {
    let mut item = with_doc(&table::handle(&profile.handle), profile)?;
    item.insert("version".to_owned(), number(profile.version));
    item.insert("listPk".to_owned(), text(table::HANDLE_LIST));
    item.insert("listSk".to_owned(), text(profile.handle.as_str()));
    if let Some(deletion) = &profile.deletion {
        make_due(&mut item, deletion.deleted_at, deletion.restorable_until);
    }
    Ok(item)
}
