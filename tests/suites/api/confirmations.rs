//! Confirmed conversions: the merchant's submission counts, once, whatever claimed the same key before.

use futures::future::join_all;
use serde_json::{Value, json};
use tests::fixtures::order;
use tests::{Answer, Caller, Fault, Rule, TestEnv};

const PUBLIC: &str = "/v2/public/conversions";
const CONVERSIONS: &str = "/v2/handles/demo/conversions";

/// A handle with two partners, each with a link.
async fn env() -> TestEnv {
    let env = TestEnv::new().await;
    for (slug, campaign) in [("good", "partner-good"), ("evil", "partner-evil")] {
        env.campaign(campaign).await;
        let link = json!({"destinationUrl": "https://example.com/product", "campaignId": campaign});
        env.owner().put(&format!("/v2/handles/demo/links/{slug}"), link).await.expect(201);
    }
    env
}

/// Follows a link in one's own browser; a person takes some seconds before what comes next.
async fn ctx(env: &TestEnv, slug: &str) -> String {
    let ctx = env.ctx(slug).await;
    env.advance_ms(5_000);
    ctx
}

async fn post(caller: &Caller<'_>, body: &Value) -> Answer {
    caller.post(PUBLIC, body.clone()).await
}

/// Conversions, revenue and confirmed revenue of a campaign, in dollars.
async fn of_campaign(env: &TestEnv, campaign: &str) -> (Value, Value, Value) {
    let figures = env.report(&format!("campaignId={campaign}")).await["totals"].clone();
    let dollars = figures["revenueByCurrency"].get("USD").cloned().unwrap_or(json!(0));
    (figures["conversions"].clone(), dollars, figures["revenueConfirmed"].clone())
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

async fn read(env: &TestEnv, id: &Value) -> Value {
    env.owner().get(&format!("{CONVERSIONS}/{}", id.as_str().unwrap())).await.expect(200).json()
}

/// What each entry of a conversion's ledger is worth.
fn amounts(conversion: &Value) -> Vec<(Value, Value)> {
    let entries = conversion["entries"].as_array().unwrap();
    entries.iter().map(|entry| (entry["amount"].clone(), entry["currency"].clone())).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_signed_conversion_is_confirmed_and_a_second_one_changes_nothing() {
    let env = env().await;
    let program = env.pat_client(&["conversions.write"]).await;
    let body = order(&ctx(&env, "good").await, "order-1", json!(24.99), "USD");
    let first = post(&program, &body).await.expect(202).json();
    assert_eq!((&first["trust"], &first["deduped"], first.get("corrected")), (&json!("confirmed"), &json!(false), None));
    for caller in [&program, &env.anonymous()] {
        let again = post(caller, &body).await.expect(200).json();
        assert_eq!(
            (&again["trust"], &again["deduped"], &again["conversionId"]),
            (&json!("confirmed"), &json!(true), &first["conversionId"])
        );
    }
    // A submission after the merchant's changes nothing either.
    let late = order(&ctx(&env, "evil").await, "order-1", json!(1), "USD");
    let bare = json!({"accepted": true, "deduped": true, "conversionId": first["conversionId"]});
    assert_eq!(post(&env.anonymous(), &late).await.expect(200).json(), bare);
    assert_eq!(post(&program, &late).await.expect(200).json()["mismatch"], json!(["value"]));
    arrive(&env).await;
    assert_eq!(of_campaign(&env, "partner-good").await, (json!(1), json!(24.99), json!(24.99)));
    assert_eq!(of_campaign(&env, "partner-evil").await, (json!(0), json!(0), json!(0)));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_posts_a_predictable_key_first_cannot_take_the_merchants_conversion() {
    let env = env().await;
    let program = env.pat_client(&["conversions.*"]).await;
    let theft = order(&ctx(&env, "evil").await, "order-1001", json!(9_000), "USD");
    let stolen = post(&env.anonymous(), &theft).await.expect(202).json();
    arrive(&env).await;
    assert_eq!(of_campaign(&env, "partner-evil").await, (json!(1), json!(9_000), json!(0)));

    let honest = order(&ctx(&env, "good").await, "order-1001", json!(24.99), "EUR");
    let corrected = post(&program, &honest).await.expect(200).json();
    assert_eq!(corrected["corrected"], json!(["value", "currency", "clickId"]));
    assert_eq!(
        (&corrected["trust"], &corrected["slug"], &corrected["campaignId"]),
        (&json!("confirmed"), &json!("good"), &json!("partner-good"))
    );
    assert_eq!(
        (&corrected["value"], &corrected["currency"], &corrected["conversionId"]),
        (&json!(24.99), &json!("EUR"), &stolen["conversionId"])
    );
    arrive(&env).await;

    assert_eq!(of_campaign(&env, "partner-evil").await, (json!(0), json!(0), json!(0)));
    let good = env.report("campaignId=partner-good").await["totals"].clone();
    assert_eq!((&good["conversions"], &good["revenue"], &good["revenueConfirmed"]), (&json!(1), &json!(24.99), &json!(24.99)));
    let conversion = read(&env, &stolen["conversionId"]).await;
    let (usd, eur) = (json!("USD"), json!("EUR"));
    assert_eq!(amounts(&conversion), [(json!(9_000), usd.clone()), (json!(-9_000), usd), (json!(24.99), eur)]);
    assert_eq!((&conversion["netValue"], &conversion["trust"], &conversion["slug"]), (&json!(24.99), &json!("confirmed"), &json!("good")));
    let list = env.owner().get(CONVERSIONS).await.expect(200).json();
    assert_eq!((list["items"].as_array().unwrap().len(), &list["items"][0]["slug"]), (1, &json!("good")), "one conversion it stays");
    // The thief tries again, and so does the merchant.
    let bare = json!({"accepted": true, "deduped": true, "conversionId": stolen["conversionId"]});
    assert_eq!(post(&env.anonymous(), &theft).await.expect(200).json(), bare, "a thief does not learn what the order was worth");
    env.advance_ms(1);
    let again = post(&program, &honest).await.expect(200).json();
    assert_eq!((again.get("corrected"), again.get("mismatch")), (None, None));
    arrive(&env).await;
    assert_eq!(amounts(&read(&env, &stolen["conversionId"]).await).len(), 3);

    let events = env.owner().get("/v2/handles/demo/audit-events?limit=100").await.expect(200).json();
    let confirmed: Vec<&Value> =
        events["items"].as_array().unwrap().iter().filter(|event| event["action"] == "conversion.confirmed").collect();
    assert_eq!((confirmed.len(), &confirmed[0]["actor"]["kind"]), (1, &json!("PAT")));
    assert_eq!((&confirmed[0]["before"]["slug"], &confirmed[0]["after"]["slug"]), (&json!("evil"), &json!("good")));
    let explained =
        env.owner().get(&format!("{CONVERSIONS}/{}/explain", stolen["conversionId"].as_str().unwrap())).await.expect(200).json();
    let outcomes: Vec<&str> = explained["attempts"].as_array().unwrap().iter().filter_map(|attempt| attempt["outcome"].as_str()).collect();
    assert_eq!(outcomes, ["accepted", "confirmed", "deduped_with_mismatch", "deduped"]);
    assert_eq!(explained["click"]["slug"], "good");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_report_and_a_recount_agree_after_corrections_of_all_kinds() {
    let env = env().await;
    let program = env.pat_client(&["conversions.write"]).await;
    let (good, evil) = (ctx(&env, "good").await, ctx(&env, "evil").await);
    let elsewhere = env.visitor().in_country("DE").number(3).follow("good?source=newsletter").await.expect(302).ctx();
    env.advance_ms(2_000);
    let cases = [
        (order(&evil, "a", json!(10), "USD"), order(&good, "a", json!(12.5), "USD")),
        (order(&good, "b", json!(10), "USD"), order(&good, "b", json!(10), "USD")),
        (order(&evil, "c", Value::Null, ""), order(&elsewhere, "c", json!(700), "JPY")),
        (order(&evil, "d", json!(5), "EUR"), order(&good, "d", Value::Null, "")),
        (order(&good, "e", json!(30), "USD"), order(&elsewhere, "e", json!(20), "USD")),
    ];
    for (claimed, confirmed) in &cases {
        post(&env.anonymous(), claimed).await.expect(202);
        post(&program, confirmed).await.expect(200);
        env.advance_ms(86_400_000 / 4);
    }
    arrive(&env).await;
    for by in ["day", "slug", "campaign", "country", "source"] {
        let report = env.report(&format!("groupBy={by}")).await;
        let rows = report["rows"].as_array().unwrap();
        let sum: i64 = rows.iter().map(|row| row["conversions"].as_i64().unwrap()).sum();
        assert_eq!((sum, &report["totals"]["conversions"]), (5, &json!(5)), "{by}: {rows:?}");
        let money = &report["totals"]["revenueByCurrency"];
        assert_eq!((&money["USD"], &money["JPY"], &money["EUR"]), (&json!(42.5), &json!(700), &json!(0)), "{by}");
    }
    assert_eq!(
        env.report("groupBy=country").await["rows"].as_array().unwrap().iter().find(|row| row["key"] == "DE").unwrap()["conversions"],
        2
    );
    let summary = env.recount().await;
    assert_eq!(summary.drift, Vec::<String>::new());
    assert!(summary.records >= 18, "{}", summary.records);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_correction_is_written_and_counted_once_through_crashes_conflicts_and_lost_answers() {
    let env = env().await;
    let program = env.pat_client(&["conversions.write"]).await;
    let (good, evil) = (ctx(&env, "good").await, ctx(&env, "evil").await);
    let (mut orders, mut crashes) = (0, 0);
    for fault in [Fault::CrashBefore, Fault::CrashAfter] {
        for step in 0.. {
            let key = format!("{fault:?}-{step}");
            let claimed = post(&env.anonymous(), &order(&evil, &key, json!(100), "USD")).await.expect(202).json();
            let honest = order(&good, &key, json!(7), "USD");
            let lived = env.crash_at("attribution", step, fault, post(&program, &honest)).await;
            let again = post(&program, &honest).await.expect(200).json();
            assert_eq!((&again["trust"], &again["slug"]), (&json!("confirmed"), &json!("good")), "{key}");
            orders += 1;
            let conversion = read(&env, &claimed["conversionId"]).await;
            assert_eq!((amounts(&conversion).len(), &conversion["netValue"]), (3, &json!(7)), "{key}");
            if lived.is_some() {
                break;
            }
            crashes += 1;
        }
    }
    assert!(crashes >= 16, "each call of a confirmation was a place to crash: {crashes}");
    for (fault, times) in [(Fault::AnswerLost, 1), (Fault::Conflict, 3), (Fault::Throttled, 1), (Fault::Doubled, 1)] {
        let key = format!("{fault:?}");
        post(&env.anonymous(), &order(&evil, &key, json!(100), "USD")).await.expect(202);
        let fired = env.faults.inject(Rule::on("TransactWriteItems").by("attribution").times(times), fault);
        assert_eq!(post(&program, &order(&good, &key, json!(7), "USD")).await.expect(200).json()["slug"], "good", "{key}");
        fired.at_least_once();
        env.faults.clear();
        orders += 1;
    }
    arrive(&env).await;
    assert_eq!(of_campaign(&env, "partner-good").await, (json!(orders), json!(orders * 7), json!(orders * 7)));
    assert_eq!(of_campaign(&env, "partner-evil").await, (json!(0), json!(0), json!(0)));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_worker_that_dies_at_any_call_counts_a_correction_once() {
    let env = env().await;
    let program = env.pat_client(&["conversions.write"]).await;
    let (good, evil) = (ctx(&env, "good").await, ctx(&env, "evil").await);
    env.process_events().await;
    let (mut orders, mut crashes) = (0, 0);
    for fault in [Fault::CrashBefore, Fault::CrashAfter] {
        for step in 0.. {
            let key = format!("{fault:?}-{step}");
            post(&env.anonymous(), &order(&evil, &key, json!(100), "USD")).await.expect(202);
            post(&program, &order(&good, &key, json!(7), "USD")).await.expect(200);
            orders += 1;
            let survived = env.crash_at("event-worker", step, fault, env.drain("EventsQueue")).await;
            arrive(&env).await;
            assert_eq!(of_campaign(&env, "partner-good").await, (json!(orders), json!(orders * 7), json!(orders * 7)), "{key}");
            assert_eq!(of_campaign(&env, "partner-evil").await, (json!(0), json!(0), json!(0)), "{key}");
            if survived.is_some() {
                break;
            }
            crashes += 1;
        }
    }
    assert!(crashes >= 10, "{crashes}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn many_confirmations_and_refunds_at_once_correct_a_conversion_once() {
    let env = env().await;
    let program = env.pat_client(&["conversions.write"]).await;
    let (good, evil) = (ctx(&env, "good").await, ctx(&env, "evil").await);
    let claimed = post(&env.anonymous(), &order(&evil, "order-1", json!(100), "USD")).await.expect(202).json();
    let adjustments = format!("{CONVERSIONS}/{}/adjustments", claimed["conversionId"].as_str().unwrap());
    let honest = order(&good, "order-1", json!(70), "USD");
    let operator = env.operator();
    let refunds = (0..6)
        .map(|number| operator.post(&adjustments, json!({"amount": -1, "reason": "returned", "idempotencyKey": format!("r-{number}")})));
    let (confirmations, refunds) = tokio::join!(join_all((0..12).map(|_| post(&program, &honest))), join_all(refunds));
    assert!(confirmations.iter().all(|answer| answer.status == 200 || answer.status == 503));
    let corrected = confirmations.iter().filter(|answer| answer.json().get("corrected").is_some()).count();
    assert_eq!(corrected, 1);
    let refunded = i64::try_from(refunds.iter().filter(|answer| answer.status == 201).count()).unwrap();
    arrive(&env).await;
    let conversion = read(&env, &claimed["conversionId"]).await;
    assert_eq!(conversion["netValue"], json!(70 - refunded), "refunds made before stay, and those after: {conversion}");
    assert_eq!(of_campaign(&env, "partner-good").await, (json!(1), json!(70 - refunded), json!(70 - refunded)));
    assert_eq!(of_campaign(&env, "partner-evil").await, (json!(0), json!(0), json!(0)));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_confirmed_can_be_refunded_where_it_counts_and_no_further() {
    let env = env().await;
    let program = env.pat_client(&["conversions.write"]).await;
    let (good, evil) = (ctx(&env, "good").await, ctx(&env, "evil").await);
    let claimed = post(&env.anonymous(), &order(&evil, "order-1", json!(100), "USD")).await.expect(202).json();
    post(&program, &order(&good, "order-1", json!(20), "EUR")).await.expect(200);
    let adjustments = format!("/v2/public/handles/demo/conversions/{}/adjustments", claimed["conversionId"].as_str().unwrap());
    let refund = |amount: i64, key: &str| json!({"amount": amount, "reason": "returned", "idempotencyKey": key});
    let over = program.post(&adjustments, refund(-21, "r-1")).await.refused(409, "conflict").json();
    assert_eq!((&over["available"], &over["currency"]), (&json!(20), &json!("EUR")));
    assert_eq!(program.post(&adjustments, refund(-5, "r-2")).await.expect(201).json()["netValue"], 15);
    arrive(&env).await;
    let good = env.report("campaignId=partner-good").await["totals"].clone();
    assert_eq!((&good["revenue"], &good["revenueConfirmed"], &good["conversions"]), (&json!(15), &json!(15), &json!(1)));
    assert_eq!(of_campaign(&env, "partner-evil").await.1, json!(0));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn only_a_good_token_of_the_handle_confirms() {
    let env = env().await;
    let body = order(&ctx(&env, "good").await, "order-1", json!(5), "USD");
    post(&env.owner(), &body).await.refused(401, "invalid_token");
    post(&env.bearer("patv1_x.y"), &body).await.refused(401, "invalid_token");
    post(&env.anonymous().with("x-api-key", "nonsense"), &body).await.refused(401, "invalid_token");
    let refused = post(&env.pat_client(&["links.*", "analytics.read"]).await, &body).await.refused(403, "insufficient_scope");
    assert_eq!(refused.json()["requiredScope"], "conversions.write");
    env.stranger().post("/v2/handles", json!({"handle": "own-shop"})).await.expect(201);
    let made = env.stranger().post("/v2/handles/own-shop/tokens", json!({"scopes": ["conversions.write"]})).await.expect(201).json();
    post(&env.bearer(made["token"].as_str().unwrap()), &body).await.refused(404, "handle_not_found");
    assert_eq!(env.owner().get(CONVERSIONS).await.expect(200).json()["items"], json!([]), "nothing of it used the key");
    assert_eq!(post(&env.anonymous(), &body).await.expect(202).json()["trust"], "claimed");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_confirmation_waits_for_its_click_and_a_click_that_never_comes_stops_it_no_longer_than_minutes() {
    for click_arrives in [true, false] {
        let env = env().await;
        let program = env.pat_client(&["conversions.write"]).await;
        let evil = ctx(&env, "evil").await;
        env.process_events().await;
        post(&env.anonymous(), &order(&evil, "order-1", json!(100), "USD")).await.expect(202);
        env.drain("EventsQueue").await;
        let good = ctx(&env, "good").await;
        post(&program, &order(&good, "order-1", json!(7), "USD")).await.expect(200);
        env.drain("EventsQueue").await;
        assert_eq!(of_campaign(&env, "partner-good").await.0, json!(0), "its click is still on its way");
        if click_arrives {
            // It is announced again by itself: no report is without the sale until the sweeper comes.
            env.drain("ClicksQueue").await;
            env.advance_ms(2_000);
            env.drain("EventsQueue").await;
        } else {
            env.server().purge("ClicksQueue").await.unwrap();
            env.advance_ms(300_000);
            arrive(&env).await;
        }
        assert_eq!(of_campaign(&env, "partner-good").await, (json!(1), json!(7), json!(7)), "{click_arrives}");
        assert_eq!(of_campaign(&env, "partner-evil").await.0, json!(0));
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_sale_that_was_credited_stays_so_when_it_is_confirmed_after_its_campaign_ended() {
    for end in [Some("PAUSED"), None] {
        let env = env().await;
        let program = env.pat_client(&["conversions.write"]).await;
        let body = order(&ctx(&env, "good").await, "order-1", json!(100), "USD");
        post(&env.anonymous(), &body).await.expect(202);
        arrive(&env).await;
        let campaign = "/v2/handles/demo/campaigns/partner-good";
        match end {
            Some(status) => env.owner().put(campaign, json!({"status": status})).await.expect(200),
            None => env.owner().delete(campaign).await.expect(204),
        };
        let confirmed = post(&program, &body).await.expect(200).json();
        let shown = ["trust", "campaignId", "notCredited"].map(|name| confirmed[name].clone());
        assert_eq!(shown, [json!("confirmed"), json!("partner-good"), Value::Null], "{end:?}");
        arrive(&env).await;
        assert_eq!(of_campaign(&env, "partner-good").await, (json!(1), json!(100), json!(100)), "{end:?}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_a_confirmation_of_the_same_click_leaves_out_stays_as_it_was_claimed() {
    let env = env().await;
    let program = env.pat_client(&["conversions.write"]).await;
    let bare = order(&ctx(&env, "good").await, "order-1", json!(100), "USD");
    let mut whole = bare.clone();
    whole["metadata"] = json!({"plan": "gold"});
    whole["sessionId"] = json!("session-1");
    whole["occurredAt"] = json!(env.now());
    let id = post(&env.anonymous(), &whole).await.expect(202).json()["conversionId"].clone();
    let of = |conversion: &Value| ["metadata", "sessionId", "occurredAt"].map(|name| conversion[name].clone());
    let claimed = of(&read(&env, &id).await);
    assert!(claimed.iter().all(|value| !value.is_null()), "{claimed:?}");
    post(&program, &bare).await.expect(200);
    assert_eq!(of(&read(&env, &id).await), claimed);
}
