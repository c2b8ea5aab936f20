//! A partner manager's first days: two partners, people and bots, two currencies, a refund; all figures agree
//! to the cent, before and after a rescore of stored clicks, and after a restart.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use local::jobs::{Effects, JobScope, rescore};
use serde_json::{Value, json};
use tests::fixtures::exports::in_both_formats;
use tests::{BROWSER, TestEnv, TestEnvOptions};

const API: &str = "/v2/handles/demo";
const DAYS: &str = "from=2026-03-01&to=2026-03-02";
const IPHONE: &str = "Mozilla/5.0 (iPhone; CPU iPhone OS 17_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/17.5 Mobile/15E148 Safari/604.1";
const IPAD: &str =
    "Mozilla/5.0 (iPad; CPU OS 16_6 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/16.6 Mobile/15E148 Safari/604.1";
const GOOGLEBOT: &str = "Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)";
const PREVIEW: &str = "facebookexternalhit/1.1 (+http://www.facebook.com/externalhit_uatext.php)";

/// What makes a visit a bot's, besides its agent.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Sign {
    None,
    Agent,
    Prefetch,
    NoLanguage,
    /// Buys faster than a person can.
    Instant,
}

/// A visit, and what must be recorded of it.
struct VisitCase {
    path: &'static str,
    agent: &'static str,
    referer: &'static str,
    sign: Sign,
    country: &'static str,
    device: &'static str,
    referrer: &'static str,
    source: &'static str,
    /// The end of the address it is sent to, before `ctx`.
    leads_to: &'static str,
    /// Key, hundredths and currency of what was bought.
    buys: Option<(&'static str, i64, &'static str)>,
}

impl VisitCase {
    fn slug(&self) -> &'static str {
        self.path.split('?').next().unwrap()
    }

    fn campaign(&self) -> &'static str {
        match self.slug() {
            "deal-alpha" => "partner-alpha",
            "deal-beta" => "partner-beta",
            _ => "none",
        }
    }

    fn is_bot(&self) -> bool {
        self.sign != Sign::None
    }

    fn key(&self, by: &str) -> String {
        let key = match by {
            "day" => "2026-03-01",
            "slug" => self.slug(),
            "country" => self.country,
            "device" => self.device,
            "referrer" => self.referrer,
            "source" => self.source,
            "campaign" => self.campaign(),
            _ => "none",
        };
        key.to_owned()
    }
}

/// Every visit in order, a line each: what is sent, what is recorded, where it leads, what is bought.
#[rustfmt::skip]
fn all_visits() -> Vec<VisitCase> {
    const DEAL: &str = "ref=alpha";
    const EMAIL: &str = "ref=alpha&src=email";
    const SOCIAL: &str = "ref=alpha&src=social";
    let line = |path, agent, referer, sign, (country, device, referrer, source), leads_to, buys| VisitCase { path, agent, referer, sign, country, device, referrer, source, leads_to, buys };
    use Sign::{Agent, Instant, NoLanguage, None as Person, Prefetch};
    vec![
        line("deal-alpha", BROWSER, "https://t.co/a", Person, ("US", "DESKTOP", "t.co", "twitter"), SOCIAL, Some(("txn-2026-02-25-order-789", 2499, "USD"))),
        line("deal-alpha", IPHONE, "https://l.instagram.com/", Person, ("US", "MOBILE", "l.instagram.com", "instagram"), SOCIAL, Some(("alpha-2", 1, "USD"))),
        line("deal-alpha", IPHONE, "https://l.facebook.com/", Person, ("DE", "MOBILE", "l.facebook.com", "facebook"), SOCIAL, None),
        line("deal-alpha", BROWSER, "https://mail.google.com/", Person, ("DE", "DESKTOP", "mail.google.com", "email"), EMAIL, Some(("alpha-3", 10_000, "EUR"))),
        line("deal-alpha", IPAD, "", Person, ("GB", "TABLET", "direct", "direct"), DEAL, None),
        line("deal-alpha?source=email", IPHONE, "", Person, ("GB", "MOBILE", "direct", "email"), EMAIL, None),
        line("deal-alpha", BROWSER, "https://www.google.com/", Person, ("FR", "DESKTOP", "www.google.com", "google"), DEAL, None),
        line("deal-alpha", IPHONE, "", Person, ("US", "MOBILE", "direct", "direct"), DEAL, None),
        line("deal-alpha", BROWSER, "https://t.co/b", Person, ("DE", "DESKTOP", "t.co", "twitter"), SOCIAL, None),
        line("deal-alpha", GOOGLEBOT, "", Agent, ("US", "BOT", "direct", "direct"), DEAL, None),
        line("deal-alpha", "curl/8.5.0", "", Agent, ("UNKNOWN", "BOT", "direct", "direct"), DEAL, None),
        line("deal-alpha", BROWSER, "https://t.co/c", NoLanguage, ("DE", "DESKTOP", "t.co", "twitter"), SOCIAL, None),

        line("deal-beta", IPHONE, "https://l.instagram.com/", Person, ("JP", "MOBILE", "l.instagram.com", "instagram"), "ref=beta", Some(("beta-1", 5990, "EUR"))),
        line("deal-beta", BROWSER, "", Person, ("JP", "DESKTOP", "direct", "direct"), "ref=beta", None),
        line("deal-beta", BROWSER, "https://t.co/d", Person, ("US", "DESKTOP", "t.co", "twitter"), "ref=beta", Some(("beta-2", 4950, "USD"))),
        line("deal-beta", IPHONE, "https://www.google.com/", Person, ("FR", "MOBILE", "www.google.com", "google"), "ref=beta", None),
        line("deal-beta", PREVIEW, "", Agent, ("US", "BOT", "direct", "direct"), "ref=beta", None),
        line("deal-beta", BROWSER, "", Prefetch, ("US", "DESKTOP", "direct", "direct"), "ref=beta", None),
        line("deal-beta", GOOGLEBOT, "", Agent, ("JP", "BOT", "direct", "direct"), "ref=beta", None),
        line("deal-beta", "curl/8.5.0", "", Agent, ("FR", "BOT", "direct", "direct"), "ref=beta", None),
        line("deal-beta", BROWSER, "", Instant, ("US", "DESKTOP", "direct", "direct"), "ref=beta", Some(("beta-3", 1000, "USD"))),

        line("home", BROWSER, "", Person, ("DE", "DESKTOP", "direct", "direct"), "", None),
    ]
}

/// The refund of the second day, in hundredths.
const REFUND: i64 = -525;

/// Clicks, bot clicks, conversions and hundredths by currency.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct Figures {
    clicks: u64,
    bots: u64,
    conversions: u64,
    revenue: BTreeMap<String, i64>,
}

impl Figures {
    fn count(&mut self, visit_case: &VisitCase) {
        self.clicks += 1;
        self.bots += u64::from(visit_case.is_bot());
        if let Some((_, hundredths, currency)) = visit_case.buys {
            self.conversions += 1;
            *self.revenue.entry(currency.to_owned()).or_default() += hundredths;
        }
    }

    /// As an answer has them.
    fn of(row: &Value) -> Self {
        let number = |name: &str| row[name].as_u64().unwrap_or_else(|| panic!("{name} of {row}"));
        let (clicks, bots) = (number("clicks"), number("botClicks"));
        assert_eq!(number("qualifiedClicks"), clicks - bots, "{row}");
        let revenue = row["revenueByCurrency"].as_object().unwrap().iter().map(|(code, amount)| (code.clone(), hundredths(amount)));
        Self { clicks, bots, conversions: number("conversions"), revenue: revenue.collect() }
    }
}

fn hundredths(amount: &Value) -> i64 {
    let text = amount.to_string();
    let (whole, decimals) = text.split_once('.').unwrap_or((&text, ""));
    format!("{whole}{decimals:0<2}").parse().unwrap_or_else(|_| panic!("{text}"))
}

/// What a report must contain: rows by key, and their sum.
fn expected(by: &str, campaign: Option<&str>) -> (BTreeMap<String, Figures>, Figures) {
    let (mut rows, mut sum) = (BTreeMap::<String, Figures>::new(), Figures::default());
    for visit_case in all_visits().iter().filter(|visit_case| campaign.is_none_or(|campaign| campaign == visit_case.campaign())) {
        rows.entry(visit_case.key(by)).or_default().count(visit_case);
        sum.count(visit_case);
    }
    let all = all_visits();
    let refunded = &all[0];
    if campaign.is_none_or(|campaign| campaign == refunded.campaign()) {
        // It counts on its own day, where its conversion came from.
        let key = if by == "day" { "2026-03-02".to_owned() } else { refunded.key(by) };
        for figures in [rows.entry(key).or_default(), &mut sum] {
            *figures.revenue.entry("USD".to_owned()).or_default() += REFUND;
        }
    }
    (rows, sum)
}

/// The two requests of the walkthrough, verbatim.
fn partners() -> [Value; 2] {
    [
        json!({
            "campaignId": "partner-alpha",
            "goalType": "AFFILIATE_CLICKOUT",
            "status": "ACTIVE",
            "primaryLink": {
                "slug": "deal-alpha",
                "destinationUrl": "https://merchant.example.com/product?ref=alpha",
                "title": "Partner Alpha - Product Deal"
            }
        }),
        json!({
            "campaignId": "partner-beta",
            "goalType": "AFFILIATE_CLICKOUT",
            "status": "ACTIVE",
            "primaryLink": {
                "slug": "deal-beta",
                "destinationUrl": "https://merchant.example.com/product?ref=beta",
                "title": "Partner Beta - Product Deal"
            }
        }),
    ]
}

async fn prepare(env: &TestEnv) {
    for partner in partners() {
        let created = env.creator().post(&format!("{API}/campaigns"), partner).await.expect(201).json();
        assert_eq!((&created["trackingPreset"], &created["conversionEventType"]), (&json!("custom_webhook"), &json!("affiliate_click")));
    }
    let routed = json!({
        "destinationUrl": "https://merchant.example.com/product?ref=alpha", "campaignId": "partner-alpha",
        "routingRules": [
            {"priority": 10, "destinationUrl": "https://merchant.example.com/product?ref=alpha&src=email", "conditions": {"sourceIn": ["email"]}},
            {"priority": 20, "destinationUrl": "https://merchant.example.com/product?ref=alpha&src=social",
                "conditions": {"sourceIn": ["twitter", "instagram", "facebook"]}}
        ]
    });
    env.creator().put(&format!("{API}/links/deal-alpha"), routed).await.expect(200);
    env.creator().put(&format!("{API}/links/home"), json!({"destinationUrl": "https://merchant.example.com/"})).await.expect(201);
}

/// Makes every visit and purchase; returns the ids of the conversions by their keys.
async fn trade(env: &TestEnv) -> BTreeMap<String, String> {
    let mut orders = BTreeMap::new();
    for (number, visit_case) in all_visits().iter().enumerate() {
        let mut visit = env.visitor().number(number).with("user-agent", visit_case.agent);
        if visit_case.country != "UNKNOWN" {
            visit = visit.in_country(visit_case.country);
        }
        if !visit_case.referer.is_empty() {
            visit = visit.with("referer", visit_case.referer);
        }
        match visit_case.sign {
            Sign::Prefetch => visit = visit.with("sec-purpose", "prefetch"),
            Sign::NoLanguage => visit = visit.without("accept-language"),
            Sign::None | Sign::Agent | Sign::Instant => {}
        }
        let sent = visit.follow(visit_case.path).await.expect(302);
        let (leads_to, ctx) = (sent.location(), sent.ctx());
        assert_eq!(leads_to.query().unwrap().trim_end_matches(&format!("ctx={ctx}")).trim_end_matches('&'), visit_case.leads_to);
        env.advance_ms(if visit_case.sign == Sign::Instant { 400 } else { 60_000 });
        let Some((key, hundredths, currency)) = visit_case.buys else { continue };
        let value: serde_json::Number = format!("{}.{:02}", hundredths / 100, hundredths % 100).parse().unwrap();
        let order = json!({"ctx": ctx, "eventType": "affiliate_click", "value": value, "currency": currency, "idempotencyKey": key});
        let accepted = env.anonymous().post("/v2/public/conversions", order.clone()).await.expect(202).json();
        // The merchant's retry is no second commission.
        assert_eq!(env.anonymous().post("/v2/public/conversions", order).await.expect(200).json()["deduped"], true);
        orders.insert(key.to_owned(), accepted["conversionId"].as_str().unwrap().to_owned());
    }
    orders
}

/// A test conversion and, on the second day, a refund.
async fn follow_up(env: &TestEnv, orders: &mut BTreeMap<String, String>) {
    let tried = json!({"value": 77.77, "currency": "USD"});
    let tried = env.creator().post(&format!("{API}/campaigns/partner-beta/test-conversion"), tried).await.expect(202).json();
    orders.insert("test".to_owned(), tried["conversionId"].as_str().unwrap().to_owned());
    env.process_events().await;
    env.set_time("2026-03-02T08:00:00Z");
    let refund = json!({"amount": -5.25, "reason": "one item returned", "idempotencyKey": "refund-789"});
    let path = format!("{API}/conversions/{}/adjustments", orders["txn-2026-02-25-order-789"]);
    assert_eq!(env.operator().post(&path, refund).await.expect(201).json()["netValue"], json!(19.74));
    env.process_events().await;
}

/// Every answer a partner manager looks at, by its address.
async fn answers(env: &TestEnv, orders: &BTreeMap<String, String>) -> BTreeMap<String, String> {
    let mut paths: Vec<String> = orders.values().map(|id| format!("conversions/{id}/explain")).collect();
    for campaign in ["", "&campaignId=partner-alpha", "&campaignId=partner-beta"] {
        paths.push(format!("analytics?funnel=true&{DAYS}{campaign}"));
        for by in ["day", "slug", "country", "device", "referrer", "segment", "source", "campaign"] {
            paths.push(format!("analytics?groupBy={by}&confidence=true&{DAYS}{campaign}"));
        }
        for kind in ["clicks", "conversions", "daily"] {
            for format in ["csv", "json"] {
                paths.push(format!("analytics/export?type={kind}&format={format}&{DAYS}{campaign}"));
            }
        }
    }
    let mut answers = BTreeMap::new();
    for path in paths {
        let answer = env.creator().get(&format!("{API}/{path}")).await.expect(200);
        answers.insert(path, answer.text());
    }
    answers
}

/// Holds funnels, reports with their confidence, exports and explanations against what happened.
async fn check_all_figures(env: &TestEnv, orders: &BTreeMap<String, String>) {
    let funnel = env.creator().get(&format!("{API}/analytics?funnel=true&{DAYS}")).await.expect(200).json();
    let rows = funnel["funnel"].as_array().unwrap();
    let figures_of = |row: &Value| {
        let figures = ["clicks", "botClicks", "qualifiedClicks", "conversions"].map(|name| row[name].as_u64().unwrap());
        (row["campaignId"].as_str().unwrap().to_owned(), figures, row["revenueByCurrency"].to_string(), row["conversionRate"].to_string())
    };
    // Written out by hand, so that the table above and the product cannot be wrong together.
    let alpha = ("partner-alpha".to_owned(), [12, 3, 9, 3], r#"{"EUR":100,"USD":19.75}"#.to_owned(), "0.3333".to_owned());
    let beta = ("partner-beta".to_owned(), [9, 5, 4, 3], r#"{"EUR":59.9,"USD":59.5}"#.to_owned(), "0.75".to_owned());
    assert_eq!(rows.iter().map(figures_of).collect::<Vec<_>>(), [alpha, beta]);
    let quality: Vec<_> = rows.iter().map(|row| (row["confidence"].clone(), row["penalties"].clone())).collect();
    assert_eq!(quality[0], (json!(85), json!([{"code": "bot_ratio_20_40", "points": 15, "observed": 0.25}])));
    // The other partner has been quiet since the day before.
    let last = "2026-03-01T12:21:00.400Z";
    let penalties =
        json!([{"code": "bot_ratio_over_40", "points": 30, "observed": 0.5556}, {"code": "stale", "points": 20, "observed": last}]);
    assert_eq!(quality[1], (json!(50), penalties));

    for campaign in [None, Some("partner-alpha"), Some("partner-beta")] {
        let filter = campaign.map_or(String::new(), |id| format!("&campaignId={id}"));
        for by in ["day", "slug", "country", "device", "referrer", "segment", "source", "campaign"] {
            let report = env.creator().get(&format!("{API}/analytics?groupBy={by}&confidence=true&{DAYS}{filter}")).await.expect(200);
            let report = report.json();
            let rows = report["rows"].as_array().unwrap().iter();
            let rows: BTreeMap<String, Figures> = rows.map(|row| (row["key"].as_str().unwrap().to_owned(), Figures::of(row))).collect();
            assert_eq!((rows, Figures::of(&report["totals"])), expected(by, campaign), "{by}{filter}");
            if let Some(campaign) = campaign {
                let one = env.creator().get(&format!("{API}/analytics?funnel=true&campaignId={campaign}&{DAYS}")).await.expect(200).json();
                let in_all = funnel["funnel"].as_array().unwrap().iter().find(|row| row["campaignId"] == campaign).unwrap();
                assert_eq!((one["funnel"].as_array().unwrap().len(), &one["funnel"][0]), (1, in_all));
                assert_eq!((&report["confidence"], &report["penalties"]), (&in_all["confidence"], &in_all["penalties"]));
            }
        }
        check_exports(env, &filter, &expected("day", campaign)).await;
    }
    check_explanations(env, orders).await;
}

async fn check_exports(env: &TestEnv, filter: &str, (days, sum): &(BTreeMap<String, Figures>, Figures)) {
    // Each is read as CSV and as JSON, which must agree cell by cell.
    let clicks = in_both_formats(env, &format!("type=clicks&{DAYS}{filter}")).await;
    let bots = clicks.iter().filter(|click| click["verdict"] == "bot").count();
    assert_eq!((clicks.len() as u64, bots as u64), (sum.clicks, sum.bots), "{filter}");
    let (mut entries, mut by_day) = (Figures::default(), BTreeMap::<String, Figures>::new());
    for entry in in_both_formats(env, &format!("type=conversions&{DAYS}{filter}")).await {
        let day = by_day.entry(entry["at"].as_str().unwrap()[..10].to_owned()).or_default();
        for figures in [&mut entries, day] {
            figures.conversions += u64::from(entry["kind"] == "CONVERSION");
            *figures.revenue.entry(entry["currency"].as_str().unwrap().to_owned()).or_default() += hundredths(&entry["amount"]);
        }
    }
    assert_eq!((entries.conversions, &entries.revenue), (sum.conversions, &sum.revenue), "{filter}");
    let rows = in_both_formats(env, &format!("type=daily&{DAYS}{filter}")).await;
    assert_eq!(rows.len(), days.len(), "{filter}");
    for row in rows {
        let day = row["day"].as_str().unwrap();
        let (figures, of_entries) = (&days[day], by_day.remove(day).unwrap_or_default());
        let numbers = ["clicks", "botClicks", "conversions"].map(|name| row[name].as_u64().unwrap());
        assert_eq!(numbers, [figures.clicks, figures.bots, figures.conversions], "{row}");
        for (currency, hundredths_in_all) in &sum.revenue {
            assert!(*hundredths_in_all > 0);
            let of_row = hundredths(&row[format!("revenue_{currency}")]);
            let of_day = figures.revenue.get(currency).copied().unwrap_or_default();
            assert_eq!((of_row, of_entries.revenue.get(currency).copied().unwrap_or_default()), (of_day, of_day), "{row}");
        }
    }
    assert_eq!(by_day, BTreeMap::new(), "{filter}: every entry is in a day");
}

async fn check_explanations(env: &TestEnv, orders: &BTreeMap<String, String>) {
    let explain = async |key: &str| env.creator().get(&format!("{API}/conversions/{}/explain", orders[key])).await.expect(200).json();
    let mut net: BTreeMap<String, i64> = BTreeMap::new();
    for visit_case in all_visits() {
        let Some((key, value, currency)) = visit_case.buys else { continue };
        let explained = explain(key).await;
        assert_eq!(explained["outcome"], "credited_to_campaign");
        let click = &explained["click"];
        let seen = ["campaignId", "slug", "country", "device", "referrer", "source"].map(|name| click[name].as_str().unwrap());
        assert_eq!(
            seen,
            [visit_case.campaign(), visit_case.slug(), visit_case.country, visit_case.device, visit_case.referrer, visit_case.source],
            "{key}"
        );
        assert_eq!((click["verdict"] == "bot", &explained["verdict"]["counted"]), (visit_case.is_bot(), &json!(true)), "{key}");
        let rule = if visit_case.leads_to.ends_with("social") {
            json!(1)
        } else if visit_case.leads_to.ends_with("email") {
            json!(0)
        } else {
            Value::Null
        };
        assert_eq!(explained["rule"]["index"], rule, "{key}");
        let outcomes: Vec<_> = explained["attempts"].as_array().unwrap().iter().map(|attempt| attempt["outcome"].clone()).collect();
        assert_eq!(outcomes, ["accepted", "deduped"], "{key}");
        let entries: i64 = explained["entries"].as_array().unwrap().iter().map(|entry| hundredths(&entry["amount"])).sum();
        let refunded = if key == "txn-2026-02-25-order-789" { REFUND } else { 0 };
        assert_eq!((entries, hundredths(&explained["netValue"])), (value + refunded, value + refunded), "{key}");
        *net.entry(currency.to_owned()).or_default() += entries;
    }
    assert_eq!(net, expected("day", None).1.revenue, "what is explained is the revenue");
    let tried = explain("test").await;
    assert_eq!((&tried["outcome"], &tried["verdict"]["test"]), (&json!("test"), &json!(true)));
}

/// The rollups are what their raw records make them.
async fn nothing_drifts(env: &TestEnv) {
    let found = env.recount().await;
    // Every click, every conversion but the test, the refund.
    assert_eq!((found.drift, found.records), (Vec::<String>::new(), 22 + 6 + 1));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_partners_figures_agree_before_and_after_a_rescore_and_a_restart() {
    let folder = tempfile::tempdir().unwrap();
    let options = || TestEnvOptions { data: Some(folder.path().to_owned()), ..TestEnvOptions::default() };
    let env = TestEnv::with(options()).await;
    prepare(&env).await;
    let mut orders = trade(&env).await;
    follow_up(&env, &mut orders).await;
    check_all_figures(&env, &orders).await;
    nothing_drifts(&env).await;
    let before = answers(&env, &orders).await;
    assert_eq!(before.len(), 7 + 3 * (1 + 8 + 6));

    let (now, seed) = (env.now(), AtomicU64::new(1));
    let of_job = Effects { clock: Arc::new(move || now), entropy: Arc::new(move || u128::from(seed.fetch_add(1, Ordering::SeqCst)) << 40) };
    let scope = JobScope::of(env.operator_store(), None, "2026-03-01".parse().unwrap(), "2026-03-02".parse().unwrap()).await.unwrap();
    let rescored = rescore::run(&scope, &of_job, &mut ()).await.unwrap();
    assert_eq!((rescored.clicks, rescored.became_bots, rescored.became_humans), (22, 0, 0));
    assert_eq!(answers(&env, &orders).await, before, "rescoring changes nothing that was classified right");
    nothing_drifts(&env).await;

    let now = env.now().to_string();
    drop((env, scope));
    let env = TestEnv::with(options()).await;
    env.set_time(&now);
    assert_eq!(answers(&env, &orders).await, before, "a restart changes nothing");
    check_all_figures(&env, &orders).await;
    nothing_drifts(&env).await;
}
