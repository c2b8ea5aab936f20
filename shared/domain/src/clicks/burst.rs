//! Bursts: more clicks of one sender within seconds than a person makes, or a whole network behind one address.
//!
//! A sender is what shares a handle's links, a truncated-address hash and a user agent. A truncated address stands for a
//! whole neighbourhood (256 IPv4 addresses, and behind each of a mobile carrier's thousands of people), which is why the
//! agent is part of it and why the thresholds are high: a popular post must not turn its readers into bots. Who opted out
//! has no hash, and is never in a burst.
//!
//! The click worker judges what it has seen lately, at its best; a later re-scoring sees the whole day and is exact. No
//! burst reaches over midnight, because the key of the address hash changes there.

use std::collections::{BTreeMap, VecDeque};

use sha2::{Digest, Sha256};

use crate::clicks::click::Click;
use crate::clicks::reason::Reason;
use crate::values::id::ClickId;
use crate::values::moment::Moment;

/// How long a window is: its first and last click are less than this apart.
pub const WINDOW_MS: i64 = 10_000;
/// Clicks of one sender in one window that are a burst. Fifty people of one neighbourhood with one and the same agent
/// within ten seconds is more than a post that is read by thousands brings; a script makes them in one.
pub const MANY_HITS: usize = 50;
/// Different links of one handle that one sender follows in one window to make a burst. Nobody reads ten pages in ten
/// seconds; a crawler that walks a list of links does.
pub const MANY_LINKS: usize = 10;

/// What the clicks around one click say of it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Burst {
    /// It is one of [`MANY_HITS`].
    pub hits: bool,
    /// It is in a window of [`MANY_LINKS`].
    pub links: bool,
}

impl Burst {
    /// What a click's reasons say that was found when it was judged.
    pub fn kept_with(click: &Click) -> Self {
        let told = |reason: Reason| click.reasons.iter().any(|code| code == reason.as_str());
        Self { hits: told(Reason::BurstHits), links: told(Reason::BurstLinks) }
    }

    /// Whether it is in any.
    pub const fn is_any(self) -> bool {
        self.hits || self.links
    }
}

/// As much of a click as bursts are told from: a few bytes, so that a whole day fits in memory.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Sighting {
    /// When.
    pub at: Moment,
    /// Who: handle, address and agent, hashed.
    pub sender: u64,
    /// Which link, hashed.
    pub link: u64,
}

impl Sighting {
    /// As a click shows it; none without an address.
    pub fn of(click: &Click) -> Option<Self> {
        let address = click.address.as_deref()?;
        let agent = click.user_agent.as_deref().unwrap_or_default();
        let sender = hash(&[click.handle.as_str(), address, agent]);
        Some(Self { at: click.at(), sender, link: hash(&[click.slug.as_str()]) })
    }
}

/// Eight bytes of SHA-256: among a million senders two collide once in some ten million days.
fn hash(parts: &[&str]) -> u64 {
    let mut digest = Sha256::new();
    for part in parts {
        digest.update(part.len().to_be_bytes());
        digest.update(part);
    }
    digest.finalize().first_chunk().map_or(0, |bytes| u64::from_be_bytes(*bytes))
}

/// What the sightings say of each of them, in the order they came in. Costs as much as sorting them.
pub fn bursts(sightings: &[Sighting]) -> Vec<Burst> {
    let mut order: Vec<(usize, &Sighting)> = sightings.iter().enumerate().collect();
    order.sort_by_key(|(_, sighting)| (sighting.sender, sighting.at));
    let mut found = vec![Burst::default(); sightings.len()];
    for of_sender in order.chunk_by(|(_, a), (_, b)| a.sender == b.sender) {
        for (place, burst) in in_order(of_sender) {
            if let Some(slot) = found.get_mut(place) {
                *slot = burst;
            }
        }
    }
    found
}

/// The same over the sightings of one sender in the order of time: a window slides from click to click, as wide as it may be.
fn in_order(sightings: &[(usize, &Sighting)]) -> Vec<(usize, Burst)> {
    let mut found: Vec<(usize, Burst)> = sightings.iter().map(|(place, _)| (*place, Burst::default())).collect();
    let mut links: BTreeMap<u64, usize> = BTreeMap::new();
    // Up to where clicks are in the window, and up to where they have been marked.
    let (mut end, mut marked_hits, mut marked_links) = (0, 0, 0);
    for (start, (_, first)) in sightings.iter().enumerate() {
        while let Some((_, next)) = sightings.get(end).filter(|(_, next)| next.at.millis() - first.at.millis() < WINDOW_MS) {
            *links.entry(next.link).or_default() += 1;
            end += 1;
        }
        if end - start >= MANY_HITS {
            mark(&mut found, start.max(marked_hits), end, |burst| burst.hits = true);
            marked_hits = end;
        }
        if links.len() >= MANY_LINKS {
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

/// How long a sighting is remembered after it was noted. Clicks of one window reach the worker in different batches.
const REMEMBERED_MS: i64 = 30_000;
/// Sightings remembered at most: at 24 bytes and an id each they weigh less than a megabyte.
const MAX_REMEMBERED: usize = 20_000;

/// What one process has seen lately: bounded in time and size, forgotten with the process.
#[derive(Debug, Default)]
pub struct Recent(VecDeque<(Moment, ClickId, Sighting)>);

impl Recent {
    /// Notes clicks, each once however often it comes, and tells which of them are in a burst.
    pub fn notice<'a>(&mut self, clicks: impl IntoIterator<Item = &'a Click>, now: Moment) -> BTreeMap<ClickId, Burst> {
        while self.0.front().is_some_and(|(noted, ..)| now.millis() - noted.millis() > REMEMBERED_MS) {
            self.0.pop_front();
        }
        let asked: BTreeMap<ClickId, Sighting> = clicks.into_iter().filter_map(|click| Some((click.id, Sighting::of(click)?))).collect();
        self.0.retain(|(_, id, _)| !asked.contains_key(id));
        self.0.extend(asked.iter().map(|(id, sighting)| (now, *id, *sighting)));
        let sightings: Vec<Sighting> = self.0.iter().map(|(.., sighting)| *sighting).collect();
        let judged = self.0.iter().map(|(_, id, _)| *id).zip(bursts(&sightings));
        let found = judged.filter(|(id, burst)| burst.is_any() && asked.contains_key(id)).collect();
        let too_many = self.0.len().saturating_sub(MAX_REMEMBERED);
        self.0.drain(..too_many);
        found
    }
}

#[cfg(test)]
mod tests;
