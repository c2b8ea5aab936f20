//! Limits: counters with a maximum, exact under concurrency because the maximum is the write's condition.

mod exhausted;

use aws_sdk_dynamodb::operation::update_item::UpdateItemError;
use aws_sdk_dynamodb::types::ReturnValue::UpdatedNew;
use aws_sdk_dynamodb::types::ReturnValuesOnConditionCheckFailure::AllOld;

use domain::accounts::Window;
use domain::values::id::{ClickId, LinkId, RequestId};
use domain::values::moment::Moment;
use domain::values::name::{Handle, UserId};

use crate::dynamo::table::{self, Key};
use crate::dynamo::{Database, Item, integer, number, optional, text};
use crate::error::{Error, Result};

pub(crate) use exhausted::ExhaustedCounters;

/// Outcome of taking one of a limit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Taken {
    /// It is taken; the number is how many are used now.
    Within(u32),
    /// The maximum is reached.
    Exhausted,
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

/// On success nothing; otherwise the end of the window whose maximum is reached, if the item has one.
type WindowResult = std::result::Result<(), Option<Moment>>;

/// Handle of the limits: `store.limits()`.
#[derive(Clone, Copy, Debug)]
pub struct Limits<'a> {
    db: &'a Database,
    exhausted: &'a ExhaustedCounters,
}

impl<'a> Limits<'a> {
    pub(crate) fn new(db: &'a Database, exhausted: &'a ExhaustedCounters) -> Self {
        Self { db, exhausted }
    }

    /// Charges one write to a user's local day: one `UpdateItem`. The request's id makes a resent update count once.
    ///
    /// # Errors
    /// When the table is unavailable.
    pub async fn charge_write(self, user: &UserId, window: &Window, request: RequestId) -> Result<Taken> {
        let at = table::quota(user, window.day);
        self.take(&at, u64::from(window.limit), &request.to_string(), Some(window.ends.plus_days(3))).await
    }

    /// The number of writes of a user on a local day.
    ///
    /// # Errors
    /// When the table is unavailable.
    pub async fn writes_used(self, user: &UserId, window: &Window) -> Result<u32> {
        self.used(&table::quota(user, window.day)).await
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
        if self.exhausted.get(&name, now).is_some() {
            return Ok(Taken::Exhausted);
        }
        let taken = self.take(&at, max, &click.to_string(), None).await?;
        if taken == Taken::Exhausted {
            self.exhausted.remember(name, None, now);
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

    async fn used(self, at: &Key) -> Result<u32> {
        let item = self.db.get(at).await?;
        Ok(item.and_then(|item| integer(&item, "used")).and_then(|used| u32::try_from(used).ok()).unwrap_or(0))
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
        let used = |item: &Item| integer(item, "used").and_then(|used| u32::try_from(used).ok()).unwrap_or(0);
        match update.send().await {
            Ok(output) => Ok(Taken::Within(output.attributes().map_or(1, used))),
            Err(error) => match error.as_service_error() {
                Some(UpdateItemError::ConditionalCheckFailedException(failed)) => {
                    let mine = failed.item().filter(|item| optional(item, "lastToken") == Some(token));
                    Ok(mine.map_or(Taken::Exhausted, |item| Taken::Within(used(item))))
                }
                _ => Err(Error::call("UpdateItem")(error)),
            },
        }
    }

    /// Takes one of `max` in a window of `length_ms` milliseconds that starts with its first use: one `UpdateItem` in a running
    /// window, two or three at the start of one, and none when this process has seen the window exhausted.
    ///
    /// # Errors
    /// When the table is unavailable.
    pub async fn take_in_window(self, scope: &'static str, subject: &str, max: u32, length_ms: i64, now: Moment) -> Result<WindowTaken> {
        let at = table::rate(scope, subject);
        if let Some(Some(until)) = self.exhausted.get(&at.pk, now) {
            return Ok(WindowTaken::Exhausted { until });
        }
        let taken = self.take_or_start_window(&at, max, length_ms, now).await?;
        if let WindowTaken::Exhausted { until } = taken {
            self.exhausted.remember(at.pk, Some(until), now);
        }
        Ok(taken)
    }

    async fn take_or_start_window(self, at: &Key, max: u32, length_ms: i64, now: Moment) -> Result<WindowTaken> {
        match self.count_in_window(at, max, now).await? {
            Ok(()) => return Ok(WindowTaken::Within),
            // It is running and was refused for its maximum.
            Err(Some(until)) if until > now => return Ok(WindowTaken::Exhausted { until }),
            Err(_) => {}
        }
        match self.start_window(at, now, length_ms).await? {
            Ok(()) => Ok(WindowTaken::Within),
            // A concurrent request started it: it may be below its maximum now.
            Err(_) => Ok(match self.count_in_window(at, max, now).await? {
                Ok(()) => WindowTaken::Within,
                Err(until) => WindowTaken::Exhausted { until: until.unwrap_or(now.plus_millis(length_ms)) },
            }),
        }
    }

    async fn count_in_window(self, at: &Key, max: u32, now: Moment) -> Result<WindowResult> {
        let update = self
            .db
            .update(at)
            .update_expression("ADD used :one")
            .condition_expression("endsAt > :now AND used < :max")
            .expression_attribute_values(":one", number(1))
            .expression_attribute_values(":max", number(max))
            .expression_attribute_values(":now", number(now.millis()))
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
            .return_values_on_condition_check_failure(AllOld);
        Self::window_outcome(update.send().await)
    }

    fn window_outcome<T, R>(sent: std::result::Result<T, aws_sdk_dynamodb::error::SdkError<UpdateItemError, R>>) -> Result<WindowResult>
    where
        R: std::fmt::Debug + Send + Sync + 'static,
    {
        match sent {
            Ok(_) => Ok(Ok(())),
            Err(error) => match error.as_service_error() {
                Some(UpdateItemError::ConditionalCheckFailedException(failed)) => {
                    Ok(Err(failed.item().and_then(|item| integer(item, "endsAt")).map(Moment::from_millis)))
                }
                _ => Err(Error::call("UpdateItem")(error)),
            },
        }
    }
}
