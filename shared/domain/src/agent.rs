//! Judges from one request alone whether a person or a program sent it, and on what device.

mod device;
mod marks;
mod phrases;
mod reason;
#[cfg(test)]
mod tests;

use serde::{Deserialize, Serialize};

pub use device::Device;
use marks::Marks;
pub use reason::{Reason, Reasons};

/// The version of this judgement, kept with every click: raised whenever the rules or the list
/// change what any request is judged to be, so that a figure tells which rules it rests on.
pub const CLASSIFIER_VERSION: u16 = 1;

/// The headers in which browsers say that nobody has clicked yet, in lower case.
pub const PURPOSE_HEADERS: [&str; 4] = ["sec-purpose", "purpose", "x-purpose", "x-moz"];

/// What a request shows of who sent it.
///
/// `Accept-Language` is left out with intent: privacy settings and in-app browsers drop it, so
/// its absence alone must not take a click away from whom it belongs to.
#[derive(Clone, Copy, Debug, Default)]
pub struct Signs<'a> {
    /// The `User-Agent` header.
    pub user_agent: Option<&'a str>,
    /// What the request's method asks for.
    pub asks: Asks,
    /// The values of the [`PURPOSE_HEADERS`].
    pub purposes: [Option<&'a str>; PURPOSE_HEADERS.len()],
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
#[serde(rename_all = "lowercase")]
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
        Reason::Prefetch => signs.purposes.into_iter().flatten().any(is_ahead_of_click),
        Reason::DeclaredBot => marks.any_of(Marks::DECLARED_BOT),
        Reason::AutomationTool => marks.any_of(Marks::AUTOMATION_TOOL),
        Reason::NotABrowser => !user_agent.is_empty() && !marks.any_of(Marks::BOT) && !is_browser(marks),
    };
    let reasons: Reasons = Reason::ALL.into_iter().filter(|reason| speaks(*reason)).collect();
    let device = if reasons.is_empty() { Device::of(marks) } else { Device::Bot };
    Judgement { reasons, device }
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
