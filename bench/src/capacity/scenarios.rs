//! The scenarios: real functions on the embedded engine, one after another, with every call counted.

mod platform;
mod storms;

use anyhow::{Result, ensure};
use domain::values::moment::{Day, Moment};

use super::Used;
use crate::bench_env::BenchEnv;
use crate::ledger::{Call, Detail};
use crate::link::{self, HANDLE};
use crate::reports::click;
pub(super) use platform::{HANDLES as PLATFORM_HANDLES, PLATFORM_CLICKS, PLATFORM_CONVERSIONS};
pub(super) use storms::WEBHOOKS;

/// What a scenario used.
pub(crate) struct Scenario {
    pub(crate) name: &'static str,
    pub(crate) records: f64,
    pub(crate) used: Used,
    /// Write units per record.
    pub(crate) goal: Option<f64>,
}

/// Clicks of one link at a high rate.
pub(super) const VIRAL_LINK: &str = "click, 97 a transaction, few keys";
/// Conversions of one handle at a high rate.
pub(super) const LARGE_MERCHANT: &str = "conversion, counted in groups of ten";
/// Clicks of a scenario.
const CLICKS: usize = 1_940;
/// Conversions of a scenario.
const CONVERSIONS: usize = 200;
/// Requests of a stranger over the limit.
const REFUSED: usize = 200;
/// Number of the visitor who converts.
const BUYER: usize = 90_000;

/// Measures all of them.
pub(crate) async fn measure() -> Result<Vec<Scenario>> {
    let mut scenarios = Vec::new();
    for (name, batch, keys, goal) in [
        (VIRAL_LINK, 97, 6, 2.4),
        ("click, 5 a transaction, few keys", 5, 6, 3.2),
        ("click, 1 a transaction, few keys", 1, 6, 5.5),
        ("click, 97 a transaction, 500 referrers", 97, 500, 2.4),
        ("click, 5 a transaction, 500 referrers", 5, 500, 3.2),
        ("click, 1 a transaction, 500 referrers", 1, 500, 5.5),
        ("key flood: click with another referrer each, 97 a transaction", 97, CLICKS * 4, 2.4),
    ] {
        scenarios.push(clicks(name, batch, keys, goal).await?);
    }
    scenarios.push(conversions("conversion, accepted and counted alone", 1, 8.0).await?);
    scenarios.push(conversions(LARGE_MERCHANT, 10, 7.0).await?);
    scenarios.push(platform::clicks().await?);
    scenarios.push(platform::conversions().await?);
    scenarios.push(storms::webhooks().await?);
    scenarios.push(storms::signals().await?);
    scenarios.push(refused().await?);
    Ok(scenarios)
}

/// Clicks of a viral link, and the folds they cause: while the day runs, and after its end.
async fn clicks(name: &'static str, batch: usize, referrers: usize, goal: f64) -> Result<Scenario> {
    let env = BenchEnv::open(None, 9, Detail::Capacity).await?;
    let worker = env.app("click-worker", Detail::Capacity)?;
    let (now, day) = (worker.now(), worker.now().day().plus(-1));
    // Cells of a day that has had all these keys already.
    count(&env, &worker, day, 0, 4 * referrers.max(97), 97, referrers).await?;
    fold(&env, HANDLE, day, now).await?;
    env.ledger.take();
    count(&env, &worker, day, 100_000, CLICKS, batch, referrers).await?;
    fold(&env, HANDLE, day, now).await?;
    Ok(Scenario { name, records: CLICKS as f64, used: Used::of(&env.ledger.take()), goal: Some(goal) })
}

/// Counts clicks of one link in transactions of `batch`, with a fold after every 64 transactions, as announcements would cause.
async fn count(env: &BenchEnv, worker: &runtime::App, day: Day, first: usize, clicks: usize, batch: usize, referrers: usize) -> Result<()> {
    let numbers: Vec<usize> = (first..first + clicks).collect();
    for (place, numbers) in numbers.chunks(batch).enumerate() {
        let mut clicks = Vec::with_capacity(batch);
        for number in numbers {
            let at = day.start().plus_millis(i64::try_from(*number)?);
            let mut click = click(at, &link::slug(0), None, *number)?;
            click.referrer = format!("host-{}.example", number % referrers);
            clicks.push(click);
        }
        let (_, failed) = worker.store().clicks().count(&clicks, &|_| false, 400, worker.now()).await;
        ensure!(failed.is_empty(), "clicks could not be counted");
        if place % 64 == 63 {
            // As while the day runs: only what is worth it.
            env.app("event-worker", Detail::Capacity)?.store().rollups().fold(&HANDLE.parse()?, day, day.start()).await?;
        }
    }
    Ok(())
}

/// Folds a day as after its end.
async fn fold(env: &BenchEnv, handle: &str, day: Day, now: Moment) -> Result<()> {
    env.app("event-worker", Detail::Capacity)?.store().rollups().fold(&handle.parse()?, day, now.plus_days(1)).await?;
    Ok(())
}

async fn conversions(name: &'static str, group: usize, goal: f64) -> Result<Scenario> {
    let calls = conversions_of(&BenchEnv::open(None, 9, Detail::Capacity).await?, group).await?;
    Ok(Scenario { name, records: CONVERSIONS as f64, used: Used::of(&calls), goal: Some(goal) })
}

/// Conversions of one handle, each of another visitor, from acceptance to counting in groups, and the folds.
async fn conversions_of(env: &BenchEnv, group: usize) -> Result<Vec<Call>> {
    env.put_link(&link::slug(0), &link::body()).await?;
    let ctx = storms::followed(env, HANDLE).await?;
    storms::pass_instant().await;
    env.ledger.take();
    for number in 0..CONVERSIONS {
        env.convert(&ctx, &format!("order-{number}"), number).await?;
        if (number + 1) % group == 0 {
            env.drain("EventsQueue").await?;
        }
    }
    let app = env.app("event-worker", Detail::Capacity)?;
    fold(env, HANDLE, app.now().day(), app.now()).await?;
    Ok(env.ledger.take())
}

/// Requests of one address beyond its limit a minute.
async fn refused() -> Result<Scenario> {
    let env = BenchEnv::open(None, 9, Detail::Capacity).await?;
    let app = env.app("attribution", Detail::Capacity)?;
    let take = || app.store().limits().take_in_window("public", "203.0.113.9", 10, 60_000, app.now());
    for _ in 0..10 {
        take().await?;
    }
    env.ledger.take();
    for _ in 0..REFUSED {
        ensure!(matches!(take().await?, store::WindowTaken::Exhausted { .. }), "a request beyond the limit passed");
    }
    Ok(Scenario { name: "public request over the limit", records: REFUSED as f64, used: Used::of(&env.ledger.take()), goal: Some(0.1) })
}
