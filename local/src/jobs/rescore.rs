//! Re-scoring: the present classifier over stored clicks, and the rollups restated by what it changes.
//!
//! A day of a handle is read twice: once for the fingerprints in which bursts are found, 24 bytes each, and once to classify
//! every click in their light, a page at a time. What changes is written in transactions that carry the click, its cells
//! and the audit event with the totals so far, so that a job that is killed leaves nothing half done and nothing untold.
//! `maxClicks` is not touched: it was kept by what was known when the visitor stood before the link.

use std::collections::BTreeMap;

use domain::accounts::audit::AuditEvent;
use domain::clicks::agent::{CLASSIFIER_VERSION, reclassify};
use domain::clicks::burst::{Burst, ClickFingerprint, bursts};
use domain::values::id::{AuditId, ClickId};
use domain::values::moment::Day;
use domain::values::name::Handle;
use serde_json::json;
use store::{Restated, Restatement, Store, restatement_groups};

use super::{Clicks, Effects, Scope, Watcher};
use crate::Error;

/// Times a day is gone over while others change its clicks.
const ROUNDS: usize = 5;

/// What a re-scoring has done.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Summary {
    /// Clicks looked at.
    pub clicks: u64,
    /// Clicks written anew, be it only that they rest on the present classifier now.
    pub restated: u64,
    /// Of these, those that were a person's and are a bot's.
    pub became_bots: u64,
    /// Those that were a bot's and are a person's.
    pub became_humans: u64,
}

impl Summary {
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

/// Judges every click of the scope again. Doing it twice changes nothing the second time.
///
/// # Errors
/// When the table cannot be read or written, or others keep changing the same clicks; what was done until then stands.
pub async fn run(scope: &Scope, effects: &Effects, watcher: &mut impl Watcher) -> Result<Summary, Error> {
    let mut all = Summary::default();
    for handle in &scope.handles {
        let mut run =
            Run { scope, effects, handle, audit_id: AuditId::new((effects.clock)(), (effects.entropy)()), done: Summary::default() };
        for day in scope.days() {
            watcher.begins(handle, day);
            run.day(day, watcher).await?;
            watcher.day_done();
        }
        all = all.plus(run.done);
    }
    Ok(all)
}

/// The job over one handle.
struct Run<'a> {
    scope: &'a Scope,
    effects: &'a Effects,
    handle: &'a Handle,
    audit_id: AuditId,
    done: Summary,
}

impl Run<'_> {
    async fn day(&mut self, day: Day, watcher: &mut impl Watcher) -> Result<(), Error> {
        for round in 1..=ROUNDS {
            let bursts = bursts_of(&self.scope.store, self.handle, day).await?;
            let mut disturbed = false;
            let mut clicks = Clicks::of(&self.scope.store, self.handle, day);
            while let Some(page) = clicks.next().await? {
                watcher.has_read(page.len());
                if round == 1 {
                    self.done.clicks += u64::try_from(page.len()).unwrap_or_default();
                }
                let judged = page.into_iter().map(|before| {
                    let after = reclassify(&before.click, bursts.get(&before.click.id).copied().unwrap_or_default());
                    Restatement { before, after }
                });
                let changed = judged.filter(|restatement| restatement.after != restatement.before.click).collect();
                for group in restatement_groups(changed) {
                    disturbed |= !self.restate(group).await?;
                }
            }
            if !disturbed {
                return Ok(());
            }
        }
        Err(Error::Database(format!("clicks of {} on {day} keep changing; run it again", self.handle)))
    }

    /// Writes a group, and says whether nobody had changed any of it meanwhile.
    async fn restate(&mut self, mut group: Vec<Restatement>) -> Result<bool, Error> {
        let mut undisturbed = true;
        while !group.is_empty() {
            let with_group = self.done.with(&group);
            let event = self.event(&with_group);
            match self.scope.store.clicks().restate(&group, &event, event.at).await.map_err(Error::database)? {
                Restated::Written => {
                    self.done = with_group;
                    break;
                }
                Restated::Changed(clicks) => {
                    undisturbed = false;
                    group.retain(|restatement| !clicks.contains(&restatement.after.id));
                }
            }
        }
        Ok(undisturbed)
    }

    /// The one event of this job on this handle, written again with every group.
    fn event(&self, done: &Summary) -> AuditEvent {
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
    let mut clicks = Clicks::of(store, handle, day);
    while let Some(page) = clicks.next().await? {
        for stored in page {
            if let Some(fingerprint) = ClickFingerprint::of(&stored.click) {
                ids.push(stored.click.id);
                fingerprints.push(fingerprint);
            }
        }
    }
    Ok(ids.into_iter().zip(bursts(&fingerprints)).filter(|(_, burst)| burst.is_any()).collect())
}
