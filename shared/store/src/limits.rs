//! Limits: counters that refuse to pass a bound, exact under concurrency because the bound is the write's condition.

use aws_sdk_dynamodb::operation::update_item::UpdateItemError;
use aws_sdk_dynamodb::types::ReturnValue::UpdatedNew;
use aws_sdk_dynamodb::types::ReturnValuesOnConditionCheckFailure::AllOld;

use domain::accounts::Window;
use domain::values::id::{ClickId, LinkId, RequestId};
use domain::values::moment::Moment;
use domain::values::name::{Handle, UserId};

use crate::Store;
use crate::dynamo::item::{Item, integer, key, number, optional, text};
use crate::dynamo::table::{self, Key};
use crate::error::{Error, Result};

/// Whether one more was within the bound.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Taken {
    /// It was, and so many are used now.
    Within(u32),
    /// It was not.
    Exhausted,
}

/// Whether one more was within a window's bound.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum WindowTaken {
    /// It was.
    Within,
    /// It was not; the window ends then.
    Exhausted {
        /// The end of the window.
        until: Moment,
    },
}

impl Store {
    /// Charges one write to a user's local day.
    pub async fn charge_write(&self, user: &UserId, window: &Window, request: RequestId) -> Result<Taken> {
        let at = table::quota(user, window.day);
        self.take(&at, u64::from(window.limit), &request.to_string(), Some(window.ends.plus_days(3))).await
    }

    /// How many writes a user's local day has seen.
    pub async fn writes_used(&self, user: &UserId, window: &Window) -> Result<u32> {
        self.used(&table::quota(user, window.day)).await
    }

    /// Uses one of a link's `maxClicks` for a human click.
    pub async fn take_click(&self, handle: &Handle, link: LinkId, most: u64, click: ClickId) -> Result<Taken> {
        self.take(&table::cap(handle, link), most, &click.to_string(), None).await
    }

    /// How many human clicks a link has used.
    pub async fn clicks_used(&self, handle: &Handle, link: LinkId) -> Result<u32> {
        self.used(&table::cap(handle, link)).await
    }

    async fn used(&self, at: &Key) -> Result<u32> {
        let item = self.get(at).await?;
        Ok(item.and_then(|item| integer(&item, "used")).and_then(|used| u32::try_from(used).ok()).unwrap_or(0))
    }

    /// Adds one if fewer than `most` are used. `token` names the attempt: when the answer to an attempt is lost and the SDK
    /// sends it again, the counter knows it as the last one and does not count it twice.
    async fn take(&self, at: &Key, most: u64, token: &str, expires: Option<Moment>) -> Result<Taken> {
        let mut update = self
            .db
            .update_item()
            .table_name(&self.table)
            .set_key(Some(key(at)))
            .condition_expression(
                "(attribute_not_exists(used) OR used < :most) AND (attribute_not_exists(lastToken) OR lastToken <> :token)",
            )
            .expression_attribute_values(":most", number(most))
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

    /// Takes one of `most` in a window of `length_ms` that starts with its first use.
    pub async fn take_in_window(&self, scope: &'static str, subject: &str, most: u32, length_ms: i64, now: Moment) -> Result<WindowTaken> {
        let at = table::rate(scope, subject);
        // A free place in the running window is the common case; else a window that has ended is started anew.
        if let Ok(()) = self.count_in_window(&at, most, now).await? {
            return Ok(WindowTaken::Within);
        }
        match self.start_window(&at, now, length_ms).await? {
            Ok(()) => Ok(WindowTaken::Within),
            // Somebody else started it in between: there may be a place in it now.
            Err(_) => Ok(match self.count_in_window(&at, most, now).await? {
                Ok(()) => WindowTaken::Within,
                Err(until) => WindowTaken::Exhausted { until: until.unwrap_or(now.plus_millis(length_ms)) },
            }),
        }
    }

    async fn count_in_window(&self, at: &Key, most: u32, now: Moment) -> Result<std::result::Result<(), Option<Moment>>> {
        let update = self
            .db
            .update_item()
            .table_name(&self.table)
            .set_key(Some(key(at)))
            .update_expression("ADD used :one")
            .condition_expression("endsAt > :now AND used < :most")
            .expression_attribute_values(":one", number(1))
            .expression_attribute_values(":most", number(most))
            .expression_attribute_values(":now", number(now.millis()))
            .return_values_on_condition_check_failure(AllOld);
        Self::window_outcome(update.send().await)
    }

    async fn start_window(&self, at: &Key, now: Moment, length_ms: i64) -> Result<std::result::Result<(), Option<Moment>>> {
        let ends = now.plus_millis(length_ms);
        let update = self
            .db
            .update_item()
            .table_name(&self.table)
            .set_key(Some(key(at)))
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

    fn window_outcome<T, R>(
        sent: std::result::Result<T, aws_sdk_dynamodb::error::SdkError<UpdateItemError, R>>,
    ) -> Result<std::result::Result<(), Option<Moment>>>
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

    /// One item, consistently.
    pub(crate) async fn get(&self, at: &Key) -> Result<Option<Item>> {
        let get = self.db.get_item().table_name(&self.table).set_key(Some(key(at))).consistent_read(true);
        Ok(get.send().await.map_err(Error::call("GetItem"))?.item)
    }
}
