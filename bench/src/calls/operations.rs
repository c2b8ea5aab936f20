//! The operations, each after what it requires.

use std::future::Future;

use anyhow::Result;
use http::StatusCode;

use super::{MeasuredOperation, partners};
use crate::bench_env::BenchEnv;
use crate::deliveries::{send_test, subscribe};
use crate::prices::Bill;
use crate::timing_receiver::TimingReceiver;
use crate::{link, logs};

/// Clicks of a batch: the template's batch size.
pub(super) const BATCH: usize = 100;
/// Links of the second batch's clicks.
const LINKS: usize = 20;
/// Number of the visitor who converts.
const BUYER: usize = 90_000;

/// Measures all of them.
pub(super) async fn measure(env: &BenchEnv) -> Result<Vec<MeasuredOperation>> {
    let mut done = writes(env).await?;
    done.extend(visits(env).await?);
    done.extend(batches(env).await?);
    done.extend(conversions(env).await?);
    done.extend(partners::measure(env).await?);
    done.extend(deliveries(env).await?);
    Ok(done)
}

/// Measures one operation.
pub(super) async fn one<T>(
    env: &BenchEnv,
    name: &'static str,
    operation: impl Future<Output = Result<T>>,
) -> Result<(MeasuredOperation, T)> {
    shared(env, name, 1, operation).await
}

async fn shared<T>(
    env: &BenchEnv,
    name: &'static str,
    shared_by: usize,
    operation: impl Future<Output = Result<T>>,
) -> Result<(MeasuredOperation, T)> {
    env.ledger.take();
    logs::take_bytes();
    let outcome = operation.await?;
    Ok((MeasuredOperation { name, shared_by, bill: Bill::of(&env.ledger.take(), logs::take_bytes()) }, outcome))
}

async fn writes(env: &BenchEnv) -> Result<Vec<MeasuredOperation>> {
    for number in 1..LINKS {
        env.put_link(&link::slug(number), &link::body()).await?;
    }
    let (slug, body) = (link::slug(0), link::body());
    let (create, ()) = one(env, "link write: create", env.put_link(&slug, &body)).await?;
    let (update, ()) = one(env, "link write: update", env.put_link(&slug, &body)).await?;
    Ok(vec![create, update])
}

async fn visits(env: &BenchEnv) -> Result<Vec<MeasuredOperation>> {
    let slug = link::slug(0);
    let (cold, _) = one(env, "redirect, link not in memory", env.follow(&slug, 1)).await?;
    let (warm, _) = one(env, "redirect, warm", env.follow(&slug, 2)).await?;
    Ok(vec![cold, warm])
}

async fn batches(env: &BenchEnv) -> Result<Vec<MeasuredOperation>> {
    // The rollup cells as they are most of the day: existing, with the keys of many visits.
    clicks(env, 2 * BATCH, LINKS).await?;
    env.drain("ClicksQueue").await?;
    clicks(env, BATCH, 1).await?;
    let (narrow, _) = shared(env, "click worker: 100 clicks, 1 link", BATCH, env.drain("ClicksQueue")).await?;
    clicks(env, BATCH, LINKS).await?;
    let (wide, _) = shared(env, "click worker: 100 clicks, 20 links", BATCH, env.drain("ClicksQueue")).await?;
    Ok(vec![narrow, wide])
}

async fn clicks(env: &BenchEnv, count: usize, links: usize) -> Result<()> {
    for number in 0..count {
        env.follow(&link::slug(number % links), number).await?;
    }
    Ok(())
}

async fn conversions(env: &BenchEnv) -> Result<Vec<MeasuredOperation>> {
    let ctx = env.follow(&link::slug(0), BUYER).await?;
    let (context, ()) = one(env, "context", env.context(&ctx, BUYER)).await?;
    let (again, ()) = one(env, "context, address seen this minute", env.context(&ctx, BUYER)).await?;
    let (first, status) = one(env, "conversion", env.convert(&ctx, "order-1", BUYER)).await?;
    anyhow::ensure!(status == StatusCode::ACCEPTED, "the first conversion got {status}");
    let (new_address, _) =
        one(env, "conversion, first request of its address this minute", env.convert(&ctx, "order-2", BUYER + 1)).await?;
    let (duplicate, status) = one(env, "conversion, duplicate", env.convert(&ctx, "order-1", BUYER)).await?;
    anyhow::ensure!(status == StatusCode::OK, "the duplicate got {status}");
    env.drain("ClicksQueue").await?;
    env.settle().await?;
    env.convert(&ctx, "order-3", BUYER).await?;
    let (count, _) = one(env, "event worker: counting a conversion", env.drain("EventsQueue")).await?;
    Ok(vec![context, again, first, new_address, duplicate, count])
}

async fn deliveries(env: &BenchEnv) -> Result<Vec<MeasuredOperation>> {
    let receiver = TimingReceiver::start().await?;
    let subscription = subscribe(env, &receiver, &["link.updated"]).await?;
    env.settle().await?;
    env.put_link(&link::slug(0), &link::body()).await?;
    let (created, _) = one(env, "delivery: created", env.drain("EventsQueue")).await?;
    let (delivered, _) = one(env, "delivery: delivered", env.drain("DeliveriesQueue")).await?;
    anyhow::ensure!(receiver.take().len() == 1, "the delivery did not arrive");
    receiver.reply_with(503);
    send_test(env, &subscription).await?;
    let (failed, _) = one(env, "delivery: failed and scheduled", env.drain("DeliveriesQueue")).await?;
    Ok(vec![created, delivered, failed])
}
