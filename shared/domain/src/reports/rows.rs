//! Counters as they are stored: by dimension, key and metric, within limits of keys and bytes.

use std::collections::BTreeMap;
use std::fmt;

use serde::de::{Error as _, MapAccess, Visitor, value::MapAccessDeserializer};
use serde::ser::SerializeMap;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::cell::CellPart;
use super::counters::{Counts, MAX_KEYS, OTHER, Tally, split};
use super::dimension::Dimension;

/// Bytes one stored cell may have as JSON. DynamoDB's limit of 400 KB is far, and every write of a cell costs all of its bytes.
pub const MAX_CELL_BYTES: usize = 48 * 1024;

/// The metrics of one key: name to value.
type Metrics = BTreeMap<String, i128>;

/// Counters by dimension and key. The totals are those of the dimension `day` under the empty key: the day itself is in the key
/// of the cell.
///
/// They are stored as a JSON object of dimensions, each with an object of its keys; a dimension whose only key has exactly the totals
/// is stored as that key: `"country":"DE"`. That is so for most dimensions of a delta, and every KB of one costs.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Rows(BTreeMap<String, BTreeMap<String, Metrics>>);

impl Rows {
    /// Adds what a record adds to each of its cells.
    pub fn count(&mut self, tally: &Tally) {
        for (name, increment) in tally.counters() {
            let (dimension, key, metric) = split(name).unwrap_or((Dimension::Day.as_str(), "", name));
            self.add_one(dimension, key, metric, increment.into());
        }
    }

    fn add_one(&mut self, dimension: &str, key: &str, metric: &str, value: i128) {
        update(&mut self.0, dimension, |rows| update(rows, key, |metrics| update(metrics, metric, |sum| *sum += value)));
    }

    /// Adds others.
    pub fn add(&mut self, others: &Self) {
        for (dimension, rows) in &others.0 {
            for (key, metrics) in rows {
                for (metric, value) in metrics {
                    self.add_one(dimension, key, metric, *value);
                }
            }
        }
    }

    /// Those that belong into a cell of this part.
    #[must_use]
    pub fn part(&self, part: CellPart) -> Self {
        Self(
            self.0.iter().filter(|(dimension, _)| part.has(dimension)).map(|(dimension, rows)| (dimension.clone(), rows.clone())).collect(),
        )
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.0.values().all(BTreeMap::is_empty)
    }

    /// Adds them to the counters of a report.
    pub fn add_to(&self, counts: &mut Counts) {
        for (dimension, rows) in &self.0 {
            for (key, metrics) in rows {
                for (metric, value) in metrics {
                    if dimension == Dimension::Day.as_str() {
                        counts.add(metric, *value);
                    } else {
                        counts.add(&format!("{dimension}|{key}|{metric}"), *value);
                    }
                }
            }
        }
    }

    /// The records behind them: clicks, conversions and impressions; at least one.
    pub fn records(&self) -> u64 {
        let totals = self.totals();
        let of = |metric: &str| totals.and_then(|totals| totals.get(metric)).map_or(0, |value| value.unsigned_abs());
        u64::try_from(of("c") + of("v") + of("i")).unwrap_or(u64::MAX).max(1)
    }

    /// The most bytes they can have as JSON.
    pub fn bytes(&self) -> usize {
        let of_dimension = |(dimension, rows): (&String, &BTreeMap<String, Metrics>)| {
            json_bytes(dimension) + ":{},".len() + rows.iter().map(row_bytes).sum::<usize>()
        };
        "{}".len() + self.0.iter().map(of_dimension).sum::<usize>()
    }

    fn totals(&self) -> Option<&Metrics> {
        self.0.get(Dimension::Day.as_str())?.get("")
    }

    /// Brings them within the limits of a cell: what is too much is counted as [`OTHER`], the least used keys first, those with
    /// conversions or revenue last. The totals stay, and the rows of each dimension still add up to them. A key of which everything was
    /// taken back is left out.
    pub fn limit(&mut self) {
        for rows in self.0.values_mut() {
            rows.retain(|key, metrics| key.is_empty() || metrics.values().any(|value| *value != 0));
            let keys = rows.len() - usize::from(rows.contains_key(OTHER));
            merge_least_used(rows, keys.saturating_sub(MAX_KEYS), 0);
        }
        loop {
            let excess = self.bytes().saturating_sub(MAX_CELL_BYTES);
            // The largest dimension gives way; one that is only `other` or the totals cannot.
            let reducible = self.0.values_mut().filter(|rows| rows.keys().any(|key| key != OTHER && !key.is_empty()));
            match reducible.max_by_key(|rows| rows.iter().map(row_bytes).sum::<usize>()) {
                Some(rows) if excess > 0 => merge_least_used(rows, 1, excess),
                _ => return,
            }
        }
    }
}

/// Merges keys into [`OTHER`], the least used first: at least `count` of them, and as many as have `bytes`.
fn merge_least_used(rows: &mut BTreeMap<String, Metrics>, count: usize, bytes: usize) {
    if count == 0 {
        return;
    }
    let mut by_use: Vec<((bool, i128), String)> =
        rows.iter().filter(|(key, _)| *key != OTHER && !key.is_empty()).map(|(key, metrics)| (use_of(metrics), key.clone())).collect();
    by_use.sort();
    let (mut merged, mut freed) = (0, 0);
    for (_, key) in by_use {
        if merged >= count && freed >= bytes {
            return;
        }
        if let Some((key, metrics)) = rows.remove_entry(&key) {
            freed += row_bytes((&key, &metrics));
            merged += 1;
            let other = rows.entry(OTHER.to_owned()).or_default();
            for (metric, value) in metrics {
                *other.entry(metric).or_default() += value;
            }
        }
    }
}

/// Whether a key has conversions or revenue, and its clicks.
fn use_of(metrics: &Metrics) -> (bool, i128) {
    let of = |metric: &str| metrics.get(metric).copied().unwrap_or_default();
    let has_more = metrics.iter().any(|(metric, value)| (metric == "v" || metric.starts_with('m')) && *value != 0);
    (has_more, of("c") + of("v") + of("i"))
}

/// The most bytes of a row as JSON.
fn row_bytes((key, metrics): (&String, &Metrics)) -> usize {
    let digits = |value: &i128| value.unsigned_abs().checked_ilog10().unwrap_or(0) as usize + 1 + usize::from(*value < 0);
    let of_metric = |(metric, value): (&String, &i128)| json_bytes(metric) + ":,".len() + digits(value);
    json_bytes(key) + ":{},".len() + metrics.iter().map(of_metric).sum::<usize>()
}

/// The most bytes of a text as JSON.
fn json_bytes(text: &str) -> usize {
    let escaped = |byte: u8| match byte {
        b'"' | b'\\' => 2,
        0..0x20 => 6,
        _ => 1,
    };
    2 + text.bytes().map(escaped).sum::<usize>()
}

/// Changes the value of a key, which is copied only when it is new.
fn update<V: Default>(map: &mut BTreeMap<String, V>, key: &str, change: impl FnOnce(&mut V)) {
    match map.get_mut(key) {
        Some(value) => change(value),
        None => change(map.entry(key.to_owned()).or_default()),
    }
}

/// A dimension as it is stored.
enum StoredDimension {
    /// Its only key has exactly the totals.
    OnlyKey(String),
    /// Its keys.
    Keys(BTreeMap<String, Metrics>),
}

impl Serialize for Rows {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let totals = self.totals();
        let mut map = serializer.serialize_map(Some(self.0.len()))?;
        for (dimension, rows) in &self.0 {
            match rows.first_key_value() {
                Some((key, metrics)) if rows.len() == 1 && dimension != Dimension::Day.as_str() && Some(metrics) == totals => {
                    map.serialize_entry(dimension, key)?;
                }
                _ => map.serialize_entry(dimension, rows)?,
            }
        }
        map.end()
    }
}

impl<'de> Deserialize<'de> for Rows {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let stored = BTreeMap::<String, StoredDimension>::deserialize(deserializer)?;
        let mut only_keys = Vec::new();
        let mut rows = Self::default();
        for (dimension, stored) in stored {
            match stored {
                StoredDimension::OnlyKey(key) => only_keys.push((dimension, key)),
                StoredDimension::Keys(keys) => drop(rows.0.insert(dimension, keys)),
            }
        }
        if only_keys.is_empty() {
            return Ok(rows);
        }
        let totals = rows.totals().cloned().ok_or_else(|| D::Error::custom("a dimension refers to totals that are missing"))?;
        rows.0.extend(only_keys.into_iter().map(|(dimension, key)| (dimension, BTreeMap::from([(key, totals.clone())]))));
        Ok(rows)
    }
}

impl<'de> Deserialize<'de> for StoredDimension {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct OfDimension;
        impl<'de> Visitor<'de> for OfDimension {
            type Value = StoredDimension;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a key or an object of keys")
            }

            fn visit_str<E>(self, key: &str) -> Result<Self::Value, E> {
                Ok(StoredDimension::OnlyKey(key.to_owned()))
            }

            fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Self::Value, A::Error> {
                Deserialize::deserialize(MapAccessDeserializer::new(map)).map(StoredDimension::Keys)
            }
        }
        deserializer.deserialize_any(OfDimension)
    }
}

#[cfg(test)]
mod tests;
