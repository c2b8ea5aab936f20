//! Delivery times of fifty healthy receivers, in turn without and with a receiver that hangs.

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
use crate::statistics::percentile;
use crate::table::{Table, at_most};
use crate::timing_receiver::TimingReceiver;
use crate::{link, logs};

/// The handles of the subscriptions; a handle has at most twenty.
const HANDLES: [&str; 3] = ["bench-north", "bench-south", "bench-west"];
const HEALTHY: usize = 50;
/// Turns without and with the hanging receiver, each.
const TURNS: usize = 2;
/// Events of a turn, and the time between two.
const EVENTS: usize = 80;
const EVERY: Duration = Duration::from_millis(250);
/// Number of the visitor who converts.
const BUYER: usize = 91_000;
/// Timeout of a turn's deliveries.
const TIMEOUT: Duration = Duration::from_secs(60);
/// Highest ratio of the delivery times with the hanging receiver to those without it.
const GOAL: f64 = 2.0;

/// Measures this section.
pub(crate) fn measure() -> Result<Vec<Table>> {
    logs::install();
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    let (without, with, hung) = runtime.block_on(turns())?;
    let mut table = Table::new(
        "Isolation: time from event to arrival at 50 healthy receivers of three handles, beside one that hangs",
        &["metric", "without it", "with it", "ratio", "goal", "result"],
    );
    for (name, share, is_goal) in [("p50", 0.50, false), ("p95", 0.95, true), ("longest", 1.0, false)] {
        let [without, with] = [&without, &with].map(|times| percentile(times.iter().copied(), share));
        let ratio = with / without;
        let (goal, result) = if is_goal { (format!("<= {GOAL:.0}"), at_most(ratio, GOAL)) } else { (String::new(), String::new()) };
        table.row([name.to_owned(), format!("{without:.0} ms"), format!("{with:.0} ms"), format!("{ratio:.2}"), goal, result]);
    }
    let (rate, deliveries) = (1.0 / EVERY.as_secs_f64(), without.len() + with.len());
    table.remark(format!(
        "{deliveries} deliveries of {rate:.0} conversions a second, {TURNS} turns of each kind. Each turn starts without a record of the hanging receiver, which timed out {hung} times."
    ));
    Ok(vec![table])
}

/// The server, its receivers and what the events need.
struct Setup {
    env: BenchEnv,
    receivers: Vec<TimingReceiver>,
    /// The ctx of a visitor of each handle.
    ctx: Vec<String>,
    /// The path of the hanging receiver's subscription.
    hanging: String,
    /// Accepts connections and never reads from them.
    _hanging_listener: TcpListener,
}

impl Setup {
    async fn create(port: u16) -> Result<Self> {
        let env = BenchEnv::open(None, port, Detail::Calls).await?;
        let mut ctx = Vec::new();
        for handle in HANDLES {
            env.write_at(Method::POST, "/v2/handles", &json!({"handle": handle})).await?;
            let link = json!({"destinationUrl": "https://shop.example.com/"});
            env.write_at(Method::PUT, &format!("/v2/handles/{handle}/links/{}", link::slug(0)), &link).await?;
            ctx.push(env.follow_on(handle, &link::slug(0), BUYER).await?);
        }
        env.drain("ClicksQueue").await?;
        let mut receivers = Vec::new();
        for handle in HANDLES.iter().cycle().take(HEALTHY) {
            let receiver = TimingReceiver::start().await?;
            subscribe(&env, handle, &receiver.url()).await?;
            receivers.push(receiver);
        }
        let hanging_listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
        let [first, ..] = HANDLES;
        let hanging = subscribe(&env, first, &format!("http://{}/ingest", hanging_listener.local_addr()?)).await?;
        Ok(Self { env, receivers, ctx, hanging, _hanging_listener: hanging_listener })
    }

    /// Sends a stream of events; returns the milliseconds that each took to each healthy receiver.
    async fn turn(&self, name: &str, with_hanging: bool) -> Result<Vec<f64>> {
        self.env.write_at(Method::PUT, &self.hanging, &json!({"enabled": with_hanging})).await?;
        let (started, clock) = (Instant::now(), wall_clock()().millis());
        let mut ticks = tokio::time::interval(EVERY);
        for (number, ctx) in (0..EVENTS).zip(self.ctx.iter().cycle()) {
            ticks.tick().await;
            self.env.convert(ctx, &format!("{name}-{number}"), BUYER).await?;
        }
        let mut times = Vec::new();
        for (number, receiver) in self.receivers.iter().enumerate() {
            let expected = (0..EVENTS).filter(|event| event % HANDLES.len() == number % HANDLES.len()).count();
            ensure!(receiver.wait_for(expected, TIMEOUT).await, "not every healthy receiver received every event");
            for arrival in receiver.take() {
                let envelope: Value = serde_json::from_slice(&arrival.body)?;
                let occurred: Moment = envelope.get("occurredAt").and_then(Value::as_str).context("an envelope")?.parse()?;
                let since = Duration::from_millis(u64::try_from(occurred.millis() - clock).unwrap_or_default());
                times.push((arrival.at.duration_since(started).as_secs_f64() - since.as_secs_f64()) * 1e3);
            }
        }
        Ok(times)
    }

    /// How often the hanging receiver timed out.
    async fn timeouts(&self) -> Result<usize> {
        let ([first, ..], Some((_, id))) = (HANDLES, self.hanging.rsplit_once('/')) else { return Ok(0) };
        let log = self.env.read(&format!("/v2/handles/{first}/deliveries?limit=100&subscriptionId={id}")).await?;
        let attempts = log.get("items").and_then(Value::as_array).into_iter().flatten();
        let attempts = attempts.filter_map(|delivery| delivery.get("attempts").and_then(Value::as_array)).flatten();
        Ok(attempts.filter(|attempt| attempt.get("outcome").and_then(Value::as_str) == Some("timeout")).count())
    }
}

async fn subscribe(env: &BenchEnv, handle: &str, url: &str) -> Result<String> {
    let path = format!("/v2/handles/{handle}/webhooks");
    let created = env.write_at(Method::POST, &path, &json!({"endpointUrl": url, "eventTypes": ["conversion.recorded"]})).await?;
    let id = created.get("subscriptionId").and_then(Value::as_str).context("a subscription")?;
    Ok(format!("{path}/{id}"))
}

async fn turns() -> Result<(Vec<f64>, Vec<f64>, usize)> {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
    let setup = Setup::create(listener.local_addr()?.port()).await?;
    let (stop, stopped) = oneshot::channel::<()>();
    let server = setup.env.server.clone();
    let serving = tokio::spawn(async move { server.serve(listener, stopped.map(|_| ())).await });
    setup.turn("warm-up", false).await?;
    let (mut without, mut with) = (Vec::new(), Vec::new());
    for turn in 0..TURNS {
        without.extend(setup.turn(&format!("without-{turn}"), false).await?);
        with.extend(setup.turn(&format!("with-{turn}"), true).await?);
    }
    let _ = stop.send(());
    serving.await?;
    let hung = setup.timeouts().await?;
    ensure!(hung > 0, "the hanging receiver was never called");
    Ok((without, with, hung))
}
