//! `POST …/conversions/{conversionId}/adjustments`: a refund or correction, appended to what the conversion is worth.

use api::{ApiState, Code, ConversionsWrite, JsonBody, Member, PathParam, Problem, charge};
use axum::Json;
use axum::extract::State;
use domain::accounts::audit::Event;
use domain::conversions::ledger::{self, Adjustment, AdjustmentRequest, Cause, Entry, Room};
use domain::values::id::{AdjustmentId, ConversionId};
use domain::values::money::Change;
use domain::values::name::Handle;
use http::StatusCode;
use serde::Serialize;
use serde_json::{Number, Value, json};
use store::{Adjusted, Stored};

use crate::view::EntryView;

api::request_body!(AdjustmentBody, "An adjustment to append.", AdjustmentRequest::body(), {
    "amount": -5.25,
    "reason": "partial refund",
    "idempotencyKey": "refund-1"
});

/// What became of it.
#[derive(Serialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct AdjustmentReceipt {
    #[serde(flatten)]
    entry: EntryView,
    /// True if the key was already used; the answer describes the existing adjustment.
    deduped: bool,
    /// The fields in which a repeated request differs from the first, which stays as it was.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[schema(required = false)]
    mismatch: Vec<&'static str>,
    /// What the conversion is worth after all its adjustments.
    #[schema(value_type = Option<f64>, example = 19.74)]
    net_value: Option<Number>,
}

/// Adjusts what a conversion is worth.
///
/// Entries are only ever appended, and count on the day they are made. The sum of a conversion's entries never falls below zero.
/// The same `idempotencyKey` for the same conversion is answered 200 with the first one's fields and `deduped: true`.
#[utoipa::path(post, path = "/v2/handles/{handle}/conversions/{conversionId}/adjustments", tag = "conversions", security(("jwt" = []), ("pat" = ["conversions.write"])),
    params(("handle" = Handle, Path), ("conversionId" = ConversionId, Path)), request_body = AdjustmentBody,
    responses((status = 201, description = "Appended.", body = AdjustmentReceipt), (status = 200, description = "Known already.", body = AdjustmentReceipt),
        (status = 409, description = "More than is left, `available` tells how much that is; or a conversion without value, or a test.", body = api::openapi::ErrorBody)))]
pub(crate) async fn handle(
    State(app): State<ApiState>,
    member: Member<ConversionsWrite>,
    id: Result<PathParam<ConversionId>, Problem>,
    JsonBody(body): JsonBody,
) -> Result<(StatusCode, Json<AdjustmentReceipt>), Problem> {
    let stored = match id {
        Ok(PathParam(id)) => app.store().conversion(member.handle(), id).await?,
        // An id that cannot be is an id that is not.
        Err(_) => None,
    };
    let currency = stored.as_ref().and_then(|stored| stored.current().money).map(|money| money.currency);
    let request = AdjustmentRequest::read(body, currency)?;
    let stored = stored.ok_or_else(|| Problem::not_found("conversion"))?;
    let value = ledger::adjustable(stored.current()).map_err(|fixed| Problem::new(Code::Conflict, fixed.to_string()))?;
    let amount = request.amount.ok_or_else(|| Problem::field("amount", "is required"))?;
    charge(&app, &member.profile.owner).await?;
    let event = member.event(&app, "conversion.adjusted", stored.conversion.id);
    let adjustment = adjustment(&app, &stored, &request, amount, &event);
    let event = event.between(Value::Null, audited(&adjustment));
    match app.store().adjust(&stored, &adjustment, Room::of(value, amount), &request.key.digest(), &event).await? {
        Adjusted::Accepted(pointer) => {
            if let Err(error) = app.store().announce(&pointer).await {
                // The item itself waits in the outbox: the sweeper announces it within two minutes.
                tracing::warn!(error = &error as &dyn std::error::Error, adjustment.id = %adjustment.id, "adjustment could not be announced");
            }
            Ok((StatusCode::CREATED, receipt(&app, &stored, adjustment, false, Vec::new()).await?))
        }
        Adjusted::Duplicate(first) => {
            let mismatch = first.mismatch(&request);
            if !mismatch.is_empty() {
                let event = member.event(&app, "adjustment.mismatch", stored.conversion.id);
                record_mismatch(&app, &first, Event { before: Some(audited(&first)), after: Some(asked(&adjustment)), ..event }).await;
            }
            Ok((StatusCode::OK, receipt(&app, &stored, *first, true, mismatch).await?))
        }
        Adjusted::NoRoom(net) => Err(no_room(net, amount)),
    }
}

fn adjustment(app: &ApiState, stored: &Stored, request: &AdjustmentRequest, amount: Change, event: &Event) -> Adjustment {
    // Its id and its day are of one moment, so that lists by id and figures by day agree.
    let now = app.now();
    let conversion = stored.current();
    Adjustment {
        id: AdjustmentId::new(now, app.random()),
        handle: conversion.handle.clone(),
        conversion_id: conversion.id,
        cause: Cause::Asked,
        elsewhere: conversion.click_id != stored.conversion.click_id,
        amount: Some(amount),
        reason: request.reason.clone(),
        actor: event.actor.clone(),
        created_at: now,
        request_id: event.request_id,
        slug: conversion.slug.clone(),
        campaign_id: conversion.campaign_id.clone(),
        click_id: conversion.click_id,
        event_type: conversion.event_type.clone(),
        trust: conversion.trust,
        bot: conversion.bot,
    }
}

fn audited(adjustment: &Adjustment) -> Value {
    let Adjustment { id, amount, reason, .. } = adjustment;
    json!({"adjustmentId": id, "amount": amount.map(Change::amount), "currency": amount.map(|amount| amount.currency), "reason": reason})
}

/// The same of one that was not made, whose id nobody knows.
fn asked(Adjustment { amount, reason, .. }: &Adjustment) -> Value {
    json!({"amount": amount.map(Change::amount), "currency": amount.map(|amount| amount.currency), "reason": reason})
}

/// Tells that a key was used for two different adjustments; the answer does not wait on its success.
async fn record_mismatch(app: &ApiState, first: &Adjustment, event: Event) {
    if let Err(error) = app.store().audit(&first.handle, &event).await {
        tracing::warn!(error = &error as &dyn std::error::Error, adjustment.id = %first.id, "mismatch could not be recorded");
    }
}

async fn receipt(
    app: &ApiState,
    stored: &Stored,
    adjustment: Adjustment,
    deduped: bool,
    mismatch: Vec<&'static str>,
) -> Result<Json<AdjustmentReceipt>, Problem> {
    let net = app.store().reread(stored).await?.and_then(|current| current.net());
    let net_value = net.map(Change::amount);
    Ok(Json(AdjustmentReceipt { entry: EntryView::of(Entry::from(adjustment)), deduped, mismatch, net_value }))
}

fn no_room(net: Option<Change>, amount: Change) -> Problem {
    let available = net.unwrap_or(Change { minor: 0, ..amount });
    let message = if amount.minor < 0 {
        format!("the conversion is worth {} {} now, no more than that can be taken back", available.amount(), available.currency)
    } else {
        format!("the conversion is worth {} {} now, with this it would be more than a value may be", available.amount(), available.currency)
    };
    Problem::new(Code::Conflict, message).with("available", available.amount()).with("currency", available.currency.code())
}
