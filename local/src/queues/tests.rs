//! The queues across restarts, delays, deletes and dead letters; a crash is dropping them.

use std::{
    path::Path,
    sync::atomic::{AtomicI64, Ordering},
};

use rustack_sqs_model::types::Message;

use super::*;
use crate::template::Template;

struct Fixture {
    queues: EmbeddedQueues,
    clock: Arc<AtomicI64>,
}

impl Fixture {
    async fn open(folder: Option<&Path>, now: i64) -> Self {
        let clock = Arc::new(AtomicI64::new(now));
        let shared = Arc::clone(&clock);
        let site = Site {
            region: "local".to_owned(),
            account: "000000000000".to_owned(),
            queue_endpoint: "http://127.0.0.1:1".to_owned(),
            parameters: Default::default(),
        };
        let template = Template::parse(include_str!("../../tests/sample.yaml"), &site).unwrap();
        let clock_fn: MillisClock = Arc::new(move || shared.load(Ordering::SeqCst));
        let queues = EmbeddedQueues::open(folder, &site, ([127, 0, 0, 1], 1).into(), &template.queues, clock_fn).await.unwrap();
        Self { queues, clock }
    }

    fn queue(&self, name: &str) -> &Queue {
        self.queues.find(name).unwrap()
    }

    async fn send(&self, body: &str, delay_secs: i32) -> String {
        let message = NewMessage { body: body.to_owned(), delay_secs: Some(delay_secs), ..NewMessage::default() };
        let results = self.queues.send(self.queue("ClicksQueue"), vec![message]).await.unwrap();
        results.into_iter().next().unwrap().unwrap().message_id.unwrap()
    }

    async fn receive(&self, name: &str, visibility_secs: i32) -> Vec<Message> {
        let options = ReceiveOptions { max_messages: 10, wait: Default::default(), visibility_secs: Some(visibility_secs) };
        self.queues.receive(self.queue(name), options).await.unwrap()
    }
}

fn receives(message: &Message) -> &str {
    &message.attributes["ApproximateReceiveCount"]
}

#[tokio::test]
async fn a_message_not_deleted_comes_back_after_a_crash_with_its_id_and_count() {
    let folder = tempfile::tempdir().unwrap();
    let fixture = Fixture::open(Some(folder.path()), 1_000).await;
    let kept = fixture.send("kept", 0).await;
    let received = fixture.receive("ClicksQueue", 600).await;
    assert_eq!(received[0].message_id.as_deref(), Some(kept.as_str()));
    fixture.send("done", 0).await;
    let [done] = fixture.receive("ClicksQueue", 600).await.try_into().unwrap();
    fixture.queues.delete(fixture.queue("ClicksQueue"), done.receipt_handle.unwrap()).await.unwrap();
    fixture.send("marker", 0).await;
    drop(fixture);

    let fixture = Fixture::open(Some(folder.path()), 2_000).await;
    let messages = fixture.receive("ClicksQueue", 600).await;
    let bodies: Vec<_> = messages.iter().map(|message| message.body.as_deref().unwrap()).collect();
    assert_eq!(bodies, ["kept", "marker"]);
    assert_eq!(messages[0].message_id.as_deref(), Some(kept.as_str()));
    assert_eq!(receives(&messages[0]), "2");
    assert_eq!(messages[0].attributes["SentTimestamp"], "1000");
}

#[tokio::test]
async fn a_delay_follows_the_servers_clock_also_after_a_crash() {
    let folder = tempfile::tempdir().unwrap();
    let fixture = Fixture::open(Some(folder.path()), 0).await;
    fixture.send("later", 80).await;
    fixture.clock.store(30_000, Ordering::SeqCst);
    assert!(fixture.receive("ClicksQueue", 0).await.is_empty());
    drop(fixture);
    let fixture = Fixture::open(Some(folder.path()), 79_999).await;
    assert!(fixture.receive("ClicksQueue", 0).await.is_empty());
    assert_eq!(fixture.queues.depth(fixture.queue("clicks")).delayed, 1);
    fixture.clock.store(80_000, Ordering::SeqCst);
    assert_eq!(fixture.receive("ClicksQueue", 0).await.len(), 1);
}

#[tokio::test]
async fn a_message_received_too_often_goes_to_the_dead_letters_also_across_a_crash() {
    let folder = tempfile::tempdir().unwrap();
    let fixture = Fixture::open(Some(folder.path()), 0).await;
    let id = fixture.send("poison", 0).await;
    for _ in 0..2 {
        assert_eq!(fixture.receive("ClicksQueue", 0).await.len(), 1);
    }
    fixture.send("marker", 800).await;
    drop(fixture);
    let fixture = Fixture::open(Some(folder.path()), 0).await;
    assert_eq!(receives(&fixture.receive("ClicksQueue", 0).await[0]), "3");
    assert!(fixture.receive("ClicksQueue", 0).await.is_empty(), "three receives are enough");
    fixture.send("marker", 800).await;
    drop(fixture);
    let fixture = Fixture::open(Some(folder.path()), 0).await;
    let dead = fixture.receive("ClicksDeadLetters", 0).await;
    assert_eq!((dead[0].message_id.as_deref(), receives(&dead[0])), (Some(id.as_str()), "4"));
}

#[tokio::test]
async fn a_delete_under_an_expired_receipt_handle_is_final() {
    let fixture = Fixture::open(None, 0).await;
    fixture.send("once", 0).await;
    let [message] = fixture.receive("ClicksQueue", 0).await.try_into().unwrap();
    let _second = fixture.receive("ClicksQueue", 0).await;
    fixture.queues.delete(fixture.queue("clicks"), message.receipt_handle.unwrap()).await.unwrap();
    assert!(fixture.receive("ClicksQueue", 0).await.is_empty());
}

#[tokio::test]
async fn a_purged_queue_is_empty_twice_in_a_row() {
    let fixture = Fixture::open(None, 0).await;
    for _ in 0..2 {
        fixture.send("now", 0).await;
        fixture.send("later", 5).await;
        fixture.queues.purge(fixture.queue("clicks")).await;
        assert_eq!(fixture.queues.depth(fixture.queue("clicks")), Depth::default());
        assert!(fixture.receive("ClicksQueue", 0).await.is_empty());
    }
}

#[tokio::test]
async fn the_depth_separates_visible_in_flight_and_delayed() {
    let fixture = Fixture::open(None, 0).await;
    for body in ["a", "b", "c"] {
        fixture.send(body, 0).await;
    }
    fixture.send("d", 10).await;
    let options = ReceiveOptions { max_messages: 1, wait: Default::default(), visibility_secs: None };
    fixture.queues.receive(fixture.queue("clicks"), options).await.unwrap();
    let depth = fixture.queues.depth(fixture.queue("clicks"));
    assert_eq!(depth, Depth { visible: 2, in_flight: 1, delayed: 1 });
}
