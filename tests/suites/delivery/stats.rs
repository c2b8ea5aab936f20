//! Statistics of a subscription: what they count is what the delivery log has.

use serde_json::{Value, json};
use tests::fixtures::webhooks::{WEBHOOKS, change, check_stats, delivery, id_of, read, send_test, stats, subscribe};
use tests::{Behaviour, Random, Receiver, TestEnv};

/// Has the next attempt take this long, by the clock of the test, and be answered with this status.
async fn attempt(env: &TestEnv, receiver: &Receiver, status: u16, millis: i64) {
    let before = receiver.posted().len();
    receiver.next([Behaviour::WhenReleased(status)]);
    let meanwhile = async {
        while receiver.posted().len() == before {
            tokio::task::yield_now().await;
        }
        env.advance_ms(millis);
        receiver.release();
    };
    tokio::join!(env.deliver(), meanwhile);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn in_any_history_the_statistics_are_what_the_log_has() {
    let env = TestEnv::new().await;
    let mut random = Random::new(47);
    let receiver = Receiver::start().await;
    let subscriptions = [subscribe(&env, &receiver, &["webhook.test"]).await, subscribe(&env, &receiver, &["webhook.test"]).await];
    let mut ends = std::collections::BTreeMap::new();
    for _ in 0..40 {
        let subscription = &subscriptions[random.below(2)];
        let id = send_test(&env, subscription).await;
        let is_failing = random.one_in(3);
        loop {
            if random.one_in(12) {
                change(&env, subscription, json!({"enabled": false})).await;
                env.deliver().await;
                change(&env, subscription, json!({"enabled": true})).await;
            } else {
                let status = if is_failing { 503 } else { random.pick(&[200, 204, 500]) };
                let longest = random.pick(&[12, 130, 900, 12_000]);
                attempt(&env, &receiver, status, i64::try_from(random.below(longest)).unwrap()).await;
            }
            let known = delivery(&env, &id).await;
            let status = known["status"].as_str().unwrap().to_owned();
            if status != "SCHEDULED" {
                *ends.entry(status).or_insert(0) += 1;
                break;
            }
            env.advance_ms(80_000);
        }
        env.advance_ms(i64::try_from(random.below(3_600_000)).unwrap());
    }
    assert!(["DELIVERED", "EXHAUSTED", "CANCELLED"].iter().all(|status| ends.contains_key(*status)), "{ends:?}");
    check_stats(&env).await;

    // The panel counts the last 24 of these hours.
    let panel = env.operator().get("/v2/handles/demo/notifications").await.expect(200).json();
    for webhook in panel["webhooks"].as_array().unwrap() {
        let found = stats(&env, id_of(webhook), "by=hour").await;
        let last: Vec<&Value> = found["rows"].as_array().unwrap().iter().rev().take(24).collect();
        for count in ["delivered", "failed"] {
            let sum: i64 = last.iter().map(|row| row[count].as_i64().unwrap()).sum();
            assert_eq!(webhook["counts24h"][count], json!(sum), "{count}");
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_success_after_the_end_takes_the_place_of_the_failure_in_its_hour() {
    let env = TestEnv::new().await;
    let receiver = Receiver::start().await;
    let subscription = subscribe(&env, &receiver, &["webhook.test"]).await;
    receiver.next([Behaviour::WhenReleased(200)]);
    receiver.always(Behaviour::status(500));
    let id = send_test(&env, &subscription).await;
    let meanwhile = async {
        while receiver.posted().is_empty() {
            tokio::task::yield_now().await;
        }
        // The first worker's lease ends; another one has every attempt fail.
        for _ in 0..6 {
            env.advance_ms(181_000);
            env.sweep().await;
            env.drain("DeliveriesQueue").await;
            env.drain("RetriesQueue").await;
        }
        assert_eq!(delivery(&env, &id).await["status"], "EXHAUSTED");
        assert_eq!(stats(&env, id_of(&subscription), "").await["totals"]["failed"], 1);
        env.set_time("2026-03-01T13:05:00Z");
        receiver.release();
    };
    tokio::join!(env.drain("DeliveriesQueue"), meanwhile);
    assert_eq!(delivery(&env, &id).await["status"], "DELIVERED");
    let found = stats(&env, id_of(&subscription), "from=2026-03-01&to=2026-03-01").await;
    let figures = |row: &Value| ["delivered", "failed", "attempts"].map(|name| row[name].as_i64().unwrap());
    let rows = found["rows"].as_array().unwrap();
    assert_eq!((rows.len(), figures(&rows[12]), figures(&rows[13])), (14, [1, 0, 7], [0, 0, 0]), "{found}");
    assert_eq!(rows[12]["hour"], "2026-03-01T12:00:00.000Z");
    assert_eq!(rows[13]["p50Ms"], Value::Null);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn statistics_are_read_by_operators_and_programs_and_a_bad_query_is_named() {
    let env = TestEnv::new().await;
    let receiver = Receiver::start().await;
    let subscription = subscribe(&env, &receiver, &["webhook.test"]).await;
    send_test(&env, &subscription).await;
    attempt(&env, &receiver, 200, 110).await;
    let path = format!("{WEBHOOKS}/{}/stats", id_of(&subscription));
    let found = env.operator().get(&path).await.expect(200).json();
    assert_eq!((&found["from"], &found["to"], &found["by"]), (&json!("2026-02-23"), &json!("2026-03-01"), &json!("hour")));
    assert_eq!(
        found["totals"],
        json!({"delivered": 1, "failed": 0, "attempts": 1, "p50Ms": 150, "p95Ms": 150}),
        "one attempt of 101 to 200 ms"
    );
    assert_eq!(found["rows"].as_array().unwrap().len(), 6 * 24 + 13);
    let program = env.pat_client(&["webhooks.read"]).await;
    assert_eq!(program.get(&path.replace("/v2/handles", "/v2/public/handles")).await.expect(200).json(), found);
    for (query, fields) in [
        ("from=2026-02-22&to=2026-03-01", vec!["from"]),
        ("from=2026-03-02&to=2026-03-01", vec!["from"]),
        ("by=day&colour=red", vec!["by", "colour"]),
        ("from=yesterday&to=2026-3-1", vec!["to", "from"]),
    ] {
        assert_eq!(env.operator().get(&format!("{path}?{query}")).await.refused(400, "invalid_payload").fields(), fields, "{query}");
    }
    let tomorrow = stats(&env, id_of(&subscription), "from=2026-03-02&to=2026-03-04").await;
    assert_eq!((&tomorrow["rows"], &tomorrow["totals"]["p95Ms"]), (&json!([]), &Value::Null));
    env.creator().get(&path).await.refused(403, "insufficient_role");
    let unknown = path.replace(id_of(&subscription), "whs_01KJWGAH80000000000000000A");
    env.operator().get(&unknown).await.refused(404, "not_found");
    env.advance_days(31);
    assert_eq!(read(&env, &subscription).await["status"], "ACTIVE");
    assert_eq!(stats(&env, id_of(&subscription), "from=2026-02-27&to=2026-03-01").await["rows"], json!([]), "no longer kept");
}
