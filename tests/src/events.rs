//! The files of `events/`, and what functions return for them.

use std::path::{Path, PathBuf};

use base64::{Engine as _, prelude::BASE64_STANDARD};
use http::header::CONTENT_LENGTH;
use http::{HeaderMap, HeaderName, HeaderValue, StatusCode};
use serde_json::{Value, json};

use crate::Answer;
use crate::operations::Step;

/// The folder of the files.
pub fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../events")
}

/// The text of an event's file, with its placeholders.
pub fn text(name: &str) -> String {
    std::fs::read_to_string(folder().join(format!("{name}.json"))).unwrap_or_else(|error| panic!("{name}: {error}"))
}

/// An event, with its placeholders.
pub fn event(name: &str) -> Value {
    serde_json::from_str(&text(name)).unwrap_or_else(|error| panic!("{name}: {error}"))
}

/// The bodies of the messages in the event of a queue.
pub fn bodies(name: &str) -> Vec<Value> {
    let event = event(name);
    let records = event["Records"].as_array().cloned().unwrap_or_default();
    records.iter().map(|record| serde_json::from_str(record["body"].as_str().expect("a body")).expect("JSON")).collect()
}

/// A message without the request it names, which differs from run to run.
#[track_caller]
pub fn without_request(mut message: Value) -> Value {
    let request = message.as_object_mut().and_then(|members| members.remove("requestId"));
    assert!(request.as_ref().and_then(Value::as_str).is_some_and(|id| id.starts_with("req_")), "{message} names no request: {request:?}");
    message
}

/// Of the messages of the outbox those about a conversion.
pub fn about_conversions(messages: &[Value]) -> Vec<&Value> {
    messages.iter().filter(|body| body["pk"].as_str().is_some_and(|pk| pk.starts_with("CONV#"))).collect()
}

/// Fails the test unless the function returned what the table says; gives the answer of an HTTP function.
#[track_caller]
pub fn check_outcome(step: &Step, outcome: &Value) -> Option<Answer> {
    let name = step.name();
    match step {
        Step::Request(operation) => {
            let answer = answer(outcome);
            assert_eq!(answer.status.as_u16(), operation.status, "{name}: {}", answer.text());
            assert!(answer.header("x-request-id").starts_with("req_"), "{name}: {outcome}");
            Some(answer)
        }
        Step::Event(_) => {
            // Of a batch no message comes back, and a schedule wants no answer.
            let expected = if ["sweeper", "recounter"].contains(&step.function()) { Value::Null } else { json!({"batchItemFailures": []}) };
            assert_eq!(*outcome, expected, "{name}");
            None
        }
    }
}

/// The response in what a function returns to Lambda, read as API Gateway reads it.
#[track_caller]
fn answer(outcome: &Value) -> Answer {
    let text_of = |value: &Value| value.as_str().unwrap_or_else(|| panic!("no text in {outcome}")).to_owned();
    let mut headers = HeaderMap::new();
    let one = outcome["headers"].as_object().into_iter().flatten().map(|(name, value)| (name, text_of(value)));
    let many = outcome["multiValueHeaders"].as_object().into_iter().flatten();
    let many = many.flat_map(|(name, values)| values.as_array().into_iter().flatten().map(move |value| (name, text_of(value))));
    for (name, value) in one.chain(many) {
        headers.insert(HeaderName::try_from(name).expect("a name"), HeaderValue::try_from(value).expect("a value"));
    }
    let body = outcome["body"].as_str().unwrap_or_default();
    let body: Vec<u8> = if outcome["isBase64Encoded"] == true { BASE64_STANDARD.decode(body).expect("base64") } else { body.into() };
    if let Some(length) = headers.get(CONTENT_LENGTH) {
        assert_eq!(length.to_str().ok(), Some(body.len().to_string().as_str()), "content-length beside another body: {outcome}");
    }
    let status =
        outcome["statusCode"].as_u64().and_then(|status| u16::try_from(status).ok()).and_then(|status| StatusCode::from_u16(status).ok());
    Answer { status: status.unwrap_or_else(|| panic!("no response: {outcome}")), headers, body: body.into() }
}
