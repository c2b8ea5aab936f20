//! Appending signals to a session.

use std::collections::{BTreeMap, BTreeSet};

use aws_sdk_dynamodb::types::TransactWriteItem;

use domain::chain::{NewSignal, SIGNAL_DAYS, Signal};
use domain::values::moment::Moment;
use domain::values::name::{Handle, SessionId};
use domain::values::secret::sha256_hex;

use crate::dynamo::table::{self, Key};
use crate::dynamo::{RetryPolicy, RetryStep, TRANSACT, integer, number, retry, string, text, with_doc};
use crate::error::{Error, Result};
use crate::outbox::{GRACE_MS, Pointer, make_due};
use crate::sessions::limits::{Appended, SessionLimits};
use crate::sessions::read::Sessions;

/// A signal with its name, unique in the session.
type Named = (String, Signal);

impl Sessions<'_> {
    /// Appends signals to a session, all new ones or none; `new_name` returns a unique name for a signal without an id.
    ///
    /// # Errors
    /// When the table is unavailable or contended.
    pub async fn append(
        self,
        (handle, session): (&Handle, &SessionId),
        signals: &[NewSignal],
        new_name: &(dyn Fn() -> String + Sync),
        now: Moment,
    ) -> Result<Appended> {
        let all = u32::try_from(signals.len()).unwrap_or(u32::MAX);
        retry(RetryPolicy::SESSION_APPEND, TRANSACT, named(signals, new_name, now), |_, mut rest| async move {
            let limits = self.current_limits((handle, session), &mut rest, now).await?;
            let count = u32::try_from(rest.len()).unwrap_or(u32::MAX);
            if let Some(refused) = limits.refuse(count, now) {
                return Ok(RetryStep::Done(refused));
            }
            let after = rest.iter().fold(limits, |limits, (_, signal)| limits.with(signal.ends_at()));
            let ends = after.ends.map(|(_, last)| last);
            let kept = Appended::Kept { accepted: count, deduped: all - count, total: after.total, ends };
            if rest.is_empty() {
                return Ok(RetryStep::Done(kept));
            }
            let mut parts = vec![self.limits_part(handle, session, after, count, now)?];
            let (signal_parts, entry) = self.signal_parts((handle, session), &rest, now)?;
            parts.extend(signal_parts);
            let written = self.db.transact(parts).await?;
            if written.is_written() {
                if let Some(key) = entry {
                    self.outbox.announce_best_effort(&Pointer::to(&key)).await;
                }
                return Ok(RetryStep::Done(kept));
            }
            let mut places = 1..;
            rest.retain(|_| !places.next().is_some_and(|place| written.failed_at(place)));
            Ok(RetryStep::Again(rest))
        })
        .await
    }

    /// The limits of a session. When the stored ones are outdated or would refuse, they are counted from its signals, and known
    /// signals leave `rest`: only new ones count, so that a batch that is sent again is answered as known.
    async fn current_limits(self, (handle, session): (&Handle, &SessionId), rest: &mut Vec<Named>, now: Moment) -> Result<SessionLimits> {
        let limits = SessionLimits::of(self.db.get(&table::session(handle, session)).await?.as_ref(), now);
        let count = u32::try_from(rest.len()).unwrap_or(u32::MAX);
        if !limits.is_outdated(now) && limits.refuse(count, now).is_none() {
            return Ok(limits);
        }
        let counting = self.counting_signals(handle, session, now).await?;
        rest.retain(|(name, _)| !counting.contains_key(name));
        Ok(counting.values().fold(limits.emptied(), |limits, ends| limits.with(*ends)))
    }

    /// The signals of a session that count, and when each expires.
    async fn counting_signals(self, handle: &Handle, session: &SessionId, now: Moment) -> Result<BTreeMap<String, Moment>> {
        let query = self
            .db
            .query()
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

    /// The part that writes the limits with `count` more signals, on the condition that they are as they were read.
    fn limits_part(
        self,
        handle: &Handle,
        session: &SessionId,
        limits: SessionLimits,
        count: u32,
        now: Moment,
    ) -> Result<TransactWriteItem> {
        let (first, last) = limits.ends.unwrap_or((now, now));
        self.db.update_part(&table::session(handle, session), |update| {
            update
                .update_expression(
                    "SET #total = :total, minuteUsed = :used, minuteEndsAt = :minute, firstEndsAt = :first, lastEndsAt = :last, \
                     #ttl = :ttl, version = :next",
                )
                .condition_expression("attribute_not_exists(version) OR version = :version")
                .expression_attribute_names("#total", "total")
                .expression_attribute_names("#ttl", "ttl")
                .expression_attribute_values(":total", number(limits.total))
                .expression_attribute_values(":used", number(limits.minute_used + count))
                .expression_attribute_values(":minute", number(limits.minute(now).millis()))
                .expression_attribute_values(":first", number(first.millis()))
                .expression_attribute_values(":last", number(last.millis()))
                .expression_attribute_values(":ttl", number(now.plus_days(SIGNAL_DAYS + 1).seconds()))
                .expression_attribute_values(":version", number(limits.version))
                .expression_attribute_values(":next", number(limits.version + 1))
        })
    }

    /// The parts that store signals, and the key of the one that is the outbox entry of all impressions among them.
    fn signal_parts(
        self,
        (handle, session): (&Handle, &SessionId),
        signals: &[Named],
        now: Moment,
    ) -> Result<(Vec<TransactWriteItem>, Option<Key>)> {
        let impressions = signals.iter().filter(|(_, signal)| signal.is_impression()).count();
        let mut parts = Vec::with_capacity(signals.len());
        let mut entry = None;
        for (name, signal) in signals {
            let at = table::signal(handle, session, name);
            let is_entry = entry.is_none() && signal.is_impression();
            parts.push(self.signal_part(&at, signal, is_entry.then_some(impressions), now)?);
            if is_entry {
                entry = Some(at);
            }
        }
        Ok((parts, entry))
    }

    /// The part that stores a signal unless one with its name still counts; with `impressions` it is their outbox entry.
    fn signal_part(self, at: &Key, signal: &Signal, impressions: Option<usize>, now: Moment) -> Result<TransactWriteItem> {
        let mut item = with_doc(at, signal)?;
        item.insert("endsAt".to_owned(), number(signal.ends_at().millis()));
        item.insert("ttl".to_owned(), number(signal.ends_at().plus_days(1).seconds()));
        if let Some(impressions) = impressions {
            item.insert("observed".to_owned(), number(impressions));
            make_due(&mut item, now, now.plus_millis(GRACE_MS));
        }
        self.db.put_part(item, |put| {
            put.condition_expression("attribute_not_exists(pk) OR endsAt <= :now").expression_attribute_values(":now", number(now.millis()))
        })
    }
}

/// Each signal with its name: of its id, otherwise a new one. Signals that repeat an id are left out.
fn named(signals: &[NewSignal], new_name: &(dyn Fn() -> String + Sync), now: Moment) -> Vec<Named> {
    let mut seen = BTreeSet::new();
    let mut named = Vec::with_capacity(signals.len());
    for signal in signals {
        let name = match &signal.signal_id {
            Some(id) => format!("K{}", sha256_hex(id.as_bytes())),
            None => format!("N{}", new_name()),
        };
        if seen.insert(name.clone()) {
            named.push((name, signal.clone().kept(now)));
        }
    }
    named
}
