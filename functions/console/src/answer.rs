//! Which file, page or redirect answers a path.

use api::{Problem, is_current};
use axum::response::{IntoResponse, Response};
use domain::values::secret::sha256_hex;
use http::header::{ACCEPT_ENCODING, CACHE_CONTROL, CONTENT_ENCODING, CONTENT_TYPE, ETAG, LOCATION, VARY};
use http::request::Parts;
use http::{HeaderMap, HeaderValue, StatusCode};

use crate::files::{self, File};
use crate::{ConsoleSettings, hosts, policy};

const FIRST_PAGE: &str = "/console/home";
const UNTIL_CHANGED: HeaderValue = HeaderValue::from_static("no-cache");

/// Answers a GET or HEAD request; of the latter the body is left out later.
pub(crate) fn answer(settings: &ConsoleSettings, parts: &Parts) -> Response {
    match hosts::origin(settings, parts) {
        Some(origin) => route(settings, &origin, parts),
        None => Problem::no_route().into_response(),
    }
}

fn route(settings: &ConsoleSettings, origin: &str, parts: &Parts) -> Response {
    let path = parts.uri.path();
    match path.strip_prefix("/console/") {
        _ if path == "/" => redirect(StatusCode::FOUND, FIRST_PAGE),
        // Whether the gateway takes a path that ends here for one of a page is not documented.
        Some("") => redirect(StatusCode::PERMANENT_REDIRECT, FIRST_PAGE),
        Some("config.json") => config(settings, origin, &parts.headers),
        Some(name) => match File::find(name) {
            Some(file) => send_file(file, &parts.headers),
            None if is_file_name(name) => Problem::no_route().into_response(),
            None => page(settings, origin, &parts.headers),
        },
        None => match path.strip_prefix("/apps/") {
            Some("") => redirect(StatusCode::PERMANENT_REDIRECT, FIRST_PAGE),
            Some(_) => redirect(StatusCode::PERMANENT_REDIRECT, &format!("/console{}", asked(parts))),
            None => Problem::no_route().into_response(),
        },
    }
}

/// Whether a path below `/console/` can only be that of a file. Ids in the paths of pages may have dots in them.
fn is_file_name(name: &str) -> bool {
    name.starts_with("assets/") || (!name.contains('/') && name.contains('.'))
}

/// The path with its query.
fn asked(parts: &Parts) -> &str {
    parts.uri.path_and_query().map_or("/", |asked| asked.as_str())
}

fn redirect(status: StatusCode, location: &str) -> Response {
    // What comes from the request is a path that was parsed, so this is always a header value.
    match HeaderValue::from_str(location) {
        Ok(location) => (status, [(LOCATION, location), (CACHE_CONTROL, UNTIL_CHANGED)]).into_response(),
        Err(_) => Problem::no_route().into_response(),
    }
}

fn send_file(file: &'static File, request: &HeaderMap) -> Response {
    let is_unpacked = file.is_gzip && !accepts_gzip(request);
    let lasting = if file.is_immutable() { "public, max-age=31536000, immutable" } else { "public, max-age=86400" };
    let mut headers = HeaderMap::from_iter([
        (ETAG, HeaderValue::from_static(file.tag)),
        (CACHE_CONTROL, HeaderValue::from_static(lasting)),
        (VARY, HeaderValue::from_static("accept-encoding")),
    ]);
    policy::file(&mut headers);
    if is_current(request, file.tag) {
        return (StatusCode::NOT_MODIFIED, headers, ()).into_response();
    }
    headers.insert(CONTENT_TYPE, HeaderValue::from_static(file.kind));
    if is_unpacked {
        return (headers, file.plain()).into_response();
    }
    if file.is_gzip {
        headers.insert(CONTENT_ENCODING, HeaderValue::from_static("gzip"));
    }
    (headers, file.content).into_response()
}

/// Whether the caller takes gzip: named, or meant by `*`, and not with the weight 0.
fn accepts_gzip(request: &HeaderMap) -> bool {
    let codings = request.get_all(ACCEPT_ENCODING).iter().filter_map(|value| value.to_str().ok()).flat_map(|value| value.split(','));
    let mut any = None;
    for coding in codings {
        let (name, weight) = coding.split_once(';').unwrap_or((coding, ""));
        let refused = weight.trim().strip_prefix("q=").is_some_and(|weight| weight.trim().parse() == Ok(0.0_f32));
        match name.trim().to_ascii_lowercase().as_str() {
            "gzip" | "x-gzip" => return !refused,
            "*" => any = Some(!refused),
            _ => {}
        }
    }
    any.unwrap_or(false)
}

fn page(settings: &ConsoleSettings, origin: &str, request: &HeaderMap) -> Response {
    let mut response = checked(request, "text/html; charset=utf-8", files::index(&json(settings, origin)));
    policy::page(settings, response.headers_mut());
    response
}

fn config(settings: &ConsoleSettings, origin: &str, request: &HeaderMap) -> Response {
    let mut response = checked(request, "application/json", json(settings, origin));
    policy::file(response.headers_mut());
    response
}

fn json(settings: &ConsoleSettings, origin: &str) -> String {
    serde_json::to_string(&settings.config(origin)).unwrap_or_default()
}

/// A text that callers keep and ask about each time.
fn checked(request: &HeaderMap, kind: &'static str, text: String) -> Response {
    let tag = format!("\"{}\"", sha256_hex(text.as_bytes()));
    let lasting = [(CACHE_CONTROL, "no-cache"), (ETAG, tag.as_str())];
    if is_current(request, &tag) {
        return (StatusCode::NOT_MODIFIED, lasting, ()).into_response();
    }
    (lasting, [(CONTENT_TYPE, kind)], text).into_response()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn gzip_is_sent_to_those_who_take_it() {
        let accepts = |text: &str| accepts_gzip(&HeaderMap::from_iter([(ACCEPT_ENCODING, HeaderValue::from_str(text).unwrap())]));
        for yes in ["gzip", "gzip, deflate, br", "br;q=1.0, GZIP;q=0.5", "*", "identity;q=0.5, *;q=0.1"] {
            assert!(accepts(yes), "{yes}");
        }
        for no in ["", "identity", "br", "gzip;q=0", "gzip; q=0.000, *", "*;q=0"] {
            assert!(!accepts(no), "{no}");
        }
        assert!(!accepts_gzip(&HeaderMap::new()));
    }

    #[test]
    fn a_dot_makes_a_file_only_where_files_are() {
        for name in ["assets/index-B3xYz9kQ.js", "assets/anything", "robots.txt"] {
            assert!(is_file_name(name), "{name}");
        }
        for name in ["home", "acme/attribution/sessions/user.42", "apps/attribution"] {
            assert!(!is_file_name(name), "{name}");
        }
    }
}
