//! Personal access tokens: each lies under its own id with the digest of its secret, and its handle lists it.
//!
//! Creating and revoking move both and the handle's count in one transaction with the audit event. A revoked token stays
//! under its id, so that whoever still uses it hears why it is refused, as long as its audit events are kept.

use aws_sdk_dynamodb::operation::update_item::UpdateItemError;
use futures::future::try_join_all;

use domain::accounts::audit::{Event, KEPT_DAYS};
use domain::accounts::token::{Digest, MAX_TOKENS, REFUSAL_NOTED_EVERY_MS, Token, USE_NOTED_EVERY_MS};
use domain::values::moment::Moment;
use domain::values::name::{Handle, TokenId};

use crate::Store;
use crate::dynamo::item::{Item, Page, doc, integer, key, number, string, text, with_doc};
use crate::dynamo::table;
use crate::dynamo::transaction::absent;
use crate::error::{Error, Result};

/// Concurrent writers of one handle's tokens a write meets before it gives up.
const TRIES: u32 = 8;
/// The attribute with the digest of a token's secret.
const DIGEST: &str = "digest";

/// What became of a new token.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AddToken {
    /// It is stored.
    Added,
    /// The handle has as many as it may have.
    TooMany,
}

/// A token as it is stored.
#[derive(Clone, Debug)]
pub struct StoredToken {
    /// The record.
    pub token: Token,
    /// The digest of its secret.
    pub digest: Digest,
    /// When a refused use of it was last told.
    refused_at: Option<Moment>,
}

impl StoredToken {
    /// Whether a refused use at this moment is to be told.
    pub fn tells_refusal(&self, now: Moment) -> bool {
        self.refused_at.is_none_or(|last| last.plus_millis(REFUSAL_NOTED_EVERY_MS) <= now)
    }
}

impl Store {
    /// Adds a token to its handle, with the audit event.
    pub async fn add_token(&self, token: &Token, digest: &Digest, event: &Event) -> Result<AddToken> {
        let mut item = with_doc(&table::token(&token.token_id), token)?;
        item.insert(DIGEST.to_owned(), text(digest.hex()));
        let count = self.update_part(&table::token_count(&token.handle), |update| {
            update
                .update_expression("ADD used :one")
                .condition_expression("attribute_not_exists(used) OR used < :most")
                .expression_attribute_values(":one", number(1))
                .expression_attribute_values(":most", number(MAX_TOKENS))
        })?;
        let parts = vec![
            count,
            self.put_part(item, absent)?,
            self.put_part(key(&table::token_of(&token.handle, &token.token_id)), absent)?,
            self.audit_part(&token.handle, event)?,
        ];
        for _ in 0..TRIES {
            let written = self.transact(parts.clone()).await?;
            if written.is_written() {
                return Ok(AddToken::Added);
            }
            if written.failed_at(0) {
                return Ok(AddToken::TooMany);
            }
        }
        Err(Error::Contended("TransactWriteItems"))
    }

    /// Ends a token of a handle, with the audit event; tells whether there was one to end.
    pub async fn revoke_token(&self, handle: &Handle, id: &TokenId, now: Moment, event: &Event) -> Result<bool> {
        let end = self.update_part(&table::token(id), |update| {
            update
                .update_expression("SET revokedAt = :now, #ttl = :ttl")
                .condition_expression("attribute_exists(pk) AND attribute_not_exists(revokedAt)")
                .expression_attribute_names("#ttl", "ttl")
                .expression_attribute_values(":now", number(now.millis()))
                .expression_attribute_values(":ttl", number(now.plus_days(KEPT_DAYS).seconds()))
        })?;
        let unlist = self.delete_part(&table::token_of(handle, id), |delete| delete.condition_expression("attribute_exists(pk)"))?;
        let count = self.update_part(&table::token_count(handle), |update| {
            update.update_expression("ADD used :less").expression_attribute_values(":less", number(-1))
        })?;
        let parts = vec![end, unlist, count, self.audit_part(handle, event)?];
        for _ in 0..TRIES {
            let written = self.transact(parts.clone()).await?;
            if written.is_written() || written.failed_at(0) || written.failed_at(1) {
                return Ok(written.is_written());
            }
        }
        Err(Error::Contended("TransactWriteItems"))
    }

    /// A token, whatever became of it.
    pub async fn token(&self, id: &TokenId) -> Result<Option<StoredToken>> {
        self.get(&table::token(id)).await?.as_ref().map(stored).transpose()
    }

    /// The tokens of a handle that are not revoked, newest first; a handle has few enough to read them all.
    pub async fn tokens(&self, handle: &Handle, limit: usize, from: Option<&str>) -> Result<Page<Token>> {
        let query = self
            .db
            .query()
            .table_name(&self.table)
            .key_condition_expression("pk = :pk AND sk > :count")
            .expression_attribute_values(":pk", text(table::tokens(handle)))
            .expression_attribute_values(":count", text(table::token_count(handle).sk))
            .consistent_read(true);
        let found = query.send().await.map_err(Error::call("Query"))?;
        let ids = found.items().iter().map(|item| string(item, "sk")).collect::<Result<Vec<_>>>()?;
        let ids: Vec<TokenId> = ids.into_iter().filter_map(|id| id.parse().ok()).collect();
        let tokens = try_join_all(ids.iter().map(|id| self.token(id))).await?;
        let mut tokens: Vec<Token> = tokens.into_iter().flatten().map(|stored| stored.token).collect();
        tokens.retain(|token| token.revoked_at.is_none());
        let place = |token: &Token| format!("{:020}#{}", i64::MAX - token.created_at.millis(), token.token_id);
        tokens.sort_by_cached_key(place);
        Page::of_whole(&table::tokens(handle), tokens, limit, from, place)
    }

    /// Notes that a token is used, unless somebody did so in the last minutes.
    pub async fn note_token_use(&self, id: &TokenId, now: Moment) -> Result<()> {
        let update = self
            .db
            .update_item()
            .table_name(&self.table)
            .set_key(Some(key(&table::token(id))))
            .update_expression("SET lastUsedAt = :now")
            .condition_expression("attribute_exists(pk) AND (attribute_not_exists(lastUsedAt) OR lastUsedAt <= :before)")
            .expression_attribute_values(":now", number(now.millis()))
            .expression_attribute_values(":before", number(now.plus_millis(-USE_NOTED_EVERY_MS).millis()));
        match update.send().await {
            Err(error) if !error.as_service_error().is_some_and(UpdateItemError::is_conditional_check_failed_exception) => {
                Err(Error::call("UpdateItem")(error))
            }
            Ok(_) | Err(_) => Ok(()),
        }
    }

    /// Tells the handle's audit log that a token was refused, unless that was told in the last minute.
    pub async fn note_token_refusal(&self, token: &Token, now: Moment, event: &Event) -> Result<()> {
        let mark = self.update_part(&table::token(&token.token_id), |update| {
            update
                .update_expression("SET refusedAt = :now")
                .condition_expression("attribute_exists(pk) AND (attribute_not_exists(refusedAt) OR refusedAt <= :before)")
                .expression_attribute_values(":now", number(now.millis()))
                .expression_attribute_values(":before", number(now.plus_millis(-REFUSAL_NOTED_EVERY_MS).millis()))
        })?;
        self.transact(vec![mark, self.audit_part(&token.handle, event)?]).await?;
        Ok(())
    }
}

fn stored(item: &Item) -> Result<StoredToken> {
    let moment = |name| integer(item, name).map(Moment::from_millis);
    let token = Token { revoked_at: moment("revokedAt"), last_used_at: moment("lastUsedAt"), ..doc(item)? };
    Ok(StoredToken { token, digest: Digest::stored(string(item, DIGEST)?), refused_at: moment("refusedAt") })
}
