//! Events become the same requests as by `lambda_http`, whatever visitors send.

use std::collections::BTreeMap;

use lambda_http::request::{LambdaRequest, RequestContext};
use lambda_http::{Body, RequestExt};
use proptest::prelude::*;
use serde_json::{Value, json};

use super::*;
use crate::start::sanitize_event;

fn event(method: &str, path: &str, query: &str, headers: &Value, cookies: &[String], body: Option<(&str, bool)>) -> String {
    let mut event = json!({
        "version": "2.0", "routeKey": "ANY /{slug}", "rawPath": path, "rawQueryString": query, "headers": headers,
        "requestContext": {
            "http": {"method": method, "path": path, "protocol": "HTTP/1.1", "sourceIp": "192.0.2.7", "userAgent": "test"},
            "stage": "$default", "domainName": "demo.10x.in", "domainPrefix": "demo", "timeEpoch": 0, "requestId": "1",
        },
        "isBase64Encoded": body.is_some_and(|(_, is_base64)| is_base64),
    });
    if !cookies.is_empty() {
        event["cookies"] = json!(cookies);
    }
    if let Some((body, _)) = body {
        event["body"] = json!(body);
    }
    event.to_string()
}

/// What functions read of a request.
#[derive(Debug, PartialEq)]
struct Seen {
    method: Method,
    path: String,
    query: Option<String>,
    host: Option<String>,
    headers: BTreeMap<String, Vec<u8>>,
    ip: Option<IpAddr>,
    body: Vec<u8>,
}

fn seen<B>(request: Request<B>, ip: Option<IpAddr>, body: impl FnOnce(B) -> Vec<u8>) -> Seen {
    let (parts, content) = request.into_parts();
    let headers = parts.headers.iter().filter(|(name, _)| **name != HOST);
    Seen {
        host: crate::host(&parts),
        headers: headers.map(|(name, value)| (name.to_string(), value.as_bytes().to_vec())).collect(),
        path: parts.uri.path().to_owned(),
        query: parts.uri.query().map(str::to_owned),
        method: parts.method,
        ip,
        body: body(content),
    }
}

fn by_lambda_http(event: &str) -> Seen {
    let request: lambda_http::Request = sanitize_event(serde_json::from_str::<LambdaRequest>(event).unwrap()).into();
    let RequestContext::ApiGatewayV2(context) = request.request_context() else { panic!("not an event of an HTTP API") };
    seen(request, context.http.source_ip.and_then(|ip| ip.parse().ok()), |body| match body {
        Body::Text(text) => text.into_bytes(),
        Body::Binary(bytes) => bytes,
        _ => Vec::new(),
    })
}

fn by_us(event: &str) -> Seen {
    let request = request(event).unwrap();
    let ip = request.extensions().get().map(|SourceIp(ip)| *ip);
    seen(request, ip, |body| body.to_vec())
}

/// Paths and queries of every kind of character; most are those of links.
fn text(usual: &'static str) -> impl Strategy<Value = String> {
    prop_oneof![4 => usual, 1 => "[ -~]{0,12}", 1 => "\\PC{0,8}", 1 => "(/|\\.|%2e|%|\\\\|;|a){0,8}"]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2_000))]

    #[test]
    fn an_event_becomes_the_same_request_as_by_lambda_http(
        method in "(GET|HEAD|POST|PUT)",
        path in text("[a-z0-9-]{3,12}").prop_map(|path| format!("/{}", path.replace(['?', '#'], ""))),
        query in text("([a-z_]{1,8}=[A-Za-z0-9%+._-]{0,8}&?){0,4}").prop_map(|query| query.replace('#', "")),
        host in prop::option::of(text("[a-z]{1,8}\\.10x\\.in(:[1-9][0-9]{2})?")),
        values in prop::collection::btree_map("x-[a-z]{1,6}|user-agent|referer|accept-language", "[ -~]{0,20}|[a-z]{1,8}", 0..8),
        cookies in prop::collection::vec("[a-z]{1,4}=[a-z0-9]{0,6}", 0..3),
        body in prop::option::of("\\PC{0,30}"),
        is_base64: bool,
    ) {
        let mut headers = json!(values);
        if let Some(host) = &host {
            headers["host"] = json!(host);
        }
        let body = body.map(|body| if is_base64 { BASE64_STANDARD.encode(body) } else { body });
        let event = event(&method, &path, &query, &headers, &cookies, body.as_deref().map(|body| (body, is_base64)));
        prop_assert_eq!(by_us(&event), by_lambda_http(&event), "{}", event);
    }

    #[test]
    fn an_answer_reads_as_that_of_lambda_http(status in 200_u16..600, headers in prop::collection::vec(("x-[a-z]{1,3}", "[ -~]{0,20}"), 0..6), body in "\\PC{0,40}") {
        let mut response = Response::builder().status(status);
        for (name, value) in &headers {
            response = response.header(name, value);
        }
        let response = response.header("content-type", "text/html; charset=utf-8").body(Bytes::from(body)).unwrap();
        let repeats = headers.iter().map(|(name, _)| name).collect::<std::collections::BTreeSet<_>>().len() < headers.len();
        let ours = serde_json::to_value(Answer(response.clone())).unwrap();
        let service = tower::service_fn(move |_: lambda_http::Request| {
            let (parts, body) = response.clone().into_parts();
            let body = Body::Text(String::from_utf8(body.to_vec()).unwrap());
            std::future::ready(Ok::<_, Infallible>(lambda_http::Response::from_parts(parts, body)))
        });
        let request = serde_json::from_str::<LambdaRequest>(&event("GET", "/", "", &json!({}), &[], None)).unwrap();
        let call = lambda_http::Adapter::from(service).oneshot(lambda_runtime::LambdaEvent::new(request, Context::default()));
        let Ok(theirs) = futures::executor::block_on(call);
        let theirs = serde_json::to_value(&theirs).unwrap();
        for member in ["statusCode", "body", "isBase64Encoded"] {
            prop_assert_eq!(&ours[member], &theirs[member]);
        }
        if !repeats {
            prop_assert_eq!(&ours["headers"], &theirs["headers"]);
        }
    }
}

#[test]
fn odd_hosts_and_headers_spoil_no_request() {
    for host in ["xn--a.10x.in", "demo%2f.10x.in", "a b", "de|mo.10x.in", "[::1", "", "a/b", "a@b", "a\\b", "\u{e9}.10x.in"] {
        let headers = json!({"host": host, "x-\u{e9}": "a", "x-b": "\u{1}", "x-c": "d"});
        let request = request(&event("GET", "/launch", "a=1", &headers, &[], None)).unwrap();
        assert_eq!((request.uri().path(), request.uri().query()), ("/launch", Some("a=1")), "{host}");
        assert_eq!(
            (&request.headers()["x-c"], &request.headers()["host"]),
            (&HeaderValue::from_static("d"), &HeaderValue::from_static("demo.10x.in")),
            "{host}"
        );
    }
    let twice = json!({"x-twice": "1,2", "X-Case": "a"});
    let request = request(&event("GET", "/launch", "", &twice, &[], None)).unwrap();
    assert_eq!(
        (&request.headers()["x-twice"], &request.headers()["x-case"]),
        (&HeaderValue::from_static("1,2"), &HeaderValue::from_static("a"))
    );
    assert_eq!(request.headers()["host"], "demo.10x.in", "without the header, the domain that the gateway names");
}

#[test]
fn a_repeated_header_of_an_answer_is_joined_and_bytes_are_in_base64() {
    let response = Response::builder().header("vary", "a").header("vary", "b").body(Bytes::from_static(b"\xff\x00")).unwrap();
    let answer = serde_json::to_value(Answer(response)).unwrap();
    assert_eq!(answer, json!({"statusCode": 200, "headers": {"vary": "a, b"}, "body": "/wA=", "isBase64Encoded": true}));
}
