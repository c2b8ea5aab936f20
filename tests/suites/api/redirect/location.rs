//! Where a redirect leads: the destination, its parameters, and the headers of the answer.

use super::*;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_redirect_is_a_302_or_the_307_its_owner_chose() {
    let env = env_with(json!({})).await;
    link(&env, "kept", json!({"redirectType": 307})).await;
    assert!(env.visitor().follow("launch").await.expect(302).body.is_empty());
    assert!(env.visitor().follow("kept").await.expect(307).body.is_empty());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_location_is_the_stored_destination_with_missing_utm_and_then_ctx_before_the_fragment() {
    let env = TestEnv::new().await;
    let tracking = json!({"utmSource": "suite", "utmMedium": "e mail&co"});
    for (number, (destination, tracking, location)) in [
        ("https://example.com/p", json!({}), "https://example.com/p?ctx=CTX"),
        ("https://example.com", json!({}), "https://example.com/?ctx=CTX"),
        ("https://example.com/p?", json!({}), "https://example.com/p?ctx=CTX"),
        ("https://example.com/p", tracking.clone(), "https://example.com/p?utm_source=suite&utm_medium=e+mail%26co&ctx=CTX"),
        (
            "https://example.com/p?utm_source=own#top",
            tracking.clone(),
            "https://example.com/p?utm_source=own&utm_medium=e+mail%26co&ctx=CTX#top",
        ),
        ("https://example.com/p?utm%5Fsource=own", json!({"utmSource": "suite"}), "https://example.com/p?utm%5Fsource=own&ctx=CTX"),
        ("https://example.com/p?ctx=old&x=1&c%74x=older#/f?ctx=inner", json!({}), "https://example.com/p?x=1&ctx=CTX#/f?ctx=inner"),
        ("https://example.com/?a=%20b&empty=&flag&a=2", json!({}), "https://example.com/?a=%20b&empty=&flag&a=2&ctx=CTX"),
        ("https://b\u{fc}cher.example:8443/\u{e4}?q=\u{fc}", json!({}), "https://xn--bcher-kva.example:8443/%C3%A4?q=%C3%BC&ctx=CTX"),
        ("http://[2001:db8::1]/x", json!({}), "http://[2001:db8::1]/x?ctx=CTX"),
    ]
    .into_iter()
    .enumerate()
    {
        let slug = format!("link{number}");
        link(&env, &slug, json!({"destinationUrl": destination, "tracking": tracking})).await;
        assert_eq!(masked(&env.visitor().follow(&slug).await.expect(302)), location);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_admitted_destination_becomes_a_location_that_is_it_plus_ctx_and_a_plain_web_address() {
    let env = TestEnv::new().await;
    let parts = [
        "https://",
        "http://",
        "HTTPS://",
        "https:",
        "//",
        "javascript:",
        "data:,",
        "a.example",
        "192.0.2.9",
        "[::1]",
        "xn--9",
        "user:pw@",
        ":81",
        ":99999",
        "/",
        "/..",
        "?",
        "&",
        "=",
        "#",
        "ctx=1",
        "utm_source=x",
        "%",
        "%0d%0a",
        "\r\n",
        "\t",
        " ",
        "\\",
        "\u{0}",
        "\u{202e}",
        "\u{1f980}",
        "\"",
        "'",
        "<",
        ">",
        "`",
        ";",
        "|",
        "{",
        "]",
        "^",
    ];
    let mut random = Random::new(7);
    let mut admitted = 0;
    for number in 0..500 {
        let mut text = if number % 4 == 0 { String::new() } else { "https://a.example".to_owned() };
        for _ in 0..1 + number % 3 {
            text.push_str(random.pick(&parts));
        }
        let answer = env.owner().put(&format!("{LINKS}/fuzz{number}"), json!({"destinationUrl": text})).await;
        if answer.status.as_u16() != 201 {
            answer.refused(400, "invalid_destination_url");
            continue;
        }
        admitted += 1;
        let stored: url::Url = answer.json()["destinationUrl"].as_str().unwrap().parse().unwrap();
        let redirect = env.visitor().follow(&format!("fuzz{number}")).await.expect(302);
        let raw = redirect.header("location");
        assert!(raw.bytes().all(|byte| byte.is_ascii_graphic()), "{raw:?}");
        let location = redirect.location();
        assert!(["http", "https"].contains(&location.scheme()) && location.username().is_empty() && location.password().is_none(), "{raw}");
        assert_eq!(
            (location.origin(), location.path(), location.fragment()),
            (stored.origin(), stored.path(), stored.fragment()),
            "{text:?}"
        );
        let pairs = |url: &url::Url| {
            url.query_pairs()
                .filter(|(name, value)| name != "ctx" && !(name.is_empty() && value.is_empty()))
                .map(|(name, value)| format!("{name}={value}"))
                .collect::<Vec<_>>()
        };
        assert_eq!(pairs(&location), pairs(&stored), "{text:?}");
        assert_eq!(location.query_pairs().filter(|(name, _)| name == "ctx").count(), 1, "{text:?}");
        assert_eq!(claims(&env, &redirect).slug.as_str(), format!("fuzz{number}"));
    }
    assert!((100..400).contains(&admitted), "{admitted} of 500 were admitted");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_visitors_query_travels_on_only_where_the_owner_says_so() {
    let env = env_with(json!({})).await;
    link(&env, "passing", json!({"queryPassthrough": true})).await;
    assert_eq!(masked(&env.visitor().follow("launch?ref=a&source=ad").await), format!("{PRODUCT}?ctx=CTX"));
    let passed = masked(&env.visitor().follow("passing?ref=a%26b&source=ad&x=%0d%0aSet-Cookie:%20a=b&consent=basic").await.expect(302));
    assert_eq!(passed, format!("{PRODUCT}?ref=a%26b&source=ad&x=%0D%0ASet-Cookie%3A+a%3Db&ctx=CTX"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_visitor_can_choose_neither_ctx_nor_destination_nor_the_owners_parameters_nor_an_id() {
    let env = TestEnv::new().await;
    let settings = json!({"destinationUrl": "https://example.com/p?own=1&utm_source=fixed", "tracking": {"utmMedium": "owner"}, "queryPassthrough": true});
    link(&env, "passing", settings).await;
    link(&env, "bare", json!({"queryPassthrough": true, "trackingPolicy": {"appendContextParam": false}})).await;
    let tries = "ctx=evil&c%74x=evil&own=2&utm_source=x&utm_medium=y&url=https://evil.example&destinationUrl=//evil.example&clickId=clk_00000000000000000000000000";
    let redirect = env.visitor().follow(&format!("passing?{tries}")).await.expect(302);
    let location = redirect.location();
    assert_eq!((location.host_str(), location.path()), (Some("example.com"), "/p"));
    let pairs: Vec<(String, String)> = location.query_pairs().into_owned().collect();
    let named = |name: &str| pairs.iter().filter(|(key, _)| key == name).map(|(_, value)| value.as_str()).collect::<Vec<_>>();
    assert_eq!((named("own"), named("utm_source"), named("utm_medium")), (vec!["1"], vec!["fixed"], vec!["owner"]));
    assert_eq!(named("ctx"), [redirect.ctx()]);
    assert_ne!(claims(&env, &redirect).click_id.to_string(), "clk_00000000000000000000000000");
    assert_eq!(claims(&env, &redirect).click_id, only_click(&env).await.id);

    let bare = env.visitor().follow("bare?ctx=evil&c%74x=evil&CTX=other").await.expect(302);
    assert_eq!(bare.header("location"), format!("{PRODUCT}?CTX=other"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_answer_is_private_unindexed_and_without_a_cookie() {
    let env = env_with(json!({})).await;
    link(&env, "gone", json!({"expiresAt": "2026-01-01T00:00:00Z"})).await;
    link(&env, "bridge", json!({"trackingPolicy": {"mode": "BRIDGE"}})).await;
    link(&env, "secret", json!({"password": "open sesame"})).await;
    link(&env, "elsewhere", json!({"enabled": false, "fallbackUrl": "https://example.com/sorry"})).await;
    for (path, status) in [("launch", 302), ("gone", 410), ("bridge", 200), ("secret", 200), ("elsewhere", 302), ("unknown", 404)] {
        for accept in ["*/*", PAGE] {
            assert_private(&env.visitor().with("accept", accept).follow(path).await.expect(status));
            assert_private(&env.visitor().with("accept", accept).head(path).await.expect(status));
        }
    }
    assert_private(&env.visitor().unlock("secret", "wrong").await.expect(403));
    assert_private(&env.visitor().unlock("secret", "open sesame").await.expect(303));
    assert_eq!(env.visitor().follow("launch").await.header("referrer-policy"), "no-referrer-when-downgrade");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_link_without_the_context_parameter_redirects_bare_and_still_counts() {
    let env =
        env_with(json!({"trackingPolicy": {"appendContextParam": false}, "destinationUrl": "https://example.com/p?ctx=theirs#f"})).await;
    assert_eq!(env.visitor().follow("launch").await.expect(302).header("location"), "https://example.com/p?ctx=theirs#f");
    assert!(!only_click(&env).await.bot);
}
