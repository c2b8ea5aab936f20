//! Webhooks: events, subscriptions, deliveries, notifications.

pub(crate) mod correlation;
pub(crate) mod deliveries;
pub(crate) mod delivery_model;
pub(crate) mod egress;
pub(crate) mod events;
pub(crate) mod notifications;
pub(crate) mod stats;
pub(crate) mod storm;
pub(crate) mod subscriptions;
