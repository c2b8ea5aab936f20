//! How healthy a campaign is: the result of the checks in `reports::campaign_health`, as answers and webhooks name it.

use serde::Serialize;

/// The result of a check, from good to bad.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "UPPERCASE")]
pub enum HealthStatus {
    /// Nothing to do.
    Pass,
    /// Something has not happened yet, or should be looked at.
    Warn,
    /// Nothing will be credited until it is fixed.
    Fail,
}

impl HealthStatus {
    /// The name, as answers and events spell it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Pass => "PASS",
            Self::Warn => "WARN",
            Self::Fail => "FAIL",
        }
    }
}
