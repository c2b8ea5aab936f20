//! One event on its way to one subscription: a small machine whose every step is one conditional write.
//!
//! A message names a delivery and an attempt. Whoever gets it claims the attempt under a lease, sends, and records. Messages
//! may come twice, late, or never: what a message still means is decided from the stored state alone ([`Delivery::next_step`]),
//! a success counts whoever reports it, and a worker that lost its lease looks again instead of dropping the message. The
//! model in the tests searches every interleaving of two workers with crashes, reappearing messages and ended leases.

use serde::{Deserialize, Serialize};

use crate::values::id::{DeliveryId, EventId, SubscriptionId};
use crate::values::moment::Moment;
use crate::values::name::Handle;
use crate::webhooks::event::WebhookEventType;

/// Seconds between the end of an attempt and the next one: 1 + 5 attempts (seed 001 §5).
pub const SCHEDULE_SECS: [i64; 5] = [5, 10, 20, 40, 80];
/// Attempts in all.
pub const MAX_ATTEMPTS: u8 = SCHEDULE_SECS.len() as u8 + 1;
/// How long one attempt may take, answer included.
pub const DEADLINE_MS: i64 = 10_000;
/// How long a claim holds: longer than an attempt and what is written after it.
pub const LEASE_MS: i64 = 25_000;
const _: () = assert!(DEADLINE_MS * 2 < LEASE_MS, "an attempt and what is written after it must fit into a lease");
/// Days a delivery is kept.
pub const KEPT_DAYS: i64 = 30;

/// What set a delivery off.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "UPPERCASE")]
pub enum DeliveryTrigger {
    /// The event itself.
    Auto,
    /// Somebody asked for a test.
    Test,
    /// Somebody replayed it.
    Manual,
}

/// Where a delivery stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum DeliveryStatus {
    /// Nothing has been sent yet.
    Pending,
    /// Somebody is sending.
    InFlight,
    /// The next attempt waits for its time.
    Scheduled,
    /// The receiver has it.
    Delivered,
    /// Every attempt failed, or the receiver is gone.
    Exhausted,
    /// The subscription was deleted or disabled first.
    Cancelled,
}

impl DeliveryStatus {
    /// Whether nothing follows any more.
    pub const fn is_final(self) -> bool {
        matches!(self, Self::Delivered | Self::Exhausted | Self::Cancelled)
    }
}

/// A worker's hold on an attempt.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Lease {
    /// One more with every claim, so that no two holds are the same.
    pub seq: u32,
    /// From then on somebody else may take the attempt.
    pub until: Moment,
}

/// A delivery as it is stored, without its attempts.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Delivery {
    /// Its id.
    pub id: DeliveryId,
    /// Whose.
    pub handle: Handle,
    /// What is delivered.
    pub event_id: EventId,
    /// Its type.
    pub event_type: WebhookEventType,
    /// To whom.
    pub subscription_id: SubscriptionId,
    /// What set it off.
    pub trigger: DeliveryTrigger,
    /// Where it stands.
    pub status: DeliveryStatus,
    /// The attempt it is at, from 1.
    pub attempt: u8,
    /// When that attempt is due.
    pub due_at: Moment,
    /// Who is at it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub lease: Option<Lease>,
    /// When it was made.
    pub created_at: Moment,
}

/// What a message still means.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NextStep {
    /// Claim the attempt and send.
    Claim,
    /// It comes too early: put it back for so long.
    TooEarly {
        /// Until the attempt is due.
        wait_ms: i64,
    },
    /// Somebody is at it: keep the message until their lease has ended.
    Held,
    /// The attempt is over and its successor may never have been announced: announce it, in so long.
    AnnounceNext {
        /// The successor.
        attempt: u8,
        /// Until it is due.
        wait_ms: i64,
    },
    /// Nothing is left to do.
    Done,
}

impl Delivery {
    /// A delivery that nobody has tried yet.
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
            created_at: now,
        }
    }

    /// The id of an event's own delivery to a subscription: the same whenever it is worked out, so that announcing an event
    /// twice makes one delivery. A replay has an id of its own.
    pub fn id_of(event: EventId, subscription: SubscriptionId) -> DeliveryId {
        let digest = crate::values::secret::sha256_hex(format!("{event}|{subscription}").as_bytes());
        let random = digest.get(..20).and_then(|hex| u128::from_str_radix(hex, 16).ok()).unwrap_or_default();
        DeliveryId::new(event.moment(), random)
    }

    /// What a message for attempt `attempt` still means at this moment.
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

    /// With the present attempt claimed.
    #[must_use]
    pub fn claimed(&self, now: Moment) -> Self {
        let seq = self.lease.as_ref().map_or(0, |lease| lease.seq) + 1;
        Self { status: DeliveryStatus::InFlight, lease: Some(Lease { seq, until: now.plus_millis(LEASE_MS) }), ..self.clone() }
    }

    /// After an attempt that did not deliver: the next one, or the end.
    #[must_use]
    pub fn failed(&self, ending: Ending, now: Moment) -> Self {
        let delay = SCHEDULE_SECS.get(usize::from(self.attempt).saturating_sub(1));
        match (ending, delay) {
            (Ending::Retry, Some(delay)) => {
                Self { status: DeliveryStatus::Scheduled, attempt: self.attempt + 1, due_at: now.plus_secs(*delay), ..self.clone() }
            }
            (Ending::Retry | Ending::Gone, _) => Self { status: DeliveryStatus::Exhausted, ..self.clone() },
        }
    }
}

/// How an attempt that did not deliver ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ending {
    /// It may be tried again.
    Retry,
    /// The receiver says that it is gone for good (410).
    Gone,
}

/// What became of one POST.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum PostOutcome {
    /// The receiver answered with this status.
    Status(u16),
    /// The host's name has no address.
    Dns,
    /// The address is not a public one.
    BlockedAddress,
    /// Nobody accepted the connection.
    Connect,
    /// The receiver's certificate or TLS was not good.
    Tls,
    /// It took longer than it may.
    Timeout,
    /// The connection ended before the answer did.
    Disconnected,
    /// The answer was no HTTP, or its headers were more than anybody needs.
    BadResponse,
    /// Nothing was sent: the key that opens the subscription's secret is gone. Rotating the secret helps.
    NoSecret,
}

impl PostOutcome {
    /// Whether the receiver has the event: any 2xx.
    pub const fn is_delivered(&self) -> bool {
        matches!(self, Self::Status(200..=299))
    }

    /// How it ends when it is not delivered. A redirect is a failure like any other: it is never followed.
    pub const fn ending(&self) -> Ending {
        match self {
            Self::Status(410) => Ending::Gone,
            Self::Status(_) | Self::Dns | Self::BlockedAddress | Self::Connect | Self::Tls => Ending::Retry,
            Self::Timeout | Self::Disconnected | Self::BadResponse | Self::NoSecret => Ending::Retry,
        }
    }

    /// The stable word for it: `http_503`, `timeout`, …
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

/// What became of one attempt, as it is kept.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
pub struct DeliveryAttempt {
    /// Which attempt, from 1.
    pub n: u8,
    /// When it began.
    pub started_at: Moment,
    /// How long it took.
    pub duration_ms: i64,
    /// A stable word: `http_200`, `timeout`, `dns`, `connect`, `tls`, `blocked_address`,
    /// `disconnected`, `bad_response`, `no_secret`.
    pub outcome: String,
    /// The receiver's status.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub status_code: Option<u16>,
    /// The beginning of the receiver's answer, at most 1 KiB.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub response_snippet: Option<String>,
    /// When the next attempt is due.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub next_attempt_at: Option<Moment>,
}
