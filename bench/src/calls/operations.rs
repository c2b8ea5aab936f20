//! The operations, each after whatever must have happened before it.

use std::future::Future;

use anyhow::Result;
use http::StatusCode;

use super::{Operation, partners};
use crate::deliveries::{send_test, subscribe};
use crate::prices::Bill;
use crate::receiver::Receiver;
use crate::scene::Scene;
use crate::{link, logs};

/// Clicks of a batch, as the template has it.
pub(super) const BATCH: usize = 100;
/// Links the clicks of the wide batch are spread over.
const LINKS: usize = 20;
/// The visitor of the conversions.
const BUYER: usize = 90_000;

/// Measures all of them.
pub(super) async fn measure(scene: &Scene) -> Result<Vec<Operation>> {
    let mut done = writes(scene).await?;
    done.extend(visits(scene).await?);
    done.extend(batches(scene).await?);
    done.extend(conversions(scene).await?);
    done.extend(partners::measure(scene).await?);
    done.extend(deliveries(scene).await?);
    Ok(done)
}

/// Measures one operation.
pub(super) async fn one<T>(scene: &Scene, name: &'static str, operation: impl Future<Output = Result<T>>) -> Result<(Operation, T)> {
    shared(scene, name, 1, operation).await
}

async fn shared<T>(
    scene: &Scene,
    name: &'static str,
    shared_by: usize,
    operation: impl Future<Output = Result<T>>,
) -> Result<(Operation, T)> {
    scene.ledger.take();
    logs::take_bytes();
    let outcome = operation.await?;
    Ok((Operation { name, shared_by, bill: Bill::of(&scene.ledger.take(), logs::take_bytes()) }, outcome))
}

async fn writes(scene: &Scene) -> Result<Vec<Operation>> {
    for number in 1..LINKS {
        scene.put_link(&link::slug(number), &link::body()).await?;
    }
    let (slug, body) = (link::slug(0), link::body());
    let (create, ()) = one(scene, "link write: create", scene.put_link(&slug, &body)).await?;
    let (update, ()) = one(scene, "link write: update", scene.put_link(&slug, &body)).await?;
    Ok(vec![create, update])
}

async fn visits(scene: &Scene) -> Result<Vec<Operation>> {
    let slug = link::slug(0);
    let (cold, _) = one(scene, "redirect, link not in memory", scene.follow(&slug, 1)).await?;
    let (warm, _) = one(scene, "redirect, warm", scene.follow(&slug, 2)).await?;
    Ok(vec![cold, warm])
}

async fn batches(scene: &Scene) -> Result<Vec<Operation>> {
    // Cells in the state they are in most of the day: they exist, with the keys of many visits.
    clicks(scene, 2 * BATCH, LINKS).await?;
    scene.drain("ClicksQueue").await?;
    clicks(scene, BATCH, 1).await?;
    let (narrow, _) = shared(scene, "click worker: 100 clicks, 1 link", BATCH, scene.drain("ClicksQueue")).await?;
    clicks(scene, BATCH, LINKS).await?;
    let (wide, _) = shared(scene, "click worker: 100 clicks, 20 links", BATCH, scene.drain("ClicksQueue")).await?;
    Ok(vec![narrow, wide])
}

async fn clicks(scene: &Scene, count: usize, links: usize) -> Result<()> {
    for number in 0..count {
        scene.follow(&link::slug(number % links), number).await?;
    }
    Ok(())
}

async fn conversions(scene: &Scene) -> Result<Vec<Operation>> {
    let ctx = scene.follow(&link::slug(0), BUYER).await?;
    let (context, ()) = one(scene, "context", scene.context(&ctx, BUYER)).await?;
    let (again, ()) = one(scene, "context, address seen this minute", scene.context(&ctx, BUYER)).await?;
    let (first, status) = one(scene, "conversion", scene.convert(&ctx, "order-1", BUYER)).await?;
    anyhow::ensure!(status == StatusCode::ACCEPTED, "the first conversion is answered {status}");
    let (stranger, _) = one(scene, "conversion, address new this minute", scene.convert(&ctx, "order-2", BUYER + 1)).await?;
    let (duplicate, status) = one(scene, "conversion, duplicate", scene.convert(&ctx, "order-1", BUYER)).await?;
    anyhow::ensure!(status == StatusCode::OK, "the duplicate is answered {status}");
    scene.drain("ClicksQueue").await?;
    scene.drain("EventsQueue").await?;
    scene.convert(&ctx, "order-3", BUYER).await?;
    let (settle, _) = one(scene, "event worker: settling a conversion", scene.drain("EventsQueue")).await?;
    Ok(vec![context, again, first, stranger, duplicate, settle])
}

async fn deliveries(scene: &Scene) -> Result<Vec<Operation>> {
    let receiver = Receiver::start().await?;
    let subscription = subscribe(scene, &receiver, &["link.updated"]).await?;
    while scene.drain("EventsQueue").await? > 0 {}
    scene.put_link(&link::slug(0), &link::body()).await?;
    let (made, _) = one(scene, "delivery: made", scene.drain("EventsQueue")).await?;
    let (delivered, _) = one(scene, "delivery: delivered", scene.drain("DeliveriesQueue")).await?;
    anyhow::ensure!(receiver.take().len() == 1, "the delivery was not made");
    receiver.answers(503);
    send_test(scene, &subscription).await?;
    let (failed, _) = one(scene, "delivery: failed and scheduled", scene.drain("DeliveriesQueue")).await?;
    Ok(vec![made, delivered, failed])
}
