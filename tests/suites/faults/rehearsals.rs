//! What docs/operations.md tells an operator to do, done: restore, redrive, dead outbox entries, a rotation of the platform keys under load.

use std::collections::BTreeSet;
use std::ffi::OsString;
use std::path::Path;
use std::time::SystemTime;
use std::{fs, io};

use futures::future::join_all;
use local::jobs::dead_letters::{DeadLetterQueue, Redriven, named};
use local::jobs::{EngineAddress, outbox};
use local::keys::Keys;
use serde_json::{Value, json};
use store::MAX_ANNOUNCEMENTS;
use tests::fixtures::order;
use tests::fixtures::webhooks::{send_test, subscribe};
use tests::{Behaviour, Fault, Receiver, Rule, TestEnv, TestEnvOptions};

/// Receives after which a message is a dead letter, in the template.
const MAX_RECEIVES: usize = 10;

fn dead_letters(env: &TestEnv) -> Vec<DeadLetterQueue> {
    EngineAddress::of(env.server()).unwrap().dead_letters().unwrap()
}

/// How many dead letters each queue has.
async fn counts(env: &TestEnv) -> Vec<(String, u64)> {
    let mut counts = Vec::new();
    for queue in dead_letters(env) {
        counts.push((queue.name.clone(), queue.count().await.unwrap().visible));
    }
    counts
}

/// Fails the test unless every counter is what the raw records make it and nothing waits to be counted.
async fn all_is_counted(env: &TestEnv, records: u64) {
    let found = env.recount().await;
    assert_eq!((found.drift, found.uncounted, found.records), (Vec::new(), 0, records));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn dead_letters_are_counted_shown_and_moved_back_and_then_processed_once() {
    let env = TestEnv::new().await;
    env.put_link("launch").await.expect(201);
    let ctxs = join_all((0..12).map(|_| env.ctx("launch"))).await;
    env.process_events().await;
    for (number, ctx) in ctxs.iter().enumerate() {
        env.convert(order(ctx, &format!("order-{number}"), 10, "USD")).await;
    }
    // The event worker's role is broken: no message can be processed.
    let broken = env.faults.inject(Rule::any().by("event-worker").always(), Fault::Unreachable);
    for _ in 0..=MAX_RECEIVES {
        env.drain("EventsQueue").await;
    }
    broken.at_least_once();
    let none = ["clicks", "click-events", "deliveries", "retries"].map(|name| (name.to_owned(), 0));
    let mut expected = Vec::from(none.clone());
    expected.insert(1, ("events".to_owned(), 12));
    assert_eq!(counts(&env).await, expected);

    let queues = dead_letters(&env);
    let events = named(&queues, "events").unwrap();
    for _ in 0..2 {
        let shown = events.show().await.unwrap();
        assert_eq!(shown.len(), 12, "what is shown stays there, and can be shown again at once");
        let is_pointer = |body: &str| serde_json::from_str::<Value>(body).unwrap()["pk"].as_str().unwrap().starts_with("CONV#demo#");
        assert!(shown.iter().all(|letter| is_pointer(&letter.body) && letter.sent_at.is_some() && !letter.id.is_empty()), "{shown:?}");
    }
    let mistyped = named(&queues, "event").err().unwrap().to_string();
    assert_eq!(mistyped, "event has no dead letters; those that have are clicks, events, click-events, deliveries, retries");

    // Moved back too early they come again.
    assert_eq!(events.redrive().await.unwrap(), Redriven { moved: 12, refused: 0 });
    assert_eq!(env.drain("EventsQueue").await.failed, 12);
    for _ in 0..MAX_RECEIVES {
        env.drain("EventsQueue").await;
    }
    assert_eq!(counts(&env).await, expected);
    assert_eq!(env.recount().await.uncounted, 12, "nothing is lost meanwhile");

    // The cause is repaired.
    env.faults.clear();
    assert_eq!(events.redrive().await.unwrap(), Redriven { moved: 12, refused: 0 });
    assert_eq!(events.redrive().await.unwrap(), Redriven::default(), "a second time there is nothing to move");
    let report = env.drain("EventsQueue").await;
    assert_eq!((report.deleted, report.failed), (12, 0));
    assert!(counts(&env).await.iter().all(|(_, count)| *count == 0));
    all_is_counted(&env, 24).await;
    assert_eq!(env.report("from=2026-03-01&to=2026-03-01").await["totals"]["revenue"], json!(120));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn entries_that_are_set_aside_are_listed_given_back_and_counted_once_their_cause_is_repaired() {
    let env = TestEnv::new().await;
    env.put_link("launch").await.expect(201);
    let ctx = env.ctx("launch").await;
    env.process_events().await;
    let broken = env.faults.inject(Rule::any().by("event-worker").always(), Fault::Unreachable);
    env.convert(order(&ctx, "order-1", 10, "USD")).await;
    for _ in 0..=MAX_ANNOUNCEMENTS {
        env.advance_ms(3_600_000);
        env.sweep().await;
        env.drain("EventsQueue").await;
    }
    broken.at_least_once();
    let store = env.operator_store();
    let [entry] = outbox::list(&store).await.unwrap().try_into().expect("one entry");
    assert!(entry.pk.starts_with("CONV#demo#"), "{}", entry.pk);
    assert_eq!(env.anonymous().get("/v2/system/health").await.expect(200).json()["counting"], "BEHIND");
    let unknown = outbox::drop_one(&store, "CONV#demo#nothing").await.unwrap_err().to_string();
    assert!(unknown.contains("`outbox` lists those that are"), "{unknown}");

    env.faults.clear();
    env.server().purge("EventsQueue").await.unwrap();
    outbox::retry(&store, &[entry], env.now()).await.unwrap();
    env.sweep().await;
    assert_eq!(env.drain("EventsQueue").await.deleted, 1);
    assert!(outbox::list(&store).await.unwrap().is_empty());
    env.sweep().await;
    assert_eq!(env.anonymous().get("/v2/system/health").await.expect(200).json()["counting"], "CURRENT");
    all_is_counted(&env, 2).await;
}

/// The files of a folder with their sizes and when they changed.
fn listing(folder: &Path) -> io::Result<BTreeSet<(OsString, u64, SystemTime)>> {
    fs::read_dir(folder)?
        .map(|entry| {
            let entry = entry?;
            let found = entry.metadata()?;
            Ok((entry.file_name(), found.len(), found.modified()?))
        })
        .collect()
}

/// Copies the files of a folder, as a backup does: all as they were at one moment.
fn copy(from: &Path, to: &Path) {
    let copied = || {
        let before = listing(from)?;
        fs::create_dir_all(to)?;
        for (name, _, _) in &before {
            fs::copy(from.join(name), to.join(name))?;
        }
        Ok::<_, io::Error>(listing(from)? == before)
    };
    // The database of a server that has just ended may still be closing.
    for _ in 0..1_000 {
        if copied().is_ok_and(|is_whole| is_whole) {
            return;
        }
        fs::remove_dir_all(to).unwrap();
    }
    panic!("{} does not rest", from.display());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_restored_copy_takes_the_lost_conversions_again_counts_each_once_and_needs_its_revocations_again() {
    let folder = tempfile::tempdir().unwrap();
    let (data, backup) = (folder.path().join("data"), folder.path().join("backup"));
    let open = async |data: &Path, starts_at| {
        TestEnv::with(TestEnvOptions { data: Some(data.to_owned()), starts_at, ..TestEnvOptions::default() }).await
    };
    let before = open(&data, "2026-03-01T12:00:00Z").await;
    before.put_link("launch").await.expect(201);
    let (kept, lost) = (before.ctx("launch").await, before.ctx("launch").await);
    before.process_events().await;
    before.convert(order(&kept, "order-kept", 10, "USD")).await;
    before.process_events().await;
    let token = before.owner().post("/v2/handles/demo/tokens", json!({"scopes": ["links.read"]})).await.expect(201).json();
    let (id, secret) = (token["tokenId"].as_str().unwrap().to_owned(), token["token"].as_str().unwrap().to_owned());
    drop(before);
    copy(&data, &backup);

    // What happens between the backup and the moment writing is stopped.
    let after = open(&data, "2026-03-01T12:10:00Z").await;
    let receipt = after.convert(order(&lost, "order-lost", 20, "USD")).await;
    after.process_events().await;
    after.owner().delete(&format!("/v2/handles/demo/tokens/{id}")).await.expect(204);
    let revocations = after.audited().await;
    assert!(revocations.contains(&("token.revoked".to_owned(), id.clone())), "{revocations:?}");
    drop(after);

    let restored = open(&backup, "2026-03-01T12:20:00Z").await;
    // The former table's audit log says what must be revoked again: here the token is good.
    let links = "/v2/public/handles/demo/links";
    restored.bearer(&secret).get(links).await.expect(200);
    restored.owner().delete(&format!("/v2/handles/demo/tokens/{id}")).await.expect(204);
    restored.bearer(&secret).get(links).await.expect(401);
    // Merchants post their conversions again, with the same keys and ctx.
    let kept = restored.anonymous().post("/v2/public/conversions", order(&kept, "order-kept", 10, "USD")).await.expect(200).json();
    assert_eq!(kept["deduped"], true);
    let again = restored.convert(order(&lost, "order-lost", 20, "USD")).await;
    assert_ne!(again["conversionId"], receipt["conversionId"], "it is accepted as a new one");
    restored.process_events().await;
    restored.sweep().await;
    let health = restored.anonymous().get("/v2/system/health").await.expect(200).json();
    assert_eq!((&health["status"], &health["counting"]), (&json!("ok"), &json!("CURRENT")));
    all_is_counted(&restored, 4).await;
    assert_eq!(restored.report("from=2026-03-01&to=2026-03-01").await["totals"]["revenue"], json!(30));
}

/// Secrets Manager with these platform keys.
fn hold(manager: &Receiver, keys: &Value) {
    let secret = json!({"ARN": ARN, "Name": "PlatformSecret", "VersionId": "v1", "SecretString": keys.to_string()});
    manager.always(Behaviour::Answer(200, secret.to_string().into_bytes()));
}

const ARN: &str = "arn:aws:secretsmanager:eu-central-1:123456789012:secret:PlatformSecret";

/// Visits, orders and contexts at the same time, of links whose ctx are known; gives the new ctx. Nothing is refused.
async fn load(env: &TestEnv, live: &[String], round: &str) -> Vec<String> {
    let anonymous = env.anonymous();
    let visits = join_all((0..8).map(|_| env.ctx("launch")));
    let orders = join_all(live.iter().enumerate().map(|(number, ctx)| {
        let order = order(ctx, &format!("order-{round}-{number}"), 1, "USD");
        async { env.convert(order).await }
    }));
    let contexts = join_all(live.iter().map(|ctx| {
        let path = format!("/v2/public/context?ctx={ctx}");
        let anonymous = anonymous.clone();
        async move { anonymous.get(&path).await.expect(200).json()["valid"].clone() }
    }));
    let (made, _, contexts) = tokio::join!(visits, orders, contexts);
    assert!(contexts.iter().all(|valid| *valid == true), "{round}: {contexts:?}");
    made
}

fn key_of(ctx: &str) -> &str {
    ctx.split('.').nth(1).unwrap_or_default()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_rotation_of_the_platform_keys_under_load_refuses_no_live_ctx_and_loses_no_webhook_secret() {
    let manager = Receiver::start().await;
    let first: Value = serde_json::from_str(&Keys::generate().unwrap().platform).unwrap();
    let old = first["current"].as_str().unwrap().to_owned();
    hold(&manager, &first);
    let variables =
        [("PLATFORM_SECRET", ""), ("PLATFORM_SECRET_ARN", ARN), ("AWS_ENDPOINT_URL_SECRETS_MANAGER", manager.url("").leak() as &str)];
    let environment = variables.map(|(name, value)| (name.to_owned(), value.to_owned())).into();
    let env = TestEnv::with(TestEnvOptions { environment, ..TestEnvOptions::default() }).await;
    env.put_link("launch").await.expect(201);
    let receiver = Receiver::start().await;
    let subscription = subscribe(&env, &receiver, &["webhook.test"]).await;
    let of_old = load(&env, &[], "before").await;
    assert!(of_old.iter().all(|ctx| key_of(ctx) == old));

    // Step 1: a second key, not used yet; five minutes in which every function reads it.
    let mut both = first.clone();
    both["k9"] = json!("0123456789abcdef0123456789abcdef-second");
    hold(&manager, &both);
    let made = load(&env, &of_old, "added").await;
    assert!(made.iter().all(|ctx| key_of(ctx) == old), "the new key is not current");
    env.advance_ms(300_001);
    load(&env, &of_old, "read").await;

    // Step 2: it is current. Functions take it over one after the other, and each knows both.
    both["current"] = json!("k9");
    hold(&manager, &both);
    load(&env, &of_old, "current").await;
    env.advance_ms(300_001);
    // The first request of a function after that reloads, and the next has the new key.
    load(&env, &of_old, "reloading").await;
    let of_new = load(&env, &of_old, "reloaded").await;
    assert!(of_new.iter().any(|ctx| key_of(ctx) == "k9"), "{of_new:?}");
    load(&env, &of_new, "new").await;
    env.sweep().await;
    env.sweep().await;

    // Step 3: no token of the old key is live any more, and every webhook secret is under the new one.
    env.advance_days(31);
    both.as_object_mut().unwrap().remove(&old);
    hold(&manager, &both);
    env.advance_ms(300_001);
    let refused = env.anonymous().get(&format!("/v2/public/context?ctx={}", of_old[0])).await.refused(400, "invalid_ctx");
    assert_eq!(refused.json()["reason"], "unknown_key");
    let fresh = load(&env, &[], "after").await;
    assert!(fresh.iter().all(|ctx| key_of(ctx) == "k9"), "{fresh:?}");
    let delivery = send_test(&env, &subscription).await;
    env.deliver().await;
    let delivery = tests::fixtures::webhooks::delivery(&env, &delivery).await;
    assert_eq!(delivery["status"], "DELIVERED", "{delivery}");
}
