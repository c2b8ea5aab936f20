//! The state of the system as the sweeper has last seen it, for the health of the API.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use domain::values::moment::{Day, Moment};
use domain::values::name::Handle;

use crate::dynamo::{Database, applied, string, table, text, with_doc};
use crate::error::{Error, Result};

/// Handles that are recorded one by one as waiting; with a name and a moment of each the item stays below 20 KB.
const MAX_WAITING_HANDLES: usize = 200;

/// What the sweeper has seen.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Sweep {
    /// When it ran.
    pub swept_at: Option<Moment>,
    /// Entries of the outbox that have been announced several times already.
    pub late: u64,
    /// Whether entries are set aside.
    pub set_aside: bool,
    /// Handles with accepted records that have been waiting to be counted.
    #[serde(default)]
    pub waiting: Waiting,
}

/// Since when accepted records of handles have been waiting to be counted.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Waiting {
    handles: BTreeMap<Handle, Moment>,
    /// The oldest record of all other handles, when there are more than can be recorded.
    others: Option<Moment>,
}

impl Waiting {
    /// Adds a record of a handle that has been waiting since then.
    pub fn add(&mut self, handle: Handle, since: Moment) {
        let is_full = self.handles.len() >= MAX_WAITING_HANDLES;
        match self.handles.get_mut(&handle) {
            Some(oldest) => *oldest = since.min(*oldest),
            None if is_full => self.add_others(since),
            None => drop(self.handles.insert(handle, since)),
        }
    }

    /// Adds records of handles that were not read.
    pub fn add_others(&mut self, since: Moment) {
        self.others = Some(self.others.map_or(since, |oldest| since.min(oldest)));
    }

    /// Adds all of another collection.
    pub fn extend(&mut self, other: Self) {
        for (handle, since) in other.handles {
            self.add(handle, since);
        }
        if let Some(since) = other.others {
            self.add_others(since);
        }
    }

    /// Since when the oldest record has been waiting.
    pub fn oldest(&self) -> Option<Moment> {
        self.handles.values().copied().chain(self.others).min()
    }

    /// Since when a record of this handle has been waiting. A handle that may be among the unrecorded ones counts as waiting.
    pub fn since(&self, handle: &Handle) -> Option<Moment> {
        self.handles.get(handle).copied().or(self.others)
    }
}

/// How far the recount of a day is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct NightlyRecount {
    /// The day.
    pub day: Day,
    /// The last handle that was recounted.
    pub after: Option<Handle>,
    /// Whether all handles are.
    pub is_done: bool,
    /// Records recounted so far.
    pub records: u64,
    /// Counters found so far that differ.
    pub drift: u64,
}

impl NightlyRecount {
    /// Before the first handle of a day.
    pub fn of(day: Day) -> Self {
        Self { day, after: None, is_done: false, records: 0, drift: 0 }
    }
}

/// Handle of the system's state: `store.system()`.
#[derive(Clone, Copy, Debug)]
pub struct System<'a> {
    db: &'a Database,
}

impl<'a> System<'a> {
    pub(crate) fn new(db: &'a Database) -> Self {
        Self { db }
    }

    /// What the last run of the sweeper has seen; the default before the first one.
    ///
    /// # Errors
    /// When the table is unavailable.
    pub async fn last_sweep(self) -> Result<Sweep> {
        Ok(self.db.get_doc(&table::system()).await?.unwrap_or_default())
    }

    /// Since when an accepted record of this handle has been waiting to be counted, as the sweeper has last seen it: one `GetItem`.
    ///
    /// # Errors
    /// When the table is unavailable.
    pub async fn waiting_since(self, handle: &Handle) -> Result<Option<Moment>> {
        Ok(self.last_sweep().await?.waiting.since(handle))
    }

    /// Records what a run of the sweeper has seen: one `PutItem`.
    ///
    /// # Errors
    /// When the table is unavailable.
    pub async fn record_sweep(self, sweep: &Sweep) -> Result<()> {
        self.db.put(with_doc(&table::system(), sweep)?).send().await.map_err(Error::call("PutItem"))?;
        Ok(())
    }

    /// How far the recounter is; none before its first run.
    ///
    /// # Errors
    /// When the table is unavailable.
    pub async fn nightly_recount(self) -> Result<Option<NightlyRecount>> {
        self.db.get_doc(&table::recount()).await
    }

    /// Records how far the recounter is: one conditional `PutItem`; false when another run was recorded since `before` was read.
    ///
    /// # Errors
    /// When the table is unavailable.
    pub async fn record_nightly_recount(self, before: Option<&NightlyRecount>, now: &NightlyRecount) -> Result<bool> {
        let put = self.db.put(with_doc(&table::recount(), now)?);
        let put = match before {
            None => put.condition_expression("attribute_not_exists(pk)"),
            Some(before) => {
                let item = with_doc(&table::recount(), before)?;
                let before = string(&item, "doc")?.to_owned();
                put.condition_expression("doc = :before").expression_attribute_values(":before", text(before))
            }
        };
        applied("PutItem", put.send().await)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_oldest_record_of_a_handle_counts_and_handles_beyond_the_limit_count_as_waiting() {
        let handle = |number: usize| format!("shop-{number}").parse::<Handle>().expect("a handle");
        let at = Moment::from_millis;
        let mut waiting = Waiting::default();
        waiting.add(handle(0), at(20));
        waiting.add(handle(0), at(10));
        waiting.add(handle(0), at(30));
        assert_eq!((waiting.since(&handle(0)), waiting.since(&handle(1))), (Some(at(10)), None));
        for number in 1..=MAX_WAITING_HANDLES {
            waiting.add(handle(number), at(40));
        }
        assert_eq!((waiting.handles.len(), waiting.since(&handle(9_999))), (MAX_WAITING_HANDLES, Some(at(40))));
        let mut all = Waiting::default();
        all.extend(waiting);
        assert_eq!((all.since(&handle(0)), all.since(&handle(9_999))), (Some(at(10)), Some(at(40))));
        assert_eq!((all.oldest(), Waiting::default().oldest()), (Some(at(10)), None));
    }
}
