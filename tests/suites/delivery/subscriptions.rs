//! Subscriptions over time: receivers that are given up and come back, endpoints that move, secrets that change, and secrets
//! that are never seen.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use futures::future::join_all;
use local::Error;
use local::jobs::rotate::run as rotate_keys;
use serde_json::{Value, json};
use tests::fixtures::webhooks::{
    DELIVERIES, WEBHOOKS, change, click_and_convert, delivery, id_of, log, read, run_schedule, send_test, subscribe,
};
use tests::{Answer, Behaviour, Log, Posted, Receiver, TestEnv, TestEnvOptions};

const DAY_MS: i64 = 86_400_000;

/// Sends `count` test events whose deliveries end EXHAUSTED.
async fn exhaust(env: &TestEnv, subscription: &Value, count: usize) {
    for _ in 0..count {
        send_test(env, subscription).await;
    }
    run_schedule(env).await;
}

fn of_type(receiver: &Receiver, name: &str) -> Vec<Posted> {
    receiver.posted().into_iter().filter(|posted| posted.header("x-10x-event-type") == name).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_receiver_that_fails_twenty_times_over_a_day_is_disabled_and_the_others_are_notified() {
    let env = TestEnv::new().await;
    let (failing, other) = (Receiver::start().await, Receiver::start().await);
    failing.always(Behaviour::status(500));
    let subscription = subscribe(&env, &failing, &["webhook.test"]).await;
    subscribe(&env, &other, &["webhook.disabled"]).await;
    exhaust(&env, &subscription, 21).await;
    assert_eq!(read(&env, &subscription).await["status"], "ACTIVE", "twenty within minutes are an outage");
    env.advance_ms(DAY_MS);
    // Two workers come to it at once, and something else is on its way.
    exhaust(&env, &subscription, 2).await;
    let given_up = read(&env, &subscription).await;
    assert_eq!((&given_up["status"], &given_up["enabled"]), (&json!("DISABLED_AUTO"), &json!(false)));
    assert_eq!(given_up["updatedAt"], json!(env.now()));
    env.process_events().await;
    env.deliver().await;
    let disabled = of_type(&other, "webhook.disabled");
    assert_eq!(disabled.len(), 1, "notified once");
    assert_eq!(disabled[0].json()["payload"], json!({"subscriptionId": id_of(&subscription), "status": "DISABLED_AUTO"}));
    let audited = env.operator().get("/v2/handles/demo/audit-events").await.expect(200).text();
    assert_eq!(audited.matches(r#""action":"webhook.disabled""#).count(), 1);
    env.operator().post(&format!("{WEBHOOKS}/{}/test", id_of(&subscription)), json!({})).await.refused(409, "conflict");
    // Enabled again it starts from zero: one more failure, or twenty, do not disable it at once.
    assert_eq!(change(&env, &subscription, json!({"enabled": true})).await["status"], "ACTIVE");
    exhaust(&env, &subscription, 20).await;
    assert_eq!(read(&env, &subscription).await["status"], "ACTIVE");
    env.advance_ms(DAY_MS);
    exhaust(&env, &subscription, 1).await;
    assert_eq!(read(&env, &subscription).await["status"], "DISABLED_AUTO");
    // Another endpoint is a new start too.
    failing.always(Behaviour::status(200));
    assert_eq!(change(&env, &subscription, json!({"endpointUrl": failing.url("/moved")})).await["status"], "ACTIVE");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_success_in_between_forgets_all_failures() {
    let env = TestEnv::new().await;
    let receiver = Receiver::start().await;
    receiver.always(Behaviour::status(500));
    let subscription = subscribe(&env, &receiver, &["webhook.test"]).await;
    exhaust(&env, &subscription, 19).await;
    env.advance_ms(DAY_MS);
    receiver.next([Behaviour::status(204)]);
    send_test(&env, &subscription).await;
    env.deliver().await;
    exhaust(&env, &subscription, 19).await;
    assert_eq!(read(&env, &subscription).await["status"], "ACTIVE", "19 in a row");
    env.advance_ms(DAY_MS);
    exhaust(&env, &subscription, 1).await;
    assert_eq!(read(&env, &subscription).await["status"], "DISABLED_AUTO", "20 in a row over a day");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_receiver_that_says_gone_gets_nothing_more_and_what_waits_for_it_is_cancelled() {
    let env = TestEnv::new().await;
    let (gone, other) = (Receiver::start().await, Receiver::start().await);
    let subscription = subscribe(&env, &gone, &["webhook.test"]).await;
    subscribe(&env, &other, &["*"]).await;
    gone.next([Behaviour::status(500)]);
    let waiting = send_test(&env, &subscription).await;
    env.deliver().await;
    gone.always(Behaviour::status(410));
    env.advance_ms(1_000);
    let (first, second) = (send_test(&env, &subscription).await, send_test(&env, &subscription).await);
    env.deliver().await;
    let current = read(&env, &subscription).await;
    assert_eq!((&current["status"], &current["enabled"]), (&json!("DISABLED_GONE"), &json!(false)));
    assert_eq!(current["updatedAt"], json!(env.now()));
    assert_ne!(current["updatedAt"], subscription["updatedAt"]);
    for id in [&first, &second] {
        let logged = delivery(&env, id).await;
        // Both were on their way when the first answer came.
        assert!(["EXHAUSTED", "CANCELLED"].contains(&logged["status"].as_str().unwrap()), "{logged}");
        assert!(logged["attempts"].as_array().unwrap().len() <= 1);
    }
    env.advance_ms(5_000);
    env.deliver().await;
    env.process_events().await;
    env.deliver().await;
    let posted = gone.posted().len();
    assert!(posted <= 3, "{posted}");
    assert_eq!(delivery(&env, &waiting).await["status"], "CANCELLED");
    let disabled = of_type(&other, "webhook.disabled");
    assert_eq!((disabled.len(), &disabled[0].json()["payload"]["status"]), (1, &json!("DISABLED_GONE")));
    // A member that is null says no more than one that is left out.
    assert_eq!(change(&env, &subscription, json!({"endpointUrl": null})).await["status"], "DISABLED_GONE");
    // It comes back when its owner says so.
    gone.always(Behaviour::status(200));
    let back = change(&env, &subscription, json!({"enabled": true})).await;
    assert_eq!((&back["status"], &back["enabled"], &back["updatedAt"]), (&json!("ACTIVE"), &json!(true), &json!(env.now())));
    assert_eq!(read(&env, &subscription).await, back);
    send_test(&env, &subscription).await;
    env.deliver().await;
    assert_eq!(gone.posted().len(), posted + 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_410_of_an_endpoint_that_was_left_meanwhile_ends_only_that_delivery() {
    let env = TestEnv::new().await;
    let receiver = Receiver::start().await;
    receiver.next([Behaviour::WhenReleased(410)]);
    let subscription = subscribe(&env, &receiver, &["webhook.test"]).await;
    let id = send_test(&env, &subscription).await;
    let meanwhile = async {
        while receiver.posted().is_empty() {
            tokio::task::yield_now().await;
        }
        change(&env, &subscription, json!({"endpointUrl": receiver.url("/moved")})).await;
        receiver.release();
    };
    tokio::join!(env.drain("DeliveriesQueue"), meanwhile);
    assert_eq!(delivery(&env, &id).await["status"], "EXHAUSTED");
    assert_eq!(read(&env, &subscription).await["status"], "ACTIVE");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_waits_for_a_subscription_that_is_deleted_or_disabled_is_cancelled_and_the_log_shows_it() {
    for change_it in ["delete", "disable"] {
        let env = TestEnv::new().await;
        let receiver = Receiver::start().await;
        receiver.always(Behaviour::status(500));
        let subscription = subscribe(&env, &receiver, &["webhook.test"]).await;
        let tried = send_test(&env, &subscription).await;
        env.deliver().await;
        let untried = send_test(&env, &subscription).await;
        if change_it == "delete" {
            env.operator().delete(&format!("{WEBHOOKS}/{}", id_of(&subscription))).await.expect(204);
        } else {
            assert_eq!(change(&env, &subscription, json!({"enabled": false})).await["status"], "DISABLED");
        }
        run_schedule(&env).await;
        assert_eq!(receiver.posted().len(), 1, "{change_it}");
        let cancelled = log(&env, "&status=CANCELLED").await;
        assert_eq!(cancelled.len(), 2, "{change_it}");
        for (id, attempts) in [(&tried, 1), (&untried, 0)] {
            let logged = delivery(&env, id).await;
            assert_eq!((&logged["status"], logged["attempts"].as_array().unwrap().len()), (&json!("CANCELLED"), attempts), "{logged}");
            assert_eq!(logged["nextAttemptAt"], Value::Null);
        }
    }
}

/// The signature that an independent client makes.
fn signed(secret: &Value, posted: &Posted) -> String {
    let webhook = standardwebhooks::Webhook::new(secret["secret"].as_str().unwrap()).unwrap();
    let at = posted.header("webhook-timestamp").parse().unwrap();
    webhook.sign(posted.header("webhook-id"), at, &posted.body).unwrap()
}

/// The product's own signature, as a receiver works it out.
fn of_body(secret: &Value, posted: &Posted) -> String {
    use hmac::{Hmac, KeyInit, Mac};
    let mut mac = Hmac::<sha2::Sha256>::new_from_slice(secret["secret"].as_str().unwrap().as_bytes()).unwrap();
    mac.update(&posted.body);
    mac.finalize().into_bytes().iter().fold("sha256=".to_owned(), |text, byte| format!("{text}{byte:02x}"))
}

async fn rotate(env: &TestEnv, subscription: &Value, body: Value) -> Answer {
    env.operator().post(&format!("{WEBHOOKS}/{}/secret/rotate", id_of(subscription)), body).await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn old_and_new_secret_both_sign_until_the_second_the_overlap_ends() {
    let env = TestEnv::new().await;
    let receiver = Receiver::start().await;
    let old = subscribe(&env, &receiver, &["webhook.test"]).await;
    let new = rotate(&env, &old, json!({"gracePeriodSeconds": 60})).await.expect(200).json();
    for (wait_ms, is_over) in [(0, false), (59_000, false), (999, false), (1, true), (1_000, true)] {
        env.advance_ms(wait_ms);
        send_test(&env, &old).await;
        env.deliver().await;
        let posted = receiver.posted().pop().unwrap();
        let expected = if is_over { signed(&new, &posted) } else { format!("{} {}", signed(&new, &posted), signed(&old, &posted)) };
        assert_eq!(posted.header("webhook-signature"), expected, "after {wait_ms} ms");
        let of_body = of_body(if is_over { &new } else { &old }, &posted);
        assert_eq!(posted.header("x-10x-signature"), of_body, "the one value is the old secret's as long as it lives");
    }
    // After a leak nothing overlaps.
    let newest = rotate(&env, &old, json!({"gracePeriodSeconds": 0})).await.expect(200).json();
    send_test(&env, &old).await;
    env.deliver().await;
    let posted = receiver.posted().pop().unwrap();
    assert_eq!(
        (posted.header("webhook-signature"), posted.header("x-10x-signature")),
        (&*signed(&newest, &posted), &*of_body(&newest, &posted))
    );
    for bad in [json!(-1), json!(604_801), json!(1_000_000_000), json!(1.5), json!("60"), json!(true)] {
        let answer = rotate(&env, &old, json!({"gracePeriodSeconds": bad})).await.refused(400, "invalid_payload");
        assert_eq!(answer.fields(), ["gracePeriodSeconds"]);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_rotations_at_once_those_that_are_answered_hold_and_the_others_conflict() {
    let env = TestEnv::new().await;
    let receiver = Receiver::start().await;
    let subscription = subscribe(&env, &receiver, &["webhook.test"]).await;
    let answers = join_all((0..4).map(|_| rotate(&env, &subscription, json!({})))).await;
    let (won, lost): (Vec<_>, Vec<_>) = answers.into_iter().partition(|answer| answer.status == 200);
    assert!(!won.is_empty() && won.len() <= 2, "two previous secrets at most: {}", won.len());
    for answer in lost {
        answer.refused(409, "conflict");
    }
    send_test(&env, &subscription).await;
    env.deliver().await;
    let posted = receiver.posted().pop().unwrap();
    let signatures: Vec<&str> = posted.header("webhook-signature").split(' ').collect();
    assert_eq!(signatures.len(), won.len() + 1);
    for secret in won.iter().map(Answer::json).chain([subscription.clone()]) {
        assert!(signatures.contains(&signed(&secret, &posted).as_str()));
    }
    // Two writers of one version, for certain.
    let store = env.unrestricted_store();
    let id = id_of(&subscription).parse().unwrap();
    let known = store.subscriptions().get(&env.handle(), id, env.now()).await.unwrap().unwrap().subscription;
    let next = domain::webhooks::subscription::Subscription { version: known.version + 1, ..known.clone() };
    let event = || env.audit_event("webhook.secret_rotated");
    let (first, second) = (event(), event());
    assert!(store.subscriptions().save(&next, known.version, store::FailureRecord::Keep, &first).await.unwrap());
    assert!(!store.subscriptions().save(&next, known.version, store::FailureRecord::Keep, &second).await.unwrap());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_on_its_way_goes_to_the_new_endpoint_under_the_live_secret() {
    let env = TestEnv::new().await;
    let (old, new) = (Receiver::start().await, Receiver::start().await);
    old.always(Behaviour::status(500));
    let subscription = subscribe(&env, &old, &["webhook.test"]).await;
    let id = send_test(&env, &subscription).await;
    env.deliver().await;
    change(&env, &subscription, json!({"endpointUrl": new.url("/moved")})).await;
    let secret = rotate(&env, &subscription, json!({"gracePeriodSeconds": 0})).await.expect(200).json();
    env.advance_ms(5_000);
    env.deliver().await;
    let (before, after) = (old.posted(), new.posted());
    assert_eq!((before.len(), after.len(), after[0].path.as_str()), (1, 1, "/moved"));
    assert_eq!((&before[0].body, before[0].header("webhook-id")), (&after[0].body, after[0].header("webhook-id")));
    assert_eq!((after[0].header("x-10x-attempt"), after[0].header("webhook-signature")), ("2", &*signed(&secret, &after[0])));
    assert_eq!(delivery(&env, &id).await["status"], "DELIVERED");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn twenty_one_subscriptions_asked_for_at_once_make_twenty() {
    let env = TestEnv::new().await;
    let body = json!({"endpointUrl": "https://hooks.example.com/", "eventTypes": ["*"]});
    let operator = env.operator();
    let answers = join_all((0..21).map(|_| operator.post(WEBHOOKS, body.clone()))).await;
    let made = answers.iter().filter(|answer| answer.status == 201).count();
    assert_eq!((made, answers.iter().filter(|answer| answer.status == 409).count()), (20, 1));
    let listed = env.operator().get(WEBHOOKS).await.expect(200).json();
    assert_eq!(listed["items"].as_array().unwrap().len(), 20);
    env.operator().delete(&format!("{WEBHOOKS}/{}", id_of(&listed["items"][7]))).await.expect(204);
    env.operator().post(WEBHOOKS, body.clone()).await.expect(201);
    env.operator().post(WEBHOOKS, body).await.refused(409, "conflict");
}

/// Uses a token of every kind, valid and not; returns the secret part of each.
async fn use_tokens(env: &TestEnv, seen: &mut String) -> (String, String, String) {
    let made = env.operator().post("/v2/handles/demo/tokens", json!({"scopes": ["links.read"]})).await.expect(201).json();
    let token = made["token"].as_str().unwrap();
    let jwt = local::token::mint(env.keys(), "operator", &[], env.now().millis(), Duration::from_secs(3_600)).unwrap();
    let (links, webhooks) = ("/v2/public/handles/demo/links", "/v2/public/handles/demo/webhooks");
    let uses = [
        (token.to_owned(), links, 200),
        (token.to_owned(), webhooks, 403),
        (token.to_owned(), WEBHOOKS, 401),
        (format!("{token}x"), links, 401),
        (jwt.clone(), WEBHOOKS, 200),
        (jwt.clone(), links, 401),
        (format!("{jwt}x"), WEBHOOKS, 401),
    ];
    for (bearer, path, status) in uses {
        seen.push_str(&env.bearer(&bearer).get(path).await.expect(status).text());
    }
    let ctx = env.visitor().number(9).follow("launch").await.expect(302).ctx();
    for (text, status) in [(format!("{ctx}x"), 400), (ctx.clone(), 202)] {
        let body = json!({"ctx": text, "idempotencyKey": "order-of-canary", "eventType": "purchase"});
        seen.push_str(&env.anonymous().post("/v2/public/conversions", body).await.expect(status).text());
    }
    env.process_events().await;
    (token.split_once('.').unwrap().1.to_owned(), jwt, ctx.rsplit('.').next().unwrap().to_owned())
}

// On one thread, so that the log is that of this environment alone.
#[tokio::test]
async fn secrets_are_returned_once_and_never_again() {
    let log = Log::record();
    let env = TestEnv::new().await;
    let receiver = Receiver::start().await;
    let subscription = subscribe(&env, &receiver, &["*"]).await;
    let rotated = rotate(&env, &subscription, json!({})).await.expect(200).json();
    let long = format!("{}CANARY-BODY", "x".repeat(1024));
    receiver.next([Behaviour::Answer(500, long.clone().into_bytes()), Behaviour::Reset, Behaviour::Answer(200, long.into_bytes())]);
    let mut seen = String::new();
    for number in 0..3 {
        let accepted = click_and_convert(&env, number).await;
        seen.push_str(&accepted.to_string());
        for queue in ["ClicksQueue", "EventsQueue", "DeliveriesQueue", "RetriesQueue"] {
            env.drain_with(queue, |messages| {
                seen.extend(messages.iter().filter_map(|message| message.body.clone()));
                messages
            })
            .await;
        }
        env.advance_ms(5_000);
        env.deliver().await;
    }
    let operator = env.operator();
    let path = format!("{WEBHOOKS}/{}", id_of(&subscription));
    for read in [WEBHOOKS, &path, DELIVERIES, "/v2/handles/demo/notifications", "/v2/handles/demo/audit-events"] {
        seen.push_str(&operator.get(read).await.expect(200).text());
    }
    for body in [json!({"secret": subscription["secret"]}), json!({"endpointUrl": subscription["secret"]}), json!({"enabled": 1})] {
        let answer = operator.put(&path, body).await.expect(400);
        seen.push_str(&answer.text());
    }
    seen.push_str(&operator.post(&format!("{path}/secret/rotate"), json!({"gracePeriodSeconds": -1})).await.expect(400).text());
    let (token, jwt, ctx) = use_tokens(&env, &mut seen).await;
    let (dumped, logged) = (json!(env.table_items().await).to_string(), log.text());
    assert!(receiver.posted().len() > 5, "{}", receiver.posted().len());
    assert!(logged.contains("webhook attempted"), "the worker's lines are not in the log of {} bytes", logged.len());
    let platform: Value = serde_json::from_str(&env.keys().platform).unwrap();
    let of_world = [&platform["k1"], &json!(env.keys().token), &json!(token), &json!(jwt), &json!(ctx)];
    let secrets = [&subscription["secret"], &rotated["secret"]].into_iter().chain(of_world);
    for (place, text) in [("answers and messages", &seen), ("the table", &dumped), ("the log", &logged)] {
        for (number, secret) in secrets.clone().enumerate() {
            let secret = secret.as_str().unwrap();
            let bare = secret.trim_start_matches("whsec_");
            assert!(!text.contains(bare), "secret {number} is in {place}");
        }
        assert!(!text.contains("CANARY-BODY"), "more than 1 KiB of a receiver's answer is in {place}");
    }
}

/// The environment of a data directory, under the keys that are in it now.
async fn env_on(data: &Path, starts_at: &'static str) -> TestEnv {
    TestEnv::with(TestEnvOptions { starts_at, data: Some(data.to_owned()), ..TestEnvOptions::default() }).await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_subscription_without_deliveries_while_keys_rotate_twice_gets_valid_signatures_afterwards() {
    let folder = tempfile::tempdir().unwrap();
    let receiver = Receiver::start().await;
    let env = env_on(folder.path(), "2026-03-01T12:00:00Z").await;
    let quiet = subscribe(&env, &receiver, &["webhook.test"]).await;
    let rotating = subscribe(&env, &receiver, &["webhook.test"]).await;
    drop(env);
    let keys = || rotate_keys(folder.path());
    assert_eq!(keys().await.unwrap(), "k2");
    assert_eq!(keys().await.unwrap_err().to_string(), Error::StillSealed.to_string(), "k1 would go, and with it two secrets");

    let env = env_on(folder.path(), "2026-03-02T12:00:00Z").await;
    // Its new secret is sealed with k2 and its previous one with k1.
    let rotated = rotate(&env, &rotating, json!({"gracePeriodSeconds": 604_800})).await.expect(200).json();
    assert_eq!((sealed_with(&env, Some("k1")).await, sealed_with(&env, None).await), (1, 1));
    assert_verifiable(&env, &receiver, &quiet, &[&quiet]).await;
    env.sweep().await;
    assert_eq!((sealed_with(&env, Some("k1")).await, sealed_with(&env, None).await), (0, 0));
    assert_eq!(sealed_with(&env, Some("k2")).await, 2);
    env.faults.take_calls();
    env.sweep().await;
    let writes = env.faults.take_calls().into_iter().filter(|(_, operation)| operation == "UpdateItem").count();
    assert_eq!(writes, 0, "what is sealed with the key that seals now is left alone");
    drop(env);
    assert_eq!(keys().await.unwrap(), "k3");

    let env = env_on(folder.path(), "2026-03-03T12:00:00Z").await;
    let kept: Value = serde_json::from_str(&env.keys().platform).unwrap();
    assert!(kept["k1"].is_null() && kept["k2"].is_string(), "the secrets themselves may contain any letters");
    for key_id in ["k2", "k3"] {
        assert_eq!(sealed_with(&env, Some(key_id)).await, 2, "{key_id}");
        assert_verifiable(&env, &receiver, &quiet, &[&quiet]).await;
        assert_verifiable(&env, &receiver, &rotating, &[&rotated, &rotating]).await;
        env.sweep().await;
    }
}

/// How many subscriptions this key seals, or several do.
async fn sealed_with(env: &TestEnv, key_id: Option<&str>) -> usize {
    env.unrestricted_store().subscriptions().sealed_with(key_id, 100).await.unwrap().len()
}

/// Sends a test event to a subscription and holds its signatures against these secrets, newest first.
async fn assert_verifiable(env: &TestEnv, receiver: &Receiver, subscription: &Value, secrets: &[&Value]) {
    receiver.clear();
    send_test(env, subscription).await;
    env.deliver().await;
    let posted = receiver.posted().pop().unwrap_or_else(|| panic!("nothing came"));
    let signatures: Vec<String> = secrets.iter().map(|secret| signed(secret, &posted)).collect();
    assert_eq!(posted.header("webhook-signature"), signatures.join(" "));
}
/// The delivery worker under another platform secret that has none of this environment's keys.
fn worker_without_keys(env: &TestEnv) -> runtime::App {
    let mut environment = env.server().env("delivery-worker");
    let secret = json!({"current": "k2", "k2": "a-second-master-key-of-43-characters-and-so"});
    environment.insert("PLATFORM_SECRET".to_owned(), secret.to_string());
    let settings = runtime::Settings::read(|name| environment.get(name).cloned()).unwrap();
    let now = env.now();
    runtime::App::new(settings, store::http_client(), Arc::new(move || now), runtime::start::system_entropy())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_secret_that_nothing_opens_is_a_failure_its_owner_sees_and_not_a_delivery_that_hangs() {
    let env = TestEnv::new().await;
    let receiver = Receiver::start().await;
    let subscription = subscribe(&env, &receiver, &["webhook.test"]).await;
    let id = send_test(&env, &subscription).await;
    let mut event = aws_lambda_events::sqs::SqsEvent::default();
    env.drain_with("DeliveriesQueue", |messages| {
        event.records.extend(messages);
        Vec::new()
    })
    .await;
    assert!(delivery_worker::handle(worker_without_keys(&env), event).await.batch_item_failures.is_empty());
    let logged = delivery(&env, &id).await;
    assert_eq!((&logged["status"], &logged["attempts"][0]["outcome"]), (&json!("SCHEDULED"), &json!("no_secret")), "{logged}");
    assert_eq!(receiver.connections(), 0);
    // With the key back, the next attempt is signed.
    env.server().purge("DeliveriesQueue").await.unwrap();
    env.advance_ms(5_000);
    env.deliver().await;
    assert_eq!(receiver.posted()[0].header("webhook-signature"), signed(&subscription, &receiver.posted()[0]));
}
