//! The lease of a day's fold: one worker folds a day at a time, the others go on with other work.
//!
//! Folds are exact without it, since each is a transaction on the version of the fold state. But of several at once only one has an
//! effect, and all read and merge the same deltas: after a backlog is counted, every event worker is announced the same day.

use domain::values::moment::{Day, Moment};
use domain::values::name::Handle;

use crate::dynamo::{apply, number, table};
use crate::error::Result;
use crate::rollups::{FoldOutcome, Rollups};

/// How long a lease holds unless it is given back, in milliseconds: as long as the event worker may run. After that a worker that
/// died does not hold up others.
const LEASE_MS: i64 = 30_000;

impl Rollups<'_> {
    /// As [`Rollups::fold`], unless another worker is folding the day: none then, and nothing is read.
    ///
    /// The lease costs two write units; a fold costs about ten times that.
    ///
    /// # Errors
    /// When the table is unavailable.
    pub async fn fold_alone(self, handle: &Handle, day: Day, now: Moment) -> Result<Option<FoldOutcome>> {
        let until = now.plus_millis(LEASE_MS);
        if !self.take_lease(handle, day, now, until).await? {
            return Ok(None);
        }
        let outcome = self.fold(handle, day, now).await;
        if let Err(error) = self.give_back(handle, day, until).await {
            // What the fold did counts, and the lease ends by itself.
            tracing::warn!(%handle, %day, error = &error as &dyn std::error::Error, "lease of a fold could not be given back");
        }
        outcome.map(Some)
    }

    async fn take_lease(self, handle: &Handle, day: Day, now: Moment, until: Moment) -> Result<bool> {
        let take = || {
            self.db
                .update(&table::fold_lease(handle, day))
                .update_expression("SET leasedUntil = :until, #ttl = :ttl")
                .condition_expression("attribute_not_exists(leasedUntil) OR leasedUntil <= :now")
                .expression_attribute_names("#ttl", "ttl")
                .expression_attribute_values(":until", number(until.millis()))
                .expression_attribute_values(":now", number(now.millis()))
                .expression_attribute_values(":ttl", number(until.plus_days(1).seconds()))
                .send()
        };
        apply("UpdateItem", take).await
    }

    /// No effect when another worker has taken the lease over.
    async fn give_back(self, handle: &Handle, day: Day, until: Moment) -> Result<()> {
        let give_back = || {
            self.db
                .update(&table::fold_lease(handle, day))
                .update_expression("REMOVE leasedUntil")
                .condition_expression("leasedUntil = :until")
                .expression_attribute_values(":until", number(until.millis()))
                .send()
        };
        apply("UpdateItem", give_back).await.map(drop)
    }
}
