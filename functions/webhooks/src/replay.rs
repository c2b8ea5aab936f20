//! `POST …/deliveries/{deliveryId}/replay` and `POST …/deliveries/replay`: the same event again, as a new delivery.

use std::collections::BTreeSet;

use api::{ApiState, Code, JsonBody, Member, PathParam, Problem, WebhooksWrite, charge};
use axum::Json;
use axum::extract::State;
use domain::values::id::{DeliveryId, SubscriptionId};
use domain::values::moment::Moment;
use domain::values::name::Handle;
use domain::webhooks::delivery::{Delivery, Status, Trigger};
use domain::webhooks::requests::ReplayRequest;
use domain::webhooks::subscription::Status::Active;
use futures::future::{join_all, try_join_all};
use http::StatusCode;
use serde::Serialize;
use serde_json::{Value, json};
use store::{Filter, MAX_ASKED_FOR};

use crate::view::{DeliveryView, announce};

/// Deliveries one call replays; the answer has the cursor of the rest.
const MAX_REPLAYED: usize = 100;

api::request_body!(ReplayRange, "The deliveries to send again; `since` at most 30 days ago.", ReplayRequest::body(), {
    "since": "2030-03-01T00:00:00Z",
    "status": "EXHAUSTED"
});

/// What is on its way again.
#[derive(Serialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Replayed {
    items: Vec<DeliveryView>,
    /// Pass it as `cursor` to replay the rest; null when nothing is left.
    next_cursor: Option<String>,
}

/// Sends a delivery's event again: a new delivery with the same event id and the same body, to the subscription's present
/// endpoint under its present secret.
#[utoipa::path(post, path = "/v2/handles/{handle}/deliveries/{deliveryId}/replay", tag = "webhooks", security(("jwt" = []), ("pat" = ["webhooks.write"])),
    params(("handle" = Handle, Path), ("deliveryId" = DeliveryId, Path)),
    responses((status = 202, description = "On its way again.", body = DeliveryView),
        (status = 409, description = "It has not ended yet, or its subscription is disabled or deleted.", body = api::openapi::ErrorBody)))]
pub(crate) async fn one(
    State(app): State<ApiState>,
    member: Member<WebhooksWrite>,
    id: Result<PathParam<DeliveryId>, Problem>,
) -> Result<(StatusCode, Json<DeliveryView>), Problem> {
    let missing = || Problem::not_found("delivery");
    let PathParam(id) = id.map_err(|_| missing())?;
    let former = app.store().delivery(member.handle(), id).await?.ok_or_else(missing)?;
    if !former.status.is_final() {
        return Err(Problem::new(Code::Conflict, "this delivery has not ended yet; wait for it, or read it again"));
    }
    let known = app.store().subscription(member.handle(), former.subscription_id, app.now()).await?;
    if known.is_none_or(|known| known.status() != Active) {
        return Err(disabled());
    }
    charge(&app, &member.profile.owner).await?;
    let again = again(&app, &former);
    let event = member.event(&app, "delivery.replayed", id).between(Value::Null, json!({"deliveryId": again.id}));
    app.store().open_asked_for(std::slice::from_ref(&again), None, (member.handle(), &event)).await?;
    announce(&app, &again).await;
    Ok((StatusCode::ACCEPTED, Json(DeliveryView::of(&again, Vec::new()))))
}

/// Sends every event of a range again that a receiver has not got, at most 100 a call, each of them once: what was exhausted or
/// cancelled, and neither delivered nor on its way again since. What belongs to a subscription that is disabled or deleted is
/// left out.
#[utoipa::path(post, path = "/v2/handles/{handle}/deliveries/replay", tag = "webhooks", security(("jwt" = []), ("pat" = ["webhooks.write"])), params(("handle" = Handle, Path)),
    request_body = ReplayRange,
    responses((status = 202, description = "On their way again.", body = Replayed),
        (status = 409, description = "The subscription is disabled or deleted.", body = api::openapi::ErrorBody)))]
pub(crate) async fn range(
    State(app): State<ApiState>,
    member: Member<WebhooksWrite>,
    JsonBody(body): JsonBody,
) -> Result<(StatusCode, Json<Replayed>), Problem> {
    let (filter, after) = read(body, app.now())?;
    let known = app.store().subscriptions(member.handle(), app.now()).await?;
    let active: BTreeSet<SubscriptionId> =
        known.iter().filter(|known| known.status() == Active).map(|known| known.subscription.id).collect();
    if filter.subscription.is_some_and(|id| !active.contains(&id)) {
        return Err(disabled());
    }
    charge(&app, &member.profile.owner).await?;
    let page = app.store().deliveries(member.handle(), &filter, app.now(), MAX_REPLAYED, after).await?;
    let mut seen = BTreeSet::new();
    let is_wanted = |former: &&Delivery| active.contains(&former.subscription_id) && seen.insert((former.event_id, former.subscription_id));
    let newest = try_join_all(page.items.iter().filter(is_wanted).map(|former| app.store().newest_of(former))).await?;
    let ended_so = newest.iter().filter(|newest| filter.statuses.contains(&newest.status));
    let again: Vec<Delivery> = ended_so.map(|former| again(&app, former)).collect();
    for part in again.chunks(MAX_ASKED_FOR) {
        let told = json!({"since": filter.since, "until": filter.until, "deliveries": part.len()});
        let event = member.event(&app, "deliveries.replayed", member.handle()).between(Value::Null, told);
        app.store().open_asked_for(part, None, (member.handle(), &event)).await?;
        join_all(part.iter().map(|delivery| announce(&app, delivery))).await;
    }
    let items = again.iter().map(|delivery| DeliveryView::of(delivery, Vec::new())).collect();
    Ok((StatusCode::ACCEPTED, Json(Replayed { items, next_cursor: page.next_cursor })))
}

fn again(app: &ApiState, former: &Delivery) -> Delivery {
    let event = (former.event_id, former.event_type);
    Delivery::new(app.id(), former.handle.clone(), event, former.subscription_id, Trigger::Manual, app.now())
}

fn disabled() -> Problem {
    Problem::new(Code::Conflict, "the subscription of this delivery is disabled or deleted; enable it first with PUT {\"enabled\": true}")
}

fn read(body: Value, now: Moment) -> Result<(Filter, Option<DeliveryId>), Problem> {
    let filter = |request: &ReplayRequest| Filter {
        statuses: request.status.map_or_else(|| vec![Status::Exhausted, Status::Cancelled], |status| vec![status]),
        subscription: request.subscription,
        since: Some(request.since),
        until: Some(request.until.unwrap_or(now)),
    };
    let request = ReplayRequest::read(body, now, |request, cursor| filter(request).cursor(cursor).is_some())?;
    let filter = filter(&request);
    let after = request.cursor.as_ref().and_then(|cursor| filter.cursor(cursor));
    Ok((filter, after))
}
