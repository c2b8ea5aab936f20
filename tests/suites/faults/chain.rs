//! Sessions under faults: every signal is stored once and counted once when requests are lost, doubled, refused or cut short.

use serde_json::{Value, json};
use tests::{Fault, Rule, TestEnv};

async fn post_signals(env: &TestEnv, session: &str, signals: Value) -> u16 {
    let body = json!({"handle": "demo", "sessionId": session, "signals": signals});
    env.anonymous().post("/v2/public/chain/signals", body).await.status.as_u16()
}

async fn kept(env: &TestEnv, session: &str) -> usize {
    let session = env.creator().get(&format!("/v2/handles/demo/chain/{session}")).await;
    if session.status == 404 { 0 } else { session.json()["signals"].as_array().unwrap().len() }
}

async fn impressions(env: &TestEnv) -> Value {
    let report = env.creator().get("/v2/handles/demo/analytics?groupBy=segment").await.expect(200).json();
    let rows: i64 = report["rows"].as_array().unwrap().iter().map(|row| row["impressions"].as_i64().unwrap()).sum();
    assert_eq!(report["totals"]["impressions"], rows);
    report["totals"]["impressions"].clone()
}

async fn work_off(env: &TestEnv) {
    env.advance_ms(61_000);
    for _ in 0..3 {
        env.sweep().await;
    }
    env.process_events().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn signals_are_stored_once_under_faults_of_their_transaction() {
    let env = TestEnv::new().await;
    let nameless = json!([{"type": "view"}, {"type": "view"}]);
    for (number, fault) in [Fault::AnswerLost, Fault::Doubled, Fault::Conflict, Fault::Throttled].into_iter().enumerate() {
        let session = format!("s{number}");
        let fired = env.faults.inject(Rule::on("TransactWriteItems").by("chain"), fault);
        assert_eq!(post_signals(&env, &session, nameless.clone()).await, 202);
        fired.at_least_once();
        env.faults.clear();
        assert_eq!(kept(&env, &session).await, 2, "{fault:?}");
    }
    let fired = env.faults.inject(Rule::on("TransactWriteItems").by("chain").always(), Fault::Unreachable);
    let named = json!([{"type": "view", "signalId": "a"}, {"type": "view", "signalId": "b"}]);
    assert_eq!(post_signals(&env, "s9", named.clone()).await, 503);
    fired.at_least_once();
    env.faults.clear();
    assert_eq!(kept(&env, "s9").await, 0);
    assert_eq!(post_signals(&env, "s9", named).await, 202);
    assert_eq!(kept(&env, "s9").await, 2);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_intent_is_counted_once_though_its_announcement_is_lost_or_its_worker_dies() {
    let env = TestEnv::new().await;
    let intent = json!([{"signalKey": "intent", "confidence": 0.9}]);
    let fired = env.faults.inject(Rule::on("SendMessage").by("chain").always(), Fault::Unreachable);
    assert_eq!(post_signals(&env, "lost", intent.clone()).await, 202);
    fired.at_least_once();
    env.faults.clear();
    env.process_events().await;
    assert_eq!(impressions(&env).await, 0);
    work_off(&env).await;
    assert_eq!(impressions(&env).await, 1);
    let mut expected = 1;
    for fault in [Fault::CrashBefore, Fault::CrashAfter] {
        for step in 0.. {
            assert_eq!(post_signals(&env, &format!("{fault:?}-{step}"), intent.clone()).await, 202);
            expected += 1;
            let survived = env.crash_at("event-worker", step, fault, env.drain("EventsQueue")).await;
            work_off(&env).await;
            assert_eq!(impressions(&env).await, expected, "{fault:?} at call {step}");
            if survived.is_some() {
                assert!(step >= 2, "the worker makes at least that many calls");
                break;
            }
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_redirect_reads_a_session_only_for_who_brings_one_and_goes_on_without_it() {
    let env = TestEnv::new().await;
    let rules = json!([{"priority": 1, "destinationUrl": "https://example.com/new", "conditions": {"segmentIn": ["new"]}}]);
    let link = json!({"destinationUrl": "https://example.com/", "routingRules": rules});
    env.owner().put("/v2/handles/demo/links/launch", link).await.expect(201);
    env.visitor().follow("launch").await.expect(302);
    let reads = async |path: &str| {
        env.faults.take_calls();
        let answer = env.visitor().follow(path).await.expect(302);
        let calls = env.faults.take_calls().into_iter().filter(|(function, _)| function == "redirect");
        let reads: Vec<String> = calls.map(|(_, operation)| operation).filter(|operation| operation != "SendMessage").collect();
        (reads, answer.location().path().to_owned())
    };
    assert_eq!(reads("launch").await, (vec![], "/".to_owned()));
    assert_eq!(reads("launch?sid=s1").await, (vec!["Query".to_owned()], "/new".to_owned()));
    assert_eq!(reads("launch?sid=s1&consent=denied").await, (vec![], "/".to_owned()));
    env.owner().put("/v2/handles/demo/links/over", json!({"destinationUrl": "https://example.com/", "enabled": false})).await.expect(201);
    env.visitor().follow("over?sid=s1").await.expect(404);
    env.faults.take_calls();
    env.visitor().follow("over?sid=s1").await.expect(404);
    assert_eq!(env.faults.take_calls(), [], "a closed link leads nowhere for every visitor");
    let fired = env.faults.inject(Rule::on("Query").by("redirect").always(), Fault::Unreachable);
    assert_eq!(reads("launch?sid=s1").await.1, "/");
    fired.at_least_once();
}
