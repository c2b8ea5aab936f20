//! Counters equal a recount of the raw clicks, under duplicates, reordering, crashes, conflicts and lost answers.

use std::collections::BTreeMap;

use aws_lambda_events::sqs::SqsMessage;
use domain::clicks::Click;
use domain::clicks::agent::Device;
use domain::clicks::ctx::Consent;
use domain::values::id::ClickId;
use domain::values::moment::Day;
use serde_json::{Value, json};
use tests::{Fault, Rule, World};

/// A generator of numbers, the same in every run.
struct Dice(u64);

impl Dice {
    fn roll(&mut self, sides: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        usize::try_from(self.0 >> 33).unwrap() % sides
    }

    fn pick<'a>(&mut self, of: &[&'a str]) -> &'a str {
        of[self.roll(of.len())]
    }
}

fn click(world: &World, number: u64, dice: &mut Dice) -> Click {
    Click {
        id: ClickId::new(
            world.now().plus_secs(i64::try_from(number % 3).unwrap() * 43_200),
            (u128::from(number) << 40) | u128::from(dice.0),
        ),
        handle: world.handle(),
        slug: dice.pick(&["launch", "deal-alpha", "deal-beta", "spring"]).parse().unwrap(),
        link_version: 1,
        campaign_id: [None, Some("partner-alpha"), Some("partner-beta")][dice.roll(3)].map(|id| id.parse().unwrap()),
        bot: dice.roll(4) == 0,
        reasons: Vec::new(),
        classifier: 1,
        country: dice.pick(&["US", "DE", "FR", "UNKNOWN"]).to_owned(),
        device: Device::ALL[dice.roll(5)].as_str().to_owned(),
        source: dice.pick(&["direct", "email", "a|b"]).to_owned(),
        referrer: format!("host-{}.example", dice.roll(50)),
        campaign: None,
        language: None,
        session_id: None,
        segments: Vec::new(),
        rule: None,
        consent: Consent::Full,
        address: None,
        user_agent: None,
        purpose: None,
        no_accept_language: false,
        instant_conversion: false,
    }
}

/// A world with the campaigns that those clicks name.
async fn world_of_campaigns() -> World {
    let world = World::new().await;
    for campaign in ["partner-alpha", "partner-beta"] {
        world.campaign(campaign).await;
    }
    world
}

/// What the raw clicks of all days say, split by a dimension: clicks and bot clicks by key.
async fn recount(world: &World, key: impl Fn(&Click) -> String) -> BTreeMap<String, (u64, u64)> {
    let mut rows: BTreeMap<String, (u64, u64)> = BTreeMap::new();
    let first: Day = "2026-03-01".parse().unwrap();
    for day in 0..3 {
        for click in clicks_of(world, first.plus(day)).await {
            let row = rows.entry(key(&click)).or_default();
            row.0 += 1;
            row.1 += u64::from(click.bot);
        }
    }
    rows
}

/// Reads raw clicks past the functions' permissions, as an auditor with the table in hand.
async fn clicks_of(world: &World, day: Day) -> Vec<Click> {
    world.auditor().clicks_of(&world.handle(), day).await.unwrap()
}

async fn reported(world: &World, query: &str) -> BTreeMap<String, (u64, u64)> {
    let report = world.owner().get(&format!("/v2/handles/demo/analytics?from=2026-03-01&to=2026-03-03&{query}")).await.expect(200).json();
    let figures = |row: &Value| (row["clicks"].as_u64().unwrap(), row["botClicks"].as_u64().unwrap());
    let rows: BTreeMap<_, _> =
        report["rows"].as_array().unwrap().iter().map(|row| (row["key"].as_str().unwrap().to_owned(), figures(row))).collect();
    let sum = rows.values().fold((0, 0), |sum, row| (sum.0 + row.0, sum.1 + row.1));
    assert_eq!(sum, figures(&report["totals"]), "rows of {query} add up to the totals");
    rows
}

async fn reports_equal_a_recount(world: &World) {
    assert_eq!(reported(world, "groupBy=day").await, recount(world, |click| click.day().to_string()).await);
    assert_eq!(reported(world, "groupBy=slug").await, recount(world, |click| click.slug.to_string()).await);
    assert_eq!(reported(world, "groupBy=country").await, recount(world, |click| click.country.clone()).await);
    assert_eq!(reported(world, "groupBy=device").await, recount(world, |click| click.device.clone()).await);
    assert_eq!(reported(world, "groupBy=referrer").await, recount(world, |click| click.referrer.clone()).await);
    assert_eq!(reported(world, "groupBy=source").await, recount(world, |click| click.source.clone()).await);
    let campaign = |click: &Click| click.campaign_id.as_ref().map_or("none".to_owned(), ToString::to_string);
    assert_eq!(reported(world, "groupBy=campaign").await, recount(world, campaign).await);
    let of_alpha = recount(world, |click| format!("{} {}", campaign(click), click.country)).await;
    for (country, figures) in reported(world, "groupBy=country&campaignId=partner-alpha").await {
        assert_eq!(of_alpha[&format!("partner-alpha {country}")], figures);
    }
    let of_launch = recount(world, |click| format!("{} {}", click.slug, click.device)).await;
    for (device, figures) in reported(world, "groupBy=device&slug=launch").await {
        assert_eq!(of_launch[&format!("launch {device}")], figures);
    }
}

fn shuffled(mut messages: Vec<SqsMessage>, dice: &mut Dice) -> Vec<SqsMessage> {
    for place in (1..messages.len()).rev() {
        messages.swap(place, dice.roll(place + 1));
    }
    messages
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn ten_thousand_clicks_through_a_queue_that_duplicates_and_reorders_are_counted_exactly() {
    let world = world_of_campaigns().await;
    let mut dice = Dice(7);
    for number in 0..10_000 {
        let click = click(&world, number, &mut dice);
        world.app("redirect").store().send_click(&click).await.unwrap();
    }
    let conflicts = world.faults.inject(Rule::on("TransactWriteItems").after(3).times(7), Fault::Conflict);
    let mut duplicates = 0;
    let mut earlier: Vec<SqsMessage> = Vec::new();
    let mut handed = 0;
    while world.house().queue_depth("ClicksQueue").unwrap().visible > 0 {
        world
            .drain_with("ClicksQueue", |messages| {
                handed += messages.len();
                let repeated: Vec<_> = messages.iter().filter(|_| dice.roll(3) == 0).cloned().chain(earlier.drain(..)).collect();
                duplicates += repeated.len();
                earlier = messages.iter().filter(|_| dice.roll(10) == 0).cloned().collect();
                shuffled(messages.into_iter().chain(repeated).collect(), &mut dice)
            })
            .await;
    }
    assert_eq!(conflicts.times(), 7);
    assert!(duplicates > 3000, "{duplicates}");
    assert!(handed >= 10_000);
    assert_eq!(recount(&world, |_| String::new()).await[""].0, 10_000);
    reports_equal_a_recount(&world).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_crash_or_a_fault_at_any_step_of_counting_changes_no_figure() {
    let world = world_of_campaigns().await;
    let mut dice = Dice(11);
    let mut number = 0;
    let mut send = async |world: &World, many: u64| {
        for _ in 0..many {
            let click = click(world, number, &mut dice);
            world.app("redirect").store().send_click(&click).await.unwrap();
            number += 1;
        }
    };
    for fault in [Fault::CrashBefore, Fault::CrashAfter] {
        for step in 0.. {
            send(&world, 40).await;
            let mut kept = Vec::new();
            let survived = world
                .crash_at(
                    "click-worker",
                    step,
                    fault,
                    world.drain_with("ClicksQueue", |messages| {
                        kept.clone_from(&messages);
                        messages
                    }),
                )
                .await;
            if survived.is_some() {
                break;
            }
            // The queue gives a dead consumer's messages to the next one.
            world.redeliver("click-worker", kept).await;
        }
    }
    for fault in [Fault::AnswerLost, Fault::Doubled, Fault::Throttled, Fault::Conflict, Fault::Unreachable] {
        send(&world, 40).await;
        let fired = world.faults.inject(Rule::on("TransactWriteItems").by("click-worker").times(2), fault);
        world.drain("ClicksQueue").await;
        fired.at_least_once();
        world.faults.clear();
        world.drain("ClicksQueue").await;
    }
    assert_eq!(recount(&world, |_| String::new()).await[""].0, number);
    reports_equal_a_recount(&world).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_contended_cell_is_spread_over_shards_that_reports_add_up() {
    let world = world_of_campaigns().await;
    let mut dice = Dice(5);
    for round in 0..6 {
        for number in 0..20 {
            let click = click(&world, round * 20 + number, &mut dice);
            world.app("redirect").store().send_click(&click).await.unwrap();
        }
        let fired = world.faults.inject(Rule::on("TransactWriteItems").by("click-worker"), Fault::Conflict);
        world.drain("ClicksQueue").await;
        fired.at_least_once();
        world.faults.clear();
    }
    reports_equal_a_recount(&world).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_poisoned_message_keeps_nobody_from_being_counted() {
    let world = world_of_campaigns().await;
    let mut dice = Dice(3);
    for number in 0..9 {
        let click = click(&world, number, &mut dice);
        world.app("redirect").store().send_click(&click).await.unwrap();
    }
    let report = world
        .drain_with("ClicksQueue", |mut messages| {
            messages[4].body = Some("not a click".to_owned());
            messages
        })
        .await;
    assert_eq!((report.deleted, report.failed), (8, 1));
    assert_eq!(recount(&world, |_| String::new()).await[""].0, 8);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn random_referrers_cannot_grow_a_report_without_bound_nor_lose_a_click() {
    let world = world_of_campaigns().await;
    let mut dice = Dice(17);
    for number in 0..1200 {
        let mut click = click(&world, number * 3, &mut dice);
        click.referrer = format!("spam-{number}.example");
        world.app("redirect").store().send_click(&click).await.unwrap();
    }
    while world.drain("ClicksQueue").await.received > 0 {}
    let rows = reported(&world, "groupBy=referrer").await;
    assert_eq!(rows.len(), 500);
    assert_eq!(rows.values().map(|row| row.0).sum::<u64>(), 1200);
    assert!(rows["other"].0 > 600, "{:?}", rows["other"]);
    assert_eq!(json!(reported(&world, "groupBy=slug").await.values().map(|row| row.0).sum::<u64>()), json!(1200));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn clicks_that_wait_together_share_a_message_and_all_are_counted() {
    let world = World::new().await;
    world.owner().put("/v2/handles/demo/links/launch", json!({"destinationUrl": "https://example.com/"})).await.expect(201);
    world.visitor().follow("launch").await.expect(302);
    world.faults.take_calls();
    let visitor = world.visitor();
    futures::future::join_all(
        (0..400).map(|number| visitor.clone().number(number)).map(|visitor| async move { visitor.follow("launch").await.expect(302) }),
    )
    .await;
    let messages = world.faults.take_calls().iter().filter(|(_, operation)| operation == "SendMessage").count();
    assert!((1..100).contains(&messages), "{messages} messages for 400 clicks");
    world.settle().await;
    assert_eq!(reported(&world, "groupBy=slug").await["launch"], (401, 0));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn clicks_whose_shared_message_is_lost_are_parked_one_by_one_and_counted_once() {
    let world = World::new().await;
    world.owner().put("/v2/handles/demo/links/launch", json!({"destinationUrl": "https://example.com/"})).await.expect(201);
    let visitor = world.visitor();
    for fault in [Fault::Unreachable, Fault::AnswerLost] {
        let fired = world.faults.inject(Rule::on("SendMessage").by("redirect").always(), fault);
        futures::future::join_all(
            (0..50).map(|number| visitor.clone().number(number)).map(|visitor| async move { visitor.follow("launch").await.expect(302) }),
        )
        .await;
        fired.at_least_once();
        world.faults.clear();
        world.advance_ms(1000);
        world.sweep().await;
    }
    while world.drain("ClicksQueue").await.received > 0 {}
    assert_eq!(reported(&world, "groupBy=slug").await["launch"], (100, 0));
}
