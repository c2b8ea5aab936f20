//! `POST …/webhooks/{subscriptionId}/test`: sends a `webhook.test` to one subscription.

use api::{ApiState, Code, Member, OptionalBody, PathId, Problem, WebhooksWrite, charge};
use axum::Json;
use axum::extract::State;
use domain::values::id::{DeliveryId, EventId, SubscriptionId};
use domain::values::name::Handle;
use domain::webhooks::delivery::{Delivery, DeliveryTrigger};
use domain::webhooks::envelope::Envelope;
use domain::webhooks::payload::{Payload, TestPayload};
use domain::webhooks::requests::TestRequest;
use domain::webhooks::subscription::SubscriptionStatus;
use http::StatusCode;
use serde::Serialize;
use serde_json::{Value, json};

use crate::problems::no_subscription;
use crate::view::announce;

api::request_body!(TestBody, "Nothing.", TestRequest::body(), {});

/// The event and its delivery.
#[derive(Serialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct TestDelivery {
    event_id: EventId,
    /// Read its outcome with `GET …/deliveries/{deliveryId}`.
    delivery_id: DeliveryId,
}

/// Sends a `webhook.test` to this subscription, whatever its event types. Does not wait for the delivery.
#[utoipa::path(
    post,
    path = "/v2/handles/{handle}/webhooks/{subscriptionId}/test",
    tag = "webhooks",
    security(("jwt" = []), ("pat" = ["webhooks.write"])),
    params(("handle" = Handle, Path), ("subscriptionId" = SubscriptionId, Path)),
    request_body = Option<TestBody>,
    responses(
        (status = 202, description = "The test is being delivered.", body = TestDelivery),
        (status = 409, description = "The subscription is disabled.", body = api::openapi::ErrorBody),
    )
)]
pub(crate) async fn handle(
    State(app): State<ApiState>,
    member: Member<WebhooksWrite>,
    PathId(id): PathId<SubscriptionId>,
    OptionalBody(body): OptionalBody,
) -> Result<(StatusCode, Json<TestDelivery>), Problem> {
    TestRequest::read(body)?;
    let now = app.now();
    let known = app.store().subscriptions().get(member.handle(), id, now).await?.ok_or_else(no_subscription)?;
    if known.status() != SubscriptionStatus::Active {
        return Err(Problem::new(Code::Conflict, "this subscription is disabled; enable it first with PUT {\"enabled\": true}"));
    }
    charge(&app, &member.profile.owner).await?;
    let handle = member.handle().clone();
    let envelope = Envelope::new(app.id(), handle.clone(), now, &Payload::WebhookTest(TestPayload::of(id)));
    let delivery = Delivery::new(Delivery::id_of(envelope.id, id), handle, (envelope.id, envelope.kind), id, DeliveryTrigger::Test, now);
    let delivery = Delivery { request_id: store::invocation::request(), ..delivery };
    let event = member.event(&app, "webhook.tested", id).between(Value::Null, json!({"eventId": envelope.id}));
    app.store().deliveries().create_requested(std::slice::from_ref(&delivery), Some(&envelope), (member.handle(), &event)).await?;
    announce(&app, &delivery).await;
    Ok((StatusCode::ACCEPTED, Json(TestDelivery { event_id: envelope.id, delivery_id: delivery.id })))
}
