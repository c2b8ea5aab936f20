//! Where a link may lead: an absolute http(s) URL outside this service (specification §4).

use std::fmt;

use serde::{Deserialize, Serialize};
use url::{Host, Url};

use crate::values::form::{self, Field};
use crate::values::schema::HasSchema;
use crate::values::web_address::{self, MAX_URL_BYTES, WEB_ADDRESS};

/// The hosts of this service, to which no link may lead.
#[derive(Clone, Debug, Default)]
pub struct OwnHosts(Vec<String>);

impl OwnHosts {
    /// Each name includes all its subdomains.
    pub fn new(names: impl IntoIterator<Item = String>) -> Self {
        Self(names.into_iter().filter(|name| !name.is_empty()).map(|name| name.to_ascii_lowercase()).collect())
    }

    /// Whether a host is one of them.
    pub fn contains(&self, host: &str) -> bool {
        let host = host.trim_end_matches('.');
        self.0.iter().any(|own| host == own || host.strip_suffix(own.as_str()).is_some_and(|rest| rest.ends_with('.')))
    }
}

/// A URL a visitor may be sent to, in its WHATWG serialisation.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Destination(Url);

/// Why a URL is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct InvalidDestination(&'static str);

impl Destination {
    /// Parses and checks a URL.
    ///
    /// # Errors
    /// Unless it is an absolute http(s) URL without user name or control characters, of at most 2048 bytes as it is stored.
    pub fn parse(text: &str) -> Result<Self, InvalidDestination> {
        let url = web_address::admit(text).map_err(InvalidDestination)?;
        if !url.username().is_empty() || url.password().is_some() {
            return Err(InvalidDestination("must not contain a user name or password"));
        }
        match url.host() {
            Some(Host::Domain(name)) if !name.is_empty() && name != "." => Ok(Self(url)),
            Some(Host::Ipv4(_) | Host::Ipv6(_)) => Ok(Self(url)),
            Some(Host::Domain(_)) | None => Err(InvalidDestination("must name a host")),
        }
    }

    /// Parses a URL and refuses the service's own hosts and its redirects on any host, where a link would lead in circles.
    ///
    /// # Errors
    /// As [`Destination::parse`], and when it leads back to this service.
    pub fn admit(text: &str, own: &OwnHosts) -> Result<Self, InvalidDestination> {
        let destination = Self::parse(text)?;
        if destination.leads_to(own) {
            return Err(InvalidDestination("must not lead back to this service"));
        }
        Ok(destination)
    }

    /// A destination in a request, which is none of the system's own hosts.
    pub(crate) fn field(own: &OwnHosts) -> impl Field<Output = Self> {
        form::leaf(<Self as HasSchema>::schema, |value| Self::admit(&form::any_text().read(value)?, own).map_err(|error| error.to_string()))
    }

    /// Whether it leads back to this service: to one of its hosts, or to where any host of it follows links.
    pub fn leads_to(&self, own: &OwnHosts) -> bool {
        self.0.host_str().is_some_and(|host| own.contains(host)) || web_address::follows_a_link(&self.0)
    }

    /// The URL as text.
    pub fn as_str(&self) -> &str {
        self.0.as_str()
    }
}

impl fmt::Debug for Destination {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(self.as_str(), f)
    }
}

impl TryFrom<String> for Destination {
    type Error = InvalidDestination;

    /// Reads a stored URL, which knows no limit: see [`Destination::parse`] for what is admitted.
    fn try_from(text: String) -> Result<Self, Self::Error> {
        web_address::restore(&text).map(Self).map_err(InvalidDestination)
    }
}

impl From<Destination> for String {
    fn from(destination: Destination) -> Self {
        destination.0.into()
    }
}

crate::values::schema::text_schema!(Destination, format("uri"), pattern(WEB_ADDRESS), max_length(MAX_URL_BYTES));

/// What a redirect adds to a destination's query.
#[derive(Clone, Debug, Default)]
pub struct Additions<'a> {
    /// Added where the destination has no such key, repeated keys too (the link's `utm_*`, then the visitor's parameters).
    pub missing: Vec<(&'a str, &'a str)>,
    /// The ctx, in place of any in the destination.
    pub ctx: Option<&'a str>,
}

/// The destination with the additions, before any fragment.
pub fn locate(destination: &Destination, additions: &Additions<'_>) -> String {
    let url = destination.as_str();
    let (url, fragment) = url.split_once('#').map_or((url, None), |(url, fragment)| (url, Some(fragment)));
    let (base, query) = url.split_once('?').unwrap_or((url, ""));
    let mut location = String::with_capacity(url.len() + 256);
    location.push_str(base);
    let mut separator = '?';
    let mut append = |pair: &str| {
        location.push(separator);
        location.push_str(pair);
        separator = '&';
    };
    for pair in query.split('&').filter(|pair| !pair.is_empty()) {
        if additions.ctx.is_none() || key_of(pair) != "ctx" {
            append(pair);
        }
    }
    for (key, value) in &additions.missing {
        let taken = query.split('&').any(|pair| key_of(pair) == *key);
        if !taken && *key != "ctx" {
            let pair: String = url::form_urlencoded::Serializer::new(String::new()).append_pair(key, value).finish();
            append(&pair);
        }
    }
    if let Some(ctx) = additions.ctx {
        append(&format!("ctx={ctx}"));
    }
    if let Some(fragment) = fragment {
        location.push('#');
        location.push_str(fragment);
    }
    location
}

fn key_of(pair: &str) -> std::borrow::Cow<'_, str> {
    url::form_urlencoded::parse(pair.as_bytes()).next().map_or("".into(), |(key, _)| key)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_absolute_web_urls_are_destinations() {
        for good in ["https://example.com/product", "http://example.com", "https://xn--bcher-kva.example/a?b=c#d", "https://192.0.2.1/x"] {
            assert!(Destination::parse(good).is_ok(), "{good}");
        }
        for bad in [
            "javascript:alert(1)",
            "data:text/html,x",
            "//evil.example",
            "https:evil.example",
            "ftp://example.com",
            "https://u:p@example.com/",
            "https://u@example.com/",
            "https://exa mple.com",
            "https://example.com/\r\nX: y",
            "https:\\\\example.com",
            "https://",
            "example.com",
            "",
            "https://ex\u{0}ample.com",
            "https://[::1",
            "https://example.com:99999/",
        ] {
            assert!(Destination::parse(bad).is_err(), "{bad}");
        }
        assert!(Destination::parse(&format!("https://example.com/{}", "a".repeat(2048))).is_err());
    }

    #[test]
    fn the_own_hosts_are_refused_in_every_spelling() {
        let own = OwnHosts::new(["10x.example".to_owned()]);
        for bad in [
            "https://demo.10x.example/launch",
            "https://10X.EXAMPLE/",
            "https://demo.10x.example./x",
            "http://10x.example:8080/",
            "https://abc.execute-api.example/_edge/redirect/demo/launch",
        ] {
            assert!(Destination::admit(bad, &own).is_err(), "{bad}");
        }
        assert!(Destination::admit("https://not10x.example/", &own).is_ok());
    }

    fn located(destination: &str, missing: &[(&str, &str)], ctx: Option<&str>) -> String {
        locate(&Destination::parse(destination).unwrap(), &Additions { missing: missing.to_vec(), ctx })
    }

    #[test]
    fn additions_respect_what_the_destination_has() {
        assert_eq!(located("https://e.com/p", &[], None), "https://e.com/p");
        assert_eq!(located("https://e.com/p#top", &[("utm_source", "a b")], Some("T")), "https://e.com/p?utm_source=a+b&ctx=T#top");
        assert_eq!(
            located("https://e.com/p?utm_source=own&x=%20", &[("utm_source", "suite")], Some("T")),
            "https://e.com/p?utm_source=own&x=%20&ctx=T"
        );
        assert_eq!(located("https://e.com/?a=1&ctx=old&c%74x=old2&b=2", &[("ctx", "evil")], Some("T")), "https://e.com/?a=1&b=2&ctx=T");
        assert_eq!(located("https://e.com/?ctx=kept", &[], None), "https://e.com/?ctx=kept");
        assert_eq!(located("https://e.com/", &[("k", "first"), ("k", "second")], None), "https://e.com/?k=first&k=second");
    }
}
