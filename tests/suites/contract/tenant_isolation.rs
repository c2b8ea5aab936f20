//! Tenants apart: for every operation of the document, somebody else's handle is one that does not exist.

use std::collections::BTreeSet;
use std::sync::atomic::{AtomicUsize, Ordering};

use http::Method;
use serde_json::{Value, json};
use tests::{Answer, Caller, Receiver, TestEnv};

/// What only the owner of a handle may do.
const OWNERS: [(&str, &str); 2] = [("PUT", "/v2/handles/{handle}/collaborators"), ("POST", "/v2/handles/{handle}/transfer-ownership")];
/// What an operator may do, and a creator may not.
const OPERATORS: &[(&str, &str)] = &[
    ("GET", "/v2/handles/{handle}/audit-events"),
    ("POST", "/v2/handles/{handle}/conversions/{conversionId}/adjustments"),
    ("POST", "/v2/handles/{handle}/tokens"),
    ("GET", "/v2/handles/{handle}/tokens"),
    ("DELETE", "/v2/handles/{handle}/tokens/{tokenId}"),
    ("GET", "/v2/handles/{handle}/webhooks"),
    ("POST", "/v2/handles/{handle}/webhooks"),
    ("GET", "/v2/handles/{handle}/webhooks/{subscriptionId}"),
    ("PUT", "/v2/handles/{handle}/webhooks/{subscriptionId}"),
    ("DELETE", "/v2/handles/{handle}/webhooks/{subscriptionId}"),
    ("POST", "/v2/handles/{handle}/webhooks/{subscriptionId}/test"),
    ("POST", "/v2/handles/{handle}/webhooks/{subscriptionId}/secret/rotate"),
    ("GET", "/v2/handles/{handle}/deliveries"),
    ("GET", "/v2/handles/{handle}/deliveries/{deliveryId}"),
    ("POST", "/v2/handles/{handle}/deliveries/{deliveryId}/replay"),
    ("POST", "/v2/handles/{handle}/deliveries/replay"),
];
/// What the routes begin with that tokens reach, and those of the same handlers for users.
const PAT_FAMILY: &str = "/v2/public/handles/{handle}";
const HANDLES: &str = "/v2/handles/{handle}";
/// Calls that change nothing.
const READS: [&str; 3] = ["GetItem", "BatchGetItem", "Query"];

/// Campaigns that the calls below asked for: each needs an id of its own.
static MADE: AtomicUsize = AtomicUsize::new(0);

/// A handle with something behind every id, and those ids.
struct Estate {
    env: TestEnv,
    conversion: String,
    token: String,
    subscription: String,
    delivery: String,
}

impl Estate {
    async fn new() -> Self {
        let env = TestEnv::new().await;
        let link = "/v2/handles/demo/links/launch";
        env.creator().put(link, json!({"destinationUrl": "https://example.com/"})).await.expect(201);
        env.creator().put(link, json!({"destinationUrl": "https://example.com/next"})).await.expect(200);
        let rule = json!({"variant": {"id": "other", "destinationUrl": "https://example.com/other"}});
        env.creator().put("/v2/handles/demo/personalization-rules/rule-1", rule).await.expect(201);
        let rule = json!({"trigger": "checkout", "action": {"type": "none"}});
        env.creator().put("/v2/handles/demo/chain/rules/rule-1", rule).await.expect(201);
        let signals = json!({"handle": "demo", "sessionId": "sess-1", "signals": [{"type": "view"}]});
        env.nobody().post("/v2/public/chain/signals", signals).await.expect(202);
        let campaign = json!({"campaignId": "spring", "goalType": "PRODUCT_SALE", "status": "ACTIVE", "primarySlug": "launch"});
        env.creator().post("/v2/handles/demo/campaigns", campaign).await.expect(201);
        let ctx = env.visitor().follow("launch").await.expect(302).ctx();
        let purchase = json!({"ctx": ctx, "idempotencyKey": "order-1", "eventType": "purchase", "value": 5, "currency": "USD"});
        let accepted = env.nobody().post("/v2/public/conversions", purchase).await.expect(202).json();
        let conversion = accepted["conversionId"].as_str().expect("an id").to_owned();
        let token = env.operator().post("/v2/handles/demo/tokens", json!({"scopes": ["links.read"]})).await.expect(201).json();
        let token = token["tokenId"].as_str().expect("an id").to_owned();
        let receiver = Receiver::start().await;
        let hook = json!({"endpointUrl": receiver.url("/"), "eventTypes": ["link.deleted"]});
        let made = env.operator().post("/v2/handles/demo/webhooks", hook).await.expect(201).json();
        let subscription = made["subscriptionId"].as_str().expect("an id").to_owned();
        let test = format!("/v2/handles/demo/webhooks/{subscription}/test");
        let tested = env.operator().post(&test, json!({})).await.expect(202).json();
        let delivery = tested["deliveryId"].as_str().expect("an id").to_owned();
        env.deliver().await;
        assert_eq!(receiver.posted().len(), 1);
        Self { env, conversion, token, subscription, delivery }
    }

    /// Every operation on a handle that needs a caller.
    fn operations(&self) -> BTreeSet<(String, String)> {
        let operations = self.env.contract.operations();
        operations.into_iter().filter(|(_, path)| path.starts_with(HANDLES)).collect()
    }

    /// Every operation on a handle that a token reaches, those that delete last.
    fn for_tokens(&self) -> Vec<(String, String)> {
        let operations = self.env.contract.operations();
        let (deletes, others): (Vec<_>, Vec<_>) =
            operations.into_iter().filter(|(_, path)| path.starts_with(PAT_FAMILY)).partition(|(method, _)| method == "DELETE");
        others.into_iter().chain(deletes).collect()
    }

    /// The path of an operation on `handle`, with ids that exist on `demo`.
    fn path(&self, template: &str, handle: &str) -> String {
        let filled = template
            .replace("{handle}", handle)
            .replace("{slug}", "launch")
            .replace("{sessionId}", "sess-1")
            .replace("{ruleId}", "rule-1")
            .replace("{campaignId}", "spring")
            .replace("{conversionId}", &self.conversion)
            .replace("{tokenId}", &self.token)
            .replace("{subscriptionId}", &self.subscription)
            .replace("{deliveryId}", &self.delivery);
        assert!(!filled.contains('{'), "{template} has an id this test does not know: give it one of demo's");
        filled
    }
}

/// A body that the operation takes, so that nothing but the caller can be what is wrong.
fn body(method: &str, template: &str) -> Value {
    match (method, template.replace(PAT_FAMILY, HANDLES).as_str()) {
        ("POST", "/v2/handles/{handle}/tokens") => json!({"scopes": ["links.read"]}),
        ("PUT", "/v2/handles/{handle}/collaborators") => {
            json!({"collaborators": [{"userId": "creator", "role": "CREATOR"}, {"userId": "operator", "role": "OPERATOR"}]})
        }
        ("POST", "/v2/handles/{handle}/transfer-ownership") => json!({"newOwnerUserId": "owner"}),
        ("PUT", "/v2/handles/{handle}/links/{slug}") => json!({"destinationUrl": "https://example.com/changed"}),
        ("POST", "/v2/handles/{handle}/campaigns") => {
            json!({"campaignId": format!("campaign-{}", MADE.fetch_add(1, Ordering::SeqCst)), "goalType": "NEWSLETTER"})
        }
        ("POST", "/v2/handles/{handle}/links/{slug}/rollback") => json!({"version": 1}),
        ("PUT", "/v2/handles/{handle}/personalization-rules/{ruleId}") => {
            json!({"variant": {"id": "evil", "destinationUrl": "https://example.com/evil"}})
        }
        ("POST", "/v2/handles/{handle}/conversions/{conversionId}/adjustments") => {
            json!({"amount": 1, "reason": "one more", "idempotencyKey": "more-1"})
        }
        ("POST", "/v2/handles/{handle}/webhooks") => {
            json!({"endpointUrl": "https://hooks.example.com/test", "eventTypes": ["link.deleted"]})
        }
        ("PUT", "/v2/handles/{handle}/chain/rules/{ruleId}") => json!({"trigger": "checkout", "action": {"type": "none"}}),
        ("POST", "/v2/handles/{handle}/chain/signals") => json!({"sessionId": "sess-1", "signals": [{"type": "view"}]}),
        ("PUT", "/v2/handles/{handle}/webhooks/{subscriptionId}") => json!({"description": "changed"}),
        ("POST", "/v2/handles/{handle}/deliveries/replay") => json!({"since": "2026-03-01T12:00:00Z"}),
        _ => json!({}),
    }
}

async fn send(caller: &Caller<'_>, method: &str, path: &str, body: Value) -> Answer {
    let method: Method = method.parse().expect("a method");
    let has_body = method == Method::PUT || method == Method::POST;
    let bytes = if has_body { body.to_string().into_bytes() } else { Vec::new() };
    caller.clone().with("content-type", "application/json").send(method, path, bytes).await
}

/// Everything an answer tells, apart from which request it was.
fn told(answer: &Answer) -> (u16, Value, Vec<(String, String)>) {
    let mut body = answer.json();
    assert!(body.as_object_mut().expect("an object").remove("requestId").is_some());
    let headers = answer.headers.iter().filter(|(name, _)| !["x-request-id", "apigw-requestid"].contains(&name.as_str()));
    let mut headers: Vec<_> = headers.map(|(name, value)| (name.to_string(), format!("{value:?}"))).collect();
    headers.sort();
    (answer.status.as_u16(), body, headers)
}

fn writes(env: &TestEnv) -> Vec<(String, String)> {
    env.faults.take_calls().into_iter().filter(|(_, operation)| !READS.contains(&operation.as_str())).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn to_a_stranger_every_route_of_a_handle_is_as_if_there_were_no_such_handle() {
    let estate = Estate::new().await;
    let env = &estate.env;
    let operations = estate.operations();
    assert!(operations.len() >= 18, "{operations:?}");
    env.stranger().post("/v2/handles", json!({"handle": "own-shop"})).await.expect(201);
    env.faults.take_calls();
    for (method, template) in &operations {
        let mut answers = Vec::new();
        for handle in ["demo", "nosuch", "NOT-A-HANDLE", "a%23b", "app"] {
            let answer = send(&env.stranger(), method, &estate.path(template, handle), body(method, template)).await;
            answers.push((handle, told(&answer.refused(404, "handle_not_found"))));
        }
        for (handle, answer) in &answers {
            assert_eq!(answer, &answers[0].1, "{method} {template} tells demo from {handle}");
        }
        assert_eq!(writes(env), [], "{method} {template}");
    }
    // The answers above come from who asks, not from what is asked: the same calls by the owner all succeed.
    for (method, template) in operations.iter().filter(|(method, _)| method != "DELETE") {
        let answer = send(&env.owner(), method, &estate.path(template, "demo"), body(method, template)).await;
        assert!(answer.status.is_success(), "{method} {template}: {}", answer.text());
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_in_one_handle_cannot_be_reached_through_another() {
    let estate = Estate::new().await;
    let env = &estate.env;
    env.stranger().post("/v2/handles", json!({"handle": "own-shop"})).await.expect(201);
    let of_demo = estate.operations().into_iter().filter(|(_, template)| template.matches('{').count() > 1);
    // Writing a link or a rule by name makes one's own; everything else needs what is only in demo.
    let mut reached = 0;
    let makes_its_own = |template: &str| template.contains("{slug}") || template.contains("{ruleId}");
    for (method, template) in of_demo.filter(|(method, template)| method != "PUT" || !makes_its_own(template)) {
        let path = estate.path(&template, "own-shop");
        let answer = send(&env.stranger(), &method, &path, body(&method, &template)).await.refused(404, "not_found");
        assert!(!answer.text().contains("example.com"));
        reached += 1;
    }
    assert!(reached >= 7, "{reached}");
    for list in ["links", "campaigns", "conversions", "personalization-rules", "webhooks", "deliveries"] {
        let own = env.stranger().get(&format!("/v2/handles/own-shop/{list}")).await.expect(200).json();
        assert_eq!(own["items"], json!([]), "{list}");
    }
    assert_eq!(env.owner().get("/v2/handles/demo/links/launch").await.expect(200).json()["version"], 3);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn without_a_token_no_route_of_a_handle_says_whether_it_exists() {
    let estate = Estate::new().await;
    let env = &estate.env;
    env.faults.take_calls();
    for (method, template) in estate.operations() {
        let [demo, nosuch] = ["demo", "nosuch"].map(|handle| estate.path(&template, handle));
        let demo = send(&env.nobody(), &method, &demo, body(&method, &template)).await.refused(401, "missing_bearer_token");
        let nosuch = send(&env.nobody(), &method, &nosuch, body(&method, &template)).await;
        assert_eq!(told(&demo), told(&nosuch), "{method} {template}");
        assert_eq!(env.faults.take_calls(), [], "{method} {template} asks the table for nobody");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn creators_and_operators_reach_everything_but_what_is_the_owners() {
    let estate = Estate::new().await;
    let env = &estate.env;
    let operations = estate.operations();
    for (method, template) in OWNERS.iter().chain(OPERATORS) {
        assert!(operations.contains(&((*method).to_owned(), (*template).to_owned())), "{method} {template} is in no document");
    }
    // Deleting comes last, so that there is something to read before.
    let (deletes, others): (Vec<_>, Vec<_>) = operations.iter().partition(|(method, _)| method == "DELETE");
    for (method, template) in others {
        let asked = (method.as_str(), template.as_str());
        for (caller, is_operator) in [(env.creator(), false), (env.operator(), true)] {
            env.faults.take_calls();
            let answer = send(&caller, method, &estate.path(template, "demo"), body(method, template)).await;
            if OWNERS.contains(&asked) || (OPERATORS.contains(&asked) && !is_operator) {
                answer.refused(403, "insufficient_role");
                assert_eq!(writes(env), [], "{method} {template}");
            } else {
                assert!(answer.status.is_success(), "{method} {template}: {}", answer.text());
            }
        }
    }
    for (method, template) in deletes {
        let path = estate.path(template, "demo");
        let is_operators = OPERATORS.contains(&(method.as_str(), template.as_str()));
        if is_operators {
            send(&env.creator(), method, &path, Value::Null).await.refused(403, "insufficient_role");
        }
        let caller = if is_operators { env.operator() } else { env.creator() };
        send(&caller, method, &path, Value::Null).await.expect(204);
    }
}

/// The scope an operation of the PAT family asks for, as the document tells.
fn scope_of(document: &Value, method: &str, template: &str) -> String {
    let schemes = &document["paths"][template][method.to_lowercase()]["security"];
    let scope = schemes.as_array().expect("schemes").iter().find_map(|scheme| scheme["pat"][0].as_str());
    scope.unwrap_or_else(|| panic!("{method} {template} names no scope")).to_owned()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_token_reaches_the_operations_of_its_scope_and_no_other() {
    let estate = Estate::new().await;
    let env = &estate.env;
    let document = env.nobody().get("/v2/openapi.json").await.expect(200).json();
    let mut programs = Vec::new();
    for scope in domain::accounts::token::Scope::ALL {
        programs.push((scope.as_str(), env.program(&[scope.as_str()]).await));
    }
    let (mut told, mut reached, mut refused) = (0, 0, 0);
    for (method, template) in estate.for_tokens() {
        let needed = scope_of(&document, &method, &template);
        // The one that may comes last: after a deletion there would be nothing to refuse.
        programs.sort_by_key(|(scope, _)| *scope == needed);
        for (scope, program) in &programs {
            env.faults.take_calls();
            let answer = send(program, &method, &estate.path(&template, "demo"), body(&method, &template)).await;
            if *scope == needed {
                assert!(answer.status.is_success(), "{method} {template} with {scope}: {}", answer.text());
                reached += 1;
            } else {
                let answer = answer.refused(403, "insufficient_scope").json();
                assert_eq!(answer["requiredScope"], needed, "{method} {template} with {scope}");
                told += writes(env).len();
                refused += 1;
            }
        }
    }
    assert!(reached >= 21 && refused == reached * 9, "{reached}, {refused}");
    assert_eq!(told, programs.len(), "of all refusals only the first of each token in a minute writes anything: an audit event");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whichever_function_refuses_a_token_tells_the_handles_audit_log() {
    let estate = Estate::new().await;
    let env = &estate.env;
    let program = env.program(&["chain.signal.write"]).await;
    let mut operations = estate.for_tokens();
    // All but the one thing that it may do.
    operations.retain(|(_, template)| !template.ends_with("/chain/signals"));
    operations.push(("POST".to_owned(), "/v2/public/conversions".to_owned()));
    let mut functions = BTreeSet::new();
    for (method, template) in &operations {
        // Of one token's refusals one a minute is told.
        env.advance_ms(60_000);
        env.faults.take_calls();
        let answer = send(&program, method, &estate.path(template, "demo"), body(method, template)).await;
        let needed = answer.refused(403, "insufficient_scope").json()["requiredScope"].clone();
        let written = writes(env).into_iter().filter(|(_, operation)| operation == "TransactWriteItems");
        let told: Vec<String> = written.map(|(function, _)| function).collect();
        let [function] = told.as_slice() else { panic!("{method} {template} told {told:?}") };
        functions.insert(function.clone());
        let newest = env.operator().get("/v2/handles/demo/audit-events?limit=1").await.expect(200).json()["items"][0].clone();
        assert_eq!((&newest["action"], &newest["at"]), (&json!("token.refused"), &json!(env.now())), "{function} did not tell: {newest}");
        assert_eq!(newest["after"]["requiredScope"], needed, "{method} {template}");
    }
    assert!(functions.len() >= 6, "{functions:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_family_of_scopes_reaches_what_each_of_them_does() {
    let estate = Estate::new().await;
    let env = &estate.env;
    let document = env.nobody().get("/v2/openapi.json").await.expect(200).json();
    let family_of = |scope: &str| format!("{}.*", scope.split('.').next().expect("a family"));
    for (method, template) in estate.for_tokens() {
        let family = family_of(&scope_of(&document, &method, &template));
        let answer = send(&env.program(&[&family]).await, &method, &estate.path(&template, "demo"), body(&method, &template)).await;
        assert!(answer.status.is_success(), "{method} {template} with {family}: {}", answer.text());
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn to_the_token_of_another_handle_every_route_is_as_if_there_were_no_such_handle() {
    let estate = Estate::new().await;
    let env = &estate.env;
    env.stranger().post("/v2/handles", json!({"handle": "own-shop"})).await.expect(201);
    let every = ["links.*", "campaigns.*", "analytics.*", "webhooks.*", "conversions.*", "chain.*", "personalization.*"];
    let made = env.stranger().post("/v2/handles/own-shop/tokens", json!({"scopes": every})).await.expect(201).json();
    let program = env.bearer(made["token"].as_str().expect("a token"));
    env.faults.take_calls();
    for (method, template) in estate.for_tokens() {
        let mut answers = Vec::new();
        for handle in ["demo", "nosuch", "NOT-A-HANDLE", "a%23b", "app"] {
            let answer = send(&program, &method, &estate.path(&template, handle), body(&method, &template)).await;
            answers.push((handle, told(&answer.refused(404, "handle_not_found"))));
        }
        for (handle, answer) in &answers {
            assert_eq!(answer, &answers[0].1, "{method} {template} tells demo from {handle}");
        }
        assert_eq!(writes(env), [], "{method} {template}");
    }
    program.get("/v2/public/handles/own-shop/links").await.expect(200);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_users_token_opens_no_route_for_programs_and_a_programs_none_for_users() {
    let estate = Estate::new().await;
    let env = &estate.env;
    let program = env.program(&["links.*", "campaigns.*", "analytics.*", "conversions.*", "personalization.*"]).await;
    for (method, template) in estate.for_tokens() {
        let path = estate.path(&template, "demo");
        send(&env.owner(), &method, &path, body(&method, &template)).await.refused(401, "invalid_token");
        env.faults.take_calls();
        send(&env.nobody(), &method, &path, body(&method, &template)).await.refused(401, "missing_bearer_token");
        assert_eq!(env.faults.take_calls(), [], "{method} {template} asks the table for nobody");
        let twin = estate.path(&template.replace(PAT_FAMILY, HANDLES), "demo");
        send(&program, &method, &twin, body(&method, &template)).await.refused(401, "invalid_token");
    }
    // What has no scope is no route for programs, and none for anybody there.
    let documented: BTreeSet<_> = estate.for_tokens().into_iter().collect();
    let mut without = 0;
    for (method, template) in estate.operations() {
        let twin = template.replace(HANDLES, PAT_FAMILY);
        if !documented.iter().any(|(_, known)| *known == twin) {
            without += 1;
            for caller in [&program, &env.owner(), &env.nobody()] {
                send(caller, &method, &estate.path(&twin, "demo"), body(&method, &template)).await.refused(404, "not_found");
            }
        }
    }
    assert!(without >= 9, "{without}");
}
