//! The message that receivers get: an envelope around the payload of one event (specification §10).

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::event::WebhookEventType;
use super::payload::{ClickPayload, ConversionPayload, Payload};
use crate::clicks::Click;
use crate::conversions::Conversion;
use crate::values::id::EventId;
use crate::values::moment::Moment;
use crate::values::name::Handle;

/// The time of the examples: 2026-03-01T12:00:00Z.
const EXAMPLE_MS: i64 = 1_772_366_400_000;

/// The message to a receiver: the same bytes in every attempt and replay.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
pub struct Envelope {
    /// Its id: the same in every attempt, so a receiver that remembers it acts once.
    pub id: EventId,
    /// The type of event.
    #[serde(rename = "type")]
    pub kind: WebhookEventType,
    /// Owning handle.
    pub handle: Handle,
    /// The moment it happened.
    pub occurred_at: Moment,
    /// The rest, by type. Stored messages keep it as it was read, so one of a later version is passed on whole; new ones get
    /// it from a [`Payload`] alone, so that its shape is the one the document describes.
    #[cfg_attr(feature = "openapi", schema(value_type = Object))]
    payload: Value,
}

impl Envelope {
    /// The message of an event.
    pub fn new(id: EventId, handle: Handle, occurred_at: Moment, payload: &Payload) -> Self {
        Self { id, kind: payload.kind(), handle, occurred_at, payload: json!(payload) }
    }

    /// A whole message as receivers get it; there is one for every type.
    pub fn example(kind: WebhookEventType, handle: Handle) -> Option<Self> {
        let at = Moment::from_millis(EXAMPLE_MS);
        Payload::example(kind, at).map(|payload| Self::new(EventId::new(at, 1), handle, at, &payload))
    }

    /// The message for a conversion, real or a test. It has the conversion's own id, so that it is sent once.
    pub fn of_conversion(conversion: &Conversion) -> Self {
        let of_conversion = ConversionPayload::of(conversion);
        let payload = if conversion.test { Payload::ConversionTested(of_conversion) } else { Payload::ConversionRecorded(of_conversion) };
        Self::new(EventId::from_bytes(conversion.id.to_bytes()), conversion.handle.clone(), conversion.accepted_at, &payload)
    }

    /// The message for a click as it was first classified. It has the click's own id, so that it is sent once.
    pub fn of_click(click: &Click) -> Self {
        let payload = Payload::LinkClicked(ClickPayload::of(click));
        Self::new(EventId::from_bytes(click.id.to_bytes()), click.handle.clone(), click.at(), &payload)
    }
}
