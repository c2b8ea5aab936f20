//! The environment itself: the local server and its surroundings.

use std::collections::BTreeMap;
use std::net::IpAddr;
use std::path::PathBuf;
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};
use std::sync::{Arc, Mutex};

use api::ApiState;
use aws_lambda_events::sqs::SqsMessage;
use aws_smithy_runtime_api::client::http::SharedHttpClient;
use bytes::Bytes;
use click_worker::ClickWorker;
use domain::values::moment::Moment;
use domain::values::name::Handle;
use http::Request;
use local::keys::Keys;
use local::login::Login;
use local::{DrainReport, LocalServer, Options, TEMPLATE};
use runtime::{App, Settings};

use crate::faults::Wire;
use crate::policy::{OPERATOR, Policy};
use crate::random::mix;
use crate::{Answer, Contract, Fault, Faults, Rule};

/// How an environment starts.
pub struct TestEnvOptions {
    /// The time at its start.
    pub starts_at: &'static str,
    /// The plan of new accounts.
    pub plan: &'static str,
    /// Public requests a minute and address.
    pub public_rpm: u32,
    /// Variables over those of the local server.
    pub environment: BTreeMap<String, String>,
    /// The folder of its data, which stays after it; in memory without one.
    pub data: Option<PathBuf>,
}

impl Default for TestEnvOptions {
    fn default() -> Self {
        Self { starts_at: "2026-03-01T12:00:00Z", plan: "ENTERPRISE", public_rpm: 1_000_000, environment: BTreeMap::new(), data: None }
    }
}

/// The local server in memory, with everything around it under the test's control.
pub struct TestEnv {
    server: LocalServer,
    clock: Arc<AtomicI64>,
    keys: Keys,
    apps: BTreeMap<String, App>,
    /// Faults on the wire to AWS.
    pub faults: Arc<Faults>,
    /// The API's document.
    pub contract: Arc<Contract>,
}

impl TestEnv {
    /// An environment with the handle `demo`, its owner, an operator and a creator.
    pub async fn new() -> Self {
        Self::with(TestEnvOptions::default()).await
    }

    /// An environment with other options.
    pub async fn with(options: TestEnvOptions) -> Self {
        let starts_at: Moment = options.starts_at.parse().expect("a moment");
        let clock = Arc::new(AtomicI64::new(starts_at.millis()));
        let keys = options.data.as_deref().map_or_else(Keys::generate, Keys::open).expect("keys");
        let settings = local::settings::LocalSettings { port: 9000, plan: options.plan, public_rpm: Some(options.public_rpm), keys: &keys };
        let mut environment = settings.environment();
        environment.extend(options.environment);
        let engine_clock = clock.clone();
        let clock_of_engines = Arc::new(move || engine_clock.load(Ordering::SeqCst));
        let login_seed = AtomicU64::new(1 << 32);
        let login = Login::new(&settings, Arc::new(move || spread(login_seed.fetch_add(1, Ordering::SeqCst))));
        let (data, login) = (options.data, Some(Arc::new(login)));
        let server = LocalServer::open(Options { data, environment, clock: clock_of_engines, login, ..Options::memory() });
        let server = server.await.expect("a server");
        let faults = Arc::new(Faults::default());
        let apps = mount(&server, &clock, &faults);
        let document = serde_json::from_str(accounts_document()).expect("the document");
        let env = Self { server, clock, keys, apps, faults, contract: Arc::new(Contract::new(document)) };
        env.seed().await;
        env
    }

    async fn seed(&self) {
        let is_there = self.app("accounts").store().profiles().get(&self.handle()).await.expect("a table").is_some();
        if is_there {
            return;
        }
        let demo = domain::accounts::Profile {
            handle: "demo".parse().expect("a handle"),
            owner: "owner".parse().expect("a user"),
            collaborators: [("operator", domain::accounts::Role::Operator), ("creator", domain::accounts::Role::Creator)]
                .into_iter()
                .map(|(user, role)| (user.parse().expect("a user"), role))
                .collect(),
            created_at: self.now(),
            version: 1,
            deletion: None,
        };
        assert!(self.app("accounts").store().profiles().save(&demo, None, &self.audit_event("handle.created")).await.expect("a profile"));
        self.faults.take_calls();
    }

    /// An audit event of a change that a test makes past the API.
    pub fn audit_event(&self, action: &str) -> domain::accounts::audit::AuditEvent {
        domain::accounts::audit::AuditEvent::of_system(self.app("accounts").id(), self.now(), "test", action, "demo")
    }

    /// Makes an ACTIVE campaign of `demo`, past the API.
    pub async fn campaign(&self, id: &str) {
        let body = serde_json::json!({"campaignId": id, "goalType": "PRODUCT_SALE", "status": "ACTIVE"});
        let draft = domain::campaigns::NewCampaign::read(body, &self.api("campaigns").settings().own_hosts).expect("a campaign");
        let campaign = domain::campaigns::Campaign::new(&self.handle(), &draft, self.now());
        let written = self.unrestricted_store().campaigns().write(&campaign, None, None, &[]).await.expect("a table");
        assert_eq!(written, store::WriteOutcome::Written, "{id}");
    }

    /// The handle every environment has.
    pub fn handle(&self) -> Handle {
        "demo".parse().expect("a handle")
    }

    /// The state of one function, for looking at what is stored.
    pub fn app(&self, function: &str) -> &App {
        self.apps.get(function).expect("a function")
    }

    /// The state of one function behind HTTP.
    pub fn api(&self, function: &str) -> ApiState {
        local::functions::api_state(&self.server, function, self.app(function).clone()).expect("settings")
    }

    /// The table and queues past every function's permissions, for looking at what is stored.
    pub fn unrestricted_store(&self) -> store::Store {
        let environment = self.server.env("links");
        let settings = Settings::read(|name| environment.get(name).cloned()).expect("settings");
        store::Store::connect(&settings.connection(self.server.http_client()), settings.table.clone(), settings.queues.clone())
    }

    /// The table as an operator's job has it: past every function's permissions, and with injected faults.
    pub fn operator_store(&self) -> store::Store {
        let environment = self.server.env("links");
        let settings = Settings::read(|name| environment.get(name).cloned()).expect("settings");
        let (faults, policy) = (self.faults.clone(), Arc::new(Policy::of_template(TEMPLATE)));
        let wire = Wire { function: OPERATOR.to_owned(), inner: self.server.http_client(), faults, policy };
        store::Store::connect(&settings.connection(SharedHttpClient::new(wire)), settings.table.clone(), settings.queues.clone())
    }

    /// Gives messages to a worker again, as the queue does with those of a consumer that died.
    pub async fn redeliver(&self, function: &str, messages: Vec<SqsMessage>) {
        let mut event = aws_lambda_events::sqs::SqsEvent::default();
        event.records = messages;
        let response = match function {
            "click-worker" => click_worker::handle(ClickWorker::new(self.app(function).clone()), event).await,
            "delivery-worker" => delivery_worker::handle(self.app(function).clone(), event).await,
            _ => event_worker::handle(self.app(function).clone(), event).await,
        };
        assert!(response.batch_item_failures.is_empty(), "{:?}", response.batch_item_failures);
    }

    /// The secrets tokens are signed with.
    pub fn keys(&self) -> &Keys {
        &self.keys
    }

    /// The server.
    pub fn server(&self) -> &LocalServer {
        &self.server
    }

    /// The present moment.
    pub fn now(&self) -> Moment {
        Moment::from_millis(self.clock.load(Ordering::SeqCst))
    }

    /// Lets time pass.
    pub fn advance_ms(&self, millis: i64) {
        self.clock.fetch_add(millis, Ordering::SeqCst);
    }

    /// Lets days pass.
    pub fn advance_days(&self, days: i64) {
        self.advance_ms(days * 86_400_000);
    }

    /// Sets the time.
    pub fn set_time(&self, at: &str) {
        let at: Moment = at.parse().expect("a moment");
        self.clock.store(at.millis(), Ordering::SeqCst);
    }

    /// Sends a request through the gateway and checks its answer against the document.
    pub async fn send(&self, request: Request<Bytes>, ip: IpAddr) -> Answer {
        let (method, path, host) = (request.method().clone(), request.uri().to_string(), request.headers().get("host").cloned());
        let sent = crate::contract::Sent { headers: request.headers().clone(), body: request.body().clone() };
        let response = self.server.call(request, ip).await;
        let (parts, body) = response.into_parts();
        let answer = Answer { status: parts.status, headers: parts.headers, body };
        let host = host.as_ref().and_then(|host| host.to_str().ok());
        self.contract.check(&method, &Contract::path_of(host, &path), &sent, &answer);
        answer
    }

    /// Runs `work` until it ends or call `number` kills the process; gives the result of `work` if it ended.
    pub async fn crash_at<T>(&self, function: &'static str, number: usize, fault: Fault, work: impl Future<Output = T>) -> Option<T> {
        let fired = self.faults.inject(Rule::any().by(function).after(number), fault);
        let outcome = tokio::select! {
            biased;
            () = fired.died() => None,
            outcome = work => Some(outcome),
        };
        self.faults.clear();
        assert_eq!(outcome.is_none(), fired.times() > 0, "the process died of the crash, and of nothing else");
        outcome
    }

    /// Has the worker of a queue process every message once.
    pub async fn drain(&self, queue: &str) -> DrainReport {
        self.drain_with(queue, |messages| messages).await
    }

    /// The same, with the test changing each batch before the worker gets it.
    pub async fn drain_with(&self, queue: &str, mut change: impl FnMut(Vec<SqsMessage>) -> Vec<SqsMessage> + Send) -> DrainReport {
        self.server.drain(queue, &mut change).await.expect("a queue")
    }

    /// Has the workers process queued clicks, and then the events of the outbox.
    pub async fn process_events(&self) {
        self.drain("ClicksQueue").await;
        self.drain("EventsQueue").await;
        self.drain("ClickEventsQueue").await;
    }

    /// Has the worker attempt every delivery that is due, those that become due at once included.
    pub async fn deliver(&self) {
        while self.drain("DeliveriesQueue").await.received + self.drain("RetriesQueue").await.received > 0 {}
    }

    /// Runs the sweeper once.
    pub async fn sweep(&self) {
        self.server.run_schedule("sweeper").await.expect("the sweeper");
    }
}

impl Drop for TestEnv {
    fn drop(&mut self) {
        let violations = self.faults.violations();
        if !std::thread::panicking() {
            assert!(violations.is_empty(), "calls beyond the template's statements: {violations:?}");
        }
    }
}

fn mount(server: &LocalServer, clock: &Arc<AtomicI64>, faults: &Arc<Faults>) -> BTreeMap<String, App> {
    let policy = Arc::new(Policy::of_template(TEMPLATE));
    let seed = Arc::new(AtomicU64::new(1));
    let apps = Mutex::new(BTreeMap::new());
    local::functions::mount_all(server, |function: &str, settings: Settings| {
        let wire = Wire { function: function.to_owned(), inner: server.http_client(), faults: faults.clone(), policy: policy.clone() };
        let (clock, seed) = (clock.clone(), seed.clone());
        let now: runtime::Clock = Arc::new(move || Moment::from_millis(clock.load(Ordering::SeqCst)));
        let entropy: runtime::Entropy = Arc::new(move || spread(seed.fetch_add(1, Ordering::SeqCst)));
        let app = App::new(settings, SharedHttpClient::new(wire), now, entropy);
        apps.lock().expect("apps").insert(function.to_owned(), app.clone());
        app
    })
    .expect("the functions fit the template");
    apps.into_inner().expect("apps")
}

/// Random bits for ids, the same in every run (SplitMix64, twice).
fn spread(number: u64) -> u128 {
    let base = number.wrapping_mul(0x9E37_79B9_7F4A_7C15);
    (u128::from(mix(base)) << 64) | u128::from(mix(base ^ 0xD1B5_4A32_D192_ED03))
}

fn accounts_document() -> &'static str {
    include_str!("../../functions/accounts/openapi.json")
}
