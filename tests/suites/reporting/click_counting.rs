//! Counters equal a recount of the raw clicks, under duplicates, reordering, crashes, conflicts and lost answers.

use std::collections::BTreeMap;

use aws_lambda_events::sqs::SqsMessage;
use domain::clicks::Click;
use domain::testing;
use domain::values::device::Device;
use domain::values::moment::Day;
use serde_json::{Value, json};
use tests::{Fault, Random, Rule, TestEnv};

/// A click of many kinds on one of three days.
fn click(env: &TestEnv, number: u64, random: &mut Random) -> Click {
    let at = env.now().plus_secs(i64::try_from(number % 3).unwrap() * 43_200);
    Click {
        slug: random.pick(&["launch", "deal-alpha", "deal-beta", "spring"]).parse().unwrap(),
        campaign_id: random.pick(&[None, Some("partner-alpha"), Some("partner-beta")]).map(|id| id.parse().unwrap()),
        bot: random.one_in(4),
        country: random.pick(&["US", "DE", "FR", "UNKNOWN"]).to_owned(),
        device: random.pick(&Device::ALL).as_str().to_owned(),
        source: random.pick(&["direct", "email", "a|b"]).to_owned(),
        referrer: format!("host-{}.example", random.below(50)),
        ..testing::click(at, (u128::from(number) << 40) | u128::from(random.number()))
    }
}

/// An environment with the campaigns that those clicks name.
async fn env_with_campaigns() -> TestEnv {
    let env = TestEnv::new().await;
    for campaign in ["partner-alpha", "partner-beta"] {
        env.campaign(campaign).await;
    }
    env
}

/// What the raw clicks of all days say, split by a dimension: clicks and bot clicks by key.
async fn recount(env: &TestEnv, key: impl Fn(&Click) -> String) -> BTreeMap<String, (u64, u64)> {
    let mut rows: BTreeMap<String, (u64, u64)> = BTreeMap::new();
    let first: Day = "2026-03-01".parse().unwrap();
    for day in 0..3 {
        for click in clicks_of(env, first.plus(day)).await {
            let row = rows.entry(key(&click)).or_default();
            row.0 += 1;
            row.1 += u64::from(click.bot);
        }
    }
    rows
}

/// Reads raw clicks past the functions' permissions, as an auditor with the table in hand.
async fn clicks_of(env: &TestEnv, day: Day) -> Vec<Click> {
    tests::clicks_of_day(&env.unrestricted_store(), &env.handle(), day).await.unwrap()
}

async fn reported(env: &TestEnv, query: &str) -> BTreeMap<String, (u64, u64)> {
    let report = env.report(&format!("from=2026-03-01&to=2026-03-03&{query}")).await;
    let figures = |row: &Value| (row["clicks"].as_u64().unwrap(), row["botClicks"].as_u64().unwrap());
    let rows: BTreeMap<_, _> =
        report["rows"].as_array().unwrap().iter().map(|row| (row["key"].as_str().unwrap().to_owned(), figures(row))).collect();
    let sum = rows.values().fold((0, 0), |sum, row| (sum.0 + row.0, sum.1 + row.1));
    assert_eq!(sum, figures(&report["totals"]), "rows of {query} add up to the totals");
    rows
}

async fn reports_equal_a_recount(env: &TestEnv) {
    assert_eq!(reported(env, "groupBy=day").await, recount(env, |click| click.day().to_string()).await);
    assert_eq!(reported(env, "groupBy=slug").await, recount(env, |click| click.slug.to_string()).await);
    assert_eq!(reported(env, "groupBy=country").await, recount(env, |click| click.country.clone()).await);
    assert_eq!(reported(env, "groupBy=device").await, recount(env, |click| click.device.clone()).await);
    assert_eq!(reported(env, "groupBy=referrer").await, recount(env, |click| click.referrer.clone()).await);
    assert_eq!(reported(env, "groupBy=source").await, recount(env, |click| click.source.clone()).await);
    let campaign = |click: &Click| click.campaign_id.as_ref().map_or("none".to_owned(), ToString::to_string);
    assert_eq!(reported(env, "groupBy=campaign").await, recount(env, campaign).await);
    let of_alpha = recount(env, |click| format!("{} {}", campaign(click), click.country)).await;
    for (country, figures) in reported(env, "groupBy=country&campaignId=partner-alpha").await {
        assert_eq!(of_alpha[&format!("partner-alpha {country}")], figures);
    }
    let of_launch = recount(env, |click| format!("{} {}", click.slug, click.device)).await;
    for (device, figures) in reported(env, "groupBy=device&slug=launch").await {
        assert_eq!(of_launch[&format!("launch {device}")], figures);
    }
}

fn shuffled(mut messages: Vec<SqsMessage>, random: &mut Random) -> Vec<SqsMessage> {
    random.shuffle(&mut messages);
    messages
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn ten_thousand_clicks_through_a_queue_that_duplicates_and_reorders_are_counted_exactly() {
    let env = env_with_campaigns().await;
    let mut random = Random::new(7);
    for number in 0..10_000 {
        let click = click(&env, number, &mut random);
        env.app("redirect").store().clicks().send(&click, env.now()).await.unwrap();
    }
    let conflicts = env.faults.inject(Rule::on("TransactWriteItems").after(3).times(7), Fault::Conflict);
    let mut duplicates = 0;
    let mut earlier: Vec<SqsMessage> = Vec::new();
    let mut handed = 0;
    while env.server().queue_depth("ClicksQueue").unwrap().visible > 0 {
        env.drain_with("ClicksQueue", |messages| {
            handed += messages.len();
            let repeated: Vec<_> = messages.iter().filter(|_| random.one_in(3)).cloned().chain(earlier.drain(..)).collect();
            duplicates += repeated.len();
            earlier = messages.iter().filter(|_| random.one_in(10)).cloned().collect();
            shuffled(messages.into_iter().chain(repeated).collect(), &mut random)
        })
        .await;
    }
    assert_eq!(conflicts.times(), 7);
    assert!(duplicates > 3000, "{duplicates}");
    assert!(handed >= 10_000);
    assert_eq!(recount(&env, |_| String::new()).await[""].0, 10_000);
    reports_equal_a_recount(&env).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_crash_or_a_fault_at_any_step_of_counting_changes_no_figure() {
    let env = env_with_campaigns().await;
    let mut random = Random::new(11);
    let mut number = 0;
    let mut send = async |env: &TestEnv, many: u64| {
        for _ in 0..many {
            let click = click(env, number, &mut random);
            env.app("redirect").store().clicks().send(&click, env.now()).await.unwrap();
            number += 1;
        }
    };
    for fault in [Fault::CrashBefore, Fault::CrashAfter] {
        for step in 0.. {
            send(&env, 40).await;
            let mut kept = Vec::new();
            let survived = env
                .crash_at(
                    "click-worker",
                    step,
                    fault,
                    env.drain_with("ClicksQueue", |messages| {
                        kept.clone_from(&messages);
                        messages
                    }),
                )
                .await;
            if survived.is_some() {
                break;
            }
            // The queue gives a dead consumer's messages to the next one.
            env.redeliver("click-worker", kept).await;
        }
    }
    for fault in [Fault::AnswerLost, Fault::Doubled, Fault::Throttled, Fault::Conflict, Fault::Unreachable] {
        send(&env, 40).await;
        let fired = env.faults.inject(Rule::on("TransactWriteItems").by("click-worker").times(2), fault);
        env.drain("ClicksQueue").await;
        fired.at_least_once();
        env.faults.clear();
        env.drain("ClicksQueue").await;
    }
    assert_eq!(recount(&env, |_| String::new()).await[""].0, number);
    reports_equal_a_recount(&env).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_contended_cell_is_spread_over_shards_that_reports_add_up() {
    let env = env_with_campaigns().await;
    let mut random = Random::new(5);
    for round in 0..6 {
        for number in 0..20 {
            let click = click(&env, round * 20 + number, &mut random);
            env.app("redirect").store().clicks().send(&click, env.now()).await.unwrap();
        }
        let fired = env.faults.inject(Rule::on("TransactWriteItems").by("click-worker"), Fault::Conflict);
        env.drain("ClicksQueue").await;
        fired.at_least_once();
        env.faults.clear();
    }
    reports_equal_a_recount(&env).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_poisoned_message_does_not_stop_others_from_being_counted() {
    let env = env_with_campaigns().await;
    let mut random = Random::new(3);
    for number in 0..9 {
        let click = click(&env, number, &mut random);
        env.app("redirect").store().clicks().send(&click, env.now()).await.unwrap();
    }
    let report = env
        .drain_with("ClicksQueue", |mut messages| {
            messages[4].body = Some("not a click".to_owned());
            messages
        })
        .await;
    assert_eq!((report.deleted, report.failed), (8, 1));
    assert_eq!(recount(&env, |_| String::new()).await[""].0, 8);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn random_referrers_cannot_grow_a_report_without_bound_nor_lose_a_click() {
    let env = env_with_campaigns().await;
    let mut random = Random::new(17);
    for number in 0..1200 {
        let mut click = click(&env, number * 3, &mut random);
        click.referrer = format!("spam-{number}.example");
        env.app("redirect").store().clicks().send(&click, env.now()).await.unwrap();
    }
    while env.drain("ClicksQueue").await.received > 0 {}
    let rows = reported(&env, "groupBy=referrer").await;
    assert_eq!(rows.len(), 500);
    assert_eq!(rows.values().map(|row| row.0).sum::<u64>(), 1200);
    assert!(rows["other"].0 > 600, "{:?}", rows["other"]);
    assert_eq!(json!(reported(&env, "groupBy=slug").await.values().map(|row| row.0).sum::<u64>()), json!(1200));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn clicks_that_wait_together_share_a_message_and_all_are_counted() {
    let env = TestEnv::new().await;
    env.owner().put("/v2/handles/demo/links/launch", json!({"destinationUrl": "https://example.com/"})).await.expect(201);
    env.visitor().follow("launch").await.expect(302);
    env.faults.take_calls();
    let visitor = env.visitor();
    futures::future::join_all(
        (0..400).map(|number| visitor.clone().number(number)).map(|visitor| async move { visitor.follow("launch").await.expect(302) }),
    )
    .await;
    let messages = env.faults.take_calls().iter().filter(|(_, operation)| operation == "SendMessage").count();
    assert!((1..100).contains(&messages), "{messages} messages for 400 clicks");
    env.process_events().await;
    assert_eq!(reported(&env, "groupBy=slug").await["launch"], (401, 0));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn clicks_whose_shared_message_is_lost_are_parked_one_by_one_and_counted_once() {
    let env = TestEnv::new().await;
    env.owner().put("/v2/handles/demo/links/launch", json!({"destinationUrl": "https://example.com/"})).await.expect(201);
    let visitor = env.visitor();
    for fault in [Fault::Unreachable, Fault::AnswerLost] {
        let fired = env.faults.inject(Rule::on("SendMessage").by("redirect").always(), fault);
        futures::future::join_all(
            (0..50).map(|number| visitor.clone().number(number)).map(|visitor| async move { visitor.follow("launch").await.expect(302) }),
        )
        .await;
        fired.at_least_once();
        env.faults.clear();
        env.advance_ms(1000);
        env.sweep().await;
    }
    while env.drain("ClicksQueue").await.received > 0 {}
    assert_eq!(reported(&env, "groupBy=slug").await["launch"], (100, 0));
}
