//! Methods and states in which a link does not lead on.

use super::*;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_link_answers_other_methods_with_405_and_counts_nothing() {
    let env = env_with(json!({})).await;
    let refused = env.visitor().unlock("launch", "anything").await.refused(405, "method_not_allowed");
    assert_eq!(refused.header("allow"), "GET, HEAD");
    let page = env.visitor().with("accept", PAGE).unlock("launch", "anything").await.expect(405);
    assert_eq!((page.header("allow"), page.header("content-type")), ("GET, HEAD", "text/html; charset=utf-8"));
    for method in ["PUT", "DELETE", "PATCH", "OPTIONS", "TRACE", "PURGE"] {
        for path in ["/launch", "/_edge/redirect/demo/launch"] {
            let caller = env.visitor().caller().clone().with("host", "demo.localhost:9000");
            let answer = caller.send(method.parse().unwrap(), path, Vec::new()).await;
            assert!([404, 405].contains(&answer.status.as_u16()), "{method} {path}: {}", answer.status);
            assert!(answer.headers.get("location").is_none());
        }
    }
    assert_eq!(queued(&env).await, 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_link_that_is_unknown_disabled_or_not_yet_started_is_not_found() {
    let env = env_with(json!({"enabled": false})).await;
    link(&env, "later", json!({"scheduledStartAt": "2026-03-01T12:00:01Z"})).await;
    env.visitor().follow("unknown").await.refused(404, "not_found");
    env.visitor().follow("launch").await.refused(404, "not_found");
    env.visitor().follow("later").await.refused(404, "not_found");
    env.advance_ms(999);
    env.visitor().follow("later").await.refused(404, "not_found");
    assert_eq!(queued(&env).await, 0);
    env.advance_ms(1);
    env.visitor().follow("later").await.expect(302);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_link_past_its_end_its_expiry_or_its_clicks_has_expired_to_the_millisecond() {
    let env = env_with(json!({"scheduledEndAt": "2026-03-01T12:00:01Z"})).await;
    link(&env, "expiring", json!({"expiresAt": "2026-03-01T12:00:01Z"})).await;
    link(&env, "limited", json!({"maxClicks": 1})).await;
    env.advance_ms(999);
    for slug in ["launch", "expiring", "limited"] {
        env.visitor().follow(slug).await.expect(302);
    }
    assert_eq!(queued(&env).await, 3);
    env.advance_ms(1);
    for slug in ["launch", "expiring", "limited"] {
        env.visitor().follow(slug).await.refused(410, "link_expired");
        env.visitor().head(slug).await.expect(410);
    }
    assert_eq!(queued(&env).await, 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_closed_link_with_a_fallback_leads_there_without_ctx_and_counts_nothing() {
    let env = TestEnv::new().await;
    let fallback = "https://example.com/sorry?a=1#f";
    for (slug, closed) in [
        ("disabled", json!({"enabled": false})),
        ("later", json!({"scheduledStartAt": "2026-03-02T00:00:00Z"})),
        ("ended", json!({"scheduledEndAt": "2026-02-01T00:00:00Z"})),
        ("expired", json!({"expiresAt": "2026-03-01T12:00:00Z"})),
        ("secret", json!({"enabled": false, "password": "open sesame"})),
    ] {
        let mut settings = json!({"fallbackUrl": fallback, "redirectType": 307, "queryPassthrough": true, "tracking": {"utmSource": "suite"}, "trackingPolicy": {"mode": "BRIDGE"}});
        settings.as_object_mut().unwrap().extend(closed.as_object().unwrap().clone());
        link(&env, slug, settings).await;
        let answer = env.visitor().follow(&format!("{slug}?ref=1")).await.expect(302);
        assert_eq!(answer.header("location"), fallback, "{slug}");
    }
    link(&env, "limited", json!({"maxClicks": 1, "fallbackUrl": fallback})).await;
    assert_eq!(queued(&env).await, 0);
    assert!(!env.visitor().follow("limited").await.expect(302).ctx().is_empty());
    assert_eq!(env.visitor().follow("limited").await.expect(302).header("location"), fallback);
    assert_eq!(queued(&env).await, 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_browser_gets_a_page_where_a_program_gets_json() {
    let env = env_with(json!({"expiresAt": "2026-01-01T00:00:00Z"})).await;
    for (path, status, title, code) in [
        ("unknown", 404, "Link not found", "not_found"),
        ("launch/", 404, "Link not found", "not_found"),
        ("launch", 410, "This link has ended", "link_expired"),
    ] {
        let page = env.visitor().with("accept", PAGE).follow(path).await.expect(status);
        assert_eq!(page.header("content-type"), "text/html; charset=utf-8");
        assert!(page.text().contains(&format!("<h1>{title}</h1>")), "{}", page.text());
        assert!(!page.header("x-request-id").is_empty());
        for accept in ["application/json", "*/*", ""] {
            env.visitor().with("accept", accept).follow(path).await.refused(status, code);
        }
        env.visitor().follow(path).await.refused(status, code);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn head_answers_the_headers_of_get_and_records_nothing() {
    let env = env_with(json!({"tracking": {"utmSource": "suite"}})).await;
    link(&env, "kept", json!({"redirectType": 307})).await;
    link(&env, "bridge", json!({"trackingPolicy": {"mode": "BRIDGE"}})).await;
    link(&env, "secret", json!({"password": "open sesame"})).await;
    link(&env, "gone", json!({"enabled": false})).await;
    for slug in ["launch", "kept", "bridge", "secret", "gone", "unknown"] {
        for accept in [PAGE, "*/*"] {
            let head = env.visitor().with("accept", accept).head(slug).await;
            assert_eq!(queued(&env).await, 0, "{slug}");
            let get = env.visitor().with("accept", accept).follow(slug).await;
            queued(&env).await;
            assert_eq!((head.status, lasting_headers(&head)), (get.status, lasting_headers(&get)), "{slug}");
            if get.status.is_redirection() {
                assert_eq!(masked(&head), masked(&get));
            }
        }
    }
}
