//! Reading sessions.

use domain::chain::{SIGNAL_DAYS, Session, Signal};
use domain::values::moment::Moment;
use domain::values::name::{Handle, SessionId};

use crate::dynamo::{Database, applied, doc, integer, number, readable, string, table, text};
use crate::error::{Error, Result};
use crate::outbox::Outbox;
use crate::rollups::Rollups;

/// A session as it is stored.
#[derive(Clone, Debug)]
pub struct StoredSession {
    /// Its signals that count.
    pub session: Session,
    /// When the last of them expires.
    pub expires_at: Option<Moment>,
}

/// Handle of the sessions: `store.sessions()`.
#[derive(Clone, Copy, Debug)]
pub struct Sessions<'a> {
    pub(super) db: &'a Database,
    pub(super) outbox: Outbox<'a>,
    pub(super) rollups: Rollups<'a>,
}

impl<'a> Sessions<'a> {
    pub(crate) fn new(db: &'a Database, outbox: Outbox<'a>, rollups: Rollups<'a>) -> Self {
        Self { db, outbox, rollups }
    }

    /// A session with the signals that count at this moment: one `Query` per MB.
    ///
    /// # Errors
    /// When the table is unavailable.
    pub async fn get(self, handle: &Handle, session: &SessionId, now: Moment) -> Result<StoredSession> {
        self.read(handle, session, true, now).await
    }

    /// The same with eventually consistent reads, at half the cost.
    ///
    /// # Errors
    /// When the table is unavailable.
    pub async fn get_eventually_consistent(self, handle: &Handle, session: &SessionId, now: Moment) -> Result<StoredSession> {
        self.read(handle, session, false, now).await
    }

    async fn read(self, handle: &Handle, session: &SessionId, is_consistent: bool, now: Moment) -> Result<StoredSession> {
        let query = self
            .db
            .query()
            .key_condition_expression("pk = :pk")
            .expression_attribute_values(":pk", text(table::session(handle, session).pk))
            .consistent_read(is_consistent);
        let mut pages = query.into_paginator().send();
        let (mut signals, mut is_converted) = (Vec::new(), false);
        while let Some(page) = pages.next().await {
            for item in page.map_err(Error::call("Query"))?.items() {
                if string(item, "sk")? == "A" {
                    let converted_at = integer(item, "convertedAt").map(Moment::from_millis);
                    is_converted = converted_at.is_some_and(|at| now < at.plus_days(SIGNAL_DAYS));
                } else {
                    signals.extend(readable(item, doc::<Signal>)?);
                }
            }
        }
        let session = Session::new(signals, is_converted, now);
        let expires_at = session.signals().last().map(Signal::ends_at);
        Ok(StoredSession { session, expires_at })
    }

    /// Records a conversion of a session; the newest one counts, as long as a signal of its moment would.
    ///
    /// # Errors
    /// When the table is unavailable.
    pub async fn mark_converted(self, handle: &Handle, session: &SessionId, at: Moment, now: Moment) -> Result<()> {
        let update = self
            .db
            .update(&table::session(handle, session))
            .update_expression("SET convertedAt = :at, #ttl = :ttl")
            .condition_expression("attribute_not_exists(convertedAt) OR convertedAt < :at")
            .expression_attribute_names("#ttl", "ttl")
            .expression_attribute_values(":at", number(at.millis()))
            // Not earlier than its signals need, all of which came before.
            .expression_attribute_values(":ttl", number(now.plus_days(SIGNAL_DAYS + 1).seconds()));
        applied("UpdateItem", update.send().await).map(drop)
    }
}
