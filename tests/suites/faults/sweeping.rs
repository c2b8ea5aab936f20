//! The sweeper: what cannot be processed neither hides other work nor comes back each minute, and an operator can deal with it.

use serde_json::{Value, json};
use store::{MAX_ANNOUNCEMENTS, SetAside};
use tests::fixtures::order;
use tests::{Fault, Rule, TestEnv};

/// Puts overdue outbox entries of another handle that no worker can process: their documents cannot be decoded.
async fn put_poison(env: &TestEnv, number: u32) {
    for number in 0..number {
        let item = json!({
            "pk": {"S": format!("CONV#other#{number:064x}")},
            "sk": {"S": "A"},
            "doc": {"S": "{"},
            "duePk": {"S": format!("DUE#{}", number % store::table::DUE_SHARDS)},
            // Older than anything else that is due.
            "dueAt": {"N": number.to_string()},
        });
        env.call_table("PutItem", json!({"Item": item})).await;
    }
}

fn announced(env: &TestEnv) -> usize {
    env.server().queue_depth("EventsQueue").unwrap().visible
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_thousand_entries_that_cannot_be_processed_delay_no_other_handle_and_are_set_aside() {
    const POISON: u32 = 1000;
    let env = TestEnv::new().await;
    env.put_link("launch").await.expect(201);
    let ctx = env.ctx("launch").await;
    env.process_events().await;
    put_poison(&env, POISON).await;
    // The announcement of a healthy handle's conversion is lost.
    let lost = env.faults.inject(Rule::on("SendMessage").by("attribution").always(), Fault::Unreachable);
    env.convert(order(&ctx, "order-1", 10.0, "USD")).await;
    lost.at_least_once();
    env.faults.clear();
    env.advance_ms(61_000);
    env.sweep().await;
    assert_eq!(announced(&env), POISON as usize + 1, "one run announces all that is overdue");
    env.drain("EventsQueue").await;
    env.server().purge("EventsQueue").await.unwrap();
    assert_eq!(env.report("from=2026-03-01&to=2026-03-01").await["totals"]["revenue"], json!(10));

    let freshness = async |handle: &str| {
        let report = env.owner().get(&format!("/v2/handles/{handle}/analytics")).await.expect(200).json();
        (report["freshness"]["status"].clone(), report["freshness"]["waitingSince"].clone())
    };
    env.owner().post("/v2/handles", json!({"handle": "other"})).await.expect(201);
    let since_epoch = (json!("STALE"), json!("1970-01-01T00:00:00.000Z"));
    assert_eq!(freshness("other").await, since_epoch, "its reports lack what waits");
    assert_eq!(freshness("demo").await, (json!("FRESH"), Value::Null), "one minute is not late");
    env.advance_ms(59_000);
    env.sweep().await;
    assert_eq!(announced(&env), 0, "what was announced waits for a minute");
    for _ in 1..MAX_ANNOUNCEMENTS {
        env.advance_ms(3_600_000);
        env.sweep().await;
        assert_eq!(announced(&env), POISON as usize);
        env.server().purge("EventsQueue").await.unwrap();
    }
    env.advance_ms(36_000_000);
    env.sweep().await;
    assert_eq!(announced(&env), 0, "it is set aside");

    let counting = async || env.anonymous().get("/v2/system/health").await.expect(200).json()["counting"].clone();
    assert_eq!(counting().await, "BEHIND");
    assert_eq!(freshness("other").await.0, "STALE");
    assert_eq!(freshness("demo").await.1, Value::Null, "the other handle's entries are no concern of this one's reports");
    let store = env.operator_store();
    let aside = store.outbox().set_aside(2000, None).await.unwrap().0;
    assert_eq!((aside.len(), aside[0].announced), (POISON as usize, MAX_ANNOUNCEMENTS));
    assert!(store.outbox().retry_set_aside(&aside[0], env.now()).await.unwrap());
    assert!(store.outbox().drop_set_aside(&aside[1]).await.unwrap());
    assert!(!store.outbox().drop_set_aside(&aside[1]).await.unwrap(), "it is dropped once");
    assert_eq!(store.outbox().set_aside(2000, None).await.unwrap().0.len(), POISON as usize - 2);
    env.sweep().await;
    assert_eq!(announced(&env), 1, "an entry to be retried is announced as if for the first time");
    let SetAside { pk, .. } = &aside[1];
    let item = env.call_table("GetItem", json!({"Key": {"pk": {"S": pk}, "sk": {"S": "A"}}})).await["Item"].clone();
    assert!(item["doc"]["S"] == "{" && item["duePk"] == Value::Null, "the item stays: {item}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_entry_whose_announcement_fails_stays_due() {
    let env = TestEnv::new().await;
    put_poison(&env, 30).await;
    let fired = env.faults.inject(Rule::on("SendMessageBatch").by("sweeper").always(), Fault::Unreachable);
    env.sweep().await;
    fired.at_least_once();
    env.faults.clear();
    env.sweep().await;
    assert_eq!(announced(&env), 30);
}
