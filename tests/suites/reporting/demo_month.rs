//! The demo month: the same for the same seed, counted exactly, with the stories it tells, and never shown in part.

use std::sync::Arc;

use domain::values::name::Handle;
use local::demo::month::{self, Month, MonthOptions, Pace};
use local::jobs::EngineAddress;
use local::jobs::fill::{self, FillRequest, FillSummary, FirstFill, OnProgress};
use serde_json::Value;
use store::{ItemRole, LinkOrder, Store};
use tests::{Fault, TestEnv, TestEnvOptions};

const NOW: &str = "2026-03-30T21:00:00Z";

async fn environment(data: Option<std::path::PathBuf>) -> TestEnv {
    TestEnv::with(TestEnvOptions { starts_at: NOW, data, ..TestEnvOptions::default() }).await
}

fn handle() -> Handle {
    "acme".parse().expect("a handle")
}

/// A month of ten days; with more orders than usual, so that there is one of each kind.
fn request(env: &TestEnv, clicks: usize, orders: usize) -> FillRequest {
    let usual = MonthOptions::ending(env.now()).expect("options");
    let hooks = Some("http://localhost:9080/hooks".to_owned());
    let month = MonthOptions { days: 10, clicks, orders: Some(orders), hooks, ..usual };
    let target = EngineAddress::of(env.server()).expect("engines");
    FillRequest { month, target, keys: env.keys().clone(), replace: false, pace: Pace::Full }
}

fn silent() -> OnProgress {
    Arc::new(|_| {})
}

async fn filled(env: &TestEnv) -> FillSummary {
    fill::run(request(env, 400, 160), silent()).await.expect("a month")
}

async fn read(env: &TestEnv, path: &str) -> Value {
    env.user("demo-owner", &[]).get(&format!("/v2/handles/acme/{path}")).await.expect(200).json()
}

/// All entries of a list.
async fn list(env: &TestEnv, path: &str) -> Vec<Value> {
    let (mut all, mut cursor) = (Vec::new(), String::new());
    loop {
        let page = read(env, &format!("{path}?limit=100{cursor}")).await;
        all.extend(page["items"].as_array().expect("items").iter().cloned());
        match page["nextCursor"].as_str() {
            Some(next) => cursor = format!("&cursor={next}"),
            None => return all,
        }
    }
}

/// Recounts the month where it was copied to.
async fn assert_exact(env: &TestEnv) {
    let to = env.now().day();
    let found = env.recount_days(to.plus(-12), to).await;
    assert!(found.records > 100 && found.drift.is_empty() && found.uncounted == 0, "{found:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_seed_makes_one_month_which_is_counted_exactly_and_tells_its_stories() {
    let (env, other) = (environment(None).await, environment(None).await);
    let (one, two) = tokio::join!(filled(&env), filled(&other));
    assert_eq!(one.month, two.month);
    for report in ["day", "slug", "country", "device", "referrer", "source", "campaign", "segment"] {
        let path = format!("analytics?groupBy={report}");
        assert_eq!(read(&env, &path).await, read(&other, &path).await, "{report}");
    }
    let conversions = list(&env, "conversions").await;
    assert_eq!(conversions, list(&other, "conversions").await);
    assert_exact(&env).await;

    let funnel = read(&env, "analytics?funnel=true").await;
    let campaigns = funnel["funnel"].as_array().expect("campaigns");
    let confidence = |id: &str| {
        let found = campaigns.iter().find(|campaign| campaign["campaignId"] == id);
        found.unwrap_or_else(|| panic!("{id} in {funnel}"))["confidence"].as_i64().expect("a number")
    };
    for usual in ["partner-alpha", "partner-beta", "partner-delta", "partner-epsilon", "newsletter"] {
        assert!(confidence("partner-gamma") < confidence(usual), "{usual}: {funnel}");
    }
    assert!(conversions.iter().any(|conversion| conversion["notCredited"] == "campaign_paused"), "the paused partner");
    assert!(conversions.iter().any(|conversion| conversion["adjusted"].as_f64().is_some_and(|amount| amount < 0.0)), "a refund");
    assert!(conversions.iter().any(|conversion| conversion["netValue"].as_f64() == Some(0.0)), "one is paid back in full");
    assert_eq!(read(&env, "campaigns/partner-epsilon/health").await["status"], "FAIL");
    assert_webhooks(&env).await;

    let rules = read(&env, "personalization-rules").await;
    let never = rules["items"].as_array().expect("rules").iter().find(|rule| rule["ruleId"] == "research-station").expect("a rule");
    let country = &never["when"]["countryIn"][0];
    let countries = read(&env, "analytics?groupBy=country").await;
    assert!(countries["rows"].as_array().expect("rows").iter().all(|row| row["key"] != *country), "{countries}");

    let again = fill::run(request(&env, 200, 10), silent()).await.expect_err("the handle exists").to_string();
    assert_eq!(again, "the handle acme exists already; --replace removes it and fills it again, --handle names another one");
    let replaced = FillRequest { replace: true, ..request(&env, 200, 10) };
    fill::run(replaced, silent()).await.expect("another month");
    assert!(list(&env, "conversions").await.len() < conversions.len());
    assert_exact(&env).await;
}

/// Of four endpoints one is dead and disabled; retries reach the flaky one, and the slow one takes its time.
async fn assert_webhooks(env: &TestEnv) {
    let webhooks = list(env, "webhooks").await;
    let of = |name: &str| {
        let found = webhooks.iter().find(|webhook| webhook["description"].as_str().is_some_and(|text| text.starts_with(name)));
        found.unwrap_or_else(|| panic!("{name}"))
    };
    let statuses: Vec<&Value> = ["Order", "Partner", "Warehouse", "CRM"].map(|name| &of(name)["status"]).into();
    assert_eq!(statuses, ["ACTIVE", "ACTIVE", "ACTIVE", "DISABLED_AUTO"]);
    assert_eq!(of("Order")["endpointUrl"], "http://localhost:9080/hooks/orders");
    let deliveries = list(env, "deliveries").await;
    let to = |name: &str| {
        let id = of(name)["subscriptionId"].clone();
        deliveries.iter().filter(move |delivery| delivery["subscriptionId"] == id)
    };
    let attempts = |delivery: &Value| delivery["attempts"].as_array().map_or(0, Vec::len);
    assert!(to("Partner").any(|delivery| attempts(delivery) > 1), "retries");
    assert!(to("Partner").filter(|delivery| delivery["status"] == "DELIVERED").count() > 50);
    assert!(to("CRM").filter(|delivery| delivery["status"] == "EXHAUSTED").count() >= 20);
    let took = |delivery: &Value| delivery["attempts"][0]["durationMs"].as_i64().expect("a duration");
    assert!(to("Warehouse").all(|delivery| (2_600..=3_400).contains(&took(delivery))));
    assert!(to("Order").all(|delivery| took(delivery) < 200));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_first_fill_that_dies_while_it_copies_shows_nothing_and_the_next_start_makes_it_anew() {
    let folder = tempfile::tempdir().expect("a folder");
    let data = folder.path().join("data");
    let first = FirstFill::due(&data).expect("a folder").expect("a new directory");
    let env = environment(Some(data.clone())).await;

    // The first progress of copying is reported when a page is copied.
    let dies: OnProgress = Arc::new(|part| assert!(part <= 0.8, "it dies here, as the test wants it"));
    let died = first.run(request(&env, 400, 12), dies).await;
    assert!(died.is_err(), "{died:?}");
    let left = env.unrestricted_store();
    let left = left.handle_items(&handle()).page(&Default::default(), None).await.expect("a table").0.len();
    assert!(left > 100, "it died while it copied: {left} items");
    env.user("demo-owner", &[]).get("/v2/handles/acme").await.expect(404);
    assert_eq!(env.user("demo-owner", &[]).get("/v2/handles").await.expect(200).json()["items"], serde_json::json!([]));

    env.advance_days(1);
    let next = FirstFill::due(&data).expect("a folder").expect("it is not complete");
    next.run(request(&env, 400, 12), silent()).await.expect("a month");
    assert_exact(&env).await;
    assert!(FirstFill::due(&data).expect("a folder").is_none(), "it is complete");
}

/// The numbers of a handle's content and of its other items.
async fn items_of(store: &Store) -> [usize; 2] {
    let (handle, mut numbers, mut position) = (handle(), [0, 0], None);
    let tokens = store.handle_items(&handle).tokens().await.expect("a table");
    loop {
        let (items, next) = store.handle_items(&handle).page(&tokens, position).await.expect("a table");
        for item in items {
            numbers[usize::from(item.role() != ItemRole::Content)] += 1;
        }
        position = next;
        if position.is_none() {
            return numbers;
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_copy_that_dies_at_any_write_is_neither_shown_nor_followed_in_part_and_the_next_one_is_whole() {
    let env = environment(None).await;
    let mut made = Month::new(request(&env, 120, 12).month, env.keys()).await.expect("a month");
    made.run(&|_| {}).await.expect("a month");
    let (from, to) = (made.store().expect("a store"), env.operator_store());
    let (handle, whole) = (handle(), items_of(&from).await);
    let links = from.links().list(&handle, LinkOrder::Slug, 100, None).await.expect("links");
    let links: Vec<_> = links.intact().map(|link| link.slug.clone()).collect();
    assert!(links.len() > 5);
    let (mut hidden, mut followed) = (0, 0);
    for number in 0.. {
        let fault = if number % 2 == 0 { Fault::CrashAfter } else { Fault::CrashBefore };
        let survived = env.crash_at("operator", number, fault, month::copy(&from, &to, &handle, Pace::Full, &|_| {})).await;
        let there = items_of(&env.unrestricted_store()).await;
        let shown = env.user("demo-owner", &[]).get("/v2/handles/acme").await.status;
        if survived.is_some() {
            assert_eq!((there, shown.as_u16()), (whole, 200));
            break;
        }
        // Members see it with the very last write, and visitors find links when all they lead to and count for is there.
        assert!(shown == 404 || there == whole, "write {number}: {there:?} of {whole:?}");
        for slug in &links {
            let visitor = env.visitor().caller().clone().with("host", "acme.localhost:9000").with("accept", "*/*");
            let is_found = visitor.send(http::Method::HEAD, &format!("/{slug}"), Vec::new()).await.status != 404;
            *(if is_found { &mut followed } else { &mut hidden }) += 1;
            assert!(!is_found || there[0] == whole[0], "write {number}: {slug} with {there:?} of {whole:?}");
        }
        month::remove(&to, &handle, Pace::Full).await.expect("what the copy has left");
        assert_eq!(items_of(&env.unrestricted_store()).await, [0, 0]);
        // A redirect keeps what it has read for five seconds.
        env.advance_ms(6_000);
    }
    assert!(hidden > 0 && followed > 0, "{hidden} {followed}");
    assert_exact(&env).await;
}
