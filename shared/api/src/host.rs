//! The host that a request names, what the hosts of handles have, and the way to the console from those where it is.

use axum::response::{IntoResponse, Response};
use domain::values::name::Handle;
use http::header::{CACHE_CONTROL, HOST, LOCATION};
use http::request::Parts;
use http::{Method, StatusCode};

/// The host of a request in lower case, with its port if it names one, and without the dot that ends a fully qualified name.
pub fn host(parts: &Parts) -> Option<String> {
    let named = parts.headers.get(HOST).and_then(|host| host.to_str().ok());
    let host = named.or_else(|| parts.uri.authority().map(|authority| authority.as_str()))?;
    let mut host = host.to_ascii_lowercase();
    let name = host.rsplit_once(':').map_or(host.as_str(), |(name, _port)| name);
    if let Some(dot) = name.strip_suffix('.').map(str::len) {
        host.remove(dot);
    }
    Some(host)
}

/// Whether a host is `name`, whose port counts only where the name has one.
pub fn is_host(host: &str, name: &str) -> bool {
    host.eq_ignore_ascii_case(name) || host.rsplit_once(':').is_some_and(|(host, _port)| host.eq_ignore_ascii_case(name))
}

/// The label of a host before the public domain, whose port counts only where the domain has one.
pub fn public_label(host: &str, public_domain: &str) -> Option<String> {
    let (host, domain) = (host.to_ascii_lowercase(), public_domain.to_ascii_lowercase());
    let before = host.strip_suffix(&domain).or_else(|| {
        let (name, _port) = host.rsplit_once(':')?;
        name.strip_suffix(&domain)
    })?;
    before.strip_suffix('.').map(str::to_owned)
}

/// Whether a request names the host of a handle.
fn is_of_handle(parts: &Parts, public_domain: &str) -> bool {
    host(parts).and_then(|host| public_label(&host, public_domain)).is_some_and(|label| label.parse::<Handle>().is_ok())
}

/// Whether the host of a request has its path. That of a handle has links and `/v2/public/…`, which pages and merchants call: what its
/// links show is never on an origin with the console, the rest of the API, or the links of other handles.
pub(crate) fn has_path(parts: &Parts, public_domain: &str) -> bool {
    let path = parts.uri.path();
    let is_link = path.strip_prefix('/').is_some_and(|slug| !slug.is_empty() && !slug.contains('/'));
    is_link || path.starts_with("/v2/public/") || !is_of_handle(parts, public_domain)
}

/// The host on which the console is, as the label before the public domain; no handle has this name.
pub const CONSOLE_LABEL: &str = "app";

/// The way to the console's first page from `/console` and `/apps`, with a slash at the end or without: the gateway leads only longer paths
/// to the console. None for other requests, and on the host of a handle, where these are links.
pub fn console_entry(parts: &Parts, public_domain: &str) -> Option<Response> {
    let path = parts.uri.path();
    let is_entry = ["/console", "/apps"].contains(&path.strip_suffix('/').unwrap_or(path));
    let is_read = parts.method == Method::GET || parts.method == Method::HEAD;
    let way = [(LOCATION, "/console/home"), (CACHE_CONTROL, "no-cache")];
    (is_entry && is_read && !is_of_handle(parts, public_domain)).then(|| (StatusCode::PERMANENT_REDIRECT, way).into_response())
}

#[cfg(test)]
mod tests {
    use http::Request;

    use super::*;

    #[test]
    fn the_host_of_a_handle_has_links_and_public_routes() {
        let has =
            |host: &str, path: &str| has_path(&Request::builder().uri(path).header(HOST, host).body(()).unwrap().into_parts().0, "10x.in");
        for path in ["/launch", "/console", "/v2", "/v2/public/context?ctx=a/b", "/v2/public/handles/demo/links", "/launch?to=/a/b"] {
            assert!(has("demo.10x.in", path), "{path}");
        }
        for path in
            ["/", "/v2/handles", "/v2/publicity", "/v2/public", "/console/home", "/_edge/redirect/demo/launch", "//launch", "/launch/"]
        {
            for host in ["demo.10x.in", "DEMO.10x.in:443", "nosuch.10x.in"] {
                assert!(!has(host, path), "{host} {path}");
            }
            for host in ["10x.in", "api.10x.in", "app.10x.in", "a1b2c3.execute-api.eu-central-1.amazonaws.com", "demo.evil.example", ""] {
                assert!(has(host, path), "{host} {path}");
            }
        }
    }
}
