//! What SQS answers.

use aws_smithy_runtime_api::client::orchestrator::HttpResponse;
use aws_smithy_runtime_api::client::result::ConnectorError;
use aws_smithy_types::byte_stream::ByteStream;
use aws_smithy_types::date_time::{DateTime, Format};
use domain::values::moment::Moment;
use serde::Deserialize;

/// Codes of refusals for load, and of those that a repetition ends (AWS SDKs reference guide, "Retry behavior").
const TRANSIENT: [&str; 12] = [
    "BandwidthLimitExceeded",
    "LimitExceededException",
    "PriorRequestNotComplete",
    "ProvisionedThroughputExceededException",
    "RequestLimitExceeded",
    "RequestThrottled",
    "RequestThrottledException",
    "RequestTimeout",
    "SlowDown",
    "Throttling",
    "ThrottlingException",
    "TooManyRequestsException",
];

/// A message was not accepted.
#[derive(Debug, thiserror::Error)]
#[error("SQS answered {status} {code}")]
pub(crate) struct Refusal {
    status: u16,
    /// The error's name, as `QueueDoesNotExist`; empty when the answer has none.
    code: String,
    /// The service's time.
    pub(super) at: Option<Moment>,
}

impl Refusal {
    /// Whether a repetition can succeed.
    pub(super) fn is_transient(&self) -> bool {
        self.is_of_service() || self.status == 429 || TRANSIENT.contains(&self.code.as_str())
    }

    /// Whether the service or the host behind the connection failed.
    pub(super) fn is_of_service(&self) -> bool {
        self.status >= 500
    }
}

/// Reads an answer to its end, so that its connection can be used again; none when the message is on the queue.
pub(super) async fn read(answer: HttpResponse) -> Result<Option<Refusal>, ConnectorError> {
    let (status, sent_at) = (answer.status(), answer.headers().get("date").and_then(parse_date));
    let body = ByteStream::new(answer.into_body()).collect().await.map_err(|error| ConnectorError::io(error.into()))?;
    if status.is_success() {
        return Ok(None);
    }
    Ok(Some(Refusal { status: status.as_u16(), code: code_of(&body.into_bytes()), at: sent_at }))
}

/// The name of an error of the JSON protocol: `com.amazonaws.sqs#QueueDoesNotExist`.
fn code_of(body: &[u8]) -> String {
    #[derive(Deserialize)]
    struct ErrorBody {
        #[serde(rename = "__type")]
        kind: String,
    }
    let kind = serde_json::from_slice(body).map(|ErrorBody { kind }| kind).unwrap_or_default();
    kind.rsplit('#').next().unwrap_or_default().to_owned()
}

fn parse_date(text: &str) -> Option<Moment> {
    let date = DateTime::from_str(text, Format::HttpDate).ok()?;
    date.to_millis().ok().map(Moment::from_millis)
}
