//! The link playbook, AT-01 to AT-08.

use serde_json::json;
use tests::{TestEnv, TestEnvOptions};

const LINK: &str = "/v2/handles/demo/links/launch";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_playbook_runs_from_a_link_to_a_deduplicated_conversion() {
    let env = TestEnv::new().await;
    let body = json!({"destinationUrl": "https://example.com/product", "tracking": {"utmSource": "suite", "utmCampaign": "spring"}, "routingRules": []});
    let link = env.owner().put(LINK, body).await.expect(201).json();
    assert_eq!((link["slug"].as_str(), link["shortUrl"].as_str()), (Some("launch"), Some("http://demo.localhost:9000/launch")));

    let visit = json!({"country": "US", "device": "mobile", "source": "ad", "campaign": "spring"});
    let preview = env.owner().post(&format!("{LINK}/route-preview"), visit.clone()).await.expect(200);
    assert_eq!(preview.json()["destinationUrl"], "https://example.com/product");
    assert_eq!(preview.json()["matched"]["kind"], "DEFAULT");
    assert_eq!(env.owner().post(&format!("{LINK}/route-preview"), visit).await.expect(200).body, preview.body);

    let redirect = env.visitor().follow("launch").await.expect(302);
    let ctx = redirect.ctx();
    assert_eq!(redirect.location().as_str(), format!("https://example.com/product?utm_source=suite&utm_campaign=spring&ctx={ctx}"));
    assert!(ctx.len() <= 200, "{ctx}");

    let context = env.anonymous().get(&format!("/v2/public/context?ctx={ctx}")).await.expect(200);
    assert_eq!((context.json()["valid"].as_bool(), context.json()["slug"].as_str()), (Some(true), Some("launch")));
    assert_eq!(context.header("cache-control"), "no-store");

    let purchase = json!({"ctx": ctx, "idempotencyKey": "purchase-001", "eventType": "purchase"});
    let first = env.anonymous().post("/v2/public/conversions", purchase.clone()).await.expect(202).json();
    assert_eq!((first["accepted"].as_bool(), first["deduped"].as_bool()), (Some(true), Some(false)));
    let again = env.anonymous().post("/v2/public/conversions", purchase).await.expect(200).json();
    assert_eq!((again["deduped"].as_bool(), &again["conversionId"]), (Some(true), &first["conversionId"]));

    let bad = env
        .anonymous()
        .post("/v2/public/conversions", json!({"ctx": "bogus", "idempotencyKey": "purchase-002", "eventType": "purchase"}))
        .await;
    assert_eq!(bad.refused(400, "invalid_ctx").json()["reason"], "malformed");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_write_limit_answers_429_with_the_plan_and_the_time_to_wait() {
    let env = TestEnv::with(TestEnvOptions { plan: "FREE", ..TestEnvOptions::default() }).await;
    for _ in 0..2 {
        env.owner().put(LINK, json!({"destinationUrl": "https://example.com/product"})).await;
    }
    let refused = env.owner().put(LINK, json!({"destinationUrl": "https://example.com/product"})).await.refused(429, "rate_limited");
    let body = refused.json();
    assert_eq!(body["message"], "Daily write quota exceeded for FREE.");
    assert_eq!(
        (&body["plan"], &body["limits"], &body["usage"]),
        (&json!("FREE"), &json!({"writesPerDay": 2}), &json!({"writesToday": 2, "writesDay": "20260301"}))
    );
    assert_eq!(refused.header("retry-after"), (12 * 3600).to_string());
}
