//! Reports and funnels: what they are asked, how far they can be relied on, and that their cost does not grow with clicks.

use std::collections::BTreeMap;

use domain::clicks::Click;
use domain::reports::Dimension;
use serde_json::{Value, json};
use tests::TestEnv;
use tests::fixtures::clicks::{click, random_clicks};
use tests::fixtures::thousandths;

const ANALYTICS: &str = "/v2/handles/demo/analytics";
/// Queries of a report of one link: its cells, the four lanes of deltas, and the fold states before and after.
const QUERIES: usize = 7;

/// Everything a row or the totals count, revenue by currency in thousandths.
fn figures(row: &Value) -> BTreeMap<String, i64> {
    let counts = ["clicks", "botClicks", "qualifiedClicks", "conversions", "impressions"];
    let counts = counts.into_iter().filter_map(|name| Some((name.to_owned(), row[name].as_i64()?)));
    let revenue = row["revenueByCurrency"].as_object().unwrap().iter().map(|(code, amount)| (code.clone(), thousandths(amount)));
    counts.chain(revenue).collect()
}

fn sum(rows: &Value) -> BTreeMap<String, i64> {
    let mut sum = BTreeMap::new();
    for (name, value) in rows.as_array().unwrap().iter().flat_map(figures) {
        *sum.entry(name).or_insert(0) += value;
    }
    sum
}

/// A report of the first days of March.
async fn report(env: &TestEnv, query: &str) -> Value {
    env.report(&format!("from=2026-03-01&to=2026-03-05&{query}")).await
}

async fn env_with_link() -> TestEnv {
    let env = TestEnv::new().await;
    env.put_link("launch").await.expect(201);
    env
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_report_separates_people_from_bots_and_revenue_by_currency() {
    let env = env_with_link().await;
    let token = env.visitor().in_country("US").with("referer", "https://www.instagram.com/").follow("launch").await.expect(302).ctx();
    env.visitor().in_country("DE").follow("launch").await.expect(302);
    env.visitor().in_country("US").with("user-agent", "curl/8.5.0").follow("launch").await.expect(302);
    env.advance_ms(1000);
    for (key, value, currency) in [("a", json!(24.99), "USD"), ("b", json!(0.01), "USD"), ("c", json!(1000), "JPY")] {
        let body = json!({"ctx": token, "idempotencyKey": key, "eventType": "purchase", "value": value, "currency": currency});
        env.anonymous().post("/v2/public/conversions", body).await.expect(202);
    }
    env.process_events().await;
    let report = env.owner().get(&format!("{ANALYTICS}?groupBy=country")).await.expect(200).json();
    let us = &report["rows"][0];
    assert_eq!(
        (&us["key"], &us["clicks"], &us["botClicks"], &us["qualifiedClicks"], &us["conversions"]),
        (&json!("US"), &json!(2), &json!(1), &json!(1), &json!(3))
    );
    assert_eq!(us["revenueByCurrency"], json!({"JPY": 1000, "USD": 25}));
    assert_eq!((&us["revenue"], &us["currency"]), (&json!(25), &json!("USD")));
    assert_eq!(report["totals"]["clicks"], 3);
    assert_eq!((&report["freshness"]["status"], &report["freshness"]["slaMinutes"]), (&json!("FRESH"), &json!(60)));
    let referrers = env.owner().get(&format!("{ANALYTICS}?groupBy=referrer")).await.expect(200).json();
    assert_eq!(referrers["rows"][0]["key"], "direct");
    assert_eq!((&referrers["rows"][1]["key"], &referrers["rows"][1]["conversions"]), (&json!("www.instagram.com"), &json!(3)));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn days_are_utc_ranges_are_inclusive_and_freshness_ages() {
    let env = env_with_link().await;
    let status = |report: &serde_json::Value| report["freshness"]["status"].clone();
    let empty = env.owner().get(ANALYTICS).await.expect(200).json();
    assert_eq!(
        (status(&empty), &empty["from"], &empty["to"], &empty["totals"]["clicks"]),
        (json!("UNKNOWN"), &json!("2026-01-31"), &json!("2026-03-01"), &json!(0))
    );
    env.set_time("2026-03-01T23:59:59.999Z");
    env.visitor().follow("launch").await.expect(302);
    env.set_time("2026-03-02T00:00:00Z");
    env.visitor().follow("launch").await.expect(302);
    env.process_events().await;
    let report = env.owner().get(&format!("{ANALYTICS}?from=2026-03-01&to=2026-03-02")).await.expect(200).json();
    let days: Vec<_> = report["rows"].as_array().unwrap().iter().map(|row| (row["key"].clone(), row["clicks"].clone())).collect();
    assert_eq!(days, [(json!("2026-03-01"), json!(1)), (json!("2026-03-02"), json!(1))]);
    let one = env.owner().get(&format!("{ANALYTICS}?from=2026-03-02&to=2026-03-02")).await.expect(200).json();
    assert_eq!(one["totals"]["clicks"], 1);
    env.advance_ms(60 * 60_000);
    assert_eq!(status(&env.owner().get(ANALYTICS).await.expect(200).json()), "FRESH");
    env.advance_ms(1000);
    assert_eq!(status(&env.owner().get(ANALYTICS).await.expect(200).json()), "STALE");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_bad_parameter_is_named() {
    let env = env_with_link().await;
    let refused = env
        .owner()
        .get(&format!("{ANALYTICS}?groupBy=moon&campaignId=X&slug=a&from=yesterday&to=2026-13-01&sort=up"))
        .await
        .refused(400, "invalid_payload");
    let mut fields = refused.fields();
    fields.sort();
    assert_eq!(fields, ["campaignId", "from", "groupBy", "slug", "sort", "to"]);
    for range in ["from=2026-03-02&to=2026-03-01", "from=2025-01-01&to=2026-03-01"] {
        assert_eq!(env.owner().get(&format!("{ANALYTICS}?{range}")).await.refused(400, "invalid_payload").fields(), ["from"]);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn rows_add_up_to_totals_days_to_ranges_and_combined_filters_equal_a_recount() {
    let env = TestEnv::new().await;
    env.campaign_with_link("partner-alpha", "launch", Value::Null).await;
    for (key, value, currency) in [("a", json!(24.99), "USD"), ("b", json!(1000), "JPY"), ("c", json!(0.001), "KWD")] {
        env.follow_and_convert("launch", 1000, key, value, currency).await;
        env.advance_days(1);
    }
    env.process_events().await;
    let crowd = random_clicks(3, 700);
    env.count_clicks(&crowd).await;
    for filters in
        ["", "&campaignId=partner-alpha", "&slug=launch", "&campaignId=partner-alpha&slug=launch", "&campaignId=partner-beta&slug=spring"]
    {
        let kept = |click: &&Click| {
            filters.split('&').filter(|filter| !filter.is_empty()).all(|filter| match filter.split_once('=').unwrap() {
                ("slug", slug) => click.slug.as_str() == slug,
                (_, campaign) => click.campaign_id.as_ref().is_some_and(|id| id.as_str() == campaign),
            })
        };
        // The three conversions bring a click each.
        let beside = if filters.contains("beta") { 0 } else { 3 };
        let expected = crowd.iter().filter(kept).count() + beside;
        for by in Dimension::ALL.iter().map(|dimension| dimension.as_str()) {
            let report = report(&env, &format!("groupBy={by}{filters}")).await;
            assert_eq!(sum(&report["rows"]), figures(&report["totals"]), "rows of {by}{filters} add up");
            assert_eq!(report["totals"]["clicks"], expected, "{by}{filters}");
            assert_eq!(report["totals"].get("impressions").is_some(), by == "segment");
            let key = |click: &Click| match by {
                "day" => click.day().to_string(),
                "hour" => click.at().to_string()[..13].to_owned(),
                "reason" => click.reasons.first().cloned().unwrap_or_else(|| "none".to_owned()),
                "slug" => click.slug.to_string(),
                "country" => click.country.clone(),
                "device" => click.device.clone(),
                "referrer" => click.referrer.clone(),
                "segment" => click.segments[0].clone(),
                "source" => click.source.clone(),
                _ => click.campaign_id.as_ref().map_or("none".to_owned(), ToString::to_string),
            };
            for row in report["rows"].as_array().unwrap() {
                let of_key: Vec<&Click> = crowd.iter().filter(kept).filter(|click| row["key"] == key(click)).collect();
                let more = row["clicks"].as_i64().unwrap() - i64::try_from(of_key.len()).unwrap();
                assert!((0..=i64::try_from(beside).unwrap()).contains(&more), "{by}{filters} {row}");
                assert_eq!(row["botClicks"], of_key.iter().filter(|click| click.bot).count(), "{by}{filters} {row}");
            }
        }
        let mut of_days = BTreeMap::new();
        for day in ["2026-03-01", "2026-03-02", "2026-03-03", "2026-03-04", "2026-03-05"] {
            let one = env.creator().get(&format!("{ANALYTICS}?groupBy=country&from={day}&to={day}{filters}")).await.expect(200).json();
            for (name, value) in figures(&one["totals"]) {
                *of_days.entry(name).or_insert(0) += value;
            }
        }
        assert_eq!(of_days, figures(&report(&env, &format!("groupBy=day{filters}")).await["totals"]), "{filters}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn hours_are_those_of_each_record_over_at_most_seven_days_and_reasons_are_those_of_bots() {
    let env = TestEnv::new().await;
    env.campaign_with_link("partner-alpha", "launch", json!("USD")).await;
    env.set_time("2026-03-01T23:59:00Z");
    let conversion = env.follow_and_convert("launch", 120_000, "a", json!(10), "USD").await;
    let conversion = conversion["conversionId"].as_str().unwrap();
    env.process_events().await;
    env.set_time("2026-03-03T05:30:00Z");
    let refund = json!({"amount": -4, "reason": "returned", "idempotencyKey": "r"});
    env.operator().post(&format!("/v2/handles/demo/conversions/{conversion}/adjustments"), refund).await.expect(201);
    env.process_events().await;
    let bots = [vec!["known_bot"], vec!["burst_hits", "known_bot"], vec![]].into_iter().enumerate().map(|(number, reasons)| Click {
        bot: !reasons.is_empty(),
        reasons: reasons.into_iter().map(str::to_owned).collect(),
        ..click("2026-03-02T00:10:00Z", 7 + number as u64)
    });
    env.count_clicks(&bots.collect::<Vec<_>>()).await;
    let rows = async |query: &str| -> Vec<Value> {
        let report = env.creator().get(&format!("{ANALYTICS}?{query}")).await.expect(200).json();
        let row = |row: &Value| json!([row["key"], row["clicks"], row["botClicks"], row["conversions"], row["revenue"]]);
        report["rows"].as_array().unwrap().iter().map(row).collect()
    };
    assert_eq!(
        rows("groupBy=hour").await,
        [json!(["2026-03-01T23", 1, 0, 0, 0]), json!(["2026-03-02T00", 3, 2, 1, 10]), json!(["2026-03-03T05", 0, 0, 0, -4])]
    );
    assert_eq!(
        rows("groupBy=reason&to=2026-03-02").await,
        [json!(["none", 2, 0, 1, 10]), json!(["burst_hits", 1, 1, 0, 0]), json!(["known_bot", 1, 1, 0, 0])]
    );
    rows("groupBy=hour&from=2026-02-25&to=2026-03-03&campaignId=partner-alpha&slug=launch").await;
    for range in ["from=2026-02-24&to=2026-03-03", "from=2026-03-03&to=2026-03-02"] {
        let refused = env.creator().get(&format!("{ANALYTICS}?groupBy=hour&{range}")).await.refused(400, "invalid_payload");
        assert_eq!(refused.fields(), ["from"]);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_day_of_nothing_is_no_row_and_a_day_of_refunds_is_negative() {
    let env = TestEnv::new().await;
    env.campaign_with_link("partner-alpha", "launch", json!("USD")).await;
    let conversion = env.follow_and_convert("launch", 1000, "a", json!(24.99), "USD").await;
    let conversion = conversion["conversionId"].as_str().unwrap();
    env.process_events().await;
    let adjust = async |amount: Value, key: &str| {
        let body = json!({"amount": amount, "reason": "returned", "idempotencyKey": key});
        env.operator().post(&format!("/v2/handles/demo/conversions/{conversion}/adjustments"), body).await.expect(201);
        env.process_events().await;
    };
    env.advance_days(1);
    adjust(json!(-5.25), "r1").await;
    env.advance_days(1);
    adjust(json!(-1), "r2").await;
    adjust(json!(1), "r3").await;
    let report = report(&env, "groupBy=day&campaignId=partner-alpha").await;
    let days: Vec<_> = report["rows"].as_array().unwrap().iter().map(|row| (row["key"].clone(), row["revenue"].clone())).collect();
    assert_eq!(days, [(json!("2026-03-01"), json!(24.99)), (json!("2026-03-02"), json!(-5.25))]);
    assert_eq!(report["totals"]["revenue"], json!(19.74));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn confidence_falls_with_bots_conversions_beyond_clicks_and_age() {
    let env = TestEnv::new().await;
    env.campaign_with_link("partner-alpha", "launch", Value::Null).await;
    let confidence = async |query: &str| {
        let report = report(&env, &format!("confidence=true&{query}")).await;
        let penalties = report["penalties"].as_array().unwrap().iter();
        (
            report["confidence"].as_i64().unwrap(),
            penalties.map(|penalty| (penalty["code"].clone(), penalty["observed"].clone())).collect::<Vec<_>>(),
        )
    };
    let all = "campaignId=partner-alpha";
    assert_eq!(confidence(all).await, (50, vec![(json!("no_clicks"), json!(0))]));
    let mut number = 0;
    let mut click = async |bots: u64, people: u64| {
        let mut clicks = Vec::new();
        for place in 0..bots + people {
            let one = click(&env.now().to_string(), number);
            clicks.push(Click { bot: place < bots, campaign_id: Some("partner-alpha".parse().unwrap()), ..one });
            number += 1;
        }
        env.count_clicks(&clicks).await;
    };
    click(1, 5).await;
    assert_eq!(confidence(all).await, (100, vec![]));
    click(1, 3).await;
    assert_eq!(confidence(all).await, (85, vec![(json!("bot_ratio_20_40"), json!(0.2))]));
    click(10, 10).await;
    assert_eq!(confidence(all).await, (85, vec![(json!("bot_ratio_20_40"), json!(0.4))]));
    click(1, 0).await;
    assert_eq!(confidence(all).await, (70, vec![(json!("bot_ratio_over_40"), json!(0.4194))]));
    let last = env.now().to_string();
    env.advance_ms(3_600_000);
    assert_eq!(confidence(all).await.0, 70);
    env.advance_ms(1);
    assert_eq!(confidence(all).await, (50, vec![(json!("bot_ratio_over_40"), json!(0.4194)), (json!("stale"), json!(last))]));
    assert!(report(&env, all).await.get("confidence").is_none(), "it is returned only on request");
    // Two conversions of one click, on a day of their own.
    env.advance_days(2);
    let ctx = env.visitor().follow("launch").await.expect(302).ctx();
    env.advance_ms(1000);
    for (key, expected) in
        [("a", (100, vec![])), ("b", (60, vec![(json!("conversions_exceed_clicks"), json!("2 conversions of 1 qualified clicks"))]))]
    {
        let body = json!({"ctx": ctx, "idempotencyKey": key, "eventType": "purchase"});
        env.anonymous().post("/v2/public/conversions", body).await.expect(202);
        env.process_events().await;
        let report =
            env.creator().get(&format!("{ANALYTICS}?confidence=true&from=2026-03-03&to=2026-03-03&{all}")).await.expect(200).json();
        let penalties = report["penalties"].as_array().unwrap().iter();
        let penalties: Vec<_> = penalties.map(|penalty| (penalty["code"].clone(), penalty["observed"].clone())).collect();
        assert_eq!((report["confidence"].as_i64().unwrap(), penalties), expected);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_funnel_of_one_campaign_is_its_part_of_the_funnel_of_all() {
    let env = TestEnv::new().await;
    for number in 0..110 {
        env.campaign(&format!("quiet-{number:03}")).await;
    }
    env.campaign_with_link("partner-beta", "beta", Value::Null).await;
    env.campaign_with_link("partner-alpha", "alpha", json!("EUR")).await;
    env.follow_and_convert("beta", 1000, "c", json!(1000), "JPY").await;
    for _ in 0..2 {
        env.visitor().follow("beta").await.expect(302);
    }
    env.process_events().await;
    env.advance_ms(2 * 3_600_000);
    env.follow_and_convert("alpha", 1000, "a", json!(24.99), "EUR").await;
    env.follow_and_convert("alpha", 1000, "b", json!(7), "USD").await;
    env.visitor().with("user-agent", "curl/8.5.0").follow("alpha").await.expect(302);
    env.process_events().await;
    let range = "from=2026-03-01&to=2026-03-05";
    let all = env.creator().get(&format!("{ANALYTICS}?funnel=true&{range}")).await.expect(200).json();
    let funnel = all["funnel"].as_array().unwrap();
    let ids: Vec<&str> = funnel.iter().map(|campaign| campaign["campaignId"].as_str().unwrap()).collect();
    assert!(ids.len() == 112 && ids.is_sorted(), "{ids:?}");
    assert_eq!(
        (&all["handle"], &all["from"], &all["to"], &all["freshness"]["status"]),
        (&json!("demo"), &json!("2026-03-01"), &json!("2026-03-05"), &json!("FRESH"))
    );
    for campaign in funnel {
        let id = campaign["campaignId"].as_str().unwrap();
        let one = env.creator().get(&format!("{ANALYTICS}?funnel=true&{range}&campaignId={id}")).await.expect(200).json();
        assert_eq!(one["funnel"], json!([campaign]));
        let report = report(&env, &format!("groupBy=country&confidence=true&campaignId={id}")).await;
        for name in
            ["clicks", "botClicks", "qualifiedClicks", "conversions", "revenue", "revenueConfirmed", "currency", "revenueByCurrency"]
        {
            assert_eq!(report["totals"][name], campaign[name], "{name} of {id}");
        }
        assert_eq!((&report["confidence"], &report["penalties"]), (&campaign["confidence"], &campaign["penalties"]));
    }
    let of = |id: &str| funnel[ids.iter().position(|known| *known == id).unwrap()].clone();
    let alpha = json!({"campaignId": "partner-alpha", "clicks": 3, "botClicks": 1, "qualifiedClicks": 2, "conversions": 2, "conversionRate": 1,
        "revenue": 24.99, "revenueConfirmed": 0, "currency": "EUR", "revenueByCurrency": {"EUR": 24.99, "USD": 7},
        "confidence": 85, "penalties": [{"code": "bot_ratio_20_40", "points": 15, "observed": 0.3333}]});
    assert_eq!(of("partner-alpha"), alpha);
    assert_eq!(
        (&of("partner-beta")["currency"], &of("partner-beta")["revenue"], &of("partner-beta")["conversionRate"]),
        (&json!("JPY"), &json!(1000), &json!(0.3333))
    );
    let stale = json!([{"code": "stale", "points": 20, "observed": "2026-03-01T12:00:01.000Z"}]);
    assert_eq!((&of("partner-beta")["confidence"], &of("partner-beta")["penalties"]), (&json!(80), &stale), "by its own age");
    let quiet = of("quiet-000");
    assert_eq!((&quiet["conversionRate"], &quiet["currency"], &quiet["confidence"]), (&Value::Null, &json!("USD"), &json!(50)));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_funnel_is_of_whole_campaigns_that_exist() {
    let env = TestEnv::new().await;
    env.creator().get(&format!("{ANALYTICS}?funnel=true&campaignId=nosuch")).await.refused(404, "not_found");
    let refused = env.creator().get(&format!("{ANALYTICS}?funnel=true&groupBy=day&slug=launch")).await.refused(400, "invalid_payload");
    assert_eq!(refused.fields(), ["groupBy", "slug"]);
    for (query, field) in [("funnel=yes", "funnel"), ("confidence=1", "confidence"), ("funnel=true&from=x", "from")] {
        assert_eq!(env.creator().get(&format!("{ANALYTICS}?{query}")).await.refused(400, "invalid_payload").fields(), [field]);
    }
    let none = env.creator().get(&format!("{ANALYTICS}?funnel=true")).await.expect(200).json();
    assert_eq!((&none["funnel"], &none["freshness"]["status"]), (&json!([]), &json!("UNKNOWN")));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_report_of_a_deleted_campaign_still_has_its_figures() {
    let env = TestEnv::new().await;
    env.campaign_with_link("partner-alpha", "launch", json!("EUR")).await;
    env.follow_and_convert("launch", 1000, "a", json!(5), "USD").await;
    env.process_events().await;
    let totals = async || report(&env, "campaignId=partner-alpha").await["totals"].clone();
    assert_eq!((&totals().await["currency"], &totals().await["revenue"]), (&json!("EUR"), &json!(0)));
    env.owner().delete("/v2/handles/demo/campaigns/partner-alpha").await.expect(204);
    assert_eq!((&totals().await["currency"], &totals().await["revenue"]), (&json!("USD"), &json!(5)));
    // It is in the report by campaign and in both funnels, which say that it was deleted.
    let rows = report(&env, "groupBy=campaign").await["rows"].clone();
    assert_eq!((&rows[0]["key"], &rows[0]["deleted"], &rows[0]["revenue"]), (&json!("partner-alpha"), &json!(true), &json!(5)));
    let all = env.report("funnel=true").await["funnel"].clone();
    assert_eq!((all.as_array().unwrap().len(), &all[0]["deleted"], &all[0]["revenue"]), (1, &json!(true), &json!(5)));
    assert_eq!(env.report("funnel=true&campaignId=partner-alpha").await["funnel"], all);
    // A campaign under its id continues it, and a deleted one without figures is nowhere.
    env.campaign("partner-alpha").await;
    env.campaign("quiet").await;
    env.owner().delete("/v2/handles/demo/campaigns/quiet").await.expect(204);
    let all = env.report("funnel=true").await["funnel"].clone();
    assert_eq!((all.as_array().unwrap().len(), all[0].get("deleted"), &all[0]["revenue"]), (1, None, &json!(5)));
    assert_eq!(report(&env, "groupBy=campaign").await["rows"][0].get("deleted"), None);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_report_of_ten_thousand_clicks_reads_what_one_of_a_hundred_does() {
    let env = TestEnv::new().await;
    let mut read = Vec::new();
    for number in [100, 10_000] {
        let clicks: Vec<Click> = (number..number * 2).map(|number| click("2026-03-01T12:00:00Z", number)).collect();
        env.count_clicks(&clicks).await;
        env.faults.take_calls();
        let report = report(&env, "groupBy=country&slug=launch").await;
        let selection = domain::reports::Selection::Link("launch".parse().unwrap());
        let cells =
            env.unrestricted_store().rollups().read(&env.handle(), &selection, None, env.now().day(), env.now().day()).await.unwrap();
        let counters: Vec<usize> = cells.days.values().map(|counts| counts.counters().count()).collect();
        // They are made concurrently, in any order.
        let mut calls = env.faults.take_calls();
        calls.sort_unstable();
        read.push((calls, counters, report["rows"].as_array().unwrap().len()));
    }
    assert_eq!(read[0], read[1]);
    assert_eq!(read[0].0.iter().filter(|(_, operation)| operation == "Query").count(), QUERIES);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_report_makes_the_same_calls_however_many_clicks_there_are() {
    let env = env_with_link().await;
    let mut calls = Vec::new();
    for _ in 0..2 {
        for number in 0..150 {
            env.visitor().from(&format!("198.51.100.{}", number % 250)).follow("launch").await.expect(302);
        }
        env.process_events().await;
        env.faults.take_calls();
        env.owner().get(&format!("{ANALYTICS}?groupBy=country&slug=launch")).await.expect(200);
        calls.push(env.faults.take_calls());
    }
    assert_eq!(calls[0], calls[1]);
    assert_eq!(calls[0].iter().filter(|(_, operation)| operation == "Query").count(), QUERIES);
}
