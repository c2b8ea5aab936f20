//! The health a campaign was last seen in, so that a change of it is told once.

use domain::values::name::{CampaignId, Handle};
use domain::webhooks::event::Envelope;

use crate::Store;
use crate::dynamo::item::{key, string, text};
use crate::dynamo::table;
use crate::dynamo::transaction::absent;
use crate::error::Result;

impl Store {
    /// The health a campaign was last seen in.
    pub async fn last_health(&self, handle: &Handle, id: &CampaignId) -> Result<Option<String>> {
        let found = self.get(&table::health(handle, id)).await?;
        found.map(|item| string(&item, "status").map(str::to_owned)).transpose()
    }

    /// Notes the health a campaign is seen in, with the event that tells of the change, unless somebody else did so first.
    pub async fn note_health(
        &self,
        (handle, id): (&Handle, &CampaignId),
        before: Option<&str>,
        status: &str,
        change: Option<&Envelope>,
    ) -> Result<()> {
        let mut item = key(&table::health(handle, id));
        item.insert("status".to_owned(), text(status));
        let mut parts = vec![self.put_part(item, |put| {
            match before {
                None => absent(put),
                Some(before) => put
                    .condition_expression("#status = :before")
                    .expression_attribute_names("#status", "status")
                    .expression_attribute_values(":before", text(before)),
            }
        })?];
        if let Some(change) = change {
            parts.push(self.event_part(change)?);
        }
        let written = self.transact(parts).await?;
        if let (true, Some(change)) = (written.is_written(), change) {
            self.announce_softly(&self.event_pointer(change)).await;
        }
        Ok(())
    }
}
