//! An answer of the server, with the checks that tests make.

use bytes::Bytes;
use http::{HeaderMap, StatusCode};
use serde_json::Value;

/// An answer.
#[derive(Clone, Debug)]
pub struct Answer {
    /// The status.
    pub status: StatusCode,
    /// The headers.
    pub headers: HeaderMap,
    /// The body.
    pub body: Bytes,
}

impl Answer {
    /// The body as JSON; null when it is not JSON.
    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or(Value::Null)
    }

    /// The body as text.
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    /// A header, empty when it is missing.
    pub fn header(&self, name: &str) -> &str {
        self.headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default()
    }

    /// Fails the test unless the status is this one.
    #[track_caller]
    pub fn expect(self, status: u16) -> Self {
        assert_eq!(self.status.as_u16(), status, "{}", self.text());
        self
    }

    /// Fails the test unless the answer is this error.
    #[track_caller]
    pub fn refused(self, status: u16, code: &str) -> Self {
        let answer = self.expect(status);
        assert_eq!(answer.json()["error"], code, "{}", answer.text());
        assert_eq!(answer.json()["requestId"], answer.header("x-request-id"));
        answer
    }

    /// The bad fields an error names.
    pub fn fields(&self) -> Vec<String> {
        let json = self.json();
        let fields = json["fields"].as_array().cloned().unwrap_or_default();
        fields.iter().map(|fault| fault["field"].as_str().unwrap_or_default().to_owned()).collect()
    }

    /// The location of a redirect.
    #[track_caller]
    pub fn location(&self) -> url::Url {
        self.header("location").parse().unwrap_or_else(|error| panic!("no location ({error}): {}", self.text()))
    }

    /// The `ctx` of a redirect; empty when the location has none.
    #[track_caller]
    pub fn ctx(&self) -> String {
        self.location().query_pairs().find(|(name, _)| name == "ctx").map(|(_, value)| value.into_owned()).unwrap_or_default()
    }
}
