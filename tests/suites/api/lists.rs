//! Filtered lists: page by page they have what the whole list has of it, in the same order.

use std::collections::BTreeSet;

use domain::links::{Link, LinkSettings};
use domain::testing;
use domain::values::destination::OwnHosts;
use domain::values::id::LinkId;
use futures::{StreamExt, TryStreamExt};
use serde_json::{Value, json};
use store::{Expect, WriteOutcome};
use tests::fixtures::order;
use tests::{Random, TestEnv};

const LINKS: &str = "/v2/handles/demo/links";
const CONVERSIONS: &str = "/v2/handles/demo/conversions";
const EVENTS: &str = "/v2/handles/demo/audit-events";

/// All entries of a list, page by page, and how many pages there were.
async fn walked(env: &TestEnv, list: &str, query: &str, limit: usize) -> (Vec<Value>, usize) {
    let (mut items, mut pages, mut cursor) = (Vec::new(), 0, String::new());
    loop {
        let page = env.owner().get(&format!("{list}?{query}&limit={limit}{cursor}")).await.expect(200).json();
        let found = page["items"].as_array().unwrap();
        assert!(found.len() <= limit);
        items.extend(found.clone());
        pages += 1;
        assert!(pages < 200, "{list}?{query} never ends");
        let Some(next) = page["nextCursor"].as_str() else { return (items, pages) };
        cursor = format!("&cursor={next}");
    }
}

/// Fails the test unless the filtered list, by any page size, is the whole list without what does not pass; gives its length.
async fn equals_whole(env: &TestEnv, list: &str, (order, filter): (&str, &str), passes: impl Fn(&Value) -> bool) -> usize {
    let (mut expected, _) = walked(env, list, order, 100).await;
    expected.retain(passes);
    for limit in [1, 3, 100] {
        let (found, _) = walked(env, list, &format!("{order}&{filter}"), limit).await;
        assert_eq!(found, expected, "{list}?{order}&{filter} by {limit}");
    }
    expected.len()
}

fn has(text: &Value, part: &str) -> bool {
    text.as_str().is_some_and(|text| text.to_lowercase().contains(part))
}

/// Thirty links of every state.
async fn with_links() -> TestEnv {
    let env = TestEnv::new().await;
    env.campaign("spring-2026").await;
    let mut random = Random::new(7);
    let mut numbers: Vec<usize> = (0..30).collect();
    random.shuffle(&mut numbers);
    for number in numbers {
        let mut link = json!({"destinationUrl": format!("https://shop.example/{}", random.pick(&["Lamp", "table", "chair"]))});
        if random.one_in(2) {
            link["title"] = json!(random.pick(&["Spring SALE", "summer", "\u{dc}bersicht"]));
        }
        if random.one_in(2) {
            link["tags"] = random.pick(&[r#"["a", "b"]"#, r#"["b"]"#, r#"["B"]"#]).parse().unwrap();
        }
        if random.one_in(3) {
            link["campaignId"] = json!("spring-2026");
        }
        match number % 5 {
            0 => link["enabled"] = json!(false),
            1 => link["scheduledStartAt"] = json!("2026-04-01T00:00:00Z"),
            2 => link[random.pick(&["expiresAt", "scheduledEndAt"])] = json!("2026-03-02T00:00:00Z"),
            3 => link["maxClicks"] = json!(1 + number % 2),
            _ => {}
        }
        env.advance_ms(1);
        env.owner().put(&format!("{LINKS}/Link-{number:02}"), link).await.expect(201);
        if number % 5 == 3 {
            env.visitor().number(number).follow(&format!("Link-{number:02}")).await.expect(302);
        }
    }
    env.set_time("2026-03-02T00:00:00Z");
    env
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn links_are_filtered_and_ordered_as_the_whole_list_would_be() {
    let env = with_links().await;
    let (by_slug, _) = walked(&env, LINKS, "sort=slug", 7).await;
    let (newest, _) = walked(&env, LINKS, "sort=createdAt", 7).await;
    assert_eq!((by_slug.len(), newest.len()), (30, 30));
    assert!(by_slug.is_sorted_by_key(|link| link["slug"].as_str().unwrap()));
    assert!(newest.is_sorted_by(|one, other| one["createdAt"].as_str() > other["createdAt"].as_str()));
    assert_ne!(by_slug, newest);
    let tagged = |link: &Value, tag: &str| link["tags"].as_array().unwrap().contains(&json!(tag));
    for order in ["sort=slug", "sort=createdAt"] {
        let with = |filter: &'static str| (order, filter);
        let q = |part: &'static str| {
            move |link: &Value| has(&link["slug"], part) || has(&link["destinationUrl"], part) || has(&link["title"], part)
        };
        assert!(equals_whole(&env, LINKS, with("q=LAMP"), q("lamp")).await > 1);
        assert!(equals_whole(&env, LINKS, with("q=link-1"), q("link-1")).await > 1);
        assert!(equals_whole(&env, LINKS, with("q=sale"), q("sale")).await > 1);
        assert!(equals_whole(&env, LINKS, with("q=%C3%BCber"), q("\u{fc}ber")).await > 1);
        assert_eq!(equals_whole(&env, LINKS, with("q=nowhere"), |_| false).await, 0);
        assert!(equals_whole(&env, LINKS, with("tag=b"), |link| tagged(link, "b")).await > 1);
        assert!(equals_whole(&env, LINKS, with("campaignId=spring-2026"), |link| link["campaignId"] == "spring-2026").await > 1);
        for status in ["live", "scheduled", "expired", "capped", "disabled"] {
            let filter = format!("status={status}");
            assert!(equals_whole(&env, LINKS, (order, &filter), |link| link["status"] == status).await >= 3, "{status}");
        }
        let both = |link: &Value| link["status"] == "live" && tagged(link, "b");
        assert!(equals_whole(&env, LINKS, with("status=live&tag=b"), both).await > 0);
    }
    // What a list calls a link is how the redirect answers.
    for link in &by_slug {
        let answer = env.visitor().head(link["slug"].as_str().unwrap()).await.status.as_u16();
        let expected = match link["status"].as_str().unwrap() {
            "live" => 302,
            "scheduled" | "disabled" => 404,
            _ => 410,
        };
        assert_eq!(answer, expected, "{link}");
    }
    for (query, fields) in [
        ("status=open&q=&tag=&sort=title&campaignId=A", vec!["campaignId", "q", "sort", "status", "tag"]),
        ("stray=1&limit=1&limit=2", vec!["limit", "stray"]),
        ("q=a&q=b", vec!["q"]),
    ] {
        let refused = env.owner().get(&format!("{LINKS}?{query}")).await.refused(400, "invalid_payload");
        assert_eq!(refused.fields().into_iter().collect::<BTreeSet<_>>(), fields.into_iter().map(str::to_owned).collect(), "{query}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_filter_over_many_links_costs_a_bounded_read_a_page_and_misses_none() {
    let env = TestEnv::new().await;
    let links = (0..1200_u32).map(|number| {
        let body =
            json!({"destinationUrl": "https://example.com/", "title": if number % 400 == 399 { "rare" } else { "common" }, "maxClicks": 5});
        let (settings, _) = LinkSettings::read(body, &OwnHosts::default()).unwrap();
        let at = env.now().plus_millis(i64::from(number));
        Link { id: LinkId::new(at, u128::from(number)), slug: format!("link-{number:04}").parse().unwrap(), ..testing::link(at, settings) }
    });
    let store = env.app("links").store();
    let event = || env.audit_event("link.created");
    let writes = futures::stream::iter(links).map(|link| async move { store.links().write(&link, Expect::Absent, &event()).await });
    let written: Vec<WriteOutcome> = writes.buffer_unordered(16).try_collect().await.unwrap();
    assert!(written.iter().all(|written| *written == WriteOutcome::Written));
    for order in ["slug", "createdAt"] {
        env.faults.take_calls();
        let (found, pages) = walked(&env, LINKS, &format!("q=rare&sort={order}"), 50).await;
        let calls = env.faults.take_calls();
        assert_eq!((found.len(), pages), (3, 3), "500 links a page");
        assert_eq!(calls.iter().filter(|(_, operation)| operation == "Query").count(), pages, "one query a page");
        // The counters of what is shown; and links that are named by the index, a hundred at a time.
        let of_index = if order == "createdAt" { 5 * pages } else { 0 };
        let batches = calls.iter().filter(|(_, operation)| operation == "BatchGetItem").count();
        assert!((of_index - of_index / 5..=of_index + pages).contains(&batches), "{batches}");
    }
    assert_eq!(walked(&env, LINKS, "status=capped", 50).await.0.len(), 0);
    assert_eq!(walked(&env, LINKS, "status=live", 100).await.0.len(), 1200);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn conversions_are_filtered_as_the_whole_list_would_be_and_found_by_their_key() {
    let env = TestEnv::new().await;
    env.campaign("spring-2026").await;
    let link = |campaign: Value| json!({"destinationUrl": "https://example.com/", "campaignId": campaign});
    env.owner().put(&format!("{LINKS}/first"), link(json!("spring-2026"))).await.expect(201);
    env.owner().put(&format!("{LINKS}/second"), link(Value::Null)).await.expect(201);
    let token = env.pat_client(&["conversions.write"]).await;
    let mut random = Random::new(3);
    for number in 0..24 {
        env.advance_ms(i64::try_from(1 + random.below(5)).unwrap() * 86_400_000 / 2);
        let body = order(&env.ctx(random.pick(&["first", "second"])).await, &format!("order {number}/\u{e4}"), 10.0, "USD");
        if random.one_in(3) {
            token.post("/v2/public/conversions", body).await.expect(202);
        } else {
            env.convert(body).await;
        }
        if number == 18 {
            env.process_events().await;
        }
    }
    let all = walked(&env, CONVERSIONS, "", 100).await.0;
    assert_eq!(all.len(), 24);
    let is = |name: &'static str, value: Value| move |conversion: &Value| conversion[name] == value;
    for (filter, name, value) in [
        ("campaignId=spring-2026", "campaignId", json!("spring-2026")),
        ("slug=second", "slug", json!("second")),
        ("trust=confirmed", "trust", json!("confirmed")),
        ("trust=claimed", "trust", json!("claimed")),
        ("counted=true", "counted", json!(true)),
        ("counted=false", "counted", json!(false)),
        ("test=false", "test", json!(false)),
    ] {
        assert!(equals_whole(&env, CONVERSIONS, ("", filter), is(name, value)).await > 2, "{filter}");
    }
    assert_eq!(equals_whole(&env, CONVERSIONS, ("", "test=true"), is("test", json!(true))).await, 0);
    let of_campaign = |conversion: &Value| !conversion["campaignId"].is_null();
    assert!(equals_whole(&env, CONVERSIONS, ("", "credited=true"), of_campaign).await > 2);
    assert_eq!(equals_whole(&env, CONVERSIONS, ("", "credited=false"), |conversion| !conversion["notCredited"].is_null()).await, 0);
    let day = |conversion: &Value| conversion["acceptedAt"].as_str().unwrap()[..10].to_owned();
    let (first, last) = (day(&all[17]), day(&all[4]));
    let between = |conversion: &Value| first <= day(conversion) && day(conversion) <= last;
    assert!(equals_whole(&env, CONVERSIONS, ("", &format!("from={first}&to={last}")), between).await >= 14);
    let both = |conversion: &Value| between(conversion) && conversion["slug"] == "first";
    assert!(equals_whole(&env, CONVERSIONS, ("", &format!("from={first}&to={last}&slug=first")), both).await > 0);

    env.faults.take_calls();
    let found = walked(&env, CONVERSIONS, "idempotencyKey=order%2020/%C3%A4", 50).await.0;
    assert_eq!(env.faults.take_calls().len(), 2, "the handle and one query");
    assert_eq!(found.len(), 1);
    assert!(all.contains(&found[0]));
    let other = if found[0]["slug"] == "first" { "second" } else { "first" };
    for query in ["idempotencyKey=order%2099".to_owned(), format!("idempotencyKey=order%2020/%C3%A4&slug={other}")] {
        assert_eq!(walked(&env, CONVERSIONS, &query, 50).await.0, Vec::<Value>::new(), "{query}");
    }
    // A key that is used again after its 365 days has two.
    env.advance_days(366);
    let again = order(&env.ctx("first").await, "order 20/\u{e4}", 12.0, "USD");
    let second = env.convert(again).await;
    let of_key = walked(&env, CONVERSIONS, "idempotencyKey=order%2020/%C3%A4", 50).await.0;
    let ids: Vec<&Value> = of_key.iter().map(|conversion| &conversion["conversionId"]).collect();
    assert_eq!(ids, [&second["conversionId"], &found[0]["conversionId"]]);

    for (query, field) in
        [("from=2026-03-02&to=2026-03-01", "to"), ("trust=yes", "trust"), ("counted=1", "counted"), ("idempotencyKey=", "idempotencyKey")]
    {
        assert_eq!(env.owner().get(&format!("{CONVERSIONS}?{query}")).await.refused(400, "invalid_payload").fields(), [field]);
    }
    let now = walked(&env, CONVERSIONS, "", 50).await.0;
    assert_eq!(walked(&env, CONVERSIONS, "from=0001-01-01&to=9999-12-31", 50).await.0, now);
    for query in ["to=0001-01-01", "from=0001-01-01&to=0001-01-02", "from=9999-12-31"] {
        assert_eq!(walked(&env, CONVERSIONS, query, 50).await.0, Vec::<Value>::new(), "{query}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn audit_events_are_filtered_as_the_whole_list_would_be() {
    let env = TestEnv::new().await;
    let mut random = Random::new(5);
    for _ in 0..40 {
        env.advance_ms(i64::try_from(1 + random.below(4)).unwrap() * 600_000);
        let slug = random.pick(&["first", "second", "third"]);
        let caller = random.pick(&["owner", "creator", "operator"]);
        let caller = env.user(caller, &[]);
        if random.one_in(4) {
            caller.delete(&format!("{LINKS}/{slug}")).await;
        } else {
            caller.put(&format!("{LINKS}/{slug}"), json!({"destinationUrl": "https://example.com/"})).await;
        }
    }
    env.owner().post("/v2/handles/demo/tokens", json!({"scopes": ["links.read"]})).await.expect(201);
    let all = walked(&env, EVENTS, "", 100).await.0;
    assert!(all.len() > 30, "{}", all.len());
    for (filter, name, value) in [("target=second", "target", "second"), ("action=link.updated", "action", "link.updated")] {
        assert!(equals_whole(&env, EVENTS, ("", filter), |event| event[name] == value).await > 4, "{filter}");
    }
    assert!(equals_whole(&env, EVENTS, ("", "actor=creator"), |event| event["actor"]["id"] == "creator").await > 4);
    let of_links = |event: &Value| event["action"].as_str().unwrap().starts_with("link.");
    assert_eq!(equals_whole(&env, EVENTS, ("", "action=link.*"), of_links).await, all.len() - 2, "but for the handle and the token");
    let at = |event: &Value| event["at"].as_str().unwrap().to_owned();
    let (since, until) = (at(&all[20]), at(&all[5]));
    let range = format!("since={since}&until={until}");
    let between = |event: &Value| since <= at(event) && at(event) <= until;
    assert_eq!(equals_whole(&env, EVENTS, ("", &range), between).await, 16, "both ends included");
    let both = |event: &Value| between(event) && event["actor"]["id"] == "owner";
    assert!(equals_whole(&env, EVENTS, ("", &format!("{range}&actor=owner")), both).await > 1);
    let inverted = format!("since={until}&until={since}");
    assert_eq!(env.owner().get(&format!("{EVENTS}?{inverted}")).await.refused(400, "invalid_payload").fields(), ["until"]);
    for query in ["until=0001-01-01T00:00:00Z", "since=9998-12-31T00:00:00Z"] {
        assert_eq!(walked(&env, EVENTS, query, 50).await.0, Vec::<Value>::new(), "{query}");
    }
}
