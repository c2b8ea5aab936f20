//! Subscriptions and deliveries as the API returns them, without secrets.

use std::collections::BTreeMap;

use api::ApiState;
use domain::values::id::{DeliveryId, EventId, SubscriptionId};
use domain::values::moment::Moment;
use domain::webhooks::delivery::{Delivery, DeliveryAttempt, DeliveryStatus, DeliveryTrigger};
use domain::webhooks::endpoint::Endpoint;
use domain::webhooks::event::WebhookEventType;
use domain::webhooks::headers;
use domain::webhooks::secret::WebhookSecret;
use domain::webhooks::subscription::{Subscription, SubscriptionStatus};
use http::header::{CACHE_CONTROL, HeaderName};
use serde::Serialize;
use serde_json::{Value, json};
use store::SubscriptionWithHealth;

/// A subscription.
#[derive(Serialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct SubscriptionView {
    subscription_id: SubscriptionId,
    endpoint_url: Endpoint,
    /// Event types, or `*` for all.
    event_types: Vec<String>,
    description: Option<String>,
    /// Whether it receives events; false also when it was disabled for its failures.
    enabled: bool,
    /// Whether it receives `link.clicked` for clicks of bots too.
    include_bots: bool,
    /// `DISABLED_AUTO` after 20 exhausted deliveries in a row over at least 24 hours, `DISABLED_GONE` after a 410.
    status: SubscriptionStatus,
    created_at: Moment,
    updated_at: Moment,
}

impl SubscriptionView {
    pub(crate) fn of(subscription: &Subscription, status: SubscriptionStatus) -> Self {
        let settings = &subscription.settings;
        Self {
            subscription_id: subscription.id,
            endpoint_url: settings.endpoint_url.clone(),
            event_types: settings.event_types.clone().into(),
            description: settings.description.clone(),
            enabled: status == SubscriptionStatus::Active,
            include_bots: settings.include_bots,
            status,
            created_at: subscription.created_at,
            updated_at: subscription.updated_at,
        }
    }

    pub(crate) fn of_known(known: &SubscriptionWithHealth) -> Self {
        Self::of(&known.subscription, known.status())
    }
}

/// A subscription with its secret, which is returned only once.
#[derive(Serialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct SubscriptionWithSecret {
    #[serde(flatten)]
    subscription: SubscriptionView,
    /// Verifies the signatures. It cannot be read again: store it.
    #[schema(example = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw3m1Jd0mE0bQ=")]
    secret: String,
}

impl SubscriptionWithSecret {
    pub(crate) fn new(subscription: SubscriptionView, secret: &WebhookSecret) -> Self {
        Self { subscription, secret: secret.expose().to_owned() }
    }
}

/// A response with a secret must not stay in any cache.
pub(crate) const NO_STORE: [(HeaderName, &str); 1] = [(CACHE_CONTROL, "no-store")];

/// A subscription in the audit log.
pub(crate) fn audited(subscription: &Subscription) -> Value {
    json!(subscription.settings)
}

/// A delivery with its attempts.
#[derive(Serialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct DeliveryView {
    delivery_id: DeliveryId,
    event_id: EventId,
    event_type: WebhookEventType,
    subscription_id: SubscriptionId,
    status: DeliveryStatus,
    trigger: DeliveryTrigger,
    created_at: Moment,
    /// When the next attempt is due; null when none follows.
    next_attempt_at: Option<Moment>,
    attempts: Vec<DeliveryAttempt>,
}

impl DeliveryView {
    pub(crate) fn of(delivery: &Delivery, attempts: Vec<DeliveryAttempt>) -> Self {
        Self {
            delivery_id: delivery.id,
            event_id: delivery.event_id,
            event_type: delivery.event_type,
            subscription_id: delivery.subscription_id,
            status: delivery.status,
            trigger: delivery.trigger,
            created_at: delivery.created_at,
            next_attempt_at: (!delivery.status.is_final()).then_some(delivery.due_at),
            attempts,
        }
    }
}

/// A delivery with its attempts and what they send.
#[derive(Serialize, utoipa::ToSchema)]
pub(crate) struct DeliveryWithRequest {
    #[serde(flatten)]
    pub(crate) delivery: DeliveryView,
    /// What is sent to the endpoint; null once the message has expired.
    pub(crate) request: Option<DeliveryRequest>,
}

/// What an attempt sends, as the last one did or the first one will.
#[derive(Serialize, utoipa::ToSchema)]
pub(crate) struct DeliveryRequest {
    /// The headers, with `withheld` in place of the signatures. Without an attempt there is no timestamp yet.
    headers: BTreeMap<&'static str, String>,
    /// The body, the same bytes in every attempt.
    body: String,
}

impl DeliveryRequest {
    pub(crate) fn of(delivery: &Delivery, last: Option<&DeliveryAttempt>, body: String) -> Self {
        let attempt = last.map_or(1, |last| last.n);
        let known = headers::of_message(delivery, attempt, last.map(|last| last.started_at));
        let withheld = headers::SIGNATURES.map(|name| (name, "withheld".to_owned()));
        Self { headers: known.into_iter().chain(withheld).collect(), body }
    }
}

/// Announces a new delivery's first attempt. Best effort: the sweeper announces it again when this fails.
pub(crate) async fn announce(app: &ApiState, delivery: &Delivery) {
    let message = store::AttemptMessage::of(delivery, store::Lane::First);
    if let Err(error) = app.store().outbox().announce_attempt(&message, 0).await {
        tracing::warn!(delivery.id = %delivery.id, error = &error as &dyn std::error::Error, "delivery could not be announced");
    }
}
