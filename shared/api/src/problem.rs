//! Errors of the API: a code, a message for the caller, and a cause for the log only (specification §1).

use std::borrow::Cow;
use std::error::Error as StdError;
use std::sync::Arc;

use axum::response::{IntoResponse, Response};
use domain::values::form::{Fault, Faults};
use domain::values::moment::Moment;
use http::header::{ALLOW, CONTENT_TYPE, RETRY_AFTER};
use http::{HeaderValue, StatusCode};
use runtime::KeysError;
use serde_json::{Map, Value, json};

use crate::code::Code;

/// The message for what is stored but cannot be decoded.
const DAMAGED: &str = "what is stored here cannot be read; write it again, or delete it";

/// An error to return: what the caller receives, and apart from it the cause, which is only logged.
#[derive(Clone, Debug)]
pub struct Problem(Box<Inner>);

#[derive(Clone, Debug)]
struct Inner {
    code: Code,
    message: Cow<'static, str>,
    fields: Vec<Fault>,
    extra: Map<String, Value>,
    retry_after: Option<i64>,
    allow: Option<String>,
    cause: Option<Arc<dyn StdError + Send + Sync>>,
}

impl Problem {
    /// An error with a message that says what the caller can do about it.
    pub fn new(code: Code, message: impl Into<Cow<'static, str>>) -> Self {
        let message = message.into();
        Self(Box::new(Inner { code, message, fields: Vec::new(), extra: Map::new(), retry_after: None, allow: None, cause: None }))
    }

    /// One invalid field.
    pub fn field(field: &str, message: impl Into<String>) -> Self {
        Faults::one(field, message).into()
    }

    /// One invalid field, with the general code whatever its name.
    pub(crate) fn payload(field: &str, message: impl Into<String>) -> Self {
        let mut problem = Self::field(field, message);
        problem.0.code = Code::InvalidPayload;
        problem
    }

    /// 404: the handle does not exist, or the caller is no collaborator.
    pub fn no_handle() -> Self {
        Self::new(Code::HandleNotFound, "no such handle, or you are not a collaborator of it")
    }

    /// 404: the handle does not exist, on a route without authentication.
    pub fn unknown_handle() -> Self {
        Self::new(Code::HandleNotFound, "no such handle")
    }

    /// 404: the route does not exist.
    pub fn no_route() -> Self {
        Self::not_found("route; GET /v2/openapi.json lists them all")
    }

    /// 404: something else does not exist; `what` completes "no such …".
    pub fn not_found(what: &'static str) -> Self {
        Self::new(Code::NotFound, format!("no such {what}"))
    }

    /// 500: an internal error.
    pub fn internal(cause: impl StdError + Send + Sync + 'static) -> Self {
        Self::new(Code::InternalError, "something went wrong on our side; the request id helps support find it").caused_by(cause)
    }

    /// 503: a service cannot be reached.
    pub fn unavailable(cause: impl StdError + Send + Sync + 'static) -> Self {
        Self::new(Code::Unavailable, "a service this needs cannot be reached; try again shortly").retry_after(1).caused_by(cause)
    }

    /// Adds a member to the body.
    #[must_use]
    pub fn with(mut self, name: &str, value: impl Into<Value>) -> Self {
        self.0.extra.insert(name.to_owned(), value.into());
        self
    }

    /// Adds `Retry-After`, in whole seconds and at least one.
    #[must_use]
    pub fn retry_after(mut self, seconds: i64) -> Self {
        self.0.retry_after = Some(seconds.max(1));
        self
    }

    /// Adds `Retry-After`: the whole seconds from `now` until `until`, rounded up.
    #[must_use]
    pub fn retry_at(self, until: Moment, now: Moment) -> Self {
        self.retry_after((until.millis() - now.millis() + 999) / 1000)
    }

    /// Adds `Allow`.
    #[must_use]
    pub fn allow(mut self, methods: impl Into<String>) -> Self {
        self.0.allow = Some(methods.into());
        self
    }

    fn caused_by(mut self, cause: impl StdError + Send + Sync + 'static) -> Self {
        self.0.cause = Some(Arc::new(cause));
        self
    }

    /// The code.
    pub fn code(&self) -> Code {
        self.0.code
    }

    /// The message for the caller.
    pub fn message(&self) -> &str {
        &self.0.message
    }

    /// The whole chain of causes, for the log.
    pub fn causes(&self) -> Option<String> {
        let mut error: &dyn StdError = self.0.cause.as_deref()?;
        let mut chain = error.to_string();
        while let Some(source) = error.source() {
            chain.push_str(": ");
            chain.push_str(&source.to_string());
            error = source;
        }
        Some(chain)
    }

    /// The body, which names the request.
    pub fn body(&self, request_id: &str) -> Value {
        let mut body = Map::new();
        body.insert("error".to_owned(), json!(self.0.code.as_str()));
        body.insert("message".to_owned(), json!(self.0.message));
        body.insert("requestId".to_owned(), json!(request_id));
        if !self.0.fields.is_empty() {
            body.insert("fields".to_owned(), json!(self.0.fields));
        }
        body.extend(self.0.extra.clone());
        Value::Object(body)
    }
}

impl From<Faults> for Problem {
    fn from(Faults(fields): Faults) -> Self {
        let code = match fields.as_slice() {
            [only] => Code::of_field(&only.field),
            _ => Code::InvalidPayload,
        };
        let message = match fields.as_slice() {
            [only] => format!("{} {}", only.field, only.message),
            several => {
                let names: Vec<&str> = several.iter().map(|fault| fault.field.as_str()).collect();
                format!("these fields are invalid: {}", names.join(", "))
            }
        };
        let mut problem = Self::new(code, message);
        problem.0.fields = fields;
        problem
    }
}

impl From<store::Error> for Problem {
    fn from(error: store::Error) -> Self {
        match error {
            store::Error::ForeignCursor => Self::field("cursor", "is not one of this list; pass the one of the page before as it was"),
            store::Error::Unavailable { .. } => Self::unavailable(error),
            store::Error::Contended(_) => {
                let message = "too many requests change the same record at once; try again shortly";
                Self::new(Code::Unavailable, message).retry_after(1).caused_by(error)
            }
            store::Error::Damaged { .. } => Self::new(Code::InternalError, DAMAGED).with("damaged", true).caused_by(error),
            store::Error::NotAccepted { .. } | store::Error::NoQueue(_) => Self::internal(error),
        }
    }
}

impl From<KeysError> for Problem {
    fn from(error: KeysError) -> Self {
        match error {
            KeysError::Unavailable(_) | KeysError::NotYet => Self::unavailable(error),
            KeysError::Invalid => Self::internal(error),
        }
    }
}

impl IntoResponse for Problem {
    /// The status and headers, with the problem itself attached: [`crate::serve`] writes the body once it knows the request id.
    fn into_response(self) -> Response {
        let mut response = self.0.code.status().into_response();
        let headers = response.headers_mut();
        headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
        if let Some(seconds) = self.0.retry_after {
            headers.insert(RETRY_AFTER, seconds.into());
        }
        if let Some(allow) = self.0.allow.as_deref().and_then(|methods| HeaderValue::from_str(methods).ok()) {
            headers.insert(ALLOW, allow);
        }
        if self.0.code.status() == StatusCode::UNAUTHORIZED {
            headers.insert(http::header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
        }
        response.extensions_mut().insert(self);
        response
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_bad_field_gets_its_own_code_and_several_the_general_one() {
        let code = |fields: &[&str]| {
            Problem::from(Faults(fields.iter().map(|field| Fault { field: (*field).to_owned(), message: String::new() }).collect())).code()
        };
        assert_eq!(code(&["destinationUrl"]), Code::InvalidDestinationUrl);
        assert_eq!(code(&["routingRules[1].destinationUrl"]), Code::InvalidDestinationUrl);
        assert_eq!(code(&["primaryLink.slug"]), Code::InvalidSlug);
        assert_eq!(code(&["ctx"]), Code::InvalidCtx);
        assert_eq!(code(&["collaborators[3].role"]), Code::InvalidCollaborators);
        assert_eq!(code(&["title"]), Code::InvalidPayload);
        assert_eq!(code(&["ctx", "eventType"]), Code::InvalidPayload);
    }

    #[test]
    fn the_cause_is_for_the_log_alone() {
        let problem = Problem::unavailable(std::io::Error::other("secret host unreachable"));
        assert!(!problem.body("req_1").to_string().contains("secret host"));
        assert!(problem.causes().unwrap().contains("secret host"));
    }
}
