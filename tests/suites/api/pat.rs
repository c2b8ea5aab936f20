//! Personal access tokens: their life cycle, what they allow, and what is recorded of refused ones.

use domain::accounts::token::Grant;
use futures::future::join_all;
use serde_json::{Value, json};
use tests::{Answer, Caller, Fault, Rule, TestEnv, TestEnvOptions};

const TOKENS: &str = "/v2/handles/demo/tokens";
const LINKS: &str = "/v2/public/handles/demo/links";

async fn make(env: &TestEnv, body: Value) -> Value {
    env.operator().post(TOKENS, body).await.expect(201).json()
}

fn text<'v>(value: &'v Value, member: &str) -> &'v str {
    value[member].as_str().unwrap_or_else(|| panic!("no {member} in {value}"))
}

fn holder<'w>(env: &'w TestEnv, made: &Value) -> Caller<'w> {
    env.bearer(text(made, "token"))
}

async fn listed(env: &TestEnv) -> Vec<Value> {
    env.operator().get(TOKENS).await.expect(200).json()["items"].as_array().cloned().unwrap()
}

/// The audit events with this action, newest first.
async fn events(env: &TestEnv, action: &str) -> Vec<Value> {
    env.audit_events().await.into_iter().filter(|event| event["action"] == action).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_token_lives_from_its_one_showing_to_its_end() {
    let env = TestEnv::new().await;
    let answer = env.operator().post(TOKENS, json!({"name": "ci", "scopes": ["links.write", "links.read"]})).await.expect(201);
    assert_eq!(answer.header("cache-control"), "no-store");
    let made = answer.json();
    let (id, token) = (text(&made, "tokenId"), text(&made, "token"));
    assert_eq!(token.split_once('.').unwrap().0, format!("patv1_{id}"));
    assert_eq!(
        (&made["name"], &made["scopes"], &made["createdBy"]),
        (&json!("ci"), &json!(["links.read", "links.write"]), &json!("operator"))
    );
    assert_eq!((&made["expiresAt"], &made["lastUsedAt"], &made["handle"]), (&Value::Null, &Value::Null, &json!("demo")));

    let program = holder(&env, &made);
    program.put(&format!("{LINKS}/launch"), json!({"destinationUrl": "https://example.com/"})).await.expect(201);
    let created = &events(&env, "link.created").await[0];
    assert_eq!(created["actor"], json!({"kind": "PAT", "id": id}), "the actor is the token");
    let first = env.now().to_string();
    env.advance_ms(299_999);
    program.get(LINKS).await.expect(200);
    assert_eq!(listed(&env).await[0]["lastUsedAt"], first, "a use is noted once in five minutes");
    env.advance_ms(1);
    program.get(LINKS).await.expect(200);
    assert_eq!(listed(&env).await[0]["lastUsedAt"], env.now().to_string());
    let list = env.operator().get(TOKENS).await.text();
    assert!(!list.contains(token.split_once('.').unwrap().1) && !list.contains("digest"), "{list}");

    env.operator().delete(&format!("{TOKENS}/{id}")).await.expect(204);
    program.get(LINKS).await.refused(401, "token_revoked");
    assert_eq!(listed(&env).await, Vec::<Value>::new());
    env.operator().delete(&format!("{TOKENS}/{id}")).await.refused(404, "not_found");
    assert_eq!(events(&env, "token.created").await[0]["after"]["scopes"], json!(["links.read", "links.write"]));
    assert_eq!(text(&events(&env, "token.revoked").await[0], "target"), id);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_scope_can_be_given_and_every_bad_field_is_named() {
    let env = TestEnv::new().await;
    for grant in Grant::all() {
        assert_eq!(make(&env, json!({"scopes": [grant]})).await["scopes"], json!([grant]));
        env.advance_ms(1);
    }
    let names: Vec<String> = listed(&env).await.iter().map(|token| token["scopes"][0].as_str().unwrap().to_owned()).collect();
    let newest_first: Vec<&str> = Grant::all().map(Grant::as_str).collect::<Vec<_>>().into_iter().rev().collect();
    assert_eq!(names, newest_first);
    let bad = json!({"name": 7, "scopes": ["links.delete"], "expiresAt": "2020-01-01T00:00:00Z", "handle": "other"});
    let answer = env.operator().post(TOKENS, bad).await.refused(400, "invalid_payload");
    assert_eq!(answer.fields(), ["name", "scopes[0]", "expiresAt", "handle"]);
    for none in [json!({}), json!({"scopes": []}), json!({"scopes": null}), json!({"scopes": "links.read"})] {
        assert_eq!(env.operator().post(TOKENS, none).await.refused(400, "invalid_payload").fields(), ["scopes"]);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_token_is_refused_from_the_very_moment_it_expires() {
    let env = TestEnv::new().await;
    let end = env.now().plus_millis(60_000);
    let program = holder(&env, &make(&env, json!({"scopes": ["links.read"], "expiresAt": end})).await);
    env.advance_ms(59_999);
    program.get(LINKS).await.expect(200);
    env.advance_ms(1);
    program.get(LINKS).await.refused(401, "token_expired");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_forged_truncated_foreign_or_huge_token_is_let_in() {
    let env = TestEnv::new().await;
    let made = make(&env, json!({"scopes": ["links.read"]})).await;
    let other = make(&env, json!({"scopes": ["links.read"]})).await;
    let good = text(&made, "token");
    let secret_of = |made: &Value| text(made, "token").split_once('.').unwrap().1.to_owned();
    let id = text(&made, "tokenId");
    let bad = [
        "patv1_".to_owned(),
        "patv1_x".to_owned(),
        "patv1_x.".to_owned(),
        "patv1_.y".to_owned(),
        good[..good.len() - 1].to_owned(),
        format!("{good}A"),
        format!("{good}="),
        good.replace("patv1_", "patv2_"),
        good.replace("patv1_", ""),
        // The secret of another token, of none, and another token's id.
        format!("patv1_{id}.{}", secret_of(&other)),
        format!("patv1_{id}.{}", "A".repeat(43)),
        format!("patv1_{}.{}", "0".repeat(16), secret_of(&made)),
        format!("patv1_0000#00000000000.{}", secret_of(&made)),
        format!("patv1_{id}.{}", "A".repeat(10_240)),
        "A".repeat(10_240),
    ];
    let mut messages = Vec::new();
    for token in &bad {
        let answer = env.bearer(token).get(LINKS).await.refused(401, "invalid_token");
        messages.push(answer.json()["message"].clone());
        let answer = env.anonymous().with("x-api-key", token).get(LINKS).await.refused(401, "invalid_token");
        messages.push(answer.json()["message"].clone());
    }
    assert!(messages.iter().all(|message| *message == messages[0]), "the message does not say what is wrong with the token: {messages:?}");
    env.bearer(good).get(LINKS).await.expect(200);
    env.anonymous().with("x-api-key", good).get(LINKS).await.expect(200);
    env.anonymous().with("authorization", &format!("bEARER {good}")).get(LINKS).await.expect(200);
    env.bearer(good).with("x-api-key", good).get(LINKS).await.refused(401, "invalid_token");
    env.anonymous().with("authorization", &format!("Basic {good}")).get(LINKS).await.refused(401, "missing_bearer_token");
    env.anonymous().get(LINKS).await.refused(401, "missing_bearer_token");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_unknown_token_and_a_wrong_secret_cost_the_same_calls() {
    let env = TestEnv::new().await;
    let made = make(&env, json!({"scopes": ["links.read"]})).await;
    let wrong = format!("patv1_{}.{}", text(&made, "tokenId"), "A".repeat(43));
    let unknown = format!("patv1_{}.{}", "0".repeat(16), "A".repeat(43));
    // Once a minute the use of a known one is recorded for its handle; from then on the two are answered alike.
    env.bearer(&wrong).get(LINKS).await.refused(401, "invalid_token");
    let mut answers = Vec::new();
    for token in [&wrong, &unknown] {
        env.faults.take_calls();
        let mut body = env.bearer(token).get(LINKS).await.refused(401, "invalid_token").json();
        body["requestId"] = Value::Null;
        answers.push((body, env.faults.take_calls()));
    }
    assert_eq!(answers[0], answers[1]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_refused_use_is_audited_once_a_minute() {
    let env = TestEnv::new().await;
    let made = make(&env, json!({"scopes": ["links.read"]})).await;
    let (id, program) = (text(&made, "tokenId"), holder(&env, &made));
    let wrong = env.bearer(&format!("patv1_{id}.{}", "A".repeat(43)));
    let refused = || async { events(&env, "token.refused").await };
    for _ in 0..3 {
        program.delete(&format!("{LINKS}/launch")).await.refused(403, "insufficient_scope");
        wrong.get(LINKS).await.refused(401, "invalid_token");
    }
    let events = refused().await;
    assert_eq!(events.len(), 1, "{events:?}");
    assert_eq!((&events[0]["actor"], &events[0]["target"]), (&json!({"kind": "PAT", "id": id}), &json!(id)));
    assert_eq!(events[0]["after"], json!({"error": "insufficient_scope", "requiredScope": "links.write"}));
    env.advance_ms(60_000);
    join_all((0..5).map(|_| wrong.get(LINKS))).await.into_iter().for_each(|answer| drop(answer.refused(401, "invalid_token")));
    let events = refused().await;
    assert_eq!((events.len(), &events[0]["after"]["error"]), (2, &json!("invalid_token")), "of five at once one is recorded");
    env.operator().delete(&format!("{TOKENS}/{id}")).await.expect(204);
    env.advance_ms(60_000);
    program.get(LINKS).await.refused(401, "token_revoked");
    let events = refused().await;
    assert_eq!((events.len(), &events[0]["after"]["error"]), (3, &json!("token_revoked")));
    // That it cannot be recorded changes no answer.
    env.advance_ms(60_000);
    let fired = env.faults.inject(Rule::on("TransactWriteItems").always(), Fault::Unreachable);
    program.get(LINKS).await.refused(401, "token_revoked");
    fired.at_least_once();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_use_that_cannot_be_recorded_is_still_allowed() {
    let env = TestEnv::new().await;
    let program = env.pat_client(&["links.read"]).await;
    let fired = env.faults.inject(Rule::on("UpdateItem").by("links").always(), Fault::Unreachable);
    program.get(LINKS).await.expect(200);
    fired.at_least_once();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn tokens_need_pro_and_only_ending_one_does_not() {
    let env = TestEnv::with(TestEnvOptions { plan: "PRO", ..TestEnvOptions::default() }).await;
    let made = make(&env, json!({"scopes": ["links.*", "analytics.read"]})).await;
    env.admin().put("/v2/platform-admin/accounts/owner", json!({"plan": "FREE"})).await.expect(200);
    let locked = |answer: Answer| {
        let body = answer.refused(403, "feature_locked").json();
        assert_eq!((&body["feature"], &body["requiredPlan"]), (&json!("growth_tools"), &json!("PRO")));
    };
    locked(env.owner().post(TOKENS, json!({"scopes": ["links.read"]})).await);
    locked(env.owner().post(TOKENS, json!({})).await);
    locked(env.owner().get(TOKENS).await);
    let program = holder(&env, &made);
    locked(program.get(LINKS).await);
    locked(program.get("/v2/public/handles/demo/analytics/export").await);
    locked(program.post("/v2/public/conversions", json!({})).await);
    assert_eq!(events(&env, "token.refused").await[0]["after"]["error"], "feature_locked");
    env.admin().put("/v2/platform-admin/accounts/owner", json!({"plan": "PRO"})).await.expect(200);
    program.get(LINKS).await.expect(200);
    env.admin().put("/v2/platform-admin/accounts/owner", json!({"plan": "FREE"})).await.expect(200);
    env.owner().delete(&format!("{TOKENS}/{}", text(&made, "tokenId"))).await.expect(204);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_a_token_writes_is_charged_to_the_handles_owner() {
    let env = TestEnv::with(TestEnvOptions { plan: "PRO", ..TestEnvOptions::default() }).await;
    let program = env.pat_client(&["links.write"]).await;
    let link = json!({"destinationUrl": "https://example.com/"});
    for written in 0..9 {
        assert!(program.put(&format!("{LINKS}/launch"), link.clone()).await.status.is_success(), "{written}");
    }
    program.put(&format!("{LINKS}/launch"), link).await.refused(429, "rate_limited");
    let used = env.owner().get("/v2/handles/demo/usage-meters").await.expect(200).json();
    assert_eq!(used["usage"]["writesToday"], 10, "the token itself and nine writes");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_handle_has_fifty_tokens_however_many_are_asked_for_at_once() {
    let env = TestEnv::new().await;
    let operator = env.operator();
    let answers = join_all((0..60).map(|_| operator.post(TOKENS, json!({"scopes": ["links.read"]})))).await;
    let made: Vec<Value> = answers.iter().filter(|answer| answer.status == 201).map(Answer::json).collect();
    let full = answers.iter().filter(|answer| answer.status == 409).count();
    assert!(made.len() <= 50 && made.len() + full + answers.iter().filter(|answer| answer.status == 503).count() == 60);
    for _ in made.len()..50 {
        make(&env, json!({"scopes": ["links.read"]})).await;
    }
    env.operator().post(TOKENS, json!({"scopes": ["links.read"]})).await.refused(409, "conflict");
    assert_eq!(listed(&env).await.len(), 50);
    let path = format!("{TOKENS}/{}", text(&made[0], "tokenId"));
    let ends = join_all((0..5).map(|_| operator.delete(&path))).await;
    assert_eq!(ends.iter().filter(|answer| answer.status == 204).count(), 1, "a token ends once");
    make(&env, json!({"scopes": ["links.read"]})).await;
    env.operator().post(TOKENS, json!({"scopes": ["links.read"]})).await.refused(409, "conflict");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_crash_at_any_step_of_making_or_ending_a_token_leaves_none_half_made() {
    let env = TestEnv::new().await;
    let (mut crashes, mut made) = (0, 0);
    for fault in [Fault::CrashBefore, Fault::CrashAfter] {
        for step in 0.. {
            let lived = env.crash_at("accounts", step, fault, make(&env, json!({"scopes": ["links.read"]}))).await;
            made = listed(&env).await.len();
            assert_eq!(events(&env, "token.created").await.len(), made, "a token and its audit event are one");
            if lived.is_some() {
                break;
            }
            crashes += 1;
        }
    }
    assert!(crashes >= 8, "{crashes}");
    let victim = listed(&env).await[0]["tokenId"].as_str().unwrap().to_owned();
    let fired = env.faults.inject(Rule::on("TransactWriteItems").by("accounts"), Fault::AnswerLost);
    env.operator().delete(&format!("{TOKENS}/{victim}")).await.expect(204);
    fired.at_least_once();
    let fired = env.faults.inject(Rule::on("TransactWriteItems").by("accounts").times(2), Fault::Conflict);
    make(&env, json!({"scopes": ["links.read"]})).await;
    fired.at_least_once();
    assert_eq!(listed(&env).await.len(), made);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_a_secret_only_its_digest_leaves_the_process() {
    let env = TestEnv::new().await;
    env.faults.record_requests();
    let made = make(&env, json!({"name": "ci", "scopes": ["links.*"]})).await;
    let secret = text(&made, "token").split_once('.').unwrap().1;
    let program = holder(&env, &made);
    program.put(&format!("{LINKS}/launch"), json!({"destinationUrl": "https://example.com/"})).await.expect(201);
    program.get("/v2/public/handles/demo/campaigns").await.refused(403, "insufficient_scope");
    env.operator().delete(&format!("{TOKENS}/{}", text(&made, "tokenId"))).await.expect(204);
    program.get(LINKS).await.refused(401, "token_revoked");
    let sent = env.faults.requests();
    assert!(sent.contains(&format!("PAT#{}", text(&made, "tokenId"))), "everything that is stored was sent");
    assert!(sent.contains(&domain::values::secret::sha256_hex(secret.as_bytes())), "the digest is kept");
    for start in 0..secret.len() - 8 {
        assert!(!sent.contains(&secret[start..start + 8]), "a part of the secret went to the table");
    }
}
