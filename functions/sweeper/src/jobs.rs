//! Jobs on all of a handle's data: worked off in bounded steps, so many in one run of the sweeper as its time allows. How far a job is, is
//! stored with it, and every step can be repeated: a run that dies, or two at once, do no harm.

use domain::accounts::audit::AuditEvent;
use domain::values::moment::Moment;
use runtime::App;
use serde_json::json;
use store::invocation::{Metric, measure};
use store::{Error, OutboxKind, Overdue, Pointer, Postponed};

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
    matches!(entry.pointer.kind(), Some(OutboxKind::Deletion))
}

/// Works on jobs, one after the other; one that fails waits longer each time, and is set aside like any other entry in the end.
pub(crate) async fn run(app: &App, jobs: Vec<Overdue>, mut budget: Budget) {
    for entry in jobs {
        let pk = &entry.pointer.pk;
        let Err(error) = erase_handle(app, &entry.pointer, &mut budget).await else { continue };
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
