//! Keys of webhooks: subscriptions, events and deliveries.

use domain::values::id::{DeliveryId, EventId, SubscriptionId};
use domain::values::moment::{Day, HOUR_MS, Moment};
use domain::values::name::Handle;

use super::{COUNT_LANES, COUNT_SHARDS, Key};

/// The partition of a handle's webhook subscriptions.
pub fn subscriptions(handle: &Handle) -> String {
    format!("SUBS#{handle}")
}

/// A webhook subscription.
pub fn subscription(handle: &Handle, id: SubscriptionId) -> Key {
    Key { pk: subscriptions(handle), sk: id.to_string() }
}

/// The subscriptions whose secrets are all sealed with this platform key, or with several keys, in the `list` index.
pub fn sealed(key_id: Option<&str>) -> String {
    format!("SEALED#{}", key_id.unwrap_or("several"))
}

/// The number of webhook subscriptions of a handle.
pub fn subscription_count(handle: &Handle) -> Key {
    Key { pk: subscriptions(handle), sk: "count".to_owned() }
}

/// A webhook event.
pub fn event(handle: &Handle, id: EventId) -> Key {
    Key::single(format!("EVT#{handle}#{id}"))
}

/// A delivery.
pub fn delivery(handle: &Handle, id: DeliveryId) -> Key {
    Key::single(format!("DLV#{handle}#{id}"))
}

/// The id of the newest replay of an event to a subscription, in the partition of the event's own delivery.
pub fn newest_replay(handle: &Handle, own: DeliveryId) -> Key {
    Key { sk: "NEWEST".to_owned(), ..delivery(handle, own) }
}

/// One attempt of a delivery, by the sequence number of its lease.
pub fn attempt(handle: &Handle, id: DeliveryId, attempt: u8, seq: u32) -> Key {
    Key { pk: delivery(handle, id).pk, sk: format!("ATT#{attempt:02}#{seq:04}") }
}

/// A month of a handle's deliveries in the `list` index.
pub fn deliveries(handle: &Handle, day: Day) -> String {
    format!("DLVS#{handle}#{}", day.month())
}

/// A lane of a subscription's delivery counts: one partition would limit how many deliveries can end in a second.
pub fn delivery_counts(handle: &Handle, id: SubscriptionId, lane: u32) -> String {
    format!("HOOKS#{handle}#{id}#{lane}")
}

/// The hour of a moment, as the counts of an hour begin.
pub fn hour(at: Moment) -> String {
    format!("{}{:02}", at.day().compact(), at.millis().rem_euclid(24 * HOUR_MS) / HOUR_MS)
}

/// The beginning of the hour that a sort key of counts begins with.
pub(crate) fn read_hour(sk: &str) -> Option<Moment> {
    let day = Day::from_compact(sk.get(..8)?)?;
    let hour: i64 = sk.get(8..10)?.parse().ok()?;
    Some(day.start().plus_millis(hour * HOUR_MS))
}

/// The item of its lane that a delivery is counted in: many end at once, and transactions on one item conflict.
pub fn delivery_count(handle: &Handle, id: SubscriptionId, at: Moment, delivery: DeliveryId) -> Key {
    let shard = u32::from(delivery.to_bytes().last().copied().unwrap_or_default()) % COUNT_SHARDS;
    Key { pk: delivery_counts(handle, id, shard % COUNT_LANES), sk: format!("{}#{shard}", hour(at)) }
}
