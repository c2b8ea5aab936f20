//! Whether a campaign tracks, and which status may follow which (specification §8).

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::values::schema::{HasSchema, Schema};

/// Whether a campaign tracks.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "UPPERCASE")]
pub enum CampaignStatus {
    /// Created, not tracking yet.
    #[default]
    Draft,
    /// Clicks and conversions are credited to it.
    Active,
    /// What it has is kept; nothing new is credited.
    Paused,
}

impl CampaignStatus {
    pub(super) const ALL: [Self; 3] = [Self::Draft, Self::Active, Self::Paused];

    /// The name, as requests spell it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Draft => "DRAFT",
            Self::Active => "ACTIVE",
            Self::Paused => "PAUSED",
        }
    }

    /// The status after a transition; staying is always allowed.
    ///
    /// # Errors
    /// When the transition is not allowed.
    pub fn advance(self, to: Self) -> Result<Self, IllegalMove> {
        match (self, to) {
            (Self::Draft, Self::Draft | Self::Active)
            | (Self::Active, Self::Active | Self::Paused)
            | (Self::Paused, Self::Paused | Self::Active | Self::Draft) => Ok(to),
            (Self::Draft, Self::Paused) | (Self::Active, Self::Draft) => Err(IllegalMove { from: self, to }),
        }
    }
}

impl HasSchema for CampaignStatus {
    fn schema() -> Schema {
        Schema::one_of(Self::ALL.map(Self::as_str))
    }
}

impl FromStr for CampaignStatus {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::ALL.into_iter().find(|status| status.as_str() == text).ok_or("must be DRAFT, ACTIVE or PAUSED")
    }
}

impl fmt::Display for CampaignStatus {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// A transition between statuses that is not allowed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a campaign cannot go from {from} to {to}; it goes from DRAFT to ACTIVE, between ACTIVE and PAUSED, and from PAUSED to DRAFT")]
pub struct IllegalMove {
    /// The present status.
    pub from: CampaignStatus,
    /// The requested status.
    pub to: CampaignStatus,
}
