//! Texts built into the program: told with a tag, and not told again to whoever has them (RFC 9110 §13.1.2).

use axum::response::{IntoResponse, IntoResponseParts, Response};
use http::header::{CONTENT_TYPE, ETAG, IF_NONE_MATCH};
use http::{HeaderMap, StatusCode};

/// A text that stays the same as long as the program does.
pub struct StaticAsset {
    kind: &'static str,
    text: &'static str,
    /// Weak, for it stands for the text whether or not it goes compressed (RFC 9110 §8.8.1).
    tag: String,
}

impl StaticAsset {
    /// The text, of this media type.
    pub fn new(kind: &'static str, text: &'static str) -> Self {
        Self { kind, text, tag: format!("W/\"{}\"", domain::values::secret::sha256_hex(text.as_bytes())) }
    }

    /// The text, or 304 for a caller that has it; `headers` go with either.
    pub fn answer(&self, asked: &HeaderMap, headers: impl IntoResponseParts) -> Response {
        let tag = [(ETAG, self.tag.as_str())];
        if self.is_known(asked) {
            return (StatusCode::NOT_MODIFIED, tag, headers, ()).into_response();
        }
        (tag, headers, [(CONTENT_TYPE, self.kind)], self.text).into_response()
    }

    /// Whether the caller has this very text; compared weakly, as `If-None-Match` is.
    fn is_known(&self, asked: &HeaderMap) -> bool {
        let known = asked.get_all(IF_NONE_MATCH).iter().filter_map(|value| value.to_str().ok()).flat_map(|value| value.split(','));
        known.map(str::trim).any(|tag| tag == "*" || tag.trim_start_matches("W/") == self.tag.trim_start_matches("W/"))
    }
}
