//! Messages that name one attempt of a delivery.

use serde::{Deserialize, Serialize};

use domain::values::id::DeliveryId;
use domain::values::name::Handle;
use domain::webhooks::delivery::Delivery;

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
}

impl AttemptMessage {
    /// A message for the attempt a delivery is at.
    pub fn of(delivery: &Delivery, lane: Lane) -> Self {
        Self { v: 1, handle: delivery.handle.clone(), delivery_id: delivery.id, attempt: delivery.attempt, lane }
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
