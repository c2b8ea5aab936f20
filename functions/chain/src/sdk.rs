//! `GET /v2/public/sdk.js`: the script that does all of this for a page.

use std::sync::LazyLock;

use axum::response::{IntoResponse, Response};
use http::header::{ACCESS_CONTROL_ALLOW_ORIGIN, CACHE_CONTROL, CONTENT_TYPE, ETAG, IF_NONE_MATCH, X_CONTENT_TYPE_OPTIONS};
use http::{HeaderMap, HeaderName, StatusCode};

const SCRIPT: &str = include_str!("sdk.js");

static CROSS_ORIGIN_RESOURCE_POLICY: HeaderName = HeaderName::from_static("cross-origin-resource-policy");

// Weak, for it stands for the script whether or not it goes compressed (RFC 9110 §8.8.1).
static TAG: LazyLock<String> = LazyLock::new(|| format!("W/\"{}\"", domain::secret::sha256_hex(SCRIPT.as_bytes())));

/// The snippet for pages: clicks kept, signals told, decisions asked, conversions reported.
///
/// Any origin may load it, also under Subresource Integrity.
#[utoipa::path(get, path = "/v2/public/sdk.js", tag = "public", params(("If-None-Match" = Option<String>, Header)),
    responses((status = 200, description = "The script.", content_type = "text/javascript", body = String, headers(("ETag" = String))),
        (status = 304, description = "It is still the one the caller has.")))]
pub(crate) async fn handle(headers: HeaderMap) -> Response {
    let lasting = [
        (ETAG, TAG.as_str()),
        (CACHE_CONTROL, "public, max-age=3600"),
        (X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (CROSS_ORIGIN_RESOURCE_POLICY.clone(), "cross-origin"),
        (ACCESS_CONTROL_ALLOW_ORIGIN, "*"),
    ];
    if is_known(&headers) {
        return (StatusCode::NOT_MODIFIED, lasting).into_response();
    }
    (lasting, [(CONTENT_TYPE, "text/javascript; charset=utf-8")], SCRIPT).into_response()
}

/// Whether the caller has this very script; compared weakly, as `If-None-Match` is (RFC 9110 §13.1.2).
fn is_known(headers: &HeaderMap) -> bool {
    let known = headers.get_all(IF_NONE_MATCH).iter().filter_map(|value| value.to_str().ok()).flat_map(|value| value.split(','));
    known.map(str::trim).any(|tag| tag == "*" || tag.trim_start_matches("W/") == TAG.trim_start_matches("W/"))
}
