//! The OpenAPI document, the template's routes and what is served are one and the same.

use std::collections::{BTreeMap, BTreeSet};

use http::Method;
use local::template::RouteSpec;
use serde_json::{Value, json};
use tests::{Answer, Caller, Fault, Rule, TestEnv, TestEnvOptions};

const DOCUMENT: &str = include_str!("../../../functions/accounts/openapi.json");
/// What the paths of handles begin with, and those of the same handlers for tokens.
const HANDLES: &str = "/v2/handles/";
const PAT_FAMILY: &str = "/v2/public/handles/";
/// Every scope a token can have.
const EVERY_SCOPE: [&str; 7] = ["links.*", "campaigns.*", "analytics.*", "webhooks.*", "conversions.*", "chain.*", "personalization.*"];
const REDIRECT: &str = "/_edge/redirect/{handle}/{slug}";

type Operation = (String, String);

fn document() -> Value {
    serde_json::from_str(DOCUMENT).expect("JSON")
}

/// Every route of the template with the function behind it, but for those that are documented with another or not at all.
fn routes(env: &TestEnv) -> BTreeMap<Operation, String> {
    let mut routes = BTreeMap::new();
    for function in &env.server().template().functions {
        for route in &function.routes {
            let RouteSpec::Path { method, path } = route else { continue };
            let with_get = path == REDIRECT && method == "HEAD";
            if method != "OPTIONS" && path != "/{slug}" && !with_get {
                routes.insert((method.clone(), path.clone()), function.binary.clone());
            }
        }
    }
    routes
}

fn filled(template: &str) -> String {
    let names = [
        ("{handle}", "demo"),
        ("{slug}", "launch"),
        ("{ruleId}", "rule-1"),
        ("{conversionId}", "cnv_01JZ0000000000000000000000"),
        ("{userId}", "owner"),
        ("{campaignId}", "spring"),
        ("{tokenId}", "0123456789abcdef"),
        ("{subscriptionId}", "whs_01JZ0000000000000000000000"),
        ("{deliveryId}", "dlv_01JZ0000000000000000000000"),
        ("{sessionId}", "sess-1"),
    ];
    let path = names.iter().fold(template.to_owned(), |path, (name, value)| path.replace(name, value));
    assert!(!path.contains('{'), "{template} has a part this test does not know");
    path
}

async fn send(caller: &Caller<'_>, method: &str, path: &str, body: &str) -> Answer {
    caller.send(method.parse().expect("a method"), path, body.as_bytes().to_vec()).await
}

fn has_id(answer: &Answer) {
    assert!(answer.header("x-request-id").starts_with("req_"), "{:?}", answer.headers);
}

/// Whether the operation lets nobody through who does not say who calls.
fn needs_token(operation: &Value) -> bool {
    let schemes = operation["security"].as_array();
    schemes.is_some_and(|schemes| schemes.iter().all(|scheme| *scheme != json!({})))
}

/// The scope an operation of the PAT family asks for.
fn scope_of(operation: &Value) -> Option<&str> {
    operation["security"].as_array()?.iter().find_map(|scheme| scheme["pat"][0].as_str())
}

#[test]
fn the_published_document_is_what_the_code_says() {
    let made = local::document::text().expect("a document");
    let differs = made.lines().zip(DOCUMENT.lines()).position(|(made, published)| made != published);
    assert!(made == DOCUMENT, "line {differs:?} differs; regenerate it: cargo run -p local -- openapi > functions/accounts/openapi.json");
}

#[test]
fn every_operation_has_an_id_of_its_own_a_summary_and_a_success() {
    let document = document();
    assert!(document["openapi"].as_str().expect("a version").starts_with("3.1"));
    let mut ids = BTreeSet::new();
    for (path, item) in document["paths"].as_object().expect("paths") {
        for (method, operation) in item.as_object().expect("operations") {
            let id = operation["operationId"].as_str().unwrap_or_else(|| panic!("{method} {path} has no operationId"));
            assert!(ids.insert(id.to_owned()), "{method} {path}: the operationId {id} is taken");
            assert!(operation["summary"].as_str().is_some_and(|summary| !summary.is_empty()), "{method} {path} has no summary");
            let statuses: Vec<&String> = operation["responses"].as_object().expect("responses").keys().collect();
            assert!(statuses.iter().any(|status| status.starts_with('2') || status.starts_with('3')), "{method} {path}: {statuses:?}");
            let is_public = (path.starts_with("/v2/public/") && !path.starts_with(PAT_FAMILY))
                || path.starts_with("/v2/system/")
                || path.starts_with("/_edge/")
                || path == "/v2/openapi.json";
            assert_eq!(needs_token(operation), !is_public, "{method} {path}");
            assert_eq!(scope_of(operation).is_some(), path.starts_with(PAT_FAMILY) || path == "/v2/public/conversions", "{method} {path}");
            let parameters = operation["parameters"].as_array().cloned().unwrap_or_default();
            let named: BTreeSet<&str> = parameters
                .iter()
                .filter(|parameter| parameter["in"] == "path")
                .filter_map(|parameter| parameter["name"].as_str())
                .collect();
            let in_path: BTreeSet<&str> = path.split('/').filter_map(|part| part.strip_prefix('{')?.strip_suffix('}')).collect();
            assert_eq!(named, in_path, "{method} {path}");
        }
    }
}

#[test]
fn no_two_types_share_a_name_in_the_document() {
    let mut known: BTreeMap<String, Value> = BTreeMap::new();
    let functions = [
        links::routes(),
        campaigns::routes(),
        attribution::routes(),
        analytics::routes(),
        chain::routes(),
        webhooks::routes(),
        accounts::routes(),
    ];
    for function in functions {
        let document = serde_json::to_value(function.into_openapi()).expect("JSON");
        for (name, schema) in document["components"]["schemas"].as_object().into_iter().flatten() {
            let first = known.entry(name.clone()).or_insert_with(|| schema.clone());
            assert_eq!(first, schema, "two types are called {name}: the one would describe the other's answers");
        }
    }
    // What the messages of webhooks are made of came in last.
    for (name, schema) in document()["components"]["schemas"].as_object().into_iter().flatten() {
        assert_eq!(known.get(name).unwrap_or(schema), schema, "two types are called {name}");
    }
}

#[test]
fn every_reference_in_the_document_leads_somewhere() {
    let document = document();
    let references: BTreeSet<&str> = DOCUMENT.split("\"$ref\": \"").skip(1).filter_map(|rest| rest.split('"').next()).collect();
    assert!(references.len() > 10);
    for reference in references {
        assert!(document.pointer(reference.trim_start_matches('#')).is_some(), "{reference} leads nowhere");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_document_and_the_template_know_the_same_routes() {
    let env = TestEnv::new().await;
    let routed: BTreeSet<Operation> = routes(&env).into_keys().collect();
    let documented = env.contract.operations();
    let missing = |of: &BTreeSet<Operation>, from: &BTreeSet<Operation>| of.difference(from).cloned().collect::<Vec<_>>();
    assert_eq!(missing(&routed, &documented), [], "in template.yaml, but not in the document");
    assert_eq!(missing(&documented, &routed), [], "in the document, but not in template.yaml");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_route_of_the_template_is_served_by_its_function() {
    let env = TestEnv::new().await;
    for function in &env.server().template().functions {
        for route in &function.routes {
            let RouteSpec::Path { method, path } = route else { continue };
            let caller = env.nobody().with("host", if path == "/{slug}" { "demo.localhost:9000" } else { "localhost:9000" });
            let caller = caller.with("origin", "https://shop.example").with("access-control-request-method", "GET");
            let answer = send(&caller, method, &filled(path), "").await;
            let told = answer.json()["message"].as_str().unwrap_or_default().to_owned();
            assert!(!told.contains("no such route"), "{method} {path} leads to {}, which does not know it", function.binary);
            assert_ne!(answer.status, 405, "{method} {path}");
            assert!(answer.status.as_u16() < 500, "{method} {path}: {}", answer.text());
            has_id(&answer);
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_unknown_path_is_404_and_a_known_one_with_another_method_405_with_allow() {
    let env = TestEnv::new().await;
    for path in [
        "/",
        "/v2/",
        "/v2/nothing",
        "/v2/handles/",
        "/v2/handles/demo/nothing",
        "/v2/handles/demo/links/launch/nothing",
        "/v3/handles",
        "/v2//handles",
        "/V2/handles",
        // The gateway's `{slug}` and the like take a dot segment, and a request's URL has none.
        "/v2/handles/demo/links/.",
        "/v2/handles/demo/links/..",
        "/v2/handles/demo/links/%2e",
        "/v2/handles/demo/campaigns/%2E%2e",
        "/v2/handles/demo/chain/..",
    ] {
        for caller in [env.nobody(), env.owner()] {
            let answer = caller.get(path).await.refused(404, "not_found");
            assert_eq!(answer.header("content-type"), "application/json", "{path}");
            assert!(answer.json()["message"].as_str().expect("a message").contains("/v2/openapi.json"));
        }
    }
    env.nobody().get("/v2").await.refused(404, "not_found");
    let mut methods: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for (method, path) in env.contract.operations() {
        methods.entry(path).or_default().insert(method);
    }
    for (path, known) in methods.iter().filter(|(path, _)| *path != REDIRECT) {
        for method in ["GET", "PUT", "POST", "DELETE", "PATCH"].into_iter().filter(|method| !known.contains(*method)) {
            let answer = send(&env.owner(), method, &filled(path), "").await.refused(405, "method_not_allowed");
            let allowed: BTreeSet<String> = answer.header("allow").split(", ").map(str::to_owned).collect();
            assert_eq!(&allowed, known, "{method} {path}");
        }
    }
    for method in [Method::PUT, Method::DELETE] {
        let answer = env.nobody().send(method, &filled(REDIRECT), Vec::new()).await.refused(405, "method_not_allowed");
        assert!(answer.header("allow").contains("GET"));
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_document_goes_compressed_and_not_twice_to_whoever_has_it() {
    let env = TestEnv::new().await;
    let browser = env.nobody().with("accept-encoding", "gzip, deflate, br");
    let small = browser.get("/v2/openapi.json").await.expect(200);
    assert_eq!((small.header("content-encoding"), small.header("content-type")), ("gzip", "application/json"));
    assert!(small.body.len() < DOCUMENT.len() / 10, "{} bytes", small.body.len());
    let tag = small.header("etag").to_owned();
    assert!(tag.starts_with("W/\""), "{tag}");
    let same = browser.clone().with("if-none-match", &tag).get("/v2/openapi.json").await.expect(304);
    assert!(same.body.is_empty());
    for answer in [&small, &same] {
        assert_eq!((answer.header("etag"), answer.header("cache-control")), (tag.as_str(), "public, max-age=300"));
    }
    assert_eq!(browser.with("if-none-match", "W/\"other\"").get("/v2/openapi.json").await.expect(200).header("etag"), tag);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn any_origin_may_use_the_public_routes_and_no_other() {
    let env = TestEnv::new().await;
    let browser = env.nobody().with("origin", "https://shop.example");
    let preflight = browser.clone().with("access-control-request-method", "POST").with("access-control-request-headers", "content-type");
    for path in [
        "/v2/public/context",
        "/v2/public/conversions",
        "/v2/public/chain/signals",
        "/v2/public/chain/resolve",
        "/v2/public/chain/prefetch",
    ] {
        let answer = send(&preflight, "OPTIONS", path, "").await.expect(200);
        assert_eq!(answer.header("access-control-allow-origin"), "*", "{path}");
        assert!(answer.header("access-control-allow-methods").contains("POST"));
        assert!(answer.header("access-control-allow-headers").contains("content-type"));
        assert_eq!(answer.header("access-control-allow-credentials"), "");
        assert_eq!(answer.header("access-control-max-age"), "86400");
        has_id(&answer);
    }
    for answer in [browser.get("/v2/public/context?ctx=bogus").await, browser.post("/v2/public/conversions", json!({})).await] {
        let answer = answer.expect(400);
        assert_eq!((answer.header("access-control-allow-origin"), answer.header("access-control-allow-credentials")), ("*", ""));
        let exposed = answer.header("access-control-expose-headers");
        assert!(exposed.contains("x-request-id") && exposed.contains("retry-after"), "{exposed}");
    }
    for path in ["/v2/handles", "/v2/handles/demo", "/v2/system/health", "/v2/openapi.json"] {
        assert_eq!(browser.get(path).await.header("access-control-allow-origin"), "", "{path}");
        assert_eq!(send(&preflight, "OPTIONS", path, "").await.header("access-control-allow-origin"), "", "{path}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_walk_takes_every_operation_to_success_in_the_function_the_template_says() {
    let (by_people, by_programs) = (walk(false).await, walk(true).await);
    by_people
        .owner()
        .put("/v2/handles/demo/links/vault", json!({"destinationUrl": "https://example.com/", "password": "sesame"}))
        .await
        .expect(201);
    by_people.visitor().unlock("vault", "sesame").await.expect(303);
    let seen: BTreeSet<Operation> = by_people.contract.seen().union(&by_programs.contract.seen()).cloned().collect();
    let unseen: Vec<_> = by_people.contract.operations().difference(&seen).cloned().collect();
    assert_eq!(unseen, [], "the walks never took these to success");
    assert_eq!(by_people.nobody().get("/v2/openapi.json").await.expect(200).text(), DOCUMENT);
}

/// Takes every operation to success; by programs, those that have a twin in the PAT family with a token of its one scope.
async fn walk(by_programs: bool) -> TestEnv {
    let env = TestEnv::new().await;
    let (routes, document) = (routes(&env), document());
    let (owner, nobody, admin, visitor) = (env.owner(), env.nobody(), env.admin(), env.visitor());
    let visitor = visitor.caller().clone();
    let link = json!({"destinationUrl": "https://example.com/"});
    // https leads nowhere on this port: the delivery fails, and is cancelled with its subscription.
    let hook = json!({"endpointUrl": "https://localhost:9/ingest", "eventTypes": ["conversion.tested"]});
    let mut ctx = String::new();
    let mut ids: BTreeMap<&str, String> = BTreeMap::new();
    let steps = [
        (&owner, "POST", "/v2/handles", json!({"handle": "second"}), 201),
        (&owner, "GET", "/v2/handles", Value::Null, 200),
        (&owner, "GET", "/v2/handles/{handle}", Value::Null, 200),
        (&owner, "GET", "/v2/handles/{handle}/collaborators", Value::Null, 200),
        (&owner, "PUT", "/v2/handles/{handle}/collaborators", json!({"collaborators": []}), 200),
        (&owner, "GET", "/v2/handles/{handle}/usage-meters", Value::Null, 200),
        (&admin, "PUT", "/v2/platform-admin/accounts/{userId}", json!({"timeZone": "Europe/Berlin"}), 200),
        (&nobody, "GET", "/v2/system/health", Value::Null, 200),
        (&nobody, "GET", "/v2/openapi.json", Value::Null, 200),
        (&nobody, "GET", "/v2/public/sdk.js", Value::Null, 200),
        (&owner, "PUT", "/v2/handles/{handle}/links/{slug}", link.clone(), 201),
        (&owner, "PUT", "/v2/handles/{handle}/links/{slug}", link, 200),
        (&owner, "GET", "/v2/handles/{handle}/links/{slug}", Value::Null, 200),
        (&owner, "GET", "/v2/handles/{handle}/links", Value::Null, 200),
        (&owner, "GET", "/v2/handles/{handle}/links/{slug}/history", Value::Null, 200),
        (&owner, "POST", "/v2/handles/{handle}/links/{slug}/rollback", json!({"version": 1}), 200),
        (&owner, "POST", "/v2/handles/{handle}/links/{slug}/route-preview", json!({}), 200),
        (
            &owner,
            "PUT",
            "/v2/handles/{handle}/personalization-rules/{ruleId}",
            json!({"variant": {"id": "v", "destinationUrl": "https://example.com/v"}}),
            201,
        ),
        (&owner, "GET", "/v2/handles/{handle}/personalization-rules", Value::Null, 200),
        (&owner, "DELETE", "/v2/handles/{handle}/personalization-rules/{ruleId}", Value::Null, 204),
        (
            &owner,
            "POST",
            "/v2/handles/{handle}/campaigns",
            json!({"campaignId": "spring", "goalType": "PRODUCT_SALE", "primarySlug": "launch"}),
            201,
        ),
        (&owner, "GET", "/v2/handles/{handle}/campaigns", Value::Null, 200),
        (&owner, "GET", "/v2/handles/{handle}/campaigns/{campaignId}", Value::Null, 200),
        (&owner, "PUT", "/v2/handles/{handle}/campaigns/{campaignId}", json!({"status": "ACTIVE"}), 200),
        (&owner, "GET", "/v2/handles/{handle}/campaigns/{campaignId}/health", Value::Null, 200),
        (&owner, "POST", "/v2/handles/{handle}/campaigns/{campaignId}/test-conversion", json!({}), 202),
        (&visitor, "GET", REDIRECT, Value::Null, 302),
        (&nobody, "GET", "/v2/public/context", Value::Null, 200),
        (
            &nobody,
            "POST",
            "/v2/public/conversions",
            json!({"idempotencyKey": "order-1", "eventType": "purchase", "value": 24.99, "currency": "EUR"}),
            202,
        ),
        (
            &nobody,
            "POST",
            "/v2/public/conversions",
            json!({"idempotencyKey": "order-1", "eventType": "purchase", "value": 24.99, "currency": "EUR"}),
            200,
        ),
        (&owner, "GET", "/v2/handles/{handle}/conversions", Value::Null, 200),
        (&owner, "GET", "/v2/handles/{handle}/conversions/{conversionId}", Value::Null, 200),
        (
            &owner,
            "POST",
            "/v2/handles/{handle}/conversions/{conversionId}/adjustments",
            json!({"amount": -5, "reason": "refund", "idempotencyKey": "refund-1"}),
            201,
        ),
        (&owner, "GET", "/v2/handles/{handle}/conversions/{conversionId}/explain", Value::Null, 200),
        (&owner, "POST", "/v2/handles/{handle}/tokens", json!({"name": "ci", "scopes": ["links.read", "webhooks.*"]}), 201),
        (&owner, "GET", "/v2/handles/{handle}/tokens", Value::Null, 200),
        (&owner, "DELETE", "/v2/handles/{handle}/tokens/{tokenId}", Value::Null, 204),
        (&owner, "GET", "/v2/handles/{handle}/audit-events", Value::Null, 200),
        (&owner, "GET", "/v2/handles/{handle}/analytics", Value::Null, 200),
        (&owner, "GET", "/v2/handles/{handle}/analytics/export", Value::Null, 200),
        (&owner, "PUT", "/v2/handles/{handle}/chain/rules/{ruleId}", json!({"trigger": "checkout", "action": {"type": "none"}}), 201),
        (&owner, "GET", "/v2/handles/{handle}/chain/rules", Value::Null, 200),
        (&nobody, "POST", "/v2/public/chain/signals", json!({"handle": "demo", "sessionId": "sess-1", "signals": [{"type": "view"}]}), 202),
        (&owner, "POST", "/v2/handles/{handle}/chain/signals", json!({"sessionId": "sess-1", "signals": [{"type": "view"}]}), 202),
        (&nobody, "POST", "/v2/public/chain/resolve", json!({"handle": "demo", "sessionId": "sess-1", "trigger": "checkout"}), 200),
        (&nobody, "POST", "/v2/public/chain/prefetch", json!({"handle": "demo", "sessionId": "sess-1", "triggers": ["exit"]}), 200),
        (&owner, "GET", "/v2/handles/{handle}/chain/{sessionId}", Value::Null, 200),
        (&owner, "DELETE", "/v2/handles/{handle}/chain/rules/{ruleId}", Value::Null, 204),
        (&owner, "DELETE", "/v2/handles/{handle}/campaigns/{campaignId}", Value::Null, 204),
        (&owner, "DELETE", "/v2/handles/{handle}/links/{slug}", Value::Null, 204),
        (&owner, "POST", "/v2/handles/{handle}/webhooks", hook, 201),
        (&owner, "GET", "/v2/handles/{handle}/webhooks", Value::Null, 200),
        (&owner, "GET", "/v2/handles/{handle}/webhooks/{subscriptionId}", Value::Null, 200),
        (&owner, "POST", "/v2/handles/{handle}/webhooks/{subscriptionId}/secret/rotate", json!({}), 200),
        (&owner, "POST", "/v2/handles/{handle}/webhooks/{subscriptionId}/test", json!({}), 202),
        (&owner, "GET", "/v2/handles/{handle}/deliveries", Value::Null, 200),
        (&owner, "GET", "/v2/handles/{handle}/notifications", Value::Null, 200),
        (&owner, "PUT", "/v2/handles/{handle}/webhooks/{subscriptionId}", json!({"enabled": false}), 200),
        (&owner, "PUT", "/v2/handles/{handle}/webhooks/{subscriptionId}", json!({"enabled": true}), 200),
        (&owner, "GET", "/v2/handles/{handle}/deliveries/{deliveryId}", Value::Null, 200),
        (&owner, "POST", "/v2/handles/{handle}/deliveries/{deliveryId}/replay", Value::Null, 202),
        (&owner, "POST", "/v2/handles/{handle}/deliveries/replay", json!({"since": env.now()}), 202),
        (&owner, "DELETE", "/v2/handles/{handle}/webhooks/{subscriptionId}", Value::Null, 204),
        (&owner, "POST", "/v2/handles/{handle}/transfer-ownership", json!({"newOwnerUserId": "creator"}), 200),
    ];
    for (caller, method, template, mut body, status) in steps {
        let twin = template.replace(HANDLES, PAT_FAMILY);
        let scope = scope_of(&document["paths"][&twin][method.to_lowercase()]).filter(|_| by_programs && twin != template);
        let program = match scope {
            Some(scope) => Some(env.program(&[scope]).await),
            None => None,
        };
        let (caller, template) = program.as_ref().map_or((caller, template), |program| (program, twin.as_str()));
        let mut path = filled(&ids.iter().fold(template.to_owned(), |path, (name, id)| path.replace(&format!("{{{name}}}"), id)));
        if template == "/v2/public/context" {
            path.push_str(&format!("?ctx={ctx}"));
        }
        if template == "/v2/public/conversions" {
            body["ctx"] = json!(ctx);
        }
        let (caller, body) = if body.is_null() {
            (caller.clone(), String::new())
        } else {
            (caller.clone().with("content-type", "application/json"), body.to_string())
        };
        env.faults.take_calls();
        let answer = send(&caller, method, &path, &body).await.expect(status);
        has_id(&answer);
        let function = &routes[&(method.to_owned(), template.to_owned())];
        for (called_by, operation) in env.faults.take_calls() {
            assert_eq!(&called_by, function, "{operation} for {method} {template}");
        }
        if template == REDIRECT {
            ctx = answer.ctx();
            env.settle().await;
        }
        for name in ["conversionId", "subscriptionId", "deliveryId", "tokenId"] {
            if let Some(id) = answer.json()[name].as_str() {
                ids.insert(name, id.to_owned());
            }
        }
        if method == "PUT" && template.contains("{subscriptionId}") {
            env.deliver().await;
        }
    }
    env
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_operation_declares_how_it_refuses() {
    // TestEnv::send holds each answer against the document: an undeclared status fails there.
    let env = TestEnv::new().await;
    let document = document();
    env.owner().put("/v2/handles/demo/links/launch", json!({"destinationUrl": "https://example.com/"})).await.expect(201);
    let program = env.program(&EVERY_SCOPE).await;
    let hook = json!({"endpointUrl": "https://hooks.example.com/test", "eventTypes": ["link.clicked"]});
    let hook = env.owner().post("/v2/handles/demo/webhooks", hook).await.expect(201).json();
    let subscription = hook["subscriptionId"].as_str().expect("an id");
    for (method, path) in env.contract.operations() {
        let operation = &document["paths"][&path][method.to_lowercase()];
        let (needs_token, takes_body) = (needs_token(operation), operation["requestBody"]["content"].get("application/json").is_some());
        let caller = if path.starts_with(PAT_FAMILY) {
            program.clone()
        } else if needs_token && path.contains("platform-admin") {
            env.admin()
        } else if needs_token {
            env.owner()
        } else {
            env.nobody()
        };
        let json = caller.clone().with("content-type", "application/json");
        let url = filled(&path.replace("{subscriptionId}", subscription));
        if needs_token {
            has_id(&send(&env.nobody(), &method, &url, "").await.refused(401, "missing_bearer_token"));
        }
        if takes_body {
            has_id(
                &send(&caller.clone().with("content-type", "application/xml"), &method, &url, "{}")
                    .await
                    .refused(415, "unsupported_media_type"),
            );
            has_id(
                &send(&json, &method, &url, &format!("{{\"x\":\"{}\"}}", "x".repeat(70 * 1024))).await.refused(413, "payload_too_large"),
            );
            // Only where a body may be left out is none as good as any.
            let nothing = (operation["requestBody"]["required"] == true).then_some("");
            for broken in ["{", "{}x", "[1,]", "\u{feff}{}"].into_iter().chain(nothing) {
                has_id(&send(&json, &method, &url, broken).await.expect(400));
            }
            // Nested too deep, and of another shape.
            has_id(&send(&json, &method, &url, &"[".repeat(10_000)).await.expect(400));
            has_id(&send(&json, &method, &url, "[]").await.expect(400));
        }
        if path.contains("{handle}") && path != REDIRECT {
            let elsewhere = url.replace("/demo", "/nosuch");
            has_id(&send(&json, &method, &elsewhere, "{}").await.refused(404, "handle_not_found"));
        }
    }
}

#[test]
fn the_document_says_where_it_is_served_under_which_licence_and_what_its_groups_are() {
    let document = document();
    assert!(document["servers"].as_array().is_some_and(|servers| servers.iter().all(|server| server["variables"].is_object())));
    assert_eq!(document["info"]["license"]["name"], "MIT OR Apache-2.0");
    let described: BTreeSet<&str> = document["tags"].as_array().into_iter().flatten().filter_map(|tag| tag["name"].as_str()).collect();
    for (path, item) in document["paths"].as_object().expect("paths") {
        for (method, operation) in item.as_object().expect("operations") {
            for tag in operation["tags"].as_array().into_iter().flatten().filter_map(Value::as_str) {
                assert!(described.contains(tag), "{method} {path}: {tag} is not described");
            }
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_operation_answers_503_while_its_table_is_out_of_reach() {
    let env = TestEnv::new().await;
    let program = env.program(&EVERY_SCOPE).await;
    let fired = env.faults.inject(Rule::any().always(), Fault::Unreachable);
    // The document and the script need no table; what is public and refused for its ctx does not get that far.
    let without = ["/v2/openapi.json", "/v2/public/sdk.js", "/v2/public/context", "/v2/public/conversions"];
    for (method, path) in env.contract.operations().into_iter().filter(|(_, path)| !without.contains(&path.as_str())) {
        let caller = if path.starts_with(PAT_FAMILY) {
            program.clone()
        } else if path.contains("platform-admin") {
            env.admin()
        } else {
            env.owner()
        };
        let body = match path.as_str() {
            "/v2/handles" => r#"{"handle":"second"}"#,
            path if path.starts_with("/v2/public/chain/") => {
                r#"{"handle":"demo","sessionId":"s","trigger":"t","triggers":["t"],"signals":[{"type":"view"}]}"#
            }
            _ => "{}",
        };
        let before = fired.times();
        let answer =
            send(&caller.with("content-type", "application/json"), &method, &filled(&path), body).await.refused(503, "unavailable");
        assert!(fired.times() > before && !answer.header("retry-after").is_empty(), "{method} {path}");
        has_id(&answer);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_charged_operation_declares_that_the_quota_may_be_used_up() {
    let env = TestEnv::with(TestEnvOptions { plan: "FREE", ..TestEnvOptions::default() }).await;
    env.campaign("spring").await;
    for version in 0..2 {
        env.owner().put("/v2/handles/demo/links/launch", json!({"destinationUrl": format!("https://example.com/{version}")})).await;
    }
    let ctx = env.visitor().follow("launch").await.expect(302).ctx();
    let purchase = json!({"ctx": ctx, "idempotencyKey": "order-1", "eventType": "purchase", "value": 5, "currency": "USD"});
    let conversion = env.nobody().post("/v2/public/conversions", purchase).await.expect(202).json();
    let adjustments = format!("/v2/handles/demo/conversions/{}/adjustments", conversion["conversionId"].as_str().expect("an id"));
    let hook = json!({"endpointUrl": "https://hooks.example.com/test", "eventTypes": ["link.clicked"]});
    let charged = [
        ("POST", "/v2/handles/demo/webhooks", hook),
        ("POST", adjustments.as_str(), json!({"amount": -5, "reason": "refund", "idempotencyKey": "refund-1"})),
        ("POST", "/v2/handles", json!({"handle": "second"})),
        ("PUT", "/v2/handles/demo/collaborators", json!({"collaborators": []})),
        ("POST", "/v2/handles/demo/transfer-ownership", json!({"newOwnerUserId": "creator"})),
        ("PUT", "/v2/handles/demo/links/launch", json!({"destinationUrl": "https://example.com/"})),
        ("POST", "/v2/handles/demo/links/launch/rollback", json!({"version": 1})),
        (
            "PUT",
            "/v2/handles/demo/personalization-rules/rule-1",
            json!({"variant": {"id": "v", "destinationUrl": "https://example.com/v"}}),
        ),
        ("POST", "/v2/handles/demo/campaigns", json!({"campaignId": "summer", "goalType": "NEWSLETTER"})),
        ("PUT", "/v2/handles/demo/campaigns/spring", json!({"status": "PAUSED"})),
        ("DELETE", "/v2/handles/demo/campaigns/spring", Value::Null),
        ("DELETE", "/v2/handles/demo/links/launch", Value::Null),
    ];
    for (method, path, body) in charged {
        let caller = env.owner().with("content-type", "application/json");
        let answer = send(&caller, method, path, &body.to_string()).await.refused(429, "rate_limited");
        assert_eq!(answer.header("retry-after"), "43200", "{method} {path}");
    }
}
