//! Checks webhook messages, headers and body, against `webhooks` of the OpenAPI document.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::LazyLock;

use jsonschema::Validator;
use serde_json::{Map, Value, json};

use crate::Posted;

static DOCUMENT: LazyLock<Value> =
    LazyLock::new(|| serde_json::from_str(include_str!("../../functions/accounts/openapi.json")).expect("the document"));

/// What a message of each type must be: its headers and its body.
static PROMISES: LazyLock<BTreeMap<String, Validator>> = LazyLock::new(|| {
    let webhooks = DOCUMENT["webhooks"].as_object().expect("webhooks");
    webhooks.iter().map(|(kind, item)| (kind.clone(), promise(&item["post"]))).collect()
});

fn promise(operation: &Value) -> Validator {
    let parameters = operation["parameters"].as_array().expect("parameters").iter();
    let headers: Map<String, Value> = parameters
        .inspect(|parameter| assert_eq!((&parameter["in"], &parameter["required"]), (&json!("header"), &json!(true))))
        .map(|parameter| (parameter["name"].as_str().expect("a name").to_owned(), parameter["schema"].clone()))
        .collect();
    let names: Vec<&String> = headers.keys().collect();
    let schema = json!({
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "properties": {
            "headers": {"type": "object", "required": names, "properties": headers},
            "body": operation["requestBody"]["content"]["application/json"]["schema"],
        },
        "components": DOCUMENT["components"],
    });
    jsonschema::options().should_validate_formats(true).build(&schema).expect("a schema")
}

/// Event types that have a message in the document.
pub fn documented() -> BTreeSet<String> {
    PROMISES.keys().cloned().collect()
}

/// The example of a type's message in the document.
pub fn example(kind: &str) -> Value {
    DOCUMENT["webhooks"][kind]["post"]["requestBody"]["content"]["application/json"]["example"].clone()
}

/// Whether a body is what the document promises of its type, and has no member it does not name.
pub fn faults_of_body(body: &Value) -> Vec<String> {
    let kind = body["type"].as_str().unwrap_or_default();
    let Some(promise) = PROMISES.get(kind) else { return vec![format!("the document has no message {kind:?}")] };
    let mut faults: Vec<String> = promise.iter_errors(&json!({"body": body})).map(|error| error.to_string()).collect();
    let schemas = &DOCUMENT["components"]["schemas"];
    let resolved = |schema: &Value| match schema["$ref"].as_str() {
        Some(reference) => schemas[reference.rsplit('/').next().expect("a name")].clone(),
        None => schema.clone(),
    };
    let message = resolved(&DOCUMENT["webhooks"][kind]["post"]["requestBody"]["content"]["application/json"]["schema"]);
    let payload = resolved(&message["properties"]["payload"]);
    for (sent, promised) in [(body, &message), (&body["payload"], &payload)] {
        let sent: BTreeSet<&String> = sent.as_object().into_iter().flat_map(Map::keys).collect();
        let promised: BTreeSet<&String> = promised["properties"].as_object().into_iter().flat_map(Map::keys).collect();
        if sent != promised {
            faults.push(format!("members {sent:?}, promised {promised:?}"));
        }
    }
    faults
}

/// Fails the test when the document does not promise this message.
#[track_caller]
pub(crate) fn check(posted: &Posted) {
    let body = posted.json();
    let mut faults = faults_of_body(&body);
    if let Some(promise) = body["type"].as_str().and_then(|kind| PROMISES.get(kind)) {
        let message = json!({"headers": posted.headers, "body": body});
        faults.extend(promise.iter_errors(&message).map(|error| format!("{error} at {}", error.instance_path())));
    }
    assert!(faults.is_empty(), "{faults:?} in {body} with {:?}", posted.headers);
    assert_eq!(posted.header("webhook-id"), body["id"]);
    assert_eq!(posted.header("content-type"), "application/json");
}
