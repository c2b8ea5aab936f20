//! Jobs on all of a handle's data: worked off in bounded steps, so many in one run of the sweeper as its time allows. How far a job is, is
//! stored with it, and every step can be repeated: a run that dies, or two at once, do no harm.

use domain::accounts::audit::AuditEvent;
use domain::values::moment::Moment;
use runtime::App;
use serde_json::json;
use store::invocation::{Metric, measure};
use store::{ErasureStep, Error, OutboxKind, Overdue, Pointer, Postponed};

use crate::BUDGET_MS;

/// Steps of all jobs in one run.
const MAX_STEPS: usize = 1_000;

/// The time and the steps of one run.
pub(crate) struct Budget {
    started: Moment,
    steps: usize,
}

impl Budget {
    /// That of a run of the sweeper.
    pub(crate) fn of_run(started: Moment) -> Self {
        Self { started, steps: MAX_STEPS }
    }

    /// Takes one step, if there is time for it.
    fn take(&mut self, app: &App) -> bool {
        let is_left = self.steps > 0 && app.now().millis() - self.started.millis() < BUDGET_MS;
        self.steps = self.steps.saturating_sub(1);
        is_left
    }
}

/// Whether an entry is a job of this module.
pub(crate) fn is_job(entry: &Overdue) -> bool {
    matches!(entry.pointer.kind(), Some(OutboxKind::Deletion | OutboxKind::Erasure))
}

/// Works on jobs, one after the other; one that fails waits longer each time, and is set aside like any other entry in the end.
pub(crate) async fn run(app: &App, jobs: Vec<Overdue>, mut budget: Budget) {
    for entry in jobs {
        let pk = &entry.pointer.pk;
        let done = match entry.pointer.kind() {
            Some(OutboxKind::Erasure) => erase_person(app, &entry.pointer, &mut budget).await,
            _ => erase_handle(app, &entry.pointer, &mut budget).await,
        };
        let Err(error) = done else { continue };
        measure(Metric::Errors, 1);
        tracing::warn!(item.pk = %pk, error = &error as &dyn std::error::Error, "job could not go on");
        match app.store().outbox().postpone(&entry, app.now()).await {
            Ok(Postponed::SetAside) => tracing::error!(item.pk = %pk, outbox.set_aside = 1, "job is set aside for an operator"),
            Ok(Postponed::Waiting | Postponed::Changed) => {}
            Err(error) => tracing::warn!(item.pk = %pk, error = &error as &dyn std::error::Error, "job could not be postponed"),
        }
    }
}

/// Erases a deleted handle that can no longer be restored.
async fn erase_handle(app: &App, pointer: &Pointer, budget: &mut Budget) -> Result<(), Error> {
    if !budget.take(app) {
        return Ok(());
    }
    let erasure = app.store().handle_erasure();
    let Some(mut job) = erasure.begin(pointer, app.now()).await? else { return Ok(()) };
    while erasure.step(&mut job).await? {
        if !budget.take(app) {
            return erasure.pause(&job, app.now()).await;
        }
    }
    let handle = &job.profile().handle;
    let deletion = json!({"deletedAt": job.profile().deletion.map(|deletion| deletion.deleted_at)});
    let event = AuditEvent::of_system(app.id(), app.now(), "sweeper", "handle.erased", handle).with_states(None, Some(deletion));
    if erasure.finish(&job, &event, app.now()).await? {
        tracing::info!(%handle, "handle erased");
    }
    Ok(())
}

/// Makes one pass of erasing a person, as far as it comes.
async fn erase_person(app: &App, pointer: &Pointer, budget: &mut Budget) -> Result<(), Error> {
    if !budget.take(app) {
        return Ok(());
    }
    let privacy = app.store().privacy();
    let Some(mut job) = privacy.begin(pointer).await? else { return Ok(()) };
    loop {
        match privacy.step(&mut job, app.now()).await? {
            ErasureStep::More if budget.take(app) => {}
            ErasureStep::More | ErasureStep::Waits => return privacy.pause(&job, app.now()).await,
            ErasureStep::PassDone => break,
        }
    }
    let event = AuditEvent::of_system(app.id(), app.now(), "sweeper", "privacy.erased", job.erasure.id);
    let event = event.with_states(None, Some(json!(job.erasure.erased)));
    privacy.end_pass(&job, &event, app.now()).await?;
    tracing::info!(handle = %job.erasure.handle, erasure.id = %job.erasure.id, "person erased");
    Ok(())
}
