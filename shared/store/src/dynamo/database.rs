//! The one table and the client that reaches it.

use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::error::BuildError;
use aws_sdk_dynamodb::error::{ProvideErrorMetadata, SdkError};
use aws_sdk_dynamodb::operation::delete_item::builders::DeleteItemFluentBuilder;
use aws_sdk_dynamodb::operation::put_item::builders::PutItemFluentBuilder;
use aws_sdk_dynamodb::operation::query::builders::QueryFluentBuilder;
use aws_sdk_dynamodb::operation::scan::builders::ScanFluentBuilder;
use aws_sdk_dynamodb::operation::transact_write_items::builders::TransactWriteItemsFluentBuilder;
use aws_sdk_dynamodb::operation::update_item::builders::UpdateItemFluentBuilder;
use aws_sdk_dynamodb::types::{DeleteRequest, KeysAndAttributes, PutRequest, WriteRequest};
use futures::future::try_join_all;
use serde::de::DeserializeOwned;

use crate::dynamo::found::{Found, found};
use crate::dynamo::item::{Item, doc, key};
use crate::dynamo::retry::{RetryPolicy, RetryStep, retry};
use crate::dynamo::table::Key;
use crate::error::{Error, Result};

/// The table of one deployment; cheap to clone. Every builder it returns is for that table.
#[derive(Clone, Debug)]
pub(crate) struct Database {
    client: Client,
    table: String,
}

impl Database {
    pub(crate) fn new(client: Client, table: String) -> Self {
        Self { client, table }
    }

    /// The name of the table.
    pub(crate) fn table(&self) -> &str {
        &self.table
    }

    /// A `Query` of the table.
    pub(crate) fn query(&self) -> QueryFluentBuilder {
        self.client.query().table_name(&self.table)
    }

    /// A `Query` of one of its indexes, which lag behind the table.
    pub(crate) fn query_index(&self, index: &str) -> QueryFluentBuilder {
        self.query().index_name(index)
    }

    /// A `Scan` of the table.
    pub(crate) fn scan(&self) -> ScanFluentBuilder {
        self.client.scan().table_name(&self.table)
    }

    /// A `PutItem`.
    pub(crate) fn put(&self, item: Item) -> PutItemFluentBuilder {
        self.client.put_item().table_name(&self.table).set_item(Some(item))
    }

    /// An `UpdateItem`.
    pub(crate) fn update(&self, at: &Key) -> UpdateItemFluentBuilder {
        self.client.update_item().table_name(&self.table).set_key(Some(key(at)))
    }

    /// A `DeleteItem`.
    pub(crate) fn delete(&self, at: &Key) -> DeleteItemFluentBuilder {
        self.client.delete_item().table_name(&self.table).set_key(Some(key(at)))
    }

    /// A `TransactWriteItems`.
    pub(crate) fn transaction(&self) -> TransactWriteItemsFluentBuilder {
        self.client.transact_write_items()
    }

    /// One item, with a consistent read.
    pub(crate) async fn get(&self, at: &Key) -> Result<Option<Item>> {
        let get = self.client.get_item().table_name(&self.table).set_key(Some(key(at))).consistent_read(true);
        Ok(get.send().await.map_err(Error::call("GetItem"))?.item)
    }

    /// The document of one item, with a consistent read.
    pub(crate) async fn get_doc<T: DeserializeOwned>(&self, at: &Key) -> Result<Option<T>> {
        self.get(at).await?.map(|item| doc(&item)).transpose()
    }

    /// The document of one item, damaged or not, with a consistent read.
    pub(crate) async fn find_doc<T: DeserializeOwned>(&self, at: &Key) -> Result<Option<Found<T>>> {
        self.get(at).await?.map(|item| found(&item, doc)).transpose()
    }

    /// Those of at most 100 items that exist, with consistent reads and in no order: one `BatchGetItem`.
    pub(crate) async fn batch_get(&self, keys: Vec<Item>) -> Result<Vec<Item>> {
        const OPERATION: &str = "BatchGetItem";
        let request = KeysAndAttributes::builder().set_keys(Some(keys)).consistent_read(true).build();
        let request = request.map_err(|error| Error::Unavailable { operation: OPERATION, source: Box::new(error) })?;
        let found = self.client.batch_get_item().request_items(&self.table, request).send().await.map_err(Error::call(OPERATION))?;
        if found.unprocessed_keys().is_some_and(|keys| !keys.is_empty()) {
            return Err(Error::Contended(OPERATION));
        }
        Ok(found.responses.and_then(|mut tables| tables.remove(&self.table)).unwrap_or_default())
    }
}

/// Items that one `BatchWriteItem` takes.
pub(crate) const MAX_BATCH: usize = 25;
/// Its name.
const BATCH_WRITE: &str = "BatchWriteItem";

fn unbuilt(error: BuildError) -> Error {
    Error::Unavailable { operation: BATCH_WRITE, source: Box::new(error) }
}

impl Database {
    /// Deletes items, those that do not exist included: one `BatchWriteItem` for 25 of them.
    ///
    /// # Errors
    /// When the table is unavailable, or some items are left.
    pub(crate) async fn batch_delete(&self, keys: &[Key]) -> Result<()> {
        let delete = |at: &Key| {
            let delete = DeleteRequest::builder().set_key(Some(key(at))).build().map_err(unbuilt)?;
            Ok(WriteRequest::builder().delete_request(delete).build())
        };
        let batch = async |keys: &[Key]| self.batch_write(keys.iter().map(delete).collect::<Result<_>>()?).await;
        try_join_all(keys.chunks(MAX_BATCH).map(batch)).await.map(drop)
    }

    /// Puts at most 25 items with different keys: one `BatchWriteItem`.
    ///
    /// # Errors
    /// When the table is unavailable, or some items are left.
    pub(crate) async fn batch_put(&self, items: Vec<Item>) -> Result<()> {
        let put = |item: Item| {
            let put = PutRequest::builder().set_item(Some(item)).build().map_err(unbuilt)?;
            Ok(WriteRequest::builder().put_request(put).build())
        };
        self.batch_write(items.into_iter().map(put).collect::<Result<_>>()?).await
    }

    async fn batch_write(&self, requests: Vec<WriteRequest>) -> Result<()> {
        let sent = self.client.batch_write_item().request_items(&self.table, requests).send().await.map_err(Error::call(BATCH_WRITE))?;
        let is_complete = sent.unprocessed_items().is_none_or(|items| items.is_empty());
        if is_complete { Ok(()) } else { Err(Error::Contended(BATCH_WRITE)) }
    }
}

/// Makes a conditional write of one item, again while a transaction holds the item: false when its condition did not hold.
///
/// # Errors
/// [`Error::Contended`] when a transaction still holds it after the last attempt.
pub(crate) async fn apply<T, E, R, F>(operation: &'static str, send: impl Fn() -> F + Send + Sync) -> Result<bool>
where
    F: Future<Output = std::result::Result<T, SdkError<E, R>>> + Send,
    E: ProvideErrorMetadata + std::error::Error + Send + Sync + 'static,
    R: std::fmt::Debug + Send + Sync + 'static,
{
    let send = &send;
    retry(RetryPolicy::TRANSACTION, operation, (), |_, ()| async move {
        let sent = send().await;
        let code = sent.as_ref().err().and_then(SdkError::as_service_error).and_then(E::code);
        if code == Some("TransactionConflictException") {
            return Ok(RetryStep::Again(()));
        }
        applied(operation, sent).map(RetryStep::Done)
    })
    .await
}

/// Whether a conditional write was applied: false when its condition did not hold.
pub(crate) fn applied<T, E, R>(operation: &'static str, sent: std::result::Result<T, SdkError<E, R>>) -> Result<bool>
where
    E: ProvideErrorMetadata + std::error::Error + Send + Sync + 'static,
    R: std::fmt::Debug + Send + Sync + 'static,
{
    match sent {
        Ok(_) => Ok(true),
        Err(error) if error.as_service_error().and_then(E::code) == Some("ConditionalCheckFailedException") => Ok(false),
        Err(error) => Err(Error::call(operation)(error)),
    }
}
