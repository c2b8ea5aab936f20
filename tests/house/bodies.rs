//! Bodies that two readers would read differently are refused before anything counts.

use http::Method;
use serde_json::json;
use tests::{Answer, Caller, World};

async fn send(caller: &Caller<'_>, method: Method, path: &str, body: &str) -> Answer {
    caller.clone().with("content-type", "application/json").send(method, path, body.as_bytes().to_vec()).await
}

async fn ctx(world: &World) -> String {
    world.owner().put("/v2/handles/demo/links/launch", json!({"destinationUrl": "https://example.com/product"})).await.expect(201);
    world.visitor().follow("launch").await.expect(302).ctx()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_member_that_stands_twice_is_named_and_nothing_is_written() {
    let world = World::new().await;
    let token = ctx(&world).await;
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
        let caller = if path == link { world.owner() } else { world.nobody() };
        let refused = send(&caller, method, path, &body).await.refused(400, "invalid_payload").json();
        assert_eq!(refused["fields"], json!([{"field": member, "message": "stands twice"}]), "{body}");
    }
    assert_eq!(world.owner().get("/v2/handles/demo/conversions").await.expect(200).json()["items"], json!([]));
    assert_eq!(world.owner().get(link).await.expect(200).json()["destinationUrl"], "https://example.com/product");
    let apart = format!(r#"{{{order},"value":24.99,"metadata":{{"value":[{{"value":1}},{{"value":2}}]}}}}"#);
    let kept = send(&world.nobody(), Method::POST, conversions, &apart).await.expect(202).json();
    assert_eq!(kept["value"], json!(24.99), "the same name in another object is another member");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_body_that_is_nested_too_deeply_is_told_apart_from_one_that_is_no_json() {
    let world = World::new().await;
    let told =
        async |body: &str| send(&world.nobody(), Method::POST, "/v2/public/conversions", body).await.refused(400, "invalid_payload").json();
    assert_eq!(told(&"[".repeat(1000)).await["message"], "body is nested too deeply");
    assert_eq!(told(&format!("{}1{}", r#"{"a":"#.repeat(200), "}".repeat(200))).await["message"], "body is nested too deeply");
    assert_eq!(told("{").await["message"], "body ends too early");
    assert_eq!(told("{]").await["message"], "body is not valid JSON at line 1, column 2");
}
