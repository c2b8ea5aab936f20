//! Long jobs over stored data, run from the command line; each may be killed and run again.

mod bar;
mod engines;
pub mod export;
pub mod recount;
pub mod rescore;
pub mod rotate;

use std::sync::Arc;

use domain::values::moment::{Day, Moment};
use domain::values::name::Handle;
use store::Store;

pub use bar::Bar;
pub use engines::{Engines, Published};

use crate::Error;

/// What a job works on.
pub struct Scope {
    /// The table.
    pub store: Store,
    /// Whose data.
    pub handles: Vec<Handle>,
    /// The first day.
    pub from: Day,
    /// The last day.
    pub to: Day,
}

/// Where a job's time and randomness come from.
#[derive(Clone)]
pub struct Effects {
    /// The time.
    pub clock: Arc<dyn Fn() -> Moment + Send + Sync>,
    /// 128 fresh bits a call.
    pub entropy: runtime::Entropy,
}

impl Scope {
    /// These days of one handle, or of all there are.
    ///
    /// # Errors
    /// When the days are the wrong way round, there is no such handle, or the table cannot be read.
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

    /// How many days of all handles there are.
    pub fn size(&self) -> u64 {
        let days = u64::try_from(self.from.days_to(self.to)).unwrap_or_default();
        days.saturating_mul(u64::try_from(self.handles.len()).unwrap_or_default())
    }
}

/// Somebody who watches a job.
pub trait Watcher {
    /// It works on this now.
    fn begins(&mut self, handle: &Handle, day: Day);
    /// It has read so many more records.
    fn has_read(&mut self, records: usize);
    /// It has something to say.
    fn says(&mut self, line: &str);
    /// A day of a handle is done.
    fn day_done(&mut self);
}

/// Nobody watches.
impl Watcher for () {
    fn begins(&mut self, _: &Handle, _: Day) {}
    fn has_read(&mut self, _: usize) {}
    fn says(&mut self, _: &str) {}
    fn day_done(&mut self) {}
}

/// Walks over every stored click of a handle's day, a page at a time.
struct Clicks<'s> {
    store: &'s Store,
    handle: &'s Handle,
    day: Day,
    shard: u32,
    after: Option<domain::values::id::ClickId>,
}

impl<'s> Clicks<'s> {
    fn of(store: &'s Store, handle: &'s Handle, day: Day) -> Self {
        Self { store, handle, day, shard: 0, after: None }
    }

    /// The next page; none at the end.
    async fn next(&mut self) -> Result<Option<Vec<store::StoredClick>>, Error> {
        while self.shard < store::table::CLICK_SHARDS {
            let (page, more) =
                self.store.clicks().stored_page(self.handle, self.day, self.shard, self.after).await.map_err(Error::database)?;
            self.after = page.last().map(|last| last.click.id).filter(|_| more);
            if self.after.is_none() {
                self.shard += 1;
            }
            if !page.is_empty() {
                return Ok(Some(page));
            }
        }
        Ok(None)
    }
}
