//! Webhooks: subscriptions, the health of their endpoints, events and deliveries.

pub(crate) mod deliveries;
pub(crate) mod endpoint_health;
mod events;
pub(crate) mod subscriptions;
