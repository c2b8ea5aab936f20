//! The state of the system as the sweeper has last seen it, for the health of the API.

use serde::{Deserialize, Serialize};

use domain::values::moment::Moment;

use crate::dynamo::{Database, table, with_doc};
use crate::error::{Error, Result};

/// What the sweeper has seen.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Sweep {
    /// When it ran.
    pub swept_at: Option<Moment>,
    /// Entries of the outbox that have been announced several times already.
    pub late: u64,
    /// Whether entries are set aside.
    pub set_aside: bool,
}

/// Handle of the system's state: `store.system()`.
#[derive(Clone, Copy, Debug)]
pub struct System<'a> {
    db: &'a Database,
}

impl<'a> System<'a> {
    pub(crate) fn new(db: &'a Database) -> Self {
        Self { db }
    }

    /// What the last run of the sweeper has seen; the default before the first one.
    ///
    /// # Errors
    /// When the table is unavailable.
    pub async fn last_sweep(self) -> Result<Sweep> {
        Ok(self.db.get_doc(&table::system()).await?.unwrap_or_default())
    }

    /// Records what a run of the sweeper has seen: one `PutItem`.
    ///
    /// # Errors
    /// When the table is unavailable.
    pub async fn record_sweep(self, sweep: &Sweep) -> Result<()> {
        self.db.put(with_doc(&table::system(), sweep)?).send().await.map_err(Error::call("PutItem"))?;
        Ok(())
    }
}
