//! `POST /v2/public/conversions`: each key counts once in 365 days, in spite of retries, crashes and races.

use api::{ApiState, Merchant, Problem, PublicBody, limit_public};
use axum::Json;
use axum::extract::{FromRequest, Request, State};
use domain::accounts::audit::{Actor, ActorKind, AuditEvent};
use domain::accounts::token::Scope;
use domain::campaigns::{Campaign, Credit};
use domain::clicks::ctx::CtxClaims;
use domain::conversions::explain::ConversionAttempt;
use domain::conversions::{Conversion, Submission, Trust};
use domain::values::id::{ConversionId, RequestId};
use domain::values::money::Money;
use futures::future::try_join;
use http::StatusCode;
use serde_json::{Value, json};
use store::{Accepted, Found};

use crate::confirm::confirm;
use crate::ctx::{open, refusal, require_open};
use crate::receipt::{Receipt, Submitted, record_attempt};

api::request_body!(ConversionBody, "A conversion to submit; unknown members are ignored.", Submission::body(), {
    "ctx": "c1.1.AAAA.AAAA",
    "idempotencyKey": "order-1001",
    "eventType": "purchase",
    "value": 24.99,
    "currency": "USD"
});

/// Submits a conversion.
///
/// A repeated `idempotencyKey` of the same handle within 365 days returns 200 with the existing conversion and `deduped: true`. If that
/// is a conversion of another click, the response is only `{accepted, deduped, conversionId}`, unless the handle's own token signs it.
/// A conversion is credited to its click's campaign if that is ACTIVE now and was when the link was followed; otherwise
/// `notCredited` states why.
///
/// Sent with a personal access token of the handle that has the scope `conversions.write`, it is `confirmed`. A confirmed call on a
/// key with a claimed conversion corrects that one: the claimed value is reversed in its ledger, the confirmed one is added, and the
/// response is 200 with the corrected conversion. Earlier adjustments remain if they are in the same currency, down to a net value
/// of zero. A second confirmed call changes nothing.
#[utoipa::path(
    post,
    path = "/v2/public/conversions",
    tag = "public",
    security((), ("pat" = ["conversions.write"]), ("patAsApiKey" = ["conversions.write"])),
    request_body(
        content((ConversionBody = "application/json"), (ConversionBody = "text/plain")),
        description = "JSON; the beacon of a page sends it as text.",
    ),
    responses(
        (status = 202, description = "Accepted.", body = Receipt),
        (status = 200, description = "The key was already used.", body = Submitted),
        (status = 400, description = "`invalid_ctx` with `reason`, or another invalid field.", body = api::openapi::ErrorBody),
    )
)]
pub(crate) async fn handle(State(app): State<ApiState>, request: Request) -> Result<(StatusCode, Json<Submitted>), Problem> {
    limit_public(&app, request.headers(), request.extensions()).await?;
    let request_id = request.extensions().get::<RequestId>().copied().unwrap_or_else(|| app.id());
    let merchant = Merchant::of(request.headers(), request_id, Scope::ConversionsWrite, &app).await?;
    let PublicBody(body) = PublicBody::from_request(request, &app).await?;
    accept(&app, body, request_id, Purpose::Real(merchant.map(Box::new))).await
}

/// What a conversion is for.
pub(crate) enum Purpose {
    /// A real conversion, confirmed when a merchant's token sent it.
    Real(Option<Box<Merchant>>),
    /// A test of a campaign, with its audit event.
    Test(Box<AuditEvent>),
}

/// Accepts a posted conversion.
///
/// # Errors
/// When a field is invalid, or the store cannot be reached.
pub(crate) async fn accept(
    app: &ApiState,
    body: Value,
    request_id: RequestId,
    purpose: Purpose,
) -> Result<(StatusCode, Json<Submitted>), Problem> {
    let (submission, claims) = read(app, body).await?;
    let merchant = match &purpose {
        Purpose::Real(merchant) => merchant.as_deref(),
        Purpose::Test(_) => None,
    };
    if merchant.is_some_and(|merchant| merchant.token.handle != claims.handle) {
        return Err(Problem::no_handle());
    }
    let trust = if merchant.is_some() { Trust::Confirmed } else { Trust::Claimed };
    let campaign = campaign_of_open_handle(app, &claims).await?;
    let credit = Credit::of(claims.campaign_id.as_ref(), campaign.as_ref(), claims.click_id.moment());
    // Its id and its day come from the same moment, so that lists by id and figures by day agree.
    let now = app.now();
    let id = ConversionId::new(now, app.random());
    let mut conversion = Conversion::credit(&submission, &claims, credit, trust, id, request_id, now);
    let digest = submission.key.digest();
    let accepted = match &purpose {
        Purpose::Real(_) => app.store().conversions().accept(&conversion, &digest).await?,
        Purpose::Test(event) => {
            conversion.test = true;
            app.store().conversions().accept_test(&conversion, &digest, event).await?
        }
    };
    match accepted {
        Accepted::New(pointer) => {
            app.store().outbox().announce_best_effort(&pointer).await;
            Ok((StatusCode::ACCEPTED, Receipt::accepted(&conversion)))
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
            record_attempt(app, first, &ConversionAttempt::again(now, request_id, &mismatch)).await;
            // Order numbers can be guessed, and any click of the handle has a ctx: what an order was worth is for its own click.
            let is_own = merchant.is_some() || first.click_id == claims.click_id;
            let answer = if is_own { Receipt::repeated(first, mismatch) } else { Submitted::by_another_click(first) };
            Ok((StatusCode::OK, answer))
        }
    }
}

/// The campaign that the click names, side by side with whether the handle is still there.
async fn campaign_of_open_handle(app: &ApiState, claims: &CtxClaims) -> Result<Option<Campaign>, Problem> {
    let campaign = async {
        let Some(id) = &claims.campaign_id else { return Ok(None) };
        // A campaign that cannot be decoded cannot be credited; its link's sale counts all the same.
        Ok(match app.store().campaigns().find(&claims.handle, id).await? {
            Some(Found::Intact(campaign)) => Some(campaign),
            Some(Found::Damaged(_)) | None => None,
        })
    };
    try_join(require_open(app, &claims.handle), campaign).await.map(|((), campaign)| campaign)
}

/// Opens the ctx and reads everything else.
async fn read(app: &ApiState, body: Value) -> Result<(Submission, CtxClaims), Problem> {
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

/// Records in the audit log that a key was used for two different conversions, at most ten times a day for one key. Best effort.
async fn record_mismatch(app: &ApiState, first: &Conversion, again: &Conversion, request_id: RequestId) {
    let facts = |conversion: &Conversion| {
        let Conversion { event_type, money, .. } = conversion;
        json!({"eventType": event_type, "value": money.map(Money::amount), "currency": money.map(|money| money.currency)})
    };
    let actor = Actor { kind: ActorKind::System, id: "public".to_owned() };
    let event = AuditEvent::new(app.id(), app.now(), actor, "conversion.mismatch", first.id, request_id);
    let event = event.with_states(Some(facts(first)), Some(facts(again)));
    if let Err(error) = app.store().conversions().record_mismatch(&first.handle, first.id, &event).await {
        tracing::warn!(error = &error as &dyn std::error::Error, conversion.id = %first.id, "mismatch could not be recorded");
    }
}
