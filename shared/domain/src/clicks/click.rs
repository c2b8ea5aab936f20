//! A click: what is stored of one followed link, without anything that identifies a person (specification §4).

use serde::{Deserialize, Serialize};

use crate::clicks::ctx::Consent;
use crate::values::id::ClickId;
use crate::values::moment::{Day, Moment};
use crate::values::name::{CampaignId, Handle, SessionId, Slug};

/// One click, as it is sent through the queue and stored; every counter of the reports can be recounted from the clicks.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Click {
    /// Its id, which contains the moment it was made.
    pub id: ClickId,
    /// Owning handle.
    pub handle: Handle,
    /// The link that was followed.
    pub slug: Slug,
    /// The version of the link that was followed.
    pub link_version: u64,
    /// The campaign it counts for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub campaign_id: Option<CampaignId>,
    /// Whether it was classified as a bot's.
    pub bot: bool,
    /// Why it was classified as a bot's: stable codes.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub reasons: Vec<String>,
    /// The version of the classifier that was applied.
    pub classifier: u16,
    /// Country code or `UNKNOWN`.
    pub country: String,
    /// `MOBILE`, `TABLET`, `DESKTOP`, `BOT` or `UNKNOWN`.
    pub device: String,
    /// Traffic source.
    pub source: String,
    /// Referring host or `direct`.
    pub referrer: String,
    /// The campaign word of the visit.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub campaign: Option<String>,
    /// Preferred language.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub language: Option<String>,
    /// The session, unless consent was denied.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub session_id: Option<SessionId>,
    /// Segments of that session.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub segments: Vec<String>,
    /// The label of the rule that decided the destination.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rule: Option<String>,
    /// What the visitor consented to.
    pub consent: Consent,
    /// Hash of the truncated address under a key that changes every day; none when the visitor opted out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub address: Option<String>,
    /// The user agent, cut to 512 bytes, so that a later classifier can be applied to it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub user_agent: Option<String>,
    /// What the browser said the request was for: of several headers the one that marks a prefetch.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub purpose: Option<String>,
    /// Whether the request came without `Accept-Language`, which browsers send.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub no_accept_language: bool,
    /// Whether a conversion followed faster than a person can act.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub instant_conversion: bool,
    /// Whether what is personal in it was erased; it keeps its classification.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub erased: bool,
}

impl Click {
    /// The moment it was made.
    pub fn at(&self) -> Moment {
        self.id.moment()
    }

    /// The UTC day it is counted on.
    pub fn day(&self) -> Day {
        self.at().day()
    }
}

/// The part of an address that may be hashed: an IPv4 address without its last byte, the first 48 bits of an IPv6 address;
/// the first byte of the result is the version of the protocol.
pub fn truncated_address(address: std::net::IpAddr) -> [u8; 7] {
    match address.to_canonical() {
        std::net::IpAddr::V4(v4) => {
            let [a, b, c, _] = v4.octets();
            [4, a, b, c, 0, 0, 0]
        }
        std::net::IpAddr::V6(v6) => {
            let [a, b, c, d, e, f, ..] = v6.octets();
            [6, a, b, c, d, e, f]
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn neighbours_share_a_truncated_address_and_strangers_do_not() {
        let of = |text: &str| truncated_address(text.parse().unwrap());
        assert_eq!(of("192.0.2.1"), of("192.0.2.254"));
        assert_eq!(of("192.0.2.1"), of("::ffff:192.0.2.9"));
        assert_ne!(of("192.0.2.1"), of("192.0.3.1"));
        assert_eq!(of("2001:db8:1:1::1"), of("2001:db8:1:2::2"));
        assert_ne!(of("2001:db8:1::1"), of("2001:db8:2::1"));
    }
}
