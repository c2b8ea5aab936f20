//! The recounter: yesterday, handle by handle, within its bounds, found again after a crash.

use std::sync::Arc;

use recounter::{Bounds, run};
use serde_json::json;
use store::NightlyRecount;
use store::invocation::{Measured, Metric, measured};
use tests::fixtures::order;
use tests::{Fault, Rule, TestEnv};

/// More than any test has.
const WIDE: Bounds = Bounds { records: 1_000, millis: 60_000 };

/// One run; what it measured.
async fn recount(env: &TestEnv, bounds: Bounds) -> Vec<(Metric, i64)> {
    let values = Arc::new(Measured::default());
    measured(values.clone(), run(env.app("recounter"), bounds)).await.expect("a run");
    values.values().collect()
}

async fn state(env: &TestEnv) -> NightlyRecount {
    env.unrestricted_store().system().nightly_recount().await.expect("a table").expect("a state")
}

/// Clicks and conversions of several handles on the first of March, and then a quarter to one on the second.
async fn after_a_day(handles: &[&str]) -> TestEnv {
    let env = TestEnv::new().await;
    for handle in handles {
        if *handle != "demo" {
            env.owner().post("/v2/handles", json!({"handle": handle})).await.expect(201);
        }
        let link = json!({"destinationUrl": "https://example.com/"});
        env.owner().put(&format!("/v2/handles/{handle}/links/launch"), link).await.expect(201);
        let visit = env.visitor().caller().clone().get(&format!("/_edge/redirect/{handle}/launch")).await.expect(302);
        env.process_events().await;
        env.convert(order(&visit.ctx(), &format!("order-{handle}"), 10, "USD")).await;
        env.process_events().await;
    }
    env.set_time("2026-03-02T00:45:00Z");
    env
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn yesterday_is_recounted_once_when_it_is_settled() {
    let env = after_a_day(&["demo", "acme"]).await;
    env.set_time("2026-03-02T00:29:59Z");
    // The first of March is not settled; the day before has no records.
    assert_eq!(recount(&env, WIDE).await, [(Metric::Drift, 0), (Metric::RecountedDays, 1), (Metric::RecountLeftOut, 0)]);
    assert_eq!((state(&env).await.day.to_string(), state(&env).await.records), ("2026-02-28".to_owned(), 0));
    env.set_time("2026-03-02T00:30:00Z");
    assert_eq!(recount(&env, WIDE).await, [(Metric::Drift, 0), (Metric::RecountedDays, 1), (Metric::RecountLeftOut, 0)]);
    let done = state(&env).await;
    assert_eq!((done.day.to_string(), done.is_done, done.records, done.drift), ("2026-03-01".to_owned(), true, 4, 0));
    assert_eq!(recount(&env, WIDE).await, [], "it is done until the next night");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_counter_that_differs_is_measured_and_named_for_its_handle_alone() {
    let env = after_a_day(&["demo", "acme"]).await;
    for item in env.table_items().await {
        let of_acme = item["pk"]["S"].as_str().is_some_and(|pk| pk.starts_with("DELTA#acme#") || pk.starts_with("ROLLUP#acme#"));
        if of_acme {
            env.call_table("DeleteItem", json!({"Key": {"pk": item["pk"], "sk": item["sk"]}})).await;
        }
    }
    let found = recount(&env, WIDE).await;
    assert_eq!(found[1..], [(Metric::RecountedDays, 1), (Metric::RecountLeftOut, 0)]);
    assert!(found[0].0 == Metric::Drift && found[0].1 > 0, "{found:?}");
    assert_eq!(i64::try_from(state(&env).await.drift), Ok(found[0].1));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_accepted_and_not_counted_is_measured_by_its_age() {
    let env = after_a_day(&["demo"]).await;
    env.set_time("2026-03-01T23:45:00Z");
    let ctx = env.ctx("launch").await;
    env.convert(order(&ctx, "order-late", 10, "USD")).await;
    env.server().purge("EventsQueue").await.expect("a queue");
    env.set_time("2026-03-02T00:45:00Z");
    let found = recount(&env, WIDE).await;
    assert!(found.contains(&(Metric::UncountedAge, 3_600)), "{found:?}");
    assert!(found.contains(&(Metric::Drift, 0)), "{found:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_run_ends_at_its_bound_and_the_next_goes_on_after_the_last_handle() {
    let env = after_a_day(&["acme", "brio", "demo"]).await;
    let one_handle = Bounds { records: 2, ..WIDE };
    for (after, records) in [("acme", 2), ("brio", 4)] {
        assert_eq!(recount(&env, one_handle).await, [(Metric::Drift, 0), (Metric::RecountLeftOut, 0)]);
        let state = state(&env).await;
        assert_eq!((state.after.map(|handle| handle.to_string()).as_deref(), state.records, state.is_done), (Some(after), records, false));
    }
    assert_eq!(recount(&env, Bounds { millis: 0, ..WIDE }).await, [(Metric::Drift, 0), (Metric::RecountLeftOut, 0)], "no time for any");
    assert_eq!(recount(&env, one_handle).await, [(Metric::Drift, 0), (Metric::RecountedDays, 1), (Metric::RecountLeftOut, 0)]);
    assert_eq!(state(&env).await.records, 6);
    // A handle with more than a run reads is left out, and the others are not.
    env.advance_days(1);
    env.set_time("2026-03-02T12:00:00Z");
    for _ in 0..3 {
        env.visitor().caller().clone().get("/_edge/redirect/brio/launch").await.expect(302);
    }
    env.process_events().await;
    env.set_time("2026-03-03T00:45:00Z");
    let found = recount(&env, one_handle).await;
    assert!(found.contains(&(Metric::RecountLeftOut, 1)), "{found:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_run_that_fails_is_made_again_from_where_it_began() {
    let env = after_a_day(&["acme", "demo"]).await;
    env.faults.take_calls();
    env.server().run_schedule("recounter").await.expect("the recounter");
    let calls = env.faults.take_calls().iter().filter(|(function, _)| function == "recounter").count();
    assert!(calls > 10, "{calls}");
    for number in (0..calls).step_by(7) {
        let env = after_a_day(&["acme", "demo"]).await;
        env.crash_at("recounter", number, Fault::CrashBefore, async { recount(&env, WIDE).await }).await;
        assert_eq!(recount(&env, WIDE).await, [(Metric::Drift, 0), (Metric::RecountedDays, 1), (Metric::RecountLeftOut, 0)]);
        assert_eq!(state(&env).await.records, 4, "after a crash at call {number}");
    }
    // A table that does not answer is an error of the run, and nothing is recorded.
    let env = after_a_day(&["demo"]).await;
    let broken = env.faults.inject(Rule::on("Query").by("recounter").always(), Fault::Unreachable);
    let values = Arc::new(Measured::default());
    measured(values.clone(), recounter::recount_yesterday(env.app("recounter").clone())).await;
    broken.at_least_once();
    assert_eq!(values.values().collect::<Vec<_>>(), [(Metric::Errors, 1)]);
    assert_eq!(env.unrestricted_store().system().nightly_recount().await.expect("a table"), None);
}
