//! What the phrases of a user agent say of it, as bits.
//!
//! The build script includes this file, so that the list it compiles and the code that reads
//! the list cannot disagree.

/// The marks found in one user agent.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Marks(pub(crate) u32);

impl Marks {
    /// Opens, or names itself, as what people browse with.
    pub(crate) const BROWSER: Self = Self(1);
    /// A crawler, fetcher, monitor or preview that says so.
    pub(crate) const DECLARED_BOT: Self = Self(1 << 1);
    /// A program's HTTP library or a browser under remote control.
    pub(crate) const AUTOMATION_TOOL: Self = Self(1 << 2);
    /// Either kind of phrase that speaks against a person.
    pub(crate) const BOT: Self = Self::DECLARED_BOT.and(Self::AUTOMATION_TOOL);
    /// A telephone, or the word browsers of telephones add.
    pub(crate) const MOBILE: Self = Self(1 << 3);
    /// A tablet or reader that names itself.
    pub(crate) const TABLET: Self = Self(1 << 4);
    /// Android: a telephone if it says mobile, else a tablet.
    pub(crate) const ANDROID: Self = Self(1 << 5);
    /// A system of desks and laps.
    pub(crate) const DESKTOP: Self = Self(1 << 6);
    /// A system people browse on that is none of these: television, console, watch.
    pub(crate) const OTHER_SYSTEM: Self = Self(1 << 7);

    /// Both together.
    pub(crate) const fn and(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    /// Whether any of `wanted` is among these.
    pub(crate) const fn any_of(self, wanted: Self) -> bool {
        self.0 & wanted.0 != 0
    }
}
