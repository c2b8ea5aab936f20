//! A backlog: clicks sent to `cargo dev` as fast as it takes them; its memory afterwards, and its reports meanwhile.

use std::path::Path;
use std::process::Stdio;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::io::AsyncReadExt;
use tokio::net::TcpListener;
use tokio::process::{Child, Command};
use tokio::task::JoinHandle;

use crate::bootstrap::{allocated_mb, resident_mb};
use crate::statistics::{median, percentile};
use crate::table::{Table, at_most, met_if};
use crate::throughput::{LoadKind, LoadPlan, generate_load};
use crate::{link, programs};

const LINKS: usize = 200;
const CLICKS: usize = 200_000;
/// Ends a load that does not reach its number of clicks.
const MAX_SECONDS: u64 = 900;
/// Timeout for starting, and for counting what is queued.
const TIMEOUT: Duration = Duration::from_secs(900);
/// Reports that are read before the load.
const READS: usize = 40;
/// The time between two of them.
const EVERY: Duration = Duration::from_millis(250);
/// The time after the last click is counted, in which memory is given back.
const REST: Duration = Duration::from_secs(20);
/// Highest resident memory afterwards, in MB.
const MAX_RESIDENT_MB: f64 = 64.0;
/// Highest ratio of a report's median time during the load to that before it.
const MAX_RATIO: f64 = 2.0;

/// Measures this section.
pub(crate) fn measure() -> Result<Vec<Table>> {
    let program = programs::local()?;
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    Ok(vec![runtime.block_on(backlog(&program))?])
}

async fn backlog(program: &Path) -> Result<Table> {
    let server = RunningServer::start(program).await?;
    let plan = LoadPlan {
        kind: LoadKind::Redirect,
        port: server.port,
        host: format!("{}.localhost:{}", link::HANDLE, server.port),
        seconds: MAX_SECONDS,
        max_requests: CLICKS,
        values: server.write_links().await?,
    };
    let resident_before = server.resident_mb()?;
    let before = median(server.reports(READS).await?.into_iter().map(|report| report.ms));
    let load = tokio::spawn(async move { generate_load(&plan).await });
    let (mut during, mut resident_peak) = (Vec::new(), resident_before);
    while !load.is_finished() {
        during.extend(server.reports(1).await?.into_iter().map(|report| report.ms));
        resident_peak = resident_peak.max(server.resident_mb()?);
    }
    let load = load.await??;
    let counting = Instant::now();
    let counted = server.wait_until_counted(load.succeeded).await?;
    let counted_after = counting.elapsed();
    pause(REST).await;
    let (resident, allocated) = (server.resident_mb()?, server.allocated_mb()?);
    let timed_out = server.stop().await?.matches("timed out").count();

    let mut table = Table::goals("Backlog: 200,000 clicks, sent to `cargo dev` over 32 connections as fast as it takes them");
    let ratio = median(during.iter().copied()) / before;
    table.metric("redirects per second", format!("{:.0}", load.per_second()), "", "");
    table.metric("redirects: p50; p99", load.percentiles(), "", "");
    table.metric("redirects that failed", load.failed.to_string(), "0", met_if(load.failed == 0));
    table.metric("clicks counted", format!("{counted} of {}", load.succeeded), "every one", met_if(counted == load.succeeded));
    table.metric("counted after the last redirect", format!("{:.1} s", counted_after.as_secs_f64()), "", "");
    table.metric("invocations of workers that timed out", timed_out.to_string(), "0", met_if(timed_out == 0));
    table.metric("report: median before the load", format!("{before:.1} ms"), "", "");
    let longest = percentile(during.iter().copied(), 0.99);
    let shown = format!("{:.1} ms; {longest:.1} ms", median(during.iter().copied()));
    table.metric("report: median; p99 during the load", shown, &format!("median <= {MAX_RATIO:.0}x"), at_most(ratio, MAX_RATIO));
    table.metric("resident memory before; highest", format!("{resident_before:.0} MB; {resident_peak:.0} MB"), "", "");
    let goal = format!("<= {MAX_RESIDENT_MB:.0} MB");
    table.metric("resident memory afterwards", format!("{resident:.0} MB"), &goal, at_most(resident, MAX_RESIDENT_MB));
    table.metric("the same without pages of the program's file", format!("{allocated:.0} MB"), "", "");
    table.remark("Tables and queues on disk, program of the profile `local`; load, reports and server share this machine's cores.");
    Ok(table)
}

/// A report by link, of all clicks.
struct Report {
    ms: f64,
    clicks: usize,
}

/// The program in a process of its own, on an empty data directory.
struct RunningServer {
    process: Child,
    log: JoinHandle<std::io::Result<String>>,
    port: u16,
    token: String,
    client: reqwest::Client,
    /// Removed in the end.
    _folder: TempDir,
}

impl RunningServer {
    async fn start(program: &Path) -> Result<Self> {
        let folder = tempfile::tempdir()?;
        let environment = folder.path().join("env");
        let (port, shop_port) = (free_port().await?, free_port().await?);
        let mut command = Command::new(program);
        command.args(["--bare", "--plan", "ENTERPRISE", "--public-rpm", "1000000000", "--trust-viewer-address"]);
        command.args(["--port", &port.to_string(), "--shop-port", &shop_port.to_string()]);
        command.arg("--data").arg(folder.path().join("data")).arg("--env-file").arg(&environment);
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::inherit()).kill_on_drop(true);
        let mut process = command.spawn().with_context(|| format!("starting {}", program.display()))?;
        let mut output = process.stdout.take().context("the server's output")?;
        let log = tokio::spawn(async move {
            let mut text = String::new();
            output.read_to_string(&mut text).await.map(|_| text)
        });
        let client = reqwest::Client::builder().no_proxy().build()?;
        let health = format!("http://127.0.0.1:{port}/v2/system/health");
        let started = Instant::now();
        while !client.get(&health).send().await.is_ok_and(|answer| answer.status().is_success()) {
            ensure!(started.elapsed() < TIMEOUT, "the server does not answer");
            pause(EVERY).await;
        }
        let environment = std::fs::read_to_string(environment)?;
        let token = environment.lines().find_map(|line| line.strip_prefix("export JWT_TOKEN='")).context("JWT_TOKEN")?;
        let token = token.trim_end_matches('\'').to_owned();
        Ok(Self { process, log, port, token, client, _folder: folder })
    }

    fn url(&self, path: &str) -> String {
        format!("http://127.0.0.1:{}/v2/handles/{}/{path}", self.port, link::HANDLE)
    }

    /// Writes the campaign and the links; returns their slugs.
    async fn write_links(&self) -> Result<Vec<String>> {
        self.write(self.client.post(self.url("campaigns")), &link::campaign()).await?;
        let slugs: Vec<String> = (0..LINKS).map(link::slug).collect();
        for slugs in slugs.chunks(100) {
            let links: Vec<Value> = slugs.iter().map(|slug| with_slug(link::body(), slug)).collect();
            let written = self.write(self.client.post(self.url("links:batch")), &json!({ "links": links })).await?;
            let results = written.pointer("/results").and_then(Value::as_array).context("results")?;
            let refused =
                results.iter().find(|result| result.pointer("/status").and_then(Value::as_u64).is_none_or(|status| status >= 300));
            ensure!(refused.is_none(), "a link was refused: {refused:?}");
        }
        Ok(slugs)
    }

    async fn write(&self, request: reqwest::RequestBuilder, body: &Value) -> Result<Value> {
        let request = request.bearer_auth(&self.token).header("content-type", "application/json").body(body.to_string());
        let answer = request.send().await?;
        let (status, body) = (answer.status(), answer.bytes().await?);
        ensure!(status.is_success(), "{status}: {}", String::from_utf8_lossy(&body));
        Ok(serde_json::from_slice(&body)?)
    }

    /// Reads some reports, each after a pause.
    async fn reports(&self, number: usize) -> Result<Vec<Report>> {
        let mut reports = Vec::new();
        for _ in 0..number {
            pause(EVERY).await;
            let started = Instant::now();
            let answer = self.client.get(self.url("analytics?groupBy=slug")).bearer_auth(&self.token).send().await?.error_for_status()?;
            let body: Value = serde_json::from_slice(&answer.bytes().await?)?;
            let clicks = body.pointer("/totals/clicks").and_then(Value::as_u64).context("totals.clicks")?;
            reports.push(Report { ms: started.elapsed().as_secs_f64() * 1000.0, clicks: usize::try_from(clicks)? });
        }
        Ok(reports)
    }

    /// Waits until so many clicks are counted; returns how many are, at the latest after the timeout.
    async fn wait_until_counted(&self, clicks: usize) -> Result<usize> {
        let started = Instant::now();
        loop {
            let counted = self.reports(1).await?.first().map_or(0, |report| report.clicks);
            if counted >= clicks || started.elapsed() > TIMEOUT {
                return Ok(counted);
            }
        }
    }

    fn resident_mb(&self) -> Result<f64> {
        resident_mb(self.process.id().context("the server has ended")?)
    }

    fn allocated_mb(&self) -> Result<f64> {
        allocated_mb(self.process.id().context("the server has ended")?)
    }

    /// Ends it; returns its log.
    async fn stop(mut self) -> Result<String> {
        self.process.kill().await?;
        Ok(self.log.await??)
    }
}

fn with_slug(mut body: Value, slug: &str) -> Value {
    if let Some(members) = body.as_object_mut() {
        members.insert("slug".to_owned(), slug.into());
    }
    body
}

async fn pause(time: Duration) {
    let mut ticks = tokio::time::interval(time);
    ticks.tick().await;
    ticks.tick().await;
}

async fn free_port() -> Result<u16> {
    Ok(TcpListener::bind(("127.0.0.1", 0)).await?.local_addr()?.port())
}
