//! Judges whether a person or a program sent a request, and on what device: when it comes, and again from the stored click.
//!
//! Everything the judgement rests on is kept with the click, so that a later version can judge again and restate the figures.

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
use flags::Marks;
pub use phrases::MAX_KEPT;

/// The version of this judgement, kept with every click: raised whenever the rules or the list
/// change what any request is judged to be, so that a figure tells which rules it rests on.
pub const CLASSIFIER_VERSION: u16 = 2;

/// The headers in which browsers say that nobody has clicked yet, in lower case.
pub const PURPOSE_HEADERS: [&str; 4] = ["sec-purpose", "purpose", "x-purpose", "x-moz"];

/// What a request shows of who sent it, and what is known of what happened around it.
///
/// A missing `Accept-Language` counts: browsers send one, those of apps and those that guard privacy too (they send a
/// common one), while programs that borrow a browser's agent rarely think of it. Where that is wrong for somebody, the
/// reason stands with the click, and the click can be judged again by a later version.
#[derive(Clone, Copy, Debug, Default)]
pub struct Signs<'a> {
    /// The `User-Agent` header.
    pub user_agent: Option<&'a str>,
    /// What the request's method asks for.
    pub asks: Asks,
    /// What [`telling_purpose`] finds in the [`PURPOSE_HEADERS`].
    pub purpose: Option<&'a str>,
    /// Whether `Accept-Language` is missing.
    pub no_accept_language: bool,
    /// What the clicks around it say.
    pub burst: Burst,
    /// Whether a conversion followed faster than a person can act.
    pub instant_conversion: bool,
}

impl<'a> Signs<'a> {
    /// As a stored click keeps them. A HEAD request is answered without a click, so whatever is stored asked for the answer.
    pub fn of_stored(click: &'a Click, burst: Burst) -> Self {
        Self {
            user_agent: click.user_agent.as_deref(),
            asks: Asks::Answer,
            purpose: click.purpose.as_deref(),
            no_accept_language: click.no_accept_language,
            burst,
            instant_conversion: click.instant_conversion,
        }
    }
}

/// What a request's method asks for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Asks {
    /// The answer, as browsers do.
    #[default]
    Answer,
    /// Its headers only, as checkers of links do: HEAD.
    HeadersOnly,
}

/// Who a request came from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "lowercase")]
#[cfg_attr(feature = "openapi", schema(as = ClickVerdict))]
pub enum Verdict {
    /// Nothing speaks against a person.
    Human,
    /// At least one [`Reason`] speaks against one.
    Bot,
}

impl Verdict {
    /// The code under which it is stored and shown.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Human => "human",
            Self::Bot => "bot",
        }
    }
}

/// The outcome of [`judge`], by the rules of [`CLASSIFIER_VERSION`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Judgement {
    /// What speaks against a person.
    pub reasons: Reasons,
    /// What the request was sent from.
    pub device: Device,
}

impl Judgement {
    /// Who the request came from: one reason suffices for a bot.
    pub const fn verdict(&self) -> Verdict {
        if self.reasons.is_empty() { Verdict::Human } else { Verdict::Bot }
    }
}

/// Loads the list of phrases, so that no visitor waits for it. Called once, at the start.
pub fn load() {
    phrases::load();
}

/// Judges who sent a request, and from what device.
pub fn judge(signs: &Signs) -> Judgement {
    let user_agent = signs.user_agent.unwrap_or_default().trim();
    let marks = phrases::marks(user_agent);

    let speaks = |reason: Reason| match reason {
        Reason::EmptyUserAgent => user_agent.is_empty(),
        Reason::HeadRequest => signs.asks == Asks::HeadersOnly,
        Reason::Prefetch => signs.purpose.is_some_and(is_ahead_of_click),
        Reason::DeclaredBot => marks.any_of(Marks::DECLARED_BOT),
        Reason::AutomationTool => marks.any_of(Marks::AUTOMATION_TOOL),
        Reason::NotABrowser => !user_agent.is_empty() && !marks.any_of(Marks::BOT) && !is_browser(marks),
        Reason::NoAcceptLanguage => signs.no_accept_language,
        Reason::BurstHits => signs.burst.hits,
        Reason::BurstLinks => signs.burst.links,
        Reason::InstantConversion => signs.instant_conversion,
    };
    let reasons: Reasons = Reason::ALL.into_iter().filter(|reason| speaks(*reason)).collect();
    let device = if reasons.iter().any(Reason::is_of_request) { Device::Bot } else { device(marks) };
    Judgement { reasons, device }
}

/// A stored click as the present classifier judges it, from the facts kept with it and what the clicks around it say.
pub fn judge_again(click: &Click, burst: Burst) -> Click {
    let judgement = judge(&Signs::of_stored(click, burst));
    Click {
        bot: judgement.verdict() == Verdict::Bot,
        reasons: judgement.reasons.codes(),
        classifier: CLASSIFIER_VERSION,
        device: judgement.device.as_str().to_owned(),
        ..click.clone()
    }
}

/// The part of a header that is judged and kept.
pub fn kept(header: &str) -> &str {
    header.get(..header.floor_char_boundary(MAX_KEPT)).unwrap_or(header)
}

/// Of the values of the [`PURPOSE_HEADERS`] the one that says that nobody has clicked yet, else the first: one is kept, and
/// it must be the one that was judged.
pub fn telling_purpose(purposes: [Option<&str>; PURPOSE_HEADERS.len()]) -> Option<&str> {
    let given = || purposes.into_iter().flatten().map(kept);
    given().find(|purpose| is_ahead_of_click(purpose)).or_else(|| given().next())
}

/// Any system people browse on.
const SYSTEM: Marks = Marks::MOBILE.and(Marks::TABLET).and(Marks::ANDROID).and(Marks::DESKTOP).and(Marks::OTHER_SYSTEM);

/// Browsers open like one another and name the system they run on; what does only one of the
/// two is a program that copied half of it.
const fn is_browser(marks: Marks) -> bool {
    marks.any_of(Marks::BROWSER) && marks.any_of(SYSTEM)
}

/// Whether a purpose says that the answer is fetched before anyone asked to see it.
fn is_ahead_of_click(purpose: &str) -> bool {
    let purpose = purpose.to_ascii_lowercase();
    ["prefetch", "prerender", "preview"].iter().any(|ahead| purpose.contains(ahead))
}
