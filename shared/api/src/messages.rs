//! What webhooks send, as `webhooks` in the OpenAPI document: one message per type, with the headers that prove it.

use utoipa::PartialSchema;
use utoipa::openapi::path::{HttpMethod, Operation, OperationBuilder, Parameter, ParameterBuilder, ParameterIn, PathItem, Paths};
use utoipa::openapi::request_body::RequestBodyBuilder;
use utoipa::openapi::schema::{Object, ObjectBuilder, Type};
use utoipa::openapi::{Components, ContentBuilder, Ref, RefOr, Required, ResponseBuilder, Schema};

use domain::values::id::{DeliveryId, EventId};
use domain::values::moment::Moment;
use domain::values::name::Handle;
use domain::webhooks::delivery::MAX_ATTEMPTS;
use domain::webhooks::envelope::Envelope;
use domain::webhooks::event::WebhookEventType;
use domain::webhooks::payload::Payload;

/// The `webhooks` of the document; the schemas they name go into its components.
pub(crate) fn webhooks(components: &mut Components) -> Paths {
    let mut messages = Paths::new();
    for kind in WebhookEventType::ALL {
        let (payload, schemas) = Payload::schemas(*kind);
        components.schemas.extend(schemas);
        let name = format!("{kind:?}Message");
        components.schemas.insert(name.clone(), message(*kind, &payload).into());
        messages.paths.insert(kind.as_str().to_owned(), PathItem::new(HttpMethod::Post, operation(*kind, &name)));
    }
    messages
}

/// The envelope of one type around its payload.
fn message(kind: WebhookEventType, payload: &str) -> Object {
    let id = described(EventId::schema(), "The same in every attempt and replay: a receiver that remembers it acts once.");
    let named = ObjectBuilder::new().schema_type(Type::String).enum_values(Some([kind.as_str()]));
    ObjectBuilder::new()
        .description(Some(kind.description()))
        .property("id", id)
        .required("id")
        .property("type", named)
        .required("type")
        .property("handle", Handle::schema())
        .required("handle")
        .property("occurredAt", Moment::schema())
        .required("occurredAt")
        .property("payload", Ref::from_schema_name(payload))
        .required("payload")
        .build()
}

fn described(schema: RefOr<Schema>, what: &str) -> RefOr<Schema> {
    match schema {
        RefOr::T(Schema::Object(mut object)) => {
            object.description = Some(what.to_owned());
            object.into()
        }
        other => other,
    }
}

fn operation(kind: WebhookEventType, message: &str) -> Operation {
    let handle = "acme".parse::<Handle>().ok();
    let example = handle.and_then(|handle| serde_json::to_value(Envelope::example(kind, handle)?).ok());
    let content = ContentBuilder::new().schema(Some(Ref::from_schema_name(message))).example(example).build();
    let body = RequestBodyBuilder::new().content("application/json", content).required(Some(Required::True)).build();
    let taken = "Any 2xx: it has arrived. Answer within ten seconds, and do the work afterwards.";
    let gone = "The receiver is gone for good: nothing is tried again and the subscription is `DISABLED_GONE`.";
    let again = format!("Anything else, redirects too, is tried again, at most {MAX_ATTEMPTS} times in all.");
    OperationBuilder::new()
        .tag("webhooks")
        .operation_id(Some(format!("on{kind:?}")))
        .summary(Some(kind.description()))
        .parameters(Some(headers(kind)))
        .request_body(Some(body))
        .response("2XX", ResponseBuilder::new().description(taken).build())
        .response("410", ResponseBuilder::new().description(gone).build())
        .response("default", ResponseBuilder::new().description(again).build())
        .build()
}

/// The headers of every message.
fn headers(kind: WebhookEventType) -> [Parameter; 7] {
    let text = || ObjectBuilder::new().schema_type(Type::String);
    let named = text().enum_values(Some([kind.as_str()]));
    [
        header("webhook-id", "The event's id, as in the body: act once for each.", EventId::schema()),
        header(
            "webhook-timestamp",
            "Seconds since 1970 at this attempt. Refuse what is further than 300 s away.",
            text().pattern(Some("^[0-9]{10,}$")),
        ),
        header(
            "webhook-signature",
            "Standard Webhooks 1.0.0: HMAC-SHA-256 over `webhook-id.webhook-timestamp.body` with the bytes that follow `whsec_` in \
             base64; one `v1,…` for each live secret, newest first, separated by spaces. One that fits is enough.",
            text().pattern(Some("^v1,[A-Za-z0-9+/]{43}=( v1,[A-Za-z0-9+/]{43}=)*$")),
        ),
        header(
            "x-10x-signature",
            "Hex HMAC-SHA-256 over the raw body alone with the secret's whole text; while two secrets are live, of the former one. It \
             does not cover a timestamp, so prefer `webhook-signature`.",
            text().pattern(Some("^sha256=[0-9a-f]{64}$")),
        ),
        header("x-10x-event-type", "As `type` in the body.", named),
        header("x-10x-attempt", "Which attempt this is, from 1.", text().pattern(Some("^[1-9][0-9]*$"))),
        header("x-10x-delivery-id", "The delivery, as in `GET …/deliveries/{deliveryId}`.", DeliveryId::schema()),
    ]
}

fn header(name: &str, description: &str, schema: impl Into<RefOr<Schema>>) -> Parameter {
    let required = ParameterBuilder::new().name(name).parameter_in(ParameterIn::Header).required(Required::True);
    required.description(Some(description)).schema(Some(schema)).build()
}
