//! Folding deltas into cells: reports say the same before, during and after it, whatever is repeated, overtaken or dies.

use std::sync::atomic::{AtomicI64, Ordering};

use domain::clicks::Click;
use domain::reports::{Dimension, Selection};
use domain::testing;
use serde_json::{Value, json};
use store::FoldOutcome;
use tests::{Fault, Rule, TestEnv};

/// Clicks of single transactions that make a fold due.
const DUE: u64 = 130;

/// One of several links, campaigns, countries and referrers.
fn click(env: &TestEnv, number: u64) -> Click {
    Click {
        slug: ["launch", "deal-alpha", "rare"][usize::from(number % 7 > 3) + usize::from(number.is_multiple_of(31))].parse().unwrap(),
        campaign_id: (number % 7 > 3).then(|| "partner-alpha".parse().unwrap()),
        bot: number.is_multiple_of(5),
        country: ["US", "DE", "FR"][(number % 3) as usize].to_owned(),
        referrer: format!("host-{}.example", number % 40),
        ..testing::click(env.now(), (u128::from(number) << 40) | u128::from(number))
    }
}

/// Counts clicks, each in a transaction of its own.
async fn append(env: &TestEnv, numbers: impl Iterator<Item = u64>) {
    for number in numbers {
        let (_, failed) = env.app("click-worker").store().clicks().count(&[click(env, number)], &|_| false, 400, env.now()).await;
        assert!(failed.is_empty(), "{failed:?}");
    }
}

async fn fold(env: &TestEnv) -> store::Result<FoldOutcome> {
    env.app("event-worker").store().rollups().fold(&env.handle(), "2026-03-01".parse().unwrap(), env.now()).await
}

/// Every report there is of the day, without what depends on the time of its last update.
async fn reports(env: &TestEnv) -> Vec<Value> {
    let mut reports = Vec::new();
    for by in Dimension::ALL {
        for selection in ["", "&slug=launch", "&campaignId=partner-alpha", "&slug=deal-alpha&campaignId=partner-alpha"] {
            let mut report = env.report(&format!("from=2026-03-01&to=2026-03-01&groupBy={}{selection}", by.as_str())).await;
            report.as_object_mut().unwrap().remove("freshness");
            reports.push(report);
        }
    }
    let mut funnel = env.report("from=2026-03-01&to=2026-03-01&funnel=true").await["funnel"].clone();
    for row in funnel.as_array_mut().unwrap() {
        let row = row.as_object_mut().unwrap();
        row.remove("confidence");
        row.remove("penalties");
    }
    reports.push(funnel);
    reports
}

/// Fails the test, with the first difference only, unless every report is as before.
async fn reports_are_still(env: &TestEnv, before: &[Value], what: &str) {
    for (now, before) in reports(env).await.iter().zip(before) {
        assert_eq!(now, before, "{what}");
    }
}

async fn recounted_drift(env: &TestEnv) -> Vec<String> {
    env.recount().await.drift
}

async fn total_clicks(env: &TestEnv) -> i64 {
    env.report("from=2026-03-01&to=2026-03-01").await["totals"]["clicks"].as_i64().unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn folding_changes_no_report_and_leaves_little_when_the_day_is_over() {
    let env = TestEnv::new().await;
    env.campaign("partner-alpha").await;
    append(&env, 0..DUE - 10).await;
    assert_eq!(fold(&env).await.unwrap(), FoldOutcome::default(), "too few to be worth it");
    append(&env, DUE - 10..DUE + 20).await;
    let before = reports(&env).await;
    assert_eq!(before[0]["totals"]["clicks"], json!(DUE + 20));
    let folded = fold(&env).await.unwrap();
    assert_eq!((folded.folds, folded.deltas), (1, usize::try_from(DUE + 20).unwrap()));
    assert!(folded.cells >= 8, "{folded:?}");
    reports_are_still(&env, &before, "after folding").await;
    assert_eq!(fold(&env).await.unwrap().folds, 0);

    // What came later, and the scopes that had too little to be written, are folded when the day is over.
    append(&env, 1000..1010).await;
    let before = reports(&env).await;
    env.advance_days(2);
    env.sweep().await;
    env.drain("EventsQueue").await;
    let last = fold(&env).await.unwrap();
    assert_eq!(last.folds, 0, "the sweeper announced it: {last:?}");
    reports_are_still(&env, &before, "after folding").await;
    assert_eq!(recounted_drift(&env).await, Vec::<String>::new());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_backlog_of_deltas_is_folded_in_several_turns() {
    let env = TestEnv::new().await;
    env.campaign("partner-alpha").await;
    append(&env, 0..700).await;
    let before = reports(&env).await;
    // The first fold is written, but what it removed is not deleted, and the next one reads only a part of what is there.
    let fired = env.faults.inject(Rule::on("BatchWriteItem").by("event-worker").always(), Fault::Unreachable);
    fold(&env).await.unwrap_err();
    fired.at_least_once();
    env.faults.clear();
    reports_are_still(&env, &before, "after a fold that could not delete").await;
    let first = fold(&env).await.unwrap();
    assert!(first.folds >= 1 && first.deltas >= 300 && !first.is_unfinished, "each fold reads and removes a part: {first:?}");
    reports_are_still(&env, &before, "after several folds").await;
    assert_eq!(recounted_drift(&env).await, Vec::<String>::new());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn while_a_worker_folds_a_day_others_read_nothing_and_after_its_death_they_do() {
    let env = TestEnv::new().await;
    env.campaign("partner-alpha").await;
    append(&env, 0..DUE).await;
    let fold_alone = async |env: &TestEnv| {
        let day = "2026-03-01".parse().unwrap();
        env.app("event-worker").store().rollups().fold_alone(&env.handle(), day, env.now()).await.unwrap()
    };
    // It takes the lease, and dies.
    let died = env.crash_at("event-worker", 1, Fault::CrashBefore, fold_alone(&env)).await;
    assert!(died.is_none());
    env.advance_ms(29_999);
    env.faults.clear();
    let reads = env.faults.inject(Rule::on("Query").by("event-worker").always(), Fault::Unreachable);
    assert_eq!(fold_alone(&env).await, None, "the lease of the first one holds");
    assert_eq!(reads.times(), 0);
    env.faults.clear();
    env.advance_ms(1);
    let folded = fold_alone(&env).await.unwrap();
    assert_eq!((folded.folds, folded.deltas), (1, usize::try_from(DUE).unwrap()));
    assert_eq!(fold_alone(&env).await, Some(FoldOutcome::default()), "the lease was given back");
    assert_eq!(total_clicks(&env).await, i64::try_from(DUE).unwrap());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_day_with_few_clicks_needs_no_cells() {
    let env = TestEnv::new().await;
    append(&env, 0..12).await;
    let before = reports(&env).await;
    env.advance_days(2);
    assert_eq!(fold(&env).await.unwrap(), FoldOutcome { folds: 1, deltas: 12, ..FoldOutcome::default() });
    assert_eq!(fold(&env).await.unwrap().folds, 0);
    reports_are_still(&env, &before, "after folding").await;
    assert_eq!(recounted_drift(&env).await, Vec::<String>::new());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_fold_that_dies_at_any_call_changes_no_report() {
    let env = TestEnv::new().await;
    env.campaign("partner-alpha").await;
    let mut appended = 0;
    for fault in [Fault::CrashBefore, Fault::CrashAfter] {
        for step in 0.. {
            append(&env, appended..appended + DUE).await;
            appended += DUE;
            let before = reports(&env).await;
            assert_eq!(before[0]["totals"]["clicks"], json!(appended));
            let survived = env.crash_at("event-worker", step, fault, fold(&env)).await;
            reports_are_still(&env, &before, &format!("after {fault:?} at call {step}")).await;
            if survived.is_some() {
                assert!(step > 8, "only {step} calls");
                break;
            }
            fold(&env).await.unwrap();
            reports_are_still(&env, &before, &format!("after the fold that followed {fault:?} at call {step}")).await;
        }
    }
    assert_eq!(recounted_drift(&env).await, Vec::<String>::new());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_fault_at_any_call_of_a_fold_changes_no_report() {
    let env = TestEnv::new().await;
    env.campaign("partner-alpha").await;
    let mut appended = 0;
    for fault in [Fault::AnswerLost, Fault::Unreachable, Fault::Throttled, Fault::Conflict, Fault::Doubled] {
        for operation in ["GetItem", "Query", "TransactWriteItems", "BatchWriteItem"] {
            append(&env, appended..appended + DUE).await;
            appended += DUE;
            let before = reports(&env).await;
            let fired = env.faults.inject(Rule::on(operation).by("event-worker").times(5), fault);
            let _ = fold(&env).await;
            fired.at_least_once();
            env.faults.clear();
            reports_are_still(&env, &before, &format!("{fault:?} of {operation}")).await;
            fold(&env).await.unwrap();
            reports_are_still(&env, &before, &format!("after {fault:?} of {operation}")).await;
        }
    }
    assert_eq!(recounted_drift(&env).await, Vec::<String>::new());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn reports_are_exact_while_others_append_and_fold() {
    let env = TestEnv::new().await;
    env.campaign("partner-alpha").await;
    const CLICKS: i64 = 900;
    let (begun, done) = (AtomicI64::new(0), AtomicI64::new(0));
    let appends = async |worker: u64| {
        for number in (0..CLICKS as u64).filter(|number| number % 3 == worker) {
            begun.fetch_add(1, Ordering::SeqCst);
            append(&env, number..=number).await;
            done.fetch_add(1, Ordering::SeqCst);
        }
    };
    let folds = async || {
        let mut folds = 0;
        while done.load(Ordering::SeqCst) < CLICKS {
            folds += fold(&env).await.unwrap().folds;
            tokio::task::yield_now().await;
        }
        folds
    };
    let reads = async || {
        let mut reads = 0;
        while done.load(Ordering::SeqCst) < CLICKS {
            let least = done.load(Ordering::SeqCst);
            let total = total_clicks(&env).await;
            let most = begun.load(Ordering::SeqCst);
            assert!((least..=most).contains(&total), "{total} clicks, when {least} were counted and {most} begun");
            reads += 1;
        }
        reads
    };
    let (_, _, _, first, second, reads) = tokio::join!(appends(0), appends(1), appends(2), folds(), folds(), reads());
    assert!(first + second >= 3 && reads > 3, "{first} and {second} folds, {reads} reports");
    assert_eq!(total_clicks(&env).await, CLICKS);
    assert_eq!(recounted_drift(&env).await, Vec::<String>::new());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_delta_or_a_cell_that_cannot_be_decoded_is_left_out_and_stops_nothing() {
    let env = TestEnv::new().await;
    env.campaign("partner-alpha").await;
    append(&env, 0..DUE).await;
    let delta = env.table_items().await.into_iter().find(|item| item["pk"]["S"].as_str().unwrap().starts_with("DELTA#")).unwrap();
    env.set_document(delta["pk"]["S"].as_str().unwrap(), delta["sk"]["S"].as_str().unwrap(), "{").await;
    let (least, all) = (i64::try_from(DUE).unwrap() - 1, i64::try_from(DUE).unwrap());
    assert_eq!(total_clicks(&env).await, least, "one delta is left out");
    append(&env, DUE..2 * DUE).await;
    assert_eq!(fold(&env).await.unwrap().folds, 1, "the others are folded");
    assert_eq!(total_clicks(&env).await, least + all);

    env.set_document("ROLLUP#demo#H", "country#20260301", "{").await;
    let by = async |dimension: &str| {
        let report = env.report(&format!("from=2026-03-01&to=2026-03-01&groupBy={dimension}")).await;
        report["rows"].as_array().unwrap().iter().map(|row| row["clicks"].as_i64().unwrap()).sum::<i64>()
    };
    append(&env, 2 * DUE..3 * DUE).await;
    let folded = fold(&env).await.unwrap();
    assert!(folded.folds == 1 && folded.cells > 0, "links and campaigns are folded: {folded:?}");
    assert_eq!((total_clicks(&env).await, by("slug").await), (least + 2 * all, least + 2 * all));
    let shown = by("country").await;
    assert!((all..least + 2 * all).contains(&shown), "what was added since stays outstanding and is shown: {shown}");
    assert!(recounted_drift(&env).await.iter().any(|line| line.contains("country|")), "a recount shows what is missing");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn visits_with_long_and_odd_referrers_and_sources_are_all_counted() {
    let env = TestEnv::new().await;
    env.put_link("launch").await.expect(201);
    for number in 0..400 {
        let referrer = match number % 3 {
            0 => format!("https://{}.{number}.example/", "a".repeat(1900)),
            1 => format!("https://{}{number}.example/", "xn--bcher-kva.".repeat(10)),
            _ => format!("https://{}-{number}.example/", "b".repeat(60)),
        };
        let source = format!("{}{number}", "%F0%9F%98%80".repeat(60));
        env.visitor().with("referer", &referrer).follow(&format!("launch?source={source}")).await.expect(302);
    }
    env.process_events().await;
    assert_eq!(env.server().queue_depth("ClicksQueue").unwrap().visible, 0);
    let rows = async |by: &str| {
        let report = env.report(&format!("from=2026-03-01&to=2026-03-01&groupBy={by}")).await;
        let keys: Vec<String> = report["rows"].as_array().unwrap().iter().map(|row| row["key"].as_str().unwrap().to_owned()).collect();
        assert!(keys.iter().all(|key| key.len() <= domain::reports::MAX_KEY_BYTES), "{keys:?}");
        report["rows"].as_array().unwrap().iter().map(|row| row["clicks"].as_i64().unwrap()).sum::<i64>()
    };
    assert_eq!((total_clicks(&env).await, rows("referrer").await, rows("source").await), (400, 400, 400));
    env.advance_days(2);
    fold(&env).await.unwrap();
    assert_eq!((total_clicks(&env).await, rows("referrer").await, rows("source").await), (400, 400, 400));
    assert_eq!(recounted_drift(&env).await, Vec::<String>::new());
    let of_launch = Selection::Link("launch".parse().unwrap());
    let day = "2026-03-01".parse().unwrap();
    let stored = env.unrestricted_store().rollups().read(&env.handle(), &of_launch, None, day, day).await.unwrap();
    assert_eq!(stored.days[&day].counters().find(|(name, _)| *name == "c").unwrap().1, 400);
}
