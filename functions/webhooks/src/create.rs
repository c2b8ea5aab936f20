//! `POST …/webhooks`: creates a subscription and returns its secret, once.

use api::{ApiState, Code, JsonBody, Member, Problem, WebhooksWrite, charge};
use axum::Json;
use axum::extract::State;
use domain::values::id::SubscriptionId;
use domain::values::name::Handle;
use domain::webhooks::endpoint::Endpoint;
use domain::webhooks::secret::{SecretOwner, WebhookSecret, WebhookSecrets};
use domain::webhooks::subscription::{MOST, Settings, Subscription, SubscriptionStatus};
use http::StatusCode;
use serde_json::Value;
use store::Subscribed;

use crate::problems::no_sealing_key;
use crate::view::{SubscriptionView, SubscriptionWithSecret, audited};

/// A subscription to make.
#[derive(serde::Serialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct NewSubscription {
    /// A public https address on port 443 or 8443.
    endpoint_url: Endpoint,
    /// Event types, or `["*"]` for all. Subscribing to `conversion.tested` also delivers `conversion.recorded`.
    event_types: Vec<String>,
    description: Option<String>,
    /// True when left out.
    enabled: Option<bool>,
    /// Whether to deliver `link.clicked` for clicks of bots too; false when left out.
    include_bots: Option<bool>,
}

/// Subscribes an endpoint to events. The response contains the secret that verifies signatures; it cannot be read again.
#[utoipa::path(post, path = "/v2/handles/{handle}/webhooks", tag = "webhooks", security(("jwt" = []), ("pat" = ["webhooks.write"])), params(("handle" = Handle, Path)),
    request_body = NewSubscription,
    responses((status = 201, description = "Created.", body = SubscriptionWithSecret), (status = 409, description = "The handle has the maximum of 20 subscriptions.", body = api::openapi::ErrorBody)))]
pub(crate) async fn handle(
    State(app): State<ApiState>,
    member: Member<WebhooksWrite>,
    JsonBody(body): JsonBody,
) -> Result<(StatusCode, Json<SubscriptionWithSecret>), Problem> {
    let settings = Settings::read(body, &app.settings().own_hosts, app.egress())?;
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
        return Err(Problem::new(Code::Conflict, format!("this handle has {MOST} webhook subscriptions; delete one first")));
    }
    let status: SubscriptionStatus = subscription.status(None);
    Ok((StatusCode::CREATED, Json(SubscriptionWithSecret::new(SubscriptionView::of(&subscription, status), &secret))))
}
