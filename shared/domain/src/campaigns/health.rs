//! How healthy a campaign is: the result of the checks in `reports::campaign_health`, as answers and webhooks name it.

use serde::Serialize;

/// How a check ends, from good to bad.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "UPPERCASE")]
pub enum HealthStatus {
    /// All is well.
    Pass,
    /// Something has not happened yet, or deserves a look.
    Warn,
    /// Nothing will be credited until it is mended.
    Fail,
}

impl HealthStatus {
    /// As answers and events spell it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Pass => "PASS",
            Self::Warn => "WARN",
            Self::Fail => "FAIL",
        }
    }
}
