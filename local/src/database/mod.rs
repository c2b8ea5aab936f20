//! The embedded DynamoDB: opens it, creates the template's tables, serves it and removes expired items.

use std::{
    path::{Path, PathBuf},
    sync::Arc,
    time::Duration,
};

use dynoxide::{Database, storage_backend::Clock as EngineClock};
use tokio::{net::TcpListener, sync::watch, time::MissedTickBehavior};

use crate::{Error, MillisClock, private_files, template::TableSpec};

mod damage;
pub(crate) mod reads;
mod tables;
#[cfg(test)]
mod tests;

/// The database's file in a data directory.
pub(crate) const FILE: &str = "dynamodb.sqlite";

/// How often expired items are removed; until then readers filter them, as on AWS.
const SWEEP_EVERY: Duration = Duration::from_secs(60);

/// Opens the database in `folder`, or one in memory, and creates the tables and indexes that are missing.
///
/// The caller holds the lock of `folder`.
///
/// # Errors
/// When the database is damaged, or cannot be opened.
pub(crate) fn open(folder: Option<&Path>, clock: &MillisClock, tables: &[TableSpec]) -> Result<Database, Error> {
    let Some(folder) = folder else {
        let database = Database::memory_with_clock(Arc::new(ServerClock(Arc::clone(clock)))).map_err(Error::database)?;
        tables::create_in_memory(&database, tables)?;
        return Ok(database);
    };
    let path = private_file(folder)?;
    damage::examine(&path, &folder.join(format!("{FILE}-wal")))?;
    let missing = tables::complete(&path, tables)?;
    let database = Database::new(&path.to_string_lossy()).map_err(Error::database)?;
    for index in &missing {
        tables::build(&database, index)?;
    }
    Ok(database)
}

/// A second connection to the database in `folder`, which is open, for what only reads.
///
/// # Errors
/// When it cannot be opened.
pub(crate) fn open_reader(folder: &Path) -> Result<Database, Error> {
    Database::new(&folder.join(FILE).to_string_lossy()).map_err(Error::database)
}

/// The database's file, readable by its owner only. SQLite gives its journal files the mode of the database.
fn private_file(folder: &Path) -> Result<PathBuf, Error> {
    let path = folder.join(FILE);
    private_files::ensure(&path).map_err(Error::on(&path))?;
    for suffix in ["-wal", "-shm"] {
        let beside = folder.join(format!("{FILE}{suffix}"));
        private_files::restrict(&beside).map_err(Error::on(&beside))?;
    }
    Ok(path)
}

/// Removes expired items from the database, until the server is dropped.
pub(crate) fn sweep(database: Database, mut running: watch::Receiver<bool>) {
    tokio::spawn(async move {
        tokio::select! {
            () = sweep_forever(database) => {}
            _ = running.wait_for(|stop| *stop) => {}
        }
    });
}

/// Serves a connection of the database over HTTP, until the server is dropped.
///
/// # Errors
/// When its thread cannot be started.
pub(crate) fn serve(listener: TcpListener, database: Database, mut running: watch::Receiver<bool>) -> Result<(), Error> {
    let listener = listener.into_std()?;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let serve = async move {
        let stop = async move {
            let _ = running.wait_for(|stop| *stop).await;
        };
        match TcpListener::from_std(listener) {
            Ok(listener) => {
                if let Err(error) = dynoxide::server::serve_with_shutdown(listener, database, stop).await {
                    tracing::error!(%error, "DynamoDB ended");
                }
            }
            Err(error) => tracing::error!(%error, "DynamoDB has no listener"),
        }
    };
    // SQLite blocks the thread it runs on: a thread of its own keeps the other requests going.
    std::thread::Builder::new().name("dynamodb".to_owned()).spawn(move || runtime.block_on(serve))?;
    Ok(())
}

/// Removes expired items until the task is aborted.
async fn sweep_forever(database: Database) {
    let mut ticks = tokio::time::interval(SWEEP_EVERY);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        ticks.tick().await;
        let database = database.clone();
        match tokio::task::spawn_blocking(move || database.sweep_ttl()).await {
            Ok(Ok(0)) => {}
            Ok(Ok(expired)) => tracing::debug!(expired, "items expired"),
            Ok(Err(error)) => tracing::warn!(%error, "sweep failed"),
            Err(error) => tracing::warn!(%error, "sweep did not end"),
        }
    }
}

/// The server's clock, as the engine reads it.
struct ServerClock(MillisClock);

impl EngineClock for ServerClock {
    fn now_unix_secs(&self) -> u64 {
        u64::try_from((self.0)() / 1_000).unwrap_or_default()
    }

    fn now_unix_secs_f64(&self) -> f64 {
        let millis = u64::try_from((self.0)()).unwrap_or_default();
        Duration::from_millis(millis).as_secs_f64()
    }
}
