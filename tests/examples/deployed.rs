//! Every request of the table of operations over HTTP, to a deployment or a local server, with what queues and workers make of them:
//! clicks and conversions are counted, events are delivered. `.ci/smoke` runs this against a stack.
//!
//!     deployed API_URL OWNER OWNER_TOKEN ADMIN_TOKEN RECEIVER
//!
//! The handle `demo` must not exist yet.

#![expect(clippy::expect_used, clippy::indexing_slicing, clippy::panic, reason = "a check fails by panicking")]

use std::time::{Duration, Instant};

use reqwest::redirect;
use serde_json::{Value, json};
use tests::operations::{CallerKind, Operation, Placeholders, Step, steps};
use tests::{Answer, BROWSER};

/// Longer than a stack takes to count and deliver, batching windows and cold starts included.
const SETTLED_WITHIN: Duration = Duration::from_secs(180);
/// Between two looks at what workers have done.
const LOOK_EVERY: Duration = Duration::from_secs(3);

/// A deployment and its callers.
struct Site {
    api: String,
    owner: String,
    owner_token: String,
    client: reqwest::Client,
    values: Placeholders,
}

impl Site {
    fn read() -> Option<Self> {
        let mut arguments = std::env::args().skip(1);
        let api = arguments.next()?.trim_end_matches('/').to_owned();
        let (owner, owner_token, admin_token, receiver) = (arguments.next()?, arguments.next()?, arguments.next()?, arguments.next()?);
        let since = (runtime::start::wall_clock())().plus_secs(-60).to_string();
        let values =
            [("JWT_OWNER", owner_token.as_str()), ("JWT_PLATFORM_ADMIN", &admin_token), ("RECEIVER", &receiver), ("SINCE", &since)];
        let values = values.into_iter().fold(Placeholders::samples(), |values, (name, value)| values.with(name, value));
        // It may be there already; then it is the same.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let client = reqwest::Client::builder().redirect(redirect::Policy::none()).timeout(Duration::from_secs(60));
        Some(Self { api, owner, owner_token, client: client.build().expect("a client"), values })
    }

    /// Sends a request of the table; links are reached without a domain of their own.
    async fn send(&self, operation: &Operation) -> Answer {
        let fill = |text: &str| self.values.fill(operation.name, text);
        let path = match operation.raw_path() {
            path if operation.path.starts_with("/{slug}") => format!("/_edge/redirect/demo{path}"),
            path => path,
        };
        let query = if operation.query.is_empty() { String::new() } else { format!("?{}", fill(operation.query)) };
        let mut request = self.client.request(operation.method.parse().expect("a method"), format!("{}{}{query}", self.api, fill(&path)));
        request = match operation.caller {
            CallerKind::Anonymous => request.header("user-agent", "tenx-client/1.0"),
            CallerKind::Page | CallerKind::Visitor => request.header("user-agent", BROWSER).header("origin", "https://shop.example"),
            CallerKind::Pat => request.bearer_auth(self.values.value("PAT")),
            CallerKind::PlatformAdmin => request.bearer_auth(self.values.value("JWT_PLATFORM_ADMIN")),
            CallerKind::User | CallerKind::Creator | CallerKind::Operator | CallerKind::Owner => request.bearer_auth(&self.owner_token),
        };
        for (name, value) in &operation.headers {
            // What CloudFront adds comes from CloudFront alone, and a form is posted from the page that has it.
            let is_of_edge = ["via", "x-forwarded-for", "x-origin-verify"].contains(name) || name.starts_with("cloudfront-");
            if !is_of_edge && *name != "origin" {
                request = request.header(*name, fill(value));
            }
        }
        if let Some(content_type) = operation.content_type() {
            request = request.header("content-type", content_type).body(fill(&operation.body_text()));
        }
        self.answer(request).await
    }

    async fn answer(&self, request: reqwest::RequestBuilder) -> Answer {
        let answer = request.send().await.unwrap_or_else(|error| panic!("{error:?}"));
        let (status, headers) = (answer.status(), answer.headers().clone());
        Answer { status, headers, body: answer.bytes().await.expect("a body") }
    }

    async fn get(&self, path: &str) -> Value {
        let path = self.values.fill(path, path);
        self.answer(self.client.get(format!("{}{path}", self.api)).bearer_auth(&self.owner_token)).await.expect(200).json()
    }

    /// Waits until what is at `path` fulfils this.
    async fn until(&self, what: &str, path: &str, is_so: impl Fn(&Value) -> bool) {
        let started = Instant::now();
        let mut looks = tokio::time::interval(LOOK_EVERY);
        loop {
            looks.tick().await;
            let found = self.get(path).await;
            if is_so(&found) {
                println!("{what}: after {} s", started.elapsed().as_secs());
                return;
            }
            assert!(started.elapsed() < SETTLED_WITHIN, "not {what}: {found}");
        }
    }

    /// What workers have made of the requests so far.
    async fn event(&self, name: &str) {
        match name {
            "click-worker/clicks" => {
                self.until("clicks are counted", "/v2/handles/demo/analytics", |report| report["totals"]["clicks"].as_u64() >= Some(3))
                    .await;
            }
            "event-worker/events" => {
                self.until("the conversion is counted", "/v2/handles/demo/analytics", |report| report["totals"]["conversions"] == 1).await;
            }
            "delivery-worker/deliveries" => {
                let path = "/v2/handles/demo/deliveries/{{DELIVERY_ID}}";
                self.until("the test event is delivered", path, |delivery| delivery["status"] == "DELIVERED").await;
            }
            // Their messages follow from others; schedules run by themselves.
            _ => {}
        }
    }
}

/// Sends the request of a row, checks its status and keeps what later ones need.
async fn make(site: &mut Site, operation: &Operation) {
    let answer = site.send(operation).await;
    // Some requests are answered by host or by days that differ here.
    assert_eq!(answer.status.as_u16(), operation.status, "{}: {}", operation.name, answer.text());
    site.values.learn(operation, &answer);
    println!("{} {}", operation.name, answer.status.as_u16());
}

#[tokio::main]
async fn main() {
    let mut site = Site::read().unwrap_or_else(|| panic!("deployed API_URL OWNER OWNER_TOKEN ADMIN_TOKEN RECEIVER"));
    let bearer = site.owner_token.clone();
    let create = site.client.post(format!("{}/v2/handles", site.api)).bearer_auth(&bearer).header("content-type", "application/json");
    site.answer(create.body(json!({"handle": "demo"}).to_string())).await.expect(201);
    let plan = format!("{}/v2/platform-admin/accounts/{}", site.api, site.owner);
    let plan = site.client.put(plan).bearer_auth(site.values.value("JWT_PLATFORM_ADMIN")).header("content-type", "application/json");
    site.answer(plan.body(json!({"plan": "ENTERPRISE"}).to_string())).await.expect(200);

    let (last, first): (Vec<&Step>, Vec<&Step>) =
        steps().iter().partition(|step| matches!(step, Step::Request(operation) if operation.is_final));
    for step in first {
        match step {
            Step::Request(operation) => make(&mut site, operation).await,
            Step::Event(name) => site.event(name).await,
        }
    }
    // A click of which a subscription is notified, now that there is one.
    let visit = steps().iter().find_map(|step| match step {
        Step::Request(operation) if operation.name == "redirect/edge-get" => Some(operation),
        _ => None,
    });
    make(&mut site, visit.expect("a row")).await;
    let clicked = "/v2/handles/demo/deliveries?eventType=link.clicked";
    site.until("the click is notified", clicked, |page| !page["items"].as_array().expect("items").is_empty()).await;
    for step in last {
        if let Step::Request(operation) = step {
            make(&mut site, operation).await;
        }
    }
    println!("{} requests and events", steps().len());
}
