//! Embedded text served with an ETag; 304 when the caller's copy is current (RFC 9110 §13.1.2).

use axum::response::{IntoResponse, IntoResponseParts, Response};
use http::header::{CONTENT_TYPE, ETAG, IF_NONE_MATCH};
use http::{HeaderMap, StatusCode};

/// A text that is compiled into the program.
pub struct StaticAsset {
    kind: &'static str,
    text: &'static str,
    /// Weak, because it is the same whether or not the text is compressed (RFC 9110 §8.8.1).
    tag: String,
}

impl StaticAsset {
    /// An asset with this media type and text.
    pub fn new(kind: &'static str, text: &'static str) -> Self {
        Self { kind, text, tag: format!("W/\"{}\"", domain::values::secret::sha256_hex(text.as_bytes())) }
    }

    /// The text, or 304 for a caller that has it; both with `headers`.
    pub fn answer(&self, request: &HeaderMap, headers: impl IntoResponseParts) -> Response {
        let tag = [(ETAG, self.tag.as_str())];
        if is_current(request, &self.tag) {
            return (StatusCode::NOT_MODIFIED, tag, headers, ()).into_response();
        }
        (tag, headers, [(CONTENT_TYPE, self.kind)], self.text).into_response()
    }
}

/// Whether the caller has what bears this tag; `If-None-Match` compares weakly.
pub fn is_current(request: &HeaderMap, tag: &str) -> bool {
    let known = request.get_all(IF_NONE_MATCH).iter().filter_map(|value| value.to_str().ok()).flat_map(|value| value.split(','));
    known.map(str::trim).any(|known| known == "*" || known.trim_start_matches("W/") == tag.trim_start_matches("W/"))
}
