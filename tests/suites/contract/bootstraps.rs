//! The programs that Lambda starts, built and started as Lambda starts them, under a simulated Runtime API.

use std::collections::BTreeMap;
use std::fs::File;
use std::net::Ipv4Addr;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::sync::{Arc, Mutex, OnceLock};
use std::time::Duration;

use futures::FutureExt;
use lambda_simulator::{InvocationBuilder, InvocationStatus, Simulator};
use local::LocalServer;
use local::keys::Keys;
use serde_json::{Value, json};
use tempfile::TempDir;
use tests::{BROWSER, FUNCTIONS, Invoke, PAGES, Receiver, Story, TestEnv, programs};
use tokio::net::TcpListener;
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

/// Engines and the programs on them.
struct Site {
    server: LocalServer,
    keys: Keys,
    logs: TempDir,
}

impl Site {
    async fn open() -> Self {
        let keys = Keys::generate().expect("keys");
        let server = Story::engines(&keys, Ipv4Addr::LOCALHOST.into()).await;
        Self { server, keys, logs: tempfile::tempdir().expect("a folder") }
    }

    async fn start(&self, programs: &BTreeMap<String, PathBuf>) -> BTreeMap<&'static str, Arc<Bootstrap>> {
        let mut bootstraps = BTreeMap::new();
        for name in FUNCTIONS {
            let bootstrap = Bootstrap::start(name, &programs[name], self.server.env(name), self.logs.path()).await;
            bootstraps.insert(name, Arc::new(bootstrap));
        }
        bootstraps
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_programs_answer_every_event_and_keep_secrets_out_of_their_logs() {
    let site = Site::open().await;
    let bootstraps = site.start(&programs(&FUNCTIONS).await).await;
    let receiver = Receiver::start().await;
    let invoked = bootstraps.clone();
    let invoke: Invoke = Arc::new(move |function, event| {
        let bootstrap = invoked[function].clone();
        async move { bootstrap.invoke(event).await }.boxed()
    });
    let values = Story::new(site.server.clone(), invoke).tell(&site.keys, &receiver, true).await;
    for bootstrap in bootstraps.values() {
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
            assert!(line["lambda.requestId"].is_string(), "{}: {line}", bootstrap.name);
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

/// A queue that notes of each message whether the bootstrap had posted the answers to all the events it was given when the message came.
#[derive(Clone, Default)]
struct NotingQueue {
    bootstrap: Arc<OnceLock<Bootstrap>>,
    noted: Arc<Mutex<Vec<bool>>>,
}

impl NotingQueue {
    /// Starts it; returns its address.
    async fn listen(&self) -> String {
        let queue = self.clone();
        let receive = move || {
            let queue = queue.clone();
            async move {
                let bootstrap = queue.bootstrap.get().expect("a bootstrap that sends");
                let states = bootstrap.simulator.get_all_invocation_states().await;
                queue.noted.lock().expect("notes").push(states.iter().all(|state| state.status != InvocationStatus::InProgress));
                r#"{"MessageId":"5fea7756-0ea4-451a-a703-a558b933e274"}"#
            }
        };
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.expect("a port");
        let address = listener.local_addr().expect("an address");
        tokio::spawn(async move { axum::serve(listener, axum::Router::new().fallback(receive)).await });
        format!("http://{address}")
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_redirect_posts_its_answer_before_or_after_the_click_as_it_is_deployed() {
    let env = TestEnv::new().await;
    env.put_link("launch").await.expect(201);
    let programs = programs(&["redirect"]).await;
    let logs = tempfile::tempdir().expect("a folder");
    let http = json!({"method": "GET", "path": "/", "sourceIp": "192.0.2.1"});
    let event = json!({
        "rawPath": "/_edge/redirect/demo/launch", "rawQueryString": "", "isBase64Encoded": false,
        "headers": {"host": "localhost", "user-agent": BROWSER}, "requestContext": {"http": http},
    });
    for (policy, is_posted_first) in [("NEVER", false), ("WITHOUT_CAMPAIGN", true), ("ALWAYS", true)] {
        let queue = NotingQueue::default();
        let address = queue.listen().await;
        let mut environment = env.server().env("redirect");
        environment.extend([("ANSWER_FIRST", policy), ("AWS_ENDPOINT_URL_SQS", &address)].map(|(name, value)| (name.into(), value.into())));
        let bootstrap = Bootstrap::start("redirect", &programs["redirect"], environment, logs.path()).await;
        let bootstrap = queue.bootstrap.get_or_init(|| bootstrap);
        for clicks in 1..=3 {
            assert_eq!(bootstrap.invoke(event.clone()).await["statusCode"], 302, "{policy}");
            // The next event is given only when the click has been sent, so all but the last have.
            let noted = queue.noted.lock().expect("notes").clone();
            let is_complete = noted.len() == clicks || (is_posted_first && noted.len() + 1 == clicks);
            assert!(is_complete && noted.iter().all(|posted| *posted == is_posted_first), "{policy}: {noted:?}\n{}", bootstrap.log());
        }
    }
}
