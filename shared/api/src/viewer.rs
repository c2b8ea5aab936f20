//! The visitor's source address and country, taken only from trusted sources (specification §4).

use std::net::{IpAddr, Ipv4Addr};

use http::request::Parts;
use http::{Extensions, HeaderMap};
use lambda_http::request::RequestContext;

use runtime::PlatformKeys;

use crate::ApiSettings;
use crate::event::SourceIp;

/// The visitor's address and country.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Viewer {
    /// The source address.
    pub ip: IpAddr,
    /// The country that CloudFront reports.
    pub country: Option<String>,
}

impl Viewer {
    /// Reads CloudFront's headers if they come with its secret, else the request context; never `X-Forwarded-For`.
    pub fn of(headers: &HeaderMap, extensions: &Extensions, settings: &ApiSettings, keys: Option<&PlatformKeys>) -> Self {
        let header = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
        let proof = keys.and_then(|keys| keys.origin_verify.as_ref()).zip(header("x-origin-verify"));
        let trusted = settings.trust_viewer_headers || proof.is_some_and(|(secret, shown)| secret.matches(shown));
        let viewer_ip = header("cloudfront-viewer-address").filter(|_| trusted).and_then(without_port);
        Self {
            ip: viewer_ip.or_else(|| source_ip(extensions)).unwrap_or(IpAddr::V4(Ipv4Addr::UNSPECIFIED)),
            country: header("cloudfront-viewer-country").filter(|_| trusted).map(str::to_owned),
        }
    }

    /// As [`Viewer::of`], from the head of a request.
    pub fn of_parts(parts: &Parts, settings: &ApiSettings, keys: Option<&PlatformKeys>) -> Self {
        Self::of(&parts.headers, &parts.extensions, settings, keys)
    }

    /// What rate limits count by: the address, of IPv6 its /64.
    pub fn limit_key(&self) -> String {
        match self.ip.to_canonical() {
            IpAddr::V4(v4) => v4.to_string(),
            IpAddr::V6(v6) => {
                let [a, b, c, d, ..] = v6.segments();
                format!("{a:x}:{b:x}:{c:x}:{d:x}::/64")
            }
        }
    }
}

fn source_ip(extensions: &Extensions) -> Option<IpAddr> {
    if let Some(SourceIp(ip)) = extensions.get() {
        return Some(*ip);
    }
    match extensions.get::<RequestContext>()? {
        RequestContext::ApiGatewayV2(context) => context.http.source_ip.as_deref()?.parse().ok(),
        _ => None,
    }
}

/// `203.0.113.7:443` or `2001:db8::1:443`, as CloudFront writes them.
fn without_port(text: &str) -> Option<IpAddr> {
    let (address, _port) = text.rsplit_once(':')?;
    address.trim_matches(['[', ']']).parse().ok()
}

/// Whether the browser says the visitor opted out (Global Privacy Control, Do Not Track).
pub fn opted_out(headers: &HeaderMap) -> bool {
    ["sec-gpc", "dnt"].iter().any(|name| headers.get(*name).is_some_and(|value| value.as_bytes() == b"1"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_front_s_address_is_read_without_its_port() {
        assert_eq!(without_port("203.0.113.7:443"), "203.0.113.7".parse().ok());
        assert_eq!(without_port("2001:db8::1:443"), "2001:db8::1".parse().ok());
        assert_eq!(without_port("[2001:db8::1]:443"), "2001:db8::1".parse().ok());
        assert_eq!(without_port("nobody"), None);
    }

    #[test]
    fn an_ipv6_neighbourhood_shares_a_limit() {
        let key = |ip: &str| Viewer { ip: ip.parse().unwrap(), country: None }.limit_key();
        assert_eq!(key("2001:db8:1:2::1"), key("2001:db8:1:2:ffff::9"));
        assert_ne!(key("2001:db8:1:2::1"), key("2001:db8:1:3::1"));
        assert_eq!(key("::ffff:192.0.2.1"), key("192.0.2.1"));
    }
}
