//! Personal access tokens: each is stored under its own id with the digest of its secret, and listed under its handle.
//!
//! Creating and revoking write both items and the handle's count in one transaction with the audit event. A revoked token stays
//! under its id as long as its audit events are kept, so that a client that still uses it gets the reason of the refusal.

use futures::future::try_join_all;

use domain::accounts::audit::{AuditEvent, KEPT_DAYS};
use domain::accounts::token::{Digest, MAX_TOKENS, REFUSAL_NOTED_EVERY_MS, Token, USE_NOTED_EVERY_MS};
use domain::values::moment::Moment;
use domain::values::name::{Handle, TokenId};

use crate::accounts::audit;
use crate::dynamo::{
    Database, Item, Page, RetryPolicy, absent, applied, doc, integer, key, number, readable, string, table, text, with_doc,
};
use crate::error::{Error, Result};

/// The attribute with the digest of a token's secret.
const DIGEST: &str = "digest";

/// Outcome of adding a token.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AddToken {
    /// It is stored.
    Added,
    /// The handle has the maximum number of tokens.
    TooMany,
}

/// A token as it is stored.
#[derive(Clone, Debug)]
pub struct StoredToken {
    /// The record.
    pub token: Token,
    /// The digest of its secret.
    pub digest: Digest,
    /// When a refused use of it was last recorded.
    refused_at: Option<Moment>,
}

impl StoredToken {
    /// Whether a refused use at this moment is to be recorded.
    pub fn records_refusal(&self, now: Moment) -> bool {
        self.refused_at.is_none_or(|last| last.plus_millis(REFUSAL_NOTED_EVERY_MS) <= now)
    }
}

/// Handle of the tokens: `store.tokens()`.
#[derive(Clone, Copy, Debug)]
pub struct Tokens<'a> {
    db: &'a Database,
}

impl<'a> Tokens<'a> {
    pub(crate) fn new(db: &'a Database) -> Self {
        Self { db }
    }

    /// Adds a token to its handle, with the audit event.
    ///
    /// # Errors
    /// When the table is unavailable or contended.
    pub async fn add(self, token: &Token, digest: &Digest, event: &AuditEvent) -> Result<AddToken> {
        let mut item = with_doc(&table::token(&token.token_id), token)?;
        item.insert(DIGEST.to_owned(), text(digest.hex()));
        let count = self.db.update_part(&table::token_count(&token.handle), |update| {
            update
                .update_expression("ADD used :one")
                .condition_expression("attribute_not_exists(used) OR used < :max")
                .expression_attribute_values(":one", number(1))
                .expression_attribute_values(":max", number(MAX_TOKENS))
        })?;
        let parts = [
            count,
            self.db.put_part(item, absent)?,
            self.db.put_part(key(&table::token_of(&token.handle, &token.token_id)), absent)?,
            audit::part(self.db, &token.handle, event)?,
        ];
        let written = self.db.transact_retrying(RetryPolicy::OPTIMISTIC_WRITE, &parts, &[0]).await?;
        Ok(if written.is_written() { AddToken::Added } else { AddToken::TooMany })
    }

    /// Revokes a token of a handle, with the audit event; false when the handle has no such token.
    ///
    /// # Errors
    /// When the table is unavailable or contended.
    pub async fn revoke(self, handle: &Handle, id: &TokenId, now: Moment, event: &AuditEvent) -> Result<bool> {
        let end = self.db.update_part(&table::token(id), |update| {
            update
                .update_expression("SET revokedAt = :now, #ttl = :ttl")
                .condition_expression("attribute_exists(pk) AND attribute_not_exists(revokedAt)")
                .expression_attribute_names("#ttl", "ttl")
                .expression_attribute_values(":now", number(now.millis()))
                .expression_attribute_values(":ttl", number(now.plus_days(KEPT_DAYS).seconds()))
        })?;
        let unlist = self.db.delete_part(&table::token_of(handle, id), |delete| delete.condition_expression("attribute_exists(pk)"))?;
        let count = self.db.update_part(&table::token_count(handle), |update| {
            update.update_expression("ADD used :less").expression_attribute_values(":less", number(-1))
        })?;
        let parts = [end, unlist, count, audit::part(self.db, handle, event)?];
        let written = self.db.transact_retrying(RetryPolicy::OPTIMISTIC_WRITE, &parts, &[0, 1]).await?;
        Ok(written.is_written())
    }

    /// A token, also a revoked one.
    ///
    /// # Errors
    /// When the table is unavailable.
    pub async fn get(self, id: &TokenId) -> Result<Option<StoredToken>> {
        self.db.get(&table::token(id)).await?.as_ref().map(stored).transpose()
    }

    /// The tokens of a handle that are not revoked, newest first: one `Query` and one `GetItem` per token, of which a handle has few.
    ///
    /// # Errors
    /// When the cursor is not one of this list, or the table is unavailable.
    pub async fn list(self, handle: &Handle, limit: usize, cursor: Option<&str>) -> Result<Page<Token>> {
        let query = self
            .db
            .query()
            .key_condition_expression("pk = :pk AND sk > :count")
            .expression_attribute_values(":pk", text(table::tokens(handle)))
            .expression_attribute_values(":count", text(table::token_count(handle).sk))
            .consistent_read(true);
        let found = query.send().await.map_err(Error::call("Query"))?;
        let ids = found.items().iter().map(|item| string(item, "sk")).collect::<Result<Vec<_>>>()?;
        let ids: Vec<TokenId> = ids.into_iter().filter_map(|id| id.parse().ok()).collect();
        let read = |id: TokenId| async move { Ok((self.db.get(&table::token(&id)).await?, id)) };
        let (mut tokens, mut damaged) = (Vec::new(), Vec::new());
        for (item, id) in try_join_all(ids.into_iter().map(read)).await? {
            match item.map(|item| readable(&item, stored)).transpose()? {
                Some(Some(stored)) if stored.token.revoked_at.is_none() => tokens.push(stored.token),
                Some(None) => damaged.push(id.to_string()),
                Some(Some(_)) | None => {}
            }
        }
        let position = |token: &Token| format!("{:020}#{}", i64::MAX - token.created_at.millis(), token.token_id);
        tokens.sort_by_cached_key(position);
        Ok(Page::paginate(&table::tokens(handle), tokens, limit, cursor, position)?.with_damaged(damaged, cursor))
    }

    /// Records that a token is used, unless that was recorded within the last minutes.
    ///
    /// # Errors
    /// When the table is unavailable.
    pub async fn record_use(self, id: &TokenId, now: Moment) -> Result<()> {
        let update = self
            .db
            .update(&table::token(id))
            .update_expression("SET lastUsedAt = :now")
            .condition_expression("attribute_exists(pk) AND (attribute_not_exists(lastUsedAt) OR lastUsedAt <= :before)")
            .expression_attribute_values(":now", number(now.millis()))
            .expression_attribute_values(":before", number(now.plus_millis(-USE_NOTED_EVERY_MS).millis()));
        applied("UpdateItem", update.send().await).map(drop)
    }

    /// Records in the handle's audit log that a token was refused, unless that was recorded within the last minute.
    ///
    /// # Errors
    /// When the table is unavailable.
    pub async fn record_refusal(self, token: &Token, now: Moment, event: &AuditEvent) -> Result<()> {
        let mark = self.db.update_part(&table::token(&token.token_id), |update| {
            update
                .update_expression("SET refusedAt = :now")
                .condition_expression("attribute_exists(pk) AND (attribute_not_exists(refusedAt) OR refusedAt <= :before)")
                .expression_attribute_values(":now", number(now.millis()))
                .expression_attribute_values(":before", number(now.plus_millis(-REFUSAL_NOTED_EVERY_MS).millis()))
        })?;
        self.db.transact(vec![mark, audit::part(self.db, &token.handle, event)?]).await?;
        Ok(())
    }
}

fn stored(item: &Item) -> Result<StoredToken> {
    let moment = |name| integer(item, name).map(Moment::from_millis);
    let token = Token { revoked_at: moment("revokedAt"), last_used_at: moment("lastUsedAt"), ..doc(item)? };
    Ok(StoredToken { token, digest: Digest::stored(string(item, DIGEST)?), refused_at: moment("refusedAt") })
}
