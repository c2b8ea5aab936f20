//! Recounting some days, as the recounter does with yesterday every night.

use recounter::{parked_clicks, recount_day};

pub use recounter::{MAX_WAIT_MS, RecountSummary};

use super::{JobScope, Progress};
use crate::Error;

/// Recounts every day of the scope.
///
/// # Errors
/// When the table cannot be read.
pub async fn run(scope: &JobScope, progress: &mut (impl Progress + Send)) -> Result<RecountSummary, Error> {
    let mut all = RecountSummary::default();
    for handle in &scope.handles {
        for day in scope.days() {
            progress.day_started(handle, day);
            let on_read = &mut |records| {
                progress.records_read(records);
                true
            };
            let of_day = recount_day(&scope.store, handle, day, on_read).await.map_err(Error::database)?.unwrap_or_default();
            for line in &of_day.drift {
                progress.message(line);
            }
            all.add(of_day);
            progress.day_done();
        }
        all.add(parked_clicks(&scope.store, handle).await.map_err(Error::database)?);
    }
    Ok(all)
}
