//! The one table: every key template beside its access patterns.
//!
//! | item | pk | sk | read by |
//! |---|---|---|---|
//! | handle | `HANDLE#h` | `A` | every control-plane call (get); an operator's jobs by index `list` (`HANDLES` / handle) |
//! | totals of an erased handle | `TOTALS#h` | `yyyymmdd` | the operators, in the table |
//! | what is left of a deleted link or campaign | `GONE#h` | `L#slug#linkId`, `C#campaignId` | erasing the handle (query) |
//! | a user's handle | `USER#u` | handle | list of handles (query) |
//! | account | `ACCT#u` | `A` | quota, plan (get) |
//! | audit event of an account | `ACCT#u` | audit id | the platform's operators, in the table |
//! | daily quota | `QUOTA#u#yyyymmdd` | `A` | conditional add |
//! | rate limit | `RATE#scope#hash` | `A` | conditional add |
//! | link | `LINK#h` | slug | redirect (one batch get with the rules), list (query); index `list` by `LINKS#h` / link id, by creation |
//! | link version | `HIST#h#linkId` | version, ten digits | history (query), rollback (get) |
//! | personalization rules | `RULES#h` | `A` | redirect, rules (get) |
//! | campaign | `CAMP#h` | campaign id | campaigns, health, report (get), list, funnel (query), link write and conversion (get), click worker (batch get) |
//! | clicks used of `maxClicks` | `CAP#h#linkId` | `A` | conditional add |
//! | click | `CLICK#h#yyyymmdd#shard` | click id | event worker (get, restate), recount, re-scoring and export (query) |
//! | parked click | `PARKED#h#shard` | click id | sweeper (index `due`) |
//! | conversion, its key and outbox entry | `CONV#h#sha256(key)` | `A`, older ones their id | conditional put; index `list` by `CONVS#h#yyyymm#shard` / id; index `due` until counted |
//! | last observed health of a campaign | `HEALTH#h` | campaign id | health (get), conditional put |
//! | webhook subscription | `SUBS#h` | subscription id | event worker, delivery worker, list (query); index `list` by `SEALED#key` / id, to re-seal its secrets |
//! | number of webhook subscriptions | `SUBS#h` | `count` | conditional add |
//! | event, its message and outbox entry | `EVT#h#id` | `A` | delivery worker (get); index `due` until every subscription has its delivery |
//! | delivery, and its attempts | `DLV#h#id` | `A`, `ATT#nn#seq` | delivery worker; index `list` by `DLVS#h#yyyymm#shard` / id; index `due` until it is final |
//! | an event's newest replay to a subscription | `DLV#h#id` of the event's own delivery | `NEWEST` | replay of a range (get) |
//! | a subscription's ended deliveries by hour | `HOOKS#h#id#lane` | `yyyymmddhh#shard` | notifications, statistics (query), added to as each ends |
//! | adjustment of a conversion and outbox entry | `ADJ#h#conversionId` | sha256(key); `reversal`, `confirmation` | conditional put, explanation (query); index `list` by `ADJS#h#yyyymm#shard` / id; index `due` until counted |
//! | repeated submissions of a key | `TRIES#h#conversionId` | `A` | conditional add, explanation (get) |
//! | request to erase a person | `ERASE#h` | its id | its job (get), requests under way (query); index `due` while it is repeated |
//! | personal access token | `PAT#tokenId` | `A` | every call of the PAT family (get), conditional update of its last use and its revocation |
//! | a handle's token | `TOKENS#h` | token id | list of tokens (query); `#` holds their number, conditional add |
//! | session of signals | `SESS#h#sessionId` | `A` for its limits, `SIG#…` for each signal | signals (get, conditional add), decisions, redirect and preview of a session (query) |
//! | chain rules | `CHAIN#h` | `A` | decisions, rules (get) |
//! | audit event | `AUDIT#h` | audit id | list (query) |
//! | what the sweeper has last seen | `SYSTEM#sweep` | `A` | health (get) |
//! | where the recounter is | `SYSTEM#recount` | `A` | recounter (get, conditional put) |
//! | delta of report cells | `DELTA#h#lane` | `yyyymmdd#record id` | reports, fold (query by days) |
//! | state of folding a day | `FOLD#h` | `yyyymmdd` | reports (query by days), fold (conditional update); index `due` until the day is over |
//! | lease of a day's fold | `FOLD#h` | `lease#yyyymmdd` | fold (conditional update) |
//! | report cell | `ROLLUP#h#scope` | `dimension#yyyymmdd`, of a link `all#yyyymmdd#campaign` | reports (query by days), fold |
//!
//! The entity class comes first, so that IAM's `dynamodb:LeadingKeys` can separate the functions. Handles, slugs, campaign and
//! user ids cannot contain `#`; whatever else a user supplies is hashed before it becomes part of a key.

mod lists;
mod privacy;
mod reports;
mod webhooks;

use domain::values::id::{AuditId, ClickId, ConversionId, LinkId};
use domain::values::moment::{Day, Moment};
use domain::values::name::{CampaignId, Handle, SessionId, Slug, TokenId, UserId};

pub use lists::{LIST_SHARDS, adjustments_of_month, conversions};
pub use privacy::{erasure, erasures, healths, remains, remains_of_campaign, remains_of_link, totals};
pub use reports::{DELTA_LANES, cell, cell_range, delta, deltas, fold, fold_lease, folds, recount, rollups};
pub use webhooks::{
    attempt, deliveries, delivery, delivery_count, delivery_counts, event, hour, newest_replay, sealed, subscription, subscription_count,
    subscriptions,
};

pub(crate) use lists::{list_shard, listed_in};
pub(crate) use webhooks::read_hour;

/// A primary key.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Key {
    /// Partition key.
    pub pk: String,
    /// Sort key.
    pub sk: String,
}

impl Key {
    fn single(pk: String) -> Self {
        Self { pk, sk: "A".to_owned() }
    }
}

/// The index of outbox entries by the time they are due: sparse, keys only.
pub const DUE: &str = "due";
/// The index of conversions, adjustments and deliveries by month, of links by creation, of subscriptions by sealing key, and of handles:
/// keys only.
pub const LIST: &str = "list";
/// Partitions of the `due` index: one partition's throughput would limit all writes.
pub const DUE_SHARDS: u32 = 64;
/// The partition of the `due` index with the entries that were announced too often.
pub(crate) const DUE_ASIDE: &str = "DUE#aside";
/// The attribute of an outbox entry with the number of its announcements as overdue.
pub(crate) const ANNOUNCED: &str = "announced";
/// Partitions that a handle's clicks of one day are spread over.
pub const CLICK_SHARDS: u32 = 32;
/// Partitions that a handle's parked clicks are spread over: while the queue fails, each click is one.
pub const PARKED_SHARDS: u32 = 16;
/// Items that the delivery counts of one hour are spread over.
pub const COUNT_SHARDS: u32 = 16;
/// Partitions that these items are spread over.
pub const COUNT_LANES: u32 = 4;
/// The partition of all handles in the `list` index.
pub(crate) const HANDLE_LIST: &str = "HANDLES";

/// The handle itself.
pub fn handle(handle: &Handle) -> Key {
    Key::single(format!("HANDLE#{handle}"))
}

/// A user's membership of a handle.
pub fn membership(user: &UserId, handle: &Handle) -> Key {
    Key { pk: memberships(user), sk: handle.to_string() }
}

/// The partition of a user's handles.
pub fn memberships(user: &UserId) -> String {
    format!("USER#{user}")
}

/// The account.
pub fn account(user: &UserId) -> Key {
    Key::single(format!("ACCT#{user}"))
}

/// An audit event of the account.
pub fn account_audit(user: &UserId, id: AuditId) -> Key {
    Key { pk: account(user).pk, sk: id.to_string() }
}

/// The number of writes of a user on one local day.
pub fn quota(user: &UserId, day: Day) -> Key {
    Key::single(format!("QUOTA#{user}#{}", day.compact()))
}

/// A rate limit of one subject, which is hashed.
pub fn rate(scope: &str, subject: &str) -> Key {
    Key::single(format!("RATE#{scope}#{}", domain::values::secret::sha256_hex(subject.as_bytes())))
}

/// The partition of a handle's links in the `list` index.
pub fn links_by_creation(handle: &Handle) -> String {
    format!("LINKS#{handle}")
}

/// The partition of a handle's links.
pub fn links(handle: &Handle) -> String {
    format!("LINK#{handle}")
}

/// A link.
pub fn link(handle: &Handle, slug: &Slug) -> Key {
    Key { pk: links(handle), sk: slug.to_string() }
}

/// The partition of one link's versions.
pub fn history(handle: &Handle, link: LinkId) -> String {
    format!("HIST#{handle}#{link}")
}

/// One version of a link.
pub fn version(handle: &Handle, link: LinkId, version: u64) -> Key {
    Key { pk: history(handle, link), sk: format!("{version:010}") }
}

/// A handle's personalization rules.
pub fn rules(handle: &Handle) -> Key {
    Key::single(format!("RULES#{handle}"))
}

/// The partition of a handle's campaigns.
pub fn campaigns(handle: &Handle) -> String {
    format!("CAMP#{handle}")
}

/// A campaign.
pub fn campaign(handle: &Handle, id: &CampaignId) -> Key {
    Key { pk: campaigns(handle), sk: id.to_string() }
}

/// The number of human clicks used of a link's `maxClicks`.
pub fn cap(handle: &Handle, link: LinkId) -> Key {
    Key::single(format!("CAP#{handle}#{link}"))
}

/// A stored click; the key follows from its id.
pub fn click(handle: &Handle, id: ClickId) -> Key {
    let shard = u32::from(id.to_bytes().last().copied().unwrap_or_default()) % CLICK_SHARDS;
    Key { pk: clicks(handle, id.moment().day(), shard), sk: id.to_string() }
}

/// One shard of a day's clicks.
pub fn clicks(handle: &Handle, day: Day, shard: u32) -> String {
    format!("CLICK#{handle}#{}#{shard}", day.compact())
}

/// A click whose message could not be sent.
pub fn parked(handle: &Handle, id: ClickId) -> Key {
    Key { pk: parked_clicks(handle, u32::from(id.to_bytes().last().copied().unwrap_or_default()) % PARKED_SHARDS), sk: id.to_string() }
}

/// One shard of a handle's parked clicks.
pub fn parked_clicks(handle: &Handle, shard: u32) -> String {
    format!("PARKED#{handle}#{shard}")
}

/// The conversion that holds an idempotency key, named by the key's digest.
pub fn conversion(handle: &Handle, key_digest: &str) -> Key {
    Key::single(format!("CONV#{handle}#{key_digest}"))
}

/// A conversion whose expired idempotency key a later one holds.
pub fn former_conversion(handle: &Handle, key_digest: &str, id: ConversionId) -> Key {
    Key { pk: conversion(handle, key_digest).pk, sk: id.to_string() }
}

/// The last observed health of a campaign.
pub fn health(handle: &Handle, id: &CampaignId) -> Key {
    Key { pk: healths(handle), sk: id.to_string() }
}

/// The partition of one conversion's adjustments.
pub fn adjustments(handle: &Handle, conversion: ConversionId) -> String {
    format!("ADJ#{handle}#{conversion}")
}

/// The adjustment that holds an idempotency key of its conversion, named by the key's digest.
pub fn adjustment(handle: &Handle, conversion: ConversionId, key_digest: &str) -> Key {
    Key { pk: adjustments(handle, conversion), sk: key_digest.to_owned() }
}

/// An entry of the one correction a conversion may have; no key digest has such a name.
pub fn correction(handle: &Handle, conversion: ConversionId, part: &str) -> Key {
    Key { pk: adjustments(handle, conversion), sk: part.to_owned() }
}

/// The repeated submissions of a conversion's key.
pub fn repeat_submissions(handle: &Handle, conversion: ConversionId) -> Key {
    Key::single(format!("TRIES#{handle}#{conversion}"))
}

/// A personal access token with the digest of its secret.
pub fn token(id: &TokenId) -> Key {
    Key::single(format!("PAT#{id}"))
}

/// The partition of a handle's tokens.
pub fn tokens(handle: &Handle) -> String {
    format!("TOKENS#{handle}")
}

/// A handle's token.
pub fn token_of(handle: &Handle, id: &TokenId) -> Key {
    Key { pk: tokens(handle), sk: id.to_string() }
}

/// The number of tokens of a handle; it sorts before all of them.
pub fn token_count(handle: &Handle) -> Key {
    Key { pk: tokens(handle), sk: "#".to_owned() }
}

/// A session: its limits as `A`, its signals in the same partition.
pub fn session(handle: &Handle, session: &SessionId) -> Key {
    Key::single(format!("SESS#{handle}#{session}"))
}

/// A signal, by a name unique in its session.
pub fn signal(handle: &Handle, of: &SessionId, name: &str) -> Key {
    Key { pk: session(handle, of).pk, sk: format!("SIG#{name}") }
}

/// A handle's chain rules.
pub fn chain_rules(handle: &Handle) -> Key {
    Key::single(format!("CHAIN#{handle}"))
}

/// The partition of a handle's audit events.
pub fn audit_events(handle: &Handle) -> String {
    format!("AUDIT#{handle}")
}

/// An audit event.
pub fn audit(handle: &Handle, id: AuditId) -> Key {
    Key { pk: audit_events(handle), sk: id.to_string() }
}

/// What the sweeper has last seen.
pub fn system() -> Key {
    Key::single("SYSTEM#sweep".to_owned())
}

/// A partition of the `due` index.
pub fn due(shard: u32) -> String {
    format!("DUE#{shard}")
}

/// The partition of the `due` index for an item created at this moment.
pub fn due_of(at: Moment) -> String {
    due(u32::try_from(at.millis().rem_euclid(i64::from(DUE_SHARDS))).unwrap_or_default())
}
