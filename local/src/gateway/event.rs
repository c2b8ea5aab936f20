//! Converts an HTTP request into the event of an HTTP API, payload format 2.0, as JSON.

use std::{borrow::Cow, collections::BTreeMap, net::IpAddr};

use base64::{Engine as _, prelude::BASE64_STANDARD};
use bytes::Bytes;
use http::{HeaderMap, header, request::Parts};
use jiff::Timestamp;
use percent_encoding::percent_decode_str;
use serde::Serialize;

use super::routes::Match;

/// The account and API in every event.
const ACCOUNT: &str = crate::server::ACCOUNT;
const API: &str = "local";

type Pairs<'a> = BTreeMap<Cow<'a, str>, Cow<'a, str>>;

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Event<'a> {
    version: &'static str,
    route_key: &'a str,
    raw_path: &'a str,
    raw_query_string: &'a str,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    cookies: Vec<&'a str>,
    headers: Pairs<'a>,
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    query_string_parameters: Pairs<'a>,
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    path_parameters: Pairs<'a>,
    request_context: Context<'a>,
    #[serde(skip_serializing_if = "Option::is_none")]
    body: Option<Cow<'a, str>>,
    is_base64_encoded: bool,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Context<'a> {
    account_id: &'static str,
    api_id: &'static str,
    domain_name: &'a str,
    domain_prefix: &'a str,
    http: Http<'a>,
    request_id: &'a str,
    route_key: &'a str,
    stage: &'static str,
    time: String,
    time_epoch: i64,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Http<'a> {
    method: &'a str,
    path: &'a str,
    protocol: &'static str,
    source_ip: IpAddr,
    user_agent: &'a str,
}

/// What the event contains beside the request itself.
pub(super) struct RequestMeta<'a> {
    pub(super) request_id: &'a str,
    pub(super) source_ip: IpAddr,
    pub(super) now: i64,
}

/// The event for a request that matched `found`.
pub(super) fn build(parts: &Parts, body: &Bytes, found: &Match<'_>, meta: &RequestMeta<'_>) -> Result<String, serde_json::Error> {
    let path = parts.uri.path();
    let query = parts.uri.query().unwrap_or_default();
    let host = text(&parts.headers, header::HOST).or(parts.uri.authority().map(|host| host.as_str())).unwrap_or_default();
    let domain = host.rsplit_once(':').map_or(host, |(name, _)| name);
    let (body, is_base64_encoded) = encode(&parts.headers, body);
    serde_json::to_string(&Event {
        version: "2.0",
        route_key: &found.route.key,
        raw_path: path,
        raw_query_string: query,
        cookies: cookies(&parts.headers),
        headers: headers(&parts.headers),
        query_string_parameters: query_parameters(query),
        path_parameters: found
            .parameters()
            .map(|(name, value)| (Cow::Borrowed(name), percent_decode_str(value).decode_utf8_lossy()))
            .collect(),
        request_context: Context {
            account_id: ACCOUNT,
            api_id: API,
            domain_name: domain,
            domain_prefix: domain.split('.').next().unwrap_or_default(),
            http: Http {
                method: parts.method.as_str(),
                path,
                protocol: "HTTP/1.1",
                source_ip: meta.source_ip,
                user_agent: text(&parts.headers, header::USER_AGENT).unwrap_or_default(),
            },
            request_id: meta.request_id,
            route_key: &found.route.key,
            stage: "$default",
            time: common_log_time(meta.now),
            time_epoch: meta.now,
        },
        body,
        is_base64_encoded,
    })
}

fn text(headers: &HeaderMap, name: header::HeaderName) -> Option<&str> {
    headers.get(name).and_then(|value| value.to_str().ok())
}

/// Repeated headers are joined by commas; cookies have a member of their own. `http` has names in lower case.
fn headers(headers: &HeaderMap) -> Pairs<'_> {
    let mut pairs = Pairs::new();
    for (name, value) in headers.iter().filter(|(name, _)| **name != header::COOKIE) {
        let value = String::from_utf8_lossy(value.as_bytes());
        join(&mut pairs, Cow::Borrowed(name.as_str()), value);
    }
    pairs
}

fn cookies(headers: &HeaderMap) -> Vec<&str> {
    let values = headers.get_all(header::COOKIE).iter().filter_map(|value| value.to_str().ok());
    values.flat_map(|value| value.split(';')).map(str::trim).filter(|cookie| !cookie.is_empty()).collect()
}

fn query_parameters(query: &str) -> Pairs<'_> {
    let mut pairs = Pairs::new();
    for (name, value) in url::form_urlencoded::parse(query.as_bytes()) {
        join(&mut pairs, name, value);
    }
    pairs
}

fn join<'a>(pairs: &mut Pairs<'a>, name: Cow<'a, str>, value: Cow<'a, str>) {
    use std::collections::btree_map::Entry;
    match pairs.entry(name) {
        Entry::Vacant(free) => {
            free.insert(value);
        }
        Entry::Occupied(mut taken) => {
            let joined = taken.get_mut().to_mut();
            joined.push(',');
            joined.push_str(&value);
        }
    }
}

/// A body of a textual content type, or of none, is sent as text; every other one, forms included, in base64.
fn encode<'a>(headers: &HeaderMap, body: &'a Bytes) -> (Option<Cow<'a, str>>, bool) {
    if body.is_empty() {
        return (None, false);
    }
    let kind = text(headers, header::CONTENT_TYPE).unwrap_or("text/plain");
    let kind = kind.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
    let is_text = kind.starts_with("text/")
        || ["application/json", "application/xml", "application/javascript"].contains(&kind.as_str())
        || kind.ends_with("+json")
        || kind.ends_with("+xml");
    match std::str::from_utf8(body) {
        Ok(text) if is_text => (Some(Cow::Borrowed(text)), false),
        _ => (Some(Cow::Owned(BASE64_STANDARD.encode(body))), true),
    }
}

fn common_log_time(now: i64) -> String {
    let moment = Timestamp::from_millisecond(now).unwrap_or(Timestamp::UNIX_EPOCH);
    moment.strftime("%d/%b/%Y:%H:%M:%S +0000").to_string()
}
