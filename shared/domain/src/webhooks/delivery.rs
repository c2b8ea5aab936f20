//! The delivery of one event to one subscription: a state machine in which every step is one conditional write (specification §10).
//!
//! A message names a delivery and an attempt. The worker that receives it claims the attempt under a lease, sends, and records
//! the result. Messages may arrive twice, late, or never: what to do with one is decided from the stored state alone
//! ([`Delivery::next_step`]), a success counts whichever worker reports it, and a worker that lost its lease reads the state
//! again instead of dropping the message. The model in the tests searches every interleaving of two workers with crashes,
//! redelivered messages and expired leases.

mod attempt;

use serde::{Deserialize, Serialize};

use crate::values::id::{DeliveryId, EventId, RequestId, SubscriptionId};
use crate::values::moment::Moment;
use crate::values::name::Handle;
use crate::webhooks::event::WebhookEventType;

pub use attempt::DeliveryAttempt;

/// Seconds between the end of an attempt and the next one: 1 + 5 attempts (specification §10).
pub const SCHEDULE_SECS: [i64; 5] = [5, 10, 20, 40, 80];
/// Attempts of one delivery at most.
pub const MAX_ATTEMPTS: u8 = SCHEDULE_SECS.len() as u8 + 1;
/// Milliseconds one attempt may take, answer included.
pub const DEADLINE_MS: i64 = 10_000;
/// Milliseconds for which a claim holds: longer than an attempt and the writes after it.
pub const LEASE_MS: i64 = 25_000;
const _: () = assert!(DEADLINE_MS * 2 < LEASE_MS, "an attempt and what is written after it must fit into a lease");
/// The sequence number of a delivery's first claim.
pub const FIRST_LEASE: u32 = 1;
/// Days a delivery is kept.
pub const KEPT_DAYS: i64 = 30;

/// What caused a delivery.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "UPPERCASE")]
pub enum DeliveryTrigger {
    /// The event itself.
    Auto,
    /// A requested test.
    Test,
    /// A requested replay.
    Manual,
}

/// The state of a delivery.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum DeliveryStatus {
    /// No attempt has begun.
    Pending,
    /// A worker is sending.
    InFlight,
    /// The next attempt is not due yet.
    Scheduled,
    /// The receiver has accepted it.
    Delivered,
    /// Every attempt failed, or the receiver is gone.
    Exhausted,
    /// The subscription was deleted or disabled first.
    Cancelled,
}

impl DeliveryStatus {
    /// Whether it never changes again.
    pub const fn is_final(self) -> bool {
        matches!(self, Self::Delivered | Self::Exhausted | Self::Cancelled)
    }
}

/// A worker's claim on an attempt.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Lease {
    /// One higher with every claim, so that no two claims are the same.
    pub seq: u32,
    /// From this moment on another worker may claim the attempt.
    pub until: Moment,
}

/// A delivery as it is stored, with the first of its attempts.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Delivery {
    /// Its id.
    pub id: DeliveryId,
    /// Owning handle.
    pub handle: Handle,
    /// The event that is delivered.
    pub event_id: EventId,
    /// The type of the event.
    pub event_type: WebhookEventType,
    /// The subscription it goes to.
    pub subscription_id: SubscriptionId,
    /// What caused it.
    pub trigger: DeliveryTrigger,
    /// Its state.
    pub status: DeliveryStatus,
    /// The present attempt, from 1.
    pub attempt: u8,
    /// When this attempt is due; of an exhausted delivery, when it ended.
    pub due_at: Moment,
    /// The claim on this attempt.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub lease: Option<Lease>,
    /// The attempt made under the first claim, once it is recorded. Most deliveries have no other, so it is not stored apart.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub first_attempt: Option<DeliveryAttempt>,
    /// The durations in milliseconds of the attempts that are recorded, until it ends and they are counted.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub durations_ms: Vec<i64>,
    /// When it was created.
    pub created_at: Moment,
    /// The request that caused it, where it is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub request_id: Option<RequestId>,
}

/// What a worker does with a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NextStep {
    /// Claim the attempt and send.
    Claim,
    /// The attempt is not due yet: return the message to the queue until then.
    TooEarly {
        /// Milliseconds until the attempt is due.
        wait_ms: i64,
    },
    /// Another worker has claimed it: keep the message until that lease has ended.
    Held,
    /// The attempt is over, and the message for the next one may never have been sent: send it.
    AnnounceNext {
        /// The next attempt.
        attempt: u8,
        /// Milliseconds until it is due.
        wait_ms: i64,
    },
    /// Nothing is left to do.
    Done,
}

impl Delivery {
    /// A delivery without attempts, due now.
    #[must_use]
    pub fn new(
        id: DeliveryId,
        handle: Handle,
        (event_id, event_type): (EventId, WebhookEventType),
        subscription_id: SubscriptionId,
        trigger: DeliveryTrigger,
        now: Moment,
    ) -> Self {
        Self {
            id,
            handle,
            event_id,
            event_type,
            subscription_id,
            trigger,
            status: DeliveryStatus::Pending,
            attempt: 1,
            due_at: now,
            lease: None,
            first_attempt: None,
            durations_ms: Vec::new(),
            created_at: now,
            request_id: None,
        }
    }

    /// The id of an event's own delivery to a subscription, derived from both, so that announcing an event twice creates one
    /// delivery. A replay has an id of its own.
    pub fn id_of(event: EventId, subscription: SubscriptionId) -> DeliveryId {
        let digest = crate::values::secret::sha256_hex(format!("{event}|{subscription}").as_bytes());
        let random = digest.get(..20).and_then(|hex| u128::from_str_radix(hex, 16).ok()).unwrap_or_default();
        DeliveryId::new(event.moment(), random)
    }

    /// What to do with a message for attempt `attempt` at this moment.
    pub fn next_step(&self, attempt: u8, now: Moment) -> NextStep {
        if self.status.is_final() || attempt > self.attempt || self.attempt > attempt + 1 {
            return NextStep::Done;
        }
        let wait_ms = (self.due_at.millis() - now.millis()).max(0);
        let is_held = self.lease.as_ref().is_some_and(|lease| now < lease.until);
        match (self.status, self.attempt == attempt) {
            (DeliveryStatus::InFlight, true) if is_held => NextStep::Held,
            (DeliveryStatus::InFlight, true) => NextStep::Claim,
            (DeliveryStatus::Pending | DeliveryStatus::Scheduled, true) if wait_ms > 0 => NextStep::TooEarly { wait_ms },
            (DeliveryStatus::Pending | DeliveryStatus::Scheduled, true) => NextStep::Claim,
            (DeliveryStatus::Scheduled, false) => NextStep::AnnounceNext { attempt: self.attempt, wait_ms },
            _ => NextStep::Done,
        }
    }

    /// The delivery with its present attempt claimed.
    #[must_use]
    pub fn claimed(&self, now: Moment) -> Self {
        let seq = self.lease.as_ref().map_or(0, |lease| lease.seq) + 1;
        Self { status: DeliveryStatus::InFlight, lease: Some(Lease { seq, until: now.plus_millis(LEASE_MS) }), ..self.clone() }
    }

    /// Whether an attempt may be recorded that was not made under the first claim.
    pub fn has_more_attempts(&self) -> bool {
        self.lease.as_ref().is_some_and(|lease| lease.seq > FIRST_LEASE)
    }

    /// The delivery after a failed attempt: scheduled for the next one, or exhausted.
    #[must_use]
    pub fn failed(&self, ending: Ending, now: Moment) -> Self {
        let delay = SCHEDULE_SECS.get(usize::from(self.attempt).saturating_sub(1));
        match (ending, delay) {
            (Ending::Retry, Some(delay)) => {
                Self { status: DeliveryStatus::Scheduled, attempt: self.attempt + 1, due_at: now.plus_secs(*delay), ..self.clone() }
            }
            (Ending::Retry | Ending::Gone, _) => Self { status: DeliveryStatus::Exhausted, due_at: now, ..self.clone() },
        }
    }
}

/// What a failed attempt means for the delivery.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ending {
    /// Another attempt may follow.
    Retry,
    /// The receiver answered 410 Gone: no attempt follows.
    Gone,
}

/// The outcome of one POST.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum PostOutcome {
    /// The receiver answered with this status.
    Status(u16),
    /// The host's name has no address.
    Dns,
    /// The address is not public.
    BlockedAddress,
    /// The connection was not accepted.
    Connect,
    /// The TLS handshake failed, or the certificate is invalid.
    Tls,
    /// It took longer than [`DEADLINE_MS`].
    Timeout,
    /// The connection ended before the answer was complete.
    Disconnected,
    /// The answer was not HTTP, or its headers were too large.
    BadResponse,
    /// Nothing was sent: the key that opens the subscription's secret is gone. Rotating the secret repairs it.
    NoSecret,
}

impl PostOutcome {
    /// Whether the receiver accepted the event: any 2xx.
    pub const fn is_delivered(&self) -> bool {
        matches!(self, Self::Status(200..=299))
    }

    /// What it means for the delivery when it is a failure. A redirect is one: it is never followed.
    pub const fn ending(&self) -> Ending {
        match self {
            Self::Status(410) => Ending::Gone,
            Self::Status(_) | Self::Dns | Self::BlockedAddress | Self::Connect | Self::Tls => Ending::Retry,
            Self::Timeout | Self::Disconnected | Self::BadResponse | Self::NoSecret => Ending::Retry,
        }
    }

    /// The stable code for it: `http_503`, `timeout`, …
    pub fn class(&self) -> String {
        match self {
            Self::Status(status) => format!("http_{status}"),
            Self::Dns => "dns".to_owned(),
            Self::BlockedAddress => "blocked_address".to_owned(),
            Self::Connect => "connect".to_owned(),
            Self::Tls => "tls".to_owned(),
            Self::Timeout => "timeout".to_owned(),
            Self::Disconnected => "disconnected".to_owned(),
            Self::BadResponse => "bad_response".to_owned(),
            Self::NoSecret => "no_secret".to_owned(),
        }
    }
}

#[cfg(test)]
mod tests;
