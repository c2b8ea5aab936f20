//! The embedded DynamoDB: opened, filled with the template's tables, swept of expired items.

use std::{path::Path, sync::Arc, time::Duration};

use dynoxide::{
    Database,
    actions::{create_table::CreateTableRequest, update_time_to_live::UpdateTimeToLiveRequest},
    storage_backend::Clock as EngineClock,
};
use serde_json::json;
use tokio::time::MissedTickBehavior;

use crate::{Clock, Error, template::TableSpec};

/// How often expired items are looked for; readers judge expiry themselves, as on AWS.
const SWEEP_EVERY: Duration = Duration::from_secs(60);

/// Opens the database in `folder`, or one in memory, and creates the tables that it lacks.
pub(crate) fn open(folder: Option<&Path>, clock: &Clock, tables: &[TableSpec]) -> Result<Database, Error> {
    let database = match folder {
        Some(folder) => Database::new(&folder.join("dynamodb.sqlite").to_string_lossy()),
        None => Database::memory_with_clock(Arc::new(HouseClock(Arc::clone(clock)))),
    };
    let database = database.map_err(Error::database)?;
    for table in tables {
        match database.get_table_metadata(&table.name).map_err(Error::database)? {
            None => create(&database, table)?,
            Some(known) => {
                let indexes = known.gsi_definitions.unwrap_or_default();
                check(table, &indexes)?;
            }
        }
    }
    Ok(database)
}

fn create(database: &Database, table: &TableSpec) -> Result<(), Error> {
    let request: CreateTableRequest = serde_json::from_value(table.creation.clone()).map_err(Error::database)?;
    database.create_table(request).map_err(Error::database)?;
    let Some(attribute) = &table.ttl_attribute else { return Ok(()) };
    let specification = json!({"AttributeName": attribute, "Enabled": true});
    let request: UpdateTimeToLiveRequest =
        serde_json::from_value(json!({"TableName": table.name, "TimeToLiveSpecification": specification})).map_err(Error::database)?;
    database.update_time_to_live(request).map_err(Error::database)?;
    Ok(())
}

/// A data directory from before an index was added would fail on the first query; better to say so now.
fn check(table: &TableSpec, known_indexes: &str) -> Result<(), Error> {
    let wanted = table.creation.get("GlobalSecondaryIndexes").and_then(|indexes| indexes.as_array());
    for index in wanted.into_iter().flatten() {
        let name = index.get("IndexName").and_then(|name| name.as_str()).unwrap_or_default();
        if !known_indexes.contains(&format!("\"{name}\"")) {
            let table = &table.name;
            return Err(Error::Database(format!(
                "table {table} in this data directory is older than its index {name}; use a new directory"
            )));
        }
    }
    Ok(())
}

/// Sweeps until the task is dropped.
pub(crate) async fn sweep_forever(database: Database) {
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

/// The house's clock, as the engine wants to read it.
struct HouseClock(Clock);

impl EngineClock for HouseClock {
    fn now_unix_secs(&self) -> u64 {
        u64::try_from((self.0)() / 1_000).unwrap_or_default()
    }

    fn now_unix_secs_f64(&self) -> f64 {
        let millis = u64::try_from((self.0)()).unwrap_or_default();
        Duration::from_millis(millis).as_secs_f64()
    }
}
