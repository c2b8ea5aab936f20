//! The identity provider of the local server: signing in to the console, from the page with the users to the API.

use std::collections::BTreeMap;

use base64::{Engine as _, prelude::BASE64_URL_SAFE_NO_PAD};
use http::Method;
use local::login::USERS;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use tests::{Answer, Caller, TestEnv};
use url::Url;

const CALLBACK: &str = "http://localhost:9000/console/callback";
const VERIFIER: &str = "a-verifier-of-the-console-with-enough-characters_1";

fn challenge(verifier: &str) -> String {
    BASE64_URL_SAFE_NO_PAD.encode(Sha256::digest(verifier))
}

fn encoded(parameters: &[(&str, &str)]) -> String {
    url::form_urlencoded::Serializer::new(String::new()).extend_pairs(parameters).finish()
}

/// The browser of a person at this machine.
fn here(env: &TestEnv) -> Caller<'_> {
    env.anonymous().from("127.0.0.1")
}

/// The parameters with which the console asks for a code, some of them changed; one without a value is left out.
fn asking(changes: &[(&str, Option<&str>)]) -> Vec<(String, String)> {
    let base = [
        ("response_type", "code"),
        ("client_id", "local"),
        ("redirect_uri", CALLBACK),
        ("state", "a state&of=the console"),
        ("code_challenge", &challenge(VERIFIER)),
        ("code_challenge_method", "S256"),
    ];
    let mut parameters: Vec<(String, String)> = base.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
    for (name, value) in changes {
        parameters.retain(|(known, _)| known != name);
        parameters.extend(value.map(|value| ((*name).to_owned(), value.to_owned())));
    }
    parameters
}

fn query(parameters: &[(String, String)]) -> String {
    encoded(&parameters.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect::<Vec<_>>())
}

async fn post(caller: &Caller<'_>, path: &str, form: &str) -> Answer {
    caller.clone().with("content-type", "application/x-www-form-urlencoded").send(Method::POST, path, form.as_bytes().to_vec()).await
}

/// Where an answer leads, without and with its query.
#[track_caller]
fn back(answer: &Answer) -> (String, BTreeMap<String, String>) {
    assert_eq!(answer.status, 303, "{}", answer.text());
    let mut url: Url = answer.header("location").parse().expect("an address");
    let parameters = url.query_pairs().into_owned().collect();
    url.set_query(None);
    (url.to_string(), parameters)
}

/// Presses the button of a user, and returns the code that the console gets.
async fn code_for(env: &TestEnv, user: &str) -> String {
    let answer = post(&here(env), "/_dev/login/authorize", &query(&asking(&[("user", Some(user))]))).await;
    let (address, parameters) = back(&answer);
    assert_eq!((address.as_str(), parameters["state"].as_str()), (CALLBACK, "a state&of=the console"));
    parameters["code"].clone()
}

async fn token(env: &TestEnv, form: &[(&str, &str)]) -> Answer {
    post(&here(env), "/_dev/login/token", &encoded(form)).await
}

fn for_code<'a>(code: &'a str, verifier: &'a str) -> [(&'static str, &'a str); 5] {
    [("grant_type", "authorization_code"), ("client_id", "local"), ("redirect_uri", CALLBACK), ("code", code), ("code_verifier", verifier)]
}

async fn refresh(env: &TestEnv, refresh_token: &str) -> Answer {
    token(env, &[("grant_type", "refresh_token"), ("client_id", "local"), ("refresh_token", refresh_token)]).await
}

async fn sign_in(env: &TestEnv, user: &str) -> Value {
    token(env, &for_code(&code_for(env, user).await, VERIFIER)).await.expect(200).json()
}

#[track_caller]
fn refused_token(answer: Answer, status: u16, error: &str) {
    let answer = answer.expect(status);
    assert_eq!((answer.json()["error"].as_str(), answer.header("cache-control")), (Some(error), "no-store"), "{}", answer.text());
    assert!(answer.json()["error_description"].as_str().is_some_and(|why| !why.is_empty()));
    assert!(answer.json().get("access_token").is_none());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_user_signs_in_and_reaches_the_api_as_that_user() {
    let env = TestEnv::new().await;
    assert_eq!(USERS.len(), 5);
    for user in &USERS {
        let tokens = sign_in(&env, user.id).await;
        assert_eq!((&tokens["token_type"], &tokens["expires_in"]), (&json!("Bearer"), &json!(900)));
        let caller = env.bearer(tokens["access_token"].as_str().expect("a token"));
        let account = caller.get("/v2/account").await.expect(200).json();
        assert_eq!((&account["userId"], &account["platformAdmin"]), (&json!(user.id), &json!(user.id == "demo-admin")));
        // It is good for a quarter of an hour, give or take what clocks may differ by.
        env.advance_ms(899_000);
        caller.get("/v2/account").await.expect(200);
        env.advance_ms(32_000);
        caller.get("/v2/account").await.refused(401, "token_expired");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_page_has_a_button_for_each_user_no_script_and_a_policy() {
    let env = TestEnv::new().await;
    let hostile = "\"><script>alert(1)</script>";
    let page = here(&env).get(&format!("/_dev/login/authorize?{}", query(&asking(&[("state", Some(hostile))])))).await.expect(200);
    let text = page.text();
    for user in &USERS {
        assert_eq!(text.matches(&format!(r#"<button name="user" value="{}">"#, user.id)).count(), 1, "{}", user.id);
    }
    assert!(!text.contains("<script") && text.contains("&quot;&gt;&lt;script&gt;alert(1)"), "{text}");
    let policy = "default-src 'none'; style-src 'self'; form-action http://localhost:9000 http://app.localhost:9000; base-uri 'none'; \
                  frame-ancestors 'none'";
    let expected = [
        ("content-security-policy", policy),
        ("content-type", "text/html; charset=utf-8"),
        ("cache-control", "no-store"),
        ("referrer-policy", "no-referrer"),
        ("x-content-type-options", "nosniff"),
    ];
    for (name, value) in expected {
        assert_eq!(page.header(name), value, "{name}");
    }
    assert_eq!(here(&env).get("/_dev/login/style.css").await.expect(200).header("content-type"), "text/css; charset=utf-8");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_the_console_does_not_ask_is_refused_and_sent_nowhere() {
    let env = TestEnv::new().await;
    let long = "s".repeat(1025);
    for (name, value) in [
        ("client_id", Some("another")),
        ("client_id", None),
        ("redirect_uri", None),
        ("redirect_uri", Some("http://localhost:9000/console/callback/")),
        ("redirect_uri", Some("http://localhost:9000/console/callback?x=1")),
        ("redirect_uri", Some("http://localhost:9000.evil.example/console/callback")),
        ("redirect_uri", Some("http://demo.localhost:9000/console/callback")),
        ("redirect_uri", Some("https://localhost:9000/console/callback")),
        ("redirect_uri", Some("HTTP://LOCALHOST:9000/console/callback")),
        ("state", None),
        ("state", Some("")),
        ("state", Some(&long)),
    ] {
        let asked = query(&asking(&[(name, value), ("user", Some("demo-owner"))]));
        for answer in
            [here(&env).get(&format!("/_dev/login/authorize?{asked}")).await, post(&here(&env), "/_dev/login/authorize", &asked).await]
        {
            assert_eq!(answer.expect(400).header("location"), "", "{name}={value:?}");
        }
    }
    let twice = format!("{}&redirect_uri={CALLBACK}", query(&asking(&[])));
    here(&env).get(&format!("/_dev/login/authorize?{twice}")).await.expect(400);
    post(&here(&env), "/_dev/login/authorize", &query(&asking(&[("user", Some("root"))]))).await.expect(400);
    post(&here(&env), "/_dev/login/authorize", &query(&asking(&[]))).await.expect(400);
    // What the console itself got wrong, it learns.
    for (name, value, error) in [
        ("response_type", Some("token"), "unsupported_response_type"),
        ("code_challenge", None, "invalid_request"),
        ("code_challenge", Some("short"), "invalid_request"),
        ("code_challenge_method", Some("plain"), "invalid_request"),
        ("code_challenge_method", None, "invalid_request"),
    ] {
        let asked = query(&asking(&[(name, value), ("user", Some("demo-owner"))]));
        for answer in
            [here(&env).get(&format!("/_dev/login/authorize?{asked}")).await, post(&here(&env), "/_dev/login/authorize", &asked).await]
        {
            let (address, parameters) = back(&answer);
            assert_eq!((address.as_str(), parameters["error"].as_str()), (CALLBACK, error), "{name}");
            assert_eq!((parameters["state"].as_str(), parameters.get("code")), ("a state&of=the console", None), "{name}");
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_code_is_good_once_for_a_minute_and_for_its_verifier() {
    let env = TestEnv::new().await;
    let code = code_for(&env, "demo-owner").await;
    env.advance_ms(59_000);
    let tokens = token(&env, &for_code(&code, VERIFIER)).await.expect(200).json();
    refused_token(token(&env, &for_code(&code, VERIFIER)).await, 400, "invalid_grant");
    refused_token(refresh(&env, tokens["refresh_token"].as_str().expect("a token")).await, 400, "invalid_grant");

    let expired = code_for(&env, "demo-owner").await;
    env.advance_ms(60_000);
    refused_token(token(&env, &for_code(&expired, VERIFIER)).await, 400, "invalid_grant");

    let code = code_for(&env, "demo-owner").await;
    let other = VERIFIER.replace("console", "another");
    refused_token(token(&env, &for_code(&code, &other)).await, 400, "invalid_grant");
    refused_token(token(&env, &for_code(&code, VERIFIER)).await, 400, "invalid_grant");

    let code = code_for(&env, "demo-owner").await;
    let mut elsewhere = for_code(&code, VERIFIER);
    elsewhere[2].1 = "http://app.localhost:9000/console/callback";
    refused_token(token(&env, &elsewhere).await, 400, "invalid_grant");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_refresh_token_is_replaced_at_each_use_and_ends_its_session_when_it_comes_back() {
    let env = TestEnv::new().await;
    let text = |answer: &Value, name: &str| answer[name].as_str().expect("text").to_owned();
    let first = text(&sign_in(&env, "demo-creator").await, "refresh_token");
    env.advance_ms(900_000);
    let renewed = refresh(&env, &first).await.expect(200).json();
    let second = text(&renewed, "refresh_token");
    assert_ne!(first, second);
    assert_eq!(env.bearer(&text(&renewed, "access_token")).get("/v2/account").await.expect(200).json()["userId"], "demo-creator");
    // A duplicated tab has the first one too.
    env.advance_ms(59_000);
    let third = text(&refresh(&env, &first).await.expect(200).json(), "refresh_token");
    env.advance_ms(1_000);
    refused_token(refresh(&env, &first).await, 400, "invalid_grant");
    for token in [second, third] {
        refused_token(refresh(&env, &token).await, 400, "invalid_grant");
    }
    // Other sessions go on, for twelve hours.
    let mut other = text(&sign_in(&env, "demo-owner").await, "refresh_token");
    for _ in 0..11 {
        env.advance_ms(3_600_000);
        other = text(&refresh(&env, &other).await.expect(200).json(), "refresh_token");
    }
    env.advance_ms(3_600_000);
    refused_token(refresh(&env, &other).await, 400, "invalid_grant");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_token_endpoint_says_what_is_wrong() {
    let env = TestEnv::new().await;
    let code = code_for(&env, "demo-owner").await;
    let whole = for_code(&code, VERIFIER);
    for missing in ["grant_type", "client_id", "redirect_uri", "code", "code_verifier"] {
        let some: Vec<_> = whole.into_iter().filter(|(name, _)| *name != missing).collect();
        refused_token(token(&env, &some).await, 400, "invalid_request");
    }
    let twice: Vec<_> = whole.into_iter().chain([("code", "another")]).collect();
    refused_token(token(&env, &twice).await, 400, "invalid_request");
    let mut other = whole;
    other[1].1 = "another";
    refused_token(token(&env, &other).await, 401, "invalid_client");
    refused_token(token(&env, &[("grant_type", "password"), ("client_id", "local")]).await, 400, "unsupported_grant_type");
    refused_token(token(&env, &[("grant_type", "refresh_token"), ("client_id", "local")]).await, 400, "invalid_request");
    refused_token(refresh(&env, "").await, 400, "invalid_grant");
    let as_json = here(&env).post("/_dev/login/token", json!({"grant_type": "authorization_code"})).await;
    refused_token(as_json, 400, "invalid_request");
    // None of these used the code up.
    token(&env, &whole).await.expect(200);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn only_the_console_at_this_machine_reaches_the_provider() {
    let env = TestEnv::new().await;
    let asked = format!("/_dev/login/authorize?{}", query(&asking(&[])));
    here(&env).get(&asked).await.expect(200);
    here(&env).from("::1").with("host", "app.localhost:9000").get(&asked).await.expect(200);
    for ip in ["198.51.100.7", "10.0.0.1", "2001:db8::1"] {
        env.anonymous().from(ip).get(&asked).await.refused(404, "not_found");
    }
    // A name that leads to this machine is another origin, whose pages could read the answer.
    for host in ["evil.example", "evil.example:9000", "demo.localhost:9000", "127.0.0.1:9000"] {
        here(&env).with("host", host).get(&asked).await.refused(404, "not_found");
    }
    here(&env).get("/_dev/login/").await.refused(404, "not_found");
    here(&env).get("/_dev/login/token").await.expect(405);
    // At app.<domain> the token endpoint is another origin; nothing else may read it.
    for (origin, allowed) in [
        ("http://app.localhost:9000", "http://app.localhost:9000"),
        ("http://localhost:9000", "http://localhost:9000"),
        ("http://evil.example", ""),
        ("null", ""),
    ] {
        let answer = post(&here(&env).with("origin", origin), "/_dev/login/token", "grant_type=x").await.expect(400);
        assert_eq!((answer.header("access-control-allow-origin"), answer.header("vary")), (allowed, "origin"), "{origin}");
        assert_eq!(answer.header("access-control-allow-credentials"), "");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn sign_out_leads_to_the_console_and_nowhere_else() {
    let env = TestEnv::new().await;
    for name in ["logout_uri", "redirect_uri"] {
        let query = encoded(&[("client_id", "local"), (name, "http://localhost:9000/console/home")]);
        let answer = here(&env).get(&format!("/_dev/login/logout?{query}")).await;
        assert_eq!(back(&answer).0, "http://localhost:9000/console/home");
    }
    for address in
        ["https://evil.example/console/home", "http://localhost:9000.evil.example/console/", "http://localhost:9000/x", "//x", ""]
    {
        let answer = here(&env).get(&format!("/_dev/login/logout?{}", encoded(&[("logout_uri", address)]))).await.expect(400);
        assert_eq!(answer.header("location"), "", "{address}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_settings_of_the_console_name_the_addresses_that_answer_here() {
    let env = TestEnv::new().await;
    let config = env.anonymous().get("/console/config.json").await.expect(200).json();
    let path = |name: &str| config[name].as_str().and_then(|address| address.strip_prefix("http://localhost:9000")).expect(name).to_owned();
    here(&env)
        .get(&format!("{}?{}", path("authorizationEndpoint"), query(&asking(&[("client_id", config["clientId"].as_str())]))))
        .await
        .expect(200);
    post(&here(&env), &path("tokenEndpoint"), "").await.expect(400);
    here(&env).get(&format!("{}?logout_uri=http://localhost:9000/console/home", path("logoutUrl"))).await.expect(303);
    // It is of this server only: no function of the template has its paths.
    let routes = env.server().template().functions.iter().flat_map(|function| &function.routes);
    assert!(routes.into_iter().all(|route| !format!("{route:?}").contains("_dev")));
}
