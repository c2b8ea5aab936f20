//! `POST …/webhooks/{subscriptionId}/secret/rotate`: a new secret, returned once; the previous one signs until the grace period ends.

use api::{ApiState, Code, Member, OptionalBody, PathId, Problem, WebhooksWrite};
use axum::Json;
use axum::extract::State;
use axum::response::IntoResponse;
use domain::values::id::SubscriptionId;
use domain::values::name::Handle;
use domain::webhooks::requests::SecretRotation;
use domain::webhooks::secret::{SecretOwner, WebhookSecret};
use domain::webhooks::subscription::Subscription;
use serde_json::{Value, json};
use store::FailureRecord;

use crate::problems::{no_sealing_key, no_subscription};
use crate::view::{NO_STORE, SubscriptionView, SubscriptionWithSecret};

api::request_body!(RotationBody, "How the secrets overlap.", SecretRotation::body(), {"gracePeriodSeconds": 3600});

/// Creates a new secret. Until the grace period ends, `webhook-signature` contains a signature of each live secret, newest first,
/// and `x-10x-signature`, which can contain only one, that of the previous secret. Not charged to the write quota.
#[utoipa::path(
    post,
    path = "/v2/handles/{handle}/webhooks/{subscriptionId}/secret/rotate",
    tag = "webhooks",
    security(("jwt" = []), ("pat" = ["webhooks.write"])),
    params(("handle" = Handle, Path), ("subscriptionId" = SubscriptionId, Path)),
    request_body = Option<RotationBody>,
    responses(
        (status = 200, description = "The subscription with its new secret.", body = SubscriptionWithSecret),
        (
            status = 409,
            description = "Two previous secrets still sign, or the secret was rotated concurrently.",
            body = api::openapi::ErrorBody,
        ),
    )
)]
pub(crate) async fn handle(
    State(app): State<ApiState>,
    member: Member<WebhooksWrite>,
    PathId(id): PathId<SubscriptionId>,
    OptionalBody(body): OptionalBody,
) -> Result<impl IntoResponse, Problem> {
    let overlap = SecretRotation::read(body)?.overlap_secs;
    let now = app.now();
    let known = app.store().subscriptions().get(member.handle(), id, now).await?.ok_or_else(no_subscription)?;
    let before = &known.subscription;
    let keys = app.keys().await?;
    let secret = WebhookSecret::of_bytes(app.random_bytes());
    let place = SecretOwner { handle: member.handle(), subscription: id };
    let secrets = before
        .secrets
        .rotated(&secret, place, keys.sealing().ok_or_else(no_sealing_key)?, app.random_bytes(), overlap, now)
        .map_err(|full| Problem::new(Code::Conflict, full.to_string()))?;
    // Not charged: a leaked secret must be replaceable whatever has been written that day.
    let after = Subscription { secrets, version: before.version + 1, updated_at: now, ..before.clone() };
    let event = member.event(&app, "webhook.secret_rotated", id).between(Value::Null, json!({"gracePeriodSeconds": overlap}));
    if !app.store().subscriptions().save(&after, before.version, FailureRecord::Keep, &event).await? {
        return Err(Problem::new(Code::Conflict, "the subscription was changed concurrently; read it again before rotating"));
    }
    Ok((NO_STORE, Json(SubscriptionWithSecret::new(SubscriptionView::of(&after, known.status()), &secret))))
}
