//! Re-scoring: classifies stored clicks with the current classifier, and corrects the rollups by what changes.
//!
//! A day of a handle is read twice: first for burst detection, a few bytes per click, then to classify each click, a page
//! at a time. Each change is one transaction of the click, its counters and the audit event with the totals so far, so
//! that a job that is killed leaves neither a partial nor an unaudited change. `maxClicks` is not corrected: it was applied
//! with the classification at the time of the visit.

use std::collections::BTreeMap;

use domain::accounts::audit::AuditEvent;
use domain::clicks::agent::{CLASSIFIER_VERSION, reclassify};
use domain::clicks::burst::{Burst, ClickFingerprint, bursts};
use domain::values::id::{AuditId, ClickId};
use domain::values::moment::Day;
use domain::values::name::Handle;
use recounter::ClickPages;
use serde_json::json;
use store::{Restated, Restatement, Store, restatement_groups};

use super::{Effects, JobScope, Progress};
use crate::Error;

/// Passes over a day while other processes change its clicks.
const MAX_ROUNDS: usize = 5;

/// The result of a re-scoring.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct RescoreSummary {
    /// Clicks classified.
    pub clicks: u64,
    /// Clicks rewritten, if only with the version of the current classifier.
    pub restated: u64,
    /// Of these, clicks whose classification changed from human to bot.
    pub became_bots: u64,
    /// Of these, clicks whose classification changed from bot to human.
    pub became_humans: u64,
}

impl RescoreSummary {
    fn with(mut self, group: &[Restatement]) -> Self {
        for Restatement { before, after } in group {
            self.restated += 1;
            self.became_bots += u64::from(!before.click.bot && after.bot);
            self.became_humans += u64::from(before.click.bot && !after.bot);
        }
        self
    }

    fn plus(self, other: Self) -> Self {
        Self {
            clicks: self.clicks + other.clicks,
            restated: self.restated + other.restated,
            became_bots: self.became_bots + other.became_bots,
            became_humans: self.became_humans + other.became_humans,
        }
    }
}

/// Re-classifies every click of the scope. It is idempotent.
///
/// # Errors
/// When the table cannot be read or written, or other processes keep changing the same clicks; what was written remains.
pub async fn run(scope: &JobScope, effects: &Effects, progress: &mut impl Progress) -> Result<RescoreSummary, Error> {
    let mut all = RescoreSummary::default();
    for handle in &scope.handles {
        let mut run =
            Run { scope, effects, handle, audit_id: AuditId::new((effects.clock)(), (effects.entropy)()), done: RescoreSummary::default() };
        for day in scope.days() {
            progress.day_started(handle, day);
            run.day(day, progress).await?;
            progress.day_done();
        }
        all = all.plus(run.done);
    }
    Ok(all)
}

/// The job over one handle.
struct Run<'a> {
    scope: &'a JobScope,
    effects: &'a Effects,
    handle: &'a Handle,
    audit_id: AuditId,
    done: RescoreSummary,
}

impl Run<'_> {
    async fn day(&mut self, day: Day, progress: &mut impl Progress) -> Result<(), Error> {
        for round in 1..=MAX_ROUNDS {
            let bursts = bursts_of(&self.scope.store, self.handle, day).await?;
            let mut conflicting = false;
            let mut clicks = ClickPages::of(&self.scope.store, self.handle, day);
            while let Some(page) = clicks.next().await.map_err(Error::database)? {
                progress.records_read(page.len());
                if round == 1 {
                    self.done.clicks += u64::try_from(page.len()).unwrap_or_default();
                }
                let classified = page.into_iter().map(|before| {
                    let after = reclassify(&before.click, bursts.get(&before.click.id).copied().unwrap_or_default());
                    Restatement { before, after }
                });
                let changed = classified.filter(|restatement| restatement.after != restatement.before.click).collect();
                for group in restatement_groups(changed) {
                    conflicting |= !self.restate(group).await?;
                }
            }
            if !conflicting {
                return Ok(());
            }
        }
        Err(Error::Database(format!("clicks of {} on {day} keep changing; run it again", self.handle)))
    }

    /// Writes a group; returns whether no other process had changed any of it meanwhile.
    async fn restate(&mut self, mut group: Vec<Restatement>) -> Result<bool, Error> {
        let mut unchanged = true;
        while !group.is_empty() {
            let with_group = self.done.with(&group);
            let event = self.event(&with_group);
            match self.scope.store.clicks().restate(&group, &event, event.at).await.map_err(Error::database)? {
                Restated::Written => {
                    self.done = with_group;
                    break;
                }
                Restated::Changed(clicks) => {
                    unchanged = false;
                    group.retain(|restatement| !clicks.contains(&restatement.after.id));
                }
            }
        }
        Ok(unchanged)
    }

    /// The audit event of this job on this handle; it is updated with every group.
    fn event(&self, done: &RescoreSummary) -> AuditEvent {
        let mut event = AuditEvent::of_system(self.audit_id, (self.effects.clock)(), "rescore", "clicks.rescored", self.handle);
        event.after = Some(json!({
            "from": self.scope.from,
            "to": self.scope.to,
            "classifier": CLASSIFIER_VERSION,
            "restated": done.restated,
            "becameBots": done.became_bots,
            "becameHumans": done.became_humans,
        }));
        event
    }
}

/// The clicks of a day that are in a burst.
async fn bursts_of(store: &Store, handle: &Handle, day: Day) -> Result<BTreeMap<ClickId, Burst>, Error> {
    let (mut ids, mut fingerprints) = (Vec::new(), Vec::new());
    let mut clicks = ClickPages::of(store, handle, day);
    while let Some(page) = clicks.next().await.map_err(Error::database)? {
        for stored in page {
            if let Some(fingerprint) = ClickFingerprint::of(&stored.click) {
                ids.push(stored.click.id);
                fingerprints.push(fingerprint);
            }
        }
    }
    Ok(ids.into_iter().zip(bursts(&fingerprints)).filter(|(_, burst)| burst.is_any()).collect())
}
