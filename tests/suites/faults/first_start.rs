//! A first start that is killed at any moment leaves data that the next start works with.

use std::path::Path;
use std::time::Duration;

use futures::{StreamExt, stream};
use serde_json::json;
use tests::{BROWSER, programs};
use tokio::process::Command;
use tokio::time::{Instant, timeout};

use super::kill::Running;

/// Moments of a start at which it is ended, evenly over the time it takes.
const MOMENTS: u32 = 16;
/// Starts that run at the same time.
const CONCURRENT: usize = 3;

/// What uses the table and each of its indexes: a link, a visit, a conversion and the lists of both.
async fn assert_usable(running: &Running, why: &str) {
    let link = r#"{"destinationUrl":"https://example.com/shop"}"#;
    running.owner("PUT", "/v2/handles/demo/links/autumn", link).await.expect(201);
    let links = running.owner("GET", "/v2/handles/demo/links", "").await.expect(200).json();
    assert!(links["items"].as_array().is_some_and(|links| !links.is_empty()), "{why}: {links}");
    let headers = [("host", "localhost"), ("user-agent", BROWSER), ("accept-language", "en")];
    let visit = running.line().await.ask("GET", "/_edge/redirect/demo/autumn", &headers, "").await;
    let ctx = visit.unwrap_or_else(|error| panic!("{why}: {error}")).expect(302).ctx();
    let order = json!({"ctx": ctx, "idempotencyKey": "order-1", "eventType": "purchase", "value": 5, "currency": "EUR"}).to_string();
    let headers = [("host", "localhost"), ("content-type", "application/json")];
    let sold = running.line().await.ask("POST", "/v2/public/conversions", &headers, &order).await;
    sold.unwrap_or_else(|error| panic!("{why}: {error}")).expect(202);
    assert_eq!(running.conversions().await.len(), 1, "{why}");
    assert!(!running.said().contains("panicked"), "{why}: {}", running.said());
}

/// Starts the program for the first time, ends it after `moment` with `signal`, and starts it again.
async fn interrupted(program: &Path, signal: &str, moment: Duration) {
    let why = format!("{signal} after {moment:?}");
    let folder = tempfile::tempdir().expect("a folder");
    let mut first = Running::spawn(program, folder.path()).await;
    let ended = timeout(moment, first.child.wait()).await;
    assert!(ended.is_err(), "{why}: it ended by itself: {}", first.said());
    let process = first.child.id().expect("a process").to_string();
    let sent = Command::new("sh").args(["-c", "kill -s \"$0\" \"$1\"", signal, &process]).status().await;
    assert!(sent.expect("a shell").success(), "{why}");
    // A shell that starts the tests in the background has SIGINT ignored, and the program with it until it listens.
    let ended = timeout(Duration::from_secs(120), first.child.wait()).await;
    ended.unwrap_or_else(|_| panic!("{why}: it goes on; are the tests run with SIGINT ignored?")).expect("a process that ends");
    let mut second = Running::start(program, folder.path()).await;
    assert_usable(&second, &why).await;
    second.kill().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_first_start_killed_at_any_moment_recovers_at_the_next() {
    let program = programs(&["local"]).await.remove("local").expect("a program");
    let folder = tempfile::tempdir().expect("a folder");
    let started = Instant::now();
    let mut whole = Running::start(&program, folder.path()).await;
    let took = started.elapsed();
    assert_usable(&whole, "a whole start").await;
    whole.kill().await;
    let starts = (0..MOMENTS).map(|number| {
        let signal = if number % 2 == 0 { "KILL" } else { "INT" };
        interrupted(&program, signal, took * number / MOMENTS)
    });
    stream::iter(starts).buffer_unordered(CONCURRENT).collect::<Vec<_>>().await;
}
