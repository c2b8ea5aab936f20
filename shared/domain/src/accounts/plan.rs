//! Plans: how many writes a day, and which features (specification §2.3).

use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::values::schema::{HasSchema, Schema};

/// What an account pays for; a greater plan has all that a lesser one has.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "UPPERCASE")]
pub enum Plan {
    /// Two writes a day.
    #[default]
    Free,
    /// Ten writes a day.
    Pro,
    /// Five hundred writes a day.
    Enterprise,
}

impl Plan {
    const ALL: [Self; 3] = [Self::Free, Self::Pro, Self::Enterprise];

    /// Control-plane writes an owning account may make in one local day.
    pub const fn writes_per_day(self) -> u32 {
        match self {
            Self::Free => 2,
            Self::Pro => 10,
            Self::Enterprise => 500,
        }
    }

    /// As requests and answers spell it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Free => "FREE",
            Self::Pro => "PRO",
            Self::Enterprise => "ENTERPRISE",
        }
    }

    /// What the plan includes besides its writes.
    pub fn features(self) -> Vec<Feature> {
        Feature::ALL.into_iter().filter(|feature| feature.required_plan() <= self).collect()
    }
}

/// What some plans include and others do not.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum Feature {
    /// Personal access tokens.
    GrowthTools,
    /// Exports of clicks, conversions and daily figures.
    Exports,
}

impl Feature {
    const ALL: [Self; 2] = [Self::GrowthTools, Self::Exports];

    /// The lowest plan that includes it (specification §2.3).
    pub const fn required_plan(self) -> Plan {
        match self {
            Self::GrowthTools | Self::Exports => Plan::Pro,
        }
    }

    /// As answers spell it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::GrowthTools => "growth_tools",
            Self::Exports => "exports",
        }
    }
}

impl HasSchema for Plan {
    fn schema() -> Schema {
        Schema::one_of(Self::ALL.map(Self::as_str))
    }
}

impl FromStr for Plan {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::ALL.into_iter().find(|plan| plan.as_str() == text).ok_or("must be FREE, PRO or ENTERPRISE")
    }
}
