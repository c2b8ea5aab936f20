//! `POST …/deliveries/{deliveryId}/replay` and `POST …/deliveries/replay`: the same event again, as a new delivery.

use axum::Json;
use axum::extract::State;
use domain::form::{self, Form, Notes, Unknown};
use domain::id::{DeliveryId, SubscriptionId};
use domain::moment::Moment;
use domain::name::Handle;
use domain::webhook::delivery::{Delivery, KEPT_DAYS, Status, Trigger};
use edge::{App, Code, JsonBody, Member, Operator, Part, Problem, charge};
use http::StatusCode;
use serde::Serialize;
use serde_json::{Value, json};
use store::Filter;

use crate::view::{DeliveryView, announce};

/// Deliveries one call replays; the answer tells where to go on.
const MOST: usize = 100;

/// What is to be sent again.
#[derive(Serialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct ReplayRange {
    /// Events from this moment on.
    since: Moment,
    /// Events up to this moment; now when left out.
    until: Option<Moment>,
    /// Only to this subscription.
    subscription_id: Option<SubscriptionId>,
    /// Only deliveries of this status, `EXHAUSTED` when left out: what the receiver has not got.
    status: Option<Status>,
    /// Where the call before ended.
    cursor: Option<String>,
}

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
#[utoipa::path(post, path = "/v2/handles/{handle}/deliveries/{deliveryId}/replay", tag = "webhooks", security(("jwt" = [])),
    params(("handle" = Handle, Path), ("deliveryId" = DeliveryId, Path)),
    responses((status = 202, description = "On its way again.", body = DeliveryView),
        (status = 409, description = "It has not ended yet.", body = edge::openapi::ErrorBody)))]
pub(crate) async fn one(
    State(app): State<App>,
    member: Member<Operator>,
    id: Result<Part<DeliveryId>, Problem>,
) -> Result<(StatusCode, Json<DeliveryView>), Problem> {
    let missing = || Problem::not_found("delivery");
    let Part(id) = id.map_err(|_| missing())?;
    let former = app.store().delivery(member.handle(), id).await?.ok_or_else(missing)?;
    if !former.status.is_final() {
        return Err(Problem::new(Code::Conflict, "this delivery has not ended yet; wait for it, or read it again"));
    }
    charge(&app, &member.profile.owner).await?;
    let again = again(&app, &former).await?;
    let event = member.event(&app, "delivery.replayed", id).between(Value::Null, json!({"deliveryId": again.id}));
    app.store().audit(member.handle(), &event).await?;
    Ok((StatusCode::ACCEPTED, Json(DeliveryView::of(&again, Vec::new()))))
}

/// Sends every event of a range again that a receiver has not got, at most 100 a call.
#[utoipa::path(post, path = "/v2/handles/{handle}/deliveries/replay", tag = "webhooks", security(("jwt" = [])), params(("handle" = Handle, Path)),
    request_body = ReplayRange, responses((status = 202, description = "On their way again.", body = Replayed)))]
pub(crate) async fn range(
    State(app): State<App>,
    member: Member<Operator>,
    JsonBody(body): JsonBody,
) -> Result<(StatusCode, Json<Replayed>), Problem> {
    let (filter, from) = read(body, app.now())?;
    charge(&app, &member.profile.owner).await?;
    let page = app.store().deliveries(member.handle(), &filter, app.now(), MOST, from.as_deref()).await?;
    let mut items = Vec::with_capacity(page.items.len());
    for former in page.items.iter().filter(|former| former.status.is_final()) {
        items.push(DeliveryView::of(&again(&app, former).await?, Vec::new()));
    }
    let told = json!({"since": filter.since, "until": filter.until, "deliveries": items.len()});
    let event = member.event(&app, "deliveries.replayed", member.handle()).between(Value::Null, told);
    app.store().audit(member.handle(), &event).await?;
    Ok((StatusCode::ACCEPTED, Json(Replayed { items, next_cursor: page.next_cursor })))
}

async fn again(app: &App, former: &Delivery) -> Result<Delivery, Problem> {
    let event = (former.event_id, former.event_type);
    let delivery = Delivery::new(app.id(), former.handle.clone(), event, former.subscription_id, Trigger::Manual, app.now());
    app.store().open_delivery(&delivery).await?;
    announce(app, &delivery).await;
    Ok(delivery)
}

fn read(body: Value, now: Moment) -> Result<(Filter, Option<String>), Problem> {
    let notes = Notes::default();
    let read = Form::open(body, Unknown::Refuse, &notes).and_then(|mut form| {
        let since: Option<Moment> = form.required("since", form::parsed);
        let until: Option<Moment> = form.optional("until", form::parsed);
        if since.is_some_and(|since| since < now.plus_days(-KEPT_DAYS)) {
            form.fault("since", format!("must not be more than {KEPT_DAYS} days ago"));
        }
        let status = form.optional("status", |value| match serde_json::from_value::<Status>(value) {
            Ok(status) if status.is_final() => Ok(status),
            _ => Err("must be EXHAUSTED, CANCELLED or DELIVERED"),
        });
        let subscription = form.optional("subscriptionId", form::parsed);
        let cursor = form.optional("cursor", |value| {
            form::text(value).and_then(|text| match store::is_cursor(&text) {
                true => Ok(text),
                false => Err("must be the nextCursor of the call before"),
            })
        });
        form.close();
        let filter = Filter {
            status: Some(status.unwrap_or(Status::Exhausted)),
            subscription,
            since: Some(since?),
            until: Some(until.unwrap_or(now)),
        };
        Some((filter, cursor))
    });
    Ok(notes.settle(read)?)
}
