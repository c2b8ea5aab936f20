//! The kind of device a visit came from, as used by routing and reports.

use std::str::FromStr;

use serde::{Deserialize, Serialize};

use super::schema::{HasSchema, Schema, any_case};

/// The kind of device a visit came from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "UPPERCASE")]
pub enum Device {
    /// A phone.
    Mobile,
    /// A tablet or e-reader.
    Tablet,
    /// A desktop or laptop computer; tablets that request desktop sites cannot be distinguished from one.
    Desktop,
    /// Not a person's device.
    Bot,
    /// A television, game console or watch, or an unknown system.
    Unknown,
}

impl Device {
    /// Every device.
    pub const ALL: [Self; 5] = [Self::Mobile, Self::Tablet, Self::Desktop, Self::Bot, Self::Unknown];

    /// The code in storage, in the API and in routing rules.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Mobile => "MOBILE",
            Self::Tablet => "TABLET",
            Self::Desktop => "DESKTOP",
            Self::Bot => "BOT",
            Self::Unknown => "UNKNOWN",
        }
    }
}

impl HasSchema for Device {
    fn schema() -> Schema {
        let schema = Schema::text().pattern(any_case(&Self::ALL.map(Self::as_str)));
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
