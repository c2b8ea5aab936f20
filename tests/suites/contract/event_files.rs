//! Every file of `events/` is fed to its function as Lambda feeds it, in the order of the files' own times.

use click_worker::ClickWorker;
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use aws_lambda_events::eventbridge::EventBridgeEvent;
use aws_lambda_events::sqs::SqsEvent;
use base64::{Engine as _, prelude::BASE64_STANDARD};
use domain::values::moment::Moment;
use http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode};
use lambda_http::lambda_runtime::Context;
use lambda_http::request::LambdaRequest;
use lambda_http::{Adapter, LambdaEvent};
use local::template::{FunctionSpec, RouteSpec};
use serde_json::{Value, json};
use store::{AttemptMessage, ClickMessage, Lane, Pointer};
use tests::{Answer, Receiver, TestEnv, TestEnvOptions};
use tower::{Service, ServiceExt};

/// What a function makes of an event.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Outcome {
    /// A response with this status.
    Status(u16),
    /// A batch of which no message comes back.
    Done,
    /// Nothing, as of a schedule.
    Nothing,
}

use Outcome::{Done, Nothing, Status};

/// Every event and what becomes of it, in an order in which each finds what it needs.
pub(crate) const STORY: &[(&str, Outcome)] = &[
    ("accounts/health", Status(200)),
    ("accounts/openapi", Status(200)),
    ("chain/sdk", Status(200)),
    ("accounts/default-404", Status(404)),
    ("accounts/create-handle", Status(201)),
    ("accounts/list-handles", Status(200)),
    ("accounts/get-handle", Status(200)),
    ("accounts/platform-admin-plan", Status(200)),
    ("accounts/put-collaborators", Status(200)),
    ("accounts/get-collaborators", Status(200)),
    ("links/upsert", Status(201)),
    ("links/read", Status(200)),
    ("links/list", Status(200)),
    ("accounts/token-create", Status(201)),
    ("accounts/token-list", Status(200)),
    ("links/list-by-token", Status(200)),
    ("links/rule-upsert", Status(201)),
    ("links/rule-list", Status(200)),
    ("links/route-preview", Status(200)),
    ("redirect/get", Status(302)),
    ("redirect/head", Status(302)),
    ("redirect/edge-get", Status(302)),
    ("redirect/edge-head", Status(302)),
    ("links/upsert-protected", Status(201)),
    ("redirect/password-post", Status(303)),
    ("redirect/edge-password-post", Status(303)),
    ("attribution/context-preflight", Status(200)),
    ("attribution/context", Status(200)),
    ("attribution/conversion-preflight", Status(200)),
    ("attribution/conversion", Status(202)),
    ("attribution/conversions-list", Status(200)),
    ("attribution/conversion-read", Status(200)),
    ("click-worker/clicks", Done),
    ("event-worker/events", Done),
    ("sweeper/schedule", Nothing),
    ("analytics/by-day", Status(200)),
    ("analytics/export-clicks", Status(200)),
    ("attribution/conversion-confirm", Status(200)),
    ("attribution/conversion-adjust", Status(201)),
    ("attribution/conversion-explain", Status(200)),
    ("accounts/usage-meters", Status(200)),
    ("accounts/token-revoke", Status(204)),
    ("accounts/audit-events", Status(200)),
    ("campaigns/create", Status(201)),
    ("campaigns/list", Status(200)),
    ("campaigns/read", Status(200)),
    ("campaigns/health", Status(200)),
    ("attribution/test-conversion", Status(202)),
    ("campaigns/update", Status(200)),
    ("campaigns/delete", Status(204)),
    ("webhooks/create", Status(201)),
    ("webhooks/list", Status(200)),
    ("webhooks/read", Status(200)),
    ("webhooks/rotate", Status(200)),
    ("webhooks/test", Status(202)),
    ("delivery-worker/deliveries", Done),
    ("delivery-worker/retries", Done),
    ("webhooks/deliveries", Status(200)),
    ("webhooks/delivery", Status(200)),
    ("webhooks/replay", Status(202)),
    ("webhooks/replay-range", Status(202)),
    ("webhooks/notifications", Status(200)),
    ("webhooks/update", Status(200)),
    ("webhooks/delete", Status(204)),
    ("chain/rule-upsert", Status(201)),
    ("chain/rule-list", Status(200)),
    ("chain/signals-preflight", Status(200)),
    ("chain/signals", Status(202)),
    ("chain/resolve-preflight", Status(200)),
    ("chain/resolve", Status(200)),
    ("chain/prefetch-preflight", Status(200)),
    ("chain/prefetch", Status(200)),
    ("chain/signals-of-handle", Status(202)),
    ("chain/session", Status(200)),
    ("chain/rule-delete", Status(204)),
    ("links/rollback", Status(200)),
    ("links/history", Status(200)),
    ("links/rule-delete", Status(204)),
    ("links/delete", Status(204)),
    ("accounts/transfer-ownership", Status(200)),
];

/// The hosts of the events, over those of the local server.
pub(crate) fn hosts() -> BTreeMap<String, String> {
    let variables = [
        ("PUBLIC_DOMAIN", "links.example"),
        ("PUBLIC_ORIGIN", "https://{handle}.links.example"),
        ("API_ORIGIN", "https://api.links.example"),
    ];
    variables.into_iter().map(|(name, value)| (name.to_owned(), value.to_owned())).collect()
}

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../events")
}

/// An event as it lies there, with its blanks.
pub(crate) fn text(name: &str) -> String {
    std::fs::read_to_string(folder().join(format!("{name}.json"))).unwrap_or_else(|error| panic!("{name}: {error}"))
}

fn json_of(name: &str) -> Value {
    serde_json::from_str(&text(name)).unwrap_or_else(|error| panic!("{name}: {error}"))
}

/// What stands for the `{{…}}` of the events.
pub(crate) struct Blanks(BTreeMap<&'static str, String>);

impl Blanks {
    /// With tokens from this moment on, and a receiver of webhooks; ctx and ids follow from the answers.
    pub(crate) fn new(keys: &local::keys::Keys, now: Moment, receiver: &Receiver) -> Self {
        let mint = |user: &str, groups: &[&str]| {
            local::token::mint(keys, user, groups, now.millis(), std::time::Duration::from_secs(3600)).expect("a token")
        };
        Self(BTreeMap::from([
            ("JWT_OWNER", mint("owner", &[])),
            ("JWT_PLATFORM_ADMIN", mint("admin", &["platform-admin"])),
            ("ORIGIN_VERIFY", "what CloudFront proves itself with".to_owned()),
            ("RECEIVER", receiver.url("/ingest")),
            ("SINCE", now.plus_secs(-60).to_string()),
        ]))
    }

    /// The event without blanks.
    pub(crate) fn fill(&self, name: &str, text: &str) -> String {
        let filled = self.0.iter().fold(text.to_owned(), |text, (blank, value)| text.replace(&format!("{{{{{blank}}}}}"), value));
        assert!(!filled.contains("{{"), "{name} has a blank that nothing fills yet");
        filled
    }

    /// Learns from an answer what later events need.
    pub(crate) fn learn(&mut self, name: &str, answer: &Answer) {
        let member = |name: &str| answer.json()[name].as_str().expect("text").to_owned();
        match name {
            "redirect/get" => self.0.insert("CTX", answer.ctx()),
            "attribution/conversion" => self.0.insert("CONVERSION_ID", member("conversionId")),
            "webhooks/create" => {
                self.0.insert("SECRET", member("secret"));
                self.0.insert("SUBSCRIPTION_ID", member("subscriptionId"))
            }
            "webhooks/rotate" => self.0.insert("NEXT_SECRET", member("secret")),
            "webhooks/test" => self.0.insert("DELIVERY_ID", member("deliveryId")),
            "accounts/token-create" => {
                self.0.insert("TOKEN_ID", member("tokenId"));
                self.0.insert("PAT", member("token"))
            }
            _ => None,
        };
    }

    /// What fills a blank.
    pub(crate) fn value(&self, blank: &str) -> &str {
        self.0.get(blank).map(String::as_str).unwrap_or_else(|| panic!("nothing fills {blank} yet"))
    }
}

/// Fails the test unless this outcome is the expected one; gives back the answer of an HTTP function.
#[track_caller]
pub(crate) fn judge(name: &str, expected: Outcome, outcome: &Value) -> Option<Answer> {
    match expected {
        Status(status) => {
            let answer = answer(outcome);
            assert_eq!(answer.status.as_u16(), status, "{name}: {}", answer.text());
            assert!(answer.header("x-request-id").starts_with("req_"), "{name}: {outcome}");
            Some(answer)
        }
        Done => {
            assert_eq!(*outcome, json!({"batchItemFailures": []}), "{name}");
            None
        }
        Nothing => {
            assert_eq!(*outcome, Value::Null, "{name}");
            None
        }
    }
}

/// The response in what a function hands to Lambda, read as API Gateway reads it.
#[track_caller]
fn answer(outcome: &Value) -> Answer {
    let text_of = |value: &Value| value.as_str().unwrap_or_else(|| panic!("no text in {outcome}")).to_owned();
    let mut headers = HeaderMap::new();
    let one = outcome["headers"].as_object().into_iter().flatten().map(|(name, value)| (name, text_of(value)));
    let many = outcome["multiValueHeaders"].as_object().into_iter().flatten();
    let many = many.flat_map(|(name, values)| values.as_array().into_iter().flatten().map(move |value| (name, text_of(value))));
    for (name, value) in one.chain(many) {
        headers.insert(HeaderName::try_from(name).expect("a name"), HeaderValue::try_from(value).expect("a value"));
    }
    let body = outcome["body"].as_str().unwrap_or_default();
    let body = if outcome["isBase64Encoded"] == true { BASE64_STANDARD.decode(body).expect("base64") } else { body.into() };
    let status =
        outcome["statusCode"].as_u64().and_then(|status| u16::try_from(status).ok()).and_then(|status| StatusCode::from_u16(status).ok());
    Answer { status: status.unwrap_or_else(|| panic!("no response: {outcome}")), headers, body: body.into() }
}

/// Holds an answer to an event against the document.
fn check(env: &TestEnv, event: &Value, answer: &Answer) {
    let http = &event["requestContext"]["http"];
    let method: Method = http["method"].as_str().expect("a method").parse().expect("a method");
    let path = event["rawPath"].as_str().expect("a path");
    let is_public_host = event["headers"]["host"].as_str().is_some_and(|host| host.starts_with("demo."));
    let path = if is_public_host { format!("/_edge/redirect/demo{path}") } else { path.to_owned() };
    let path = match event["rawQueryString"].as_str() {
        Some(query) if !query.is_empty() => format!("{path}?{query}"),
        _ => path,
    };
    let mut headers = HeaderMap::new();
    for (name, value) in event["headers"].as_object().into_iter().flatten() {
        let value = value.as_str().expect("text");
        headers.insert(HeaderName::try_from(name).expect("a name"), HeaderValue::try_from(value).expect("a value"));
    }
    let body = event["body"].as_str().unwrap_or_default();
    let body = if event["isBase64Encoded"] == true { BASE64_STANDARD.decode(body).expect("base64") } else { body.into() };
    env.contract.check(&method, &path, &tests::Sent { headers, body: body.into() }, answer);
}

/// Calls a function behind HTTP with the event's own text, and gives back what it would hand to Lambda.
async fn http<S, B>(service: S, event: &str) -> Value
where
    S: Service<lambda_http::Request, Response = http::Response<B>, Error = std::convert::Infallible> + Send + 'static,
    S::Future: Send + 'static,
    http::Response<B>: lambda_http::IntoResponse + Send,
{
    let request: LambdaRequest = serde_json::from_str(event).expect("an event of an HTTP API");
    let Ok(response) = Adapter::from(service).oneshot(LambdaEvent::new(request, Context::default())).await;
    serde_json::to_value(&response).expect("an answer")
}

async fn invoke(env: &TestEnv, function: &str, event: &str) -> Value {
    let (app, api) = (|| env.app(function).clone(), || env.api(function));
    let batch = || serde_json::from_str::<SqsEvent>(event).expect("an event of a queue");
    match function {
        "redirect" => http(redirect::service(api()), event).await,
        "links" => http(links::service(api()), event).await,
        "campaigns" => http(campaigns::service(api()), event).await,
        "attribution" => http(attribution::service(api()), event).await,
        "chain" => http(chain::service(api()), event).await,
        "analytics" => http(analytics::service(api()), event).await,
        "webhooks" => http(webhooks::service(api()), event).await,
        "accounts" => http(accounts::service(api()), event).await,
        "click-worker" => serde_json::to_value(click_worker::handle(ClickWorker::new(app()), batch()).await).expect("an answer"),
        "event-worker" => serde_json::to_value(event_worker::handle(app(), batch()).await).expect("an answer"),
        "delivery-worker" => serde_json::to_value(delivery_worker::handle(app(), batch()).await).expect("an answer"),
        "sweeper" => {
            serde_json::from_str::<EventBridgeEvent>(event).expect("an event of a schedule");
            sweeper::sweep(app()).await;
            Value::Null
        }
        other => panic!("there is no function {other}"),
    }
}

/// When the event was made, by its own word.
fn moment(event: &Value) -> Moment {
    let sent = &event["Records"][0]["attributes"]["SentTimestamp"];
    match (event["requestContext"]["timeEpoch"].as_i64(), sent.as_str(), event["time"].as_str()) {
        (Some(millis), _, _) => Moment::from_millis(millis),
        (None, Some(millis), _) => Moment::from_millis(millis.parse().expect("milliseconds")),
        (None, None, Some(text)) => text.parse().expect("a moment"),
        (None, None, None) => panic!("the event does not tell its time: {event}"),
    }
}

/// Works a queue off and gives back what its messages said.
async fn read_off(env: &TestEnv, queue: &str) -> Vec<Value> {
    let mut bodies = Vec::new();
    let keep = |messages: Vec<aws_lambda_events::sqs::SqsMessage>| {
        bodies.extend(messages.iter().map(|message| serde_json::from_str(message.body.as_deref().unwrap_or_default()).expect("JSON")));
        messages
    };
    env.drain_with(queue, keep).await;
    bodies
}

fn bodies(name: &str) -> Vec<Value> {
    let event = json_of(name);
    let records = event["Records"].as_array().cloned().unwrap_or_default();
    records.iter().map(|record| serde_json::from_str(record["body"].as_str().expect("a body")).expect("JSON")).collect()
}

/// Of the messages of the outbox those that name a conversion.
pub(crate) fn conversions(messages: &[Value]) -> Vec<&Value> {
    messages.iter().filter(|body| body["pk"].as_str().is_some_and(|pk| pk.starts_with("CONV#"))).collect()
}

/// The message of a click without what differs from visit to visit.
fn without_id_and_address(mut message: Value) -> Value {
    for member in ["id", "address"] {
        let value = &mut message["clicks"][0][member];
        assert!(value.is_string(), "no {member}");
        *value = Value::Null;
    }
    message
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_event_does_what_its_name_says() {
    let env = TestEnv::with(TestEnvOptions { begins: "2026-11-02T09:30:00Z", environment: hosts(), ..TestEnvOptions::default() }).await;
    let receiver = Receiver::start().await;
    let mut blanks = Blanks::new(env.keys(), env.now(), &receiver);
    for &(name, expected) in STORY {
        let filled = blanks.fill(name, &text(name));
        let event: Value = serde_json::from_str(&filled).expect("JSON");
        env.set_time(&env.now().max(moment(&event)).to_string());
        if name == "click-worker/clicks" {
            // A click that a busy queue refused is parked.
            env.sweep().await;
            let sent = read_off(&env, "ClicksQueue").await;
            let clicks: BTreeSet<String> = sent.iter().map(|message| message["clicks"][0]["id"].to_string()).collect();
            assert_eq!(clicks.len(), 4, "two visits and two visitors with the password; HEAD counts nothing: {sent:?}");
            let visit = sent.iter().find(|message| message["clicks"][0]["sessionId"] == "visitor-7f3a");
            assert_eq!(
                visit.cloned().map(without_id_and_address),
                Some(without_id_and_address(bodies(name).remove(0))),
                "the redirect's own message"
            );
        }
        let (function, _) = name.split_once('/').expect("a folder");
        let outcome = invoke(&env, function, &filled).await;
        if let Some(answer) = judge(name, expected, &outcome) {
            check(&env, &event, &answer);
            blanks.learn(name, &answer);
            if name == "analytics/by-day" {
                let totals = &answer.json()["totals"];
                let seen = ["clicks", "botClicks", "conversions", "revenue", "currency"].map(|member| totals[member].to_string());
                assert_eq!(seen, ["6", "1", "1", "24.99", "\"EUR\""], "what the workers were told is counted once");
            }
        }
        if name == "event-worker/events" {
            let [first, again] = <[Value; 2]>::try_from(bodies(name)).expect("two messages");
            assert_eq!(first, again);
            assert_eq!(conversions(&read_off(&env, "EventsQueue").await), [&first], "the event is the conversion's own message");
        }
        if name == "delivery-worker/retries" {
            assert_eq!(receiver.posted().len(), 1, "a delivery is delivered once");
            let own: Value = serde_json::from_str(&blanks.fill(name, &bodies("delivery-worker/deliveries")[0].to_string())).expect("JSON");
            assert_eq!(read_off(&env, "DeliveriesQueue").await, [own], "the event is the delivery's own message");
        }
    }
}

#[test]
fn every_event_file_is_part_of_the_story_and_the_other_way_round() {
    let functions = std::fs::read_dir(folder()).expect("events").map(|entry| entry.expect("an entry").path());
    let files = functions.flat_map(|function| std::fs::read_dir(function).expect("a folder")).map(|entry| entry.expect("an entry").path());
    let named = files.map(|file| {
        let name = file.strip_prefix(folder()).expect("inside").with_extension("");
        assert_eq!(file.extension().and_then(|kind| kind.to_str()), Some("json"), "{}", file.display());
        name.to_str().expect("text").to_owned()
    });
    let story: Vec<String> = STORY.iter().map(|(name, _)| (*name).to_owned()).collect();
    let told: BTreeSet<String> = story.iter().cloned().collect();
    assert_eq!(told.len(), story.len(), "an event is told twice");
    assert_eq!(named.collect::<BTreeSet<_>>(), told);
}

#[test]
fn queue_events_carry_what_the_functions_send_and_nothing_else() {
    for body in bodies("click-worker/clicks") {
        let message: ClickMessage = serde_json::from_value(body.clone()).expect("clicks");
        assert_eq!(serde_json::to_value(message).expect("JSON"), body, "a member no click has");
    }
    let conversion: Value = serde_json::from_str(json_of("attribution/conversion")["body"].as_str().expect("a body")).expect("JSON");
    let digest = domain::values::secret::sha256_hex(conversion["idempotencyKey"].as_str().expect("a key").as_bytes());
    let item = store::table::conversion(&"demo".parse().expect("a handle"), &digest);
    for body in bodies("event-worker/events") {
        let pointer: Pointer = serde_json::from_value(body.clone()).expect("a pointer");
        assert_eq!(pointer.key(), item, "the conversion of attribution/conversion.json");
        assert_eq!(serde_json::to_value(pointer).expect("JSON"), body);
    }
    for (name, lane) in [("delivery-worker/deliveries", Lane::First), ("delivery-worker/retries", Lane::Retries)] {
        for body in bodies(name) {
            let id = domain::values::id::DeliveryId::new(moment(&json_of(name)), 1).to_string();
            let body: Value = serde_json::from_str(&body.to_string().replace("{{DELIVERY_ID}}", &id)).expect("JSON");
            let message: AttemptMessage = serde_json::from_value(body.clone()).expect("an attempt");
            assert_eq!((message.lane, serde_json::to_value(message).expect("JSON")), (lane, body));
        }
    }
}

fn route_key(route: &RouteSpec) -> String {
    match route {
        RouteSpec::Path { method, path } => format!("{method} {path}"),
        RouteSpec::Default => "$default".to_owned(),
    }
}

/// What an event of API Gateway says twice, it says the same way.
fn is_consistent(name: &str, event: &Value) {
    let http = &event["requestContext"]["http"];
    let key = event["routeKey"].as_str().expect("a route key");
    assert_eq!((&event["requestContext"]["routeKey"], &http["path"]), (&event["routeKey"], &event["rawPath"]), "{name}");
    if let Some((method, route)) = key.split_once(' ') {
        let parameters = event["pathParameters"].as_object().into_iter().flatten();
        let path = parameters
            .fold(route.to_owned(), |path, (parameter, value)| path.replace(&format!("{{{parameter}}}"), value.as_str().expect("text")));
        assert_eq!((http["method"].as_str(), event["rawPath"].as_str()), (Some(method), Some(path.as_str())), "{name}");
    }
    let query = url::form_urlencoded::parse(event["rawQueryString"].as_str().expect("a query").as_bytes());
    let query: BTreeMap<String, String> = query.into_owned().collect();
    let parameters: BTreeMap<String, String> = serde_json::from_value(event["queryStringParameters"].clone()).unwrap_or_default();
    assert_eq!(query, parameters, "{name}");
    assert_eq!(event["headers"]["host"], event["requestContext"]["domainName"], "{name}");
    if let Some(length) = event["headers"]["content-length"].as_str() {
        let body = event["body"].as_str().expect("a body");
        let body = if event["isBase64Encoded"] == true { BASE64_STANDARD.decode(body).expect("base64") } else { body.into() };
        assert_eq!(length, body.len().to_string(), "{name}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_route_queue_and_schedule_of_the_template_has_its_event() {
    let env = TestEnv::new().await;
    let template = env.server().template();
    for FunctionSpec { binary, routes, sources, schedules, .. } in &template.functions {
        let own: Vec<(&str, Value)> = STORY
            .iter()
            .filter(|(name, _)| name.split_once('/').is_some_and(|(function, _)| function == binary))
            .map(|(name, _)| (*name, json_of(name)))
            .collect();
        let called = |(name, event): &(&str, Value)| {
            event["routeKey"].as_str().map(|key| {
                is_consistent(name, event);
                key.to_owned()
            })
        };
        let called: BTreeSet<String> = own.iter().filter_map(called).collect();
        // A route of the PAT family leads to the handler of the route it is the twin of, whose event is here.
        let routed: BTreeSet<String> = routes.iter().map(route_key).collect();
        let twins = routed
            .iter()
            .filter(|key| routed.contains(&key.replace("/v2/public/handles/", "/v2/handles/")) && key.contains("/v2/public/handles/"));
        let twins: BTreeSet<String> = twins.filter(|key| !called.contains(*key)).cloned().collect();
        assert_eq!(called, routed.difference(&twins).cloned().collect(), "{binary}");
        let records = own.iter().filter_map(|(_, event)| event["Records"].as_array()).flatten();
        let arns: BTreeSet<&str> = records.map(|record| record["eventSourceARN"].as_str().expect("an ARN")).collect();
        let queues = template.queues.iter().filter(|queue| sources.iter().any(|source| source.queue_arn == queue.arn));
        let queues: Vec<String> = queues.map(|queue| format!("-{}-", queue.id)).collect();
        assert_eq!(arns.len(), queues.len(), "{binary}: {arns:?}");
        assert!(queues.iter().all(|queue| arns.iter().any(|arn| arn.contains(queue))), "{binary}: {arns:?}");
        let woken = own.iter().filter(|(_, event)| event["detail-type"] == "Scheduled Event").count();
        assert_eq!(woken, schedules.len(), "{binary}");
    }
}
