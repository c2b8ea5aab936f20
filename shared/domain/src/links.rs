//! Links: what an owner may set, and whether a link is open at a moment (specification §4).

mod body;
pub mod conditions;
mod filter;
pub mod rule_set;
pub mod rules;
mod settings;
#[cfg(test)]
mod tests;
pub mod visit;
mod write;

use serde::{Deserialize, Serialize};

use crate::values::id::LinkId;
use crate::values::moment::Moment;
use crate::values::name::{Handle, Slug};
use crate::values::password::Hashed;

pub use body::{BatchedLink, LinkBatch, MAX_BATCH, Rollback};
pub use filter::{LinkFilter, LinkStatus};
pub use settings::{LinkSettings, MAX_RULES, RedirectType, Tracking, TrackingPolicy, Transport};
pub use write::{NextPassword, PasswordChange};

/// A link as it is stored.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Link {
    /// Unique per creation: a link created again under its slug gets another. The click counter of `maxClicks` belongs to it.
    pub id: LinkId,
    /// Owning handle.
    pub handle: Handle,
    /// Its path.
    pub slug: Slug,
    /// One more with every write.
    pub version: u64,
    /// When it was first written.
    pub created_at: Moment,
    /// When this version was written.
    pub updated_at: Moment,
    /// The password's hash, when it has one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub password: Option<Hashed>,
    /// What its owner set.
    #[serde(flatten)]
    pub settings: LinkSettings,
}

/// Why a link does not lead to its destination.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Closed {
    /// `enabled` is false.
    Disabled,
    /// Before `scheduledStartAt`.
    NotStarted,
    /// From `scheduledEndAt` on.
    Ended,
    /// From `expiresAt` on.
    Expired,
    /// `maxClicks` human clicks have been made.
    ClickLimit,
}

impl Closed {
    /// Whether it was there once (410) rather than not yet or not at all (404).
    pub const fn is_gone(self) -> bool {
        match self {
            Self::Disabled | Self::NotStarted => false,
            Self::Ended | Self::Expired | Self::ClickLimit => true,
        }
    }

    /// A stable text for explanations.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Disabled => "disabled",
            Self::NotStarted => "before scheduledStartAt",
            Self::Ended => "after scheduledEndAt",
            Self::Expired => "after expiresAt",
            Self::ClickLimit => "maxClicks reached",
        }
    }
}

impl Link {
    /// Why the link is closed at this moment; `clicks_used_up` is whether `maxClicks` has been reached.
    pub fn closed(&self, at: Moment, clicks_used_up: bool) -> Option<Closed> {
        let settings = &self.settings;
        let passed = |end: Option<Moment>| end.is_some_and(|end| at >= end);
        if !settings.enabled {
            Some(Closed::Disabled)
        } else if settings.scheduled_start_at.is_some_and(|start| at < start) {
            Some(Closed::NotStarted)
        } else if passed(settings.scheduled_end_at) {
            Some(Closed::Ended)
        } else if passed(settings.expires_at) {
            Some(Closed::Expired)
        } else if settings.max_clicks.is_some() && clicks_used_up {
            Some(Closed::ClickLimit)
        } else {
            None
        }
    }

    /// The entity tag of this version.
    pub fn etag(&self) -> String {
        format!("\"{}-{}\"", self.id, self.version)
    }
}
