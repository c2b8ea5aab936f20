//! Why a request is classified as a bot's: stable codes (specification §4).

use serde::{Deserialize, Serialize};

/// One piece of evidence of a bot; each is enough alone.
///
/// Stored with every click and shown to the owner of the link, so the meaning of a code never changes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Reason {
    /// No user agent: every browser sends one.
    EmptyUserAgent,
    /// A HEAD request: its answer is shown to no one.
    HeadRequest,
    /// Fetched ahead of a click that may never happen.
    Prefetch,
    /// The user agent declares a crawler, fetcher, monitor or preview.
    DeclaredBot,
    /// The user agent names a program's HTTP library or a remote-controlled browser.
    AutomationTool,
    /// The user agent is not a browser's: it does not open like one, or names no operating system. Applies only where
    /// neither of the two above does.
    NotABrowser,
    /// No `Accept-Language`: every browser sends one, in-app browsers too.
    NoAcceptLanguage,
    /// One of many clicks that one sender made in seconds.
    BurstHits,
    /// One of many links that one sender followed in seconds.
    BurstLinks,
    /// A conversion followed faster than a page loads and a person acts.
    InstantConversion,
}

impl Reason {
    /// Every reason, in the order in which they are listed.
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

    /// The code in storage and in the API.
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

    /// Whether it is found in the user agent, and so says that a program sent the request; the others are found in how it was sent and in
    /// the clicks around it.
    pub(in crate::clicks) const fn is_of_user_agent(self) -> bool {
        match self {
            Self::EmptyUserAgent | Self::DeclaredBot | Self::AutomationTool | Self::NotABrowser => true,
            Self::HeadRequest | Self::Prefetch | Self::NoAcceptLanguage | Self::BurstHits | Self::BurstLinks | Self::InstantConversion => {
                false
            }
        }
    }

    const fn bit(self) -> u16 {
        1 << self as u8
    }
}

/// The reasons of one classification: a set that needs no allocation.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(from = "Vec<Reason>", into = "Vec<Reason>")]
pub struct Reasons(u16);

impl Reasons {
    /// Whether there is no evidence of a bot.
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

    /// Their codes, as a click stores them.
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
