//! Classifies who sent a request, a person or a program, and from what device: when it arrives, and again from the stored click.
//!
//! Everything the classification depends on is stored with the click, so a later version of the classifier can be applied
//! to stored clicks and the counters corrected (specification §4).

mod device;
mod flags;
mod phrases;
#[cfg(test)]
mod tests;

use serde::{Deserialize, Serialize};

use crate::clicks::burst::Burst;
use crate::clicks::click::Click;
use crate::clicks::reason::{Reason, Reasons};
use crate::values::device::Device;

use device::device;
use flags::UserAgentFlags;
pub use phrases::MAX_KEPT_BYTES;

/// The version of the classifier, stored with every click. Raise it whenever the rules or the list change how any request
/// is classified, so that every figure can be traced to the rules it was made with.
pub const CLASSIFIER_VERSION: u16 = 4;

/// The headers in which browsers mark a request made ahead of a click, in lower case.
pub const PURPOSE_HEADERS: [&str; 4] = ["sec-purpose", "purpose", "x-purpose", "x-moz"];

/// What is known about the sender of a request, from the request and from the clicks around it.
///
/// A missing `Accept-Language` counts: browsers send one, including in-app browsers and those that protect privacy (they
/// send a common one), while programs that copy a browser's user agent rarely do. Where that is wrong, the reason is stored
/// with the click, which a later version can classify again.
#[derive(Clone, Copy, Debug, Default)]
pub struct Evidence<'a> {
    /// The `User-Agent` header.
    pub user_agent: Option<&'a str>,
    /// What the request's method asks for.
    pub request_kind: RequestKind,
    /// The result of [`prefetch_purpose`] for the [`PURPOSE_HEADERS`].
    pub purpose: Option<&'a str>,
    /// Whether `Accept-Language` is missing.
    pub no_accept_language: bool,
    /// Whether the click is part of a burst.
    pub burst: Burst,
    /// Whether a conversion followed faster than a person can act.
    pub instant_conversion: bool,
}

impl<'a> Evidence<'a> {
    /// The evidence stored with a click. A HEAD request is answered without recording a click, so a stored one was a GET.
    pub fn of_stored(click: &'a Click, burst: Burst) -> Self {
        Self {
            user_agent: click.user_agent.as_deref(),
            request_kind: RequestKind::Answer,
            purpose: click.purpose.as_deref(),
            no_accept_language: click.no_accept_language,
            burst,
            instant_conversion: click.instant_conversion,
        }
    }
}

/// What a request's method asks for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum RequestKind {
    /// The whole answer, as browsers do: GET.
    #[default]
    Answer,
    /// Only its headers, as link checkers do: HEAD.
    HeadersOnly,
}

/// Who a request came from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "lowercase")]
pub enum ClickVerdict {
    /// There is no evidence of a bot.
    Human,
    /// There is at least one [`Reason`].
    Bot,
}

impl ClickVerdict {
    /// The code in storage and in the API.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Human => "human",
            Self::Bot => "bot",
        }
    }
}

/// The result of [`classify`], by the rules of [`CLASSIFIER_VERSION`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Classification {
    /// The evidence of a bot.
    pub reasons: Reasons,
    /// The device that the user agent names, whatever else is evidence of a bot: rules decide by it, and what a browser fetches ahead, or
    /// asks only the headers of, must lead where the visit itself will.
    pub device: Device,
}

impl Classification {
    /// Who the request came from: one reason is enough for a bot.
    pub const fn verdict(&self) -> ClickVerdict {
        if self.reasons.is_empty() { ClickVerdict::Human } else { ClickVerdict::Bot }
    }
}

/// Classifies who sent a request, and from what device.
pub fn classify(evidence: &Evidence) -> Classification {
    let user_agent = evidence.user_agent.unwrap_or_default().trim();
    let flags = phrases::flags(user_agent);

    let applies = |reason: Reason| match reason {
        Reason::EmptyUserAgent => user_agent.is_empty(),
        Reason::HeadRequest => evidence.request_kind == RequestKind::HeadersOnly,
        Reason::Prefetch => evidence.purpose.is_some_and(is_prefetch),
        Reason::DeclaredBot => flags.any_of(UserAgentFlags::DECLARED_BOT),
        Reason::AutomationTool => flags.any_of(UserAgentFlags::AUTOMATION_TOOL),
        Reason::NotABrowser => !user_agent.is_empty() && !flags.any_of(UserAgentFlags::BOT) && !is_browser(flags),
        Reason::NoAcceptLanguage => evidence.no_accept_language,
        Reason::BurstHits => evidence.burst.hits,
        Reason::BurstLinks => evidence.burst.links,
        Reason::InstantConversion => evidence.instant_conversion,
    };
    let reasons: Reasons = Reason::ALL.into_iter().filter(|reason| applies(*reason)).collect();
    let device = if reasons.iter().any(Reason::is_of_user_agent) { Device::Bot } else { device(flags) };
    Classification { reasons, device }
}

/// A stored click as the present classifier sees it, from the evidence stored with it and the clicks around it. Of an erased one the
/// evidence is gone, and it stays as it is.
pub fn reclassify(click: &Click, burst: Burst) -> Click {
    if click.erased {
        return click.clone();
    }
    let classification = classify(&Evidence::of_stored(click, burst));
    Click {
        bot: classification.verdict() == ClickVerdict::Bot,
        reasons: classification.reasons.codes(),
        classifier: CLASSIFIER_VERSION,
        device: classification.device.as_str().to_owned(),
        ..click.clone()
    }
}

/// The part of a header that is classified and stored: its first [`MAX_KEPT_BYTES`].
pub fn kept_part(header: &str) -> &str {
    header.get(..header.floor_char_boundary(MAX_KEPT_BYTES)).unwrap_or(header)
}

/// The first value of the [`PURPOSE_HEADERS`] that marks a prefetch, else the first value of all. Only one is stored, and it
/// must be the one that was classified.
pub fn prefetch_purpose(purposes: [Option<&str>; PURPOSE_HEADERS.len()]) -> Option<&str> {
    let given = || purposes.into_iter().flatten().map(kept_part);
    given().find(|purpose| is_prefetch(purpose)).or_else(|| given().next())
}

/// The operating systems of phones, tablets, televisions and consoles.
const HANDHELD: UserAgentFlags =
    UserAgentFlags::MOBILE.and(UserAgentFlags::TABLET).and(UserAgentFlags::ANDROID).and(UserAgentFlags::OTHER_SYSTEM);

/// Any operating system that people browse on.
const SYSTEM: UserAgentFlags = HANDHELD.and(UserAgentFlags::DESKTOP);

/// Browsers open their user agent alike and name their operating system; an agent with only one of the two belongs to a
/// program that copied half of it. Apps on phones and the like show pages in a web view and change its opening: there the
/// engine is enough. Half of an agent of a desktop is what programs copy.
const fn is_browser(flags: UserAgentFlags) -> bool {
    flags.any_of(UserAgentFlags::BROWSER) && flags.any_of(SYSTEM) || flags.any_of(UserAgentFlags::ENGINE) && flags.any_of(HANDHELD)
}

/// Whether a purpose header says that the answer is fetched before the visitor has asked for it.
fn is_prefetch(purpose: &str) -> bool {
    let purpose = purpose.to_ascii_lowercase();
    ["prefetch", "prerender", "preview"].iter().any(|ahead| purpose.contains(ahead))
}
