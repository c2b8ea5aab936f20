//! The steps of erasing a handle. Each gives whether its stage is complete; until then the same step is made again.

use futures::future::try_join_all;

use domain::accounts::Profile;
use domain::accounts::audit::AuditEvent;
use domain::reports::Selection;
use domain::values::id::{ClickId, ConversionId, EventId, LinkId, SubscriptionId};
use domain::values::moment::Day;
use domain::values::name::{CampaignId, Handle, Slug, TokenId};

use crate::dynamo::table::{self, Key};
use crate::dynamo::{Item, ListRange, doc, key_of, optional, text};
use crate::error::{Error, Result};
use crate::handle_erasure::HandleErasure;

/// Items of a partition that one step deletes.
const MAX_ITEMS: i32 = 200;
/// Clicks of one shard of a day that one step deletes.
const MAX_CLICKS: i32 = 50;
/// Items with others of their own that one step deletes.
const MAX_WHOLES: usize = 10;

impl HandleErasure<'_> {
    /// The first items of a partition with consistent reads: one `Query`.
    async fn first(self, pk: &str, limit: i32) -> Result<Vec<Item>> {
        let query = self.db.query().key_condition_expression("pk = :pk").expression_attribute_values(":pk", text(pk));
        let found = query.limit(limit).consistent_read(true).send().await.map_err(Error::call("Query"))?;
        Ok(found.items.unwrap_or_default())
    }

    /// The first items of a list with their positions. The index may still name items that were deleted in the step before: entries are
    /// read until some of them have items, so that the list is empty only when nothing is left.
    async fn first_listed(self, range: ListRange) -> Result<Vec<(String, Item)>> {
        let mut after = None;
        loop {
            let (listed, next) = self.db.listed(range.clone().after(after)).await?;
            if !listed.is_empty() || next.is_none() {
                return Ok(listed);
            }
            after = next;
        }
    }

    /// Deletes the first items of a partition; true when there were no more.
    async fn clear(self, pk: &str, limit: i32) -> Result<bool> {
        let keys = keys_of(&self.first(pk, limit).await?)?;
        self.db.batch_delete(&keys).await?;
        Ok(keys.len() < usize::try_from(limit).unwrap_or(usize::MAX))
    }

    /// Clears partitions; true when all of them are empty.
    async fn clear_all(self, partitions: impl IntoIterator<Item = String>, limit: i32) -> Result<bool> {
        let cleared = partitions.into_iter().map(|pk| async move { self.clear(&pk, limit).await });
        Ok(try_join_all(cleared).await?.into_iter().all(|is_empty| is_empty))
    }

    /// Versions, figures and used clicks of a link; true when all of them are gone.
    async fn clear_link(self, handle: &Handle, slug: Option<Slug>, id: Option<LinkId>) -> Result<bool> {
        let figures = slug.map(|slug| table::rollups(handle, &Selection::Link(slug)));
        let versions = id.map(|id| table::history(handle, id));
        let is_clear = self.clear_all(figures.into_iter().chain(versions), MAX_ITEMS).await?;
        let used: Vec<Key> = id.map(|id| table::cap(handle, id)).into_iter().collect();
        self.db.batch_delete(&used).await?;
        Ok(is_clear)
    }

    async fn clear_campaign(self, handle: &Handle, id: CampaignId) -> Result<bool> {
        self.clear(&table::rollups(handle, &Selection::Campaign(id)), MAX_ITEMS).await
    }

    pub(super) async fn erase_first_link(self, handle: &Handle) -> Result<bool> {
        let links = self.first(&table::links(handle), 1).await?;
        let Some(link) = links.first() else { return Ok(true) };
        let at = key_of(link)?;
        let id = optional(link, "id").and_then(|id| id.parse().ok());
        if self.clear_link(handle, at.sk.parse().ok(), id).await? {
            self.db.batch_delete(&[at]).await?;
        }
        Ok(false)
    }

    pub(super) async fn erase_first_remains(self, handle: &Handle) -> Result<bool> {
        let remains = self.first(&table::remains(handle), 1).await?;
        let Some(at) = remains.first().map(key_of).transpose()? else { return Ok(true) };
        let mut parts = at.sk.split('#').skip(1);
        let (name, id) = (parts.next().unwrap_or_default(), parts.next());
        let is_clear = match name.parse() {
            Ok(campaign) if at.sk.starts_with("C#") => self.clear_campaign(handle, campaign).await?,
            _ => self.clear_link(handle, name.parse().ok(), id.and_then(|id| id.parse().ok())).await?,
        };
        if is_clear {
            self.db.batch_delete(&[at]).await?;
        }
        Ok(false)
    }

    pub(super) async fn erase_first_campaign(self, handle: &Handle) -> Result<bool> {
        let campaigns = self.first(&table::campaigns(handle), 1).await?;
        let Some(at) = campaigns.first().map(key_of).transpose()? else { return Ok(true) };
        let is_clear = match at.sk.parse() {
            Ok(campaign) => self.clear_campaign(handle, campaign).await?,
            Err(_) => true,
        };
        if is_clear {
            self.db.batch_delete(&[at]).await?;
        }
        Ok(false)
    }

    /// Conversions of a month with their adjustments, later submissions and messages.
    pub(super) async fn erase_conversions(self, handle: &Handle, month: Day) -> Result<bool> {
        let range = ListRange::of_month(MAX_WHOLES, table::conversions(handle, month));
        let listed = self.first_listed(range).await?;
        let erase = |(position, item): (String, Item)| async move {
            let at = key_of(&item)?;
            // Nothing can be found by an id that cannot be read.
            let Ok(id) = position.parse::<ConversionId>() else { return self.db.batch_delete(&[at]).await };
            if self.clear(&table::adjustments(handle, id), MAX_ITEMS).await? {
                let event = table::event(handle, EventId::from_bytes(id.to_bytes()));
                self.db.batch_delete(&[table::repeat_submissions(handle, id), event, at]).await?;
            }
            Ok(())
        };
        let is_empty = listed.is_empty();
        try_join_all(listed.into_iter().map(erase)).await.map(|_: Vec<()>| is_empty)
    }

    /// Clicks of a day with their messages.
    pub(super) async fn erase_clicks(self, handle: &Handle, day: Day) -> Result<bool> {
        let shards = (0..table::CLICK_SHARDS).map(|shard| async move {
            let clicks = self.first(&table::clicks(handle, day, shard), MAX_CLICKS).await?;
            let events = clicks.iter().filter_map(|item| optional(item, "sk")?.parse::<ClickId>().ok());
            let events = events.map(|id| table::event(handle, EventId::from_bytes(id.to_bytes())));
            // The messages first: their keys follow from those of the clicks.
            self.db.batch_delete(&events.collect::<Vec<_>>()).await?;
            self.db.batch_delete(&keys_of(&clicks)?).await?;
            Ok::<_, Error>(clicks.is_empty())
        });
        Ok(try_join_all(shards).await?.into_iter().all(|is_empty| is_empty))
    }

    pub(super) async fn erase_parked_clicks(self, handle: &Handle) -> Result<bool> {
        self.clear_all((0..table::PARKED_SHARDS).map(|shard| table::parked_clicks(handle, shard)), MAX_CLICKS).await
    }

    /// Deliveries of a month with their attempts.
    pub(super) async fn erase_deliveries(self, handle: &Handle, month: Day) -> Result<bool> {
        let range = ListRange::of_month(MAX_WHOLES, table::deliveries(handle, month));
        let listed = self.first_listed(range).await?;
        let is_empty = listed.is_empty();
        let partitions = listed.iter().map(|(_, item)| Ok(key_of(item)?.pk)).collect::<Result<Vec<_>>>()?;
        let events = listed.iter().filter_map(|(_, item)| doc::<domain::webhooks::delivery::Delivery>(item).ok());
        let events: Vec<Key> = events.map(|delivery| table::event(handle, delivery.event_id)).collect();
        self.db.batch_delete(&deduplicated(events)).await?;
        self.clear_all(partitions, MAX_ITEMS).await?;
        Ok(is_empty)
    }

    pub(super) async fn erase_first_subscription(self, handle: &Handle) -> Result<bool> {
        let subscriptions = self.first(&table::subscriptions(handle), 1).await?;
        let Some(at) = subscriptions.first().map(key_of).transpose()? else { return Ok(true) };
        let lanes = |id: SubscriptionId| (0..table::COUNT_LANES).map(move |lane| table::delivery_counts(handle, id, lane));
        let counts = at.sk.parse().ok().map(lanes).into_iter().flatten();
        if self.clear_all(counts, MAX_ITEMS).await? {
            self.db.batch_delete(&[at]).await?;
        }
        Ok(false)
    }

    /// Tokens: first what lets a program in, then the entries that name it.
    pub(super) async fn erase_tokens(self, handle: &Handle) -> Result<bool> {
        let listed = self.first(&table::tokens(handle), MAX_ITEMS).await?;
        let tokens = listed.iter().filter_map(|item| optional(item, "sk")?.parse::<TokenId>().ok());
        self.db.batch_delete(&tokens.map(|id| table::token(&id)).collect::<Vec<_>>()).await?;
        self.db.batch_delete(&keys_of(&listed)?).await?;
        Ok(listed.is_empty())
    }

    /// Audit events, and the messages that have the id of the event of the same change, or are named in it.
    pub(super) async fn erase_audit_events(self, handle: &Handle) -> Result<bool> {
        let listed = self.first(&table::audit_events(handle), MAX_ITEMS).await?;
        let events = listed.iter().filter_map(|item| doc::<AuditEvent>(item).ok());
        let named = events.flat_map(|event| {
            let named = event.after.as_ref().and_then(|after| after.get("eventId")?.as_str()?.parse::<EventId>().ok());
            [Some(EventId::from_bytes(event.audit_id.to_bytes())), named].into_iter().flatten()
        });
        let messages: Vec<Key> = named.map(|id| table::event(handle, id)).collect();
        self.db.batch_delete(&deduplicated(messages)).await?;
        self.db.batch_delete(&keys_of(&listed)?).await?;
        Ok(listed.is_empty())
    }

    /// What is in partitions of the handle alone. The mark of its rules goes when no link is left.
    pub(super) async fn erase_rest(self, profile: &Profile) -> Result<bool> {
        let handle = &profile.handle;
        let single = |key: Key| key.pk;
        let partitions = (0..table::DELTA_LANES).map(|lane| table::deltas(handle, lane)).chain([
            table::rollups(handle, &Selection::Handle),
            table::folds(handle),
            table::healths(handle),
            table::erasures(handle),
            single(table::chain_rules(handle)),
            single(table::rules(handle)),
        ]);
        if !self.clear_all(partitions, MAX_ITEMS).await? {
            return Ok(false);
        }
        let members = profile.collaborators.keys().chain([&profile.owner]);
        self.db.batch_delete(&members.map(|user| table::membership(user, handle)).collect::<Vec<_>>()).await?;
        Ok(true)
    }
}

fn keys_of(items: &[Item]) -> Result<Vec<Key>> {
    items.iter().map(key_of).collect()
}

/// Keys without repetitions, which one batch must not have.
fn deduplicated(mut keys: Vec<Key>) -> Vec<Key> {
    keys.sort();
    keys.dedup();
    keys
}
