//! The body of a call that needs none: without one it is `{}`.

use api::{JsonBody, Problem, read_limited};
use axum::body::Body;
use axum::extract::{FromRequest, Request};
use serde_json::{Value, json};

/// Bytes such a body may have.
const MOST: usize = 64 * 1024;

/// A JSON body that may be left out, or null.
pub(crate) struct OptionalBody(pub(crate) Value);

impl<S: Send + Sync> FromRequest<S> for OptionalBody {
    type Rejection = Problem;

    async fn from_request(request: Request, state: &S) -> Result<Self, Problem> {
        let (parts, body) = request.into_parts();
        let bytes = read_limited(body, MOST).await?;
        if bytes.is_empty() {
            return Ok(Self(json!({})));
        }
        let JsonBody(body) = JsonBody::from_request(Request::from_parts(parts, Body::from(bytes)), state).await?;
        Ok(Self(if body.is_null() { json!({}) } else { body }))
    }
}
