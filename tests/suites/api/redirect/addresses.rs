//! Addresses that name no link, and destinations that lead back.

use super::*;

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
