//! Submissions of a conversion's key after its first, kept for the explanation: as many as fit, and how many there were.

use std::collections::HashMap;

use aws_sdk_dynamodb::operation::update_item::UpdateItemError;
use aws_sdk_dynamodb::types::AttributeValue;
use aws_sdk_dynamodb::types::ReturnValuesOnConditionCheckFailure::AllOld;

use domain::conversions::explain::Attempt;
use domain::values::id::ConversionId;
use domain::values::name::Handle;

use crate::Store;
use crate::dynamo::item::{Item, damaged, integer, key, number, to_json};
use crate::dynamo::table;
use crate::error::{Error, Result};

/// Submissions kept of one conversion; the rest is only counted.
const MOST: usize = 50;

/// Submissions of a key that a conversion already held.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Tries {
    /// How many there were.
    pub in_all: i64,
    /// The first of them, oldest first.
    pub kept: Vec<Attempt>,
}

impl Store {
    /// Remembers a submission of a key that a conversion already holds.
    pub async fn remember_try(&self, handle: &Handle, conversion: ConversionId, attempt: &Attempt) -> Result<()> {
        let at = table::tries(handle, conversion);
        let entry = to_json(&at, attempt)?;
        let update = self
            .db
            .update_item()
            .table_name(&self.table)
            .set_key(Some(key(&at)))
            .update_expression("ADD tries :one, attempts :entries")
            .condition_expression("attribute_not_exists(attempts) OR (size(attempts) < :most AND NOT contains(attempts, :entry))")
            .expression_attribute_values(":one", number(1))
            .expression_attribute_values(":most", number(MOST))
            .expression_attribute_values(":entry", AttributeValue::S(entry.clone()))
            .expression_attribute_values(":entries", AttributeValue::Ss(vec![entry.clone()]))
            .return_values_on_condition_check_failure(AllOld);
        let held = match update.send().await {
            Ok(_) => return Ok(()),
            Err(error) => match error.as_service_error() {
                Some(UpdateItemError::ConditionalCheckFailedException(failed)) => failed.item().cloned().unwrap_or_default(),
                _ => return Err(Error::call("UpdateItem")(error)),
            },
        };
        if entries(&held).contains(&entry) {
            // The write was ours and its answer was lost; the SDK tried again.
            return Ok(());
        }
        let count = self.db.update_item().table_name(&self.table).set_key(Some(key(&at))).update_expression("ADD tries :one");
        count.expression_attribute_values(":one", number(1)).send().await.map_err(Error::call("UpdateItem"))?;
        Ok(())
    }

    /// What is remembered of a conversion's key after its first submission.
    pub async fn tries(&self, handle: &Handle, conversion: ConversionId) -> Result<Tries> {
        let at = table::tries(handle, conversion);
        let item = self.get(&at).await?.unwrap_or_else(HashMap::new);
        let mut texts = entries(&item).to_vec();
        // Each begins with its moment.
        texts.sort();
        let kept = texts.iter().map(|text| serde_json::from_str(text).map_err(|error| damaged(&at.pk, error)));
        Ok(Tries { in_all: integer(&item, "tries").unwrap_or_default(), kept: kept.collect::<Result<_>>()? })
    }
}

fn entries(item: &Item) -> &[String] {
    item.get("attempts").and_then(|value| value.as_ss().ok()).map(Vec::as_slice).unwrap_or_default()
}
