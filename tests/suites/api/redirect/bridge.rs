//! The page that carries a visitor on without a redirect.

use super::*;

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
