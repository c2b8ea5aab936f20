//! The script for pages, and what its beacons need of the routes they go to. How it behaves is shown in a browser: `.ci/browser`.

use http::Method;
use serde_json::{Value, json};
use tests::{Answer, TestEnv};

const SDK: &str = "/v2/public/sdk.js";

async fn post_as(kind: &str, env: &TestEnv, path: &str, body: &Value) -> Answer {
    env.anonymous().with("content-type", kind).send(Method::POST, path, body.to_string().into_bytes()).await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_script_is_for_every_origin_and_cached_while_it_is_the_same() {
    let env = TestEnv::new().await;
    let page = env.anonymous().with("origin", "https://shop.example");
    let script = page.get(SDK).await.expect(200);
    assert_eq!(script.text(), include_str!("../../../functions/chain/src/sdk.js"));
    let tag = script.header("etag").to_owned();
    let opaque = tag.strip_prefix("W/").expect("a weak tag: the script goes compressed or not").to_owned();
    assert!(opaque.starts_with('"') && opaque.ends_with('"') && opaque.len() > 20, "{tag}");
    let lasting = [
        ("cache-control", "public, max-age=3600"),
        ("x-content-type-options", "nosniff"),
        ("cross-origin-resource-policy", "cross-origin"),
        ("access-control-allow-origin", "*"),
        ("etag", &tag),
    ];
    assert_eq!(script.header("content-type"), "text/javascript; charset=utf-8");
    for (name, value) in lasting {
        assert_eq!(script.header(name), value, "{name}");
    }
    let small = page.clone().with("accept-encoding", "gzip, deflate, br, zstd").get(SDK).await.expect(200);
    assert_eq!((small.header("content-encoding"), small.header("vary"), small.header("etag")), ("gzip", "accept-encoding", tag.as_str()));
    assert!(small.body.starts_with(&[0x1f, 0x8b]) && small.body.len() < 6000, "{} bytes", small.body.len());
    for known in [tag.clone(), opaque.clone(), format!("\"other\", {tag}"), "*".to_owned()] {
        let same = page.clone().with("if-none-match", &known).get(SDK).await.expect(304);
        assert!(same.body.is_empty(), "{known}");
        for (name, value) in lasting {
            assert_eq!(same.header(name), value, "{known}: {name}");
        }
    }
    for other in ["\"other\"", "", "bare", &opaque[1..opaque.len() - 1]] {
        page.clone().with("if-none-match", other).get(SDK).await.expect(200);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_beacon_posts_its_json_as_text_to_the_two_routes_that_take_what_pages_tell() {
    let env = TestEnv::new().await;
    env.owner().put("/v2/handles/demo/links/launch", json!({"destinationUrl": "https://example.com/"})).await.expect(201);
    let ctx = env.visitor().follow("launch").await.expect(302).ctx();
    env.advance_ms(1000);
    let order = json!({"ctx": ctx, "idempotencyKey": "o1", "eventType": "purchase", "value": 24.99, "currency": "EUR"});
    let signals = json!({"handle": "demo", "sessionId": "s1", "signals": [{"type": "view"}]});
    let question = json!({"handle": "demo", "sessionId": "s1", "trigger": "checkout", "triggers": ["checkout"]});
    for kind in ["text/plain", "text/plain;charset=UTF-8", "Text/Plain ; charset=utf-8"] {
        post_as(kind, &env, "/v2/public/chain/signals", &signals).await.expect(202);
        let receipt = post_as(kind, &env, "/v2/public/conversions", &order).await.json();
        assert_eq!((&receipt["accepted"], &receipt["value"]), (&json!(true), &json!(24.99)), "{kind}");
        for path in ["/v2/public/chain/resolve", "/v2/public/chain/prefetch"] {
            post_as(kind, &env, path, &question).await.refused(415, "unsupported_media_type");
        }
        let write = env.owner().with("content-type", kind);
        write.put("/v2/handles/demo/links/launch", json!({})).await.refused(415, "unsupported_media_type");
        write.post("/v2/handles/demo/chain/signals", signals.clone()).await.refused(415, "unsupported_media_type");
    }
    for path in ["/v2/public/conversions", "/v2/public/chain/signals"] {
        for kind in ["", "text/html", "text/plain2", "application/x-www-form-urlencoded", "multipart/form-data", "application/octet-stream"]
        {
            post_as(kind, &env, path, &order).await.refused(415, "unsupported_media_type");
        }
        let text = env.anonymous().with("content-type", "text/plain");
        for broken in ["", "{", "{}x", "\u{feff}{}", "ctx=1"] {
            text.send(Method::POST, path, broken.into()).await.refused(400, "invalid_payload");
        }
        text.send(Method::POST, path, format!("\"{}\"", "x".repeat(64 * 1024)).into_bytes()).await.refused(413, "payload_too_large");
    }
}
