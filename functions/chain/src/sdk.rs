//! `GET /v2/public/sdk.js`: the script that does all of this for a page.

use std::sync::LazyLock;

use api::StaticAsset;
use axum::response::Response;
use http::header::{ACCESS_CONTROL_ALLOW_ORIGIN, CACHE_CONTROL, X_CONTENT_TYPE_OPTIONS};
use http::{HeaderMap, HeaderName};

static CROSS_ORIGIN_RESOURCE_POLICY: HeaderName = HeaderName::from_static("cross-origin-resource-policy");

static SCRIPT: LazyLock<StaticAsset> = LazyLock::new(|| StaticAsset::new("text/javascript; charset=utf-8", include_str!("sdk.js")));

/// The snippet for pages: clicks kept, signals told, decisions asked, conversions reported.
///
/// Any origin may load it, also under Subresource Integrity.
#[utoipa::path(get, path = "/v2/public/sdk.js", tag = "public", params(("If-None-Match" = Option<String>, Header)),
    responses((status = 200, description = "The script.", content_type = "text/javascript", body = String, headers(("ETag" = String))),
        (status = 304, description = "It is still the one the caller has.")))]
pub(crate) async fn handle(headers: HeaderMap) -> Response {
    let lasting = [
        (CACHE_CONTROL, "public, max-age=3600"),
        (X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (CROSS_ORIGIN_RESOURCE_POLICY.clone(), "cross-origin"),
        (ACCESS_CONTROL_ALLOW_ORIGIN, "*"),
    ];
    SCRIPT.answer(&headers, lasting)
}
