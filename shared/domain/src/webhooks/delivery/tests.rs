//! The steps of a delivery one by one: what a worker does with a message, and what its answer leaves. The model in the tests of the whole
//! system searches their interleavings.

use proptest::prelude::*;
use serde_json::{Value, json};

use super::*;

const NOW: Moment = Moment::from_millis(1_772_366_400_000);
const STATUSES: [(DeliveryStatus, &str, bool); 6] = [
    (DeliveryStatus::Pending, "PENDING", false),
    (DeliveryStatus::InFlight, "IN_FLIGHT", false),
    (DeliveryStatus::Scheduled, "SCHEDULED", false),
    (DeliveryStatus::Delivered, "DELIVERED", true),
    (DeliveryStatus::Exhausted, "EXHAUSTED", true),
    (DeliveryStatus::Cancelled, "CANCELLED", true),
];

fn delivery() -> Delivery {
    let event = (EventId::new(NOW, 2), WebhookEventType::LinkClicked);
    Delivery::new(DeliveryId::new(NOW, 1), "demo".parse().unwrap(), event, SubscriptionId::new(NOW, 3), DeliveryTrigger::Auto, NOW)
}

#[test]
fn a_delivery_is_made_of_at_most_six_attempts() {
    assert_eq!((MAX_ATTEMPTS, SCHEDULE_SECS), (6, [5, 10, 20, 40, 80]));
}

#[test]
fn a_delivery_is_stored_with_what_it_has_and_reads_back() {
    let new = json!({
        "id": DeliveryId::new(NOW, 1), "handle": "demo", "eventId": EventId::new(NOW, 2), "eventType": "link.clicked",
        "subscriptionId": SubscriptionId::new(NOW, 3), "trigger": "AUTO", "status": "PENDING", "attempt": 1,
        "dueAt": "2026-03-01T12:00:00.000Z", "createdAt": "2026-03-01T12:00:00.000Z",
    });
    let mut whole = new.clone();
    for (name, value) in [
        ("trigger", json!("MANUAL")),
        ("status", json!("EXHAUSTED")),
        ("attempt", json!(3)),
        ("dueAt", json!("2026-03-01T12:00:07.000Z")),
        ("lease", json!({"seq": 4, "until": "2026-03-01T12:00:25.000Z"})),
        (
            "firstAttempt",
            json!({"n": 1, "startedAt": "2026-03-01T12:00:01.000Z", "durationMs": 81, "outcome": "http_503", "statusCode": 503,
                "responseSnippet": "busy", "nextAttemptAt": "2026-03-01T12:00:06.000Z"}),
        ),
        ("durationsMs", json!([81, 82])),
        ("requestId", json!(RequestId::new(NOW, 5))),
    ] {
        whole[name] = value;
    }
    let first_attempt = DeliveryAttempt {
        n: 1,
        started_at: NOW.plus_secs(1),
        duration_ms: 81,
        outcome: "http_503".to_owned(),
        status_code: Some(503),
        response_snippet: Some("busy".to_owned()),
        next_attempt_at: Some(NOW.plus_secs(6)),
    };
    let exhausted = Delivery {
        trigger: DeliveryTrigger::Manual,
        status: DeliveryStatus::Exhausted,
        attempt: 3,
        due_at: NOW.plus_secs(7),
        lease: Some(Lease { seq: 4, until: NOW.plus_secs(25) }),
        first_attempt: Some(first_attempt),
        durations_ms: vec![81, 82],
        request_id: Some(RequestId::new(NOW, 5)),
        ..delivery()
    };
    for (delivery, stored) in [(delivery(), new), (exhausted, whole)] {
        assert_eq!(serde_json::to_value(&delivery).unwrap(), stored);
        assert_eq!(serde_json::from_value::<Delivery>(stored).unwrap(), delivery);
    }
    for (status, name, is_final) in STATUSES {
        assert_eq!((json!(status), status.is_final()), (Value::from(name), is_final));
    }
}

#[test]
fn the_delivery_of_an_event_to_a_subscription_has_one_id_and_the_moment_of_the_event() {
    let id = |at_ms: i64, event: u128, subscription: u128| {
        Delivery::id_of(EventId::new(NOW.plus_millis(at_ms), event), SubscriptionId::new(NOW, subscription))
    };
    assert_eq!(id(0, 1, 1), id(0, 1, 1));
    let ids = [id(0, 1, 1), id(0, 1, 2), id(0, 2, 1), id(0, 2, 2), id(1, 1, 1)];
    assert_eq!(ids.iter().collect::<std::collections::BTreeSet<_>>().len(), ids.len(), "{ids:?}");
    assert_eq!(ids.map(|id| id.moment().millis() - NOW.millis()), [0, 0, 0, 0, 1]);
}

#[test]
fn what_a_worker_does_with_a_message_follows_from_the_stored_state() {
    use DeliveryStatus::{InFlight, Pending, Scheduled};
    use NextStep::{AnnounceNext, Claim, Done, Held, TooEarly};
    // The state, its attempt, the attempt the message names, in how many milliseconds it is due, and for how many it is leased.
    for (status, attempt, named, due_in, leased_for, expected) in [
        (Pending, 1, 1, 0, None, Claim),
        (Pending, 1, 1, -1, None, Claim),
        (Pending, 1, 1, 1, None, TooEarly { wait_ms: 1 }),
        (Pending, 1, 2, 0, None, Done),
        (Pending, 1, 0, 0, None, Done),
        (Scheduled, 3, 3, 0, Some(-9), Claim),
        (Scheduled, 3, 3, -700, Some(-9), Claim),
        (Scheduled, 3, 3, 700, Some(-9), TooEarly { wait_ms: 700 }),
        (Scheduled, 3, 3, 1, Some(9), TooEarly { wait_ms: 1 }),
        (Scheduled, 3, 2, 700, Some(-9), AnnounceNext { attempt: 3, wait_ms: 700 }),
        (Scheduled, 3, 2, 0, None, AnnounceNext { attempt: 3, wait_ms: 0 }),
        (Scheduled, 3, 2, -700, Some(9), AnnounceNext { attempt: 3, wait_ms: 0 }),
        (Scheduled, 3, 1, 700, None, Done),
        (Scheduled, 3, 0, 0, None, Done),
        (Scheduled, 3, 4, 0, None, Done),
        (Scheduled, 3, u8::MAX, 0, None, Done),
        (InFlight, 3, 3, -5, Some(1), Held),
        (InFlight, 3, 3, -5, Some(25_000), Held),
        (InFlight, 3, 3, -5, Some(0), Claim),
        (InFlight, 3, 3, -5, Some(-1), Claim),
        (InFlight, 3, 3, -5, None, Claim),
        (InFlight, 3, 2, -5, Some(1), Done),
        (InFlight, 3, 2, -5, Some(-1), Done),
        (InFlight, 3, 1, -5, Some(-1), Done),
        (InFlight, 3, 4, -5, Some(-1), Done),
    ] {
        let lease = leased_for.map(|millis| Lease { seq: 1, until: NOW.plus_millis(millis) });
        let delivery = Delivery { status, attempt, due_at: NOW.plus_millis(due_in), lease, ..delivery() };
        assert_eq!(delivery.next_step(named, NOW), expected, "message {named}: {delivery:?}");
        for (status, _, _) in STATUSES.into_iter().filter(|(.., is_final)| *is_final) {
            let ended = Delivery { status, ..delivery.clone() };
            assert_eq!(ended.next_step(named, NOW), Done, "message {named}: {ended:?}");
        }
    }
}

#[test]
fn a_claim_takes_the_attempt_under_a_lease_that_no_other_has() {
    let stored = Delivery { status: DeliveryStatus::Scheduled, attempt: 2, ..delivery() };
    let mut claimed = stored.claimed(NOW.plus_secs(1));
    for (seq, has_more, at) in [(1, false, NOW.plus_secs(1)), (2, true, NOW.plus_secs(40)), (3, true, NOW.plus_secs(90))] {
        let lease = Some(Lease { seq, until: at.plus_millis(25_000) });
        assert_eq!(claimed, Delivery { status: DeliveryStatus::InFlight, lease, ..stored.clone() });
        assert_eq!(claimed.has_more_attempts(), has_more, "claim {seq}");
        claimed = claimed.claimed(if seq == 1 { NOW.plus_secs(40) } else { NOW.plus_secs(90) });
    }
    assert!(!stored.has_more_attempts());
    let unclaimed = Delivery { lease: Some(Lease { seq: 0, until: NOW }), ..stored };
    assert!(!unclaimed.has_more_attempts());
}

#[test]
fn a_failed_attempt_is_followed_by_the_next_after_a_growing_delay_and_the_sixth_by_none() {
    let end = NOW.plus_secs(3);
    for (attempt, delay_secs) in [(1, Some(5)), (2, Some(10)), (3, Some(20)), (4, Some(40)), (5, Some(80)), (6, None)] {
        let sent = Delivery { attempt, ..delivery() }.claimed(NOW);
        let exhausted = Delivery { status: DeliveryStatus::Exhausted, due_at: end, ..sent.clone() };
        let expected = match delay_secs {
            Some(secs) => {
                let due_at = end.plus_secs(secs);
                Delivery { status: DeliveryStatus::Scheduled, attempt: attempt + 1, due_at, ..sent.clone() }
            }
            None => exhausted.clone(),
        };
        assert_eq!(sent.failed(Ending::Retry, end), expected, "attempt {attempt}");
        assert_eq!(sent.failed(Ending::Gone, end), exhausted, "attempt {attempt}");
    }
}

#[test]
fn every_outcome_has_a_code_and_only_410_ends_the_delivery_at_once() {
    for (outcome, class) in [
        (PostOutcome::Dns, "dns"),
        (PostOutcome::BlockedAddress, "blocked_address"),
        (PostOutcome::Connect, "connect"),
        (PostOutcome::Tls, "tls"),
        (PostOutcome::Timeout, "timeout"),
        (PostOutcome::Disconnected, "disconnected"),
        (PostOutcome::BadResponse, "bad_response"),
        (PostOutcome::NoSecret, "no_secret"),
    ] {
        assert_eq!((outcome.class().as_str(), outcome.is_delivered(), outcome.ending()), (class, false, Ending::Retry));
    }
    for status in 100..=999 {
        let outcome = PostOutcome::Status(status);
        let ending = if status == 410 { Ending::Gone } else { Ending::Retry };
        assert_eq!((outcome.class(), outcome.is_delivered(), outcome.ending()), (format!("http_{status}"), status / 100 == 2, ending));
    }
}

proptest! {
    #[test]
    fn a_delivery_whose_every_message_comes_at_any_time_ends_with_the_first_success_or_the_sixth_failure(
        pauses_ms in prop::collection::vec(0_i64..100_000, 40), success_at in 1_u8..9
    ) {
        let (mut delivery, mut now, mut message) = (delivery(), NOW, 1);
        let mut sent = Vec::new();
        for pause_ms in pauses_ms {
            now = now.plus_millis(pause_ms);
            match delivery.next_step(message, now) {
                NextStep::Claim => {
                    prop_assert!(now >= delivery.due_at, "an attempt is never made before it is due");
                    delivery = delivery.claimed(now);
                    prop_assert_eq!(delivery.next_step(message, now), NextStep::Held);
                    sent.push(delivery.attempt);
                    delivery = if delivery.attempt == success_at {
                        Delivery { status: DeliveryStatus::Delivered, ..delivery }
                    } else {
                        delivery.failed(Ending::Retry, now)
                    };
                }
                NextStep::AnnounceNext { attempt, wait_ms } => {
                    message = attempt;
                    now = now.plus_millis(wait_ms);
                }
                NextStep::TooEarly { wait_ms } => now = now.plus_millis(wait_ms),
                NextStep::Held | NextStep::Done => break,
            }
        }
        let last = success_at.min(6);
        prop_assert_eq!(sent, (1..=last).collect::<Vec<u8>>());
        prop_assert_eq!(delivery.status, if success_at <= 6 { DeliveryStatus::Delivered } else { DeliveryStatus::Exhausted });
        prop_assert_eq!(delivery.attempt, last);
    }
}
