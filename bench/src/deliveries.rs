//! Webhooks: deliveries per second beside a bare HTTP client, and the retry schedule on the wall clock.

use std::net::Ipv4Addr;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use futures::FutureExt;
use futures::future::join_all;
use http::Method;
use serde_json::{Value, json};
use tokio::net::TcpListener;
use tokio::sync::oneshot;

use crate::bench_env::BenchEnv;
use crate::ledger::Detail;
use crate::table::{Table, met_if};
use crate::timing_receiver::TimingReceiver;
use crate::{link, logs};

/// Deliveries of the throughput measurement.
const DELIVERIES: usize = 2_000;
/// Concurrent requests of the bare client.
const CONCURRENCY: usize = 100;
/// Number of the visitor who converts.
const BUYER: usize = 90_000;
const TIMEOUT: Duration = Duration::from_secs(180);
/// Seconds between attempts (specification §10.4).
const SCHEDULE: [f64; 5] = [5.0, 10.0, 20.0, 40.0, 80.0];

/// Subscribes a receiver; returns the subscription.
pub(crate) async fn subscribe(env: &BenchEnv, receiver: &TimingReceiver, types: &[&str]) -> Result<Value> {
    env.write_returning(Method::POST, "webhooks", &json!({"endpointUrl": receiver.url(), "eventTypes": types})).await
}

/// Sends a test event to a subscription.
pub(crate) async fn send_test(env: &BenchEnv, subscription: &Value) -> Result<()> {
    let id = subscription.get("subscriptionId").and_then(Value::as_str).context("a subscription")?;
    env.write_returning(Method::POST, &format!("webhooks/{id}/test"), &json!({})).await.map(drop)
}

/// Measures this section.
pub(crate) fn measure() -> Result<Vec<Table>> {
    logs::install();
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    let (worker, calls, bare) = runtime.block_on(throughput())?;
    let mut table = Table::new("Webhook deliveries beside a bare HTTP client, receiver on loopback", &["metric", "measured"]);
    table.row(["deliveries per second, workers of the local server".to_owned(), format!("{worker:.0}")]);
    table.row([format!("POSTs per second, bare client, {CONCURRENCY} concurrent, no kept connections"), format!("{bare:.0}")]);
    table.row(["ratio".to_owned(), format!("{:.2}", worker / bare)]);
    table.row(["AWS calls per delivery".to_owned(), format!("{calls:.2}")]);
    table.remark("A delivery reads three items and writes two transactions around its POST, on the embedded engines.");
    Ok(vec![table])
}

async fn throughput() -> Result<(f64, f64, f64)> {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
    let env = BenchEnv::open(None, listener.local_addr()?.port(), Detail::Calls).await?;
    let receiver = TimingReceiver::start().await?;
    subscribe(&env, &receiver, &["conversion.recorded"]).await?;
    env.put_link(&link::slug(0), &link::body()).await?;
    let ctx = env.follow(&link::slug(0), BUYER).await?;
    env.drain("ClicksQueue").await?;
    for number in 0..DELIVERIES {
        env.convert(&ctx, &format!("order-{number}"), BUYER).await?;
    }
    while env.drain("EventsQueue").await? > 0 {}
    env.ledger.take();
    let (stop, stopped) = oneshot::channel::<()>();
    let (server, started) = (env.server.clone(), Instant::now());
    let serving = tokio::spawn(async move { server.serve(listener, stopped.map(|_| ())).await });
    ensure!(receiver.wait_for(DELIVERIES, TIMEOUT).await, "not every delivery arrived");
    let worker = DELIVERIES as f64 / started.elapsed().as_secs_f64();
    let _ = stop.send(());
    serving.await?;
    let calls = env.ledger.take().len() as f64 / DELIVERIES as f64;
    let bare = bare(&receiver).await?;
    Ok((worker, calls, bare))
}

async fn bare(receiver: &TimingReceiver) -> Result<f64> {
    let client = reqwest::Client::builder().no_proxy().pool_max_idle_per_host(0).build()?;
    let (url, body) = (receiver.url(), json!({"id": "evt_01KJMF0W000000000000000001", "filler": "x".repeat(400)}).to_string());
    let started = Instant::now();
    for _ in 0..DELIVERIES / CONCURRENCY {
        for sent in join_all((0..CONCURRENCY).map(|_| client.post(&url).body(body.clone()).send())).await {
            sent?;
        }
    }
    Ok(DELIVERIES as f64 / started.elapsed().as_secs_f64())
}

/// Measures the schedule; takes 155 s.
pub(crate) fn measure_schedule() -> Result<Vec<Table>> {
    logs::install();
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    let arrivals = runtime.block_on(schedule())?;
    let mut table = Table::goals("Retry schedule on the wall clock: never early, normally at most 2 s late");
    for ((number, scheduled), two) in (2..).zip(SCHEDULE).zip(arrivals.windows(2)) {
        let [before, after] = two else { continue };
        let gap = after.duration_since(*before).as_secs_f64();
        let result = met_if(gap >= scheduled && gap <= scheduled + 2.0);
        table.metric(
            &format!("attempt {number} after the previous one"),
            format!("{gap:.3} s"),
            &format!("{scheduled:.0} to {:.0} s", scheduled + 2.0),
            result,
        );
    }
    Ok(vec![table])
}

async fn schedule() -> Result<Vec<Instant>> {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
    let env = BenchEnv::open(None, listener.local_addr()?.port(), Detail::Calls).await?;
    let receiver = TimingReceiver::start().await?;
    receiver.reply_with(503);
    let subscription = subscribe(&env, &receiver, &["webhook.test"]).await?;
    let (stop, stopped) = oneshot::channel::<()>();
    let server = env.server.clone();
    let serving = tokio::spawn(async move { server.serve(listener, stopped.map(|_| ())).await });
    send_test(&env, &subscription).await?;
    ensure!(receiver.wait_for(SCHEDULE.len() + 1, TIMEOUT).await, "not every attempt arrived");
    let _ = stop.send(());
    serving.await?;
    Ok(receiver.take().into_iter().map(|arrival| arrival.at).collect())
}
