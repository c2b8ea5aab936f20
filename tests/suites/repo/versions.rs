//! What former versions stored and sent is read by the code of today: `tests/fixtures`, a folder for each version.

use std::collections::BTreeMap;

use aws_lambda_events::sqs::{SqsEvent, SqsMessage};
use click_worker::ClickWorker;
use serde_json::{Value, json};
use tests::TestEnv;

use super::invariants::read;

/// The versions with fixtures.
const VERSIONS: [u8; 1] = [1];
/// After everything the fixtures have; nothing of them has expired.
const LATER: &str = "2026-11-22T23:00:00Z";

/// An environment with the items that a version stored: the handle `acme` of `demo-owner`.
async fn with_items_of(version: u8) -> (TestEnv, usize) {
    let env = TestEnv::new().await;
    env.set_time(LATER);
    let text = read(format!("tests/fixtures/{version}/items.jsonl"));
    let items: Vec<Value> = text.lines().map(|line| serde_json::from_str(line).expect("an item")).collect();
    let number = items.len();
    for item in items {
        env.call_table("PutItem", json!({ "Item": item })).await;
    }
    (env, number)
}

/// What an answer says is damaged, at any depth.
fn damaged(answer: &Value) -> Vec<Value> {
    match answer {
        Value::Object(members) => {
            let own = members.get("damaged").filter(|found| **found != json!(false) && **found != json!([])).cloned();
            own.into_iter().chain(members.values().flat_map(damaged)).collect()
        }
        Value::Array(items) => items.iter().flat_map(damaged).collect(),
        _ => Vec::new(),
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn items_of_former_versions_are_read_listed_and_changed() {
    for version in VERSIONS {
        let (env, number) = with_items_of(version).await;
        assert!(number > 40, "{number} items");
        let owner = env.user("demo-owner", &[]);
        // Each list with the least number of entries the fixture has.
        let lists = [
            ("/v2/handles".to_owned(), 1),
            ("/v2/handles/acme/links".to_owned(), 2),
            ("/v2/handles/acme/campaigns".to_owned(), 1),
            ("/v2/handles/acme/personalization-rules".to_owned(), 1),
            ("/v2/handles/acme/chain/rules".to_owned(), 1),
            ("/v2/handles/acme/webhooks".to_owned(), 2),
            ("/v2/handles/acme/deliveries?limit=100".to_owned(), 2),
            ("/v2/handles/acme/tokens".to_owned(), 1),
            ("/v2/handles/acme/audit-events".to_owned(), 3),
            ("/v2/handles/acme/conversions".to_owned(), 4),
            ("/v2/handles/acme/clicks".to_owned(), 4),
        ];
        let mut found = BTreeMap::new();
        for (path, least) in lists {
            let answer = owner.get(&path).await.expect(200).json();
            let items = answer["items"].as_array().unwrap_or_else(|| panic!("{path}: {answer}")).clone();
            assert!(items.len() >= least && damaged(&answer).is_empty(), "version {version}, {path}: {answer}");
            found.insert(path.split(['?']).next().expect("a path").to_owned(), items);
        }
        for conversion in &found["/v2/handles/acme/conversions"] {
            let id = conversion["conversionId"].as_str().expect("an id");
            let explained = owner.get(&format!("/v2/handles/acme/conversions/{id}/explain")).await.expect(200).json();
            assert!(damaged(&explained).is_empty(), "version {version}: {explained}");
        }
        for delivery in &found["/v2/handles/acme/deliveries"] {
            let id = delivery["deliveryId"].as_str().expect("an id");
            owner.get(&format!("/v2/handles/acme/deliveries/{id}")).await.expect(200);
        }
        let report = owner.get("/v2/handles/acme/analytics?from=2026-11-19&to=2026-11-19").await.expect(200).json();
        assert!(damaged(&report).is_empty(), "version {version}: {report}");
        // What was stored then can be changed now.
        let slug = found["/v2/handles/acme/links"][0]["slug"].as_str().expect("a slug").to_owned();
        let path = format!("/v2/handles/acme/links/{slug}");
        let before = owner.get(&path).await.expect(200).json()["version"].as_u64().expect("a version");
        let after = owner.put(&path, json!({"destinationUrl": "https://example.com/new"})).await.expect(200).json();
        assert_eq!(after["version"].as_u64(), Some(before + 1), "version {version}: {after}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn messages_of_former_versions_are_processed() {
    for version in VERSIONS {
        let (env, _) = with_items_of(version).await;
        let messages: BTreeMap<String, Vec<Value>> =
            serde_json::from_str(&read(format!("tests/fixtures/{version}/messages.json"))).expect("messages");
        let app = |name: &str| env.app(name).clone();
        for (queue, bodies) in messages {
            let mut event = SqsEvent::default();
            event.records = bodies
                .iter()
                .enumerate()
                .map(|(number, body)| {
                    let mut message = SqsMessage::default();
                    message.message_id = Some(format!("message-{number}"));
                    message.body = Some(body.to_string());
                    message
                })
                .collect();
            let outcome = match queue.as_str() {
                "ClicksQueue" => click_worker::handle(ClickWorker::new(app("click-worker")), event).await,
                "EventsQueue" => event_worker::handle(app("event-worker"), event).await,
                _ => delivery_worker::handle(app("delivery-worker"), event).await,
            };
            assert!(outcome.batch_item_failures.is_empty(), "version {version}, {queue}: {outcome:?}");
        }
        let items = env.table_items().await;
        let waiting: Vec<_> = items.iter().filter(|item| item.get("duePk").is_some()).map(|item| item["pk"]["S"].to_string()).collect();
        assert!(waiting.iter().all(|pk| !pk.contains("CONV#")), "version {version}: not counted: {waiting:?}");
        let clicks = items.iter().filter(|item| item["pk"]["S"].as_str().is_some_and(|pk| pk.starts_with("CLICK#acme#202611"))).count();
        assert_eq!(clicks, 6, "version {version}: four stored ones and two from the queue");
    }
}
