//! `POST …/webhooks/{subscriptionId}/test`: a `webhook.test` on its way to one subscription.

use api::{ApiState, Code, Member, PathParam, Problem, WebhooksWrite, charge};
use axum::Json;
use axum::extract::State;
use domain::values::id::{DeliveryId, EventId, SubscriptionId};
use domain::values::name::Handle;
use domain::webhooks::delivery::{Delivery, Trigger};
use domain::webhooks::event::Envelope;
use domain::webhooks::payload::{Payload, TestPayload};
use domain::webhooks::requests::TestRequest;
use domain::webhooks::subscription::Status;
use http::StatusCode;
use serde::Serialize;
use serde_json::{Value, json};

use crate::body::OptionalBody;
use crate::no_subscription;
use crate::view::announce;

api::request_body!(TestBody, "Nothing.", TestRequest::body(), {});

/// What is on its way.
#[derive(Serialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct OnItsWay {
    event_id: EventId,
    /// `GET …/deliveries/{deliveryId}` shows what becomes of it.
    delivery_id: DeliveryId,
}

/// Sends a `webhook.test` to this subscription, whatever events it wants; does not wait for its delivery.
#[utoipa::path(post, path = "/v2/handles/{handle}/webhooks/{subscriptionId}/test", tag = "webhooks", security(("jwt" = []), ("pat" = ["webhooks.write"])),
    params(("handle" = Handle, Path), ("subscriptionId" = SubscriptionId, Path)), request_body = Option<TestBody>,
    responses((status = 202, description = "On its way.", body = OnItsWay), (status = 409, description = "The subscription is disabled.", body = api::openapi::ErrorBody)))]
pub(crate) async fn handle(
    State(app): State<ApiState>,
    member: Member<WebhooksWrite>,
    id: Result<PathParam<SubscriptionId>, Problem>,
    OptionalBody(body): OptionalBody,
) -> Result<(StatusCode, Json<OnItsWay>), Problem> {
    let PathParam(id) = id.map_err(|_| no_subscription())?;
    TestRequest::read(body)?;
    let now = app.now();
    let known = app.store().subscription(member.handle(), id, now).await?.ok_or_else(no_subscription)?;
    if known.status() != Status::Active {
        return Err(Problem::new(Code::Conflict, "this subscription is disabled; enable it first with PUT {\"enabled\": true}"));
    }
    charge(&app, &member.profile.owner).await?;
    let handle = member.handle().clone();
    let envelope = Envelope::new(app.id(), handle.clone(), now, &Payload::WebhookTest(TestPayload::of(id)));
    let delivery = Delivery::new(Delivery::id_of(envelope.id, id), handle, (envelope.id, envelope.kind), id, Trigger::Test, now);
    let event = member.event(&app, "webhook.tested", id).between(Value::Null, json!({"eventId": envelope.id}));
    app.store().open_asked_for(std::slice::from_ref(&delivery), Some(&envelope), (member.handle(), &event)).await?;
    announce(&app, &delivery).await;
    Ok((StatusCode::ACCEPTED, Json(OnItsWay { event_id: envelope.id, delivery_id: delivery.id })))
}
