//! The kind of device a visit came from, as routing and reports know it.

use std::str::FromStr;

use serde::{Deserialize, Serialize};

use super::marks::Marks;

/// The kind of device a visit came from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "UPPERCASE")]
pub enum Device {
    /// A telephone.
    Mobile,
    /// A tablet or electronic reader.
    Tablet,
    /// A computer on a desk or lap. Tablets that ask for desktop sites cannot be told from it.
    Desktop,
    /// No person's device.
    Bot,
    /// A television, console or watch, or a system nobody has heard of.
    Unknown,
}

impl Device {
    /// Every device.
    pub const ALL: [Self; 5] = [Self::Mobile, Self::Tablet, Self::Desktop, Self::Bot, Self::Unknown];

    /// The code under which it is stored, shown and routed by.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Mobile => "MOBILE",
            Self::Tablet => "TABLET",
            Self::Desktop => "DESKTOP",
            Self::Bot => "BOT",
            Self::Unknown => "UNKNOWN",
        }
    }

    /// The device of a person whose user agent carries `marks`.
    ///
    /// The order matters: televisions and tablets run the systems of telephones, and
    /// telephones name the systems of desktops.
    pub(super) const fn of(marks: Marks) -> Self {
        if marks.any_of(Marks::OTHER_SYSTEM) {
            Self::Unknown
        } else if marks.any_of(Marks::TABLET) {
            Self::Tablet
        } else if marks.any_of(Marks::MOBILE) {
            Self::Mobile
        } else if marks.any_of(Marks::ANDROID) {
            // Browsers of Android telephones say "Mobile", those of tablets leave it out.
            Self::Tablet
        } else if marks.any_of(Marks::DESKTOP) {
            Self::Desktop
        } else {
            Self::Unknown
        }
    }
}

impl crate::values::schema::HasSchema for Device {
    fn schema() -> crate::values::schema::Schema {
        let pattern = crate::values::schema::any_case(&Self::ALL.map(Self::as_str));
        let schema = crate::values::schema::Schema::text().pattern(pattern);
        schema.description("`MOBILE`, `TABLET`, `DESKTOP`, `BOT` or `UNKNOWN`, in any case.")
    }
}

impl FromStr for Device {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let known = Self::ALL.into_iter().find(|device| device.as_str().eq_ignore_ascii_case(text));
        known.ok_or("must be MOBILE, TABLET, DESKTOP, BOT or UNKNOWN")
    }
}
