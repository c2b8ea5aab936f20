//! The demo month: a handle with a month of visits, orders and their consequences, made by the real functions on a server in memory
//! whose clock walks through the month.
//!
//! `content` says what happens, [`Month`] makes it happen: one agenda of actions in the order of time, and between two of them the
//! workers process what is due.

mod calendar;
mod content;
mod copy;
mod orders;
mod random;
mod receiver;
mod sales;
mod sessions;
mod simulation;
mod story;
mod visits;

use std::collections::BTreeMap;

use domain::values::moment::Moment;
use domain::values::name::Handle;

pub use copy::{Pace, copy, remove};

use crate::Error;
use crate::jobs::{JobScope, recount};
use crate::keys::Keys;
use calendar::{Calendar, allot, count, whole};
use content::{Step, Traffic};
use orders::OrderBook;
use random::Random;
use receiver::Receivers;
use sessions::SessionPlan;
use simulation::{Kept, Simulation};
use visits::{DayPlan, Visit};

/// The handle of the demo month.
pub const HANDLE: &str = "acme";
/// The end of the month before the present moment, in milliseconds: in it, retries that began before come to their end.
const QUIET_MS: i64 = 200_000;
/// The time of the day of the sweeper's run: an hour after midnight the day before can be folded.
const SWEEP_MS: i64 = 4_200_000;

/// Visits that are made together at most, and how far they are apart, in milliseconds.
const MAX_TOGETHER: usize = 40;
const TOGETHER_MS: i64 = 1_800_000;

/// What the month is to be like.
#[derive(Clone)]
pub struct MonthOptions {
    /// The handle.
    pub handle: Handle,
    /// The days, today included.
    pub days: usize,
    /// The clicks, about so many: those of today that are still to come are left out.
    pub clicks: usize,
    /// The orders for these clicks; in proportion to them when absent.
    pub orders: Option<usize>,
    /// The same seed makes the same month.
    pub seed: u64,
    /// The present moment.
    pub now: Moment,
    /// The address below which the webhooks' endpoints are moved in the end; their receivers end with the month.
    pub hooks: Option<String>,
}

impl MonthOptions {
    /// The month that a first start makes, up to this moment.
    ///
    /// # Errors
    /// Never: the handle's name is valid.
    pub fn ending(now: Moment) -> Result<Self, Error> {
        let handle = HANDLE.parse().map_err(Error::keys)?;
        Ok(Self { handle, days: 30, clicks: 24_000, orders: None, seed: 1, now, hooks: None })
    }
}

/// What was made.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct MonthSummary {
    /// Visits of links.
    pub visits: usize,
    /// Orders that were accepted as new.
    pub orders: usize,
    /// Refunds.
    pub refunds: usize,
    /// Signals of sessions.
    pub signals: usize,
    /// Records that were recounted.
    pub records: u64,
}

/// What happens at one moment.
enum Action {
    /// A day begins: its visits are planned.
    Day(usize),
    /// A call of the story.
    Step(Box<Step>),
    /// A person or a program follows a link.
    Visit(Box<Visit>),
    /// The visitor's browser reports an order.
    Browser(Box<orders::Order>, String, u64),
    /// The shop's server reports an order.
    Server(Box<orders::Order>, String),
    /// A part of an order is paid back.
    Refund(Box<orders::Order>, String, u64),
    /// A page sends signals.
    Signals(Box<sessions::Batch>),
    /// The sweeper runs.
    Sweep,
}

/// A month that is being made.
pub struct Month {
    options: MonthOptions,
    simulation: Simulation,
    calendar: Calendar,
    traffic: Traffic,
    agenda: BTreeMap<(i64, u64), Action>,
    entries: u64,
    kept: Kept,
    orders: OrderBook,
    receivers: Receivers,
    begun_sessions: usize,
    /// People, programs, orders and new sessions of each day.
    people: Vec<usize>,
    programs: Vec<usize>,
    ordered: Vec<usize>,
    sessions: Vec<usize>,
    summary: MonthSummary,
}

impl Month {
    /// A month that has not begun, for data with these keys.
    ///
    /// # Errors
    /// When the server cannot be opened.
    pub async fn new(options: MonthOptions, keys: &Keys) -> Result<Self, Error> {
        let calendar = Calendar::ending(options.now, options.days);
        let simulation = Simulation::open(options.handle.as_str(), keys, options.seed, calendar.start_of(0)).await?;
        let traffic = content::traffic()?;
        let clicks = count(options.clicks);
        let orders = options.orders.unwrap_or_else(|| whole(traffic.orders.per_click * clicks));
        let weights: Vec<f64> = calendar.shares(&traffic, 100_000.0).into_iter().map(count).collect();
        let programs = (traffic.bot_share - traffic.farm.share) * clicks;
        let mut month = Self {
            calendar,
            agenda: BTreeMap::new(),
            entries: 0,
            kept: Kept::new(),
            orders: OrderBook::of(&traffic, orders, options.seed),
            people: allot(clicks * (1.0 - traffic.bot_share), &weights),
            programs: allot(programs, &weights),
            ordered: allot(count(orders), &weights),
            sessions: allot(traffic.sessions_per_click * clicks, &weights),
            receivers: Receivers::open(simulation.clock(), options.seed).await?,
            begun_sessions: 0,
            simulation,
            traffic,
            summary: MonthSummary::default(),
            options,
        };
        for day in 0..calendar.days() {
            month.add(calendar.start_of(day), Action::Day(day));
            month.add(calendar.start_of(day) + SWEEP_MS, Action::Sweep);
        }
        for step in content::story()? {
            month.add(calendar.at(step.moment()?), Action::Step(Box::new(step)));
        }
        Ok(month)
    }

    /// Lets the month happen, up to the present moment; `progress` is called with the part that is done, from 0 to 1.
    ///
    /// # Errors
    /// When a call is not answered as the story expects, or a counter differs from the records it was made of.
    pub async fn run(&mut self, progress: &(dyn Fn(f64) + Sync)) -> Result<MonthSummary, Error> {
        let (first, until) = (self.calendar.start_of(0), self.options.now.millis());
        while let Some(entry) = self.agenda.first_entry().filter(|entry| entry.key().0 <= until - QUIET_MS) {
            let ((at, _), action) = entry.remove_entry();
            self.simulation.walk_to(at).await?;
            if matches!(action, Action::Day(_)) {
                progress(share(at - first, until - first));
            }
            self.act(action).await?;
        }
        self.simulation.walk_to(until).await?;
        self.simulation.sweep().await?;
        self.move_endpoints().await?;
        self.summary.records = self.recounted().await?;
        progress(1.0);
        Ok(self.summary)
    }

    /// The table with the month.
    ///
    /// # Errors
    /// When the server's settings are invalid.
    pub fn store(&self) -> Result<store::Store, Error> {
        self.simulation.store()
    }

    fn add(&mut self, at: i64, action: Action) {
        self.entries += 1;
        self.agenda.insert((at, self.entries), action);
    }

    async fn act(&mut self, action: Action) -> Result<(), Error> {
        match action {
            Action::Day(day) => {
                self.plan(day);
                Ok(())
            }
            Action::Step(step) => self.step(&step).await,
            Action::Visit(visit) => self.visits(*visit).await,
            Action::Browser(order, ctx, minor) => self.report(*order, &ctx, minor, false).await,
            Action::Server(order, ctx) => {
                let minor = order.minor;
                self.report(*order, &ctx, minor, true).await
            }
            Action::Refund(order, conversion, minor) => self.refund(&order, &conversion, minor).await,
            Action::Signals(batch) => self.signals(*batch).await,
            Action::Sweep => self.simulation.sweep().await,
        }
    }

    /// Puts the visits of a day on the agenda.
    fn plan(&mut self, day: usize) {
        let of_day = |numbers: &[usize]| numbers.get(day).copied().unwrap_or_default();
        let place = u64::try_from(self.calendar.start_of(day)).unwrap_or_default();
        let random = Random::of(self.options.seed, place);
        let mut plan = DayPlan { traffic: &self.traffic, calendar: self.calendar, day, random };
        let mut visits = plan.people(of_day(&self.people));
        self.orders.place(&self.traffic, &mut visits, of_day(&self.ordered), &mut plan.random);
        let (calendar, number) = (self.calendar, self.begun_sessions);
        let mut sessions = SessionPlan { calendar, random: Random::of(self.options.seed ^ 0x5E55, place), number };
        let follow = sessions.begin(&mut visits, of_day(&self.sessions));
        self.begun_sessions = sessions.number;
        visits.extend(plan.programs(of_day(&self.programs)));
        visits.extend(plan.farm(count(self.options.clicks)));
        visits.extend(plan.crawl());
        for (at, visit) in visits {
            self.add(at, Action::Visit(Box::new(visit)));
        }
        for (at, action) in follow {
            self.add(at, action);
        }
    }

    /// This visit, and those that follow before anything else happens.
    async fn visits(&mut self, first: Visit) -> Result<(), Error> {
        let begin = self.simulation.clock().now();
        let mut end = self.simulation.next_due().unwrap_or(i64::MAX).min(begin + TOGETHER_MS).min(self.options.now.millis() - QUIET_MS);
        let ordered_at = |at: i64, visit: &Visit| visit.order.as_ref().map_or(i64::MAX, |order| at + order.after);
        end = end.min(ordered_at(begin, &first));
        let mut visits = vec![(begin, first)];
        while visits.len() < MAX_TOGETHER
            && let Some(entry) = self.agenda.first_entry()
            && entry.key().0 < end
            && matches!(entry.get(), Action::Visit(_))
        {
            let ((at, _), Action::Visit(visit)) = entry.remove_entry() else { break };
            end = end.min(ordered_at(at, &visit));
            visits.push((at, *visit));
        }
        for (at, visit, answer) in self.simulation.visits(visits).await? {
            self.summary.visits += 1;
            if let (Some(order), Some(ctx)) = (visit.order, context(&answer)) {
                self.place(at, order, ctx);
            }
        }
        Ok(())
    }

    /// Compares every counter with its raw records.
    async fn recounted(&self) -> Result<u64, Error> {
        let (from, to) = (Moment::from_millis(self.calendar.start_of(0)).day(), self.options.now.day());
        let scope = JobScope::of(self.simulation.store()?, Some(self.options.handle.clone()), from, to).await?;
        let found = recount::run(&scope, &mut ()).await?;
        match found.drift.len() {
            0 if found.uncounted == 0 => Ok(found.records),
            0 => Err(Error::Uncounted { records: found.uncounted, minutes: 0 }),
            drift => Err(Error::Drift(drift)),
        }
    }
}

/// The context token in an answer to a visit.
fn context(answer: &simulation::Answer) -> Option<String> {
    let location = answer.headers.get("location").and_then(|location| location.to_str().ok());
    let text = location.map_or_else(|| String::from_utf8_lossy(&answer.body).into_owned(), str::to_owned);
    let (_, rest) = text.split_once("ctx=")?;
    let end = rest.find(|c: char| !(c.is_ascii_alphanumeric() || "._-".contains(c))).unwrap_or(rest.len());
    rest.get(..end).map(str::to_owned)
}

fn share(done: i64, all: i64) -> f64 {
    count(usize::try_from(done).unwrap_or_default()) / count(usize::try_from(all).unwrap_or(1).max(1))
}
