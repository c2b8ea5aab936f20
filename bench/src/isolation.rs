//! One hanging receiver beside fifty healthy ones: how long an event takes to those, with it and without it, in turn.

use std::net::Ipv4Addr;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use domain::values::moment::Moment;
use futures::FutureExt;
use http::Method;
use runtime::start::wall_clock;
use serde_json::{Value, json};
use tokio::net::TcpListener;
use tokio::sync::oneshot;

use crate::bench_env::BenchEnv;
use crate::ledger::Detail;
use crate::receiver::Receiver;
use crate::stats::percentile;
use crate::table::{Table, at_most};
use crate::{link, logs};

/// Whose subscriptions these are; a handle has at most twenty.
const HANDLES: [&str; 3] = ["bench-north", "bench-south", "bench-west"];
const HEALTHY: usize = 50;
/// Turns of each kind.
const TURNS: usize = 2;
/// Events of one turn, and the time between two.
const EVENTS: usize = 80;
const EVERY: Duration = Duration::from_millis(250);
/// The visitor behind the conversions.
const BUYER: usize = 91_000;
/// How long the deliveries of one turn may take.
const PATIENCE: Duration = Duration::from_secs(60);
/// What the deliveries of the others may take of what they took without it.
const GOAL: f64 = 2.0;

/// Measures and prints.
pub(crate) fn print() -> Result<()> {
    logs::install();
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    let (without, with, hung) = runtime.block_on(turns())?;
    let mut table = Table::new(
        "Isolation: from event to arrival at 50 healthy receivers of three handles, beside one that hangs",
        &["metric", "without it", "with it", "ratio", "goal", "verdict"],
    );
    for (name, share, is_goal) in [("p50", 0.50, false), ("p95", 0.95, true), ("longest", 1.0, false)] {
        let [without, with] = [&without, &with].map(|times| percentile(times.iter().copied(), share));
        let ratio = with / without;
        let (goal, verdict) = if is_goal { (format!("{GOAL:.0}"), at_most(ratio, GOAL)) } else { (String::new(), String::new()) };
        table.row([name.to_owned(), format!("{without:.0} ms"), format!("{with:.0} ms"), format!("{ratio:.2}"), goal, verdict]);
    }
    let (rate, deliveries) = (1.0 / EVERY.as_secs_f64(), without.len() + with.len());
    table.remark(format!(
        "{deliveries} deliveries of {rate:.0} conversions a second, {TURNS} turns of each kind; each turn begins with nothing known of the receiver that hangs, which was waited for in vain {hung} times."
    ));
    table.print();
    Ok(())
}

/// Everything one event of these handles needs.
struct Stage {
    env: BenchEnv,
    receivers: Vec<Receiver>,
    /// What a visitor of each handle took along.
    ctx: Vec<String>,
    /// The path of the subscription that hangs.
    hanging: String,
    /// It takes connections and never reads from them.
    _silence: TcpListener,
}

impl Stage {
    async fn set(port: u16) -> Result<Self> {
        let env = BenchEnv::open(None, port, Detail::Calls).await?;
        let mut ctx = Vec::new();
        for handle in HANDLES {
            env.made_at(Method::POST, "/v2/handles", &json!({"handle": handle})).await?;
            let link = json!({"destinationUrl": "https://shop.example.com/"});
            env.made_at(Method::PUT, &format!("/v2/handles/{handle}/links/{}", link::slug(0)), &link).await?;
            ctx.push(env.follow_on(handle, &link::slug(0), BUYER).await?);
        }
        env.drain("ClicksQueue").await?;
        let mut receivers = Vec::new();
        for handle in HANDLES.iter().cycle().take(HEALTHY) {
            let receiver = Receiver::start().await?;
            subscribe(&env, handle, &receiver.url()).await?;
            receivers.push(receiver);
        }
        let silence = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
        let [first, ..] = HANDLES;
        let hanging = subscribe(&env, first, &format!("http://{}/ingest", silence.local_addr()?)).await?;
        Ok(Self { env, receivers, ctx, hanging, _silence: silence })
    }

    /// Lets a stream of events come and gives the milliseconds each took to each healthy receiver.
    async fn turn(&self, name: &str, is_hanging: bool) -> Result<Vec<f64>> {
        self.env.made_at(Method::PUT, &self.hanging, &json!({"enabled": is_hanging})).await?;
        let (started, clock) = (Instant::now(), wall_clock()().millis());
        let mut ticks = tokio::time::interval(EVERY);
        for (number, ctx) in (0..EVENTS).zip(self.ctx.iter().cycle()) {
            ticks.tick().await;
            self.env.convert(ctx, &format!("{name}-{number}"), BUYER).await?;
        }
        let mut times = Vec::new();
        for (number, receiver) in self.receivers.iter().enumerate() {
            let expected = (0..EVENTS).filter(|event| event % HANDLES.len() == number % HANDLES.len()).count();
            ensure!(receiver.has(expected, PATIENCE).await, "not every healthy receiver got every event");
            for arrival in receiver.take() {
                let envelope: Value = serde_json::from_slice(&arrival.body)?;
                let occurred: Moment = envelope.get("occurredAt").and_then(Value::as_str).context("an envelope")?.parse()?;
                let since = Duration::from_millis(u64::try_from(occurred.millis() - clock).unwrap_or_default());
                times.push((arrival.at.duration_since(started).as_secs_f64() - since.as_secs_f64()) * 1e3);
            }
        }
        Ok(times)
    }

    /// How often the receiver that hangs was waited for in vain.
    async fn hung(&self) -> Result<usize> {
        let ([first, ..], Some((_, id))) = (HANDLES, self.hanging.rsplit_once('/')) else { return Ok(0) };
        let log = self.env.read(&format!("/v2/handles/{first}/deliveries?limit=100&subscriptionId={id}")).await?;
        let attempts = log.get("items").and_then(Value::as_array).into_iter().flatten();
        let attempts = attempts.filter_map(|delivery| delivery.get("attempts").and_then(Value::as_array)).flatten();
        Ok(attempts.filter(|attempt| attempt.get("outcome").and_then(Value::as_str) == Some("timeout")).count())
    }
}

async fn subscribe(env: &BenchEnv, handle: &str, url: &str) -> Result<String> {
    let path = format!("/v2/handles/{handle}/webhooks");
    let made = env.made_at(Method::POST, &path, &json!({"endpointUrl": url, "eventTypes": ["conversion.recorded"]})).await?;
    let id = made.get("subscriptionId").and_then(Value::as_str).context("a subscription")?;
    Ok(format!("{path}/{id}"))
}

async fn turns() -> Result<(Vec<f64>, Vec<f64>, usize)> {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
    let stage = Stage::set(listener.local_addr()?.port()).await?;
    let (stop, stopped) = oneshot::channel::<()>();
    let server = stage.env.server.clone();
    let serving = tokio::spawn(async move { server.serve(listener, stopped.map(|_| ())).await });
    stage.turn("warm-up", false).await?;
    let (mut without, mut with) = (Vec::new(), Vec::new());
    for turn in 0..TURNS {
        without.extend(stage.turn(&format!("without-{turn}"), false).await?);
        with.extend(stage.turn(&format!("with-{turn}"), true).await?);
    }
    let _ = stop.send(());
    serving.await?;
    let hung = stage.hung().await?;
    ensure!(hung > 0, "nothing hung");
    Ok((without, with, hung))
}
