//! The server in memory that the month happens on, its clock, and the calls of its people and visitors.

use std::cell::Cell;
use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};
use std::time::Duration;

use bytes::Bytes;
use domain::values::moment::Moment;
use futures::future::try_join_all;
use http::{HeaderMap, Method, Request, StatusCode};
use runtime::{App, Clock, Entropy, Settings};
use serde_json::Value;
use store::Store;

use super::content::Person;
use super::visits::{GROUP_MS, Visit};
use crate::keys::Keys;
use crate::settings::LocalSettings;
use crate::{Error, LocalServer, Options, functions, token};

/// The queues, in the order in which work moves through them.
const QUEUES: [&str; 5] = ["ClicksQueue", "EventsQueue", "ClickEventsQueue", "DeliveriesQueue", "RetriesQueue"];
/// Where pages send signals.
pub(super) const SIGNALS: &str = "/v2/public/chain/signals";
/// Rounds over the queues after which what is left waits for the next occasion.
const MAX_ROUNDS: usize = 20;
/// How long clicks wait to be counted together, in milliseconds.
const CLICKS_WAIT_MS: i64 = 1_800_000;
/// How long what a call has caused waits for its worker, in milliseconds.
const WORK_WAIT_MS: i64 = 1_500;
/// The same of signals, whose impressions are counted with the clicks.
const SIGNALS_WAIT_MS: i64 = 900_000;
/// Lifetime of a person's token.
const TOKEN_TTL: Duration = Duration::from_secs(3_600);
/// The address that the demo's people and its shop's server call from.
const OFFICE: [u8; 4] = [198, 51, 100, 7];

/// One of several calls that are made together, each at a moment of its own.
struct Together {
    at: i64,
    /// Its number in the month, and how many random values it has used.
    number: u64,
    used: Cell<u64>,
}

tokio::task_local! {
    static TOGETHER: Together;
}

/// A clock that only the simulation moves.
#[derive(Clone)]
pub(super) struct SimulatedClock(Arc<AtomicI64>);

impl SimulatedClock {
    /// The time, in milliseconds since 1970.
    pub(super) fn now(&self) -> i64 {
        TOGETHER.try_with(|call| call.at).unwrap_or_else(|_| self.0.load(Ordering::SeqCst))
    }

    /// Moves to a later time; an earlier one changes nothing.
    pub(super) fn walk_to(&self, at: i64) {
        self.0.fetch_max(at, Ordering::SeqCst);
    }

    /// Lets time pass.
    pub(super) fn pass(&self, millis: i64) {
        self.0.fetch_add(millis, Ordering::SeqCst);
    }
}

/// The server with everything around it.
pub(super) struct Simulation {
    server: LocalServer,
    clock: SimulatedClock,
    keys: Keys,
    domain: String,
    handle: String,
    /// When clicks are to be counted, and when everything else is to be processed.
    clicks_due: Option<i64>,
    work_due: Option<i64>,
    visited: u64,
}

/// An answer of the API or of a link.
pub(super) struct Answer {
    pub(super) status: StatusCode,
    pub(super) headers: HeaderMap,
    pub(super) body: Bytes,
}

impl Answer {
    /// The body as JSON; null when it is none.
    pub(super) fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or_default()
    }
}

/// One request.
pub(super) struct Call<'a> {
    pub(super) method: Method,
    pub(super) path: String,
    pub(super) host: String,
    pub(super) from: IpAddr,
    pub(super) headers: Vec<(&'a str, String)>,
    pub(super) body: Bytes,
}

impl Simulation {
    /// A server in memory at the moment `starts_at`, with the keys of the data that its items are for.
    pub(super) async fn open(handle: &str, keys: &Keys, seed: u64, starts_at: i64) -> Result<Self, Error> {
        let clock = SimulatedClock(Arc::new(AtomicI64::new(starts_at)));
        let settings = LocalSettings { port: 9000, plan: "FREE", public_rpm: None, keys };
        let engine_clock = clock.clone();
        let options = Options { environment: settings.environment(), clock: Arc::new(move || engine_clock.now()), ..Options::memory() };
        let server = LocalServer::open(options).await?;
        functions::mount_all(&server, |name, settings| app(name, settings, &clock, seed))?;
        let (keys, domain) = (keys.clone(), settings.public_domain());
        Ok(Self { server, clock, keys, domain, handle: handle.to_owned(), clicks_due: None, work_due: None, visited: 0 })
    }

    /// The clock.
    pub(super) fn clock(&self) -> &SimulatedClock {
        &self.clock
    }

    /// The handle of the month.
    pub(super) fn handle(&self) -> &str {
        &self.handle
    }

    /// The table.
    pub(super) fn store(&self) -> Result<Store, Error> {
        let environment = self.server.env("links");
        let settings = Settings::read(|name| environment.get(name).cloned()).map_err(Error::settings("links"))?;
        Ok(Store::connect(&settings.connection(store::http_client()), settings.table.clone(), settings.queues.clone()))
    }

    /// Sends a request through the gateway.
    async fn send(&self, call: Call<'_>) -> Result<Answer, Error> {
        let mut request = Request::builder().method(call.method).uri(call.path).header("host", call.host);
        for (name, value) in call.headers {
            request = request.header(name, value);
        }
        let request = request.body(call.body).map_err(|error| Error::Failed(format!("the demo's request ({error})")))?;
        let (parts, body) = self.server.call(request, call.from).await.into_parts();
        Ok(Answer { status: parts.status, headers: parts.headers, body })
    }

    /// A call of the API by one of the demo's people.
    pub(super) async fn ask(&mut self, by: Person, method: Method, path: String, body: &Value) -> Result<Answer, Error> {
        let (user, groups) = by.user();
        let bearer = token::mint(&self.keys, user, groups, self.clock.now(), TOKEN_TTL)?;
        self.post_as(Some(&bearer), IpAddr::from(OFFICE), method, path, body).await
    }

    /// A call of the API with any token or none, from any address.
    pub(super) async fn post_as(
        &mut self,
        bearer: Option<&str>,
        from: IpAddr,
        method: Method,
        path: String,
        body: &Value,
    ) -> Result<Answer, Error> {
        let mut headers: Vec<(&str, String)> = bearer.iter().map(|token| ("authorization", format!("Bearer {token}"))).collect();
        if !body.is_null() {
            headers.push(("content-type", "application/json".to_owned()));
        }
        let body = if body.is_null() { Bytes::new() } else { Bytes::from(body.to_string()) };
        let wait = if path == SIGNALS { SIGNALS_WAIT_MS } else { WORK_WAIT_MS };
        let answer = self.send(Call { method, path, host: self.domain.clone(), from, headers, body }).await?;
        self.work_due = Some(self.work_due.unwrap_or(i64::MAX).min(self.clock.now() + wait));
        Ok(answer)
    }

    /// Visits of links, each at its moment; returns them with their answers in the order of time.
    pub(super) async fn visits(&mut self, visits: Vec<(i64, Visit)>) -> Result<Vec<(i64, Visit, Answer)>, Error> {
        let first = visits.first().map_or(i64::MAX, |(at, _)| *at);
        let last = visits.last().map_or(0, |(at, _)| *at);
        let begin = self.visited;
        self.visited += u64::try_from(visits.len()).unwrap_or_default();
        let this = &*self;
        let visit = |((at, visit), number): ((i64, Visit), u64)| {
            let call = Together { at, number, used: Cell::new(0) };
            TOGETHER.scope(call, async move { this.visit(&visit).await.map(|answer| (at, visit, answer)) })
        };
        // The first of each link before the others, which find the link in memory if they come within seconds.
        let mut known = BTreeSet::new();
        let (firsts, others): (Vec<_>, Vec<_>) =
            visits.into_iter().zip(begin..).partition(|((at, visit), _)| known.insert((visit.slug.clone(), at / GROUP_MS)));
        let mut answers = try_join_all(firsts.into_iter().map(visit)).await?;
        answers.extend(try_join_all(others.into_iter().map(visit)).await?);
        answers.sort_by_key(|(at, ..)| *at);
        self.clock.walk_to(last);
        self.clicks_due = Some(self.clicks_due.unwrap_or(i64::MAX).min(first.saturating_add(CLICKS_WAIT_MS)));
        Ok(answers)
    }

    async fn visit(&self, visit: &Visit) -> Result<Answer, Error> {
        let host = format!("{}.{}", self.handle, self.domain);
        let headers = visit.headers.clone();
        self.send(Call { method: Method::GET, path: format!("/{}", visit.path()), host, from: visit.from, headers, body: Bytes::new() })
            .await
    }

    /// When something is next to be processed.
    pub(super) fn next_due(&self) -> Option<i64> {
        [self.clicks_due, self.work_due, self.server.next_due()].into_iter().flatten().min()
    }

    /// Lets time pass until `at`: whatever becomes due on the way is processed when it is due.
    pub(super) async fn walk_to(&mut self, at: i64) -> Result<(), Error> {
        while let Some(due) = self.next_due().filter(|due| *due <= at) {
            self.clock.walk_to(due);
            self.process().await?;
        }
        self.clock.walk_to(at);
        Ok(())
    }

    /// Has the workers process everything that is in the queues now.
    async fn process(&mut self) -> Result<(), Error> {
        (self.clicks_due, self.work_due) = (None, None);
        for _ in 0..MAX_ROUNDS {
            let mut deleted = 0;
            for queue in QUEUES {
                if self.server.queue_depth(queue)?.visible == 0 {
                    continue;
                }
                deleted += self.server.drain_by(queue, batch_size(queue)).await?.deleted;
            }
            if deleted == 0 {
                break;
            }
        }
        Ok(())
    }

    /// Has the sweeper announce what is overdue, and the workers process it.
    pub(super) async fn sweep(&mut self) -> Result<(), Error> {
        self.server.run_schedule("sweeper").await?;
        self.process().await
    }
}

/// Attempts are made one by one: each takes simulated time, which is to be its own.
fn batch_size(queue: &str) -> usize {
    if queue == "DeliveriesQueue" || queue == "RetriesQueue" { 1 } else { usize::MAX }
}

/// The state of one function on the simulated clock, with randomness that follows from the seed.
fn app(name: &str, settings: Settings, clock: &SimulatedClock, seed: u64) -> App {
    let clock = clock.clone();
    let now: Clock = Arc::new(move || Moment::from_millis(clock.now()));
    let place = name.bytes().fold(seed, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01B3));
    let number = AtomicU64::new(0);
    let entropy: Entropy = Arc::new(move || {
        // Calls that are made together take turns in no certain order, so each has random values of its own.
        let of_call = TOGETHER.try_with(|call| (call.number + 1, call.used.replace(call.used.get() + 1)));
        let (call, number) = of_call.unwrap_or_else(|_| (0, number.fetch_add(1, Ordering::SeqCst)));
        let seed = place ^ call.wrapping_mul(0xD1B5_4A32_D192_ED03) ^ number.wrapping_mul(0x9E37_79B9_7F4A_7C15);
        fastrand::Rng::with_seed(seed).u128(..)
    });
    App::new(settings, store::http_client(), now, entropy)
}

/// What the story has kept of its answers: tokens and ids, by name.
pub(super) type Kept = BTreeMap<String, Value>;
