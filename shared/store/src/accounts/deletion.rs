//! Deleting a handle and restoring it: one transaction each, which visitors' redirects see with the rules they read anyway.

use aws_sdk_dynamodb::types::TransactWriteItem;

use domain::accounts::Profile;
use domain::accounts::audit::AuditEvent;
use domain::values::name::Handle;

use crate::accounts::audit;
use crate::accounts::profiles::{Profiles, item_of};
use crate::dynamo::{number, table, text};
use crate::error::Result;
use crate::rule_sets::{CLOSED, NO_RULES};

impl Profiles<'_> {
    /// Writes the state of deletion of a handle, closes its redirects or opens them again, and records the audit event, in one
    /// transaction. Returns false, without a change, when the stored handle is not `before` any more.
    ///
    /// # Errors
    /// When the table is unavailable.
    pub async fn save_deletion(self, profile: &Profile, before: &Profile, event: &AuditEvent) -> Result<bool> {
        let put = self.db.put_part(item_of(profile)?, |put| {
            put.condition_expression("version = :before").expression_attribute_values(":before", number(before.version))
        })?;
        let rules = self.mark_rules(&profile.handle, profile.is_open())?;
        Ok(self.db.transact(vec![put, rules, audit::part(self.db, &profile.handle, event)?]).await?.is_written())
    }

    /// The part of a transaction that marks the rules every redirect reads. It makes another version of them, so that a change of the
    /// rules that is under way does not remove the mark.
    fn mark_rules(self, handle: &Handle, is_open: bool) -> Result<TransactWriteItem> {
        self.db.update_part(&table::rules(handle), |update| {
            let set = "SET version = if_not_exists(version, :none) + :one, doc = if_not_exists(doc, :empty)";
            let change = if is_open { format!("{set} REMOVE {CLOSED}") } else { format!("{set}, {CLOSED} = :one") };
            update
                .update_expression(change)
                .expression_attribute_values(":none", number(0))
                .expression_attribute_values(":one", number(1))
                .expression_attribute_values(":empty", text(NO_RULES))
        })
    }
}
