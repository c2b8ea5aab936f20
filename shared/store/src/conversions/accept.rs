//! Accepting conversions: each idempotency key holds one conversion in its window.

use aws_sdk_dynamodb::operation::put_item::PutItemError;
use aws_sdk_dynamodb::types::ReturnValuesOnConditionCheckFailure::AllOld;

use domain::accounts::audit::AuditEvent;
use domain::conversions::Conversion;

use crate::accounts::audit;
use crate::conversions::read::Conversions;
use crate::conversions::stored::{ADJUSTED, CONFIRMED, StoredConversion, stored};
use crate::dynamo::table::{self, Key};
use crate::dynamo::{Item, RetryPolicy, RetryStep, TRANSACT, absent, doc, integer, number, retry, text, with_doc};
use crate::error::{Error, Result};
use crate::outbox::{GRACE_MS, Pointer, is_due, make_due};

/// Outcome of accepting a conversion.
#[derive(Clone, Debug)]
pub enum Accepted {
    /// It is stored now; the pointer names its outbox entry.
    New(Pointer),
    /// Its key holds this conversion.
    Duplicate(Box<StoredConversion>),
}

impl Conversions<'_> {
    /// Accepts a conversion unless its key holds an earlier one: one `PutItem`.
    ///
    /// # Errors
    /// When the table is unavailable or contended.
    pub async fn accept(self, conversion: &Conversion, key_digest: &str) -> Result<Accepted> {
        let at = table::conversion(&conversion.handle, key_digest);
        let put = self
            .db
            .put(pending_item(&at, conversion)?)
            .condition_expression("attribute_not_exists(pk)")
            .return_values_on_condition_check_failure(AllOld);
        let holder = match put.send().await {
            Ok(_) => return Ok(Accepted::New(Pointer::to(&at))),
            Err(error) => match error.as_service_error() {
                Some(PutItemError::ConditionalCheckFailedException(failed)) => failed.item().cloned(),
                _ => return Err(Error::call("PutItem")(error)),
            },
        };
        self.resolve_duplicate(&at, conversion, holder.ok_or(Error::Contended("PutItem"))?).await
    }

    /// Accepts a conversion that a user made to test a campaign, with the audit event, in one transaction.
    ///
    /// # Errors
    /// When the table is unavailable or contended.
    pub async fn accept_test(self, conversion: &Conversion, key_digest: &str, event: &AuditEvent) -> Result<Accepted> {
        let at = table::conversion(&conversion.handle, key_digest);
        let put = self.db.put_part(pending_item(&at, conversion)?, absent)?;
        let parts = vec![put, audit::part(self.db, &conversion.handle, event)?];
        if self.db.transact(parts).await?.is_written() {
            return Ok(Accepted::New(Pointer::to(&at)));
        }
        let holder = self.db.get(&at).await?.ok_or(Error::Contended(TRANSACT))?;
        self.resolve_duplicate(&at, conversion, holder).await
    }

    /// Decides between a conversion and the item that holds its key: a duplicate, a resent write of the same request, or an
    /// expired holder that is superseded.
    async fn resolve_duplicate(self, at: &Key, conversion: &Conversion, holder: Item) -> Result<Accepted> {
        retry(RetryPolicy::TRANSACTION, TRANSACT, holder, |_, item| async move {
            let holder: Conversion = doc(&item)?;
            if holder.request_id == conversion.request_id {
                // This request's own write: its response was lost and the SDK resent it.
                return Ok(RetryStep::Done(Accepted::New(Pointer::to(at))));
            }
            if holder.holds_key(conversion.accepted_at) {
                return Ok(RetryStep::Done(Accepted::Duplicate(Box::new(stored(&item)?))));
            }
            if self.supersede_expired(at, conversion, &item, &holder).await? {
                return Ok(RetryStep::Done(Accepted::New(Pointer::to(at))));
            }
            // Another request took the expired key first, or the holder was counted or adjusted meanwhile.
            let current = self.db.get(at).await?.ok_or(Error::Contended(TRANSACT))?;
            Ok(RetryStep::Again(current))
        })
        .await
    }

    /// Takes over an expired key: the former conversion moves to its own sort key unchanged. False when it has changed meanwhile.
    async fn supersede_expired(self, at: &Key, conversion: &Conversion, item: &Item, holder: &Conversion) -> Result<bool> {
        let mut former = item.clone();
        former.insert("sk".to_owned(), text(holder.id.to_string()));
        let archive = self.db.put_part(former, absent)?;
        let take = self.db.put_part(pending_item(at, conversion)?, |put| {
            let due = if is_due(item) { "attribute_exists(duePk)" } else { "attribute_not_exists(duePk)" };
            let corrected = if item.contains_key(CONFIRMED) { "attribute_exists" } else { "attribute_not_exists" };
            let unchanged = format!("id = :holder AND {due} AND {corrected}({CONFIRMED})");
            let put = put.expression_attribute_values(":holder", text(holder.id.to_string()));
            match integer(item, ADJUSTED) {
                Some(sum) => {
                    put.condition_expression(format!("{unchanged} AND {ADJUSTED} = :sum")).expression_attribute_values(":sum", number(sum))
                }
                None => put.condition_expression(format!("{unchanged} AND attribute_not_exists({ADJUSTED})")),
            }
        })?;
        Ok(self.db.transact(vec![archive, take]).await?.is_written())
    }
}

fn pending_item(at: &Key, conversion: &Conversion) -> Result<Item> {
    let mut item = with_doc(at, conversion)?;
    item.insert("id".to_owned(), text(conversion.id.to_string()));
    let month = table::conversions(&conversion.handle, conversion.id.moment().day());
    item.insert("listPk".to_owned(), text(table::listed_in(&month, conversion.id.to_bytes())));
    item.insert("listSk".to_owned(), text(conversion.id.to_string()));
    make_due(&mut item, conversion.accepted_at, conversion.accepted_at.plus_millis(GRACE_MS));
    Ok(item)
}
