//! Bodies: their type, size and JSON checked before a handler sees them (contract §1, "Body limits").

use axum::extract::{FromRequest, Request};
use bytes::Bytes;
use http::HeaderMap;
use http::header::CONTENT_TYPE;
use http_body_util::{BodyExt, LengthLimitError, Limited};
use serde_json::{Value, json};

use crate::code::Code;
use crate::duplicate_keys::first_duplicate_key;
use crate::problem::Problem;

/// A JSON body, at most 64 KiB.
pub struct JsonBody(pub Value);
/// A JSON body of a public conversion, at most 16 KiB; a page may send it as text.
pub struct PublicBody(pub Value);
/// A JSON body of chain signals, at most 64 KiB; a page may send it as text.
pub struct SignalsBody(pub Value);

/// A JSON body, at most 64 KiB, that may be left out: without one, or with null, it is `{}`.
pub struct OptionalBody(pub Value);

const JSON: &str = "application/json";
// A page that is being left can only post with `navigator.sendBeacon`. That always carries credentials, so that a type which needs a
// preflight would need one that lets credentials in, and `access-control-allow-origin: *` never does; `text/plain` needs none.
const TEXT: &str = "text/plain";

/// Reads a body up to so many bytes.
///
/// # Errors
/// 413 when there are more.
pub async fn read_limited<B>(body: B, most: usize) -> Result<Bytes, Problem>
where
    B: http_body::Body<Data = Bytes> + Send,
    B::Error: Into<Box<dyn std::error::Error + Send + Sync>>,
{
    match Limited::new(body, most).collect().await {
        Ok(collected) => Ok(collected.to_bytes()),
        Err(error) if error.is::<LengthLimitError>() => {
            Err(Problem::new(Code::PayloadTooLarge, format!("the body must be at most {most} bytes")))
        }
        Err(_) => Err(Problem::field("body", "could not be read")),
    }
}

async fn read_json(request: Request, most: usize, kinds: &[&str]) -> Result<Value, Problem> {
    require_type(kinds, request.headers())?;
    parse(&read_limited(request.into_body(), most).await?)
}

fn require_type(kinds: &[&str], headers: &HeaderMap) -> Result<(), Problem> {
    if is_one_of(kinds, headers) {
        return Ok(());
    }
    Err(Problem::new(Code::UnsupportedMediaType, "send the body as content-type: application/json"))
}

fn parse(bytes: &[u8]) -> Result<Value, Problem> {
    let json = serde_json::from_slice(bytes).map_err(|error| {
        let place = if error.is_eof() {
            "ends too early".to_owned()
        // The reader's bound of the stack has no category of its own.
        } else if error.to_string().starts_with("recursion limit exceeded") {
            "is nested too deeply".to_owned()
        } else {
            format!("is not valid JSON at line {}, column {}", error.line(), error.column())
        };
        Problem::field("body", place)
    })?;
    match first_duplicate_key(bytes) {
        Some(member) => Err(Problem::payload(&member, "stands twice")),
        None => Ok(json),
    }
}

fn is_one_of(kinds: &[&str], headers: &HeaderMap) -> bool {
    let essence =
        headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok()).and_then(|text| text.split(';').next()).unwrap_or_default();
    kinds.iter().any(|kind| essence.trim().eq_ignore_ascii_case(kind))
}

macro_rules! extractor {
    ($body:ident, $most:expr, $kinds:expr) => {
        impl<S: Send + Sync> FromRequest<S> for $body {
            type Rejection = Problem;

            async fn from_request(request: Request, _: &S) -> Result<Self, Problem> {
                read_json(request, $most, &$kinds).await.map(Self)
            }
        }
    };
}

extractor!(JsonBody, 64 * 1024, [JSON]);
extractor!(PublicBody, 16 * 1024, [JSON, TEXT]);
extractor!(SignalsBody, 64 * 1024, [JSON, TEXT]);

impl<S: Send + Sync> FromRequest<S> for OptionalBody {
    type Rejection = Problem;

    async fn from_request(request: Request, _: &S) -> Result<Self, Problem> {
        let (parts, body) = request.into_parts();
        let bytes = read_limited(body, 64 * 1024).await?;
        if bytes.is_empty() {
            return Ok(Self(json!({})));
        }
        require_type(&[JSON], &parts.headers)?;
        let body = parse(&bytes)?;
        Ok(Self(if body.is_null() { json!({}) } else { body }))
    }
}
