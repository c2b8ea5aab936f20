//! What a partner manager does: campaigns, reports, funnels, exports and refunds, over a month of clicks.

use anyhow::{Context, Result, ensure};
use serde_json::{Value, json};

use super::Operation;
use super::operations::one;
use crate::bench_env::BenchEnv;
use crate::ledger::Detail;
use crate::link::{self, HANDLE};
use crate::reports;

/// Campaigns of the handle; the first is that of the bench's link.
const CAMPAIGNS: usize = 20;
/// Days there are clicks on.
const DAYS: usize = 30;
/// Clicks of a campaign and day.
const CLICKS: usize = 100;

/// Measures all of them; some conversions must have been settled before.
pub(super) async fn measure(env: &BenchEnv) -> Result<Vec<Operation>> {
    let (create, ()) = one(env, "campaign: create with its link", env.post("campaigns", &campaign(1))).await?;
    for number in 2..CAMPAIGNS {
        env.post("campaigns", &campaign(number)).await?;
    }
    for number in 1..CAMPAIGNS {
        a_month_of_clicks(env, number).await?;
    }
    let api = format!("/v2/handles/{HANDLE}");
    let (report, told) = one(env, "report, 30 days", env.read(&format!("{api}/analytics?groupBy=country"))).await?;
    let clicks = told.pointer("/totals/clicks").and_then(Value::as_u64);
    ensure!(clicks >= Some(u64::try_from((CAMPAIGNS - 1) * DAYS * CLICKS)?), "a report of {clicks:?} clicks");
    let (funnel, told) = one(env, "funnel of 20 campaigns", env.read(&format!("{api}/analytics?funnel=true"))).await?;
    let funnels = told.pointer("/funnel").and_then(Value::as_array).map(Vec::len);
    ensure!(funnels == Some(CAMPAIGNS), "{funnels:?} campaigns in the funnel");
    let page = format!("{api}/analytics/export?type=clicks&format=json");
    let (export, told) = one(env, "export page of clicks", env.read(&page)).await?;
    ensure!(told.pointer("/nextCursor").is_some_and(Value::is_string), "the page is the whole export");
    let mut done = vec![create, report, funnel, export];
    done.extend(refund(env, &api).await?);
    Ok(done)
}

/// Counts clicks of the last days for a campaign; the click worker would find that it did not exist yet.
async fn a_month_of_clicks(env: &BenchEnv, number: usize) -> Result<()> {
    let app = env.app("click-worker", Detail::Calls)?;
    let (slug, campaign) = (slug(number), format!("partner-{number:02}"));
    for days_ago in 0..DAYS {
        let begins = app.now().day().plus(-i64::try_from(days_ago)?).start();
        let of_day = days_ago * CLICKS..(days_ago + 1) * CLICKS;
        let click = |number: usize| reports::click(begins.plus_millis(i64::try_from(number)?), &slug, Some(&campaign), number);
        let clicks = of_day.map(click).collect::<Result<Vec<_>>>()?;
        let (counted, _) = app.store().clicks().count(&clicks, &|_| false, app.now()).await;
        ensure!(counted.new == CLICKS, "{} of {CLICKS} clicks are new", counted.new);
    }
    Ok(())
}

async fn refund(env: &BenchEnv, api: &str) -> Result<[Operation; 2]> {
    let newest = env.read(&format!("{api}/conversions?limit=1")).await?;
    let id = newest.pointer("/items/0/conversionId").and_then(Value::as_str).context("no conversion")?;
    let body = json!({"amount": -5.25, "reason": "one item returned", "idempotencyKey": "refund-1"});
    let path = format!("conversions/{id}/adjustments");
    // What the campaigns have told of themselves is not part of it.
    env.drain("EventsQueue").await?;
    let (adjust, ()) = one(env, "adjustment", env.post(&path, &body)).await?;
    let (settle, settled) = one(env, "event worker: settling an adjustment", env.drain("EventsQueue")).await?;
    ensure!(settled == 1, "{settled} messages instead of the adjustment's");
    Ok([adjust, settle])
}

fn campaign(number: usize) -> Value {
    let link = json!({"slug": slug(number), "destinationUrl": "https://merchant.example.com/product", "title": "Product deal"});
    json!({"campaignId": format!("partner-{number:02}"), "goalType": "AFFILIATE_CLICKOUT", "status": "ACTIVE", "primaryLink": link})
}

/// Beyond the links of the other operations.
fn slug(number: usize) -> String {
    link::slug(1_000 + number)
}
