//! Every control-plane write leaves an audit event, together with itself or not at all.

use serde_json::{Value, json};
use tests::{Answer, Caller, Fault, Rule, TestEnv};

const EVENTS: &str = "/v2/handles/demo/audit-events";
const LINK: &str = "/v2/handles/demo/links/launch";
const RULE: &str = "/v2/handles/demo/personalization-rules/r1";

/// Fails the test unless exactly one event is new, with this action; gives it back.
async fn newest(env: &TestEnv, before: &mut usize, action: &str) -> Value {
    let all = env.audit_events().await;
    assert_eq!(all.len(), *before + 1, "{action}: {all:?}");
    *before += 1;
    // Events of one millisecond are in no order.
    env.advance_ms(1);
    assert_eq!(all[0]["action"], action);
    all[0].clone()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_write_is_audited_with_its_actor_and_its_changes() {
    let env = TestEnv::new().await;
    let mut seen = env.audit_events().await.len();
    env.advance_ms(1);
    let created = env.creator().put(LINK, json!({"destinationUrl": "https://example.com/", "title": "a", "password": "s3cret-word"})).await;
    let event = newest(&env, &mut seen, "link.created").await;
    assert_eq!((&event["actor"], &event["target"]), (&json!({"kind": "JWT", "id": "creator"}), &json!("launch")));
    assert_eq!(event["requestId"], created.expect(201).header("x-request-id"));
    assert_eq!((&event["after"]["title"], &event["after"]["hasPassword"], event.get("before")), (&json!("a"), &json!(true), None));

    env.operator().put(LINK, json!({"destinationUrl": "https://example.com/", "title": "b"})).await.expect(200);
    let event = newest(&env, &mut seen, "link.updated").await;
    assert_eq!((&event["before"], &event["after"]), (&json!({"title": "a"}), &json!({"title": "b"})));

    env.owner().post(&format!("{LINK}/rollback"), json!({"version": 1})).await.expect(200);
    let event = newest(&env, &mut seen, "link.rolled_back").await;
    assert_eq!((&event["before"], &event["after"]), (&json!({"title": "b"}), &json!({"title": "a"})));

    env.owner().delete(LINK).await.expect(204);
    let event = newest(&env, &mut seen, "link.deleted").await;
    assert_eq!((&event["before"]["title"], event.get("after")), (&json!("a"), None));

    let rule = |destination: &str| json!({"variant": {"id": "v", "destinationUrl": destination}});
    env.owner().put(RULE, rule("https://example.com/a")).await.expect(201);
    newest(&env, &mut seen, "rule.created").await;
    env.owner().put(RULE, rule("https://example.com/b")).await.expect(200);
    assert_eq!(newest(&env, &mut seen, "rule.updated").await["target"], "r1");
    env.owner().delete(RULE).await.expect(204);
    newest(&env, &mut seen, "rule.deleted").await;

    let people = json!({"collaborators": [{"userId": "operator", "role": "OPERATOR"}]});
    env.owner().put("/v2/handles/demo/collaborators", people).await.expect(200);
    let event = newest(&env, &mut seen, "collaborators.replaced").await;
    assert_eq!(event["before"]["collaborators"]["creator"], "CREATOR");
    assert_eq!(event["after"]["collaborators"], json!({"operator": "OPERATOR"}));
    env.owner().post("/v2/handles/demo/transfer-ownership", json!({"newOwnerUserId": "operator"})).await.expect(200);
    let all = env.operator().get(EVENTS).await.expect(200).text();
    assert!(all.contains("handle.transferred"));
    assert!(!all.contains("s3cret-word") && !all.contains("$argon2"), "no secret is in the log");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_new_handle_starts_with_its_audit_event() {
    let env = TestEnv::new().await;
    env.stranger().post("/v2/handles", json!({"handle": "own-shop"})).await.expect(201);
    let events = env.stranger().get("/v2/handles/own-shop/audit-events").await.expect(200).json();
    assert_eq!((events["items"].as_array().unwrap().len(), &events["items"][0]["action"]), (1, &json!("handle.created")));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_refused_or_fails_leaves_no_event_and_what_is_retried_leaves_one() {
    let env = TestEnv::new().await;
    let seen = env.audit_events().await.len();
    let product = json!({"destinationUrl": "https://example.com/"});
    env.owner().put(LINK, json!({"destinationUrl": "ftp://x"})).await.refused(400, "invalid_destination_url");
    env.stranger().put(LINK, product.clone()).await.refused(404, "handle_not_found");
    let fired = env.faults.inject(Rule::on("TransactWriteItems").by("links").always(), Fault::Unreachable);
    env.owner().put(LINK, product.clone()).await.refused(503, "unavailable");
    fired.at_least_once();
    env.faults.clear();
    assert_eq!(env.audit_events().await.len(), seen);
    for (fault, writes) in [(Fault::AnswerLost, 1), (Fault::Doubled, 2), (Fault::Conflict, 3)] {
        let fired = env.faults.inject(Rule::on("TransactWriteItems").by("links"), fault);
        let answer = env.owner().put(LINK, product.clone()).await;
        assert!(answer.status.is_success(), "{}", answer.text());
        fired.at_least_once();
        env.faults.clear();
        assert_eq!(env.audit_events().await.len(), seen + writes, "{fault:?}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn events_are_paged_newest_first_and_are_not_for_creators() {
    let env = TestEnv::new().await;
    for number in 0..7 {
        env.advance_ms(1000);
        env.owner().put(LINK, json!({"destinationUrl": "https://example.com/", "title": format!("t{number}")})).await;
    }
    let page = async |caller: &Caller<'_>, cursor: &str| -> Answer { caller.get(&format!("{EVENTS}?limit=3{cursor}")).await.expect(200) };
    let (mut titles, mut cursor) = (Vec::new(), String::new());
    loop {
        let listed = page(&env.owner(), &cursor).await.json();
        titles.extend(listed["items"].as_array().unwrap().iter().filter_map(|event| event["after"]["title"].as_str().map(str::to_owned)));
        match listed["nextCursor"].as_str() {
            Some(next) => cursor = format!("&cursor={next}"),
            None => break,
        }
    }
    assert_eq!(titles, ["t6", "t5", "t4", "t3", "t2", "t1", "t0"]);
    env.creator().get(EVENTS).await.refused(403, "insufficient_role");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn events_are_listed_for_exactly_four_hundred_days_whether_or_not_the_table_still_has_them() {
    let env = TestEnv::new().await;
    env.advance_ms(1000);
    for title in ["a", "b", "c"] {
        env.owner().put(LINK, json!({"destinationUrl": "https://example.com/", "title": title})).await;
        env.advance_ms(10);
    }
    let titles = async || -> Vec<Value> { env.audit_events().await.iter().map(|event| event["after"]["title"].clone()).collect() };
    env.advance_days(400);
    env.advance_ms(-30);
    assert_eq!(titles().await, ["c", "b", "a"], "to the day");
    let first = env.owner().get(&format!("{EVENTS}?limit=1")).await.expect(200).json();
    env.advance_ms(1);
    assert_eq!(titles().await, ["c", "b"]);
    env.advance_ms(10);
    assert_eq!(titles().await, ["c"]);
    let rest = format!("{EVENTS}?cursor={}", first["nextCursor"].as_str().unwrap());
    assert_eq!(env.owner().get(&rest).await.expect(200).json()["items"], json!([]), "a cursor leads no further back");
    env.advance_days(30);
    assert_eq!(env.audit_events().await, Vec::<Value>::new());
    assert_eq!(env.owner().get(&rest).await.expect(200).json(), json!({"items": [], "nextCursor": null}));
}
