//! Sessions: a ledger of signals that is only appended to, with limits that hold whoever writes at the same time.

use std::collections::{BTreeMap, BTreeSet};

use aws_sdk_dynamodb::types::TransactWriteItem;

use domain::audit::Event;
use domain::chain::{MOST_A_MINUTE, MOST_IN_A_SESSION, NewSignal, RuleBook, SIGNAL_DAYS, Session, Signal};
use domain::id::ClickId;
use domain::moment::Moment;
use domain::name::{Handle, SessionId};
use domain::rollup::{CellKey, Scope, Tally};
use domain::secret::{sha256, sha256_hex};

use crate::Store;
use crate::conversions::Settled;
use crate::error::{Error, Result};
use crate::item::{Item, doc, integer, number, string, text, with_doc};
use crate::outbox::{GRACE_MS, Pointer};
use crate::table;
use crate::transaction::absent;

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
        /// Of the session in all.
        total: u32,
    },
    /// The session has as many as it may.
    Full,
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
    total: u32,
    minute_used: u32,
    minute_ends: Option<Moment>,
    expires_at: Option<Moment>,
    version: i64,
}

impl Limits {
    fn of(item: Option<&Item>, now: Moment) -> Self {
        let Some(item) = item else { return Self::default() };
        let count = |name| integer(item, name).and_then(|count| u32::try_from(count).ok()).unwrap_or(0);
        let moment = |name| integer(item, name).map(Moment::from_millis);
        let expires_at = moment("endsAt");
        let is_over = expires_at.is_none_or(|at| at <= now);
        let minute_ends = moment("minuteEndsAt").filter(|ends| now < *ends);
        Self {
            total: if is_over { 0 } else { count("total") },
            minute_used: if minute_ends.is_some() { count("minuteUsed") } else { 0 },
            minute_ends,
            expires_at,
            version: integer(item, "version").unwrap_or(0),
        }
    }
}

impl Limits {
    /// Why so many more are too many.
    fn refuse(self, many: u32, now: Moment) -> Option<Appended> {
        if self.total + many > MOST_IN_A_SESSION {
            return Some(Appended::Full);
        }
        let until = self.minute_ends.unwrap_or(now.plus_millis(MINUTE_MS));
        (self.minute_used + many > MOST_A_MINUTE).then_some(Appended::TooFast { until })
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
        let named = named(signals, fresh);
        let mut rest: Vec<&(String, NewSignal)> = named.iter().collect();
        for _ in 0..TRIES {
            let limits = Limits::of(self.get(&table::session(handle, session)).await?.as_ref(), now);
            let many = u32::try_from(rest.len()).unwrap_or(u32::MAX);
            let all = u32::try_from(signals.len()).unwrap_or(u32::MAX);
            if rest.is_empty() {
                return Ok(Appended::Kept { accepted: 0, deduped: all, total: limits.total });
            }
            let refused = limits.refuse(many, now);
            if let Some(refused) = refused {
                // Only what is new counts against a limit: a batch that is sent again is answered as known.
                let known = self.known_signals(handle, session).await?;
                let before = rest.len();
                rest.retain(|(name, _)| !known.contains(name));
                if rest.len() < before {
                    continue;
                }
                return Ok(refused);
            }
            let mut parts = vec![self.limits_part(handle, session, limits, many, now)?];
            for (name, signal) in &rest {
                parts.push(self.signal_part(handle, session, name, signal, now)?);
            }
            let written = self.transact(parts).await?;
            if written.is_written() {
                for (name, _) in rest.iter().filter(|(_, signal)| signal.is_impression()) {
                    self.announce_softly(&Pointer::to(&table::signal(handle, session, name))).await;
                }
                return Ok(Appended::Kept { accepted: many, deduped: all - many, total: limits.total + many });
            }
            let known: Vec<bool> = (0..rest.len()).map(|place| written.failed_at(place + 1)).collect();
            let mut known = known.into_iter();
            rest.retain(|_| !known.next().unwrap_or(false));
        }
        Err(Error::Contended("TransactWriteItems"))
    }

    async fn known_signals(&self, handle: &Handle, session: &SessionId) -> Result<BTreeSet<String>> {
        let query = self
            .db
            .query()
            .table_name(&self.table)
            .key_condition_expression("pk = :pk AND begins_with(sk, :prefix)")
            .expression_attribute_values(":pk", text(table::session(handle, session).pk))
            .expression_attribute_values(":prefix", text("SIG#"))
            .projection_expression("sk")
            .consistent_read(true);
        let mut pages = query.into_paginator().send();
        let mut known = BTreeSet::new();
        while let Some(page) = pages.next().await {
            for item in page.map_err(Error::call("Query"))?.items() {
                known.extend(string(item, "sk")?.strip_prefix("SIG#").map(str::to_owned));
            }
        }
        Ok(known)
    }

    /// The part that counts signals against the limits as they were read.
    fn limits_part(&self, handle: &Handle, session: &SessionId, limits: Limits, many: u32, now: Moment) -> Result<TransactWriteItem> {
        let minute_ends = limits.minute_ends.unwrap_or(now.plus_millis(MINUTE_MS));
        let ends = now.plus_days(SIGNAL_DAYS);
        self.update_part(&table::session(handle, session), |update| {
            update
                .update_expression(
                    "SET #total = :total, minuteUsed = :used, minuteEndsAt = :minute, endsAt = :ends, #ttl = :ttl, version = :next",
                )
                .condition_expression("attribute_not_exists(version) OR version = :version")
                .expression_attribute_names("#total", "total")
                .expression_attribute_names("#ttl", "ttl")
                .expression_attribute_values(":total", number(limits.total + many))
                .expression_attribute_values(":used", number(limits.minute_used + many))
                .expression_attribute_values(":minute", number(minute_ends.millis()))
                .expression_attribute_values(":ends", number(ends.millis()))
                .expression_attribute_values(":ttl", number(ends.plus_days(1).seconds()))
                .expression_attribute_values(":version", number(limits.version))
                .expression_attribute_values(":next", number(limits.version + 1))
        })
    }

    fn signal_part(&self, handle: &Handle, session: &SessionId, name: &str, signal: &NewSignal, now: Moment) -> Result<TransactWriteItem> {
        let kept = signal.clone().kept(now);
        let mut item = with_doc(&table::signal(handle, session, name), &kept)?;
        item.insert("ttl".to_owned(), number(kept.at.plus_days(SIGNAL_DAYS + 1).seconds()));
        if kept.is_impression() {
            item.insert("duePk".to_owned(), text(table::due_of(now)));
            item.insert("dueAt".to_owned(), number(now.plus_millis(GRACE_MS).millis()));
        }
        self.put_part(item, absent)
    }

    /// A session with the signals that count at this moment: one query, however many there are.
    pub async fn session(&self, handle: &Handle, session: &SessionId, now: Moment) -> Result<KeptSession> {
        let query = self
            .db
            .query()
            .table_name(&self.table)
            .key_condition_expression("pk = :pk")
            .expression_attribute_values(":pk", text(table::session(handle, session).pk))
            .consistent_read(true);
        let mut pages = query.into_paginator().send();
        let (mut signals, mut is_converted, mut expires_at) = (Vec::new(), false, None);
        while let Some(page) = pages.next().await {
            for item in page.map_err(Error::call("Query"))?.items() {
                if string(item, "sk")? == "A" {
                    is_converted = integer(item, "convertedAt").is_some();
                    expires_at = Limits::of(Some(item), now).expires_at.filter(|at| now < *at);
                } else {
                    signals.push(doc::<Signal>(item)?);
                }
            }
        }
        Ok(KeptSession { session: Session::new(signals, is_converted, now), expires_at })
    }

    /// An observation of intent that is still to be counted, with whose it is.
    pub async fn impression_at(&self, pointer: &Pointer) -> Result<Option<(Handle, SessionId, Signal)>> {
        let Some((handle, session)) = pointer.session() else { return Ok(None) };
        let waiting = self.get(&pointer.key()).await?.filter(|item| item.contains_key("duePk"));
        Ok(waiting.map(|item| doc(&item)).transpose()?.map(|signal| (handle, session, signal)))
    }

    /// Counts an observation of intent under its segment, exactly once.
    pub async fn settle_impression(&self, pointer: &Pointer, handle: &Handle, segment: &str, now: Moment) -> Result<Settled> {
        let cell = CellKey { handle: handle.clone(), scope: Scope::Handle, day: now.day() };
        let tallies = BTreeMap::from([(cell, Tally::of_impression(segment))]);
        let at = pointer.key();
        let leave_outbox = || {
            self.update_part(&at, |update| update.update_expression("REMOVE duePk, dueAt").condition_expression("attribute_exists(duePk)"))
        };
        let spread = ClickId::from_bytes(*sha256(pointer.sk.as_bytes()).first_chunk().unwrap_or(&[0; 16]));
        self.count_once(&tallies, None, spread, now, leave_outbox).await
    }

    /// Notes that a conversion was made in a session.
    pub async fn mark_converted(&self, handle: &Handle, session: &SessionId, at: Moment) -> Result<()> {
        let key = crate::item::key(&table::session(handle, session));
        let update = self
            .db
            .update_item()
            .table_name(&self.table)
            .set_key(Some(key))
            .update_expression("SET convertedAt = if_not_exists(convertedAt, :at), #ttl = if_not_exists(#ttl, :ttl)")
            .expression_attribute_names("#ttl", "ttl")
            .expression_attribute_values(":at", number(at.millis()))
            .expression_attribute_values(":ttl", number(at.plus_days(SIGNAL_DAYS + 1).seconds()));
        update.send().await.map_err(Error::call("UpdateItem"))?;
        Ok(())
    }

    /// A handle's chain rules and their version.
    pub async fn chain_rules(&self, handle: &Handle) -> Result<(RuleBook, u64)> {
        let Some(item) = self.get(&table::chain_rules(handle)).await? else { return Ok((RuleBook::default(), 0)) };
        let version = integer(&item, "version").unwrap_or_default().unsigned_abs();
        Ok((doc(&item)?, version))
    }

    /// Writes the chain rules and the audit event if they are still at `before`; tells whether they were.
    pub async fn save_chain_rules(&self, handle: &Handle, book: &RuleBook, before: u64, event: &Event) -> Result<bool> {
        let mut item = with_doc(&table::chain_rules(handle), book)?;
        item.insert("version".to_owned(), number(before + 1));
        let put = self.put_part(item, |put| {
            put.condition_expression("attribute_not_exists(pk) OR version = :before").expression_attribute_values(":before", number(before))
        })?;
        Ok(self.transact(vec![put, self.audit_part(handle, event)?]).await?.is_written())
    }
}

/// Each signal with what tells it from the others: its own id, else one made for it; those that repeat an id once.
fn named(signals: &[NewSignal], fresh: &(dyn Fn() -> String + Sync)) -> Vec<(String, NewSignal)> {
    let mut seen = BTreeSet::new();
    let mut named = Vec::with_capacity(signals.len());
    for signal in signals {
        let name = match &signal.signal_id {
            Some(id) => format!("K{}", sha256_hex(id.as_bytes())),
            None => format!("N{}", fresh()),
        };
        if seen.insert(name.clone()) {
            named.push((name, signal.clone()));
        }
    }
    named
}
