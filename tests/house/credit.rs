//! What counts for a campaign: clicks made while it was ACTIVE, and their conversions while it still is, to the millisecond.

use aws_lambda_events::sqs::SqsMessage;
use serde_json::{Value, json};
use tests::{Fault, Rule, World};

const SPRING: &str = "/v2/handles/demo/campaigns/spring";

/// A world with a campaign in this status and one link that feeds it.
async fn world_with(status: &str) -> World {
    let world = World::new().await;
    make(&world, status).await;
    world
}

async fn make(world: &World, status: &str) {
    let link = json!({"slug": "launch", "destinationUrl": "https://example.com/product"});
    let body = json!({"campaignId": "spring", "goalType": "PRODUCT_SALE", "status": status, "primaryLink": link});
    world.creator().post("/v2/handles/demo/campaigns", body).await.expect(201);
}

async fn set(world: &World, status: &str) {
    world.creator().put(SPRING, json!({"status": status})).await.expect(200);
}

async fn follow(world: &World, slug: &str) -> String {
    world.visitor().follow(slug).await.expect(302).ctx()
}

async fn convert(world: &World, ctx: &str, key: &str) -> Value {
    let body = json!({"ctx": ctx, "idempotencyKey": key, "eventType": "purchase", "value": 10, "currency": "EUR"});
    world.nobody().post("/v2/public/conversions", body).await.expect(202).json()
}

/// What a conversion is credited to, and why not.
fn verdict(receipt: &Value) -> (Option<&str>, Option<&str>) {
    (receipt["campaignId"].as_str(), receipt["notCredited"].as_str())
}

/// Clicks and conversions of this selection.
async fn figures(world: &World, query: &str) -> (u64, u64) {
    let report = world.owner().get(&format!("/v2/handles/demo/analytics?{query}")).await.expect(200).json();
    (report["totals"]["clicks"].as_u64().unwrap(), report["totals"]["conversions"].as_u64().unwrap())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn clicks_count_for_the_campaign_from_the_moment_it_is_active_to_the_moment_it_is_not() {
    let world = world_with("DRAFT").await;
    // Each stands one millisecond from the next; all are counted only when everything is over.
    follow(&world, "launch").await;
    world.advance_ms(1);
    set(&world, "ACTIVE").await;
    follow(&world, "launch").await;
    world.advance_ms(1);
    follow(&world, "launch").await;
    world.advance_ms(1);
    set(&world, "PAUSED").await;
    follow(&world, "launch").await;
    world.advance_ms(1);
    set(&world, "DRAFT").await;
    follow(&world, "launch").await;
    world.advance_ms(60_000);
    assert_eq!(figures(&world, "").await, (0, 0));
    world.settle().await;
    assert_eq!(figures(&world, "campaignId=spring").await, (2, 0));
    assert_eq!(figures(&world, "slug=launch").await, (5, 0), "all of them redirect and count for the link");
    assert_eq!(figures(&world, "slug=launch&campaignId=spring").await, (2, 0));
    let stored = world.auditor().clicks_of(&world.handle(), world.now().day()).await.unwrap();
    assert_eq!(stored.iter().filter(|click| click.campaign_id.is_some()).count(), 2);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_click_is_credited_once_and_for_all_when_it_is_first_counted() {
    let world = world_with("DRAFT").await;
    follow(&world, "launch").await;
    let mut kept: Vec<SqsMessage> = Vec::new();
    world
        .drain_with("ClicksQueue", |messages| {
            kept.clone_from(&messages);
            messages
        })
        .await;
    set(&world, "ACTIVE").await;
    // By now the campaign was ACTIVE at that millisecond; the click has been counted all the same.
    world.redeliver("click-worker", kept.clone()).await;
    assert_eq!(figures(&world, "campaignId=spring").await, (0, 0));
    assert_eq!(figures(&world, "slug=launch").await, (1, 0));
    world.advance_ms(10_000);
    follow(&world, "launch").await;
    world
        .drain_with("ClicksQueue", |messages| {
            kept.clone_from(&messages);
            messages
        })
        .await;
    world.creator().delete(SPRING).await.expect(204);
    world.redeliver("click-worker", kept).await;
    assert_eq!((figures(&world, "campaignId=spring").await, figures(&world, "slug=launch").await), ((1, 0), (2, 0)));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_conversion_is_credited_while_the_campaign_is_active_and_its_click_was_tracked() {
    let world = world_with("DRAFT").await;
    let drafted = follow(&world, "launch").await;
    assert_eq!(verdict(&convert(&world, &drafted, "draft").await), (None, Some("campaign_paused")));
    world.advance_ms(1);
    set(&world, "ACTIVE").await;
    let tracked = follow(&world, "launch").await;
    assert_eq!(verdict(&convert(&world, &tracked, "tracked").await), (Some("spring"), None));
    assert_eq!(verdict(&convert(&world, &drafted, "from-draft").await), (None, Some("click_not_tracked")));
    world.advance_ms(1);
    set(&world, "PAUSED").await;
    let paused = follow(&world, "launch").await;
    assert_eq!(verdict(&convert(&world, &tracked, "while-paused").await), (None, Some("campaign_paused")));
    world.advance_ms(1);
    set(&world, "ACTIVE").await;
    assert_eq!(verdict(&convert(&world, &paused, "from-pause").await), (None, Some("click_not_tracked")));
    assert_eq!(verdict(&convert(&world, &tracked, "again").await), (Some("spring"), None));
    world.creator().delete(SPRING).await.expect(204);
    assert_eq!(verdict(&convert(&world, &tracked, "deleted").await), (None, Some("campaign_deleted")));
    // The first answer is the answer, whatever has become of the campaign.
    for (key, expected) in
        [("tracked", (Some("spring"), None)), ("draft", (None, Some("campaign_paused"))), ("while-paused", (None, Some("campaign_paused")))]
    {
        let body = json!({"ctx": tracked, "idempotencyKey": key, "eventType": "purchase", "value": 10, "currency": "EUR"});
        let again = world.nobody().post("/v2/public/conversions", body).await.expect(200).json();
        assert_eq!((verdict(&again), &again["deduped"]), (expected, &json!(true)), "{key}");
    }
    world.settle().await;
    assert_eq!(figures(&world, "campaignId=spring").await.1, 2);
    assert_eq!(figures(&world, "slug=launch").await.1, 7, "every one counts for the link");
    let listed = world.creator().get("/v2/handles/demo/conversions").await.expect(200).json();
    let reasons = listed["items"].as_array().unwrap().iter().filter(|item| item.get("notCredited").is_some()).count();
    assert_eq!(reasons, 5);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn several_links_feed_one_campaign() {
    let world = world_with("ACTIVE").await;
    for slug in ["email", "social"] {
        let body = json!({"destinationUrl": "https://example.com/product", "campaignId": "spring"});
        world.creator().put(&format!("/v2/handles/demo/links/{slug}"), body).await.expect(201);
    }
    world.creator().put("/v2/handles/demo/links/stray", json!({"destinationUrl": "https://example.com/"})).await.expect(201);
    for (slug, visits) in [("launch", 1), ("email", 2), ("social", 3), ("stray", 4)] {
        for visit in 0..visits {
            let ctx = follow(&world, slug).await;
            convert(&world, &ctx, &format!("{slug}-{visit}")).await;
        }
    }
    world.settle().await;
    assert_eq!(figures(&world, "campaignId=spring").await, (6, 6));
    for (slug, expected) in [("launch", 1), ("email", 2), ("social", 3), ("stray", 0)] {
        assert_eq!(figures(&world, &format!("campaignId=spring&slug={slug}")).await, (expected, expected), "{slug}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_id_used_again_goes_on_with_its_figures_and_credits_no_click_of_before() {
    let world = world_with("ACTIVE").await;
    let old = follow(&world, "launch").await;
    convert(&world, &old, "old").await;
    world.settle().await;
    world.advance_ms(1000);
    world.creator().delete(SPRING).await.expect(204);
    // Its link goes on; what it brings meanwhile is the link's alone.
    world.advance_ms(6000);
    follow(&world, "launch").await;
    world.settle().await;
    assert_eq!(figures(&world, "campaignId=spring").await, (1, 1));
    let report = world.owner().get("/v2/handles/demo/analytics?groupBy=campaign").await.expect(200).json();
    let keys: Vec<&str> = report["rows"].as_array().unwrap().iter().map(|row| row["key"].as_str().unwrap()).collect();
    assert_eq!((keys.contains(&"spring"), keys.contains(&"none")), (true, true));
    world.advance_ms(1000);
    make(&world, "ACTIVE").await;
    world.advance_ms(6000);
    assert_eq!(verdict(&convert(&world, &old, "late").await), (None, Some("click_not_tracked")));
    let new = follow(&world, "launch").await;
    assert_eq!(verdict(&convert(&world, &new, "new").await), (Some("spring"), None));
    world.settle().await;
    assert_eq!(figures(&world, "campaignId=spring").await, (2, 2));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn clicks_of_campaigns_that_cannot_be_read_wait_and_the_others_are_counted() {
    let world = world_with("ACTIVE").await;
    world.creator().put("/v2/handles/demo/links/stray", json!({"destinationUrl": "https://example.com/"})).await.expect(201);
    follow(&world, "launch").await;
    follow(&world, "stray").await;
    let fired = world.faults.inject(Rule::on("BatchGetItem").by("click-worker").always(), Fault::Unreachable);
    let mut kept: Vec<SqsMessage> = Vec::new();
    let report = world
        .drain_with("ClicksQueue", |messages| {
            kept.extend(messages.iter().cloned());
            messages
        })
        .await;
    fired.at_least_once();
    assert_eq!((report.deleted, report.failed), (1, 1));
    assert_eq!(figures(&world, "").await, (1, 0));
    world.faults.clear();
    world.redeliver("click-worker", kept).await;
    assert_eq!((figures(&world, "").await, figures(&world, "campaignId=spring").await), ((2, 0), (1, 0)));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_redirect_reads_no_campaign_and_a_batch_of_clicks_reads_them_in_one_call() {
    let world = world_with("ACTIVE").await;
    follow(&world, "launch").await;
    world.faults.take_calls();
    for _ in 0..30 {
        follow(&world, "launch").await;
    }
    let of_redirect = world.faults.take_calls();
    assert!(of_redirect.iter().all(|(_, operation)| operation == "SendMessage"), "{of_redirect:?}");
    let report = world.drain("ClicksQueue").await;
    assert_eq!(report.failed, 0);
    let reads = world.faults.take_calls().iter().filter(|(_, operation)| operation == "BatchGetItem").count();
    assert!((1..=4).contains(&reads), "{reads} reads for {} messages", report.received);
    assert_eq!(figures(&world, "campaignId=spring").await, (31, 0));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_conversion_whose_campaign_cannot_be_read_is_not_accepted_and_its_key_stays_free() {
    let world = world_with("ACTIVE").await;
    let ctx = follow(&world, "launch").await;
    let fired = world.faults.inject(Rule::on("GetItem").by("attribution").always(), Fault::Unreachable);
    let body = json!({"ctx": ctx, "idempotencyKey": "order-1", "eventType": "purchase"});
    world.nobody().post("/v2/public/conversions", body).await.refused(503, "unavailable");
    fired.at_least_once();
    world.faults.clear();
    assert_eq!(verdict(&convert(&world, &ctx, "order-1").await), (Some("spring"), None));
}
