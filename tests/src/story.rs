//! Every event of `events/`, one after the other, given to the programs that Lambda starts: under a simulated Runtime API, or in
//! containers.
//!
//! The server has engines alone, by the wall clock as the programs are: whatever the functions do, the programs do.

use std::collections::BTreeSet;
use std::net::IpAddr;
use std::sync::Arc;

use aws_lambda_events::sqs::{SqsEvent, SqsMessage};
use domain::values::moment::Moment;
use futures::FutureExt;
use futures::future::BoxFuture;
use local::keys::Keys;
use local::settings::LocalSettings;
use local::{Function, LocalServer, Options};
use runtime::Settings;
use serde_json::{Value, json};
use store::{ClickMessage, OutboxKind, Store};

use crate::Receiver;
use crate::events::{about_conversions, bodies, check_outcome, text, without_request};
use crate::operations::{Placeholders, Step, hosts, steps};

/// Gives an event to the program of a function and returns its outcome.
pub type Invoke = Arc<dyn Fn(&'static str, Value) -> BoxFuture<'static, Value> + Send + Sync>;

/// Engines, and how the programs that use them are reached.
pub struct Story {
    server: LocalServer,
    invoke: Invoke,
}

/// The present moment.
fn now() -> Moment {
    (runtime::start::wall_clock())()
}

impl Story {
    /// Engines in memory that listen at this address, with the environment of every function.
    pub async fn engines(keys: &Keys, engines_host: IpAddr) -> LocalServer {
        let mut environment = LocalSettings { port: 9000, plan: "ENTERPRISE", public_rpm: None, keys }.environment();
        environment.extend(hosts());
        LocalServer::open(Options { environment, engines_host, ..Options::memory() }).await.expect("a server")
    }

    /// The messages of the queues go to the programs too.
    pub fn new(server: LocalServer, invoke: Invoke) -> Self {
        for name in ["click-worker", "event-worker"] {
            let invoke = invoke.clone();
            let worker = move |event: SqsEvent| {
                let invoke = invoke.clone();
                async move {
                    let outcome = invoke(name, serde_json::to_value(&event).expect("JSON")).await;
                    serde_json::from_value(outcome).expect("a batch response")
                }
                .boxed()
            };
            server.mount(name, Function::Queue(Arc::new(worker))).expect("a free slot");
        }
        Self { server, invoke }
    }

    /// Gives every event to its program and checks what each does; returns the values that the answers had. The test delivery arrives at
    /// the receiver unless the programs are elsewhere: local functions deliver to their own machine only.
    pub async fn tell(&self, keys: &Keys, receiver: &Receiver, is_reached: bool) -> Placeholders {
        let now = now();
        let mut values = Placeholders::new(keys, now, receiver);
        let create = steps().iter().find(|step| step.name() == "accounts/create-handle").expect("a row");
        let create_demo = values.fill(create.name(), &text(create.name())).replace("lamps", "demo");
        check_outcome(create, &self.invoke(create, &create_demo).await);
        for step in steps() {
            let name = step.name();
            self.before(name).await;
            let outcome = self.invoke(step, &values.fill(name, &text(name))).await;
            let answer = match step {
                // The delivery that would be replayed has not ended.
                Step::Request(operation) if name == "webhooks/replay" && !is_reached => {
                    check_outcome(&operation.answered(409).into(), &outcome)
                }
                _ => check_outcome(step, &outcome),
            };
            if let (Step::Request(operation), Some(answer)) = (step, &answer) {
                values.learn(operation, answer);
            }
            match (name, answer) {
                ("attribution/conversion-read", Some(answer)) => assert_eq!(answer.json()["value"].to_string(), "24.99"),
                ("sweeper/schedule", _) => assert_eq!(self.count_clicks().await, 1, "the parked click"),
                ("analytics/by-day", Some(answer)) => {
                    let totals = &answer.json()["totals"];
                    assert_eq!((&totals["clicks"], &totals["botClicks"]), (&json!(2), &json!(1)), "the clicks of the event, each once");
                }
                _ => {}
            }
        }
        assert_eq!(receiver.posted().len(), usize::from(is_reached), "the test delivery");
        self.check_conversions(now).await;
        values
    }

    /// What the event of this name needs to have happened.
    async fn before(&self, name: &str) {
        match name {
            "click-worker/clicks" => assert_eq!(self.count_clicks().await, 4, "two visits and two visitors with the password"),
            "event-worker/events" => {
                let messages = self.drain("EventsQueue").await;
                let own: Vec<Value> = about_conversions(&messages).into_iter().cloned().map(without_request).collect();
                assert_eq!(own, [bodies(name)[0].clone()], "the event is the conversion's own message");
            }
            "sweeper/schedule" => {
                let message: ClickMessage = serde_json::from_value(bodies("click-worker/clicks").remove(0)).expect("clicks");
                self.store().clicks().park(&message.clicks[0], now()).await.expect("a parked click");
            }
            _ => {}
        }
    }

    /// The test conversion and the real one are counted, after what the later writes left in the outbox.
    async fn check_conversions(&self, since: Moment) {
        self.drain("EventsQueue").await;
        let paged = store::Paged { limit: 10, cursor: None, is_filtered: false };
        let range = (since.day().start(), since.plus_days(1));
        let stored = self.store().conversions().list(&"demo".parse().expect("a handle"), range, paged, |_| true).await;
        let stored = stored.expect("conversions");
        let tests: Vec<bool> = stored.items.iter().map(|stored| stored.conversion.test).collect();
        assert!(stored.items.iter().all(|stored| stored.counted) && tests == [true, false], "{stored:?}");
    }

    async fn invoke(&self, step: &Step, event: &str) -> Value {
        (self.invoke)(step.function(), serde_json::from_str(event).expect("JSON")).await
    }

    /// Gives the messages of a queue to its worker, and returns their bodies.
    async fn drain(&self, queue: &str) -> Vec<Value> {
        let mut bodies = Vec::new();
        let mut keep = |messages: Vec<SqsMessage>| {
            bodies.extend(messages.iter().map(|message| serde_json::from_str(message.body.as_deref().unwrap_or_default()).expect("JSON")));
            messages
        };
        let report = self.server.drain(queue, &mut keep).await.expect("a queue");
        assert_eq!(report.received, report.deleted, "{queue}: {report:?}");
        bodies
    }

    /// Has all clicks counted, those too that a busy queue refused and the redirect parked; returns how many there were.
    async fn count_clicks(&self) -> usize {
        let mut counted = BTreeSet::new();
        loop {
            let sweep = serde_json::from_str(&text("sweeper/schedule")).expect("JSON");
            assert_eq!((self.invoke)("sweeper", sweep).await, Value::Null);
            for message in self.drain("ClicksQueue").await {
                counted.extend(message["clicks"].as_array().expect("clicks").iter().map(|click| click["id"].to_string()));
            }
            if !self.is_a_click_parked().await {
                return counted.len();
            }
        }
    }

    async fn is_a_click_parked(&self) -> bool {
        let (store, now) = (self.store(), now());
        for shard in 0..store::table::DUE_SHARDS {
            let due = store.outbox().overdue(shard, now, 10, None).await.expect("what is due").0;
            if due.iter().any(|entry| entry.pointer.kind() == Some(OutboxKind::ParkedClick)) {
                return true;
            }
        }
        false
    }

    fn store(&self) -> Store {
        let environment = self.server.env("redirect");
        let settings = Settings::read(|name| environment.get(name).cloned()).expect("settings");
        Store::connect(&settings.connection(store::http_client()), settings.table.clone(), settings.queues.clone())
    }
}
