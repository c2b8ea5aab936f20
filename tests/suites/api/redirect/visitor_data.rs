//! What is kept of a visitor, and from which headers it may come.

use super::*;

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
        (env.visitor(), "launch?sid=sess-1&consent=", Consent::Denied),
        (env.visitor(), "launch?sid=sess-1&consent=full&consent=denied", Consent::Denied),
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
