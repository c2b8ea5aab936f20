//! Links on the control plane: writing, reading, listing, deleting, their versions, and a handle's personalization rules.

use std::collections::BTreeSet;

use domain::links::Link;
use domain::values::destination::Destination;
use http::Method;
use serde_json::{Value, json};
use store::{Expect, WriteOutcome};
use tests::{Answer, Fault, Rule, TestEnv, TestEnvOptions};

const LINKS: &str = "/v2/handles/demo/links";
const LINK: &str = "/v2/handles/demo/links/launch";
const RULES: &str = "/v2/handles/demo/personalization-rules";
const PRODUCT: &str = "https://example.com/product";

fn product() -> Value {
    json!({"destinationUrl": PRODUCT})
}

/// The product with more members.
fn product_with(members: Value) -> Value {
    let mut body = product();
    body.as_object_mut().unwrap().extend(members.as_object().unwrap().clone());
    body
}

/// The members of this name of every entry of a list.
fn column(list: &Value, name: &str) -> Vec<Value> {
    list["items"].as_array().unwrap().iter().map(|item| item[name].clone()).collect()
}

/// Every entry of a list, page by page, and how many each page had.
async fn walk(env: &TestEnv, path: &str, limit: usize) -> (Vec<Value>, Vec<usize>) {
    let (mut items, mut pages) = (Vec::new(), Vec::new());
    let mut cursor = String::new();
    loop {
        let page = env.creator().get(&format!("{path}?limit={limit}{cursor}")).await.expect(200).json();
        let entries = page["items"].as_array().unwrap();
        assert!(entries.len() <= limit);
        pages.push(entries.len());
        items.extend(entries.iter().cloned());
        match page["nextCursor"].as_str() {
            Some(next) => cursor = format!("&cursor={next}"),
            None => return (items, pages),
        }
        assert!(pages.len() < 200, "the list does not end");
    }
}

async fn versions(env: &TestEnv) -> Vec<Value> {
    walk(env, &format!("{LINK}/history"), 100).await.0
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_put_creates_a_link_and_then_makes_versions_of_it_each_with_its_etag() {
    let env = TestEnv::new().await;
    let first = env.creator().put(LINK, product()).await.expect(201);
    env.advance_ms(1500);
    let second = env.operator().put(LINK, product_with(json!({"title": "Spring", "tags": ["a", "b"]}))).await.expect(200);
    let (before, after) = (first.json(), second.json());
    assert_eq!((&before["version"], &after["version"]), (&json!(1), &json!(2)));
    assert_eq!(
        (before["createdAt"].as_str(), before["updatedAt"].as_str()),
        (Some("2026-03-01T12:00:00.000Z"), Some("2026-03-01T12:00:00.000Z"))
    );
    assert_eq!(
        (after["createdAt"].as_str(), after["updatedAt"].as_str()),
        (Some("2026-03-01T12:00:00.000Z"), Some("2026-03-01T12:00:01.500Z"))
    );
    assert_eq!((after["handle"].as_str(), after["slug"].as_str()), (Some("demo"), Some("launch")));
    assert_eq!(after["shortUrl"], "http://demo.localhost:9000/launch");
    assert_ne!(first.header("etag"), second.header("etag"));
    let read = env.creator().get(LINK).await.expect(200);
    assert_eq!((read.header("etag"), read.json()), (second.header("etag"), after));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_left_out_takes_its_default_also_when_it_was_set_before() {
    let env = TestEnv::new().await;
    env.owner()
        .put(
            LINK,
            product_with(json!({"title": "old", "enabled": false, "maxClicks": 3, "redirectType": 307, "tracking": {"utmSource": "x"}})),
        )
        .await
        .expect(201);
    let link = env.owner().put(LINK, product()).await.expect(200).json();
    assert_eq!(
        (&link["enabled"], &link["redirectType"], &link["queryPassthrough"], &link["hasPassword"]),
        (&json!(true), &json!(302), &json!(false), &json!(false))
    );
    assert_eq!(link["trackingPolicy"], json!({"mode": "DIRECT", "appendContextParam": true}));
    assert_eq!(
        (&link["tracking"], &link["routingRules"], &link["tags"], &link["categories"]),
        (&json!({}), &json!([]), &json!([]), &json!([]))
    );
    for name in [
        "title",
        "description",
        "scheduledStartAt",
        "scheduledEndAt",
        "expiresAt",
        "maxClicks",
        "campaignId",
        "fallbackUrl",
        "ogTitle",
        "ogDescription",
        "ogImage",
    ] {
        assert!(link[name].is_null(), "{name}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn everything_an_owner_can_set_is_read_back_as_it_was_written() {
    let env = TestEnv::new().await;
    env.campaign("spring-2026").await;
    let body = json!({
        "destinationUrl": "https://example.com/p?a=1#f", "title": "Spring \u{1f338}", "description": "two\nlines", "tags": ["a"], "categories": ["b"], "enabled": false, "redirectType": 307,
        "scheduledStartAt": "2026-03-02T00:00:00.000Z", "scheduledEndAt": "2026-04-02T00:00:00.000Z", "expiresAt": "2026-05-02T00:00:00.000Z", "maxClicks": 7,
        "campaignId": "spring-2026", "fallbackUrl": "https://example.com/sorry", "queryPassthrough": true, "ogTitle": "t", "ogDescription": "d", "ogImage": "https://example.com/i.png",
        "tracking": {"utmSource": "a", "utmMedium": "b", "utmCampaign": "c", "utmTerm": "d", "utmContent": "e"},
        "trackingPolicy": {"mode": "BRIDGE", "appendContextParam": false},
        "routingRules": [{"priority": 10, "destinationUrl": "https://example.com/de", "conditions": {
            "countryIn": ["DE", "UNKNOWN"], "deviceIn": ["MOBILE"], "sourceIn": ["ad"], "campaignIn": ["c"], "segmentIn": ["vip"], "languageIn": ["de"], "weekdayIn": ["MON"],
            "timeBetween": {"from": "22:00", "to": "06:30", "timeZone": "Europe/Berlin"}, "percent": {"from": 0.01, "to": 33.33}}}],
    });
    let link = env.owner().put(LINK, body.clone()).await.expect(201).json();
    for (name, value) in body.as_object().unwrap() {
        assert_eq!(&link[name], value, "{name}");
    }
    let rest: BTreeSet<&str> = link.as_object().unwrap().keys().map(String::as_str).filter(|name| body.get(*name).is_none()).collect();
    assert_eq!(rest, BTreeSet::from(["handle", "slug", "shortUrl", "version", "createdAt", "updatedAt", "hasPassword"]));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn if_match_writes_only_over_the_version_it_names() {
    let env = TestEnv::new().await;
    let owner = env.owner();
    owner.clone().with("if-match", "*").put(LINK, product()).await.refused(412, "version_mismatch");
    owner.clone().with("if-match", "\"lnk_01-1\"").put(LINK, product()).await.refused(412, "version_mismatch");
    let first = owner.put(LINK, product()).await.expect(201).header("etag").to_owned();
    let second = owner.clone().with("if-match", &first).put(LINK, product()).await.expect(200).header("etag").to_owned();
    for stale in [first.as_str(), "", "\"\"", "2", &second.replace('"', ""), &format!("W/{second}")] {
        let caller = owner.clone().with("if-match", stale);
        caller.put(LINK, product_with(json!({"title": "lost"}))).await.refused(412, "version_mismatch");
        caller.delete(LINK).await.refused(412, "version_mismatch");
        caller.post(&format!("{LINK}/rollback"), json!({"version": 1})).await.refused(412, "version_mismatch");
    }
    assert_eq!(versions(&env).await.len(), 2);
    assert!(owner.get(LINK).await.expect(200).json()["title"].is_null());
    let third =
        owner.clone().with("if-match", &format!("{first}, {second}")).put(LINK, product()).await.expect(200).header("etag").to_owned();
    owner.clone().with("if-match", "*").put(LINK, product()).await.expect(200);
    owner.clone().with("if-match", &third).delete(LINK).await.refused(412, "version_mismatch");
    let fourth = owner.get(LINK).await.header("etag").to_owned();
    owner.clone().with("if-match", &fourth).delete(LINK).await.expect(204);
    owner.put(LINK, product()).await.expect(201);
    owner.clone().with("if-match", &first).put(LINK, product()).await.refused(412, "version_mismatch");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn if_none_match_any_only_creates_and_every_line_of_if_match_counts() {
    let env = TestEnv::new().await;
    let new = env.owner().with("if-none-match", "*");
    let etag = new.put(LINK, product()).await.expect(201).header("etag").to_owned();
    new.put(LINK, product_with(json!({"title": "lost"}))).await.refused(412, "version_mismatch");
    let other = env.owner().with("if-none-match", "\"other\"");
    other.put(LINK, product()).await.expect(200);
    let second = env.owner().get(LINK).await.expect(200).header("etag").to_owned();
    env.owner().with("if-none-match", &format!("W/{second}")).put(LINK, product()).await.refused(412, "version_mismatch");
    env.owner().with("if-match", "\u{e9}").put(LINK, product()).await.refused(412, "version_mismatch");
    env.owner().with("if-match", &etag).with("if-match", &second).put(LINK, product()).await.expect(200);
    assert_eq!(versions(&env).await.len(), 3);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_bad_field_is_named_with_its_own_code() {
    let env = TestEnv::new().await;
    for slug in ["abc", "a%20bc", "l%C3%A4unch", "%2e%2e%2f..", "laun%00ch", "a%23bc", &"a".repeat(25), &"a".repeat(1025)] {
        for answer in [
            env.owner().put(&format!("{LINKS}/{slug}"), product()).await,
            env.owner().get(&format!("{LINKS}/{slug}")).await,
            env.owner().delete(&format!("{LINKS}/{slug}")).await,
        ] {
            assert_eq!(answer.refused(400, "invalid_slug").fields(), ["slug"], "{slug}");
        }
    }
    let rule = |members: Value| json!({"routingRules": [{"destinationUrl": PRODUCT}, members]});
    for (members, field, code) in [
        (json!({"destinationUrl": null}), "destinationUrl", "invalid_destination_url"),
        (json!({"destinationUrl": 7}), "destinationUrl", "invalid_destination_url"),
        (rule(json!({"destinationUrl": "ftp://example.com"})), "routingRules[1].destinationUrl", "invalid_destination_url"),
        (rule(json!({})), "routingRules[1].destinationUrl", "invalid_destination_url"),
        (rule(json!({"destinationUrl": PRODUCT, "priority": -1})), "routingRules[1].priority", "invalid_payload"),
        (
            rule(json!({"destinationUrl": PRODUCT, "conditions": {"countryIn": ["DE", "Germany"]}})),
            "routingRules[1].conditions.countryIn[1]",
            "invalid_payload",
        ),
        (
            rule(json!({"destinationUrl": PRODUCT, "conditions": {"deviceIn": ["PHONE"]}})),
            "routingRules[1].conditions.deviceIn[0]",
            "invalid_payload",
        ),
        (
            rule(json!({"destinationUrl": PRODUCT, "conditions": {"weekdayIn": ["MOONDAY"]}})),
            "routingRules[1].conditions.weekdayIn[0]",
            "invalid_payload",
        ),
        (
            rule(json!({"destinationUrl": PRODUCT, "conditions": {"percent": {"from": 50, "to": 50}}})),
            "routingRules[1].conditions.percent.to",
            "invalid_payload",
        ),
        (
            rule(json!({"destinationUrl": PRODUCT, "conditions": {"percent": {"from": 0, "to": 0.001}}})),
            "routingRules[1].conditions.percent.to",
            "invalid_payload",
        ),
        (
            rule(json!({"destinationUrl": PRODUCT, "conditions": {"timeBetween": {"from": "24:00", "to": "06:00"}}})),
            "routingRules[1].conditions.timeBetween.from",
            "invalid_payload",
        ),
        (
            rule(
                json!({"destinationUrl": PRODUCT, "conditions": {"timeBetween": {"from": "22:00", "to": "06:00", "timeZone": "Mars/Phobos"}}}),
            ),
            "routingRules[1].conditions.timeBetween.timeZone",
            "invalid_payload",
        ),
        (
            rule(json!({"destinationUrl": PRODUCT, "conditions": {"moodIn": ["good"]}})),
            "routingRules[1].conditions.moodIn",
            "invalid_payload",
        ),
        (json!({"routingRules": vec![json!({"destinationUrl": PRODUCT}); 51]}), "routingRules", "invalid_payload"),
        (json!({"fallbackUrl": "javascript:alert(1)"}), "fallbackUrl", "invalid_payload"),
        (json!({"ogImage": "http://localhost:9000/x.png"}), "ogImage", "invalid_payload"),
        (json!({"title": "x".repeat(201)}), "title", "invalid_payload"),
        (json!({"description": "bell\u{7}"}), "description", "invalid_payload"),
        (json!({"tags": "a"}), "tags", "invalid_payload"),
        (json!({"enabled": "true"}), "enabled", "invalid_payload"),
        (json!({"redirectType": 301}), "redirectType", "invalid_payload"),
        (json!({"redirectType": 65_838}), "redirectType", "invalid_payload"),
        (json!({"maxClicks": 0}), "maxClicks", "invalid_payload"),
        (json!({"maxClicks": 1.5}), "maxClicks", "invalid_payload"),
        (json!({"maxClicks": -1}), "maxClicks", "invalid_payload"),
        (json!({"expiresAt": "2026-02-30T00:00:00Z"}), "expiresAt", "invalid_payload"),
        (json!({"expiresAt": "2026-03-01T00:00:00"}), "expiresAt", "invalid_payload"),
        (
            json!({"scheduledStartAt": "2026-03-02T00:00:00Z", "scheduledEndAt": "2026-03-02T00:00:00Z"}),
            "scheduledEndAt",
            "invalid_payload",
        ),
        (json!({"password": ""}), "password", "invalid_payload"),
        (json!({"password": "x".repeat(129)}), "password", "invalid_payload"),
        (json!({"campaignId": "No"}), "campaignId", "invalid_payload"),
        (json!({"tracking": {"utmSource": 7}}), "tracking.utmSource", "invalid_payload"),
        (json!({"tracking": []}), "tracking", "invalid_payload"),
        (json!({"trackingPolicy": {"mode": "bridge"}}), "trackingPolicy.mode", "invalid_payload"),
        (json!({"queryPassthrough": 1}), "queryPassthrough", "invalid_payload"),
    ] {
        let refused = env.owner().put(LINK, product_with(members.clone())).await.refused(400, code);
        assert_eq!(refused.fields(), [field], "{members}");
    }
    env.owner().get(LINK).await.refused(404, "not_found");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn all_bad_fields_are_named_at_once() {
    let env = TestEnv::new().await;
    let body = json!({
        "destinationUrl": "https:evil", "title": [], "tags": [1, "ok", {}], "enabled": 1, "redirectType": 308, "scheduledStartAt": "now", "expiresAt": 5, "maxClicks": "3", "password": 1,
        "campaignId": "-", "fallbackUrl": "//evil.example", "color": "red", "routingRules": [{"destinationUrl": "x", "priority": "high", "when": {}}, "rule"],
        "tracking": {"utmSource": false, "utmX": 1}, "trackingPolicy": {"mode": 3, "appendContextParam": "no"},
    });
    let refused = env.owner().put(LINK, body).await.refused(400, "invalid_payload");
    let fields: BTreeSet<String> = refused.fields().into_iter().collect();
    let expected = [
        "destinationUrl",
        "title",
        "tags[0]",
        "tags[2]",
        "enabled",
        "redirectType",
        "scheduledStartAt",
        "expiresAt",
        "maxClicks",
        "password",
        "campaignId",
        "fallbackUrl",
        "color",
        "routingRules[0].destinationUrl",
        "routingRules[0].priority",
        "routingRules[0].when",
        "routingRules[1]",
        "tracking.utmSource",
        "tracking.utmX",
        "trackingPolicy.mode",
        "trackingPolicy.appendContextParam",
    ];
    assert_eq!(fields, expected.iter().map(|field| (*field).to_owned()).collect());
    for field in expected {
        assert!(refused.json()["message"].as_str().unwrap().contains(field), "{field}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn unknown_members_are_refused_by_name_and_nothing_of_the_systems_own_can_be_set() {
    let env = TestEnv::new().await;
    assert_eq!(env.owner().put(LINK, product_with(json!({"slug": "other"}))).await.refused(400, "invalid_slug").fields(), ["slug"]);
    for name in ["handle", "version", "createdAt", "updatedAt", "shortUrl", "hasPassword", "id", "destinationurl", "", "__proto__"] {
        let refused = env.owner().put(LINK, product_with(json!({ name: "x" }))).await.refused(400, "invalid_payload");
        assert_eq!(refused.fields(), [name]);
    }
    let refused = env.owner().put(LINK, product_with(json!({"colour": 1, "shape": 2}))).await.refused(400, "invalid_payload");
    assert_eq!(refused.fields().into_iter().collect::<BTreeSet<_>>(), BTreeSet::from(["colour".to_owned(), "shape".to_owned()]));
    env.owner().get(LINK).await.refused(404, "not_found");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_address_that_is_not_a_plain_foreign_web_address_becomes_a_destination() {
    let env = TestEnv::new().await;
    let long = format!("https://example.com/{}", "a".repeat(2049));
    for bad in [
        "",
        " ",
        "example.com",
        "//evil.example",
        "/path",
        "https:evil.example",
        "https:/evil.example",
        "https:\\\\evil.example",
        "javascript:alert(1)",
        "JaVaScRiPt:alert(1)",
        "data:text/html,x",
        "vbscript:x",
        "ftp://example.com",
        "file:///proc/self/environ",
        "https://user@example.com",
        "https://user:pw@example.com",
        "https://foo@127.0.0.1:80@example.com",
        "https://example.com\\@127.0.0.1",
        "https://exa mple.com",
        " https://example.com",
        "https://example.com\r\nX-A: b",
        "https://example.com/\tx",
        "https://example.com/\u{0}",
        "https://example.com:99999",
        "https://",
        "https://[::1",
        "https://%00.example",
        "https://demo.localhost:9000/launch",
        "http://LOCALHOST/",
        "https://localhost./x",
        "https://api.localhost",
        "https://\u{24db}\u{24de}\u{24d2}\u{24d0}\u{24db}\u{24d7}\u{24de}\u{24e2}\u{24e3}/",
        &long,
    ] {
        assert_eq!(
            env.owner().put(LINK, json!({"destinationUrl": bad})).await.refused(400, "invalid_destination_url").fields(),
            ["destinationUrl"],
            "{bad:?}"
        );
        let rule = json!([{"destinationUrl": bad}]);
        assert_eq!(
            env.owner().put(LINK, product_with(json!({"routingRules": rule}))).await.refused(400, "invalid_destination_url").fields(),
            ["routingRules[0].destinationUrl"],
            "{bad:?}"
        );
        assert_eq!(
            env.owner().put(LINK, product_with(json!({"fallbackUrl": bad}))).await.refused(400, "invalid_payload").fields(),
            ["fallbackUrl"],
            "{bad:?}"
        );
        let variant = json!({"variant": {"id": "v1", "destinationUrl": bad}});
        assert_eq!(
            env.owner().put(&format!("{RULES}/r1"), variant).await.refused(400, "invalid_destination_url").fields(),
            ["variant.destinationUrl"],
            "{bad:?}"
        );
    }
    env.owner().get(LINK).await.refused(404, "not_found");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_password_is_never_returned_and_stays_unless_null_removes_it() {
    let env = TestEnv::new().await;
    let owner = env.owner();
    let mut answers = vec![owner.put(LINK, product_with(json!({"password": "open-sesame-canary"}))).await.expect(201)];
    answers.push(owner.put(LINK, product_with(json!({"title": "kept"}))).await.expect(200));
    answers.push(owner.get(LINK).await.expect(200));
    assert!(answers.iter().all(|answer| answer.json()["hasPassword"] == true));
    answers.push(owner.get(LINKS).await.expect(200));
    answers.push(owner.get(&format!("{LINK}/history")).await.expect(200));
    answers.push(owner.post(&format!("{LINK}/route-preview"), json!({})).await.expect(200));
    for answer in &answers {
        assert!(
            !answer.text().contains("canary") && !answer.text().contains("argon2") && !answer.text().contains("\"password\""),
            "{}",
            answer.text()
        );
    }
    let stored = env.app("links").store().links().get(&env.handle(), &"launch".parse().unwrap()).await.unwrap().unwrap();
    let stored = serde_json::to_string(&stored).unwrap();
    assert!(stored.contains("$argon2id$") && !stored.contains("canary"), "{stored}");
    env.visitor().unlock("launch", "open-sesame-canary").await.expect(303);

    assert_eq!(owner.put(LINK, product_with(json!({"password": null}))).await.expect(200).json()["hasPassword"], false);
    env.advance_ms(5_000);
    env.visitor().follow("launch").await.expect(302);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_hundred_and_twenty_links_are_listed_once_each_by_slug_for_every_page_size() {
    let env = TestEnv::new().await;
    let mut slugs: Vec<String> = (0..120).map(|number| format!("{}-link_{number}", ["A", "a", "0", "_"][number % 4])).collect();
    for slug in &slugs {
        env.creator().put(&format!("{LINKS}/{slug}"), product()).await.expect(201);
    }
    slugs.sort();
    for (limit, sizes) in [(50, Some(vec![50, 50, 20])), (100, Some(vec![100, 20])), (7, None), (40, None)] {
        let (items, pages) = walk(&env, LINKS, limit).await;
        assert_eq!(items.iter().map(|item| item["slug"].as_str().unwrap()).collect::<Vec<_>>(), slugs, "{limit}");
        assert!(sizes.is_none_or(|sizes| sizes == pages), "{limit}: {pages:?}");
    }
    let plain = env.creator().get(LINKS).await.expect(200).json();
    assert_eq!(plain["items"].as_array().unwrap().len(), 50);
    let mut alone = env.creator().get(&format!("{LINKS}/{}", slugs[0])).await.json();
    alone["status"] = json!("live");
    assert_eq!(plain["items"][0], alone);
    for bad in ["limit=0", "limit=101", "limit=-1", "limit=ten", "limit="] {
        assert_eq!(env.creator().get(&format!("{LINKS}?{bad}")).await.refused(400, "invalid_payload").fields(), ["limit"], "{bad}");
    }
    env.owner().get(&format!("{LINKS}?cursor={}", "a".repeat(1025))).await.refused(400, "invalid_payload");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_handle_without_links_has_an_empty_list() {
    let env = TestEnv::new().await;
    assert_eq!(env.creator().get(LINKS).await.expect(200).json(), json!({"items": [], "nextCursor": null}));
    assert_eq!(env.creator().get(RULES).await.expect(200).json(), json!({"items": [], "nextCursor": null}));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_deleted_link_is_gone_and_a_new_one_starts_at_its_first_version() {
    let env = TestEnv::new().await;
    for _ in 0..3 {
        env.creator().put(LINK, product()).await;
    }
    let etag = env.creator().get(LINK).await.header("etag").to_owned();
    assert!(env.creator().delete(LINK).await.expect(204).body.is_empty());
    for gone in [
        env.creator().get(LINK).await,
        env.creator().delete(LINK).await,
        env.creator().get(&format!("{LINK}/history")).await,
        env.creator().post(&format!("{LINK}/rollback"), json!({"version": 1})).await,
        env.creator().post(&format!("{LINK}/route-preview"), json!({})).await,
    ] {
        gone.refused(404, "not_found");
    }
    assert_eq!(env.creator().get(LINKS).await.json()["items"], json!([]));
    let again = env.creator().put(LINK, product()).await.expect(201);
    assert_eq!(again.json()["version"], 1);
    assert_eq!(versions(&env).await.len(), 1);
    env.creator().put(LINK, product()).await.expect(200);
    assert_ne!(env.creator().put(LINK, product()).await.expect(200).header("etag"), etag);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_links_history_is_listed_newest_first_page_by_page() {
    let env = TestEnv::new().await;
    for number in 1..=12 {
        env.creator().put(LINK, product_with(json!({"title": format!("version {number}")}))).await;
        env.advance_ms(1000);
    }
    let newest_first: Vec<Value> = (1..=12).rev().map(|number| json!(number)).collect();
    for limit in [1, 5, 12, 100] {
        let (items, _) = walk(&env, &format!("{LINK}/history"), limit).await;
        assert_eq!(items.iter().map(|item| item["version"].clone()).collect::<Vec<_>>(), newest_first, "{limit}");
        assert!(items.iter().all(|item| item["title"] == format!("version {}", item["version"])));
    }
    let times: BTreeSet<String> = versions(&env).await.iter().map(|item| item["updatedAt"].to_string()).collect();
    assert_eq!(times.len(), 12);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_rollback_writes_the_earlier_version_again_as_a_new_one_and_keeps_the_password() {
    let env = TestEnv::new().await;
    let owner = env.owner();
    let first = json!({"destinationUrl": "https://example.com/first", "title": "first", "maxClicks": 5, "routingRules": [{"destinationUrl": "https://example.com/de", "conditions": {"countryIn": ["DE"]}}]});
    owner.put(LINK, first).await.expect(201);
    owner.put(LINK, json!({"destinationUrl": "https://example.com/second", "password": "open sesame"})).await.expect(200);
    env.advance_ms(60_000);
    let rolled = owner.post(&format!("{LINK}/rollback"), json!({"version": 1})).await.expect(200);
    assert_eq!(rolled.header("etag"), owner.get(LINK).await.header("etag"));
    let (now, before) = (rolled.json(), versions(&env).await.pop().unwrap());
    assert_eq!((&now["version"], &now["hasPassword"]), (&json!(3), &json!(true)));
    for name in ["destinationUrl", "title", "maxClicks", "routingRules", "createdAt"] {
        assert_eq!(now[name], before[name], "{name}");
    }
    assert_eq!((&before["version"], now["updatedAt"].as_str()), (&json!(1), Some("2026-03-01T12:01:00.000Z")));
    env.visitor().unlock("launch", "open sesame").await.expect(303);
    assert_eq!(versions(&env).await.len(), 3);

    for (body, status, code) in [
        (json!({"version": 99}), 404, "not_found"),
        (json!({"version": 4}), 404, "not_found"),
        (json!({"version": 0}), 400, "invalid_payload"),
        (json!({"version": "1"}), 400, "invalid_payload"),
        (json!({"version": 1.5}), 400, "invalid_payload"),
        (json!({"version": 1, "why": "x"}), 400, "invalid_payload"),
        (json!({}), 400, "invalid_payload"),
        (json!([1]), 400, "invalid_payload"),
    ] {
        owner.post(&format!("{LINK}/rollback"), body).await.refused(status, code);
    }
    assert_eq!(owner.get(LINK).await.json()["version"], 3);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_rollback_to_a_campaign_that_is_deleted_by_now_is_refused_as_a_write_of_it_is() {
    let env = TestEnv::new().await;
    env.campaign("spring").await;
    let of_campaign = json!({"destinationUrl": "https://example.com", "campaignId": "spring"});
    env.owner().put(LINK, of_campaign.clone()).await.expect(201);
    env.owner().put(LINK, product()).await.expect(200);
    env.owner().delete("/v2/handles/demo/campaigns/spring").await.expect(204);
    for refused in [env.owner().post(&format!("{LINK}/rollback"), json!({"version": 1})).await, env.owner().put(LINK, of_campaign).await] {
        assert_eq!(refused.expect(400).json()["fields"][0]["field"], "campaignId");
    }
    env.campaign("spring").await;
    assert_eq!(env.owner().post(&format!("{LINK}/rollback"), json!({"version": 1})).await.expect(200).json()["campaignId"], "spring");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_rollback_to_a_destination_that_is_ours_by_now_is_refused() {
    let env = TestEnv::new().await;
    env.owner().put(LINK, product()).await.expect(201);
    let store = env.app("links").store();
    let first = store.links().get(&env.handle(), &"launch".parse().unwrap()).await.unwrap().unwrap();
    let mut looping = Link { version: 2, ..first.clone() };
    looping.settings.fallback_url = Some(Destination::parse("https://demo.localhost:9000/launch").unwrap());
    assert_eq!(
        store.links().write(&looping, Expect::Version(first.id, 1), &env.audit_event("link.updated")).await.unwrap(),
        WriteOutcome::Written
    );
    env.owner().put(LINK, product()).await.expect(200);
    let refused = env.owner().post(&format!("{LINK}/rollback"), json!({"version": 2})).await.expect(400);
    assert!(["invalid_destination_url", "invalid_payload"].contains(&refused.json()["error"].as_str().unwrap()));
    assert_eq!(env.owner().get(LINK).await.json()["version"], 3);
    env.owner().post(&format!("{LINK}/rollback"), json!({"version": 1})).await.expect(200);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_body_that_is_too_large_or_no_json_is_refused_before_it_is_read_further() {
    let env = TestEnv::new().await;
    let owner = env.owner();
    for (method, path) in [
        (Method::PUT, LINK.to_owned()),
        (Method::POST, format!("{LINK}/rollback")),
        (Method::POST, format!("{LINK}/route-preview")),
        (Method::PUT, format!("{RULES}/r1")),
    ] {
        let send = |kind: &'static str, body: Vec<u8>| {
            let (caller, method, path) = (owner.clone().with("content-type", kind), method.clone(), path.clone());
            async move { caller.send(method, &path, body).await }
        };
        let mut large = product().to_string().into_bytes();
        large.resize(64 * 1024 + 1, b' ');
        send("application/json", large).await.refused(413, "payload_too_large");
        for kind in ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data", "application/jsonp", ""] {
            send(kind, product().to_string().into_bytes()).await.refused(415, "unsupported_media_type");
        }
        owner.send(method.clone(), &path, product().to_string().into_bytes()).await.refused(415, "unsupported_media_type");
        let deep = format!("{}{}", "[".repeat(10_000), "]".repeat(10_000)).into_bytes();
        for body in [
            &b""[..],
            b"{",
            b"{\"destinationUrl\":}",
            b"{} trailing",
            b"\xef\xbb\xbf{}",
            b"{\"a\":\"\xff\"}",
            b"NaN",
            b"'x'",
            &deep,
            b"\x1f\x8b\x08",
        ] {
            assert_eq!(send("application/json", body.to_vec()).await.refused(400, "invalid_payload").fields(), ["body"]);
        }
        for body in [&b"null"[..], b"[]", b"\"x\"", b"7"] {
            assert_eq!(send("application/json", body.to_vec()).await.refused(400, "invalid_payload").fields(), ["body"]);
        }
    }
    let mut just_fits = product().to_string().into_bytes();
    just_fits.resize(64 * 1024, b' ');
    owner.clone().with("content-type", "Application/JSON; charset=utf-8").send(Method::PUT, LINK, just_fits).await.expect(201);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn personalization_rules_are_written_replaced_ordered_by_priority_and_id_and_deleted() {
    let env = TestEnv::new().await;
    let rule = |priority: i64| json!({"priority": priority, "variant": {"id": "v1", "destinationUrl": PRODUCT}});
    for (id, priority) in [("zz", 1), ("bb", 2), ("aa", 1), ("first", 0)] {
        let created = env.creator().put(&format!("{RULES}/{id}"), rule(priority)).await.expect(201).json();
        assert_eq!((created["ruleId"].as_str(), &created["enabled"]), (Some(id), &json!(true)));
    }
    assert_eq!(column(&env.creator().get(RULES).await.expect(200).json(), "ruleId"), ["first", "aa", "zz", "bb"]);
    let moved = json!({"priority": 9, "enabled": false, "when": {"countryIn": ["de"], "percent": {"from": 0, "to": 12.5}}, "variant": {"id": "v2", "destinationUrl": "https://example.com/moved"}});
    let replaced = env.creator().put(&format!("{RULES}/first"), moved).await.expect(200).json();
    assert_eq!(
        (&replaced["when"], &replaced["enabled"]),
        (&json!({"countryIn": ["DE"], "percent": {"from": 0, "to": 12.5}}), &json!(false))
    );
    let list = env.creator().get(RULES).await.expect(200).json();
    assert_eq!(column(&list, "ruleId"), ["aa", "zz", "bb", "first"]);
    assert_eq!(list["items"][3], replaced);

    assert!(env.creator().delete(&format!("{RULES}/zz")).await.expect(204).body.is_empty());
    env.creator().delete(&format!("{RULES}/zz")).await.refused(404, "not_found");
    assert_eq!(column(&env.creator().get(RULES).await.json(), "ruleId"), ["aa", "bb", "first"]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_bad_personalization_rule_is_refused_with_every_bad_field() {
    let env = TestEnv::new().await;
    let variant = json!({"id": "v1", "destinationUrl": PRODUCT});
    for (id, body, fields) in [
        ("r1", json!({}), vec!["variant"]),
        ("r1", json!({"variant": {}}), vec!["variant.destinationUrl", "variant.id"]),
        ("r1", json!({"variant": variant, "conditions": {}}), vec!["conditions"]),
        ("r1", json!({"variant": variant, "ruleId": "r2"}), vec!["ruleId"]),
        (
            "r1",
            json!({"variant": variant, "priority": 1_000_001, "enabled": 0, "when": {"deviceIn": ["x"]}}),
            vec!["enabled", "priority", "when.deviceIn[0]"],
        ),
        ("UPPER", json!({"variant": variant}), vec!["ruleId"]),
        ("a%23b", json!({"variant": variant}), vec!["ruleId"]),
    ] {
        let refused = env.creator().put(&format!("{RULES}/{id}"), body.clone()).await.expect(400);
        assert_eq!(refused.fields().into_iter().collect::<BTreeSet<_>>(), fields.into_iter().map(str::to_owned).collect(), "{body}");
    }
    assert_eq!(env.creator().get(RULES).await.json()["items"], json!([]));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_handle_has_at_most_a_hundred_personalization_rules() {
    let env = TestEnv::new().await;
    let rule = json!({"variant": {"id": "v1", "destinationUrl": PRODUCT}});
    for number in 0..100 {
        env.creator().put(&format!("{RULES}/r{number}"), rule.clone()).await.expect(201);
    }
    env.creator().put(&format!("{RULES}/r100"), rule.clone()).await.refused(409, "conflict");
    env.creator().put(&format!("{RULES}/r99"), rule.clone()).await.expect(200);
    env.creator().delete(&format!("{RULES}/r0")).await.expect(204);
    env.creator().put(&format!("{RULES}/r100"), rule).await.expect(201);
    assert_eq!(env.creator().get(&format!("{RULES}?limit=100")).await.json()["items"].as_array().unwrap().len(), 100);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn eight_writers_at_once_make_versions_one_to_eight_and_lose_none() {
    let env = TestEnv::new().await;
    for round in 0..5 {
        let path = format!("{LINKS}/race{round}");
        let write = |number: usize| {
            let (env, path) = (&env, path.clone());
            async move { env.owner().put(&path, product_with(json!({"title": format!("writer {number}")}))).await }
        };
        let answers: Vec<Answer> = futures::future::join_all((0..8).map(write)).await;
        let mut statuses: Vec<u16> = answers.iter().map(|answer| answer.status.as_u16()).collect();
        statuses.sort_unstable();
        assert_eq!(statuses, [200, 200, 200, 200, 200, 200, 200, 201]);
        let reported: BTreeSet<(u64, String)> =
            answers.iter().map(|answer| (answer.json()["version"].as_u64().unwrap(), answer.json()["title"].to_string())).collect();
        let (items, _) = walk(&env, &format!("{path}/history"), 100).await;
        assert_eq!(items.iter().map(|item| item["version"].as_u64().unwrap()).collect::<Vec<_>>(), [8, 7, 6, 5, 4, 3, 2, 1]);
        let kept: BTreeSet<(u64, String)> =
            items.iter().map(|item| (item["version"].as_u64().unwrap(), item["title"].to_string())).collect();
        assert_eq!(kept, reported);
        assert_eq!(kept.iter().map(|(_, title)| title).collect::<BTreeSet<_>>().len(), 8);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn deletions_and_rollbacks_between_writes_are_applied_one_after_the_other_too() {
    let env = TestEnv::new().await;
    for round in 0..5 {
        let path = format!("{LINKS}/race{round}");
        env.owner().put(&path, product()).await.expect(201);
        let owner = env.owner();
        let rollback = format!("{path}/rollback");
        let (write, roll_back) = (|| owner.put(&path, product()), || owner.post(&rollback, json!({"version": 1})));
        let rollbacks = futures::future::join_all((0..3).map(|_| async { roll_back().await }));
        let writes = futures::future::join_all((0..4).map(|_| async { write().await }));
        let (rolled, written) = futures::future::join(rollbacks, writes).await;
        assert!(rolled.iter().chain(&written).all(|answer| answer.status == 200), "{round}");
        assert_eq!(env.owner().get(&path).await.json()["version"], 8);

        let deletions = futures::future::join_all((0..3).map(|_| async { owner.delete(&path).await.status.as_u16() }));
        let writes = futures::future::join_all((0..4).map(|_| async { write().await.status.as_u16() }));
        let (deleted, written) = futures::future::join(deletions, writes).await;
        assert!(deleted.contains(&204) && deleted.iter().all(|status| [204, 404].contains(status)), "{deleted:?}");
        assert!(written.iter().all(|status| [200, 201].contains(status)), "{written:?}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_eight_writers_at_once_with_the_same_if_match_one_wins() {
    let env = TestEnv::new().await;
    let etag = env.owner().put(LINK, product()).await.expect(201).header("etag").to_owned();
    let write = |number: usize| {
        let caller = env.owner().with("if-match", &etag);
        async move { caller.put(LINK, product_with(json!({"title": format!("writer {number}")}))).await.status.as_u16() }
    };
    let mut statuses: Vec<u16> = futures::future::join_all((0..8).map(write)).await;
    statuses.sort_unstable();
    assert_eq!(statuses, [200, 412, 412, 412, 412, 412, 412, 412]);
    assert_eq!(versions(&env).await.len(), 2);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn rules_written_at_once_are_all_kept() {
    let env = TestEnv::new().await;
    let write = |number: usize| {
        let env = &env;
        async move {
            env.owner()
                .put(&format!("{RULES}/r{number}"), json!({"variant": {"id": "v1", "destinationUrl": PRODUCT}}))
                .await
                .status
                .as_u16()
        }
    };
    let statuses: Vec<u16> = futures::future::join_all((0..8).map(write)).await;
    assert_eq!(statuses, [201; 8]);
    assert_eq!(env.owner().get(RULES).await.json()["items"].as_array().unwrap().len(), 8);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_write_whose_answer_was_lost_or_that_arrived_twice_makes_one_version() {
    let env = TestEnv::new().await;
    for (version, fault) in (1..).zip([Fault::AnswerLost, Fault::AnswerLost, Fault::Doubled, Fault::Doubled]) {
        let fired = env.faults.inject(Rule::on("TransactWriteItems").by("links"), fault);
        let link = env.owner().put(LINK, product()).await.expect(if version == 1 { 201 } else { 200 }).json();
        assert_eq!(fired.times(), 1);
        assert_eq!(link["version"], version, "{fault:?}");
        assert_eq!(versions(&env).await.len(), version, "{fault:?}");
    }
    let fired = env.faults.inject(Rule::on("TransactWriteItems").by("links"), Fault::AnswerLost);
    env.owner().post(&format!("{LINK}/rollback"), json!({"version": 1})).await.expect(200);
    fired.at_least_once();
    assert_eq!(versions(&env).await.len(), 5);
    let fired = env.faults.inject(Rule::on("TransactWriteItems").by("links"), Fault::AnswerLost);
    env.owner().delete(LINK).await.expect(204);
    fired.at_least_once();
    let fired = env.faults.inject(Rule::on("TransactWriteItems").by("links"), Fault::AnswerLost);
    env.owner().put(&format!("{RULES}/r1"), json!({"variant": {"id": "v1", "destinationUrl": PRODUCT}})).await.expect(201);
    fired.at_least_once();
    assert_eq!(env.owner().get(RULES).await.json()["items"].as_array().unwrap().len(), 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_write_that_meets_another_transaction_is_made_after_it() {
    let env = TestEnv::new().await;
    for version in 1..=3 {
        let fired = env.faults.inject(Rule::on("TransactWriteItems").by("links").times(3), Fault::Conflict);
        assert_eq!(env.owner().put(LINK, product()).await.json()["version"], version);
        assert_eq!(fired.times(), 3);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_write_the_table_throttles_or_that_never_arrives_is_unavailable_and_changes_nothing() {
    let env = TestEnv::new().await;
    env.owner().put(LINK, product_with(json!({"title": "before"}))).await.expect(201);
    let before = (env.owner().get(LINK).await.json(), versions(&env).await);
    for fault in [Fault::Throttled, Fault::Unreachable] {
        for operation in ["TransactWriteItems", "UpdateItem", "GetItem"] {
            let fired = env.faults.inject(Rule::on(operation).by("links").always(), fault);
            let refused = env.owner().put(LINK, product_with(json!({"title": "after"}))).await.refused(503, "unavailable");
            assert!(refused.header("retry-after").parse::<u32>().unwrap() >= 1);
            assert!(
                !refused.text().contains("DynamoDB") && !refused.text().contains("slow down") && !refused.text().contains(operation),
                "{}",
                refused.text()
            );
            fired.at_least_once();
            env.faults.clear();
            assert_eq!((env.owner().get(LINK).await.json(), versions(&env).await), before, "{fault:?} {operation}");
        }
        let fired = env.faults.inject(Rule::on("TransactWriteItems").by("links").always(), fault);
        env.owner().delete(LINK).await.refused(503, "unavailable");
        let rule = json!({"variant": {"id": "v1", "destinationUrl": PRODUCT}});
        env.owner().put(&format!("{RULES}/r1"), rule).await.refused(503, "unavailable");
        assert!(fired.times() >= 2);
        env.faults.clear();
    }
    assert_eq!(env.owner().get(RULES).await.json()["items"], json!([]));
    env.owner().put(LINK, product_with(json!({"title": "after"}))).await.expect(200);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_refused_write_is_not_charged_and_reading_never_is() {
    let env = TestEnv::with(TestEnvOptions { plan: "FREE", ..TestEnvOptions::default() }).await;
    let owner = env.owner();
    owner.put(LINK, product()).await.expect(201);
    owner.put(LINK, json!({"destinationUrl": "ftp://x"})).await.refused(400, "invalid_destination_url");
    owner.clone().with("if-match", "\"old\"").put(LINK, product()).await.refused(412, "version_mismatch");
    owner.post(&format!("{LINK}/rollback"), json!({"version": 9})).await.refused(404, "not_found");
    owner.delete(&format!("{LINKS}/unknown")).await.refused(404, "not_found");
    owner.delete(&format!("{RULES}/unknown")).await.refused(404, "not_found");
    for _ in 0..5 {
        owner.get(LINK).await.expect(200);
        owner.get(&format!("{LINK}/history")).await.expect(200);
        owner.post(&format!("{LINK}/route-preview"), json!({})).await.expect(200);
    }
    owner.put(LINK, product()).await.expect(200);
    owner.put(LINK, product()).await.refused(429, "rate_limited");
    owner.delete(LINK).await.refused(429, "rate_limited");
    owner.put(&format!("{RULES}/r1"), json!({"variant": {"id": "v1", "destinationUrl": PRODUCT}})).await.refused(429, "rate_limited");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_version_that_is_known_is_not_sent_again() {
    let env = TestEnv::new().await;
    let etag = env.creator().put(LINK, product()).await.expect(201).header("etag").to_owned();
    for known in [etag.clone(), format!("W/{etag}"), format!("\"other\", {etag}"), "*".to_owned()] {
        let answer = env.creator().with("if-none-match", &known).get(LINK).await.expect(304);
        assert_eq!((answer.body.len(), answer.header("etag"), answer.header("content-type")), (0, etag.as_str(), ""), "{known}");
    }
    env.creator().with("if-none-match", "\"other\"").get(LINK).await.expect(200);
    env.creator().put(LINK, product()).await.expect(200);
    env.creator().with("if-none-match", &etag).get(LINK).await.expect(200);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_history_says_which_versions_had_a_password() {
    let env = TestEnv::new().await;
    for password in [Value::Null, json!("open sesame"), Value::Null] {
        env.creator().put(LINK, product_with(json!({ "password": password }))).await;
    }
    let had: Vec<Value> = versions(&env).await.iter().map(|version| version["hasPassword"].clone()).collect();
    assert_eq!(had, [false, true, false]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_destination_is_a_redirect_of_this_service_on_any_host() {
    let env = TestEnv::new().await;
    let loops = "https://abc123.execute-api.eu-central-1.amazonaws.com/%5Fedge//redirect/demo/launch?a=b";
    let rule = json!([{ "destinationUrl": loops }]);
    for body in
        [json!({ "destinationUrl": loops }), product_with(json!({ "fallbackUrl": loops })), product_with(json!({ "routingRules": rule }))]
    {
        assert_eq!(env.creator().put(LINK, body).await.expect(400).fields().len(), 1);
    }
    let rule = json!({"variant": {"id": "v", "destinationUrl": loops}});
    env.creator().put(&format!("{RULES}/r"), rule).await.refused(400, "invalid_destination_url");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn each_link_of_a_batch_is_charged_written_audited_and_answered_by_itself_in_order() {
    let env = TestEnv::with(TestEnvOptions { plan: "PRO", ..TestEnvOptions::default() }).await;
    const BATCH: &str = "/v2/handles/demo/links:batch";
    env.creator().put(&format!("{LINKS}/known"), product_with(json!({"password": "open sesame"}))).await.expect(201);
    let events = env.audit_events().await.len();
    let link = |slug: &str| json!({"slug": slug, "destinationUrl": "https://example.com/new", "title": slug});
    let links = json!([
        link("first"),
        {"slug": "second", "destinationUrl": "ftp://x"},
        link("known"),
        link("first"),
        {"slug": "a/b", "destinationUrl": "https://example.com/", "stray": 1},
        {"slug": "third", "destinationUrl": "https://example.com/", "password": "secret"},
        {"slug": "fourth", "destinationUrl": "https://example.com/", "campaignId": "no-such"},
        {"destinationUrl": "https://example.com/"},
    ]);
    let answer = env.creator().post(BATCH, json!({"links": links})).await.expect(200).json();
    let results = answer["results"].as_array().unwrap();
    let statuses: Vec<u64> = results.iter().map(|result| result["status"].as_u64().unwrap()).collect();
    assert_eq!(statuses, [201, 400, 200, 400, 400, 400, 400, 400], "{answer:#}");
    let slugs: Vec<&Value> = results.iter().map(|result| &result["slug"]).collect();
    assert_eq!(json!(slugs), json!(["first", "second", "known", "first", null, "third", "fourth", null]));
    let fields = |place: usize| -> Vec<&Value> {
        let fields = results[place]["error"]["fields"].as_array().unwrap();
        fields.iter().map(|fault| &fault["field"]).collect()
    };
    assert_eq!((fields(1), &results[1]["error"]["error"]), (vec![&json!("destinationUrl")], &json!("invalid_destination_url")));
    assert_eq!((fields(3), fields(4)), (vec![&json!("slug")], vec![&json!("slug"), &json!("stray")]));
    assert_eq!((fields(5), fields(6), fields(7)), (vec![&json!("password")], vec![&json!("campaignId")], vec![&json!("slug")]));
    for (place, slug) in [(0, "first"), (2, "known")] {
        assert_eq!(results[place]["link"], env.creator().get(&format!("{LINKS}/{slug}")).await.expect(200).json());
    }
    assert_eq!((&results[2]["link"]["hasPassword"], &results[2]["link"]["version"]), (&json!(true), &json!(2)));
    for slug in ["second", "third", "fourth"] {
        env.creator().get(&format!("{LINKS}/{slug}")).await.refused(404, "not_found");
    }
    assert_eq!(env.audit_events().await.len(), events + 2);
    assert_eq!(env.owner().get("/v2/account").await.expect(200).json()["writesToday"], 3, "refused links are not charged");

    // Seven writes are left of ten: the first seven are written.
    let many: Vec<Value> = (0..10).map(|number| link(&format!("many-{number}"))).collect();
    let answer = env.creator().post(BATCH, json!({"links": many})).await.expect(200).json();
    let statuses: Vec<u64> = answer["results"].as_array().unwrap().iter().map(|result| result["status"].as_u64().unwrap()).collect();
    assert_eq!(statuses, [201, 201, 201, 201, 201, 201, 201, 429, 429, 429]);
    assert_eq!(answer["results"][9]["error"]["limits"]["writesPerDay"], 10);
    env.creator().get(&format!("{LINKS}/many-6")).await.expect(200);
    env.creator().get(&format!("{LINKS}/many-7")).await.refused(404, "not_found");

    for links in [json!([]), json!({}), json!([1]), Value::Null, json!(vec![json!({}); 101])] {
        let refused = env.creator().post(BATCH, json!({"links": links})).await.refused(400, "invalid_payload");
        assert!(refused.fields()[0].starts_with("links"), "{:?}", refused.fields());
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_link_of_a_batch_that_cannot_be_stored_stops_no_other() {
    let env = TestEnv::new().await;
    let links: Vec<Value> =
        (0..100).map(|number| json!({"slug": format!("link-{number:03}"), "destinationUrl": "https://example.com/"})).collect();
    let fired = env.faults.inject(Rule::on("TransactWriteItems").by("links").after(40).times(3), Fault::Unreachable);
    let answer = env.owner().post("/v2/handles/demo/links:batch", json!({"links": links})).await.expect(200).json();
    fired.at_least_once();
    env.faults.clear();
    let results = answer["results"].as_array().unwrap();
    for result in results {
        let stored = env.owner().get(&format!("{LINKS}/{}", result["slug"].as_str().unwrap())).await.status.as_u16();
        let expected = if result["status"] == 201 { 200 } else { 404 };
        assert_eq!(stored, expected, "{result}");
    }
    let failed = results.iter().filter(|result| result["status"] == 503).count();
    assert!(failed <= 3 && results.iter().filter(|result| result["status"] == 201).count() == 100 - failed, "{failed}");
    assert!(!answer.to_string().contains("Unreachable"));
}
