//! The cost of a report by the number of clicks, and the clicks per second that a click worker counts.

use std::time::Instant;

use anyhow::{Result, ensure};
use aws_lambda_events::sqs::{SqsEvent, SqsMessage};
use click_worker::ClickWorker;
use domain::clicks::Click;
use domain::clicks::agent::CLASSIFIER_VERSION;
use domain::testing;
use domain::values::moment::Moment;
use runtime::App;
use store::ClickMessage;

use crate::bench_env::BenchEnv;
use crate::ledger::Detail;
use crate::link::{self, HANDLE};
use crate::logs;
use crate::prices::Bill;
use crate::table::Table;

/// Clicks on each of the links.
const SIZES: [usize; 3] = [1_000, 100_000, 1_000_000];
/// Days of the clicks, and of a report.
const DAYS: usize = 30;
/// Messages per invocation: the template's batch size; one click each, as at a low rate.
const BATCH: usize = 100;
/// Reports for the median time.
const ROUNDS: usize = 21;

/// Measures this section.
pub(crate) fn measure() -> Result<Vec<Table>> {
    logs::install();
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    let mut table = Table::new(
        "A 30-day report on a link, by the number of its clicks",
        &["clicks", "counted per second", "report: AWS calls", "read units", "bytes received", "p50 ms", "time / that of the first row"],
    );
    runtime.block_on(async {
        let env = BenchEnv::open(None, 9, Detail::Capacity).await?;
        let mut first = None;
        for (number, clicks) in SIZES.into_iter().enumerate() {
            let slug = link::slug(number);
            env.put_link(&slug, &link::body()).await?;
            let rate = count(&env.app("click-worker", Detail::Calls)?, &slug, clicks).await?;
            // The folds that counting has announced.
            env.settle().await?;
            let (bill, millis) = report(&env, &slug, clicks).await?;
            let ratio = millis / *first.get_or_insert(millis);
            table.row([
                clicks.to_string(),
                format!("{rate:.0}"),
                bill.calls_text(),
                format!("{:.1}", bill.units.read),
                bill.bytes.1.to_string(),
                format!("{millis:.2}"),
                format!("{ratio:.2}x"),
            ]);
        }
        anyhow::Ok(())
    })?;
    table.remark("Counted per second: invocations of the click worker one after another, 100 messages of one click each, spread over the days; the embedded engine shares this machine's cores.");
    table.remark("Goal: the same items and read units for any number of clicks, at most one report cell per day and one page.");
    Ok(vec![table])
}

/// Counts clicks with the click worker; returns how many per second.
async fn count(app: &App, slug: &str, clicks: usize) -> Result<f64> {
    let today = app.now().day();
    let begins = today.plus(1 - i64::try_from(DAYS)?).start();
    let worker = ClickWorker::new(app.clone());
    let started = Instant::now();
    for start in (0..clicks).step_by(BATCH) {
        let mut event = SqsEvent::default();
        let day = start / BATCH % DAYS;
        for number in start..clicks.min(start + BATCH) {
            let at = begins.plus_days(i64::try_from(day)?).plus_millis(i64::try_from(number / DAYS % 80_000_000)?);
            let mut record = SqsMessage::default();
            record.message_id = Some(number.to_string());
            record.body =
                Some(serde_json::to_string(&ClickMessage { v: 1, request_id: None, clicks: vec![click(at, slug, None, number)?] })?);
            event.records.push(record);
        }
        let response = click_worker::handle(worker.clone(), event).await;
        ensure!(response.batch_item_failures.is_empty(), "clicks could not be counted");
    }
    Ok(clicks as f64 / started.elapsed().as_secs_f64())
}

/// Click `number` of a link; the ids of two links' clicks differ.
pub(crate) fn click(at: Moment, slug: &str, campaign: Option<&str>, number: usize) -> Result<Click> {
    let one_of = |words: &[&str]| words.get(number % words.len().max(1)).copied().unwrap_or_default().to_owned();
    let of_link = slug.bytes().fold(u128::try_from(number)?, |sum, byte| sum.wrapping_mul(0x0100_0193).wrapping_add(u128::from(byte)));
    Ok(Click {
        handle: HANDLE.parse()?,
        slug: slug.parse()?,
        campaign_id: campaign.map(str::parse).transpose()?,
        bot: number.is_multiple_of(9),
        classifier: CLASSIFIER_VERSION,
        country: one_of(&["US", "DE", "FR", "GB", "IN", "BR", "JP"]),
        device: one_of(&["MOBILE", "DESKTOP", "TABLET"]),
        source: one_of(&["twitter", "instagram", "google", "direct", "email"]),
        referrer: one_of(&["t.co", "l.instagram.com", "www.google.com", "direct", "mail.google.com", "news.example"]),
        ..testing::click(at, of_link.wrapping_mul(0x9E37_79B9_7F4A_7C15_F39D))
    })
}

/// The calls of a report, and the median time of [`ROUNDS`] reports in milliseconds.
async fn report(env: &BenchEnv, slug: &str, clicks: usize) -> Result<(Bill, f64)> {
    let path = format!("/v2/handles/{HANDLE}/analytics?groupBy=country&slug={slug}");
    env.ledger.take();
    let result = env.read(&path).await?;
    let bill = Bill::of(&env.ledger.take(), 0);
    ensure!(result.pointer("/totals/clicks").and_then(serde_json::Value::as_u64) == Some(u64::try_from(clicks)?), "{result}");
    let mut millis = Vec::with_capacity(ROUNDS);
    for _ in 0..ROUNDS {
        let started = Instant::now();
        env.read(&path).await?;
        millis.push(started.elapsed().as_secs_f64() * 1000.0);
    }
    Ok((bill, crate::statistics::median(millis)))
}
