//! Repeated submissions of a conversion's key, kept for the explanation: the first fifty, and the number of all.

use std::collections::HashMap;

use aws_sdk_dynamodb::operation::update_item::UpdateItemError;
use aws_sdk_dynamodb::types::AttributeValue;
use aws_sdk_dynamodb::types::ReturnValuesOnConditionCheckFailure::AllOld;

use domain::conversions::explain::ConversionAttempt;
use domain::values::id::ConversionId;
use domain::values::name::Handle;

use crate::conversions::read::Conversions;
use crate::dynamo::{Item, from_json, integer, log_damage, number, table, to_json};
use crate::error::{Error, Result};

/// Submissions kept of one conversion; the others are only counted.
const MAX_KEPT: usize = 50;

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
