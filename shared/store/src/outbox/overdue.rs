//! Overdue entries of the outbox: found by the sweeper, announced again after growing waits, and set aside in the end.

use domain::values::moment::Moment;
use serde::Serialize;

use crate::dynamo::{Item, applied, damaged, integer, key_of, number, table, text};
use crate::error::{Error, Result};
use crate::outbox::{Outbox, Pointer};

/// Announcements of an entry before it is set aside: with the waits between them about seven hours.
pub const MAX_ANNOUNCEMENTS: u32 = 12;
/// The longest wait between two announcements, in minutes.
const MAX_WAIT_MINUTES: i64 = 60;

/// An entry of the outbox that is overdue.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Overdue {
    /// The entry.
    pub pointer: Pointer,
    /// How often it was announced as overdue.
    pub announced: u32,
    /// When it was due.
    pub due_at: Moment,
}

/// Where the next page of a shard begins.
#[derive(Clone, Debug)]
pub struct OverdueCursor(Item);

/// What became of an entry after an announcement.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Postponed {
    /// It will be announced again after its next wait.
    Waiting,
    /// It is set aside for an operator.
    SetAside,
    /// It was processed or changed meanwhile.
    Changed,
}

/// An entry that was set aside, as an operator sees it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct SetAside {
    /// Partition key.
    pub pk: String,
    /// Sort key.
    pub sk: String,
    /// How often it was announced.
    pub announced: u32,
    /// Since when it has been overdue, at least.
    pub waiting_since: Moment,
}

impl Overdue {
    fn of(item: &Item) -> Result<Self> {
        let pointer = Pointer::to(&key_of(item)?);
        let due_at = integer(item, "dueAt").ok_or_else(|| damaged(&pointer.pk, "dueAt is missing"))?;
        Ok(Self { announced: announced(item), due_at: Moment::from_millis(due_at), pointer })
    }

    /// When it is due next, after one more announcement.
    fn next_due_at(&self, now: Moment) -> Moment {
        now.plus_secs(wait_minutes(self.announced) * 60)
    }

    /// Since when it has been overdue, at least: each announcement moved it on by its wait.
    pub fn waiting_since(&self) -> Moment {
        waiting_since(self.due_at, self.announced)
    }
}

/// The wait after an entry's announcement, in minutes, by how often it was announced before.
fn wait_minutes(announced: u32) -> i64 {
    1_i64.checked_shl(announced).unwrap_or(MAX_WAIT_MINUTES).clamp(1, MAX_WAIT_MINUTES)
}

fn waiting_since(due_at: Moment, announced: u32) -> Moment {
    let minutes: i64 = (0..announced.min(MAX_ANNOUNCEMENTS)).map(wait_minutes).sum();
    due_at.plus_secs(-minutes * 60)
}

fn announced(item: &Item) -> u32 {
    integer(item, table::ANNOUNCED).and_then(|count| count.try_into().ok()).unwrap_or_default()
}

impl Outbox<'_> {
    /// A page of the overdue entries of one shard of the `due` index, oldest first, and where the next page begins: one `Query`. The
    /// index lags, so an entry must be read again before it is processed.
    ///
    /// # Errors
    /// When the table is unavailable.
    pub async fn overdue(
        self,
        shard: u32,
        now: Moment,
        limit: i32,
        after: Option<OverdueCursor>,
    ) -> Result<(Vec<Overdue>, Option<OverdueCursor>)> {
        let query = self
            .db
            .query_index(table::DUE)
            .key_condition_expression("duePk = :shard AND dueAt <= :now")
            .expression_attribute_values(":shard", text(table::due(shard)))
            .expression_attribute_values(":now", number(now.millis()))
            .limit(limit)
            .set_exclusive_start_key(after.map(|cursor| cursor.0));
        let found = query.send().await.map_err(Error::call("Query"))?;
        let entries = found.items().iter().map(Overdue::of).collect::<Result<_>>()?;
        Ok((entries, found.last_evaluated_key.map(OverdueCursor)))
    }

    /// Moves an entry on after an announcement: by 1, 2, 4 … 60 minutes, and after [`MAX_ANNOUNCEMENTS`] out of the sweeper's sight. It
    /// stays in the outbox and is processed when it is announced by an operator.
    ///
    /// # Errors
    /// When the table is unavailable.
    pub async fn postpone(self, entry: &Overdue, now: Moment) -> Result<Postponed> {
        let is_last = entry.announced + 1 >= MAX_ANNOUNCEMENTS;
        let update = self
            .db
            .update(&entry.pointer.key())
            .condition_expression("attribute_exists(duePk) AND dueAt = :seen")
            .expression_attribute_values(":seen", number(entry.due_at.millis()))
            .expression_attribute_values(":next", number(entry.next_due_at(now).millis()))
            .expression_attribute_values(":announced", number(entry.announced + 1));
        let update = if is_last {
            update
                .update_expression(format!("SET dueAt = :next, {} = :announced, duePk = :aside", table::ANNOUNCED))
                .expression_attribute_values(":aside", text(table::DUE_ASIDE))
        } else {
            update.update_expression(format!("SET dueAt = :next, {} = :announced", table::ANNOUNCED))
        };
        Ok(match applied("UpdateItem", update.send().await)? {
            false => Postponed::Changed,
            true if is_last => Postponed::SetAside,
            true => Postponed::Waiting,
        })
    }

    /// A page of the entries that are set aside, and where the next page begins: one `Query`.
    ///
    /// # Errors
    /// When the table is unavailable.
    pub async fn set_aside(self, limit: i32, after: Option<OverdueCursor>) -> Result<(Vec<SetAside>, Option<OverdueCursor>)> {
        let query = self
            .db
            .query_index(table::DUE)
            .key_condition_expression("duePk = :aside")
            .expression_attribute_values(":aside", text(table::DUE_ASIDE))
            .limit(limit)
            .set_exclusive_start_key(after.map(|cursor| cursor.0));
        let found = query.send().await.map_err(Error::call("Query"))?;
        let entries = found.items().iter().map(SetAside::of).collect::<Result<_>>()?;
        Ok((entries, found.last_evaluated_key.map(OverdueCursor)))
    }

    /// Gives an entry that was set aside back to the sweeper, as if it had never been announced. False when it is not set aside.
    ///
    /// # Errors
    /// When the table is unavailable.
    pub async fn retry_set_aside(self, entry: &SetAside, now: Moment) -> Result<bool> {
        let update = self
            .db
            .update(&entry.key())
            .update_expression(format!("SET duePk = :shard, dueAt = :now REMOVE {}", table::ANNOUNCED))
            .condition_expression("duePk = :aside")
            .expression_attribute_values(":shard", text(table::due_of(now)))
            .expression_attribute_values(":now", number(now.millis()))
            .expression_attribute_values(":aside", text(table::DUE_ASIDE));
        applied("UpdateItem", update.send().await)
    }

    /// Takes an entry that was set aside out of the outbox without processing it: a conversion is never counted, a delivery never made.
    /// The item stays. False when it is not set aside.
    ///
    /// # Errors
    /// When the table is unavailable.
    pub async fn drop_set_aside(self, entry: &SetAside) -> Result<bool> {
        let update = self
            .db
            .update(&entry.key())
            .update_expression("REMOVE duePk, dueAt")
            .condition_expression("duePk = :aside")
            .expression_attribute_values(":aside", text(table::DUE_ASIDE));
        applied("UpdateItem", update.send().await)
    }
}

impl SetAside {
    fn of(item: &Item) -> Result<Self> {
        let Overdue { pointer, announced, due_at } = Overdue::of(item)?;
        Ok(Self { pk: pointer.pk, sk: pointer.sk, announced, waiting_since: waiting_since(due_at, announced) })
    }

    /// The entry.
    pub fn pointer(&self) -> Pointer {
        Pointer::to(&self.key())
    }

    fn key(&self) -> table::Key {
        table::Key { pk: self.pk.clone(), sk: self.sk.clone() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_waits_double_up_to_an_hour_and_last_seven_hours_in_all() {
        let now = Moment::from_millis(0);
        let pointer = Pointer::to(&table::Key { pk: "CONV#demo#x".to_owned(), sk: "A".to_owned() });
        let minutes = |announced| Overdue { pointer: pointer.clone(), announced, due_at: now }.next_due_at(now).millis() / 60_000;
        assert_eq!([0, 1, 2, 5, 6, 11, 40].map(minutes), [1, 2, 4, 32, 60, 60, 60]);
        assert_eq!((0..MAX_ANNOUNCEMENTS).map(minutes).sum::<i64>(), 423);
        let mut entry = Overdue { pointer: pointer.clone(), announced: 0, due_at: now };
        for _ in 0..MAX_ANNOUNCEMENTS {
            entry = Overdue { due_at: entry.next_due_at(entry.due_at), announced: entry.announced + 1, ..entry };
            assert_eq!(entry.waiting_since(), now, "announced {} times", entry.announced);
        }
    }
}
