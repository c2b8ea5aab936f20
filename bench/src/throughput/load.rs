//! The load: kept connections that each wait for an answer before they ask again.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use serde::{Deserialize, Serialize};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::bench_env::conversion;
use crate::stats::percentile;
use crate::visitor::visitor;

const CONNECTIONS: usize = 32;

/// What is asked.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub(super) enum Kind {
    /// `words` are slugs.
    Redirect,
    /// `words` are ctx.
    Conversion,
}

/// A load.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Plan {
    pub(super) kind: Kind,
    pub(super) port: u16,
    pub(super) host: String,
    pub(super) seconds: u64,
    pub(super) most: usize,
    pub(super) words: Vec<String>,
}

/// What became of it.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Report {
    pub(super) answered: usize,
    pub(super) failed: usize,
    seconds: f64,
    p50_ms: f64,
    p99_ms: f64,
}

impl Report {
    /// Answers a second.
    pub(super) fn per_second(&self) -> f64 {
        self.answered as f64 / self.seconds
    }

    /// The middle and the slow end.
    pub(super) fn percentiles(&self) -> String {
        format!("{:.2} ms; {:.2} ms", self.p50_ms, self.p99_ms)
    }
}

/// Reads a plan from standard input, carries it out and prints a report.
pub(crate) fn run() -> Result<()> {
    let plan: Plan = serde_json::from_reader(std::io::stdin())?;
    let report = tokio::runtime::Builder::new_current_thread().enable_all().build()?.block_on(carry_out(plan))?;
    println!("{}", serde_json::to_string(&report)?);
    Ok(())
}

async fn carry_out(plan: Plan) -> Result<Report> {
    let (plan, next) = (Arc::new(plan), Arc::new(AtomicUsize::new(0)));
    let started = Instant::now();
    let until = started + Duration::from_secs(plan.seconds);
    let mut connections = tokio::task::JoinSet::new();
    for _ in 0..CONNECTIONS {
        connections.spawn(connection(Arc::clone(&plan), Arc::clone(&next), until));
    }
    let (mut latencies, mut failed) = (Vec::new(), 0);
    while let Some(done) = connections.join_next().await {
        let (taken, refused) = done??;
        latencies.extend(taken);
        failed += refused;
    }
    let seconds = started.elapsed().as_secs_f64();
    let of = |share: f64| percentile(latencies.iter().copied(), share) * 1000.0;
    Ok(Report { answered: latencies.len(), failed, seconds, p50_ms: of(0.5), p99_ms: of(0.99) })
}

async fn connection(plan: Arc<Plan>, next: Arc<AtomicUsize>, until: Instant) -> Result<(Vec<f64>, usize)> {
    let mut stream = TcpStream::connect(("127.0.0.1", plan.port)).await?;
    stream.set_nodelay(true)?;
    let (mut latencies, mut failed, mut buffer) = (Vec::new(), 0, Vec::new());
    loop {
        let number = next.fetch_add(1, Ordering::Relaxed);
        if number >= plan.most || Instant::now() >= until {
            return Ok((latencies, failed));
        }
        let request = request(&plan, number);
        let asked = Instant::now();
        stream.write_all(request.as_bytes()).await?;
        let status = answer(&mut stream, &mut buffer).await?;
        match plan.kind {
            Kind::Redirect if status == 302 => latencies.push(asked.elapsed().as_secs_f64()),
            Kind::Conversion if status == 202 => latencies.push(asked.elapsed().as_secs_f64()),
            Kind::Redirect | Kind::Conversion => failed += 1,
        }
    }
}

fn request(plan: &Plan, number: usize) -> String {
    let visitor = visitor(number);
    let word = plan.words.get(number % plan.words.len().max(1)).map_or("", String::as_str);
    let head = format!(
        "host: {}\r\nuser-agent: {}\r\naccept-language: {}\r\nreferer: {}\r\ncloudfront-viewer-address: {}:443\r\ncloudfront-viewer-country: {}\r\n",
        plan.host, visitor.agent, visitor.language, visitor.referrer, visitor.address, visitor.country
    );
    match plan.kind {
        Kind::Redirect => format!("GET /{word} HTTP/1.1\r\n{head}\r\n"),
        Kind::Conversion => {
            let body = conversion(word, &format!("order-{number}"));
            let length = body.len();
            format!(
                "POST /v2/public/conversions HTTP/1.1\r\n{head}content-type: application/json\r\ncontent-length: {length}\r\n\r\n{body}"
            )
        }
    }
}

/// Reads one answer to its end and tells its status.
async fn answer(stream: &mut TcpStream, buffer: &mut Vec<u8>) -> Result<u16> {
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
