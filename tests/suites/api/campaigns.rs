//! Campaigns: made together with their link or not at all, changed along their life, audited, tried out and checked.

use std::collections::BTreeSet;

use futures::future::join_all;
use serde_json::{Value, json};
use tests::fixtures::order;
use tests::{Answer, Fault, Rule, TestEnv, TestEnvOptions};

const CAMPAIGNS: &str = "/v2/handles/demo/campaigns";
const SPRING: &str = "/v2/handles/demo/campaigns/spring";
const LAUNCH: &str = "/v2/handles/demo/links/launch";

fn with(mut body: Value, more: Value) -> Value {
    body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    body
}

fn spring(more: Value) -> Value {
    with(json!({"campaignId": "spring", "goalType": "PRODUCT_SALE"}), more)
}

fn product() -> Value {
    json!({"destinationUrl": "https://example.com/product"})
}

async fn make(env: &TestEnv, body: Value) -> Answer {
    env.creator().post(CAMPAIGNS, body).await
}

/// Clicks and conversions that reports credit to this selection.
async fn figures(env: &TestEnv, query: &str) -> (Value, Value) {
    let totals = env.report(query).await["totals"].clone();
    (totals["clicks"].clone(), totals["conversions"].clone())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_partners_get_a_campaign_and_a_link_each_and_their_own_figures() {
    let env = TestEnv::new().await;
    let partners = [
        r#"{
"campaignId": "partner-alpha",
"goalType": "AFFILIATE_CLICKOUT",
"status": "ACTIVE",
"primaryLink": {
"slug": "deal-alpha",
"destinationUrl": "https://merchant.example.com/product?ref=alpha",
"title": "Partner Alpha - Product Deal"
}
}"#,
        r#"{
"campaignId": "partner-beta",
"goalType": "AFFILIATE_CLICKOUT",
"status": "ACTIVE",
"primaryLink": {
"slug": "deal-beta",
"destinationUrl": "https://merchant.example.com/product?ref=beta",
"title": "Partner Beta - Product Deal"
}
}"#,
    ];
    for (text, partner) in partners.into_iter().zip(["alpha", "beta"]) {
        let made = make(&env, serde_json::from_str(text).unwrap()).await.expect(201).json();
        let expected = json!({
            "handle": "demo", "campaignId": format!("partner-{partner}"), "name": null, "goalType": "AFFILIATE_CLICKOUT", "status": "ACTIVE",
            "primarySlug": format!("deal-{partner}"), "shortUrl": format!("http://demo.localhost:9000/deal-{partner}"),
            "trackingPreset": "custom_webhook", "conversionEventType": "affiliate_click", "currency": null, "version": 1,
            "createdAt": "2026-03-01T12:00:00.000Z", "updatedAt": "2026-03-01T12:00:00.000Z",
        });
        assert_eq!(made, expected);
        assert_eq!(env.creator().get(&format!("{CAMPAIGNS}/partner-{partner}")).await.expect(200).json(), made);
        let link = env.creator().get(&format!("/v2/handles/demo/links/deal-{partner}")).await.expect(200).json();
        let title = if partner == "alpha" { "Partner Alpha - Product Deal" } else { "Partner Beta - Product Deal" };
        assert_eq!((&link["campaignId"], &link["title"], &link["version"]), (&expected["campaignId"], &json!(title), &json!(1)));
    }
    for (partner, visits) in [("alpha", 3), ("beta", 2)] {
        let mut ctx = String::new();
        for _ in 0..visits {
            let redirect = env.visitor().follow(&format!("deal-{partner}")).await.expect(302);
            assert!(redirect.location().as_str().starts_with(&format!("https://merchant.example.com/product?ref={partner}&ctx=")));
            ctx = redirect.ctx();
        }
        let accepted = env.convert(order(&ctx, &format!("txn-2026-02-25-order-{partner}"), 24.99, "USD")).await;
        assert_eq!((&accepted["campaignId"], accepted.get("notCredited")), (&json!(format!("partner-{partner}")), None));
    }
    env.process_events().await;
    assert_eq!(figures(&env, "campaignId=partner-alpha").await, (json!(3), json!(1)));
    assert_eq!(figures(&env, "campaignId=partner-beta").await, (json!(2), json!(1)));
    assert_eq!(figures(&env, "campaignId=partner-alpha&slug=deal-beta").await, (json!(0), json!(0)));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_goal_brings_its_presets_unless_they_are_given() {
    let env = TestEnv::new().await;
    let presets = [
        ("PRODUCT_SALE", "ga4_purchase", "purchase"),
        ("LEAD_CAPTURE", "ga4_lead", "lead"),
        ("NEWSLETTER", "ga4_sign_up", "newsletter_signup"),
        ("AFFILIATE_CLICKOUT", "custom_webhook", "affiliate_click"),
        ("APP_INSTALL", "ga4_app_install", "app_install"),
    ];
    let of = |campaign: &Value| ["trackingPreset", "conversionEventType"].map(|name| campaign[name].as_str().unwrap().to_owned());
    for (number, (goal, preset, event)) in presets.into_iter().enumerate() {
        let plain = make(&env, json!({"campaignId": format!("plain-{number}"), "goalType": goal})).await.expect(201).json();
        assert_eq!(of(&plain), [preset, event]);
        assert_eq!((&plain["status"], &plain["primarySlug"], &plain["shortUrl"]), (&json!("DRAFT"), &Value::Null, &Value::Null));
        let own = json!({"campaignId": format!("own-{number}"), "goalType": goal, "conversionEventType": "my.event"});
        assert_eq!(of(&make(&env, own).await.expect(201).json()), [preset, "my.event"]);
    }
    let put = async |body: Value| env.creator().put(&format!("{CAMPAIGNS}/own-0"), body).await.expect(200).json();
    assert_eq!(of(&put(json!({"name": "n"})).await), ["ga4_purchase", "my.event"], "what is left out stays");
    assert_eq!(of(&put(json!({"goalType": "LEAD_CAPTURE"})).await), ["ga4_lead", "lead"], "a new goal brings its own");
    assert_eq!(of(&put(json!({"goalType": "NEWSLETTER", "trackingPreset": "mine"})).await), ["mine", "newsletter_signup"]);
    assert_eq!(of(&put(json!({"trackingPreset": null})).await), ["ga4_sign_up", "newsletter_signup"], "null goes back to the goal's");
    assert_eq!(put(json!({})).await["version"], 6);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_campaign_starts_in_any_status_and_changes_only_along_its_life_cycle() {
    let env = TestEnv::new().await;
    let legal = [("DRAFT", "ACTIVE"), ("ACTIVE", "PAUSED"), ("PAUSED", "ACTIVE"), ("PAUSED", "DRAFT")];
    for from in ["DRAFT", "ACTIVE", "PAUSED"] {
        for to in ["DRAFT", "ACTIVE", "PAUSED"] {
            let id = format!("from-{}-{}", from.to_lowercase(), to.to_lowercase());
            make(&env, json!({"campaignId": id, "goalType": "NEWSLETTER", "status": from})).await.expect(201);
            let path = format!("{CAMPAIGNS}/{id}");
            let answer = env.creator().put(&path, json!({"status": to, "name": "moved"})).await;
            let is_legal = from == to || legal.contains(&(from, to));
            if is_legal {
                assert_eq!(answer.expect(200).json()["status"], to);
            } else {
                let refused = answer.refused(409, "conflict");
                assert!(refused.json()["message"].as_str().unwrap().contains(&format!("from {from} to {to}")));
                let still = env.creator().get(&path).await.expect(200).json();
                assert_eq!((&still["status"], &still["version"], &still["name"]), (&json!(from), &json!(1), &Value::Null));
            }
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_bad_field_is_named_and_nothing_is_written() {
    let env = TestEnv::new().await;
    let body = json!({"campaignId": "X", "goalType": "SALE", "status": "ON", "name": 1, "currency": "usd", "conversionEventType": "A", "trackingPreset": "-", "budget": 1,
        "primaryLink": {"slug": "a", "destinationUrl": "javascript:alert(1)", "routingRules": [{"priority": "x", "destinationUrl": "https://example.com"}], "colour": "red"}});
    let refused = make(&env, body).await.refused(400, "invalid_payload");
    let expected = [
        "campaignId",
        "goalType",
        "status",
        "name",
        "currency",
        "conversionEventType",
        "trackingPreset",
        "budget",
        "primaryLink.slug",
        "primaryLink.destinationUrl",
        "primaryLink.routingRules[0].priority",
        "primaryLink.colour",
    ];
    assert_eq!(refused.fields().into_iter().collect::<BTreeSet<_>>(), expected.map(str::to_owned).into());
    for (more, code, field) in [
        (
            json!({"primarySlug": "launch", "primaryLink": {"slug": "launch", "destinationUrl": "https://example.com"}}),
            "invalid_payload",
            "primaryLink",
        ),
        (json!({"primarySlug": "launch"}), "invalid_payload", "primarySlug"),
        (json!({"primaryLink": {"destinationUrl": "https://example.com"}}), "invalid_slug", "primaryLink.slug"),
        (json!({"primaryLink": {"slug": "launch"}}), "invalid_destination_url", "primaryLink.destinationUrl"),
        (
            json!({"primaryLink": {"slug": "launch", "destinationUrl": "http://demo.localhost:9000/launch"}}),
            "invalid_destination_url",
            "primaryLink.destinationUrl",
        ),
        (json!({"primaryLink": "launch"}), "invalid_payload", "primaryLink"),
        (json!({"version": 1}), "invalid_payload", "version"),
    ] {
        let refused = make(&env, spring(more.clone())).await.refused(400, code);
        assert_eq!(refused.fields(), [field], "{more}");
    }
    assert_eq!(make(&env, json!({})).await.refused(400, "invalid_payload").fields(), ["campaignId", "goalType"]);
    assert_eq!(env.creator().get(CAMPAIGNS).await.expect(200).json()["items"], json!([]));
    assert_eq!(env.owner().get("/v2/handles/demo/usage-meters").await.expect(200).json()["usage"]["writesToday"], 0);
    make(&env, spring(json!({}))).await.expect(201);
    for (body, field) in
        [(json!({"campaignId": "autumn"}), "campaignId"), (json!({"status": "ON"}), "status"), (json!({"goal": 1}), "goal")]
    {
        assert_eq!(env.creator().put(SPRING, body).await.refused(400, "invalid_payload").fields(), [field]);
    }
    for answer in
        [env.creator().get(&format!("{CAMPAIGNS}/nosuch")).await, env.creator().put(&format!("{CAMPAIGNS}/nosuch"), json!({})).await]
    {
        answer.refused(404, "not_found");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_link_that_exists_is_bound_as_a_new_version_and_one_of_another_campaign_is_refused() {
    let env = TestEnv::new().await;
    env.creator().put(LAUNCH, with(product(), json!({"title": "Mine", "password": "secret"}))).await.expect(201);
    make(&env, spring(json!({"primarySlug": "launch"}))).await.expect(201);
    let bound = env.creator().get(LAUNCH).await.expect(200).json();
    let shown = ["campaignId", "version", "title", "hasPassword"].map(|name| bound[name].clone());
    assert_eq!(shown, [json!("spring"), json!(2), json!("Mine"), json!(true)]);
    for primary in
        [json!({"primarySlug": "launch"}), json!({"primaryLink": {"slug": "launch", "destinationUrl": "https://example.com/other"}})]
    {
        let refused =
            make(&env, with(json!({"campaignId": "summer", "goalType": "NEWSLETTER"}), primary.clone())).await.refused(409, "conflict");
        let message = refused.json()["message"].as_str().unwrap().to_owned();
        assert!(message.contains("launch") && message.contains("spring"), "{message}");
        env.creator().get(&format!("{CAMPAIGNS}/summer")).await.refused(404, "not_found");
        assert_eq!(env.creator().get(LAUNCH).await.expect(200).json(), bound);
    }
    make(&env, spring(json!({}))).await.refused(409, "conflict");
    // Named again by its own campaign it needs no writing; written again it becomes a new version.
    env.creator().put(SPRING, json!({"primarySlug": "launch"})).await.expect(200);
    assert_eq!(env.creator().get(LAUNCH).await.expect(200).json()["version"], 2);
    let written = json!({"primaryLink": {"slug": "launch", "destinationUrl": "https://example.com/next", "campaignId": "spring"}});
    env.creator().put(SPRING, written).await.expect(200);
    let link = env.creator().get(LAUNCH).await.expect(200).json();
    let shown = ["campaignId", "version", "title", "destinationUrl"].map(|name| link[name].clone());
    assert_eq!(shown, [json!("spring"), json!(3), Value::Null, json!("https://example.com/next")]);
    // What belonged to a deleted campaign belongs to none.
    env.creator().delete(SPRING).await.expect(204);
    make(&env, json!({"campaignId": "summer", "goalType": "NEWSLETTER", "primarySlug": "launch"})).await.expect(201);
    assert_eq!(env.creator().get(LAUNCH).await.expect(200).json()["campaignId"], "summer");
    let unnamed = env.creator().put(&format!("{CAMPAIGNS}/summer"), json!({"primarySlug": null})).await.expect(200).json();
    assert_eq!((&unnamed["primarySlug"], &unnamed["shortUrl"]), (&Value::Null, &Value::Null));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_campaign_replaces_no_link_of_others_and_changes_its_own_only_for_who_may_write_links() {
    let env = TestEnv::new().await;
    env.creator().put(LAUNCH, with(product(), json!({"title": "Mine", "password": "secret"}))).await.expect(201);
    let before = env.creator().get(LAUNCH).await.expect(200).json();
    let replaced = json!({"primaryLink": {"slug": "launch", "destinationUrl": "https://evil.example/", "password": null}});
    let refused = make(&env, spring(replaced.clone())).await.refused(409, "conflict");
    assert!(refused.json()["message"].as_str().unwrap().contains("primarySlug"));
    assert_eq!(env.creator().get(LAUNCH).await.expect(200).json(), before);
    make(&env, spring(json!({"primarySlug": "launch"}))).await.expect(201);
    let bound = env.creator().get(LAUNCH).await.expect(200).json();
    let path = "/v2/public/handles/demo/campaigns/spring";
    let refused = env.pat_client(&["campaigns.write"]).await.put(path, replaced.clone()).await.refused(403, "insufficient_scope");
    assert_eq!(refused.json()["requiredScope"], "links.write");
    assert_eq!(env.creator().get(LAUNCH).await.expect(200).json(), bound);
    env.pat_client(&["campaigns.write", "links.write"]).await.put(path, replaced).await.expect(200);
    assert_eq!(env.creator().get(LAUNCH).await.expect(200).json()["destinationUrl"], "https://evil.example/");
    // A link that is not there yet is the campaign's own from the start.
    let fresh = json!({"primaryLink": {"slug": "fresh", "destinationUrl": "https://example.com/"}});
    env.pat_client(&["campaigns.write"]).await.put(path, fresh).await.expect(200);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_link_names_only_campaigns_there_are() {
    let env = TestEnv::new().await;
    let named = with(product(), json!({"campaignId": "spring"}));
    let refused = env.creator().put(LAUNCH, named.clone()).await.refused(400, "invalid_payload");
    assert_eq!(refused.fields(), ["campaignId"]);
    assert!(refused.json()["message"].as_str().unwrap().contains("POST /v2/handles/demo/campaigns"));
    env.creator().get(LAUNCH).await.refused(404, "not_found");
    make(&env, spring(json!({}))).await.expect(201);
    env.creator().put(LAUNCH, named.clone()).await.expect(201);
    env.creator().delete(SPRING).await.expect(204);
    env.creator().put(LAUNCH, named.clone()).await.expect(200);
    env.creator().put(LAUNCH, product()).await.expect(200);
    env.creator().put(LAUNCH, named).await.refused(400, "invalid_payload");
}

/// Everything there is of the campaign and its link: both or neither.
async fn is_whole(env: &TestEnv, number: usize) -> bool {
    let campaign = env.creator().get(&format!("{CAMPAIGNS}/trial-{number}")).await;
    let link = env.creator().get(&format!("/v2/handles/demo/links/link-{number:04}")).await;
    let events = env.audited().await;
    let has_event = |action: &str, target: String| events.contains(&(action.to_owned(), target));
    let exists = campaign.status == 200;
    assert_eq!(link.status == 200, exists, "trial {number}");
    assert_eq!(has_event("campaign.created", format!("trial-{number}")), exists, "trial {number}");
    assert_eq!(has_event("link.created", format!("link-{number:04}")), exists, "trial {number}");
    if exists {
        assert_eq!(link.json()["campaignId"], format!("trial-{number}"));
    }
    exists
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_campaign_and_its_link_are_written_both_or_neither_under_faults() {
    let env = TestEnv::new().await;
    let body = |number: usize| json!({"campaignId": format!("trial-{number}"), "goalType": "NEWSLETTER", "primaryLink": {"slug": format!("link-{number:04}"), "destinationUrl": "https://example.com/"}});
    let mut number = 0;
    for fault in [Fault::Conflict, Fault::AnswerLost, Fault::Doubled, Fault::Throttled] {
        let fired = env.faults.inject(Rule::on("TransactWriteItems").by("campaigns"), fault);
        make(&env, body(number)).await.expect(201);
        fired.at_least_once();
        env.faults.clear();
        assert!(is_whole(&env, number).await, "{fault:?}");
        number += 1;
    }
    let fired = env.faults.inject(Rule::on("TransactWriteItems").by("campaigns").always(), Fault::Conflict);
    make(&env, body(number)).await.refused(409, "conflict");
    fired.at_least_once();
    env.faults.clear();
    assert!(!is_whole(&env, number).await);
    let mut crashes = 0;
    for fault in [Fault::CrashBefore, Fault::CrashAfter] {
        for step in 0.. {
            number += 1;
            env.advance_ms(1);
            let lived = env.crash_at("campaigns", step, fault, make(&env, body(number))).await;
            let exists = is_whole(&env, number).await;
            let again = make(&env, body(number)).await;
            assert_eq!(again.status, if exists { 409 } else { 201 }, "{fault:?} at step {step}");
            assert!(is_whole(&env, number).await);
            if lived.is_some() {
                break;
            }
            crashes += 1;
        }
    }
    assert!(crashes >= 10, "{crashes}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_many_at_once_one_gets_the_id_and_one_the_slug() {
    let env = TestEnv::new().await;
    let answers = join_all((0..20).map(|_| make(&env, spring(json!({}))))).await;
    assert_eq!(answers.iter().filter(|answer| answer.status == 201).count(), 1);
    assert!(answers.iter().all(|answer| answer.status == 201 || answer.status == 409));
    let rivals = (0..12).map(|number| {
        let link = json!({"slug": "launch", "destinationUrl": format!("https://example.com/{number}")});
        make(&env, json!({"campaignId": format!("rival-{number}"), "goalType": "NEWSLETTER", "primaryLink": link}))
    });
    let answers = join_all(rivals).await;
    let won: Vec<usize> = (0..12).filter(|number| answers[*number].status == 201).collect();
    let [winner] = won[..] else { panic!("{won:?}") };
    let link = env.creator().get(LAUNCH).await.expect(200).json();
    assert_eq!((&link["campaignId"], &link["version"]), (&json!(format!("rival-{winner}")), &json!(1)));
    assert_eq!(link["destinationUrl"], format!("https://example.com/{winner}"));
    let changes = join_all((0..6).map(|number| {
        let (creator, body) = (env.creator(), json!({"name": format!("name-{number}")}));
        async move { creator.put(SPRING, body).await.status.as_u16() }
    }));
    let written = changes.await.iter().filter(|status| **status == 200).count();
    assert_eq!(env.creator().get(SPRING).await.expect(200).json()["version"], 1 + written, "no change was lost");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_change_or_deletion_of_what_is_no_more_as_it_was_read_is_not_made() {
    let env = TestEnv::new().await;
    make(&env, spring(json!({}))).await.expect(201);
    let (store, id) = (env.unrestricted_store(), "spring".parse().unwrap());
    let read = store.campaigns().get(&env.handle(), &id).await.unwrap().unwrap();
    let fired = env.faults.inject(Rule::on("TransactWriteItems").by("campaigns"), Fault::Conflict);
    env.creator().delete(SPRING).await.refused(409, "conflict");
    fired.at_least_once();
    env.creator().get(SPRING).await.expect(200);
    // Another life of the same id, at the same version.
    env.creator().delete(SPRING).await.expect(204);
    env.advance_ms(1);
    make(&env, spring(json!({"name": "second life"}))).await.expect(201);
    let event = env.audit_event("campaign.updated");
    let stale = domain::campaigns::Campaign { version: 2, ..read.clone() };
    assert_eq!(
        store.campaigns().write(&stale, Some(&read), None, std::slice::from_ref(&event)).await.unwrap(),
        store::WriteOutcome::Changed
    );
    assert_eq!(store.campaigns().delete(&read, &event).await.unwrap(), store::WriteOutcome::Changed);
    assert_eq!(env.creator().get(SPRING).await.expect(200).json()["name"], "second life");
    assert!(!env.audited().await.iter().any(|(action, _)| action == "campaign.updated"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_campaign_with_its_link_is_one_write_and_what_is_refused_is_none() {
    let env = TestEnv::with(TestEnvOptions { plan: "FREE", ..TestEnvOptions::default() }).await;
    let used = async || env.owner().get("/v2/handles/demo/usage-meters").await.expect(200).json()["usage"]["writesToday"].clone();
    let fired = env.faults.inject(Rule::on("TransactWriteItems").by("campaigns").times(2), Fault::Conflict);
    make(&env, spring(json!({"primaryLink": {"slug": "launch", "destinationUrl": "https://example.com/"}}))).await.expect(201);
    fired.at_least_once();
    assert_eq!(used().await, 1);
    make(&env, spring(json!({}))).await.refused(409, "conflict");
    env.creator().put(SPRING, json!({"status": "PAUSED"})).await.refused(409, "conflict");
    make(&env, json!({"campaignId": "summer", "goalType": "NEWSLETTER", "primarySlug": "launch"})).await.refused(409, "conflict");
    env.creator().put(SPRING, json!({"primarySlug": "nosuch"})).await.refused(400, "invalid_payload");
    assert_eq!(used().await, 1);
    env.creator().put(SPRING, json!({"status": "ACTIVE"})).await.expect(200);
    for answer in [
        env.creator().put(SPRING, json!({"name": "more"})).await,
        env.creator().delete(SPRING).await,
        env.creator().post(&format!("{SPRING}/test-conversion"), json!({})).await,
    ] {
        answer.refused(429, "rate_limited");
    }
    env.creator().get(&format!("{SPRING}/health")).await.expect(200);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_write_is_audited_with_what_it_changed() {
    let env = TestEnv::new().await;
    env.advance_ms(1);
    make(&env, spring(json!({"primaryLink": {"slug": "launch", "destinationUrl": "https://example.com/", "password": "hush-hush"}})))
        .await
        .expect(201);
    env.advance_ms(1);
    env.creator().put(SPRING, json!({"status": "ACTIVE", "name": "Spring"})).await.expect(200);
    env.advance_ms(1);
    env.creator().post(&format!("{SPRING}/test-conversion"), json!({"value": 49, "currency": "USD"})).await.expect(202);
    env.advance_ms(1);
    env.creator().delete(SPRING).await.expect(204);
    let page = env.operator().get("/v2/handles/demo/audit-events").await.expect(200).json();
    assert!(!page.to_string().contains("hush-hush"));
    let events = &page["items"].as_array().unwrap()[..5];
    let actions: Vec<&str> = events.iter().map(|event| event["action"].as_str().unwrap()).collect();
    assert_eq!(actions[..3], ["campaign.deleted", "campaign.tested", "campaign.updated"]);
    assert_eq!(BTreeSet::from([actions[3], actions[4]]), BTreeSet::from(["campaign.created", "link.created"]));
    assert!(events.iter().all(|event| event["actor"] == json!({"kind": "JWT", "id": "creator"})));
    assert_eq!(
        (&events[2]["before"], &events[2]["after"]),
        (&json!({"status": "DRAFT", "name": null}), &json!({"status": "ACTIVE", "name": "Spring"}))
    );
    assert_eq!((&events[0]["before"]["status"], events[0].get("after")), (&json!("ACTIVE"), None));
    assert_eq!((&events[1]["target"], &events[1]["after"]["value"]), (&json!("spring"), &json!(49)));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn campaigns_are_listed_by_id_page_by_page() {
    let env = TestEnv::new().await;
    for number in 0..7 {
        make(&env, json!({"campaignId": format!("campaign-{}", 6 - number), "goalType": "NEWSLETTER"})).await.expect(201);
    }
    let (mut ids, mut cursor) = (Vec::new(), String::new());
    loop {
        let page = env.creator().get(&format!("{CAMPAIGNS}?limit=3&cursor={cursor}")).await.expect(200).json();
        ids.extend(page["items"].as_array().unwrap().iter().map(|item| item["campaignId"].as_str().unwrap().to_owned()));
        match page["nextCursor"].as_str() {
            Some(next) => cursor = next.to_owned(),
            None => break,
        }
    }
    assert_eq!(ids, (0..7).map(|number| format!("campaign-{number}")).collect::<Vec<_>>());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn health_goes_from_fresh_campaign_to_pass_step_by_step_and_names_what_breaks() {
    let env = TestEnv::new().await;
    let health = async || {
        let health = env.creator().get(&format!("{SPRING}/health")).await.expect(200).json();
        let checks = health["checks"].as_array().unwrap().clone();
        let ids: Vec<&str> = checks.iter().map(|check| check["id"].as_str().unwrap()).collect();
        let all =
            ["campaign_active", "primary_link_live", "destination_valid", "click_seen", "ctx_minted", "conversion_seen", "confidence"];
        assert_eq!(ids, all);
        assert_eq!((&health["campaignId"], &health["checkedAt"]), (&json!("spring"), &json!(env.now())));
        let of = |status: &str| {
            checks
                .iter()
                .filter(|check| check["status"] == status)
                .map(|check| check["id"].as_str().unwrap().to_owned())
                .collect::<Vec<_>>()
                .join(" ")
        };
        (health["status"].as_str().unwrap().to_owned(), of("WARN"), of("FAIL"))
    };
    let expected = |status: &str, warn: &str, fail: &str| (status.to_owned(), warn.to_owned(), fail.to_owned());
    make(&env, spring(json!({}))).await.expect(201);
    let rest = "click_seen ctx_minted conversion_seen confidence";
    assert_eq!(health().await, expected("WARN", &format!("campaign_active primary_link_live destination_valid {rest}"), ""));
    let link = json!({"slug": "launch", "destinationUrl": "https://example.com/", "enabled": false});
    env.creator().put(SPRING, json!({"status": "ACTIVE", "primaryLink": link})).await.expect(200);
    assert_eq!(health().await, expected("FAIL", rest, "primary_link_live"));
    let of_spring = with(product(), json!({"campaignId": "spring", "maxClicks": 2}));
    env.creator().put(LAUNCH, of_spring.clone()).await.expect(200);
    assert_eq!(health().await, expected("WARN", rest, ""));
    let ctx = env.visitor().follow("launch").await.expect(302).ctx();
    env.process_events().await;
    assert_eq!(health().await, expected("WARN", "conversion_seen", ""));
    env.advance_ms(1000);
    env.convert(order(&ctx, "order-1", 24.99, "USD")).await;
    env.process_events().await;
    assert_eq!(health().await, expected("PASS", "", ""));
    env.advance_ms(3_600_001);
    assert_eq!(health().await, expected("PASS", "", ""));
    let stale = env.creator().get(&format!("{SPRING}/health")).await.expect(200).text();
    assert!(stale.contains("80 of 100: stale"), "{stale}");
    env.visitor().follow("launch").await.expect(302);
    assert_eq!(health().await, expected("FAIL", "", "primary_link_live"), "its clicks are used up");
    env.creator()
        .put(LAUNCH, with(of_spring, json!({"maxClicks": null, "trackingPolicy": {"appendContextParam": false}})))
        .await
        .expect(200);
    assert_eq!(health().await, expected("FAIL", "", "ctx_minted"));
    env.creator().put(LAUNCH, product()).await.expect(200);
    assert_eq!(health().await, expected("FAIL", "", "primary_link_live"));
    env.creator().delete(LAUNCH).await.expect(204);
    assert_eq!(health().await, expected("FAIL", "", "primary_link_live destination_valid"));
    env.creator().put(SPRING, json!({"status": "PAUSED", "primarySlug": null})).await.expect(200);
    assert_eq!(health().await, expected("WARN", "campaign_active primary_link_live destination_valid", ""));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_test_conversion_takes_the_merchants_way_is_listed_as_one_and_is_in_no_figure() {
    let env = TestEnv::new().await;
    let test = format!("{SPRING}/test-conversion");
    make(&env, spring(json!({"status": "ACTIVE", "currency": "JPY", "conversionEventType": "order"}))).await.expect(201);
    let none = env.creator().post(&test, json!({})).await.refused(409, "conflict");
    assert!(none.json()["message"].as_str().unwrap().contains("primarySlug"));
    let link = json!({"slug": "launch", "destinationUrl": "https://example.com/"});
    env.creator().put(SPRING, json!({"primaryLink": link})).await.expect(200);
    for (body, field) in [
        (json!({"value": 4.9}), "value"),
        (json!({"value": "49"}), "value"),
        (json!({"currency": "yen"}), "currency"),
        (json!({"ctx": "x"}), "ctx"),
    ] {
        assert_eq!(env.creator().post(&test, body).await.expect(400).fields(), [field]);
    }
    let receipt = env.creator().post(&test, json!({"value": 49, "currency": "USD"})).await.expect(202).json();
    let shown =
        ["accepted", "deduped", "test", "slug", "campaignId", "eventType", "value", "currency", "trust"].map(|name| receipt[name].clone());
    assert_eq!(
        shown,
        [
            json!(true),
            json!(false),
            json!(true),
            json!("launch"),
            json!("spring"),
            json!("order"),
            json!(49),
            json!("USD"),
            json!("claimed")
        ]
    );
    env.advance_ms(1);
    let yen = env.creator().post(&test, json!({"value": 49})).await.expect(202).json();
    assert_eq!((&yen["value"], &yen["currency"]), (&json!(49), &json!("JPY")));
    env.advance_ms(1);
    let bare = env.creator().post(&test, json!({})).await.expect(202).json();
    assert_eq!((&bare["value"], &bare["currency"]), (&Value::Null, &Value::Null));
    env.process_events().await;
    assert_eq!(env.server().queue_depth("EventsQueue").unwrap().delayed, 0, "it does not wait for a click that was never made");
    for query in ["", "campaignId=spring", "slug=launch"] {
        assert_eq!(figures(&env, query).await, (json!(0), json!(0)), "{query}");
    }
    let listed = env.creator().get("/v2/handles/demo/conversions").await.expect(200).json();
    let listed = listed["items"].as_array().unwrap();
    assert_eq!(listed.len(), 3);
    assert!(listed.iter().all(|item| item["test"] == true && item["counted"] == false));
    // It has left the outbox: nothing announces it again.
    env.advance_ms(300_000);
    env.sweep().await;
    assert_eq!(env.server().queue_depth("EventsQueue").unwrap().visible, 0);
    // In a campaign that is not ACTIVE it answers as a real one would be answered.
    env.creator().put(SPRING, json!({"status": "PAUSED"})).await.expect(200);
    let paused = env.creator().post(&test, json!({})).await.expect(202).json();
    assert_eq!((&paused["test"], &paused["campaignId"], &paused["notCredited"]), (&json!(true), &Value::Null, &json!("campaign_paused")));
    env.creator().put(LAUNCH, product()).await.expect(200);
    env.creator().post(&test, json!({})).await.refused(409, "conflict");
    env.creator().delete(LAUNCH).await.expect(204);
    env.creator().post(&test, json!({})).await.refused(409, "conflict");
    env.creator().post(&format!("{CAMPAIGNS}/nosuch/test-conversion"), json!({})).await.refused(404, "not_found");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_test_conversion_survives_lost_answers_and_is_accepted_once() {
    let env = TestEnv::new().await;
    make(&env, spring(json!({"primaryLink": {"slug": "launch", "destinationUrl": "https://example.com/"}}))).await.expect(201);
    let fired = env.faults.inject(Rule::on("TransactWriteItems").by("attribution"), Fault::AnswerLost);
    let receipt = env.creator().post(&format!("{SPRING}/test-conversion"), json!({})).await.expect(202).json();
    fired.at_least_once();
    let listed = env.creator().get("/v2/handles/demo/conversions").await.expect(200).json();
    assert_eq!(listed["items"].as_array().unwrap().len(), 1);
    assert_eq!(listed["items"][0]["conversionId"], receipt["conversionId"]);
    assert_eq!(env.audited().await.iter().filter(|(action, _)| action == "campaign.tested").count(), 1);
}
