//! The OpenAPI document, the template's routes and what is served are one and the same.

use std::collections::{BTreeMap, BTreeSet};

use http::Method;
use local::template::RouteSpec;
use serde_json::{Value, json};
use tests::operations::{ALL_SCOPES, CallerKind, HANDLES, PAT_HANDLES, Placeholders, Step, Walk, find, of_members, path_of, steps};
use tests::{Answer, Caller, Fault, PAGES, Rule, TestEnv};

const DOCUMENT: &str = include_str!("../../../functions/accounts/openapi.json");
const REDIRECT: &str = "/_edge/redirect/{handle}/{slug}";

type Operation = (String, String);

fn document() -> Value {
    serde_json::from_str(DOCUMENT).expect("JSON")
}

/// Every route of the template with the function behind it, but for those that are documented with another or not at all. A route
/// of the PAT family takes a whole branch of paths: it stands for the documented operations that the gateway sends to its function.
fn routes(env: &TestEnv) -> BTreeMap<Operation, String> {
    let mut routes = BTreeMap::new();
    for function in env.server().template().functions.iter().filter(|function| !PAGES.contains(&function.binary.as_str())) {
        for route in &function.routes {
            let RouteSpec::Path { method, path } = route else { continue };
            let with_get = path == REDIRECT && method == "HEAD";
            if method != "OPTIONS" && path != "/{slug}" && !with_get && !path.starts_with(PAT_HANDLES) {
                routes.insert((method.clone(), path.clone()), function.binary.clone());
            }
        }
    }
    let for_tokens = env.contract.operations().into_iter().filter(|(_, path)| path.starts_with(PAT_HANDLES));
    for (method, path) in for_tokens {
        let taken = env.server().route_for(&method, &filled(&path)).filter(|(key, _)| key != "$default");
        if let Some((_, function)) = taken {
            routes.insert((method, path), function);
        }
    }
    routes
}

/// The path with values of nothing that exists for its ids.
fn filled(template: &str) -> String {
    Placeholders::samples().fill(template, &path_of(template))
}

async fn send(caller: &Caller<'_>, method: &str, path: &str, body: &str) -> Answer {
    caller.send(method.parse().expect("a method"), path, body.as_bytes().to_vec()).await
}

fn has_id(answer: &Answer) {
    assert!(answer.header("x-request-id").starts_with("req_"), "{:?}", answer.headers);
}

/// Whether the operation refuses callers without a token.
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
            let is_public = (path.starts_with("/v2/public/") && !path.starts_with(PAT_HANDLES))
                || path.starts_with("/v2/system/")
                || path.starts_with("/_edge/")
                || path == "/v2/openapi.json";
            assert_eq!(needs_token(operation), !is_public, "{method} {path}");
            assert_eq!(scope_of(operation).is_some(), path.starts_with(PAT_HANDLES) || path == "/v2/public/conversions", "{method} {path}");
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
async fn tokens_reach_each_route_in_the_function_that_serves_it_and_every_branch_has_one() {
    let env = TestEnv::new().await;
    let served: BTreeMap<&str, Value> = [
        ("links", links::routes()),
        ("campaigns", campaigns::routes()),
        ("attribution", attribution::routes()),
        ("analytics", analytics::routes()),
        ("chain", chain::routes()),
        ("webhooks", webhooks::routes()),
    ]
    .into_iter()
    .map(|(function, routes)| (function, serde_json::to_value(routes.into_openapi()).expect("JSON")))
    .collect();
    let mut branches = BTreeSet::new();
    for (method, path) in env.contract.operations().into_iter().filter(|(_, path)| path.starts_with(PAT_HANDLES)) {
        let (key, function) = env.server().route_for(&method, &filled(&path)).expect("a route");
        let own = served.get(function.as_str()).unwrap_or_else(|| panic!("{method} {path} leads to {function}"));
        let operation = &own["paths"][path.replace(PAT_HANDLES, HANDLES)][method.to_lowercase()];
        assert!(scope_of(operation).is_some(), "{method} {path} leads to {function}, where tokens do not reach it");
        assert!(key.starts_with(&format!("ANY {PAT_HANDLES}")), "{method} {path} is taken by {key}");
        branches.insert(key);
    }
    let functions = &env.server().template().functions;
    let declared = functions.iter().flat_map(|function| &function.routes).filter_map(|route| match route {
        RouteSpec::Path { method, path } if path.starts_with(PAT_HANDLES) => Some(format!("{method} {path}")),
        RouteSpec::Path { .. } | RouteSpec::Default => None,
    });
    assert_eq!(branches, declared.collect(), "every branch of the PAT family leads to an operation");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_route_of_the_template_is_served_by_its_function() {
    let env = TestEnv::new().await;
    for function in &env.server().template().functions {
        for route in &function.routes {
            let RouteSpec::Path { method, path } = route else { continue };
            // What the routes of the PAT family lead to is compared operation by operation.
            if path.starts_with(PAT_HANDLES) {
                continue;
            }
            let caller = env.anonymous().with("host", if path == "/{slug}" { "demo.localhost:9000" } else { "localhost:9000" });
            let caller = caller.with("origin", "https://shop.example").with("access-control-request-method", "GET");
            let answer = send(&caller, method, &filled(path), "").await;
            let message = answer.json()["message"].as_str().unwrap_or_default().to_owned();
            assert!(!message.contains("no such route"), "{method} {path} leads to {}, which does not know it", function.binary);
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
        for caller in [env.anonymous(), env.owner()] {
            let answer = caller.get(path).await.refused(404, "not_found");
            assert_eq!(answer.header("content-type"), "application/json", "{path}");
            assert!(answer.json()["message"].as_str().expect("a message").contains("/v2/openapi.json"));
        }
    }
    env.anonymous().get("/v2").await.refused(404, "not_found");
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
        let answer = env.anonymous().send(method, &filled(REDIRECT), Vec::new()).await.refused(405, "method_not_allowed");
        assert!(answer.header("allow").contains("GET"));
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_document_is_served_compressed_and_with_304_when_unchanged() {
    let env = TestEnv::new().await;
    let browser = env.anonymous().with("accept-encoding", "gzip, deflate, br");
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
    let browser = env.anonymous().with("origin", "https://shop.example");
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
async fn every_operation_of_the_table_succeeds_in_the_function_the_template_says() {
    let (by_users, by_programs) = (walk(false).await, walk(true).await);
    let seen: BTreeSet<Operation> = by_users.contract.seen().union(&by_programs.contract.seen()).cloned().collect();
    let unseen: Vec<_> = by_users.contract.operations().difference(&seen).cloned().collect();
    assert_eq!(unseen, [], "no row of the table of operations takes these to success");
    assert_eq!(by_users.anonymous().get("/v2/openapi.json").await.expect(200).text(), DOCUMENT);
}

/// Sends every request of the table; by programs, those that a token of its one scope may send too are sent with one.
async fn walk(by_programs: bool) -> TestEnv {
    let mut walk = Walk::begin().await;
    let (routes, document) = (routes(&walk.env), document());
    for step in steps() {
        walk.env.advance_ms(1000);
        let Step::Request(operation) = step else {
            walk.run_worker(step.function()).await;
            continue;
        };
        let for_tokens = operation.path.replace(HANDLES, PAT_HANDLES);
        let scope = scope_of(&document["paths"][&for_tokens][operation.method.to_lowercase()]);
        let (caller, route, path) = match scope.filter(|_| by_programs && for_tokens != operation.path) {
            Some(scope) => (walk.env.pat_client(&[scope]).await, for_tokens, operation.raw_path().replace(HANDLES, PAT_HANDLES)),
            None => (walk.caller(operation.caller), operation.path.to_owned(), operation.raw_path()),
        };
        walk.env.faults.take_calls();
        let answer = walk.send(&caller, operation, &path).await.expect(operation.status);
        has_id(&answer);
        let function = routes.get(&(operation.method.to_owned(), route.clone())).map_or(operation.function(), String::as_str);
        assert_eq!(
            function,
            operation.function(),
            "{}: the template routes {} {route} to another function",
            operation.name,
            operation.method
        );
        for (called_by, call) in walk.env.faults.take_calls() {
            assert_eq!(called_by, function, "{call} for {} {route}", operation.method);
        }
        walk.values.learn(operation, &answer);
    }
    walk.env
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_operation_declares_how_it_refuses() {
    // TestEnv::send checks each answer against the document: an undeclared status fails there.
    let env = TestEnv::new().await;
    let document = document();
    env.owner().put("/v2/handles/demo/links/launch", json!({"destinationUrl": "https://example.com/"})).await.expect(201);
    let program = env.pat_client(&ALL_SCOPES).await;
    let hook = json!({"endpointUrl": "https://hooks.example.com/test", "eventTypes": ["link.clicked"]});
    let hook = env.owner().post("/v2/handles/demo/webhooks", hook).await.expect(201).json();
    let values = Placeholders::samples().with("SUBSCRIPTION_ID", hook["subscriptionId"].as_str().expect("an id"));
    for (method, path) in env.contract.operations() {
        let operation = &document["paths"][&path][method.to_lowercase()];
        let (needs_token, takes_body) = (needs_token(operation), operation["requestBody"]["content"].get("application/json").is_some());
        let caller = caller_of(&env, &program, &method, &path);
        let json = caller.clone().with("content-type", "application/json");
        let url = values.fill(&path, &path_of(&path));
        if needs_token {
            has_id(&send(&env.anonymous(), &method, &url, "").await.refused(401, "missing_bearer_token"));
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

/// A caller that may send the operation: `program` where it is for tokens.
fn caller_of<'e>(env: &'e TestEnv, program: &Caller<'e>, method: &str, path: &str) -> Caller<'e> {
    if path.starts_with(PAT_HANDLES) {
        return program.clone();
    }
    match find(method, path).caller {
        CallerKind::Anonymous | CallerKind::Page | CallerKind::Visitor | CallerKind::Pat => env.anonymous(),
        CallerKind::User | CallerKind::Creator | CallerKind::Operator | CallerKind::Owner => env.owner(),
        CallerKind::PlatformAdmin => env.admin(),
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
    let program = env.pat_client(&ALL_SCOPES).await;
    let values = Placeholders::samples();
    let fired = env.faults.inject(Rule::any().always(), Fault::Unreachable);
    // The document and the script need no table; what is public and refused for its ctx does not get that far.
    let without = ["/v2/openapi.json", "/v2/public/sdk.js", "/v2/public/context", "/v2/public/conversions"];
    for (method, path) in env.contract.operations().into_iter().filter(|(_, path)| !without.contains(&path.as_str())) {
        let caller = caller_of(&env, &program, &method, &path).with("content-type", "application/json");
        let body = values.fill(&path, &find(&method, &path).body_text());
        let before = fired.times();
        let answer = send(&caller, &method, &filled(&path), &body).await.refused(503, "unavailable");
        assert!(fired.times() > before && !answer.header("retry-after").is_empty(), "{method} {path}");
        has_id(&answer);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_charged_operation_declares_that_the_quota_may_be_used_up() {
    let walk = Walk::populated().await;
    // Ten writes a day, of which the table has made more; nothing is locked that is also charged.
    walk.env.admin().put("/v2/platform-admin/accounts/owner", json!({"plan": "PRO"})).await.expect(200);
    let until_midnight = (86_400_000 - walk.env.now().millis().rem_euclid(86_400_000)) / 1000;
    let mut charged = 0;
    let operations = of_members().into_iter().chain([find("POST", "/v2/handles")]);
    for operation in operations {
        let path = walk.values.fill(operation.name, &operation.raw_path());
        let body = walk.values.fill(operation.name, &operation.body_of_call(2));
        let caller = walk.env.owner().with("content-type", "application/json");
        let answer = send(&caller, operation.method, &path, &body).await;
        if operation.is_charged() {
            let answer = answer.refused(429, "rate_limited");
            assert_eq!(answer.header("retry-after"), until_midnight.to_string(), "{} {path}", operation.method);
            charged += 1;
        } else {
            assert_ne!(answer.status, 429, "{} {path}", operation.method);
        }
    }
    assert!(charged >= 22, "{charged}");
}
