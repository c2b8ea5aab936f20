//! Campaigns, each written together with the link that is bound to it; and their last observed health.

mod health;

use std::collections::{BTreeMap, BTreeSet};

use domain::accounts::audit::AuditEvent;
use domain::campaigns::Campaign;
use domain::links::Link;
use domain::values::name::{CampaignId, Handle};

use crate::accounts::audit;
use crate::dynamo::{
    DamagedItem, Database, Found, Page, absent, decode_cursor, doc, key, number, page_of, readable, table, text, with_doc,
};
use crate::error::Result;
use crate::links::{self, Expect, WriteOutcome};
use crate::outbox::Outbox;
use crate::webhooks::events;

/// Keys in one `BatchGetItem` (DynamoDB).
const MAX_KEYS: usize = 100;
/// The condition that a campaign is as it was read: an id that is used again starts at version 1 with another creation time.
const UNCHANGED: &str = "version = :version AND createdAt = :life";

/// Handle of the campaigns: `store.campaigns()`.
#[derive(Clone, Copy, Debug)]
pub struct Campaigns<'a> {
    db: &'a Database,
    outbox: Outbox<'a>,
}

impl<'a> Campaigns<'a> {
    pub(crate) fn new(db: &'a Database, outbox: Outbox<'a>) -> Self {
        Self { db, outbox }
    }

    /// A campaign.
    ///
    /// # Errors
    /// When the table is unavailable.
    pub async fn get(self, handle: &Handle, id: &CampaignId) -> Result<Option<Campaign>> {
        self.db.get_doc(&table::campaign(handle, id)).await
    }

    /// A campaign, damaged or not.
    ///
    /// # Errors
    /// When the table is unavailable.
    pub async fn find(self, handle: &Handle, id: &CampaignId) -> Result<Option<Found<Campaign>>> {
        self.db.find_doc(&table::campaign(handle, id)).await
    }

    /// Deletes a campaign that cannot be decoded, with the audit event.
    ///
    /// # Errors
    /// When the table is unavailable.
    pub async fn delete_damaged(self, handle: &Handle, id: &CampaignId, damaged: &DamagedItem, event: &AuditEvent) -> Result<WriteOutcome> {
        let delete = self.db.delete_part(&table::campaign(handle, id), |delete| damaged.delete(delete))?;
        let remains = self.db.put_part(key(&table::remains_of_campaign(handle, id)), |put| put)?;
        Ok(self.db.transact(vec![delete, remains, audit::part(self.db, handle, event)?]).await?.into())
    }

    /// Those of the campaigns that exist and can be decoded: one `BatchGetItem` per hundred.
    ///
    /// # Errors
    /// When the table is unavailable or throttles the read.
    pub async fn get_many(self, ids: &BTreeSet<(Handle, CampaignId)>) -> Result<BTreeMap<(Handle, CampaignId), Campaign>> {
        let mut campaigns = BTreeMap::new();
        let keys: Vec<_> = ids.iter().map(|(handle, id)| key(&table::campaign(handle, id))).collect();
        for keys in keys.chunks(MAX_KEYS) {
            for item in self.db.batch_get(keys.to_vec()).await? {
                let campaign: Option<Campaign> = readable(&item, doc)?;
                campaigns.extend(campaign.map(|campaign| ((campaign.handle.clone(), campaign.campaign_id.clone()), campaign)));
            }
        }
        Ok(campaigns)
    }

    /// Writes a campaign in place of `before`, the link that is bound to it and the audit events in one transaction. With a link
    /// the last audit event is the link's, and its webhook event is announced.
    ///
    /// # Errors
    /// When the table is unavailable.
    pub async fn write(
        self,
        campaign: &Campaign,
        before: Option<&Campaign>,
        bound: Option<(&Link, Expect)>,
        audit_events: &[AuditEvent],
    ) -> Result<WriteOutcome> {
        let mut item = with_doc(&table::campaign(&campaign.handle, &campaign.campaign_id), campaign)?;
        item.insert("version".to_owned(), number(campaign.version));
        item.insert("createdAt".to_owned(), text(campaign.created_at.to_string()));
        let put = self.db.put_part(item, |put| match before {
            None => absent(put),
            Some(before) => put
                .condition_expression(UNCHANGED)
                .expression_attribute_values(":version", number(before.version))
                .expression_attribute_values(":life", text(before.created_at.to_string())),
        })?;
        let mut parts = vec![put];
        let mut envelope = None;
        if let Some((link, expect)) = bound {
            parts.extend(links::parts(self.db, link, &expect)?);
            envelope = audit_events.last().map(|event| links::write_envelope(&expect, link, event));
        }
        for event in audit_events {
            parts.push(audit::part(self.db, &campaign.handle, event)?);
        }
        if let Some(envelope) = &envelope {
            parts.push(events::outbox_part(self.db, envelope)?);
        }
        let written = self.db.transact(parts).await?;
        if let (true, Some(envelope)) = (written.is_written(), &envelope) {
            self.outbox.announce_best_effort(&events::pointer(envelope)).await;
        }
        Ok(written.into())
    }

    /// Deletes this version of a campaign, with the audit event; its links and report cells stay.
    ///
    /// # Errors
    /// When the table is unavailable.
    pub async fn delete(self, campaign: &Campaign, event: &AuditEvent) -> Result<WriteOutcome> {
        let delete = self.db.delete_part(&table::campaign(&campaign.handle, &campaign.campaign_id), |delete| {
            delete
                .condition_expression(UNCHANGED)
                .expression_attribute_values(":version", number(campaign.version))
                .expression_attribute_values(":life", text(campaign.created_at.to_string()))
        })?;
        let remains = self.db.put_part(key(&table::remains_of_campaign(&campaign.handle, &campaign.campaign_id)), |put| put)?;
        let written = self.db.transact(vec![delete, remains, audit::part(self.db, &campaign.handle, event)?]).await?;
        Ok(written.into())
    }

    /// A handle's campaigns by id: one `Query`.
    ///
    /// # Errors
    /// When the cursor is not one of this list, or the table is unavailable.
    pub async fn list(self, handle: &Handle, limit: usize, cursor: Option<&str>) -> Result<Page<Campaign>> {
        let partition = table::campaigns(handle);
        let after = decode_cursor(&partition, cursor)?.unwrap_or_else(|| " ".to_owned());
        let query = self
            .db
            .query()
            .key_condition_expression("pk = :pk AND sk > :after")
            .expression_attribute_values(":after", text(after))
            .consistent_read(true);
        page_of(query, &partition, limit, doc).await
    }
}
