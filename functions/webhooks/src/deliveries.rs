//! `GET …/deliveries` and `…/deliveries/{deliveryId}`: every delivery with its attempts, for 30 days.

use api::{ApiState, ListResponse, Member, Paging, PathId, Problem, WebhooksRead};
use axum::Json;
use axum::extract::{RawQuery, State};
use domain::values::form::{self, Form};
use domain::values::id::DeliveryId;
use domain::values::name::Handle;
use domain::webhooks::delivery::Delivery;
use domain::webhooks::requests::INVERTED;
use futures::future::try_join_all;
use store::DeliveryFilter;

use crate::view::{DeliveryRequest, DeliveryView, DeliveryWithRequest};

/// Error for a cursor that is not of this list.
const FOREIGN_CURSOR: &str = "must be the nextCursor of the previous page of the same query";

/// Lists deliveries, newest first.
#[utoipa::path(get, path = "/v2/handles/{handle}/deliveries", tag = "webhooks", security(("jwt" = []), ("pat" = ["webhooks.read"])),
    params(("handle" = Handle, Path), DeliveryQuery),
    responses((status = 200, description = "A page of deliveries.", body = ListResponse<DeliveryView>)))]
pub(crate) async fn list(
    State(app): State<ApiState>,
    member: Member<WebhooksRead>,
    RawQuery(query): RawQuery,
) -> Result<Json<ListResponse<DeliveryView>>, Problem> {
    let (filter, paging) = form::read_query(query.as_deref().unwrap_or_default(), |form| Some(fields(form)))?;
    let after = paging.cursor.map(|text| filter.cursor(&text).ok_or_else(|| Problem::field("cursor", FOREIGN_CURSOR))).transpose()?;
    let page = app.store().deliveries().list(member.handle(), &filter, app.now(), paging.limit, after).await?;
    let items = shown(&app, page.items).await?;
    Ok(Json(ListResponse { items, next_cursor: page.next_cursor, damaged: page.damaged }))
}

/// Deliveries with their attempts.
pub(crate) async fn shown(app: &ApiState, deliveries: Vec<Delivery>) -> Result<Vec<DeliveryView>, Problem> {
    let with_attempts = deliveries.into_iter().map(|delivery| app.store().deliveries().with_attempts(delivery));
    let known = try_join_all(with_attempts).await?;
    Ok(known.into_iter().map(|(delivery, attempts)| DeliveryView::of(&delivery, attempts)).collect())
}

/// Reads a delivery with its attempts and what they send.
#[utoipa::path(
    get,
    path = "/v2/handles/{handle}/deliveries/{deliveryId}",
    tag = "webhooks",
    security(("jwt" = []), ("pat" = ["webhooks.read"])),
    params(("handle" = Handle, Path), ("deliveryId" = DeliveryId, Path)),
    responses((status = 200, description = "The delivery.", body = DeliveryWithRequest))
)]
pub(crate) async fn get(
    State(app): State<ApiState>,
    member: Member<WebhooksRead>,
    PathId(id): PathId<DeliveryId>,
) -> Result<Json<DeliveryWithRequest>, Problem> {
    let (delivery, attempts) =
        app.store().deliveries().get_with_attempts(member.handle(), id).await?.ok_or_else(|| Problem::not_found("delivery"))?;
    let body = app.store().events().message(member.handle(), delivery.event_id).await?;
    let request = body.map(|body| DeliveryRequest::of(&delivery, attempts.last(), body));
    Ok(Json(DeliveryWithRequest { delivery: DeliveryView::of(&delivery, attempts), request }))
}

api::query_parameters!(DeliveryQuery, |form| Some(fields(form)));

/// Reads the filters and the page from a query.
fn fields(form: &mut Form<'_>) -> (DeliveryFilter, Paging) {
    let filter = DeliveryFilter {
        statuses: form.optional("status", "Only deliveries of this status.", form::parsed()).into_iter().collect(),
        subscription: form.optional("subscriptionId", "Only deliveries to this subscription.", form::parsed()),
        event_type: form.optional("eventType", "Only deliveries of events of this type.", form::parsed()),
        event: form.optional("eventId", "Only deliveries of this event, replays included.", form::parsed()),
        since: form.optional("since", "Events from this moment on.", form::parsed()),
        until: form.optional("until", "Events up to this moment, not before `since`.", form::parsed()),
    };
    if filter.since.zip(filter.until).is_some_and(|(since, until)| until < since) {
        form.fault("until", INVERTED);
    }
    (filter, Paging::fields(form))
}
