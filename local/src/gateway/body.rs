//! Reads the body of a request, within a limit of size and of time.

use std::{error::Error as StdError, time::Duration};

use bytes::Bytes;
use http::{HeaderValue, Response, StatusCode, header};
use http_body_util::{BodyExt, Collected, LengthLimitError, Limited};
use hyper::body::Body;

use super::response;

/// API Gateway's limit for a request's body.
pub(super) const MAX_BODY_BYTES: usize = 10 * 1024 * 1024;

/// Time for a request's body to arrive, from its head on: as long as API Gateway waits for a function.
pub(super) const MAX_BODY_TIME: Duration = Duration::from_secs(30);

/// Why a body could not be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Unread {
    /// It is larger than allowed.
    TooLarge,
    /// It did not arrive in time.
    TooSlow,
    /// It is cut off, or its chunks are not what HTTP says.
    Malformed,
}

impl Unread {
    /// The answer. The rest of the request is not read, so the connection ends.
    pub(super) fn response(self) -> Response<Bytes> {
        let mut response = match self {
            Self::TooLarge => response::own(StatusCode::PAYLOAD_TOO_LARGE, "Request Entity Too Large"),
            Self::TooSlow => response::own(StatusCode::REQUEST_TIMEOUT, "Request Timeout"),
            Self::Malformed => response::own(StatusCode::BAD_REQUEST, "Bad Request"),
        };
        response.headers_mut().insert(header::CONNECTION, HeaderValue::from_static("close"));
        response
    }
}

/// The whole body.
///
/// # Errors
/// When it is too large, arrives too slowly, or is malformed.
pub(super) async fn read<B>(body: B) -> Result<Bytes, Unread>
where
    B: Body<Data = Bytes>,
    B::Error: Into<Box<dyn StdError + Send + Sync>>,
{
    if body.size_hint().lower() > MAX_BODY_BYTES as u64 {
        return Err(Unread::TooLarge);
    }
    match tokio::time::timeout(MAX_BODY_TIME, Limited::new(body, MAX_BODY_BYTES).collect()).await {
        Ok(Ok(collected)) => Ok(Collected::to_bytes(collected)),
        Ok(Err(error)) if error.is::<LengthLimitError>() => Err(Unread::TooLarge),
        Ok(Err(_)) => Err(Unread::Malformed),
        Err(_) => Err(Unread::TooSlow),
    }
}
