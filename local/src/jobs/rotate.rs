//! Rotating the platform keys: adds a new current key, keeps the previous one, and removes an older one if nothing is sealed with it.

use std::path::Path;

use super::Engines;
use crate::{Error, keys::Keys};

/// Makes a new key current; returns its id.
///
/// # Errors
/// When there are no keys, or webhook secrets are still sealed with a key that would be removed: the sweeper has not re-sealed
/// them yet.
pub async fn run(data: &Path) -> Result<String, Error> {
    let previous = Keys::known(data)?.previous()?;
    if !previous.is_empty() {
        match Engines::of(data).await {
            Ok(engines) => ensure_unused(&engines, &previous).await?,
            // Without data nothing is sealed.
            Err(Error::NoData(_)) => {}
            Err(error) => return Err(error),
        }
    }
    Keys::rotate(data)
}

async fn ensure_unused(engines: &Engines, previous: &[String]) -> Result<(), Error> {
    for key_id in previous.iter().map(|id| Some(id.as_str())).chain([None]) {
        if !engines.store.subscriptions().sealed_with(key_id, 1).await.map_err(Error::database)?.is_empty() {
            return Err(Error::StillSealed);
        }
    }
    Ok(())
}
