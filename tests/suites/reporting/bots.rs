//! The quality of clicks: why one is classified as a bot's, rescoring of stored clicks, and figures that follow to the last counter.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use domain::clicks::Click;
use domain::clicks::agent::CLASSIFIER_VERSION;
use domain::testing;
use domain::values::moment::Day;
use futures::future::join_all;
use local::jobs::{Effects, JobScope, rescore};
use serde_json::{Value, json};
use tests::fixtures::order;
use tests::{BROWSER, Fault, Rule, TestEnv, Visit};

const CRAWLER: &str = "Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)";

fn today() -> Day {
    "2026-03-01".parse().unwrap()
}

async fn env_with_links(slugs: &[&str]) -> TestEnv {
    let env = TestEnv::new().await;
    for slug in slugs {
        env.put_link(slug).await.expect(201);
    }
    env
}

/// The stored clicks of the first day, oldest first.
async fn stored(env: &TestEnv) -> Vec<Click> {
    let mut clicks = tests::clicks_of_day(&env.unrestricted_store(), &env.handle(), today()).await.unwrap();
    clicks.sort_by_key(|click| click.id);
    clicks
}

async fn scope(env: &TestEnv) -> JobScope {
    JobScope::of(env.operator_store(), None, today(), today().plus(1)).await.unwrap()
}

/// No more than a day of one handle: the shortest job.
async fn one_day(env: &TestEnv) -> JobScope {
    JobScope::of(env.operator_store(), Some(env.handle()), today(), today()).await.unwrap()
}

/// The job has the environment's time and ids of its own.
fn of_job(env: &TestEnv) -> Effects {
    let (now, seed) = (env.now(), Arc::new(AtomicU64::new(77)));
    Effects { clock: Arc::new(move || now), entropy: Arc::new(move || u128::from(seed.fetch_add(1, Ordering::SeqCst)) << 40) }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_job_over_a_mistyped_handle_says_so() {
    let env = TestEnv::new().await;
    let mistyped = JobScope::of(env.operator_store(), Some("dmeo".parse().unwrap()), today(), today()).await;
    assert_eq!(mistyped.err().map(|error| error.to_string()).as_deref(), Some("there is no handle dmeo"));
}

async fn rescored(env: &TestEnv) -> rescore::RescoreSummary {
    rescore::run(&scope(env).await, &of_job(env), &mut ()).await.unwrap()
}

/// Fails the test if any counter of any cell is not what the raw records make it.
async fn nothing_drifts(env: &TestEnv) {
    let found = env.recount().await;
    assert_eq!(found.drift, Vec::<String>::new());
    assert!(found.counters > 0 && found.records > 0, "{found:?}");
}

/// Clicks and bot clicks of a report's rows, by key.
async fn report(env: &TestEnv, query: &str) -> Vec<(String, i64, i64)> {
    let report = env.report(&format!("from=2026-03-01&to=2026-03-02&{query}")).await;
    let number = |row: &Value, name: &str| row[name].as_i64().unwrap();
    let rows = report["rows"].as_array().unwrap().iter();
    let rows = rows.map(|row| (row["key"].as_str().unwrap().to_owned(), number(row, "clicks"), number(row, "botClicks")));
    // A key that everything was taken from has no part in the report.
    let mut rows: Vec<_> = rows.filter(|(_, clicks, _)| *clicks > 0).collect();
    rows.sort();
    rows
}

async fn bots(env: &TestEnv) -> (i64, i64) {
    let rows = report(env, "groupBy=day").await;
    rows.iter().fold((0, 0), |sum, (_, clicks, bots)| (sum.0 + clicks, sum.1 + bots))
}

async fn process_all(env: &TestEnv) {
    while env.drain("ClicksQueue").await.received > 0 {}
    while env.drain("EventsQueue").await.received > 0 {}
}

// ---------------------------------------------------------------- reasons

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn each_sign_of_a_request_makes_a_bot_alone_and_each_is_redirected_all_the_same() {
    let env = env_with_links(&["launch"]).await;
    let person = || env.visitor();
    let visits: [(Visit<'_>, &str); 11] = [
        (person().without("user-agent"), "empty_user_agent"),
        (person().with("user-agent", CRAWLER), "declared_bot"),
        (person().with("user-agent", "curl/8.5.0"), "automation_tool"),
        (person().with("user-agent", "something else"), "not_a_browser"),
        (person().without("accept-language"), "no_accept_language"),
        (person().with("accept-language", " "), "no_accept_language"),
        (person().with("sec-purpose", "prefetch;prerender"), "prefetch"),
        (person().with("purpose", "prefetch"), "prefetch"),
        (person().with("x-purpose", "preview"), "prefetch"),
        (person().with("x-moz", "prefetch"), "prefetch"),
        (person().with("sec-purpose", "navigation").with("x-moz", "prefetch"), "prefetch"),
    ];
    let expected: Vec<Vec<String>> = visits.iter().map(|(_, reason)| vec![(*reason).to_owned()]).collect();
    for (visit, _) in visits {
        visit.follow("launch").await.expect(302);
        env.advance_ms(1);
    }
    env.process_events().await;
    let clicks = stored(&env).await;
    assert!(clicks.iter().all(|click| click.bot && click.classifier == CLASSIFIER_VERSION));
    // What a browser sends in advance or without a language is from its device all the same.
    let of_browser = |click: &Click| ["prefetch", "no_accept_language"].contains(&click.reasons[0].as_str());
    assert!(clicks.iter().all(|click| click.device == if of_browser(click) { "DESKTOP" } else { "BOT" }));
    assert_eq!(clicks.into_iter().map(|click| click.reasons).collect::<Vec<_>>(), expected);
    assert_eq!(rescored(&env).await.restated, 0, "a click is classified alike on arrival and from what is stored");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn previews_of_messengers_and_networks_are_bots_and_the_browsers_inside_them_are_not() {
    let env = env_with_links(&["launch"]).await;
    let agents = [
        ("facebookexternalhit/1.1 (+http://www.facebook.com/externalhit_uatext.php)", true),
        ("WhatsApp/2.24.13.77 A", true),
        ("TelegramBot (like TwitterBot)", true),
        ("Slackbot-LinkExpanding 1.0 (+https://api.slack.com/robots)", true),
        (
            "Mozilla/5.0 (iPhone; CPU iPhone OS 17_6 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Mobile/15E148 Instagram 341.0.3.25 (iPhone14,5; iOS 17_6; de_DE; de; scale=3.00; 1170x2532; 620000001)",
            false,
        ),
        (
            "Mozilla/5.0 (Linux; Android 13; SM-A546B Build/TP1A.220624.014; wv) AppleWebKit/537.36 (KHTML, like Gecko) Version/4.0 Chrome/126.0.6478.122 Mobile Safari/537.36 [FB_IAB/FB4A;FBAV/472.0.0.45.79;]",
            false,
        ),
    ];
    for (agent, _) in agents {
        env.visitor().with("user-agent", agent).follow("launch").await.expect(302);
        env.advance_ms(1);
    }
    env.process_events().await;
    assert_eq!(stored(&env).await.into_iter().map(|click| click.bot).collect::<Vec<_>>(), agents.map(|(_, bot)| bot));
}

// ---------------------------------------------------------------- bursts

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn sixty_hits_of_one_sender_at_once_are_a_burst_and_sixty_people_are_not() {
    let env = env_with_links(&["launch"]).await;
    let script = env.visitor();
    join_all((0..60).map(|_| async { script.follow("launch").await.expect(302) })).await;
    process_all(&env).await;
    join_all((0..60).map(|number| env.visitor().number(number)).map(|visit| async move { visit.follow("launch").await.expect(302) })).await;
    join_all((0..60).map(|_| env.visitor().with("sec-gpc", "1")).map(|visit| async move { visit.follow("launch").await.expect(302) }))
        .await;
    process_all(&env).await;
    assert_eq!(rescored(&env).await.became_humans, 0, "the whole day shows no less than what one process saw");
    let clicks = stored(&env).await;
    let (bots, humans): (Vec<_>, Vec<_>) = clicks.into_iter().partition(|click| click.bot);
    assert_eq!((bots.len(), humans.len()), (60, 120));
    assert!(bots.iter().all(|click| click.reasons == ["burst_hits"] && click.device == "DESKTOP"));
    nothing_drifts(&env).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_burst_is_detected_as_it_arrives_and_its_first_clicks_when_the_day_is_rescored() {
    let slugs: Vec<String> = (0..12).map(|number| format!("page-{number}")).collect();
    let env = env_with_links(&slugs.iter().map(String::as_str).collect::<Vec<_>>()).await;
    for slug in &slugs {
        env.visitor().follow(slug).await.expect(302);
        env.process_events().await;
        env.advance_ms(300);
    }
    let reasons_of = |clicks: &[Click]| clicks.iter().map(|click| click.reasons.join(" ")).collect::<Vec<_>>();
    let live = reasons_of(&stored(&env).await);
    assert_eq!(live[..9], [""; 9], "nine links are no burst yet");
    assert_eq!(live[9..], ["burst_links"; 3]);
    assert_eq!(bots(&env).await, (12, 3));
    let summary = rescored(&env).await;
    assert_eq!((summary.clicks, summary.restated, summary.became_bots, summary.became_humans), (12, 9, 9, 0));
    assert_eq!(reasons_of(&stored(&env).await), ["burst_links"; 12]);
    assert_eq!(bots(&env).await, (12, 12));
    nothing_drifts(&env).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_message_that_comes_again_is_not_a_second_hit() {
    let env = env_with_links(&["launch"]).await;
    for _ in 0..30 {
        env.visitor().follow("launch").await.expect(302);
    }
    let mut kept = Vec::new();
    env.drain_with("ClicksQueue", |messages| {
        kept.clone_from(&messages);
        messages
    })
    .await;
    env.redeliver("click-worker", kept).await;
    for _ in 0..19 {
        env.visitor().follow("launch").await.expect(302);
    }
    process_all(&env).await;
    assert_eq!(bots(&env).await, (49, 0));
    env.visitor().follow("launch").await.expect(302);
    process_all(&env).await;
    assert_eq!(bots(&env).await, (50, 1), "the fiftieth shows what it is");
}

// ---------------------------------------------------------------- instant conversions

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_conversion_799_ms_after_its_click_makes_it_a_bots_and_one_at_800_ms_does_not() {
    let env = env_with_links(&["launch"]).await;
    for (wait, instant) in [(799, true), (800, false)] {
        let visit = env.visitor().in_country("DE").with("referer", "https://t.co/x");
        let ctx = visit.follow("launch").await.expect(302).ctx();
        env.advance_ms(wait);
        env.convert(order(&ctx, &format!("{wait}-a"), 24.99, "USD")).await;
        env.convert(order(&ctx, &format!("{wait}-b"), 24.99, "USD")).await;
        process_all(&env).await;
        let click = stored(&env).await.pop().unwrap();
        assert_eq!((click.bot, click.instant_conversion, click.device.as_str()), (instant, instant, "DESKTOP"), "{wait} ms");
        assert_eq!(click.reasons, if instant { vec!["instant_conversion"] } else { vec![] });
        env.advance_ms(5000);
    }
    for by in ["day", "country", "referrer", "slug", "device"] {
        let rows = report(&env, &format!("groupBy={by}")).await;
        assert_eq!((rows.len(), rows[0].1, rows[0].2), (1, 2, 1), "{by}");
    }
    nothing_drifts(&env).await;
    assert_eq!(rescored(&env).await.restated, 0);
    nothing_drifts(&env).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_instant_conversion_restates_its_click_once_under_crashes_and_lost_answers() {
    let env = env_with_links(&["launch"]).await;
    let mut converted = 0;
    for fault in [Fault::CrashBefore, Fault::CrashAfter] {
        for step in 0.. {
            let ctx = env.ctx("launch").await;
            env.drain("ClicksQueue").await;
            env.convert(order(&ctx, &format!("{fault:?} {step}"), 24.99, "USD")).await;
            converted += 1;
            let mut kept = Vec::new();
            let hook = |messages: Vec<aws_lambda_events::sqs::SqsMessage>| {
                kept.clone_from(&messages);
                messages
            };
            let lived = env.crash_at("event-worker", step, fault, env.drain_with("EventsQueue", hook)).await;
            if lived.is_some() {
                break;
            }
            env.redeliver("event-worker", kept).await;
        }
    }
    for fault in [Fault::AnswerLost, Fault::Doubled, Fault::Throttled, Fault::Conflict] {
        let ctx = env.ctx("launch").await;
        env.drain("ClicksQueue").await;
        env.convert(order(&ctx, &format!("{fault:?}"), 24.99, "USD")).await;
        converted += 1;
        let fired = env.faults.inject(Rule::on("TransactWriteItems").by("event-worker").times(2), fault);
        env.drain("EventsQueue").await;
        fired.at_least_once();
        env.faults.clear();
        process_all(&env).await;
    }
    assert!(converted > 8, "{converted}");
    assert_eq!(bots(&env).await, (converted, converted));
    nothing_drifts(&env).await;
}

// ---------------------------------------------------------------- rescoring stored clicks

/// Seconds between clicks of which some are the next day's.
const OVER_MIDNIGHT: i64 = 9_000;

/// Clicks as the first classifier left them: crawlers taken for people, people taken for bots, and some that are right.
async fn store_misclassified(env: &TestEnv, from: usize, many: usize, apart_secs: i64) {
    let agents = [(BROWSER, false), (CRAWLER, true), (CRAWLER, false), (BROWSER, true), (BROWSER, false)];
    let clicks: Vec<Click> = (from..from + many)
        .map(|number| {
            let (agent, bot) = agents[number % agents.len()];
            let at = env.now().plus_secs(i64::try_from(number % 7).unwrap() * apart_secs);
            Click {
                slug: ["launch", "deal-alpha"][number % 2].parse().unwrap(),
                campaign_id: [None, Some("partner-alpha"), Some("partner-beta")][number % 3].map(|id| id.parse().unwrap()),
                bot,
                reasons: if bot { vec!["declared_bot".to_owned()] } else { Vec::new() },
                country: ["US", "DE", "FR"][number / 3 % 3].to_owned(),
                device: if bot { "BOT" } else { "DESKTOP" }.to_owned(),
                source: ["direct", "email"][number / 2 % 2].to_owned(),
                // More than a cell can hold, so that some are counted as other.
                referrer: format!("host-{number}.example"),
                address: Some(format!("address-{number}")),
                user_agent: Some(agent.to_owned()),
                ..testing::click(at, (number as u128) << 20 | number as u128)
            }
        })
        .collect();
    let (counted, failed) = env.app("click-worker").store().clicks().count(&clicks, &|_| false, 400, env.now()).await;
    assert_eq!((counted.new, failed.len()), (many, 0));
}

/// What a report must say of the raw clicks.
async fn recounted(env: &TestEnv, key: impl Fn(&Click) -> Option<String>) -> Vec<(String, i64, i64)> {
    let mut rows = std::collections::BTreeMap::<String, (i64, i64)>::new();
    for day in [today(), today().plus(1)] {
        for click in tests::clicks_of_day(&env.unrestricted_store(), &env.handle(), day).await.unwrap() {
            if let Some(key) = key(&click) {
                let row = rows.entry(key).or_default();
                *row = (row.0 + 1, row.1 + i64::from(click.bot));
            }
        }
    }
    rows.into_iter().map(|(key, (clicks, bots))| (key, clicks, bots)).collect()
}

/// Every dimension of the handle, of each campaign and of each link, held against the raw clicks.
async fn reports_are_the_raw_clicks(env: &TestEnv) {
    type Key = fn(&Click) -> String;
    let campaign: Key = |click| click.campaign_id.as_ref().map_or("none".to_owned(), ToString::to_string);
    let by: [(&str, Key); 6] = [
        ("day", |click| click.day().to_string()),
        ("slug", |click| click.slug.to_string()),
        ("country", |click| click.country.clone()),
        ("device", |click| click.device.clone()),
        ("source", |click| click.source.clone()),
        ("campaign", campaign),
    ];
    for (by, key) in by {
        assert_eq!(report(env, &format!("groupBy={by}")).await, recounted(env, |click| Some(key(click))).await, "{by}");
        for id in ["partner-alpha", "partner-beta"] {
            let of_campaign = recounted(env, |click| (campaign(click) == id).then(|| key(click))).await;
            assert_eq!(report(env, &format!("groupBy={by}&campaignId={id}")).await, of_campaign, "{by} of {id}");
        }
        for slug in ["launch", "deal-alpha"] {
            let of_link = recounted(env, |click| (click.slug.as_str() == slug).then(|| key(click))).await;
            assert_eq!(report(env, &format!("groupBy={by}&slug={slug}")).await, of_link, "{by} of {slug}");
        }
    }
}

async fn rescore_events(env: &TestEnv) -> Vec<Value> {
    env.audit_events().await.into_iter().filter(|event| event["action"] == "clicks.rescored").collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn rescoring_restates_every_figure_exactly_is_audited_once_and_changes_nothing_the_second_time() {
    let env = TestEnv::new().await;
    // In two shards of the cells, each with keys of its own that are full or not.
    store_misclassified(&env, 0, 1100, OVER_MIDNIGHT).await;
    let fired = env.faults.inject(Rule::on("TransactWriteItems").by("click-worker"), Fault::Conflict);
    store_misclassified(&env, 2000, 200, OVER_MIDNIGHT).await;
    fired.at_least_once();
    env.faults.clear();
    nothing_drifts(&env).await;
    let before = stored(&env).await;
    assert!(before.iter().any(|click| click.bot && click.user_agent.as_deref() == Some(BROWSER)));

    let summary = rescored(&env).await;
    assert_eq!((summary.clicks, summary.restated), (1300, 1300), "all rest on the present classifier now");
    assert_eq!((summary.became_bots, summary.became_humans), (260, 260));
    let after = stored(&env).await;
    assert!(
        after.iter().all(|click| click.bot == (click.user_agent.as_deref() == Some(CRAWLER)) && click.classifier == CLASSIFIER_VERSION)
    );
    reports_are_the_raw_clicks(&env).await;
    nothing_drifts(&env).await;
    let events = rescore_events(&env).await;
    assert_eq!(events.len(), 1);
    assert_eq!(events[0]["actor"], json!({"kind": "SYSTEM", "id": "rescore"}));
    assert_eq!(
        events[0]["after"],
        json!({"from": "2026-03-01", "to": "2026-03-02", "classifier": CLASSIFIER_VERSION, "restated": 1300, "becameBots": 260, "becameHumans": 260})
    );

    let again = rescored(&env).await;
    assert_eq!((again.clicks, again.restated), (1300, 0));
    assert_eq!(stored(&env).await, after);
    assert_eq!(rescore_events(&env).await, events);
    nothing_drifts(&env).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_crash_or_a_fault_at_any_step_of_rescoring_changes_no_figure() {
    let env = TestEnv::new().await;
    let mut stored_so_far = 0;
    for fault in [Fault::CrashBefore, Fault::CrashAfter] {
        for step in 0.. {
            store_misclassified(&env, stored_so_far, 8, 60).await;
            stored_so_far += 8;
            let job = async { rescore::run(&one_day(&env).await, &of_job(&env), &mut ()).await.unwrap() };
            let lived = env.crash_at("operator", step, fault, job).await;
            nothing_drifts(&env).await;
            if lived.is_some() {
                break;
            }
            rescored(&env).await;
        }
    }
    for fault in [Fault::AnswerLost, Fault::Doubled, Fault::Throttled, Fault::Conflict, Fault::Unreachable] {
        store_misclassified(&env, stored_so_far, 8, 60).await;
        stored_so_far += 8;
        let fired = env.faults.inject(Rule::on("TransactWriteItems").by("operator").times(2), fault);
        // Whether it finishes or fails, what it has done stays, and the next run does the rest.
        let _ = rescore::run(&scope(&env).await, &of_job(&env), &mut ()).await;
        fired.at_least_once();
        env.faults.clear();
        nothing_drifts(&env).await;
    }
    rescored(&env).await;
    assert_eq!(rescored(&env).await.restated, 0);
    let clicks = stored(&env).await;
    assert_eq!(clicks.len(), stored_so_far);
    assert!(clicks.iter().all(|click| click.bot == (click.user_agent.as_deref() == Some(CRAWLER))));
    reports_are_the_raw_clicks(&env).await;
    nothing_drifts(&env).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_rescorings_at_once_restate_every_click_once() {
    let env = TestEnv::new().await;
    store_misclassified(&env, 0, 300, OVER_MIDNIGHT).await;
    let (scope, worlds) = (scope(&env).await, of_job(&env));
    let mut watchers = ((), ());
    let (one, other) = tokio::join!(rescore::run(&scope, &worlds, &mut watchers.0), rescore::run(&scope, &worlds, &mut watchers.1));
    assert_eq!(one.unwrap().became_bots + other.unwrap().became_bots, 60);
    reports_are_the_raw_clicks(&env).await;
    nothing_drifts(&env).await;
}

// ---------------------------------------------------------------- recounting

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_counter_changed_by_hand_is_found_in_every_cell_and_dimension() {
    let env = TestEnv::new().await;
    store_misclassified(&env, 0, 30, 60).await;
    env.put_link("launch").await.expect(201);
    let ctx = env.ctx("launch").await;
    env.advance_ms(1000);
    env.convert(order(&ctx, "order-1", 24.99, "USD")).await;
    process_all(&env).await;
    nothing_drifts(&env).await;
    for (scope_name, counter) in [
        ("H", ["day", "", "c"]),
        ("H", ["country", "DE", "b"]),
        ("H", ["day", "", "m|USD"]),
        ("C#partner-alpha", ["source", "email", "c"]),
        ("L#deal-alpha#partner-alpha", ["day", "", "b"]),
    ] {
        tamper(&env, "20260301", scope_name, counter, 1).await;
        let found = env.recount().await;
        let is_named = |line: &String| line.contains(counter[1]) && line.contains(counter[2]);
        assert!(!found.drift.is_empty() && found.drift.iter().all(is_named), "{scope_name} {counter:?}: {:?}", found.drift);
        tamper(&env, "20260301", scope_name, counter, -1).await;
        nothing_drifts(&env).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn refunds_are_counted_on_their_own_day_and_recount_to_no_drift_and_test_conversions_are_in_no_figure() {
    let env = TestEnv::new().await;
    let campaign = json!({"campaignId": "partner-alpha", "goalType": "PRODUCT_SALE", "status": "ACTIVE",
        "primaryLink": {"slug": "launch", "destinationUrl": "https://example.com/"}});
    env.creator().post("/v2/handles/demo/campaigns", campaign).await.expect(201);
    let mut orders = Vec::new();
    for number in 0..3 {
        let ctx = env.visitor().in_country("DE").follow("launch").await.expect(302).ctx();
        env.advance_ms(1000);
        orders.push(env.convert(order(&ctx, &format!("order-{number}"), 24.99, "USD")).await);
    }
    let tried = json!({"value": 7.5, "currency": "USD"});
    env.creator().post("/v2/handles/demo/campaigns/partner-alpha/test-conversion", tried).await.expect(202);
    let refund = async |order: &Value, key: &str, amount: f64| {
        let path = format!("/v2/handles/demo/conversions/{}/adjustments", order["conversionId"].as_str().unwrap());
        let body = json!({"amount": amount, "reason": "returned", "idempotencyKey": key});
        env.operator().post(&path, body).await.expect(201);
    };
    refund(&orders[0], "r1", -24.99).await;
    nothing_drifts_in(&env, 0).await;
    // The refund waits for its conversion, which is counted beside it.
    for _ in 0..2 {
        process_all(&env).await;
        env.advance_ms(3000);
    }
    env.advance_days(1);
    refund(&orders[1], "r2", -5.01).await;
    refund(&orders[1], "r3", 0.02).await;
    // Nothing of these is counted yet, and no recount misses them.
    nothing_drifts_in(&env, 3 + 3 + 1).await;
    process_all(&env).await;
    nothing_drifts_in(&env, 3 + 3 + 1 + 2).await;
    tamper(&env, "20260302", "C#partner-alpha", ["country", "DE", "m|USD"], 1).await;
    let found = env.recount().await;
    assert_eq!(found.drift, ["demo 2026-03-02 campaign partner-alpha: country|DE|m|USD is -498, raw records make it -499"]);
}

/// Fails the test if a counter has drifted, or if another number of records was counted.
async fn nothing_drifts_in(env: &TestEnv, records: u64) {
    let found = env.recount().await;
    assert_eq!((found.drift, found.records), (Vec::<String>::new(), records));
}

/// Adds to a counter by hand, as no function does: with a delta that belongs to no record.
async fn tamper(env: &TestEnv, day: &str, scope: &str, [dimension, key, metric]: [&str; 3], by: i64) {
    let delta = json!([[[scope], {dimension: {key: {metric: by}}}]]);
    let item = json!({
        "pk": {"S": "DELTA#demo#0"},
        "sk": {"S": format!("{day}#{scope}{dimension}{key}{metric}{by}")},
        "doc": {"S": delta.to_string()},
    });
    env.call_table("PutItem", json!({"Item": item})).await;
}
