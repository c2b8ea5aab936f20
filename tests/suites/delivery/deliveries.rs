//! Deliveries under crashes, faults and duplicates at every step: none lost, none stuck, none forked; and replays of them.

use std::collections::BTreeMap;

use aws_lambda_events::sqs::{SqsEvent, SqsMessage};
use serde_json::{Value, json};
use store::{AttemptMessage, Lane};
use tests::fixtures::webhooks::{
    DELIVERIES, change, check_stats, click_and_convert, delivery, id_of, log, read, run_recovery, run_schedule, send_test, subscribe,
};
use tests::{Behaviour, Fault, Receiver, Rule, TestEnv};

/// What must be true of every delivery once faults have stopped and everything has come to rest.
async fn all_is_well(env: &TestEnv, receivers: &[&Receiver], faults: usize, what: &str) {
    let posted: Vec<_> = receivers.iter().flat_map(|receiver| receiver.posted()).collect();
    let mut posts: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for post in &posted {
        posts.entry(post.header("x-10x-delivery-id")).or_default().push(post.header("x-10x-attempt"));
    }
    let mut of_event_and_subscription = BTreeMap::new();
    let deliveries = log(env, "").await;
    for delivery in &deliveries {
        let id = delivery["deliveryId"].as_str().unwrap();
        assert!(["DELIVERED", "EXHAUSTED", "CANCELLED"].contains(&delivery["status"].as_str().unwrap()), "{what}: {delivery}");
        let attempts = delivery["attempts"].as_array().unwrap();
        let mut numbers: Vec<u64> = attempts.iter().map(|attempt| attempt["n"].as_u64().unwrap()).collect();
        numbers.sort_unstable();
        assert_eq!(numbers, (1..=numbers.len() as u64).collect::<Vec<_>>(), "{what}: one result an attempt, no holes: {delivery}");
        let sent = posts.get(id).cloned().unwrap_or_default();
        assert!(sent.len() <= attempts.len() + faults, "{what}: {} posts, {} attempts, {faults} faults", sent.len(), attempts.len());
        for number in &numbers {
            assert!(sent.contains(&number.to_string().as_str()), "{what}: attempt {number} is logged and was not sent: {delivery}");
        }
        *of_event_and_subscription.entry((delivery["eventId"].clone().to_string(), delivery["subscriptionId"].to_string())).or_insert(0) +=
            1;
    }
    assert!(of_event_and_subscription.values().all(|count| *count == 1), "{what}: {of_event_and_subscription:?}");
    let known = |post: &&tests::Posted| deliveries.iter().any(|delivery| delivery["deliveryId"] == post.header("x-10x-delivery-id"));
    assert!(posted.iter().all(|post| known(&post)), "{what}: something was sent that the log does not know");
    check_stats(env).await;
    for queue in ["DeliveriesQueue", "RetriesQueue"] {
        let depth = env.server().queue_depth(queue).unwrap();
        assert_eq!(depth.visible + depth.in_flight + depth.delayed, 0, "{what}: {queue}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_delivery_worker_that_dies_at_any_step_loses_and_forks_nothing() {
    for fault in [Fault::CrashBefore, Fault::CrashAfter] {
        let env = TestEnv::new().await;
        let receiver = Receiver::start().await;
        let subscription = subscribe(&env, &receiver, &["webhook.test"]).await;
        let mut survived = false;
        for number in 0..40 {
            receiver.clear();
            receiver.next([Behaviour::status(500)]);
            let id = send_test(&env, &subscription).await;
            // A failed attempt, and one that delivers.
            let work = async {
                env.deliver().await;
                env.advance_ms(5_000);
                env.deliver().await;
            };
            survived = env.crash_at("delivery-worker", number, fault, work).await.is_some();
            run_recovery(&env).await;
            let logged = delivery(&env, &id).await;
            assert_eq!(logged["status"], "DELIVERED", "{fault:?} at call {number}: {logged}");
            let posts = receiver.posted();
            let attempts = logged["attempts"].as_array().unwrap();
            assert!(posts.len() <= attempts.len() + usize::from(!survived), "{fault:?} at {number}: {} posts: {logged}", posts.len());
            assert!(posts.windows(2).all(|two| two[0].body == two[1].body), "{fault:?} at {number}");
            if survived {
                assert!(number >= 8, "only {number} calls");
                break;
            }
        }
        assert!(survived);
        check_stats(&env).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn workers_that_die_while_they_fan_out_an_event_deliver_it_to_each_subscription_once() {
    for (function, fault) in
        [("event-worker", Fault::CrashBefore), ("event-worker", Fault::CrashAfter), ("click-worker", Fault::CrashAfter)]
    {
        let env = TestEnv::new().await;
        let receivers = [Receiver::start().await, Receiver::start().await];
        for receiver in &receivers {
            subscribe(&env, receiver, &["link.clicked", "conversion.recorded"]).await;
        }
        let mut survived = false;
        for number in 0..80 {
            click_and_convert(&env, number).await;
            let mut clicks = Vec::new();
            let work = async {
                let keep = |messages: Vec<SqsMessage>| {
                    clicks.clone_from(&messages);
                    messages
                };
                env.drain_with("ClicksQueue", keep).await;
                env.drain("EventsQueue").await;
                env.process_events().await;
            };
            survived = env.crash_at(function, number, fault, work).await.is_some();
            // The queue gives a dead consumer's messages to the next one; clicks lie nowhere else.
            env.redeliver("click-worker", clicks).await;
            run_recovery(&env).await;
            for receiver in &receivers {
                let posted = receiver.posted();
                let of = |kind: &str| posted.iter().filter(|posted| posted.header("x-10x-event-type") == kind).count();
                let what = format!("{function} {fault:?} at call {number}");
                assert_eq!((of("link.clicked"), of("conversion.recorded")), (1, 1), "{what}");
                receiver.clear();
            }
            if survived {
                break;
            }
        }
        assert!(survived, "{function} {fault:?}");
        assert!(log(&env, "").await.iter().all(|delivery| delivery["status"] == "DELIVERED"));
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_service_that_fails_under_the_delivery_worker_delays_and_loses_nothing() {
    // With the calls of each kind that two attempts make: two claims, the first failure, the success.
    for (operation, calls) in [("GetItem", 3), ("UpdateItem", 2), ("PutItem", 1), ("TransactWriteItems", 1), ("SendMessage", 1)] {
        let faults = match operation {
            "UpdateItem" | "PutItem" | "TransactWriteItems" => {
                vec![Fault::AnswerLost, Fault::Throttled, Fault::Unreachable, Fault::Conflict, Fault::Doubled]
            }
            _ => vec![Fault::AnswerLost, Fault::Unreachable, Fault::Doubled],
        };
        for fault in faults {
            for skip in 0..calls {
                // Once, which the SDK repairs, and for longer than it retries.
                for times in [1, 7] {
                    let env = TestEnv::new().await;
                    let receiver = Receiver::start().await;
                    let subscription = subscribe(&env, &receiver, &["webhook.test"]).await;
                    receiver.next([Behaviour::status(503)]);
                    send_test(&env, &subscription).await;
                    let rule = Rule::on(operation).by("delivery-worker").after(skip).times(times);
                    let fired = env.faults.inject(rule, fault);
                    // A message that is given back comes again at once, and so meets the fault again: once is enough.
                    env.drain("DeliveriesQueue").await;
                    env.advance_ms(5_000);
                    env.drain("RetriesQueue").await;
                    fired.at_least_once();
                    let struck = fired.times();
                    env.faults.clear();
                    run_recovery(&env).await;
                    all_is_well(&env, &[&receiver], struck, &format!("{fault:?} on {operation} after {skip}, {times} times")).await;
                    assert_eq!(log(&env, "&status=DELIVERED").await.len(), 1);
                }
            }
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_service_that_fails_under_the_event_worker_delays_and_loses_nothing() {
    let env = TestEnv::new().await;
    let receivers = [Receiver::start().await, Receiver::start().await];
    for receiver in &receivers {
        subscribe(&env, receiver, &["link.clicked", "conversion.recorded", "link.updated"]).await;
    }
    let mut number = 0;
    for operation in ["Query", "GetItem", "TransactWriteItems", "PutItem", "UpdateItem", "SendMessage"] {
        let conflicts = if operation == "TransactWriteItems" { vec![Fault::Conflict] } else { Vec::new() };
        for fault in [Fault::AnswerLost, Fault::Unreachable, Fault::Doubled].into_iter().chain(conflicts) {
            // One transaction counts the conversion; the deliveries are created by plain writes.
            for skip in if operation == "TransactWriteItems" { 0..1 } else { 0..2 } {
                number += 1;
                let what = format!("{fault:?} on {operation} after {skip}");
                click_and_convert(&env, number).await;
                let body = json!({"destinationUrl": "https://example.com/", "title": format!("{number}")});
                env.owner().put("/v2/handles/demo/links/launch", body).await.expect(200);
                let fired = env.faults.inject(Rule::on(operation).by("event-worker").after(skip).times(7), fault);
                env.process_events().await;
                env.process_events().await;
                env.faults.clear();
                assert!(fired.times() > 0, "{what} never fired");
                run_recovery(&env).await;
                for receiver in &receivers {
                    let posted = receiver.posted();
                    let of = |kind: &str| posted.iter().filter(|posted| posted.header("x-10x-event-type") == kind).count();
                    assert_eq!((of("link.clicked"), of("conversion.recorded"), of("link.updated")), (1, 1, 1), "{what}");
                    receiver.clear();
                }
            }
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn messages_that_come_twice_late_and_in_any_order_make_no_attempt_of_their_own() {
    let env = TestEnv::new().await;
    let receiver = Receiver::start().await;
    receiver.always(Behaviour::status(500));
    let subscription = subscribe(&env, &receiver, &["webhook.test"]).await;
    let id = send_test(&env, &subscription).await;
    let mut kept: Vec<SqsMessage> = Vec::new();
    for delay in [0, 5, 10, 20, 40, 80] {
        env.advance_ms(delay * 1000);
        for queue in ["DeliveriesQueue", "RetriesQueue"] {
            env.drain_with(queue, |messages| {
                kept.extend(messages.iter().cloned());
                messages.iter().rev().chain(&messages).cloned().collect()
            })
            .await;
        }
        // All that ever came, once more.
        env.redeliver("delivery-worker", kept.clone()).await;
        env.deliver().await;
    }
    env.advance_ms(900_000);
    env.redeliver("delivery-worker", kept).await;
    run_recovery(&env).await;
    assert_eq!((receiver.posted().len(), &delivery(&env, &id).await["status"]), (6, &json!("EXHAUSTED")));
    all_is_well(&env, &[&receiver], 0, "duplicates").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_message_that_comes_early_waits_for_its_time() {
    let env = TestEnv::new().await;
    let receiver = Receiver::start().await;
    receiver.next([Behaviour::status(500)]);
    let subscription = subscribe(&env, &receiver, &["webhook.test"]).await;
    let id = send_test(&env, &subscription).await;
    env.deliver().await;
    let early =
        AttemptMessage { v: 1, handle: env.handle(), delivery_id: id.parse().unwrap(), attempt: 2, lane: Lane::Retries, request_id: None };
    for early_ms in [4_000, 900, 1] {
        env.advance_ms(5_000 - early_ms - (env.now().millis() - receiver_began(&env, &id).await));
        env.app("delivery-worker").store().outbox().announce_attempt(&early, 0).await.unwrap();
        env.deliver().await;
        assert_eq!(receiver.posted().len(), 1, "{early_ms} ms early");
    }
    env.advance_ms(1_000);
    env.deliver().await;
    assert_eq!(receiver.posted().len(), 2);
    run_recovery(&env).await;
    all_is_well(&env, &[&receiver], 0, "early").await;
}

/// When the first attempt of a delivery started, by the environment's clock, which does not move meanwhile.
async fn receiver_began(env: &TestEnv, id: &str) -> i64 {
    let logged = delivery(env, id).await;
    logged["attempts"][0]["startedAt"].as_str().unwrap().parse::<domain::values::moment::Moment>().unwrap().millis()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn unreadable_messages_are_returned_or_dropped_and_block_no_others() {
    let env = TestEnv::new().await;
    let receiver = Receiver::start().await;
    let subscription = subscribe(&env, &receiver, &["webhook.test"]).await;
    let id = send_test(&env, &subscription).await;
    let good = json!({"v": 1, "handle": "demo", "deliveryId": id, "attempt": 1, "lane": "first"});
    let with = |field: &str, value: Value| {
        let mut message = good.clone();
        message[field] = value;
        message.to_string()
    };
    let unreadable =
        ["", "null", "[]", "{}", &with("attempt", json!(-1)), &with("attempt", json!(2_147_483_648_u32)), &with("handle", json!("A#B"))];
    let idle = [
        with("attempt", json!(0)),
        with("attempt", json!(7)),
        with("attempt", json!(255)),
        with("handle", json!("other")),
        with("deliveryId", json!("dlv_01KJMF0W000000000000000009")),
    ];
    let mut event = SqsEvent::default();
    for (number, body) in unreadable.iter().map(|text| (*text).to_owned()).chain(idle).chain([good.to_string()]).enumerate() {
        let mut message = SqsMessage::default();
        message.message_id = Some(number.to_string());
        message.body = Some(body);
        event.records.push(message);
    }
    let failures = delivery_worker::handle(env.app("delivery-worker").clone(), event).await.batch_item_failures;
    let failed: Vec<&str> = failures.iter().map(|failure| failure.item_identifier.as_str()).collect();
    assert_eq!(failed, ["0", "1", "2", "3", "4", "5", "6"]);
    assert_eq!((receiver.posted().len(), &delivery(&env, &id).await["status"]), (1, &json!("DELIVERED")));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_success_counts_even_when_the_lease_was_lost_meanwhile() {
    let env = TestEnv::new().await;
    let receiver = Receiver::start().await;
    let subscription = subscribe(&env, &receiver, &["webhook.test"]).await;
    let id = send_test(&env, &subscription).await;
    // One worker holds the attempt and its receiver is slow; meanwhile another worker takes it over and fails.
    receiver.next([Behaviour::WhenReleased(200), Behaviour::status(500)]);
    let app = env.app("delivery-worker").clone();
    let message = json!({"v": 1, "handle": "demo", "deliveryId": id, "attempt": 1, "lane": "retries"}).to_string();
    let mut event = SqsEvent::default();
    let mut record = SqsMessage::default();
    record.message_id = Some("1".to_owned());
    record.body = Some(message);
    event.records.push(record);
    let slow = tokio::spawn(delivery_worker::handle(app, event));
    while receiver.posted().is_empty() {
        tokio::task::yield_now().await;
    }
    env.advance_ms(26_000);
    env.deliver().await;
    assert_eq!(delivery(&env, &id).await["status"], "SCHEDULED");
    receiver.release();
    assert!(slow.await.unwrap().batch_item_failures.is_empty());
    let logged = delivery(&env, &id).await;
    let outcomes: Vec<&str> = logged["attempts"].as_array().unwrap().iter().map(|attempt| attempt["outcome"].as_str().unwrap()).collect();
    assert_eq!((logged["status"].as_str().unwrap(), outcomes), ("DELIVERED", vec!["http_200", "http_500"]), "one result a lease: {logged}");
    check_stats(&env).await;
    run_recovery(&env).await;
    assert_eq!(receiver.posted().len(), 2);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_replay_is_a_new_delivery_of_the_same_bytes_and_leaves_the_old_log_alone() {
    let env = TestEnv::new().await;
    let receiver = Receiver::start().await;
    receiver.always(Behaviour::status(500));
    let subscription = subscribe(&env, &receiver, &["conversion.recorded"]).await;
    click_and_convert(&env, 1).await;
    env.process_events().await;
    env.deliver().await;
    let id = log(&env, "").await[0]["deliveryId"].as_str().unwrap().to_owned();
    let replay = format!("{DELIVERIES}/{id}/replay");
    env.operator().post(&replay, json!({})).await.refused(409, "conflict");
    run_schedule(&env).await;
    let before = delivery(&env, &id).await;
    assert_eq!(before["status"], "EXHAUSTED");
    receiver.always(Behaviour::status(200));
    let again = env.operator().post(&replay, json!({})).await.expect(202).json();
    assert_eq!((&again["eventId"], &again["trigger"]), (&before["eventId"], &json!("MANUAL")));
    assert_ne!(again["deliveryId"], before["deliveryId"]);
    env.deliver().await;
    let posted = receiver.posted();
    let (first, last) = (posted.first().unwrap(), posted.last().unwrap());
    assert_eq!((first.header("webhook-id"), &first.body), (last.header("webhook-id"), &last.body));
    assert_eq!((last.header("x-10x-delivery-id"), last.header("x-10x-attempt")), (again["deliveryId"].as_str().unwrap(), "1"));
    assert_eq!(delivery(&env, again["deliveryId"].as_str().unwrap()).await["status"], "DELIVERED");
    assert_eq!(delivery(&env, &id).await, before);
    // What is delivered can be sent again too.
    env.operator().post(&replay, json!({})).await.expect(202);
    env.stranger().post(&replay, json!({})).await.refused(404, "handle_not_found");
    env.owner().post("/v2/handles", json!({"handle": "other-shop"})).await.expect(201);
    env.owner().post(&replay.replace("demo", "other-shop"), json!({})).await.refused(404, "not_found");
    let audited = env.operator().get("/v2/handles/demo/audit-events").await.expect(200).text();
    assert!(audited.contains("delivery.replayed"));
    // And to a subscription that is off, nothing can be sent.
    change(&env, &subscription, json!({"enabled": false})).await;
    env.operator().post(&replay, json!({})).await.refused(409, "conflict");
    assert_eq!(read(&env, &subscription).await["status"], "DISABLED");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_log_is_filtered_by_event_and_a_delivery_shows_what_was_sent_but_for_the_signatures() {
    let env = TestEnv::new().await;
    let receiver = Receiver::start().await;
    receiver.always(Behaviour::status(500));
    let subscription = subscribe(&env, &receiver, &["*"]).await;
    click_and_convert(&env, 1).await;
    send_test(&env, &subscription).await;
    let waiting = log(&env, "&eventType=webhook.test").await;
    let request = delivery(&env, waiting[0]["deliveryId"].as_str().unwrap()).await["request"].take();
    assert_eq!((&request["headers"]["x-10x-attempt"], request["headers"].get("webhook-timestamp")), (&json!("1"), None));
    env.process_events().await;
    env.deliver().await;
    run_schedule(&env).await;
    let whole = log(&env, "").await;
    let posted = receiver.posted();
    for entry in &whole {
        let (kind, event) = (entry["eventType"].as_str().unwrap(), entry["eventId"].as_str().unwrap());
        let of = |name: &str, value: &str| -> Vec<Value> { whole.iter().filter(|entry| entry[name] == value).cloned().collect() };
        assert_eq!(log(&env, &format!("&eventType={kind}")).await, of("eventType", kind));
        assert_eq!(log(&env, &format!("&eventId={event}")).await, of("eventId", event));
        assert_eq!(log(&env, &format!("&eventId={event}&eventType=link.deleted")).await, Vec::<Value>::new());

        let id = entry["deliveryId"].as_str().unwrap();
        let mut shown = delivery(&env, id).await;
        let request = shown.as_object_mut().unwrap().remove("request").unwrap();
        assert_eq!(shown, *entry);
        let last = posted.iter().rfind(|post| post.header("x-10x-delivery-id") == id).expect("an attempt");
        assert_eq!(request["body"].as_str().unwrap().as_bytes(), last.body);
        let headers = request["headers"].as_object().unwrap();
        assert!(headers.len() == 9 && headers.values().filter(|value| *value == "withheld").count() == 2, "{headers:?}");
        for (name, value) in headers {
            let sent = last.header(name);
            assert!(if value == "withheld" { sent.len() > 20 } else { value == sent }, "{name}: {value} and {sent}");
        }
    }
    assert!(whole.len() >= 4, "{whole:?}");
    for (query, field) in [("eventType=link.opened", "eventType"), ("eventId=evt_1", "eventId"), ("eventId=a&eventId=b", "eventId")] {
        let refused = env.operator().get(&format!("{DELIVERIES}?{query}")).await.refused(400, "invalid_payload");
        assert!(refused.fields().contains(&field.to_owned()), "{query}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_receiver_that_was_down_for_ten_minutes_gets_everything_by_one_replay() {
    let env = TestEnv::new().await;
    let receiver = Receiver::start().await;
    let subscription = subscribe(&env, &receiver, &["conversion.recorded"]).await;
    click_and_convert(&env, 1).await;
    env.process_events().await;
    env.deliver().await;
    let ctx = env.visitor().number(2).follow("launch").await.expect(302).ctx();
    env.advance_ms(1000);
    let down_at = env.now();
    receiver.always(Behaviour::Reset);
    let mut conversions = Vec::new();
    for number in 0..120 {
        let body = json!({"ctx": ctx, "idempotencyKey": format!("down-{number}"), "eventType": "purchase", "value": 1, "currency": "USD"});
        let accepted = env.anonymous().post("/v2/public/conversions", body).await.expect(202).json();
        conversions.push(accepted["conversionId"].as_str().unwrap().to_owned());
        env.advance_ms(10);
    }
    env.process_events().await;
    run_schedule(&env).await;
    env.advance_ms(600_000);
    assert_eq!(log(&env, "&status=EXHAUSTED").await.len(), 120);
    receiver.always(Behaviour::status(200));
    receiver.clear();
    let mut range = json!({"since": down_at, "until": env.now(), "subscriptionId": id_of(&subscription)});
    let mut replayed = Vec::new();
    for most in [100, 20] {
        let answer = env.operator().post(&format!("{DELIVERIES}/replay"), range.clone()).await.expect(202).json();
        let items = answer["items"].as_array().unwrap();
        assert_eq!(items.len(), most);
        replayed.extend(items.iter().map(|item| item["eventId"].to_string()));
        range["cursor"] = answer["nextCursor"].clone();
    }
    assert_eq!(range["cursor"], Value::Null);
    env.deliver().await;
    let mut arrived: Vec<String> =
        receiver.posted().iter().map(|posted| posted.json()["payload"]["conversionId"].as_str().unwrap().to_owned()).collect();
    arrived.sort();
    conversions.sort();
    assert_eq!(arrived, conversions);
    replayed.sort();
    replayed.dedup();
    assert_eq!(replayed.len(), 120);
    // A month back is as far as the log goes.
    let body = json!({"since": env.now().plus_days(-31)});
    let refused = env.operator().post(&format!("{DELIVERIES}/replay"), body).await.refused(400, "invalid_payload");
    assert_eq!(refused.fields(), ["since"]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_range_is_sent_again_until_its_receiver_has_it_and_what_was_cancelled_with_it() {
    let env = TestEnv::new().await;
    let receiver = Receiver::start().await;
    let since = env.now();
    let subscription = subscribe(&env, &receiver, &["webhook.test"]).await;
    let range = json!({"since": since, "subscriptionId": id_of(&subscription)});
    let replay = async |range: &Value| {
        env.advance_ms(1);
        let answer = env.operator().post(&format!("{DELIVERIES}/replay"), range.clone()).await.expect(202).json();
        let mut events: Vec<String> = answer["items"].as_array().unwrap().iter().map(|item| item["eventId"].to_string()).collect();
        events.sort();
        events
    };
    receiver.always(Behaviour::status(500));
    let mut missed = Vec::new();
    for _ in 0..2 {
        let id = send_test(&env, &subscription).await;
        missed.push(delivery(&env, &id).await["eventId"].to_string());
    }
    run_schedule(&env).await;
    // One more waits when its owner switches the subscription off.
    let waiting = send_test(&env, &subscription).await;
    change(&env, &subscription, json!({"enabled": false})).await;
    env.deliver().await;
    let cancelled = delivery(&env, &waiting).await;
    assert_eq!(cancelled["status"], "CANCELLED");
    missed.push(cancelled["eventId"].to_string());
    change(&env, &subscription, json!({"enabled": true})).await;
    missed.sort();
    assert_eq!(replay(&range).await, missed, "what was exhausted and what was cancelled");
    assert_eq!(replay(&range).await, Vec::<String>::new(), "all of it is on its way");
    run_schedule(&env).await;
    assert_eq!(replay(&range).await, missed, "the replays failed too");
    receiver.always(Behaviour::status(200));
    run_schedule(&env).await;
    for status in [Value::Null, json!("EXHAUSTED"), json!("CANCELLED")] {
        let mut range = range.clone();
        range["status"] = status;
        assert_eq!(replay(&range).await, Vec::<String>::new(), "the receiver has it: {range}");
    }
    let mut lost = range.clone();
    lost["status"] = json!("DELIVERED");
    assert_eq!(replay(&lost).await, missed, "a receiver that lost what it had");
    // One that is sent again by itself counts as well.
    run_schedule(&env).await;
    receiver.always(Behaviour::status(500));
    let id = send_test(&env, &subscription).await;
    run_schedule(&env).await;
    receiver.always(Behaviour::status(200));
    env.operator().post(&format!("{DELIVERIES}/{id}/replay"), json!({})).await.expect(202);
    env.deliver().await;
    assert_eq!(replay(&range).await, Vec::<String>::new());
    assert_eq!(delivery(&env, &id).await["attempts"].as_array().unwrap().len(), 6, "the log of the first is kept");
}
