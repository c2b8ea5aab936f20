//! One attempt of a delivery.

use serde::{Deserialize, Serialize};

use crate::values::moment::Moment;

/// One attempt as it is stored and shown.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
pub struct DeliveryAttempt {
    /// Which attempt, from 1.
    pub n: u8,
    /// When it began.
    pub started_at: Moment,
    /// Its duration in milliseconds.
    pub duration_ms: i64,
    /// A stable code: `http_200`, `timeout`, `dns`, `connect`, `tls`, `blocked_address`,
    /// `disconnected`, `bad_response`, `no_secret`.
    pub outcome: String,
    /// The status code of the receiver's answer.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub status_code: Option<u16>,
    /// The beginning of the receiver's answer, at most 1 KiB.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub response_snippet: Option<String>,
    /// When the next attempt is due.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub next_attempt_at: Option<Moment>,
}
