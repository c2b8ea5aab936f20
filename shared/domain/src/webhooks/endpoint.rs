//! Where a webhook may be sent: a public https URL, checked as text when it is registered, and by its address each time it is
//! connected to (specification §10).

use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use serde::{Deserialize, Serialize};
use url::{Host, Url};

use crate::values::destination::OwnHosts;
use crate::values::form::{self, Field};
use crate::values::schema::HasSchema;
use crate::values::web_address::{self, MAX_URL_BYTES, WEB_ADDRESS};

/// Ports a public endpoint may have.
const PORTS: [u16; 2] = [443, 8443];

/// Which addresses webhooks may be sent to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Egress {
    /// Public addresses over https, nothing else.
    #[default]
    Public,
    /// Also http and this machine, for developing a receiver; production refuses to start with it.
    LocalDevelopment,
}

impl Egress {
    /// Whether a socket to this address may be opened.
    pub fn permits(self, address: IpAddr) -> bool {
        is_public(address) || (self == Self::LocalDevelopment && address.to_canonical().is_loopback())
    }
}

/// A receiver's URL, in its WHATWG serialisation.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Endpoint(Url);

/// Why a URL is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct InvalidEndpoint(&'static str);

impl Endpoint {
    /// Parses a URL and checks everything that can be checked without a name server.
    ///
    /// # Errors
    /// Unless it is a plain https URL on port 443 or 8443 of a public host that is not one of `own`.
    pub fn admit(text: &str, own: &OwnHosts, egress: Egress) -> Result<Self, InvalidEndpoint> {
        let endpoint = Self::parse(text)?;
        let is_local = egress == Egress::LocalDevelopment && endpoint.names_this_machine();
        if endpoint.0.scheme() != "https" && !is_local {
            return Err(InvalidEndpoint("must be an absolute https:// address"));
        }
        if !is_local && !endpoint.0.port_or_known_default().is_some_and(|port| PORTS.contains(&port)) {
            return Err(InvalidEndpoint("must be on port 443 or 8443"));
        }
        match endpoint.address() {
            Some(address) if !egress.permits(address) => return Err(InvalidEndpoint("must be a public address")),
            None if !is_local && !endpoint.names_a_public_host() => return Err(InvalidEndpoint("must name a public host")),
            Some(_) | None => {}
        }
        // A link.clicked event sent to one of our own links would click that link, without end.
        if !is_local && endpoint.0.host_str().is_some_and(|host| own.contains(host)) {
            return Err(InvalidEndpoint("must not lead back to this service"));
        }
        Ok(endpoint)
    }

    /// An endpoint in a request.
    pub(crate) fn field(own: &OwnHosts, egress: Egress) -> impl Field<Output = Self> {
        form::leaf(<Self as HasSchema>::schema, move |value| {
            Self::admit(&form::any_text().read(value)?, own, egress).map_err(|error| error.to_string())
        })
    }

    fn parse(text: &str) -> Result<Self, InvalidEndpoint> {
        let url = web_address::admit(text).map_err(InvalidEndpoint)?;
        if !url.username().is_empty() || url.password().is_some() || text.contains('@') {
            return Err(InvalidEndpoint("must not contain a user name or password, nor any @"));
        }
        if url.fragment().is_some() {
            return Err(InvalidEndpoint("must not contain a fragment"));
        }
        if url.host_str().is_none_or(|host| host.is_empty() || host.len() > 253) {
            return Err(InvalidEndpoint("must name a host of at most 253 characters"));
        }
        Ok(Self(url))
    }

    /// The address, when the host is one and not a name.
    pub fn address(&self) -> Option<IpAddr> {
        match self.0.host() {
            Some(Host::Ipv4(address)) => Some(address.into()),
            Some(Host::Ipv6(address)) => Some(address.into()),
            Some(Host::Domain(_)) | None => None,
        }
    }

    /// The host and port to connect to.
    pub fn authority(&self) -> (&str, u16) {
        (self.0.host_str().unwrap_or_default(), self.0.port_or_known_default().unwrap_or(443))
    }

    /// The address as text.
    pub fn as_str(&self) -> &str {
        self.0.as_str()
    }

    fn names_this_machine(&self) -> bool {
        let is_name = self.0.host_str().is_some_and(|host| host == "localhost" || host.ends_with(".localhost"));
        is_name || self.address().is_some_and(|address| address.is_loopback())
    }

    /// Whether the name has at least two valid labels and is not reserved for private use (RFC 6761, RFC 8375).
    fn names_a_public_host(&self) -> bool {
        const PRIVATE: [&str; 9] = ["localhost", "local", "internal", "home.arpa", "lan", "intranet", "corp", "test", "invalid"];
        let Some(host) = self.0.host_str() else { return false };
        let labels: Vec<&str> = host.split('.').collect();
        let is_fit = labels.len() >= 2 && labels.iter().all(|label| (1..=63).contains(&label.len()));
        is_fit && !PRIVATE.iter().any(|name| host.strip_suffix(name).is_some_and(|rest| rest.is_empty() || rest.ends_with('.')))
    }
}

impl fmt::Debug for Endpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(self.as_str(), f)
    }
}

impl TryFrom<String> for Endpoint {
    type Error = InvalidEndpoint;

    /// Reads a stored URL, which knows no limit and no rule: see [`Endpoint::admit`]. Each connection checks the address again.
    fn try_from(text: String) -> Result<Self, Self::Error> {
        web_address::restore(&text).map(Self).map_err(InvalidEndpoint)
    }
}

impl From<Endpoint> for String {
    fn from(endpoint: Endpoint) -> Self {
        endpoint.0.into()
    }
}

crate::values::schema::text_schema!(Endpoint, format("uri"), pattern(WEB_ADDRESS), max_length(MAX_URL_BYTES));

/// Whether an address belongs to the public internet.
///
/// IPv4 by exclusion (the IANA special-purpose registry), IPv6 by inclusion: only global unicast, and of that no range that
/// embeds an IPv4 address or another tunnel, which could contain a private address.
pub fn is_public(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(address) => is_public_v4(address),
        IpAddr::V6(address) => is_public_v6(address),
    }
}

fn is_public_v4(address: Ipv4Addr) -> bool {
    const SPECIAL: [(Ipv4Addr, u32); 15] = [
        (Ipv4Addr::new(0, 0, 0, 0), 8),
        (Ipv4Addr::new(10, 0, 0, 0), 8),
        (Ipv4Addr::new(100, 64, 0, 0), 10),
        (Ipv4Addr::new(127, 0, 0, 0), 8),
        (Ipv4Addr::new(169, 254, 0, 0), 16),
        (Ipv4Addr::new(172, 16, 0, 0), 12),
        (Ipv4Addr::new(192, 0, 0, 0), 24),
        (Ipv4Addr::new(192, 0, 2, 0), 24),
        (Ipv4Addr::new(192, 88, 99, 0), 24),
        (Ipv4Addr::new(192, 168, 0, 0), 16),
        (Ipv4Addr::new(198, 18, 0, 0), 15),
        (Ipv4Addr::new(198, 51, 100, 0), 24),
        (Ipv4Addr::new(203, 0, 113, 0), 24),
        (Ipv4Addr::new(224, 0, 0, 0), 4),
        (Ipv4Addr::new(240, 0, 0, 0), 4),
    ];
    let bits = address.to_bits();
    !SPECIAL.iter().any(|(network, length)| (bits ^ network.to_bits()) >> (32 - length) == 0)
}

fn is_public_v6(address: Ipv6Addr) -> bool {
    const SPECIAL: [(Ipv6Addr, u32); 4] = [
        (Ipv6Addr::new(0x2001, 0, 0, 0, 0, 0, 0, 0), 23),
        (Ipv6Addr::new(0x2001, 0xdb8, 0, 0, 0, 0, 0, 0), 32),
        (Ipv6Addr::new(0x2002, 0, 0, 0, 0, 0, 0, 0), 16),
        (Ipv6Addr::new(0x3fff, 0, 0, 0, 0, 0, 0, 0), 20),
    ];
    let bits = address.to_bits();
    let is_global_unicast = bits >> 125 == 0b001;
    is_global_unicast && !SPECIAL.iter().any(|(network, length)| (bits ^ network.to_bits()) >> (128 - length) == 0)
}

#[cfg(test)]
mod tests;
