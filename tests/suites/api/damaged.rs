//! Items of the table that cannot be decoded: each affects itself only, is named in its list, and can be replaced and deleted.

use serde_json::{Value, json};
use tests::fixtures::order;
use tests::fixtures::webhooks::{WEBHOOKS, id_of, subscribe};
use tests::{Receiver, TestEnv};

const LINKS: &str = "/v2/handles/demo/links";
const RULES: &str = "/v2/handles/demo/personalization-rules";
const CHAIN: &str = "/v2/handles/demo/chain/rules";
const CAMPAIGNS: &str = "/v2/handles/demo/campaigns";

/// The entries of a list by a member, and what it names as damaged.
async fn listed(env: &TestEnv, path: &str, name: &str) -> (Vec<String>, Value) {
    let list = env.owner().get(path).await.expect(200).json();
    let names = list["items"].as_array().unwrap().iter().map(|item| item[name].as_str().unwrap().to_owned()).collect();
    (names, list["damaged"].clone())
}

fn names(names: &[&str]) -> Vec<String> {
    names.iter().map(|name| (*name).to_owned()).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_damaged_link_is_named_replaced_and_deleted_and_its_neighbours_work() {
    let env = TestEnv::new().await;
    for slug in ["first", "second"] {
        env.put_link(slug).await.expect(201);
    }
    env.damage("LINK#demo", "first").await;
    assert_eq!(listed(&env, LINKS, "slug").await, (names(&["second"]), json!(["first"])));
    env.visitor().follow("second").await.expect(302);
    env.visitor().follow("first").await.expect(500);
    let path = format!("{LINKS}/first");
    assert_eq!(env.owner().get(&path).await.refused(500, "internal_error").json()["damaged"], true);
    let body = json!({"destinationUrl": "https://example.com/"});
    env.owner().with("if-match", "\"1\"").put(&path, body.clone()).await.refused(412, "version_mismatch");
    env.owner().with("if-none-match", "*").put(&path, body.clone()).await.refused(412, "version_mismatch");
    assert_eq!(env.owner().put(&path, body).await.expect(200).json()["version"], 2);
    let event = &env.audit_events().await[0];
    assert_eq!((&event["action"], &event["before"]), (&json!("link.updated"), &json!({"damaged": true})));
    assert_eq!(listed(&env, LINKS, "slug").await, (names(&["first", "second"]), Value::Null));
    env.advance_ms(6000);
    env.visitor().follow("first").await.expect(302);
    assert_eq!(env.owner().get(&format!("{path}/history")).await.expect(200).json()["items"].as_array().unwrap().len(), 2);
    env.damage("LINK#demo", "first").await;
    env.owner().delete(&path).await.expect(204);
    env.owner().delete(&path).await.refused(404, "not_found");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_damaged_rule_disables_no_other_and_no_redirect_or_decision() {
    let env = TestEnv::new().await;
    env.put_link("launch").await.expect(201);
    for id in ["bad", "good"] {
        let variant = json!({"id": "v", "destinationUrl": format!("https://{id}.example/")});
        env.owner().put(&format!("{RULES}/{id}"), json!({ "variant": variant })).await.expect(201);
        env.owner().put(&format!("{CHAIN}/{id}"), json!({"trigger": "t", "action": {"type": "message", "text": id}})).await.expect(201);
    }
    let resolve = || async {
        let question = json!({"handle": "demo", "sessionId": "s", "trigger": "t"});
        env.anonymous().post("/v2/public/chain/resolve", question).await.expect(200).json()["ruleId"].clone()
    };
    for (pk, path) in [("RULES#demo", RULES), ("CHAIN#demo", CHAIN)] {
        let mut set = env.document(pk, "A").await;
        set["rules"][0].as_object_mut().unwrap().remove("enabled");
        env.set_document(pk, "A", &set.to_string()).await;
        assert_eq!(listed(&env, path, "ruleId").await, (names(&["good"]), json!(["bad"])));
    }
    assert_eq!(env.visitor().follow("launch").await.expect(302).location().host_str(), Some("good.example"));
    assert_eq!(resolve().await, "good");
    // A write of another rule keeps it, a write of its name replaces it.
    env.owner().put(&format!("{CHAIN}/other"), json!({"trigger": "x", "action": {"type": "none"}})).await.expect(201);
    assert_eq!(listed(&env, CHAIN, "ruleId").await, (names(&["good", "other"]), json!(["bad"])));
    env.owner().put(&format!("{CHAIN}/bad"), json!({"trigger": "t", "action": {"type": "none"}})).await.expect(200);
    assert_eq!(resolve().await, "bad");
    env.owner().delete(&format!("{RULES}/bad")).await.expect(204);
    assert_eq!(listed(&env, RULES, "ruleId").await, (names(&["good"]), Value::Null));
    // Not even a set that is no JSON stops a redirect, and it can be cleared.
    env.set_document("RULES#demo", "A", "{").await;
    env.advance_ms(6000);
    assert_eq!(env.visitor().follow("launch").await.expect(302).location().host_str(), Some("example.com"));
    assert_eq!(listed(&env, RULES, "ruleId").await, (Vec::new(), json!(["unnamed"])));
    env.owner().delete(&format!("{RULES}/unnamed")).await.expect(204);
    assert_eq!(listed(&env, RULES, "ruleId").await, (Vec::new(), Value::Null));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_damaged_subscription_stops_no_other_and_a_damaged_campaign_no_counting() {
    let env = TestEnv::new().await;
    let receiver = Receiver::start().await;
    let (bad, good) = (subscribe(&env, &receiver, &["*"]).await, subscribe(&env, &receiver, &["*"]).await);
    for id in ["broken", "healthy"] {
        let link = json!({"slug": id, "destinationUrl": "https://example.com/"});
        let body = json!({"campaignId": id, "goalType": "PRODUCT_SALE", "status": "ACTIVE", "primaryLink": link});
        env.owner().post(CAMPAIGNS, body).await.expect(201);
    }
    let ctxs = [env.ctx("broken").await, env.ctx("healthy").await];
    env.damage("SUBS#demo", id_of(&bad)).await;
    env.damage("CAMP#demo", "broken").await;
    assert_eq!(listed(&env, WEBHOOKS, "subscriptionId").await, (names(&[id_of(&good)]), json!([id_of(&bad)])));
    assert_eq!(listed(&env, CAMPAIGNS, "campaignId").await, (names(&["healthy"]), json!(["broken"])));
    env.owner().get("/v2/handles/demo/notifications").await.expect(200);
    for (number, ctx) in ctxs.iter().enumerate() {
        env.convert(order(ctx, &format!("order-{number}"), 5, "USD")).await;
    }
    env.process_events().await;
    env.deliver().await;
    let report = env.report("groupBy=day").await;
    assert_eq!((&report["totals"]["clicks"], &report["totals"]["conversions"]), (&json!(2), &json!(2)));
    let funnel = env.report("funnel=true").await;
    assert_eq!(funnel["funnel"].as_array().unwrap().iter().find(|row| row["campaignId"] == "healthy").unwrap()["conversions"], 1);
    assert!(receiver.posted().iter().any(|post| String::from_utf8_lossy(&post.body).contains("conversion.recorded")));
    env.owner().delete(&format!("{WEBHOOKS}/{}", id_of(&bad))).await.expect(204);
    env.owner().post(CAMPAIGNS, json!({"campaignId": "broken", "goalType": "PRODUCT_SALE"})).await.refused(409, "conflict");
    env.owner().delete(&format!("{CAMPAIGNS}/broken")).await.expect(204);
    env.owner().post(CAMPAIGNS, json!({"campaignId": "broken", "goalType": "PRODUCT_SALE"})).await.expect(201);
    assert_eq!(listed(&env, WEBHOOKS, "subscriptionId").await, (names(&[id_of(&good)]), Value::Null));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_damaged_entry_of_any_other_list_is_named_and_the_others_are_shown() {
    let env = TestEnv::new().await;
    env.put_link("launch").await.expect(201);
    let receiver = Receiver::start().await;
    let hook = subscribe(&env, &receiver, &["*"]).await;
    let ctx = env.ctx("launch").await;
    for number in 0..2 {
        env.convert(order(&ctx, &format!("order-{number}"), 5, "USD")).await;
        env.owner().post("/v2/handles/demo/tokens", json!({"scopes": ["links.read"]})).await.expect(201);
        env.owner().post(&format!("{WEBHOOKS}/{}/test", id_of(&hook)), json!({})).await.expect(202);
        env.owner().post("/v2/handles", json!({"handle": format!("mine-{number}")})).await.expect(201);
        env.owner().put(&format!("{LINKS}/launch"), json!({"destinationUrl": "https://example.com/"})).await.expect(200);
    }
    env.process_events().await;
    env.deliver().await;
    let items = env.table_items().await;
    for (path, name, prefix) in [
        ("/v2/handles/demo/conversions", "conversionId", "CONV#demo#"),
        ("/v2/handles/demo/tokens", "tokenId", "PAT#"),
        ("/v2/handles/demo/deliveries", "deliveryId", "DLV#demo#"),
        ("/v2/handles", "handle", "HANDLE#mine-1"),
        ("/v2/handles/demo/links/launch/history", "version", "HIST#demo#"),
        ("/v2/handles/demo/audit-events", "auditId", "AUDIT#demo"),
    ] {
        let before = env.owner().get(path).await.expect(200).json();
        let is_one =
            |item: &&Value| item["pk"]["S"].as_str().unwrap().starts_with(prefix) && !item["sk"]["S"].as_str().unwrap().starts_with("ATT");
        let item = items.iter().find(is_one).unwrap();
        env.damage(item["pk"]["S"].as_str().unwrap(), item["sk"]["S"].as_str().unwrap()).await;
        let after = env.owner().get(path).await.expect(200).json();
        let (before, shown) = (before["items"].as_array().unwrap(), after["items"].as_array().unwrap());
        assert_eq!(shown.len() + 1, before.len(), "{path}");
        assert_eq!(after["damaged"].as_array().map(Vec::len), Some(1), "{path}: {after}");
        let lost: Vec<&Value> = before.iter().filter(|entry| !shown.iter().any(|other| other[name] == entry[name])).collect();
        let lost_name =
            lost[0][name].as_u64().map_or_else(|| lost[0][name].as_str().unwrap().to_owned(), |version| format!("{version:010}"));
        assert_eq!((lost.len(), &after["damaged"][0]), (1, &json!(lost_name)), "{path}");
    }
}
