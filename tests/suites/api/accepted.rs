//! Whatever is accepted can be read, listed, used, replaced and deleted, and so can its neighbours: for every resource that callers
//! write, with addresses and texts of every kind and lengths around each bound.

use serde_json::{Value, json};
use tests::{Answer, Random, TestEnv};

const LINKS: &str = "/v2/handles/demo/links";
const RULES: &str = "/v2/handles/demo/personalization-rules";
const CHAIN: &str = "/v2/handles/demo/chain/rules";
const WEBHOOKS: &str = "/v2/handles/demo/webhooks";
const CAMPAIGNS: &str = "/v2/handles/demo/campaigns";
/// Rounds of the property; each writes every resource once.
const ROUNDS: usize = 40;

/// An address: of Unicode, escapes, IDN hosts, or as long as about the bound, before or after it is normalised.
fn address(random: &mut Random) -> String {
    let host = random.pick(&[
        "example.com",
        "bücher.example",
        "☃.example",
        "ＥＸＡＭＰＬＥ.com",
        "xn--bcher-kva.example",
        "xn--a.example",
        "faß.example",
        "%65xample.com",
        "example.com:8443",
        "a.b.c.d.example",
        "[2606:4700::1111]",
    ]);
    let start = random.pick(&["/", "?", "#", "/?x=", "/a/../", "//", "/%2e%2e/", "/é/"]);
    let piece = random.pick(&["a", "é", "🦀", "%C3%A9", "%", "\"", "<", "|", "{}", "'", "%ff", "/./", "&b=c", "+", "@"]);
    let bytes = random.pick(&[0, 10, 200, 340, 680, 1010, 2000, 2020, 2026, 2027, 2028, 2029, 2040, 2048, 2049, 6000]);
    format!("https://{host}{start}{}", piece.repeat(bytes / piece.len()))
}

fn text(random: &mut Random, max: usize) -> String {
    let piece = random.pick(&["a", "é", "🦀", "\u{fffd}", "\u{200f}", "\"", "\\", "\u{2028}", "\t", "<b>"]);
    let length = random.pick(&[0, 1, max - 1, max, max + 1]);
    piece.chars().cycle().take(length).collect()
}

fn moment(random: &mut Random) -> &'static str {
    random.pick(&[
        "0000-01-01T00:00:00Z",
        "0000-01-01T00:00:00+23:59",
        "9999-12-30T21:00:00Z",
        "9999-12-31T23:59:59Z",
        "9999-12-30T23:30:00-01:00",
        "2030-06-30T23:59:60Z",
        "2030-01-01t00:00:00.123456789+14:00",
    ])
}

fn nested(levels: usize) -> Value {
    (0..levels).fold(json!({}), |inner, _| json!({ "a": inner }))
}

/// Fails unless it was refused for its shape, or accepted; returns whether it was accepted.
#[track_caller]
fn is_accepted(answer: &Answer, body: &Value) -> bool {
    assert!(answer.status.is_success() || answer.status == 400, "{} {}: {body}", answer.status, answer.text());
    answer.status.is_success()
}

/// Fails unless a list shows exactly these entries, all intact.
async fn assert_listed(env: &TestEnv, path: &str, name: &str, entries: &[&str]) {
    let list = env.owner().get(path).await.expect(200).json();
    let listed: Vec<&str> = list["items"].as_array().unwrap().iter().map(|item| item[name].as_str().unwrap()).collect();
    assert_eq!(listed, entries, "{path}");
    assert_eq!(list.get("damaged"), None, "{path}");
}

async fn links(env: &TestEnv, random: &mut Random) -> bool {
    let path = format!("{LINKS}/tried");
    let mut body = json!({"destinationUrl": address(random)});
    for (name, value) in [
        ("fallbackUrl", json!(address(random))),
        ("ogImage", json!(address(random))),
        ("routingRules", json!([{"destinationUrl": address(random), "conditions": {"sourceIn": [text(random, 64)]}}])),
        ("title", json!(text(random, 200))),
        ("tags", json!([text(random, 64)])),
        ("tracking", json!({"utmTerm": text(random, 200)})),
        ("expiresAt", json!(moment(random))),
        ("scheduledStartAt", json!(moment(random))),
        ("password", json!(text(random, 128))),
        ("queryPassthrough", json!(true)),
        ("trackingPolicy", json!({"mode": "BRIDGE"})),
    ] {
        if random.one_in(4) {
            body[name] = value;
        }
    }
    let put = env.owner().put(&path, body.clone()).await;
    if !is_accepted(&put, &body) {
        return false;
    }
    let read = env.owner().get(&path).await.expect(200);
    assert_eq!(read.json(), put.json());
    let visit = env.visitor().follow("tried").await;
    let is_open = body.get("expiresAt").is_none() && body.get("scheduledStartAt").is_none();
    assert!(!visit.status.is_server_error() && (visit.status != 404 || !is_open), "{} {body}", visit.status);
    env.owner().post(&format!("{path}/route-preview"), json!({})).await.expect(200);
    assert_listed(env, LINKS, "slug", &["neighbour", "tried"]).await;
    let history = env.owner().get(&format!("{path}/history")).await.expect(200).json();
    assert_eq!(history.get("damaged"), None);
    env.owner().put(&path, body).await.expect(200);
    env.owner().post(&format!("{path}/rollback"), json!({"version": 1})).await.expect(200);
    env.owner().delete(&path).await.expect(204);
    true
}

async fn personalization_rules(env: &TestEnv, random: &mut Random) -> bool {
    let path = format!("{RULES}/tried");
    let conditions = json!({"segmentIn": [text(random, 64)], "languageIn": [text(random, 64)],
        "percent": {"from": 0, "to": random.pick(&["0.01", "33.33", "1e1", "100"]).parse::<serde_json::Number>().unwrap()},
        "timeBetween": {"from": "22:00", "to": "06:00", "timeZone": random.pick(&["Europe/Berlin", "europe/berlin", "Etc/Unknown", "UTC"])}});
    let body = json!({"when": conditions, "variant": {"id": "v", "destinationUrl": address(random)}});
    if !is_accepted(&env.owner().put(&path, body.clone()).await, &body) {
        return false;
    }
    assert_listed(env, RULES, "ruleId", &["neighbour", "tried"]).await;
    env.visitor().follow("neighbour").await.expect(302);
    env.owner().put(&path, body).await.expect(200);
    env.owner().delete(&path).await.expect(204);
    true
}

async fn chain_rules(env: &TestEnv, random: &mut Random) -> bool {
    let path = format!("{CHAIN}/tried");
    let certain = random.pick(&["0", "1", "0.1", "1e-7", "0.30000000000000004"]).parse::<serde_json::Number>().unwrap();
    let condition = json!({"signalKey": "intent", "signalValueIn": [text(random, 256)], "minConfidence": certain});
    let data = nested(random.pick(&[0, 1, 31, 32, 100, 110, 120]));
    let body = json!({"trigger": "checkout", "when": {"none": [condition]},
        "action": {"type": "redirect", "destinationUrl": address(random), "data": data, "text": text(random, 2000)}});
    if !is_accepted(&env.owner().put(&path, body.clone()).await, &body) {
        return false;
    }
    assert_listed(env, CHAIN, "ruleId", &["neighbour", "tried"]).await;
    let question = json!({"handle": "demo", "sessionId": "s", "trigger": "checkout"});
    assert_eq!(env.anonymous().post("/v2/public/chain/resolve", question).await.expect(200).json()["matched"], true);
    env.owner().put(&path, body).await.expect(200);
    env.owner().delete(&path).await.expect(204);
    true
}

async fn webhooks(env: &TestEnv, random: &mut Random, neighbour: &str) -> bool {
    let body = json!({"endpointUrl": address(random), "eventTypes": ["webhook.test"], "description": text(random, 500)});
    let made = env.owner().post(WEBHOOKS, body.clone()).await;
    if !is_accepted(&made, &body) {
        return false;
    }
    let id = made.json()["subscriptionId"].as_str().unwrap().to_owned();
    let path = format!("{WEBHOOKS}/{id}");
    env.owner().get(&path).await.expect(200);
    assert_listed(env, WEBHOOKS, "subscriptionId", &[neighbour, &id]).await;
    env.owner().get("/v2/handles/demo/notifications").await.expect(200);
    env.owner().put(&path, body).await.expect(200);
    env.owner().post(&format!("{path}/secret/rotate"), json!({"gracePeriodSeconds": 0})).await.expect(200);
    env.process_events().await;
    env.owner().delete(&path).await.expect(204);
    true
}

async fn campaigns(env: &TestEnv, random: &mut Random) -> bool {
    let path = format!("{CAMPAIGNS}/tried");
    let link = json!({"slug": "tried", "destinationUrl": address(random), "expiresAt": moment(random)});
    let body =
        json!({"campaignId": "tried", "goalType": "PRODUCT_SALE", "status": "ACTIVE", "name": text(random, 120), "primaryLink": link});
    if !is_accepted(&env.owner().post(CAMPAIGNS, body.clone()).await, &body) {
        return false;
    }
    env.owner().get(&path).await.expect(200);
    env.owner().get(&format!("{path}/health")).await.expect(200);
    assert_listed(env, CAMPAIGNS, "campaignId", &["neighbour", "tried"]).await;
    env.report("funnel=true").await;
    env.owner().put(&path, json!({"name": null, "primaryLink": body["primaryLink"]})).await.expect(200);
    env.owner().delete(&path).await.expect(204);
    env.owner().delete(&format!("{LINKS}/tried")).await.expect(204);
    true
}

async fn conversions(env: &TestEnv, random: &mut Random, ctx: &str, number: usize) -> bool {
    let body = json!({"ctx": ctx, "idempotencyKey": format!("{number}"), "eventType": "purchase", "value": 0.1, "currency": "EUR",
        "occurredAt": moment(random), "metadata": nested(random.pick(&[0, 31, 32, 110, 125]))});
    let accepted = env.anonymous().post("/v2/public/conversions", body.clone()).await;
    let signal = json!({"type": "view", "signalValue": text(random, 256), "source": text(random, 64), "signalId": text(random, 128),
        "occurredAt": moment(random), "metadata": nested(random.pick(&[0, 31, 110]))});
    let signals = json!({"handle": "demo", "sessionId": format!("s-{number}"), "signals": [signal]});
    let posted = env.anonymous().post("/v2/public/chain/signals", signals.clone()).await;
    if is_accepted(&posted, &signals) {
        assert_eq!(
            env.owner().get(&format!("/v2/handles/demo/chain/s-{number}")).await.expect(200).json()["signals"][0]["signalKey"],
            "view"
        );
    }
    if !is_accepted(&accepted, &body) {
        return false;
    }
    let id = accepted.json()["conversionId"].as_str().unwrap().to_owned();
    env.owner().get(&format!("/v2/handles/demo/conversions/{id}")).await.expect(200);
    env.owner().get(&format!("/v2/handles/demo/conversions/{id}/explain")).await.expect(200);
    let list = env.owner().get("/v2/handles/demo/conversions?limit=1").await.expect(200).json();
    assert_eq!((&list["items"][0]["conversionId"], list.get("damaged")), (&json!(id), None));
    env.anonymous().post("/v2/public/conversions", body).await.expect(200);
    true
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whatever_is_accepted_can_be_read_listed_used_replaced_and_deleted() {
    let env = TestEnv::new().await;
    let destination = "https://neighbour.example/";
    env.put_link("neighbour").await.expect(201);
    let rule = json!({"priority": 9, "when": {"sourceIn": ["never"]}, "variant": {"id": "n", "destinationUrl": destination}});
    env.owner()
        .put(&format!("{RULES}/neighbour"), json!({"priority": 0, "when": rule["when"], "variant": rule["variant"]}))
        .await
        .expect(201);
    let chain = json!({"trigger": "other", "action": {"type": "none"}});
    env.owner().put(&format!("{CHAIN}/neighbour"), chain).await.expect(201);
    let hook = json!({"endpointUrl": destination, "eventTypes": ["webhook.disabled"]});
    let hook = env.owner().post(WEBHOOKS, hook).await.expect(201).json()["subscriptionId"].as_str().unwrap().to_owned();
    env.owner().post(CAMPAIGNS, json!({"campaignId": "neighbour", "goalType": "NEWSLETTER"})).await.expect(201);
    let ctx = env.ctx("neighbour").await;
    let mut random = Random::new(1);
    let mut accepted = [0; 6];
    for round in 0..ROUNDS {
        // The writes of a day are limited, and so is a link's time in memory.
        env.advance_ms(21_600_000);
        let outcomes = [
            links(&env, &mut random).await,
            personalization_rules(&env, &mut random).await,
            chain_rules(&env, &mut random).await,
            webhooks(&env, &mut random, &hook).await,
            campaigns(&env, &mut random).await,
            conversions(&env, &mut random, &ctx, round).await,
        ];
        for (count, is_accepted) in accepted.iter_mut().zip(outcomes) {
            *count += usize::from(is_accepted);
        }
    }
    assert!(accepted.iter().all(|count| (3..ROUNDS).contains(count)), "of each resource some are accepted and some refused: {accepted:?}");
}
