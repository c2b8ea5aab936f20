//! Sending a message while a visitor waits: `SendMessage` signed and posted over the connector that the SDK's clients share.
//!
//! The SDK's own call spends more than half of a redirect's processor time on its orchestrator and on deriving the same signing key for each request.
//! What the SDK does for its callers and matters here is done here: attempts within a time, which failures are tried again, a corrected
//! clock, and connections that are not used again after a failure of the service.

mod answer;
mod connector;
mod sigv4;
#[cfg(test)]
mod tests;

use std::sync::OnceLock;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use aws_smithy_runtime_api::client::connection::CaptureSmithyConnection;
use aws_smithy_runtime_api::client::http::{HttpConnector, SharedHttpConnector};
use aws_smithy_runtime_api::client::orchestrator::HttpRequest;
use aws_smithy_runtime_api::client::result::ConnectorError;
use aws_smithy_runtime_api::http::HttpError;
use aws_smithy_types::body::SdkBody;
use domain::values::moment::Moment;
use serde::Serialize;

use crate::client::AwsConnection;
use answer::Refusal;
use sigv4::{Signer, date_of};

/// A visitor waits: two attempts, one right after the other, of at most a quarter of a second each.
const ATTEMPTS: usize = 2;
const ATTEMPT_TIMEOUT: Duration = Duration::from_millis(250);
/// AWS refuses signatures that are more than five minutes off; smaller differences of clocks are left alone.
const MAX_SKEW_MS: i64 = 240_000;

const CONTENT_TYPE: &str = "application/x-amz-json-1.0";
const TARGET: &str = "AmazonSQS.SendMessage";
const USER_AGENT: &str = concat!("10x-links/", env!("CARGO_PKG_VERSION"));

/// Sends messages to SQS.
#[derive(Debug)]
pub(crate) struct MessageSender {
    connection: AwsConnection,
    signer: Signer,
    connector: OnceLock<SharedHttpConnector>,
    /// What the service's clock is ahead of ours, in milliseconds; 0 while the difference does not matter.
    skew_ms: AtomicI64,
}

/// The parameters of `SendMessage`, as its JSON protocol names them.
#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
struct SendMessage<'a> {
    queue_url: &'a str,
    message_body: &'a str,
    message_group_id: &'a str,
}

/// Why a message was not sent, as far as is known: after [`SendError::Timeout`] and [`SendError::Connection`] it may be on the queue.
#[derive(Debug, thiserror::Error)]
pub(crate) enum SendError {
    #[error("SQS did not answer within {} ms", ATTEMPT_TIMEOUT.as_millis())]
    Timeout,
    #[error("the connection to SQS failed")]
    Connection(#[source] ConnectorError),
    #[error(transparent)]
    Refused(#[from] Refusal),
    #[error("the address {0} of the queue is no URL")]
    Address(String),
    #[error("the request cannot be written as HTTP")]
    Http(#[source] HttpError),
    #[error("the message cannot be written as JSON")]
    Encoding(#[from] serde_json::Error),
    #[error("no connector can be made")]
    NoConnector,
}

impl SendError {
    /// Whether another attempt can succeed.
    fn is_transient(&self) -> bool {
        match self {
            Self::Timeout | Self::Connection(_) => true,
            Self::Refused(refusal) => refusal.is_transient(),
            Self::Address(_) | Self::Http(_) | Self::Encoding(_) | Self::NoConnector => false,
        }
    }
}

impl MessageSender {
    pub(crate) fn new(connection: AwsConnection) -> Self {
        let signer = Signer::new(connection.credentials.clone(), connection.region.clone(), "sqs");
        Self { connection, signer, connector: OnceLock::new(), skew_ms: AtomicI64::new(0) }
    }

    /// Sends a message that counts for `group` when SQS shares the queue fairly; returns when it is on the queue.
    ///
    /// # Errors
    /// When no attempt was answered with success.
    pub(crate) async fn send(&self, queue: &str, body: &str, group: &str, now: Moment) -> Result<(), SendError> {
        let payload = serde_json::to_string(&SendMessage { queue_url: queue, message_body: body, message_group_id: group })?;
        let mut attempt = 1;
        loop {
            let at = now.plus_millis(self.skew_ms.load(Ordering::Relaxed));
            let sent = tokio::time::timeout(ATTEMPT_TIMEOUT, self.attempt(queue, &payload, at)).await;
            let Err(error) = sent.unwrap_or(Err(SendError::Timeout)) else { return Ok(()) };
            let is_corrected = matches!(&error, SendError::Refused(refusal) if self.correct_clock(refusal, now));
            if attempt == ATTEMPTS || !(error.is_transient() || is_corrected) {
                return Err(error);
            }
            attempt += 1;
        }
    }

    async fn attempt(&self, queue: &str, payload: &str, at: Moment) -> Result<(), SendError> {
        let connection = CaptureSmithyConnection::new();
        let mut request = self.request(queue, payload, at)?;
        request.add_extension(connection.clone());
        let answer = self.connector()?.call(request).await.map_err(SendError::Connection)?;
        let refused = answer::read(answer).await.map_err(SendError::Connection)?;
        let Some(refusal) = refused else { return Ok(()) };
        if refusal.is_of_service()
            && let Some(connection) = connection.get()
        {
            connection.poison();
        }
        Err(refusal.into())
    }

    /// The signed request.
    fn request(&self, queue: &str, payload: &str, at: Moment) -> Result<HttpRequest, SendError> {
        let no_address = || SendError::Address(queue.to_owned());
        let endpoint = self.connection.sqs_endpoint.as_deref().unwrap_or(queue);
        let (scheme, rest) = endpoint.split_once("://").ok_or_else(no_address)?;
        let host = rest.split('/').next().unwrap_or(rest);
        let date = date_of(at);
        let mut headers = vec![("content-type", CONTENT_TYPE), ("host", host), ("x-amz-date", date.as_str())];
        headers.extend(self.connection.credentials.session_token().map(|token| ("x-amz-security-token", token)));
        headers.push(("x-amz-target", TARGET));
        let authorization = self.signer.authorization(&date, &headers, payload.as_bytes());

        let mut request = HttpRequest::new(SdkBody::from(payload));
        request.set_method("POST").map_err(SendError::Http)?;
        request.set_uri(format!("{scheme}://{host}/")).map_err(|_| no_address())?;
        for (name, value) in headers.into_iter().chain([("authorization", authorization.as_str()), ("user-agent", USER_AGENT)]) {
            request.headers_mut().try_insert(name.to_owned(), value.to_owned()).map_err(SendError::Http)?;
        }
        Ok(request)
    }

    fn connector(&self) -> Result<&SharedHttpConnector, SendError> {
        if let Some(connector) = self.connector.get() {
            return Ok(connector);
        }
        let made = connector::of(&self.connection.http).ok_or(SendError::NoConnector)?;
        Ok(self.connector.get_or_init(|| made))
    }

    /// Notes by how much the service's clock differs when that is why it may have refused; returns whether it has changed.
    fn correct_clock(&self, refusal: &Refusal, now: Moment) -> bool {
        let Some(skew) = refusal.at.map(|at| at.millis() - now.millis()) else { return false };
        let skew = if skew.abs() > MAX_SKEW_MS { skew } else { 0 };
        let before = self.skew_ms.load(Ordering::Relaxed);
        let differs = (skew - before).abs() > MAX_SKEW_MS;
        if differs {
            tracing::warn!(skew_ms = skew, "the clock differs from that of SQS");
            self.skew_ms.store(skew, Ordering::Relaxed);
        }
        differs
    }
}
