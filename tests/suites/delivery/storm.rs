//! A storm of one handle's webhooks, to endpoints that fail, delays no other handle's conversions.
//!
//! Time is simulated: in a round of one second the workers of each queue process a few batches; what is behind them waits for the next.

use serde_json::json;
use tests::fixtures::order;
use tests::fixtures::webhooks::subscribe;
use tests::{Behaviour, Receiver, TestEnv};

/// Clicks of the storm whose two deliveries each wait to be sent.
const CLICKS: usize = 1_000;
/// Clicks whose deliveries are still to be created.
const LATER_CLICKS: usize = 300;
/// Conversions of the other handle.
const CONVERSIONS: usize = 40;
/// Batches that the workers of a queue process in a round.
const BATCHES: usize = 2;
/// Rounds until a message that always waits would be received too often.
const MAX_ROUNDS: usize = 9;
const OTHER: &str = "/v2/handles/other-shop";

async fn round(env: &TestEnv) {
    for queue in ["EventsQueue", "ClickEventsQueue", "DeliveriesQueue", "RetriesQueue"] {
        let mut batches = 0;
        let within = |messages| {
            batches += 1;
            if batches <= BATCHES { messages } else { Vec::new() }
        };
        env.drain_with(queue, within).await;
    }
    env.advance_ms(1_000);
}

/// Clicks on the link of `demo`, counted, with their events announced.
async fn click(env: &TestEnv, numbers: std::ops::Range<usize>) {
    for number in numbers {
        env.visitor().number(number).follow("launch").await.expect(302);
    }
    env.drain("ClicksQueue").await;
}

/// The ctx of a counted click of the other handle.
async fn ctx_of_other(env: &TestEnv) -> String {
    env.owner().post("/v2/handles", json!({"handle": "other-shop"})).await.expect(201);
    env.owner().put(&format!("{OTHER}/links/launch"), json!({"destinationUrl": "https://example.com/"})).await.expect(201);
    let ctx = env.visitor().number(9_000).caller().get("/_edge/redirect/other-shop/launch").await.expect(302).ctx();
    env.drain("ClicksQueue").await;
    while env.drain("EventsQueue").await.received > 0 {}
    env.advance_ms(2_000);
    ctx
}

/// Submits conversions of the other handle; gives the rounds until all of them are counted.
async fn rounds_to_settle(env: &TestEnv, ctx: &str) -> usize {
    for number in 0..CONVERSIONS {
        env.convert(order(ctx, &format!("order-{number}"), 24.99, "USD")).await;
    }
    for rounds in 1..=MAX_ROUNDS {
        round(env).await;
        let page = env.owner().get(&format!("{OTHER}/conversions?limit=100")).await.expect(200).json();
        let items = page["items"].as_array().unwrap();
        assert_eq!(items.len(), CONVERSIONS);
        if items.iter().all(|item| item["counted"] == true) {
            return rounds;
        }
    }
    panic!("not settled within {MAX_ROUNDS} rounds");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_storm_of_failing_webhooks_delays_no_other_handles_conversions() {
    let calm = TestEnv::new().await;
    let ctx = ctx_of_other(&calm).await;
    let usual = rounds_to_settle(&calm, &ctx).await;
    assert!(usual > 1, "one round shows nothing");

    let env = TestEnv::new().await;
    let ctx = ctx_of_other(&env).await;
    let (failing, dead) = (Receiver::start().await, Receiver::start().await);
    failing.always(Behaviour::status(503));
    dead.always(Behaviour::Reset);
    for receiver in [&failing, &dead] {
        subscribe(&env, receiver, &["link.clicked"]).await;
    }
    env.put_link("launch").await.expect(201);
    click(&env, 0..CLICKS).await;
    env.drain("ClickEventsQueue").await;
    click(&env, CLICKS..CLICKS + LATER_CLICKS).await;
    let stormy = rounds_to_settle(&env, &ctx).await;
    assert!(stormy <= 2 * usual, "{stormy} rounds instead of {usual}");

    let panel = env.creator().get("/v2/handles/demo/notifications").await.expect(200).json();
    for webhook in panel["webhooks"].as_array().unwrap() {
        let counts = &webhook["counts24h"];
        assert!(counts["pending"].as_u64().unwrap() >= CLICKS as u64 && counts["delivered"] == 0, "the storm goes on: {counts}");
    }
    assert!(!failing.posted().is_empty() && dead.connections() > 0, "some of it was sent meanwhile");
}
