//! Every file of `events/` is what the table of operations says and does what its row says, sent as Lambda sends it.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use aws_lambda_events::eventbridge::EventBridgeEvent;
use aws_lambda_events::sqs::SqsEvent;
use base64::{Engine as _, prelude::BASE64_STANDARD};
use click_worker::ClickWorker;
use domain::values::moment::Moment;
use http::{HeaderMap, HeaderName, HeaderValue, Method};
use lambda_http::lambda_runtime::Context;
use lambda_http::request::LambdaRequest;
use lambda_http::{Adapter, LambdaEvent};
use local::template::{FunctionSpec, RouteSpec};
use serde_json::Value;
use store::{AttemptMessage, ClickMessage, Lane, Pointer};
use tests::events::{about_conversions, bodies, check_outcome, event, folder, text, without_request};
use tests::operations::{Step, Walk, event_text, fill_path, steps};
use tests::{Answer, Contract, TestEnv};
use tower::{Service, ServiceExt};

/// The body in an event, empty when there is none.
fn body_of(event: &Value) -> Vec<u8> {
    let body = event["body"].as_str().unwrap_or_default();
    if event["isBase64Encoded"] == true { BASE64_STANDARD.decode(body).expect("base64") } else { body.into() }
}

/// Checks an event and the answer to it against the document.
fn check(env: &TestEnv, event: &Value, answer: &Answer) {
    let http = &event["requestContext"]["http"];
    let method: Method = http["method"].as_str().expect("a method").parse().expect("a method");
    let path = event["rawPath"].as_str().expect("a path");
    let path = match event["rawQueryString"].as_str() {
        Some(query) if !query.is_empty() => format!("{path}?{query}"),
        _ => path.to_owned(),
    };
    let path = Contract::path_of(event["headers"]["host"].as_str(), &path);
    let mut headers = HeaderMap::new();
    for (name, value) in event["headers"].as_object().into_iter().flatten() {
        let value = value.as_str().expect("text");
        headers.insert(HeaderName::try_from(name).expect("a name"), HeaderValue::try_from(value).expect("a value"));
    }
    env.contract.check(&method, &path, &tests::Sent { headers, body: body_of(event).into() }, answer);
}

/// Calls a function behind HTTP with the event's own text, and returns what it would return to Lambda.
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
        "redirect" => {
            let answer = api::event::answer(redirect::service(api()), event, Context::default()).await.expect("an event of an HTTP API");
            serde_json::to_value(&answer).expect("an answer")
        }
        "links" => http(links::service(api()), event).await,
        "campaigns" => http(campaigns::service(api()), event).await,
        "attribution" => http(attribution::service(api()), event).await,
        "chain" => http(chain::service(api()), event).await,
        "analytics" => http(analytics::service(api()), event).await,
        "webhooks" => http(webhooks::service(api()), event).await,
        "accounts" => http(accounts::service(api()), event).await,
        "console" => {
            let settings = local::functions::console_settings(env.server()).expect("settings");
            http(console::service(settings, app().inputs().clone()), event).await
        }
        "click-worker" => serde_json::to_value(click_worker::handle(ClickWorker::new(app()), batch()).await).expect("an answer"),
        "event-worker" => serde_json::to_value(event_worker::handle(app(), batch()).await).expect("an answer"),
        "delivery-worker" => serde_json::to_value(delivery_worker::handle(app(), batch()).await).expect("an answer"),
        "sweeper" => {
            serde_json::from_str::<EventBridgeEvent>(event).expect("an event of a schedule");
            sweeper::sweep(app()).await;
            Value::Null
        }
        "recounter" => {
            serde_json::from_str::<EventBridgeEvent>(event).expect("an event of a schedule");
            recounter::recount_yesterday(app()).await;
            Value::Null
        }
        other => panic!("there is no function {other}"),
    }
}

/// When an event of a queue or a schedule was sent.
fn sent_at(event: &Value) -> Moment {
    let sent = &event["Records"][0]["attributes"]["SentTimestamp"];
    match (sent.as_str(), event["time"].as_str()) {
        (Some(millis), _) => Moment::from_millis(millis.parse().expect("milliseconds")),
        (None, Some(text)) => text.parse().expect("a moment"),
        (None, None) => panic!("the event does not say when it was sent: {event}"),
    }
}

/// Has the worker process a queue and returns the bodies of its messages.
async fn read_off(env: &TestEnv, queue: &str) -> Vec<Value> {
    let mut bodies = Vec::new();
    let keep = |messages: Vec<aws_lambda_events::sqs::SqsMessage>| {
        bodies.extend(messages.iter().map(|message| serde_json::from_str(message.body.as_deref().unwrap_or_default()).expect("JSON")));
        messages
    };
    env.drain_with(queue, keep).await;
    bodies
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

/// The IAM statements that an event need not use: for failures, for what only passes later, and for the secret that a local server has in
/// a variable.
const MAY_BE_UNUSED: [&str; 38] = [
    "accounts FindRecordsOfAPerson",
    "accounts ListConversionsOfAPerson",
    "accounts ReadConversionsOfAPerson",
    "analytics AuditRefusedTokens",
    "analytics NoteUsesOfTokens",
    "analytics ReadLedger",
    "analytics ReadListedEntries",
    "attribution NoteUsesOfTokens",
    "attribution ReadPlatformSecret",
    "campaigns NoteUsesOfTokens",
    "chain ReadPlatformSecret",
    "click-worker AnnounceClicksAndFolds",
    "click-worker ReadCampaigns",
    "delivery-worker AnnounceWhatFollows",
    "delivery-worker ReadPlatformSecret",
    "event-worker AnnounceAgainLater",
    "event-worker AnnounceDeliveries",
    "event-worker OpenDeliveries",
    "event-worker ReadAndDeleteDeltas",
    "links ListByCreation",
    "recounter ReadRecords",
    "redirect ParkClicksTheQueueRefused",
    "redirect ReadClicksUsed",
    "redirect ReadPlatformSecret",
    "sweeper EraseHandles",
    "sweeper ListWhatIsErased",
    "sweeper PostponeOverdueWork",
    "sweeper ReadAndCloseErasedHandles",
    "sweeper ReadAndEndErasures",
    "sweeper ReadDeliveries",
    "sweeper ReadPlatformSecret",
    "sweeper ReadSecretsUnderPreviousKeys",
    "sweeper ReadWhatIsListed",
    "sweeper Reseal",
    "sweeper RestateAndFoldFigures",
    "sweeper SendAgain",
    "sweeper SendParkedClicks",
    "webhooks ReadPlatformSecret",
];

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_event_does_what_its_name_says() {
    let Walk { env, mut values, receiver } = Walk::begin().await;
    for step in steps() {
        let name = step.name();
        let filled = values.fill(name, &text(name));
        let event: Value = serde_json::from_str(&filled).expect("JSON");
        env.advance_ms(1000);
        if matches!(step, Step::Event(_)) {
            env.set_time(&env.now().max(sent_at(&event)).to_string());
        }
        if name == "click-worker/clicks" {
            // A click that a busy queue refused is parked.
            env.sweep().await;
            let sent = read_off(&env, "ClicksQueue").await;
            let clicks: BTreeSet<String> = sent.iter().map(|message| message["clicks"][0]["id"].to_string()).collect();
            assert_eq!(clicks.len(), 4, "two visits and two visitors with the password; HEAD counts nothing: {sent:?}");
            let visit = sent.iter().find(|message| message["clicks"][0]["sessionId"] == "visitor-7f3a");
            assert_eq!(
                visit.cloned().map(without_request).map(without_id_and_address),
                Some(without_id_and_address(bodies(name).remove(0))),
                "the redirect's own message"
            );
        }
        let outcome = invoke(&env, step.function(), &filled).await;
        if let (Step::Request(operation), Some(answer)) = (step, check_outcome(step, &outcome)) {
            check(&env, &event, &answer);
            values.learn(operation, &answer);
            if name == "analytics/by-day" {
                let totals = &answer.json()["totals"];
                let seen = ["clicks", "botClicks", "conversions", "revenue", "currency"].map(|member| totals[member].to_string());
                assert_eq!(seen, ["6", "1", "1", "24.99", "\"EUR\""], "what the workers received is counted once");
            }
        }
        if name == "event-worker/events" {
            let [first, again] = <[Value; 2]>::try_from(bodies(name)).expect("two messages");
            assert_eq!(first, again);
            let own: Vec<Value> =
                about_conversions(&read_off(&env, "EventsQueue").await).into_iter().cloned().map(without_request).collect();
            assert_eq!(own, [first], "the event is the conversion's own message");
        }
        if name == "delivery-worker/retries" {
            assert_eq!(receiver.posted().len(), 1, "a delivery is delivered once");
            let own: Value = serde_json::from_str(&values.fill(name, &bodies("delivery-worker/deliveries")[0].to_string())).expect("JSON");
            let sent: Vec<Value> = read_off(&env, "DeliveriesQueue").await.into_iter().map(without_request).collect();
            assert_eq!(sent, [own], "the event is the delivery's own message");
        }
    }
    // The same requests go through a deployment in .ci/smoke. What they do not use is for failures and for what is not in the table.
    let unused = env.faults.unused_statements();
    let unused = unused.iter().map(|(function, statement)| format!("{function} {statement}"));
    let unused: Vec<String> = unused.filter(|statement| !MAY_BE_UNUSED.contains(&statement.as_str())).collect();
    assert_eq!(unused, [""; 0], "no event uses these statements");
}

/// Every file below the folder of events, as function and case.
fn files() -> BTreeSet<String> {
    let entries = |folder: &Path| std::fs::read_dir(folder).expect("a folder").map(|entry| entry.expect("an entry").path());
    let files = entries(&folder()).flat_map(|function| entries(&function).collect::<Vec<_>>());
    let named = files.map(|file| {
        assert_eq!(file.extension().and_then(|kind| kind.to_str()), Some("json"), "{}", file.display());
        file.strip_prefix(folder()).expect("inside").with_extension("").to_str().expect("text").to_owned()
    });
    named.collect()
}

#[test]
fn every_event_file_is_what_the_table_of_operations_says() {
    let requests = steps().iter().filter_map(|step| match step {
        Step::Request(operation) => Some(operation),
        Step::Event(_) => None,
    });
    let mut differing = Vec::new();
    for operation in requests {
        let (path, expected) = (folder().join(format!("{}.json", operation.name)), event_text(operation));
        if std::fs::read_to_string(&path).ok().as_ref() == Some(&expected) {
            continue;
        }
        if std::env::var_os("UPDATE").is_some() {
            std::fs::create_dir_all(path.parent().expect("a folder")).expect("a folder");
            std::fs::write(&path, expected).expect("a file");
        } else {
            differing.push(operation.name);
        }
    }
    assert_eq!(differing, [""; 0], "write these again: UPDATE=1 cargo test -p tests --test suites -- contract::event_files");
    let names: Vec<&str> = steps().iter().map(Step::name).collect();
    let in_table: BTreeSet<String> = names.iter().map(|name| (*name).to_owned()).collect();
    assert_eq!(in_table.len(), names.len(), "two rows have the same name");
    assert_eq!(files(), in_table, "the files of events/ and the names of the table");
}

#[test]
fn queue_events_carry_what_the_functions_send_and_nothing_else() {
    for body in bodies("click-worker/clicks") {
        let message: ClickMessage = serde_json::from_value(body.clone()).expect("clicks");
        assert_eq!(serde_json::to_value(message).expect("JSON"), body, "a member no click has");
    }
    let conversion: Value = serde_json::from_str(event("attribution/conversion")["body"].as_str().expect("a body")).expect("JSON");
    let digest = domain::values::secret::sha256_hex(conversion["idempotencyKey"].as_str().expect("a key").as_bytes());
    let item = store::table::conversion(&"demo".parse().expect("a handle"), &digest);
    for body in bodies("event-worker/events") {
        let pointer: Pointer = serde_json::from_value(body.clone()).expect("a pointer");
        assert_eq!(pointer.key(), item, "the conversion of attribution/conversion.json");
        assert_eq!(serde_json::to_value(pointer).expect("JSON"), body);
    }
    let [click] = <[Value; 1]>::try_from(bodies("event-worker/click-events")).expect("one message");
    let visits: Vec<ClickMessage> =
        bodies("click-worker/clicks").into_iter().map(|body| serde_json::from_value(body).expect("clicks")).collect();
    assert_eq!(
        click,
        serde_json::to_value(Pointer::to_click(&visits[0].clicks[0])).expect("JSON"),
        "the first click of click-worker/clicks"
    );
    for (name, lane) in [("delivery-worker/deliveries", Lane::First), ("delivery-worker/retries", Lane::Retries)] {
        for body in bodies(name) {
            let id = domain::values::id::DeliveryId::new(sent_at(&event(name)), 1).to_string();
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
        let parameters: Vec<_> = parameters.map(|(parameter, value)| (parameter.as_str(), value.as_str().expect("text"))).collect();
        let path = fill_path(route, &parameters);
        assert_eq!(event["rawPath"].as_str(), Some(path.as_str()), "{name}");
        assert!(method == "ANY" || http["method"] == method, "{name}");
    }
    let query = url::form_urlencoded::parse(event["rawQueryString"].as_str().expect("a query").as_bytes());
    let query: BTreeMap<String, String> = query.into_owned().collect();
    let parameters: BTreeMap<String, String> = serde_json::from_value(event["queryStringParameters"].clone()).unwrap_or_default();
    assert_eq!(query, parameters, "{name}");
    assert_eq!(event["headers"]["host"], event["requestContext"]["domainName"], "{name}");
    if let Some(length) = event["headers"]["content-length"].as_str() {
        assert_eq!(length, body_of(event).len().to_string(), "{name}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_route_queue_and_schedule_of_the_template_has_its_event() {
    let env = TestEnv::new().await;
    let template = env.server().template();
    for FunctionSpec { binary, routes, sources, schedules, .. } in &template.functions {
        let own = steps().iter().filter(|step| step.function() == binary);
        let own: Vec<(&str, Value)> = own.map(|step| (step.name(), event(step.name()))).collect();
        let called = |(name, event): &(&str, Value)| {
            event["routeKey"].as_str().map(|key| {
                is_consistent(name, event);
                key.to_owned()
            })
        };
        let called: BTreeSet<String> = own.iter().filter_map(called).collect();
        // A route of the PAT family leads to the handlers of the other routes, whose events are here.
        let is_for_tokens = |key: &String| key.starts_with("ANY /v2/public/handles/");
        let routed = routes.iter().map(route_key).filter(|key| called.contains(key) || !is_for_tokens(key)).collect();
        assert_eq!(called, routed, "{binary}");
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

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_error_is_returned_to_lambda_with_its_body_and_no_other_length() {
    let env = TestEnv::new().await;
    for function in ["redirect", "links", "campaigns", "attribution", "analytics", "webhooks", "chain", "accounts", "console"] {
        let files = std::fs::read_dir(folder().join(function)).expect("a folder").filter_map(Result::ok);
        let events = files.map(|file| serde_json::from_slice::<Value>(&std::fs::read(file.path()).expect("a file")).expect("JSON"));
        // The answer to HEAD has no body.
        let has_body = |event: &Value| event["requestContext"]["http"]["method"].as_str().is_some_and(|method| method != "HEAD");
        let mut event = events.into_iter().find(has_body).expect(function);
        // A path and a caller that every function refuses.
        event["rawPath"] = "/v2/handles/nosuch/none/of/this".into();
        event["headers"] = serde_json::json!({"host": "localhost:9000"});
        event["body"] = Value::Null;
        let answer = invoke(&env, function, &event.to_string()).await;
        let body = body_of(&answer);
        let length = answer["headers"]["content-length"].as_str().or_else(|| answer["multiValueHeaders"]["content-length"][0].as_str());
        assert!(answer["statusCode"].as_u64().is_some_and(|status| status >= 400) && !body.is_empty(), "{function}: {answer}");
        assert!(length.is_none_or(|length| length == body.len().to_string()), "{function}: {answer}");
    }
}
