//! Webhooks: how many deliveries a second the workers make beside the bare HTTP client, and the schedule by the wall clock.

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
use crate::receiver::Receiver;
use crate::table::Table;
use crate::{link, logs};

/// Deliveries of the throughput's run.
const DELIVERIES: usize = 2_000;
/// Requests the bare client has on their way at once.
const AT_ONCE: usize = 100;
/// The visitor behind the conversions.
const BUYER: usize = 90_000;
const PATIENCE: Duration = Duration::from_secs(180);
/// Seconds between attempts, as specified (specification §10).
const PROMISED: [f64; 5] = [5.0, 10.0, 20.0, 40.0, 80.0];

/// Subscribes a receiver; gives the subscription.
pub(crate) async fn subscribe(env: &BenchEnv, receiver: &Receiver, types: &[&str]) -> Result<Value> {
    env.made(Method::POST, "webhooks", &json!({"endpointUrl": receiver.url(), "eventTypes": types})).await
}

/// Sends a test event to a subscription.
pub(crate) async fn send_test(env: &BenchEnv, subscription: &Value) -> Result<()> {
    let id = subscription.get("subscriptionId").and_then(Value::as_str).context("a subscription")?;
    env.made(Method::POST, &format!("webhooks/{id}/test"), &json!({})).await.map(drop)
}

/// Measures and prints the throughput.
pub(crate) fn print() -> Result<()> {
    logs::install();
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    let (worker, calls, bare) = runtime.block_on(throughput())?;
    let mut table = Table::new("Webhooks: deliveries beside the bare HTTP client, receiver on loopback", &["metric", "measured"]);
    table.row(["deliveries per second, workers of the local process".to_owned(), format!("{worker:.0}")]);
    table.row([format!("POSTs per second, bare client, {AT_ONCE} at once, nothing kept open"), format!("{bare:.0}")]);
    table.row(["ratio".to_owned(), format!("{:.2}", worker / bare)]);
    table.row(["AWS calls per delivery".to_owned(), format!("{calls:.2}")]);
    table.remark("A delivery reads three items and writes two transactions around its POST, all against the engines of this process.");
    table.print();
    Ok(())
}

async fn throughput() -> Result<(f64, f64, f64)> {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
    let env = BenchEnv::open(None, listener.local_addr()?.port(), Detail::Calls).await?;
    let receiver = Receiver::start().await?;
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
    ensure!(receiver.has(DELIVERIES, PATIENCE).await, "not every delivery was made");
    let worker = DELIVERIES as f64 / started.elapsed().as_secs_f64();
    let _ = stop.send(());
    serving.await?;
    let calls = env.ledger.take().len() as f64 / DELIVERIES as f64;
    let bare = bare(&receiver).await?;
    Ok((worker, calls, bare))
}

async fn bare(receiver: &Receiver) -> Result<f64> {
    let client = reqwest::Client::builder().no_proxy().pool_max_idle_per_host(0).build()?;
    let (url, body) = (receiver.url(), json!({"id": "evt_01KJMF0W000000000000000001", "filler": "x".repeat(400)}).to_string());
    let started = Instant::now();
    for _ in 0..DELIVERIES / AT_ONCE {
        for sent in join_all((0..AT_ONCE).map(|_| client.post(&url).body(body.clone()).send())).await {
            sent?;
        }
    }
    Ok(DELIVERIES as f64 / started.elapsed().as_secs_f64())
}

/// Measures and prints the schedule; takes 155 s.
pub(crate) fn print_schedule() -> Result<()> {
    logs::install();
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    let came = runtime.block_on(schedule())?;
    let mut table = Table::goals("The schedule by the wall clock: never early, normally within 2 s");
    for ((number, promised), two) in (2..).zip(PROMISED).zip(came.windows(2)) {
        let [before, after] = two else { continue };
        let gap = after.duration_since(*before).as_secs_f64();
        let verdict = if gap >= promised && gap <= promised + 2.0 { "met" } else { "MISSED" };
        table.metric(
            &format!("attempt {number} after the one before"),
            format!("{gap:.3} s"),
            &format!("{promised:.0} to {:.0} s", promised + 2.0),
            verdict,
        );
    }
    table.print();
    Ok(())
}

async fn schedule() -> Result<Vec<Instant>> {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
    let env = BenchEnv::open(None, listener.local_addr()?.port(), Detail::Calls).await?;
    let receiver = Receiver::start().await?;
    receiver.answers(503);
    let subscription = subscribe(&env, &receiver, &["webhook.test"]).await?;
    let (stop, stopped) = oneshot::channel::<()>();
    let server = env.server.clone();
    let serving = tokio::spawn(async move { server.serve(listener, stopped.map(|_| ())).await });
    send_test(&env, &subscription).await?;
    ensure!(receiver.has(PROMISED.len() + 1, PATIENCE).await, "not every attempt was made");
    let _ = stop.send(());
    serving.await?;
    Ok(receiver.take().into_iter().map(|arrival| arrival.at).collect())
}
