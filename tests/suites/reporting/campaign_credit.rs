//! What counts for a campaign: clicks made while it was ACTIVE, and their conversions while it still is, to the millisecond.

use aws_lambda_events::sqs::SqsMessage;
use serde_json::{Value, json};
use tests::fixtures::order;
use tests::{Fault, Rule, TestEnv};

const SPRING: &str = "/v2/handles/demo/campaigns/spring";

/// An environment with a campaign in this status and one link that feeds it.
async fn env_with(status: &str) -> TestEnv {
    let env = TestEnv::new().await;
    make(&env, status).await;
    env
}

async fn make(env: &TestEnv, status: &str) {
    let link = json!({"slug": "launch", "destinationUrl": "https://example.com/product"});
    let body = json!({"campaignId": "spring", "goalType": "PRODUCT_SALE", "status": status, "primaryLink": link});
    env.creator().post("/v2/handles/demo/campaigns", body).await.expect(201);
}

async fn set(env: &TestEnv, status: &str) {
    env.creator().put(SPRING, json!({"status": status})).await.expect(200);
}

async fn follow(env: &TestEnv, slug: &str) -> String {
    env.visitor().follow(slug).await.expect(302).ctx()
}

/// What a conversion is credited to, and why not.
fn verdict(receipt: &Value) -> (Option<&str>, Option<&str>) {
    (receipt["campaignId"].as_str(), receipt["notCredited"].as_str())
}

/// Clicks and conversions of this selection.
async fn figures(env: &TestEnv, query: &str) -> (u64, u64) {
    let report = env.report(query).await;
    (report["totals"]["clicks"].as_u64().unwrap(), report["totals"]["conversions"].as_u64().unwrap())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn clicks_count_for_the_campaign_from_the_moment_it_is_active_to_the_moment_it_is_not() {
    let env = env_with("DRAFT").await;
    // Each is one millisecond after the last; all are counted only when everything is over.
    follow(&env, "launch").await;
    env.advance_ms(1);
    set(&env, "ACTIVE").await;
    follow(&env, "launch").await;
    env.advance_ms(1);
    follow(&env, "launch").await;
    env.advance_ms(1);
    set(&env, "PAUSED").await;
    follow(&env, "launch").await;
    env.advance_ms(1);
    set(&env, "DRAFT").await;
    follow(&env, "launch").await;
    env.advance_ms(60_000);
    assert_eq!(figures(&env, "").await, (0, 0));
    env.process_events().await;
    assert_eq!(figures(&env, "campaignId=spring").await, (2, 0));
    assert_eq!(figures(&env, "slug=launch").await, (5, 0), "all of them redirect and count for the link");
    assert_eq!(figures(&env, "slug=launch&campaignId=spring").await, (2, 0));
    let stored = tests::clicks_of_day(&env.unrestricted_store(), &env.handle(), env.now().day()).await.unwrap();
    assert_eq!(stored.iter().filter(|click| click.campaign_id.is_some()).count(), 2);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_click_is_credited_once_and_for_all_when_it_is_first_counted() {
    let env = env_with("DRAFT").await;
    follow(&env, "launch").await;
    let mut kept: Vec<SqsMessage> = Vec::new();
    env.drain_with("ClicksQueue", |messages| {
        kept.clone_from(&messages);
        messages
    })
    .await;
    set(&env, "ACTIVE").await;
    // By now the campaign was ACTIVE at that millisecond; the click has been counted all the same.
    env.redeliver("click-worker", kept.clone()).await;
    assert_eq!(figures(&env, "campaignId=spring").await, (0, 0));
    assert_eq!(figures(&env, "slug=launch").await, (1, 0));
    env.advance_ms(10_000);
    follow(&env, "launch").await;
    env.drain_with("ClicksQueue", |messages| {
        kept.clone_from(&messages);
        messages
    })
    .await;
    env.creator().delete(SPRING).await.expect(204);
    env.redeliver("click-worker", kept).await;
    assert_eq!((figures(&env, "campaignId=spring").await, figures(&env, "slug=launch").await), ((1, 0), (2, 0)));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_conversion_is_credited_while_the_campaign_is_active_and_its_click_was_tracked() {
    let env = env_with("DRAFT").await;
    let drafted = follow(&env, "launch").await;
    assert_eq!(verdict(&env.convert(order(&drafted, "draft", 10, "EUR")).await), (None, Some("campaign_paused")));
    env.advance_ms(1);
    set(&env, "ACTIVE").await;
    let tracked = follow(&env, "launch").await;
    assert_eq!(verdict(&env.convert(order(&tracked, "tracked", 10, "EUR")).await), (Some("spring"), None));
    assert_eq!(verdict(&env.convert(order(&drafted, "from-draft", 10, "EUR")).await), (None, Some("click_not_tracked")));
    env.advance_ms(1);
    set(&env, "PAUSED").await;
    let paused = follow(&env, "launch").await;
    assert_eq!(verdict(&env.convert(order(&tracked, "while-paused", 10, "EUR")).await), (None, Some("campaign_paused")));
    env.advance_ms(1);
    set(&env, "ACTIVE").await;
    assert_eq!(verdict(&env.convert(order(&paused, "from-pause", 10, "EUR")).await), (None, Some("click_not_tracked")));
    assert_eq!(verdict(&env.convert(order(&tracked, "again", 10, "EUR")).await), (Some("spring"), None));
    env.creator().delete(SPRING).await.expect(204);
    assert_eq!(verdict(&env.convert(order(&tracked, "deleted", 10, "EUR")).await), (None, Some("campaign_deleted")));
    let listed = async |credited: &str| env.creator().get(&format!("/v2/handles/demo/conversions?credited={credited}")).await.expect(200);
    assert_eq!(listed("true").await.json()["items"].as_array().map(Vec::len), Some(2));
    let refused = listed("false").await.json();
    let why: Vec<Option<&str>> = refused["items"].as_array().unwrap().iter().map(|conversion| verdict(conversion).1).collect();
    let [paused, not_tracked, deleted] = ["campaign_paused", "click_not_tracked", "campaign_deleted"].map(Some);
    assert_eq!(why, [deleted, not_tracked, paused, not_tracked, paused], "newest first");
    // The first answer is repeated whatever the campaign's status is now.
    for (ctx, key, expected) in [
        (&tracked, "tracked", (Some("spring"), None)),
        (&drafted, "draft", (None, Some("campaign_paused"))),
        (&tracked, "while-paused", (None, Some("campaign_paused"))),
    ] {
        let body = json!({"ctx": ctx, "idempotencyKey": key, "eventType": "purchase", "value": 10, "currency": "EUR"});
        let again = env.anonymous().post("/v2/public/conversions", body).await.expect(200).json();
        assert_eq!((verdict(&again), &again["deduped"]), (expected, &json!(true)), "{key}");
    }
    env.process_events().await;
    assert_eq!(figures(&env, "campaignId=spring").await.1, 2);
    assert_eq!(figures(&env, "slug=launch").await.1, 7, "every one counts for the link");
    let listed = env.creator().get("/v2/handles/demo/conversions").await.expect(200).json();
    let reasons = listed["items"].as_array().unwrap().iter().filter(|item| item.get("notCredited").is_some()).count();
    assert_eq!(reasons, 5);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_explanation_says_why_a_conversion_is_not_credited_to_its_clicks_campaign() {
    let env = env_with("ACTIVE").await;
    let ctx = follow(&env, "launch").await;
    env.advance_ms(1000);
    set(&env, "PAUSED").await;
    let while_paused = env.convert(order(&ctx, "order-1", 10, "EUR")).await;
    let from_pause = follow(&env, "launch").await;
    env.advance_ms(1000);
    set(&env, "ACTIVE").await;
    let not_tracked = env.convert(order(&from_pause, "order-2", 10, "EUR")).await;
    let credited = env.convert(order(&ctx, "order-3", 10, "EUR")).await;
    env.process_events().await;
    env.creator().delete(SPRING).await.expect(204);
    let deleted = env.convert(order(&ctx, "order-4", 10, "EUR")).await;
    env.process_events().await;
    let only_link = |why: &str| format!("It counts for link launch only; the click's campaign was {why}.");
    for (receipt, outcome, message, of_conversion, of_click) in [
        (&while_paused, "not_credited_campaign_paused", only_link("not active when the conversion was accepted"), None, Some("spring")),
        (&not_tracked, "not_credited_click_not_tracked", only_link("not active when the link was followed"), None, None),
        (
            &credited,
            "credited_to_campaign",
            "It counts for campaign spring and for link launch.".to_owned(),
            Some("spring"),
            Some("spring"),
        ),
        (&deleted, "not_credited_campaign_deleted", only_link("deleted"), None, Some("spring")),
    ] {
        let path = format!("/v2/handles/demo/conversions/{}/explain", receipt["conversionId"].as_str().unwrap());
        let explained = env.creator().get(&path).await.expect(200).json();
        assert_eq!((&explained["outcome"], &explained["message"]), (&json!(outcome), &json!(message)));
        assert_eq!(
            (explained["verdict"]["campaignId"].as_str(), explained["click"]["campaignId"].as_str()),
            (of_conversion, of_click),
            "{outcome}"
        );
        assert_eq!((&explained["verdict"]["counted"], &explained["netValue"]), (&json!(true), &json!(10)), "{outcome}");
    }
    assert_eq!((figures(&env, "campaignId=spring").await, figures(&env, "slug=launch").await), ((1, 1), (2, 4)));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn several_links_feed_one_campaign() {
    let env = env_with("ACTIVE").await;
    for slug in ["email", "social"] {
        let body = json!({"destinationUrl": "https://example.com/product", "campaignId": "spring"});
        env.creator().put(&format!("/v2/handles/demo/links/{slug}"), body).await.expect(201);
    }
    env.creator().put("/v2/handles/demo/links/stray", json!({"destinationUrl": "https://example.com/"})).await.expect(201);
    for (slug, visits) in [("launch", 1), ("email", 2), ("social", 3), ("stray", 4)] {
        for visit in 0..visits {
            let ctx = follow(&env, slug).await;
            env.convert(order(&ctx, &format!("{slug}-{visit}"), 10, "EUR")).await;
        }
    }
    env.process_events().await;
    assert_eq!(figures(&env, "campaignId=spring").await, (6, 6));
    for (slug, expected) in [("launch", 1), ("email", 2), ("social", 3), ("stray", 0)] {
        assert_eq!(figures(&env, &format!("campaignId=spring&slug={slug}")).await, (expected, expected), "{slug}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_id_used_again_goes_on_with_its_figures_and_credits_no_click_of_before() {
    let env = env_with("ACTIVE").await;
    let old = follow(&env, "launch").await;
    env.convert(order(&old, "old", 10, "EUR")).await;
    env.process_events().await;
    env.advance_ms(1000);
    env.creator().delete(SPRING).await.expect(204);
    // Its link goes on; what it brings meanwhile is the link's alone.
    env.advance_ms(6000);
    follow(&env, "launch").await;
    env.process_events().await;
    assert_eq!(figures(&env, "campaignId=spring").await, (1, 1));
    let report = env.owner().get("/v2/handles/demo/analytics?groupBy=campaign").await.expect(200).json();
    let keys: Vec<&str> = report["rows"].as_array().unwrap().iter().map(|row| row["key"].as_str().unwrap()).collect();
    assert_eq!((keys.contains(&"spring"), keys.contains(&"none")), (true, true));
    env.advance_ms(1000);
    make(&env, "ACTIVE").await;
    env.advance_ms(6000);
    assert_eq!(verdict(&env.convert(order(&old, "late", 10, "EUR")).await), (None, Some("click_not_tracked")));
    let new = follow(&env, "launch").await;
    assert_eq!(verdict(&env.convert(order(&new, "new", 10, "EUR")).await), (Some("spring"), None));
    env.process_events().await;
    assert_eq!(figures(&env, "campaignId=spring").await, (2, 2));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn clicks_of_campaigns_that_cannot_be_read_wait_and_the_others_are_counted() {
    let env = env_with("ACTIVE").await;
    env.creator().put("/v2/handles/demo/links/stray", json!({"destinationUrl": "https://example.com/"})).await.expect(201);
    follow(&env, "launch").await;
    follow(&env, "stray").await;
    let fired = env.faults.inject(Rule::on("BatchGetItem").by("click-worker").always(), Fault::Unreachable);
    let mut kept: Vec<SqsMessage> = Vec::new();
    let report = env
        .drain_with("ClicksQueue", |messages| {
            kept.extend(messages.iter().cloned());
            messages
        })
        .await;
    fired.at_least_once();
    assert_eq!((report.deleted, report.failed), (1, 1));
    assert_eq!(figures(&env, "").await, (1, 0));
    env.faults.clear();
    env.redeliver("click-worker", kept).await;
    assert_eq!((figures(&env, "").await, figures(&env, "campaignId=spring").await), ((2, 0), (1, 0)));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_redirect_reads_no_campaign_and_a_batch_of_clicks_reads_them_in_one_call() {
    let env = env_with("ACTIVE").await;
    follow(&env, "launch").await;
    env.faults.take_calls();
    for _ in 0..30 {
        follow(&env, "launch").await;
    }
    let of_redirect = env.faults.take_calls();
    assert!(of_redirect.iter().all(|(_, operation)| operation == "SendMessage"), "{of_redirect:?}");
    let report = env.drain("ClicksQueue").await;
    assert_eq!(report.failed, 0);
    let reads = env.faults.take_calls().iter().filter(|(_, operation)| operation == "BatchGetItem").count();
    assert!((1..=4).contains(&reads), "{reads} reads for {} messages", report.received);
    assert_eq!(figures(&env, "campaignId=spring").await, (31, 0));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_conversion_whose_campaign_cannot_be_read_is_not_accepted_and_its_key_stays_free() {
    let env = env_with("ACTIVE").await;
    let ctx = follow(&env, "launch").await;
    let fired = env.faults.inject(Rule::on("GetItem").by("attribution").always(), Fault::Unreachable);
    let body = json!({"ctx": ctx, "idempotencyKey": "order-1", "eventType": "purchase"});
    env.anonymous().post("/v2/public/conversions", body).await.refused(503, "unavailable");
    fired.at_least_once();
    env.faults.clear();
    assert_eq!(verdict(&env.convert(order(&ctx, "order-1", 10, "EUR")).await), (Some("spring"), None));
}
