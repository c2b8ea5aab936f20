//! The counters of a cell: what each record adds to them, and their values as read back (specification §9).

use std::borrow::Cow;
use std::collections::BTreeMap;

use super::dimension::{Dimension, Origin};
use crate::clicks::Click;
use crate::conversions::ledger::Adjustment;
use crate::conversions::{Conversion, Trust};
use crate::values::money::MoneyChange;
use crate::values::secret::sha256_hex;

/// The key under which all keys beyond the limits of a cell are counted.
pub const OTHER: &str = "other";
/// Keys one dimension of one cell may have; further ones are counted as [`OTHER`].
pub const MAX_KEYS: usize = 500;
/// Bytes of the longest key.
pub const MAX_KEY_BYTES: usize = 64;

/// The name a key is counted under: itself, or, beyond [`MAX_KEY_BYTES`], its beginning with a digest of the whole, so that a
/// visitor's bytes cannot make a cell large and different keys stay different.
fn bounded(key: &str) -> Cow<'_, str> {
    const DIGITS: usize = 10;
    if key.len() <= MAX_KEY_BYTES {
        return Cow::Borrowed(key);
    }
    let end = key.floor_char_boundary(MAX_KEY_BYTES - DIGITS - 1);
    let digest = sha256_hex(key.as_bytes());
    Cow::Owned(format!("{}~{}", key.get(..end).unwrap_or_default(), digest.get(..DIGITS).unwrap_or_default()))
}

/// Increments of one cell: counter name to amount, negative where something is taken back.
///
/// Names are `c`, `b`, `v`, `i`, `m|USD` and `mc|USD` for the totals of clicks, bot clicks, conversions, impressions, revenue in
/// minor units and the confirmed part of it, and `country|DE|c` and so on for one key of a dimension.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Tally(BTreeMap<String, i64>);

impl Tally {
    /// Counter names with their increments.
    pub fn counters(&self) -> impl ExactSizeIterator<Item = (&str, i64)> {
        self.0.iter().map(|(name, increment)| (name.as_str(), *increment))
    }

    /// The number of counters it changes.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether it changes none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Adds another tally.
    pub fn merge(&mut self, other: &Self) {
        for (name, increment) in &other.0 {
            *self.0.entry(name.clone()).or_default() += increment;
        }
    }

    /// The difference from another tally to this one, without counters on which they agree.
    #[must_use]
    pub fn minus(&self, other: &Self) -> Self {
        let mut difference = self.clone();
        for (name, increment) in &other.0 {
            *difference.0.entry(name.clone()).or_default() -= increment;
        }
        difference.0.retain(|_, increment| *increment != 0);
        difference
    }

    fn count(&mut self, keys: &[(Dimension, Cow<'_, str>)], metric: &str, increment: i64) {
        *self.0.entry(metric.to_owned()).or_default() += increment;
        for (dimension, key) in keys {
            let key = bounded(key);
            *self.0.entry(format!("{}|{key}|{metric}", dimension.as_str())).or_default() += increment;
        }
    }

    /// A single counter.
    #[cfg(test)]
    pub(super) fn of_counter(name: &str, value: i64) -> Self {
        Self(BTreeMap::from([(name.to_owned(), value)]))
    }

    /// What one click adds to each of its cells.
    pub fn of_click(click: &Click) -> Self {
        let origin = Origin::of(click);
        let keys = origin.keys(&click.slug, click.campaign_id.as_ref(), click.at());
        let mut tally = Self::default();
        tally.count(&keys, "c", 1);
        if click.bot {
            tally.count(&keys, "b", 1);
        }
        tally
    }

    /// What observations of intent add to the cell of their handle: by segment only, since they belong to no link.
    pub fn of_impressions(segment: &str, observed: u32) -> Self {
        let mut tally = Self::default();
        tally.count(&[(Dimension::Segment, segment.into())], "i", observed.into());
        tally
    }

    /// What one conversion adds to each of its cells.
    pub fn of_conversion(conversion: &Conversion, origin: &Origin) -> Self {
        let keys = origin.keys(&conversion.slug, conversion.campaign_id.as_ref(), conversion.accepted_at);
        let mut tally = Self::default();
        tally.count(&keys, "v", 1);
        tally.count_money(&keys, conversion.money.map(MoneyChange::from), conversion.trust);
        tally
    }

    /// What an adjustment adds to each of its cells: money, and a conversion where one is taken back or confirmed.
    pub fn of_adjustment(adjustment: &Adjustment, origin: &Origin) -> Self {
        let keys = origin.keys(&adjustment.slug, adjustment.campaign_id.as_ref(), adjustment.created_at);
        let mut tally = Self::default();
        match adjustment.cause.conversions() {
            0 => {}
            conversions => tally.count(&keys, "v", conversions),
        }
        tally.count_money(&keys, adjustment.amount, adjustment.trust);
        tally
    }

    fn count_money(&mut self, keys: &[(Dimension, Cow<'_, str>)], change: Option<MoneyChange>, trust: Trust) {
        let Some(MoneyChange { minor, currency }) = change else { return };
        self.count(keys, &format!("m|{currency}"), minor);
        if trust == Trust::Confirmed {
            self.count(keys, &format!("mc|{currency}"), minor);
        }
    }
}

/// `country|DE|m|USD` as dimension, key and metric; the key may itself contain the separator.
pub(super) fn split(name: &str) -> Option<(&str, &str, &str)> {
    let (dimension, rest) = name.split_once('|')?;
    if is_money(dimension) {
        return None;
    }
    let (before, last) = rest.rsplit_once('|')?;
    match before.rsplit_once('|').filter(|(_, metric)| is_money(metric)) {
        Some((key, _)) if last.len() == 3 => Some((dimension, key, rest.get(key.len() + 1..)?)),
        _ => Some((dimension, before, last)),
    }
}

/// Whether a metric has a currency, as `m|USD`.
fn is_money(metric: &str) -> bool {
    metric == "m" || metric == "mc"
}

/// Counters of a cell as read back.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Counts(pub(super) BTreeMap<String, i128>);

impl Counts {
    /// Adds one counter's value; cells and deltas add up.
    pub fn add(&mut self, name: &str, value: i128) {
        *self.0.entry(name.to_owned()).or_default() += value;
    }

    /// Counter names with their values.
    pub fn counters(&self) -> impl Iterator<Item = (&str, i128)> {
        self.0.iter().map(|(name, value)| (name.as_str(), *value))
    }

    /// The totals among the counters: those that are of no key of a dimension.
    pub fn totals(&self) -> impl Iterator<Item = (&str, i128)> {
        self.counters().filter(|(name, _)| split(name).is_none())
    }

    /// Adds a tally.
    pub fn add_all(&mut self, tally: &Tally) {
        for (name, increment) in &tally.0 {
            *self.0.entry(name.clone()).or_default() += i128::from(*increment);
        }
    }

    /// The keys of a dimension, repeated for each of their counters.
    pub(super) fn keys_of(&self, dimension: Dimension) -> impl Iterator<Item = &str> {
        let keys = self.0.keys().filter_map(|name| split(name));
        keys.filter(move |(found, ..)| *found == dimension.as_str()).map(|(_, key, _)| key)
    }

    pub(super) fn knows(&self, dimension: &str, key: &str) -> bool {
        let prefix = format!("{dimension}|{key}|");
        self.0.range(prefix.clone()..).next().is_some_and(|(name, _)| name.starts_with(&prefix))
    }
}

#[cfg(test)]
mod tests;
