//! Bodies that two readers would read differently are refused before anything counts.

use http::Method;
use serde_json::{Value, json};
use tests::{Answer, Caller, TestEnv};

async fn send(caller: &Caller<'_>, method: Method, path: &str, body: &str) -> Answer {
    caller.clone().with("content-type", "application/json").send(method, path, body.as_bytes().to_vec()).await
}

async fn ctx(env: &TestEnv) -> String {
    env.owner().put("/v2/handles/demo/links/launch", json!({"destinationUrl": "https://example.com/product"})).await.expect(201);
    env.visitor().follow("launch").await.expect(302).ctx()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_duplicate_member_is_named_and_nothing_is_written() {
    let env = TestEnv::new().await;
    let token = ctx(&env).await;
    let order = format!(r#""ctx":"{token}","idempotencyKey":"k","eventType":"purchase","currency":"USD""#);
    let (conversions, signals) = ("/v2/public/conversions", "/v2/public/chain/signals");
    let link = "/v2/handles/demo/links/launch";
    for (method, path, body, member) in [
        (Method::POST, conversions, format!(r#"{{"value":24.99,{order},"value":1}}"#), "value"),
        (Method::POST, conversions, format!(r#"{{"value":24.99,{order},"valu\u0065":24.99}}"#), "value"),
        (
            Method::POST,
            conversions,
            format!(r#"{{{order},"value":1,"metadata":{{"a":[1,{{"b":1.5,"c":null,"b":true}}]}}}}"#),
            "metadata.a[1].b",
        ),
        (
            Method::PUT,
            link,
            r#"{"destinationUrl":"https://a.example/","destinationUrl":"https://b.example/"}"#.to_owned(),
            "destinationUrl",
        ),
        (
            Method::POST,
            signals,
            r#"{"handle":"demo","sessionId":"s1","sessionId":"s2","signals":[{"type":"view"}]}"#.to_owned(),
            "sessionId",
        ),
        (
            Method::POST,
            signals,
            r#"{"handle":"demo","sessionId":"s1","signals":[{"type":"view","type":"buy"}]}"#.to_owned(),
            "signals[0].type",
        ),
    ] {
        let caller = if path == link { env.owner() } else { env.anonymous() };
        let refused = send(&caller, method, path, &body).await.refused(400, "invalid_payload").json();
        assert_eq!(refused["fields"], json!([{"field": member, "message": "is given more than once"}]), "{body}");
    }
    assert_eq!(env.owner().get("/v2/handles/demo/conversions").await.expect(200).json()["items"], json!([]));
    assert_eq!(env.owner().get(link).await.expect(200).json()["destinationUrl"], "https://example.com/product");
    let apart = format!(r#"{{{order},"value":24.99,"metadata":{{"value":[{{"value":1}},{{"value":2}}]}}}}"#);
    let kept = send(&env.anonymous(), Method::POST, conversions, &apart).await.expect(202).json();
    assert_eq!(kept["value"], json!(24.99), "the same name in another object is another member");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_body_that_is_nested_too_deeply_has_another_error_than_one_that_is_not_json() {
    let env = TestEnv::new().await;
    let refusal = async |body: &str| {
        send(&env.anonymous(), Method::POST, "/v2/public/conversions", body).await.refused(400, "invalid_payload").json()
    };
    assert_eq!(refusal(&"[".repeat(1000)).await["message"], "body is nested too deeply");
    assert_eq!(refusal(&format!("{}1{}", r#"{"a":"#.repeat(200), "}".repeat(200))).await["message"], "body is nested too deeply");
    assert_eq!(refusal("{").await["message"], "body ends too early");
    assert_eq!(refusal("{]").await["message"], "body is not valid JSON at line 1, column 2");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_value_that_no_currency_allows_is_named_beside_a_bad_currency() {
    let env = TestEnv::new().await;
    let token = ctx(&env).await;
    let post = async |value: Value, currency: &str| {
        let body = json!({"ctx": token, "idempotencyKey": "k", "eventType": "purchase", "value": value, "currency": currency});
        env.anonymous().post("/v2/public/conversions", body).await.refused(400, "invalid_payload")
    };
    for value in [json!(-1), json!(1_000_000_000_000_i64), json!(true), json!("24.99")] {
        assert_eq!(post(value.clone(), "usd").await.fields(), ["currency", "value"], "{value}");
        assert_eq!(post(value.clone(), "USD").await.fields(), ["value"], "{value}");
    }
    assert_eq!(post(json!(24.999), "usd").await.fields(), ["currency"], "a dinar has three decimals");
    assert_eq!(post(json!(true), "USD").await.json()["message"], "value must be a number");
    assert_eq!(post(json!("24.99"), "USD").await.json()["message"], "value must be a number, not text");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_ctx_that_is_not_there_is_required_and_still_malformed_by_its_reason() {
    let env = TestEnv::new().await;
    let order = json!({"idempotencyKey": "k", "eventType": "purchase"});
    for ctx in [None, Some(json!(null)), Some(json!(""))] {
        let mut body = order.clone();
        if let Some(ctx) = &ctx {
            body["ctx"] = ctx.clone();
        }
        let refused = env.anonymous().post("/v2/public/conversions", body).await.refused(400, "invalid_ctx").json();
        assert_eq!((&refused["message"], &refused["reason"]), (&json!("ctx is required"), &json!("malformed")), "{ctx:?}");
    }
    for query in ["", "?ctx="] {
        let refused = env.anonymous().get(&format!("/v2/public/context{query}")).await.refused(400, "invalid_ctx").json();
        assert_eq!((&refused["message"], &refused["reason"]), (&json!("ctx is required"), &json!("malformed")), "{query}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_page_may_read_a_405_of_a_public_route() {
    let env = TestEnv::new().await;
    for path in ["/v2/public/conversions", "/v2/public/context", "/v2/public/chain/resolve"] {
        let refused = env.anonymous().with("origin", "https://shop.example").send(Method::DELETE, path, Vec::new()).await;
        assert_eq!(refused.refused(405, "method_not_allowed").header("access-control-allow-origin"), "*", "{path}");
    }
}
