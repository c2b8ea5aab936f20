//! Filling: makes the demo month on a server in memory and copies it into a table.
//!
//! Whatever an interrupted run has left is removed before; the handle and its links are found when everything else is copied.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use domain::values::moment::Moment;
use store::Store;
use tokio::sync::oneshot;
use tracing::subscriber::NoSubscriber;

use super::EngineAddress;
use crate::demo::month::{self, Month, MonthOptions, MonthSummary, Pace};
use crate::keys::Keys;
use crate::{Error, database, private_files};

/// The file in a data directory whose demo month is not complete.
const FILLING: &str = "demo-month.filling";

/// The part of the work that is done when the month is made; the rest is copying.
const MADE: f64 = 0.8;
/// Items of a month for each click, about: what the progress of copying is measured by.
const ITEMS_PER_CLICK: f64 = 1.6;

/// What to make, and where to put it.
#[derive(Clone)]
pub struct FillRequest {
    /// The month.
    pub month: MonthOptions,
    /// The engines it is for.
    pub target: EngineAddress,
    /// The keys of their data.
    pub keys: Keys,
    /// Whether a handle of this name is removed before.
    pub replace: bool,
    /// How fast it is copied.
    pub pace: Pace,
}

/// Is called with the part that is done, from 0 to 1.
pub type OnProgress = Arc<dyn Fn(f64) + Send + Sync>;

/// What was made and copied.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FillSummary {
    /// What was made.
    pub month: MonthSummary,
    /// The items that were copied.
    pub items: usize,
}

/// Fills on a thread of its own, whose log lines are left out: they would be those of a month of requests.
///
/// # Errors
/// When the handle exists and is not to be replaced, the month cannot be made, or a table is unavailable.
pub async fn run(request: FillRequest, progress: OnProgress) -> Result<FillSummary, Error> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let (done, result) = oneshot::channel();
    let work = move || {
        let filled = tracing::subscriber::with_default(NoSubscriber::default(), || runtime.block_on(fill(&request, &progress)));
        // The caller may have gone.
        let _ = done.send(filled);
    };
    std::thread::Builder::new().name("demo-month".to_owned()).spawn(work)?;
    result.await.unwrap_or_else(|_| Err(Error::Failed("the thread of the demo month".to_owned())))
}

async fn fill(request: &FillRequest, progress: &OnProgress) -> Result<FillSummary, Error> {
    let handle = &request.month.handle;
    let target = request.target.store();
    refuse_known(request, &target).await?;
    let mut made = Month::new(request.month.clone(), &request.keys).await?;
    let summary = made.run(&|part| progress(part * MADE)).await?;
    // It may have been created meanwhile.
    refuse_known(request, &target).await?;
    month::remove(&target, handle, request.pace).await?;
    let about = f64::from(u32::try_from(request.month.clicks).unwrap_or(u32::MAX)) * ITEMS_PER_CLICK;
    let copied = |items: usize| {
        let part = f64::from(u32::try_from(items).unwrap_or(u32::MAX)) / about.max(1.0);
        progress(MADE + (1.0 - MADE) * part.min(0.99));
    };
    let items = month::copy(&made.store()?, &target, handle, request.pace, &copied).await?;
    progress(1.0);
    Ok(FillSummary { month: summary, items })
}

async fn refuse_known(request: &FillRequest, target: &Store) -> Result<(), Error> {
    let handle = &request.month.handle;
    match target.profiles().get(handle).await.map_err(Error::database)? {
        Some(_) if !request.replace => Err(Error::HandleExists(handle.clone())),
        Some(_) | None => Ok(()),
    }
}

/// Makes the demo month of a new data directory once, however often a start is interrupted.
pub struct FirstFill(PathBuf);

impl FirstFill {
    /// What is to be done at a start on `data`: the month is made at the first one, and at those after it until it is complete. Called
    /// before the data is opened, which creates it.
    ///
    /// # Errors
    /// When the directory cannot be written.
    pub fn due(data: &Path) -> Result<Option<Self>, Error> {
        let marker = data.join(FILLING);
        if !data.join(database::FILE).exists() {
            private_files::create_dir(data).map_err(Error::on(data))?;
            private_files::write(&marker, "").map_err(Error::on(&marker))?;
        }
        Ok(marker.exists().then_some(Self(marker)))
    }

    /// Makes the month; the next start makes it if this one is interrupted.
    ///
    /// # Errors
    /// As [`run`].
    pub async fn run(self, request: FillRequest, progress: OnProgress) -> Result<FillSummary, Error> {
        let filled = run(request, progress).await;
        // A handle of that name belongs to a user then.
        if matches!(filled, Ok(_) | Err(Error::HandleExists(_))) {
            fs::remove_file(&self.0).map_err(Error::on(&self.0))?;
        }
        filled
    }
}

/// The month's present moment on the machine's clock.
#[must_use]
pub fn wall_moment() -> Moment {
    Moment::from_millis(crate::wall_clock())
}
