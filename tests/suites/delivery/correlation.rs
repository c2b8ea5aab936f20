//! One id leads from the API call to the receiver, and every invocation writes its line of metrics.

use std::collections::BTreeSet;

use aws_lambda_events::sqs::SqsMessage;
use domain::values::id::DeliveryId;
use local::jobs::trace::{self, TraceId};
use serde_json::{Value, json};
use store::invocation::Metric;
use tests::fixtures::order;
use tests::fixtures::webhooks::subscribe;
use tests::{Answer, Receiver, TestEnv, keep_metric_lines, metric_lines};

/// Has a worker process its queue; returns the messages.
async fn drain(env: &TestEnv, queue: &str) -> Vec<Value> {
    let mut bodies = Vec::new();
    let keep = |messages: Vec<SqsMessage>| {
        bodies
            .extend(messages.iter().map(|message| message.body.as_deref().and_then(|body| serde_json::from_str(body).ok()).expect("JSON")));
        messages
    };
    env.drain_with(queue, keep).await;
    bodies
}

/// A conversion that was posted and whose messages wait, the receiver of its webhook, and the answer.
async fn posted_order() -> (TestEnv, Receiver, Answer) {
    let env = TestEnv::new().await;
    let receiver = Receiver::start().await;
    subscribe(&env, &receiver, &["conversion.recorded"]).await;
    env.put_link("launch").await;
    let ctx = env.ctx("launch").await;
    env.advance_ms(1_000);
    let answer = env.anonymous().post("/v2/public/conversions", order(&ctx, "order-1", 24.99, "EUR")).await.expect(202);
    (env, receiver, answer)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_id_of_a_request_leads_through_the_workers_to_the_receiver() {
    let (env, receiver, answer) = posted_order().await;
    let (request, receipt) = (answer.header("x-request-id").to_owned(), answer.json());
    drain(&env, "ClicksQueue").await;
    let events = drain(&env, "EventsQueue").await;
    let of_conversion: Vec<&Value> = events.iter().filter(|body| body["pk"].as_str().is_some_and(|pk| pk.starts_with("CONV#"))).collect();
    assert!(!of_conversion.is_empty() && of_conversion.iter().all(|body| body["requestId"] == request.as_str()), "{events:?}");
    let attempts = drain(&env, "DeliveriesQueue").await;
    assert!(attempts.len() == 1 && attempts[0]["requestId"] == request.as_str(), "{attempts:?}");
    let id: DeliveryId = attempts[0]["deliveryId"].as_str().and_then(|id| id.parse().ok()).expect("an id");
    let stored = env.unrestricted_store().deliveries().get(&env.handle(), id).await.expect("a table").expect("a delivery");
    assert_eq!(stored.request_id.map(|id| id.to_string()), Some(request.clone()));
    assert_eq!(receiver.posted().iter().map(|posted| posted.header("x-10x-delivery-id")).collect::<Vec<_>>(), [id.to_string()]);

    // The same way, found in the table by either id.
    let store = env.unrestricted_store();
    let conversion = receipt["conversionId"].as_str().expect("an id");
    let by_request = trace::run(&store, None, request.parse().expect("an id"), env.now()).await.expect("a way");
    let by_conversion = trace::run(&store, Some(&env.handle()), conversion.parse().expect("an id"), env.now()).await.expect("a way");
    assert_eq!(by_request, by_conversion);
    let text = by_request.iter().map(|step| step.what.as_str()).collect::<Vec<_>>().join("\n");
    for part in [request.as_str(), conversion, &id.to_string(), "counted", "attempt 1: http_200", "Delivered"] {
        assert!(text.contains(part), "{part} is missing in {text}");
    }
    let unknown = TraceId::Request(domain::values::id::RequestId::new(env.now(), 1));
    assert!(matches!(trace::run(&store, None, unknown, env.now()).await, Err(local::Error::NotTraced)));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_message_that_the_sweeper_sends_again_leads_to_the_same_request() {
    let (env, _receiver, answer) = posted_order().await;
    env.drain("ClicksQueue").await;
    env.drain_with("EventsQueue", |_| Vec::new()).await;
    env.advance_ms(121_000);
    env.sweep().await;
    env.drain("EventsQueue").await;
    let attempts = drain(&env, "DeliveriesQueue").await;
    assert!(!attempts.is_empty() && attempts.iter().all(|body| body["requestId"] == answer.header("x-request-id")), "{attempts:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_invocation_writes_one_line_whose_only_dimension_is_its_function() {
    keep_metric_lines();
    let env = TestEnv::new().await;
    env.put_link("launch").await;
    let visit = env.visitor().follow("launch").await.expect(302);
    // Ids of requests are the same in every environment of the tests; those of the gateway are not.
    let of_request = |answer: &Answer| metric_lines(|line| line["lambda.requestId"] == answer.header("apigw-requestid"));
    let [line] = of_request(&visit).try_into().expect("one line for one request");
    assert_eq!((&line["FunctionName"], &line["http.status"]), (&json!("RedirectFunction"), &json!("302")));
    assert!(line["latency_ms"].is_u64() && line["click_send_ms"].is_u64(), "{line}");
    assert!(!line.to_string().contains("ctx=") && !line.to_string().contains(&visit.ctx()), "{line}");
    env.process_events().await;
    env.advance_ms(1_000);
    env.sweep().await;
    let unknown = env.anonymous().get("/v2/handles/demo/links").await;
    assert_eq!(of_request(&unknown).len(), 1, "an error has its line too");
    let known: BTreeSet<&str> = Metric::ALL.iter().map(|metric| metric.name()).collect();
    for line in metric_lines(|_| true) {
        let [directive] = line["_aws"]["CloudWatchMetrics"].as_array().expect("metrics").as_slice() else { panic!("{line}") };
        assert_eq!(directive["Dimensions"], json!([["FunctionName"]]));
        for metric in directive["Metrics"].as_array().expect("metrics") {
            let name = metric["Name"].as_str().expect("a name");
            assert!(known.contains(name) && line[name].is_u64(), "{name} in {line}");
        }
    }
    // Other tests in this process have their lines too.
    assert!(!metric_lines(|line| line["FunctionName"] == "SweeperFunction" && line["sweeps"] == 1).is_empty());
    assert!(!metric_lines(|line| line["FunctionName"] == "ClickWorkerFunction" && line["settle_lag_ms"].is_u64()).is_empty());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_message_of_a_newer_version_returns_to_its_queue_and_is_counted() {
    keep_metric_lines();
    let env = TestEnv::new().await;
    env.put_link("launch").await;
    env.visitor().follow("launch").await.expect(302);
    let newer = |messages: Vec<SqsMessage>| messages.into_iter().map(newer).collect();
    let report = env.drain_with("ClicksQueue", newer).await;
    assert_eq!((report.received, report.failed, report.deleted), (1, 1, 0), "{report:?}");
    assert!(!metric_lines(|line| line["FunctionName"] == "ClickWorkerFunction" && line["unknown_version"] == 1).is_empty());
    let report = env.drain("ClicksQueue").await;
    assert_eq!((report.received, report.deleted), (1, 1), "the same message as it was sent: {report:?}");
}

/// The message as a version after this one sends it: with members that this one does not know.
fn newer(mut message: SqsMessage) -> SqsMessage {
    message.body = Some(json!({"v": store::MESSAGE_VERSION + 1, "batch": "of another kind"}).to_string());
    message
}
