//! Limits pass exactly what they promise, under concurrency, over midnight, and with faults.

use std::collections::BTreeMap;

use futures::future::join_all;
use serde_json::json;
use tests::{Fault, Rule, TestEnv, TestEnvOptions};

fn link(number: usize) -> (String, serde_json::Value) {
    (format!("/v2/handles/demo/links/link-{number}"), json!({"destinationUrl": "https://example.com/"}))
}

async fn write(env: &TestEnv, number: usize) -> u16 {
    let (path, body) = link(number);
    env.owner().put(&path, body).await.status.as_u16()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn exactly_the_quota_passes_of_ten_times_as_many_writes_at_once() {
    for (plan, quota) in [("FREE", 2), ("PRO", 10)] {
        let env = TestEnv::with(TestEnvOptions { plan, ..TestEnvOptions::default() }).await;
        let statuses = join_all((0..quota * 10).map(|number| write(&env, number))).await;
        assert_eq!(statuses.iter().filter(|status| **status == 201).count(), quota, "{plan}");
        assert_eq!(statuses.iter().filter(|status| **status == 429).count(), quota * 9, "{plan}");
        let listed = env.owner().get("/v2/handles/demo/links").await.expect(200).json();
        assert_eq!(listed["items"].as_array().unwrap().len(), quota);
        let usage = env.owner().get("/v2/handles/demo/usage-meters").await.expect(200).json();
        assert_eq!(usage["usage"]["writesToday"], quota);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_quota_resets_at_midnight_in_the_accounts_time_zone() {
    let env = TestEnv::with(TestEnvOptions { plan: "FREE", starts_at: "2026-03-28T22:30:00Z", ..TestEnvOptions::default() }).await;
    env.admin().put("/v2/platform-admin/accounts/owner", json!({"plan": "FREE", "timeZone": "Europe/Berlin"})).await.expect(200);
    // 23:30 in Berlin, on the eve of a day of 23 hours.
    assert_eq!((write(&env, 0).await, write(&env, 1).await, write(&env, 2).await), (201, 201, 429));
    env.set_time("2026-03-28T22:59:59.999Z");
    assert_eq!(write(&env, 2).await, 429);
    env.set_time("2026-03-28T23:00:00Z");
    assert_eq!((write(&env, 2).await, write(&env, 3).await), (201, 201));
    let refused = env.owner().put(&link(4).0, link(4).1).await.refused(429, "rate_limited");
    assert_eq!(
        (refused.header("retry-after"), &refused.json()["usage"]["writesDay"]),
        ((23 * 3600).to_string().as_str(), &json!("20260329"))
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn only_good_writes_are_charged_and_reading_never_is() {
    let env = TestEnv::with(TestEnvOptions { plan: "FREE", ..TestEnvOptions::default() }).await;
    let (path, body) = link(0);
    env.owner().put(&path, json!({"destinationUrl": "nonsense"})).await.refused(400, "invalid_destination_url");
    env.stranger().put(&path, body.clone()).await.refused(404, "handle_not_found");
    env.anonymous().put(&path, body.clone()).await.refused(401, "missing_bearer_token");
    env.owner().with("if-match", "\"other\"").put(&path, body.clone()).await.refused(412, "version_mismatch");
    env.owner().delete(&path).await.refused(404, "not_found");
    env.owner().put(&path, body).await.expect(201);
    for _ in 0..5 {
        env.owner().get(&path).await.expect(200);
        env.owner().post(&format!("{path}/route-preview"), json!({})).await.expect(200);
    }
    // The creator's write is the owner's to pay.
    env.creator().put(&link(1).0, link(1).1).await.expect(201);
    env.creator().put(&link(2).0, link(2).1).await.refused(429, "rate_limited");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_lost_answer_does_not_charge_twice() {
    let env = TestEnv::with(TestEnvOptions { plan: "FREE", ..TestEnvOptions::default() }).await;
    let fired = env.faults.inject(Rule::on("UpdateItem").by("links"), Fault::AnswerLost);
    assert_eq!(write(&env, 0).await, 201);
    fired.at_least_once();
    assert_eq!((write(&env, 1).await, write(&env, 2).await), (201, 429));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_higher_plan_counts_from_the_next_write_on() {
    let env = TestEnv::with(TestEnvOptions { plan: "FREE", ..TestEnvOptions::default() }).await;
    assert_eq!((write(&env, 0).await, write(&env, 1).await, write(&env, 2).await), (201, 201, 429));
    env.admin().put("/v2/platform-admin/accounts/owner", json!({"plan": "PRO"})).await.expect(200);
    for number in 2..10 {
        assert_eq!(write(&env, number).await, 201);
    }
    assert_eq!(write(&env, 10).await, 429);
    env.admin().put("/v2/platform-admin/accounts/owner", json!({"plan": "FREE"})).await.expect(200);
    let refused = env.owner().put(&link(11).0, link(11).1).await.refused(429, "rate_limited").json();
    assert_eq!((&refused["limits"]["writesPerDay"], &refused["usage"]["writesToday"]), (&json!(2), &json!(10)));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_source_address_gets_its_requests_a_minute_and_not_one_more() {
    let env = TestEnv::with(TestEnvOptions { public_rpm: 120, ..TestEnvOptions::default() }).await;
    let post = |ip: &'static str| {
        let env = &env;
        async move { env.anonymous().from(ip).get("/v2/public/context?ctx=x").await }
    };
    env.faults.take_calls();
    for _ in 0..120 {
        post("203.0.113.9").await.refused(400, "invalid_ctx");
    }
    let writes = env.faults.take_calls().iter().filter(|(_, operation)| operation == "UpdateItem").count();
    assert!(writes < 70, "{writes}: several at once while many are left");
    let refused = post("203.0.113.9").await.refused(429, "rate_limited");
    assert_eq!(refused.header("retry-after"), "60");
    assert_eq!(refused.json()["limits"], json!({"requestsPerMinute": 120}));
    post("203.0.113.10").await.refused(400, "invalid_ctx");
    // Neighbours in one IPv6 /64 share, and a spoofed header changes no caller's address.
    for number in 0..120 {
        env.anonymous().from(&format!("2001:db8::{number:x}")).get("/v2/public/context?ctx=x").await.expect(400);
    }
    post("2001:db8::ffff").await.refused(429, "rate_limited");
    env.anonymous()
        .from("203.0.113.9")
        .with("x-forwarded-for", "192.0.2.1")
        .get("/v2/public/context?ctx=x")
        .await
        .refused(429, "rate_limited");
    env.advance_ms(59_999);
    post("203.0.113.9").await.refused(429, "rate_limited");
    env.advance_ms(1);
    post("203.0.113.9").await.refused(400, "invalid_ctx");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn requests_at_the_same_time_exceed_the_limit_by_no_more_than_what_is_taken_without_a_call() {
    let env = TestEnv::with(TestEnvOptions { public_rpm: 120, ..TestEnvOptions::default() }).await;
    let get = || async { env.anonymous().from("203.0.113.9").get("/v2/public/context?ctx=x").await.status };
    let mut statuses = Vec::new();
    for at_once in [1, 40, 7, 80, 80, 80] {
        statuses.extend(join_all((0..at_once).map(|_| get())).await);
    }
    let passed = statuses.iter().filter(|status| **status == 400).count();
    assert!((120..=125).contains(&passed), "{passed}");
    assert_eq!(statuses.iter().filter(|status| **status == 429).count(), statuses.len() - passed);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn refusing_costs_one_write_a_window_and_goes_on_when_the_table_cannot_be_reached() {
    let env = TestEnv::with(TestEnvOptions { public_rpm: 2, ..TestEnvOptions::default() }).await;
    let get = async || env.anonymous().from("203.0.113.9").get("/v2/public/context?ctx=x").await;
    for _ in 0..2 {
        get().await.refused(400, "invalid_ctx");
    }
    env.faults.take_calls();
    for _ in 0..100 {
        get().await.refused(429, "rate_limited");
    }
    let writes = env.faults.take_calls().iter().filter(|(_, operation)| operation == "UpdateItem").count();
    assert_eq!(writes, 1, "the first refusal; the others are remembered");
    let unreachable = env.faults.inject(Rule::on("UpdateItem").by("attribution").always(), Fault::Unreachable);
    get().await.refused(429, "rate_limited");
    assert_eq!(unreachable.times(), 0);
    env.advance_ms(60_000);
    get().await.refused(400, "invalid_ctx");
    unreachable.at_least_once();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_limiter_that_cannot_be_reached_stops_no_conversion() {
    let env = TestEnv::with(TestEnvOptions { public_rpm: 1, ..TestEnvOptions::default() }).await;
    env.owner().put(&link(0).0, link(0).1).await.expect(201);
    let ctx = env.visitor().follow("link-0").await.expect(302).ctx();
    let fired = env.faults.inject(Rule::on("UpdateItem").by("attribution").always(), Fault::Unreachable);
    for number in 0..3 {
        env.anonymous()
            .post("/v2/public/conversions", json!({"ctx": ctx, "idempotencyKey": number.to_string(), "eventType": "purchase"}))
            .await
            .expect(202);
    }
    fired.at_least_once();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn behind_the_front_every_public_route_counts_by_the_visitors_own_address() {
    let secret = json!({"current": "k1", "k1": "0123456789abcdef0123456789abcdef", "originVerify": "front-secret-0123456789"}).to_string();
    let environment = BTreeMap::from([("TRUST_VIEWER_HEADERS".to_owned(), String::new()), ("PLATFORM_SECRET".to_owned(), secret)]);
    let env = TestEnv::with(TestEnvOptions { public_rpm: 1, environment, ..TestEnvOptions::default() }).await;
    for path in ["context", "conversions", "chain/signals", "chain/resolve", "chain/prefetch"] {
        let ask = async |address: &str, proof: &str| {
            let visitor = env.anonymous().with("cloudfront-viewer-address", address).with("x-origin-verify", proof);
            let path = format!("/v2/public/{path}");
            let answer = if path.ends_with("context") { visitor.get(&path).await } else { visitor.post(&path, json!({})).await };
            answer.status.as_u16()
        };
        let proven = "front-secret-0123456789";
        assert_eq!((ask("203.0.113.1:443", proven).await, ask("203.0.113.2:443", proven).await), (400, 400), "{path}");
        assert_eq!(ask("203.0.113.1:443", proven).await, 429, "{path}");
        assert_eq!((ask("203.0.113.3:443", "guessed").await, ask("203.0.113.4:443", "guessed").await), (400, 429), "{path}");
        env.advance_ms(60_000);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn revoking_a_token_rotating_a_secret_and_disabling_a_subscription_are_always_possible() {
    let env = TestEnv::with(TestEnvOptions { plan: "PRO", ..TestEnvOptions::default() }).await;
    let token = env.owner().post("/v2/handles/demo/tokens", json!({"scopes": ["links.read"]})).await.expect(201).json();
    let body = json!({"endpointUrl": "https://hooks.example.com/", "eventTypes": ["*"]});
    let hook = env.owner().post("/v2/handles/demo/webhooks", body.clone()).await.expect(201);
    assert_eq!(hook.header("cache-control"), "no-store");
    for number in 0..8 {
        assert_eq!(write(&env, number).await, 201);
    }
    assert_eq!(write(&env, 8).await, 429);
    let path = format!("/v2/handles/demo/webhooks/{}", hook.json()["subscriptionId"].as_str().unwrap());
    let rotated = env.owner().post(&format!("{path}/secret/rotate"), json!({"gracePeriodSeconds": 0})).await.expect(200);
    assert_eq!(rotated.header("cache-control"), "no-store");
    assert_eq!(env.owner().put(&path, json!({"enabled": false})).await.expect(200).json()["status"], "DISABLED");
    env.owner().delete(&format!("/v2/handles/demo/tokens/{}", token["tokenId"].as_str().unwrap())).await.expect(204);
    // Everything else waits for the next day.
    for change in [json!({"enabled": true}), json!({"enabled": false, "description": "x"}), body] {
        env.owner().put(&path, change).await.refused(429, "rate_limited");
    }
}
