//! The bodies of requests about deliveries and secrets (specification §10).

use serde_json::Value;

use crate::values::form::{self, Faults, Form, Unknown};
use crate::values::id::SubscriptionId;
use crate::values::moment::Moment;
use crate::values::schema::{HasSchema, Schema};
use crate::webhooks::delivery::{DeliveryStatus, KEPT_DAYS};
use crate::webhooks::secret::{DEFAULT_OVERLAP_SECS, MAX_OVERLAP_SECS};

/// The error of a range whose end is before its start.
pub const INVERTED: &str = "must not be before since";

/// A range of deliveries to send again.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReplayRequest {
    /// Events from this moment on.
    pub since: Moment,
    /// Events up to this moment.
    pub until: Option<Moment>,
    /// Only to this subscription.
    pub subscription: Option<SubscriptionId>,
    /// Only events whose newest delivery ended in this status.
    pub status: Option<DeliveryStatus>,
    /// Where the call before ended.
    pub cursor: Option<String>,
}

impl ReplayRequest {
    /// Reads the body of a replay; `is_cursor` is whether the cursor is one of the request's own list.
    ///
    /// # Errors
    /// Every bad field at once.
    pub fn read(body: Value, now: Moment, is_cursor: impl FnOnce(&Self, &str) -> bool) -> Result<Self, Faults> {
        form::read(body, Unknown::Refuse, |form| {
            let request = Self::fields(form)?;
            if request.since < now.plus_days(-KEPT_DAYS) {
                form.fault("since", format!("must not be more than {KEPT_DAYS} days ago"));
            }
            if request.until.is_some_and(|until| until < request.since) {
                form.fault("until", INVERTED);
            }
            if request.cursor.as_ref().is_some_and(|cursor| !is_cursor(&request, cursor)) {
                form.fault("cursor", "must be the nextCursor of the call before, with all else as it was");
            }
            Some(request)
        })
    }

    /// Describes the body.
    pub fn body() -> Schema {
        form::describe(Unknown::Refuse, Self::fields)
    }

    fn fields(form: &mut Form<'_>) -> Option<Self> {
        let since = form.required("since", "Events from this moment on, at most 30 days ago.", form::parsed());
        let until = form.optional("until", "Events up to this moment; now when left out.", form::parsed());
        let ended = form::one_of([
            ("EXHAUSTED", DeliveryStatus::Exhausted),
            ("CANCELLED", DeliveryStatus::Cancelled),
            ("DELIVERED", DeliveryStatus::Delivered),
        ]);
        let doc = "Only events whose newest delivery ended in this status; EXHAUSTED and CANCELLED when left out.";
        let status = form.optional("status", doc, ended);
        let subscription = form.optional("subscriptionId", "Only to this subscription.", form::parsed());
        let cursor = form.optional("cursor", "The `nextCursor` of the call before, with all else as it was.", form::any_text());
        Some(Self { since: since?, until, subscription, status, cursor })
    }
}

/// A rotation of a subscription's secret.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SecretRotation {
    /// Seconds for which the former secret still signs.
    pub overlap_secs: i64,
}

impl SecretRotation {
    /// Reads the body of a rotation.
    ///
    /// # Errors
    /// Every bad field at once.
    pub fn read(body: Value) -> Result<Self, Faults> {
        form::read(body, Unknown::Refuse, Self::fields)
    }

    /// Describes the body.
    pub fn body() -> Schema {
        form::describe(Unknown::Refuse, Self::fields)
    }

    fn fields(form: &mut Form<'_>) -> Option<Self> {
        let doc = "Seconds for which the former secret still signs, a day when left out; 0 after a leak: every former secret ends at once.";
        let overlap = form.optional("gracePeriodSeconds", doc, form::integer(0..=MAX_OVERLAP_SECS));
        Some(Self { overlap_secs: overlap.unwrap_or(DEFAULT_OVERLAP_SECS) })
    }
}

/// The empty body of a test.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TestRequest;

impl TestRequest {
    /// Reads the body of a test.
    ///
    /// # Errors
    /// Every member there is.
    pub fn read(body: Value) -> Result<Self, Faults> {
        form::read(body, Unknown::Refuse, |_| Some(Self))
    }

    /// Describes the body.
    pub fn body() -> Schema {
        form::describe(Unknown::Refuse, |_| Some(Self))
    }
}

impl HasSchema for DeliveryStatus {
    fn schema() -> Schema {
        Schema::one_of(["PENDING", "IN_FLIGHT", "SCHEDULED", "DELIVERED", "EXHAUSTED", "CANCELLED"])
    }
}

impl std::str::FromStr for DeliveryStatus {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        serde_json::from_value(text.into()).map_err(|_| "must be PENDING, IN_FLIGHT, SCHEDULED, DELIVERED, EXHAUSTED or CANCELLED")
    }
}
