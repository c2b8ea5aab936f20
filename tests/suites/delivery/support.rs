//! What the tests of webhooks share: subscribing, causing events, letting the schedule pass, and reading the log.

use serde_json::{Value, json};
use tests::{Receiver, TestEnv};

pub(crate) const WEBHOOKS: &str = "/v2/handles/demo/webhooks";
pub(crate) const DELIVERIES: &str = "/v2/handles/demo/deliveries";

/// Subscribes a receiver; gives the answer with the secret.
pub(crate) async fn subscribe(env: &TestEnv, receiver: &Receiver, types: &[&str]) -> Value {
    let body = json!({"endpointUrl": receiver.url("/ingest"), "eventTypes": types});
    env.operator().post(WEBHOOKS, body).await.expect(201).json()
}

pub(crate) fn id_of(subscription: &Value) -> &str {
    subscription["subscriptionId"].as_str().expect("an id")
}

/// The subscription as it is now.
pub(crate) async fn read(env: &TestEnv, subscription: &Value) -> Value {
    env.operator().get(&format!("{WEBHOOKS}/{}", id_of(subscription))).await.expect(200).json()
}

/// Changes a subscription.
pub(crate) async fn change(env: &TestEnv, subscription: &Value, body: Value) -> Value {
    env.operator().put(&format!("{WEBHOOKS}/{}", id_of(subscription)), body).await.expect(200).json()
}

/// Sets a test event off to one subscription; gives its delivery's id.
pub(crate) async fn send_test(env: &TestEnv, subscription: &Value) -> String {
    let path = format!("{WEBHOOKS}/{}/test", id_of(subscription));
    env.operator().post(&path, json!({})).await.expect(202).json()["deliveryId"].as_str().expect("an id").to_owned()
}

/// A delivery as the log has it.
pub(crate) async fn delivery(env: &TestEnv, id: &str) -> Value {
    env.operator().get(&format!("{DELIVERIES}/{id}")).await.expect(200).json()
}

/// The whole log, newest first.
pub(crate) async fn log(env: &TestEnv, query: &str) -> Vec<Value> {
    let (mut items, mut cursor) = (Vec::new(), String::new());
    loop {
        let page = env.operator().get(&format!("{DELIVERIES}?limit=100{query}{cursor}")).await.expect(200).json();
        items.extend(page["items"].as_array().expect("items").iter().cloned());
        match page["nextCursor"].as_str() {
            Some(next) => cursor = format!("&cursor={next}"),
            None => return items,
        }
    }
}

/// Lets every attempt that follows happen at its time.
pub(crate) async fn play_out(env: &TestEnv) {
    env.deliver().await;
    for delay in [5, 10, 20, 40, 80] {
        env.advance_ms(delay * 1000);
        env.deliver().await;
    }
}

/// Lets leases and visibility end and the sweeper look, until nothing moves any more.
pub(crate) async fn recover(env: &TestEnv) {
    for _ in 0..8 {
        env.advance_ms(181_000);
        env.sweep().await;
        env.settle().await;
        env.deliver().await;
    }
}

/// A click of a link and, a second later, a conversion of it; both still on their way.
pub(crate) async fn click_and_convert(env: &TestEnv, number: usize) -> Value {
    let link = "/v2/handles/demo/links/launch";
    if env.owner().get(link).await.status != 200 {
        env.owner().put(link, json!({"destinationUrl": "https://example.com/"})).await.expect(201);
    }
    let ctx = env.visitor().number(number).follow("launch").await.expect(302).ctx();
    env.advance_ms(1000);
    let body = json!({"ctx": ctx, "idempotencyKey": format!("order-{number}"), "eventType": "purchase", "value": 24.99, "currency": "USD"});
    env.nobody().post("/v2/public/conversions", body).await.expect(202).json()
}
