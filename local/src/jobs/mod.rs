//! Offline jobs over stored data; each may be killed and run again.

mod aws_cli;
pub mod dead_letters;
mod engines;
pub mod export;
pub mod fill;
mod job_data;
pub mod outbox;
mod progress;
pub mod recount;
pub mod rescore;
pub mod rotate;
pub mod trace;

use std::sync::Arc;

use domain::values::moment::{Day, Moment};
use domain::values::name::Handle;
use store::Store;

pub use engines::{EngineAddress, EngineAddressFile, Engines};
pub use job_data::{Deployment, JobData, Place};
pub use progress::TerminalProgress;

use crate::Error;

/// The handles and days a job works on.
pub struct JobScope {
    /// The store.
    pub store: Store,
    /// The handles.
    pub handles: Vec<Handle>,
    /// The first day.
    pub from: Day,
    /// The last day.
    pub to: Day,
}

/// A job's clock and randomness.
#[derive(Clone)]
pub struct Effects {
    /// The clock.
    pub clock: Arc<dyn Fn() -> Moment + Send + Sync>,
    /// 128 random bits per call.
    pub entropy: runtime::Entropy,
}

impl JobScope {
    /// The days from `from` to `to`, of one handle or of all.
    ///
    /// # Errors
    /// When `from` is after `to`, there is no such handle, or the table cannot be read.
    pub async fn of(store: Store, handle: Option<Handle>, from: Day, to: Day) -> Result<Self, Error> {
        if from.days_to(to) < 1 {
            return Err(Error::Days { from, to });
        }
        let handles = match handle {
            Some(handle) => match store.profiles().get(&handle).await.map_err(Error::database)? {
                Some(profile) => vec![profile.handle],
                None => return Err(Error::NoHandle(handle)),
            },
            None => store.admin_scans().handles().await.map_err(Error::database)?,
        };
        Ok(Self { store, handles, from, to })
    }

    /// Every day, in order.
    pub fn days(&self) -> impl Iterator<Item = Day> + use<> {
        let from = self.from;
        (0..from.days_to(self.to)).map(move |number| from.plus(number))
    }

    /// The number of days, summed over all handles.
    pub fn size(&self) -> u64 {
        let days = u64::try_from(self.from.days_to(self.to)).unwrap_or_default();
        days.saturating_mul(u64::try_from(self.handles.len()).unwrap_or_default())
    }
}

/// Receives the progress of a job.
pub trait Progress {
    /// The job starts a day of a handle.
    fn day_started(&mut self, handle: &Handle, day: Day);
    /// The job has read `count` more records.
    fn records_read(&mut self, count: usize);
    /// The job reports a line of its result.
    fn message(&mut self, line: &str);
    /// The job has finished a day of a handle.
    fn day_done(&mut self);
}

/// Ignores it.
impl Progress for () {
    fn day_started(&mut self, _: &Handle, _: Day) {}
    fn records_read(&mut self, _: usize) {}
    fn message(&mut self, _: &str) {}
    fn day_done(&mut self) {}
}
