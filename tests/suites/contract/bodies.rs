//! Every documented request body and what reads it agree at each bound and one beyond: values made from the schema itself.

use domain::accounts::token::NewToken;
use domain::accounts::{Account, HandleDeletion, NewHandle, OwnershipTransfer, Plan, Profile};
use domain::campaigns::{CampaignChange, NewCampaign};
use domain::chain::{ChainPreview, ChainRule, Question, Questions, SignalBatch};
use domain::conversions::ledger::AdjustmentRequest;
use domain::conversions::{Submission, TestConversionRequest};
use domain::links::{LinkBatch, LinkSettings, Rollback};
use domain::privacy::Selector;
use domain::routing::{PersonalizationRule, PreviewRequest};
use domain::values::destination::OwnHosts;
use domain::values::form::Faults;
use domain::values::moment::Moment;
use domain::webhooks::endpoint::Egress;
use domain::webhooks::requests::{ReplayRequest, SecretRotation, TestRequest};
use domain::webhooks::subscription::SubscriptionSettings;
use jsonschema::Validator;
use serde_json::{Map, Value, json};
use tests::Exception;

const DOCUMENT: &str = include_str!("../../../functions/accounts/openapi.json");

type Reader = fn(Value) -> Result<(), Faults>;

fn own() -> OwnHosts {
    OwnHosts::default()
}

fn now() -> Moment {
    "2026-03-01T12:00:00Z".parse().expect("a moment")
}

fn profile() -> Profile {
    Profile {
        handle: "demo".parse().expect("a handle"),
        owner: "owner".parse().expect("a user"),
        collaborators: Default::default(),
        created_at: now(),
        version: 1,
        deletion: None,
    }
}

fn subscription() -> SubscriptionSettings {
    let body = json!({"endpointUrl": "https://hooks.example.com/", "eventTypes": ["*"]});
    SubscriptionSettings::read(body, &own(), Egress::Public).expect("a subscription")
}

fn claims(_: &str) -> Result<domain::clicks::ctx::CtxClaims, String> {
    let click_id = domain::values::id::ClickId::new(now(), 1);
    Ok(domain::clicks::ctx::CtxClaims {
        click_id,
        handle: "demo".parse().expect("a handle"),
        slug: "launch".parse().expect("a slug"),
        campaign_id: None,
        rule: None,
        session_id: None,
        chain_position: 0,
        consent: domain::clicks::ctx::Consent::Full,
        bot: false,
        expires_at: now().plus_days(30),
    })
}

/// Every documented body of JSON with what reads it.
const READERS: &[(&str, Reader)] = &[
    ("LinkBody", |body| LinkSettings::read(body, &own()).map(|_| ())),
    ("RollbackBody", |body| Rollback::read(body).map(|_| ())),
    ("RuleBody", |body| PersonalizationRule::read("r".parse().expect("an id"), body, &own()).map(|_| ())),
    ("PreviewBody", |body| PreviewRequest::read(body, &own(), now()).map(|_| ())),
    ("LinkBatchBody", |body| LinkBatch::read(body, &own()).map(|_| ())),
    ("ChainPreviewBody", |body| ChainPreview::read(body, &own(), now()).map(|_| ())),
    ("CampaignBody", |body| NewCampaign::read(body, &own()).map(|_| ())),
    ("CampaignUpdate", |body| CampaignChange::read(body, &"spring-sale".parse().expect("an id"), &own()).map(|_| ())),
    ("ConversionBody", |body| Submission::read(body, claims).map(|_| ())),
    ("TestConversion", |body| TestConversionRequest::read(body).map(|_| ())),
    ("AdjustmentBody", |body| AdjustmentRequest::read(body, Some("USD".parse().expect("a currency"))).map(|_| ())),
    ("SignalsPosted", |body| SignalBatch::read(body).map(|_| ())),
    ("SessionSignals", |body| SignalBatch::read_for(&"demo".parse().expect("a handle"), body).map(|_| ())),
    ("QuestionBody", |body| Question::read(body).map(|_| ())),
    ("QuestionsBody", |body| Questions::read(body).map(|_| ())),
    ("ChainRuleBody", |body| ChainRule::read("r".parse().expect("an id"), body, &own()).map(|_| ())),
    ("NewSubscription", |body| SubscriptionSettings::read(body, &own(), Egress::Public).map(|_| ())),
    ("SubscriptionChange", |body| subscription().changed(body, &own(), Egress::Public).map(|_| ())),
    ("TestBody", |body| TestRequest::read(body).map(|_| ())),
    ("RotationBody", |body| SecretRotation::read(body).map(|_| ())),
    ("ReplayRange", |body| ReplayRequest::read(body, now(), |_, _| true).map(|_| ())),
    ("HandleBody", |body| NewHandle::read(body).map(|_| ())),
    ("DeletionBody", |body| HandleDeletion::read(body, &profile().handle).map(|_| ())),
    ("ErasureBody", |body| Selector::read(body).map(|_| ())),
    ("NewPeople", |body| profile().with_collaborators(body).map(|_| ())),
    ("Transfer", |body| OwnershipTransfer::read(body).map(|_| ())),
    ("TokenBody", |body| NewToken::read(body, now()).map(|_| ())),
    ("AccountChange", |body| Account::with_plan(Plan::Free).change(body).map(|_| ())),
    ("ZoneChange", |body| Account::with_plan(Plan::Free).change_zone(body).map(|_| ())),
];

fn document() -> Value {
    serde_json::from_str(DOCUMENT).expect("JSON")
}

/// The schema of a body, with its forms in place of the references to them.
fn body(document: &Value, name: &str) -> Value {
    let schemas = &document["components"]["schemas"];
    let mut schema = schemas[name].clone();
    for form in schema.get_mut("oneOf").and_then(Value::as_array_mut).into_iter().flatten() {
        let referred = form["$ref"].as_str().and_then(|reference| reference.strip_prefix("#/components/schemas/"));
        if let Some(referred) = referred.map(str::to_owned) {
            *form = schemas[referred].clone();
        }
    }
    schema
}

fn validator(schema: &Value) -> Validator {
    let options = jsonschema::options().should_validate_formats(true).with_format("uri", |text: &str| url::Url::parse(text).is_ok());
    options.build(schema).expect("a schema")
}

/// What a reader and a schema say differently of a value.
fn difference(reader: Reader, schema: &Validator, value: &Value) -> Option<String> {
    let invalid = schema.iter_errors(value).next().map(|error| format!("{error} at {}", error.instance_path()));
    match (reader(value.clone()), invalid) {
        (Ok(()), None) | (Err(_), Some(_)) => None,
        (Ok(()), Some(error)) => Some(format!("read, though {error}")),
        (Err(faults), None) => {
            let is_excepted = |message: &str| Exception::ALL.iter().any(|exception| message.contains(exception.message));
            let faults = faults.0.iter().map(|fault| format!("{} {}", fault.field, fault.message));
            let unexplained: Vec<String> = faults.filter(|fault| !is_excepted(fault)).collect();
            (!unexplained.is_empty()).then(|| format!("refused, though valid: {unexplained:?}"))
        }
    }
}

/// Values at and one beyond every bound of a schema, and of every wrong type.
fn candidates(schema: &Value) -> Vec<Value> {
    if let Some(choices) = schema["oneOf"].as_array() {
        return choices.iter().flat_map(candidates).collect();
    }
    let mut values = vec![json!(null), json!(true), json!(7), json!(1.5), json!("text"), json!([]), json!({}), json!([null, null])];
    values.extend(schema["enum"].as_array().into_iter().flatten().cloned());
    values.push(json!("NOT_AMONG_THEM"));
    for bound in ["minimum", "maximum"] {
        if let Some(number) = schema[bound].as_f64() {
            values.extend([json!(number - 1.0), json!(number), json!(number + 1.0)]);
            if let Some(whole) = schema[bound].as_i64() {
                values.extend([json!(whole.saturating_sub(1)), json!(whole), json!(whole.saturating_add(1))]);
            }
        }
    }
    for bound in ["minLength", "maxLength"] {
        if let Some(length) = schema[bound].as_u64().and_then(|length| usize::try_from(length).ok()) {
            for length in [length.saturating_sub(1), length, length + 1] {
                values.extend([json!("a".repeat(length)), json!("é".repeat(length))]);
                let address = "https://e.com/";
                values.push(json!(format!("{address}{}", "a".repeat(length.saturating_sub(address.len())))));
            }
        }
    }
    values.extend(texts().into_iter().map(Value::from));
    values
}

/// Texts that patterns and formats admit, or nearly do.
fn texts() -> Vec<String> {
    let mut texts: Vec<String> = [
        "",
        " ",
        "a\u{0}b",
        "a\nb",
        "\u{85}",
        "ab",
        "abc",
        "Abc",
        "-ab",
        "ab-",
        "a_b",
        "a.b",
        "a|b",
        ".",
        "..",
        "launch",
        "läunch",
        "de",
        "DE",
        "D1",
        "unknown",
        "Mobile",
        "mobile ",
        "fri",
        "Friday",
        "Fri.",
        "USD",
        "usd",
        "XXXX",
        "24:00",
        "23:59",
        "9:30",
        "09:30",
        "2026-03-01",
        "2026-02-30",
        "2026-03-01T12:00:00Z",
        "2026-03-01t12:00:00.5z",
        "2026-03-01T12:00:00+01:00",
        "2026-03-01T12:00Z",
        "2026-03-01 12:00:00Z",
        "20260301T120000Z",
        "2026-03-01T12:00:00",
        "2026-13-01T12:00:00Z",
        "2030-06-01T00:00:00Z",
        "Europe/Berlin",
        "UTC",
        "Mars/Phobos",
        "Europe Berlin",
        "https://example.com/a?b=c#d",
        "HTTPS://EXAMPLE.COM",
        "https://bücher.example/é",
        "http://example.com",
        "ftp://example.com",
        "https://exa mple.com",
        "https:\\\\example.com",
        "javascript:alert(1)",
        "//e.com",
        "https://",
        "whs_01JZ0000000000000000000000",
        "whs_81JZ0000000000000000000000",
        "whs_01jz0000000000000000000000",
        "links.read",
        "links.*",
        "*",
        "spring-sale",
        "user@example.com",
    ]
    .map(str::to_owned)
    .to_vec();
    for (letter, lengths) in [("a", [1, 2, 3, 4, 16, 24, 25, 32, 33]), ("a", [63, 64, 65, 66, 127, 128, 129, 35, 36])] {
        texts.extend(lengths.map(|length: usize| letter.repeat(length)));
    }
    texts
}

/// The whole value with each part of it replaced, left out or added to, as its schema suggests.
fn mutations(schema: &Value, whole: &Value) -> Vec<Value> {
    let mut mutations = candidates(schema);
    if let Some(choices) = schema["oneOf"].as_array() {
        mutations.extend(choices.iter().flat_map(|choice| mutations_of_object(choice, whole)));
    }
    mutations.extend(mutations_of_object(schema, whole));
    if let Some(items) = schema.get("items") {
        let entry = whole.get(0).cloned().unwrap_or_else(|| sample(items));
        mutations.extend(self::mutations(items, &entry).into_iter().map(|entry| json!([entry])));
        for bound in ["minItems", "maxItems"] {
            if let Some(length) = schema[bound].as_u64().and_then(|length| usize::try_from(length).ok()) {
                for length in [length.saturating_sub(1), length, length + 1] {
                    mutations.push(Value::Array(vec![entry.clone(); length]));
                }
            }
        }
    }
    mutations
}

fn mutations_of_object(schema: &Value, whole: &Value) -> Vec<Value> {
    let Some(members) = schema["properties"].as_object() else { return Vec::new() };
    let whole = whole.as_object().cloned().unwrap_or_default();
    let with = |name: &str, value: Value| {
        let mut changed = whole.clone();
        changed.insert(name.to_owned(), value);
        Value::Object(changed)
    };
    let mut mutations = vec![with("stray", json!(1))];
    for (name, schema) in members {
        let mut without = whole.clone();
        without.remove(name);
        mutations.push(Value::Object(without));
        let present = whole.get(name).cloned().unwrap_or_else(|| sample(schema));
        mutations.extend(self::mutations(schema, &present).into_iter().map(|value| with(name, value)));
    }
    mutations
}

/// A value the schema allows, as far as its types alone determine it.
fn sample(schema: &Value) -> Value {
    let schema = schema["oneOf"].get(0).unwrap_or(schema);
    let names = |name: &str| schema["type"] == name || schema["type"].as_array().is_some_and(|types| types.contains(&json!(name)));
    if let Some(first) = schema["enum"].get(0) {
        return first.clone();
    }
    if names("object") {
        let required = schema["required"].as_array().into_iter().flatten().filter_map(Value::as_str);
        return Value::Object(required.map(|name| (name.to_owned(), sample(&schema["properties"][name]))).collect::<Map<_, _>>());
    }
    if names("array") {
        return json!([sample(&schema["items"])]);
    }
    if names("string") {
        let fits = validator(schema);
        return texts().into_iter().map(Value::from).find(|text| fits.is_valid(text)).unwrap_or_else(|| json!("abc"));
    }
    if names("boolean") { json!(true) } else { schema.get("minimum").cloned().unwrap_or_else(|| json!(1)) }
}

#[test]
fn every_body_of_json_has_a_reader_here() {
    let document = document();
    let mut named: Vec<&str> = Vec::new();
    for item in document["paths"].as_object().expect("paths").values() {
        for operation in item.as_object().expect("operations").values() {
            for kind in ["application/json", "text/plain"] {
                let schema = &operation["requestBody"]["content"][kind]["schema"];
                let reference = schema["$ref"].as_str().or_else(|| schema["oneOf"].as_array()?.iter().find_map(|one| one["$ref"].as_str()));
                named.extend(reference.and_then(|reference| reference.strip_prefix("#/components/schemas/")));
            }
        }
    }
    named.sort_unstable();
    named.dedup();
    let mut known: Vec<&str> = READERS.iter().map(|(name, _)| *name).collect();
    known.sort_unstable();
    assert_eq!(named, known);
}

#[test]
fn readers_and_schemas_agree_at_every_bound() {
    let document = document();
    let mut differences = std::collections::BTreeSet::new();
    for (name, reader) in READERS {
        let schema = &body(&document, name);
        let validator = validator(schema);
        let example = &schema["examples"][0];
        assert!(validator.is_valid(example), "{name}: {:?}", validator.iter_errors(example).next());
        assert_eq!(reader(example.clone()), Ok(()), "the example of {name}");
        let mutations = mutations(schema, example);
        assert!(mutations.len() > 5, "{name}");
        for value in mutations {
            differences.extend(difference(*reader, &validator, &value).map(|difference| format!("{name}: {difference}")));
        }
    }
    assert!(differences.is_empty(), "{} differences:\n{}", differences.len(), Vec::from_iter(differences).join("\n"));
}
