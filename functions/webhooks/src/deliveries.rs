//! `GET …/deliveries` and `…/deliveries/{deliveryId}`: every delivery with its attempts, for 30 days.

use api::{ApiState, ListResponse, Member, Paging, PathId, Problem, WebhooksRead};
use axum::Json;
use axum::extract::{RawQuery, State};
use domain::values::form::{Fault, Faults};
use domain::values::id::{DeliveryId, SubscriptionId};
use domain::values::moment::Moment;
use domain::values::name::Handle;
use domain::webhooks::delivery::DeliveryStatus;
use futures::future::try_join_all;
use store::DeliveryFilter;

use crate::view::DeliveryView;

/// Error for a cursor that is not of this list.
const FOREIGN_CURSOR: &str = "must be the nextCursor of the previous page of the same query";
/// Error for the end of a range that is before its start.
pub(crate) const INVERTED_RANGE: &str = "must not be before since";

/// Lists deliveries, newest first.
#[utoipa::path(get, path = "/v2/handles/{handle}/deliveries", tag = "webhooks", security(("jwt" = []), ("pat" = ["webhooks.read"])),
    params(("handle" = Handle, Path), ("status" = Option<DeliveryStatus>, Query), ("subscriptionId" = Option<SubscriptionId>, Query),
        ("since" = Option<Moment>, Query, description = "Events from this moment on."), ("until" = Option<Moment>, Query, description = "Events up to this moment."),
        ("limit" = Option<u32>, Query, minimum = 1, maximum = 100), ("cursor" = Option<String>, Query)),
    responses((status = 200, description = "A page of deliveries.", body = ListResponse<DeliveryView>)))]
pub(crate) async fn list(
    State(app): State<ApiState>,
    member: Member<WebhooksRead>,
    paging: Paging,
    RawQuery(query): RawQuery,
) -> Result<Json<ListResponse<DeliveryView>>, Problem> {
    let filter = filter(query.as_deref().unwrap_or_default())?;
    let after = paging.cursor.map(|text| filter.cursor(&text).ok_or_else(|| Problem::field("cursor", FOREIGN_CURSOR))).transpose()?;
    let page = app.store().deliveries().list(member.handle(), &filter, app.now(), paging.limit, after).await?;
    let with_attempts = page.items.iter().map(|delivery| app.store().deliveries().get_with_attempts(member.handle(), delivery.id));
    let known = try_join_all(with_attempts).await?;
    let items = known.into_iter().flatten().map(|(delivery, attempts)| DeliveryView::of(&delivery, attempts)).collect();
    Ok(Json(ListResponse { items, next_cursor: page.next_cursor }))
}

/// Reads a delivery with its attempts.
#[utoipa::path(get, path = "/v2/handles/{handle}/deliveries/{deliveryId}", tag = "webhooks", security(("jwt" = []), ("pat" = ["webhooks.read"])),
    params(("handle" = Handle, Path), ("deliveryId" = DeliveryId, Path)),
    responses((status = 200, description = "The delivery.", body = DeliveryView)))]
pub(crate) async fn get(
    State(app): State<ApiState>,
    member: Member<WebhooksRead>,
    PathId(id): PathId<DeliveryId>,
) -> Result<Json<DeliveryView>, Problem> {
    let (delivery, attempts) =
        app.store().deliveries().get_with_attempts(member.handle(), id).await?.ok_or_else(|| Problem::not_found("delivery"))?;
    Ok(Json(DeliveryView::of(&delivery, attempts)))
}

/// The filters of a query; limit and cursor are read by [`Paging`].
fn filter(query: &str) -> Result<DeliveryFilter, Faults> {
    let mut filter = DeliveryFilter::default();
    let mut faults = Vec::new();
    for (name, value) in url::form_urlencoded::parse(query.as_bytes()) {
        match &*name {
            "status" => filter.statuses.extend(read(&name, status(&value), &mut faults)),
            "subscriptionId" => filter.subscription = read(&name, value.parse().map_err(|_| "is not a subscription id"), &mut faults),
            "since" => filter.since = read(&name, value.parse::<Moment>(), &mut faults),
            "until" => filter.until = read(&name, value.parse::<Moment>(), &mut faults),
            "limit" | "cursor" => {}
            _ => faults.push(Fault { field: name.into_owned(), message: "is not a known parameter".to_owned() }),
        }
    }
    if ends_before_it_begins(&filter) {
        faults.push(Fault { field: "until".to_owned(), message: INVERTED_RANGE.to_owned() });
    }
    if faults.is_empty() { Ok(filter) } else { Err(Faults(faults)) }
}

/// Whether the range of a filter is empty.
pub(crate) fn ends_before_it_begins(filter: &DeliveryFilter) -> bool {
    filter.since.zip(filter.until).is_some_and(|(since, until)| until < since)
}

fn read<T, E: ToString>(name: &str, parsed: Result<T, E>, faults: &mut Vec<Fault>) -> Option<T> {
    parsed.map_err(|error| faults.push(Fault { field: name.to_owned(), message: error.to_string() })).ok()
}

fn status(text: &str) -> Result<DeliveryStatus, &'static str> {
    serde_json::from_value(text.into()).map_err(|_| "must be PENDING, IN_FLIGHT, SCHEDULED, DELIVERED, EXHAUSTED or CANCELLED")
}
