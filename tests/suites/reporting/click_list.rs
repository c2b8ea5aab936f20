//! The list of clicks: the export in reverse, page by page and by any filter.

use domain::clicks::Click;
use serde_json::{Value, json};
use tests::fixtures::clicks::{click, random_clicks};
use tests::fixtures::exports;
use tests::{TestEnv, TestEnvOptions};

const CLICKS: &str = "/v2/handles/demo/clicks";

/// Whether a click passes a filter.
type Passes<'a> = Box<dyn Fn(&Value) -> bool + 'a>;

/// All pages of the list.
async fn walked(env: &TestEnv, query: &str, limit: usize) -> (Vec<Value>, usize) {
    let (mut items, mut pages, mut cursor) = (Vec::new(), 0, String::new());
    loop {
        let page = env.creator().get(&format!("{CLICKS}?limit={limit}&{query}{cursor}")).await.expect(200).json();
        items.extend(page["items"].as_array().unwrap().clone());
        pages += 1;
        assert!(pages < 1000, "{query} never ends");
        let Some(next) = page["nextCursor"].as_str() else { return (items, pages) };
        cursor = format!("&cursor={next}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn clicks_are_listed_as_the_export_reversed_by_any_filter_and_page_size() {
    let env = TestEnv::new().await;
    env.set_time("2026-03-05T12:00:00Z");
    let crowd = random_clicks(5, 600);
    env.count_clicks(&crowd).await;
    let mut whole = exports::items(&env, "from=2026-03-01&to=2026-03-05").await;
    whole.reverse();
    assert!(whole.len() > 500);
    let at = |click: &Value| click["clickedAt"].as_str().unwrap().to_owned();
    let (since, until) = (at(&whole[400]), at(&whole[100]));
    let range = format!("since={since}&until={until}");
    let is = |name: &'static str, value: &'static str| move |click: &Value| click[name] == value;
    let filters: [(&str, Passes<'_>); 7] = [
        ("", Box::new(|_| true)),
        ("slug=launch", Box::new(is("slug", "launch"))),
        ("campaignId=partner-alpha", Box::new(is("campaignId", "partner-alpha"))),
        ("verdict=bot", Box::new(is("verdict", "bot"))),
        ("verdict=human&slug=spring", Box::new(|click| click["verdict"] == "human" && click["slug"] == "spring")),
        ("slug=nowhere", Box::new(|_| false)),
        (&range, Box::new(|click| since <= at(click) && at(click) <= until)),
    ];
    for (filter, passes) in filters {
        let expected: Vec<&Value> = whole.iter().filter(|click| passes(click)).collect();
        assert!(expected.len() > 20 || filter == "slug=nowhere", "{filter}: {}", expected.len());
        for limit in [7, 100] {
            let (found, pages) = walked(&env, filter, limit).await;
            assert_eq!(found.iter().collect::<Vec<_>>(), expected, "{filter} by {limit}");
            assert!(pages <= expected.len() / limit + 2, "{filter} by {limit}: {pages} pages");
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_page_of_clicks_reads_little_of_a_busy_day_and_nothing_of_days_without_any() {
    let env = TestEnv::with(TestEnvOptions { plan: "FREE", starts_at: "2026-03-20T12:00:00Z", ..TestEnvOptions::default() }).await;
    let clicks: Vec<Click> = (0..6000).map(|number| click("2026-03-01T12:00:00Z", number)).collect();
    env.count_clicks(&clicks).await;
    env.faults.take_calls();
    let page = env.creator().get(&format!("{CLICKS}?limit=50")).await.expect(200).json();
    assert_eq!(page["items"].as_array().unwrap().len(), 50, "no plan is needed");
    let queries = env.faults.take_calls().iter().filter(|(_, operation)| operation == "Query").count();
    assert!(queries < 32 * 3 + 40, "{queries}");
    let (found, pages) = walked(&env, "slug=launch&verdict=human&campaignId=nowhere", 50).await;
    assert_eq!((found, pages), (Vec::new(), 1), "the report says that there are none");
    // The oldest click of the day: each page looks at 2,000.
    let one = Click { bot: true, ..click("2026-03-01T11:00:00Z", 9999) };
    env.count_clicks(&[one]).await;
    let (found, pages) = walked(&env, "verdict=bot", 50).await;
    assert_eq!((found.len(), pages), (1, 4));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_bad_range_or_parameter_is_named_and_a_damaged_click_is_too() {
    let env = TestEnv::new().await;
    for (query, fields) in [
        ("verdict=robot", vec!["verdict"]),
        ("since=2026-03-01T12:00:00Z&until=2026-03-01T11:00:00Z", vec!["since"]),
        ("since=2024-01-01T00:00:00Z", vec!["since"]),
        ("slug=a&stray=1", vec!["slug", "stray"]),
        ("limit=1&limit=2", vec!["limit"]),
        ("cursor=AAAA", vec!["cursor"]),
    ] {
        assert_eq!(env.creator().get(&format!("{CLICKS}?{query}")).await.refused(400, "invalid_payload").fields(), fields, "{query}");
    }
    for query in ["until=0001-01-01T00:00:00Z", "until=1969-12-31T00:00:00Z", "until=9998-12-31T00:00:00Z"] {
        assert_eq!(env.creator().get(&format!("{CLICKS}?{query}")).await.expect(200).json()["items"], json!([]), "{query}");
    }
    let crowd: Vec<Click> = (0..3).map(|number| click(&format!("2026-03-01T11:00:0{number}Z"), number)).collect();
    env.count_clicks(&crowd).await;
    let item = env.table_items().await.into_iter().find(|item| item["sk"]["S"] == crowd[1].id.to_string().as_str()).expect("a click");
    env.damage(item["pk"]["S"].as_str().unwrap(), item["sk"]["S"].as_str().unwrap()).await;
    let page = env.creator().get(CLICKS).await.expect(200).json();
    assert_eq!((page["items"].as_array().unwrap().len(), &page["damaged"]), (2, &json!([crowd[1].id])));
}
