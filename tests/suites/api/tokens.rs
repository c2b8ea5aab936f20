//! Bearer tokens: what is let in and what is not, by a shared secret and by published RSA keys.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, LazyLock, Mutex};

use axum::Router;
use axum::http::{HeaderMap, StatusCode, header};
use axum::routing::get;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD as BASE64;
use bytes::Bytes;
use http::Request;
use jsonwebtoken::{Algorithm, EncodingKey};
use rsa::pkcs1::{EncodeRsaPrivateKey, EncodeRsaPublicKey};
use rsa::traits::PublicKeyParts;
use rsa::{RsaPrivateKey, RsaPublicKey};
use serde_json::{Value, json};
use tests::{Answer, TestEnv, TestEnvOptions};

const ME: &str = "/v2/handles";

/// The claims of a good token, as Cognito sets them.
fn claims(env: &TestEnv) -> Value {
    let now = env.now().seconds();
    json!({
        "iss": local::token::ISSUER, "sub": "owner", "token_use": "access", "client_id": local::token::CLIENT_ID, "scope": "openid email", "username": "owner",
        "auth_time": now, "origin_jti": "b1", "event_id": "e1", "jti": "j1", "version": 2, "iat": now, "exp": now + 3600,
    })
}

/// The claims with some changed, or left out where null.
fn with(claims: &Value, changes: Value) -> Value {
    let mut changed = claims.clone();
    for (name, value) in changes.as_object().expect("changes") {
        match value {
            Value::Null => drop(changed.as_object_mut().expect("claims").remove(name)),
            value => changed[name] = value.clone(),
        }
    }
    changed
}

/// A token with any header at all.
fn signed(header: &Value, claims: &str, key: &EncodingKey, algorithm: Algorithm) -> String {
    let message = format!("{}.{}", BASE64.encode(header.to_string()), BASE64.encode(claims));
    let signature = jsonwebtoken::crypto::sign(message.as_bytes(), key, algorithm).expect("a signature");
    format!("{message}.{signature}")
}

fn hs256(claims: &Value, secret: &str) -> String {
    signed(&json!({"alg": "HS256", "typ": "JWT"}), &claims.to_string(), &EncodingKey::from_secret(secret.as_bytes()), Algorithm::HS256)
}

fn owns_demo(answer: Answer) {
    assert_eq!(answer.expect(200).json()["items"][0]["role"], "OWNER");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_request_without_a_bearer_token_is_asked_for_one() {
    let env = TestEnv::new().await;
    let good = hs256(&claims(&env), &env.keys().token);
    let client = env.anonymous();
    let basic = client.clone().with("authorization", "Basic b3duZXI6cHc=");
    let bare = client.clone().with("authorization", "Bearer");
    let empty = client.clone().with("authorization", "Bearer  ");
    let tab = client.clone().with("authorization", &format!("Bearer\t{good}"));
    let elsewhere = client.clone().with("x-access-token", &good);
    for caller in [client, basic, bare, empty, tab, elsewhere] {
        let refused = caller.get(ME).await.refused(401, "missing_bearer_token");
        assert_eq!(refused.header("www-authenticate"), "Bearer");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_token_expires_by_the_clock_with_thirty_seconds_of_grace() {
    let env = TestEnv::new().await;
    let token = hs256(&with(&claims(&env), json!({"nbf": env.now().seconds() + 30})), &env.keys().token);
    owns_demo(env.bearer(&token).get(ME).await);
    env.advance_ms((3600 + 29) * 1000);
    owns_demo(env.bearer(&token).get(ME).await);
    env.advance_ms(1000);
    let refused = env.bearer(&token).get(ME).await.refused(401, "token_expired");
    assert_eq!(refused.header("www-authenticate"), "Bearer");
    let handle = env.bearer(&token).get("/v2/handles/demo").await.refused(401, "token_expired");
    assert!(!handle.text().contains(&token));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn tokens_of_every_client_in_the_list_are_accepted_and_of_no_other() {
    let environment = BTreeMap::from([("JWT_CLIENT_ID".to_owned(), "shop, console".to_owned())]);
    let env = TestEnv::with(TestEnvOptions { environment, ..TestEnvOptions::default() }).await;
    let of_client = |client: &str| hs256(&with(&claims(&env), json!({"client_id": client})), &env.keys().token);
    for client in ["shop", "console"] {
        owns_demo(env.bearer(&of_client(client)).get(ME).await);
    }
    for client in ["shop, console", "shop,console", " console", "", "Shop", local::token::CLIENT_ID] {
        env.bearer(&of_client(client)).get(ME).await.refused(401, "invalid_token");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_token_that_is_not_ours_to_the_letter_is_invalid() {
    let env = TestEnv::new().await;
    let good = claims(&env);
    let secret = env.keys().token.clone();
    let key = EncodingKey::from_secret(secret.as_bytes());
    owns_demo(env.bearer(&hs256(&good, &secret)).get(ME).await);

    let now = env.now().seconds();
    let changes = [
        json!({"iss": "https://elsewhere.example"}),
        json!({"iss": null}),
        json!({"iss": [local::token::ISSUER]}),
        json!({"client_id": "another"}),
        json!({"client_id": null}),
        json!({"client_id": null, "aud": local::token::CLIENT_ID}),
        json!({"token_use": "id"}),
        json!({"token_use": null}),
        json!({"sub": null}),
        json!({"sub": ""}),
        json!({"sub": "a#b"}),
        json!({"sub": 7}),
        json!({"exp": null}),
        json!({"exp": "never"}),
        json!({"exp": (now + 3600).to_string()}),
        json!({"exp": true}),
        json!({"nbf": now + 31}),
        json!({"nbf": "soon"}),
        json!({"nbf": now.to_string()}),
        json!({"cognito:groups": "platform-admin"}),
    ];
    let mut forged: Vec<(String, String)> =
        changes.into_iter().map(|change| (change.to_string(), hs256(&with(&good, change), &secret))).collect();

    let text = good.to_string();
    let huge = text.replace(&format!("\"exp\":{}", now + 3600), "\"exp\":1e400");
    assert_ne!(huge, text);
    let unsigned =
        |algorithm: &str| format!("{}.{}.", BASE64.encode(json!({"alg": algorithm, "typ": "JWT"}).to_string()), BASE64.encode(&text));
    let header = |header: Value, algorithm| signed(&header, &text, &key, algorithm);
    let whole = hs256(&good, &secret);
    let mut flipped = whole.clone().into_bytes();
    let middle = whole.find('.').expect("a dot") + 10;
    flipped[middle] ^= 1;
    forged.extend([
        ("exp 1e400".into(), signed(&json!({"alg": "HS256"}), &huge, &key, Algorithm::HS256)),
        ("alg none".into(), unsigned("none")),
        ("alg None".into(), unsigned("None")),
        ("alg none with a signature".into(), header(json!({"alg": "none"}), Algorithm::HS256)),
        ("alg missing".into(), header(json!({"typ": "JWT"}), Algorithm::HS256)),
        ("alg HS512".into(), header(json!({"alg": "HS512"}), Algorithm::HS512)),
        ("alg RS256 over a MAC".into(), header(json!({"alg": "RS256"}), Algorithm::HS256)),
        ("crit".into(), header(json!({"alg": "HS256", "crit": ["exp"]}), Algorithm::HS256)),
        ("another kind".into(), header(json!({"alg": "HS256", "typ": "secevent+jwt"}), Algorithm::HS256)),
        ("another secret".into(), hs256(&good, "0123456789abcdef0123456789abcdef")),
        ("no signature".into(), whole.rsplit_once('.').expect("three parts").0.to_owned()),
        ("a changed claim".into(), String::from_utf8(flipped).expect("text")),
        ("two tokens".into(), format!("{whole} {whole}")),
        ("9 KB".into(), hs256(&with(&good, json!({"scope": "s".repeat(9 * 1024)})), &secret)),
        ("a personal access token".into(), "patv1_01JZ0000000000000000000000.c2VjcmV0c2VjcmV0c2VjcmV0".into()),
        ("a personal access token without a secret".into(), "patv1_".into()),
        ("no token".into(), "owner".into()),
    ]);
    for (what, token) in &forged {
        let answer = env.bearer(token).get(ME).await;
        assert_eq!((answer.status.as_u16(), &answer.json()["error"]), (401, &json!("invalid_token")), "{what}: {}", answer.text());
        assert_eq!(answer.header("www-authenticate"), "Bearer");
    }
    env.faults.take_calls();
    env.bearer(&forged[0].1).put("/v2/handles/demo/collaborators", json!({"collaborators": []})).await.refused(401, "invalid_token");
    assert!(env.faults.take_calls().is_empty(), "the table is not read for a caller without a token");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_scheme_may_be_in_any_case_but_there_is_one_authorization_only() {
    let env = TestEnv::new().await;
    let good = hs256(&claims(&env), &env.keys().token);
    for scheme in ["bearer", "BEARER", "bEaReR"] {
        owns_demo(env.anonymous().with("authorization", &format!("{scheme} {good}")).get(ME).await);
    }
    let twice = Request::get(ME)
        .header("host", "localhost:9000")
        .header("authorization", format!("Bearer {good}"))
        .header("authorization", format!("Bearer {good}"));
    let twice = twice.body(Bytes::new()).expect("a request");
    env.send(twice, [198, 51, 100, 7].into()).await.refused(401, "invalid_token");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_role_claimed_by_the_token_opens_nothing() {
    let env = TestEnv::new().await;
    let boast = with(
        &claims(&env),
        json!({"sub": "stranger", "role": "OWNER", "roles": ["OWNER"], "handle": "demo", "cognito:groups": ["OWNER", "platform-admins"]}),
    );
    let boaster = hs256(&boast, &env.keys().token);
    env.bearer(&boaster).get("/v2/handles/demo").await.refused(404, "handle_not_found");
    env.bearer(&boaster).put("/v2/platform-admin/accounts/stranger", json!({"plan": "PRO"})).await.refused(403, "insufficient_role");
}

// ---------------------------------------------------------------- published keys

struct Signer {
    private: RsaPrivateKey,
    key: EncodingKey,
}

impl Signer {
    fn new(bits: usize) -> Self {
        let private = RsaPrivateKey::new(&mut rsa::rand_core::OsRng, bits).expect("a key");
        let key = EncodingKey::from_rsa_der(private.to_pkcs1_der().expect("DER").as_bytes());
        Self { private, key }
    }

    fn published(&self, kid: &str) -> Value {
        let number = |number: &rsa::BigUint| BASE64.encode(number.to_bytes_be());
        json!({"kty": "RSA", "alg": "RS256", "use": "sig", "kid": kid, "n": number(self.private.n()), "e": number(self.private.e())})
    }

    fn token(&self, kid: &str, claims: &Value) -> String {
        signed(&json!({"alg": "RS256", "kid": kid}), &claims.to_string(), &self.key, Algorithm::RS256)
    }

    fn public(&self) -> RsaPublicKey {
        self.private.to_public_key()
    }
}

static FIRST: LazyLock<Signer> = LazyLock::new(|| Signer::new(2048));
static SECOND: LazyLock<Signer> = LazyLock::new(|| Signer::new(2048));
static WEAK: LazyLock<Signer> = LazyLock::new(|| Signer::new(1024));

/// An issuer that publishes keys and counts how often they are fetched.
#[derive(Clone, Default)]
struct Issuer {
    fetches: Arc<AtomicUsize>,
    answer: Arc<Mutex<(StatusCode, String)>>,
}

impl Issuer {
    /// An environment that trusts the keys of this issuer.
    async fn env(&self) -> TestEnv {
        let listener = tokio::net::TcpListener::bind(("127.0.0.1", 0)).await.expect("a port");
        let origin = format!("http://{}", listener.local_addr().expect("an address"));
        let (issuer, elsewhere) = (self.clone(), format!("{origin}/elsewhere"));
        let answer = move || {
            issuer.fetches.fetch_add(1, Ordering::SeqCst);
            let (status, body) = issuer.answer.lock().expect("an answer").clone();
            let headers = HeaderMap::from_iter([(header::LOCATION, elsewhere.parse().expect("a location"))]);
            std::future::ready((status, headers, body))
        };
        let elsewhere = || std::future::ready(json!({"keys": [FIRST.published("first")]}).to_string());
        let router = Router::new().route("/keys", get(answer)).route("/elsewhere", get(elsewhere));
        tokio::spawn(async move { axum::serve(listener, router).await });
        env_with_jwks(&format!("{origin}/keys")).await
    }

    fn publishes(&self, keys: &[Value]) {
        self.answers(StatusCode::OK, json!({"keys": keys}).to_string());
    }

    fn answers(&self, status: StatusCode, body: impl Into<String>) {
        *self.answer.lock().expect("an answer") = (status, body.into());
    }

    fn take_fetches(&self) -> usize {
        self.fetches.swap(0, Ordering::SeqCst)
    }
}

async fn env_with_jwks(jwks_url: &str) -> TestEnv {
    let environment = BTreeMap::from([("JWT_HS256_SECRET".to_owned(), String::new()), ("JWKS_URL".to_owned(), jwks_url.to_owned())]);
    TestEnv::with(TestEnvOptions { environment, ..TestEnvOptions::default() }).await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_token_under_a_published_key_is_let_in_and_its_key_fetched_once() {
    let issuer = Issuer::default();
    issuer.publishes(&[FIRST.published("first")]);
    let env = issuer.env().await;
    let token = FIRST.token("first", &claims(&env));
    for _ in 0..3 {
        owns_demo(env.bearer(&token).get(ME).await);
    }
    assert_eq!(issuer.take_fetches(), 1);
    let admin = FIRST.token("first", &with(&claims(&env), json!({"cognito:groups": ["platform-admin"]})));
    env.bearer(&admin).put("/v2/platform-admin/accounts/owner", json!({"plan": "PRO"})).await.expect(200);
    let expired = FIRST.token("first", &with(&claims(&env), json!({"exp": env.now().seconds() - 30})));
    env.bearer(&expired).get(ME).await.refused(401, "token_expired");
    let id_token = FIRST.token("first", &with(&claims(&env), json!({"token_use": "id"})));
    env.bearer(&id_token).get(ME).await.refused(401, "invalid_token");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_forgery_passes_for_a_token_under_a_published_key() {
    let issuer = Issuer::default();
    issuer.publishes(&[FIRST.published("first")]);
    let env = issuer.env().await;
    let text = claims(&env).to_string();
    owns_demo(env.bearer(&FIRST.token("first", &claims(&env))).get(ME).await);

    let public = FIRST.public();
    let der = public.to_pkcs1_der().expect("DER").as_bytes().to_vec();
    let pem = public.to_pkcs1_pem(Default::default()).expect("PEM");
    let spki = rsa::pkcs8::EncodePublicKey::to_public_key_pem(&public, Default::default()).expect("PEM");
    let modulus = FIRST.published("first")["n"].as_str().expect("n").to_owned();
    let mac = |algorithm: &str, secret: &[u8]| {
        signed(&json!({"alg": algorithm, "kid": "first"}), &text, &EncodingKey::from_secret(secret), Algorithm::HS256)
    };
    let rsa = |header: Value| signed(&header, &text, &FIRST.key, Algorithm::RS256);
    let jwk = SECOND.published("second");
    let forged = [
        ("HS256 under the public key's DER", mac("HS256", &der)),
        ("HS256 under the public key's PEM", mac("HS256", pem.as_bytes())),
        ("HS256 under the public key's other PEM", mac("HS256", spki.as_bytes())),
        ("HS256 under the modulus", mac("HS256", modulus.as_bytes())),
        ("HS256 under the local secret", mac("HS256", env.keys().token.as_bytes())),
        ("a MAC that says RS256", mac("RS256", &der)),
        ("alg none", format!("{}.{}.", BASE64.encode(r#"{"alg":"none","kid":"first"}"#), BASE64.encode(&text))),
        ("RS512", signed(&json!({"alg": "RS512", "kid": "first"}), &text, &FIRST.key, Algorithm::RS512)),
        ("PS256", signed(&json!({"alg": "PS256", "kid": "first"}), &text, &FIRST.key, Algorithm::PS256)),
        ("another key under the known id", SECOND.token("first", &claims(&env))),
        ("no kid", rsa(json!({"alg": "RS256"}))),
        ("kid a list", rsa(json!({"alg": "RS256", "kid": ["first"]}))),
        ("kid empty", rsa(json!({"alg": "RS256", "kid": ""}))),
        ("kid of 7 KB", rsa(json!({"alg": "RS256", "kid": "k".repeat(5 * 1024)}))),
        ("kid of 50 KB", rsa(json!({"alg": "RS256", "kid": "k".repeat(50 * 1024)}))),
        ("kid an injection", rsa(json!({"alg": "RS256", "kid": "' OR 1=1 --"}))),
        ("kid in another case", rsa(json!({"alg": "RS256", "kid": "FIRST"}))),
        ("crit", rsa(json!({"alg": "RS256", "kid": "first", "crit": ["b64"], "b64": false}))),
        ("an embedded key", signed(&json!({"alg": "RS256", "kid": "second", "jwk": jwk}), &text, &SECOND.key, Algorithm::RS256)),
        (
            "an embedded key under the known id",
            signed(&json!({"alg": "RS256", "kid": "first", "jwk": jwk}), &text, &SECOND.key, Algorithm::RS256),
        ),
        (
            "keys from elsewhere",
            signed(
                &json!({"alg": "RS256", "kid": "second", "jku": "http://127.0.0.1:9/keys", "x5u": "http://127.0.0.1:9/x"}),
                &text,
                &SECOND.key,
                Algorithm::RS256,
            ),
        ),
    ];
    for (what, token) in forged {
        let answer = env.bearer(&token).get(ME).await;
        assert_eq!((answer.status.as_u16(), &answer.json()["error"]), (401, &json!("invalid_token")), "{what}: {}", answer.text());
    }
    assert_eq!(issuer.take_fetches(), 1, "unknown key ids within ten seconds of a fetch fetch nothing");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_flood_of_unknown_key_ids_makes_one_fetch_in_ten_seconds() {
    let issuer = Issuer::default();
    issuer.publishes(&[FIRST.published("first")]);
    let env = issuer.env().await;
    let good = FIRST.token("first", &with(&claims(&env), json!({"exp": env.now().seconds() + 86_400})));
    owns_demo(env.bearer(&good).get(ME).await);
    assert_eq!(issuer.take_fetches(), 1);
    for second in 1..=30 {
        env.advance_ms(1000);
        let flood = (0..8).map(|number| {
            let token = SECOND.token(&format!("unknown-{second}-{number}"), &claims(&env));
            let caller = env.bearer(&token);
            async move { caller.get(ME).await.refused(401, "invalid_token") }
        });
        futures::future::join_all(flood).await;
        owns_demo(env.bearer(&good).get(ME).await);
        assert_eq!(issuer.take_fetches(), usize::from(second % 10 == 0), "second {second}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_new_key_is_known_ten_seconds_after_the_last_fetch_at_the_latest() {
    let issuer = Issuer::default();
    issuer.publishes(&[FIRST.published("first")]);
    let env = issuer.env().await;
    let (old, new) = (FIRST.token("first", &claims(&env)), SECOND.token("second", &claims(&env)));
    owns_demo(env.bearer(&old).get(ME).await);

    issuer.publishes(&[FIRST.published("first"), SECOND.published("second")]);
    env.advance_ms(9_999);
    env.bearer(&new).get(ME).await.refused(401, "invalid_token");
    env.advance_ms(1);
    owns_demo(env.bearer(&new).get(ME).await);
    owns_demo(env.bearer(&old).get(ME).await);
    assert_eq!(issuer.take_fetches(), 2);

    // A key that is published no more goes with the next fetch, which the next unknown id causes.
    issuer.publishes(&[SECOND.published("second")]);
    env.advance_ms(10_000);
    env.bearer(&FIRST.token("third", &claims(&env))).get(ME).await.refused(401, "invalid_token");
    env.bearer(&old).get(ME).await.refused(401, "invalid_token");
    owns_demo(env.bearer(&new).get(ME).await);
}

/// Everything an issuer can answer that is no set of keys.
fn outages() -> Vec<(&'static str, StatusCode, String)> {
    let padding = " ".repeat(64 * 1024);
    let good = json!({"keys": [FIRST.published("first")]});
    vec![
        ("an error", StatusCode::INTERNAL_SERVER_ERROR, good.to_string()),
        ("not found", StatusCode::NOT_FOUND, String::new()),
        ("a way elsewhere", StatusCode::FOUND, String::new()),
        ("a page", StatusCode::OK, "<html>maintenance</html>".into()),
        ("half a set", StatusCode::OK, good.to_string().split_at(200).0.into()),
        ("more than 64 KiB", StatusCode::OK, format!("{good}{padding}")),
        ("no keys", StatusCode::OK, json!({"keys": []}).to_string()),
        ("no set", StatusCode::OK, json!({"message": "try later"}).to_string()),
    ]
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn known_keys_outlive_every_outage_of_their_issuer() {
    let issuer = Issuer::default();
    issuer.publishes(&[FIRST.published("first")]);
    let env = issuer.env().await;
    let good = FIRST.token("first", &with(&claims(&env), json!({"exp": env.now().seconds() + 86_400})));
    owns_demo(env.bearer(&good).get(ME).await);
    for (what, status, body) in outages() {
        issuer.answers(status, body);
        issuer.take_fetches();
        env.advance_ms(10_000);
        for _ in 0..3 {
            env.bearer(&SECOND.token("second", &claims(&env))).get(ME).await.refused(401, "invalid_token");
        }
        assert_eq!(issuer.take_fetches(), 1, "{what}");
        let answer = env.bearer(&good).get(ME).await;
        assert_eq!(answer.status.as_u16(), 200, "{what}: {}", answer.text());
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_start_without_keys_answers_503_until_there_are_some() {
    let issuer = Issuer::default();
    let env = issuer.env().await;
    let good = FIRST.token("first", &claims(&env));
    for (what, status, body) in outages() {
        issuer.answers(status, body);
        let answer = env.bearer(&good).get(ME).await;
        assert_eq!((answer.status.as_u16(), answer.header("retry-after")), (503, "1"), "{what}: {}", answer.text());
        assert_eq!(answer.refused(503, "unavailable").header("www-authenticate"), "");
    }
    issuer.publishes(&[FIRST.published("first")]);
    owns_demo(env.bearer(&good).get(ME).await);

    let without_listener = env_with_jwks("http://127.0.0.1:9/keys").await;
    without_listener.bearer(&good).get(ME).await.refused(503, "unavailable");
    without_listener.anonymous().get(ME).await.refused(401, "missing_bearer_token");
    without_listener.anonymous().get("/v2/system/health").await.expect(200);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn keys_that_are_weak_or_meant_for_something_else_are_not_used() {
    let unnamed = with(&SECOND.published("x"), json!({"kid": null}));
    let keys = [
        with(&SECOND.published("encrypts"), json!({"use": "enc"})),
        with(&SECOND.published("rs512"), json!({"alg": "RS512"})),
        with(&SECOND.published("oaep"), json!({"alg": "RSA-OAEP"})),
        with(&SECOND.published("odd"), json!({"kty": "XYZ"})),
        json!({"kty": "EC", "crv": "P-256", "kid": "curve", "x": "f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU", "y": "x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0"}),
        json!({"kty": "oct", "kid": "shared", "k": BASE64.encode("0123456789abcdef0123456789abcdef")}),
        json!("nonsense"),
        unnamed,
        WEAK.published("weak"),
        FIRST.published("first"),
        with(&SECOND.published("plain"), json!({"use": null, "alg": null})),
    ];
    let issuer = Issuer::default();
    issuer.publishes(&keys);
    let env = issuer.env().await;
    let claims = claims(&env);
    owns_demo(env.bearer(&FIRST.token("first", &claims)).get(ME).await);
    owns_demo(env.bearer(&SECOND.token("plain", &claims)).get(ME).await);
    for kid in ["encrypts", "rs512", "oaep", "odd", "curve", "x", ""] {
        env.bearer(&SECOND.token(kid, &claims)).get(ME).await.refused(401, "invalid_token");
    }
    env.bearer(&WEAK.token("weak", &claims)).get(ME).await.refused(401, "invalid_token");
    let mac = EncodingKey::from_secret(b"0123456789abcdef0123456789abcdef");
    let mac = signed(&json!({"alg": "HS256", "kid": "shared"}), &claims.to_string(), &mac, Algorithm::HS256);
    env.bearer(&mac).get(ME).await.refused(401, "invalid_token");
}
