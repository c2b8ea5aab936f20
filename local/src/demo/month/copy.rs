//! Putting the month into another table, so that it is shown, followed and counted when all of it is there and not before.

use std::time::Duration;

use domain::values::name::Handle;
use store::{ItemRole, Store, StoredItem};
use tokio::time::Instant;

use crate::Error;

/// Items of one write.
const BATCH: usize = 25;

/// How fast items are copied.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Pace {
    /// As fast as the table takes them.
    Full,
    /// With a pause after each write that is as long as the write took, so that others get their share.
    Shared,
}

/// Copies everything the handle owns: after all the rest the states of folding, then the links, then what shows the handle to its members.
/// Returns the number of items.
///
/// # Errors
/// When a table is unavailable.
pub async fn copy(from: &Store, to: &Store, handle: &Handle, pace: Pace, progress: &(dyn Fn(usize) + Sync)) -> Result<usize, Error> {
    let tokens = from.handle_items(handle).tokens().await.map_err(Error::database)?;
    let (mut last, mut copied, mut position) = (Vec::new(), 0, None);
    loop {
        let (items, next) = from.handle_items(handle).page(&tokens, position).await.map_err(Error::database)?;
        let (content, others): (Vec<StoredItem>, Vec<StoredItem>) = items.into_iter().partition(is_content);
        last.extend(others);
        copied += put(to, handle, &content, pace).await?;
        progress(copied);
        position = next;
        if position.is_none() {
            break;
        }
    }
    for role in ItemRole::AFTER_CONTENT {
        let items: Vec<StoredItem> = last.iter().filter(|item| item.role() == role).cloned().collect();
        copied += put(to, handle, &items, pace).await?;
    }
    Ok(copied)
}

fn is_content(item: &StoredItem) -> bool {
    item.role() == ItemRole::Content
}

async fn put(to: &Store, handle: &Handle, items: &[StoredItem], pace: Pace) -> Result<usize, Error> {
    for batch in items.chunks(BATCH) {
        let started = Instant::now();
        to.handle_items(handle).put(batch.to_vec()).await.map_err(Error::database)?;
        pause(pace, started.elapsed()).await;
    }
    Ok(items.len())
}

/// Removes everything the handle owns, in the opposite order. Returns the number of items.
///
/// # Errors
/// When the table is unavailable.
pub async fn remove(from: &Store, handle: &Handle, pace: Pace) -> Result<usize, Error> {
    let tokens = from.handle_items(handle).tokens().await.map_err(Error::database)?;
    let mut removed = 0;
    for role in ItemRole::AFTER_CONTENT.into_iter().rev().chain([ItemRole::Content]) {
        let mut position = None;
        loop {
            let (items, next) = from.handle_items(handle).page(&tokens, position).await.map_err(Error::database)?;
            let chosen: Vec<StoredItem> = items.into_iter().filter(|item| item.role() == role).collect();
            for batch in chosen.chunks(BATCH) {
                let started = Instant::now();
                from.handle_items(handle).delete(batch).await.map_err(Error::database)?;
                removed += batch.len();
                pause(pace, started.elapsed()).await;
            }
            position = next;
            if position.is_none() {
                break;
            }
        }
    }
    Ok(removed)
}

#[expect(clippy::disallowed_methods, reason = "a share of the table's time for others")]
async fn pause(pace: Pace, took: Duration) {
    if pace == Pace::Shared {
        tokio::time::sleep(took).await;
    }
}
