//! Requests to erase a person: stored, worked on in steps, repeated until no message of the person's visits can arrive any more.
//!
//! A pass is complete when every record was looked at, the figures that named something personal are folded, and the signals are deleted.
//! After the first one the request identifies the person by salted digests and ids of records only.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use domain::accounts::audit::AuditEvent;
use domain::privacy::{Erasure, REPEATED_DAYS};
use domain::values::moment::{Day, Moment};
use domain::values::name::Handle;

use crate::accounts::audit;
use crate::dynamo::{applied, doc, from_json, number, optional, table, text, to_json, with_doc};
use crate::error::{Error, Result};
use crate::outbox::{JOB_PAUSE_SECS, Pointer, is_due, make_due};
use crate::privacy::Privacy;
use crate::privacy::erase::RecordErased;
use crate::privacy::walk::{PersonRecord, Span, WalkPosition};

/// The attribute with the progress of a request.
const PROGRESS: &str = "progress";
/// Seconds from one pass to the next.
const PASS_SECS: i64 = 86_400;

/// A request that is being worked on.
#[derive(Clone, Debug)]
pub struct ErasureJob {
    /// The request.
    pub erasure: Erasure,
    progress: Progress,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Progress {
    /// Passes that are complete.
    passes: u32,
    position: WalkPosition,
    /// Days whose figures changed and are to be folded.
    days: BTreeSet<Day>,
}

/// What a step led to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ErasureStep {
    /// More is to be done.
    More,
    /// More is to be done, once other workers have counted what is not counted yet.
    Waits,
    /// The pass is complete.
    PassDone,
}

impl ErasureJob {
    /// Whether no pass was complete before.
    pub fn is_first_pass(&self) -> bool {
        self.progress.passes == 0
    }

    fn span(&self) -> Span {
        let last = self.erasure.requested_at().day();
        let first = if self.is_first_pass() { self.erasure.first_day } else { last.plus(-REPEATED_DAYS).max(self.erasure.first_day) };
        Span { first, last }
    }
}

impl Privacy<'_> {
    /// Stores a request, with the audit event: the sweeper begins with it within a minute.
    ///
    /// # Errors
    /// When the table is unavailable.
    pub async fn request(self, erasure: &Erasure, event: &AuditEvent, now: Moment) -> Result<bool> {
        let at = table::erasure(&erasure.handle, erasure.id);
        let mut item = with_doc(&at, erasure)?;
        make_due(&mut item, now, now);
        // Only should the job never end.
        item.insert("ttl".to_owned(), number(erasure.repeated_until().plus_days(REPEATED_DAYS).seconds()));
        let put = self.db.put_part(item, |put| put)?;
        Ok(self.db.transact(vec![put, audit::part(self.db, &erasure.handle, event)?]).await?.is_written())
    }

    /// The number of requests of a handle that are under way, up to `most`: one `Query`.
    ///
    /// # Errors
    /// When the table is unavailable.
    pub async fn under_way(self, handle: &Handle, most: usize) -> Result<usize> {
        let query = self.db.query().key_condition_expression("pk = :pk").filter_expression("attribute_not_exists(#p)");
        let query = query.expression_attribute_names("#p", "isRepeated").expression_attribute_values(":pk", text(table::erasures(handle)));
        let found = query.consistent_read(true).projection_expression("sk").send().await.map_err(Error::call("Query"))?;
        Ok(found.items().len().min(most))
    }

    /// Begins or continues a request that an entry of the outbox names; none when it is done.
    ///
    /// # Errors
    /// When the table is unavailable.
    pub async fn begin(self, pointer: &Pointer) -> Result<Option<ErasureJob>> {
        let Some(item) = self.db.get(&pointer.key()).await?.filter(is_due) else { return Ok(None) };
        let erasure: Erasure = doc(&item)?;
        if let Some(progress) = optional(&item, PROGRESS) {
            return Ok(Some(ErasureJob { erasure, progress: from_json(&pointer.key(), progress)? }));
        }
        let progress = Progress { passes: 0, position: WalkPosition::End, days: BTreeSet::new() };
        let mut job = ErasureJob { erasure, progress };
        job.progress.position = job.span().start();
        Ok(Some(job))
    }

    /// Makes one step: looks at one page of records, or folds one day, or deletes signals of one session.
    ///
    /// # Errors
    /// When the table is unavailable; the step can be repeated.
    pub async fn step(self, job: &mut ErasureJob, now: Moment) -> Result<ErasureStep> {
        let handle = job.erasure.handle.clone();
        if job.progress.position != WalkPosition::End {
            self.erase_page(job, now).await?;
            return Ok(ErasureStep::More);
        }
        if let Some(day) = job.progress.days.first().copied() {
            if !self.rollups.fold_whole(&handle, day, now).await?.is_unfinished {
                job.progress.days.remove(&day);
            }
            return Ok(ErasureStep::More);
        }
        let Some(session) = job.erasure.sessions.first().cloned() else { return Ok(ErasureStep::PassDone) };
        if !self.erase_session(&handle, &session).await? {
            return Ok(ErasureStep::Waits);
        }
        job.erasure.sessions.remove(&session);
        job.erasure.erased.sessions += 1;
        Ok(ErasureStep::More)
    }

    async fn erase_page(self, job: &mut ErasureJob, now: Moment) -> Result<()> {
        let Erasure { id, handle, traces, .. } = &job.erasure;
        let (records, next) = self.walk(handle, traces, job.span(), job.progress.position.clone()).await?;
        let (mut is_changed, mut erased) = (false, job.erasure.erased);
        for record in &records {
            match self.erase_record(*id, record, now).await? {
                RecordErased::Nothing => {}
                RecordErased::Changed => is_changed = true,
                RecordErased::Done(days) => {
                    job.progress.days.extend(days);
                    match record {
                        PersonRecord::Conversion(_) => erased.conversions += 1,
                        PersonRecord::Click(_) | PersonRecord::ParkedClick(_) => erased.clicks += 1,
                    }
                }
            }
        }
        job.erasure.erased = erased;
        if !is_changed {
            job.progress.position = next;
        }
        Ok(())
    }

    /// Stores how far a pass is; it goes on with the next run of the sweeper.
    ///
    /// # Errors
    /// When the table is unavailable.
    pub async fn pause(self, job: &ErasureJob, now: Moment) -> Result<()> {
        let at = table::erasure(&job.erasure.handle, job.erasure.id);
        let update = self
            .db
            .update(&at)
            .update_expression(format!("SET doc = :doc, {PROGRESS} = :progress, dueAt = :next REMOVE {}", table::ANNOUNCED))
            .condition_expression("attribute_exists(duePk)")
            .expression_attribute_values(":doc", text(to_json(&at, &job.erasure)?))
            .expression_attribute_values(":progress", text(to_json(&at, &job.progress)?))
            .expression_attribute_values(":next", number(now.plus_secs(JOB_PAUSE_SECS).millis()));
        applied("UpdateItem", update.send().await).map(drop)
    }

    /// Ends a pass. The first is recorded with its audit event; the last deletes the request.
    ///
    /// # Errors
    /// When the table is unavailable.
    pub async fn end_pass(self, job: &ErasureJob, event: &AuditEvent, now: Moment) -> Result<()> {
        let at = table::erasure(&job.erasure.handle, job.erasure.id);
        if now >= job.erasure.repeated_until() {
            self.db.delete(&at).send().await.map_err(Error::call("DeleteItem"))?;
            return Ok(());
        }
        let passes = job.progress.passes + 1;
        let repeated = ErasureJob { progress: Progress { passes, ..job.progress.clone() }, ..job.clone() };
        let progress = Progress { position: repeated.span().start(), ..repeated.progress };
        let (document, progress) = (to_json(&at, &job.erasure)?, to_json(&at, &progress)?);
        let update = self.db.update_part(&at, |update| {
            update
                .update_expression(format!(
                    "SET doc = :doc, {PROGRESS} = :progress, dueAt = :next, isRepeated = :passes REMOVE {}",
                    table::ANNOUNCED
                ))
                .condition_expression("attribute_exists(duePk)")
                .expression_attribute_values(":doc", text(document))
                .expression_attribute_values(":progress", text(progress))
                .expression_attribute_values(":passes", number(passes))
                .expression_attribute_values(":next", number(now.plus_secs(PASS_SECS).millis()))
        })?;
        let mut parts = vec![update];
        if job.is_first_pass() {
            parts.push(audit::part(self.db, &job.erasure.handle, event)?);
        }
        self.db.transact(parts).await.map(drop)
    }
}
