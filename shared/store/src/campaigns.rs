//! Campaigns, each written together with the link that is bound to it.

mod health;

use std::collections::{BTreeMap, BTreeSet};

use aws_sdk_dynamodb::types::{KeysAndAttributes, TransactWriteItem};

use domain::accounts::audit::Event;
use domain::campaigns::Campaign;
use domain::links::Link;
use domain::values::name::{CampaignId, Handle};

use crate::Store;
use crate::dynamo::item::{Page, doc, key, number, page_of, place_in, text, with_doc};
use crate::dynamo::table;
use crate::dynamo::transaction::{Transacted, absent};
use crate::error::{Error, Result};
use crate::links::Expect;

/// Keys one batch read may name (DynamoDB).
const MAX_KEYS: usize = 100;

/// How a campaign write ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum WriteCampaign {
    /// All of it is written.
    Written,
    /// The campaign or its link is not what was expected; nothing was written.
    Changed,
}

impl WriteCampaign {
    fn of(transacted: Transacted) -> Self {
        if transacted.is_written() { Self::Written } else { Self::Changed }
    }
}

impl Store {
    /// A campaign, consistently.
    pub async fn campaign(&self, handle: &Handle, id: &CampaignId) -> Result<Option<Campaign>> {
        self.get(&table::campaign(handle, id)).await?.map(|item| doc(&item)).transpose()
    }

    /// Those campaigns of these that exist, consistently.
    pub async fn campaigns_named(&self, named: &BTreeSet<(Handle, CampaignId)>) -> Result<BTreeMap<(Handle, CampaignId), Campaign>> {
        let mut campaigns = BTreeMap::new();
        let keys: Vec<_> = named.iter().map(|(handle, id)| key(&table::campaign(handle, id))).collect();
        for keys in keys.chunks(MAX_KEYS) {
            let asked = KeysAndAttributes::builder().set_keys(Some(keys.to_vec())).consistent_read(true).build();
            let asked = asked.map_err(|error| Error::Unavailable { operation: "BatchGetItem", source: Box::new(error) })?;
            let found = self.db.batch_get_item().request_items(&self.table, asked).send().await.map_err(Error::call("BatchGetItem"))?;
            if found.unprocessed_keys().is_some_and(|keys| !keys.is_empty()) {
                return Err(Error::Contended("BatchGetItem"));
            }
            for item in found.responses().and_then(|tables| tables.get(&self.table)).into_iter().flatten() {
                let campaign: Campaign = doc(item)?;
                campaigns.insert((campaign.handle.clone(), campaign.campaign_id.clone()), campaign);
            }
        }
        Ok(campaigns)
    }

    /// Writes a campaign in place of `before`, the link that is bound to it and the audit events, in one transaction.
    pub async fn write_campaign(
        &self,
        campaign: &Campaign,
        before: Option<&Campaign>,
        bound: Option<(&Link, Expect)>,
        events: &[Event],
    ) -> Result<WriteCampaign> {
        let mut item = with_doc(&table::campaign(&campaign.handle, &campaign.campaign_id), campaign)?;
        item.insert("version".to_owned(), number(campaign.version));
        item.insert("createdAt".to_owned(), text(campaign.created_at.to_string()));
        let put = self.put_part(item, |put| match before {
            None => absent(put),
            Some(before) => put
                .condition_expression(STILL)
                .expression_attribute_values(":version", number(before.version))
                .expression_attribute_values(":life", text(before.created_at.to_string())),
        })?;
        let mut parts = vec![put];
        let mut told = None;
        if let Some((link, expect)) = bound {
            parts.extend(self.link_parts(link, expect)?);
            // The link's own event stands last.
            told = events.last().map(|event| crate::links::told(expect, link, event));
        }
        for event in events {
            parts.push(self.audit_part(&campaign.handle, event)?);
        }
        if let Some(envelope) = &told {
            parts.push(self.event_part(envelope)?);
        }
        let written = self.transact(parts).await?;
        if let (true, Some(envelope)) = (written.is_written(), &told) {
            self.announce_softly(&self.event_pointer(envelope)).await;
        }
        Ok(WriteCampaign::of(written))
    }

    /// Deletes this version of a campaign, with the audit event; its links and its figures stay.
    pub async fn delete_campaign(&self, campaign: &Campaign, event: &Event) -> Result<WriteCampaign> {
        let delete: TransactWriteItem = self.delete_part(&table::campaign(&campaign.handle, &campaign.campaign_id), |delete| {
            delete
                .condition_expression(STILL)
                .expression_attribute_values(":version", number(campaign.version))
                .expression_attribute_values(":life", text(campaign.created_at.to_string()))
        })?;
        self.transact(vec![delete, self.audit_part(&campaign.handle, event)?]).await.map(WriteCampaign::of)
    }

    /// A handle's campaigns by id.
    pub async fn campaigns(&self, handle: &Handle, limit: usize, from: Option<&str>) -> Result<Page<Campaign>> {
        let partition = table::campaigns(handle);
        let after = place_in(&partition, from)?.unwrap_or_else(|| " ".to_owned());
        let query = self
            .db
            .query()
            .table_name(&self.table)
            .key_condition_expression("pk = :pk AND sk > :after")
            .expression_attribute_values(":after", text(after))
            .consistent_read(true);
        page_of(query, &partition, limit, doc).await
    }
}

/// This version of this life of the campaign: an id that is used again begins at version 1.
const STILL: &str = "version = :version AND createdAt = :life";
