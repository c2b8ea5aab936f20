//! Where messages may go and what may come back: receivers that misbehave in every way, and addresses that are not public.

use std::collections::BTreeMap;
use std::net::Ipv4Addr;
use std::time::{Duration, Instant};

use base64::Engine;
use domain::values::id::SubscriptionId;
use domain::webhooks::secret::{SecretOwner, WebhookSecret, WebhookSecrets};
use domain::webhooks::subscription::{Subscription, SubscriptionSettings};
use futures::FutureExt;
use futures::channel::oneshot;
use futures::future::join_all;
use serde_json::{Value, json};
use tests::fixtures::webhooks::{WEBHOOKS, click_and_convert, delivery, id_of, log, run_schedule, send_test, subscribe};
use tests::{Behaviour, Receiver, TestEnv, TestEnvOptions};
use tokio::net::TcpListener;

/// 64 MiB of nothing, compressed twice.
const BOMB: &str = "H4sIAA9yAWsC/+3coUpDYRTA8e/qFYbCNoPJsD2CcWVMDeYFzWIWi7DsQEyWvcTyYCBYbb6B2uzbDCIm8eruY3zn90snn3g4/Dv3jdS6Li43qu\
    VTUaSUxpPf2UdjOwEAAACZG7/dbq6PAalbvZwMzwAAAIDcXbSaZX0U+DnfP7IOAAAAyN5dv9euPwQ+b65K6wAAAIDs7X2/H9a3gOfqYffUPgAA\
    ACB7r4IBAAAAEIpgAAAAAMQiGAAAAACxCAYAAABAMIIBAAAAEItgAAAAAMQiGAAAAACxCAYAAABAMIIBAAAAEItgAAAAAMQy7fe668eA9lc1Gh\
    xvJQAAACJ53FkdLOb/Q/kHzVeHC+L+AAA=";

/// A raw answer with these headers and this body.
fn raw(status: &str, headers: &str, body: &[u8]) -> Behaviour {
    Behaviour::Raw([format!("HTTP/1.1 {status}\r\n{headers}content-length: {}\r\n\r\n", body.len()).as_bytes(), body].concat())
}

/// Every way to misbehave that shows at once, with the outcome it has.
fn misbehaviours(elsewhere: &str) -> Vec<(&'static str, Behaviour, &'static str)> {
    let bomb = base64::engine::general_purpose::STANDARD.decode(BOMB).unwrap();
    let many: String = (0..5_000).map(|number| format!("x-{number}: 1\r\n")).collect();
    let huge = format!("x-huge: {}\r\n", "a".repeat(1 << 20));
    let to = |status, place: &str| Behaviour::WithHeader(status, "location", place.to_owned());
    let retry = |status, after: &str| Behaviour::WithHeader(status, "retry-after", after.to_owned());
    vec![
        ("200", Behaviour::status(200), "http_200"),
        ("204", Behaviour::status(204), "http_204"),
        ("226", Behaviour::status(226), "http_226"),
        ("299", Behaviour::status(299), "http_299"),
        ("199 is no answer", Behaviour::status(199), "disconnected"),
        ("300", Behaviour::status(300), "http_300"),
        ("304", Behaviour::status(304), "http_304"),
        ("400", Behaviour::status(400), "http_400"),
        ("600", Behaviour::status(600), "http_600"),
        ("999", Behaviour::status(999), "http_999"),
        ("1000", raw("1000 What", "", b""), "bad_response"),
        ("no HTTP", Behaviour::Raw(b"SSH-2.0-OpenSSH_9.9\r\n".to_vec()), "bad_response"),
        ("301", to(301, elsewhere), "http_301"),
        ("302", to(302, elsewhere), "http_302"),
        ("303", to(303, elsewhere), "http_303"),
        ("307", to(307, elsewhere), "http_307"),
        ("308", to(308, elsewhere), "http_308"),
        ("302 to a public address", to(302, "https://93.184.215.14/"), "http_302"),
        ("429, later", retry(429, "86400"), "http_429"),
        ("429, never", retry(429, "1e9"), "http_429"),
        ("503, at once", retry(503, "0"), "http_503"),
        ("503, before", retry(503, "-1"), "http_503"),
        ("503, on a day", retry(503, "Fri, 31 Dec 2049 23:59:59 GMT"), "http_503"),
        (
            "503, twice",
            Behaviour::Raw(b"HTTP/1.1 503 No\r\nretry-after: 1\r\nretry-after: abc\r\ncontent-length: 0\r\n\r\n".to_vec()),
            "http_503",
        ),
        ("the end at once", Behaviour::Reset, "disconnected"),
        ("a reset at once", Behaviour::Abort, "disconnected"),
        ("a reset in the body", Behaviour::AbortInBody, "http_200"),
        ("a bomb", raw("200 OK", "content-encoding: gzip, gzip\r\n", &bomb), "http_200"),
        ("a bomb that says nothing of it", raw("500 No", "", &bomb), "http_500"),
        ("5,000 headers", raw("200 OK", &many, b""), "bad_response"),
        ("a header of 1 MiB", raw("200 OK", &huge, b""), "bad_response"),
        ("no text", raw("500 No", "", &[0xff; 5000]), "http_500"),
        ("codes for a terminal in place of a reason", raw("500 \x1b[2J", "", b""), "bad_response"),
        ("codes for a terminal", raw("500 No", "", b"\x1b[31mred\x07\x00 and\r\n\tmore \xe2\x80"), "http_500"),
        ("a long text", raw("500 No", "", "h\u{fc}h ".repeat(20_000).as_bytes()), "http_500"),
    ]
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_kind_of_answer_is_in_the_log_and_the_schedule_is_kept() {
    let env = TestEnv::new().await;
    let receiver = Receiver::start().await;
    let subscription = subscribe(&env, &receiver, &["webhook.test"]).await;
    let mut seen = 0;
    for (name, behaviour, outcome) in misbehaviours(&receiver.url("/elsewhere")) {
        receiver.next([behaviour]);
        let id = send_test(&env, &subscription).await;
        env.deliver().await;
        let logged = delivery(&env, &id).await;
        let attempt = &logged["attempts"][0];
        assert_eq!(attempt["outcome"], outcome, "{name}: {logged}");
        seen += 1;
        assert_eq!((receiver.posted().len(), receiver.connections()), (seen, seen), "{name}: one request, and nowhere else");
        let is_delivered = outcome.starts_with("http_2");
        assert_eq!(logged["status"], if is_delivered { "DELIVERED" } else { "SCHEDULED" }, "{name}: {logged}");
        let next = if is_delivered { Value::Null } else { json!(env.now().plus_secs(5)) };
        assert_eq!(attempt.get("nextAttemptAt").cloned().unwrap_or_default(), next, "{name}: whatever Retry-After it sends");
        let status = outcome.strip_prefix("http_").and_then(|status| status.parse::<u64>().ok());
        assert_eq!(attempt["statusCode"].as_u64(), status, "{name}: {logged}");
        let snippet = attempt["responseSnippet"].as_str().unwrap_or_default();
        assert!(snippet.len() <= 1024 && !snippet.chars().any(char::is_control), "{name}: {snippet:?}");
    }
    assert!(receiver.posted().iter().all(|posted| posted.path == "/ingest"), "a redirect was followed");
    let shown = log(&env, "").await;
    let snippet = |code: &str| {
        let of = |delivery: &&Value| delivery["attempts"][0]["responseSnippet"].as_str().is_some_and(|text| text.contains(code));
        shown.iter().find(of).map(|delivery| delivery["attempts"][0]["responseSnippet"].as_str().unwrap().to_owned())
    };
    assert_eq!(snippet("red").as_deref(), Some("[31mred and   more \u{fffd}"));
    assert!(snippet("h\u{fc}h").is_some_and(|text| text.len() > 1000));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_receiver_that_reads_nothing_may_count_as_having_it_and_is_never_waited_for() {
    let env = TestEnv::new().await;
    let receiver = Receiver::start().await;
    let subscription = subscribe(&env, &receiver, &["webhook.test"]).await;
    receiver.next([Behaviour::AnswerUnread]);
    let id = send_test(&env, &subscription).await;
    env.deliver().await;
    // Whether its answer or the end of its connection is seen first is the network's to say.
    let logged = delivery(&env, &id).await;
    assert!(["http_200", "disconnected"].contains(&logged["attempts"][0]["outcome"].as_str().unwrap()), "{logged}");
    assert_eq!(receiver.connections(), 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn receivers_that_never_end_are_left_at_the_deadline_with_little_read() {
    let env = TestEnv::new().await;
    let slow = [
        (Behaviour::Hang, "timeout"),
        (Behaviour::Stall(b"HTTP/1.1 200 OK\r\nx-half: a hea".to_vec()), "timeout"),
        (Behaviour::Stall(b"HTTP/1.1 103 Early Hints\r\nlink: </a>\r\n\r\n".to_vec()), "timeout"),
        (Behaviour::Drip, "http_200"),
        (Behaviour::Stall(b"HTTP/1.1 500 No\r\ncontent-length: 9\r\n\r\n".to_vec()), "http_500"),
        (Behaviour::Endless, "http_200"),
    ];
    let mut watched = Vec::new();
    for (behaviour, outcome) in slow {
        let receiver = Receiver::start().await;
        receiver.always(behaviour);
        let subscription = subscribe(&env, &receiver, &["webhook.test"]).await;
        watched.push((receiver, send_test(&env, &subscription).await, outcome));
    }
    let started = Instant::now();
    env.drain("DeliveriesQueue").await;
    let took = started.elapsed();
    assert!((Duration::from_secs(10)..Duration::from_secs(14)).contains(&took), "{took:?}");
    for (receiver, id, outcome) in &watched {
        let logged = delivery(&env, id).await;
        assert_eq!(logged["attempts"][0]["outcome"], *outcome, "{logged}");
        // What the kernel takes on loopback counts too; without an end to reading it would be gigabytes.
        assert!(receiver.sent() < 32 << 20, "{} bytes were taken", receiver.sent());
    }
}

/// The lists of addresses that must not be taken, and the field they are refused under.
const REFUSED: &[&str] = &[
    "http://127.0.0.1",
    "https://127.1",
    "https://0x7f.1",
    "https://2130706433",
    "https://0177.0.0.1",
    "https://0x7f000001",
    "https://0",
    "https://127.0.0.1.",
    "https://①②⑦.⓪.⓪.①",
    "https://127。0。0。1",
    "https://%31%32%37.0.0.1",
    "https:127.0.0.1",
    "https:\\\\127.0.0.1",
    "https://[::1]",
    "https://[::]",
    "https://[::127.0.0.1]",
    "https://[::ffff:169.254.169.254]",
    "https://[::ffff:0:7f00:1]",
    "https://[64:ff9b::7f00:1]",
    "https://[2002:7f00:1::]",
    "https://[2001:0:7f00:1::]",
    "https://[fd00:ec2::254]",
    "https://[fe80::1]",
    "https://[fe80::1%25eth0]",
    "https://169.254.169.254/latest/meta-data",
    "https://169.254.170.2",
    "https://100.64.0.1",
    "https://0.0.0.0",
    "https://localhost",
    "https://localhost.",
    "https://ⓛⓞⓒⓐⓛⓗⓞⓢⓣ",
    "https://user:pw@example.com",
    "https://foo@127.0.0.1:80@example.com",
    "https://example.com\\@127.0.0.1",
    "https://example.com:0",
    "https://example.com:22",
    "https://example.com:9001",
    "https://example.com:2773",
    "https://example.com:99999",
    "https://exa\tmple.com/",
    "ht\ntps://example.com/",
    "https://exa mple.com/",
    "https://example.com/a\r\nX: y",
    " https://example.com/",
    "ftp://example.com",
    "file:///proc/self/environ",
    "gopher://example.com",
    "javascript:alert(1)",
    "http://example.com/",
    "http://example.com:443/",
    "https://demo.localhost:9000/launch",
    "https://localhost:9000/v2",
    "https://example.com./",
    "https://xn--/",
    "https://xn--a.example.com/",
    "https://printer.local/",
    "https://db.internal/",
    "https://intranet/",
    "https://1.1.1.1.1/",
    "https://256.1.1.1/",
    "https:///127.0.0.1",
    "http://0",
    "https://example.com/#a",
    "",
    "https://",
];

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_address_but_a_public_one_over_https_is_taken_and_none_is_tried() {
    let env = env_with_public_egress().await;
    let receiver = Receiver::start().await;
    let mut refused: Vec<String> = REFUSED.iter().map(|text| (*text).to_owned()).collect();
    refused.push(format!("https://example.com/{}", "a".repeat(2049 - "https://example.com/".len())));
    refused.push(format!("https://{}.example.com/", "a".repeat(64)));
    refused.push(format!("https://{}example.com/", "abcdefgh.".repeat(30)));
    refused.push(receiver.url("/ingest"));
    let good = json!({"endpointUrl": "https://hooks.example.com/ingest", "eventTypes": ["*"]});
    let known = env.operator().post(WEBHOOKS, good).await.expect(201).json();
    for url in &refused {
        let body = json!({"endpointUrl": url, "eventTypes": ["*"]});
        let answer = env.operator().post(WEBHOOKS, body).await;
        assert_eq!((answer.status.as_u16(), answer.fields()), (400, vec!["endpointUrl".to_owned()]), "{url:?} {}", answer.text());
        let path = format!("{WEBHOOKS}/{}", known["subscriptionId"].as_str().unwrap());
        let answer = env.operator().put(&path, json!({"endpointUrl": url})).await;
        assert_eq!((answer.status.as_u16(), answer.fields()), (400, vec!["endpointUrl".to_owned()]), "{url:?} {}", answer.text());
    }
    for value in [json!(null), json!(7), json!(["https://example.com/"]), json!({})] {
        let answer =
            env.operator().post(WEBHOOKS, json!({"endpointUrl": value, "eventTypes": ["*"]})).await.refused(400, "invalid_payload");
        assert_eq!(answer.fields(), ["endpointUrl"]);
    }
    assert_eq!(receiver.connections(), 0);
}

/// An environment that sends webhooks as production does.
async fn env_with_public_egress() -> TestEnv {
    let environment = BTreeMap::from([("WEBHOOK_EGRESS".to_owned(), String::new())]);
    TestEnv::with(TestEnvOptions { environment, ..TestEnvOptions::default() }).await
}

/// A subscription that got past registration, as when a name changes its address later.
async fn smuggle(env: &TestEnv, url: &str) -> SubscriptionId {
    let app = env.app("webhooks");
    let (id, handle, now): (SubscriptionId, _, _) = (app.id(), env.handle(), env.now());
    let keys = app.keys().await.unwrap();
    let place = SecretOwner { handle: &handle, subscription: id };
    let secrets = WebhookSecrets::first(&WebhookSecret::of_bytes([7; 32]), place, keys.sealing().unwrap(), app.random_bytes(), now);
    let settings: SubscriptionSettings =
        serde_json::from_value(json!({"endpointUrl": url, "eventTypes": ["conversion.recorded"], "enabled": true})).unwrap();
    let subscription = Subscription { id, handle, version: 1, created_at: now, updated_at: now, secrets, settings };
    env.unrestricted_store().subscriptions().create(&subscription, &env.audit_event("webhook.created")).await.unwrap();
    id
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_address_that_turns_out_private_is_a_failed_attempt_and_no_socket_is_opened() {
    let env = env_with_public_egress().await;
    let receiver = Receiver::start().await;
    let address = receiver.url("/");
    let port = address.rsplit(':').next().unwrap().trim_end_matches('/').to_owned();
    let hosts = ["127.0.0.1", "[::1]", "[::ffff:127.0.0.1]", "2130706433", "localhost", "0.0.0.0"];
    for host in hosts {
        smuggle(&env, &format!("http://{host}:{port}/ingest")).await;
    }
    click_and_convert(&env, 1).await;
    env.process_events().await;
    run_schedule(&env).await;
    let log = log(&env, "").await;
    assert_eq!(log.len(), hosts.len());
    for delivery in log {
        let outcomes: Vec<&str> =
            delivery["attempts"].as_array().unwrap().iter().map(|attempt| attempt["outcome"].as_str().unwrap()).collect();
        assert_eq!((delivery["status"].as_str().unwrap(), outcomes), ("EXHAUSTED", vec!["blocked_address"; 6]));
        assert!(!delivery.to_string().contains("127.0.0.1"), "nothing of the address found is in the log: {delivery}");
    }
    assert_eq!(receiver.connections(), 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_receiver_under_development_is_reached_on_this_machine_under_the_switch_alone() {
    let env = TestEnv::new().await;
    let receiver = Receiver::start().await;
    let address = receiver.url("/ingest").replace("127.0.0.1", "localhost");
    let body = json!({"endpointUrl": address, "eventTypes": ["webhook.test"]});
    let subscription = env.operator().post(WEBHOOKS, body).await.expect(201).json();
    let id = send_test(&env, &subscription).await;
    env.deliver().await;
    let logged = delivery(&env, &id).await;
    assert_eq!((logged["status"].as_str().unwrap(), receiver.connections()), ("DELIVERED", 1), "{logged}");
    for url in ["http://10.0.0.1/", "http://192.168.1.1:8080/", "https://169.254.169.254/", "http://example.com/"] {
        env.operator().post(WEBHOOKS, json!({"endpointUrl": url, "eventTypes": ["*"]})).await.refused(400, "invalid_payload");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn while_a_receiver_hangs_only_its_own_deliveries_wait() {
    let env = TestEnv::new().await;
    let (hanging, healthy) = (Receiver::start().await, Receiver::start().await);
    hanging.always(Behaviour::WhenReleased(200));
    let slow = subscribe(&env, &hanging, &["webhook.test"]).await;
    let fast = subscribe(&env, &healthy, &["webhook.test"]).await;
    send_test(&env, &slow).await;
    let begun = env.drain("DeliveriesQueue");
    let meanwhile = async {
        // It is known to be slow long before its deadline.
        while !is_slow(&env, &slow).await {
            tokio::task::yield_now().await;
        }
        join_all((0..12).map(|_| send_test(&env, &slow))).await;
        send_test(&env, &fast).await;
        let started = Instant::now();
        env.drain("DeliveriesQueue").await;
        assert!(started.elapsed() < Duration::from_secs(5), "{:?}", started.elapsed());
        assert_eq!((hanging.posted().len(), healthy.posted().len()), (1, 1));
        assert_eq!(env.server().queue_depth("RetriesQueue").unwrap().visible, 12);
        hanging.always(Behaviour::status(200));
        hanging.release();
    };
    let (report, ()) = tokio::join!(begun, meanwhile);
    assert_eq!(report.deleted, 1);
    env.deliver().await;
    assert_eq!(hanging.posted().len(), 13, "nothing of it is lost");
    env.advance_ms(61_000);
    assert!(!is_slow(&env, &slow).await);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_event_reaches_all_others_while_a_receiver_that_hangs_is_still_waited_on() {
    let env = TestEnv::new().await;
    env.owner().post("/v2/handles", json!({"handle": "other-shop"})).await.expect(201);
    let hanging = Receiver::start().await;
    hanging.always(Behaviour::WhenReleased(200));
    let slow = subscribe(&env, &hanging, &["link.created"]).await;
    let mut healthy = Vec::new();
    for handle in ["demo", "other-shop"] {
        for _ in 0..12 {
            let receiver = Receiver::start().await;
            let body = json!({"endpointUrl": receiver.url("/"), "eventTypes": ["link.created"]});
            env.owner().post(&format!("/v2/handles/{handle}/webhooks"), body).await.expect(201);
            healthy.push(receiver);
        }
        for slug in ["first", "second"] {
            let path = format!("/v2/handles/{handle}/links/{slug}");
            env.owner().put(&path, json!({"destinationUrl": "https://example.com/"})).await.expect(201);
        }
    }
    // All are there before the first is taken, so that the one that hangs is in a batch with others. The queues' own pollers
    // take several batches at a time, as they run beside each other on Lambda.
    env.process_events().await;
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
    let (stop, stopped) = oneshot::channel::<()>();
    let server = env.server().clone();
    let serving = tokio::spawn(async move { server.serve(listener, stopped.map(drop)).await });
    while healthy.iter().any(|receiver| receiver.posted().len() < 2) || log(&env, "&status=DELIVERED").await.len() < 24 {
        tokio::task::yield_now().await;
    }
    let of_slow = format!("&subscriptionId={}", id_of(&slow));
    let waiting = log(&env, &of_slow).await;
    assert!(!hanging.posted().is_empty() && waiting.len() == 2, "{waiting:?}");
    for delivery in &waiting {
        assert!(
            ["PENDING", "IN_FLIGHT"].contains(&delivery["status"].as_str().unwrap()),
            "given up before all others had theirs: {delivery}"
        );
    }
    hanging.always(Behaviour::status(200));
    while log(&env, &format!("{of_slow}&status=DELIVERED")).await.len() < 2 {
        hanging.release();
        tokio::task::yield_now().await;
    }
    stop.send(()).unwrap();
    serving.await.unwrap();
}

async fn is_slow(env: &TestEnv, subscription: &Value) -> bool {
    let id = subscription["subscriptionId"].as_str().unwrap().parse().unwrap();
    env.unrestricted_store().subscriptions().get(&env.handle(), id, env.now()).await.unwrap().unwrap().is_slow
}
