//! The local server under load: gateway, functions, tables, queues and workers, with the load generator in a process of its own.

mod load;

use std::collections::BTreeMap;
use std::net::Ipv4Addr;
use std::path::Path;
use std::process::Stdio;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use futures::FutureExt;
use runtime::App;
use tokio::io::AsyncWriteExt;
use tokio::net::TcpListener;
use tokio::process::Command;
use tokio::sync::oneshot;

pub(crate) use load::{LoadKind, LoadPlan, LoadReport, run as run_load};

use crate::bench_env::BenchEnv;
use crate::ledger::{Call, Detail};
use crate::table::Table;
use crate::{link, logs};

const LINKS: usize = 200;
const SECONDS: u64 = 10;
const MAX_REQUESTS: usize = 100_000;
/// Timeout for counting what is queued.
const TIMEOUT: Duration = Duration::from_secs(180);

/// Measures this section.
pub(crate) fn measure() -> Result<Vec<Table>> {
    logs::install();
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    let mut table = Table::new("Local server under load: 32 connections on loopback", &["metric", "on disk", "in memory"]);
    let folder = tempfile::tempdir()?;
    let on_disk = runtime.block_on(figures(Some(folder.path())))?;
    let in_memory = runtime.block_on(figures(None))?;
    for ((name, on_disk), (_, in_memory)) in on_disk.into_iter().zip(in_memory) {
        table.row([name, on_disk, in_memory]);
    }
    table.remark("Load generator and server share this machine's cores. Each click is in the queue before its redirect is sent.");
    table.remark("The goal is a ratio to a server that counts clicks in memory, measured outside this repository on one core: 17-25 k requests/s, p50 0.9-1.6 ms, p99 5-8 ms.");
    Ok(vec![table])
}

async fn figures(data: Option<&Path>) -> Result<Vec<(String, String)>> {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
    let port = listener.local_addr()?.port();
    let env = BenchEnv::open(data, port, Detail::Calls).await?;
    let mut slugs = Vec::new();
    for number in 0..LINKS {
        env.put_link(&link::slug(number), &link::body()).await?;
        slugs.push(link::slug(number));
    }
    let (stop, stopped) = oneshot::channel::<()>();
    let server = env.server.clone();
    let serving = tokio::spawn(async move { server.serve(listener, stopped.map(|_| ())).await });
    let mut rows = redirects(&env, port, &slugs).await?;
    rows.extend(conversions(&env, port).await?);
    let _ = stop.send(());
    serving.await?;
    Ok(rows)
}

async fn redirects(env: &BenchEnv, port: u16, slugs: &[String]) -> Result<Vec<(String, String)>> {
    env.ledger.take();
    let report = generate_load(&LoadPlan {
        kind: LoadKind::Redirect,
        port,
        host: env.host(),
        seconds: SECONDS,
        max_requests: MAX_REQUESTS,
        values: slugs.to_vec(),
    })
    .await?;
    let calls = env.ledger.take();
    let per = |operation: &str| calls.iter().filter(|call| call.operation == operation).count() as f64 / report.succeeded.max(1) as f64;
    let counting = Instant::now();
    let all_counted = wait_until_empty(env, "ClicksQueue").await?;
    let stored = stored(&env.app("event-worker", Detail::Calls)?).await?;
    Ok(vec![
        ("redirects per second".to_owned(), format!("{:.0}", report.per_second())),
        ("redirects: p50; p99".to_owned(), report.percentiles()),
        ("redirects: succeeded; failed".to_owned(), format!("{}; {}", report.succeeded, report.failed)),
        ("SQS sends per redirect".to_owned(), format!("{:.4}", per("SendMessage"))),
        ("table reads per redirect".to_owned(), format!("{:.4}", per("BatchGetItem"))),
        ("AWS calls of all functions: mean ms".to_owned(), means(&calls)),
        ("clicks stored".to_owned(), format!("{stored}{}", if stored == report.succeeded { ", every one" } else { ", NOT ALL" })),
        (
            "time until all were counted".to_owned(),
            format!("{:.1} s{}", counting.elapsed().as_secs_f64(), if all_counted { "" } else { ", timed out" }),
        ),
    ])
}

async fn conversions(env: &BenchEnv, port: u16) -> Result<Vec<(String, String)>> {
    let mut tokens = Vec::new();
    for number in 0..LINKS {
        tokens.push(env.follow(&link::slug(number), number).await?);
    }
    wait_until_empty(env, "ClicksQueue").await?;
    env.ledger.take();
    let report = generate_load(&LoadPlan {
        kind: LoadKind::Conversion,
        port,
        host: "localhost".to_owned(),
        seconds: SECONDS,
        max_requests: MAX_REQUESTS,
        values: tokens,
    })
    .await?;
    let calls = env.ledger.take();
    let counting = Instant::now();
    let all_counted = wait_until_empty(env, "EventsQueue").await?;
    Ok(vec![
        ("conversions per second".to_owned(), format!("{:.0}", report.per_second())),
        ("conversions: p50; p99".to_owned(), report.percentiles()),
        ("conversions: succeeded; failed".to_owned(), format!("{}; {}", report.succeeded, report.failed)),
        ("AWS calls of all functions: mean ms".to_owned(), means(&calls)),
        (
            "time until all were counted".to_owned(),
            format!("{:.1} s{}", counting.elapsed().as_secs_f64(), if all_counted { "" } else { ", timed out" }),
        ),
    ])
}

/// The mean milliseconds and the number of each operation's calls.
fn means(calls: &[Call]) -> String {
    let mut sums: BTreeMap<&str, (usize, f64)> = BTreeMap::new();
    for call in calls {
        let sum = sums.entry(&call.operation).or_default();
        *sum = (sum.0 + 1, sum.1 + call.took.as_secs_f64() * 1000.0);
    }
    let texts = sums.iter().map(|(operation, (count, sum))| format!("{operation} {:.1} x{count}", sum / *count as f64));
    texts.collect::<Vec<_>>().join(", ")
}

/// Waits until a queue is empty; returns whether it was before the timeout.
async fn wait_until_empty(env: &BenchEnv, queue: &str) -> Result<bool> {
    let started = Instant::now();
    let mut ticks = tokio::time::interval(Duration::from_millis(100));
    while started.elapsed() < TIMEOUT {
        ticks.tick().await;
        let depth = env.server.queue_depth(queue)?;
        if depth.visible + depth.in_flight + depth.delayed == 0 {
            return Ok(true);
        }
    }
    Ok(false)
}

/// The number of clicks in the table, of today and, in case midnight has passed, of yesterday.
async fn stored(app: &App) -> Result<usize> {
    let handle = link::HANDLE.parse()?;
    let today = app.now().day();
    let mut count = 0;
    for day in [today.plus(-1), today] {
        let mut clicks = app.store().clicks().in_order(&handle, day, None);
        while clicks.next().await?.is_some() {
            count += 1;
        }
    }
    Ok(count)
}

/// Runs a load in a process of its own.
pub(crate) async fn generate_load(plan: &LoadPlan) -> Result<LoadReport> {
    let mut command = Command::new(std::env::current_exe()?);
    let mut child = command.arg("load").stdin(Stdio::piped()).stdout(Stdio::piped()).spawn()?;
    let mut input = child.stdin.take().context("the load's input")?;
    input.write_all(&serde_json::to_vec(plan)?).await?;
    drop(input);
    let output = child.wait_with_output().await?;
    ensure!(output.status.success(), "the load failed");
    Ok(serde_json::from_slice(&output.stdout)?)
}
