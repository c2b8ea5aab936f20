//! Following links: where a visitor is taken, what is remembered of the visit, and what happens when something is out of reach.

use std::collections::{BTreeMap, BTreeSet};

use domain::clicks::Click;
use domain::clicks::ctx::{Consent, CtxClaims, Keyring};
use domain::links::Link;
use domain::values::destination::Destination;
use futures::StreamExt;
use serde_json::{Value, json};
use store::{Expect, Store, WriteOutcome};
use tests::{Answer, Fault, Random, Rule, TestEnv, TestEnvOptions, Visit};

mod addresses;
mod bridge;
mod click_limit;
mod closed;
mod failures;
mod freshness;
mod location;
mod password;
mod verdict;
mod visitor_data;

const LINKS: &str = "/v2/handles/demo/links";
const PRODUCT: &str = "https://example.com/product";
const PAGE: &str = "text/html,application/xhtml+xml,*/*;q=0.8";

/// The link `slug` of `demo`, leading to the product unless `settings` say otherwise.
async fn link(env: &TestEnv, slug: &str, settings: Value) -> Answer {
    let mut body = json!({"destinationUrl": PRODUCT});
    body.as_object_mut().unwrap().extend(settings.as_object().cloned().unwrap_or_default());
    let answer = env.owner().put(&format!("{LINKS}/{slug}"), body).await;
    assert!(answer.status.is_success(), "{}", answer.text());
    answer
}

/// An environment with the link `launch`.
async fn env_with(settings: Value) -> TestEnv {
    let env = TestEnv::new().await;
    if let Some(campaign) = settings["campaignId"].as_str() {
        env.campaign(campaign).await;
    }
    link(&env, "launch", settings).await;
    env.faults.take_calls();
    env
}

/// An environment whose functions trust no viewer header.
async fn env_without_trusted_headers() -> TestEnv {
    let environment = BTreeMap::from([("TRUST_VIEWER_HEADERS".to_owned(), String::new())]);
    let env = TestEnv::with(TestEnvOptions { environment, ..TestEnvOptions::default() }).await;
    link(&env, "launch", json!({})).await;
    env
}

/// Every click stored today, in the order they were made, after the queue has been worked off.
async fn clicks(env: &TestEnv) -> Vec<Click> {
    env.process_events().await;
    let settings = env.app("click-worker").settings();
    let store = Store::connect(&settings.connection(store::http_client()), settings.table.clone(), settings.queues.clone());
    let mut clicks = tests::clicks_of_day(&store, &env.handle(), env.now().day()).await.unwrap();
    clicks.sort_by_key(|click| click.id);
    clicks
}

async fn only_click(env: &TestEnv) -> Click {
    let mut clicks = clicks(env).await;
    assert_eq!(clicks.len(), 1, "{clicks:?}");
    clicks.remove(0)
}

/// How many clicks wait in the queue; they are counted by this.
async fn queued(env: &TestEnv) -> usize {
    env.drain("ClicksQueue").await.received
}

/// What the ctx of a redirect says.
fn claims(env: &TestEnv, redirect: &Answer) -> CtxClaims {
    let ring = Keyring::from_json(&env.keys().platform).unwrap();
    ring.open(&redirect.ctx(), env.now()).unwrap()
}

/// The location with its ctx made readable.
fn masked(redirect: &Answer) -> String {
    redirect.header("location").replace(&redirect.ctx(), "CTX")
}

/// The operations the redirect has called since this was last asked.
fn calls(env: &TestEnv) -> Vec<String> {
    let calls = env.faults.take_calls().into_iter();
    calls.filter(|(function, _)| function == "redirect").map(|(_, operation)| operation).collect()
}

/// The headers of an answer that are the same for every such answer.
fn lasting_headers(answer: &Answer) -> BTreeMap<String, String> {
    let fleeting = ["x-request-id", "apigw-requestid", "location", "date", "content-length"];
    let headers = answer.headers.iter().filter(|(name, _)| !fleeting.contains(&name.as_str()));
    headers.map(|(name, value)| (name.to_string(), String::from_utf8_lossy(value.as_bytes()).into_owned())).collect()
}

#[track_caller]
fn assert_private(answer: &Answer) {
    assert_eq!(answer.header("cache-control"), "private, no-store", "{}", answer.status);
    assert_eq!(answer.header("x-robots-tag"), "noindex", "{}", answer.status);
    assert!(answer.headers.get("set-cookie").is_none(), "{}", answer.status);
}
