//! `POST …/conversions/{conversionId}/adjustments`: a refund or correction, appended to a conversion's ledger.

use api::{ApiState, Code, ConversionsWrite, JsonBody, Member, PathId, Problem, charge};
use axum::Json;
use axum::extract::State;
use domain::accounts::audit::AuditEvent;
use domain::conversions::ledger::{self, Adjustment, AdjustmentBounds, AdjustmentRequest, Cause, LedgerEntry};
use domain::values::id::{AdjustmentId, ConversionId};
use domain::values::money::MoneyChange;
use domain::values::name::Handle;
use http::StatusCode;
use serde::Serialize;
use serde_json::{Number, Value, json};
use store::{Adjusted, StoredConversion};

use crate::view::EntryView;

api::request_body!(AdjustmentBody, "An adjustment to append.", AdjustmentRequest::body(), {
    "amount": -5.25,
    "reason": "partial refund",
    "idempotencyKey": "refund-1"
});

/// The result of an adjustment.
#[derive(Serialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct AdjustmentReceipt {
    #[serde(flatten)]
    entry: EntryView,
    /// True if the key was already used; the response describes the existing adjustment.
    deduped: bool,
    /// The fields in which a repeated request differs from the first, which stays as it was.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[schema(required = false)]
    mismatch: Vec<&'static str>,
    /// The value of the conversion after all its adjustments.
    #[schema(value_type = Option<f64>, example = 19.74)]
    net_value: Option<Number>,
}

/// Adjusts the value of a conversion.
///
/// Entries are only appended, and count on the day they are created. The sum of a conversion's entries never falls below zero.
/// A repeated `idempotencyKey` of the same conversion returns 200 with the existing adjustment and `deduped: true`.
#[utoipa::path(
    post,
    path = "/v2/handles/{handle}/conversions/{conversionId}/adjustments",
    tag = "conversions",
    security(("jwt" = []), ("pat" = ["conversions.write"])),
    params(("handle" = Handle, Path), ("conversionId" = ConversionId, Path)),
    request_body = AdjustmentBody,
    responses(
        (status = 201, description = "Appended.", body = AdjustmentReceipt),
        (status = 200, description = "The key was already used.", body = AdjustmentReceipt),
        (
            status = 409,
            description = "The amount exceeds what is left, see `available`; or the conversion has no value or is a test.",
            body = api::openapi::ErrorBody,
        ),
    )
)]
pub(crate) async fn handle(
    State(app): State<ApiState>,
    member: Member<ConversionsWrite>,
    PathId(id): PathId<ConversionId>,
    JsonBody(body): JsonBody,
) -> Result<(StatusCode, Json<AdjustmentReceipt>), Problem> {
    let stored = app.store().conversions().get(member.handle(), id).await?;
    let currency = stored.as_ref().and_then(|stored| stored.current().money).map(|money| money.currency);
    let request = AdjustmentRequest::read(body, currency)?;
    let stored = stored.ok_or_else(|| Problem::not_found("conversion"))?;
    let value = ledger::adjustable(stored.current()).map_err(|fixed| Problem::new(Code::Conflict, fixed.to_string()))?;
    let amount = request.amount.ok_or_else(|| Problem::field("amount", "is required"))?;
    charge(&app, &member.profile.owner).await?;
    let event = member.event(&app, "conversion.adjusted", stored.conversion.id);
    let adjustment = adjustment(&app, &stored, &request, amount, &event);
    let event = event.between(Value::Null, audited(&adjustment));
    match app.store().ledger().adjust(&stored, &adjustment, AdjustmentBounds::of(value, amount), &request.key.digest(), &event).await? {
        Adjusted::Accepted(pointer) => {
            app.store().outbox().announce_best_effort(&pointer).await;
            Ok((StatusCode::CREATED, receipt(&app, &stored, adjustment, false, Vec::new()).await?))
        }
        Adjusted::Duplicate(first) => {
            let mismatch = first.mismatch(&request);
            if !mismatch.is_empty() {
                let event = member.event(&app, "adjustment.mismatch", stored.conversion.id);
                record_mismatch(&app, &first, event.with_states(Some(audited(&first)), Some(requested(&adjustment)))).await;
            }
            Ok((StatusCode::OK, receipt(&app, &stored, *first, true, mismatch).await?))
        }
        Adjusted::OutOfBounds(net) => Err(out_of_bounds(net, amount)),
    }
}

fn adjustment(
    app: &ApiState,
    stored: &StoredConversion,
    request: &AdjustmentRequest,
    amount: MoneyChange,
    event: &AuditEvent,
) -> Adjustment {
    // Its id and its day come from the same moment, so that lists by id and figures by day agree.
    let now = app.now();
    let conversion = stored.current();
    Adjustment {
        id: AdjustmentId::new(now, app.random()),
        handle: conversion.handle.clone(),
        conversion_id: conversion.id,
        cause: Cause::Requested,
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
    json!({"adjustmentId": id, "amount": amount.map(MoneyChange::amount), "currency": amount.map(|amount| amount.currency), "reason": reason})
}

/// The same of an adjustment that was not made, without its id.
fn requested(Adjustment { amount, reason, .. }: &Adjustment) -> Value {
    json!({"amount": amount.map(MoneyChange::amount), "currency": amount.map(|amount| amount.currency), "reason": reason})
}

/// Records in the audit log that a key was used for two different adjustments. Best effort.
async fn record_mismatch(app: &ApiState, first: &Adjustment, event: AuditEvent) {
    if let Err(error) = app.store().audit_log().record(&first.handle, &event).await {
        tracing::warn!(error = &error as &dyn std::error::Error, adjustment.id = %first.id, "mismatch could not be recorded");
    }
}

async fn receipt(
    app: &ApiState,
    stored: &StoredConversion,
    adjustment: Adjustment,
    deduped: bool,
    mismatch: Vec<&'static str>,
) -> Result<Json<AdjustmentReceipt>, Problem> {
    let net = app.store().conversions().reload(stored).await?.and_then(|current| current.net());
    let net_value = net.map(MoneyChange::amount);
    Ok(Json(AdjustmentReceipt { entry: EntryView::of(LedgerEntry::from(adjustment)), deduped, mismatch, net_value }))
}

fn out_of_bounds(net: Option<MoneyChange>, amount: MoneyChange) -> Problem {
    let available = net.unwrap_or(MoneyChange { minor: 0, ..amount });
    let message = if amount.minor < 0 {
        format!("the net value of the conversion is {} {}; an adjustment cannot reduce it further", available.amount(), available.currency)
    } else {
        format!(
            "the net value of the conversion is {} {}; with this amount it would exceed the maximum of a value",
            available.amount(),
            available.currency
        )
    };
    Problem::new(Code::Conflict, message).with("available", available.amount()).with("currency", available.currency.code())
}
