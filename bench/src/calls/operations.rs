//! The operations, each after whatever must have happened before it.

use std::future::Future;

use anyhow::Result;
use http::StatusCode;

use super::{Operation, partners};
use crate::bench_env::BenchEnv;
use crate::deliveries::{send_test, subscribe};
use crate::prices::Bill;
use crate::receiver::Receiver;
use crate::{link, logs};

/// Clicks of a batch, as the template has it.
pub(super) const BATCH: usize = 100;
/// Links the clicks of the wide batch are spread over.
const LINKS: usize = 20;
/// The visitor of the conversions.
const BUYER: usize = 90_000;

/// Measures all of them.
pub(super) async fn measure(env: &BenchEnv) -> Result<Vec<Operation>> {
    let mut done = writes(env).await?;
    done.extend(visits(env).await?);
    done.extend(batches(env).await?);
    done.extend(conversions(env).await?);
    done.extend(partners::measure(env).await?);
    done.extend(deliveries(env).await?);
    Ok(done)
}

/// Measures one operation.
pub(super) async fn one<T>(env: &BenchEnv, name: &'static str, operation: impl Future<Output = Result<T>>) -> Result<(Operation, T)> {
    shared(env, name, 1, operation).await
}

async fn shared<T>(
    env: &BenchEnv,
    name: &'static str,
    shared_by: usize,
    operation: impl Future<Output = Result<T>>,
) -> Result<(Operation, T)> {
    env.ledger.take();
    logs::take_bytes();
    let outcome = operation.await?;
    Ok((Operation { name, shared_by, bill: Bill::of(&env.ledger.take(), logs::take_bytes()) }, outcome))
}

async fn writes(env: &BenchEnv) -> Result<Vec<Operation>> {
    for number in 1..LINKS {
        env.put_link(&link::slug(number), &link::body()).await?;
    }
    let (slug, body) = (link::slug(0), link::body());
    let (create, ()) = one(env, "link write: create", env.put_link(&slug, &body)).await?;
    let (update, ()) = one(env, "link write: update", env.put_link(&slug, &body)).await?;
    Ok(vec![create, update])
}

async fn visits(env: &BenchEnv) -> Result<Vec<Operation>> {
    let slug = link::slug(0);
    let (cold, _) = one(env, "redirect, link not in memory", env.follow(&slug, 1)).await?;
    let (warm, _) = one(env, "redirect, warm", env.follow(&slug, 2)).await?;
    Ok(vec![cold, warm])
}

async fn batches(env: &BenchEnv) -> Result<Vec<Operation>> {
    // Cells in the state they are in most of the day: they exist, with the keys of many visits.
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

async fn conversions(env: &BenchEnv) -> Result<Vec<Operation>> {
    let ctx = env.follow(&link::slug(0), BUYER).await?;
    let (context, ()) = one(env, "context", env.context(&ctx, BUYER)).await?;
    let (again, ()) = one(env, "context, address seen this minute", env.context(&ctx, BUYER)).await?;
    let (first, status) = one(env, "conversion", env.convert(&ctx, "order-1", BUYER)).await?;
    anyhow::ensure!(status == StatusCode::ACCEPTED, "the first conversion is answered {status}");
    let (stranger, _) = one(env, "conversion, address new this minute", env.convert(&ctx, "order-2", BUYER + 1)).await?;
    let (duplicate, status) = one(env, "conversion, duplicate", env.convert(&ctx, "order-1", BUYER)).await?;
    anyhow::ensure!(status == StatusCode::OK, "the duplicate is answered {status}");
    env.drain("ClicksQueue").await?;
    env.drain("EventsQueue").await?;
    env.convert(&ctx, "order-3", BUYER).await?;
    let (settle, _) = one(env, "event worker: settling a conversion", env.drain("EventsQueue")).await?;
    Ok(vec![context, again, first, stranger, duplicate, settle])
}

async fn deliveries(env: &BenchEnv) -> Result<Vec<Operation>> {
    let receiver = Receiver::start().await?;
    let subscription = subscribe(env, &receiver, &["link.updated"]).await?;
    while env.drain("EventsQueue").await? > 0 {}
    env.put_link(&link::slug(0), &link::body()).await?;
    let (made, _) = one(env, "delivery: made", env.drain("EventsQueue")).await?;
    let (delivered, _) = one(env, "delivery: delivered", env.drain("DeliveriesQueue")).await?;
    anyhow::ensure!(receiver.take().len() == 1, "the delivery was not made");
    receiver.answers(503);
    send_test(env, &subscription).await?;
    let (failed, _) = one(env, "delivery: failed and scheduled", env.drain("DeliveriesQueue")).await?;
    Ok(vec![made, delivered, failed])
}
