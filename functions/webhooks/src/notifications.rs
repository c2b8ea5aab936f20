//! `GET …/notifications`: every subscription with its delivery counts, the latest failures, and the catalogue of events.

use api::{ApiState, Member, NotificationsRead, Problem};
use axum::Json;
use axum::extract::State;
use domain::values::moment::HOUR_MS;
use domain::values::name::Handle;
use domain::webhooks::delivery::{Delivery, DeliveryStatus};
use domain::webhooks::envelope::Envelope;
use domain::webhooks::event::WebhookEventType;
use domain::webhooks::subscription::Subscription;
use futures::future::try_join_all;
use futures::try_join;
use serde::Serialize;
use store::{DeliveryCounts, DeliveryFilter, MAX_LISTED_DELIVERIES, SubscriptionWithHealth};

use crate::deliveries::shown;
use crate::view::{DeliveryView, SubscriptionView};

/// Failures in the panel.
const MAX_FAILURES_SHOWN: usize = 20;

/// The panel.
#[derive(Serialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct NotificationsPanel {
    webhooks: Vec<NotifiedWebhook>,
    /// The latest exhausted deliveries.
    recent_failures: Vec<DeliveryView>,
    event_catalog: Vec<CatalogEntry>,
}

#[derive(Serialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct NotifiedWebhook {
    #[serde(flatten)]
    subscription: SubscriptionView,
    /// Of the last 24 hours, to the hour.
    #[serde(rename = "counts24h")]
    counts_24h: DeliveryTotals,
    last_delivery: Option<DeliveryView>,
}

#[derive(Serialize, utoipa::ToSchema)]
pub(crate) struct DeliveryTotals {
    delivered: i64,
    failed: i64,
    pending: i64,
}

#[derive(Serialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct CatalogEntry {
    #[serde(rename = "type")]
    kind: WebhookEventType,
    description: &'static str,
    /// A whole message with its envelope.
    example_payload: Envelope,
}

/// Reports the state of a handle's webhooks.
#[utoipa::path(
    get,
    path = "/v2/handles/{handle}/notifications",
    tag = "webhooks",
    security(("jwt" = []), ("pat" = ["webhooks.read"])),
    params(("handle" = Handle, Path)),
    responses((status = 200, description = "The panel.", body = NotificationsPanel))
)]
pub(crate) async fn handle(State(app): State<ApiState>, member: Member<NotificationsRead>) -> Result<Json<NotificationsPanel>, Problem> {
    let handle = member.handle();
    let of_a_day = DeliveryFilter { since: Some(app.now().plus_days(-1)), ..DeliveryFilter::default() };
    let failures = DeliveryFilter { statuses: vec![DeliveryStatus::Exhausted], ..DeliveryFilter::default() };
    // The page that shows it waits for all of it, so what can be read at the same time is.
    let known = async { Ok(app.store().subscriptions().list(handle, app.now()).await?) };
    let recent = list(&app, handle, &of_a_day, MAX_LISTED_DELIVERIES);
    let failed = async { shown(&app, list(&app, handle, &failures, MAX_FAILURES_SHOWN).await?).await };
    let (known, recent, recent_failures) = try_join!(known, recent, failed)?;
    let webhooks = try_join_all(known.iter().map(|known| notified(&app, known, &recent))).await?;
    Ok(Json(NotificationsPanel { webhooks, recent_failures, event_catalog: catalog(handle) }))
}

/// A subscription with its counts; those that have not ended and the last one are found among the handle's `recent` deliveries.
async fn notified(app: &ApiState, known: &SubscriptionWithHealth, recent: &[Delivery]) -> Result<NotifiedWebhook, Problem> {
    let Subscription { id, handle, .. } = &known.subscription;
    let now = app.now();
    let mut counts = DeliveryCounts::default();
    let hours = app.store().deliveries().counts(handle, *id, now.plus_millis(-23 * HOUR_MS), now).await?;
    hours.values().for_each(|hour| counts.merge(hour));
    let own: Vec<&Delivery> = recent.iter().filter(|delivery| delivery.subscription_id == *id).collect();
    let pending = own.iter().filter(|delivery| !delivery.status.is_final()).count();
    let last = own.first().map(|last| (*last).clone()).into_iter().collect();
    Ok(NotifiedWebhook {
        subscription: SubscriptionView::of_known(known),
        counts_24h: DeliveryTotals {
            delivered: counts.delivered,
            failed: counts.failed,
            pending: i64::try_from(pending).unwrap_or(i64::MAX),
        },
        last_delivery: shown(app, last).await?.pop(),
    })
}

async fn list(app: &ApiState, handle: &Handle, filter: &DeliveryFilter, limit: usize) -> Result<Vec<Delivery>, Problem> {
    Ok(app.store().deliveries().list(handle, filter, app.now(), limit, None).await?.items)
}

fn catalog(handle: &Handle) -> Vec<CatalogEntry> {
    let entry = |kind: &WebhookEventType| {
        let example_payload = Envelope::example(*kind, handle.clone())?;
        Some(CatalogEntry { kind: *kind, description: kind.description(), example_payload })
    };
    WebhookEventType::ALL.iter().filter_map(entry).collect()
}
