//! `GET /v2/public/sdk.js`: the browser SDK.

use std::sync::LazyLock;

use api::StaticAsset;
use axum::response::Response;
use http::header::{ACCESS_CONTROL_ALLOW_ORIGIN, CACHE_CONTROL, X_CONTENT_TYPE_OPTIONS};
use http::{HeaderMap, HeaderName};

static CROSS_ORIGIN_RESOURCE_POLICY: HeaderName = HeaderName::from_static("cross-origin-resource-policy");

static SCRIPT: LazyLock<StaticAsset> = LazyLock::new(|| StaticAsset::new("text/javascript; charset=utf-8", include_str!("sdk.js")));

/// The browser SDK: it stores clicks, sends signals, requests decisions and reports conversions.
///
/// Any origin may load it, also under Subresource Integrity.
#[utoipa::path(get, path = "/v2/public/sdk.js", tag = "public", params(("If-None-Match" = Option<String>, Header)),
    responses((status = 200, description = "The script.", content_type = "text/javascript", body = String, headers(("ETag" = String))),
        (status = 304, description = "The caller's copy is current.")))]
pub(crate) async fn handle(headers: HeaderMap) -> Response {
    let headers_of_script = [
        (CACHE_CONTROL, "public, max-age=3600"),
        (X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (CROSS_ORIGIN_RESOURCE_POLICY.clone(), "cross-origin"),
        (ACCESS_CONTROL_ALLOW_ORIGIN, "*"),
    ];
    SCRIPT.answer(&headers, headers_of_script)
}
