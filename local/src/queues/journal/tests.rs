//! The journal across crashes: a crash is a dropped handle.

use std::{collections::HashMap, io::Write, path::PathBuf, time::Duration};

use super::*;

fn message(id: &str) -> StoredMessage {
    StoredMessage {
        id: id.to_owned(),
        queue: "clicks".to_owned(),
        body: format!("body of {id}\nwith a line break"),
        attributes: HashMap::new(),
        sent_at: 1,
        due_at: 5_000,
        receives: 0,
        first_received_at: None,
    }
}

fn deleted(id: &str) -> Record {
    Record::Deleted { id: id.to_owned() }
}

/// Appends are not waited for, so a send, which is, follows them as a marker.
async fn flush(journal: &Journal) {
    journal.sent(&[message("marker")]).await.unwrap();
    journal.append(&[deleted("marker")]);
    journal.sent(&[message("marker")]).await.unwrap();
}

fn open(path: &Path) -> (Journal, Vec<StoredMessage>) {
    Journal::open(path, tempfile::tempfile().unwrap()).unwrap()
}

fn reopened(path: &Path) -> Vec<StoredMessage> {
    let (_, messages) = open(path);
    messages.into_iter().filter(|message| message.id != "marker").collect()
}

fn folder() -> (tempfile::TempDir, PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("messages.journal");
    (folder, path)
}

#[tokio::test]
async fn messages_not_deleted_are_restored_in_order() {
    let (_folder, path) = folder();
    let (journal, messages) = open(&path);
    assert!(messages.is_empty());
    journal.sent(&[message("a"), message("b")]).await.unwrap();
    journal.sent(&[message("c")]).await.unwrap();
    journal.append(&[deleted("b")]);
    flush(&journal).await;
    drop(journal);
    let ids: Vec<_> = reopened(&path).into_iter().map(|message| message.id).collect();
    assert_eq!(ids, ["a", "c"]);
}

#[tokio::test]
async fn delay_receive_count_and_queue_are_restored() {
    let (_folder, path) = folder();
    let (journal, _) = open(&path);
    journal.sent(&[message("a")]).await.unwrap();
    journal.append(&[Record::Received { id: "a".into(), at: 7 }, Record::Received { id: "a".into(), at: 9 }]);
    journal.append(&[Record::Moved { id: "a".into(), queue: "dead".into() }]);
    flush(&journal).await;
    drop(journal);
    for _ in 0..2 {
        // The second time it is read from the compacted file.
        let messages = reopened(&path);
        let [kept] = messages.as_slice() else { panic!("one message expected: {messages:?}") };
        assert_eq!((kept.receives, kept.first_received_at, kept.due_at), (2, Some(7), 5_000));
        assert_eq!(kept.queue, "dead");
        assert_eq!(kept.body, message("a").body);
    }
}

#[tokio::test]
async fn an_interrupted_last_line_is_dropped_and_does_not_affect_the_next() {
    let (_folder, path) = folder();
    let (journal, _) = open(&path);
    journal.sent(&[message("a")]).await.unwrap();
    drop(journal);
    let mut file = std::fs::File::options().append(true).open(&path).unwrap();
    file.write_all(br#"{"sent":{"id":"torn","queue":"cli"#).unwrap();
    drop(file);
    let (journal, messages) = open(&path);
    assert_eq!(messages.len(), 1);
    journal.sent(&[message("b")]).await.unwrap();
    drop(journal);
    assert_eq!(reopened(&path).len(), 2);
}

#[tokio::test]
async fn a_damaged_line_loses_its_message_only_and_the_journal_is_set_aside() {
    let (folder, path) = folder();
    let (journal, _) = open(&path);
    journal.sent(&[message("a"), message("b"), message("c")]).await.unwrap();
    drop(journal);
    let good = std::fs::read(&path).unwrap();
    // The line break of a line, its brackets, its member names: wherever it is damaged, the others are read.
    let second = good.iter().position(|byte| *byte == b'\n').unwrap() + 1;
    for (number, at) in (1..).zip([second, second + 3, second - 1, good.len() - 1]) {
        let mut damaged = good.clone();
        damaged[at] ^= 0x40;
        std::fs::write(&path, &damaged).unwrap();
        let ids: Vec<_> = reopened(&path).into_iter().map(|message| message.id).collect();
        let survivor = if at == good.len() - 1 { "b" } else { "c" };
        assert!(ids.contains(&survivor.to_owned()) && ids.len() < 3, "{ids:?}");
        let kept = folder.path().join(format!("messages.journal.damaged-{number}"));
        assert_eq!(std::fs::read(&kept).unwrap(), damaged);
        assert_eq!(reopened(&path).len(), ids.len(), "the rewritten journal is whole");
    }
    let files = std::fs::read_dir(folder.path()).unwrap().count();
    assert_eq!(files, 5, "nothing more is set aside");
}

#[tokio::test]
async fn a_mostly_deleted_journal_is_compacted_while_it_runs() {
    let (_folder, path) = folder();
    let (journal, _) = open(&path);
    let large = StoredMessage { body: "x".repeat(200_000), ..message("large") };
    for _ in 0..60 {
        journal.sent(std::slice::from_ref(&large)).await.unwrap();
        journal.append(&[deleted("large")]);
    }
    journal.sent(&[message("kept")]).await.unwrap();
    let length = || std::fs::metadata(&path).unwrap().len();
    assert!(length() < 9_000_000, "{} bytes", length());
    drop(journal);
    assert_eq!(reopened(&path).len(), 1);
}

#[tokio::test]
async fn concurrent_callers_share_a_write() {
    let (_folder, path) = folder();
    let (journal, _) = open(&path);
    let messages: Vec<_> = (0..500).map(|number| message(&number.to_string())).collect();
    let sends = messages.iter().map(|message| journal.sent(std::slice::from_ref(message)));
    let all = futures::future::try_join_all(sends);
    tokio::time::timeout(Duration::from_secs(20), all).await.unwrap().unwrap();
    drop(journal);
    assert_eq!(reopened(&path).len(), 500);
}
