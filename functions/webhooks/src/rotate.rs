//! `POST …/webhooks/{subscriptionId}/secret/rotate`: a new secret, this once; the one before signs on for a while.

use api::{ApiState, Code, Member, PathParam, Problem, WebhooksWrite, charge};
use axum::Json;
use axum::extract::State;
use domain::values::id::SubscriptionId;
use domain::values::name::Handle;
use domain::webhooks::requests::SecretRotation;
use domain::webhooks::secret::{Place, Secret};
use domain::webhooks::subscription::Subscription;
use serde_json::{Value, json};
use store::Failures;

use crate::body::OptionalBody;
use crate::no_subscription;
use crate::view::{SubscriptionView, WithSecret, no_sealing_key};

api::request_body!(RotationBody, "How the secrets overlap.", SecretRotation::body(), {"gracePeriodSeconds": 3600});

/// Makes a new secret. Until the grace period ends, `webhook-signature` carries a signature of each live secret, newest first,
/// and `x-10x-signature`, which can carry only one, that of the former secret.
#[utoipa::path(post, path = "/v2/handles/{handle}/webhooks/{subscriptionId}/secret/rotate", tag = "webhooks", security(("jwt" = []), ("pat" = ["webhooks.write"])),
    params(("handle" = Handle, Path), ("subscriptionId" = SubscriptionId, Path)), request_body = Option<RotationBody>,
    responses((status = 200, description = "The subscription with its new secret.", body = WithSecret),
        (status = 409, description = "Two former secrets still sign, or another call rotated meanwhile.", body = api::openapi::ErrorBody)))]
pub(crate) async fn handle(
    State(app): State<ApiState>,
    member: Member<WebhooksWrite>,
    id: Result<PathParam<SubscriptionId>, Problem>,
    OptionalBody(body): OptionalBody,
) -> Result<Json<WithSecret>, Problem> {
    let PathParam(id) = id.map_err(|_| no_subscription())?;
    let overlap = SecretRotation::read(body)?.overlap_secs;
    let now = app.now();
    let known = app.store().subscription(member.handle(), id, now).await?.ok_or_else(no_subscription)?;
    let before = &known.subscription;
    let keys = app.keys().await?;
    let secret = Secret::of_bytes(app.random_bytes());
    let place = Place { handle: member.handle(), subscription: id };
    let secrets = before
        .secrets
        .rotated(&secret, place, keys.sealing().ok_or_else(no_sealing_key)?, app.random_bytes(), overlap, now)
        .map_err(|full| Problem::new(Code::Conflict, full.to_string()))?;
    charge(&app, &member.profile.owner).await?;
    let after = Subscription { secrets, version: before.version + 1, updated_at: now, ..before.clone() };
    let event = member.event(&app, "webhook.secret_rotated", id).between(Value::Null, json!({"gracePeriodSeconds": overlap}));
    if !app.store().save_subscription(&after, before.version, Failures::Kept, &event).await? {
        return Err(Problem::new(Code::Conflict, "the subscription was changed meanwhile; read it again before rotating"));
    }
    Ok(Json(WithSecret::new(SubscriptionView::of(&after, known.status()), &secret)))
}
