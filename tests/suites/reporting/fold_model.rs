//! Every interleaving of appending, two folds and a report, with crashes and a message that arrives twice, searched to the end.
//!
//! The steps are those of `store::rollups`: each reads or writes the table once. Deltas are in two lanes, which are read one after
//! the other, so that writes can come between.

use std::collections::{BTreeMap, BTreeSet};

use stateright::{Checker, HasDiscoveries, Model, Property};

/// Records to be counted.
const RECORDS: u8 = 2;
const FOLDERS: usize = 2;
/// How often a folder may die.
const CRASHES: u8 = 1;
/// Folds that may be made.
const FOLDS: u8 = 2;

/// What is left out of the protocol, to see that the search would find it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Without {
    Nothing,
    /// A fold is written whatever its version.
    Version,
    /// A fold replaces the list of removed deltas before those are deleted.
    DeletingFirst,
    /// Readers and folds ignore the list of removed deltas.
    RemovedList,
    /// A report takes what it has read, whatever was folded meanwhile.
    SecondLook,
    /// A record is stored whether or not it is there already.
    Condition,
}

/// The figures of a set of records: how often each is counted.
type Figures = [u8; RECORDS as usize];

#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
struct Table {
    stored: BTreeSet<u8>,
    /// Deltas by name: those of records have even and odd names, those that folds leave follow.
    deltas: BTreeMap<u8, Figures>,
    version: u8,
    removed: BTreeSet<u8>,
    cells: Figures,
}

impl Table {
    fn outstanding(&self) -> impl Iterator<Item = &Figures> {
        self.deltas.iter().filter(|(name, _)| !self.removed.contains(name)).map(|(_, figures)| figures)
    }
}

/// What a folder or the report has read so far.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
struct Seen {
    version: u8,
    removed: BTreeSet<u8>,
    deltas: BTreeMap<u8, Figures>,
    cells: Figures,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
enum Folding {
    Idle,
    /// It has read the state, and this many lanes.
    Lanes(Seen, u8),
    /// It deletes what the fold before has removed.
    Clean(Seen),
    /// It has read the cells and may commit.
    Commit(Seen),
    /// It deletes what it has folded.
    Delete(BTreeSet<u8>),
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
enum Reading {
    Idle,
    Lanes(Seen, u8),
    Cells(Seen),
    Again(Seen),
    Done(Figures),
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct State {
    table: Table,
    /// How often each record is still sent.
    messages: [u8; RECORDS as usize],
    folders: [Folding; FOLDERS],
    reading: Reading,
    /// Records that were stored before the report began.
    promised: BTreeSet<u8>,
    crashes: u8,
}

#[derive(Clone, Debug, PartialEq)]
enum Action {
    Append(u8),
    Fold { folder: usize, leaves: bool },
    Crash(usize),
    Read,
}

struct Protocol(Without);

fn add(sum: &mut Figures, figures: &Figures) {
    for (sum, figure) in sum.iter_mut().zip(figures) {
        *sum += figure;
    }
}

fn lane(table: &Table, number: u8) -> impl Iterator<Item = (u8, Figures)> {
    table.deltas.iter().filter(move |(name, _)| **name % 2 == number).map(|(name, figures)| (*name, *figures))
}

impl Protocol {
    fn fold(&self, table: &mut Table, folding: Folding, leaves: bool) -> Folding {
        match folding {
            Folding::Idle => {
                let removed = if self.0 == Without::RemovedList { BTreeSet::new() } else { table.removed.clone() };
                Folding::Lanes(Seen { version: table.version, removed, ..Seen::default() }, 0)
            }
            Folding::Lanes(mut seen, number) => {
                seen.deltas.extend(lane(table, number));
                if number == 0 { Folding::Lanes(seen, 1) } else { Folding::Clean(seen) }
            }
            Folding::Clean(mut seen) => {
                if self.0 != Without::DeletingFirst {
                    table.deltas.retain(|name, _| !seen.removed.contains(name));
                }
                seen.deltas.retain(|name, _| !seen.removed.contains(name));
                seen.cells = table.cells;
                if seen.deltas.is_empty() { Folding::Idle } else { Folding::Commit(seen) }
            }
            Folding::Commit(seen) => {
                if table.version != seen.version && self.0 != Without::Version {
                    return Folding::Idle;
                }
                table.version += 1;
                table.removed = seen.deltas.keys().copied().collect();
                let mut merged = [0; RECORDS as usize];
                seen.deltas.values().for_each(|figures| add(&mut merged, figures));
                if leaves {
                    table.deltas.insert(10 + table.version, merged);
                } else {
                    table.cells = seen.cells;
                    add(&mut table.cells, &merged);
                }
                Folding::Delete(table.removed.clone())
            }
            Folding::Delete(mut names) => {
                // One at a time: a crash can come between.
                if let Some(name) = names.pop_first() {
                    table.deltas.remove(&name);
                }
                if names.is_empty() { Folding::Idle } else { Folding::Delete(names) }
            }
        }
    }

    fn read(&self, table: &Table, reading: Reading) -> Reading {
        match reading {
            Reading::Idle => Reading::Lanes(Seen { version: table.version, removed: table.removed.clone(), ..Seen::default() }, 0),
            Reading::Lanes(mut seen, number) => {
                seen.deltas.extend(lane(table, number));
                if number == 0 { Reading::Lanes(seen, 1) } else { Reading::Cells(seen) }
            }
            Reading::Cells(seen) => Reading::Again(Seen { cells: table.cells, ..seen }),
            Reading::Again(seen) if seen.version != table.version && self.0 != Without::SecondLook => Reading::Idle,
            Reading::Again(seen) => {
                let mut sum = seen.cells;
                let counts = |name: &u8| self.0 == Without::RemovedList || !seen.removed.contains(name);
                seen.deltas.iter().filter(|(name, _)| counts(name)).for_each(|(_, figures)| add(&mut sum, figures));
                Reading::Done(sum)
            }
            Reading::Done(sum) => Reading::Done(sum),
        }
    }
}

impl Model for Protocol {
    type State = State;
    type Action = Action;

    fn init_states(&self) -> Vec<State> {
        vec![State {
            table: Table::default(),
            messages: [2, 1],
            folders: [Folding::Idle, Folding::Idle],
            reading: Reading::Idle,
            promised: BTreeSet::new(),
            crashes: CRASHES,
        }]
    }

    fn actions(&self, state: &State, actions: &mut Vec<Action>) {
        actions.extend((0..RECORDS).filter(|record| state.messages[usize::from(*record)] > 0).map(Action::Append));
        for (folder, folding) in state.folders.iter().enumerate() {
            if *folding != Folding::Idle || state.table.version < FOLDS {
                actions.push(Action::Fold { folder, leaves: false });
            }
            if matches!(folding, Folding::Commit(_)) {
                actions.push(Action::Fold { folder, leaves: true });
            }
            if *folding != Folding::Idle && state.crashes > 0 {
                actions.push(Action::Crash(folder));
            }
        }
        if !matches!(state.reading, Reading::Done(_)) {
            actions.push(Action::Read);
        }
    }

    fn next_state(&self, before: &State, action: Action) -> Option<State> {
        let mut state = before.clone();
        match action {
            Action::Append(record) => {
                state.messages[usize::from(record)] -= 1;
                let is_new = state.table.stored.insert(record);
                if is_new {
                    let mut figures = [0; RECORDS as usize];
                    figures[usize::from(record)] = 1;
                    state.table.deltas.insert(record, figures);
                } else if self.0 == Without::Condition {
                    let mut figures = [0; RECORDS as usize];
                    figures[usize::from(record)] = 1;
                    state.table.deltas.insert(20 + record, figures);
                }
            }
            Action::Fold { folder, leaves } => {
                let folding = std::mem::replace(&mut state.folders[folder], Folding::Idle);
                state.folders[folder] = self.fold(&mut state.table, folding, leaves);
            }
            Action::Crash(folder) => {
                state.crashes -= 1;
                state.folders[folder] = Folding::Idle;
            }
            Action::Read => {
                if state.reading == Reading::Idle {
                    state.promised.clone_from(&state.table.stored);
                }
                let reading = std::mem::replace(&mut state.reading, Reading::Idle);
                state.reading = self.read(&state.table, reading);
            }
        }
        Some(state)
    }

    fn properties(&self) -> Vec<Property<Self>> {
        vec![
            Property::always("each stored record is counted once", |protocol: &Self, state: &State| {
                let mut sum = state.table.cells;
                if protocol.0 == Without::RemovedList {
                    state.table.deltas.values().for_each(|figures| add(&mut sum, figures));
                } else {
                    state.table.outstanding().for_each(|figures| add(&mut sum, figures));
                }
                (0..RECORDS).all(|record| sum[usize::from(record)] == u8::from(state.table.stored.contains(&record)))
            }),
            Property::always("a report has what was stored before it, and nothing twice", |_, state: &State| match &state.reading {
                Reading::Done(sum) => {
                    (0..RECORDS).all(|record| sum[usize::from(record)] <= 1)
                        && state.promised.iter().all(|record| sum[usize::from(*record)] == 1)
                }
                _ => true,
            }),
        ]
    }
}

#[test]
fn no_interleaving_loses_or_doubles_a_record() {
    let checker = Protocol(Without::Nothing).checker().threads(2).spawn_bfs().join();
    checker.assert_properties();
    assert!(checker.unique_state_count() > 50_000, "the search saw only {} states", checker.unique_state_count());
}

#[test]
fn the_search_finds_what_every_part_of_the_protocol_is_for() {
    for (without, lost) in [
        (Without::Version, "each stored record is counted once"),
        (Without::DeletingFirst, "each stored record is counted once"),
        (Without::RemovedList, "each stored record is counted once"),
        (Without::SecondLook, "a report has what was stored before it, and nothing twice"),
        (Without::Condition, "each stored record is counted once"),
    ] {
        let found = HasDiscoveries::AnyOf(BTreeSet::from([lost]));
        let checker = Protocol(without).checker().threads(2).finish_when(found).spawn_bfs().join();
        let broken: Vec<&str> = checker.discoveries().into_keys().collect();
        assert!(broken.contains(&lost), "without {without:?} the search found only {broken:?}");
    }
}
