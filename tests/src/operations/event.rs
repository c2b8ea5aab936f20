//! The events of `events/`: what API Gateway, payload format 2.0, makes of a request of the table.

use std::collections::BTreeMap;

use base64::{Engine as _, prelude::BASE64_STANDARD};
use serde_json::{Map, Value, json};
use sha2::{Digest, Sha256};

use super::{Body, CallerKind, Operation};

/// When every event was sent: so that a new row changes no other row's file.
const TIME: (&str, i64) = ("02/Nov/2026:09:30:00 +0000", 1_793_611_800_000);
const CLIENT: &str = "tenx-client/1.0";
const BROWSER: &str = "Mozilla/5.0 (iPhone; CPU iPhone OS 18_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) \
                       Version/18.5 Mobile/15E148 Safari/604.1";
const HTML: &str = "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8";

/// The hosts of the events, as settings over those of the local server.
pub fn hosts() -> BTreeMap<String, String> {
    let variables = [
        ("PUBLIC_DOMAIN", "links.example"),
        ("PUBLIC_ORIGIN", "https://{handle}.links.example"),
        ("API_ORIGIN", "https://api.links.example"),
    ];
    variables.into_iter().map(|(name, value)| (name.to_owned(), value.to_owned())).collect()
}

/// The text of the operation's event file.
pub fn event_text(operation: &Operation) -> String {
    let text = serde_json::to_string_pretty(&event(operation)).expect("JSON");
    format!("{text}\n")
}

fn event(operation: &Operation) -> Value {
    let (route_key, raw_path, headers) = (operation.route_key(), operation.raw_path(), headers(operation));
    let host = headers["host"].as_str().unwrap_or_default().to_owned();
    // The gateway sees the address that is last in the list: the caller's, or CloudFront's.
    let source_ip = headers["x-forwarded-for"].as_str().and_then(|list| list.split(", ").last()).unwrap_or_default().to_owned();
    let mut event = json!({
        "version": "2.0",
        "routeKey": route_key,
        "rawPath": raw_path,
        "rawQueryString": operation.query,
        "headers": headers,
    });
    if !operation.query.is_empty() {
        let pairs = operation.query.split('&').filter_map(|pair| pair.split_once('='));
        event["queryStringParameters"] = pairs.map(|(name, value)| (name.to_owned(), json!(value))).collect::<Map<_, _>>().into();
    }
    event["requestContext"] = json!({
        "accountId": "123456789012",
        "apiId": "a1b2c3d4e5",
        "domainName": host,
        "domainPrefix": host.split('.').next(),
        "http": {
            "method": operation.method,
            "path": raw_path,
            "protocol": "HTTP/1.1",
            "sourceIp": source_ip,
            "userAgent": headers["user-agent"],
        },
        "requestId": BASE64_STANDARD.encode(&digest(operation)[..11]),
        "routeKey": route_key,
        "stage": "$default",
        "time": TIME.0,
        "timeEpoch": TIME.1,
    });
    let parameters = operation.path_parameters();
    if !parameters.is_empty() {
        event["pathParameters"] = parameters.into_iter().map(|(name, value)| (name.to_owned(), json!(value))).collect::<Map<_, _>>().into();
    }
    // API Gateway encodes what is not text; a form is none to it.
    let is_form = matches!(operation.body, Body::Form(_));
    if !matches!(operation.body, Body::None) {
        let body = operation.body_text();
        event["body"] = json!(if is_form { BASE64_STANDARD.encode(body) } else { body });
    }
    event["isBase64Encoded"] = json!(is_form);
    event
}

/// The headers as API Gateway has them: in lower case, in the order of their names.
fn headers(operation: &Operation) -> Value {
    let (accept, user_agent, address) = match operation.caller {
        CallerKind::Page => ("*/*", BROWSER, "198.51.100.7"),
        CallerKind::Visitor => (HTML, BROWSER, "198.51.100.7"),
        _ => ("application/json", CLIENT, "203.0.113.24"),
    };
    let seconds = TIME.1 / 1000;
    let trace: String = digest(operation)[11..23].iter().map(|byte| format!("{byte:02x}")).collect();
    let mut headers = BTreeMap::from([
        ("accept", accept.to_owned()),
        ("accept-encoding", "gzip, deflate, br".to_owned()),
        ("host", operation.host().to_owned()),
        ("user-agent", user_agent.to_owned()),
        ("x-amzn-trace-id", format!("Root=1-{seconds:08x}-{trace}")),
        ("x-forwarded-for", address.to_owned()),
        ("x-forwarded-port", "443".to_owned()),
        ("x-forwarded-proto", "https".to_owned()),
    ]);
    match operation.caller {
        CallerKind::Anonymous => {}
        CallerKind::Page => {
            headers.insert("referer", "https://shop.example/".to_owned());
            if operation.path != "/v2/public/sdk.js" {
                headers.insert("origin", "https://shop.example".to_owned());
            }
        }
        CallerKind::Visitor => {
            headers.insert("accept-language", "de-DE,de;q=0.9,en;q=0.7".to_owned());
        }
        CallerKind::PlatformAdmin => {
            headers.insert("authorization", "Bearer {{JWT_PLATFORM_ADMIN}}".to_owned());
        }
        CallerKind::Pat => {
            headers.insert("authorization", "Bearer {{PAT}}".to_owned());
        }
        CallerKind::User | CallerKind::Creator | CallerKind::Operator | CallerKind::Owner => {
            headers.insert("authorization", "Bearer {{JWT_OWNER}}".to_owned());
        }
    }
    if let Some(content_type) = operation.content_type() {
        headers.insert("content-type", content_type.to_owned());
        let body = operation.body_text();
        // The value of a placeholder has another length.
        if !body.contains("{{") {
            headers.insert("content-length", body.len().to_string());
        }
    }
    headers.extend(operation.headers.iter().map(|(name, value)| (*name, (*value).to_owned())));
    json!(headers)
}

/// Bits for the ids of the event, the same in every run.
fn digest(operation: &Operation) -> [u8; 32] {
    Sha256::digest(operation.name.as_bytes()).into()
}
