//! Each conversion counts exactly once for 365 days, whatever retries, crashes and races happen.

use futures::future::join_all;
use serde_json::{Value, json};
use tests::fixtures::order;
use tests::{Answer, Fault, Rule, TestEnv};

const LIST: &str = "/v2/handles/demo/conversions";

async fn ctx(env: &TestEnv) -> String {
    env.owner().put("/v2/handles/demo/links/launch", json!({"destinationUrl": "https://example.com/product"})).await.expect(201);
    env.visitor().follow("launch").await.expect(302).ctx()
}

async fn post(env: &TestEnv, body: &Value) -> Answer {
    env.anonymous().post("/v2/public/conversions", body.clone()).await
}

/// What reports say in all: conversions and revenue.
async fn totals(env: &TestEnv) -> (Value, Value) {
    let report = env.report("").await;
    (report["totals"]["conversions"].clone(), report["totals"]["revenue"].clone())
}

async fn stored(env: &TestEnv) -> Vec<Value> {
    env.owner().get(LIST).await.expect(200).json()["items"].as_array().cloned().unwrap_or_default()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_hundred_posts_of_one_key_at_once_accept_one_and_count_it_once() {
    let env = TestEnv::new().await;
    let body = order(&ctx(&env).await, "order-1", 24.99, "USD");
    env.drain("EventsQueue").await;
    let answers = join_all((0..200).map(|_| post(&env, &body))).await;
    let accepted: Vec<_> = answers.iter().filter(|answer| answer.status == 202).collect();
    assert_eq!(accepted.len(), 1);
    let first = accepted[0].json();
    let deduped = answers.iter().filter(|answer| {
        answer.status == 200 && answer.json()["deduped"] == true && answer.json()["conversionId"] == first["conversionId"]
    });
    assert_eq!(deduped.count(), 199);
    assert_eq!(env.server().queue_depth("EventsQueue").unwrap().visible, 1, "one outbox event");
    env.process_events().await;
    assert_eq!(totals(&env).await, (json!(1), json!(24.99)));
    assert_eq!(stored(&env).await.len(), 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_crash_at_any_step_loses_nothing_and_doubles_nothing() {
    let env = TestEnv::new().await;
    let token = ctx(&env).await;
    let (mut keys, mut crashes) = (0, 0);
    for fault in [Fault::CrashBefore, Fault::CrashAfter] {
        for step in 0.. {
            let body = order(&token, &format!("{fault:?}-{step}"), 10.0, "USD");
            // From an address of its own, so that the rate limit makes its call too.
            let address = format!("203.0.113.{keys}");
            let client = env.anonymous().from(&address);
            let lived = env.crash_at("attribution", step, fault, client.post("/v2/public/conversions", body.clone())).await;
            let again = post(&env, &body).await;
            assert!(again.status == 202 || again.status == 200, "{}", again.text());
            assert_eq!(post(&env, &body).await.expect(200).json()["conversionId"], again.json()["conversionId"]);
            keys += 1;
            if lived.is_some() {
                break;
            }
            crashes += 1;
        }
    }
    assert!(crashes >= 6, "each call of an acceptance was a place to crash: {crashes}");
    assert_eq!(stored(&env).await.len(), keys);
    // What a crash left unannounced the sweeper finds.
    env.process_events().await;
    env.advance_ms(61_000);
    env.sweep().await;
    env.process_events().await;
    assert_eq!(totals(&env).await, (json!(keys), json!(keys * 10)));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_lost_answer_is_answered_as_the_callers_own_first_one() {
    let env = TestEnv::new().await;
    let body = order(&ctx(&env).await, "order-1", 5.0, "USD");
    let fired = env.faults.inject(Rule::on("PutItem").by("attribution"), Fault::AnswerLost);
    let first = post(&env, &body).await.expect(202).json();
    fired.at_least_once();
    assert_eq!(first["deduped"], false);
    assert_eq!(post(&env, &body).await.expect(200).json()["conversionId"], first["conversionId"]);
    env.process_events().await;
    assert_eq!(totals(&env).await, (json!(1), json!(5)));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_failed_attempt_never_uses_the_key_up() {
    let env = TestEnv::new().await;
    let body = order(&ctx(&env).await, "order-1", 5.0, "USD");
    for fault in [Fault::Unreachable, Fault::Throttled] {
        let fired = env.faults.inject(Rule::on("PutItem").by("attribution").always(), fault);
        let refused = post(&env, &body).await.refused(503, "unavailable");
        assert_eq!(refused.header("retry-after"), "1");
        assert!(fired.times() >= 3, "the SDK tried again");
        env.faults.clear();
    }
    post(&env, &json!({"ctx": "bogus", "idempotencyKey": "order-1", "eventType": "purchase"})).await.refused(400, "invalid_ctx");
    post(&env, &body).await.expect(202);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_lost_announcement_is_made_again_by_the_sweeper() {
    let env = TestEnv::new().await;
    let body = order(&ctx(&env).await, "order-1", 5.0, "USD");
    let fired = env.faults.inject(Rule::on("SendMessage").by("attribution").always(), Fault::Unreachable);
    post(&env, &body).await.expect(202);
    fired.at_least_once();
    env.faults.clear();
    env.process_events().await;
    assert_eq!(totals(&env).await.0, json!(0));
    env.advance_ms(61_000);
    for _ in 0..3 {
        env.sweep().await;
    }
    env.process_events().await;
    assert_eq!(totals(&env).await, (json!(1), json!(5)));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn settling_survives_crashes_conflicts_lost_answers_and_duplicates() {
    let env = TestEnv::new().await;
    let token = ctx(&env).await;
    let mut expected = 0;
    for (number, fault) in [Fault::CrashBefore, Fault::CrashAfter].into_iter().enumerate() {
        for step in 0.. {
            post(&env, &order(&token, &format!("{number}-{step}"), 1.0, "USD")).await.expect(202);
            expected += 1;
            env.drain("ClicksQueue").await;
            let survived = env.crash_at("event-worker", step, fault, env.drain("EventsQueue")).await;
            // A crashed consumer's message is out of sight; the sweeper does not wait for it.
            env.advance_ms(61_000);
            env.sweep().await;
            env.process_events().await;
            assert_eq!(totals(&env).await.0, json!(expected), "{fault:?} at step {step}");
            if survived.is_some() {
                break;
            }
        }
    }
    for fault in [Fault::Conflict, Fault::AnswerLost, Fault::Doubled] {
        post(&env, &order(&token, &format!("{fault:?}"), 1.0, "USD")).await.expect(202);
        expected += 1;
        let fired = env.faults.inject(Rule::on("TransactWriteItems").by("event-worker").times(2), fault);
        let doubled = |messages: Vec<_>| messages.iter().cloned().chain(messages.iter().cloned()).collect();
        env.drain_with("EventsQueue", doubled).await;
        fired.at_least_once();
        env.faults.clear();
        env.advance_ms(61_000);
        env.sweep().await;
        env.process_events().await;
        assert_eq!(totals(&env).await, (json!(expected), json!(expected)), "{fault:?}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_key_holds_until_day_365_whether_or_not_the_clock_is_watched() {
    let env =
        TestEnv::with(tests::TestEnvOptions { environment: [("CTX_LIFE_DAYS".to_owned(), "800".to_owned())].into(), ..Default::default() })
            .await;
    let body = order(&ctx(&env).await, "order-1", 7.5, "USD");
    let first = post(&env, &body).await.expect(202).json();
    env.process_events().await;
    env.advance_days(364);
    let replay = post(&env, &body).await.expect(200).json();
    assert_eq!((&replay["deduped"], &replay["conversionId"]), (&json!(true), &first["conversionId"]));
    env.advance_days(2);
    let second = post(&env, &body).await.expect(202).json();
    assert_ne!(second["conversionId"], first["conversionId"]);
    assert_eq!(post(&env, &body).await.expect(200).json()["conversionId"], second["conversionId"]);
    env.process_events().await;
    let ids: Vec<_> = stored(&env).await.into_iter().map(|conversion| conversion["conversionId"].clone()).collect();
    assert_eq!(ids, [second["conversionId"].clone(), first["conversionId"].clone()], "the first is kept beside the second");
    let report = env.owner().get("/v2/handles/demo/analytics?from=2027-02-01").await.expect(200).json();
    assert_eq!((&report["totals"]["conversions"], &report["totals"]["revenue"]), (&json!(1), &json!(7.5)));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_key_that_expires_is_taken_over_once_also_under_a_race_and_a_crash() {
    let env =
        TestEnv::with(tests::TestEnvOptions { environment: [("CTX_LIFE_DAYS".to_owned(), "800".to_owned())].into(), ..Default::default() })
            .await;
    let token = ctx(&env).await;
    let body = order(&token, "order-1", 1.0, "USD");
    post(&env, &body).await.expect(202);
    env.advance_days(366);
    let answers = join_all((0..40).map(|_| post(&env, &body))).await;
    assert_eq!(answers.iter().filter(|answer| answer.status == 202).count(), 1);
    assert_eq!(answers.iter().filter(|answer| answer.status == 200).count(), 39);
    env.advance_days(366);
    let fired = env.faults.inject(Rule::on("TransactWriteItems").by("attribution"), Fault::AnswerLost);
    post(&env, &body).await.expect(202);
    fired.at_least_once();
    assert_eq!(stored(&env).await.len(), 3);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_different_conversion_under_a_known_key_changes_nothing_and_is_recorded() {
    let env = TestEnv::new().await;
    let token = ctx(&env).await;
    let first = post(&env, &order(&token, "order-1", 24.99, "USD")).await.expect(202).json();
    let again = json!({"ctx": token, "idempotencyKey": "order-1", "eventType": "lead", "value": 25, "currency": "EUR"});
    let answer = post(&env, &again).await.expect(200).json();
    assert_eq!(answer["mismatch"], json!(["eventType", "value", "currency"]));
    for field in ["conversionId", "eventType", "value", "currency", "acceptedAt"] {
        assert_eq!(answer[field], first[field], "{field}");
    }
    env.process_events().await;
    assert_eq!(totals(&env).await, (json!(1), json!(24.99)));
    let audit = env.operator().get("/v2/handles/demo/audit-events").await.expect(200).json();
    let latest = &audit["items"][0];
    assert_eq!((&latest["action"], &latest["target"]), (&json!("conversion.mismatch"), &first["conversionId"]));
    assert_eq!(latest["after"], json!({"eventType": "lead", "value": 25, "currency": "EUR"}));
    assert_eq!(audit["items"].as_array().unwrap().iter().filter(|event| event["action"] == "conversion.mismatch").count(), 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_same_key_under_another_handle_is_another_key() {
    let env = TestEnv::new().await;
    let first = post(&env, &order(&ctx(&env).await, "order-1", 1.0, "USD")).await.expect(202).json();
    env.stranger().post("/v2/handles", json!({"handle": "other"})).await.expect(201);
    env.stranger().put("/v2/handles/other/links/launch", json!({"destinationUrl": "https://example.org/"})).await.expect(201);
    let redirect = env.anonymous().with("host", "other.localhost:9000").send(http::Method::GET, "/launch", Vec::new()).await.expect(302);
    let body = json!({"ctx": redirect.ctx(), "idempotencyKey": "order-1", "eventType": "purchase", "handle": "demo", "conversionId": first["conversionId"]});
    let second = post(&env, &body).await.expect(202).json();
    assert_eq!((second["handle"].as_str(), second["deduped"].as_bool()), (Some("other"), Some(false)));
    env.stranger()
        .get(&format!("/v2/handles/other/conversions/{}", first["conversionId"].as_str().unwrap()))
        .await
        .refused(404, "not_found");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn conversions_are_listed_newest_first_over_months_and_found_by_id() {
    let env =
        TestEnv::with(tests::TestEnvOptions { environment: [("CTX_LIFE_DAYS".to_owned(), "300".to_owned())].into(), ..Default::default() })
            .await;
    let token = ctx(&env).await;
    let mut ids = Vec::new();
    for number in 0..25 {
        let mut body = order(&token, &format!("order-{number}"), 0.5, "USD");
        body["metadata"] = json!({"number": number});
        ids.insert(0, post(&env, &body).await.expect(202).json()["conversionId"].clone());
        env.advance_days(5);
    }
    let (mut listed, mut cursor) = (Vec::new(), String::new());
    loop {
        let page = env.owner().get(&format!("{LIST}?limit=7&cursor={cursor}")).await.expect(200).json();
        let items = page["items"].as_array().unwrap();
        assert!(items.len() <= 7);
        listed.extend(items.iter().map(|item| item["conversionId"].clone()));
        match page["nextCursor"].as_str() {
            Some(next) => cursor = next.to_owned(),
            None => break,
        }
    }
    assert_eq!(listed, ids);
    let one = env.owner().get(&format!("{LIST}/{}", ids[3].as_str().unwrap())).await.expect(200).json();
    assert_eq!((&one["metadata"], &one["counted"]), (&json!({"number": 21}), &json!(false)));
    for junk in ["cnv_00000000000000000000000000", "cnv_x", "clk_01M7YBN06S1ZVVXH6S2Z8K6QF7"] {
        env.owner().get(&format!("{LIST}/{junk}")).await.refused(404, "not_found");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_conversion_that_outruns_its_click_waits_for_it_and_is_counted_where_it_came_from() {
    let env = TestEnv::new().await;
    env.owner().put("/v2/handles/demo/links/launch", json!({"destinationUrl": "https://example.com/product"})).await.expect(201);
    let token = env.visitor().in_country("DE").follow("launch").await.expect(302).ctx();
    post(&env, &order(&token, "order-1", 3.0, "USD")).await.expect(202);
    env.drain("EventsQueue").await;
    assert_eq!(env.server().queue_depth("EventsQueue").unwrap().delayed, 1, "it is put back for a moment");
    env.drain("ClicksQueue").await;
    env.advance_ms(61_000);
    env.sweep().await;
    env.drain("EventsQueue").await;
    let report = env.owner().get("/v2/handles/demo/analytics?groupBy=country").await.expect(200).json();
    assert_eq!(
        (&report["rows"][0]["key"], &report["rows"][0]["conversions"], &report["rows"][0]["revenue"]),
        (&json!("DE"), &json!(1), &json!(3))
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_bad_field_is_named_and_an_oversized_body_is_refused() {
    let env = TestEnv::new().await;
    let token = ctx(&env).await;
    let bad = json!({"ctx": token, "idempotencyKey": "", "eventType": "A B", "value": "24.99", "currency": "USD", "occurredAt": "yesterday", "metadata": 3});
    let refused = post(&env, &bad).await.refused(400, "invalid_payload");
    assert_eq!(refused.fields(), ["idempotencyKey", "eventType", "value", "occurredAt", "metadata"]);
    assert_eq!(
        post(&env, &json!({"idempotencyKey": "k", "eventType": "purchase"})).await.refused(400, "invalid_ctx").json()["reason"],
        "malformed"
    );
    let mut large = order(&token, "k", 1.0, "USD");
    large["filler"] = json!("x".repeat(17 * 1024));
    post(&env, &large).await.refused(413, "payload_too_large");
    for (member, value) in [("currency", json!("USD")), ("sessionId", json!("a b")), ("sessionId", json!(7)), ("sessionId", json!("."))] {
        let mut body = order(&token, "k", Value::Null, "USD");
        body[member] = value;
        let field = if member == "currency" { "value" } else { member };
        assert_eq!(post(&env, &body).await.refused(400, "invalid_payload").fields(), [field], "{body}");
    }
    for value in ["1e400", "-1", "24.999", "1000000000000", "NaN"] {
        let body = format!(r#"{{"ctx":"{token}","idempotencyKey":"k","eventType":"purchase","value":{value},"currency":"USD"}}"#);
        env.anonymous()
            .with("content-type", "application/json")
            .send(http::Method::POST, "/v2/public/conversions", body.into_bytes())
            .await
            .expect(400);
    }
    assert!(stored(&env).await.is_empty());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn expired_and_foreign_tokens_are_refused_with_their_reason() {
    let env = TestEnv::new().await;
    let token = ctx(&env).await;
    let reason = |answer: Answer| answer.refused(400, "invalid_ctx").json()["reason"].clone();
    let context = |query: String| {
        let client = env.anonymous();
        async move { client.get(&format!("/v2/public/context?{query}")).await }
    };
    assert_eq!(reason(context(format!("ctx={token}&ctx={token}")).await), "malformed");
    assert_eq!(reason(context(String::new()).await), "malformed");
    assert_eq!(reason(context(format!("ctx={}", token.replacen("k1", "k7", 1))).await), "unknown_key");
    let mut forged = token.clone();
    forged.replace_range(token.len() - 2..token.len() - 1, if token.as_bytes()[token.len() - 2] == b'A' { "B" } else { "A" });
    assert_eq!(reason(context(format!("ctx={forged}")).await), "bad_signature");
    env.advance_days(30);
    assert_eq!(reason(context(format!("ctx={token}")).await), "expired");
    assert_eq!(reason(post(&env, &order(&token, "k", 1.0, "USD")).await), "expired");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whoever_repeats_a_key_with_another_click_learns_only_that_it_was_used() {
    let env = TestEnv::new().await;
    let own = ctx(&env).await;
    env.campaign("partner").await;
    let link = json!({"destinationUrl": "https://example.com/", "campaignId": "partner"});
    env.owner().put("/v2/handles/demo/links/other", link).await.expect(201);
    let other = env.visitor().follow("other").await.expect(302).ctx();
    let first = post(&env, &order(&own, "order-1", 24.99, "USD")).await.expect(202).json();
    let bare = json!({"accepted": true, "deduped": true, "conversionId": first["conversionId"]});
    for guess in [order(&other, "order-1", 24.99, "USD"), order(&other, "order-1", 1, "EUR"), order(&other, "order-1", Value::Null, "")] {
        assert_eq!(post(&env, &guess).await.expect(200).json(), bare, "{guess}");
    }
    let again = post(&env, &order(&own, "order-1", 24.99, "USD")).await.expect(200).json();
    assert_eq!((&again["deduped"], &again["value"], &again["clickId"]), (&json!(true), &json!(24.99), &first["clickId"]));
    // The handle's own server gets today's answer, and what it confirms belongs to the click it names.
    let program = env.pat_client(&["conversions.write"]).await;
    let confirmed = program.post("/v2/public/conversions", order(&other, "order-1", 30, "USD")).await.expect(200).json();
    assert_eq!((&confirmed["value"], &confirmed["slug"]), (&json!(30), &json!("other")));
    assert_eq!(post(&env, &order(&own, "order-1", 24.99, "USD")).await.expect(200).json(), bare);
    assert_eq!(post(&env, &order(&other, "order-1", 30, "USD")).await.expect(200).json()["campaignId"], "partner");
    let signed = program.post("/v2/public/conversions", order(&own, "order-1", 24.99, "USD")).await.expect(200).json();
    assert_eq!((&signed["value"], &signed["mismatch"]), (&json!(30), &json!(["value"])));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn conflicting_submissions_of_a_key_leave_ten_audit_events_a_day_and_a_count() {
    let env = TestEnv::new().await;
    let token = ctx(&env).await;
    let id = post(&env, &order(&token, "order-1", 5, "USD")).await.expect(202).json()["conversionId"].as_str().unwrap().to_owned();
    let mismatches = || async { env.audited().await.iter().filter(|(action, _)| action == "conversion.mismatch").count() };
    for value in 0..4 {
        post(&env, &order(&token, "order-1", 100 + value, "USD")).await.expect(200);
    }
    assert_eq!(mismatches().await, 4);
    let guesses: Vec<Value> = (0..60).map(|value| order(&token, "order-1", 200 + value, "USD")).collect();
    join_all(guesses.iter().map(|guess| post(&env, guess))).await.into_iter().for_each(|answer| drop(answer.expect(200)));
    for value in 0..12 {
        post(&env, &order(&token, "order-1", 300 + value, "USD")).await.expect(200);
    }
    assert_eq!(mismatches().await, 10);
    let explained = env.owner().get(&format!("{LIST}/{id}/explain")).await.expect(200).json();
    assert_eq!(explained["triesInAll"], 77, "all of them are counted");
    env.advance_days(1);
    for value in 0..12 {
        post(&env, &order(&token, "order-1", 400 + value, "USD")).await.expect(200);
    }
    assert_eq!(mismatches().await, 20);
}
