//! Bursts: more clicks of one sender within seconds than a person makes, or more links than a person follows (specification §4).
//!
//! A sender is identified by the handle, the hash of the truncated address and the user agent. A truncated address covers a
//! whole neighbourhood (256 IPv4 addresses, and thousands of people behind each one of a mobile carrier), so the user agent
//! is part of it and the thresholds are high: a popular post must not turn its readers into bots. Visitors who opted out
//! have no address hash and are never part of a burst.
//!
//! The click worker sees only recent clicks and may miss some; re-scoring a whole day later is exact. No burst crosses
//! midnight UTC, because the key of the address hash changes there.

use std::collections::{BTreeMap, VecDeque};

use sha2::{Digest, Sha256};

use crate::clicks::click::Click;
use crate::clicks::reason::Reason;
use crate::values::id::ClickId;
use crate::values::moment::Moment;

/// Length of a window in milliseconds: its first and last click are less than this apart.
pub const WINDOW_MS: i64 = 10_000;
/// Clicks of one sender in one window that make a burst. A post read by thousands brings fewer people of one neighbourhood
/// with the same user agent within ten seconds; a script makes as many within one.
pub const MIN_BURST_CLICKS: usize = 50;
/// Different links of one handle that one sender follows in one window to make a burst. No person reads ten pages in ten
/// seconds; a crawler that walks a list of links does.
pub const MIN_BURST_LINKS: usize = 10;

/// Whether a click is part of a burst, and of which kind.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Burst {
    /// It is one of at least [`MIN_BURST_CLICKS`] clicks.
    pub hits: bool,
    /// It is in a window with at least [`MIN_BURST_LINKS`] links.
    pub links: bool,
}

impl Burst {
    /// What was found when the click was classified, by its stored reasons.
    pub fn of_reasons(click: &Click) -> Self {
        let has = |reason: Reason| click.reasons.iter().any(|code| code == reason.as_str());
        Self { hits: has(Reason::BurstHits), links: has(Reason::BurstLinks) }
    }

    /// Whether it is part of either kind.
    pub const fn is_any(self) -> bool {
        self.hits || self.links
    }
}

/// As much of a click as is needed to find bursts: 24 bytes, so that a whole day fits in memory.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ClickFingerprint {
    /// When the click was made.
    pub at: Moment,
    /// The sender: handle, address hash and user agent, hashed.
    pub sender: u64,
    /// The link, hashed.
    pub link: u64,
}

impl ClickFingerprint {
    /// The fingerprint of a click; none without an address hash.
    pub fn of(click: &Click) -> Option<Self> {
        let address = click.address.as_deref()?;
        let agent = click.user_agent.as_deref().unwrap_or_default();
        let sender = hash(&[click.handle.as_str(), address, agent]);
        Some(Self { at: click.at(), sender, link: hash(&[click.slug.as_str()]) })
    }
}

/// Eight bytes of SHA-256: two of a million senders collide on one day in some ten million.
fn hash(parts: &[&str]) -> u64 {
    let mut digest = Sha256::new();
    for part in parts {
        digest.update(part.len().to_be_bytes());
        digest.update(part);
    }
    digest.finalize().first_chunk().map_or(0, |bytes| u64::from_be_bytes(*bytes))
}

/// The burst each of these clicks is part of, in their order. Costs as much as sorting them.
pub fn bursts(fingerprints: &[ClickFingerprint]) -> Vec<Burst> {
    let mut order: Vec<(usize, &ClickFingerprint)> = fingerprints.iter().enumerate().collect();
    order.sort_by_key(|(_, fingerprint)| (fingerprint.sender, fingerprint.at));
    let mut found = vec![Burst::default(); fingerprints.len()];
    for of_sender in order.chunk_by(|(_, a), (_, b)| a.sender == b.sender) {
        for (place, burst) in in_order(of_sender) {
            if let Some(slot) = found.get_mut(place) {
                *slot = burst;
            }
        }
    }
    found
}

/// The same for the clicks of one sender in the order of time: a window of full length slides from click to click.
fn in_order(fingerprints: &[(usize, &ClickFingerprint)]) -> Vec<(usize, Burst)> {
    let mut found: Vec<(usize, Burst)> = fingerprints.iter().map(|(place, _)| (*place, Burst::default())).collect();
    let mut links: BTreeMap<u64, usize> = BTreeMap::new();
    // The end of the window, and of the clicks that have been marked.
    let (mut end, mut marked_hits, mut marked_links) = (0, 0, 0);
    for (start, (_, first)) in fingerprints.iter().enumerate() {
        while let Some((_, next)) = fingerprints.get(end).filter(|(_, next)| next.at.millis() - first.at.millis() < WINDOW_MS) {
            *links.entry(next.link).or_default() += 1;
            end += 1;
        }
        if end - start >= MIN_BURST_CLICKS {
            mark(&mut found, start.max(marked_hits), end, |burst| burst.hits = true);
            marked_hits = end;
        }
        if links.len() >= MIN_BURST_LINKS {
            mark(&mut found, start.max(marked_links), end, |burst| burst.links = true);
            marked_links = end;
        }
        if let Some(count) = links.get_mut(&first.link) {
            *count -= 1;
            if *count == 0 {
                links.remove(&first.link);
            }
        }
    }
    found
}

fn mark(found: &mut [(usize, Burst)], from: usize, to: usize, set: impl Fn(&mut Burst)) {
    for (_, burst) in found.get_mut(from..to).into_iter().flatten() {
        set(burst);
    }
}

/// Milliseconds a fingerprint is kept after it was recorded. Clicks of one window reach the worker in different batches.
const KEPT_MS: i64 = 30_000;
/// Fingerprints kept at most: with 24 bytes and an id each they take less than a megabyte.
const MAX_KEPT: usize = 20_000;

/// The recent clicks that one process has handled: bounded in time and size, lost with the process.
#[derive(Debug, Default)]
pub struct RecentClicks(VecDeque<(Moment, ClickId, ClickFingerprint)>);

impl RecentClicks {
    /// Records clicks, each once however often it is delivered, and returns those that are part of a burst.
    pub fn record<'a>(&mut self, clicks: impl IntoIterator<Item = &'a Click>, now: Moment) -> BTreeMap<ClickId, Burst> {
        while self.0.front().is_some_and(|(recorded, ..)| now.millis() - recorded.millis() > KEPT_MS) {
            self.0.pop_front();
        }
        let given: BTreeMap<ClickId, ClickFingerprint> =
            clicks.into_iter().filter_map(|click| Some((click.id, ClickFingerprint::of(click)?))).collect();
        self.0.retain(|(_, id, _)| !given.contains_key(id));
        self.0.extend(given.iter().map(|(id, fingerprint)| (now, *id, *fingerprint)));
        let fingerprints: Vec<ClickFingerprint> = self.0.iter().map(|(.., fingerprint)| *fingerprint).collect();
        let classified = self.0.iter().map(|(_, id, _)| *id).zip(bursts(&fingerprints));
        let found = classified.filter(|(id, burst)| burst.is_any() && given.contains_key(id)).collect();
        let too_many = self.0.len().saturating_sub(MAX_KEPT);
        self.0.drain(..too_many);
        found
    }
}

#[cfg(test)]
mod tests;
