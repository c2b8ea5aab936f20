//! How long raw clicks are kept: the parameter, the variable it becomes, and the attribute by which DynamoDB removes them.

use std::collections::BTreeMap;

use domain::values::moment::Moment;
use local::TEMPLATE;
use local::template::{Site, Template};
use serde_json::{Value, json};
use tests::fixtures::order;
use tests::{TestEnv, TestEnvOptions};

/// The click worker's `CLICK_DAYS` as the template sets it with these parameters.
fn deployed(parameters: &[(&str, &str)]) -> String {
    let required = [
        ("PublicDomain", "10x.example"),
        ("JwksUrl", "https://idp.example/jwks.json"),
        ("JwtIssuer", "https://idp.example"),
        ("JwtClientId", "client"),
    ];
    let parameters = required.iter().chain(parameters).map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
    let site =
        Site { region: "eu-central-1".into(), account: "123456789012".into(), queue_endpoint: "https://sqs.example".into(), parameters };
    let template = Template::parse(TEMPLATE, &site).unwrap();
    template.function("click-worker").unwrap().environment["CLICK_DAYS"].clone()
}

/// The stored clicks.
async fn clicks(env: &TestEnv) -> Vec<Value> {
    env.table_items().await.into_iter().filter(|item| item["pk"]["S"].as_str().unwrap().starts_with("CLICK#")).collect()
}

async fn env_with(click_days: Option<String>) -> TestEnv {
    let environment: BTreeMap<_, _> = click_days.map(|days| ("CLICK_DAYS".to_owned(), days)).into_iter().collect();
    let env = TestEnv::with(TestEnvOptions { environment, starts_at: "2026-03-01T23:59:00Z", ..TestEnvOptions::default() }).await;
    env.put_link("launch").await.expect(201);
    env
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_click_expires_as_many_days_after_its_own_as_the_deployment_has_it() {
    assert_eq!((deployed(&[]), deployed(&[("ClickDays", "45")])), ("400".to_owned(), "45".to_owned()));
    // Without the variable it is the same as with the template's default.
    for (variable, last_day) in
        [(None, "2027-04-05"), (Some(deployed(&[])), "2027-04-05"), (Some(deployed(&[("ClickDays", "45")])), "2026-04-15")]
    {
        let env = env_with(variable.clone()).await;
        env.visitor().follow("launch").await.expect(302);
        // Counted on the next day: its own day is what counts.
        env.advance_ms(120_000);
        env.process_events().await;
        let clicks = clicks(&env).await;
        let after: Moment = format!("{last_day}T23:59:59.999Z").parse().unwrap();
        assert_eq!(clicks.len(), 1);
        assert_eq!(clicks[0]["ttl"]["N"], json!(after.plus_millis(1).seconds().to_string()), "{variable:?}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_click_that_is_changed_expires_when_it_would_have_and_its_figures_stay() {
    let env = env_with(Some("45".to_owned())).await;
    let ctx = env.visitor().follow("launch?sid=sess-1").await.expect(302).ctx();
    env.process_events().await;
    let ttl = clicks(&env).await[0]["ttl"].clone();
    // A conversion at once restates the click as a bot's, and an erase takes from it what is personal.
    env.convert(order(&ctx, "order-1", 20.0, "EUR")).await;
    env.process_events().await;
    env.owner().post("/v2/handles/demo/privacy/erase", json!({"sessionId": "sess-1"})).await.expect(202);
    env.sweep().await;
    let changed = clicks(&env).await.remove(0);
    let click: Value = serde_json::from_str(changed["doc"]["S"].as_str().unwrap()).unwrap();
    assert_eq!((&click["instantConversion"], &click["erased"], &changed["ttl"]), (&json!(true), &json!(true), &ttl), "{click}");

    let days = "from=2026-03-01&to=2026-03-02";
    let before = env.report(days).await;
    assert_eq!((&before["totals"]["clicks"], &before["totals"]["botClicks"]), (&json!(1), &json!(1)), "{before}");
    env.advance_days(47);
    assert!(ttl["N"].as_str().unwrap().parse::<i64>().unwrap() < env.now().seconds());
    // As DynamoDB does with what has expired.
    env.call_table("DeleteItem", json!({"Key": {"pk": changed["pk"], "sk": changed["sk"]}})).await;
    assert_eq!(env.report(days).await["totals"], before["totals"]);
    let list = env.owner().get("/v2/handles/demo/clicks?since=2026-03-01T00:00:00Z").await.expect(200).json();
    assert_eq!(list["items"], json!([]));
}
