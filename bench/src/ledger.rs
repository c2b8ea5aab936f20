//! Counts AWS calls at the SDK's HTTP connector, retries and failures included.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use aws_smithy_runtime_api::client::http::{
    HttpClient, HttpConnector, HttpConnectorFuture, HttpConnectorSettings, SharedHttpClient, SharedHttpConnector,
};
use aws_smithy_runtime_api::client::orchestrator::HttpRequest;
use aws_smithy_runtime_api::client::result::ConnectorError;
use aws_smithy_runtime_api::client::runtime_components::RuntimeComponents;
use aws_smithy_types::body::SdkBody;
use aws_smithy_types::byte_stream::ByteStream;
use serde_json::Value;

use crate::capacity_units::{self, Units};

/// One call.
#[derive(Clone, Debug)]
pub(crate) struct Call {
    /// The operation.
    pub(crate) operation: String,
    /// Bytes of the request, head and body.
    pub(crate) sent: usize,
    /// Bytes of the response, head and body.
    pub(crate) received: usize,
    /// What DynamoDB bills.
    pub(crate) units: Units,
    /// Report cells a transaction writes.
    pub(crate) cells: usize,
    /// The request to DynamoDB, when its capacity was requested.
    pub(crate) request: Value,
    /// How long it took here, on the local server's engine.
    pub(crate) took: Duration,
}

/// Whether calls request their capacity, which costs the bench time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Detail {
    /// Operations and bytes, and what DynamoDB bills.
    Capacity,
    /// Operations and bytes.
    Calls,
}

/// The calls so far.
#[derive(Clone, Debug, Default)]
pub(crate) struct Ledger(Arc<Mutex<Vec<Call>>>);

impl Ledger {
    /// Removes the calls so far and returns them.
    pub(crate) fn take(&self) -> Vec<Call> {
        std::mem::take(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }

    fn note(&self, call: Call) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).push(call);
    }

    /// The functions' HTTP client `inner`, counting into this ledger.
    pub(crate) fn client(&self, inner: SharedHttpClient, detail: Detail) -> SharedHttpClient {
        SharedHttpClient::new(Counting { inner, ledger: self.clone(), detail })
    }
}

#[derive(Debug)]
struct Counting<T> {
    inner: T,
    ledger: Ledger,
    detail: Detail,
}

impl HttpClient for Counting<SharedHttpClient> {
    fn http_connector(&self, settings: &HttpConnectorSettings, components: &RuntimeComponents) -> SharedHttpConnector {
        let inner = self.inner.http_connector(settings, components);
        SharedHttpConnector::new(Counting { inner, ledger: self.ledger.clone(), detail: self.detail })
    }
}

impl HttpConnector for Counting<SharedHttpConnector> {
    fn call(&self, mut request: HttpRequest) -> HttpConnectorFuture {
        let (inner, ledger, detail) = (self.inner.clone(), self.ledger.clone(), self.detail);
        let operation = request.headers().get("x-amz-target").and_then(|target| target.rsplit('.').next()).unwrap_or("?").to_owned();
        let sent = size(request.headers().iter(), request.body()) + request.method().len() + request.uri().len();
        let document = (detail == Detail::Capacity).then(|| request_capacity(&mut request, &operation)).flatten();
        HttpConnectorFuture::new(async move {
            let started = Instant::now();
            let mut response = inner.call(request).await?;
            let failed = |error: aws_smithy_types::byte_stream::error::Error| ConnectorError::other(error.into(), None);
            let body = ByteStream::new(response.take_body()).collect().await.map_err(failed)?.into_bytes();
            let took = started.elapsed();
            let response_document = if document.is_some() { serde_json::from_slice(&body).unwrap_or_default() } else { Value::Null };
            *response.body_mut() = SdkBody::from(body);
            let received = size(response.headers().iter(), response.body()).saturating_sub(capacity_units::added_bytes(&response_document));
            let units = capacity_units::billed(&operation, response.status().as_u16(), document.as_ref(), &response_document);
            let cells = document.as_ref().map_or(0, cells);
            ledger.note(Call { operation, sent, received, units, cells, request: document.unwrap_or_default(), took });
            Ok(response)
        })
    }
}

fn size<'a>(headers: impl Iterator<Item = (&'a str, &'a str)>, body: &SdkBody) -> usize {
    let head: usize = headers.map(|(name, value)| name.len() + value.len() + 4).sum();
    head + body.bytes().map_or(0, <[u8]>::len)
}

/// Makes a DynamoDB request ask for its capacity; returns the request's document. The local engine does not verify
/// signatures, so the body may change after it was signed.
fn request_capacity(request: &mut HttpRequest, operation: &str) -> Option<Value> {
    if !capacity_units::reports_capacity(operation) {
        return None;
    }
    let mut document: Value = serde_json::from_slice(request.body().bytes()?).ok()?;
    document.as_object_mut()?.insert("ReturnConsumedCapacity".to_owned(), "INDEXES".into());
    let text = document.to_string();
    request.headers_mut().insert("content-length", text.len().to_string());
    *request.body_mut() = SdkBody::from(text);
    Some(document)
}

/// How many report cells a transaction writes.
fn cells(request: &Value) -> usize {
    let actions = request.get("TransactItems").and_then(Value::as_array).into_iter().flatten();
    let keys = actions.filter_map(|action| action.pointer("/Put/Item/pk/S").and_then(Value::as_str));
    keys.filter(|key| key.starts_with("ROLLUP#")).count()
}
