//! The journal across crashes: a crash is a handle that is dropped without a word.

use std::{collections::HashMap, io::Write, path::PathBuf, time::Duration};

use super::*;

fn letter(id: &str) -> Letter {
    Letter {
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

/// Notes are not waited for, so a send that is waited for stands behind them as a marker.
async fn settle(journal: &Journal) {
    journal.sent(&[letter("marker")]).await.unwrap();
    journal.note(&[deleted("marker")]);
    journal.sent(&[letter("marker")]).await.unwrap();
}

fn open(path: &Path) -> (Journal, Vec<Letter>) {
    Journal::open(path, tempfile::tempfile().unwrap()).unwrap()
}

fn reopened(path: &Path) -> Vec<Letter> {
    let (_, letters) = open(path);
    letters.into_iter().filter(|letter| letter.id != "marker").collect()
}

fn folder() -> (tempfile::TempDir, PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("messages.journal");
    (folder, path)
}

#[tokio::test]
async fn what_was_sent_and_not_deleted_comes_back_in_order() {
    let (_folder, path) = folder();
    let (journal, letters) = open(&path);
    assert!(letters.is_empty());
    journal.sent(&[letter("a"), letter("b")]).await.unwrap();
    journal.sent(&[letter("c")]).await.unwrap();
    journal.note(&[deleted("b")]);
    settle(&journal).await;
    drop(journal);
    let ids: Vec<_> = reopened(&path).into_iter().map(|letter| letter.id).collect();
    assert_eq!(ids, ["a", "c"]);
}

#[tokio::test]
async fn delay_receive_count_and_queue_are_kept() {
    let (_folder, path) = folder();
    let (journal, _) = open(&path);
    journal.sent(&[letter("a")]).await.unwrap();
    journal.note(&[Record::Received { id: "a".into(), at: 7 }, Record::Received { id: "a".into(), at: 9 }]);
    journal.note(&[Record::Moved { id: "a".into(), queue: "dead".into() }]);
    settle(&journal).await;
    drop(journal);
    for _ in 0..2 {
        // The second time it is read from the compacted file.
        let letters = reopened(&path);
        let [kept] = letters.as_slice() else { panic!("one message expected: {letters:?}") };
        assert_eq!((kept.receives, kept.first_received_at, kept.due_at), (2, Some(7), 5_000));
        assert_eq!(kept.queue, "dead");
        assert_eq!(kept.body, letter("a").body);
    }
}

#[tokio::test]
async fn a_torn_last_line_is_forgotten_and_does_not_spoil_the_next() {
    let (_folder, path) = folder();
    let (journal, _) = open(&path);
    journal.sent(&[letter("a")]).await.unwrap();
    drop(journal);
    let mut file = std::fs::File::options().append(true).open(&path).unwrap();
    file.write_all(br#"{"sent":{"id":"torn","queue":"cli"#).unwrap();
    drop(file);
    let (journal, letters) = open(&path);
    assert_eq!(letters.len(), 1);
    journal.sent(&[letter("b")]).await.unwrap();
    drop(journal);
    assert_eq!(reopened(&path).len(), 2);
}

#[tokio::test]
async fn a_mostly_struck_journal_is_compacted_while_it_runs() {
    let (_folder, path) = folder();
    let (journal, _) = open(&path);
    let large = Letter { body: "x".repeat(200_000), ..letter("large") };
    for _ in 0..60 {
        journal.sent(std::slice::from_ref(&large)).await.unwrap();
        journal.note(&[deleted("large")]);
    }
    journal.sent(&[letter("kept")]).await.unwrap();
    let length = || std::fs::metadata(&path).unwrap().len();
    assert!(length() < 9_000_000, "{} bytes", length());
    drop(journal);
    assert_eq!(reopened(&path).len(), 1);
}

#[tokio::test]
async fn many_callers_share_a_write() {
    let (_folder, path) = folder();
    let (journal, _) = open(&path);
    let letters: Vec<_> = (0..500).map(|number| letter(&number.to_string())).collect();
    let sends = letters.iter().map(|letter| journal.sent(std::slice::from_ref(letter)));
    let all = futures::future::try_join_all(sends);
    tokio::time::timeout(Duration::from_secs(20), all).await.unwrap().unwrap();
    drop(journal);
    assert_eq!(reopened(&path).len(), 500);
}
