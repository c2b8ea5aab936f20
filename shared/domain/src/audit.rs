//! Audit events: who did what to which thing, kept 400 days (contract §12).

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::id::{AuditId, RequestId};
use crate::moment::Moment;

/// Days an audit event is kept.
pub const KEPT_DAYS: i64 = 400;

/// What kind of caller acted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
pub enum ActorKind {
    /// A user with a bearer token.
    Jwt,
    /// Nobody who logged in: a public call, or the system itself.
    System,
}

/// Who acted.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Actor {
    /// What kind of caller.
    pub kind: ActorKind,
    /// Which one.
    pub id: String,
}

/// One audit event; it never carries a secret.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Event {
    /// Its id.
    pub audit_id: AuditId,
    /// When.
    pub at: Moment,
    /// Who.
    pub actor: Actor,
    /// What was done, such as `conversion.mismatch`.
    pub action: String,
    /// To what.
    pub target: String,
    /// What it was.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub before: Option<Value>,
    /// What it became, or was asked to become.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub after: Option<Value>,
    /// The request that did it.
    pub request_id: RequestId,
}
