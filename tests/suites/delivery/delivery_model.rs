//! Every interleaving of two workers on one delivery, with crashes, reappearing messages, ended leases and lost answers, searched to the
//! end.
//!
//! The steps are those of `domain::webhooks::delivery`; here are only the queue, the workers and what may go wrong. The last
//! three attempts are played: the first ones are the same.

use domain::values::id::{DeliveryId, EventId, SubscriptionId};
use domain::values::moment::Moment;
use domain::webhooks::delivery::{Delivery, DeliveryStatus, DeliveryTrigger, Ending, Lease, MAX_ATTEMPTS, NextStep};
use domain::webhooks::event::WebhookEventType;
use stateright::{Checker, Model, Property};

const NOW: Moment = Moment::from_millis(1_772_366_400_000);
const FIRST_ATTEMPT: u8 = MAX_ATTEMPTS - 2;
const WORKERS: usize = 2;
/// How often each of the first three faults may happen.
const FAULTS: u8 = 2;
/// How often the answer of a plain write may be lost. The SDK sends the write again, so its worker learns that it was refused, although it
/// was applied the first time. A transaction is sent again with its token.
const LOST_ANSWERS: u8 = 1;

/// What is left out of the protocol, to see that the search would find it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Without {
    Nothing,
    /// A claim never expires.
    Lease,
    /// A worker whose record was refused drops its message instead of looking again.
    SecondLook,
    /// A message that comes too late announces nothing.
    AnnouncingNext,
    /// A success counts only from the worker that holds the lease.
    MonotoneSuccess,
}

/// What the table holds of the delivery.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
struct Stored {
    status: DeliveryStatus,
    attempt: u8,
    seq: u32,
    is_lease_over: bool,
}

impl Stored {
    fn delivery(self) -> Delivery {
        let until = if self.is_lease_over { NOW } else { NOW.plus_secs(1) };
        let event = (EventId::new(NOW, 1), WebhookEventType::WebhookTest);
        let delivery =
            Delivery::new(DeliveryId::new(NOW, 1), "demo".parse().unwrap(), event, SubscriptionId::new(NOW, 1), DeliveryTrigger::Auto, NOW);
        // A message is in sight when its attempt is due; until then nothing happens that the search would need.
        Delivery { status: self.status, attempt: self.attempt, lease: (self.seq > 0).then_some(Lease { seq: self.seq, until }), ..delivery }
    }

    fn of(delivery: &Delivery) -> Self {
        let seq = delivery.lease.as_ref().map_or(0, |lease| lease.seq);
        Self { status: delivery.status, attempt: delivery.attempt, seq, is_lease_over: false }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
enum Step {
    /// It has a message and has not looked at the delivery yet.
    Look,
    /// It has claimed the attempt, under this lease.
    Send { seq: u32 },
    /// It has sent, and the receiver took it or not.
    Record { seq: u32, is_taken: bool },
    /// It has recorded a failure and must announce the next attempt.
    Announce { attempt: u8 },
    /// It is done with its message.
    Acknowledge,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
struct Work {
    message: u8,
    step: Step,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct State {
    stored: Stored,
    /// Messages by attempt, and whether each is in sight; sorted.
    queue: Vec<(u8, bool)>,
    workers: [Option<Work>; WORKERS],
    crashes: u8,
    reappearances: u8,
    lease_ends: u8,
    lost_answers: u8,
    posts: u8,
    /// Whether a worker lived to report that the receiver took it.
    is_reported: bool,
    /// Attempts with a recorded failure; sorted.
    failures: Vec<u8>,
    has_left_the_end: bool,
}

impl State {
    fn is_at_rest(&self) -> bool {
        self.queue.is_empty() && self.workers.iter().all(Option::is_none)
    }
}

#[derive(Clone, Debug, PartialEq)]
enum Action {
    Receive(u8),
    Reappear(u8),
    LeaseEnds,
    Crash(usize),
    Go(usize, bool),
    AnswerLost(usize),
}

struct Protocol(Without);

/// Whether a worker's next step is a plain write that will be applied: a claim, or a failure that another attempt follows.
fn is_plain_write(stored: Stored, Work { message, step }: Work) -> bool {
    match step {
        Step::Look => stored.delivery().next_step(message, NOW) == NextStep::Claim,
        Step::Record { seq, is_taken: false } => {
            let holds = stored.status == DeliveryStatus::InFlight && stored.attempt == message && stored.seq == seq;
            holds && stored.delivery().failed(Ending::Retry, NOW).status == DeliveryStatus::Scheduled
        }
        Step::Record { .. } | Step::Send { .. } | Step::Announce { .. } | Step::Acknowledge => false,
    }
}

impl Protocol {
    fn step(&self, state: &mut State, worker: usize, work: Work, is_taken: bool) {
        let Work { message, step } = work;
        let next = match step {
            Step::Look => match state.stored.delivery().next_step(message, NOW) {
                NextStep::Claim => {
                    let claimed = state.stored.delivery().claimed(NOW);
                    state.stored = Stored::of(&claimed);
                    Some(Step::Send { seq: state.stored.seq })
                }
                NextStep::Held if self.0 == Without::Lease => Some(Step::Acknowledge),
                NextStep::Held => {
                    put_back(&mut state.queue, message);
                    None
                }
                NextStep::AnnounceNext { .. } if self.0 == Without::AnnouncingNext => Some(Step::Acknowledge),
                NextStep::AnnounceNext { attempt, .. } => Some(Step::Announce { attempt }),
                NextStep::TooEarly { .. } | NextStep::Done => Some(Step::Acknowledge),
            },
            Step::Send { seq } => {
                state.posts += 1;
                Some(Step::Record { seq, is_taken })
            }
            Step::Record { seq, is_taken } => Some(self.record(state, message, seq, is_taken)),
            Step::Announce { attempt } => {
                // More than two copies of one message teach nothing new.
                if state.queue.iter().filter(|(queued, _)| *queued == attempt).count() < 2 {
                    state.queue.push((attempt, true));
                    state.queue.sort_unstable();
                }
                Some(Step::Acknowledge)
            }
            Step::Acknowledge => {
                remove(&mut state.queue, (message, false));
                None
            }
        };
        state.workers[worker] = next.map(|step| Work { message, step });
    }

    fn record(&self, state: &mut State, message: u8, seq: u32, is_taken: bool) -> Step {
        let stored = state.stored;
        let holds = stored.status == DeliveryStatus::InFlight && stored.attempt == message && stored.seq == seq;
        let refused = if self.0 == Without::SecondLook { Step::Acknowledge } else { Step::Look };
        if is_taken {
            // A message that a worker had taken when it crashed.
            state.is_reported = true;
            let counts = stored.status != DeliveryStatus::Delivered && (holds || self.0 != Without::MonotoneSuccess);
            if counts {
                state.stored.status = DeliveryStatus::Delivered;
            }
            return if counts || stored.status.is_final() { Step::Acknowledge } else { refused };
        }
        if !holds {
            return if stored.status.is_final() { Step::Acknowledge } else { refused };
        }
        state.failures.push(message);
        state.failures.sort_unstable();
        let failed = stored.delivery().failed(Ending::Retry, NOW);
        state.has_left_the_end |= stored.status.is_final();
        state.stored = Stored::of(&failed);
        if failed.status == DeliveryStatus::Scheduled { Step::Announce { attempt: failed.attempt } } else { Step::Acknowledge }
    }
}

fn remove(queue: &mut Vec<(u8, bool)>, message: (u8, bool)) {
    if let Some(place) = queue.iter().position(|queued| *queued == message) {
        queue.remove(place);
    }
}

fn put_back(queue: &mut [(u8, bool)], message: u8) {
    if let Some(queued) = queue.iter_mut().find(|queued| **queued == (message, false)) {
        queued.1 = true;
        queue.sort_unstable();
    }
}

impl Model for Protocol {
    type State = State;
    type Action = Action;

    fn init_states(&self) -> Vec<State> {
        vec![State {
            stored: Stored { status: DeliveryStatus::Scheduled, attempt: FIRST_ATTEMPT, seq: 0, is_lease_over: false },
            queue: vec![(FIRST_ATTEMPT, true)],
            workers: [None; WORKERS],
            crashes: FAULTS,
            reappearances: FAULTS,
            lease_ends: FAULTS,
            lost_answers: LOST_ANSWERS,
            posts: 0,
            is_reported: false,
            failures: Vec::new(),
            has_left_the_end: false,
        }]
    }

    fn actions(&self, state: &State, actions: &mut Vec<Action>) {
        let is_somebody_free = state.workers.iter().any(Option::is_none);
        let mut queue = state.queue.clone();
        queue.dedup();
        for (attempt, is_visible) in queue {
            if is_visible && is_somebody_free {
                actions.push(Action::Receive(attempt));
            }
            if !is_visible && state.reappearances > 0 {
                actions.push(Action::Reappear(attempt));
            }
        }
        if state.stored.status == DeliveryStatus::InFlight
            && !state.stored.is_lease_over
            && state.lease_ends > 0
            && self.0 != Without::Lease
        {
            actions.push(Action::LeaseEnds);
        }
        for (worker, work) in state.workers.iter().enumerate() {
            let Some(work) = work else { continue };
            if state.crashes > 0 {
                actions.push(Action::Crash(worker));
            }
            // A worker that would only put its message back waits while nothing can end the lease.
            let is_held = work.step == Step::Look && state.stored.delivery().next_step(work.message, NOW) == NextStep::Held;
            let can_end = state.lease_ends > 0 || state.crashes > 0 || self.0 == Without::Lease;
            if is_held && !can_end {
                continue;
            }
            actions.push(Action::Go(worker, false));
            if state.lost_answers > 0 && is_plain_write(state.stored, *work) {
                actions.push(Action::AnswerLost(worker));
            }
            if matches!(work.step, Step::Send { .. }) {
                actions.push(Action::Go(worker, true));
            }
        }
    }

    fn next_state(&self, before: &State, action: Action) -> Option<State> {
        let mut state = before.clone();
        match action {
            Action::Receive(attempt) => {
                let free = state.workers.iter().position(Option::is_none)?;
                let queued = state.queue.iter_mut().find(|queued| **queued == (attempt, true))?;
                queued.1 = false;
                state.queue.sort_unstable();
                state.workers[free] = Some(Work { message: attempt, step: Step::Look });
            }
            Action::Reappear(attempt) => {
                state.reappearances -= 1;
                put_back(&mut state.queue, attempt);
            }
            Action::LeaseEnds => {
                state.lease_ends -= 1;
                state.stored.is_lease_over = true;
            }
            Action::Crash(worker) => {
                state.crashes -= 1;
                let work = state.workers[worker].take()?;
                put_back(&mut state.queue, work.message);
                // A worker that died with the attempt does not return: its lease runs out.
                let held = match work.step {
                    Step::Send { seq } | Step::Record { seq, .. } => Some(seq),
                    Step::Look | Step::Announce { .. } | Step::Acknowledge => None,
                };
                if self.0 != Without::Lease && held == Some(state.stored.seq) && state.stored.status == DeliveryStatus::InFlight {
                    state.stored.is_lease_over = true;
                }
            }
            Action::AnswerLost(worker) => {
                state.lost_answers -= 1;
                let work = state.workers[worker]?;
                self.step(&mut state, worker, work, false);
                let refused = if self.0 == Without::SecondLook { Step::Acknowledge } else { Step::Look };
                state.workers[worker] = Some(Work { message: work.message, step: refused });
                // A claim that its worker does not know of runs out.
                state.stored.is_lease_over |= work.step == Step::Look && self.0 != Without::Lease;
            }
            Action::Go(worker, is_taken) => {
                let work = state.workers[worker]?;
                self.step(&mut state, worker, work, is_taken);
            }
        }
        state.has_left_the_end |= before.stored.status == DeliveryStatus::Delivered && state.stored.status != DeliveryStatus::Delivered;
        Some(state)
    }

    fn properties(&self) -> Vec<Property<Self>> {
        vec![
            Property::always("what comes to rest has ended", |_, state: &State| !state.is_at_rest() || state.stored.status.is_final()),
            Property::always("a success that is reported counts in the end", |_, state: &State| {
                !state.is_at_rest() || !state.is_reported || state.stored.status == DeliveryStatus::Delivered
            }),
            Property::always("each attempt fails at most once", |_, state: &State| state.failures.windows(2).all(|two| two[0] != two[1])),
            Property::always("there are no more posts than attempts and faults", |_, state: &State| {
                let faults = 3 * FAULTS - state.crashes - state.reappearances - state.lease_ends;
                state.posts <= MAX_ATTEMPTS - FIRST_ATTEMPT + 1 + faults
            }),
            Property::always("what is delivered stays delivered", |_, state: &State| !state.has_left_the_end),
        ]
    }
}

/// The properties that do not hold without a part of the protocol.
fn broken(without: Without) -> Vec<&'static str> {
    let checker = Protocol(without).checker().threads(2).spawn_bfs().join();
    checker.discoveries().into_keys().collect()
}

#[test]
fn no_interleaving_loses_doubles_or_forks_a_delivery() {
    let checker = Protocol(Without::Nothing).checker().threads(2).spawn_bfs().join();
    checker.assert_properties();
    assert!(checker.unique_state_count() > 50_000, "the search saw only {} states", checker.unique_state_count());
}

#[test]
fn the_search_finds_what_every_part_of_the_protocol_is_for() {
    for (without, lost) in [
        (Without::Lease, "what comes to rest has ended"),
        (Without::SecondLook, "what comes to rest has ended"),
        (Without::AnnouncingNext, "what comes to rest has ended"),
        (Without::MonotoneSuccess, "a success that is reported counts in the end"),
    ] {
        assert!(broken(without).contains(&lost), "without {without:?} the search found only {:?}", broken(without));
    }
}
