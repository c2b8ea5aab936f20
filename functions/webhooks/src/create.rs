//! `POST …/webhooks`: creates a subscription and returns its secret, once.

use api::{ApiState, Code, JsonBody, Member, Problem, WebhooksWrite, charge};
use axum::Json;
use axum::extract::State;
use axum::response::IntoResponse;
use domain::values::id::SubscriptionId;
use domain::values::name::Handle;
use domain::webhooks::secret::{SecretOwner, WebhookSecret, WebhookSecrets};
use domain::webhooks::subscription::{MAX_SUBSCRIPTIONS, Subscription, SubscriptionSettings, SubscriptionStatus};
use http::StatusCode;
use serde_json::Value;
use store::Subscribed;

use crate::problems::no_sealing_key;
use crate::view::{NO_STORE, SubscriptionView, SubscriptionWithSecret, audited};

api::request_body!(NewSubscription, "A subscription to create.", SubscriptionSettings::body(), {
    "endpointUrl": "https://hooks.merchant.example/10x",
    "eventTypes": ["link.clicked", "conversion.recorded"],
    "description": "Data warehouse"
});

/// Subscribes an endpoint to events. The response contains the secret that verifies signatures; it cannot be read again.
#[utoipa::path(
    post,
    path = "/v2/handles/{handle}/webhooks",
    tag = "webhooks",
    security(("jwt" = []), ("pat" = ["webhooks.write"])),
    params(("handle" = Handle, Path)),
    request_body = NewSubscription,
    responses(
        (status = 201, description = "Created.", body = SubscriptionWithSecret),
        (status = 409, description = "The handle has the maximum of 20 subscriptions.", body = api::openapi::ErrorBody),
    )
)]
pub(crate) async fn handle(
    State(app): State<ApiState>,
    member: Member<WebhooksWrite>,
    JsonBody(body): JsonBody,
) -> Result<impl IntoResponse, Problem> {
    let settings = SubscriptionSettings::read(body, &app.settings().own_hosts, app.egress())?;
    charge(&app, &member.profile.owner).await?;
    let (now, id): (_, SubscriptionId) = (app.now(), app.id());
    let keys = app.keys().await?;
    let secret = WebhookSecret::of_bytes(app.random_bytes());
    let place = SecretOwner { handle: member.handle(), subscription: id };
    let secrets = WebhookSecrets::first(&secret, place, keys.sealing().ok_or_else(no_sealing_key)?, app.random_bytes(), now);
    let subscription =
        Subscription { id, handle: member.handle().clone(), version: 1, created_at: now, updated_at: now, secrets, settings };
    let event = member.event(&app, "webhook.created", id).between(Value::Null, audited(&subscription));
    if app.store().subscriptions().create(&subscription, &event).await? == Subscribed::LimitReached {
        return Err(Problem::new(Code::Conflict, format!("this handle has {MAX_SUBSCRIPTIONS} webhook subscriptions; delete one first")));
    }
    let status: SubscriptionStatus = subscription.status(None);
    Ok((StatusCode::CREATED, NO_STORE, Json(SubscriptionWithSecret::new(SubscriptionView::of(&subscription, status), &secret))))
}
