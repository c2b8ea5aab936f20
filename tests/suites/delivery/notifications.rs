//! What became of every message: the panel, the delivery log with its filters and pages, and the catalogue of events.

use std::collections::BTreeSet;

use domain::webhooks::event::WebhookEventType;
use serde_json::{Value, json};
use tests::fixtures::webhooks::{self, DELIVERIES, WEBHOOKS, id_of};
use tests::{Behaviour, Receiver, TestEnv, messages};

const PANEL: &str = "/v2/handles/demo/notifications";

async fn subscribe(env: &TestEnv, receiver: &Receiver, types: &[&str]) -> String {
    // Ids of one millisecond are in no order.
    env.advance_ms(1);
    id_of(&webhooks::subscribe(env, receiver, types).await).to_owned()
}

async fn make_links(env: &TestEnv, numbers: std::ops::Range<usize>) {
    for number in numbers {
        env.put_link(&format!("link-{number:03}")).await.expect(201);
    }
    env.drain("EventsQueue").await;
    env.deliver().await;
}

async fn list(env: &TestEnv, query: &str) -> Vec<Value> {
    let page = env.operator().get(&format!("{DELIVERIES}?{query}")).await.expect(200).json();
    page["items"].as_array().unwrap().clone()
}

/// Lets every attempt come that is still to come.
async fn wear_out(env: &TestEnv) {
    for _ in 0..6 {
        env.advance_ms(80_000);
        env.deliver().await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_panel_counts_what_the_log_contains_and_shows_the_latest_failures() {
    let env = TestEnv::new().await;
    let (good, bad, off) = (Receiver::start().await, Receiver::start().await, Receiver::start().await);
    bad.always(Behaviour::Answer(503, b"overloaded".to_vec()));
    let ids = [subscribe(&env, &good, &["link.created"]).await, subscribe(&env, &bad, &["link.created"]).await];
    let cancelled = subscribe(&env, &off, &["webhook.test"]).await;
    env.operator().post(&format!("{WEBHOOKS}/{cancelled}/test"), json!({})).await.expect(202);
    env.operator().put(&format!("{WEBHOOKS}/{cancelled}"), json!({"enabled": false})).await.expect(200);
    make_links(&env, 0..3).await;
    wear_out(&env).await;
    make_links(&env, 3..5).await;
    let panel = env.creator().get(PANEL).await.expect(200).json();
    let program = env.pat_client(&["webhooks.read"]).await;
    assert_eq!(program.get("/v2/public/handles/demo/notifications").await.expect(200).json(), panel);
    let webhooks = panel["webhooks"].as_array().unwrap();
    assert_eq!(
        webhooks.iter().map(|webhook| webhook["subscriptionId"].as_str().unwrap()).collect::<Vec<_>>(),
        [&ids[0], &ids[1], &cancelled]
    );
    for webhook in webhooks {
        let id = webhook["subscriptionId"].as_str().unwrap();
        let mut log = json!({"delivered": 0, "failed": 0, "pending": 0});
        for delivery in list(&env, &format!("subscriptionId={id}")).await {
            let counted = match delivery["status"].as_str().unwrap() {
                "DELIVERED" => "delivered",
                "EXHAUSTED" => "failed",
                "CANCELLED" => continue,
                _ => "pending",
            };
            log[counted] = json!(log[counted].as_i64().unwrap() + 1);
        }
        assert_eq!(webhook["counts24h"], log, "{id}");
        assert_eq!(webhook["lastDelivery"], list(&env, &format!("subscriptionId={id}&limit=1")).await[0], "{id}");
        let mut subscription = webhook.clone();
        for added in ["counts24h", "lastDelivery"] {
            subscription.as_object_mut().unwrap().remove(added);
        }
        assert_eq!(subscription, env.operator().get(&format!("{WEBHOOKS}/{id}")).await.expect(200).json());
    }
    assert_eq!(webhooks[0]["counts24h"], json!({"delivered": 5, "failed": 0, "pending": 0}));
    assert_eq!(webhooks[1]["counts24h"], json!({"delivered": 0, "failed": 3, "pending": 2}));
    assert_eq!(webhooks[2]["counts24h"], json!({"delivered": 0, "failed": 0, "pending": 0}), "cancelled");
    assert_eq!(panel["recentFailures"], json!(list(&env, "status=EXHAUSTED").await));
    assert_eq!(panel["recentFailures"].as_array().unwrap().len(), 3);
    let attempts = panel["recentFailures"][0]["attempts"].as_array().unwrap();
    assert_eq!((attempts.len(), &attempts[5]["outcome"], &attempts[5]["responseSnippet"]), (6, &json!("http_503"), &json!("overloaded")));

    // A day later the counts start at zero again, and the log still has everything.
    wear_out(&env).await;
    env.advance_ms(25 * 3_600_000);
    let panel = env.creator().get(PANEL).await.expect(200).json();
    for webhook in panel["webhooks"].as_array().unwrap() {
        assert_eq!(webhook["counts24h"], json!({"delivered": 0, "failed": 0, "pending": 0}));
        assert_eq!(webhook["lastDelivery"], Value::Null);
    }
    assert_eq!(panel["recentFailures"].as_array().unwrap().len(), 5);
    env.stranger().get(PANEL).await.refused(404, "handle_not_found");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_catalogue_names_every_event_with_a_message_as_it_is_sent() {
    let env = TestEnv::new().await;
    let panel = env.creator().get(PANEL).await.expect(200).json();
    assert_eq!((&panel["webhooks"], &panel["recentFailures"]), (&json!([]), &json!([])));
    let catalogue = panel["eventCatalog"].as_array().unwrap();
    let types: Vec<&str> = catalogue.iter().map(|entry| entry["type"].as_str().unwrap()).collect();
    assert_eq!(types, WebhookEventType::ALL.iter().map(|kind| kind.as_str()).collect::<Vec<_>>());
    assert_eq!(types.iter().map(|kind| (*kind).to_owned()).collect::<BTreeSet<_>>(), messages::documented());
    for entry in catalogue {
        let kind = entry["type"].as_str().unwrap();
        assert!(!entry["description"].as_str().unwrap().is_empty());
        assert_eq!((&entry["examplePayload"]["type"], &entry["examplePayload"]["handle"]), (&json!(kind), &json!("demo")));
        assert_eq!(messages::faults_of_body(&entry["examplePayload"]), Vec::<String>::new());
        assert_eq!(messages::faults_of_body(&messages::example(kind)), Vec::<String>::new(), "the document's own example");
    }
    let mut other = messages::example("conversion.recorded");
    other["payload"]["surprise"] = json!(1);
    assert!(!messages::faults_of_body(&other).is_empty(), "an undocumented member is a fault");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_log_is_filtered_by_status_subscription_and_time_and_paged() {
    let env = TestEnv::new().await;
    let (good, bad) = (Receiver::start().await, Receiver::start().await);
    bad.always(Behaviour::status(500));
    let (good, bad) = (subscribe(&env, &good, &["link.created"]).await, subscribe(&env, &bad, &["link.created"]).await);
    make_links(&env, 0..4).await;
    wear_out(&env).await;
    let noon = env.now();
    env.advance_ms(1000);
    make_links(&env, 4..7).await;
    let statuses = |deliveries: &[Value]| {
        let statuses = deliveries.iter().map(|delivery| delivery["status"].as_str().unwrap().to_owned());
        statuses.collect::<BTreeSet<_>>().into_iter().collect::<Vec<_>>()
    };
    let all = list(&env, "").await;
    assert_eq!(all.len(), 14);
    assert!(all.windows(2).all(|two| two[0]["deliveryId"].as_str() >= two[1]["deliveryId"].as_str()), "newest first");
    for (query, number, expected) in [
        ("status=DELIVERED".to_owned(), 7, "DELIVERED"),
        ("status=EXHAUSTED".to_owned(), 4, "EXHAUSTED"),
        ("status=SCHEDULED".to_owned(), 3, "SCHEDULED"),
        (format!("subscriptionId={good}"), 7, "DELIVERED"),
        (format!("subscriptionId={bad}&status=EXHAUSTED"), 4, "EXHAUSTED"),
        (format!("subscriptionId={good}&since={noon}"), 3, "DELIVERED"),
        (format!("subscriptionId={bad}&until={noon}"), 4, "EXHAUSTED"),
    ] {
        let found = list(&env, &query).await;
        assert_eq!((found.len(), statuses(&found)), (number, vec![expected.to_owned()]), "{query}");
    }
    assert_eq!(list(&env, &format!("since={noon}&until={noon}")).await, Vec::<Value>::new());
    let (mut paged, mut cursor) = (Vec::new(), String::new());
    loop {
        let page = env.operator().get(&format!("{DELIVERIES}?limit=5{cursor}")).await.expect(200).json();
        paged.extend(page["items"].as_array().unwrap().clone());
        match page["nextCursor"].as_str() {
            Some(next) => cursor = format!("&cursor={next}"),
            None => break,
        }
    }
    assert_eq!(paged, all, "page by page it is the same");
    for delivery in &all {
        let path = format!("{DELIVERIES}/{}", delivery["deliveryId"].as_str().unwrap());
        let mut alone = env.operator().get(&path).await.expect(200).json();
        assert!(alone.as_object_mut().unwrap().remove("request").is_some());
        assert_eq!(alone, *delivery);
    }
    let bad = env.operator().get(&format!("{DELIVERIES}?status=LOST&subscriptionId=x&since=noon&until=later&colour=red")).await;
    assert_eq!(bad.refused(400, "invalid_payload").fields(), ["status", "subscriptionId", "since", "until", "colour"]);
    for (query, field) in [("limit=0", "limit"), ("limit=101", "limit"), ("cursor=x", "cursor")] {
        assert_eq!(env.operator().get(&format!("{DELIVERIES}?{query}")).await.expect(400).fields(), [field], "{query}");
    }
    env.operator().get(&format!("{DELIVERIES}/dlv_nonsense")).await.refused(404, "not_found");
    env.creator().get(DELIVERIES).await.refused(403, "insufficient_role");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_range_or_a_cursor_of_no_use_is_named_or_empty_and_never_a_failure_of_ours() {
    let env = TestEnv::new().await;
    let receiver = Receiver::start().await;
    receiver.always(Behaviour::status(500));
    subscribe(&env, &receiver, &["link.created"]).await;
    let since = env.now();
    make_links(&env, 0..3).await;
    wear_out(&env).await;
    let page = env.operator().get(&format!("{DELIVERIES}?limit=1")).await.expect(200).json();
    let real = page["nextCursor"].as_str().unwrap().to_owned();
    let now = env.now();
    let (second_ago, tomorrow) = (now.plus_millis(-1000), now.plus_days(1));
    let refused = [
        (format!("since={now}&until={second_ago}"), "until"),
        (format!("since={now}&until={since}"), "until"),
        ("cursor=AAAA".to_owned(), "cursor"),
        ("cursor=AA".to_owned(), "cursor"),
        ("cursor=IyMjIyM".to_owned(), "cursor"),
        (format!("cursor={real}&since={now}"), "cursor"),
        (format!("cursor={real}&until={}", since.plus_millis(-1)), "cursor"),
    ];
    for (query, field) in refused {
        let answer = env.operator().get(&format!("{DELIVERIES}?{query}")).await.refused(400, "invalid_payload");
        assert_eq!(answer.fields(), [field], "{query}");
    }
    for query in ["until=2020-01-01T00:00:00Z".to_owned(), "until=1900-01-01T00:00:00Z".to_owned(), format!("since={tomorrow}")] {
        let page = env.operator().get(&format!("{DELIVERIES}?{query}")).await.expect(200).json();
        assert_eq!(page, json!({"items": [], "nextCursor": null}), "{query}");
    }
    let whole = list(&env, &format!("since={since}&until={now}")).await;
    assert_eq!(whole.len(), 3, "both ends belong to a range");
    let replay = format!("{DELIVERIES}/replay");
    let refused = [
        (json!({"since": now, "until": second_ago}), "until"),
        (json!({"since": since, "cursor": "AAAA"}), "cursor"),
        (json!({"since": since, "cursor": ""}), "cursor"),
        (json!({"since": now, "cursor": real}), "cursor"),
    ];
    for (body, field) in refused {
        assert_eq!(env.operator().post(&replay, body.clone()).await.refused(400, "invalid_payload").fields(), [field], "{body}");
    }
    let bad = json!({"until": 5, "cursor": 5, "colour": "red"});
    assert_eq!(env.operator().post(&replay, bad).await.expect(400).fields(), ["since", "until", "cursor", "colour"]);
    let none = env.operator().post(&replay, json!({"since": tomorrow})).await.expect(202).json();
    assert_eq!(none, json!({"items": [], "nextCursor": null}));
    // A page that outlived the list ends it.
    env.advance_ms(40 * 86_400_000);
    let page = env.operator().get(&format!("{DELIVERIES}?cursor={real}")).await.expect(200).json();
    assert_eq!(page, json!({"items": [], "nextCursor": null}));
}
