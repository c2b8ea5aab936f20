//! The requests of the table, sent through the gateway one after the other.

use super::{CallerKind, Operation, Placeholders, Step, hosts, steps};
use crate::{Answer, Caller, Receiver, TestEnv, TestEnvOptions};

/// An environment and what its answers so far had that later requests need.
pub struct Walk {
    /// The environment.
    pub env: TestEnv,
    /// Values of the placeholders.
    pub values: Placeholders,
    /// The receiver of webhooks.
    pub receiver: Receiver,
}

impl Walk {
    /// At the table's first row.
    pub async fn begin() -> Self {
        let options = TestEnvOptions { starts_at: "2026-11-02T09:30:00Z", environment: hosts(), ..TestEnvOptions::default() };
        let env = TestEnv::with(options).await;
        let receiver = Receiver::start().await;
        let values = Placeholders::new(env.keys(), env.now(), &receiver);
        Self { env, values, receiver }
    }

    /// After every row but those that take something away: something exists behind every id.
    pub async fn populated() -> Self {
        let mut walk = Self::begin().await;
        for step in steps() {
            walk.env.advance_ms(1000);
            match step {
                Step::Event(_) => walk.run_worker(step.function()).await,
                Step::Request(operation) if operation.is_final => {}
                Step::Request(operation) => {
                    let answer = walk.send(&walk.caller(operation.caller), operation, &operation.raw_path()).await;
                    walk.values.learn(operation, &answer.expect(operation.status));
                }
            }
        }
        assert_eq!(walk.receiver.posted().len(), 1, "the test delivery");
        walk
    }

    /// A caller of this kind; a member is the owner.
    pub fn caller(&self, kind: CallerKind) -> Caller<'_> {
        match kind {
            CallerKind::Anonymous => self.env.anonymous(),
            CallerKind::Page => self.env.anonymous().with("origin", "https://shop.example"),
            CallerKind::Visitor => self.env.visitor().caller().clone(),
            CallerKind::User | CallerKind::Creator | CallerKind::Operator | CallerKind::Owner => self.env.owner(),
            CallerKind::PlatformAdmin => self.env.admin(),
            CallerKind::Pat => self.env.bearer(self.values.value("PAT")),
        }
    }

    /// Sends the request of a row to this path, of which placeholders get their values.
    pub async fn send(&self, caller: &Caller<'_>, operation: &Operation, path: &str) -> Answer {
        self.send_to(operation.host(), caller, operation, path).await
    }

    /// The same, to another host than the operation's own.
    pub async fn send_to(&self, host: &str, caller: &Caller<'_>, operation: &Operation, path: &str) -> Answer {
        let mut caller = caller.clone().with("host", host);
        // The gateway adds the address itself.
        for (name, value) in operation.headers.iter().filter(|(name, _)| *name != "x-forwarded-for") {
            caller = caller.with(name, &self.values.fill(operation.name, value));
        }
        if let Some(content_type) = operation.content_type() {
            caller = caller.with("content-type", content_type);
        }
        let query = if operation.query.is_empty() { String::new() } else { format!("?{}", operation.query) };
        let path = self.values.fill(operation.name, &format!("{path}{query}"));
        let body = self.values.fill(operation.name, &operation.body_text());
        caller.send(operation.method.parse().expect("a method"), &path, body.into_bytes()).await
    }

    /// Has a worker process what is in its queues, or the sweeper look once.
    pub async fn run_worker(&self, function: &str) {
        match function {
            "click-worker" => {
                self.env.drain("ClicksQueue").await;
            }
            "event-worker" => {
                self.env.drain("EventsQueue").await;
                self.env.drain("ClickEventsQueue").await;
            }
            "delivery-worker" => self.env.deliver().await,
            "sweeper" => self.env.sweep().await,
            "recounter" => self.env.server().run_schedule("recounter").await.expect("the recounter"),
            other => panic!("{other} is no worker"),
        }
    }
}
