//! Decisions that follow the visitor: signals in, the same decision out for the same session, rules and moment.

use std::collections::BTreeSet;

use domain::values::moment::Moment;
use futures::future::join_all;
use proptest::prelude::*;
use proptest::sample::select;
use proptest::strategy::ValueTree;
use proptest::test_runner::TestRunner;
use serde_json::{Value, json};
use tests::{Answer, TestEnv, TestEnvOptions};

const SIGNALS: &str = "/v2/public/chain/signals";
const RESOLVE: &str = "/v2/public/chain/resolve";
const PREFETCH: &str = "/v2/public/chain/prefetch";
const PREVIEW: &str = "/v2/handles/demo/chain/preview";
const RULES: &str = "/v2/handles/demo/chain/rules";

async fn post_signals(env: &TestEnv, session: &str, signals: Value) -> Answer {
    env.anonymous().post(SIGNALS, json!({"handle": "demo", "sessionId": session, "signals": signals})).await
}

async fn resolve(env: &TestEnv, session: &str, trigger: &str) -> Value {
    env.anonymous().post(RESOLVE, json!({"handle": "demo", "sessionId": session, "trigger": trigger})).await.expect(200).json()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_requests_of_the_documentation_work_as_pasted() {
    let env = TestEnv::new().await;
    let lm01 = env.anonymous().post(SIGNALS, json!({"handle": "demo", "sessionId": "sess-1", "signals": [{"type": "view"}]})).await;
    let receipt = lm01.expect(202).json();
    assert_eq!(
        (&receipt["accepted"], &receipt["deduped"], &receipt["total"], &receipt["sessionId"]),
        (&json!(1), &json!(0), &json!(1), &json!("sess-1"))
    );
    assert_eq!(receipt["expiresAt"], "2026-03-31T12:00:00.000Z");
    let lm02 = resolve(&env, "sess-1", "checkout").await;
    assert_eq!((&lm02["matched"], &lm02["action"]["type"], &lm02["signalsConsidered"]), (&json!(false), &json!("none"), &json!(1)));
    assert_eq!(lm02["reason"], "no rules for trigger checkout");
    let lm03 = env.anonymous().post(PREFETCH, json!({"handle": "demo", "sessionId": "sess-1", "triggers": ["checkout", "exit"]})).await;
    assert_eq!(lm03.expect(200).json()["decisions"].as_object().unwrap().len(), 2);
    for (path, body, fields) in [
        (SIGNALS, json!({}), vec!["handle", "sessionId", "signals"]),
        (RESOLVE, json!({"handle": "demo", "sessionId": "sess-1"}), vec!["trigger"]),
        (RESOLVE, json!({"trigger": "checkout"}), vec!["handle", "sessionId"]),
        (PREFETCH, json!({"handle": "demo", "sessionId": "sess-1", "triggers": []}), vec!["triggers"]),
    ] {
        assert_eq!(env.anonymous().post(path, body).await.refused(400, "invalid_payload").fields(), fields, "{path}");
    }
    let unknown = json!({"handle": "nosuch", "sessionId": "s", "trigger": "checkout"});
    let unknown = env.anonymous().post(RESOLVE, unknown).await.refused(404, "handle_not_found");
    assert_eq!(unknown.json()["message"], "no such handle");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_rule_decides_explains_itself_and_prefetch_equals_resolve() {
    let env = TestEnv::new().await;
    let rule = |text: &str, when: Value| json!({"trigger": "checkout", "priority": 10, "when": when, "ttlSeconds": 60, "action": {"type": "banner", "text": text}});
    let intent =
        json!({"all": [{"signalKey": "intent", "minConfidence": 0.7, "withinSeconds": 3600}], "none": [{"signalKey": "purchase"}]});
    let made = env.creator().put(&format!("{RULES}/hot"), rule("10 % off", intent)).await.expect(201).json();
    assert_eq!(made["when"]["all"][0]["minConfidence"], 0.7);
    let returning = json!({"trigger": "exit", "when": {"all": [{"segmentIn": ["returning"]}]}, "action": {"type": "redirect", "destinationUrl": "https://shop.example.com/back"}});
    env.creator().put(&format!("{RULES}/back"), returning).await.expect(201);
    post_signals(&env, "s1", json!([{"signalKey": "intent", "signalValue": "buy", "confidence": 0.85}])).await.expect(202);
    let decision = resolve(&env, "s1", "checkout").await;
    assert_eq!((&decision["matched"], &decision["ruleId"], &decision["action"]["text"]), (&json!(true), &json!("hot"), &json!("10 % off")));
    assert_eq!((&decision["segments"], &decision["ttlSeconds"]), (&json!(["engaged_prospect", "new"]), &json!(60)));
    let exit = resolve(&env, "s1", "exit").await;
    assert_eq!((&exit["matched"], &exit["evaluated"][0]["failedCondition"]), (&json!(false), &json!("all[0]")));
    let both = json!({"handle": "demo", "sessionId": "s1", "triggers": ["exit", "checkout", "exit"]});
    let prefetched = env.anonymous().post(PREFETCH, both).await.expect(200).json();
    assert_eq!(prefetched["decisions"], json!({"checkout": decision, "exit": exit}));
    post_signals(&env, "s1", json!([{"type": "purchase"}])).await.expect(202);
    assert_eq!(resolve(&env, "s1", "checkout").await["matched"], false);
    env.advance_ms(86_400_000);
    post_signals(&env, "s1", json!([{"type": "view"}])).await.expect(202);
    let back = resolve(&env, "s1", "exit").await;
    assert_eq!((&back["action"]["type"], &back["action"]["destinationUrl"]), (&json!("redirect"), &json!("https://shop.example.com/back")));
    let bad = json!({"trigger": "", "when": {"all": [{"minCount": 0}]}, "action": {"type": "redirect", "destinationUrl": "http://demo.localhost:9000/x"}, "stray": 1});
    let fields = env.creator().put(&format!("{RULES}/bad"), bad).await.refused(400, "invalid_payload").fields();
    assert_eq!(fields, ["trigger", "when.all[0].signalKey", "when.all[0].minCount", "action.destinationUrl", "stray"]);
    assert_eq!(env.creator().get(RULES).await.expect(200).json()["items"].as_array().unwrap().len(), 2);
    env.creator().delete(&format!("{RULES}/hot")).await.expect(204);
    env.creator().delete(&format!("{RULES}/hot")).await.refused(404, "not_found");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_decision_costs_one_query_of_the_session_however_many_triggers() {
    let env = TestEnv::new().await;
    post_signals(&env, "s1", json!([{"type": "view"}, {"type": "view"}])).await.expect(202);
    let triggers: Vec<String> = (0..20).map(|number| format!("t{number}")).collect();
    env.faults.take_calls();
    env.anonymous().post(PREFETCH, json!({"handle": "demo", "sessionId": "s1", "triggers": triggers})).await.expect(200);
    let calls = env.faults.take_calls();
    assert_eq!(calls.iter().filter(|(_, operation)| operation == "Query").count(), 1, "{calls:?}");
    assert!(calls.len() <= 4, "{calls:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_session_takes_two_hundred_signals_from_fifty_writers_and_not_one_more() {
    let env = TestEnv::new().await;
    for minute in 0..3 {
        for _ in 0..6 {
            post_signals(&env, "s1", json!(vec![json!({"type": "view"}); 10])).await.expect(202);
        }
        let refused = post_signals(&env, "s1", json!([{"type": "view"}])).await.refused(429, "rate_limited");
        assert_eq!((refused.header("retry-after"), &refused.json()["limits"]), ("60", &json!({"signalsPerMinute": 60})), "{minute}");
        env.advance_ms(60_000);
    }
    let answers = join_all((0..50).map(|_| post_signals(&env, "s1", json!([{"type": "view"}])))).await;
    let accepted: Vec<u64> =
        answers.iter().filter(|answer| answer.status == 202).map(|answer| answer.json()["total"].as_u64().unwrap()).collect();
    assert_eq!(accepted.len(), 20);
    assert_eq!(accepted.iter().max(), Some(&200));
    for answer in answers.iter().filter(|answer| answer.status != 202) {
        assert_eq!((answer.status.as_u16(), &answer.json()["limits"]), (429, &json!({"signalsPerSession": 200})));
        // The first of its signals ends thirty days after it came, three minutes ago.
        assert_eq!(answer.header("retry-after"), (30 * 86_400 - 180).to_string());
    }
    let session = env.creator().get("/v2/handles/demo/chain/s1").await.expect(200).json();
    assert_eq!(session["signals"].as_array().unwrap().len(), 200);
    post_signals(&env, "s2", json!([{"type": "view"}])).await.expect(202);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_signal_that_comes_again_under_its_id_is_the_same_one_even_where_the_session_is_full() {
    let env = TestEnv::new().await;
    let batch = json!([{"type": "view", "signalId": "a"}, {"type": "view", "signalId": "b"}, {"type": "view", "signalId": "a"}]);
    let first = post_signals(&env, "s1", batch.clone()).await.expect(202).json();
    assert_eq!((&first["accepted"], &first["deduped"], &first["total"]), (&json!(2), &json!(1), &json!(2)));
    let more = json!([{"type": "view", "signalId": "b"}, {"type": "view", "signalId": "c"}]);
    let second = post_signals(&env, "s1", more).await.expect(202).json();
    assert_eq!((&second["accepted"], &second["deduped"], &second["total"]), (&json!(1), &json!(1), &json!(3)));
    for _ in 0..4 {
        let fill = json!(vec![json!({"type": "view"}); 50]);
        env.advance_ms(60_000);
        post_signals(&env, "s1", fill).await;
    }
    env.advance_ms(60_000);
    let total = post_signals(&env, "s1", json!(vec![json!({"type": "view"}); 47])).await.expect(202).json()["total"].clone();
    assert_eq!(total, 200);
    let again = post_signals(&env, "s1", batch).await.expect(202).json();
    assert_eq!((&again["accepted"], &again["deduped"], &again["total"]), (&json!(0), &json!(3), &json!(200)));
    post_signals(&env, "s1", json!([{"type": "view", "signalId": "new"}])).await.refused(429, "rate_limited");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn segments_route_the_link_and_are_reported_with_their_impressions_and_conversions() {
    let env = TestEnv::new().await;
    let rules = json!([{"priority": 1, "destinationUrl": "https://example.com/hot", "conditions": {"segmentIn": ["engaged_prospect"]}}]);
    env.owner()
        .put("/v2/handles/demo/links/launch", json!({"destinationUrl": "https://example.com/", "routingRules": rules}))
        .await
        .expect(201);
    let intents = json!([{"signalKey": "intent", "confidence": 0.9}, {"signalKey": "intent", "confidence": 0.2, "signalId": "i2"}]);
    post_signals(&env, "s1", intents).await.expect(202);
    env.process_events().await;
    let hot = env.visitor().follow("launch?sid=s1").await.expect(302);
    assert!(hot.location().as_str().starts_with("https://example.com/hot"));
    let context = env.anonymous().get(&format!("/v2/public/context?ctx={}", hot.ctx())).await.expect(200).json();
    assert_eq!((&context["sessionId"], &context["chainPosition"]), (&json!("s1"), &json!(2)));
    assert!(env.visitor().follow("launch").await.expect(302).location().as_str().starts_with("https://example.com/?"));
    env.advance_ms(1000);
    let purchase = json!({"ctx": hot.ctx(), "idempotencyKey": "o1", "eventType": "purchase", "value": 10, "currency": "USD"});
    env.anonymous().post("/v2/public/conversions", purchase).await.expect(202);
    env.process_events().await;
    let report = env.creator().get("/v2/handles/demo/analytics?groupBy=segment").await.expect(200).json();
    let row = |key: &str| report["rows"].as_array().unwrap().iter().find(|row| row["key"] == key).cloned().unwrap();
    let engaged = row("engaged_prospect");
    assert_eq!((&engaged["clicks"], &engaged["conversions"], &engaged["impressions"]), (&json!(1), &json!(1), &json!(2)));
    assert_eq!((&row("none")["clicks"], &report["totals"]["impressions"]), (&json!(1), &json!(2)));
    let session = env.creator().get("/v2/handles/demo/chain/s1").await.expect(200).json();
    assert_eq!((&session["converted"], &session["segments"][0]), (&json!(true), &json!("converted")));
    // Posted again, swept and processed again, nothing counts twice.
    post_signals(&env, "s1", json!([{"signalKey": "intent", "confidence": 0.2, "signalId": "i2"}])).await.expect(202);
    env.advance_ms(61_000);
    env.sweep().await;
    env.process_events().await;
    let again = env.creator().get("/v2/handles/demo/analytics?groupBy=segment").await.expect(200).json();
    assert_eq!(again["totals"]["impressions"], 2);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_signal_expires_after_thirty_days_and_its_session_can_start_again() {
    let env = TestEnv::new().await;
    post_signals(&env, "s1", json!([{"type": "view"}])).await.expect(202);
    env.advance_ms(30 * 86_400_000 - 1);
    assert_eq!(resolve(&env, "s1", "checkout").await["signalsConsidered"], 1);
    env.advance_ms(1);
    assert_eq!(resolve(&env, "s1", "checkout").await["signalsConsidered"], 0);
    assert_eq!(post_signals(&env, "s1", json!([{"type": "view"}])).await.expect(202).json()["total"], 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_conversion_belongs_to_the_session_of_its_ctx_else_to_the_one_the_page_names() {
    let env = TestEnv::new().await;
    env.owner().put("/v2/handles/demo/links/launch", json!({"destinationUrl": "https://example.com/"})).await.expect(201);
    let buy = async |query: &str, order: &str, session: Value| {
        let ctx = env.visitor().follow(&format!("launch{query}")).await.expect(302).ctx();
        env.advance_ms(1000);
        let purchase = json!({"ctx": ctx, "idempotencyKey": order, "eventType": "purchase", "sessionId": session});
        let accepted = env.anonymous().post("/v2/public/conversions", purchase).await.expect(202).json();
        env.process_events().await;
        let read = format!("/v2/handles/demo/conversions/{}", accepted["conversionId"].as_str().unwrap());
        env.creator().get(&read).await.expect(200).json()["sessionId"].clone()
    };
    assert_eq!(buy("?sid=signed", "o1", json!("other")).await, "signed");
    assert_eq!(buy("", "o2", json!("of-the-page")).await, "of-the-page");
    assert_eq!(buy("?consent=denied&sid=signed", "o3", json!("of-the-page")).await, Value::Null);
    assert_eq!(buy("", "o4", Value::Null).await, Value::Null);
    for (session, is_converted) in [("signed", true), ("of-the-page", true), ("other", false)] {
        let read = env.creator().get(&format!("/v2/handles/demo/chain/{session}")).await;
        assert_eq!(read.status, if is_converted { 200 } else { 404 }, "{session}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_posts_signals_with_a_token_and_without_a_pages_rate_limit() {
    let env = TestEnv::with(TestEnvOptions { public_rpm: 2, ..TestEnvOptions::default() }).await;
    let program = env.pat_client(&["chain.signal.write", "personalization.read"]).await;
    let path = "/v2/public/handles/demo/chain/signals";
    for number in 0..5 {
        let receipt = program.post(path, json!({"sessionId": "s1", "signals": [{"type": "view"}]})).await.expect(202).json();
        assert_eq!(receipt["total"], number + 1);
    }
    for handle in ["nosuch", "demo"] {
        let stray = json!({"handle": handle, "sessionId": "s1", "signals": [{"type": "view", "kind": "view"}]});
        let refused = program.post(path, stray).await.refused(400, "invalid_payload").fields();
        assert_eq!(refused, ["signals[0].kind", "handle"], "the path says whose session it is");
    }
    assert_eq!(program.post(path, json!({"signals": []})).await.refused(400, "invalid_payload").fields(), ["sessionId", "signals"]);
    let session = program.get("/v2/public/handles/demo/chain/s1").await.expect(200).json();
    assert_eq!(session["signals"].as_array().unwrap().len(), 5);
    program.get("/v2/public/handles/demo/chain/unknown").await.refused(404, "not_found");
    assert_eq!(program.get("/v2/public/handles/demo/chain/rules").await.expect(200).json()["items"], json!([]));
}

/// A random book of rules for the triggers `a`, `b` and `c`, and a random session.
fn books_and_sessions() -> impl Strategy<Value = (Vec<Value>, Vec<Value>)> {
    let condition = || {
        let signals = (select(vec!["view", "intent", "segment"]), 1..4, select(vec![60, 3600]), select(vec![0.0, 0.7])).prop_map(
            |(key, count, seconds, sure)| json!({"signalKey": key, "minCount": count, "withinSeconds": seconds, "minConfidence": sure}),
        );
        let segment = select(vec!["new", "returning", "engaged_prospect", "vip"]).prop_map(|name| json!({"segmentIn": [name]}));
        prop::collection::vec(prop_oneof![signals, segment], 0..2)
    };
    let rule = (select(vec!["a", "b", "c"]), 0..3, condition(), condition(), condition());
    let rule = rule.prop_map(|(trigger, priority, all, any, none)| {
        let when = json!({"all": all, "any": any, "none": none});
        json!({"trigger": trigger, "priority": priority, "when": when, "action": {"type": "message", "text": trigger}})
    });
    let ages = select(vec![0, 59_999, 60_000, 3_600_000, 86_400_000]);
    let signal = (select(vec!["view", "intent", "segment"]), select(vec![0.5, 0.7, 1.0]), ages).prop_map(|(key, sure, age_ms)| {
        let at: Moment = "2026-03-01T12:00:00Z".parse().unwrap();
        json!({"signalKey": key, "signalValue": "vip", "confidence": sure, "occurredAt": at.plus_millis(-age_ms)})
    });
    (prop::collection::vec(rule, 2..8), prop::collection::vec(signal, 0..9))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn prefetch_equals_resolve_for_random_books_and_sessions() {
    let env = TestEnv::new().await;
    let mut dice = TestRunner::deterministic();
    let mut matched = 0;
    for round in 0..30 {
        let (rules, signals) = books_and_sessions().new_tree(&mut dice).unwrap().current();
        for id in 0..8 {
            match rules.get(id) {
                Some(rule) => assert!(env.creator().put(&format!("{RULES}/r{id}"), rule.clone()).await.status.is_success()),
                None => drop(env.creator().delete(&format!("{RULES}/r{id}")).await),
            }
        }
        let session = format!("s{round}");
        if !signals.is_empty() {
            post_signals(&env, &session, json!(signals)).await.expect(202);
        }
        let triggers = json!({"handle": "demo", "sessionId": session, "triggers": ["c", "a", "b", "none"]});
        let prefetched = env.anonymous().post(PREFETCH, triggers).await.expect(200).json();
        let mut resolved = json!({});
        for trigger in ["a", "b", "c", "none"] {
            resolved[trigger] = resolve(&env, &session, trigger).await;
            matched += u32::from(resolved[trigger]["matched"] == true);
        }
        assert_eq!(prefetched["decisions"], resolved, "{rules:?} {signals:?}");
        let triggers = ["none", "b", "a", "c"];
        let of_session = env.creator().post(PREVIEW, json!({"sessionId": session, "triggers": triggers})).await.expect(200).json();
        assert_eq!(of_session, prefetched);
        let mut drafts = rules.clone();
        drafts.iter_mut().enumerate().for_each(|(id, rule)| rule["ruleId"] = json!(format!("r{id}")));
        let draft = json!({"rules": drafts, "signals": signals, "triggers": triggers, "at": env.now()});
        let mut drafted = env.creator().post(PREVIEW, draft).await.expect(200).json()["decisions"].take();
        for trigger in triggers {
            // Both name the session.
            drafted[trigger]["sessionId"] = json!(session);
            drafted[trigger]["decisionId"] = resolved[trigger]["decisionId"].clone();
        }
        assert_eq!(drafted, resolved, "{rules:?} {signals:?}");
        let ids: BTreeSet<&str> =
            ["a", "b", "c", "none"].iter().map(|trigger| resolved[*trigger]["decisionId"].as_str().unwrap()).collect();
        assert_eq!(ids.len(), 4, "each trigger's decision has an id of its own");
    }
    assert!((20..70).contains(&matched), "{matched} of 90 decisions matched: the books are worth something");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_preview_of_decisions_adds_signals_takes_drafts_and_a_moment_and_stores_and_charges_nothing() {
    let env = TestEnv::new().await;
    let rule = json!({"trigger": "checkout", "when": {"all": [{"signalKey": "cart", "minCount": 2, "withinSeconds": 3600}]}, "action": {"type": "none"}});
    env.creator().put(&format!("{RULES}/two-carts"), rule.clone()).await.expect(201);
    post_signals(&env, "s1", json!([{"signalKey": "cart"}])).await.expect(202);
    let used = env.owner().get("/v2/account").await.expect(200).json();
    let audited = env.audit_events().await.len();
    env.faults.take_calls();
    let decided = async |body: Value| {
        let mut body = body;
        body["triggers"] = json!(["checkout"]);
        env.creator().post(PREVIEW, body).await.expect(200).json()["decisions"]["checkout"].take()
    };
    assert_eq!(decided(json!({"sessionId": "s1"})).await["matched"], false);
    let both = decided(json!({"sessionId": "s1", "signals": [{"signalKey": "cart"}]})).await;
    assert_eq!((&both["matched"], &both["ruleId"], &both["signalsConsidered"]), (&json!(true), &json!("two-carts"), &json!(2)));
    let later = json!({"sessionId": "s1", "signals": [{"signalKey": "cart"}], "at": "2026-03-01T13:00:00.001Z"});
    let later = decided(later).await;
    assert_eq!(
        (&later["matched"], &later["evaluated"][0]["failedCondition"], &later["decidedAt"]),
        (&json!(false), &json!("all[0]"), &json!("2026-03-01T13:00:00.001Z"))
    );
    assert_eq!(decided(json!({"signals": [{"signalKey": "cart"}]})).await["sessionId"], "preview");
    let none = decided(json!({"sessionId": "s1", "rules": []})).await;
    assert_eq!(none["reason"], "no rules for trigger checkout", "an empty list is no rules, and not the handle's");
    let calls: BTreeSet<String> = env.faults.take_calls().into_iter().map(|(_, operation)| operation).collect();
    assert_eq!(calls, BTreeSet::from(["GetItem".to_owned(), "Query".to_owned()]), "nothing is written");
    assert_eq!((env.owner().get("/v2/account").await.expect(200).json(), env.audit_events().await.len()), (used, audited));

    let bad = json!({
        "triggers": [], "at": "later", "stray": 1, "signals": [{"signalKey": "cart"}, {"confidence": 2}],
        "rules": [{"ruleId": "a", "trigger": "t", "action": {"type": "none"}}, {"ruleId": "a", "trigger": "t", "action": {"type": "redirect"}}, {}],
    });
    let refused = env.creator().post(PREVIEW, bad).await.refused(400, "invalid_payload");
    let expected = [
        "triggers",
        "at",
        "stray",
        "signals[1].signalKey",
        "signals[1].confidence",
        "rules[1].action.destinationUrl",
        "rules[1].ruleId",
        "rules[2].ruleId",
        "rules[2].trigger",
        "rules[2].action",
    ];
    assert_eq!(refused.fields().into_iter().collect::<BTreeSet<_>>(), expected.map(str::to_owned).into_iter().collect());
    let twice = json!({"triggers": ["t"], "rules": [
        {"ruleId": "a", "trigger": "t", "action": {"type": "none"}}, {"ruleId": "a", "trigger": "t", "action": {"type": "none"}},
    ]});
    assert_eq!(env.creator().post(PREVIEW, twice).await.refused(400, "invalid_payload").fields(), ["rules[1].ruleId"]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn signals_expire_one_by_one_and_free_their_ids_too() {
    let env = TestEnv::new().await;
    let views = |from: usize, to: usize| json!((from..to).map(|n| json!({"type": "view", "signalId": n.to_string()})).collect::<Vec<_>>());
    for minute in 0..4 {
        post_signals(&env, "s1", views(50 * minute, 50 * minute + 50)).await.expect(202);
        env.advance_ms(60_000);
    }
    post_signals(&env, "s1", json!([{"type": "view"}])).await.refused(429, "rate_limited");
    // One that happened earlier ends earlier, and the session ends with the last.
    let first = post_signals(&env, "s2", json!([{"type": "view", "occurredAt": "2026-02-20T12:00:00Z"}])).await.expect(202).json();
    assert_eq!((&first["total"], &first["expiresAt"]), (&json!(1), &json!("2026-03-22T12:00:00.000Z")));
    let both = post_signals(&env, "s2", json!([{"type": "view"}])).await.expect(202).json();
    assert_eq!((&both["total"], &both["expiresAt"]), (&json!(2), &json!("2026-03-31T12:04:00.000Z")));
    env.advance_days(29);
    post_signals(&env, "s1", json!([{"type": "view"}])).await.refused(429, "rate_limited");
    assert_eq!(post_signals(&env, "s2", json!([{"type": "view"}])).await.expect(202).json()["total"], 2);
    env.advance_ms(86_400_000 - 4 * 60_000);
    let again = post_signals(&env, "s1", views(0, 50)).await.expect(202).json();
    assert_eq!((&again["accepted"], &again["total"], &again["expiresAt"]), (&json!(50), &json!(200), &json!("2026-04-30T12:00:00.000Z")));
    let known = post_signals(&env, "s1", views(1, 51)).await.expect(202).json();
    assert_eq!((&known["accepted"], &known["deduped"], &known["total"]), (&json!(0), &json!(50), &json!(200)));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_session_is_converted_for_thirty_days_after_its_last_conversion() {
    let env = TestEnv::new().await;
    env.owner().put("/v2/handles/demo/links/launch", json!({"destinationUrl": "https://example.com/"})).await.expect(201);
    for (order, days) in [("o1", 20), ("o2", 29)] {
        let ctx = env.visitor().follow("launch?sid=s1").await.expect(302).ctx();
        env.advance_ms(1000);
        let purchase = json!({"ctx": ctx, "idempotencyKey": order, "eventType": "purchase"});
        env.anonymous().post("/v2/public/conversions", purchase).await.expect(202);
        env.process_events().await;
        env.advance_days(days);
        assert_eq!(resolve(&env, "s1", "checkout").await["segments"], json!(["converted", "new"]), "{days} days after {order}");
    }
    env.advance_days(1);
    assert_eq!(resolve(&env, "s1", "checkout").await["segments"], json!(["new"]));
    env.creator().get("/v2/handles/demo/chain/s1").await.refused(404, "not_found");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_context_is_an_object() {
    let env = TestEnv::new().await;
    for (path, ask) in [(RESOLVE, ("trigger", json!("checkout"))), (PREFETCH, ("triggers", json!(["checkout"])))] {
        let mut body = json!({"handle": "demo", "sessionId": "s"});
        body[ask.0] = ask.1;
        for (context, status) in [(json!([null, null]), 400), (json!("x"), 400), (json!({"a": [null, null]}), 200), (Value::Null, 200)] {
            body["context"] = context;
            env.anonymous().post(path, body.clone()).await.expect(status);
        }
    }
}
