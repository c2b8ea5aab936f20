//! Deleting a handle: gone at once for visitors and programs, restored whole within thirty days, erased afterwards but for its totals.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};
use tests::fixtures::order;
use tests::fixtures::webhooks::{WEBHOOKS, subscribe};
use tests::operations::Walk;
use tests::{Fault, Receiver, Rule, TestEnv};

const DEMO: &str = "/v2/handles/demo";
const RESTORE: &str = "/v2/handles/demo/restore";

fn confirm() -> Value {
    json!({"confirm": "demo"})
}

/// Deletes, as `curl -X DELETE -d` does.
async fn delete(env: &TestEnv, body: Value) -> tests::Answer {
    let caller = env.owner().with("content-type", "application/json");
    caller.send(http::Method::DELETE, DEMO, body.to_string().into_bytes()).await
}

/// Something of every kind on `demo`, counted and delivered; gives the ctx of a click.
async fn populated(env: &TestEnv, receiver: &Receiver) -> String {
    let owner = env.owner();
    subscribe(env, receiver, &["*"]).await;
    let hook = env.operator().get(WEBHOOKS).await.expect(200).json()["items"][0]["subscriptionId"].as_str().unwrap().to_owned();
    env.operator().post(&format!("{WEBHOOKS}/{hook}/test"), json!({})).await.expect(202);
    env.put_link("launch").await.expect(201);
    let capped = json!({"destinationUrl": "https://example.com/", "maxClicks": 5, "title": "capped"});
    for slug in ["capped", "removed"] {
        owner.put(&format!("{DEMO}/links/{slug}"), capped.clone()).await.expect(201);
    }
    let campaign = |id: &str| json!({"campaignId": id, "goalType": "PRODUCT_SALE", "status": "ACTIVE", "primaryLink": {"slug": format!("{id}-link"), "destinationUrl": "https://example.com/"}});
    for id in ["kept", "gone"] {
        owner.post(&format!("{DEMO}/campaigns"), campaign(id)).await.expect(201);
    }
    let variant = json!({"variant": {"id": "v", "destinationUrl": "https://example.com/v"}});
    owner.put(&format!("{DEMO}/personalization-rules/r1"), variant).await.expect(201);
    let rule = json!({"trigger": "checkout", "priority": 1, "when": {"all": [{"signalKey": "intent"}]}, "action": {"type": "banner", "text": "x"}});
    owner.put(&format!("{DEMO}/chain/rules/c1"), rule).await.expect(201);
    env.pat_client(&["links.read"]).await;
    let signals =
        json!({"handle": "demo", "sessionId": "sess-1", "signals": [{"signalKey": "intent", "signalValue": "cart", "confidence": 0.9}]});
    env.anonymous().post("/v2/public/chain/signals", signals).await.expect(202);
    for slug in ["launch", "capped", "removed", "kept-link", "gone-link"] {
        env.visitor().follow(&format!("{slug}?sid=sess-1")).await.expect(302);
    }
    let ctx = env.visitor().follow("kept-link?sid=sess-1").await.expect(302).ctx();
    env.advance_ms(2_000);
    let sale = env.convert(order(&ctx, "order-1", 20.0, "EUR")).await;
    env.convert(order(&ctx, "order-1b", 5.5, "EUR")).await;
    env.anonymous().post("/v2/public/conversions", order(&ctx, "order-1", 21.0, "EUR")).await.expect(200);
    env.process_events().await;
    let adjustments = format!("{DEMO}/conversions/{}/adjustments", sale["conversionId"].as_str().unwrap());
    owner.post(&adjustments, json!({"amount": -5, "reason": "refund", "idempotencyKey": "r-1"})).await.expect(201);
    owner.get(&format!("{DEMO}/campaigns/kept/health")).await.expect(200);
    owner.delete(&format!("{DEMO}/links/removed")).await.expect(204);
    owner.delete(&format!("{DEMO}/campaigns/gone")).await.expect(204);
    env.process_events().await;
    env.deliver().await;
    ctx
}

/// The keys of all items, without what belongs to users and addresses, and without what has expired.
async fn keys(env: &TestEnv) -> BTreeSet<(String, String)> {
    let now = env.now().seconds();
    let mut keys = BTreeSet::new();
    for item in env.table_items().await {
        let is_expired = item["ttl"]["N"].as_str().and_then(|ttl| ttl.parse::<i64>().ok()).is_some_and(|ttl| ttl < now);
        let text = |name: &str| item[name]["S"].as_str().unwrap().to_owned();
        let (pk, sk) = (text("pk"), text("sk"));
        if !is_expired && !["QUOTA#", "RATE#", "SYSTEM#"].iter().any(|prefix| pk.starts_with(prefix)) {
            keys.insert((pk, sk));
        }
    }
    keys
}

fn classes(keys: &BTreeSet<(String, String)>) -> BTreeSet<&str> {
    keys.iter().map(|(pk, _)| pk.split('#').next().unwrap()).collect()
}

async fn totals(env: &TestEnv) -> BTreeMap<String, Value> {
    let items = env.table_items().await;
    let totals = items.iter().filter(|item| item["pk"]["S"] == "TOTALS#demo");
    totals
        .map(|item| (item["sk"]["S"].as_str().unwrap().to_owned(), serde_json::from_str(item["doc"]["S"].as_str().unwrap()).unwrap()))
        .collect()
}

/// Sweeps until the job is done, which one run may or may not achieve; gives the number of runs.
async fn erase(env: &TestEnv) -> usize {
    for run in 1..50 {
        env.sweep().await;
        if keys(env).await.contains(&("HANDLE#demo".to_owned(), "A".to_owned()))
            && env.table_items().await.iter().any(|item| item.get("erasedAt").is_some())
        {
            return run;
        }
        env.advance_ms(60_000);
    }
    panic!("it is never erased: {:?}", keys(env).await);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_deleted_handle_is_gone_at_once_for_visitors_programs_and_members() {
    let env = TestEnv::new().await;
    let ctx = populated(&env, &Receiver::start().await).await;
    let program = env.pat_client(&["links.read", "conversions.write"]).await;
    assert_eq!(delete(&env, json!({"confirm": "other"})).await.refused(400, "invalid_payload").fields(), ["confirm"]);
    assert_eq!(delete(&env, json!({})).await.refused(400, "invalid_payload").fields(), ["confirm"]);
    env.visitor().follow("launch").await.expect(302);

    let deleted = delete(&env, confirm()).await.expect(202).json();
    let (until, at) = (env.now().plus_days(30).to_string(), env.now().to_string());
    assert_eq!(deleted["deletion"], json!({"deletedAt": at, "restorableUntil": until}));
    // A process that has just read a link or a handle uses it for five seconds.
    env.advance_ms(5_000);
    env.visitor().follow("launch").await.expect(404);
    env.visitor().unlock("launch", "x").await.expect(404);
    env.anonymous().get("/_edge/redirect/demo/launch").await.expect(404);
    env.anonymous().get(&format!("/v2/public/context?ctx={ctx}")).await.refused(404, "handle_not_found");
    env.anonymous().post("/v2/public/conversions", order(&ctx, "order-2", 1.0, "EUR")).await.refused(404, "handle_not_found");
    program.post("/v2/public/conversions", order(&ctx, "order-2", 1.0, "EUR")).await.refused(404, "handle_not_found");
    let asked = json!({"handle": "demo", "sessionId": "sess-1", "trigger": "checkout"});
    env.anonymous().post("/v2/public/chain/resolve", asked).await.refused(404, "handle_not_found");
    let signal = json!({"handle": "demo", "sessionId": "sess-1", "signals": [{"type": "view"}]});
    env.anonymous().post("/v2/public/chain/signals", signal).await.refused(404, "handle_not_found");
    program.get("/v2/public/handles/demo/links").await.refused(404, "handle_not_found");
    for path in ["links", "analytics", "audit-events", "collaborators"] {
        let refused = env.owner().get(&format!("{DEMO}/{path}")).await.refused(404, "handle_not_found");
        assert_eq!(refused.json()["restorableUntil"], json!(until), "{}", refused.text());
    }
    env.stranger().get(&format!("{DEMO}/links")).await.refused(404, "handle_not_found");
    // It is still shown to its members, and deleting it again changes nothing.
    assert_eq!(env.creator().get(DEMO).await.expect(200).json()["deletion"]["restorableUntil"], json!(until));
    assert_eq!(env.operator().get("/v2/handles").await.expect(200).json()["items"][0]["deletion"]["deletedAt"], json!(at));
    assert_eq!(delete(&env, confirm()).await.expect(202).json(), deleted);
    env.stranger().post("/v2/handles", json!({"handle": "demo"})).await.refused(409, "conflict");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn only_the_owner_deletes_and_restores_and_both_are_audited_once() {
    let env = TestEnv::new().await;
    for (caller, status, code) in
        [(env.creator(), 403, "insufficient_role"), (env.operator(), 403, "insufficient_role"), (env.stranger(), 404, "handle_not_found")]
    {
        let caller = caller.with("content-type", "application/json");
        caller.send(http::Method::DELETE, DEMO, confirm().to_string().into_bytes()).await.refused(status, code);
        caller.post(RESTORE, json!({})).await.refused(status, code);
    }
    assert_eq!(env.owner().post(RESTORE, json!({})).await.expect(200).json()["deletion"], Value::Null, "there is nothing to restore");
    for (fault, number) in [(Fault::AnswerLost, 1), (Fault::Doubled, 2)] {
        env.advance_ms(10);
        let fired = env.faults.inject(Rule::on("TransactWriteItems").by("accounts"), fault);
        delete(&env, confirm()).await.expect(202);
        env.advance_ms(10);
        env.owner().post(RESTORE, json!({})).await.expect(200);
        fired.at_least_once();
        env.faults.clear();
        let audited = env.audited().await;
        for action in ["handle.deleted", "handle.restored"] {
            let events = audited.iter().filter(|(audited, target)| audited == action && target == "demo").count();
            assert_eq!(events, number, "{action} {fault:?}");
        }
    }
    let used = env.owner().get(&format!("{DEMO}/usage-meters")).await.expect(200).json()["usage"]["writesToday"].clone();
    assert_eq!(used, 0, "neither is charged");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_restored_handle_has_everything_it_had() {
    let env = TestEnv::new().await;
    let ctx = populated(&env, &Receiver::start().await).await;
    let before = keys(&env).await;
    let report = env.report("groupBy=slug&from=2026-03-01&to=2026-03-01").await;
    delete(&env, confirm()).await.expect(202);
    env.advance_days(29);
    env.sweep().await;
    env.advance_ms(86_399_999);
    env.sweep().await;
    assert_eq!(env.owner().post(RESTORE, json!({})).await.expect(200).json()["deletion"], Value::Null);
    env.advance_ms(1_000);
    env.visitor().follow("launch").await.expect(302);
    env.anonymous().get(&format!("/v2/public/context?ctx={ctx}")).await.refused(400, "invalid_ctx");
    let fresh = env.ctx("launch").await;
    env.convert(order(&fresh, "order-3", 1.0, "EUR")).await;
    assert_eq!(env.report("groupBy=slug&from=2026-03-01&to=2026-03-01").await["rows"], report["rows"]);
    let expired = ["EVT", "DLV", "HOOKS", "SESS", "FOLD"];
    let lost: Vec<_> =
        before.difference(&keys(&env).await).filter(|(pk, _)| !expired.contains(&pk.split('#').next().unwrap())).cloned().collect();
    assert_eq!(lost, [], "what has no expiry is as it was");
    // The sweeper has nothing left to do with it, and its rules can be changed.
    env.advance_days(40);
    env.sweep().await;
    env.visitor().follow("launch").await.expect(302);
    env.owner().delete(&format!("{DEMO}/personalization-rules/r1")).await.expect(204);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn after_thirty_days_nothing_is_left_but_the_name_and_the_totals() {
    let env = TestEnv::new().await;
    populated(&env, &Receiver::start().await).await;
    env.stranger().post("/v2/handles", json!({"handle": "demo-2"})).await.expect(201);
    env.stranger().put("/v2/handles/demo-2/links/launch", json!({"destinationUrl": "https://example.com/"})).await.expect(201);
    let report = env.report("from=2026-03-01&to=2026-03-01").await["totals"].clone();
    let of_others = |keys: BTreeSet<(String, String)>| {
        keys.into_iter().filter(|(pk, sk)| pk.contains("demo-2") || sk == "demo-2").collect::<BTreeSet<_>>()
    };
    let others = of_others(keys(&env).await);
    delete(&env, confirm()).await.expect(202);
    env.advance_days(30);
    env.owner().post(RESTORE, json!({})).await.refused(404, "handle_not_found");
    assert_eq!(env.owner().get("/v2/handles").await.expect(200).json()["items"], json!([]));
    erase(&env).await;
    // What expires by itself outlives the handle by two days at most.
    env.advance_days(2);
    let left = keys(&env).await;
    let of_demo: Vec<&(String, String)> = left.iter().filter(|key| !others.contains(key)).collect();
    let expected = ["ACCT#owner", "ACCT#stranger", "HANDLE#demo", "TOTALS#demo"];
    assert!(of_demo.iter().all(|(pk, _)| expected.contains(&pk.as_str())), "{of_demo:?}");
    assert_eq!(of_others(left.clone()), others, "another handle of a similar name is as it was");
    let totals = totals(&env).await;
    let day = &totals["20260301"];
    assert_eq!((totals.len(), &day["v"], &day["m|EUR"]), (1, &report["conversions"], &json!(2050)), "{totals:?}");
    assert_eq!(day["c"], report["clicks"]);
    let items = env.table_items().await;
    let kept = items.iter().find(|item| item["pk"]["S"] == "HANDLE#demo").unwrap();
    assert_eq!(kept["doc"]["S"], json!(r#"{"handle":"demo"}"#));
    assert!(kept.get("duePk").is_none() && kept.get("listPk").is_none(), "{kept}");
    assert!(items.iter().any(|item| item["pk"]["S"] == "ACCT#owner" && item["doc"]["S"].as_str().unwrap().contains("handle.erased")));
    env.sweep().await;
    assert_eq!(keys(&env).await, left, "a further run changes nothing");
    // The name stays taken: links that are still in the world lead nowhere, and to nobody else.
    env.stranger().post("/v2/handles", json!({"handle": "demo"})).await.refused(409, "conflict");
    env.owner().get(DEMO).await.refused(404, "handle_not_found");
    env.visitor().follow("launch").await.expect(404);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn erasing_finds_every_kind_of_item_that_the_api_makes() {
    let walk = Walk::populated().await;
    let env = &walk.env;
    let made = keys(env).await;
    delete(env, confirm()).await.expect(202);
    env.advance_days(30);
    erase(env).await;
    env.advance_days(2);
    let of_demo = |pk: &str| pk.split('#').nth(1) == Some("demo");
    let left: Vec<_> = keys(env).await.into_iter().filter(|(pk, sk)| of_demo(pk) || sk == "demo" || pk.starts_with("PAT#")).collect();
    // The message of a campaign's health is found by nothing but its own expiry.
    let left: Vec<_> = left.iter().map(|(pk, _)| pk.as_str()).filter(|pk| !["HANDLE#demo", "TOTALS#demo"].contains(pk)).collect();
    assert!(left.iter().all(|pk| pk.starts_with("EVT#")) && left.len() <= 2, "{left:?}");
    assert!(classes(&made).len() >= 23, "{:?}", classes(&made));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_job_that_dies_at_any_call_goes_on_and_ends_with_the_same() {
    let mut calls = 0;
    for number in (0..).step_by(61) {
        let env = TestEnv::new().await;
        populated(&env, &Receiver::start().await).await;
        let clicks = env.report("from=2026-03-01&to=2026-03-01").await["totals"]["clicks"].clone();
        delete(&env, confirm()).await.expect(202);
        env.advance_days(30);
        env.faults.take_calls();
        let fault = if number % 2 == 0 { Fault::CrashBefore } else { Fault::CrashAfter };
        let ended = env.crash_at("sweeper", number, fault, env.sweep()).await.is_some();
        calls = calls.max(env.faults.take_calls().len());
        if ended {
            break;
        }
        env.advance_ms(60_000);
        erase(&env).await;
        env.advance_days(2);
        let left = keys(&env).await;
        assert_eq!(classes(&left), BTreeSet::from(["ACCT", "HANDLE", "TOTALS"]), "call {number}");
        assert_eq!(totals(&env).await["20260301"]["c"], clicks, "call {number}");
    }
    assert!(calls > 150, "{calls}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_job_that_meets_an_unavailable_table_waits_and_goes_on() {
    let env = TestEnv::new().await;
    populated(&env, &Receiver::start().await).await;
    delete(&env, confirm()).await.expect(202);
    env.advance_days(30);
    let fired = env.faults.inject(Rule::on("BatchWriteItem").by("sweeper").always(), Fault::Throttled);
    env.sweep().await;
    fired.at_least_once();
    env.faults.clear();
    assert!(classes(&keys(&env).await).contains("LINK"));
    env.owner().post(RESTORE, json!({})).await.refused(404, "handle_not_found");
    env.advance_ms(60_000);
    erase(&env).await;
    assert!(!classes(&keys(&env).await).contains("LINK"));
}
