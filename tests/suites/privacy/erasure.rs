//! Erasing and exporting a person: no string of the person is left anywhere, and no sum changes.

use std::collections::BTreeSet;

use local::jobs::JobScope;
use serde_json::{Value, json};
use tests::fixtures::exports::pages;
use tests::fixtures::order;
use tests::fixtures::webhooks::subscribe;
use tests::{BROWSER, Fault, Receiver, Rule, TestEnv};

pub(super) const DEMO: &str = "/v2/handles/demo";
pub(super) const ERASE: &str = "/v2/handles/demo/privacy/erase";
pub(super) const EXPORT: &str = "/v2/handles/demo/privacy/export";
const DAYS: &str = "from=2026-03-01&to=2026-03-31";

pub(super) const SESSION: &str = "session-of-the-person";
/// What is personal and must be nowhere afterwards; the hash of the address is added when it is known.
const STRINGS: [&str; 6] = [SESSION, "PersonsBrowser", "persons-blog.example", "person@mail.example", "persons-word", "xx-PERSON"];

/// A visit of the person.
pub(super) async fn visit(env: &TestEnv, slug: &str) -> String {
    let visitor = env.visitor().with("user-agent", &format!("{BROWSER} PersonsBrowser/7")).from("203.0.113.77");
    let visitor =
        visitor.with("referer", "https://persons-blog.example/entry").with("accept-language", "xx-PERSON,en;q=0.5").in_country("DE");
    visitor.follow(&format!("{slug}?sid={SESSION}&campaign=persons-word")).await.expect(302).ctx()
}

/// The person and another visitor, each with clicks, signals, a sale, a refund and a confirmation; all counted.
pub(super) async fn populated(env: &TestEnv) -> String {
    env.put_link("launch").await.expect(201);
    let signal = |session: &str, key: &str| json!({"handle": "demo", "sessionId": session, "signals": [{"signalKey": key, "signalValue": "x", "confidence": 0.9, "metadata": {"mail": "person@mail.example"}}]});
    env.anonymous().post("/v2/public/chain/signals", signal(SESSION, "intent")).await.expect(202);
    env.process_events().await;
    let ctx = visit(env, "launch").await;
    visit(env, "launch").await;
    let other = env
        .visitor()
        .number(3)
        .with("referer", "https://another.example/")
        .in_country("FR")
        .follow("launch?sid=other-1")
        .await
        .expect(302)
        .ctx();
    env.advance_ms(5_000);
    env.process_events().await;
    let mut sale = order(&ctx, "order-1", 20.0, "EUR");
    sale["metadata"] = json!({"email": "person@mail.example"});
    let sale = env.convert(sale).await;
    env.convert(order(&other, "order-2", 7.0, "EUR")).await;
    env.process_events().await;
    let program = env.pat_client(&["conversions.write"]).await;
    let mut confirmed = order(&ctx, "order-1", 19.0, "EUR");
    confirmed["metadata"] = json!({"email": "person@mail.example"});
    program.post("/v2/public/conversions", confirmed).await.expect(200);
    env.process_events().await;
    let id = sale["conversionId"].as_str().unwrap().to_owned();
    let refund = json!({"amount": -4, "reason": "returned", "idempotencyKey": "r-1"});
    env.owner().post(&format!("{DEMO}/conversions/{id}/adjustments"), refund).await.expect(201);
    env.process_events().await;
    id
}

/// The whole table, as text.
async fn dump(env: &TestEnv) -> String {
    json!(env.table_items().await).to_string()
}

/// Those of the strings that are in a text.
pub(super) fn found_in<'s>(text: &str, strings: &'s [String]) -> Vec<&'s str> {
    strings.iter().filter(|string| text.contains(string.as_str())).map(String::as_str).collect()
}

/// The strings, with the hash of the person's address.
pub(super) async fn strings(env: &TestEnv) -> Vec<String> {
    let items = env.table_items().await;
    let clicks = items.iter().filter(|item| item["pk"]["S"].as_str().unwrap().starts_with("CLICK#"));
    let docs = clicks.map(|item| serde_json::from_str::<Value>(item["doc"]["S"].as_str().unwrap()).unwrap());
    let of_person = docs.filter(|click| click["sessionId"] == SESSION);
    let hashes: BTreeSet<String> = of_person.map(|click| click["address"].as_str().unwrap().to_owned()).collect();
    assert_eq!(hashes.len(), 1);
    STRINGS.iter().map(|string| (*string).to_owned()).chain(hashes).collect()
}

/// Every sum of the reports that has nothing to do with referrers.
async fn sums(env: &TestEnv) -> Vec<Value> {
    let mut sums = Vec::new();
    for by in ["day", "hour", "slug", "country", "device", "source", "campaign", "segment", "reason"] {
        let days = if by == "hour" { "from=2026-03-01&to=2026-03-02" } else { DAYS };
        let report = env.report(&format!("{days}&groupBy={by}")).await;
        sums.extend([report["totals"].clone(), report["rows"].clone()]);
    }
    let referrers = env.report(&format!("{DAYS}&groupBy=referrer")).await;
    let sum = |name: &str| referrers["rows"].as_array().unwrap().iter().filter_map(|row| row[name].as_f64()).sum::<f64>();
    sums.extend([json!(sum("clicks")), json!(sum("conversions")), json!(sum("revenue"))]);
    sums
}

async fn nothing_drifts(env: &TestEnv) {
    let found = env.recount().await;
    assert_eq!(found.drift, Vec::<String>::new());
    assert!(found.records > 4, "{found:?}");
}

async fn exported(env: &TestEnv, query: &str) -> Vec<Value> {
    let (mut items, mut cursor) = (Vec::new(), String::new());
    loop {
        let page = env.owner().get(&format!("{EXPORT}?{query}{cursor}")).await.expect(200).json();
        items.extend(page["items"].as_array().unwrap().clone());
        match page["nextCursor"].as_str() {
            Some(next) => cursor = format!("&cursor={next}"),
            None => return items,
        }
    }
}

fn kinds(items: &[Value]) -> Vec<&str> {
    let mut kinds: Vec<&str> = items.iter().map(|item| item["kind"].as_str().unwrap()).collect();
    kinds.sort_unstable();
    kinds
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn after_an_erase_no_item_export_or_figure_names_the_person_and_every_sum_is_as_it_was() {
    for by in ["sessionId", "idempotencyKey", "clickId"] {
        let env = TestEnv::new().await;
        let receiver = Receiver::start().await;
        subscribe(&env, &receiver, &["*"]).await;
        let id = populated(&env).await;
        env.deliver().await;
        let strings = strings(&env).await;
        let before = dump(&env).await;
        assert_eq!(found_in(&before, &strings).len(), strings.len(), "all of it is there before");
        let (sums_before, record) = (sums(&env).await, env.owner().get(&format!("{DEMO}/conversions/{id}")).await.expect(200).json());
        nothing_drifts(&env).await;
        let name = match by {
            "sessionId" => json!(SESSION),
            "idempotencyKey" => json!("order-1"),
            _ => record["clickId"].clone(),
        };
        let asked = env.owner().post(ERASE, json!({by: name})).await.expect(202).json();
        env.advance_ms(10);
        assert_eq!(asked["erasedBy"], json!(env.now().plus_millis(-10).plus_days(1).to_string()));
        env.sweep().await;
        assert_eq!(found_in(&dump(&env).await, &strings), Vec::<&str>::new(), "{by}");
        for kind in ["clicks", "conversions", "daily"] {
            for page in pages(&env, &format!("type={kind}&{DAYS}")).await {
                assert_eq!(found_in(&page.text(), &strings), Vec::<&str>::new(), "{by} {kind}");
            }
        }
        assert_eq!(sums(&env).await, sums_before, "{by}");
        nothing_drifts(&env).await;
        // The key still holds its conversion, and another person's records are as they were.
        let after = env.owner().get(&format!("{DEMO}/conversions/{id}")).await.expect(200).json();
        assert_eq!(
            (&after["value"], &after["netValue"], &after["sessionId"]),
            (&record["value"], &record["netValue"], &Value::Null),
            "{after}"
        );
        let fresh = env.ctx("launch").await;
        assert_eq!(
            env.anonymous().post("/v2/public/conversions", order(&fresh, "order-1", 20.0, "EUR")).await.expect(200).json()["deduped"],
            true
        );
        let others = env.owner().get(&format!("{DEMO}/clicks?since=2026-03-01T00:00:00Z")).await.expect(200).text();
        assert!(others.contains("other-1") && others.contains("another.example"), "{others}");
        // It is audited, and the log does not name the person either.
        let events = env.audit_events().await;
        let of_erasure: Vec<&Value> = events.iter().filter(|event| event["target"] == asked["erasureId"]).collect();
        assert_eq!(
            of_erasure.iter().map(|event| event["action"].as_str().unwrap()).collect::<Vec<_>>(),
            ["privacy.erased", "privacy.erase_requested"]
        );
        assert_eq!(of_erasure[0]["after"], json!({"clicks": 2, "conversions": 1, "sessions": 1}));
        assert_eq!(of_erasure[1]["after"], json!({"by": by}));
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_export_has_what_an_erase_would_change_and_nothing_of_others() {
    let env = TestEnv::new().await;
    populated(&env).await;
    for query in [format!("sessionId={SESSION}"), "idempotencyKey=order-1".to_owned()] {
        let items = exported(&env, &query).await;
        assert_eq!(kinds(&items), ["click", "click", "conversion", "signal"], "{query}");
        let text = json!(items).to_string();
        assert!(!text.contains("other-1") && !text.contains("another.example"), "{text}");
        assert_eq!(found_in(&text, &strings(&env).await).len(), STRINGS.len() + 1);
        let conversion = items.iter().find(|item| item["kind"] == "conversion").unwrap();
        assert_eq!(conversion["record"]["adjustments"].as_array().unwrap().len(), 3);
    }
    assert!(env.audited().await.iter().any(|(action, _)| action == "privacy.exported"));
    assert_eq!(exported(&env, "sessionId=unknown").await, Vec::<Value>::new());
    env.owner().get(&format!("{EXPORT}?idempotencyKey=unknown")).await.refused(404, "not_found");
    env.owner().get(EXPORT).await.refused(400, "invalid_payload");
    env.owner().get(&format!("{EXPORT}?sessionId=a&clickId=b")).await.refused(400, "invalid_payload");
    env.operator().get(&format!("{EXPORT}?sessionId=a")).await.refused(403, "insufficient_role");
    env.operator().post(ERASE, json!({"sessionId": "a"})).await.refused(403, "insufficient_role");
    env.owner().post(ERASE, json!({"idempotencyKey": "unknown"})).await.refused(404, "not_found");
    env.owner().post(ERASE, json!({})).await.refused(400, "invalid_payload");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_export_of_many_pages_has_each_record_once() {
    const CONVERSIONS: usize = 230;
    const CLICKS: usize = 4_000;
    let env = TestEnv::new().await;
    env.put_link("launch").await.expect(201);
    let ctx = visit(&env, "launch").await;
    for _ in 1..CLICKS {
        env.advance_ms(1);
        visit(&env, "launch").await;
    }
    env.process_events().await;
    for number in 0..CONVERSIONS {
        env.advance_ms(20);
        env.convert(order(&ctx, &format!("order-{number}"), 1, "EUR")).await;
    }
    env.process_events().await;
    let items = exported(&env, &format!("sessionId={SESSION}")).await;
    let ids = items.iter().map(|item| item["record"]["id"].as_str().or(item["record"]["conversion"]["id"].as_str()).unwrap());
    let ids: BTreeSet<&str> = ids.collect();
    assert_eq!((items.len(), ids.len()), (CONVERSIONS + CLICKS, CONVERSIONS + CLICKS));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn clicks_that_were_still_on_their_way_are_erased_when_they_arrive() {
    let env = TestEnv::new().await;
    populated(&env).await;
    let strings = strings(&env).await;
    // One waits in its queue, one is parked, and one comes out of the dead letters a fortnight later.
    visit(&env, "launch").await;
    let mut late = Vec::new();
    env.drain_with("ClicksQueue", |messages| {
        late.extend(messages);
        Vec::new()
    })
    .await;
    env.server().purge("ClicksQueue").await.unwrap();
    assert_eq!(late.len(), 1);
    let lost = env.faults.inject(Rule::on("SendMessage").by("redirect").always(), Fault::Unreachable);
    visit(&env, "launch").await;
    lost.at_least_once();
    env.faults.clear();
    env.owner().post(ERASE, json!({"sessionId": SESSION})).await.expect(202);
    env.sweep().await;
    env.process_events().await;
    let sent: u64 = env.report(DAYS).await["totals"]["clicks"].as_u64().unwrap();
    env.advance_days(13);
    env.redeliver("click-worker", late).await;
    env.process_events().await;
    assert_eq!(env.report(DAYS).await["totals"]["clicks"], json!(sent + 1));
    assert!(!found_in(&dump(&env).await, &strings).is_empty(), "it has just arrived");
    env.sweep().await;
    assert_eq!(found_in(&dump(&env).await, &strings), Vec::<&str>::new());
    nothing_drifts(&env).await;
    assert_eq!(env.report(DAYS).await["totals"]["clicks"], json!(sent + 1));
    env.advance_days(3);
    env.sweep().await;
    assert!(!dump(&env).await.contains("ERASE#"), "after fifteen days the request is forgotten");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_erase_that_dies_at_any_call_goes_on_and_ends_with_the_same() {
    let mut calls = 0;
    for number in (0..).step_by(47) {
        let env = TestEnv::new().await;
        populated(&env).await;
        let (strings, sums_before) = (strings(&env).await, sums(&env).await);
        env.owner().post(ERASE, json!({"sessionId": SESSION})).await.expect(202);
        env.faults.take_calls();
        let fault = if number % 2 == 0 { Fault::CrashBefore } else { Fault::CrashAfter };
        let ended = env.crash_at("sweeper", number, fault, env.sweep()).await.is_some();
        calls = calls.max(env.faults.take_calls().len());
        if ended {
            break;
        }
        for _ in 0..3 {
            env.advance_ms(60_000);
            env.sweep().await;
        }
        assert_eq!(found_in(&dump(&env).await, &strings), Vec::<&str>::new(), "call {number}");
        assert_eq!(sums(&env).await, sums_before, "call {number}");
        nothing_drifts(&env).await;
        let erased = env.audited().await.iter().filter(|(action, _)| action == "privacy.erased").count();
        assert_eq!(erased, 1, "call {number}");
    }
    assert!(calls > 100, "{calls}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_erase_that_meets_conflicts_throttles_and_lost_answers_ends_with_the_same() {
    for (operation, fault) in [
        ("TransactWriteItems", Fault::AnswerLost),
        ("TransactWriteItems", Fault::Doubled),
        ("TransactWriteItems", Fault::Conflict),
        ("Query", Fault::Throttled),
        ("UpdateItem", Fault::AnswerLost),
        ("BatchWriteItem", Fault::Doubled),
    ] {
        let env = TestEnv::new().await;
        populated(&env).await;
        let (strings, sums_before) = (strings(&env).await, sums(&env).await);
        env.owner().post(ERASE, json!({"sessionId": SESSION})).await.expect(202);
        let fired = env.faults.inject(Rule::on(operation).by("sweeper").times(2), fault);
        for _ in 0..3 {
            env.sweep().await;
            env.advance_ms(120_000);
        }
        fired.at_least_once();
        env.faults.clear();
        assert_eq!(found_in(&dump(&env).await, &strings), Vec::<&str>::new(), "{operation} {fault:?}");
        assert_eq!(sums(&env).await, sums_before, "{operation} {fault:?}");
        nothing_drifts(&env).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_erase_changes_the_classification_of_no_click() {
    let env = TestEnv::new().await;
    populated(&env).await;
    env.owner().post(ERASE, json!({"sessionId": SESSION})).await.expect(202);
    env.sweep().await;
    let sums_before = sums(&env).await;
    let (from, to) = ("2026-03-01".parse().unwrap(), "2026-03-01".parse().unwrap());
    let scope = JobScope::of(env.operator_store(), Some(env.handle()), from, to).await.unwrap();
    let now = env.now();
    let effects = local::jobs::Effects { clock: std::sync::Arc::new(move || now), entropy: std::sync::Arc::new(|| 1 << 50) };
    let rescored = local::jobs::rescore::run(&scope, &effects, &mut ()).await.unwrap();
    assert_eq!((rescored.became_bots, rescored.became_humans), (0, 0));
    assert_eq!(sums(&env).await, sums_before);
}
