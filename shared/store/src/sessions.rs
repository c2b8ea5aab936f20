//! Sessions: a ledger of signals that is only appended to, with limits that hold whoever writes at the same time.

use std::collections::{BTreeMap, BTreeSet};

use aws_sdk_dynamodb::operation::update_item::UpdateItemError;
use aws_sdk_dynamodb::types::TransactWriteItem;

use domain::chain::{MAX_A_MINUTE, MAX_IN_A_SESSION, NewSignal, SIGNAL_DAYS, Session, Signal};
use domain::reports::{CellKey, Scope, Tally};
use domain::values::id::ClickId;
use domain::values::moment::Moment;
use domain::values::name::{Handle, SessionId};
use domain::values::secret::{sha256, sha256_hex};

use crate::Store;
use crate::conversions::accept::Settled;
use crate::dynamo::item::{Item, doc, integer, number, string, text, with_doc};
use crate::dynamo::table;
use crate::error::{Error, Result};
use crate::outbox::{GRACE_MS, Pointer};

const MINUTE_MS: i64 = 60_000;
/// Concurrent writers of one session a write meets before it gives up.
const TRIES: u32 = 60;

/// What became of a batch of signals.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Appended {
    /// So many are kept, so many were known, and the session has so many now.
    Kept {
        /// Kept now.
        accepted: u32,
        /// Known before, by their ids.
        deduped: u32,
        /// Of the session, all that count.
        total: u32,
        /// When the last of them ends.
        ends: Option<Moment>,
    },
    /// The session has as many as it may, until then.
    Full {
        /// When the first of its signals ends.
        until: Moment,
    },
    /// The session brings more than it may in a minute, until then.
    TooFast {
        /// The end of the minute.
        until: Moment,
    },
}

/// A session as it is kept.
#[derive(Clone, Debug)]
pub struct KeptSession {
    /// Its signals that count.
    pub session: Session,
    /// When the last of them ends.
    pub expires_at: Option<Moment>,
}

/// The limits of a session as they stand.
#[derive(Clone, Copy, Debug, Default)]
struct Limits {
    /// Signals that count, as long as none of them has ended.
    total: u32,
    /// When the first of them ends, and when the last.
    ends: Option<(Moment, Moment)>,
    minute_used: u32,
    minute_ends: Option<Moment>,
    version: i64,
}

impl Limits {
    fn of(item: Option<&Item>, now: Moment) -> Self {
        let Some(item) = item else { return Self::default() };
        let count = |name| integer(item, name).and_then(|count| u32::try_from(count).ok()).unwrap_or(0);
        let moment = |name| integer(item, name).map(Moment::from_millis);
        let minute_ends = moment("minuteEndsAt").filter(|ends| now < *ends);
        Self {
            total: count("total"),
            ends: moment("firstEndsAt").zip(moment("lastEndsAt")),
            minute_used: if minute_ends.is_some() { count("minuteUsed") } else { 0 },
            minute_ends,
            version: integer(item, "version").unwrap_or(0),
        }
    }

    /// Whether a signal it counts has ended since.
    fn is_past(self, now: Moment) -> bool {
        self.ends.is_some_and(|(first, _)| first <= now)
    }

    /// The same with one signal more that ends then.
    fn with(self, ends: Moment) -> Self {
        let (first, last) = self.ends.unwrap_or((ends, ends));
        Self { total: self.total + 1, ends: Some((first.min(ends), last.max(ends))), ..self }
    }

    /// Why so many more are too many.
    fn refuse(self, many: u32, now: Moment) -> Option<Appended> {
        if self.total + many > MAX_IN_A_SESSION {
            return Some(Appended::Full { until: self.ends.map_or(now, |(first, _)| first) });
        }
        (self.minute_used + many > MAX_A_MINUTE).then(|| Appended::TooFast { until: self.minute(now) })
    }

    /// When the minute ends that a signal of this moment belongs to.
    fn minute(self, now: Moment) -> Moment {
        self.minute_ends.unwrap_or(now.plus_millis(MINUTE_MS))
    }
}

impl Store {
    /// Appends signals to a session, all that are new or none.
    pub async fn append_signals(
        &self,
        (handle, session): (&Handle, &SessionId),
        signals: &[NewSignal],
        fresh: &(dyn Fn() -> String + Sync),
        now: Moment,
    ) -> Result<Appended> {
        let all = u32::try_from(signals.len()).unwrap_or(u32::MAX);
        let mut rest = named(signals, fresh, now);
        for _ in 0..TRIES {
            let mut limits = Limits::of(self.get(&table::session(handle, session)).await?.as_ref(), now);
            let many = u32::try_from(rest.len()).unwrap_or(u32::MAX);
            if limits.is_past(now) || limits.refuse(many, now).is_some() {
                let counting = self.counting_signals(handle, session, now).await?;
                let none = Limits { total: 0, ends: None, ..limits };
                limits = counting.values().fold(none, |limits, ends| limits.with(*ends));
                // Only what is new counts against a limit: a batch that is sent again is answered as known.
                rest.retain(|(name, _)| !counting.contains_key(name));
            }
            let many = u32::try_from(rest.len()).unwrap_or(u32::MAX);
            if let Some(refused) = limits.refuse(many, now) {
                return Ok(refused);
            }
            let counted = rest.iter().fold(limits, |limits, (_, signal)| limits.with(signal.ends_at()));
            let kept =
                Appended::Kept { accepted: many, deduped: all - many, total: counted.total, ends: counted.ends.map(|(_, last)| last) };
            if rest.is_empty() {
                return Ok(kept);
            }
            let mut parts = vec![self.limits_part(handle, session, counted, many, now)?];
            let observed = rest.iter().filter(|(_, signal)| signal.is_impression()).count();
            let mut waiting = None;
            for (name, signal) in &rest {
                // The first observation of intent waits in the outbox for all of them.
                let waits = waiting.is_none() && signal.is_impression();
                if waits {
                    waiting = Some(table::signal(handle, session, name));
                }
                parts.push(self.signal_part(handle, session, name, signal, waits.then_some(observed), now)?);
            }
            let written = self.transact(parts).await?;
            if written.is_written() {
                if let Some(key) = waiting {
                    self.announce_softly(&Pointer::to(&key)).await;
                }
                return Ok(kept);
            }
            let mut places = 1..;
            rest.retain(|_| !places.next().is_some_and(|place| written.failed_at(place)));
        }
        Err(Error::Contended("TransactWriteItems"))
    }

    /// The signals of a session that count, and when each ends.
    async fn counting_signals(&self, handle: &Handle, session: &SessionId, now: Moment) -> Result<BTreeMap<String, Moment>> {
        let query = self
            .db
            .query()
            .table_name(&self.table)
            .key_condition_expression("pk = :pk AND begins_with(sk, :prefix)")
            .expression_attribute_values(":pk", text(table::session(handle, session).pk))
            .expression_attribute_values(":prefix", text("SIG#"))
            .projection_expression("sk, endsAt")
            .consistent_read(true);
        let mut pages = query.into_paginator().send();
        let mut counting = BTreeMap::new();
        while let Some(page) = pages.next().await {
            for item in page.map_err(Error::call("Query"))?.items() {
                let ends = integer(item, "endsAt").map(Moment::from_millis).filter(|ends| now < *ends);
                counting.extend(string(item, "sk")?.strip_prefix("SIG#").map(str::to_owned).zip(ends));
            }
        }
        Ok(counting)
    }

    /// The part that writes the limits with `many` signals more, as long as nobody else has written them.
    fn limits_part(&self, handle: &Handle, session: &SessionId, limits: Limits, many: u32, now: Moment) -> Result<TransactWriteItem> {
        let (first, last) = limits.ends.unwrap_or((now, now));
        self.update_part(&table::session(handle, session), |update| {
            update
                .update_expression(
                    "SET #total = :total, minuteUsed = :used, minuteEndsAt = :minute, firstEndsAt = :first, lastEndsAt = :last, \
                     #ttl = :ttl, version = :next",
                )
                .condition_expression("attribute_not_exists(version) OR version = :version")
                .expression_attribute_names("#total", "total")
                .expression_attribute_names("#ttl", "ttl")
                .expression_attribute_values(":total", number(limits.total))
                .expression_attribute_values(":used", number(limits.minute_used + many))
                .expression_attribute_values(":minute", number(limits.minute(now).millis()))
                .expression_attribute_values(":first", number(first.millis()))
                .expression_attribute_values(":last", number(last.millis()))
                .expression_attribute_values(":ttl", number(now.plus_days(SIGNAL_DAYS + 1).seconds()))
                .expression_attribute_values(":version", number(limits.version))
                .expression_attribute_values(":next", number(limits.version + 1))
        })
    }

    /// The part that keeps a signal where none that still counts has its name; `observed` makes it wait in the outbox.
    fn signal_part(
        &self,
        handle: &Handle,
        session: &SessionId,
        name: &str,
        signal: &Signal,
        observed: Option<usize>,
        now: Moment,
    ) -> Result<TransactWriteItem> {
        let mut item = with_doc(&table::signal(handle, session, name), signal)?;
        item.insert("endsAt".to_owned(), number(signal.ends_at().millis()));
        item.insert("ttl".to_owned(), number(signal.ends_at().plus_days(1).seconds()));
        if let Some(observed) = observed {
            item.insert("observed".to_owned(), number(observed));
            item.insert("duePk".to_owned(), text(table::due_of(now)));
            item.insert("dueAt".to_owned(), number(now.plus_millis(GRACE_MS).millis()));
        }
        self.put_part(item, |put| {
            put.condition_expression("attribute_not_exists(pk) OR endsAt <= :now").expression_attribute_values(":now", number(now.millis()))
        })
    }

    /// A session with the signals that count at this moment: one query, however many there are.
    pub async fn session(&self, handle: &Handle, session: &SessionId, now: Moment) -> Result<KeptSession> {
        self.read_session(handle, session, true, now).await
    }

    /// The same as it was a moment ago, at half the cost.
    pub async fn session_lately(&self, handle: &Handle, session: &SessionId, now: Moment) -> Result<KeptSession> {
        self.read_session(handle, session, false, now).await
    }

    async fn read_session(&self, handle: &Handle, session: &SessionId, is_consistent: bool, now: Moment) -> Result<KeptSession> {
        let query = self
            .db
            .query()
            .table_name(&self.table)
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
                    signals.push(doc::<Signal>(item)?);
                }
            }
        }
        let session = Session::new(signals, is_converted, now);
        let expires_at = session.signals().last().map(Signal::ends_at);
        Ok(KeptSession { session, expires_at })
    }

    /// Observations of intent that are still to be counted: whose they are, and how many.
    pub async fn impressions_at(&self, pointer: &Pointer) -> Result<Option<(Handle, SessionId, u32)>> {
        let Some((handle, session)) = pointer.session() else { return Ok(None) };
        let waiting = self.get(&pointer.key()).await?.filter(|item| item.contains_key("duePk"));
        let observed = waiting.and_then(|item| integer(&item, "observed")).and_then(|observed| u32::try_from(observed).ok());
        Ok(observed.map(|observed| (handle, session, observed)))
    }

    /// Counts observations of intent under their session's segment, exactly once.
    pub async fn settle_impressions(
        &self,
        pointer: &Pointer,
        handle: &Handle,
        segment: &str,
        observed: u32,
        now: Moment,
    ) -> Result<Settled> {
        let cell = CellKey { handle: handle.clone(), scope: Scope::Handle, day: now.day() };
        let tallies = BTreeMap::from([(cell, Tally::of_impressions(segment, observed))]);
        let at = pointer.key();
        let leave_outbox = || {
            self.update_part(&at, |update| update.update_expression("REMOVE duePk, dueAt").condition_expression("attribute_exists(duePk)"))
        };
        let spread = ClickId::from_bytes(*sha256(pointer.sk.as_bytes()).first_chunk().unwrap_or(&[0; 16]));
        self.count_once(&tallies, None, spread, now, leave_outbox).await
    }

    /// Notes that a conversion was made in a session; the newest one stands, for as long as a signal of its moment would.
    pub async fn mark_converted(&self, handle: &Handle, session: &SessionId, at: Moment, now: Moment) -> Result<()> {
        let key = crate::dynamo::item::key(&table::session(handle, session));
        let update = self
            .db
            .update_item()
            .table_name(&self.table)
            .set_key(Some(key))
            .update_expression("SET convertedAt = :at, #ttl = :ttl")
            .condition_expression("attribute_not_exists(convertedAt) OR convertedAt < :at")
            .expression_attribute_names("#ttl", "ttl")
            .expression_attribute_values(":at", number(at.millis()))
            // No earlier than what its signals need, all of which came before.
            .expression_attribute_values(":ttl", number(now.plus_days(SIGNAL_DAYS + 1).seconds()));
        match update.send().await {
            Err(error) if error.as_service_error().is_some_and(UpdateItemError::is_conditional_check_failed_exception) => Ok(()),
            other => other.map(drop).map_err(Error::call("UpdateItem")),
        }
    }
}

/// Each signal with what tells it from the others: its own id, else one made for it; those that repeat an id once.
fn named(signals: &[NewSignal], fresh: &(dyn Fn() -> String + Sync), now: Moment) -> Vec<(String, Signal)> {
    let mut seen = BTreeSet::new();
    let mut named = Vec::with_capacity(signals.len());
    for signal in signals {
        let name = match &signal.signal_id {
            Some(id) => format!("K{}", sha256_hex(id.as_bytes())),
            None => format!("N{}", fresh()),
        };
        if seen.insert(name.clone()) {
            named.push((name, signal.clone().kept(now)));
        }
    }
    named
}
