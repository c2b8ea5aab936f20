//! How often the table is read, and what serves without it.

use super::*;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_edge_path_answers_as_the_links_own_host_does() {
    let env = env_with(json!({"tracking": {"utmSource": "suite"}, "queryPassthrough": true})).await;
    link(&env, "kept", json!({"redirectType": 307})).await;
    link(&env, "gone", json!({"expiresAt": "2026-01-01T00:00:00Z"})).await;
    link(&env, "bridge", json!({"trackingPolicy": {"mode": "BRIDGE", "appendContextParam": false}})).await;
    link(&env, "secret", json!({"password": "open sesame"})).await;
    for path in ["launch?ref=1", "kept", "gone", "bridge", "secret", "unknown"] {
        let by_host = env.visitor().with("accept", PAGE).follow(path).await;
        for host in ["localhost:9000", "d1234.execute-api.eu-central-1.amazonaws.com", "api.localhost:9000"] {
            let caller = env.visitor().with("accept", PAGE).caller().clone().with("host", host);
            let by_edge = caller.get(&format!("/_edge/redirect/demo/{path}")).await;
            assert_eq!(
                (by_edge.status, lasting_headers(&by_edge), &by_edge.body),
                (by_host.status, lasting_headers(&by_host), &by_host.body),
                "{path}"
            );
            if by_host.status.is_redirection() {
                assert_eq!(masked(&by_edge), masked(&by_host));
            }
        }
    }
    let form = env.visitor().caller().clone().with("content-type", "application/x-www-form-urlencoded");
    form.send(http::Method::POST, "/_edge/redirect/demo/secret", b"password=open+sesame".to_vec()).await.expect(303);
    form.send(http::Method::HEAD, "/_edge/redirect/demo/launch", Vec::new()).await.expect(302);
    env.visitor().caller().clone().with("host", "DEMO.LocalHost:9000").get("/launch").await.expect(302);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_cold_visit_makes_one_read_and_a_warm_one_none() {
    let env = env_with(json!({})).await;
    env.owner()
        .put(
            "/v2/handles/demo/personalization-rules/de",
            json!({"when": {"countryIn": ["DE"]}, "variant": {"id": "v1", "destinationUrl": PRODUCT}}),
        )
        .await
        .expect(201);
    env.faults.take_calls();
    env.visitor().follow("launch").await.expect(302);
    assert_eq!(calls(&env), ["BatchGetItem", "SendMessage"]);
    for _ in 0..3 {
        env.visitor().in_country("DE").follow("launch").await.expect(302);
        assert_eq!(calls(&env), ["SendMessage"]);
    }
    env.visitor().head("launch").await.expect(302);
    assert_eq!(calls(&env), Vec::<String>::new());
    env.visitor().follow("unknown").await.expect(404);
    assert_eq!(calls(&env), ["BatchGetItem"]);
    env.visitor().follow("unknown").await.expect(404);
    assert_eq!(calls(&env), Vec::<String>::new());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_change_is_seen_after_five_seconds_and_a_copy_serves_until_then() {
    let env = env_with(json!({"destinationUrl": "https://example.com/old"})).await;
    env.visitor().follow("launch").await.expect(302);
    link(&env, "launch", json!({"destinationUrl": "https://example.com/new"})).await;
    env.advance_ms(4_999);
    env.faults.take_calls();
    assert_eq!(env.visitor().follow("launch").await.location().path(), "/old");
    assert_eq!(calls(&env), ["SendMessage"]);
    env.advance_ms(1);
    assert_eq!(env.visitor().follow("launch").await.location().path(), "/new");
    assert_eq!(calls(&env), ["BatchGetItem", "SendMessage"]);

    env.owner()
        .put(
            "/v2/handles/demo/personalization-rules/all",
            json!({"variant": {"id": "v1", "destinationUrl": "https://example.com/personal"}}),
        )
        .await
        .expect(201);
    env.advance_ms(5_000);
    assert_eq!(env.visitor().follow("launch").await.location().path(), "/personal");
    env.owner().delete(&format!("{LINKS}/launch")).await.expect(204);
    env.advance_ms(5_000);
    env.visitor().follow("launch").await.refused(404, "not_found");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_link_that_was_missing_is_found_after_one_second() {
    let env = TestEnv::new().await;
    env.visitor().follow("launch").await.refused(404, "not_found");
    link(&env, "launch", json!({})).await;
    env.advance_ms(1_000);
    env.visitor().follow("launch").await.expect(302);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn without_the_table_a_copy_of_at_most_five_minutes_serves_and_then_503() {
    let env = env_with(json!({})).await;
    env.visitor().follow("launch").await.expect(302);
    for fault in [Fault::Unreachable, Fault::Throttled] {
        let read_at = env.now();
        env.advance_ms(299_999);
        let fired = env.faults.inject(Rule::on("BatchGetItem").by("redirect").always(), fault);
        env.visitor().follow("launch").await.expect(302);
        fired.at_least_once();
        assert_eq!(env.now().millis() - read_at.millis(), 299_999);
        env.advance_ms(2);
        let refused = env.visitor().follow("launch").await.refused(503, "unavailable");
        assert!(refused.header("retry-after").parse::<u32>().unwrap() >= 1);
        assert_private(&refused);
        let page = env.visitor().with("accept", PAGE).follow("launch").await.expect(503);
        assert!(page.text().contains("Try again shortly") && !page.header("retry-after").is_empty());
        env.faults.clear();
        env.visitor().follow("launch").await.expect(302);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn without_the_table_a_link_that_is_not_cached_is_unavailable_and_not_missing() {
    let env = env_with(json!({})).await;
    env.visitor().follow("unknown").await.refused(404, "not_found");
    env.advance_ms(1_000);
    let fired = env.faults.inject(Rule::on("BatchGetItem").by("redirect").always(), Fault::Unreachable);
    env.visitor().follow("launch").await.refused(503, "unavailable");
    env.visitor().follow("unknown").await.refused(503, "unavailable");
    fired.at_least_once();
}
