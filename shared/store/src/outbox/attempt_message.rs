//! Messages that name one attempt of a delivery.

use serde::{Deserialize, Serialize};

use domain::values::id::{DeliveryId, RequestId};
use domain::values::name::Handle;
use domain::webhooks::delivery::Delivery;

use crate::outbox::{MESSAGE_VERSION, Message};

/// A message that names one attempt of a delivery; body, endpoint and secret stay in the table.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct AttemptMessage {
    /// Version of this message's layout.
    pub v: u8,
    /// Owning handle.
    pub handle: Handle,
    /// The delivery.
    pub delivery_id: DeliveryId,
    /// Number of the attempt, from 1.
    pub attempt: u8,
    /// The queue it is sent to.
    pub lane: Lane,
    /// The request that caused the delivery, where it is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub request_id: Option<RequestId>,
}

impl Message for AttemptMessage {
    fn version(&self) -> u8 {
        self.v
    }

    fn request_id(&self) -> Option<RequestId> {
        self.request_id
    }
}

impl AttemptMessage {
    /// A message for the attempt a delivery is at.
    pub fn of(delivery: &Delivery, lane: Lane) -> Self {
        let Delivery { id, attempt, request_id, .. } = *delivery;
        Self { v: MESSAGE_VERSION, handle: delivery.handle.clone(), delivery_id: id, attempt, lane, request_id }
    }
}

/// The queue that an attempt waits in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Lane {
    /// First attempts to healthy endpoints.
    First,
    /// Later attempts and those to slow endpoints.
    Retries,
}
