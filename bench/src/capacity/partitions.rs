//! Units by partition, of the table and of its indexes.

mod written;

use std::collections::BTreeMap;

use crate::capacity_units::Units;
use crate::ledger::Call;
use written::{Change, Stored, changes, read_partitions};

/// How the names of the partitions of the index of the outbox begin.
const DUE: &str = "index due";

/// Read and write units by partition; those of an index have its name before them.
#[derive(Clone, Debug, Default)]
pub(crate) struct Partitions(BTreeMap<String, (f64, f64)>);

impl Partitions {
    /// What some calls used.
    pub(crate) fn of(calls: &[Call]) -> Self {
        let mut used = Self::default();
        let mut stored = Stored::default();
        for call in calls {
            used.add(call, &mut stored);
        }
        used.0.retain(|_, (read, write)| *read > 0.0 || *write > 0.0);
        used
    }

    /// The share of its limit that the busiest partition reaches at a rate of this many records a second, and its name.
    ///
    /// Records of `handles` handles at the same rate each: a partition that has a handle's name gets its part of the rate only.
    pub(crate) fn busiest(&self, records: f64, rate: f64, handles: Option<(f64, f64)>) -> (f64, String) {
        let share = |(read, write): (f64, f64)| (read / super::MAX_READS).max(write / super::MAX_WRITES) / records * rate;
        // Measured with some handles, asked for with others.
        let part = handles.map_or(1.0, |(measured, asked)| measured / asked);
        let (due, others): (Vec<_>, Vec<_>) = self.0.iter().partition(|(name, _)| name.starts_with(DUE));
        let due: f64 = due.iter().map(|(_, (_, write))| write).sum();
        // Its partitions are shared by all handles, and entries are spread evenly over them by time.
        let due = (share((0.0, due / f64::from(store::table::DUE_SHARDS))), format!("{DUE}: each"));
        let others = others.into_iter().map(|(name, used)| (share(*used) * part, name.clone()));
        others.chain([due]).max_by(|one, other| one.0.total_cmp(&other.0)).unwrap_or_default()
    }

    /// All write units.
    pub(crate) fn writes(&self) -> f64 {
        self.0.values().map(|(_, write)| write).sum()
    }

    /// All read units.
    pub(crate) fn reads(&self) -> f64 {
        self.0.values().map(|(read, _)| read).sum()
    }

    /// Read and write units by class of item, such as `CONV`, and by index; those with the most write units first.
    pub(crate) fn classes(&self) -> Vec<(String, f64, f64)> {
        let mut classes: BTreeMap<&str, (f64, f64)> = BTreeMap::new();
        for (name, (read, write)) in &self.0 {
            let class = classes.entry(name.split(['#', ':']).next().unwrap_or_default()).or_default();
            *class = (class.0 + read, class.1 + write);
        }
        let mut classes: Vec<(String, f64, f64)> =
            classes.into_iter().map(|(name, (read, write))| (name.to_owned(), read, write)).collect();
        classes.sort_by(|(_, _, one), (_, _, other)| other.total_cmp(one));
        classes
    }

    /// The partitions nearest to their limits, as name, read and write units.
    pub(crate) fn hottest(&self, count: usize) -> Vec<(String, f64, f64)> {
        let mut all: Vec<(String, f64, f64)> = self.0.iter().map(|(name, (read, write))| (name.clone(), *read, *write)).collect();
        let heat = |(_, read, write): &(String, f64, f64)| (read / super::MAX_READS).max(write / super::MAX_WRITES);
        all.sort_by(|one, other| heat(other).total_cmp(&heat(one)));
        all.truncate(count);
        all
    }

    fn add(&mut self, call: &Call, stored: &mut Stored) {
        let Units { read, write, due, list } = call.units;
        let changes = changes(&call.operation, &call.request, stored);
        let weights = changes.iter().map(|change| (change.partition.clone(), change.weight));
        self.write(write, weights.collect(), "?");
        let entries = |of: fn(&Change) -> &[String]| changes.iter().flat_map(of).map(|name| (name.clone(), 1)).collect();
        self.write(due, entries(|change| &change.due), "index due: entries written before");
        self.write(list, entries(|change| &change.list), "index list: entries written before");
        if read > 0.0 {
            let partitions = read_partitions(&call.operation, &call.request);
            for partition in &partitions {
                self.0.entry(partition.clone()).or_default().0 += read / partitions.len().max(1) as f64;
            }
        }
    }

    /// Divides write units among partitions by weight; without any they are those of `otherwise`.
    fn write(&mut self, units: f64, partitions: Vec<(String, usize)>, otherwise: &str) {
        let partitions = if partitions.is_empty() { vec![(otherwise.to_owned(), 1)] } else { partitions };
        let all: usize = partitions.iter().map(|(_, weight)| weight).sum();
        for (partition, weight) in partitions {
            self.0.entry(partition).or_default().1 += units * weight as f64 / all.max(1) as f64;
        }
    }
}
