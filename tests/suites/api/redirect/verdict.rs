//! Who a visit is from: prefetches, bots, people in apps.

use super::*;

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
        assert_eq!((click.device.as_str(), click.classifier), ("DESKTOP", domain::clicks::agent::CLASSIFIER_VERSION));
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_asked_ahead_of_a_visit_or_without_its_body_leads_where_the_visit_does() {
    let rules = json!([{"destinationUrl": "https://example.com/phone", "conditions": {"deviceIn": ["MOBILE"]}},
        {"destinationUrl": "https://example.com/bot", "conditions": {"deviceIn": ["BOT"]}}]);
    let env = env_with(json!({"routingRules": rules})).await;
    let phone = "Mozilla/5.0 (iPhone; CPU iPhone OS 17_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/17.5 Mobile/15E148 Safari/604.1";
    for (agent, path) in [(phone, "/phone"), (tests::BROWSER, "/product"), ("curl/8.5.0", "/bot")] {
        let visit = || env.visitor().with("user-agent", agent);
        for asked in [visit(), visit().with("sec-purpose", "prefetch"), visit().without("accept-language")] {
            let redirect = asked.follow("launch").await.expect(302);
            assert_eq!(redirect.location().path(), path, "{agent}");
        }
        let headers = visit().caller().send(http::Method::HEAD, "/_edge/redirect/demo/launch", Vec::new()).await.expect(302);
        assert_eq!(headers.location().path(), path, "HEAD by {agent}");
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
    let lines = include_str!("../../../../shared/domain/data/in-app-browsers.txt")
        .lines()
        .filter(|line| !line.is_empty() && !line.starts_with('#'));
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
