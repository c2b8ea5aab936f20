//! The programs that Lambda starts, built and started as Lambda starts them, under a simulated Runtime API.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::File;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::sync::Arc;
use std::time::Duration;

use aws_lambda_events::sqs::{SqsEvent, SqsMessage};
use futures::FutureExt;
use lambda_simulator::{InvocationBuilder, InvocationStatus, Simulator};
use local::keys::Keys;
use local::{Function, LocalServer, Options};
use runtime::Settings;
use serde_json::{Value, json};
use store::{ClickMessage, OutboxKind, Store};
use tempfile::TempDir;
use tests::events::{about_conversions, bodies, check_outcome, text, without_request};
use tests::operations::{Placeholders, Step, hosts, steps};
use tests::{FUNCTIONS, PAGES, Receiver, programs};
use tokio::process::{Child, Command};

/// Longer than any program takes on a busy machine.
const TIMEOUT: Duration = Duration::from_secs(60);

/// A function's program with a Runtime API of its own.
struct Bootstrap {
    name: &'static str,
    simulator: Simulator,
    log: PathBuf,
    _process: Child,
}

impl Bootstrap {
    async fn start(name: &'static str, program: &Path, environment: BTreeMap<String, String>, logs: &Path) -> Self {
        let simulator = Simulator::builder().function_name(name).build().await.expect("a Runtime API");
        let log = logs.join(name);
        let file = File::create(&log).expect("a log");
        let mut command = Command::new(program);
        // The simulator could start it too, but would hand this test's own environment on and keep no log.
        command.env_clear().envs(simulator.lambda_env_vars()).envs(environment).kill_on_drop(true).stdin(Stdio::null());
        command.stdout(file.try_clone().expect("a log")).stderr(file);
        let process = command.spawn().expect("a process");
        Self { name, simulator, log, _process: process }
    }

    fn log(&self) -> String {
        std::fs::read_to_string(&self.log).unwrap_or_default()
    }

    /// Hands over an event and waits for what comes of it.
    async fn invoke(&self, event: Value) -> Value {
        let timeout_ms = u64::try_from(TIMEOUT.as_millis()).expect("milliseconds");
        let invocation = InvocationBuilder::new().payload(event).timeout_ms(timeout_ms).build().expect("an invocation");
        let id = self.simulator.enqueue(invocation).await;
        // Not wait_for_invocation_complete: it looks first and listens second, and an answer in between goes unheard.
        let is_over = || async {
            let state = self.simulator.get_invocation_state(&id).await.expect("an invocation");
            !matches!(state.status, InvocationStatus::Pending | InvocationStatus::InProgress)
        };
        let waited = self.simulator.wait_for(is_over, TIMEOUT).await;
        let state = self.simulator.get_invocation_state(&id).await.expect("an invocation");
        assert!(waited.is_ok() && state.status == InvocationStatus::Success, "{}: {state:?}\n{}", self.name, self.log());
        state.response.expect("a response").payload
    }
}

/// A local server with engines alone, by the wall clock as the programs are: the functions are the real programs.
struct Site {
    server: LocalServer,
    keys: Keys,
    bootstraps: BTreeMap<&'static str, Arc<Bootstrap>>,
    logs: TempDir,
}

impl Site {
    async fn open() -> Self {
        let keys = Keys::generate().expect("keys");
        let settings = local::settings::LocalSettings { port: 9000, plan: "ENTERPRISE", public_rpm: None, keys: &keys };
        let mut environment = settings.environment();
        environment.extend(hosts());
        let server = LocalServer::open(Options { environment, ..Options::memory() }).await.expect("a server");
        Self { server, keys, bootstraps: BTreeMap::new(), logs: tempfile::tempdir().expect("a folder") }
    }

    async fn start(&mut self, programs: &BTreeMap<String, PathBuf>) {
        for name in FUNCTIONS {
            let bootstrap = Bootstrap::start(name, &programs[name], self.server.env(name), self.logs.path()).await;
            self.bootstraps.insert(name, Arc::new(bootstrap));
        }
        // The messages of the queues go to the programs too.
        for name in ["click-worker", "event-worker"] {
            let bootstrap = self.bootstraps[name].clone();
            let worker = move |event: SqsEvent| {
                let bootstrap = bootstrap.clone();
                async move {
                    let outcome = bootstrap.invoke(serde_json::to_value(&event).expect("JSON")).await;
                    serde_json::from_value(outcome).expect("a batch response")
                }
                .boxed()
            };
            self.server.mount(name, Function::Queue(Arc::new(worker))).expect("a free slot");
        }
    }

    async fn invoke(&self, name: &str, event: &str) -> Value {
        let (function, _) = name.split_once('/').expect("a folder");
        self.bootstraps[function].invoke(serde_json::from_str(event).expect("JSON")).await
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
            assert_eq!(self.invoke("sweeper/schedule", &text("sweeper/schedule")).await, Value::Null);
            for message in self.drain("ClicksQueue").await {
                counted.extend(message["clicks"].as_array().expect("clicks").iter().map(|click| click["id"].to_string()));
            }
            if !self.is_a_click_parked().await {
                return counted.len();
            }
        }
    }

    async fn is_a_click_parked(&self) -> bool {
        let (store, now) = (self.store(), (runtime::start::wall_clock())());
        for shard in 0..store::table::DUE_SHARDS {
            if store
                .outbox()
                .overdue(shard, now, 10, None)
                .await
                .expect("what is due")
                .0
                .iter()
                .any(|entry| entry.pointer.kind() == Some(OutboxKind::ParkedClick))
            {
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

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_programs_answer_every_event_and_keep_secrets_out_of_their_logs() {
    let mut site = Site::open().await;
    site.start(&programs(&FUNCTIONS).await).await;
    let now = (runtime::start::wall_clock())();
    let receiver = Receiver::start().await;
    let mut values = Placeholders::new(&site.keys, now, &receiver);
    let create = steps().iter().find(|step| step.name() == "accounts/create-handle").expect("a row");
    let create_demo = values.fill(create.name(), &text(create.name())).replace("lamps", "demo");
    check_outcome(create, &site.invoke(create.name(), &create_demo).await);
    for step in steps() {
        let name = step.name();
        match name {
            "click-worker/clicks" => assert_eq!(site.count_clicks().await, 4, "two visits and two visitors with the password"),
            "event-worker/events" => {
                let messages = site.drain("EventsQueue").await;
                let own: Vec<Value> = about_conversions(&messages).into_iter().cloned().map(without_request).collect();
                assert_eq!(own, [bodies(name)[0].clone()], "the event is the conversion's own message");
            }
            "sweeper/schedule" => {
                let message: ClickMessage = serde_json::from_value(bodies("click-worker/clicks").remove(0)).expect("clicks");
                site.store().clicks().park(&message.clicks[0], now).await.expect("a parked click");
            }
            _ => {}
        }
        let outcome = site.invoke(name, &values.fill(name, &text(name))).await;
        let answer = check_outcome(step, &outcome);
        if let (Step::Request(operation), Some(answer)) = (step, &answer) {
            values.learn(operation, answer);
        }
        match (name, answer) {
            ("attribution/conversion-read", Some(answer)) => assert_eq!(answer.json()["value"].to_string(), "24.99"),
            ("sweeper/schedule", _) => assert_eq!(site.count_clicks().await, 1, "the parked click"),
            ("analytics/by-day", Some(answer)) => {
                let totals = &answer.json()["totals"];
                assert_eq!((&totals["clicks"], &totals["botClicks"]), (&json!(2), &json!(1)), "the clicks of the event, each once");
            }
            _ => {}
        }
    }
    assert_eq!(receiver.posted().len(), 1, "the test delivery");
    // What the story's later writes left in the outbox.
    site.drain("EventsQueue").await;
    let paged = store::Paged { limit: 10, cursor: None, is_filtered: false };
    let range = (now.day().start(), now.plus_days(1));
    let stored = site.store().conversions().list(&"demo".parse().expect("a handle"), range, paged, |_| true).await.expect("conversions");
    let tests: Vec<bool> = stored.items.iter().map(|stored| stored.conversion.test).collect();
    assert!(stored.items.iter().all(|stored| stored.counted) && tests == [true, false], "the test conversion and the real one: {stored:?}");
    for bootstrap in site.bootstraps.values() {
        let log = bootstrap.log();
        let secrets = [
            site.keys.token.as_str(),
            site.keys.platform.as_str(),
            values.value("SECRET"),
            values.value("NEXT_SECRET"),
            "whsec_",
            "open sesame",
            "open+sesame",
            "patv1_",
            "Bearer ",
            "198.51.100.7",
        ];
        assert!(secrets.iter().all(|secret| !log.contains(secret)), "{}: {log}", bootstrap.name);
        for line in log.lines() {
            let line: Value = serde_json::from_str(line).unwrap_or_else(|error| panic!("{}: {error} in {line}", bootstrap.name));
            assert!(line["_aws"].is_object() || line["spans"][0]["requestId"].is_string(), "{}: {line}", bootstrap.name);
        }
        let lines = log.lines().filter(|line| line.starts_with("{\"_aws\":")).count();
        assert!(lines > 0, "{}: an invocation has its line of metrics: {log}", bootstrap.name);
        assert!(!log.contains("\"ERROR\"") && !log.contains("panicked"), "{}: {log}", bootstrap.name);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_programs_refuse_to_start_in_production_with_what_is_meant_for_local_use() {
    const LOCAL_ONLY: [&str; 6] = [
        "PLATFORM_SECRET",
        "WEBHOOK_EGRESS",
        "JWT_HS256_SECRET",
        "TRUST_VIEWER_HEADERS",
        "AWS_ENDPOINT_URL_DYNAMODB",
        "AWS_ENDPOINT_URL_SQS",
    ];
    // Functions behind queues and schedules do not read them.
    const HTTP_ONLY: [&str; 2] = ["JWT_HS256_SECRET", "TRUST_VIEWER_HEADERS"];
    // Addresses of the local identity provider are plain http; only the console reads them.
    const LOGIN: [&str; 3] = ["LOGIN_AUTHORIZATION_ENDPOINT", "LOGIN_TOKEN_ENDPOINT", "LOGIN_LOGOUT_URL"];
    let site = Site::open().await;
    let programs = programs(&FUNCTIONS).await;
    for function in FUNCTIONS {
        let mut production = site.server.env(function);
        production.extend(
            [("STAGE", "prod"), ("JWKS_URL", "https://idp.example/jwks.json")].map(|(name, value)| (name.to_owned(), value.to_owned())),
        );
        let given = LOCAL_ONLY.map(|name| (name, production.remove(name).expect("a variable of the local server")));
        let login = LOGIN.map(|name| (name, production.insert(name.to_owned(), "https://idp.example/".to_owned()).expect("an address")));
        let bootstrap = Bootstrap::start(function, &programs[function], production.clone(), site.logs.path()).await;
        let ready = bootstrap.simulator.wait_for(|| bootstrap.simulator.is_initialized(), TIMEOUT).await;
        assert!(ready.is_ok(), "{function} does not start in production: {}", bootstrap.log());

        let is_http = site.server.template().function(function).is_some_and(|spec| !spec.routes.is_empty());
        let given: Vec<_> = if PAGES.contains(&function) {
            login.into()
        } else {
            given.into_iter().filter(|(name, _)| is_http || !HTTP_ONLY.contains(name)).collect()
        };
        for (variable, value) in given {
            let mut command = Command::new(&programs[function]);
            command.env_clear().envs(bootstrap.simulator.lambda_env_vars()).envs(&production).env(variable, &value).kill_on_drop(true);
            let output =
                tokio::time::timeout(TIMEOUT, command.output()).await.unwrap_or_else(|_| panic!("{function} runs with {variable}"));
            let output = output.expect("a process");
            let said = format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
            assert!(!output.status.success(), "{function} with {variable}: {said}");
            let is_secret = value.len() > 8;
            assert!(said.contains(variable) && !(is_secret && said.contains(&value)), "{function} with {variable}: {said}");
        }
    }
}
