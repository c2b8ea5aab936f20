//! Erasing a deleted handle: in small steps that may be repeated, each of which reads some keys of one partition and deletes the items.
//!
//! What a handle owns is found by its own partitions and lists, never by a scan. The stages are in the order in which they need each
//! other: an item that names others is deleted after them, so a step that died finds it again. The state is stored with the handle's item.
//! In the end that item holds the name alone, so that links which are still in the world never become another owner's; beside it stay
//! the totals of each day, under keys of their own.

mod steps;
mod totals;

use serde::{Deserialize, Serialize};

use domain::accounts::Profile;
use domain::accounts::audit::AuditEvent;
use domain::values::moment::{Day, Moment};

use crate::accounts::audit;
use crate::accounts::profiles::ERASED;
use crate::dynamo::table;
use crate::dynamo::{Database, applied, doc, from_json, integer, number, optional, text, to_json, with_doc};
use crate::error::Result;
use crate::outbox::{JOB_PAUSE_SECS, Pointer, is_due};
use crate::rollups::Rollups;

/// The attribute of a handle's item with the state of erasing it.
const ERASING: &str = "erasing";
/// Days around the handle's life in which records may lie: clocks differ, and records may wait before they are stored.
const MARGIN_DAYS: i64 = 1;

/// What is being erased; the variants are in order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
enum Stage {
    /// The totals of the days from this one on are written.
    Totals { from: Day },
    /// Links with their versions and figures.
    Links,
    /// What deleted links and campaigns have left.
    Remains,
    /// Campaigns with their figures.
    Campaigns,
    /// Conversions of the month of this day, with their ledgers.
    Conversions { month: Day },
    /// Clicks of this day.
    Clicks { day: Day },
    /// Clicks that could not be sent.
    ParkedClicks,
    /// Deliveries of the month of this day.
    Deliveries { month: Day },
    /// Webhook subscriptions with their counts.
    Subscriptions,
    /// Personal access tokens.
    Tokens,
    /// Audit events, with the messages of the same changes.
    AuditEvents,
    /// Figures, requests, rules, memberships: what is in partitions of the handle alone.
    Rest,
    /// Only the handle's item is left.
    End,
}

/// A handle that is being erased.
#[derive(Clone, Debug)]
pub struct ErasingHandle {
    profile: Profile,
    stage: Stage,
    /// When the erasing began: what it needs of the present is of that moment.
    begun_at: Moment,
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct StoredState {
    stage: Stage,
    begun_at: Moment,
}

impl ErasingHandle {
    /// The handle.
    pub fn profile(&self) -> &Profile {
        &self.profile
    }

    /// The first day of which there can be records.
    fn first_day(&self) -> Day {
        self.profile.created_at.day().plus(-MARGIN_DAYS)
    }

    /// The last day of which there can be records.
    fn last_day(&self) -> Day {
        self.begun_at.day().plus(MARGIN_DAYS)
    }
}

/// Handle of the job: `store.handle_erasure()`.
#[derive(Clone, Copy, Debug)]
pub struct HandleErasure<'a> {
    db: &'a Database,
    rollups: Rollups<'a>,
}

impl<'a> HandleErasure<'a> {
    pub(crate) fn new(db: &'a Database, rollups: Rollups<'a>) -> Self {
        Self { db, rollups }
    }

    /// Begins or continues to erase the handle that an entry of the outbox names; none when it was restored, or is erased. From the first
    /// beginning on it cannot be restored.
    ///
    /// # Errors
    /// When the table is unavailable.
    pub async fn begin(self, pointer: &Pointer, now: Moment) -> Result<Option<ErasingHandle>> {
        let Some(item) = self.db.get(&pointer.key()).await?.filter(|item| is_due(item) && !item.contains_key(ERASED)) else {
            return Ok(None);
        };
        let profile: Profile = doc(&item)?;
        if !profile.is_gone(now) {
            return Ok(None);
        }
        if let Some(state) = optional(&item, ERASING) {
            let StoredState { stage, begun_at } = from_json(&pointer.key(), state)?;
            return Ok(Some(ErasingHandle { profile, stage, begun_at }));
        }
        let mut job = ErasingHandle { profile, stage: Stage::Links, begun_at: now };
        job.stage = Stage::Totals { from: job.first_day() };
        let version = integer(&item, "version").unwrap_or_default();
        let update = self
            .db
            .update(&pointer.key())
            .update_expression(format!("SET {ERASING} = :state, version = :next"))
            .condition_expression("version = :version AND attribute_exists(duePk)")
            .expression_attribute_values(":state", text(state_of(&job)?))
            .expression_attribute_values(":next", number(version + 1))
            .expression_attribute_values(":version", number(version));
        Ok(applied("UpdateItem", update.send().await)?.then_some(job))
    }

    /// Makes one step: at most some hundred items. False when nothing is left but to [finish](Self::finish).
    ///
    /// # Errors
    /// When the table is unavailable; the step can be repeated.
    pub async fn step(self, job: &mut ErasingHandle) -> Result<bool> {
        let handle = &job.profile.handle;
        let is_done = match job.stage {
            Stage::Totals { from } => self.keep_totals(handle, from, self.end_of_totals(job, from)).await.map(|()| true)?,
            Stage::Links => self.erase_first_link(handle).await?,
            Stage::Remains => self.erase_first_remains(handle).await?,
            Stage::Campaigns => self.erase_first_campaign(handle).await?,
            Stage::Conversions { month } => self.erase_conversions(handle, month).await?,
            Stage::Clicks { day } => self.erase_clicks(handle, day).await?,
            Stage::ParkedClicks => self.erase_parked_clicks(handle).await?,
            Stage::Deliveries { month } => self.erase_deliveries(handle, month).await?,
            Stage::Subscriptions => self.erase_first_subscription(handle).await?,
            Stage::Tokens => self.erase_tokens(handle).await?,
            Stage::AuditEvents => self.erase_audit_events(handle).await?,
            Stage::Rest => self.erase_rest(&job.profile).await?,
            Stage::End => return Ok(false),
        };
        if is_done {
            job.stage = self.next_stage(job);
        }
        Ok(true)
    }

    fn end_of_totals(self, job: &ErasingHandle, from: Day) -> Day {
        from.plus(totals::DAYS_A_STEP - 1).min(job.last_day())
    }

    fn next_stage(self, job: &ErasingHandle) -> Stage {
        let (first, last) = (job.first_day(), job.last_day());
        match job.stage {
            Stage::Totals { from } => {
                let next = self.end_of_totals(job, from).plus(1);
                if next <= last { Stage::Totals { from: next } } else { Stage::Links }
            }
            Stage::Links => Stage::Remains,
            Stage::Remains => Stage::Campaigns,
            Stage::Campaigns => Stage::Conversions { month: first },
            Stage::Conversions { month } => match month.first_of_next_month() {
                next if next.month() <= last.month() => Stage::Conversions { month: next },
                _ => Stage::Clicks { day: first },
            },
            Stage::Clicks { day } if day < last => Stage::Clicks { day: day.plus(1) },
            Stage::Clicks { .. } => Stage::ParkedClicks,
            Stage::ParkedClicks => Stage::Deliveries { month: first },
            Stage::Deliveries { month } => match month.first_of_next_month() {
                next if next.month() <= last.month() => Stage::Deliveries { month: next },
                _ => Stage::Subscriptions,
            },
            Stage::Subscriptions => Stage::Tokens,
            Stage::Tokens => Stage::AuditEvents,
            Stage::AuditEvents => Stage::Rest,
            Stage::Rest | Stage::End => Stage::End,
        }
    }

    /// Stores how far the job is; it goes on with the next run of the sweeper.
    ///
    /// # Errors
    /// When the table is unavailable.
    pub async fn pause(self, job: &ErasingHandle, now: Moment) -> Result<()> {
        let update = self
            .db
            .update(&table::handle(&job.profile.handle))
            .update_expression(format!("SET {ERASING} = :state, dueAt = :next REMOVE {}", table::ANNOUNCED))
            .condition_expression(format!("attribute_exists({ERASING})"))
            .expression_attribute_values(":state", text(state_of(job)?))
            .expression_attribute_values(":next", number(now.plus_secs(JOB_PAUSE_SECS).millis()));
        applied("UpdateItem", update.send().await).map(drop)
    }

    /// Leaves of the handle's item the name alone, with an audit event in the account of its last owner. False when another run did it.
    ///
    /// # Errors
    /// When the table is unavailable.
    pub async fn finish(self, job: &ErasingHandle, event: &AuditEvent, now: Moment) -> Result<bool> {
        #[derive(Serialize)]
        struct Erased<'a> {
            handle: &'a domain::values::name::Handle,
        }
        let Profile { handle, owner, .. } = &job.profile;
        let mut item = with_doc(&table::handle(handle), &Erased { handle })?;
        item.insert(ERASED.to_owned(), text(now.to_string()));
        let put = self.db.put_part(item, |put| put.condition_expression(format!("attribute_exists({ERASING})")))?;
        let record = self.db.put_part(audit::item(&table::account_audit(owner, event.audit_id), event)?, |put| put)?;
        Ok(self.db.transact(vec![put, record]).await?.is_written())
    }
}

fn state_of(job: &ErasingHandle) -> Result<String> {
    to_json(&table::handle(&job.profile.handle), &StoredState { stage: job.stage, begun_at: job.begun_at })
}
