//! Repeated submissions of a conversion's key, kept for the explanation: the first fifty, and the number of all.

use std::collections::HashMap;

use aws_sdk_dynamodb::operation::update_item::UpdateItemError;
use aws_sdk_dynamodb::types::AttributeValue;
use aws_sdk_dynamodb::types::ReturnValuesOnConditionCheckFailure::AllOld;

use domain::accounts::audit::AuditEvent;
use domain::conversions::explain::ConversionAttempt;
use domain::values::id::ConversionId;
use domain::values::name::Handle;

use crate::accounts::audit;
use crate::conversions::read::Conversions;
use crate::dynamo::{Item, RetryPolicy, RetryStep, TRANSACT, from_json, integer, log_damage, number, retry, table, to_json};
use crate::error::{Error, Result};

/// Submissions kept of one conversion; the others are only counted.
const MAX_KEPT: usize = 50;

/// Audit events of one key and UTC day about submissions that differ from its conversion.
const MAX_MISMATCHES: i64 = 10;
/// The attribute with the UTC day of the last such event.
const MISMATCH_DAY: &str = "mismatchDay";
/// The attribute with their number on that day.
const MISMATCHES: &str = "mismatches";

/// Submissions of a key that a conversion already held.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct RepeatSubmissions {
    /// The number of all.
    pub total: i64,
    /// The first of them, oldest first.
    pub kept: Vec<ConversionAttempt>,
}

impl Conversions<'_> {
    /// Records a submission of a key that a conversion already holds.
    ///
    /// # Errors
    /// When the table is unavailable.
    pub async fn record_repeat(self, handle: &Handle, conversion: ConversionId, attempt: &ConversionAttempt) -> Result<()> {
        let at = table::repeat_submissions(handle, conversion);
        let entry = to_json(&at, attempt)?;
        let update = self
            .db
            .update(&at)
            .update_expression("ADD tries :one, attempts :entries")
            .condition_expression("attribute_not_exists(attempts) OR (size(attempts) < :max AND NOT contains(attempts, :entry))")
            .expression_attribute_values(":one", number(1))
            .expression_attribute_values(":max", number(MAX_KEPT))
            .expression_attribute_values(":entry", AttributeValue::S(entry.clone()))
            .expression_attribute_values(":entries", AttributeValue::Ss(vec![entry.clone()]))
            .return_values_on_condition_check_failure(AllOld);
        let current = match update.send().await {
            Ok(_) => return Ok(()),
            Err(error) => match error.as_service_error() {
                Some(UpdateItemError::ConditionalCheckFailedException(failed)) => failed.item().cloned().unwrap_or_default(),
                _ => return Err(Error::call("UpdateItem")(error)),
            },
        };
        if entries(&current).contains(&entry) {
            // This request's own write: its response was lost and the SDK resent it.
            return Ok(());
        }
        let count = self.db.update(&at).update_expression("ADD tries :one").expression_attribute_values(":one", number(1));
        count.send().await.map_err(Error::call("UpdateItem"))?;
        Ok(())
    }

    /// Records in the audit log that a submission differs from the conversion of its key, unless that has been recorded ten times this
    /// UTC day: any caller with a ctx can send such submissions. All of them are counted by [`Self::record_repeat`].
    ///
    /// # Errors
    /// When the table is unavailable or contended.
    pub async fn record_mismatch(self, handle: &Handle, conversion: ConversionId, event: &AuditEvent) -> Result<()> {
        let at = table::repeat_submissions(handle, conversion);
        let today: i64 = event.at.day().compact().parse().unwrap_or_default();
        retry(RetryPolicy::OPTIMISTIC_WRITE, TRANSACT, (), |_, ()| async {
            let item = self.db.get(&at).await?.unwrap_or_default();
            let (day, count) = (integer(&item, MISMATCH_DAY), integer(&item, MISMATCHES).unwrap_or_default());
            let count = if day == Some(today) { count } else { 0 };
            if count >= MAX_MISMATCHES {
                return Ok(RetryStep::Done(()));
            }
            let update = self.db.update_part(&at, |update| {
                let update = update
                    .update_expression(format!("SET {MISMATCH_DAY} = :today, {MISMATCHES} = :count"))
                    .expression_attribute_values(":today", number(today))
                    .expression_attribute_values(":count", number(count + 1));
                match day {
                    Some(day) => update
                        .condition_expression(format!("{MISMATCH_DAY} = :day AND {MISMATCHES} = :before"))
                        .expression_attribute_values(":day", number(day))
                        .expression_attribute_values(":before", number(integer(&item, MISMATCHES).unwrap_or_default())),
                    None => update.condition_expression(format!("attribute_not_exists({MISMATCH_DAY})")),
                }
            })?;
            let written = self.db.transact(vec![update, audit::part(self.db, handle, event)?]).await?;
            Ok(if written.is_written() { RetryStep::Done(()) } else { RetryStep::Again(()) })
        })
        .await
    }

    /// The repeated submissions of a conversion's key.
    ///
    /// # Errors
    /// When the table is unavailable.
    pub async fn repeats(self, handle: &Handle, conversion: ConversionId) -> Result<RepeatSubmissions> {
        let at = table::repeat_submissions(handle, conversion);
        let item = self.db.get(&at).await?.unwrap_or_else(HashMap::new);
        let mut texts = entries(&item).to_vec();
        // Each begins with its moment.
        texts.sort();
        let mut kept = Vec::new();
        for text in &texts {
            match from_json(&at, text) {
                Ok(attempt) => kept.push(attempt),
                Err(error) => log_damage(&error),
            }
        }
        Ok(RepeatSubmissions { total: integer(&item, "tries").unwrap_or_default(), kept })
    }
}

fn entries(item: &Item) -> &[String] {
    item.get("attempts").and_then(|value| value.as_ss().ok()).map(Vec::as_slice).unwrap_or_default()
}
