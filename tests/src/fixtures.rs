//! What several tests need to exist, and what they ask the server again and again.

pub mod clicks;
mod damage;
pub mod exports;
pub mod webhooks;

use domain::values::moment::Day;
use local::jobs::JobScope;
use local::jobs::recount::{self, RecountSummary};
use serde_json::{Value, json};

use crate::{Answer, TestEnv};

/// A purchase as a shop submits it; without a value when that is null.
pub fn order(ctx: &str, key: &str, value: impl Into<Value>, currency: &str) -> Value {
    let mut body = json!({"ctx": ctx, "idempotencyKey": key, "eventType": "purchase"});
    let value = value.into();
    if !value.is_null() {
        (body["value"], body["currency"]) = (value, json!(currency));
    }
    body
}

/// An amount in thousandths, digit by digit.
pub fn thousandths(amount: &Value) -> i64 {
    let text = amount.to_string();
    let (whole, decimals) = text.split_once('.').unwrap_or((&text, ""));
    format!("{whole}{decimals:0<3}").parse().unwrap_or_else(|_| panic!("{text}"))
}

impl TestEnv {
    /// Writes a link of `demo` to example.com as its owner.
    pub async fn put_link(&self, slug: &str) -> Answer {
        self.owner().put(&format!("/v2/handles/demo/links/{slug}"), json!({"destinationUrl": "https://example.com/"})).await
    }

    /// The ctx of a fresh click on a link of `demo`.
    pub async fn ctx(&self, slug: &str) -> String {
        self.visitor().follow(slug).await.expect(302).ctx()
    }

    /// Submits a conversion that is accepted as new; gives the receipt.
    pub async fn convert(&self, order: Value) -> Value {
        self.anonymous().post("/v2/public/conversions", order).await.expect(202).json()
    }

    /// Recounts the days of every handle, from the environment's first day to today.
    pub async fn recount(&self) -> RecountSummary {
        self.recount_days("2026-03-01".parse().expect("a day"), self.now().day()).await
    }

    /// Recounts days of every handle, as an operator's job does.
    pub async fn recount_days(&self, from: Day, to: Day) -> RecountSummary {
        let scope = JobScope::of(self.operator_store(), None, from, to).await.expect("a scope");
        recount::run(&scope, &mut ()).await.expect("a recount")
    }

    /// A report of `demo`.
    pub async fn report(&self, query: &str) -> Value {
        self.owner().get(&format!("/v2/handles/demo/analytics?{query}")).await.expect(200).json()
    }

    /// The audit events of `demo`, newest first.
    pub async fn audit_events(&self) -> Vec<Value> {
        let page = self.owner().get("/v2/handles/demo/audit-events?limit=100").await.expect(200).json();
        page["items"].as_array().expect("items").clone()
    }

    /// Those as action and target.
    pub async fn audited(&self) -> Vec<(String, String)> {
        let text = |value: &Value| value.as_str().expect("text").to_owned();
        self.audit_events().await.iter().map(|event| (text(&event["action"]), text(&event["target"]))).collect()
    }

    /// Every item of the table as the engine stores it, read past every function's permissions.
    pub async fn table_items(&self) -> Vec<Value> {
        let found = self.call_table("Scan", json!({})).await;
        assert!(found["Count"].as_u64().is_some_and(|count| count > 0) && found.get("LastEvaluatedKey").is_none(), "{found}");
        found["Items"].as_array().expect("items").clone()
    }

    /// A call of the table past every function's permissions and the SDK; fails the test when the engine refuses it.
    pub async fn call_table(&self, operation: &str, mut request: Value) -> Value {
        let environment = self.server().env("links");
        request["TableName"] = json!(environment["TABLE_NAME"]);
        // The delivery worker may have chosen already; then it chose the same.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let client = reqwest::Client::builder().no_proxy().build().expect("a client");
        let credential = "Credential=a/20260301/eu-central-1/dynamodb/aws4_request, SignedHeaders=host, Signature=00";
        let call = client
            .post(&environment["AWS_ENDPOINT_URL_DYNAMODB"])
            .header("x-amz-target", format!("DynamoDB_20120810.{operation}"))
            .header("content-type", "application/x-amz-json-1.0")
            .header("authorization", format!("AWS4-HMAC-SHA256 {credential}"))
            .header("x-amz-date", "20260301T120000Z");
        let answer = call.body(request.to_string()).send().await.expect("an answer");
        let (status, text) = (answer.status(), answer.text().await.expect("text"));
        assert!(status.is_success(), "{operation}: {text}");
        serde_json::from_str(&text).expect("JSON")
    }
}
