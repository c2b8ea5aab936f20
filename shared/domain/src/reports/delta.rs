//! Deltas: what some records of one handle and day add to its cells, stored beside the records until it is folded into the cells
//! (specification §9).

use std::borrow::Cow;
use std::collections::BTreeMap;

use serde::de::Error as _;
use serde::{Deserialize, Serialize, Serializer};
use serde_json::value::RawValue;

use super::cell::{CellScope, Selection, scopes};
use super::counters::{Counts, Tally};
use super::rows::Rows;
use crate::values::moment::Day;
use crate::values::name::{CampaignId, Slug};

/// Cells that one fold writes at most: with the limit of a cell's bytes they fit DynamoDB's 4 MB for a transaction.
const MAX_FOLDED_CELLS: usize = 60;
/// Bytes of what one fold leaves to a later one; beyond them it writes cells even for few records.
const MAX_LEFT_BYTES: usize = 32 * 1024;

/// What one record adds to cells of its handle.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Addition {
    /// The day of the cells.
    pub day: Day,
    scopes: Vec<CellScope>,
    tally: Tally,
}

impl Addition {
    /// What a record of this link and campaign adds.
    pub fn of_record(day: Day, slug: &Slug, campaign: Option<&CampaignId>, tally: Tally) -> Self {
        Self { day, scopes: scopes(slug, campaign).collect(), tally }
    }

    /// What a record adds that belongs to no link.
    pub fn of_handle(day: Day, tally: Tally) -> Self {
        Self { day, scopes: vec![CellScope::Handle], tally }
    }

    /// Whether it adds nothing.
    pub fn is_empty(&self) -> bool {
        self.tally.is_empty()
    }
}

/// What some records of one handle and day add to its cells.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Delta(BTreeMap<CellScope, Rows>);

impl Delta {
    /// Reads its JSON, of the scopes that are wanted: a delta has those of many links, and a report shows few of them.
    ///
    /// # Errors
    /// When the text is not a delta. What is not wanted is not checked.
    pub fn from_json(json: &str, is_wanted: impl Fn(&CellScope) -> bool) -> serde_json::Result<Self> {
        #[derive(Deserialize)]
        struct Group<'j>(#[serde(borrow)] Vec<Cow<'j, str>>, #[serde(borrow)] &'j RawValue);

        let mut delta = Self::default();
        for Group(names, rows) in serde_json::from_str::<Vec<Group<'_>>>(json)? {
            let scopes = names.iter().map(|name| name.parse::<CellScope>().map_err(serde_json::Error::custom));
            let wanted: Vec<CellScope> = scopes.filter(|scope| scope.as_ref().map_or(true, &is_wanted)).collect::<Result<_, _>>()?;
            if let Some((last, others)) = wanted.split_last() {
                let rows: Rows = serde_json::from_str(rows.get())?;
                delta.0.extend(others.iter().map(|scope| (scope.clone(), rows.clone())));
                delta.0.insert(last.clone(), rows);
            }
        }
        Ok(delta)
    }

    /// Adds what a record of the same handle and day adds.
    pub fn add(&mut self, addition: &Addition) {
        for scope in addition.scopes.iter().filter(|_| !addition.is_empty()) {
            self.0.entry(scope.clone()).or_default().count(&addition.tally);
        }
    }

    /// Adds another one of the same handle and day.
    pub fn merge(&mut self, other: &Self) {
        for (scope, rows) in &other.0 {
            match self.0.get_mut(scope) {
                Some(own) => own.add(rows),
                None => drop(self.0.insert(scope.clone(), rows.clone())),
            }
        }
    }

    /// Brings each scope within the limits of its cells.
    pub fn limit(&mut self) {
        for (scope, rows) in &mut self.0 {
            let mut limited = Rows::default();
            for part in scope.parts() {
                let mut part = rows.part(part);
                part.limit();
                limited.add(&part);
            }
            *rows = limited;
        }
    }

    /// Whether it adds nothing.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// What it adds to one scope.
    pub fn rows(&self, scope: &CellScope) -> Option<&Rows> {
        self.0.get(scope)
    }

    /// Takes out what it adds to one scope.
    pub fn remove(&mut self, scope: &CellScope) {
        self.0.remove(scope);
    }

    /// Whether it adds to a selection.
    pub fn covers(&self, selection: &Selection) -> bool {
        self.0.keys().any(|scope| scope.is_in(selection))
    }

    /// Adds what it has of a selection to a report's counters.
    pub fn add_to(&self, selection: &Selection, counts: &mut Counts) {
        for (_, rows) in self.0.iter().filter(|(scope, _)| scope.is_in(selection)) {
            rows.add_to(counts);
        }
    }

    /// The most bytes it can have as JSON.
    pub fn bytes(&self) -> usize {
        self.0.values().map(|rows| rows.bytes() + 64).sum()
    }

    /// Whether it is too large to be left for a later fold.
    pub fn is_large(&self) -> bool {
        self.bytes() > MAX_LEFT_BYTES
    }

    /// The scopes worth writing to their cells now, those with the most records per cell first, as many as one fold may write.
    ///
    /// A cell that gets few records costs as much as one that gets many, so scopes with few wait for more: unless the day
    /// `is_over`, or too much is waiting.
    pub fn foldable(&self, is_over: bool) -> Vec<CellScope> {
        const RECORDS_PER_CELL: u64 = 4;
        let is_urgent = is_over || self.is_large();
        let mut scopes: Vec<(u64, usize, &CellScope)> = Vec::new();
        for (scope, rows) in &self.0 {
            let cells = scope.parts().len();
            let records_per_cell = rows.records() / u64::try_from(cells).unwrap_or(1);
            if is_urgent || records_per_cell >= RECORDS_PER_CELL {
                scopes.push((records_per_cell, cells, scope));
            }
        }
        scopes.sort_by_key(|(records_per_cell, _, _)| std::cmp::Reverse(*records_per_cell));
        let mut cells = 0;
        let fits = |(_, of_scope, scope): (u64, usize, &CellScope)| {
            cells += of_scope;
            (cells <= MAX_FOLDED_CELLS).then(|| scope.clone())
        };
        scopes.into_iter().map_while(fits).collect()
    }
}

/// Whether writing cells of these sizes in bytes is worth it for this number of records: it costs two write units per KB, and shall cost at
/// most a third of a unit per record.
pub fn is_worth_writing(records: u64, bytes: &[usize]) -> bool {
    let units: usize = bytes.iter().map(|bytes| 2 * bytes.div_ceil(1024).max(1)).sum();
    u64::try_from(units).unwrap_or(u64::MAX).saturating_mul(3) <= records
}

/// Scopes with the same rows are stored with one copy of them: what a record adds is the same for its handle, campaign and link, and
/// every KB of a delta costs.
impl Serialize for Delta {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut groups: Vec<(Vec<String>, &Rows)> = Vec::new();
        for (scope, rows) in &self.0 {
            match groups.iter_mut().find(|(_, known)| *known == rows) {
                Some((scopes, _)) => scopes.push(scope.to_string()),
                None => groups.push((vec![scope.to_string()], rows)),
            }
        }
        serializer.collect_seq(groups)
    }
}

#[cfg(test)]
mod tests;
