//! The headers of a message (specification §10.3).

use super::delivery::Delivery;
use crate::values::moment::Moment;

/// The header with the signatures of Standard Webhooks.
pub const STANDARD_SIGNATURE: &str = "webhook-signature";
/// The header with the product's own signature, over the body alone.
pub const BODY_SIGNATURE: &str = "x-10x-signature";
/// The headers that prove the origin of a message; only its sender can make them.
pub const SIGNATURES: [&str; 2] = [STANDARD_SIGNATURE, BODY_SIGNATURE];

/// The other headers of a message: those of the attempt of this number, and of this moment if it has begun.
pub fn of_message(delivery: &Delivery, attempt: u8, at: Option<Moment>) -> Vec<(&'static str, String)> {
    let mut headers = vec![
        ("content-type", "application/json".to_owned()),
        ("user-agent", "10x-Webhooks/1".to_owned()),
        ("webhook-id", delivery.event_id.to_string()),
        ("x-10x-event-type", delivery.event_type.as_str().to_owned()),
        ("x-10x-attempt", attempt.to_string()),
        ("x-10x-delivery-id", delivery.id.to_string()),
    ];
    headers.extend(at.map(|at| ("webhook-timestamp", at.seconds().to_string())));
    headers
}
