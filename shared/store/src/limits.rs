//! Limits: counters with a maximum, exact under concurrency because the maximum is the write's condition.

mod memory;

use std::collections::BTreeMap;

use aws_sdk_dynamodb::operation::update_item::{UpdateItemError, UpdateItemOutput};
use aws_sdk_dynamodb::types::ReturnValue::UpdatedNew;
use aws_sdk_dynamodb::types::ReturnValuesOnConditionCheckFailure::AllOld;

use futures::future::try_join_all;

use domain::accounts::Window;
use domain::values::id::{ClickId, LinkId, RequestId};
use domain::values::moment::{Day, Moment};
use domain::values::name::{Handle, UserId};

use crate::dynamo::table::{self, Key};
use crate::dynamo::{Database, Item, integer, key, number, optional, text};
use crate::error::{Error, Result};

pub(crate) use memory::LimitMemory;
use memory::WindowUse;

/// Days the number of a local day's writes is kept: usage shows thirty days, in any time zone.
const KEPT_DAYS: i64 = 32;
/// Keys one `BatchGetItem` may have (DynamoDB).
const MAX_KEYS: usize = 100;

/// The number of uses that a counter's item states.
fn used(item: &Item) -> u32 {
    integer(item, "used").and_then(|used| u32::try_from(used).ok()).unwrap_or(0)
}

/// Uses of a window that a process may take between two calls: at most nine, fewer when fewer are left, and none near the maximum.
fn free_uses(max: u32, used: u32) -> u32 {
    (max.saturating_sub(used) / 24).min(9)
}

/// Outcome of taking one of a limit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Taken {
    /// It is taken; the number is how many are used now.
    Within(u32),
    /// The maximum is reached; the number is how many are used, which can be more than a maximum that was lowered.
    Exhausted(u32),
}

/// Outcome of taking one of a limit per time window.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum WindowTaken {
    /// It is taken.
    Within,
    /// The maximum of the window is reached.
    Exhausted {
        /// The end of the window.
        until: Moment,
    },
}

/// On success how many are used now; otherwise the window that is stored, if there is one.
type WindowResult = std::result::Result<u32, Option<StoredWindow>>;

/// A window as it is stored.
#[derive(Clone, Copy, Debug)]
struct StoredWindow {
    ends: Moment,
    used: i64,
}

impl StoredWindow {
    fn of(item: &Item) -> Option<Self> {
        Some(Self { ends: Moment::from_millis(integer(item, "endsAt")?), used: integer(item, "used").unwrap_or_default() })
    }
}

/// Handle of the limits: `store.limits()`.
#[derive(Clone, Copy, Debug)]
pub struct Limits<'a> {
    db: &'a Database,
    memory: &'a LimitMemory,
}

impl<'a> Limits<'a> {
    pub(crate) fn new(db: &'a Database, memory: &'a LimitMemory) -> Self {
        Self { db, memory }
    }

    /// Charges one write to a user's local day: one `UpdateItem`. The request's id makes a resent update count once.
    ///
    /// # Errors
    /// When the table is unavailable.
    pub async fn charge_write(self, user: &UserId, window: &Window, request: RequestId) -> Result<Taken> {
        let at = table::quota(user, window.day);
        self.take(&at, u64::from(window.limit), &request.to_string(), Some(window.ends.plus_days(KEPT_DAYS))).await
    }

    /// The number of writes of a user on a local day.
    ///
    /// # Errors
    /// When the table is unavailable.
    pub async fn writes_used(self, user: &UserId, window: &Window) -> Result<u32> {
        self.used(&table::quota(user, window.day)).await
    }

    /// The numbers of writes of a user on at most 100 local days; none of a day without any. One `BatchGetItem`.
    ///
    /// # Errors
    /// When the table is unavailable or throttles the read.
    pub async fn writes_used_on(self, user: &UserId, days: &[Day]) -> Result<BTreeMap<Day, u32>> {
        let by_key: BTreeMap<String, Day> = days.iter().map(|day| (table::quota(user, *day).pk, *day)).collect();
        let found = self.db.batch_get(days.iter().map(|day| key(&table::quota(user, *day))).collect()).await?;
        let used = |item: &Item| Some((*by_key.get(optional(item, "pk")?)?, u32::try_from(integer(item, "used")?).ok()?));
        Ok(found.iter().filter_map(used).collect())
    }

    /// Takes one of a link's `maxClicks` for a human click: one `UpdateItem`, or none when this process has seen them used up.
    ///
    /// # Errors
    /// When the table is unavailable.
    pub async fn take_click(self, handle: &Handle, link: LinkId, max: u64, click: ClickId) -> Result<Taken> {
        let at = table::cap(handle, link);
        // A link keeps the number of its clicks; only another maximum admits more.
        let name = format!("{} {max}", at.pk);
        let now = click.moment();
        if self.memory.exhausted.get(&name, now).is_some() {
            return Ok(Taken::Exhausted(u32::try_from(max).unwrap_or(u32::MAX)));
        }
        let taken = self.take(&at, max, &click.to_string(), None).await?;
        if matches!(taken, Taken::Exhausted(_)) {
            self.memory.exhausted.remember(name, None, now);
        }
        Ok(taken)
    }

    /// The number of human clicks used of a link's `maxClicks`.
    ///
    /// # Errors
    /// When the table is unavailable.
    pub async fn clicks_used(self, handle: &Handle, link: LinkId) -> Result<u32> {
        self.used(&table::cap(handle, link)).await
    }

    /// The numbers of human clicks used of several links' `maxClicks`; none of a link without such a click. One `BatchGetItem` for
    /// 100 links.
    ///
    /// # Errors
    /// When the table is unavailable or throttles the read.
    pub async fn clicks_used_of(self, handle: &Handle, links: &[LinkId]) -> Result<BTreeMap<LinkId, u32>> {
        let by_key: BTreeMap<String, LinkId> = links.iter().map(|link| (table::cap(handle, *link).pk, *link)).collect();
        let keys: Vec<Item> = by_key.values().map(|link| key(&table::cap(handle, *link))).collect();
        let found = try_join_all(keys.chunks(MAX_KEYS).map(|keys| self.db.batch_get(keys.to_vec()))).await?;
        let used = |item: &Item| Some((*by_key.get(optional(item, "pk")?)?, u32::try_from(integer(item, "used")?).ok()?));
        Ok(found.iter().flatten().filter_map(used).collect())
    }

    async fn used(self, at: &Key) -> Result<u32> {
        Ok(self.db.get(at).await?.as_ref().map_or(0, used))
    }

    /// Adds one if fewer than `max` are used. `token` identifies the use: when a response is lost and the SDK resends the update,
    /// the counter recognizes its last use and does not count it twice.
    async fn take(self, at: &Key, max: u64, token: &str, expires: Option<Moment>) -> Result<Taken> {
        let mut update = self
            .db
            .update(at)
            .condition_expression(
                "(attribute_not_exists(used) OR used < :max) AND (attribute_not_exists(lastToken) OR lastToken <> :token)",
            )
            .expression_attribute_values(":max", number(max))
            .expression_attribute_values(":token", text(token))
            .expression_attribute_values(":one", number(1))
            .return_values(UpdatedNew)
            .return_values_on_condition_check_failure(AllOld);
        update = match expires {
            Some(expires) => update
                .update_expression("SET lastToken = :token, #ttl = :ttl ADD used :one")
                .expression_attribute_names("#ttl", "ttl")
                .expression_attribute_values(":ttl", number(expires.seconds())),
            None => update.update_expression("SET lastToken = :token ADD used :one"),
        };
        match update.send().await {
            Ok(output) => Ok(Taken::Within(output.attributes().map_or(1, used))),
            Err(error) => match error.as_service_error() {
                Some(UpdateItemError::ConditionalCheckFailedException(failed)) => {
                    let is_mine = |item: &Item| optional(item, "lastToken") == Some(token);
                    let used = failed.item().map_or(0, used);
                    Ok(if failed.item().is_some_and(is_mine) { Taken::Within(used) } else { Taken::Exhausted(used) })
                }
                _ => Err(Error::call("UpdateItem")(error)),
            },
        }
    }

    /// Takes one of `max` in a window of `length_ms` milliseconds that starts with its first use: one `UpdateItem`, two at the first use
    /// that this process sees of a window that another one has started, and none when it has seen the window exhausted.
    ///
    /// A process may also take a few without a call, at most nine between two calls and fewer when few are left, and adds them to the
    /// counter at the next one. Uses one after the other keep the maximum exactly; each process and each use at the same time may exceed it
    /// by that number.
    ///
    /// # Errors
    /// When the table is unavailable.
    pub async fn take_in_window(self, scope: &'static str, subject: &str, max: u32, length_ms: i64, now: Moment) -> Result<WindowTaken> {
        let at = table::rate(scope, subject);
        if let Some(Some(until)) = self.memory.exhausted.get(&at.pk, now) {
            return Ok(WindowTaken::Exhausted { until });
        }
        let taken = self.take_or_start_window(&at, max, length_ms, now).await?;
        if let WindowTaken::Exhausted { until } = taken {
            self.memory.exhausted.remember(at.pk, Some(until), now);
        }
        Ok(taken)
    }

    /// Most subjects come once a minute, so a window that is not known to be running is started first.
    async fn take_or_start_window(self, at: &Key, max: u32, length_ms: i64, now: Moment) -> Result<WindowTaken> {
        let windows = &self.memory.windows;
        match windows.take(&at.pk, now) {
            WindowUse::Free => return Ok(WindowTaken::Within),
            WindowUse::Counted { uses, ends } => match self.count_in_window(at, max, uses, now).await? {
                Ok(used) => {
                    windows.remember(at.pk.clone(), ends, free_uses(max, used), now);
                    return Ok(WindowTaken::Within);
                }
                Err(Some(window)) if window.ends > now => return Ok(WindowTaken::Exhausted { until: window.ends }),
                // It has ended by the clock that started it.
                Err(_) => {}
            },
            WindowUse::Unknown => {}
        }
        let running = match self.start_window(at, now, length_ms).await? {
            Ok(used) => {
                windows.remember(at.pk.clone(), now.plus_millis(length_ms), free_uses(max, used), now);
                return Ok(WindowTaken::Within);
            }
            Err(running) => running,
        };
        let ends = running.map_or(now.plus_millis(length_ms), |window| window.ends);
        if running.is_some_and(|window| window.used >= i64::from(max)) {
            return Ok(WindowTaken::Exhausted { until: ends });
        }
        Ok(match self.count_in_window(at, max, 1, now).await? {
            Ok(used) => {
                windows.remember(at.pk.clone(), ends, free_uses(max, used), now);
                WindowTaken::Within
            }
            Err(window) => WindowTaken::Exhausted { until: window.map_or(ends, |window| window.ends) },
        })
    }

    async fn count_in_window(self, at: &Key, max: u32, uses: u32, now: Moment) -> Result<WindowResult> {
        let update = self
            .db
            .update(at)
            .update_expression("ADD used :uses")
            .condition_expression("endsAt > :now AND used < :max")
            .expression_attribute_values(":uses", number(uses))
            .expression_attribute_values(":max", number(max))
            .expression_attribute_values(":now", number(now.millis()))
            .return_values(UpdatedNew)
            .return_values_on_condition_check_failure(AllOld);
        Self::window_outcome(update.send().await)
    }

    async fn start_window(self, at: &Key, now: Moment, length_ms: i64) -> Result<WindowResult> {
        let ends = now.plus_millis(length_ms);
        let update = self
            .db
            .update(at)
            .update_expression("SET used = :one, endsAt = :ends, #ttl = :ttl")
            .condition_expression("attribute_not_exists(pk) OR endsAt <= :now")
            .expression_attribute_names("#ttl", "ttl")
            .expression_attribute_values(":one", number(1))
            .expression_attribute_values(":ends", number(ends.millis()))
            .expression_attribute_values(":ttl", number(ends.plus_secs(3600).seconds()))
            .expression_attribute_values(":now", number(now.millis()))
            .return_values(UpdatedNew)
            .return_values_on_condition_check_failure(AllOld);
        Self::window_outcome(update.send().await)
    }

    fn window_outcome<R>(
        sent: std::result::Result<UpdateItemOutput, aws_sdk_dynamodb::error::SdkError<UpdateItemError, R>>,
    ) -> Result<WindowResult>
    where
        R: std::fmt::Debug + Send + Sync + 'static,
    {
        match sent {
            Ok(output) => Ok(Ok(output.attributes().map_or(1, used))),
            Err(error) => match error.as_service_error() {
                Some(UpdateItemError::ConditionalCheckFailedException(failed)) => Ok(Err(failed.item().and_then(StoredWindow::of))),
                _ => Err(Error::call("UpdateItem")(error)),
            },
        }
    }
}
