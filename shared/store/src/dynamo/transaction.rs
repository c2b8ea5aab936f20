//! Transactions: several conditional writes that happen together or not at all.

use aws_sdk_dynamodb::error::{BuildError, DisplayErrorContext, ProvideErrorMetadata, SdkError};
use aws_sdk_dynamodb::operation::transact_write_items::TransactWriteItemsError;
use aws_sdk_dynamodb::types::builders::{DeleteBuilder, PutBuilder, UpdateBuilder};
use aws_sdk_dynamodb::types::{Delete, Put, TransactWriteItem, Update};

use crate::dynamo::database::Database;
use crate::dynamo::item::{Item, key};
use crate::dynamo::retry::{RetryPolicy, RetryStep, retry};
use crate::dynamo::table::Key;
use crate::error::{Error, Result};

/// The operation, as errors name it.
pub(crate) const OPERATION: &str = "TransactWriteItems";

/// Actions one transaction may have (DynamoDB).
pub(crate) const MAX_ACTIONS: usize = 100;

/// How a transaction ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Transacted {
    /// Everything is written.
    Written,
    /// Nothing is: for each part in order, the reason code it was refused with (`ConditionalCheckFailed`, `TransactionConflict`) or `None`.
    Refused(Vec<String>),
}

impl Transacted {
    /// Whether everything is written.
    pub(crate) fn is_written(&self) -> bool {
        *self == Self::Written
    }

    /// Whether it was the condition of this part, counted from 0, that did not hold.
    pub(crate) fn failed_at(&self, place: usize) -> bool {
        match self {
            Self::Written => false,
            Self::Refused(codes) => codes.get(place).is_some_and(|code| code == "ConditionalCheckFailed"),
        }
    }
}

impl Database {
    /// A part that puts an item.
    pub(crate) fn put_part(&self, item: Item, condition: impl FnOnce(PutBuilder) -> PutBuilder) -> Result<TransactWriteItem> {
        let put = condition(Put::builder().table_name(self.table()).set_item(Some(item))).build().map_err(unbuilt)?;
        Ok(TransactWriteItem::builder().put(put).build())
    }

    /// A part that updates an item.
    pub(crate) fn update_part(&self, at: &Key, change: impl FnOnce(UpdateBuilder) -> UpdateBuilder) -> Result<TransactWriteItem> {
        let update = change(Update::builder().table_name(self.table()).set_key(Some(key(at)))).build().map_err(unbuilt)?;
        Ok(TransactWriteItem::builder().update(update).build())
    }

    /// A part that deletes an item.
    pub(crate) fn delete_part(&self, at: &Key, condition: impl FnOnce(DeleteBuilder) -> DeleteBuilder) -> Result<TransactWriteItem> {
        let delete = condition(Delete::builder().table_name(self.table()).set_key(Some(key(at)))).build().map_err(unbuilt)?;
        Ok(TransactWriteItem::builder().delete(delete).build())
    }

    /// Carries out a transaction. The SDK adds an idempotency token: when it resends one whose response was lost, DynamoDB
    /// recognizes it.
    pub(crate) async fn transact(&self, parts: Vec<TransactWriteItem>) -> Result<Transacted> {
        match self.transaction().set_transact_items(Some(parts)).send().await {
            Ok(_) => Ok(Transacted::Written),
            Err(error) => match refusals(&error) {
                Some(codes) => Ok(Transacted::Refused(codes)),
                None if is_invalid(&error) => {
                    Err(Error::NotAccepted { operation: OPERATION, what: DisplayErrorContext(&error).to_string() })
                }
                None => Err(Error::call(OPERATION)(error)),
            },
        }
    }

    /// Carries out a transaction, again while other writers hold its items, until it is written or the condition of one of the
    /// `deciding` parts, counted from 0, does not hold.
    ///
    /// # Errors
    /// [`Error::Contended`] after the policy's last attempt.
    pub(crate) async fn transact_retrying(
        &self,
        policy: RetryPolicy,
        parts: &[TransactWriteItem],
        deciding: &[usize],
    ) -> Result<Transacted> {
        retry(policy, OPERATION, (), |_, ()| async {
            let outcome = self.transact(parts.to_vec()).await?;
            let is_decided = outcome.is_written() || deciding.iter().any(|place| outcome.failed_at(*place));
            Ok(if is_decided { RetryStep::Done(outcome) } else { RetryStep::Again(()) })
        })
        .await
    }
}

/// Puts an item only where there is none.
pub(crate) fn absent(put: PutBuilder) -> PutBuilder {
    put.condition_expression("attribute_not_exists(pk)")
}

fn unbuilt(error: BuildError) -> Error {
    Error::Unavailable { operation: OPERATION, source: Box::new(error) }
}

/// Whether DynamoDB refuses what was sent as such: a transaction it cannot read, or an item that would be too large.
fn is_invalid<R>(error: &SdkError<TransactWriteItemsError, R>) -> bool {
    let Some(error) = error.as_service_error() else { return false };
    match error {
        TransactWriteItemsError::TransactionCanceledException(canceled) => {
            canceled.cancellation_reasons().iter().any(|reason| reason.code() == Some("ValidationError"))
        }
        other => other.code() == Some("ValidationException"),
    }
}

fn refusals<R>(error: &SdkError<TransactWriteItemsError, R>) -> Option<Vec<String>> {
    let Some(TransactWriteItemsError::TransactionCanceledException(canceled)) = error.as_service_error() else { return None };
    let codes: Vec<String> = canceled.cancellation_reasons().iter().map(|reason| reason.code().unwrap_or("None").to_owned()).collect();
    codes.iter().any(|code| matches!(code.as_str(), "ConditionalCheckFailed" | "TransactionConflict")).then_some(codes)
}
