//! The queues across restarts, delays, deletes and poison; a crash is dropping them without a word.

use std::{
    path::Path,
    sync::atomic::{AtomicI64, Ordering},
};

use rustack_sqs_model::types::Message;

use super::*;
use crate::template::Template;

struct Bench {
    queues: Queues,
    clock: Arc<AtomicI64>,
}

impl Bench {
    async fn open(folder: Option<&Path>, now: i64) -> Self {
        let clock = Arc::new(AtomicI64::new(now));
        let hands = Arc::clone(&clock);
        let site = Site {
            region: "local".to_owned(),
            account: "000000000000".to_owned(),
            queue_endpoint: "http://127.0.0.1:1".to_owned(),
            parameters: Default::default(),
        };
        let template = Template::parse(include_str!("../../tests/sample.yaml"), &site).unwrap();
        let clock_fn: Clock = Arc::new(move || hands.load(Ordering::SeqCst));
        let queues = Queues::open(folder, &site, 1, &template.queues, clock_fn).await.unwrap();
        Self { queues, clock }
    }

    fn queue(&self, name: &str) -> &Queue {
        self.queues.find(name).unwrap()
    }

    async fn send(&self, body: &str, delay_secs: i32) -> String {
        let draft = Draft { body: body.to_owned(), delay_secs: Some(delay_secs), ..Draft::default() };
        let answers = self.queues.send(self.queue("ClicksQueue"), vec![draft]).await.unwrap();
        answers.into_iter().next().unwrap().unwrap().message_id.unwrap()
    }

    async fn receive(&self, name: &str, visibility_secs: i32) -> Vec<Message> {
        let want = Want { messages: 10, wait: Default::default(), visibility_secs: Some(visibility_secs) };
        self.queues.receive(self.queue(name), want).await.unwrap()
    }
}

fn receives(message: &Message) -> &str {
    &message.attributes["ApproximateReceiveCount"]
}

#[tokio::test]
async fn a_message_not_deleted_comes_back_after_a_crash_with_its_id_and_count() {
    let folder = tempfile::tempdir().unwrap();
    let bench = Bench::open(Some(folder.path()), 1_000).await;
    let kept = bench.send("kept", 0).await;
    let received = bench.receive("ClicksQueue", 600).await;
    assert_eq!(received[0].message_id.as_deref(), Some(kept.as_str()));
    bench.send("done", 0).await;
    let [done] = bench.receive("ClicksQueue", 600).await.try_into().unwrap();
    bench.queues.delete(bench.queue("ClicksQueue"), done.receipt_handle.unwrap()).await.unwrap();
    bench.send("marker", 0).await;
    drop(bench);

    let bench = Bench::open(Some(folder.path()), 2_000).await;
    let messages = bench.receive("ClicksQueue", 600).await;
    let bodies: Vec<_> = messages.iter().map(|message| message.body.as_deref().unwrap()).collect();
    assert_eq!(bodies, ["kept", "marker"]);
    assert_eq!(messages[0].message_id.as_deref(), Some(kept.as_str()));
    assert_eq!(receives(&messages[0]), "2");
    assert_eq!(messages[0].attributes["SentTimestamp"], "1000");
}

#[tokio::test]
async fn a_delay_follows_the_houses_clock_also_after_a_crash() {
    let folder = tempfile::tempdir().unwrap();
    let bench = Bench::open(Some(folder.path()), 0).await;
    bench.send("later", 80).await;
    bench.clock.store(30_000, Ordering::SeqCst);
    assert!(bench.receive("ClicksQueue", 0).await.is_empty());
    drop(bench);
    let bench = Bench::open(Some(folder.path()), 79_999).await;
    assert!(bench.receive("ClicksQueue", 0).await.is_empty());
    assert_eq!(bench.queues.depth(bench.queue("clicks")).delayed, 1);
    bench.clock.store(80_000, Ordering::SeqCst);
    assert_eq!(bench.receive("ClicksQueue", 0).await.len(), 1);
}

#[tokio::test]
async fn poison_goes_to_the_dead_letters_also_when_a_crash_lies_between() {
    let folder = tempfile::tempdir().unwrap();
    let bench = Bench::open(Some(folder.path()), 0).await;
    let id = bench.send("poison", 0).await;
    for _ in 0..2 {
        assert_eq!(bench.receive("ClicksQueue", 0).await.len(), 1);
    }
    bench.send("marker", 800).await;
    drop(bench);
    let bench = Bench::open(Some(folder.path()), 0).await;
    assert_eq!(receives(&bench.receive("ClicksQueue", 0).await[0]), "3");
    assert!(bench.receive("ClicksQueue", 0).await.is_empty(), "three receives are enough");
    bench.send("marker", 800).await;
    drop(bench);
    let bench = Bench::open(Some(folder.path()), 0).await;
    let dead = bench.receive("ClicksDeadLetters", 0).await;
    assert_eq!((dead[0].message_id.as_deref(), receives(&dead[0])), (Some(id.as_str()), "4"));
}

#[tokio::test]
async fn a_delete_under_an_expired_receipt_handle_holds() {
    let bench = Bench::open(None, 0).await;
    bench.send("once", 0).await;
    let [message] = bench.receive("ClicksQueue", 0).await.try_into().unwrap();
    let _second = bench.receive("ClicksQueue", 0).await;
    bench.queues.delete(bench.queue("clicks"), message.receipt_handle.unwrap()).await.unwrap();
    assert!(bench.receive("ClicksQueue", 0).await.is_empty());
}

#[tokio::test]
async fn a_purged_queue_is_empty_twice_in_a_row() {
    let bench = Bench::open(None, 0).await;
    for _ in 0..2 {
        bench.send("now", 0).await;
        bench.send("later", 5).await;
        bench.queues.purge(bench.queue("clicks")).await;
        assert_eq!(bench.queues.depth(bench.queue("clicks")), Depth::default());
        assert!(bench.receive("ClicksQueue", 0).await.is_empty());
    }
}

#[tokio::test]
async fn the_depth_tells_visible_hidden_and_delayed_apart() {
    let bench = Bench::open(None, 0).await;
    for body in ["a", "b", "c"] {
        bench.send(body, 0).await;
    }
    bench.send("d", 10).await;
    let want = Want { messages: 1, wait: Default::default(), visibility_secs: None };
    bench.queues.receive(bench.queue("clicks"), want).await.unwrap();
    let depth = bench.queues.depth(bench.queue("clicks"));
    assert_eq!(depth, Depth { visible: 2, in_flight: 1, delayed: 1 });
}
