//! The operations of a partner manager: campaigns, reports, funnels, exports and refunds, over a month of clicks.

use anyhow::{Context, Result, ensure};
use serde_json::{Value, json};

use super::MeasuredOperation;
use super::operations::one;
use crate::bench_env::BenchEnv;
use crate::ledger::Detail;
use crate::link::{self, HANDLE};
use crate::reports;

/// Campaigns of the handle; the first one is the bench's link's.
const CAMPAIGNS: usize = 20;
/// Days with clicks.
const DAYS: usize = 30;
/// Clicks per campaign and day.
const CLICKS: usize = 100;

/// Measures all of them; some conversions must have been counted before.
pub(super) async fn measure(env: &BenchEnv) -> Result<Vec<MeasuredOperation>> {
    let (create, ()) = one(env, "campaign: create with its link", env.post("campaigns", &campaign(1))).await?;
    for number in 2..CAMPAIGNS {
        env.post("campaigns", &campaign(number)).await?;
    }
    for number in 1..CAMPAIGNS {
        count_month_of_clicks(env, number).await?;
    }
    let api = format!("/v2/handles/{HANDLE}");
    let (report, result) = one(env, "report, 30 days", env.read(&format!("{api}/analytics?groupBy=country"))).await?;
    let clicks = result.pointer("/totals/clicks").and_then(Value::as_u64);
    ensure!(clicks >= Some(u64::try_from((CAMPAIGNS - 1) * DAYS * CLICKS)?), "a report of {clicks:?} clicks");
    let (funnel, result) = one(env, "funnel of 20 campaigns", env.read(&format!("{api}/analytics?funnel=true"))).await?;
    let funnels = result.pointer("/funnel").and_then(Value::as_array).map(Vec::len);
    ensure!(funnels == Some(CAMPAIGNS), "{funnels:?} campaigns in the funnel");
    let page = format!("{api}/analytics/export?type=clicks&format=json");
    let (export, result) = one(env, "export page of clicks", env.read(&page)).await?;
    ensure!(result.pointer("/nextCursor").is_some_and(Value::is_string), "the page is the whole export");
    let mut done = vec![create, report, funnel, export];
    done.extend(refund(env, &api).await?);
    Ok(done)
}

/// Counts clicks of the last days for a campaign, directly: the click worker would drop clicks before the campaign's creation.
async fn count_month_of_clicks(env: &BenchEnv, number: usize) -> Result<()> {
    let app = env.app("click-worker", Detail::Calls)?;
    let (slug, campaign) = (slug(number), format!("partner-{number:02}"));
    for days_ago in 0..DAYS {
        let begins = app.now().day().plus(-i64::try_from(days_ago)?).start();
        let of_day = days_ago * CLICKS..(days_ago + 1) * CLICKS;
        let click = |number: usize| reports::click(begins.plus_millis(i64::try_from(number)?), &slug, Some(&campaign), number);
        let clicks = of_day.map(click).collect::<Result<Vec<_>>>()?;
        let (counted, _) = app.store().clicks().count(&clicks, &|_| false, 400, app.now()).await;
        ensure!(counted.new == CLICKS, "{} of {CLICKS} clicks are new", counted.new);
    }
    Ok(())
}

async fn refund(env: &BenchEnv, api: &str) -> Result<[MeasuredOperation; 2]> {
    let newest = env.read(&format!("{api}/conversions?limit=1")).await?;
    let id = newest.pointer("/items/0/conversionId").and_then(Value::as_str).context("a conversion")?;
    let body = json!({"amount": -5.25, "reason": "one item returned", "idempotencyKey": "refund-1"});
    let path = format!("conversions/{id}/adjustments");
    // The events of the campaigns and the folds of their clicks are not part of it.
    env.settle().await?;
    let (adjust, ()) = one(env, "adjustment", env.post(&path, &body)).await?;
    let (count, messages) = one(env, "event worker: counting an adjustment", env.drain("EventsQueue")).await?;
    ensure!(messages == 1, "{messages} messages instead of the adjustment's");
    Ok([adjust, count])
}

fn campaign(number: usize) -> Value {
    let link = json!({"slug": slug(number), "destinationUrl": "https://merchant.example.com/product", "title": "Product deal"});
    json!({"campaignId": format!("partner-{number:02}"), "goalType": "AFFILIATE_CLICKOUT", "status": "ACTIVE", "primaryLink": link})
}

/// Beyond the links of the other operations.
fn slug(number: usize) -> String {
    link::slug(1_000 + number)
}
