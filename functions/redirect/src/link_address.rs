//! Which link a request asks for: `https://{handle}.<domain>/{slug}`, or `/_edge/redirect/{handle}/{slug}` on any host.

use domain::values::name::{Handle, Slug};
use http::header::HOST;
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
        if let Some(rest) = path.strip_prefix("/_edge/redirect/") {
            let (handle, slug) = rest.split_once('/')?;
            return Some(Self { handle: handle.parse().ok()?, slug: slug.parse().ok()? });
        }
        let host = parts
            .headers
            .get(HOST)
            .and_then(|host| host.to_str().ok())
            .or_else(|| parts.uri.authority().map(|authority| authority.as_str()))?;
        Some(Self { handle: label(host, public_domain)?.parse().ok()?, slug: path.strip_prefix('/')?.parse().ok()? })
    }
}

/// The label before the public domain, whose port counts only where the domain has one.
fn label(host: &str, public_domain: &str) -> Option<String> {
    let (host, domain) = (host.to_ascii_lowercase(), public_domain.to_ascii_lowercase());
    let before = host.strip_suffix(&domain).or_else(|| {
        let (name, _port) = host.rsplit_once(':')?;
        name.strip_suffix(&domain)
    })?;
    before.strip_suffix('.').map(str::to_owned)
}

#[cfg(test)]
mod tests {
    use super::*;
    use http::Request;

    fn address(host: &str, path: &str, domain: &str) -> Option<(String, String)> {
        let (parts, ()) = Request::builder().uri(path).header(HOST, host).body(()).unwrap().into_parts();
        LinkAddress::of(&parts, domain).map(|address| (address.handle.to_string(), address.slug.to_string()))
    }

    #[test]
    fn links_are_found_by_host_and_by_edge_path() {
        let launch = Some(("demo".to_owned(), "launch".to_owned()));
        assert_eq!(address("demo.10x.in", "/launch", "10x.in"), launch);
        assert_eq!(address("DEMO.10x.in:443", "/launch", "10x.in"), launch);
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
        ] {
            assert_eq!(address(host, path, "10x.in"), None, "{host} {path}");
        }
    }
}
