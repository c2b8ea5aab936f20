//! Commission events always arrive: signed, in order of their attempts, and told once.

use serde_json::{Value, json};
use tests::{Behaviour, Receiver, World};

const WEBHOOKS: &str = "/v2/handles/demo/webhooks";
const DELIVERIES: &str = "/v2/handles/demo/deliveries";

async fn subscribe(world: &World, receiver: &Receiver, types: &[&str]) -> Value {
    let body = json!({"endpointUrl": receiver.url("/ingest"), "eventTypes": types});
    world.operator().post(WEBHOOKS, body).await.expect(201).json()
}

async fn click_and_convert(world: &World, key: &str) -> Value {
    world.owner().put("/v2/handles/demo/links/launch", json!({"destinationUrl": "https://example.com/"})).await;
    let ctx = world.visitor().follow("launch").await.expect(302).ctx();
    world.advance_ms(1000);
    let body = json!({"ctx": ctx, "idempotencyKey": key, "eventType": "affiliate_click", "value": 24.99, "currency": "USD"});
    let accepted = world.nobody().post("/v2/public/conversions", body).await.expect(202).json();
    world.settle().await;
    accepted
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_conversion_arrives_signed_for_clients_nobody_here_wrote() {
    let world = World::new().await;
    // The client goes by the machine's clock.
    world.set_time(&domain::moment::Moment::from_millis(local::wall_clock()).to_string());
    let receiver = Receiver::start().await;
    let subscription = subscribe(&world, &receiver, &["link.clicked", "conversion.tested"]).await;
    let secret = subscription["secret"].as_str().unwrap();
    let conversion = click_and_convert(&world, "order-1").await;
    world.deliver().await;
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
    let verifier = standardwebhooks::Webhook::new(secret).unwrap();
    let mut headers = http::HeaderMap::new();
    for name in ["webhook-id", "webhook-signature"] {
        headers.insert(name, message.header(name).parse().unwrap());
    }
    headers.insert("webhook-timestamp", message.header("webhook-timestamp").parse().unwrap());
    verifier.verify(&message.body, &headers).unwrap();
    assert_eq!(message.header("webhook-timestamp"), world.now().seconds().to_string());
    let mut tampered = message.body.clone();
    tampered[10] ^= 1;
    assert!(verifier.verify(&tampered, &headers).is_err());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_failing_receiver_is_tried_six_times_on_the_schedule_and_never_early() {
    let world = World::new().await;
    let receiver = Receiver::start().await;
    receiver.always(Behaviour::status(500));
    subscribe(&world, &receiver, &["conversion.recorded"]).await;
    click_and_convert(&world, "order-1").await;
    world.deliver().await;
    let mut attempts = 1;
    assert_eq!(receiver.posted().len(), attempts);
    for delay in [5, 10, 20, 40, 80] {
        world.advance_ms(delay * 1000 - 1);
        world.deliver().await;
        assert_eq!(receiver.posted().len(), attempts, "early before {delay} s");
        world.advance_ms(1);
        world.deliver().await;
        attempts += 1;
        assert_eq!(receiver.posted().len(), attempts, "after {delay} s");
    }
    world.advance_ms(3_600_000);
    world.deliver().await;
    assert_eq!(receiver.posted().len(), 6);
    let told = world.operator().get(DELIVERIES).await.expect(200).json();
    let delivery = &told["items"][0];
    assert_eq!((&delivery["status"], told["items"].as_array().unwrap().len()), (&json!("EXHAUSTED"), 1));
    let numbers: Vec<u64> = delivery["attempts"].as_array().unwrap().iter().map(|attempt| attempt["n"].as_u64().unwrap()).collect();
    assert_eq!(numbers, [1, 2, 3, 4, 5, 6]);
    assert!(delivery["attempts"].as_array().unwrap().iter().all(|attempt| attempt["outcome"] == "http_500"));
    let posted = receiver.posted();
    assert!(posted.windows(2).all(|two| two[0].body == two[1].body && two[0].header("webhook-id") == two[1].header("webhook-id")));
}
