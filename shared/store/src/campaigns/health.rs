//! The last observed health of a campaign, so that each change of it is reported once.

use domain::values::name::{CampaignId, Handle};
use domain::webhooks::envelope::Envelope;

use crate::campaigns::Campaigns;
use crate::dynamo::{absent, key, string, table, text};
use crate::error::Result;
use crate::webhooks::events;

impl Campaigns<'_> {
    /// The last observed health status of a campaign.
    ///
    /// # Errors
    /// When the table is unavailable.
    pub async fn last_health(self, handle: &Handle, id: &CampaignId) -> Result<Option<String>> {
        let found = self.db.get(&table::health(handle, id)).await?;
        found.map(|item| string(&item, "status").map(str::to_owned)).transpose()
    }

    /// Records an observed health status, with the webhook event of the change; without effect when the last observed status is
    /// not `before` any more.
    ///
    /// # Errors
    /// When the table is unavailable.
    pub async fn record_health(
        self,
        (handle, id): (&Handle, &CampaignId),
        before: Option<&str>,
        status: &str,
        change: Option<&Envelope>,
    ) -> Result<()> {
        let mut item = key(&table::health(handle, id));
        item.insert("status".to_owned(), text(status));
        let mut parts = vec![self.db.put_part(item, |put| {
            match before {
                None => absent(put),
                Some(before) => put
                    .condition_expression("#status = :before")
                    .expression_attribute_names("#status", "status")
                    .expression_attribute_values(":before", text(before)),
            }
        })?];
        if let Some(change) = change {
            parts.push(events::outbox_part(self.db, change)?);
        }
        let written = self.db.transact(parts).await?;
        if let (true, Some(change)) = (written.is_written(), change) {
            self.outbox.announce_best_effort(&events::pointer(change)).await;
        }
        Ok(())
    }
}
