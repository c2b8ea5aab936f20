//! Requests through the whole gateway: event, adapter, response.

use std::{collections::BTreeMap, net::Ipv4Addr};

use lambda_http::{Body, RequestExt, request::RequestContext};
use serde_json::{Value, json};
use tower::service_fn;

use super::*;
use crate::Options;

/// A server whose redirect function responds with what it received.
async fn mirror() -> LocalServer {
    mirror_with(Options::memory()).await
}

async fn mirror_with(options: Options) -> LocalServer {
    let options = Options { template: include_str!("../../tests/sample.yaml").into(), ..options };
    let server = LocalServer::open(options).await.unwrap();
    let function = service_fn(|request: lambda_http::Request| async move {
        let context = match request.request_context() {
            RequestContext::ApiGatewayV2(context) => context,
            other => panic!("{other:?}"),
        };
        let headers: BTreeMap<_, _> = request.headers().iter().map(|(name, value)| (name.as_str(), value.to_str().unwrap())).collect();
        let parameters: BTreeMap<_, _> =
            request.path_parameters().iter().map(|(name, value)| (name.to_owned(), value.to_owned())).collect();
        let mirror = json!({
            "routeKey": context.route_key, "sourceIp": context.http.source_ip, "time": context.time,
            "domain": context.domain_name, "prefix": context.domain_prefix, "stage": context.stage,
            "path": request.uri().path(), "query": request.uri().query(), "headers": headers,
            "parameters": parameters, "body": request.body().as_ref(),
            "deadline": request.lambda_context().deadline, "id": context.request_id,
        });
        let response = Response::builder().header("set-cookie", "a=1").body(Body::from(mirror.to_string()));
        Ok::<_, Infallible>(response.unwrap())
    });
    server.mount("redirect", crate::functions::http(function)).unwrap();
    server
}

async fn call(server: &LocalServer, request: http::request::Builder, body: &'static [u8]) -> (Response<Bytes>, Value) {
    let request = request.body(Bytes::from_static(body)).unwrap();
    let response = server.call(request, IpAddr::V4(Ipv4Addr::new(192, 0, 2, 7))).await;
    let body = serde_json::from_slice(response.body()).unwrap();
    (response, body)
}

#[tokio::test]
async fn a_request_arrives_as_it_would_on_lambda() {
    let server = mirror().await;
    let request = Request::get("/ab%20c?x=1&x=2&y=%26")
        .header("Host", "demo.localhost:9000")
        .header("X-Twice", "1")
        .header("X-Twice", "2")
        .header("Cookie", "a=1; b=2");
    let (response, seen) = call(&server, request, b"").await;
    assert_eq!(response.status(), StatusCode::OK);
    assert_eq!(response.headers()["set-cookie"], "a=1");
    assert_eq!(response.headers()["apigw-requestid"], seen["id"].as_str().unwrap());
    assert_eq!(seen["routeKey"], "GET /{slug}");
    assert_eq!(seen["sourceIp"], "192.0.2.7");
    assert_eq!((&seen["domain"], &seen["prefix"]), (&json!("demo.localhost"), &json!("demo")));
    assert_eq!(seen["stage"], "$default");
    assert_eq!(seen["parameters"], json!({"slug": "ab c"}));
    assert_eq!(seen["query"], "x=1&x=2&y=%26");
    assert_eq!(seen["headers"]["host"], "demo.localhost:9000");
    assert_eq!(seen["headers"]["x-twice"], "1,2");
    assert_eq!(seen["headers"]["cookie"], "a=1; b=2");
    assert!(seen["deadline"].as_u64().unwrap() > 1_600_000_000_000);
}

#[tokio::test]
async fn bodies_arrive_whole_whether_text_or_not() {
    let server = mirror().await;
    for (kind, body) in [
        ("application/json", br#"{"a":1}"#.as_slice()),
        ("application/octet-stream", b"\x00\xff"),
        ("application/x-www-form-urlencoded", b"a=1"),
        ("text/plain", b"\xff"),
    ] {
        let request = Request::post("/echo/a/b").header("content-type", kind);
        let (_, seen) = call(&server, request, body).await;
        assert_eq!(seen["routeKey"], "ANY /echo/{proxy+}");
        assert_eq!(seen["parameters"], json!({"proxy": "a/b"}));
        assert_eq!(seen["body"], json!(body), "{kind}");
    }
}

#[tokio::test]
async fn a_request_without_a_route_goes_to_the_default() {
    let server = mirror().await;
    let (_, seen) = call(&server, Request::delete("/a/b/c"), b"").await;
    assert_eq!(seen["routeKey"], "$default");
}

#[tokio::test]
async fn a_function_that_is_not_mounted_is_an_internal_error() {
    let options = Options { template: include_str!("../../tests/sample.yaml").into(), ..Options::memory() };
    let server = LocalServer::open(options).await.unwrap();
    let (response, body) = call(&server, Request::get("/abcd"), b"").await;
    assert_eq!(response.status(), StatusCode::INTERNAL_SERVER_ERROR);
    assert_eq!(body, json!({"message": "Internal Server Error"}));
}

/// The status and body with which a server answers what is sent to it.
async fn answered(address: std::net::SocketAddr, request: &str) -> (String, String) {
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    let mut stream = tokio::net::TcpStream::connect(address).await.unwrap();
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.unwrap();
    let (head, body) = answer.split_once("\r\n\r\n").unwrap();
    (head.lines().next().unwrap().to_owned(), body.to_owned())
}

/// Serves on a free port until the test ends.
async fn served(server: LocalServer) -> std::net::SocketAddr {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move { server.serve_http(listener, std::future::pending()).await });
    address
}

#[tokio::test]
async fn a_body_that_is_not_http_is_a_bad_request() {
    let address = served(mirror().await).await;
    for body in ["zz\r\n{}\r\n0\r\n\r\n", "2\r\n{}garbage\r\n0\r\n\r\n", "fffffffffffffffff\r\n{}", "-1\r\n{}\r\n0\r\n\r\n"] {
        let request = format!("POST /echo/x HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n{body}");
        let (status, answer) = answered(address, &request).await;
        assert_eq!((status.as_str(), answer.as_str()), ("HTTP/1.1 400 Bad Request", r#"{"message":"Bad Request"}"#), "{body:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_body_has_a_limited_time_in_all() {
    use futures::StreamExt;
    use http_body_util::StreamBody;
    use hyper::body::Frame;
    // One byte a second, for ever: each arrives in time, the whole does not.
    let ticks = tokio::time::interval(Duration::from_secs(1));
    let bytes = futures::stream::unfold(ticks, |mut ticks| async {
        ticks.tick().await;
        Some((Ok::<_, Infallible>(Frame::data(Bytes::from_static(b"x"))), ticks))
    });
    let started = Instant::now();
    assert_eq!(body::read(StreamBody::new(bytes.boxed())).await, Err(body::Unread::TooSlow));
    assert_eq!(started.elapsed(), body::MAX_BODY_TIME);
    let response = body::Unread::TooSlow.response();
    assert_eq!((response.status(), &response.headers()["connection"]), (StatusCode::REQUEST_TIMEOUT, &HeaderValue::from_static("close")));
}

#[tokio::test]
async fn a_caller_names_a_visitor_s_address_only_where_that_is_configured() {
    let request = "GET /abcd HTTP/1.1\r\nHost: localhost\r\nCloudFront-Viewer-Address: 203.0.113.9:443\r\n\
                   CloudFront-Viewer-Country: DE\r\nConnection: close\r\n\r\n";
    for (trust_viewer_address, address) in [(false, Value::Null), (true, json!("203.0.113.9:443"))] {
        let server = mirror_with(Options { trust_viewer_address, ..Options::memory() }).await;
        let (_, seen) = answered(served(server).await, request).await;
        let seen: Value = serde_json::from_str(&seen).unwrap();
        assert_eq!(
            (&seen["headers"]["cloudfront-viewer-address"], &seen["headers"]["cloudfront-viewer-country"]),
            (&address, &json!("DE"))
        );
    }
}

#[tokio::test]
async fn over_a_socket_large_bodies_are_refused_and_others_answered() {
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    let server = mirror().await;
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let (stop, stopped) = tokio::sync::oneshot::channel::<()>();
    let server = tokio::spawn(async move { server.serve(listener, async { stopped.await.unwrap_or(()) }).await });
    for (length, status) in [(2_usize, "HTTP/1.1 200"), (body::MAX_BODY_BYTES + 1, "HTTP/1.1 413")] {
        let mut stream = tokio::net::TcpStream::connect(address).await.unwrap();
        let head = format!("POST /echo/x HTTP/1.1\r\nHost: localhost\r\nContent-Length: {length}\r\n\r\n");
        stream.write_all(head.as_bytes()).await.unwrap();
        if length < 10 {
            stream.write_all(b"{}").await.unwrap();
        }
        let mut answer = [0; 12];
        stream.read_exact(&mut answer).await.unwrap();
        assert_eq!(std::str::from_utf8(&answer).unwrap(), status);
    }
    stop.send(()).unwrap();
    server.await.unwrap();
}
