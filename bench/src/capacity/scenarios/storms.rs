//! Scenarios in which one thing comes in great numbers: webhooks of one handle, signals of its visitors.

use anyhow::{Result, ensure};
use serde_json::json;

use super::{BUYER, CONVERSIONS, Scenario, conversions_of};
use crate::bench_env::BenchEnv;
use crate::capacity::Used;
use crate::deliveries::subscribe;
use crate::ledger::Detail;
use crate::link::{self, HANDLE};
use crate::timing_receiver::TimingReceiver;

pub(in crate::capacity) const WEBHOOKS: &str = "webhook, delivered at the first attempt";
/// Requests with signals.
const REQUESTS: usize = 300;
/// Signals of a request.
const SIGNALS: usize = 5;

/// Classes of the items of webhooks.
const CLASSES: [&str; 4] = ["\"EVT#", "\"DLV#", "\"HOOKS#", "\"SUBS#"];

/// The webhooks of conversions, delivered at the first attempt: the calls that concern their items.
pub(super) async fn webhooks() -> Result<Scenario> {
    let env = BenchEnv::open(None, 9, Detail::Capacity).await?;
    let receiver = TimingReceiver::start().await?;
    subscribe(&env, &receiver, &["conversion.recorded"]).await?;
    let mut calls = conversions_of(&env, 10).await?;
    env.drain("DeliveriesQueue").await?;
    calls.extend(env.ledger.take());
    ensure!(receiver.take().len() == CONVERSIONS, "not every webhook was delivered");
    calls.retain(|call| {
        let request = call.request.to_string();
        CLASSES.iter().any(|class| request.contains(class))
    });
    Ok(Scenario { name: WEBHOOKS, records: CONVERSIONS as f64, used: Used::of(&calls), goal: Some(10.0) })
}

/// Signals of many visitors of one handle, one of them an intent in each request, and the impressions they cause.
pub(super) async fn signals() -> Result<Scenario> {
    let env = BenchEnv::open(None, 9, Detail::Capacity).await?;
    let rule = json!({"trigger": "exit", "when": {"all": [{"signalKey": "view"}]}, "action": {"type": "banner", "text": "Stay"}});
    env.write_returning(http::Method::PUT, "chain/rules/rule-1", &rule).await?;
    env.ledger.take();
    for number in 0..REQUESTS {
        let signal = |place| json!({"signalKey": if place == 0 { "intent" } else { "view" }});
        let signals: Vec<_> = (0..SIGNALS).map(signal).collect();
        env.post_public(
            "/v2/public/chain/signals",
            &json!({"handle": HANDLE, "sessionId": format!("visitor-{number}"), "signals": signals}),
        )
        .await?;
        if number % 10 == 9 {
            env.drain("EventsQueue").await?;
        }
    }
    let app = env.app("event-worker", Detail::Capacity)?;
    super::fold(&env, HANDLE, app.now().day(), app.now()).await?;
    let used = Used::of(&env.ledger.take());
    Ok(Scenario { name: "signal storm, a request of 5 signals", records: REQUESTS as f64, used, goal: None })
}

/// A link, and the ctx of a counted click on it.
pub(super) async fn followed(env: &BenchEnv, handle: &str) -> Result<String> {
    let ctx = env.follow_on(handle, &link::slug(0), BUYER).await?;
    env.drain("ClicksQueue").await?;
    env.drain("EventsQueue").await?;
    Ok(ctx)
}

/// Waits until a conversion of the last click is no instant one, which would change its click.
pub(super) async fn pass_instant() {
    let mut ticks = tokio::time::interval(std::time::Duration::from_millis(domain::conversions::INSTANT_MS.unsigned_abs()));
    ticks.tick().await;
    ticks.tick().await;
}
