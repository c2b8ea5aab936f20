//! The functions in containers, as the SAM CLI runs them from `template.yaml`: every event of `events/` through `sam local start-lambda`,
//! then the playbook through `sam local start-api`. `.ci/sam-local` builds the functions and runs this.
//!
//!     sam_local FUNCTIONS ENGINES_HOST ARCHITECTURE WORK [SAM OPTIONS…]

#![expect(clippy::expect_used, clippy::panic, reason = "a check fails by panicking")]

use std::collections::{BTreeMap, BTreeSet};
use std::fs::{self, File};
use std::io::{BufRead, BufReader, Write};
use std::net::{IpAddr, Ipv4Addr, TcpListener};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, mpsc};
use std::time::Duration;

use futures::FutureExt;
use local::keys::Keys;
use local::{LocalServer, TEMPLATE};
use serde_json::{Value, json};
use tests::{FUNCTIONS, Invoke, Receiver, Story};

/// Longer than a container takes to start on a busy machine.
const TIMEOUT: Duration = Duration::from_secs(180);

/// Where everything is.
struct Setup {
    /// A folder for each function, with its bootstrap.
    functions: PathBuf,
    /// The address of this machine that containers reach.
    engines_host: IpAddr,
    architecture: String,
    /// Where the derived template and the logs are written.
    work: PathBuf,
    options: Vec<String>,
}

impl Setup {
    fn read() -> Option<Self> {
        let mut arguments = std::env::args().skip(1);
        Some(Self {
            functions: arguments.next()?.into(),
            engines_host: arguments.next()?.parse().ok()?,
            architecture: arguments.next()?,
            work: arguments.next()?.into(),
            options: arguments.collect(),
        })
    }

    fn template(&self) -> PathBuf {
        self.work.join("template.yaml")
    }

    fn variables(&self) -> PathBuf {
        self.work.join("functions.json")
    }

    /// Writes the template as SAM needs it here, and the variables of each function.
    fn write(&self, server: &LocalServer) {
        let mut variables = BTreeMap::new();
        let mut unnamed = BTreeSet::new();
        for function in &server.template().functions {
            let environment = server.env(&function.binary);
            unnamed.extend(environment.keys().filter(|name| !function.environment.contains_key(*name)).cloned());
            variables.insert(function.id.clone(), environment);
        }
        unnamed.remove("AWS_LAMBDA_FUNCTION_NAME");
        fs::write(self.variables(), json!(variables).to_string()).expect("a file");
        fs::write(self.template(), derive(&self.functions, &unnamed)).expect("a file");
    }

    /// Starts a command of `sam local` and waits until it listens.
    fn start(&self, command: &'static str, port: u16) -> Sam {
        let mut sam = Command::new("sam");
        sam.args(["local", command, "--warm-containers", "LAZY", "--port", &port.to_string()]);
        sam.arg("--template").arg(self.template()).arg("--env-vars").arg(self.variables()).args(&self.options);
        sam.args(["--parameter-overrides", &format!("Architecture={} {PARAMETERS}", self.architecture)]);
        sam.env("SAM_CLI_TELEMETRY", "0").env("AWS_DEFAULT_REGION", "eu-central-1").current_dir(&self.work);
        sam.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::piped());
        let mut process = sam.spawn().expect("the SAM CLI");
        let log = self.work.join(format!("{command}.log"));
        let mut file = File::create(&log).expect("a log");
        let lines = BufReader::new(process.stderr.take().expect("a pipe")).lines();
        let (is_ready, ready) = mpsc::channel();
        std::thread::spawn(move || {
            for line in lines.map_while(Result::ok) {
                // A log that cannot be written stops nothing.
                let _ = writeln!(file, "{line}");
                if line.contains("Running on http") {
                    let _ = is_ready.send(());
                }
            }
        });
        let sam = Sam { process, log };
        assert!(ready.recv_timeout(TIMEOUT).is_ok(), "sam local {command} does not start: {}", sam.log());
        sam
    }
}

/// Parameters of the template without a default.
const PARAMETERS: &str =
    "PublicDomain=links.example JwksUrl=https://idp.example/jwks.json JwtIssuer=https://idp.example/ JwtClientId=console";

/// The template with the folders of the functions that were built, and the names of the variables that SAM would otherwise leave out.
fn derive(functions: &Path, unnamed: &BTreeSet<String>) -> String {
    const LAST: &str = "        METRICS_NAMESPACE: !Ref AWS::StackName\n";
    let named: String = unnamed.iter().map(|name| format!("        {name}: \"\"\n")).collect();
    let derived = FUNCTIONS.iter().fold(TEMPLATE.to_owned(), |template, name| {
        let (from, to) = (format!("CodeUri: functions/{name}/\n"), format!("CodeUri: {}\n", functions.join(name).display()));
        assert!(template.contains(&from), "the template has no {from}");
        template.replace(&from, &to)
    });
    assert!(derived.contains(LAST), "the template's common variables do not end with {LAST}");
    derived.replace(LAST, &format!("{LAST}{named}"))
}

/// A running `sam local`; its containers end with it.
struct Sam {
    process: Child,
    log: PathBuf,
}

impl Sam {
    fn log(&self) -> String {
        fs::read_to_string(&self.log).unwrap_or_default()
    }
}

impl Drop for Sam {
    fn drop(&mut self) {
        // Not Child::kill: SAM removes its containers when it is asked to end.
        let asked = Command::new("kill").args(["-INT", &self.process.id().to_string()]).status();
        if asked.is_ok_and(|status| status.success()) {
            let _ = self.process.wait();
        }
    }
}

/// A port that is free now.
fn free_port() -> u16 {
    TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).and_then(|listener| listener.local_addr()).expect("a port").port()
}

/// Gives events to the functions of `sam local start-lambda`.
fn invoke_at(port: u16, server: &LocalServer) -> Invoke {
    let ids: BTreeMap<String, String> =
        server.template().functions.iter().map(|function| (function.binary.clone(), function.id.clone())).collect();
    // A call of plain HTTP needs no TLS, but the client is built with it.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let client = reqwest::Client::builder().no_proxy().timeout(TIMEOUT).build().expect("a client");
    Arc::new(move |function, event: Value| {
        let id = ids.get(function).unwrap_or_else(|| panic!("the template has no {function}"));
        let request = client.post(format!("http://127.0.0.1:{port}/2015-03-31/functions/{id}/invocations")).body(event.to_string());
        async move {
            let answer = request.send().await.unwrap_or_else(|error| panic!("{function}: {error:?}"));
            let (status, error) = (answer.status(), answer.headers().contains_key("x-amz-function-error"));
            let body = answer.text().await.expect("text");
            assert!(status.is_success() && !error, "{function}: {status} {body}");
            if body.is_empty() {
                Value::Null
            } else {
                serde_json::from_str(&body).unwrap_or_else(|error| panic!("{function}: {error}: {body}"))
            }
        }
        .boxed()
    })
}

/// Every event of `events/`, on engines of their own.
async fn events(setup: &Setup) {
    let keys = Keys::generate().expect("keys");
    let server = Story::engines(&keys, setup.engines_host).await;
    setup.write(&server);
    let port = free_port();
    let sam = setup.start("start-lambda", port);
    let receiver = Receiver::start().await;
    let story = Story::new(server.clone(), invoke_at(port, &server));
    let values = story.tell(&keys, &receiver, false).await;
    let log = sam.log();
    for secret in [keys.token.as_str(), keys.platform.as_str(), values.value("SECRET"), "open sesame", "patv1_", "Bearer "] {
        assert!(!log.contains(secret), "a secret is in {}", sam.log.display());
    }
    println!("sam local start-lambda: {} events", tests::operations::steps().len());
}

/// The playbook of the documentation, on engines of its own.
async fn playbook(setup: &Setup) {
    let keys = Keys::generate().expect("keys");
    let server = Story::engines(&keys, setup.engines_host).await;
    setup.write(&server);
    let port = free_port();
    let sam = setup.start("start-api", port);
    let mint = |user: &str, groups: &[&str]| {
        local::token::mint(&keys, user, groups, local::wall_clock(), Duration::from_secs(3600)).expect("a token")
    };
    let mut playbook = tokio::process::Command::new("python3");
    playbook.arg(Path::new(env!("CARGO_MANIFEST_DIR")).join("deployed/playbook.py"));
    playbook.env("API_BASE", format!("http://127.0.0.1:{port}")).env("LINK_HOST", "{handle}.links.example").env("HANDLE", "demo");
    playbook.env("JWT_TOKEN", mint("owner", &[])).env("JWT_PLATFORM_ADMIN", mint("admin", &["platform-admin"])).env("OWNER", "owner");
    let status = playbook.status().await.expect("Python");
    assert!(status.success(), "the playbook failed: {}", sam.log());
}

#[tokio::main]
async fn main() {
    let setup = Setup::read().unwrap_or_else(|| panic!("sam_local FUNCTIONS ENGINES_HOST ARCHITECTURE WORK [SAM OPTIONS…]"));
    events(&setup).await;
    playbook(&setup).await;
}
