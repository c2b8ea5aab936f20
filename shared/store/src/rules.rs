//! A handle's personalization rules: one item, one version.

use aws_sdk_dynamodb::operation::put_item::PutItemError;

use domain::name::Handle;
use domain::routing::RuleBook;

use crate::Store;
use crate::error::{Error, Result};
use crate::item::{doc, integer, number, with_doc};
use crate::table;

impl Store {
    /// The rules and their version; a handle without rules has an empty book of version 0.
    pub async fn rule_book(&self, handle: &Handle) -> Result<(RuleBook, u64)> {
        let Some(item) = self.get(&table::rules(handle)).await? else { return Ok((RuleBook::default(), 0)) };
        let version = integer(&item, "version").unwrap_or_default().unsigned_abs();
        Ok((doc(&item)?, version))
    }

    /// Writes the rules if they are still at `before`; tells whether they were.
    pub async fn save_rule_book(&self, handle: &Handle, book: &RuleBook, before: u64) -> Result<bool> {
        let mut item = with_doc(&table::rules(handle), book)?;
        item.insert("version".to_owned(), number(before + 1));
        let put = self
            .db
            .put_item()
            .table_name(&self.table)
            .set_item(Some(item))
            .condition_expression("attribute_not_exists(pk) OR version = :before")
            .expression_attribute_values(":before", number(before));
        match put.send().await {
            Ok(_) => Ok(true),
            Err(error) => match error.as_service_error() {
                Some(PutItemError::ConditionalCheckFailedException(_)) => {
                    let (stored, version) = self.rule_book(handle).await?;
                    Ok(version == before + 1 && stored == *book)
                }
                _ => Err(Error::call("PutItem")(error)),
            },
        }
    }
}
