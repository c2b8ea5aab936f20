//! The preview: what it explains, and that it decides as the redirect does.

use std::collections::{BTreeMap, BTreeSet};

use domain::accounts::Profile;
use domain::links::{Link, LinkSettings};
use domain::routing::{PersonalizationRule, PersonalizationRules};
use domain::testing;
use domain::values::destination::OwnHosts;
use domain::values::id::LinkId;
use domain::values::moment::Moment;
use domain::values::name::Handle;
use futures::{StreamExt, TryStreamExt};
use http::{Method, Request, StatusCode};
use serde_json::{Value, json};
use store::{Expect, WriteOutcome};
use tests::{Answer, BROWSER, Random, TestEnv, TestEnvOptions};

const LINK: &str = "/v2/handles/demo/links/launch";
const PREVIEW: &str = "/v2/handles/demo/links/launch/route-preview";
const RULES: &str = "/v2/handles/demo/personalization-rules";
const PRODUCT: &str = "https://example.com/product";

async fn env_with(settings: Value) -> TestEnv {
    let env = TestEnv::new().await;
    if let Some(campaign) = settings["campaignId"].as_str() {
        env.campaign(campaign).await;
    }
    write(&env, settings).await;
    env
}

async fn write(env: &TestEnv, settings: Value) {
    let mut body = json!({"destinationUrl": PRODUCT});
    body.as_object_mut().unwrap().extend(settings.as_object().unwrap().clone());
    assert!(env.owner().put(LINK, body).await.status.is_success());
}

async fn preview(env: &TestEnv, visit: Value) -> Value {
    env.creator().post(PREVIEW, visit).await.expect(200).json()
}

/// A Friday evening's visit of which everything is known.
fn friday() -> Value {
    json!({"country": "us", "device": "mobile", "source": " AD ", "campaign": "Spring", "segments": ["VIP"], "language": "de-AT", "sessionId": "sess-1", "at": "2026-03-06T22:30:00Z"})
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_answer_explains_the_decision_rule_by_rule() {
    let env = env_with(json!({"redirectType": 307, "routingRules": [
        {"priority": 20, "destinationUrl": "https://example.com/late"},
        {"priority": 10, "destinationUrl": "https://example.com/de", "conditions": {"countryIn": ["DE"], "deviceIn": ["MOBILE"]}},
        {"priority": 10, "destinationUrl": "https://example.com/ad", "conditions": {"sourceIn": ["Instagram", "Ad"], "campaignIn": ["SPRING"]}},
    ]})).await;
    assert_eq!(
        preview(&env, friday()).await,
        json!({
            "handle": "demo", "slug": "launch", "destinationUrl": "https://example.com/ad", "redirectType": 307,
            "matched": {"kind": "ROUTING_RULE", "ruleId": null, "priority": 10, "index": 2}, "reason": "matched sourceIn, campaignIn",
            "evaluated": [
                {"kind": "ROUTING_RULE", "index": 1, "ruleId": null, "priority": 10, "matched": false, "failedCondition": "countryIn", "expected": ["DE"], "actual": "US"},
                {"kind": "ROUTING_RULE", "index": 2, "ruleId": null, "priority": 10, "matched": true},
            ],
            "context": {"country": "US", "device": "MOBILE", "source": "ad", "campaign": "spring", "segments": ["vip"], "language": "de-AT", "sessionId": "sess-1", "at": "2026-03-06T22:30:00.000Z"},
            "linkVersion": 1, "wouldAppendCtx": true,
        })
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn each_condition_that_fails_says_what_it_asked_and_what_it_met() {
    let env = TestEnv::new().await;
    let bucket = u64::from_str_radix(&domain::values::secret::sha256_hex(b"demo/launch\nsess-1")[..16], 16).unwrap() % 10_000;
    let share: Value = serde_json::from_str(&format!("{}.{:02}", bucket / 100, bucket % 100)).unwrap();
    let below =
        json!({"from": 0, "to": serde_json::from_str::<Value>(&format!("{}.{:02}", (bucket - 1) / 100, (bucket - 1) % 100)).unwrap()});
    let span = json!({"from": "08:00", "to": "09:00", "timeZone": "Asia/Tokyo"});
    for (name, conditions, expected, actual) in [
        ("countryIn", json!({"countryIn": ["de", "fr"]}), json!(["DE", "FR"]), json!("US")),
        ("deviceIn", json!({"deviceIn": ["tablet"]}), json!(["TABLET"]), json!("MOBILE")),
        ("sourceIn", json!({"sourceIn": ["email"]}), json!(["email"]), json!("ad")),
        ("campaignIn", json!({"campaignIn": ["summer"]}), json!(["summer"]), json!("spring")),
        ("segmentIn", json!({"segmentIn": ["new"]}), json!(["new"]), json!(["vip"])),
        ("languageIn", json!({"languageIn": ["fr"]}), json!(["fr"]), json!("de-AT")),
        ("weekdayIn", json!({"weekdayIn": ["monday"]}), json!(["MON"]), json!("FRI")),
        ("timeBetween", json!({"timeBetween": span}), span.clone(), json!("07:30")),
        ("weekdayIn", json!({"weekdayIn": ["FRI"], "timeBetween": span}), json!(["FRI"]), json!("SAT")),
        ("percent", json!({"percent": below}), below.clone(), share.clone()),
        ("countryIn", json!({"percent": below, "countryIn": ["DE"]}), json!(["DE"]), json!("US")),
    ] {
        write(&env, json!({"routingRules": [{"destinationUrl": "https://example.com/rule", "conditions": conditions}]})).await;
        let answer = preview(&env, friday()).await;
        let step = &answer["evaluated"][0];
        assert_eq!((&step["failedCondition"], &step["matched"]), (&json!(name), &json!(false)));
        let spelled = |value: &Value| value.to_string().replace(".00", "");
        assert_eq!((spelled(&step["expected"]), spelled(&step["actual"])), (spelled(&expected), spelled(&actual)), "{name}");
        assert_eq!(
            (&answer["matched"]["kind"], &answer["reason"], &answer["destinationUrl"]),
            (&json!("DEFAULT"), &json!("no rule matched"), &json!(PRODUCT))
        );
    }
    write(
        &env,
        json!({"routingRules": [{"destinationUrl": "https://example.com/rule", "conditions": {"percent": {"from": share, "to": 100}}}]}),
    )
    .await;
    assert_eq!(preview(&env, friday()).await["reason"], "matched percent");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_handles_rules_are_explained_after_the_links_own() {
    let env = env_with(json!({"routingRules": [{"destinationUrl": "https://example.com/fr", "conditions": {"countryIn": ["FR"]}}]})).await;
    for (id, rule) in [
        ("off", json!({"priority": 0, "enabled": false, "variant": {"id": "v0", "destinationUrl": "https://example.com/off"}})),
        (
            "zebra",
            json!({"priority": 1, "when": {"countryIn": ["DE"]}, "variant": {"id": "v1", "destinationUrl": "https://example.com/zebra"}}),
        ),
        ("all", json!({"priority": 2, "variant": {"id": "v2", "destinationUrl": "https://example.com/all"}})),
    ] {
        env.owner().put(&format!("{RULES}/{id}"), rule).await.expect(201);
    }
    let answer = preview(&env, json!({"country": "US"})).await;
    assert_eq!(answer["matched"], json!({"kind": "PERSONALIZATION_RULE", "ruleId": "all", "priority": 2, "index": 1}));
    assert_eq!(
        (&answer["destinationUrl"], &answer["reason"]),
        (&json!("https://example.com/all"), &json!("matched a rule without conditions"))
    );
    assert_eq!(
        answer["evaluated"],
        json!([
            {"kind": "ROUTING_RULE", "index": 0, "ruleId": null, "priority": 0, "matched": false, "failedCondition": "countryIn", "expected": ["FR"], "actual": "US"},
            {"kind": "PERSONALIZATION_RULE", "index": 0, "ruleId": "zebra", "priority": 1, "matched": false, "failedCondition": "countryIn", "expected": ["DE"], "actual": "US"},
            {"kind": "PERSONALIZATION_RULE", "index": 1, "ruleId": "all", "priority": 2, "matched": true},
        ])
    );
    assert_eq!(preview(&env, json!({"country": "DE"})).await["destinationUrl"], "https://example.com/zebra");
    assert_eq!(preview(&env, json!({"country": "FR"})).await["destinationUrl"], "https://example.com/fr");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_same_request_gets_the_same_answer_byte_for_byte() {
    let env = env_with(json!({"maxClicks": 100, "routingRules": [
        {"destinationUrl": "https://example.com/half", "conditions": {"percent": {"from": 0, "to": 50}}},
        {"destinationUrl": "https://example.com/day", "conditions": {"timeBetween": {"from": "08:00", "to": "20:00"}, "weekdayIn": ["FRI"]}},
    ]})).await;
    for visit in [friday(), json!({"at": "2026-03-06T12:00:00Z", "sessionId": "sess-2"}), json!({"sessionId": "sess-3", "country": "DE"})] {
        let first = env.creator().post(PREVIEW, visit.clone()).await.expect(200);
        for _ in 0..3 {
            env.visitor().follow("launch?sid=sess-9").await.expect(302);
            env.advance_ms(1_000);
            let again = env.operator().post(PREVIEW, visit.clone()).await.expect(200);
            assert_eq!(again.body, first.body);
            assert_ne!(again.header("x-request-id"), first.header("x-request-id"));
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_visit_of_which_nothing_is_said_is_one_nothing_is_known_of() {
    let env = env_with(json!({"campaignId": "spring-2026"})).await;
    let answer = preview(&env, json!({})).await;
    let unknown = json!({"country": "UNKNOWN", "device": "UNKNOWN", "source": "direct", "campaign": "spring-2026", "segments": [], "language": null, "sessionId": null, "at": null});
    assert_eq!(answer["context"], unknown);
    assert_eq!(
        (&answer["reason"], &answer["evaluated"], &answer["matched"]),
        (&json!("no rules"), &json!([]), &json!({"kind": "DEFAULT", "ruleId": null, "priority": null, "index": null}))
    );
    let nulls = json!({"country": null, "device": null, "source": null, "campaign": null, "segments": null, "language": null, "sessionId": null, "at": null});
    assert_eq!(preview(&env, nulls).await, answer);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_visit_that_cannot_be_is_refused_with_every_bad_field() {
    let env = env_with(json!({})).await;
    let body = json!({"country": "USA", "device": "phone", "source": "", "campaign": 7, "segments": ["a", 1], "language": "x".repeat(36), "sessionId": "a b", "at": "later", "ip": "192.0.2.1"});
    let refused = env.owner().post(PREVIEW, body).await.refused(400, "invalid_payload");
    let expected = ["country", "device", "source", "campaign", "segments[1]", "language", "sessionId", "at", "ip"];
    assert_eq!(refused.fields().into_iter().collect::<BTreeSet<_>>(), expected.map(str::to_owned).into_iter().collect());
    env.owner().post("/v2/handles/demo/links/unknown/route-preview", json!({})).await.refused(404, "not_found");
    env.owner().post("/v2/handles/demo/links/abc/route-preview", json!({})).await.refused(400, "invalid_slug");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_closed_link_is_unavailable_or_falls_back_and_says_why() {
    let env = TestEnv::new().await;
    for (closed, why) in [
        (json!({"enabled": false}), "disabled"),
        (json!({"scheduledStartAt": "2026-03-07T00:00:00Z"}), "before scheduledStartAt"),
        (json!({"scheduledEndAt": "2026-03-06T22:30:00Z"}), "after scheduledEndAt"),
        (json!({"expiresAt": "2026-03-06T22:30:00Z"}), "after expiresAt"),
    ] {
        let mut settings = json!({"routingRules": [{"destinationUrl": "https://example.com/rule"}]});
        settings.as_object_mut().unwrap().extend(closed.as_object().unwrap().clone());
        write(&env, settings.clone()).await;
        let answer = preview(&env, friday()).await;
        assert_eq!(
            (&answer["matched"], &answer["destinationUrl"]),
            (&json!({"kind": "UNAVAILABLE", "ruleId": null, "priority": null, "index": null}), &Value::Null)
        );
        assert_eq!(
            (answer["reason"].as_str(), &answer["evaluated"], &answer["wouldAppendCtx"]),
            (Some(format!("link is closed ({why})").as_str()), &json!([]), &json!(false))
        );

        settings["fallbackUrl"] = json!("https://example.com/sorry");
        write(&env, settings).await;
        let answer = preview(&env, friday()).await;
        assert_eq!(
            (&answer["matched"]["kind"], &answer["destinationUrl"], &answer["wouldAppendCtx"]),
            (&json!("FALLBACK"), &json!("https://example.com/sorry"), &json!(false))
        );
        assert_eq!(answer["reason"], format!("link is closed ({why}), fallbackUrl is set"));
    }
    write(&env, json!({"scheduledStartAt": "2026-03-06T22:30:00Z", "expiresAt": "2026-03-06T22:30:00.001Z"})).await;
    assert_eq!(preview(&env, friday()).await["matched"]["kind"], "DEFAULT");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_link_whose_clicks_are_used_up_is_shown_as_closed() {
    let env = env_with(json!({"maxClicks": 2})).await;
    for _ in 0..2 {
        assert_eq!(preview(&env, json!({})).await["matched"]["kind"], "DEFAULT");
        env.visitor().follow("launch").await.expect(302);
    }
    let answer = preview(&env, json!({})).await;
    assert_eq!((&answer["matched"]["kind"], &answer["reason"]), (&json!("UNAVAILABLE"), &json!("link is closed (maxClicks reached)")));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn it_shows_whether_ctx_would_be_appended_and_which_version_decided() {
    let env = env_with(json!({})).await;
    write(&env, json!({"trackingPolicy": {"appendContextParam": false}, "password": "open sesame"})).await;
    let answer = preview(&env, json!({})).await;
    assert_eq!((&answer["wouldAppendCtx"], &answer["linkVersion"], &answer["destinationUrl"]), (&json!(false), &json!(2), &json!(PRODUCT)));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_change_shows_at_once_and_a_preview_writes_nothing() {
    let env = env_with(json!({"maxClicks": 5})).await;
    preview(&env, json!({})).await;
    write(&env, json!({"destinationUrl": "https://example.com/new", "maxClicks": 5})).await;
    env.faults.take_calls();
    assert_eq!(preview(&env, json!({})).await["destinationUrl"], "https://example.com/new");
    let operations: BTreeSet<String> = env.faults.take_calls().into_iter().map(|(_, operation)| operation).collect();
    assert_eq!(operations, BTreeSet::from(["BatchGetItem".to_owned(), "GetItem".to_owned()]));
    assert_eq!(env.drain("ClicksQueue").await.received, 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_session_brings_the_segments_of_its_signals_unless_others_are_named() {
    let hot = json!({"destinationUrl": "https://example.com/hot", "conditions": {"segmentIn": ["engaged_prospect"]}});
    let env = env_with(json!({"routingRules": [hot]})).await;
    let signals = json!({"handle": "demo", "sessionId": "s1", "signals": [{"signalKey": "intent", "confidence": 0.9}]});
    env.anonymous().post("/v2/public/chain/signals", signals).await.expect(202);
    for (visit, destination, segments, queries) in [
        (json!({"sessionId": "s1"}), "https://example.com/hot", json!(["engaged_prospect", "new"]), 1),
        (json!({"sessionId": "s1", "at": "2026-03-31T11:59:59.999Z"}), "https://example.com/hot", json!(["engaged_prospect", "new"]), 1),
        (json!({"sessionId": "s1", "at": "2026-03-31T12:00:00Z"}), PRODUCT, json!(["new"]), 1),
        (json!({"sessionId": "s2"}), PRODUCT, json!(["new"]), 1),
        (json!({"sessionId": "s1", "segments": ["VIP"]}), PRODUCT, json!(["vip"]), 0),
        (json!({"sessionId": "s1", "segments": []}), PRODUCT, json!([]), 0),
        (json!({}), PRODUCT, json!([]), 0),
    ] {
        env.faults.take_calls();
        let answer = preview(&env, visit.clone()).await;
        assert_eq!((&answer["destinationUrl"], &answer["context"]["segments"]), (&json!(destination), &segments), "{visit}");
        let calls = env.faults.take_calls();
        assert_eq!(calls.iter().filter(|(_, operation)| operation == "Query").count(), queries, "{visit}");
    }
    assert_eq!(bare(&env.visitor().follow("launch?sid=s1").await.expect(302)).0, "https://example.com/hot");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_handles_rule_for_a_campaign_applies_to_the_links_of_that_campaign() {
    let env = env_with(json!({"campaignId": "spring-2026"})).await;
    env.owner().put("/v2/handles/demo/links/other", json!({"destinationUrl": PRODUCT})).await.expect(201);
    let variant = json!({"id": "v", "destinationUrl": "https://example.com/spring"});
    let rule = json!({"when": {"campaignIn": ["SPRING-2026"]}, "variant": variant});
    env.owner().put(&format!("{RULES}/spring"), rule).await.expect(201);
    for (slug, named, destination) in [
        ("launch", None, "https://example.com/spring"),
        ("launch", Some("summer-2026"), PRODUCT),
        ("other", None, PRODUCT),
        ("other", Some("Spring-2026"), "https://example.com/spring"),
    ] {
        let what = format!("{slug} {named:?}");
        let described = named.map_or(json!({}), |campaign| json!({"campaign": campaign}));
        let answer = env.creator().post(&format!("/v2/handles/demo/links/{slug}/route-preview"), described).await.expect(200).json();
        assert_eq!(answer["destinationUrl"], destination, "{what}");
        let query = named.map_or(String::new(), |campaign| format!("?campaign={campaign}"));
        assert_eq!(bare(&env.visitor().follow(&format!("{slug}{query}")).await.expect(302)).0, destination, "{what}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_draft_is_decided_for_as_if_it_were_written_and_nothing_is_stored_or_charged() {
    let env = env_with(json!({"maxClicks": 1, "routingRules": [{"destinationUrl": "https://example.com/stored"}]})).await;
    env.visitor().follow("launch").await.expect(302);
    let variant = json!({"id": "v", "destinationUrl": "https://example.com/handle"});
    env.owner().put(&format!("{RULES}/de"), json!({"when": {"countryIn": ["DE"]}, "variant": variant})).await.expect(201);
    let used = env.owner().get("/v2/account").await.expect(200).json();
    let draft = json!({"destinationUrl": "https://example.com/draft", "routingRules": [
        {"priority": 1, "destinationUrl": "https://example.com/fr", "conditions": {"countryIn": ["FR"]}},
    ]});
    env.faults.take_calls();
    let visits = json!([{"country": "FR"}, {"country": "DE", "sessionId": "s1"}, {"country": "US", "sessionId": "s1"}]);
    let answer = preview(&env, json!({"draft": draft, "visits": visits})).await;
    let calls: Vec<String> = env.faults.take_calls().into_iter().map(|(_, operation)| operation).collect();
    assert_eq!(calls, ["GetItem", "BatchGetItem", "Query"], "the handle, link and rules, and the session once");
    let results = answer["results"].as_array().unwrap();
    let destinations: Vec<&Value> = results.iter().map(|result| &result["destinationUrl"]).collect();
    assert_eq!(destinations, ["https://example.com/fr", "https://example.com/handle", "https://example.com/draft"]);
    assert!(results.iter().all(|result| result["linkVersion"] == 2), "{answer:#}");
    assert_eq!(
        results[2]["evaluated"],
        json!([
            {"kind": "ROUTING_RULE", "index": 0, "ruleId": null, "priority": 1, "matched": false, "failedCondition": "countryIn", "expected": ["FR"], "actual": "US"},
            {"kind": "PERSONALIZATION_RULE", "index": 0, "ruleId": "de", "priority": 0, "matched": false, "failedCondition": "countryIn", "expected": ["DE"], "actual": "US"},
        ])
    );
    // The clicks that are used up are those of the link, whatever its settings become.
    let capped = |most: u64| json!({"draft": {"destinationUrl": "https://example.com/draft", "maxClicks": most}});
    assert_eq!(preview(&env, capped(1)).await["reason"], "link is closed (maxClicks reached)");
    assert_eq!(preview(&env, capped(2)).await["matched"]["kind"], "DEFAULT");

    let fresh = "/v2/handles/demo/links/not-yet/route-preview";
    let answer = env.creator().post(fresh, json!({"draft": draft, "country": "FR"})).await.expect(200).json();
    assert_eq!((&answer["linkVersion"], &answer["destinationUrl"]), (&json!(1), &json!("https://example.com/fr")));
    env.creator().get("/v2/handles/demo/links/not-yet").await.refused(404, "not_found");
    assert_eq!(env.owner().get("/v2/account").await.expect(200).json(), used);
    assert_eq!(env.owner().get(LINK).await.expect(200).json()["version"], 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_draft_is_checked_like_a_write_with_every_bad_field_below_draft() {
    let env = env_with(json!({})).await;
    let bad = json!({
        "draft": {
            "destinationUrl": "ftp://x", "title": "x".repeat(201), "stray": 1,
            "routingRules": [{"destinationUrl": "https://localhost:9000/v2", "conditions": {"countryIn": ["USA"]}}],
        },
        "visits": [{"country": "USA"}, {"at": "later", "ip": "192.0.2.1"}],
        "country": "DE",
    });
    let refused = env.owner().post(PREVIEW, bad).await.refused(400, "invalid_payload");
    let expected = [
        "draft.destinationUrl",
        "draft.title",
        "draft.stray",
        "draft.routingRules[0].destinationUrl",
        "draft.routingRules[0].conditions.countryIn[0]",
        "visits[0].country",
        "visits[1].at",
        "visits[1].ip",
        "country",
    ];
    assert_eq!(refused.fields().into_iter().collect::<BTreeSet<_>>(), expected.map(str::to_owned).into_iter().collect());
    let refused = env.owner().post(PREVIEW, json!({"draft": {"destinationUrl": "ftp://x"}})).await;
    assert_eq!(refused.refused(400, "invalid_destination_url").fields(), ["draft.destinationUrl"]);
    let absent = json!({"draft": {"destinationUrl": PRODUCT, "campaignId": "no-such"}});
    assert_eq!(env.owner().post(PREVIEW, absent).await.refused(400, "invalid_payload").fields(), ["draft.campaignId"]);
    let many: Vec<Value> = (0..25).map(|_| json!({})).collect();
    for visits in [json!([]), json!(many), json!({})] {
        assert_eq!(env.owner().post(PREVIEW, json!({"visits": visits})).await.refused(400, "invalid_payload").fields(), ["visits"]);
    }
    env.owner().post("/v2/handles/demo/links/unknown/route-preview", json!({"visits": [{}]})).await.refused(404, "not_found");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn explanations_too_large_for_one_answer_are_refused_and_fewer_are_given() {
    let env = TestEnv::new().await;
    let segments: Vec<String> = (0..100).map(|number| format!("{number:03}{}", "x".repeat(61))).collect();
    let rules: Vec<Value> = (0..50).map(|_| json!({"destinationUrl": PRODUCT, "conditions": {"segmentIn": ["y"]}})).collect();
    write(&env, json!({"routingRules": rules})).await;
    let mut book = PersonalizationRules::default();
    for rule in 0..100 {
        let body = json!({"when": {"segmentIn": ["y"]}, "variant": {"id": "v", "destinationUrl": PRODUCT}});
        book.insert(PersonalizationRule::read(format!("rule-{rule}").parse().unwrap(), body, &OwnHosts::default()).unwrap());
    }
    assert!(env.app("links").store().rule_sets().save(&env.handle(), &book, 0, &env.audit_event("rule.created")).await.unwrap());
    let visits = |count: usize| json!({"visits": vec![json!({"segments": segments}); count]});
    let few = env.owner().post(PREVIEW, visits(4)).await.expect(200);
    assert!((3_000_000..4_194_304).contains(&few.body.len()), "{}", few.body.len());
    assert_eq!(few.json()["results"][3]["evaluated"].as_array().unwrap().len(), 150);
    let refused = env.owner().post(PREVIEW, visits(9)).await.refused(413, "payload_too_large");
    assert!(refused.text().contains("fewer visits"), "{}", refused.text());
}

/// One to three of these.
fn some(random: &mut Random, of: &[&str]) -> Value {
    json!((0..1 + random.below(3)).map(|_| random.pick(of)).collect::<Vec<_>>())
}

/// Conditions; with a share of all visitors only where `shares`.
fn conditions(random: &mut Random, shares: bool) -> Value {
    let mut conditions = json!({});
    for _ in 0..random.below(4) {
        match random.below(9) {
            0 => conditions["countryIn"] = some(random, &["US", "de", "Fr", "UNKNOWN", "BR"]),
            1 => conditions["deviceIn"] = some(random, &["MOBILE", "tablet", "Desktop", "BOT", "UNKNOWN"]),
            2 => conditions["sourceIn"] = some(random, &["AD", "email", "Instagram", "direct", "referral", "news letter", "\u{dc}ber"]),
            3 => conditions["campaignIn"] = some(random, &["Spring", "summer", "own-campaign"]),
            4 if random.one_in(3) => conditions["segmentIn"] = some(random, &["vip", "new"]),
            5 => conditions["languageIn"] = some(random, &["de", "EN", "de-at", "fr"]),
            6 => conditions["weekdayIn"] = some(random, &["MON", "tue", "Wednesday", "THU", "FRI", "SAT", "SUN"]),
            7 => {
                let zone = random.pick(&["UTC", "Europe/Berlin", "America/New_York", "Asia/Kolkata", "Pacific/Auckland"]);
                conditions["timeBetween"] = json!({"from": random.pick(&CLOCK), "to": random.pick(&CLOCK), "timeZone": zone});
            }
            _ if shares => {
                let from = random.below(9_999);
                let to = from + 1 + random.below(10_000 - from);
                let number =
                    |hundredths: usize| serde_json::from_str::<Value>(&format!("{}.{:02}", hundredths / 100, hundredths % 100)).unwrap();
                conditions["percent"] = json!({"from": number(from), "to": number(to)});
            }
            _ => {}
        }
    }
    conditions
}

fn moment(random: &mut Random) -> Moment {
    let day = format!("2026-{:02}-{:02}", 1 + random.below(12), 1 + random.below(28));
    let at: Moment = format!("{day}T{}:00Z", random.pick(&CLOCK)).parse().unwrap();
    at.plus_millis(random.pick(&[-1, 0, 1, 59_999, 1_234_567]))
}

/// Times of day at whose very edge some visits fall, in the zones that are whole or half hours away.
const CLOCK: [&str; 6] = ["00:00", "06:30", "08:00", "12:00", "17:30", "22:00"];

const AGENTS: [(&str, &str); 6] = [
    (
        "MOBILE",
        "Mozilla/5.0 (iPhone; CPU iPhone OS 17_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/17.5 Mobile/15E148 Safari/604.1",
    ),
    (
        "TABLET",
        "Mozilla/5.0 (iPad; CPU OS 17_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/17.5 Mobile/15E148 Safari/604.1",
    ),
    ("DESKTOP", BROWSER),
    ("BOT", "Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)"),
    ("UNKNOWN", "Mozilla/5.0 (PlayStation 4 11.50) AppleWebKit/605.1.15 (KHTML, like Gecko)"),
    ("BOT", ""),
];

/// One visit, as the visitor's browser makes it and as the owner describes it.
struct Pair {
    path: String,
    headers: Vec<(&'static str, String)>,
    described: Value,
    at: Moment,
}

impl Pair {
    fn of(random: &mut Random, handle: &Handle, slug: &str, at: Moment, must_name_session: bool) -> Self {
        let mut query = url::form_urlencoded::Serializer::new(String::new());
        let (mut headers, mut described) = (Vec::new(), json!({"at": at}));
        let (sent, country) = random.pick(&[
            (Some("US"), "US"),
            (Some("de"), "DE"),
            (Some("FR"), "fr"),
            (Some("BR"), "BR"),
            (Some("T1"), "UNKNOWN"),
            (None, "UNKNOWN"),
        ]);
        headers.extend(sent.map(|code| ("cloudfront-viewer-country", code.to_owned())));
        described["country"] = json!(country);
        let (device, agent) = random.pick(&AGENTS);
        headers.push(("user-agent", agent.to_owned()));
        described["device"] = json!(device);
        // A bot by that reason, and led where the visit itself will be.
        if random.one_in(20) {
            headers.push(("sec-purpose", "prefetch".to_owned()));
        }
        match random.below(4) {
            0 => {}
            1 => {
                let (referrer, source) = random.pick(&[
                    ("https://www.instagram.com/p/1", "instagram"),
                    ("https://mail.google.com/", "email"),
                    ("https://blog.example/", "referral"),
                    ("nonsense", "direct"),
                ]);
                headers.push(("referer", referrer.to_owned()));
                described["source"] = json!(source);
            }
            _ => {
                let source = random.pick(&["ad", "Email", "INSTAGRAM", "News Letter", "\u{fc}ber", "unheard of"]);
                query.append_pair(random.pick(&["source", "utm_source", "src"]), source);
                headers.push(("referer", "https://t.co/x".to_owned()));
                described["source"] = json!(source);
            }
        }
        if random.one_in(2) {
            let campaign = random.pick(&["spring", "SUMMER", "autumn"]);
            query.append_pair(random.pick(&["campaign", "utm_campaign"]), campaign);
            described["campaign"] = json!(campaign);
        }
        if !random.one_in(4) {
            let language = random.pick(&["de", "de-AT", "en-US", "EN", "fr", "pt-BR"]);
            headers.push(("accept-language", random.pick(&["{},ja;q=0.9", "ja;q=0.2, {};q=0.8, *;q=0.1", "{}"]).replace("{}", language)));
            described["language"] = json!(language);
        } else {
            // Any language will do: every browser sends the header, and a visit without it is on a bot's device.
            headers.push(("accept-language", "*".to_owned()));
        }
        if must_name_session || random.one_in(2) {
            let session = format!("sess-{}", random.below(1_000_000));
            query.append_pair("sid", &session);
            described["sessionId"] = json!(session);
        }
        Self { path: format!("/_edge/redirect/{handle}/{slug}?{}", query.finish()), headers, described, at }
    }
}

/// Links of a handle with random rules, and visits of them.
struct Stage {
    handle: Handle,
    book: PersonalizationRules,
    links: Vec<Link>,
    visits: Vec<(String, Pair)>,
}

impl Stage {
    fn set(random: &mut Random, number: usize, links: usize, moments: &[Moment]) -> Self {
        let foreign = OwnHosts::default();
        let handle: Handle = format!("stage-{number}").parse().unwrap();
        let mut book = PersonalizationRules::default();
        for rule in 0..random.below(5) {
            let variant = json!({"id": "v", "destinationUrl": format!("https://example.com/p{rule}?a=%20b#x")});
            let body =
                json!({"priority": random.below(3), "enabled": !random.one_in(4), "when": conditions(random, true), "variant": variant});
            book.insert(PersonalizationRule::read(format!("rule-{}", random.below(100)).parse().unwrap(), body, &foreign).unwrap());
        }
        let mut stage = Self { handle, book, links: Vec::new(), visits: Vec::new() };
        for link in 0..links {
            let shares = random.one_in(2);
            let rules: Vec<Value> = (0..random.below(6)).map(|rule| json!({"priority": random.below(3), "destinationUrl": format!("https://example.com/r{rule}?keep={rule}#top"), "conditions": conditions(random, shares)})).collect();
            let mut body =
                json!({"destinationUrl": "https://example.com/default", "routingRules": rules, "redirectType": random.pick(&[302, 307])});
            body["enabled"] = json!(!random.one_in(30));
            body["tracking"] = random.pick(&["{}", r#"{"utmSource": "suite", "utmTerm": "a b"}"#]).parse().unwrap();
            body["trackingPolicy"] = json!({"appendContextParam": !random.one_in(5)});
            if random.one_in(3) {
                body["campaignId"] = json!("own-campaign");
            }
            if random.one_in(3) {
                body["fallbackUrl"] = json!("https://example.com/sorry?keep=1");
            }
            if random.one_in(4) {
                body[random.pick(&["scheduledStartAt", "scheduledEndAt", "expiresAt"])] = json!(random.pick(moments));
            }
            let (settings, _) = LinkSettings::read(body, &foreign).unwrap();
            let slug = format!("link-{link}");
            let created_at = Moment::from_millis(1_700_000_000_000);
            let id = LinkId::new(created_at, (u128::try_from(number).unwrap() << 32) | u128::try_from(link).unwrap());
            let handle = stage.handle.clone();
            stage.links.push(Link { id, handle, slug: slug.parse().unwrap(), ..testing::link(created_at, settings) });
            for _ in 0..VISITS {
                // Without a session a share is decided by what only the visitor's own request has.
                let has_shares = shares || stage.book.rules().iter().any(|rule| rule.when.names().contains(&"percent"));
                let at = random.pick(moments);
                stage.visits.push((slug.clone(), Pair::of(random, &stage.handle, &slug, at, has_shares)));
            }
        }
        stage
    }

    async fn store(&self, env: &TestEnv) {
        let profile = Profile {
            handle: self.handle.clone(),
            owner: "owner".parse().unwrap(),
            collaborators: BTreeMap::new(),
            created_at: env.now(),
            version: 1,
            deletion: None,
        };
        assert!(env.app("accounts").store().profiles().save(&profile, None, &env.audit_event("handle.created")).await.unwrap());
        let store = env.app("links").store();
        assert!(store.rule_sets().save(&self.handle, &self.book, 0, &env.audit_event("rule.created")).await.unwrap());
        let writes = futures::stream::iter(&self.links)
            .map(async |link| store.links().write(link, Expect::Absent, &env.audit_event("link.created")).await);
        let written: Vec<WriteOutcome> = writes.buffer_unordered(16).try_collect().await.unwrap();
        assert!(written.iter().all(|written| *written == WriteOutcome::Written));
    }
}

/// Sends without the check against the document, which takes long for each answer.
async fn send(env: &TestEnv, request: http::request::Builder, body: String) -> Answer {
    let (parts, body) = env.server().call(request.body(body.into()).unwrap(), [198, 51, 100, 7].into()).await.into_parts();
    Answer { status: parts.status, headers: parts.headers, body }
}

/// A location without what the redirect added to the destination, and whether that was a ctx.
fn bare(answer: &Answer) -> (String, bool) {
    let (before, fragment) = answer
        .header("location")
        .split_once('#')
        .map_or((answer.header("location"), String::new()), |(before, fragment)| (before, format!("#{fragment}")));
    let (base, query) = before.split_once('?').unwrap_or((before, ""));
    let added = |pair: &&str| pair.starts_with("ctx=") || pair.starts_with("utm_");
    let kept: Vec<&str> = query.split('&').filter(|pair| !pair.is_empty() && !added(pair)).collect();
    let separator = if kept.is_empty() { "" } else { "?" };
    (format!("{base}{separator}{}{fragment}", kept.join("&")), query.split('&').any(|pair| pair.starts_with("ctx=c1.")))
}

/// For the links of these stages: a draft of the same settings, under the link's own slug with all visits at once, is decided as the
/// stored link is for each visit alone.
async fn drafts_are_decided_like_what_is_stored(env: &TestEnv, stages: &[Stage]) {
    let token = local::token::mint(env.keys(), "owner", &[], env.now().millis(), std::time::Duration::from_secs(3600)).unwrap();
    let post = async |path: &str, body: Value| {
        let request = Request::builder().method(Method::POST).uri(path).header("host", "localhost:9000");
        let request = request.header("content-type", "application/json").header("authorization", format!("Bearer {token}"));
        send(env, request, body.to_string()).await.expect(200).json()
    };
    let links = stages.iter().flat_map(|stage| stage.links.iter().map(move |link| (stage, link)));
    let compared = futures::stream::iter(links).map(async |(stage, link)| {
        let visits: Vec<&Value> =
            stage.visits.iter().filter(|(slug, _)| slug == link.slug.as_str()).map(|(_, pair)| &pair.described).collect();
        let path = format!("/v2/handles/{}/links/{}/route-preview", stage.handle, link.slug);
        let mut draft = json!(link.settings);
        // What a write takes, not what a list shows: defaults are left out.
        draft.as_object_mut().unwrap().retain(|_, value| !value.is_null());
        let together = post(&path, json!({"draft": draft, "visits": visits})).await;
        for (visit, decided) in visits.into_iter().zip(together["results"].as_array().unwrap()) {
            let mut alone = post(&path, visit.clone()).await;
            assert_eq!(decided["linkVersion"], 2);
            alone["linkVersion"] = json!(2);
            assert_eq!(*decided, alone, "{visit}");
        }
    });
    assert_eq!(compared.buffer_unordered(16).collect::<Vec<()>>().await.len(), stages.len() * LINKS);
}

const STAGES: usize = 20;
const LINKS: usize = 100;
const VISITS: usize = 5;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn preview_equals_redirect_for_10_000_random_rule_sets_and_visits() {
    let mut random = Random::new(20_260_301);
    let mut moments: Vec<Moment> = (0..60).map(|_| moment(&mut random)).collect();
    moments.sort();
    let stages: Vec<Stage> = (0..STAGES).map(|number| Stage::set(&mut random, number, LINKS, &moments)).collect();
    let env = TestEnv::with(TestEnvOptions { starts_at: "2025-12-31T00:00:00Z", ..TestEnvOptions::default() }).await;
    for stage in &stages {
        stage.store(&env).await;
    }

    drafts_are_decided_like_what_is_stored(&env, &stages[..4]).await;
    let token = local::token::mint(env.keys(), "owner", &[], env.now().millis(), std::time::Duration::from_secs(3600)).unwrap();
    let visits: Vec<(&Handle, &str, &Pair)> =
        stages.iter().flat_map(|stage| stage.visits.iter().map(|(slug, pair)| (&stage.handle, slug.as_str(), pair))).collect();
    assert_eq!(visits.len(), 10_000);
    let described = futures::stream::iter(visits).map(|(handle, slug, pair)| {
        let path = format!("/v2/handles/{handle}/links/{slug}/route-preview");
        let request =
            Request::builder().method(Method::POST).uri(path).header("host", "localhost:9000").header("content-type", "application/json");
        let request = request.header("authorization", format!("Bearer {token}"));
        let env = &env;
        async move { (pair, send(env, request, pair.described.to_string()).await.expect(200).json()) }
    });
    let mut previews: Vec<(&Pair, Value)> = described.buffer_unordered(16).collect().await;
    previews.sort_by_key(|(pair, _)| pair.at);

    let (mut kinds, mut failed) = (BTreeMap::<String, usize>::new(), BTreeMap::<String, usize>::new());
    for at_once in previews.chunk_by(|(a, _), (b, _)| a.at == b.at) {
        env.set_time(&at_once[0].0.at.to_string());
        let redirects = futures::stream::iter(at_once).map(|(pair, preview)| {
            let request = Request::builder().uri(&pair.path).header("host", "localhost:9000");
            let request = pair.headers.iter().fold(request, |request, (name, value)| request.header(*name, value));
            let env = &env;
            async move { (pair, preview, send(env, request, String::new()).await) }
        });
        let redirects: Vec<_> = redirects.buffer_unordered(16).collect().await;
        for (pair, preview, redirect) in redirects {
            let what = || format!("{} {:?}\n{preview:#}\n{:?}", pair.path, pair.headers, redirect.header("location"));
            let kind = preview["matched"]["kind"].as_str().unwrap();
            match kind {
                "UNAVAILABLE" => assert!([StatusCode::NOT_FOUND, StatusCode::GONE].contains(&redirect.status), "{}", what()),
                "FALLBACK" => assert_eq!(
                    (redirect.status.as_u16(), &preview["redirectType"], Some(redirect.header("location"))),
                    (302, &json!(302), preview["destinationUrl"].as_str()),
                    "{}",
                    what()
                ),
                _ => {
                    assert_eq!(preview["redirectType"], redirect.status.as_u16(), "{}", what());
                    assert_eq!(
                        (json!(bare(&redirect).0), json!(bare(&redirect).1)),
                        (preview["destinationUrl"].clone(), preview["wouldAppendCtx"].clone()),
                        "{}",
                        what()
                    );
                }
            }
            *kinds.entry(kind.to_owned()).or_default() += 1;
            for step in preview["evaluated"].as_array().unwrap() {
                *failed.entry(step["failedCondition"].as_str().unwrap_or("none").to_owned()).or_default() += 1;
            }
        }
    }
    // The sets are only worth something when every way to decide is well among them.
    assert!(kinds.len() == 5 && kinds.values().all(|count| *count >= 300), "{kinds:?}");
    assert!(failed.len() == 10 && failed.values().all(|count| *count >= 200), "{failed:?}");
}
