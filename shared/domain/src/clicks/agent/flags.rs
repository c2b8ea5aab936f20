//! What the phrases found in a user agent say about it, as bits.
//!
//! The build script includes this file, so the list it compiles and the code that reads the list cannot disagree.

/// The flags of one user agent.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct UserAgentFlags(pub(crate) u32);

impl UserAgentFlags {
    /// Opens like a browser, or names one.
    pub(crate) const BROWSER: Self = Self(1);
    /// Declares a crawler, fetcher, monitor or link preview.
    pub(crate) const DECLARED_BOT: Self = Self(1 << 1);
    /// Names an HTTP library or a browser under remote control.
    pub(crate) const AUTOMATION_TOOL: Self = Self(1 << 2);
    /// Either kind of bot.
    pub(crate) const BOT: Self = Self::DECLARED_BOT.and(Self::AUTOMATION_TOOL);
    /// A phone, or the word that browsers of phones add.
    pub(crate) const MOBILE: Self = Self(1 << 3);
    /// A tablet or e-reader that names itself.
    pub(crate) const TABLET: Self = Self(1 << 4);
    /// Android: a phone when the agent also says mobile, otherwise a tablet.
    pub(crate) const ANDROID: Self = Self(1 << 5);
    /// A desktop operating system.
    pub(crate) const DESKTOP: Self = Self(1 << 6);
    /// Another system with a browser: television, game console, watch.
    pub(crate) const OTHER_SYSTEM: Self = Self(1 << 7);

    /// Has a part that only the agents of browsers have, wherever it is: an engine, or the word for a web view.
    pub(crate) const ENGINE: Self = Self(1 << 8);

    /// The flags of both.
    pub(crate) const fn and(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    /// Whether any of `wanted` is set.
    pub(crate) const fn any_of(self, wanted: Self) -> bool {
        self.0 & wanted.0 != 0
    }
}
