//! Adjustments: whatever happens, the ledger, the reports and the list of conversions have the same sums, never below zero.

use std::collections::BTreeMap;

use domain::conversions::ledger::{Adjustment, AdjustmentBounds, Cause, LedgerEntry};
use domain::values::moment::Day;
use domain::values::money::{Currency, MoneyChange, amount};
use futures::future::join_all;
use serde_json::{Value, json};
use store::{Adjusted, StoredConversion};
use tests::{Answer, Fault, Random, Rule, TestEnv, TestEnvOptions};

const CONVERSIONS: &str = "/v2/handles/demo/conversions";
const FIRST_DAY: &str = "2026-03-01";

/// Links with the campaign each belongs to.
const LINKS: [(&str, Option<&str>); 3] = [("alpha", Some("partner-alpha")), ("beta", Some("partner-beta")), ("plain", None)];

async fn env() -> TestEnv {
    let options = TestEnvOptions { environment: [("CTX_LIFE_DAYS".to_owned(), "800".to_owned())].into(), ..TestEnvOptions::default() };
    let env = TestEnv::with(options).await;
    for (slug, campaign) in LINKS {
        if let Some(id) = campaign {
            env.campaign(id).await;
        }
        let link = json!({"destinationUrl": "https://example.com/product", "campaignId": campaign});
        env.owner().put(&format!("/v2/handles/demo/links/{slug}"), link).await.expect(201);
    }
    env
}

/// Follows a link and buys, some seconds later.
async fn buy(env: &TestEnv, slug: &str, key: &str, value: Value, currency: &str) -> Value {
    env.follow_and_convert(slug, 5_000, key, value, currency).await
}

fn id(conversion: &Value) -> &str {
    conversion["conversionId"].as_str().expect("an id")
}

async fn adjust(env: &TestEnv, id: &str, key: &str, amount: impl Into<Value>) -> Answer {
    let body = json!({"amount": amount.into(), "reason": "returned", "idempotencyKey": key});
    env.operator().post(&format!("{CONVERSIONS}/{id}/adjustments"), body).await
}

async fn read(env: &TestEnv, id: &str) -> Value {
    env.creator().get(&format!("{CONVERSIONS}/{id}")).await.expect(200).json()
}

async fn explain(env: &TestEnv, id: &str) -> Value {
    env.creator().get(&format!("{CONVERSIONS}/{id}/explain")).await.expect(200).json()
}

/// Revenue of a report in one currency; what is not there is nothing.
fn revenue(figures: &Value, currency: &str) -> Value {
    figures["revenueByCurrency"].get(currency).cloned().unwrap_or(json!(0))
}

async fn report(env: &TestEnv, query: &str) -> Value {
    let to = env.now().day();
    env.report(&format!("from={FIRST_DAY}&to={to}&{query}")).await
}

async fn total(env: &TestEnv, currency: &str) -> Value {
    revenue(&report(env, "groupBy=day").await["totals"], currency)
}

/// Everything on its way arrives, also what a crash left behind.
async fn arrive(env: &TestEnv) {
    env.process_events().await;
    for _ in 0..2 {
        env.advance_ms(61_000);
        env.sweep().await;
        env.process_events().await;
    }
}

/// The whole ledger since the first day, a few lines a page.
async fn ledger(env: &TestEnv, page: usize) -> Vec<LedgerEntry> {
    let (from, to): (Day, Day) = (FIRST_DAY.parse().unwrap(), env.now().day());
    let (store, mut entries, mut cursor) = (env.unrestricted_store(), Vec::new(), None);
    loop {
        let found = store.ledger().entries(&env.handle(), from, to, page, cursor.as_deref()).await.unwrap();
        assert!(found.items.len() <= page);
        entries.extend(found.items);
        cursor = found.next_cursor;
        if cursor.is_none() {
            assert!(entries.windows(2).all(|pair| pair[0].id < pair[1].id && pair[0].at <= pair[1].at), "in the order of time");
            return entries;
        }
    }
}

// ---------------------------------------------------------------- random histories against an oracle

/// An amount of at most `max` minor units.
fn minor(random: &mut Random, max: usize) -> i64 {
    i64::try_from(random.below(max)).unwrap() + 1
}

/// One conversion as the test knows it.
struct Known {
    id: String,
    slug: &'static str,
    campaign: String,
    currency: &'static str,
    /// What it is worth, in minor units; none without a value.
    net: Option<i64>,
    keys: Vec<(String, i64)>,
}

/// What every figure must be: minor units by report key and currency.
#[derive(Default)]
struct Oracle(BTreeMap<(String, &'static str), i64>);

impl Oracle {
    fn add(&mut self, day: Day, known: &Known, minor: i64) {
        for key in ["all".to_owned(), format!("day {day}"), format!("slug {}", known.slug), format!("campaign {}", known.campaign)] {
            *self.0.entry((key, known.currency)).or_default() += minor;
        }
    }
}

fn number(minor: i64, currency: &str) -> Value {
    Value::Number(amount(i128::from(minor), currency.parse::<Currency>().unwrap()))
}

/// Holds ledger, reports and list against what they must be.
async fn compare(env: &TestEnv, oracle: &Oracle, conversions: &[Known], page: usize) {
    let mut lines: BTreeMap<(String, &'static str), i64> = BTreeMap::new();
    for entry in ledger(env, page).await {
        let Some(change) = entry.amount else { continue };
        let campaign = entry.campaign_id.map_or("none".to_owned(), |campaign| campaign.to_string());
        let keys = ["all".to_owned(), format!("day {}", entry.at.day()), format!("slug {}", entry.slug), format!("campaign {campaign}")];
        for key in keys {
            *lines.entry((key, change.currency.code())).or_default() += change.minor;
        }
    }
    assert_eq!(lines, oracle.0, "the ledger");
    for by in ["day", "slug", "campaign"] {
        let report = report(env, &format!("groupBy={by}")).await;
        let rows = report["rows"].as_array().unwrap();
        for ((key, currency), minor) in &oracle.0 {
            if key == "all" {
                assert_eq!(revenue(&report["totals"], currency), number(*minor, currency), "{by} in all, {currency}");
            } else if let Some(key) = key.strip_prefix(&format!("{by} ")) {
                let reported = rows.iter().find(|row| row["key"] == key).map_or(json!(0), |row| revenue(row, currency));
                assert_eq!(reported, number(*minor, currency), "{by} {key}, {currency}");
            }
        }
        let strays = rows.iter().filter(|row| {
            let known = |currency: &String| {
                oracle.0.keys().any(|(key, of)| *key == format!("{by} {}", row["key"].as_str().unwrap()) && of == currency)
            };
            !row["revenueByCurrency"].as_object().unwrap().keys().all(known)
        });
        assert_eq!(strays.count(), 0, "{by}: {rows:?}");
    }
    let mut listed = BTreeMap::new();
    let mut cursor = String::new();
    loop {
        let list = env.owner().get(&format!("{CONVERSIONS}?limit=100&cursor={cursor}")).await.expect(200).json();
        for item in list["items"].as_array().unwrap() {
            listed.insert(id(item).to_owned(), item["netValue"].clone());
        }
        match list["nextCursor"].as_str() {
            Some(next) => cursor = next.to_owned(),
            None => break,
        }
    }
    let expected = conversions.iter().map(|known| (known.id.clone(), known.net.map_or(Value::Null, |net| number(net, known.currency))));
    assert_eq!(listed, expected.collect(), "the list");
}

/// Adjusts a conversion, or tries to, and holds the answer against what it must be.
async fn adjust_known(env: &TestEnv, oracle: &mut Oracle, known: &mut Known, key: String, minor: i64) {
    let currency = known.currency;
    let answer = adjust(env, &known.id, &key, if minor == 0 { json!(-1) } else { number(minor, currency) }).await;
    let Some(net) = known.net else {
        answer.refused(409, "conflict");
        return;
    };
    if let Some((_, first)) = known.keys.iter().find(|(used, _)| *used == key) {
        let receipt = answer.expect(200).json();
        assert_eq!(
            (&receipt["deduped"], &receipt["amount"], &receipt["netValue"]),
            (&json!(true), &number(*first, currency), &number(net, currency))
        );
        let differs = if *first == minor { Value::Null } else { json!(["amount"]) };
        assert_eq!(receipt["mismatch"], differs);
    } else if net + minor < 0 {
        assert_eq!(answer.refused(409, "conflict").json()["available"], number(net, currency));
    } else {
        let receipt = answer.expect(201).json();
        assert_eq!(
            (&receipt["deduped"], &receipt["amount"], &receipt["netValue"]),
            (&json!(false), &number(minor, currency), &number(net + minor, currency))
        );
        known.net = Some(net + minor);
        known.keys.push((key, minor));
        oracle.add(env.now().day(), known, minor);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn in_any_history_ledger_reports_and_list_have_the_same_sums() {
    let (mut refused_or_known, mut fired) = (0, Vec::new());
    for seed in 1..=2 {
        let env = env().await;
        let (mut random, mut oracle, mut conversions) = (Random::new(seed), Oracle::default(), Vec::<Known>::new());
        for step in 0..240 {
            let fault = [Fault::Conflict, Fault::AnswerLost, Fault::Throttled][random.below(3)];
            if step % 6 == 0 {
                let function = ["attribution", "event-worker"][random.below(2)];
                fired.push(env.faults.inject(Rule::on("TransactWriteItems").by(function), fault));
            }
            match random.below(12) {
                0..=2 => {
                    let (slug, _) = LINKS[random.below(3)];
                    let (currency, most) = [("USD", 20_000), ("JPY", 3_000), ("KWD", 90_000)][random.below(3)];
                    let net = (!random.one_in(8)).then(|| minor(&mut random, most));
                    let value = net.map_or(Value::Null, |minor| number(minor, currency));
                    let sale = buy(&env, slug, &format!("order-{step}"), value, currency).await;
                    let campaign = sale["campaignId"].as_str().unwrap_or("none").to_owned();
                    let known = Known { id: id(&sale).to_owned(), slug, campaign, currency, net, keys: Vec::new() };
                    if let Some(net) = net {
                        oracle.add(env.now().day(), &known, net);
                    }
                    conversions.push(known);
                }
                roll @ 3..=8 if !conversions.is_empty() => {
                    let place = random.below(conversions.len());
                    let known = &mut conversions[place];
                    let net = known.net.unwrap_or(1);
                    let (key, minor) = match roll {
                        3 | 4 => (format!("refund-{step}"), -minor(&mut random, usize::try_from(net.max(1)).unwrap())),
                        5 => (format!("full-{step}"), -net),
                        6 => (format!("over-{step}"), -net - minor(&mut random, 100)),
                        7 => (format!("more-{step}"), minor(&mut random, 5_000)),
                        _ => known
                            .keys
                            .last()
                            .map_or((format!("some-{step}"), 1), |(key, refunded)| (key.clone(), refunded + minor(&mut random, 2) - 1)),
                    };
                    let minor = if minor == 0 { -1 } else { minor };
                    let before = known.keys.len();
                    adjust_known(&env, &mut oracle, known, key, minor).await;
                    refused_or_known += usize::from(known.keys.len() == before);
                }
                9 => env.advance_ms(86_400_000 * i64::try_from(random.below(4)).unwrap() + 3_600_000),
                10 => {
                    env.drain("ClicksQueue").await;
                    let doubled = |messages: Vec<_>| messages.iter().cloned().chain(messages.iter().cloned()).collect();
                    env.drain_with("EventsQueue", doubled).await;
                }
                _ => env.advance_ms(1_000),
            }
            if step % 80 == 79 {
                arrive(&env).await;
                compare(&env, &oracle, &conversions, 7).await;
                env.faults.clear();
            }
        }
        assert!(conversions.len() > 30, "{}", conversions.len());
        let nothing_left = conversions.iter().filter(|known| known.net == Some(0)).count();
        assert!(oracle.0.len() > 40 && nothing_left > 0, "{} figures, {nothing_left} refunded whole", oracle.0.len());
        compare(&env, &oracle, &conversions, 100).await;
    }
    assert!(refused_or_known > 60, "{refused_or_known}");
    assert!(fired.iter().filter(|fired| fired.times() > 0).count() > 20, "the faults fired");
}

// ---------------------------------------------------------------- crashes, lost words, races

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_crash_at_any_step_of_an_adjustment_neither_loses_nor_doubles_it() {
    let env = env().await;
    let order = buy(&env, "alpha", "order-1", json!(1000), "USD").await;
    let (mut refunds, mut crashes) = (0, 0);
    for fault in [Fault::CrashBefore, Fault::CrashAfter] {
        for step in 0.. {
            let key = format!("{fault:?}-{step}");
            let lived = env.crash_at("attribution", step, fault, adjust(&env, id(&order), &key, -1)).await;
            let again = adjust(&env, id(&order), &key, -1).await;
            assert!(again.status == 201 || again.status == 200, "{}", again.text());
            refunds += 1;
            assert_eq!(again.json()["netValue"], json!(1000 - refunds));
            if lived.is_some() {
                break;
            }
            crashes += 1;
        }
    }
    assert!(crashes >= 12, "each call of an adjustment was a place to crash: {crashes}");
    arrive(&env).await;
    assert_eq!(total(&env, "USD").await, json!(1000 - refunds));
    assert_eq!(read(&env, id(&order)).await["entries"].as_array().unwrap().len(), refunds + 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_adjustment_is_counted_once_through_crashes_conflicts_lost_answers_and_duplicates() {
    let env = env().await;
    let order = buy(&env, "alpha", "order-1", json!(1000), "USD").await;
    env.process_events().await;
    let (mut refunds, mut crashes) = (0, 0);
    for fault in [Fault::CrashBefore, Fault::CrashAfter] {
        for step in 0.. {
            adjust(&env, id(&order), &format!("{fault:?}-{step}"), -1).await.expect(201);
            refunds += 1;
            let survived = env.crash_at("event-worker", step, fault, env.drain("EventsQueue")).await;
            env.advance_ms(61_000);
            env.sweep().await;
            env.process_events().await;
            assert_eq!(total(&env, "USD").await, json!(1000 - refunds), "{fault:?} at step {step}");
            if survived.is_some() {
                break;
            }
            crashes += 1;
        }
    }
    assert!(crashes >= 6, "each call of the settling was a place to crash: {crashes}");
    for fault in [Fault::Conflict, Fault::AnswerLost, Fault::Doubled, Fault::Throttled] {
        adjust(&env, id(&order), &format!("{fault:?}"), -1).await.expect(201);
        refunds += 1;
        let fired = env.faults.inject(Rule::on("TransactWriteItems").by("event-worker").times(2), fault);
        let doubled = |messages: Vec<_>| messages.iter().cloned().chain(messages.iter().cloned()).collect();
        env.drain_with("EventsQueue", doubled).await;
        fired.at_least_once();
        env.faults.clear();
        arrive(&env).await;
        assert_eq!(total(&env, "USD").await, json!(1000 - refunds), "{fault:?}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_lost_answer_is_the_callers_own_first_and_a_lost_announcement_is_made_again() {
    let env = env().await;
    let order = buy(&env, "alpha", "order-1", json!(24.99), "USD").await;
    env.process_events().await;
    for (number, fault) in [Fault::AnswerLost, Fault::Conflict, Fault::Throttled, Fault::Doubled].into_iter().enumerate() {
        let fired = env.faults.inject(Rule::on("TransactWriteItems").by("attribution"), fault);
        let receipt = adjust(&env, id(&order), &format!("refund-{number}"), json!(-0.01)).await.expect(201).json();
        fired.at_least_once();
        env.faults.clear();
        assert_eq!(receipt["deduped"], false, "{fault:?}");
    }
    let fired = env.faults.inject(Rule::on("SendMessage").by("attribution").always(), Fault::Unreachable);
    adjust(&env, id(&order), "refund-4", json!(-4)).await.expect(201);
    fired.at_least_once();
    env.faults.clear();
    env.process_events().await;
    assert_eq!(total(&env, "USD").await, json!(24.95), "the last one is not processed yet");
    arrive(&env).await;
    assert_eq!(total(&env, "USD").await, json!(20.95));
    let unreachable = env.faults.inject(Rule::on("TransactWriteItems").by("attribution").always(), Fault::Unreachable);
    adjust(&env, id(&order), "refund-5", json!(-1)).await.refused(503, "unavailable");
    unreachable.at_least_once();
    env.faults.clear();
    adjust(&env, id(&order), "refund-5", json!(-1)).await.expect(201);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn fifty_refunds_at_once_never_take_a_conversion_below_zero() {
    let env = env().await;
    let order = buy(&env, "alpha", "order-1", json!(20.5), "USD").await;
    let keys: Vec<String> = (0..50).map(|number| format!("refund-{number}")).collect();
    let (mut accepted, mut refused, mut open) = (0, 0, keys);
    while !open.is_empty() {
        let answers = join_all(open.iter().map(|key| adjust(&env, id(&order), key, -1))).await;
        let mut again = Vec::new();
        for (key, answer) in open.into_iter().zip(answers) {
            match answer.status.as_u16() {
                201 => accepted += 1,
                409 => refused += 1,
                // Many writers of one item: the caller is asked to retry.
                503 => again.push(key),
                status => panic!("{status}: {}", answer.text()),
            }
        }
        open = again;
    }
    assert_eq!((accepted, refused), (20, 30));
    assert_eq!(read(&env, id(&order)).await["netValue"], json!(0.5));
    let same = join_all((0..50).map(|_| adjust(&env, id(&order), "last", json!(-0.5)))).await;
    assert_eq!(same.iter().filter(|answer| answer.status == 201).count(), 1);
    assert!(same.iter().all(|answer| [200, 201, 503].contains(&answer.status.as_u16())));
    arrive(&env).await;
    assert_eq!(total(&env, "USD").await, json!(0));
}

// ---------------------------------------------------------------- days, and what comes too early

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_refund_on_another_day_leaves_the_earlier_day_as_it_was() {
    let env = env().await;
    let order = buy(&env, "alpha", "order-1", json!(100), "JPY").await;
    env.process_events().await;
    env.advance_days(40);
    let refund = adjust(&env, id(&order), "refund-1", -30).await.expect(201).json();
    env.process_events().await;
    let report = report(&env, "groupBy=day").await;
    let days: Vec<_> = report["rows"]
        .as_array()
        .unwrap()
        .iter()
        .map(|row| (row["key"].clone(), row["conversions"].clone(), revenue(row, "JPY")))
        .collect();
    assert_eq!(days, [(json!("2026-03-01"), json!(1), json!(100)), (json!("2026-04-10"), json!(0), json!(-30))]);
    let entries = ledger(&env, 50).await;
    assert_eq!(entries.iter().map(|entry| entry.id.to_string()).collect::<Vec<_>>(), [id(&order), refund["entryId"].as_str().unwrap()]);
    let store = env.unrestricted_store();
    let of = |from: &str, to: &str| {
        let (store, handle, from, to) = (store.clone(), env.handle(), from.parse().unwrap(), to.parse().unwrap());
        async move { store.ledger().entries(&handle, from, to, 10, None).await.unwrap().items.len() }
    };
    assert_eq!((of("2026-03-01", "2026-03-01").await, of("2026-03-02", "2026-04-09").await), (1, 0));
    assert_eq!((of("2026-04-10", "2026-04-10").await, of("2026-04-11", "2026-04-10").await), (1, 0));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_refund_that_comes_before_its_conversion_is_counted_waits_for_it() {
    let env = env().await;
    let order = buy(&env, "alpha", "order-1", json!(10), "USD").await;
    adjust(&env, id(&order), "refund-1", -4).await.expect(201);
    env.drain("EventsQueue").await;
    assert_eq!(env.server().queue_depth("EventsQueue").unwrap().delayed, 2, "both are put back for a moment");
    assert_eq!(total(&env, "USD").await, json!(0));
    // The click never comes; after a minute the sweeper alone looks after the refund.
    for _ in 0..4 {
        env.advance_ms(61_000);
        env.sweep().await;
        env.drain("EventsQueue").await;
        assert_eq!(total(&env, "USD").await, json!(0));
    }
    env.advance_ms(61_000);
    // The waits between two announcements have grown to eight minutes.
    for _ in 0..9 {
        env.sweep().await;
        env.drain("EventsQueue").await;
        env.advance_ms(61_000);
    }
    assert_eq!(total(&env, "USD").await, json!(6));
    let by_country = report(&env, "groupBy=country").await;
    assert_eq!((&by_country["rows"][0]["key"], revenue(&by_country["rows"][0], "USD")), (&json!("UNKNOWN"), json!(6)));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_expired_conversion_keeps_its_ledger_when_its_key_is_used_again() {
    let env = env().await;
    let first = buy(&env, "alpha", "order-1", json!(50), "USD").await;
    adjust(&env, id(&first), "refund-1", -10).await.expect(201);
    env.process_events().await;
    let stale = env.unrestricted_store().conversions().get(&env.handle(), id(&first).parse().unwrap()).await.unwrap().unwrap();
    env.advance_days(366);
    let ctx = env.visitor().follow("alpha").await.expect(302).ctx();
    let order = json!({"ctx": ctx, "idempotencyKey": "order-1", "eventType": "purchase", "value": 7, "currency": "USD"});
    // Refunds of the old conversion race with submissions that take its key over.
    let client = env.anonymous();
    let takers = join_all((0..10).map(|_| client.post("/v2/public/conversions", order.clone())));
    let refund_keys: Vec<String> = (0..10).map(|number| format!("race-{number}")).collect();
    let refunds = join_all(refund_keys.iter().map(|key| adjust(&env, id(&first), key, -1)));
    let (taken, refunded) = futures::join!(takers, refunds);
    assert_eq!(taken.iter().filter(|answer| answer.status == 202).count(), 1);
    let accepted = refunded.iter().filter(|answer| answer.status == 201).count();
    assert!(accepted > 0);
    assert_eq!(read(&env, id(&first)).await["netValue"], json!(40 - accepted));
    assert_eq!(
        env.unrestricted_store().conversions().reload(&stale).await.unwrap().unwrap().adjusted,
        -1000 - 100 * i64::try_from(accepted).unwrap()
    );
    adjust(&env, id(&first), "refund-2", json!(-40)).await.refused(409, "conflict");
    let rest = adjust(&env, id(&first), "refund-3", 1).await.expect(201).json();
    assert_eq!(rest["netValue"], json!(41 - accepted));
    arrive(&env).await;
    let second = taken.iter().find(|answer| answer.status == 202).unwrap().json();
    assert_eq!(read(&env, id(&second)).await["netValue"], json!(7), "the later one has a ledger of its own");
    let store_sums: i64 = ledger(&env, 50).await.iter().filter_map(|entry| entry.amount).map(|change| change.minor).sum();
    assert_eq!(store_sums, (48 - i64::try_from(accepted).unwrap()) * 100);
}

/// A refund of one minor unit, past the API.
fn refund_of(env: &TestEnv, conversion: &StoredConversion) -> Adjustment {
    let (app, conversion) = (env.app("attribution"), &conversion.conversion);
    Adjustment {
        id: app.id(),
        handle: conversion.handle.clone(),
        conversion_id: conversion.id,
        cause: Cause::Requested,
        elsewhere: false,
        amount: Some(MoneyChange { minor: -1, currency: Currency::USD }),
        reason: "returned".to_owned(),
        actor: env.audit_event("conversion.adjusted").actor,
        created_at: env.now(),
        request_id: app.id(),
        slug: conversion.slug.clone(),
        campaign_id: conversion.campaign_id.clone(),
        click_id: conversion.click_id,
        event_type: conversion.event_type.clone(),
        trust: conversion.trust,
        bot: conversion.bot,
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_refund_between_reading_and_taking_over_an_expired_key_is_not_lost() {
    let env = env().await;
    let mut orders = Vec::new();
    for number in 0..6 {
        orders.push(buy(&env, "alpha", &format!("order-{number}"), json!(50), "USD").await);
    }
    // Half of them have been adjusted before.
    for order in &orders[..3] {
        adjust(&env, id(order), "early", json!(-1)).await.expect(201);
    }
    env.process_events().await;
    env.advance_days(366);
    let ctx = env.visitor().follow("alpha").await.expect(302).ctx();
    let (store, mut interleaved) = (env.unrestricted_store(), 0);
    for (number, order) in orders.iter().enumerate() {
        let stale = store.conversions().get(&env.handle(), id(order).parse().unwrap()).await.unwrap().unwrap();
        let refund = refund_of(&env, &stale);
        let bounds = AdjustmentBounds::of(stale.conversion.money.unwrap(), refund.amount.unwrap());
        let body = json!({"ctx": ctx, "idempotencyKey": format!("order-{number}"), "eventType": "purchase"});
        // A submission that takes the key over has read its holder when the refund comes in between.
        let fired = env.faults.inject(Rule::on("TransactWriteItems").by("attribution").always(), Fault::Throttled);
        let meanwhile = async {
            while fired.times() == 0 {
                tokio::task::yield_now().await;
            }
            let event = env.audit_event("conversion.adjusted");
            let adjusted = store.ledger().adjust(&stale, &refund, bounds, "late", &event).await.unwrap();
            assert!(matches!(adjusted, Adjusted::Accepted(_)));
            env.faults.clear();
        };
        let client = env.anonymous();
        let (taken, ()) = futures::join!(client.post("/v2/public/conversions", body), meanwhile);
        interleaved += usize::from(taken.status == 202);
        let net = if number < 3 { json!(48.99) } else { json!(49.99) };
        assert_eq!(read(&env, id(order)).await["netValue"], net, "order {number}");
    }
    assert!(interleaved > 0, "no submission took a key over after the refund");
}

// ---------------------------------------------------------------- explained

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_explanation_leads_from_the_click_to_the_ledger() {
    let env = env().await;
    env.owner()
        .put(
            "/v2/handles/demo/links/alpha",
            json!({"destinationUrl": "https://example.com/product", "campaignId": "partner-alpha",
                "routingRules": [{"destinationUrl": "https://example.com/de", "priority": 1, "conditions": {"countryIn": ["DE"]}}]}),
        )
        .await
        .expect(200);
    let ctx = env.visitor().in_country("DE").follow("alpha?sid=visitor-1").await.expect(302).ctx();
    env.advance_ms(5_000);
    let order = |value: f64| json!({"ctx": ctx, "idempotencyKey": "order-1", "eventType": "purchase", "value": value, "currency": "USD"});
    let post = |value: f64| {
        let (client, body) = (env.anonymous(), order(value));
        async move { client.post("/v2/public/conversions", body).await }
    };
    let sale = post(24.99).await.expect(202);
    let (request, sale) = (sale.header("x-request-id").to_owned(), sale.json());
    let early = explain(&env, id(&sale)).await;
    assert_eq!(
        (&early["click"]["found"], &early["click"]["country"], &early["verdict"]["counted"]),
        (&json!(false), &Value::Null, &json!(false))
    );
    env.process_events().await;
    env.advance_ms(1_000);
    post(24.99).await.expect(200);
    env.advance_ms(1_000);
    post(25.0).await.expect(200);
    env.advance_ms(1_000);
    let refund = adjust(&env, id(&sale), "refund-1", json!(-24.99)).await.expect(201).json();
    let explained = explain(&env, id(&sale)).await;
    assert_eq!((&explained["outcome"], &explained["conversionId"]), (&json!("credited_to_campaign"), &sale["conversionId"]));
    let click = &explained["click"];
    assert_eq!((&click["clickId"], &click["clickedAt"]), (&sale["clickId"], &json!("2026-03-01T12:00:00.000Z")));
    assert_eq!(
        (&click["found"], &click["linkVersion"], &click["country"], &click["device"], &click["verdict"], &click["campaignId"]),
        (&json!(true), &json!(2), &json!("DE"), &json!("DESKTOP"), &json!("human"), &json!("partner-alpha"))
    );
    assert_eq!(
        (&explained["rule"]["label"], &explained["rule"]["kind"], &explained["rule"]["index"]),
        (&json!("r0"), &json!("ROUTING_RULE"), &json!(0))
    );
    assert_eq!((&explained["ctx"]["issuedAt"], &explained["ctx"]["sessionId"]), (&click["clickedAt"], &json!("visitor-1")));
    assert!(explained["ctx"]["expiresAt"].as_str().unwrap() > "2028-05");
    let attempts = explained["attempts"].as_array().unwrap();
    let outcomes: Vec<_> = attempts.iter().map(|attempt| (attempt["outcome"].as_str().unwrap(), attempt["mismatch"].clone())).collect();
    assert_eq!(outcomes, [("accepted", Value::Null), ("deduped", Value::Null), ("deduped_with_mismatch", json!(["value"]))]);
    assert_eq!((&attempts[0]["requestId"], &explained["triesInAll"]), (&json!(request), &json!(3)));
    assert_eq!(
        (&explained["verdict"]["counted"], &explained["verdict"]["trust"], &explained["verdict"]["test"]),
        (&json!(true), &json!("claimed"), &json!(false))
    );
    let entries = explained["entries"].as_array().unwrap();
    let lines: Vec<_> = entries.iter().map(|entry| (entry["kind"].as_str().unwrap(), entry["amount"].clone())).collect();
    assert_eq!(lines, [("CONVERSION", json!(24.99)), ("ADJUSTMENT", json!(-24.99))]);
    assert_eq!(
        (&entries[1]["entryId"], &entries[1]["reason"], &entries[1]["actor"]["id"]),
        (&refund["entryId"], &json!("returned"), &json!("operator"))
    );
    assert_eq!((&explained["netValue"], &explained["currency"]), (&json!(0), &json!("USD")));
    for step in [&explained, click, &explained["rule"], &explained["ctx"], &explained["verdict"]] {
        assert!(step["message"].as_str().unwrap().ends_with('.'), "{step}");
    }
    let detail = read(&env, id(&sale)).await;
    assert_eq!((&detail["adjusted"], &detail["netValue"], &detail["entries"]), (&json!(-24.99), &json!(0), &explained["entries"]));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn without_campaign_or_value_the_explanation_says_so() {
    let env = env().await;
    let order = buy(&env, "plain", "order-1", Value::Null, "").await;
    let explained = explain(&env, id(&order)).await;
    assert_eq!(
        (&explained["outcome"], &explained["rule"]["kind"], &explained["netValue"]),
        (&json!("credited_to_link"), &json!("DEFAULT"), &Value::Null)
    );
    adjust(&env, id(&order), "refund-1", -1).await.refused(409, "conflict");
    let entries = read(&env, id(&order)).await["entries"].clone();
    assert_eq!((entries.as_array().unwrap().len(), &entries[0]["amount"]), (1, &Value::Null));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn attempts_are_kept_up_to_fifty_counted_beyond_and_never_in_the_way() {
    let env = env().await;
    let ctx = env.visitor().follow("alpha").await.expect(302).ctx();
    env.advance_ms(5_000);
    let body = json!({"ctx": ctx, "idempotencyKey": "order-1", "eventType": "purchase", "value": 1, "currency": "USD"});
    let client = env.anonymous();
    let post = || client.post("/v2/public/conversions", body.clone());
    let sale = post().await.expect(202).json();
    // The first call counts the request of an address that has made none this minute.
    let fired = env.faults.inject(Rule::on("UpdateItem").by("attribution").after(1), Fault::AnswerLost);
    env.anonymous().from("203.0.113.9").post("/v2/public/conversions", body.clone()).await.expect(200);
    fired.at_least_once();
    env.faults.clear();
    assert_eq!(explain(&env, id(&sale)).await["triesInAll"], json!(2), "one whose answer was lost is one");
    for _ in 0..55 {
        env.advance_ms(1_000);
        post().await.expect(200);
    }
    let explained = explain(&env, id(&sale)).await;
    assert_eq!((explained["attempts"].as_array().unwrap().len(), &explained["triesInAll"]), (51, &json!(57)));
    let fired = env.faults.inject(Rule::on("UpdateItem").by("attribution").always(), Fault::Unreachable);
    assert_eq!(post().await.expect(200).json()["deduped"], true);
    fired.at_least_once();
}

// ---------------------------------------------------------------- who may, and what is refused

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn adjusting_needs_an_operator_a_known_conversion_and_every_field_and_is_audited() {
    let env = env().await;
    let order = buy(&env, "alpha", "order-1", json!(9.99), "USD").await;
    let path = format!("{CONVERSIONS}/{}/adjustments", id(&order));
    let good = json!({"amount": -1, "reason": "returned", "idempotencyKey": "refund-1"});
    env.creator().post(&path, good.clone()).await.refused(403, "insufficient_role");
    env.stranger().post(&path, good.clone()).await.refused(404, "handle_not_found");
    env.anonymous().post(&path, good.clone()).await.refused(401, "missing_bearer_token");
    env.stranger().post("/v2/handles", json!({"handle": "other"})).await.expect(201);
    env.stranger().post(&path.replace("demo", "other"), good.clone()).await.refused(404, "not_found");
    env.stranger().get(&path.replace("demo", "other").replace("adjustments", "explain")).await.refused(404, "not_found");
    for junk in ["cnv_00000000000000000000000000", "cnv_x"] {
        env.owner().post(&format!("{CONVERSIONS}/{junk}/adjustments"), good.clone()).await.refused(404, "not_found");
        env.owner().get(&format!("{CONVERSIONS}/{junk}/explain")).await.refused(404, "not_found");
    }
    let bad = json!({"amount": 0.001, "reason": "", "idempotencyKey": "", "note": 1});
    let refused = env.operator().post(&path, bad).await.refused(400, "invalid_payload");
    assert_eq!(refused.fields(), ["amount", "reason", "idempotencyKey", "note"]);
    let above = adjust(&env, id(&order), "more", json!(999_999_999_999_i64)).await.refused(409, "conflict");
    assert_eq!((&above.json()["available"], &above.json()["currency"]), (&json!(9.99), &json!("USD")));
    assert_eq!(read(&env, id(&order)).await["netValue"], json!(9.99), "nothing of this changed it");
    let adjusted = env.operator().post(&path, good.clone()).await.expect(201);
    let mut other = good;
    other["reason"] = json!("another");
    let again = env.owner().post(&path, other).await.expect(200).json();
    assert_eq!(
        (&again["mismatch"], &again["reason"], &again["entryId"]),
        (&json!(["reason"]), &json!("returned"), &adjusted.json()["entryId"])
    );
    let events = env.owner().get("/v2/handles/demo/audit-events").await.expect(200).json();
    let events: Vec<&Value> = events["items"].as_array().unwrap().iter().filter(|event| event["action"] == "conversion.adjusted").collect();
    assert_eq!(events.len(), 1);
    assert_eq!((&events[0]["target"], &events[0]["actor"]), (&order["conversionId"], &json!({"kind": "JWT", "id": "operator"})));
    assert_eq!(events[0]["requestId"], adjusted.header("x-request-id"));
    assert_eq!(
        events[0]["after"],
        json!({"adjustmentId": adjusted.json()["entryId"], "amount": -1, "currency": "USD", "reason": "returned"})
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_different_adjustment_under_a_known_key_changes_nothing_and_is_audited() {
    let env = env().await;
    let order = buy(&env, "alpha", "order-1", json!(9.99), "USD").await;
    let first = adjust(&env, id(&order), "refund-1", json!(-1)).await.expect(201).json();
    let mismatches = async || {
        let events = env.owner().get("/v2/handles/demo/audit-events").await.expect(200).json();
        let events = events["items"].as_array().unwrap().iter().filter(|event| event["action"] == "adjustment.mismatch");
        events.cloned().collect::<Vec<_>>()
    };
    adjust(&env, id(&order), "refund-1", json!(-1)).await.expect(200);
    assert_eq!(mismatches().await.len(), 0, "the same again is none");
    let again = adjust(&env, id(&order), "refund-1", json!(-2.5)).await.expect(200);
    assert_eq!((&again.json()["mismatch"], &again.json()["netValue"]), (&json!(["amount"]), &json!(8.99)));
    let events = mismatches().await;
    assert_eq!(
        (events.len(), &events[0]["target"], &events[0]["requestId"]),
        (1, &order["conversionId"], &json!(again.header("x-request-id")))
    );
    assert_eq!(events[0]["actor"], json!({"kind": "JWT", "id": "operator"}));
    let was = json!({"adjustmentId": first["entryId"], "amount": -1, "currency": "USD", "reason": "returned"});
    assert_eq!((&events[0]["before"], &events[0]["after"]), (&was, &json!({"amount": -2.5, "currency": "USD", "reason": "returned"})));
    // An audit log that cannot be reached is no reason to refuse.
    let fired = env.faults.inject(Rule::on("PutItem").by("attribution").always(), Fault::Unreachable);
    adjust(&env, id(&order), "refund-1", json!(-3)).await.expect(200);
    fired.at_least_once();
}
