//! Counters as they are stored: by dimension, key and metric, within limits of keys and bytes.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::cell::CellPart;
use super::counters::{Counts, MAX_KEYS, OTHER, Tally, split};
use super::dimension::Dimension;

/// Bytes one stored cell may have as JSON. DynamoDB's limit of 400 KB is far, and every write of a cell costs all of its bytes.
pub const MAX_CELL_BYTES: usize = 48 * 1024;

/// The metrics of one key: name to value.
type Metrics = BTreeMap<String, i128>;

/// Counters by dimension and key. The totals are those of the dimension `day` under the empty key: the day itself is in the key
/// of the cell.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Rows(BTreeMap<String, BTreeMap<String, Metrics>>);

impl From<&Tally> for Rows {
    fn from(tally: &Tally) -> Self {
        let mut rows = Self::default();
        for (name, increment) in tally.counters() {
            let (dimension, key, metric) = split(name).unwrap_or((Dimension::Day.as_str(), "", name));
            rows.add_one(dimension, key, metric, increment.into());
        }
        rows
    }
}

impl Rows {
    fn add_one(&mut self, dimension: &str, key: &str, metric: &str, value: i128) {
        let rows = self.0.entry(dimension.to_owned()).or_default();
        *rows.entry(key.to_owned()).or_default().entry(metric.to_owned()).or_default() += value;
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
        let totals = self.0.get(Dimension::Day.as_str()).and_then(|rows| rows.get(""));
        let of = |metric: &str| totals.and_then(|totals| totals.get(metric)).map_or(0, |value| value.unsigned_abs());
        u64::try_from(of("c") + of("v") + of("i")).unwrap_or(u64::MAX).max(1)
    }

    /// Their bytes as JSON.
    pub fn bytes(&self) -> usize {
        serde_json::to_vec(self).map_or(usize::MAX, |json| json.len())
    }

    /// Brings them within the limits of a cell: what is too much is counted as [`OTHER`], the least used keys first, those with
    /// conversions or revenue last. The totals stay, and the rows of each dimension still add up to them.
    pub fn limit(&mut self) {
        for rows in self.0.values_mut() {
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

/// About the bytes of a row as JSON.
fn row_bytes((key, metrics): (&String, &Metrics)) -> usize {
    let digits = |value: &i128| value.checked_ilog10().unwrap_or(0) as usize + 1;
    key.len() + 6 + metrics.iter().map(|(metric, value)| metric.len() + 4 + digits(value)).sum::<usize>()
}
