//! Scenarios of the whole platform: many handles, each with little.

use anyhow::{Result, ensure};
use aws_lambda_events::sqs::{SqsEvent, SqsMessage};
use click_worker::ClickWorker;
use http::Method;
use serde_json::json;
use store::ClickMessage;

use super::storms::{followed, pass_instant};
use super::{BUYER, Scenario, fold};
use crate::bench_env::BenchEnv;
use crate::capacity::Used;
use crate::ledger::Detail;
use crate::link;
use crate::reports::click;

/// Handles of these scenarios.
pub(in crate::capacity) const HANDLES: usize = 50;
pub(in crate::capacity) const PLATFORM_CLICKS: &str = "many handles: click, 2 a transaction";
pub(in crate::capacity) const PLATFORM_CONVERSIONS: &str = "many handles: conversion, counted alone";
/// Clicks, of all handles in turn.
const CLICKS: usize = 2_000;
/// Messages of one invocation of the click worker: the template's batch size, one click each.
const BATCH: usize = 100;
/// Conversions, of all handles in turn.
const CONVERSIONS: usize = 500;

/// Clicks of many handles, a few of each in an invocation, and the folds after the day's end.
pub(super) async fn clicks() -> Result<Scenario> {
    let env = BenchEnv::open(None, 9, Detail::Capacity).await?;
    let worker = ClickWorker::new(env.app("click-worker", Detail::Capacity)?);
    let now = env.app("event-worker", Detail::Capacity)?.now();
    let day = now.day().plus(-1);
    env.ledger.take();
    for first in (0..CLICKS).step_by(BATCH) {
        let mut event = SqsEvent::default();
        for number in first..first + BATCH {
            let at = day.start().plus_millis(i64::try_from(number)? * 1_000);
            let mut click = click(at, &link::slug(0), None, number)?;
            click.handle = handle(number).parse()?;
            let mut record = SqsMessage::default();
            record.message_id = Some(number.to_string());
            record.body = Some(serde_json::to_string(&ClickMessage { v: 1, request_id: None, clicks: vec![click] })?);
            event.records.push(record);
        }
        let response = click_worker::handle(worker.clone(), event).await;
        ensure!(response.batch_item_failures.is_empty(), "clicks could not be counted");
    }
    for number in 0..HANDLES {
        fold(&env, &handle(number), day, now).await?;
    }
    Ok(Scenario { name: PLATFORM_CLICKS, records: CLICKS as f64, used: Used::of(&env.ledger.take()), goal: None })
}

/// Conversions of many handles, each counted alone.
pub(super) async fn conversions() -> Result<Scenario> {
    let env = BenchEnv::open(None, 9, Detail::Capacity).await?;
    let mut ctx = Vec::with_capacity(HANDLES);
    for number in 0..HANDLES {
        let handle = handle(number);
        env.write_at(Method::POST, "/v2/handles", &json!({"handle": handle})).await?;
        let link = json!({"destinationUrl": "https://shop.example.com/"});
        env.write_at(Method::PUT, &format!("/v2/handles/{handle}/links/{}", link::slug(0)), &link).await?;
        ctx.push(followed(&env, &handle).await?);
    }
    while env.drain("EventsQueue").await? > 0 {}
    pass_instant().await;
    env.ledger.take();
    for (number, ctx) in (0..CONVERSIONS).zip(ctx.iter().cycle()) {
        env.convert(ctx, &format!("order-{number}"), BUYER + number).await?;
        if number % BATCH == BATCH - 1 {
            env.drain("EventsQueue").await?;
        }
    }
    let now = env.app("event-worker", Detail::Capacity)?.now();
    for number in 0..HANDLES {
        fold(&env, &handle(number), now.day(), now).await?;
    }
    let used = Used::of(&env.ledger.take());
    Ok(Scenario { name: PLATFORM_CONVERSIONS, records: CONVERSIONS as f64, used, goal: None })
}

fn handle(number: usize) -> String {
    format!("bench-{:03}", number % HANDLES)
}
