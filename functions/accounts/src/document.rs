//! `GET /v2/openapi.json`, and the answer to every route that is not in it.

use std::sync::LazyLock;

use api::{ApiState, Code, Html, PAT_FAMILY, Problem, StaticAsset};
use axum::extract::{Request, State};
use axum::response::{IntoResponse, Response};
use domain::values::name::Slug;
use http::header::{ACCESS_CONTROL_ALLOW_ORIGIN, CACHE_CONTROL};
use http::{HeaderMap, Method};
use serde_json::Value;

/// The document of the whole API. It is generated from every function's routes; a test keeps this copy equal.
const DOCUMENT: &str = include_str!("../openapi.json");

static ASSET: LazyLock<StaticAsset> = LazyLock::new(|| StaticAsset::new("application/json", DOCUMENT));

/// The OpenAPI 3.1 document of this API.
#[utoipa::path(get, path = "/v2/openapi.json", tag = "system", params(("If-None-Match" = Option<String>, Header)),
    responses((status = 200, description = "The document.", body = Object, headers(("ETag" = String))),
        (status = 304, description = "The caller's copy is current.")))]
pub(crate) async fn handle(headers: HeaderMap) -> Response {
    ASSET.answer(&headers, [(CACHE_CONTROL, "public, max-age=300")])
}

static PATHS: LazyLock<Vec<(Vec<String>, Vec<String>)>> = LazyLock::new(|| {
    let document: Value = serde_json::from_str(DOCUMENT).unwrap_or_default();
    let paths = document.get("paths").and_then(Value::as_object).into_iter().flatten();
    paths
        .map(|(path, item)| {
            let methods =
                item.as_object().into_iter().flat_map(|item| item.keys()).filter(|key| is_method(key)).map(|key| key.to_uppercase());
            (path.split('/').map(str::to_owned).collect(), methods.collect())
        })
        .collect()
});

fn is_method(key: &str) -> bool {
    ["get", "put", "post", "delete", "head", "patch"].contains(&key)
}

/// Answers a request that no route takes: 405 with `Allow` where the path is known, else 404.
///
/// A link's path with a trailing slash is not a link: a browser gets a page that says so.
pub(crate) async fn unknown_route(State(app): State<ApiState>, request: Request) -> Response {
    let (parts, body) = request.into_parts();
    if let Some(way) = api::console_entry(&parts, &app.settings().public_domain) {
        return way;
    }
    let request = Request::from_parts(parts, body);
    let with_slash = request.uri().path().strip_prefix('/').and_then(|path| path.strip_suffix('/'));
    let is_almost_link = with_slash.is_some_and(|slug| slug.parse::<Slug>().is_ok());
    if is_almost_link && request.method() == Method::GET && api::wants_html(request.headers()) {
        return Html::no_link().into_response();
    }
    refused(&request)
}

fn refused(request: &Request) -> Response {
    let path = api::asked_path(request.extensions(), request.uri());
    let is_link = path.starts_with("/_edge/redirect/") || path.strip_prefix('/').is_some_and(|rest| rest.parse::<Slug>().is_ok());
    if is_link && request.method() != Method::GET {
        return Problem::new(Code::MethodNotAllowed, "follow links with GET").allow("GET, HEAD, POST").into_response();
    }
    let segments: Vec<&str> = path.split('/').collect();
    let fits = |path: &[String]| {
        path.len() == segments.len()
            && path.iter().zip(&segments).all(|(part, segment)| (part.starts_with('{') && !segment.is_empty()) || part == segment)
    };
    let known = PATHS.iter().filter(|(path, _)| fits(path));
    // The most literal path is meant: `/v2/handles`, not `/{slug}`.
    match known.min_by_key(|(path, _)| path.iter().filter(|part| part.starts_with('{')).count()) {
        Some((_, methods)) => {
            let problem =
                Problem::new(Code::MethodNotAllowed, "this route does not support the method; see Allow").allow(methods.join(", "));
            // A page that may call a route may also read its error.
            let is_for_pages = path.starts_with("/v2/public/") && !path.starts_with(PAT_FAMILY);
            if is_for_pages { ([(ACCESS_CONTROL_ALLOW_ORIGIN, "*")], problem).into_response() } else { problem.into_response() }
        }
        None => Problem::no_route().into_response(),
    }
}
