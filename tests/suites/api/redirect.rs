//! Following links: where a visitor is taken, what is remembered of the visit, and what happens when something is out of reach.

use std::collections::{BTreeMap, BTreeSet};

use domain::clicks::Click;
use domain::clicks::ctx::{Consent, CtxClaims, Keyring};
use domain::links::Link;
use domain::values::destination::Destination;
use futures::StreamExt;
use serde_json::{Value, json};
use store::{Expect, Store, WriteOutcome};
use tests::{Answer, Fault, Random, Rule, TestEnv, TestEnvOptions, Visit};

const LINKS: &str = "/v2/handles/demo/links";
const PRODUCT: &str = "https://example.com/product";
const PAGE: &str = "text/html,application/xhtml+xml,*/*;q=0.8";

/// The link `slug` of `demo`, leading to the product unless `settings` say otherwise.
async fn link(env: &TestEnv, slug: &str, settings: Value) -> Answer {
    let mut body = json!({"destinationUrl": PRODUCT});
    body.as_object_mut().unwrap().extend(settings.as_object().cloned().unwrap_or_default());
    let answer = env.owner().put(&format!("{LINKS}/{slug}"), body).await;
    assert!(answer.status.is_success(), "{}", answer.text());
    answer
}

/// An environment with the link `launch`.
async fn env_with(settings: Value) -> TestEnv {
    let env = TestEnv::new().await;
    if let Some(campaign) = settings["campaignId"].as_str() {
        env.campaign(campaign).await;
    }
    link(&env, "launch", settings).await;
    env.faults.take_calls();
    env
}

/// An environment whose functions trust no viewer header.
async fn env_without_trusted_headers() -> TestEnv {
    let environment = BTreeMap::from([("TRUST_VIEWER_HEADERS".to_owned(), String::new())]);
    let env = TestEnv::with(TestEnvOptions { environment, ..TestEnvOptions::default() }).await;
    link(&env, "launch", json!({})).await;
    env
}

/// Every click stored today, in the order they were made, after the queue has been worked off.
async fn clicks(env: &TestEnv) -> Vec<Click> {
    env.process_events().await;
    let settings = env.app("click-worker").settings();
    let store = Store::connect(&settings.connection(store::http_client()), settings.table.clone(), settings.queues.clone());
    let mut clicks = tests::clicks_of_day(&store, &env.handle(), env.now().day()).await.unwrap();
    clicks.sort_by_key(|click| click.id);
    clicks
}

async fn only_click(env: &TestEnv) -> Click {
    let mut clicks = clicks(env).await;
    assert_eq!(clicks.len(), 1, "{clicks:?}");
    clicks.remove(0)
}

/// How many clicks wait in the queue; they are counted by this.
async fn queued(env: &TestEnv) -> usize {
    env.drain("ClicksQueue").await.received
}

/// What the ctx of a redirect says.
fn claims(env: &TestEnv, redirect: &Answer) -> CtxClaims {
    let ring = Keyring::from_json(&env.keys().platform).unwrap();
    ring.open(&redirect.ctx(), env.now()).unwrap()
}

/// The location with its ctx made readable.
fn masked(redirect: &Answer) -> String {
    redirect.header("location").replace(&redirect.ctx(), "CTX")
}

/// The operations the redirect has called since this was last asked.
fn calls(env: &TestEnv) -> Vec<String> {
    let calls = env.faults.take_calls().into_iter();
    calls.filter(|(function, _)| function == "redirect").map(|(_, operation)| operation).collect()
}

/// The headers of an answer that are the same for every such answer.
fn lasting_headers(answer: &Answer) -> BTreeMap<String, String> {
    let fleeting = ["x-request-id", "apigw-requestid", "location", "date", "content-length"];
    let headers = answer.headers.iter().filter(|(name, _)| !fleeting.contains(&name.as_str()));
    headers.map(|(name, value)| (name.to_string(), String::from_utf8_lossy(value.as_bytes()).into_owned())).collect()
}

#[track_caller]
fn assert_private(answer: &Answer) {
    assert_eq!(answer.header("cache-control"), "private, no-store", "{}", answer.status);
    assert_eq!(answer.header("x-robots-tag"), "noindex", "{}", answer.status);
    assert!(answer.headers.get("set-cookie").is_none(), "{}", answer.status);
}

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

/// The value of an attribute of a page, as a browser reads it.
fn attribute<'p>(page: &'p str, before: &str) -> String {
    let value: &'p str = page.split_once(before).unwrap().1.split('"').next().unwrap();
    value.replace("&lt;", "<").replace("&gt;", ">").replace("&quot;", "\"").replace("&#39;", "'").replace("&amp;", "&")
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_bridge_page_carries_ctx_on_by_refresh_and_by_a_plain_link_without_scripts() {
    let hostile = r#"https://example.com/it's<b>?a=1&b="2"&amp;=<script>alert(1)</script>#it's"x""#;
    let env = TestEnv::new().await;
    let stored =
        link(&env, "launch", json!({"destinationUrl": hostile, "trackingPolicy": {"mode": "BRIDGE"}, "redirectType": 307})).await.json();
    let answer = env.visitor().follow("launch").await.expect(200);
    assert_eq!(answer.header("content-type"), "text/html; charset=utf-8");
    assert!(answer.header("content-security-policy").contains("default-src 'none'"));
    assert!(answer.header("content-security-policy").contains("form-action 'none'"));
    assert!(answer.headers.get("location").is_none());
    let page = answer.text();
    let refresh = attribute(&page, r#"<meta http-equiv="refresh" content="0;url="#);
    assert_eq!(refresh, attribute(&page, r#"<a href=""#));
    assert!(!page.contains("<script") && !page.contains("it's"), "{page}");
    let target: url::Url = refresh.parse().unwrap();
    let ctx = target.query_pairs().find(|(name, _)| name == "ctx").unwrap().1.into_owned();
    assert_eq!(target.as_str().replace(&format!("&ctx={ctx}"), ""), stored["destinationUrl"].as_str().unwrap());
    let context = env.anonymous().get(&format!("/v2/public/context?ctx={ctx}")).await.expect(200).json();
    assert_eq!(context["clickId"], only_click(&env).await.id.to_string());
}

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

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_prefetch_is_redirected_and_recorded_as_a_bot_for_that_reason() {
    let env = env_with(json!({})).await;
    let ahead = [
        ("sec-purpose", "prefetch"),
        ("sec-purpose", "prefetch;prerender"),
        ("sec-purpose", "prefetch;anonymous-client-ip"),
        ("sec-purpose", "prerender"),
        ("purpose", "prefetch"),
        ("x-purpose", "preview"),
        ("x-purpose", "prefetch"),
        ("x-moz", "prefetch"),
    ];
    for (header, value) in ahead {
        let redirect = env.visitor().with(header, value).follow("launch").await.expect(302);
        assert!(claims(&env, &redirect).bot);
        env.advance_ms(1);
    }
    env.visitor().with("sec-purpose", "navigation").follow("launch").await.expect(302);
    let mut clicks = clicks(&env).await;
    assert!(!clicks.pop().unwrap().bot);
    assert_eq!(clicks.len(), ahead.len());
    for (click, (_, value)) in clicks.iter().zip(ahead) {
        assert_eq!(
            (click.bot, click.reasons.as_slice(), click.purpose.as_deref()),
            (true, ["prefetch".to_owned()].as_slice(), Some(value))
        );
        assert_eq!((click.device.as_str(), click.classifier), ("BOT", domain::clicks::agent::CLASSIFIER_VERSION));
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn bots_are_redirected_and_recorded_with_their_reason() {
    let env = env_with(json!({})).await;
    let googlebot = "Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)";
    let visits: [(Visit<'_>, &str); 5] = [
        (env.visitor().without("user-agent"), "empty_user_agent"),
        (env.visitor().with("user-agent", "  "), "empty_user_agent"),
        (env.visitor().with("user-agent", googlebot), "declared_bot"),
        (env.visitor().with("user-agent", "curl/8.5.0"), "automation_tool"),
        (env.visitor().with("user-agent", "something else"), "not_a_browser"),
    ];
    let mut reasons = Vec::new();
    for (visit, reason) in visits {
        let redirect = visit.follow("launch").await.expect(302);
        assert!(claims(&env, &redirect).bot, "{reason}");
        reasons.push(vec![reason.to_owned()]);
        env.advance_ms(1);
    }
    let clicks = clicks(&env).await;
    assert!(clicks.iter().all(|click| click.bot));
    assert_eq!(clicks.into_iter().map(|click| click.reasons).collect::<Vec<_>>(), reasons);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn people_in_the_browsers_of_apps_are_human_on_their_device() {
    let env = env_with(json!({})).await;
    let lines =
        include_str!("../../../shared/domain/data/in-app-browsers.txt").lines().filter(|line| !line.is_empty() && !line.starts_with('#'));
    let agents: Vec<(&str, &str)> = lines.map(|line| line.split_once(' ').unwrap()).collect();
    for (_, agent) in &agents {
        env.visitor().with("user-agent", agent).follow("launch").await.expect(302);
        env.advance_ms(1);
    }
    let clicks = clicks(&env).await;
    assert_eq!(clicks.len(), agents.len());
    for (click, (device, agent)) in clicks.iter().zip(agents) {
        assert_eq!((click.bot, click.device.as_str(), click.user_agent.as_deref()), (false, device, Some(agent)));
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_visitor_who_opted_out_leaves_a_click_without_address_and_session() {
    let env = env_with(json!({})).await;
    let visits = [
        (env.visitor().with("sec-gpc", "1"), "launch?sid=sess-1", Consent::Denied),
        (env.visitor().with("dnt", "1"), "launch?sid=sess-1", Consent::Denied),
        (env.visitor(), "launch?sid=sess-1&consent=denied", Consent::Denied),
        (env.visitor(), "launch?sid=sess-1&consent=DENIED", Consent::Denied),
        (env.visitor(), "launch?sid=sess-1&consent=no", Consent::Denied),
        (env.visitor(), "launch?sid=sess-1&consent=Full", Consent::Full),
        (env.visitor(), "launch?sid=sess-1&consent=", Consent::Full),
        (env.visitor().with("sec-gpc", "1"), "launch?sid=sess-1&consent=full", Consent::Denied),
        (env.visitor(), "launch?sid=sess-1&consent=basic", Consent::Basic),
        (env.visitor().with("sec-gpc", "0").with("dnt", "0"), "launch?sid=sess-1", Consent::Full),
    ];
    let mut expected = Vec::new();
    for (visit, path, consent) in visits {
        let redirect = visit.follow(path).await.expect(302);
        let context = env.anonymous().get(&format!("/v2/public/context?ctx={}", redirect.ctx())).await.expect(200).json();
        let session = (consent != Consent::Denied).then_some("sess-1");
        assert_eq!((&context["consent"], &context["sessionId"]), (&json!(consent), &json!(session)));
        expected.push((consent, session.map(str::to_owned), consent != Consent::Denied));
        env.advance_ms(1);
    }
    let stored =
        clicks(&env).await.into_iter().map(|click| (click.consent, click.session_id.map(|id| id.to_string()), click.address.is_some()));
    assert_eq!(stored.collect::<Vec<_>>(), expected);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_stored_click_knows_an_address_only_a_hash_that_neighbours_share_for_a_day() {
    let env = env_with(json!({})).await;
    let addresses = ["198.51.100.77", "198.51.100.201", "203.0.113.9", "2001:db8:abcd:1::7", "2001:db8:abcd:2::9"];
    for address in addresses {
        let many = vec![address; 300].join(", ");
        env.visitor()
            .from(address)
            .with("x-forwarded-for", &many)
            .with("forwarded", &format!("for={address}"))
            .follow("launch")
            .await
            .expect(302);
        env.advance_ms(1);
    }
    let mut messages = String::new();
    env.drain_with("ClicksQueue", |batch| {
        batch.iter().for_each(|message| messages.push_str(message.body.as_deref().unwrap_or_default()));
        batch
    })
    .await;
    let today = clicks(&env).await;
    let stored = serde_json::to_string(&today).unwrap();
    assert_eq!(today.len(), addresses.len());
    for part in ["198.51.100", "203.0.113", "2001:db8", "abcd"] {
        assert!(!messages.contains(part) && !stored.contains(part), "{part} in {stored}");
    }
    let hashes: Vec<String> = today.into_iter().map(|click| click.address.unwrap()).collect();
    assert_eq!((&hashes[0], &hashes[3]), (&hashes[1], &hashes[4]));
    assert_eq!(hashes.iter().collect::<BTreeSet<_>>().len(), 3);

    env.advance_days(1);
    env.visitor().from(addresses[0]).follow("launch").await.expect(302);
    let tomorrow = only_click(&env).await;
    assert_ne!(tomorrow.address.as_ref(), Some(&hashes[0]));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn headers_that_any_client_can_send_set_neither_address_nor_country() {
    let env = env_without_trusted_headers().await;
    env.visitor().follow("launch").await.expect(302);
    env.advance_ms(1);
    for name in ["x-forwarded-for", "x-real-ip", "forwarded", "cloudfront-viewer-address", "x-origin-verify"] {
        let value = if name == "forwarded" { "for=203.0.113.9" } else { "203.0.113.9:443" };
        env.visitor().in_country("DE").with(name, value).follow("launch").await.expect(302);
        env.advance_ms(1);
    }
    let clicks = clicks(&env).await;
    assert_eq!(clicks.len(), 6);
    for click in &clicks {
        assert_eq!((click.country.as_str(), &click.address), ("UNKNOWN", &clicks[0].address));
    }
    assert!(clicks[0].address.is_some());

    link(&env, "secret", json!({"password": "open sesame"})).await;
    let guess = |number: usize| {
        let spoofed = format!("203.0.113.{number}");
        env.visitor().with("x-forwarded-for", &spoofed).with("cloudfront-viewer-address", &format!("{spoofed}:443"))
    };
    for number in 0..5 {
        guess(number).unlock("secret", "wrong").await.expect(403);
    }
    guess(5).unlock("secret", "open sesame").await.refused(429, "rate_limited");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_fronts_headers_count_when_it_proves_itself_with_the_origin_secret() {
    let secret = json!({"current": "k1", "k1": "0123456789abcdef0123456789abcdef", "originVerify": "front-secret-0123456789"}).to_string();
    let environment = BTreeMap::from([("TRUST_VIEWER_HEADERS".to_owned(), String::new()), ("PLATFORM_SECRET".to_owned(), secret)]);
    let env = TestEnv::with(TestEnvOptions { environment, ..TestEnvOptions::default() }).await;
    link(&env, "launch", json!({})).await;
    for proof in ["front-secret-0123456789", "front-secret-0123456780", "front-secret", ""] {
        env.visitor()
            .in_country("de")
            .with("cloudfront-viewer-address", "203.0.113.9:443")
            .with("x-origin-verify", proof)
            .follow("launch")
            .await
            .expect(302);
        env.advance_ms(1);
    }
    env.visitor().from("203.0.113.77").follow("launch").await.expect(302);
    let clicks = clicks(&env).await;
    let countries: Vec<&str> = clicks.iter().map(|click| click.country.as_str()).collect();
    assert_eq!(countries, ["DE", "UNKNOWN", "UNKNOWN", "UNKNOWN", "UNKNOWN"]);
    assert_eq!(clicks[0].address, clicks[4].address);
    assert_ne!(clicks[1].address, clicks[4].address);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_click_records_the_visit_from_the_query_and_the_headers() {
    let env = env_with(json!({"campaignId": "spring-2026"})).await;
    let long = "x".repeat(500);
    let far = format!("https://blog.example/{}", "x".repeat(8000));
    let plain = ("direct", "spring-2026", "direct", None::<&str>, None::<&str>);
    let visits = [
        ("launch", "", "", plain),
        ("launch?source=Ad&utm_source=b&src=c", "https://t.co/x", "", ("ad", "spring-2026", "t.co", None, None)),
        ("launch?src=c&utm_source=News%20Letter", "", "", ("news letter", "spring-2026", "direct", None, None)),
        ("launch?src=QR", "", "", ("qr", "spring-2026", "direct", None, None)),
        (
            "launch?source=&utm_source=%00%0a",
            "https://www.Instagram.com/p/1",
            "",
            ("instagram", "spring-2026", "www.instagram.com", None, None),
        ),
        (
            "launch?campaign=Summer&utm_campaign=x",
            "https://blog.example/post?secret=1",
            "",
            ("referral", "summer", "blog.example", None, None),
        ),
        ("launch?utm_campaign=Winter", "https://www.google.co.uk/", "", ("google", "winter", "www.google.co.uk", None, None)),
        ("launch?=odd", "android-app://com.google.android.gm/", "", ("email", "spring-2026", "com.google.android.gm", None, None)),
        ("launch?sid=sess-1", "", "de-AT,de;q=0.9,en;q=0.5", ("direct", "spring-2026", "direct", Some("de-AT"), Some("sess-1"))),
        ("launch?sid=a%20b", "", "*", plain),
        ("launch?sid=", r#"=HYPERLINK("https://evil.example")"#, "en;q=0", plain),
        ("launch", "@SUM(1+1)*cmd|' /C calc'!A0", "<script>", plain),
        ("launch", &far, "", plain),
    ];
    let mut expected = Vec::new();
    for (path, referrer, language, (source, campaign, host, tongue, session)) in visits {
        let visit = env.visitor().in_country("DE").with("referer", referrer).with("accept-language", language);
        visit.follow(path).await.expect(302);
        env.advance_ms(1);
        let own = |text: &str| text.to_owned();
        expected.push((own(source), Some(own(campaign)), own(host), tongue.map(own), session.map(own)));
    }
    env.visitor().follow(&format!("launch?source={long}")).await.expect(302);
    let mut clicks = clicks(&env).await;
    assert_eq!(clicks.pop().unwrap().source, "x".repeat(64));
    let stored = clicks.iter().map(|click| {
        (
            click.source.clone(),
            click.campaign.clone(),
            click.referrer.clone(),
            click.language.clone(),
            click.session_id.as_ref().map(ToString::to_string),
        )
    });
    assert_eq!(stored.collect::<Vec<_>>(), expected);
    assert!(clicks.iter().all(|click| click.country == "DE"
        && click.link_version == 1
        && click.campaign_id.as_ref().is_some_and(|id| id.as_str() == "spring-2026")));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_click_and_its_ctx_name_the_rule_that_decided() {
    let env = env_with(json!({"routingRules": [
        {"priority": 2, "destinationUrl": "https://example.com/late"},
        {"priority": 1, "destinationUrl": "https://example.com/de", "conditions": {"countryIn": ["DE"]}},
    ]}))
    .await;
    let rule = json!({"variant": {"id": "v1", "destinationUrl": "https://example.com/personal"}});
    env.owner().put("/v2/handles/demo/personalization-rules/everyone", rule).await.expect(201);
    link(&env, "ruleless", json!({})).await;
    let mut labels = Vec::new();
    for (visit, slug, path) in [
        (env.visitor().in_country("DE"), "launch", "/de"),
        (env.visitor().in_country("FR"), "launch", "/late"),
        (env.visitor(), "ruleless", "/personal"),
    ] {
        let redirect = visit.follow(slug).await.expect(302);
        assert_eq!(redirect.location().path(), path);
        labels.push(claims(&env, &redirect).rule);
        env.advance_ms(1);
    }
    assert_eq!(labels, [Some("r1".to_owned()), Some("r0".to_owned()), Some("p:everyone".to_owned())]);
    assert_eq!(clicks(&env).await.into_iter().map(|click| click.rule).collect::<Vec<_>>(), labels);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_edge_path_answers_as_the_links_own_host_does() {
    let env = env_with(json!({"tracking": {"utmSource": "suite"}, "queryPassthrough": true})).await;
    link(&env, "kept", json!({"redirectType": 307})).await;
    link(&env, "gone", json!({"expiresAt": "2026-01-01T00:00:00Z"})).await;
    link(&env, "bridge", json!({"trackingPolicy": {"mode": "BRIDGE", "appendContextParam": false}})).await;
    link(&env, "secret", json!({"password": "open sesame"})).await;
    for path in ["launch?ref=1", "kept", "gone", "bridge", "secret", "unknown"] {
        let by_host = env.visitor().with("accept", PAGE).follow(path).await;
        for host in ["localhost:9000", "d1234.execute-api.eu-central-1.amazonaws.com", "other.localhost:9000"] {
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

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_click_the_queue_refuses_is_parked_and_counted_once_by_the_sweeper() {
    let env = env_with(json!({})).await;
    for fault in [Fault::Unreachable, Fault::Throttled] {
        env.advance_days(1);
        let fired = env.faults.inject(Rule::on("SendMessage").by("redirect").always(), fault);
        let redirect = env.visitor().follow("launch").await.expect(302);
        fired.at_least_once();
        let click_id = claims(&env, &redirect).click_id;
        env.faults.clear();
        assert_eq!(queued(&env).await, 0);
        for _ in 0..2 {
            env.sweep().await;
            assert_eq!(only_click(&env).await.id, click_id);
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn without_queue_and_table_a_warm_link_still_redirects_with_ctx() {
    let env = env_with(json!({})).await;
    env.visitor().follow("launch").await.expect(302);
    env.advance_ms(60_000);
    let fired = env.faults.inject(Rule::any().by("redirect").always(), Fault::Unreachable);
    let redirect = env.visitor().follow("launch").await.expect(302);
    fired.at_least_once();
    let called: BTreeSet<String> = calls(&env).into_iter().collect();
    assert!(["BatchGetItem", "SendMessage", "PutItem"].iter().all(|operation| called.contains(*operation)), "{called:?}");
    assert_eq!(masked(&redirect), format!("{PRODUCT}?ctx=CTX"));
    env.anonymous().get(&format!("/v2/public/context?ctx={}", redirect.ctx())).await.expect(200);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn any_one_call_of_a_warm_redirect_can_fail_in_any_way_and_it_still_redirects() {
    let env = env_with(json!({})).await;
    for fault in [Fault::Unreachable, Fault::AnswerLost, Fault::Throttled, Fault::Conflict, Fault::Doubled] {
        for operation in ["BatchGetItem", "SendMessage"] {
            env.visitor().follow("launch").await.expect(302);
            env.advance_ms(6_000);
            let fired = env.faults.inject(Rule::on(operation).by("redirect").always(), fault);
            env.visitor().follow("launch").await.expect(302);
            fired.at_least_once();
            env.faults.clear();
        }
    }
    env.sweep().await;
    assert_eq!(clicks(&env).await.len(), 20);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_click_whose_message_was_sent_but_whose_answer_was_lost_counts_once() {
    let env = env_with(json!({})).await;
    for (fault, lost, sent) in [(Fault::AnswerLost, 1, 2), (Fault::AnswerLost, 2, 2), (Fault::Doubled, 1, 2)] {
        env.advance_days(1);
        let fired = env.faults.inject(Rule::on("SendMessage").by("redirect").times(lost), fault);
        env.visitor().follow("launch").await.expect(302);
        assert_eq!(fired.times(), lost);
        env.faults.clear();
        assert_eq!(queued(&env).await, sent, "{fault:?} {lost}");
        env.sweep().await;
        only_click(&env).await;
        let report =
            env.owner().get(&format!("/v2/handles/demo/analytics?groupBy=day&from={0}&to={0}", env.now().day())).await.expect(200).json();
        assert_eq!(report["totals"]["clicks"], 1, "{fault:?} {lost}");
    }
}

/// A thousand people at once at a link for a hundred: how many were redirected, and how many got the answer that it has ended.
async fn rush(env: &TestEnv) -> (usize, usize) {
    let visits = futures::stream::iter(0..1_000_u32).map(|number| async move {
        env.visitor().from(&format!("10.0.{}.{}", number / 250, number % 250)).follow("launch").await.status.as_u16()
    });
    let statuses: Vec<u16> = visits.buffer_unordered(32).collect().await;
    let of = |status: u16| statuses.iter().filter(|answered| **answered == status).count();
    (of(302), of(410))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_link_for_a_hundred_clicks_takes_exactly_a_hundred_of_a_thousand() {
    let env = env_with(json!({"maxClicks": 100})).await;
    assert_eq!(rush(&env).await, (100, 900));
    env.sweep().await;
    assert_eq!(clicks(&env).await.len(), 100);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_link_for_a_hundred_clicks_takes_no_more_when_answers_are_lost() {
    let env = env_with(json!({"maxClicks": 100})).await;
    let fired = env.faults.inject(Rule::on("UpdateItem").by("redirect").after(20).times(5), Fault::AnswerLost);
    let (followed, ended) = rush(&env).await;
    assert_eq!(fired.times(), 5);
    // A click whose answer is lost may use two when another visitor comes in between, never none.
    assert!((95..=100).contains(&followed), "{followed}");
    assert_eq!(followed + ended, 1_000);
    env.sweep().await;
    assert_eq!(clicks(&env).await.len(), followed);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_click_whose_count_was_lost_on_the_way_back_uses_one_and_gets_on() {
    let env = env_with(json!({"maxClicks": 2})).await;
    let fired = env.faults.inject(Rule::on("UpdateItem").by("redirect"), Fault::AnswerLost);
    env.visitor().follow("launch").await.expect(302);
    assert_eq!(fired.times(), 1);
    env.visitor().follow("launch").await.expect(302);
    env.visitor().follow("launch").await.refused(410, "link_expired");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn bots_prefetches_headers_and_forms_use_no_click_of_a_limited_link() {
    let env = env_with(json!({"maxClicks": 1})).await;
    link(&env, "secret", json!({"maxClicks": 1, "password": "open sesame"})).await;
    for _ in 0..3 {
        env.visitor().with("user-agent", "Googlebot/2.1").follow("launch").await.expect(302);
        env.visitor().with("sec-purpose", "prefetch").follow("launch").await.expect(302);
        env.visitor().head("launch").await.expect(302);
        env.visitor().follow("secret").await.expect(200);
    }
    env.visitor().unlock("secret", "wrong").await.expect(403);
    env.visitor().unlock("secret", "open sesame").await.expect(303);
    env.visitor().unlock("secret", "open sesame").await.refused(410, "link_expired");
    env.visitor().follow("secret").await.refused(410, "link_expired");
    env.visitor().follow("launch").await.expect(302);
    env.visitor().follow("launch").await.refused(410, "link_expired");
    env.visitor().with("user-agent", "Googlebot/2.1").follow("launch").await.refused(410, "link_expired");
    env.visitor().head("launch").await.expect(410);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_limited_links_clicks_survive_a_change_and_start_again_with_a_new_link() {
    let env = env_with(json!({"maxClicks": 1})).await;
    env.visitor().follow("launch").await.expect(302);
    link(&env, "launch", json!({"maxClicks": 1, "title": "changed"})).await;
    env.advance_ms(5_000);
    env.visitor().follow("launch").await.refused(410, "link_expired");
    link(&env, "launch", json!({"maxClicks": 2})).await;
    env.advance_ms(5_000);
    env.visitor().follow("launch").await.expect(302);
    env.visitor().follow("launch").await.refused(410, "link_expired");

    env.owner().delete(&format!("{LINKS}/launch")).await.expect(204);
    link(&env, "launch", json!({"maxClicks": 1})).await;
    env.advance_ms(5_000);
    env.visitor().follow("launch").await.expect(302);
    env.visitor().follow("launch").await.refused(410, "link_expired");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_destination_that_has_become_our_own_host_is_refused_at_the_redirect() {
    let env = env_with(json!({"fallbackUrl": "https://example.com/sorry"})).await;
    let store = env.app("links").store();
    let own = Destination::parse("http://demo.localhost:9000/launch").unwrap();
    let first = store.links().get(&env.handle(), &"launch".parse().unwrap()).await.unwrap().unwrap();
    let mut current = first.clone();
    let changes: [fn(&mut Link, Destination); 3] = [
        |link, own| link.settings.destination_url = own,
        |link, own| {
            link.settings.routing_rules =
                vec![domain::links::rules::RoutingRule { priority: 0, destination_url: own, conditions: Default::default() }]
        },
        |link, own| (link.settings.fallback_url, link.settings.enabled) = (Some(own), false),
    ];
    for change in changes {
        let mut next = Link { version: current.version + 1, ..first.clone() };
        change(&mut next, own.clone());
        assert_eq!(
            store.links().write(&next, Expect::Version(current.id, current.version), &env.audit_event("link.updated")).await.unwrap(),
            WriteOutcome::Written
        );
        current = next;
        env.advance_ms(5_000);
        env.visitor().follow("launch").await.refused(404, "not_found");
        env.visitor().head("launch").await.expect(404);
    }
    assert_eq!(queued(&env).await, 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_cannot_name_a_link_is_not_found_and_never_reaches_the_table() {
    let env = env_with(json!({})).await;
    let kilobyte = "a".repeat(1025);
    let slugs = [
        "..",
        "%2e%2e",
        "..%2f..%2fv2",
        "%2flaunch",
        "launch%2f",
        "launch/",
        "launch%00",
        "launch%0d%0aX-A:%20b",
        "%6caunch",
        "launch%23a",
        "launch;a=1",
        "l%C3%A4unch",
        "la%D1%86nch",
        "%E2%80%AElaunch",
        "%ff%fe",
        "abc",
        "a%20bc",
        "launch%20",
        "launch*",
        "launch,demo",
        "LINK%23demo",
        &kilobyte,
    ];
    for slug in slugs {
        let by_host = env.visitor().follow(slug).await;
        assert_eq!((by_host.status.as_u16(), &by_host.json()["error"]), (404, &json!("not_found")), "{slug}");
        let by_edge = env.visitor().caller().get(&format!("/_edge/redirect/demo/{slug}")).await;
        assert_eq!(by_edge.status, 404, "{slug}");
    }
    for handle in ["Demo", "DEMO", "..", "%2e%2e", "demo%2f", "demo%23", "d%C3%A9mo", "%D0%B4emo", "a.b", "-demo", "api", &kilobyte] {
        env.visitor().caller().get(&format!("/_edge/redirect/{handle}/launch")).await.refused(404, "not_found");
    }
    for host in [
        "localhost:9000",
        "localhost",
        "api.localhost:9000",
        "a.demo.localhost:9000",
        ".localhost:9000",
        "demo.localhost.evil.example",
        "evil.example",
    ] {
        env.visitor().caller().clone().with("host", host).get("/launch").await.refused(404, "not_found");
    }
    assert_eq!(calls(&env), Vec::<String>::new());
    assert_eq!(queued(&env).await, 0);
    env.visitor().follow("Launch").await.refused(404, "not_found");
    env.visitor().follow("launch").await.expect(302);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_host_scheme_or_query_that_is_no_address_is_answered_like_any_other() {
    let env = env_with(json!({})).await;
    let visitor = env.visitor().caller().clone();
    for host in [
        "xn--a.localhost:9000",
        "demo%2f.localhost:9000",
        "demo..localhost:9000",
        "de|mo.localhost:9000",
        "demo.localhost:99999",
        "a b",
        "[::1",
        "",
        "demo.localhost:9000/x?",
        "demo.localhost:9000#",
    ] {
        visitor.clone().with("host", host).get("/launch").await.refused(404, "not_found");
        visitor.clone().with("host", host).get("/_edge/redirect/demo/launch").await.expect(302);
    }
    for scheme in ["1", "", "https, http", "javascript", "%"] {
        visitor.clone().with("host", "demo.localhost:9000").with("x-forwarded-proto", scheme).get("/launch").await.expect(302);
    }
    for query in ["%", "%zz", "&&=&", "a=%ff", "?", "a=[]{}|^`\\"] {
        visitor.clone().with("host", "demo.localhost:9000").get(&format!("/launch?{query}")).await.expect(302);
    }
}
