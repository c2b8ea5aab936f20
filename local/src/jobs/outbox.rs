//! What the sweeper has set aside because it could not be processed: listed, given back to the sweeper, or dropped.

use domain::values::moment::Moment;
use store::{SetAside, Store};

use crate::Error;

/// Entries read at once.
const MAX_ENTRIES: i32 = 1000;

/// The entries that are set aside, at most a thousand.
///
/// # Errors
/// When the table cannot be read.
pub async fn list(store: &Store) -> Result<Vec<SetAside>, Error> {
    Ok(store.outbox().set_aside(MAX_ENTRIES, None).await.map_err(Error::database)?.0)
}

/// Gives entries back to the sweeper.
///
/// # Errors
/// When the table cannot be written.
pub async fn retry(store: &Store, entries: &[SetAside], now: Moment) -> Result<(), Error> {
    for entry in entries {
        store.outbox().retry_set_aside(entry, now).await.map_err(Error::database)?;
    }
    Ok(())
}

/// Takes the entry with a partition key out of the outbox without processing it.
///
/// # Errors
/// When no entry with this key is set aside, or the table cannot be read or written.
pub async fn drop_one(store: &Store, pk: &str) -> Result<(), Error> {
    let entries = list(store).await?;
    let entry = entries.iter().find(|entry| entry.pk == pk).ok_or_else(|| Error::NotSetAside(pk.to_owned()))?;
    store.outbox().drop_set_aside(entry).await.map_err(Error::database).map(drop)
}
