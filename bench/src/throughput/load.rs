//! The load generator: kept connections, each with one request at a time.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use serde::{Deserialize, Serialize};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::bench_env::conversion;
use crate::statistics::percentile;
use crate::visitors::visitor;

const CONNECTIONS: usize = 32;

/// The requests of a load.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub(crate) enum LoadKind {
    /// Redirects; `values` are slugs.
    Redirect,
    /// Conversions; `values` are ctx.
    Conversion,
}

/// A load.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct LoadPlan {
    pub(crate) kind: LoadKind,
    pub(crate) port: u16,
    pub(crate) host: String,
    pub(crate) seconds: u64,
    pub(crate) max_requests: usize,
    pub(crate) values: Vec<String>,
}

/// The result of a load.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct LoadReport {
    pub(crate) succeeded: usize,
    pub(crate) failed: usize,
    seconds: f64,
    p50_ms: f64,
    p99_ms: f64,
}

impl LoadReport {
    /// Successful requests per second.
    pub(crate) fn per_second(&self) -> f64 {
        self.succeeded as f64 / self.seconds
    }

    /// The median and the 99th percentile.
    pub(crate) fn percentiles(&self) -> String {
        format!("{:.2} ms; {:.2} ms", self.p50_ms, self.p99_ms)
    }
}

/// Reads a plan from standard input, runs it and prints the report.
pub(crate) fn run() -> Result<()> {
    let plan: LoadPlan = serde_json::from_reader(std::io::stdin())?;
    let report = tokio::runtime::Builder::new_current_thread().enable_all().build()?.block_on(run_plan(plan))?;
    println!("{}", serde_json::to_string(&report)?);
    Ok(())
}

async fn run_plan(plan: LoadPlan) -> Result<LoadReport> {
    let (plan, next) = (Arc::new(plan), Arc::new(AtomicUsize::new(0)));
    let started = Instant::now();
    let until = started + Duration::from_secs(plan.seconds);
    let mut connections = tokio::task::JoinSet::new();
    for _ in 0..CONNECTIONS {
        connections.spawn(connection(Arc::clone(&plan), Arc::clone(&next), until));
    }
    let (mut latencies, mut failed) = (Vec::new(), 0);
    while let Some(done) = connections.join_next().await {
        let (times, failures) = done??;
        latencies.extend(times);
        failed += failures;
    }
    let seconds = started.elapsed().as_secs_f64();
    let of = |share: f64| percentile(latencies.iter().copied(), share) * 1000.0;
    Ok(LoadReport { succeeded: latencies.len(), failed, seconds, p50_ms: of(0.5), p99_ms: of(0.99) })
}

async fn connection(plan: Arc<LoadPlan>, next: Arc<AtomicUsize>, until: Instant) -> Result<(Vec<f64>, usize)> {
    let mut stream = TcpStream::connect(("127.0.0.1", plan.port)).await?;
    stream.set_nodelay(true)?;
    let (mut latencies, mut failed, mut buffer) = (Vec::new(), 0, Vec::new());
    loop {
        let number = next.fetch_add(1, Ordering::Relaxed);
        if number >= plan.max_requests || Instant::now() >= until {
            return Ok((latencies, failed));
        }
        let request = request(&plan, number);
        let started = Instant::now();
        stream.write_all(request.as_bytes()).await?;
        let status = read_status(&mut stream, &mut buffer).await?;
        match plan.kind {
            LoadKind::Redirect if status == 302 => latencies.push(started.elapsed().as_secs_f64()),
            LoadKind::Conversion if status == 202 => latencies.push(started.elapsed().as_secs_f64()),
            LoadKind::Redirect | LoadKind::Conversion => failed += 1,
        }
    }
}

fn request(plan: &LoadPlan, number: usize) -> String {
    let visitor = visitor(number);
    let value = plan.values.get(number % plan.values.len().max(1)).map_or("", String::as_str);
    let head = format!(
        "host: {}\r\nuser-agent: {}\r\naccept-language: {}\r\nreferer: {}\r\ncloudfront-viewer-address: {}:443\r\ncloudfront-viewer-country: {}\r\n",
        plan.host, visitor.agent, visitor.language, visitor.referrer, visitor.address, visitor.country
    );
    match plan.kind {
        LoadKind::Redirect => format!("GET /{value} HTTP/1.1\r\n{head}\r\n"),
        LoadKind::Conversion => {
            let body = conversion(value, &format!("order-{number}"));
            let length = body.len();
            format!(
                "POST /v2/public/conversions HTTP/1.1\r\n{head}content-type: application/json\r\ncontent-length: {length}\r\n\r\n{body}"
            )
        }
    }
}

/// Reads one response; returns its status.
async fn read_status(stream: &mut TcpStream, buffer: &mut Vec<u8>) -> Result<u16> {
    buffer.clear();
    let end = loop {
        if let Some(end) = buffer.windows(4).position(|four| four == b"\r\n\r\n") {
            break end + 4;
        }
        if stream.read_buf(buffer).await? == 0 {
            bail!("the connection ended");
        }
    };
    let head = std::str::from_utf8(buffer.get(..end).unwrap_or_default())?;
    let status = head.split_whitespace().nth(1).and_then(|text| text.parse().ok()).context("a status")?;
    let lengths = head.lines().filter_map(|line| line.split_once(':')).filter(|(name, _)| name.eq_ignore_ascii_case("content-length"));
    let length: usize = lengths.map(|(_, value)| value.trim().parse()).next().transpose()?.unwrap_or(0);
    while buffer.len() < end + length {
        if stream.read_buf(buffer).await? == 0 {
            bail!("the connection ended");
        }
    }
    Ok(status)
}
