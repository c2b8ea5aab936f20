//! Rotating the platform keys: a new one in front, the one before stays, and an older one goes once it seals nothing any more.

use std::path::Path;

use super::Engines;
use crate::{Error, keys::Keys};

/// Makes a new key current; gives its id.
///
/// # Errors
/// When there are no keys, or webhook secrets are still sealed with a key that would go: the house's sweeper has not come to them yet.
pub async fn run(data: &Path) -> Result<String, Error> {
    let former = Keys::known(data)?.former()?;
    if !former.is_empty() {
        match Engines::of(data).await {
            Ok(engines) => nothing_is_sealed(&engines, &former).await?,
            // Keys without data seal nothing.
            Err(Error::Nothing(_)) => {}
            Err(error) => return Err(error),
        }
    }
    Keys::rotate(data)
}

async fn nothing_is_sealed(engines: &Engines, former: &[String]) -> Result<(), Error> {
    for key_id in former.iter().map(|id| Some(id.as_str())).chain([None]) {
        if !engines.store.subscriptions().sealed_with(key_id, 1).await.map_err(Error::database)?.is_empty() {
            return Err(Error::StillSealed);
        }
    }
    Ok(())
}
