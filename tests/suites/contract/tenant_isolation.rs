//! Isolation of handles: for every operation of the document, the handle of another user is one that does not exist.

use std::collections::BTreeSet;
use std::sync::atomic::{AtomicUsize, Ordering};

use http::Method;
use serde_json::{Value, json};
use tests::operations::{ALL_SCOPES, CallerKind, HANDLES, Operation, PAT_HANDLES, Walk, find, of_members};
use tests::{Answer, Caller, TestEnv};

/// Calls that change nothing.
const READS: [&str; 3] = ["GetItem", "BatchGetItem", "Query"];

/// The number of the next call; what a call creates has a name of its own.
static NEXT_CALL: AtomicUsize = AtomicUsize::new(1);

/// A handle with something behind every id, and the requests to it.
struct Populated(Walk);

impl Populated {
    async fn new() -> Self {
        Self(Walk::populated().await)
    }

    fn env(&self) -> &TestEnv {
        &self.0.env
    }

    /// Every operation on a handle that needs a caller, those that take something away last.
    fn operations(&self) -> Vec<&'static Operation> {
        let operations = of_members();
        let in_table: BTreeSet<(String, String)> =
            operations.iter().map(|operation| (operation.method.to_owned(), operation.path.to_owned())).collect();
        let documented = self.env().contract.operations();
        let documented: BTreeSet<_> =
            documented.into_iter().filter(|(_, path)| path.starts_with(&format!("{HANDLES}{{handle}}"))).collect();
        assert_eq!(in_table, documented, "the table of operations and the document");
        let (last, others): (Vec<_>, Vec<_>) = operations.into_iter().partition(|operation| operation.is_final);
        others.into_iter().chain(last).collect()
    }

    /// Of these the ones that a token reaches, with the path there.
    fn for_tokens(&self) -> Vec<(&'static Operation, String)> {
        let documented = self.env().contract.operations();
        let of_tokens = |operation: &'static Operation| (operation, operation.path.replace(HANDLES, PAT_HANDLES));
        let is_documented = |(operation, path): &(&Operation, String)| documented.contains(&(operation.method.to_owned(), path.clone()));
        self.operations().into_iter().map(of_tokens).filter(is_documented).collect()
    }

    /// Sends the operation to `handle`, with ids that exist on `demo`.
    async fn send(&self, caller: &Caller<'_>, operation: &Operation, handle: &str) -> Answer {
        self.send_to(caller, operation, &operation.raw_path(), handle).await
    }

    /// The same to the path for tokens.
    async fn send_as_program(&self, caller: &Caller<'_>, operation: &Operation, handle: &str) -> Answer {
        self.send_to(caller, operation, &operation.raw_path().replace(HANDLES, PAT_HANDLES), handle).await
    }

    async fn send_to(&self, caller: &Caller<'_>, operation: &Operation, path: &str, handle: &str) -> Answer {
        let path = path.replacen("/handles/demo", &format!("/handles/{handle}"), 1);
        let query = if operation.query.is_empty() { String::new() } else { format!("?{}", operation.query) };
        let path = self.0.values.fill(operation.name, &format!("{path}{query}"));
        let body = operation.body_of_call(NEXT_CALL.fetch_add(1, Ordering::SeqCst));
        let body = self.0.values.fill(operation.name, &body);
        send(caller, operation.method, &path, &body).await
    }
}

async fn send(caller: &Caller<'_>, method: &str, path: &str, body: &str) -> Answer {
    let method: Method = method.parse().expect("a method");
    caller.clone().with("content-type", "application/json").send(method, path, body.as_bytes().to_vec()).await
}

/// Everything in an answer but the id of its request.
fn content(answer: &Answer) -> (u16, Value, Vec<(String, String)>) {
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
    let demo = Populated::new().await;
    let env = demo.env();
    env.stranger().post("/v2/handles", json!({"handle": "own-shop"})).await.expect(201);
    env.faults.take_calls();
    for operation in demo.operations() {
        let mut answers = Vec::new();
        for handle in ["demo", "nosuch", "NOT-A-HANDLE", "a%23b", "app"] {
            let answer = demo.send(&env.stranger(), operation, handle).await;
            answers.push((handle, content(&answer.refused(404, "handle_not_found"))));
        }
        for (handle, answer) in &answers {
            assert_eq!(answer, &answers[0].1, "{} answers differently for demo and {handle}", operation.name);
        }
        assert_eq!(writes(env), [], "{}", operation.name);
    }
    // The answers above come from the caller, not from the request: the same calls by the owner all succeed.
    for operation in demo.operations().into_iter().filter(|operation| operation.method != "DELETE") {
        let answer = demo.send(&env.owner(), operation, "demo").await;
        assert!(answer.status.is_success(), "{}: {}", operation.name, answer.text());
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_in_one_handle_cannot_be_reached_through_another() {
    let demo = Populated::new().await;
    let env = demo.env();
    let before = env.owner().get("/v2/handles/demo/links/launch").await.expect(200).json();
    env.stranger().post("/v2/handles", json!({"handle": "own-shop"})).await.expect(201);
    let of_demo = demo.operations().into_iter().filter(|operation| operation.path.matches('{').count() > 1);
    // Writing a link or a rule by name makes one of the own handle; everything else needs what is only in demo.
    let mut reached = 0;
    let makes_its_own =
        |operation: &Operation| operation.method == "PUT" && (operation.path.contains("{slug}") || operation.path.contains("{ruleId}"));
    for operation in of_demo.filter(|operation| !makes_its_own(operation)) {
        let answer = demo.send(&env.stranger(), operation, "own-shop").await.refused(404, "not_found");
        assert!(!answer.text().contains("example"), "{}", answer.text());
        reached += 1;
    }
    assert!(reached >= 7, "{reached}");
    for list in ["links", "campaigns", "conversions", "personalization-rules", "webhooks", "deliveries"] {
        let own = env.stranger().get(&format!("/v2/handles/own-shop/{list}")).await.expect(200).json();
        assert_eq!(own["items"], json!([]), "{list}");
    }
    assert_eq!(env.owner().get("/v2/handles/demo/links/launch").await.expect(200).json(), before);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn without_a_token_no_route_of_a_handle_says_whether_it_exists() {
    let demo = Populated::new().await;
    let env = demo.env();
    env.faults.take_calls();
    for operation in demo.operations() {
        let of_demo = demo.send(&env.anonymous(), operation, "demo").await.refused(401, "missing_bearer_token");
        let of_none = demo.send(&env.anonymous(), operation, "nosuch").await;
        assert_eq!(content(&of_demo), content(&of_none), "{}", operation.name);
        assert_eq!(env.faults.take_calls(), [], "{} reads the table without a caller", operation.name);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn creators_and_operators_reach_everything_but_what_is_the_owners() {
    let demo = Populated::new().await;
    let env = demo.env();
    let (mut of_owners, mut of_operators) = (0, 0);
    for operation in demo.operations() {
        let needed = operation.caller;
        of_owners += usize::from(needed == CallerKind::Owner);
        of_operators += usize::from(needed == CallerKind::Operator);
        let callers = [(env.creator(), CallerKind::Creator), (env.operator(), CallerKind::Operator)];
        // What is deleted is there for one caller only.
        let is_gone = |role| operation.method == "DELETE" && needed == CallerKind::Creator && role == CallerKind::Operator;
        for (caller, role) in callers.into_iter().filter(|(_, role)| !is_gone(*role)) {
            env.faults.take_calls();
            let answer = demo.send(&caller, operation, "demo").await;
            if needed == CallerKind::Owner || (needed == CallerKind::Operator && role == CallerKind::Creator) {
                answer.refused(403, "insufficient_role");
                assert_eq!(writes(env), [], "{}", operation.name);
            } else {
                assert!(answer.status.is_success(), "{}: {}", operation.name, answer.text());
                assert_eq!(answer.status == 204, operation.method == "DELETE", "{}", operation.name);
            }
        }
    }
    assert!(of_owners >= 2 && of_operators >= 16, "{of_owners}, {of_operators}");
}

/// The scope that the document names for an operation of tokens.
fn scope_of(document: &Value, method: &str, path: &str) -> String {
    let schemes = &document["paths"][path][method.to_lowercase()]["security"];
    let scope = schemes.as_array().expect("schemes").iter().find_map(|scheme| scheme["pat"][0].as_str());
    scope.unwrap_or_else(|| panic!("{method} {path} names no scope")).to_owned()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_token_reaches_the_operations_of_its_scope_and_no_other() {
    let demo = Populated::new().await;
    let env = demo.env();
    let document = env.anonymous().get("/v2/openapi.json").await.expect(200).json();
    let mut programs = Vec::new();
    for scope in domain::accounts::token::Scope::ALL {
        programs.push((scope.as_str(), env.pat_client(&[scope.as_str()]).await));
    }
    let (mut audited, mut reached, mut refused) = (0, 0, 0);
    for (operation, path) in demo.for_tokens() {
        let needed = scope_of(&document, operation.method, &path);
        // The one that may comes last: after a deletion there would be nothing to refuse.
        programs.sort_by_key(|(scope, _)| *scope == needed);
        for (scope, program) in &programs {
            env.faults.take_calls();
            let answer = demo.send_as_program(program, operation, "demo").await;
            if *scope == needed {
                assert!(answer.status.is_success(), "{} with {scope}: {}", operation.name, answer.text());
                reached += 1;
            } else {
                let answer = answer.refused(403, "insufficient_scope").json();
                assert_eq!(answer["requiredScope"], needed, "{} with {scope}", operation.name);
                audited += writes(env).len();
                refused += 1;
            }
        }
    }
    assert!(reached >= 21 && refused == reached * 9, "{reached}, {refused}");
    assert_eq!(audited, programs.len(), "of all refusals only the first of each token in a minute writes anything: an audit event");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_function_that_refuses_a_token_writes_an_audit_event_of_the_handle() {
    let demo = Populated::new().await;
    let env = demo.env();
    let program = env.pat_client(&["chain.signal.write"]).await;
    let mut operations = demo.for_tokens();
    // All but the one thing that it may do.
    operations.retain(|(operation, _)| !operation.path.ends_with("/chain/signals"));
    operations.push((find("POST", "/v2/public/conversions"), String::new()));
    let mut functions = BTreeSet::new();
    for (operation, _) in operations {
        // Of one token's refusals one a minute is recorded.
        env.advance_ms(60_000);
        env.faults.take_calls();
        let answer = demo.send_as_program(&program, operation, "demo").await;
        let needed = answer.refused(403, "insufficient_scope").json()["requiredScope"].clone();
        let written = writes(env).into_iter().filter(|(_, operation)| operation == "TransactWriteItems");
        let written: Vec<String> = written.map(|(function, _)| function).collect();
        let [function] = written.as_slice() else { panic!("{}: written by {written:?}", operation.name) };
        assert_eq!(function, operation.function());
        functions.insert(function.clone());
        let newest = env.operator().get("/v2/handles/demo/audit-events?limit=1").await.expect(200).json()["items"][0].clone();
        assert_eq!((&newest["action"], &newest["at"]), (&json!("token.refused"), &json!(env.now())), "{function}: {newest}");
        assert_eq!(newest["after"]["requiredScope"], needed, "{}", operation.name);
    }
    assert!(functions.len() >= 6, "{functions:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_family_of_scopes_reaches_what_each_of_them_does() {
    let demo = Populated::new().await;
    let env = demo.env();
    let document = env.anonymous().get("/v2/openapi.json").await.expect(200).json();
    let family_of = |scope: &str| format!("{}.*", scope.split('.').next().expect("a family"));
    for (operation, path) in demo.for_tokens() {
        let family = family_of(&scope_of(&document, operation.method, &path));
        let answer = demo.send_as_program(&env.pat_client(&[&family]).await, operation, "demo").await;
        assert!(answer.status.is_success(), "{} with {family}: {}", operation.name, answer.text());
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn to_the_token_of_another_handle_every_route_is_as_if_there_were_no_such_handle() {
    let demo = Populated::new().await;
    let env = demo.env();
    env.stranger().post("/v2/handles", json!({"handle": "own-shop"})).await.expect(201);
    let made = env.stranger().post("/v2/handles/own-shop/tokens", json!({"scopes": ALL_SCOPES})).await.expect(201).json();
    let program = env.bearer(made["token"].as_str().expect("a token"));
    env.faults.take_calls();
    for (operation, _) in demo.for_tokens() {
        let mut answers = Vec::new();
        for handle in ["demo", "nosuch", "NOT-A-HANDLE", "a%23b", "app"] {
            let answer = demo.send_as_program(&program, operation, handle).await;
            answers.push((handle, content(&answer.refused(404, "handle_not_found"))));
        }
        for (handle, answer) in &answers {
            assert_eq!(answer, &answers[0].1, "{} answers differently for demo and {handle}", operation.name);
        }
        assert_eq!(writes(env), [], "{}", operation.name);
    }
    program.get("/v2/public/handles/own-shop/links").await.expect(200);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_users_token_opens_no_route_for_programs_and_a_programs_none_for_users() {
    let demo = Populated::new().await;
    let env = demo.env();
    let program = env.pat_client(&["links.*", "campaigns.*", "analytics.*", "conversions.*", "personalization.*"]).await;
    for (operation, _) in demo.for_tokens() {
        demo.send_as_program(&env.owner(), operation, "demo").await.refused(401, "invalid_token");
        env.faults.take_calls();
        demo.send_as_program(&env.anonymous(), operation, "demo").await.refused(401, "missing_bearer_token");
        assert_eq!(env.faults.take_calls(), [], "{} reads the table without a caller", operation.name);
        demo.send(&program, operation, "demo").await.refused(401, "invalid_token");
    }
    // What has no scope is no route for programs, and none for any other caller there.
    let paths: BTreeSet<String> = demo.for_tokens().into_iter().map(|(_, path)| path).collect();
    let mut without = 0;
    for operation in demo.operations() {
        if !paths.contains(&operation.path.replace(HANDLES, PAT_HANDLES)) {
            without += 1;
            for caller in [&program, &env.owner(), &env.anonymous()] {
                demo.send_as_program(caller, operation, "demo").await.refused(404, "not_found");
            }
        }
    }
    assert!(without >= 9, "{without}");
}
