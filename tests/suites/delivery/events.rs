//! Commission events always arrive: signed, in order of their attempts, and delivered once, whatever causes them.

use std::collections::BTreeSet;

use domain::webhooks::event::WebhookEventType;
use serde_json::{Value, json};
use tests::fixtures::webhooks::{DELIVERIES, WEBHOOKS, id_of, subscribe};
use tests::{Behaviour, Receiver, TestEnv, TestEnvOptions, messages};

/// The code that the console shows for receivers in Rust.
#[expect(unreachable_pub, reason = "it is public where a receiver has it")]
#[path = "../../../functions/console/web/src/pages/lifecycle/webhooks/verify/verify.rs"]
mod shown_by_the_console;

/// Works off everything that is on its way, what follows from it too.
async fn carry_out(env: &TestEnv) {
    for _ in 0..2 {
        env.process_events().await;
        env.deliver().await;
    }
}

/// What arrived since `seen`, oldest first, as type and payload.
async fn arrived(env: &TestEnv, receiver: &Receiver, seen: &mut usize) -> Vec<(String, Value)> {
    carry_out(env).await;
    let posted = receiver.posted();
    let fresh = posted[*seen..].iter().map(|posted| {
        let body = posted.json();
        (body["type"].as_str().unwrap().to_owned(), body["payload"].clone())
    });
    let fresh = fresh.collect();
    *seen = posted.len();
    fresh
}

async fn click_and_convert(env: &TestEnv, key: &str) -> Value {
    env.put_link("launch").await;
    let receipt = env.follow_and_convert("launch", 1000, key, 24.99, "USD").await;
    env.process_events().await;
    receipt
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_conversion_arrives_with_signatures_that_independent_clients_verify() {
    let env = TestEnv::new().await;
    // The client goes by the machine's clock.
    env.set_time(&domain::values::moment::Moment::from_millis(local::wall_clock()).to_string());
    let receiver = Receiver::start().await;
    let subscription = subscribe(&env, &receiver, &["link.clicked", "conversion.tested"]).await;
    let secret = subscription["secret"].as_str().unwrap();
    let conversion = click_and_convert(&env, "order-1").await;
    env.deliver().await;
    let posted = receiver.posted();
    let of_type = |name: &str| posted.iter().filter(|posted| posted.header("x-10x-event-type") == name).count();
    assert_eq!((of_type("link.clicked"), of_type("conversion.recorded"), posted.len()), (1, 1, 2));
    let message = posted.iter().find(|posted| posted.header("x-10x-event-type") == "conversion.recorded").unwrap();
    let payload = &message.json()["payload"];
    for field in ["conversionId", "clickId", "campaignId", "value", "currency", "eventType", "trust"] {
        assert_eq!(payload[field], conversion[field], "{field}");
    }
    assert_eq!((&payload["test"], &message.json()["handle"], message.path.as_str()), (&json!(false), &json!("demo"), "/ingest"));
    assert_eq!(message.header("webhook-id"), message.json()["id"].as_str().unwrap());
    assert_eq!((message.header("x-10x-attempt"), message.header("content-type")), ("1", "application/json"));
    let mut headers = http::HeaderMap::new();
    for name in ["webhook-id", "webhook-signature"] {
        headers.insert(name, message.header(name).parse().unwrap());
    }
    headers.insert("webhook-timestamp", message.header("webhook-timestamp").parse().unwrap());
    let verify = |body: &[u8]| shown_by_the_console::verify(secret, &headers, body);
    assert_eq!(verify(&message.body).unwrap(), message.json());
    assert_eq!(message.header("webhook-timestamp"), env.now().seconds().to_string());
    let mut tampered = message.body.clone();
    tampered[10] ^= 1;
    assert!(verify(&tampered).is_err());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_failing_receiver_is_tried_six_times_on_the_schedule_and_never_early() {
    let env = TestEnv::new().await;
    let receiver = Receiver::start().await;
    receiver.always(Behaviour::status(500));
    subscribe(&env, &receiver, &["conversion.recorded"]).await;
    click_and_convert(&env, "order-1").await;
    env.deliver().await;
    let mut attempts = 1;
    assert_eq!(receiver.posted().len(), attempts);
    for delay in [5, 10, 20, 40, 80] {
        env.advance_ms(delay * 1000 - 1);
        env.deliver().await;
        assert_eq!(receiver.posted().len(), attempts, "early before {delay} s");
        env.advance_ms(1);
        env.deliver().await;
        attempts += 1;
        assert_eq!(receiver.posted().len(), attempts, "after {delay} s");
    }
    env.advance_ms(3_600_000);
    env.deliver().await;
    assert_eq!(receiver.posted().len(), 6);
    let log = env.operator().get(DELIVERIES).await.expect(200).json();
    let delivery = &log["items"][0];
    assert_eq!((&delivery["status"], log["items"].as_array().unwrap().len()), (&json!("EXHAUSTED"), 1));
    let numbers: Vec<u64> = delivery["attempts"].as_array().unwrap().iter().map(|attempt| attempt["n"].as_u64().unwrap()).collect();
    assert_eq!(numbers, [1, 2, 3, 4, 5, 6]);
    assert!(delivery["attempts"].as_array().unwrap().iter().all(|attempt| attempt["outcome"] == "http_500"));
    let posted = receiver.posted();
    assert!(posted.windows(2).all(|two| two[0].body == two[1].body && two[0].header("webhook-id") == two[1].header("webhook-id")));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_event_of_the_catalogue_arrives_from_what_causes_it() {
    let env = TestEnv::new().await;
    let receiver = Receiver::start().await;
    subscribe(&env, &receiver, &["*"]).await;
    let (mut seen, mut types) = (0, BTreeSet::new());
    let mut expect = async |what: &str, expected: &[(&str, Value)]| {
        let mut fresh = arrived(&env, &receiver, &mut seen).await;
        // What is under way at once arrives in any order.
        fresh.sort_by(|one, other| one.0.cmp(&other.0));
        let kinds: Vec<&str> = fresh.iter().map(|(kind, _)| kind.as_str()).collect();
        assert_eq!(kinds, expected.iter().map(|(kind, _)| *kind).collect::<Vec<_>>(), "{what}");
        for ((kind, payload), (_, members)) in fresh.iter().zip(expected) {
            for (member, value) in members.as_object().unwrap() {
                assert_eq!(&payload[member], value, "{what}: {member} of {kind}");
            }
        }
        types.extend(fresh.into_iter().map(|(kind, _)| kind));
    };
    let launch = "/v2/handles/demo/links/launch";
    let (first, next) = ("https://example.com/first", "https://example.com/next");
    env.creator().put(launch, json!({"destinationUrl": first, "title": "Launch"})).await.expect(201);
    let made = json!({"slug": "launch", "version": 1, "destinationUrl": first, "title": "Launch", "enabled": true, "campaignId": null});
    expect("a link is made", &[("link.created", made)]).await;
    env.creator().put(launch, json!({"destinationUrl": next})).await.expect(200);
    expect("a link is changed", &[("link.updated", json!({"version": 2, "destinationUrl": next}))]).await;
    env.creator().post(&format!("{launch}/rollback"), json!({"version": 1})).await.expect(200);
    expect("a link is rolled back", &[("link.updated", json!({"version": 3, "destinationUrl": first}))]).await;

    let campaigns = "/v2/handles/demo/campaigns";
    let spring = json!({"campaignId": "spring", "goalType": "PRODUCT_SALE", "status": "ACTIVE", "primarySlug": "launch"});
    env.creator().post(campaigns, spring).await.expect(201);
    expect("a campaign takes a link", &[("link.updated", json!({"version": 4, "campaignId": "spring"}))]).await;
    let deal = json!({"slug": "deal-alpha", "destinationUrl": first});
    let alpha = json!({"campaignId": "partner-alpha", "goalType": "AFFILIATE_CLICKOUT", "status": "ACTIVE", "primaryLink": deal});
    env.creator().post(campaigns, alpha).await.expect(201);
    expect("a campaign makes a link", &[("link.created", json!({"slug": "deal-alpha", "campaignId": "partner-alpha"}))]).await;

    env.creator().get(&format!("{campaigns}/spring/health")).await.expect(200);
    expect("a first look at a campaign's health", &[]).await;
    let off = json!({"destinationUrl": first, "enabled": false, "campaignId": "spring"});
    env.creator().put(launch, off).await.expect(200);
    for _ in 0..2 {
        env.creator().get(&format!("{campaigns}/spring/health")).await.expect(200);
    }
    let fell = json!({"campaignId": "spring", "before": "WARN", "after": "FAIL"});
    let off = json!({"version": 5, "enabled": false});
    expect("a campaign's health fell with its link", &[("campaign.health_changed", fell), ("link.updated", off)]).await;
    env.creator().post(&format!("{launch}/rollback"), json!({"version": 4})).await.expect(200);
    expect("a link is on again", &[("link.updated", json!({"version": 6, "enabled": true, "campaignId": "spring"}))]).await;

    env.anonymous().with("host", "demo.localhost:9000").with("user-agent", "curl/8.5").get("/launch").await.expect(302);
    env.visitor().with("sec-purpose", "prefetch").follow("launch").await.expect(302);
    env.visitor().head("launch").await.expect(302);
    expect("bots", &[]).await;
    let redirect = env.visitor().in_country("DE").follow("launch?utm_source=instagram").await.expect(302);
    let click = json!({"slug": "launch", "campaignId": "spring", "verdict": "human", "reasons": [], "country": "DE", "device": "DESKTOP", "source": "instagram"});
    expect("a click", &[("link.clicked", click)]).await;
    env.advance_ms(1000);
    let order = json!({"ctx": redirect.ctx(), "idempotencyKey": "order-1", "eventType": "purchase", "value": 24.99, "currency": "USD"});
    let accepted = env.anonymous().post("/v2/public/conversions", order).await.expect(202).json();
    let payload = json!({"conversionId": accepted["conversionId"], "clickId": accepted["clickId"], "campaignId": "spring", "value": 24.99, "currency": "USD", "eventType": "purchase", "trust": "claimed", "test": false});
    expect("a conversion", &[("conversion.recorded", payload)]).await;
    let test = env
        .creator()
        .post(&format!("{campaigns}/spring/test-conversion"), json!({"value": 1.5, "currency": "EUR"}))
        .await
        .expect(202)
        .json();
    let payload = json!({"conversionId": test["conversionId"], "campaignId": "spring", "value": 1.5, "currency": "EUR", "test": true});
    expect("a test conversion", &[("conversion.tested", payload)]).await;
    env.creator().delete(launch).await.expect(204);
    expect("a link is deleted", &[("link.deleted", json!({"slug": "launch", "version": 6, "destinationUrl": first}))]).await;

    let gone = Receiver::start().await;
    gone.always(Behaviour::status(410));
    let other = subscribe(&env, &gone, &["webhook.test"]).await;
    env.operator().post(&format!("{WEBHOOKS}/{}/test", id_of(&other)), json!({})).await.expect(202);
    let disabled = json!({"subscriptionId": id_of(&other), "status": "DISABLED_GONE"});
    expect("a receiver is gone", &[("webhook.disabled", disabled)]).await;
    let own = env.operator().get(WEBHOOKS).await.expect(200).json()["items"][0].clone();
    env.operator().post(&format!("{WEBHOOKS}/{}/test", id_of(&own)), json!({})).await.expect(202);
    expect("a test", &[("webhook.test", json!({"subscriptionId": id_of(&own)}))]).await;

    let catalogue: BTreeSet<String> = WebhookEventType::ALL.iter().map(|kind| kind.as_str().to_owned()).collect();
    assert_eq!((&types, &messages::documented()), (&catalogue, &catalogue), "seen, documented, and in the catalogue");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn events_of_bots_are_delivered_only_to_subscriptions_that_include_them() {
    let env = TestEnv::new().await;
    let (people, all) = (Receiver::start().await, Receiver::start().await);
    subscribe(&env, &people, &["link.clicked"]).await;
    let body = json!({"endpointUrl": all.url("/"), "eventTypes": ["link.clicked"], "includeBots": true});
    env.operator().post(WEBHOOKS, body).await.expect(201);
    env.owner().put("/v2/handles/demo/links/launch", json!({"destinationUrl": "https://example.com/"})).await.expect(201);
    env.visitor().with("user-agent", "Googlebot/2.1 (+http://www.google.com/bot.html)").follow("launch").await.expect(302);
    env.visitor().follow("launch").await.expect(302);
    carry_out(&env).await;
    let verdicts = |receiver: &Receiver| {
        let verdicts = receiver.posted().into_iter().map(|posted| posted.json()["payload"]["verdict"].as_str().unwrap().to_owned());
        verdicts.collect::<BTreeSet<_>>().into_iter().collect::<Vec<_>>()
    };
    assert_eq!((verdicts(&people), verdicts(&all)), (vec!["human".to_owned()], vec!["bot".to_owned(), "human".to_owned()]));
    assert_eq!((people.posted().len(), all.posted().len()), (1, 2));
    let bot = all.posted().into_iter().find(|posted| posted.json()["payload"]["verdict"] == "bot").unwrap();
    assert_eq!(bot.json()["payload"]["reasons"], json!(["declared_bot"]));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_subscription_receives_what_it_named_and_nothing_while_it_is_disabled() {
    let env = TestEnv::new().await;
    env.campaign("spring").await;
    env.owner().put("/v2/handles/demo/links/launch", json!({"destinationUrl": "https://example.com/"})).await.expect(201);
    env.creator().put("/v2/handles/demo/campaigns/spring", json!({"primarySlug": "launch"})).await.expect(200);
    carry_out(&env).await;
    let filters: [&[&str]; 5] =
        [&["conversion.recorded"], &["conversion.tested"], &["link.created", "link.deleted"], &["*"], &["link.updated", "*"]];
    let mut subscribers = Vec::new();
    for types in filters {
        let receiver = Receiver::start().await;
        subscribers.push((subscribe(&env, &receiver, types).await, receiver));
    }
    let off = Receiver::start().await;
    let body = json!({"endpointUrl": off.url("/"), "eventTypes": ["*"], "enabled": false});
    let disabled = env.operator().post(WEBHOOKS, body).await.expect(201).json();
    assert_eq!(disabled["status"], "DISABLED");
    let cause = async |key: &str| {
        let ctx = env.visitor().follow("launch").await.expect(302).ctx();
        env.advance_ms(1000);
        let body = json!({"ctx": ctx, "idempotencyKey": key, "eventType": "purchase"});
        env.anonymous().post("/v2/public/conversions", body).await.expect(202);
        env.creator().post("/v2/handles/demo/campaigns/spring/test-conversion", json!({})).await.expect(202);
        env.creator()
            .put(&format!("/v2/handles/demo/links/new-{key}"), json!({"destinationUrl": "https://example.com/"}))
            .await
            .expect(201);
        carry_out(&env).await;
    };
    cause("order-1").await;
    let types = |receiver: &Receiver| {
        let mut types: Vec<String> = receiver.posted().iter().map(|posted| posted.header("x-10x-event-type").to_owned()).collect();
        types.sort();
        types
    };
    let all = ["conversion.recorded", "conversion.tested", "link.clicked", "link.created"];
    let expected: [&[&str]; 5] = [&["conversion.recorded"], &["conversion.recorded", "conversion.tested"], &["link.created"], &all, &all];
    for (((subscription, receiver), expected), filter) in subscribers.iter().zip(expected).zip(filters) {
        assert_eq!(types(receiver), expected, "{filter:?}");
        let bodies: Vec<bool> = receiver.posted().iter().map(|posted| posted.json()["payload"]["test"] == true).collect();
        assert_eq!(bodies.iter().filter(|is_test| **is_test).count(), expected.iter().filter(|kind| **kind == "conversion.tested").count());
        let switch = json!({"enabled": false});
        env.operator().put(&format!("{WEBHOOKS}/{}", id_of(subscription)), switch).await.expect(200);
    }
    assert_eq!(off.connections(), 0);
    let before: Vec<usize> = subscribers.iter().map(|(_, receiver)| receiver.posted().len()).collect();
    env.operator().put(&format!("{WEBHOOKS}/{}", id_of(&disabled)), json!({"enabled": true})).await.expect(200);
    cause("order-2").await;
    assert_eq!(subscribers.iter().map(|(_, receiver)| receiver.posted().len()).collect::<Vec<_>>(), before, "disabled subscriptions");
    assert_eq!(types(&off), all, "what happened while it was off is not made up for");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_conversion_is_delivered_once_for_its_key_under_duplicates() {
    let env = TestEnv::new().await;
    let receiver = Receiver::start().await;
    subscribe(&env, &receiver, &["conversion.recorded"]).await;
    env.owner().put("/v2/handles/demo/links/launch", json!({"destinationUrl": "https://example.com/"})).await.expect(201);
    let ctx = env.visitor().follow("launch").await.expect(302).ctx();
    env.advance_ms(1000);
    let body = json!({"ctx": ctx, "idempotencyKey": "order-1", "eventType": "purchase", "value": 24.99, "currency": "USD"});
    env.anonymous().post("/v2/public/conversions", body.clone()).await.expect(202);
    for _ in 0..3 {
        env.anonymous().post("/v2/public/conversions", body.clone()).await.expect(200);
    }
    env.drain("ClicksQueue").await;
    let (mut outbox, mut attempts) = (Vec::new(), Vec::new());
    env.drain_with("EventsQueue", |messages| {
        outbox.extend(messages.clone());
        messages
    })
    .await;
    env.redeliver("event-worker", outbox.clone()).await;
    env.drain_with("DeliveriesQueue", |messages| {
        attempts.extend(messages.clone());
        messages
    })
    .await;
    env.redeliver("delivery-worker", attempts.clone()).await;
    env.redeliver("event-worker", outbox).await;
    env.advance_ms(120_000);
    env.sweep().await;
    carry_out(&env).await;
    assert!(!attempts.is_empty());
    assert_eq!(receiver.posted().len(), 1, "{:?}", receiver.posted());
    assert_eq!(env.operator().get(DELIVERIES).await.expect(200).json()["items"].as_array().unwrap().len(), 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_webhook_calls_of_the_documentation_work_as_pasted() {
    let env = TestEnv::new().await;
    let paste = |text: &str| serde_json::from_str::<Value>(text).unwrap();
    // Nothing causes an event here, so no connection is made.
    let commissions = paste(
        r#"{
"endpointUrl": "https://commissions.example.com/ingest",
"eventTypes": ["link.clicked", "conversion.tested"]
}"#,
    );
    let made = env.operator().post(WEBHOOKS, commissions).await.expect(201).json();
    let members: Vec<&String> = made.as_object().unwrap().keys().collect();
    for member in ["subscriptionId", "endpointUrl", "eventTypes", "status", "createdAt", "secret"] {
        assert!(members.iter().any(|known| *known == member), "no {member} in {members:?}");
    }
    assert_eq!((&made["endpointUrl"], &made["status"]), (&json!("https://commissions.example.com/ingest"), &json!("ACTIVE")));
    assert_eq!(made["eventTypes"], json!(["link.clicked", "conversion.tested"]));
    let secret = made["secret"].as_str().unwrap();
    assert!(secret.starts_with("whsec_") && secret.len() == "whsec_".len() + 44, "a secret of 32 bytes in base64");
    for path in [WEBHOOKS.to_owned(), format!("{WEBHOOKS}/{}", id_of(&made)), "/v2/handles/demo/notifications".to_owned()] {
        assert!(!env.operator().get(&path).await.expect(200).text().contains("whsec_"), "{path} returns the secret again");
    }

    let hook = paste(r#"{"endpointUrl":"https://hooks.example.com/test","eventTypes":["link.clicked"]}"#);
    env.creator().post(WEBHOOKS, hook.clone()).await.refused(403, "insufficient_role");
    let made = env.operator().post(WEBHOOKS, hook).await.expect(201).json();
    env.creator().post(&format!("{WEBHOOKS}/{}/test", id_of(&made)), paste("{}")).await.refused(403, "insufficient_role");
    assert_eq!(env.operator().get(WEBHOOKS).await.expect(200).json()["items"].as_array().unwrap().len(), 2, "the creator made none");
    let test = env.operator().post(&format!("{WEBHOOKS}/{}/test", id_of(&made)), paste("{}")).await.expect(202).json();
    assert!(test["eventId"].as_str().unwrap().starts_with("evt_"), "a dispatch event reference");
    let delivery = env.operator().get(&format!("{DELIVERIES}/{}", test["deliveryId"].as_str().unwrap())).await.expect(200).json();
    assert_eq!(
        ["eventId", "status", "trigger", "eventType", "attempts"].map(|member| delivery[member].clone()),
        [test["eventId"].clone(), json!("PENDING"), json!("TEST"), json!("webhook.test"), json!([])]
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_change_leaves_what_it_does_not_name_and_every_bad_field_is_named_at_once() {
    let env = TestEnv::new().await;
    let body = json!({"endpointUrl": "https://hooks.example.com/a", "eventTypes": ["link.clicked"], "description": "first"});
    let mut made = env.operator().post(WEBHOOKS, body).await.expect(201).json();
    let path = format!("{WEBHOOKS}/{}", id_of(&made));
    made.as_object_mut().unwrap().remove("secret");
    assert_eq!(env.operator().get(&path).await.expect(200).json(), made);
    env.advance_ms(1000);
    let changes = [
        json!({}),
        json!({"description": null}),
        json!({"enabled": false}),
        json!({"includeBots": true}),
        json!({"eventTypes": ["*"]}),
        json!({"endpointUrl": "https://hooks.example.com:8443/b", "enabled": true}),
    ];
    for change in changes {
        made.as_object_mut().unwrap().extend(change.as_object().unwrap().clone());
        made["updatedAt"] = json!(env.now());
        made["status"] = json!(if made["enabled"] == true { "ACTIVE" } else { "DISABLED" });
        assert_eq!(env.operator().put(&path, change.clone()).await.expect(200).json(), made, "{change}");
        assert_eq!(env.operator().get(&path).await.expect(200).json(), made, "{change}");
    }
    let bad = json!({"endpointUrl": "https://10.0.0.1/", "eventTypes": ["link.opened"], "description": 5, "enabled": "yes", "includeBots": 1, "secret": "whsec_x"});
    let fields = ["endpointUrl", "eventTypes[0]", "description", "enabled", "includeBots", "secret"];
    assert_eq!(env.operator().post(WEBHOOKS, bad.clone()).await.refused(400, "invalid_payload").fields(), fields);
    assert_eq!(env.operator().put(&path, bad).await.refused(400, "invalid_payload").fields(), fields);
    assert_eq!(env.operator().post(WEBHOOKS, json!({})).await.refused(400, "invalid_payload").fields(), ["endpointUrl", "eventTypes"]);
    assert_eq!(env.operator().put(&path, json!({"eventTypes": []})).await.refused(400, "invalid_payload").fields(), ["eventTypes"]);
    for (types, fields) in [
        (json!(["nope", "link.clicked", "bad"]), vec!["eventTypes[0]", "eventTypes[2]"]),
        (json!(["nope", 5, "*"]), vec!["eventTypes[0]", "eventTypes[1]"]),
        (json!("*"), vec!["eventTypes"]),
        (json!(vec!["link.clicked"; 200]), vec!["eventTypes"]),
    ] {
        let body = json!({"endpointUrl": "https://hooks.example.com/a", "eventTypes": types});
        assert_eq!(env.operator().post(WEBHOOKS, body).await.refused(400, "invalid_payload").fields(), fields, "{types}");
    }
    env.operator().put(&path, json!({"eventTypes": null})).await.refused(400, "invalid_payload");
    let rotate = format!("{path}/secret/rotate");
    assert_eq!(
        env.operator().post(&rotate, json!({"gracePeriodSeconds": 604_801, "x": 1})).await.expect(400).fields(),
        ["gracePeriodSeconds", "x"]
    );
    assert_eq!(env.operator().post(&format!("{path}/test"), json!({"x": 1})).await.expect(400).fields(), ["x"]);
    assert_eq!(env.operator().get(&path).await.expect(200).json(), made, "what was refused changed nothing");
    env.operator().delete(&path).await.expect(204);
    for answer in [env.operator().get(&path).await, env.operator().put(&path, json!({})).await, env.operator().delete(&path).await] {
        answer.refused(404, "not_found");
    }
    env.operator().get(&format!("{WEBHOOKS}/whs_nonsense")).await.refused(404, "not_found");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_change_is_in_the_audit_log_and_no_secret_is() {
    let env = TestEnv::new().await;
    let receiver = Receiver::start().await;
    let made = subscribe(&env, &receiver, &["link.created"]).await;
    let path = format!("{WEBHOOKS}/{}", id_of(&made));
    // Events of one millisecond are in no order.
    env.advance_ms(1);
    env.operator().put(&path, json!({"description": "commissions"})).await.expect(200);
    env.advance_ms(1);
    let rotated = env.operator().post(&format!("{path}/secret/rotate"), json!({})).await.expect(200).json();
    env.advance_ms(1);
    let test = env.operator().post(&format!("{path}/test"), json!({})).await.expect(202).json();
    carry_out(&env).await;
    let delivery = test["deliveryId"].as_str().unwrap();
    env.advance_ms(1);
    env.operator().post(&format!("{DELIVERIES}/{delivery}/replay"), json!({})).await.expect(202);
    carry_out(&env).await;
    env.advance_ms(1);
    env.operator().post(&format!("{DELIVERIES}/replay"), json!({"since": "2026-03-01T12:00:00Z", "status": "DELIVERED"})).await.expect(202);
    receiver.always(Behaviour::status(410));
    env.advance_ms(1);
    carry_out(&env).await;
    env.advance_ms(1);
    env.operator().delete(&path).await.expect(204);
    let subscription = id_of(&made);
    let expected = [
        ("webhook.deleted", subscription),
        ("webhook.disabled", subscription),
        ("deliveries.replayed", "demo"),
        ("delivery.replayed", delivery),
        ("webhook.tested", subscription),
        ("webhook.secret_rotated", subscription),
        ("webhook.updated", subscription),
        ("webhook.created", subscription),
    ];
    let expected: Vec<(String, String)> = expected.iter().map(|(action, target)| ((*action).to_owned(), (*target).to_owned())).collect();
    assert_eq!(env.audited().await.into_iter().filter(|(action, _)| action != "handle.created").collect::<Vec<_>>(), expected);
    let log = env.operator().get("/v2/handles/demo/audit-events?limit=100").await.expect(200).text();
    for secret in [&made["secret"], &rotated["secret"]] {
        let text = secret.as_str().unwrap().trim_start_matches("whsec_");
        assert!(!log.contains(text) && !log.contains("whsec_") && !log.contains("sealed"), "{log}");
    }
    let page: Value = serde_json::from_str(&log).unwrap();
    let updated = page["items"].as_array().unwrap().iter().find(|event| event["action"] == "webhook.updated").unwrap();
    assert_eq!((&updated["before"]["description"], &updated["after"]["description"]), (&Value::Null, &json!("commissions")));
    assert_eq!(updated["actor"], json!({"kind": "JWT", "id": "operator"}));
    let disabled = page["items"].as_array().unwrap().iter().find(|event| event["action"] == "webhook.disabled").unwrap();
    assert_eq!(disabled["actor"], json!({"kind": "SYSTEM", "id": "delivery-worker"}));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_write_is_charged_once_it_is_good_and_reading_never_is() {
    let env = TestEnv::with(TestEnvOptions { plan: "PRO", ..TestEnvOptions::default() }).await;
    let receiver = Receiver::start().await;
    let used = async || env.owner().get("/v2/handles/demo/usage-meters").await.expect(200).json()["usage"]["writesToday"].as_u64().unwrap();
    let made = subscribe(&env, &receiver, &["link.created"]).await;
    let path = format!("{WEBHOOKS}/{}", id_of(&made));
    let test = env.operator().post(&format!("{path}/test"), json!({})).await.expect(202).json();
    carry_out(&env).await;
    assert_eq!(used().await, 2);
    let delivery = format!("{DELIVERIES}/{}", test["deliveryId"].as_str().unwrap());
    let hook = json!({"endpointUrl": receiver.url("/"), "eventTypes": ["link.created"]});
    let since = json!({"since": "2026-03-01T12:00:00Z"});
    let writes = [
        ("POST", format!("{path}/secret/rotate"), json!({})),
        ("PUT", path.clone(), json!({"description": "d"})),
        ("POST", format!("{path}/test"), json!({})),
        ("POST", format!("{delivery}/replay"), json!({})),
        ("POST", format!("{DELIVERIES}/replay"), since),
        ("POST", WEBHOOKS.to_owned(), hook),
        ("DELETE", path.clone(), Value::Null),
    ];
    let send = async |method: &str, path: &str, body: &Value| {
        let caller = env.operator().with("content-type", "application/json");
        let bytes = if method == "DELETE" { Vec::new() } else { body.to_string().into_bytes() };
        caller.send(method.parse().unwrap(), path, bytes).await
    };
    for (method, path, body) in &writes {
        if *method != "DELETE" {
            env.operator().post(path, json!({"unknown": 1})).await;
            env.operator().put(path, json!({"unknown": 1})).await;
        }
        env.creator().send(method.parse().unwrap(), path, Vec::new()).await.expect(403);
        let before = used().await;
        let answer = send(method, path, body).await;
        assert!(answer.status.is_success(), "{method} {path}: {}", answer.text());
        // A leaked secret can always be replaced.
        let after = before + u64::from(!path.ends_with("/secret/rotate"));
        assert_eq!(used().await, after, "{method} {path}");
        for read in [WEBHOOKS, DELIVERIES, "/v2/handles/demo/notifications", &delivery] {
            env.operator().get(read).await.expect(200);
        }
        assert_eq!(used().await, after, "reading after {method} {path}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_needs_no_body_is_asked_for_without_one() {
    let env = TestEnv::new().await;
    let receiver = Receiver::start().await;
    let made = subscribe(&env, &receiver, &["link.created"]).await;
    for (path, status) in [("test", 202), ("secret/rotate", 200)] {
        let path = format!("{WEBHOOKS}/{}/{path}", id_of(&made));
        env.operator().send(http::Method::POST, &path, Vec::new()).await.expect(status);
        env.operator().send(http::Method::POST, &path, b"{}".to_vec()).await.refused(415, "unsupported_media_type");
        env.operator().post(&path, Value::Null).await.expect(status);
        env.operator().post(&path, json!([])).await.refused(400, "invalid_payload");
    }
    carry_out(&env).await;
    assert_eq!(receiver.posted().len(), 2);
}
