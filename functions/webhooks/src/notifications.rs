//! `GET …/notifications`: every subscription with its delivery counts, the latest failures, and the catalogue of events.

use api::{ApiState, Member, NotificationsRead, Problem};
use axum::Json;
use axum::extract::State;
use domain::values::name::Handle;
use domain::webhooks::delivery::DeliveryStatus;
use domain::webhooks::envelope::Envelope;
use domain::webhooks::event::WebhookEventType;
use futures::future::try_join_all;
use serde::Serialize;
use store::{DeliveryFilter, SubscriptionWithHealth};

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
    let known = app.store().subscriptions().list(member.handle(), app.now()).await?;
    let webhooks = try_join_all(known.iter().map(|known| reached(&app, member.handle(), known))).await?;
    let failures = DeliveryFilter { statuses: vec![DeliveryStatus::Exhausted], ..DeliveryFilter::default() };
    let recent_failures = shown(&app, member.handle(), &failures, MAX_FAILURES_SHOWN).await?;
    Ok(Json(NotificationsPanel { webhooks, recent_failures, event_catalog: catalog(member.handle()) }))
}

async fn reached(app: &ApiState, handle: &Handle, known: &SubscriptionWithHealth) -> Result<NotifiedWebhook, Problem> {
    let id = known.subscription.id;
    let counts = app.store().deliveries().counts(handle, id, app.now()).await?;
    let last = DeliveryFilter { subscription: Some(id), since: Some(app.now().plus_days(-1)), ..DeliveryFilter::default() };
    Ok(NotifiedWebhook {
        subscription: SubscriptionView::of_known(known),
        counts_24h: DeliveryTotals { delivered: counts.delivered, failed: counts.failed, pending: counts.pending() },
        last_delivery: shown(app, handle, &last, 1).await?.pop(),
    })
}

async fn shown(app: &ApiState, handle: &Handle, filter: &DeliveryFilter, limit: usize) -> Result<Vec<DeliveryView>, Problem> {
    let page = app.store().deliveries().list(handle, filter, app.now(), limit, None).await?;
    let known = try_join_all(page.items.iter().map(|delivery| app.store().deliveries().get_with_attempts(handle, delivery.id))).await?;
    Ok(known.into_iter().flatten().map(|(delivery, attempts)| DeliveryView::of(&delivery, attempts)).collect())
}

fn catalog(handle: &Handle) -> Vec<CatalogEntry> {
    let entry = |kind: &WebhookEventType| {
        let example_payload = Envelope::example(*kind, handle.clone())?;
        Some(CatalogEntry { kind: *kind, description: kind.description(), example_payload })
    };
    WebhookEventType::ALL.iter().filter_map(entry).collect()
}
