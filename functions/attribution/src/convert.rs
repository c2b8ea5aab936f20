//! `POST /v2/public/conversions`: each key counts once in 365 days, whatever retries, crashes and races happen.

use api::{ApiState, Merchant, Problem, PublicBody, limit_public};
use axum::Json;
use axum::extract::{FromRequest, Request, State};
use domain::accounts::audit::{Actor, ActorKind, Event};
use domain::accounts::token::Scope;
use domain::campaigns::Credit;
use domain::clicks::ctx::Claims;
use domain::conversions::explain::Attempt;
use domain::conversions::{Conversion, Submission, Trust};
use domain::values::id::{ConversionId, RequestId};
use domain::values::money::Money;
use http::StatusCode;
use serde::Serialize;
use serde_json::{Value, json};
use store::Accepted;

use crate::confirm::confirm;
use crate::context::refusal;
use crate::open;
use crate::view::ConversionView;

api::request_body!(ConversionBody, "A conversion to submit; unknown members are ignored.", Submission::body(), {
    "ctx": "c1.1.AAAA.AAAA",
    "idempotencyKey": "order-1001",
    "eventType": "purchase",
    "value": 24.99,
    "currency": "USD"
});

/// What became of it.
#[derive(Serialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Receipt {
    /// Always true: the conversion is stored.
    accepted: bool,
    /// True if the key was already used; the answer describes the existing conversion.
    deduped: bool,
    #[serde(flatten)]
    conversion: ConversionView,
    /// Whether it only tries out a campaign.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    #[schema(required = false)]
    test: bool,
    /// The fields in which a repeated submission differs from the first, which stays as it was.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[schema(required = false)]
    mismatch: Vec<&'static str>,
    /// The fields in which the handle's own token has just corrected what had been claimed.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[schema(required = false)]
    corrected: Vec<&'static str>,
}

/// Submits a conversion.
///
/// The same `idempotencyKey` for the same handle within 365 days is answered 200 with the first one's fields and `deduped: true`.
/// It is credited to the campaign its click named if that is ACTIVE now and was when the link was followed; else `notCredited` says why.
///
/// Signed with a personal access token of the handle that has the scope `conversions.write`, it is `confirmed`. A confirmed call
/// on a key under which somebody had claimed a conversion corrects that one: what was claimed is reversed in its ledger, what is
/// confirmed is added, and the answer is 200 with the conversion as it is now. Adjustments made since stay, in the same currency and
/// down to a worth of nothing. A second confirmed call changes nothing.
#[utoipa::path(post, path = "/v2/public/conversions", tag = "public", security((), ("pat" = ["conversions.write"]), ("patAsApiKey" = ["conversions.write"])),
    request_body(content((ConversionBody = "application/json"), (ConversionBody = "text/plain")), description = "JSON; a page's beacon sends it as text."),
    responses((status = 202, description = "Accepted, for the first time.", body = Receipt), (status = 200, description = "Known already.", body = Receipt),
        (status = 400, description = "`invalid_ctx` with `reason`, or another invalid field.", body = api::openapi::ErrorBody)))]
pub(crate) async fn handle(State(app): State<ApiState>, request: Request) -> Result<(StatusCode, Json<Receipt>), Problem> {
    limit_public(&app, request.headers(), request.extensions()).await?;
    let request_id = request.extensions().get::<RequestId>().copied().unwrap_or_else(|| app.id());
    let merchant = Merchant::of(request.headers(), request_id, Scope::ConversionsWrite, &app).await?;
    let PublicBody(body) = PublicBody::from_request(request, &app).await?;
    accept(&app, body, request_id, Purpose::Real(merchant.map(Box::new))).await
}

/// What a conversion is for.
pub(crate) enum Purpose {
    /// It happened; the merchant's own program may say so.
    Real(Option<Box<Merchant>>),
    /// It tries a campaign out; the audit event tells who did.
    Test(Box<Event>),
}

/// Accepts a posted conversion, whoever made its ctx.
///
/// # Errors
/// When a field is bad, or the store cannot be reached.
pub(crate) async fn accept(
    app: &ApiState,
    body: Value,
    request_id: RequestId,
    purpose: Purpose,
) -> Result<(StatusCode, Json<Receipt>), Problem> {
    let (submission, claims) = read(app, body).await?;
    let merchant = match &purpose {
        Purpose::Real(merchant) => merchant.as_deref(),
        Purpose::Test(_) => None,
    };
    if merchant.is_some_and(|merchant| merchant.token.handle != claims.handle) {
        return Err(Problem::no_handle());
    }
    let trust = if merchant.is_some() { Trust::Confirmed } else { Trust::Claimed };
    let campaign = match &claims.campaign_id {
        Some(id) => app.store().campaign(&claims.handle, id).await?,
        None => None,
    };
    let credit = Credit::of(claims.campaign_id.as_ref(), campaign.as_ref(), claims.click_id.moment());
    // Its id and its day are of one moment, so that lists by id and figures by day agree.
    let now = app.now();
    let id = ConversionId::new(now, app.random());
    let mut conversion = Conversion::credit(&submission, &claims, credit, trust, id, request_id, now);
    let digest = submission.key.digest();
    let accepted = match &purpose {
        Purpose::Real(_) => app.store().accept_conversion(&conversion, &digest).await?,
        Purpose::Test(event) => {
            conversion.test = true;
            app.store().accept_test_conversion(&conversion, &digest, event).await?
        }
    };
    match accepted {
        Accepted::New(pointer) => {
            if let Err(error) = app.store().announce(&pointer).await {
                // The item itself waits in the outbox: the sweeper announces it within two minutes.
                tracing::warn!(error = &error as &dyn std::error::Error, conversion.id = %conversion.id, "conversion could not be announced");
            }
            Ok((StatusCode::ACCEPTED, receipt(&conversion, false, Vec::new())))
        }
        Accepted::Duplicate(mut stored) => {
            if let Some(merchant) = merchant
                && let Some(answer) = confirm(app, &mut stored, &submission, &conversion, merchant).await?
            {
                return Ok(answer);
            }
            let first = stored.current();
            let mismatch = first.mismatch(&submission);
            if !mismatch.is_empty() {
                record_mismatch(app, first, &conversion, request_id).await;
            }
            remember(app, first, &Attempt::again(now, request_id, &mismatch)).await;
            Ok((StatusCode::OK, receipt(first, true, mismatch)))
        }
    }
}

/// Opens the ctx and reads everything else.
async fn read(app: &ApiState, body: Value) -> Result<(Submission, Claims), Problem> {
    let opened = open(app, body.get("ctx").and_then(Value::as_str).unwrap_or_default()).await?;
    Submission::read(body, |token| opened.clone().map_err(|rejected| refusal(token, rejected))).map_err(|faults| {
        let only_ctx = matches!(faults.0.as_slice(), [fault] if fault.field == "ctx");
        let problem = Problem::from(faults);
        match opened {
            Err(rejected) if only_ctx => problem.with("reason", rejected.as_str()),
            _ => problem,
        }
    })
}

fn receipt(conversion: &Conversion, deduped: bool, mismatch: Vec<&'static str>) -> Json<Receipt> {
    let view = ConversionView::of(conversion);
    Json(Receipt { accepted: true, deduped, conversion: view, test: conversion.test, mismatch, corrected: Vec::new() })
}

impl Receipt {
    /// Of a conversion that the merchant has just confirmed.
    pub(crate) fn corrected(conversion: &Conversion, corrected: Vec<&'static str>) -> Json<Self> {
        let Json(receipt) = receipt(conversion, true, Vec::new());
        Json(Self { corrected, ..receipt })
    }
}

/// Keeps the attempt for the explanation; the answer does not wait on its success.
pub(crate) async fn remember(app: &ApiState, first: &Conversion, attempt: &Attempt) {
    if let Err(error) = app.store().remember_try(&first.handle, first.id, attempt).await {
        tracing::warn!(error = &error as &dyn std::error::Error, conversion.id = %first.id, "attempt could not be remembered");
    }
}

/// Tells the handle's audit log that a key was used for two different conversions; the answer does not wait on its success.
async fn record_mismatch(app: &ApiState, first: &Conversion, again: &Conversion, request_id: RequestId) {
    let facts = |conversion: &Conversion| {
        let Conversion { event_type, money, .. } = conversion;
        json!({"eventType": event_type, "value": money.map(Money::amount), "currency": money.map(|money| money.currency)})
    };
    let event = Event {
        audit_id: app.id(),
        at: app.now(),
        actor: Actor { kind: ActorKind::System, id: "public".to_owned() },
        action: "conversion.mismatch".to_owned(),
        target: first.id.to_string(),
        before: Some(facts(first)),
        after: Some(facts(again)),
        request_id,
    };
    if let Err(error) = app.store().audit(&first.handle, &event).await {
        tracing::warn!(error = &error as &dyn std::error::Error, conversion.id = %first.id, "mismatch could not be recorded");
    }
}
