//! A confirmed call on a claimed key: the merchant's submission replaces what a page had claimed, exactly once.

use api::{ApiState, Merchant, Problem};
use axum::Json;
use domain::accounts::audit::AuditEvent;
use domain::conversions::explain::ConversionAttempt;
use domain::conversions::ledger::correction::{Confirming, Correction, awaits_confirmation};
use domain::conversions::{Conversion, Submission};
use domain::values::money::Money;
use http::StatusCode;
use serde_json::{Value, json};
use store::StoredConversion;

use crate::receipt::{Receipt, Submitted, record_attempt};

/// Corrects the conversion of the key by what the merchant submits; none when it is already confirmed. `held` is then as it was
/// last read.
///
/// # Errors
/// When the store cannot be reached, or there are too many concurrent writers.
pub(crate) async fn confirm(
    app: &ApiState,
    held: &mut StoredConversion,
    submission: &Submission,
    submitted: &Conversion,
    merchant: &Merchant,
) -> Result<Option<(StatusCode, Json<Submitted>)>, Problem> {
    for _ in store::RetryPolicy::OPTIMISTIC_WRITE.attempts() {
        if !awaits_confirmation(held.current()) {
            return Ok(None);
        }
        let by = Confirming {
            actor: merchant.actor.clone(),
            at: app.now(),
            request_id: submitted.request_id,
            random: [app.random(), app.random()],
        };
        let correction = Correction::of(&held.conversion, held.adjusted, submitted, by);
        let event = event(app, &held.conversion, &correction, merchant);
        if let Some(pointers) = app.store().conversions().confirm(held, &correction, &event).await? {
            for pointer in &pointers {
                app.store().outbox().announce_best_effort(pointer).await;
            }
            let corrected = corrected(&held.conversion, submission, submitted);
            record_attempt(app, &held.conversion, &ConversionAttempt::confirmed(app.now(), submitted.request_id, &corrected)).await;
            return Ok(Some((StatusCode::OK, Receipt::corrected(&correction.confirmed, corrected))));
        }
        // Adjusted or confirmed concurrently.
        *held = app.store().conversions().reload(held).await?.ok_or_else(|| Problem::not_found("conversion"))?;
    }
    Err(store::Error::Contended("TransactWriteItems").into())
}

/// The fields in which the merchant's submission differs from what was claimed.
fn corrected(claimed: &Conversion, submission: &Submission, submitted: &Conversion) -> Vec<&'static str> {
    let mut fields = claimed.mismatch(submission);
    if claimed.click_id != submitted.click_id {
        fields.push("clickId");
    }
    fields
}

fn event(app: &ApiState, claimed: &Conversion, correction: &Correction, merchant: &Merchant) -> AuditEvent {
    let confirmation = &correction.confirmation;
    let (actor, at) = (merchant.actor.clone(), confirmation.created_at);
    let event = AuditEvent::new(app.id(), at, actor, "conversion.confirmed", claimed.id, confirmation.request_id);
    event.between(facts(claimed), facts(&correction.confirmed))
}

fn facts(conversion: &Conversion) -> Value {
    let Conversion { click_id, slug, campaign_id, event_type, money, trust, .. } = conversion;
    json!({
        "clickId": click_id, "slug": slug, "campaignId": campaign_id, "eventType": event_type,
        "value": money.map(Money::amount), "currency": money.map(|money| money.currency), "trust": trust,
    })
}
