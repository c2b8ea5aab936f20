//! Links with a password: the form, the tries, and what an opened link does.

use super::*;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_link_with_a_password_shows_a_form_and_records_no_click_until_it_is_opened() {
    let env = env_with(json!({"password": "open sesame"})).await;
    let form = env.visitor().follow("launch").await.expect(200);
    assert_eq!(form.header("content-type"), "text/html; charset=utf-8");
    assert!(form.text().contains(r#"<form method="post">"#) && form.text().contains(r#"type="password""#));
    // Chromium applies `form-action` to the redirect that answers the form; a browser goes through it in `.ci/browser`.
    let policy = form.header("content-security-policy");
    assert!(policy.contains("default-src 'none'") && policy.contains("base-uri 'none'") && !policy.contains("form-action"), "{policy}");
    assert!(!form.text().contains("example.com"));
    assert!(env.visitor().unlock("launch", "open sesamE").await.expect(403).text().contains("<form"));
    assert_eq!(queued(&env).await, 0);

    let opened = env.visitor().unlock("launch", "open sesame").await.expect(303);
    assert_eq!(masked(&opened), format!("{PRODUCT}?ctx=CTX"));
    assert_eq!(claims(&env, &opened).click_id, only_click(&env).await.id);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_gives_the_password_is_sent_and_counted_by_where_they_came_from_and_not_by_the_form() {
    let rule = json!({"priority": 1, "destinationUrl": "https://example.com/insta", "conditions": {"sourceIn": ["instagram"]}});
    let env = env_with(json!({"password": "open sesame", "routingRules": [rule]})).await;
    let came = env.visitor().with("referer", "https://www.instagram.com/p/1").follow("launch").await.expect(200);
    let field = r#"<input type="hidden" name="referrer" value="www.instagram.com">"#;
    assert!(came.text().contains(field), "{}", came.text());
    // What a browser posts: the fields of the form, and the form's own page as the referrer.
    let posts = async |body: &'static str| {
        let posting = env.visitor().with("referer", "http://demo.localhost:9000/launch").with("host", "demo.localhost:9000");
        let posting = posting.caller().clone().with("content-type", "application/x-www-form-urlencoded");
        posting.send(http::Method::POST, "/launch", body.as_bytes().to_vec()).await
    };
    assert!(posts("password=wrong&referrer=www.instagram.com").await.expect(403).text().contains(field));
    let opened = posts("password=open+sesame&referrer=www.instagram.com").await.expect(303);
    assert!(opened.header("location").starts_with("https://example.com/insta?ctx="), "{}", opened.header("location"));
    let direct = env.visitor().follow("launch").await.expect(200);
    assert!(!direct.text().contains("referrer"), "{}", direct.text());
    for body in ["password=open+sesame", "password=open+sesame&referrer=%22%3E%3Cb%3E%00"] {
        posts(body).await.expect(303);
    }
    let clicks = clicks(&env).await;
    let mut origins: Vec<_> = clicks.iter().map(|click| (click.source.as_str(), click.referrer.as_str())).collect();
    origins.sort_unstable();
    assert_eq!(origins, [("direct", "direct"), ("direct", "direct"), ("instagram", "www.instagram.com")]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_visitor_passes_without_the_password() {
    let env = env_with(json!({"password": "open sesame"})).await;
    for (number, wrong) in
        ["", " open sesame", "open sesame\0", "OPEN SESAME", "null", "' OR 1=1 --", "$argon2id$v=19$m=19456,t=2,p=1$", &"x".repeat(4000)]
            .into_iter()
            .enumerate()
    {
        let answer = env.visitor().from(&format!("192.0.2.{number}")).unlock("launch", wrong).await.expect(403);
        assert!(answer.headers.get("location").is_none() && !answer.text().contains("example.com"), "{wrong:?}");
    }
    let caller = env.visitor().from("192.0.2.100").caller().clone().with("host", "demo.localhost:9000");
    for (kind, body, status) in [
        ("application/json", r#"{"password":"open sesame"}"#.to_owned(), 403),
        ("application/x-www-form-urlencoded", "passw%6frt=open+sesame".to_owned(), 403),
        ("application/x-www-form-urlencoded", String::new(), 403),
        ("application/x-www-form-urlencoded", format!("a={}&password=open+sesame", "x".repeat(5000)), 413),
    ] {
        let answer = caller
            .clone()
            .with("content-type", kind)
            .send(http::Method::POST, "/launch?password=open+sesame", body.into_bytes())
            .await
            .expect(status);
        assert!(answer.headers.get("location").is_none());
    }
    for path in ["launch?password=open+sesame", "launch?ctx=x&unlocked=1"] {
        assert!(env.visitor().with("x-password", "open sesame").follow(path).await.expect(200).headers.get("location").is_none());
        assert!(env.visitor().head(path).await.expect(200).headers.get("location").is_none());
    }
    assert_eq!(queued(&env).await, 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_address_has_five_tries_a_minute_at_a_password() {
    let env = env_with(json!({"password": "open sesame"})).await;
    for _ in 0..5 {
        env.visitor().unlock("launch", "wrong").await.expect(403);
        env.advance_ms(1000);
    }
    let refused = env.visitor().unlock("launch", "open sesame").await.refused(429, "rate_limited");
    assert_eq!(refused.header("retry-after"), "55");
    assert_private(&refused);
    let page = env.visitor().with("accept", PAGE).unlock("launch", "open sesame").await.expect(429);
    assert_eq!((page.header("retry-after"), page.header("content-type")), ("55", "text/html; charset=utf-8"));
    env.visitor().follow("launch").await.expect(200);
    env.visitor().from("203.0.113.5").unlock("launch", "open sesame").await.expect(303);

    env.advance_ms(54_999);
    env.visitor().unlock("launch", "open sesame").await.refused(429, "rate_limited");
    env.advance_ms(1);
    env.visitor().unlock("launch", "open sesame").await.expect(303);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_ipv6_network_shares_its_tries_and_its_neighbour_has_its_own() {
    let env = env_with(json!({"password": "open sesame"})).await;
    for number in 1..=5 {
        env.visitor().from(&format!("2001:db8:1:2::{number}")).unlock("launch", "wrong").await.expect(403);
    }
    env.visitor().from("2001:db8:1:2:ffff:ffff:ffff:ffff").unlock("launch", "open sesame").await.refused(429, "rate_limited");
    env.visitor().from("2001:db8:1:3::1").unlock("launch", "open sesame").await.expect(303);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn tries_made_at_once_are_counted_each() {
    let env = env_with(json!({"password": "open sesame"})).await;
    let tries = futures::future::join_all((0..16).map(|_| async { env.visitor().unlock("launch", "wrong").await.status.as_u16() })).await;
    assert_eq!(tries.iter().filter(|status| **status == 403).count(), 5, "{tries:?}");
    assert_eq!(tries.iter().filter(|status| **status == 429).count(), 11, "{tries:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn tries_that_cannot_be_counted_open_nothing() {
    let env = env_with(json!({"password": "open sesame"})).await;
    env.visitor().follow("launch").await.expect(200);
    let fired = env.faults.inject(Rule::on("UpdateItem").by("redirect").always(), Fault::Unreachable);
    let refused = env.visitor().unlock("launch", "open sesame").await.refused(503, "unavailable");
    assert!(refused.header("retry-after").parse::<u32>().unwrap() >= 1);
    fired.at_least_once();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_changed_password_is_asked_for_after_five_seconds() {
    let env = env_with(json!({"password": "old password"})).await;
    env.visitor().unlock("launch", "old password").await.expect(303);
    link(&env, "launch", json!({"password": "new password"})).await;
    env.advance_ms(5_000);
    env.visitor().unlock("launch", "old password").await.expect(403);
    env.visitor().unlock("launch", "new password").await.expect(303);
    link(&env, "launch", json!({"password": null})).await;
    env.advance_ms(5_000);
    env.visitor().follow("launch").await.expect(302);
}
