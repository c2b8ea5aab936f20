//! Queues and schedules that call functions, drained by the test and by the pollers.

use std::{
    sync::{
        Mutex,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use aws_lambda_events::sqs::{BatchItemFailure, SqsBatchResponse, SqsEvent};
use futures::FutureExt as _;

use super::*;
use crate::{Function, Options, queues::NewMessage};

type Seen = Arc<Mutex<Vec<Vec<String>>>>;

/// A server whose click worker records the messages it receives, and reports those with the body `bad` as failed.
async fn server() -> (LocalServer, Seen) {
    let options = Options { template: include_str!("../../tests/sample.yaml").into(), ..Options::memory() };
    let server = LocalServer::open(options).await.unwrap();
    let seen = Seen::default();
    let notes = Arc::clone(&seen);
    let function = move |event: SqsEvent| {
        let mut response = SqsBatchResponse::default();
        let mut bodies = Vec::new();
        for record in event.records {
            let body = record.body.unwrap();
            assert_ne!(body, "panic");
            if body == "bad" {
                let mut failure = BatchItemFailure::default();
                failure.item_identifier = record.message_id.unwrap();
                response.batch_item_failures.push(failure);
            }
            bodies.push(body);
        }
        notes.lock().unwrap().push(bodies);
        async move { response }.boxed()
    };
    server.mount("click-worker", Function::Queue(Arc::new(function))).unwrap();
    (server, seen)
}

async fn send(server: &LocalServer, bodies: &[&str]) {
    let drafts = bodies.iter().map(|body| NewMessage { body: (*body).to_owned(), ..NewMessage::default() });
    let queue = server.queues().find("ClicksQueue").unwrap();
    server.queues().send(queue, drafts.collect()).await.unwrap();
}

#[tokio::test]
async fn a_drain_deletes_what_was_processed_and_makes_the_rest_visible() {
    let (server, seen) = server().await;
    send(&server, &["good", "bad"]).await;
    let report = server.drain("ClicksQueue", &mut |batch| batch).await.unwrap();
    assert_eq!(report, DrainReport { received: 2, batches: 1, deleted: 1, failed: 1, dropped: 0 });
    assert_eq!(server.queue_depth("ClicksQueue").unwrap().visible, 1);
    for _ in 0..2 {
        server.drain("ClicksQueue", &mut |batch| batch).await.unwrap();
    }
    let report = server.drain("ClicksQueue", &mut |batch| batch).await.unwrap();
    assert_eq!(report.received, 0, "after three receives it is a dead letter");
    assert_eq!(server.queue_depth("ClicksDeadLetters").unwrap().visible, 1);
    assert_eq!(seen.lock().unwrap().len(), 3);
}

#[tokio::test]
async fn a_hook_may_duplicate_reorder_and_drop_messages() {
    let (server, seen) = server().await;
    send(&server, &["a", "b", "c"]).await;
    let mut hook = |mut batch: Vec<aws_lambda_events::sqs::SqsMessage>| {
        batch.pop();
        batch.push(batch[0].clone());
        batch.reverse();
        batch
    };
    let report = server.drain("ClicksQueue", &mut hook).await.unwrap();
    assert_eq!(*seen.lock().unwrap(), [["a", "b", "a"]]);
    assert_eq!((report.received, report.deleted, report.dropped), (3, 3, 1));
    assert_eq!(server.queue_depth("ClicksQueue").unwrap().visible, 1);
}

#[tokio::test]
async fn a_function_that_panics_fails_its_batch_only() {
    let (server, _) = server().await;
    send(&server, &["panic"]).await;
    let report = server.drain("ClicksQueue", &mut |batch| batch).await.unwrap();
    assert_eq!((report.batches, report.failed), (1, 1));
    server.purge("ClicksQueue").await.unwrap();
    assert_eq!(server.queue_depth("ClicksQueue").unwrap().visible, 0);
}

#[tokio::test]
async fn pollers_gather_a_batch_within_the_window() {
    let (server, seen) = server().await;
    let (stop, stopped) = watch::channel(false);
    let mut workers = start(&server, &stopped);
    for body in ["1", "2", "3"] {
        send(&server, &[body]).await;
    }
    let all_deleted = async {
        while server.queue_depth("ClicksQueue").unwrap() != crate::Depth::default() {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(Duration::from_secs(10), all_deleted).await.unwrap();
    stop.send(true).unwrap();
    while workers.join_next().await.is_some() {}
    assert_eq!(*seen.lock().unwrap(), [["1", "2", "3"]]);
}

#[tokio::test]
async fn a_schedule_can_be_run_on_demand() {
    let (server, _) = server().await;
    let runs = Arc::new(AtomicUsize::new(0));
    let counter = Arc::clone(&runs);
    let function = move || {
        counter.fetch_add(1, Ordering::SeqCst);
        async {}.boxed()
    };
    server.mount("sweeper", Function::Schedule(Arc::new(function))).unwrap();
    server.run_schedule("sweeper").await.unwrap();
    assert_eq!(runs.load(Ordering::SeqCst), 1);
    assert!(server.run_schedule("redirect").await.is_err());
}
