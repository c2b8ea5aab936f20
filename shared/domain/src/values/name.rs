//! Names that users choose, each with one constructor that accepts only valid ones (specification §2, §4, §8).

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize};

/// Declares a text type whose constructor for requests checks it: `$rule` is the error message, `$pattern` the pattern of its schema.
///
/// A name that is stored is read back also when the rule has become stricter since; see [`is_storable`].
macro_rules! name {
    ($(#[$doc:meta])* $name:ident, $pattern:literal, $rule:literal, $check:expr) => {
        $(#[$doc])*
        #[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
        #[serde(transparent)]
        pub struct $name(String);

        impl $name {
            /// The text.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl FromStr for $name {
            type Err = InvalidName;

            fn from_str(text: &str) -> Result<Self, InvalidName> {
                let check: fn(&str) -> bool = $check;
                if check(text) { Ok(Self(text.to_owned())) } else { Err(InvalidName($rule)) }
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                fmt::Debug::fmt(&self.0, f)
            }
        }

        impl AsRef<str> for $name {
            fn as_ref(&self) -> &str {
                &self.0
            }
        }

        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                let text = std::borrow::Cow::<'de, str>::deserialize(deserializer)?;
                if is_storable(&text) { Ok(Self(text.into_owned())) } else { Err(serde::de::Error::custom($rule)) }
            }
        }

        crate::values::schema::text_schema!($name, pattern($pattern));
    };
}

/// The text breaks the rule of the name, which is the message.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct InvalidName(pub &'static str);

name! {
    /// The path segment of a link, case-sensitive.
    Slug, "^[A-Za-z0-9_-]{4,24}$", "must be 4 to 24 characters out of A-Z a-z 0-9 _ -",
    |text| (4..=24).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_' || b == b'-')
}

name! {
    /// The name of an account's public host: a DNS label.
    Handle, "^[a-z0-9]([a-z0-9-]{1,30}[a-z0-9])$",
    "must be 3 to 32 characters out of a-z 0-9 -, not starting or ending with -, and not a reserved word",
    |text| is_label(text) && !RESERVED.contains(&text)
}

name! {
    /// A campaign.
    CampaignId, "^[a-z0-9][a-z0-9_-]{2,63}$", "must be 3 to 64 characters out of a-z 0-9 _ -, starting with a letter or digit",
    |text| (3..=64).contains(&text.len()) && starts_plain(text) && text.bytes().all(is_lower_word)
}

name! {
    /// A personalization rule of a handle.
    RuleId, "^[a-z0-9][a-z0-9_-]{0,63}$", "must be 1 to 64 characters out of a-z 0-9 _ -, starting with a letter or digit",
    |text| (1..=64).contains(&text.len()) && starts_plain(text) && text.bytes().all(is_lower_word)
}

name! {
    /// What a visitor did to convert, such as `purchase` or `affiliate_click`.
    EventType, "^[a-z0-9][a-z0-9_.-]{0,63}$", "must be 1 to 64 characters out of a-z 0-9 _ . -, starting with a letter or digit",
    |text| (1..=64).contains(&text.len()) && starts_plain(text) && text.bytes().all(|b| is_lower_word(b) || b == b'.')
}

name! {
    /// How a campaign's conversions are reported to the merchant's own tools, such as `ga4_purchase`.
    TrackingPreset, "^[a-z0-9][a-z0-9_-]{0,63}$", "must be 1 to 64 characters out of a-z 0-9 _ -, starting with a letter or digit",
    |text| (1..=64).contains(&text.len()) && starts_plain(text) && text.bytes().all(is_lower_word)
}

name! {
    /// A visitor's session, as the merchant's pages name it.
    SessionId, "^[A-Za-z0-9_.:-]{1,128}$", "must be 1 to 128 characters out of A-Z a-z 0-9 _ . : -, and neither . nor ..",
    // A URL treats those two as path steps, so a session with such a name could not be requested.
    |text| (1..=128).contains(&text.len()) && !matches!(text, "." | "..") && text.bytes().all(|b| b.is_ascii_alphanumeric() || b"_.:-".contains(&b))
}

name! {
    /// What a signal reports, such as `view` or `intent`.
    SignalKey, "^[A-Za-z0-9_.:-]{1,64}$", "must be 1 to 64 characters out of A-Z a-z 0-9 _ . : -",
    |text| (1..=64).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_alphanumeric() || b"_.:-".contains(&b))
}

name! {
    /// What a page is about to do when it asks for a decision, such as `checkout`.
    Trigger, "^[A-Za-z0-9_.:-]{1,64}$", "must be 1 to 64 characters out of A-Z a-z 0-9 _ . : -",
    |text| (1..=64).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_alphanumeric() || b"_.:-".contains(&b))
}

name! {
    /// A user, as the identity provider's `sub` names one.
    UserId, "^[A-Za-z0-9_.:@|+-]{1,128}$", "must be 1 to 128 characters out of A-Z a-z 0-9 _ . : @ | + -",
    |text| (1..=128).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_alphanumeric() || b"_.:@|+-".contains(&b))
}

name! {
    /// A personal access token, without its secret.
    TokenId, "^[0-9A-Za-z]{16}$", "must be 16 characters out of 0-9 A-Z a-z",
    |text| text.len() == 16 && text.bytes().all(|b| b.is_ascii_alphanumeric())
}

impl TrackingPreset {
    /// A built-in name; a test checks each against the rule.
    pub(crate) fn known(text: &'static str) -> Self {
        Self(text.to_owned())
    }
}

impl EventType {
    /// A built-in name; a test checks each against the rule.
    pub(crate) fn known(text: &'static str) -> Self {
        Self(text.to_owned())
    }
}

impl Handle {
    /// Why a new handle may not have this name, though one that exists already may.
    ///
    /// A browser shows a host of punycode (`xn--…`) as another text, which may look like another handle's name (RFC 5890 §2.3.1).
    ///
    /// # Errors
    /// The reason, as a message for the caller.
    pub fn check_new(&self) -> Result<(), &'static str> {
        if self.0.starts_with("xn--") { Err("must not start with xn--, as hosts of other alphabets do") } else { Ok(()) }
    }
}

/// What every name needs wherever it is used: it is part of keys, paths and headers. Any other rule may become stricter, and what is
/// stored must remain readable.
fn is_storable(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|b| b.is_ascii_graphic() && b != b'#')
}

/// Labels reserved for the service's own hosts.
const RESERVED: &[&str] = &[
    "about",
    "account",
    "accounts",
    "admin",
    "ads",
    "api",
    "app",
    "apps",
    "assets",
    "auth",
    "billing",
    "blog",
    "cdn",
    "connect",
    "console",
    "creator",
    "dashboard",
    "dev",
    "docs",
    "edge",
    "email",
    "ftp",
    "help",
    "home",
    "internal",
    "legal",
    "link",
    "links",
    "localhost",
    "login",
    "mail",
    "mcp",
    "oauth",
    "ops",
    "pop",
    "privacy",
    "profile",
    "public",
    "root",
    "security",
    "smtp",
    "staging",
    "static",
    "status",
    "support",
    "system",
    "terms",
    "test",
    "webhooks",
    "www",
];

fn is_label(text: &str) -> bool {
    (3..=32).contains(&text.len())
        && text.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-')
        && !text.starts_with('-')
        && !text.ends_with('-')
}

fn starts_plain(text: &str) -> bool {
    text.bytes().next().is_some_and(|b| b.is_ascii_lowercase() || b.is_ascii_digit())
}

fn is_lower_word(b: u8) -> bool {
    b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_' || b == b'-'
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check<T: FromStr + fmt::Display>(good: &[&str], bad: &[&str]) {
        for text in good {
            assert_eq!(text.parse::<T>().ok().map(|name| name.to_string()).as_deref(), Some(*text));
        }
        for text in bad {
            assert!(text.parse::<T>().is_err(), "{text:?} must be refused");
        }
    }

    #[test]
    fn a_stored_name_is_read_though_its_rule_has_become_stricter() {
        for text in ["www", "ab", &"a".repeat(300), "xn--80ak6aa92e"] {
            assert_eq!(serde_json::from_value::<Handle>(text.into()).unwrap().as_str(), text);
        }
        for text in ["", "a#b", "a b", "ä", "a\n"] {
            assert!(serde_json::from_value::<Handle>(text.into()).is_err(), "{text:?}");
        }
        assert!("xn--80ak6aa92e".parse::<Handle>().unwrap().check_new().is_err());
        assert!("demo".parse::<Handle>().unwrap().check_new().is_ok());
    }

    #[test]
    fn names_accept_what_the_specification_says_and_nothing_else() {
        let long = "a".repeat(25);
        check::<Slug>(&["launch", "Deal_1-x", "abcd"], &["abc", &long, "a/bc", "lau nch", "", "läunch", "..%2f", "a#bc"]);
        check::<Handle>(&["demo", "a1b", "a-b"], &["ab", "-ab", "ab-", "Demo", "api", "www", "a.b", "a_b", &"a".repeat(33)]);
        check::<CampaignId>(&["partner-alpha", "a_1"], &["ab", "-ab", "Partner", &"a".repeat(65)]);
        check::<EventType>(&["purchase", "a", "lead.v2"], &["", ".a", "Purchase", &"a".repeat(65)]);
        check::<TokenId>(&["0aZ9bcdefghijklm"], &["", "short", &"a".repeat(17), "aaaaaaaa#aaaaaaa", "aaaaaaaäaaaaaaa"]);
        check::<SessionId>(&["sess-1", "...", "a."], &["", ".", "..", "a b", "a#b", &"a".repeat(129)]);
    }
}
