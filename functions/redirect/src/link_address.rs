//! Which link a request asks for: `https://{handle}.<domain>/{slug}`, or `/_edge/redirect/{handle}/{slug}` on hosts that are neither the
//! console's nor a handle's.

use api::CONSOLE_LABEL;
use domain::values::name::{Handle, Slug};
use http::request::Parts;

/// What identifies a link: its handle and its slug.
#[derive(Clone, PartialEq, Eq, Hash)]
pub(crate) struct LinkAddress {
    pub(crate) handle: Handle,
    pub(crate) slug: Slug,
}

impl LinkAddress {
    /// The link that a request asks for; none when its host or path cannot name one.
    pub(crate) fn of(parts: &Parts, public_domain: &str) -> Option<Self> {
        let path = parts.uri.path();
        let label = api::host(parts).and_then(|host| api::public_label(&host, public_domain));
        if let Some(rest) = path.strip_prefix("/_edge/redirect/") {
            // The console's origin shows no customer's page: a password form there would look like the console's own.
            if label.as_deref() == Some(CONSOLE_LABEL) {
                return None;
            }
            let (handle, slug) = rest.split_once('/')?;
            return Some(Self { handle: handle.parse().ok()?, slug: slug.parse().ok()? });
        }
        Some(Self { handle: label?.parse().ok()?, slug: path.strip_prefix('/')?.parse().ok()? })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use http::Request;
    use http::header::HOST;

    fn address(host: &str, path: &str, domain: &str) -> Option<(String, String)> {
        let (parts, ()) = Request::builder().uri(path).header(HOST, host).body(()).unwrap().into_parts();
        LinkAddress::of(&parts, domain).map(|address| (address.handle.to_string(), address.slug.to_string()))
    }

    #[test]
    fn links_are_found_by_host_and_by_edge_path() {
        let launch = Some(("demo".to_owned(), "launch".to_owned()));
        assert_eq!(address("demo.10x.in", "/launch", "10x.in"), launch);
        assert_eq!(address("DEMO.10x.in:443", "/launch", "10x.in"), launch);
        assert_eq!(address("demo.10x.in.", "/launch", "10x.in"), launch);
        assert_eq!(address("demo.localhost.:9000", "/launch", "localhost:9000"), launch);
        assert_eq!(address("demo.localhost:9000", "/launch", "localhost:9000"), launch);
        assert_eq!(address("api.example", "/_edge/redirect/demo/launch", "10x.in"), launch);
        assert_eq!(address("demo.10x.in", "/launch?source=ad", "10x.in"), launch);
    }

    #[test]
    fn other_hosts_and_paths_name_no_link() {
        for (host, path) in [
            ("10x.in", "/launch"),
            ("demo.evil10x.in", "/launch"),
            ("a.b.10x.in", "/launch"),
            ("api.10x.in", "/launch"),
            ("demo.10x.in", "/"),
            ("demo.10x.in", "/a/b"),
            ("demo.10x.in", "/lau%6ech"),
            ("x", "/_edge/redirect/demo"),
            ("app.10x.in", "/_edge/redirect/demo/launch"),
            ("APP.10x.in:443", "/_edge/redirect/demo/launch"),
            ("app.10x.in", "/launch"),
        ] {
            assert_eq!(address(host, path, "10x.in"), None, "{host} {path}");
        }
    }
}
