//! Sessions under faults: every signal is kept once and counted once, whatever is lost, doubled, refused or cut short.

use serde_json::{Value, json};
use tests::{Fault, Rule, World};

async fn tell(world: &World, session: &str, signals: Value) -> u16 {
    let body = json!({"handle": "demo", "sessionId": session, "signals": signals});
    world.nobody().post("/v2/public/chain/signals", body).await.status.as_u16()
}

async fn kept(world: &World, session: &str) -> usize {
    let session = world.creator().get(&format!("/v2/handles/demo/chain/{session}")).await;
    if session.status == 404 { 0 } else { session.json()["signals"].as_array().unwrap().len() }
}

async fn impressions(world: &World) -> Value {
    let report = world.creator().get("/v2/handles/demo/analytics?groupBy=segment").await.expect(200).json();
    let rows: i64 = report["rows"].as_array().unwrap().iter().map(|row| row["impressions"].as_i64().unwrap()).sum();
    assert_eq!(report["totals"]["impressions"], rows);
    report["totals"]["impressions"].clone()
}

async fn work_off(world: &World) {
    world.advance_ms(61_000);
    for _ in 0..3 {
        world.sweep().await;
    }
    world.settle().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn signals_are_kept_once_whatever_becomes_of_their_transaction() {
    let world = World::new().await;
    let nameless = json!([{"type": "view"}, {"type": "view"}]);
    for (number, fault) in [Fault::AnswerLost, Fault::Doubled, Fault::Conflict, Fault::Throttled].into_iter().enumerate() {
        let session = format!("s{number}");
        let fired = world.faults.inject(Rule::on("TransactWriteItems").by("chain"), fault);
        assert_eq!(tell(&world, &session, nameless.clone()).await, 202);
        fired.at_least_once();
        world.faults.clear();
        assert_eq!(kept(&world, &session).await, 2, "{fault:?}");
    }
    let fired = world.faults.inject(Rule::on("TransactWriteItems").by("chain").always(), Fault::Unreachable);
    let named = json!([{"type": "view", "signalId": "a"}, {"type": "view", "signalId": "b"}]);
    assert_eq!(tell(&world, "s9", named.clone()).await, 503);
    fired.at_least_once();
    world.faults.clear();
    assert_eq!(kept(&world, "s9").await, 0);
    assert_eq!(tell(&world, "s9", named).await, 202);
    assert_eq!(kept(&world, "s9").await, 2);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_intent_is_counted_once_though_its_announcement_is_lost_or_its_worker_dies() {
    let world = World::new().await;
    let intent = json!([{"signalKey": "intent", "confidence": 0.9}]);
    let fired = world.faults.inject(Rule::on("SendMessage").by("chain").always(), Fault::Unreachable);
    assert_eq!(tell(&world, "lost", intent.clone()).await, 202);
    fired.at_least_once();
    world.faults.clear();
    world.settle().await;
    assert_eq!(impressions(&world).await, 0);
    work_off(&world).await;
    assert_eq!(impressions(&world).await, 1);
    let mut expected = 1;
    for fault in [Fault::CrashBefore, Fault::CrashAfter] {
        for step in 0.. {
            assert_eq!(tell(&world, &format!("{fault:?}-{step}"), intent.clone()).await, 202);
            expected += 1;
            let survived = world.crash_at("event-worker", step, fault, world.drain("EventsQueue")).await;
            work_off(&world).await;
            assert_eq!(impressions(&world).await, expected, "{fault:?} at call {step}");
            if survived.is_some() {
                assert!(step >= 2, "the worker makes at least that many calls");
                break;
            }
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_redirect_reads_a_session_only_for_who_brings_one_and_goes_on_without_it() {
    let world = World::new().await;
    let rules = json!([{"priority": 1, "destinationUrl": "https://example.com/new", "conditions": {"segmentIn": ["new"]}}]);
    let link = json!({"destinationUrl": "https://example.com/", "routingRules": rules});
    world.owner().put("/v2/handles/demo/links/launch", link).await.expect(201);
    world.visitor().follow("launch").await.expect(302);
    let reads = async |path: &str| {
        world.faults.take_calls();
        let answer = world.visitor().follow(path).await.expect(302);
        let calls = world.faults.take_calls().into_iter().filter(|(function, _)| function == "redirect");
        let reads: Vec<String> = calls.map(|(_, operation)| operation).filter(|operation| operation != "SendMessage").collect();
        (reads, answer.location().path().to_owned())
    };
    assert_eq!(reads("launch").await, (vec![], "/".to_owned()));
    assert_eq!(reads("launch?sid=s1").await, (vec!["Query".to_owned()], "/new".to_owned()));
    assert_eq!(reads("launch?sid=s1&consent=denied").await, (vec![], "/".to_owned()));
    world.owner().put("/v2/handles/demo/links/over", json!({"destinationUrl": "https://example.com/", "enabled": false})).await.expect(201);
    world.visitor().follow("over?sid=s1").await.expect(404);
    world.faults.take_calls();
    world.visitor().follow("over?sid=s1").await.expect(404);
    assert_eq!(world.faults.take_calls(), [], "a link that is closed leads nowhere, whoever comes");
    let fired = world.faults.inject(Rule::on("Query").by("redirect").always(), Fault::Unreachable);
    assert_eq!(reads("launch?sid=s1").await.1, "/");
    fired.at_least_once();
}
