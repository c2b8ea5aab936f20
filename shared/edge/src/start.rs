//! Starting a function on Lambda: settings from the environment, one thread, JSON lines for the log.

use std::future::Future;
use std::sync::Arc;

use aws_lambda_events::sqs::{SqsBatchResponse, SqsEvent};
use domain::moment::Moment;
use http::Uri;
use http::header::HOST;
use lambda_http::request::LambdaRequest;
use lambda_runtime::{Error, LambdaEvent, service_fn};
use tower::{Service, ServiceExt};
use tracing_subscriber::filter::LevelFilter;
use url::{Url, form_urlencoded};

use crate::app::{App, Clock, Entropy};
use crate::settings::Settings;

const X_FORWARDED_PROTO: &str = "x-forwarded-proto";

/// The wall clock.
pub fn wall_clock() -> Clock {
    Arc::new(|| {
        #[expect(clippy::disallowed_methods, reason = "the one place where time enters")]
        let now = std::time::SystemTime::now();
        let since = now.duration_since(std::time::UNIX_EPOCH).unwrap_or_default();
        Moment::from_millis(i64::try_from(since.as_millis()).unwrap_or(i64::MAX))
    })
}

/// The operating system's randomness.
pub fn system_entropy() -> Entropy {
    Arc::new(|| {
        let mut bytes = [0; 16];
        #[expect(clippy::disallowed_methods, reason = "the one place where randomness enters")]
        let filled = getrandom::fill(&mut bytes);
        if filled.is_err() {
            // Ids and salts must not repeat: without randomness nothing may go on.
            std::process::abort();
        }
        u128::from_le_bytes(bytes)
    })
}

/// The state of this function from its environment.
///
/// # Errors
/// The variable that is missing or unfit.
pub fn app() -> Result<App, Error> {
    #[expect(clippy::disallowed_methods, reason = "the one place where the environment enters")]
    let settings = Settings::read(|name| std::env::var(name).ok())?;
    Ok(App::new(settings, store::http_client(), wall_clock(), system_entropy()))
}

/// Runs an HTTP function.
///
/// # Errors
/// When the environment is unfit or the runtime ends.
pub fn http<S, B>(build: fn(App) -> S) -> Result<(), Error>
where
    S: Service<lambda_http::Request, Response = http::Response<B>, Error = std::convert::Infallible> + Clone + Send + 'static,
    S::Future: Send + 'static,
    B: http_body::Body + Send + Unpin + 'static,
    B::Error: std::fmt::Debug,
    B::Data: Into<bytes::Bytes> + Send,
    http::Response<B>: lambda_http::IntoResponse + Send,
{
    run(async move {
        let adapter = lambda_http::Adapter::from(build(app()?));
        let tamed = adapter.map_request(|event: LambdaEvent<LambdaRequest>| LambdaEvent::new(readable(event.payload), event.context));
        lambda_runtime::run(tamed).await
    })
}

/// The event without what `lambda_http` would panic over, and so end the process: it makes an address of the scheme, host and
/// query that the visitor sent, and `xn--a.<public domain>` is none. A host that cannot be read is one that names no handle.
pub fn readable(event: LambdaRequest) -> LambdaRequest {
    let LambdaRequest::ApiGatewayV2(mut request) = event else { return event };
    if request.headers.get(X_FORWARDED_PROTO).is_some_and(|scheme| scheme != "https" && scheme != "http") {
        request.headers.remove(X_FORWARDED_PROTO);
    }
    if let Some(query) = request.raw_query_string.as_mut().filter(|query| format!("/?{query}").parse::<Uri>().is_err()) {
        *query = form_urlencoded::Serializer::new(String::new()).extend_pairs(form_urlencoded::parse(query.as_bytes())).finish();
    }
    let path = request.raw_path.as_deref().unwrap_or_default();
    let is_host = |host: &str| {
        // What is no host at all would swallow the path or be swallowed by it.
        let is_alone = !host.is_empty() && !host.contains(['/', '\\', '?', '#', '@']);
        is_alone && Url::parse(&format!("https://{host}{path}")).is_ok_and(|address| address.as_str().parse::<Uri>().is_ok())
    };
    if request.headers.get(HOST).is_some_and(|host| !host.to_str().is_ok_and(is_host)) {
        request.headers.remove(HOST);
    }
    request.request_context.domain_name = request.request_context.domain_name.filter(|host| is_host(host));
    LambdaRequest::ApiGatewayV2(request)
}

/// Runs a function that works off a queue.
///
/// # Errors
/// When the environment is unfit or the runtime ends.
pub fn queue<F>(handle: fn(App, SqsEvent) -> F) -> Result<(), Error>
where
    F: Future<Output = SqsBatchResponse> + Send,
{
    run(async move {
        let app = app()?;
        let serve = |event: LambdaEvent<SqsEvent>| {
            let app = app.clone();
            async move { Ok::<_, Error>(handle(app, event.payload).await) }
        };
        lambda_runtime::run(service_fn(serve)).await
    })
}

/// Runs a function that a schedule wakes.
///
/// # Errors
/// When the environment is unfit or the runtime ends.
pub fn schedule<F>(handle: fn(App) -> F) -> Result<(), Error>
where
    F: Future<Output = ()> + Send,
{
    run(async move {
        let app = app()?;
        let serve = |_: LambdaEvent<serde_json::Value>| {
            let app = app.clone();
            async move {
                handle(app).await;
                Ok::<_, Error>(())
            }
        };
        lambda_runtime::run(service_fn(serve)).await
    })
}

/// One thread: an environment serves one event at a time, and a second thread would double the CPU of each.
fn run(body: impl Future<Output = Result<(), Error>>) -> Result<(), Error> {
    #[expect(clippy::disallowed_methods, reason = "the log's own level, before there are settings")]
    let level = std::env::var("RUST_LOG").ok().and_then(|level| level.parse().ok()).unwrap_or(LevelFilter::INFO);
    tracing_subscriber::fmt()
        .json()
        .flatten_event(true)
        .with_current_span(false)
        .with_span_list(false)
        .with_target(false)
        .without_time()
        .with_max_level(level)
        .init();
    tokio::runtime::Builder::new_current_thread().enable_all().build()?.block_on(body)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(headers: serde_json::Value, query: &str) -> lambda_http::Request {
        let domain = headers["host"].as_str().unwrap_or("demo.10x.in").to_owned();
        let http =
            serde_json::json!({"method": "GET", "path": "/launch", "protocol": "HTTP/1.1", "sourceIp": "192.0.2.1", "userAgent": ""});
        let context = serde_json::json!({"http": http, "stage": "$default", "domainName": domain, "timeEpoch": 0});
        let event = serde_json::json!({"version": "2.0", "routeKey": "GET /{slug}", "rawPath": "/launch", "rawQueryString": query, "headers": headers, "requestContext": context, "isBase64Encoded": false});
        readable(serde_json::from_value(event).unwrap()).into()
    }

    #[test]
    fn whatever_a_visitor_sends_becomes_a_request() {
        for host in [
            "xn--a.10x.in",
            "demo%2f.10x.in",
            "a b",
            "de|mo.10x.in",
            "demo.10x.in:99999",
            "[::1",
            "",
            "1.2.3.4.5",
            "demo.1",
            "a/b",
            "a?b",
            "a#b",
            "a@b",
            "a\\b",
        ] {
            let request = read(serde_json::json!({ "host": host }), "a=1");
            assert_eq!((request.uri().path(), request.uri().query()), ("/launch", Some("a=1")), "{host}");
        }
        for scheme in ["1", "", "https, http", "data", "%"] {
            let request = read(serde_json::json!({"host": "demo.10x.in", "x-forwarded-proto": scheme}), "");
            assert_eq!(request.uri().to_string(), "https://demo.10x.in/launch", "{scheme}");
        }
        let request = read(serde_json::json!({"host": "demo.10x.in"}), "a=\"<x y>\"&b=%3C&c={}");
        assert_eq!(request.uri().query(), Some("a=%22%3Cx+y%3E%22&b=%3C&c=%7B%7D"));
        let request = read(serde_json::json!({"host": "demo.10x.in", "x-forwarded-proto": "http"}), "a=%20b&&c");
        assert_eq!(request.uri().to_string(), "http://demo.10x.in/launch?a=%20b&&c");
        assert_eq!(request.headers()["host"], "demo.10x.in");
    }
}
