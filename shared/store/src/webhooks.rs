//! Webhooks: subscriptions, the health of their endpoints, events and deliveries.

mod deliveries;
mod delivery_counts;
mod delivery_list;
mod endpoint_health;
pub(crate) mod events;
mod subscriptions;

pub use deliveries::{AttemptRecord, Deliveries, MAX_REQUESTED_DELIVERIES};
pub use delivery_counts::DeliveryCounts;
pub use delivery_list::{DeliveryFilter, MAX_LISTED_DELIVERIES};
pub use endpoint_health::{Disabling, EndpointHealth, Transition};
pub use events::Events;
pub use subscriptions::{FailureRecord, Subscribed, SubscriptionWithHealth, Subscriptions};
