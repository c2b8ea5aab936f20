//! Why a request counts as a bot's.

use serde::{Deserialize, Serialize};

/// One sign against a person. Any of them suffices, alone.
///
/// Kept with every click and shown to its owner, so the codes never change their meaning.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Reason {
    /// No user agent: every browser sends one.
    EmptyUserAgent,
    /// A HEAD request: nobody sees its answer.
    HeadRequest,
    /// Fetched ahead of a click that may never come.
    Prefetch,
    /// The user agent declares a crawler, fetcher, monitor or preview.
    DeclaredBot,
    /// The user agent names a program's HTTP library or a remote-controlled browser.
    AutomationTool,
    /// The user agent is no browser's: it does not open like one, or names no system. Fires
    /// only where the two above have nothing more exact to say.
    NotABrowser,
    /// No `Accept-Language`: every browser sends one, also those inside apps.
    NoAcceptLanguage,
    /// One of many clicks that one sender made in seconds.
    BurstHits,
    /// One of many links that one sender followed in seconds.
    BurstLinks,
    /// A conversion followed faster than a page loads and a person acts.
    InstantConversion,
}

impl Reason {
    /// Every reason, in the order they are told.
    pub const ALL: [Self; 10] = [
        Self::EmptyUserAgent,
        Self::HeadRequest,
        Self::Prefetch,
        Self::DeclaredBot,
        Self::AutomationTool,
        Self::NotABrowser,
        Self::NoAcceptLanguage,
        Self::BurstHits,
        Self::BurstLinks,
        Self::InstantConversion,
    ];

    /// The code under which it is stored and shown.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::EmptyUserAgent => "empty_user_agent",
            Self::HeadRequest => "head_request",
            Self::Prefetch => "prefetch",
            Self::DeclaredBot => "declared_bot",
            Self::AutomationTool => "automation_tool",
            Self::NotABrowser => "not_a_browser",
            Self::NoAcceptLanguage => "no_accept_language",
            Self::BurstHits => "burst_hits",
            Self::BurstLinks => "burst_links",
            Self::InstantConversion => "instant_conversion",
        }
    }

    /// Whether it is seen in the request itself, and so tells what sent it; the others are seen in what happened around it.
    pub(in crate::clicks) const fn is_of_request(self) -> bool {
        match self {
            Self::EmptyUserAgent
            | Self::HeadRequest
            | Self::Prefetch
            | Self::DeclaredBot
            | Self::AutomationTool
            | Self::NotABrowser
            | Self::NoAcceptLanguage => true,
            Self::BurstHits | Self::BurstLinks | Self::InstantConversion => false,
        }
    }

    const fn bit(self) -> u16 {
        1 << self as u8
    }
}

/// The reasons of one judgement: a set that needs no allocation.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(from = "Vec<Reason>", into = "Vec<Reason>")]
pub struct Reasons(u16);

impl Reasons {
    /// Whether nothing speaks against a person.
    pub const fn is_empty(self) -> bool {
        self.0 == 0
    }

    /// Whether `reason` is among them.
    pub const fn contains(self, reason: Reason) -> bool {
        self.0 & reason.bit() != 0
    }

    /// The reasons, in the order of [`Reason::ALL`].
    pub fn iter(self) -> impl Iterator<Item = Reason> {
        Reason::ALL.into_iter().filter(move |reason| self.contains(*reason))
    }

    /// Their codes, as a click keeps them.
    pub fn codes(self) -> Vec<String> {
        self.iter().map(|reason| reason.as_str().to_owned()).collect()
    }
}

impl FromIterator<Reason> for Reasons {
    fn from_iter<I: IntoIterator<Item = Reason>>(reasons: I) -> Self {
        Self(reasons.into_iter().fold(0, |sum, reason| sum | reason.bit()))
    }
}

impl From<Vec<Reason>> for Reasons {
    fn from(reasons: Vec<Reason>) -> Self {
        reasons.into_iter().collect()
    }
}

impl From<Reasons> for Vec<Reason> {
    fn from(reasons: Reasons) -> Self {
        reasons.iter().collect()
    }
}
