//! Reports: what they are asked, and that their cost does not grow with clicks.

use serde_json::json;
use tests::World;

const ANALYTICS: &str = "/v2/handles/demo/analytics";

async fn world_with_a_link() -> World {
    let world = World::new().await;
    world.owner().put("/v2/handles/demo/links/launch", json!({"destinationUrl": "https://example.com/"})).await.expect(201);
    world
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_report_tells_people_from_bots_and_revenue_in_each_currency() {
    let world = world_with_a_link().await;
    let token = world.visitor().in_country("US").with("referer", "https://www.instagram.com/").follow("launch").await.expect(302).ctx();
    world.visitor().in_country("DE").follow("launch").await.expect(302);
    world.visitor().in_country("US").with("user-agent", "curl/8.5.0").follow("launch").await.expect(302);
    world.advance_ms(1000);
    for (key, value, currency) in [("a", json!(24.99), "USD"), ("b", json!(0.01), "USD"), ("c", json!(1000), "JPY")] {
        let body = json!({"ctx": token, "idempotencyKey": key, "eventType": "purchase", "value": value, "currency": currency});
        world.nobody().post("/v2/public/conversions", body).await.expect(202);
    }
    world.settle().await;
    let report = world.owner().get(&format!("{ANALYTICS}?groupBy=country")).await.expect(200).json();
    let us = &report["rows"][0];
    assert_eq!(
        (&us["key"], &us["clicks"], &us["botClicks"], &us["qualifiedClicks"], &us["conversions"]),
        (&json!("US"), &json!(2), &json!(1), &json!(1), &json!(3))
    );
    assert_eq!(us["revenueByCurrency"], json!({"JPY": 1000, "USD": 25}));
    assert_eq!((&us["revenue"], &us["currency"]), (&json!(25), &json!("USD")));
    assert_eq!(report["totals"]["clicks"], 3);
    assert_eq!((&report["freshness"]["status"], &report["freshness"]["slaMinutes"]), (&json!("FRESH"), &json!(60)));
    let referrers = world.owner().get(&format!("{ANALYTICS}?groupBy=referrer")).await.expect(200).json();
    assert_eq!(referrers["rows"][0]["key"], "direct");
    assert_eq!((&referrers["rows"][1]["key"], &referrers["rows"][1]["conversions"]), (&json!("www.instagram.com"), &json!(3)));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn days_are_utc_ranges_are_inclusive_and_freshness_ages() {
    let world = world_with_a_link().await;
    let status = |report: &serde_json::Value| report["freshness"]["status"].clone();
    let empty = world.owner().get(ANALYTICS).await.expect(200).json();
    assert_eq!(
        (status(&empty), &empty["from"], &empty["to"], &empty["totals"]["clicks"]),
        (json!("UNKNOWN"), &json!("2026-01-31"), &json!("2026-03-01"), &json!(0))
    );
    world.set_time("2026-03-01T23:59:59.999Z");
    world.visitor().follow("launch").await.expect(302);
    world.set_time("2026-03-02T00:00:00Z");
    world.visitor().follow("launch").await.expect(302);
    world.settle().await;
    let report = world.owner().get(&format!("{ANALYTICS}?from=2026-03-01&to=2026-03-02")).await.expect(200).json();
    let days: Vec<_> = report["rows"].as_array().unwrap().iter().map(|row| (row["key"].clone(), row["clicks"].clone())).collect();
    assert_eq!(days, [(json!("2026-03-01"), json!(1)), (json!("2026-03-02"), json!(1))]);
    let one = world.owner().get(&format!("{ANALYTICS}?from=2026-03-02&to=2026-03-02")).await.expect(200).json();
    assert_eq!(one["totals"]["clicks"], 1);
    world.advance_ms(60 * 60_000);
    assert_eq!(status(&world.owner().get(ANALYTICS).await.expect(200).json()), "FRESH");
    world.advance_ms(1000);
    assert_eq!(status(&world.owner().get(ANALYTICS).await.expect(200).json()), "STALE");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_bad_parameter_is_named() {
    let world = world_with_a_link().await;
    let refused = world
        .owner()
        .get(&format!("{ANALYTICS}?groupBy=moon&campaignId=X&slug=a&from=yesterday&to=2026-13-01&sort=up"))
        .await
        .refused(400, "invalid_payload");
    let mut fields = refused.fields();
    fields.sort();
    assert_eq!(fields, ["campaignId", "from", "groupBy", "slug", "sort", "to"]);
    for range in ["from=2026-03-02&to=2026-03-01", "from=2025-01-01&to=2026-03-01"] {
        assert_eq!(world.owner().get(&format!("{ANALYTICS}?{range}")).await.refused(400, "invalid_payload").fields(), ["from"]);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_report_reads_one_query_however_many_clicks_there_are() {
    let world = world_with_a_link().await;
    let mut calls = Vec::new();
    for _ in 0..2 {
        for number in 0..150 {
            world.visitor().from(&format!("198.51.100.{}", number % 250)).follow("launch").await.expect(302);
        }
        world.settle().await;
        world.faults.take_calls();
        world.owner().get(&format!("{ANALYTICS}?groupBy=country&slug=launch")).await.expect(200);
        calls.push(world.faults.take_calls());
    }
    assert_eq!(calls[0], calls[1]);
    assert_eq!(calls[0].iter().filter(|(_, operation)| operation == "Query").count(), 1);
}
