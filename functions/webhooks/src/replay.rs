//! `POST …/deliveries/{deliveryId}/replay` and `POST …/deliveries/replay`: the same event again, as a new delivery.

use std::collections::BTreeSet;

use api::{ApiState, Code, JsonBody, Member, PathId, Problem, WebhooksWrite, charge};
use axum::Json;
use axum::extract::State;
use domain::values::id::{DeliveryId, SubscriptionId};
use domain::values::moment::Moment;
use domain::values::name::Handle;
use domain::webhooks::delivery::{Delivery, DeliveryStatus, DeliveryTrigger};
use domain::webhooks::requests::ReplayRequest;
use domain::webhooks::subscription::SubscriptionStatus::Active;
use futures::future::{join_all, try_join_all};
use http::StatusCode;
use serde::Serialize;
use serde_json::{Value, json};
use store::{DeliveryFilter, MAX_REQUESTED_DELIVERIES};

use crate::view::{DeliveryView, announce};

/// Deliveries one call replays; the response has a cursor for the rest.
const MAX_REPLAYED: usize = 100;

api::request_body!(ReplayRange, "The deliveries to send again; `since` at most 30 days ago.", ReplayRequest::body(), {
    "since": "2030-03-01T00:00:00Z",
    "status": "EXHAUSTED"
});

/// The new deliveries.
#[derive(Serialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Replayed {
    items: Vec<DeliveryView>,
    /// Pass it as `cursor` to replay the rest; null at the end.
    next_cursor: Option<String>,
}

/// Sends a delivery's event again: a new delivery with the same event id and the same body, to the subscription's current
/// endpoint with its current secret.
#[utoipa::path(
    post,
    path = "/v2/handles/{handle}/deliveries/{deliveryId}/replay",
    tag = "webhooks",
    security(("jwt" = []), ("pat" = ["webhooks.write"])),
    params(("handle" = Handle, Path), ("deliveryId" = DeliveryId, Path)),
    responses(
        (status = 202, description = "The new delivery.", body = DeliveryView),
        (
            status = 409,
            description = "The delivery has not ended, or its subscription is disabled or deleted.",
            body = api::openapi::ErrorBody,
        ),
    )
)]
pub(crate) async fn one(
    State(app): State<ApiState>,
    member: Member<WebhooksWrite>,
    PathId(id): PathId<DeliveryId>,
) -> Result<(StatusCode, Json<DeliveryView>), Problem> {
    let previous = app.store().deliveries().get(member.handle(), id).await?.ok_or_else(|| Problem::not_found("delivery"))?;
    if !previous.status.is_final() {
        return Err(Problem::new(Code::Conflict, "this delivery has not ended yet; read it again later"));
    }
    let known = app.store().subscriptions().get(member.handle(), previous.subscription_id, app.now()).await?;
    if known.is_none_or(|known| known.status() != Active) {
        return Err(disabled());
    }
    charge(&app, &member.profile.owner).await?;
    let again = replay_of(&app, &previous);
    let event = member.event(&app, "delivery.replayed", id).between(Value::Null, json!({"deliveryId": again.id}));
    app.store().deliveries().create_requested(std::slice::from_ref(&again), None, (member.handle(), &event)).await?;
    announce(&app, &again).await;
    Ok((StatusCode::ACCEPTED, Json(DeliveryView::of(&again, Vec::new()))))
}

/// Sends every undelivered event of a range again, at most 100 a call and each once: deliveries that ended exhausted or cancelled and
/// were neither delivered nor replayed since. Those of a disabled or deleted subscription are left out.
#[utoipa::path(
    post,
    path = "/v2/handles/{handle}/deliveries/replay",
    tag = "webhooks",
    security(("jwt" = []), ("pat" = ["webhooks.write"])),
    params(("handle" = Handle, Path)),
    request_body = ReplayRange,
    responses(
        (status = 202, description = "The new deliveries.", body = Replayed),
        (status = 409, description = "The subscription is disabled or deleted.", body = api::openapi::ErrorBody),
    )
)]
pub(crate) async fn range(
    State(app): State<ApiState>,
    member: Member<WebhooksWrite>,
    JsonBody(body): JsonBody,
) -> Result<(StatusCode, Json<Replayed>), Problem> {
    let (filter, start) = read(body, app.now())?;
    let known = app.store().subscriptions().list(member.handle(), app.now()).await?;
    let active: BTreeSet<SubscriptionId> =
        known.iter().filter(|known| known.status() == Active).map(|known| known.subscription.id).collect();
    if filter.subscription.is_some_and(|id| !active.contains(&id)) {
        return Err(disabled());
    }
    charge(&app, &member.profile.owner).await?;
    let page = app.store().deliveries().list(member.handle(), &filter, app.now(), MAX_REPLAYED, start).await?;
    let mut seen = BTreeSet::new();
    let is_wanted =
        |previous: &&Delivery| active.contains(&previous.subscription_id) && seen.insert((previous.event_id, previous.subscription_id));
    let newest = try_join_all(page.items.iter().filter(is_wanted).map(|previous| app.store().deliveries().newest_of(previous))).await?;
    let ended_so = newest.iter().filter(|newest| filter.statuses.contains(&newest.status));
    let again: Vec<Delivery> = ended_so.map(|previous| replay_of(&app, previous)).collect();
    for part in again.chunks(MAX_REQUESTED_DELIVERIES) {
        let after = json!({"since": filter.since, "until": filter.until, "deliveries": part.len()});
        let event = member.event(&app, "deliveries.replayed", member.handle()).between(Value::Null, after);
        app.store().deliveries().create_requested(part, None, (member.handle(), &event)).await?;
        join_all(part.iter().map(|delivery| announce(&app, delivery))).await;
    }
    let items = again.iter().map(|delivery| DeliveryView::of(delivery, Vec::new())).collect();
    Ok((StatusCode::ACCEPTED, Json(Replayed { items, next_cursor: page.next_cursor })))
}

fn replay_of(app: &ApiState, previous: &Delivery) -> Delivery {
    let event = (previous.event_id, previous.event_type);
    let again = Delivery::new(app.id(), previous.handle.clone(), event, previous.subscription_id, DeliveryTrigger::Manual, app.now());
    Delivery { request_id: store::invocation::request(), ..again }
}

fn disabled() -> Problem {
    Problem::new(Code::Conflict, "the subscription of this delivery is disabled or deleted; enable it first with PUT {\"enabled\": true}")
}

fn read(body: Value, now: Moment) -> Result<(DeliveryFilter, Option<DeliveryId>), Problem> {
    let filter = |request: &ReplayRequest| DeliveryFilter {
        statuses: request.status.map_or_else(|| vec![DeliveryStatus::Exhausted, DeliveryStatus::Cancelled], |status| vec![status]),
        subscription: request.subscription,
        since: Some(request.since),
        until: Some(request.until.unwrap_or(now)),
        ..DeliveryFilter::default()
    };
    let request = ReplayRequest::read(body, now, |request, cursor| filter(request).cursor(cursor).is_some())?;
    let filter = filter(&request);
    let after = request.cursor.as_ref().and_then(|cursor| filter.cursor(cursor));
    Ok((filter, after))
}
