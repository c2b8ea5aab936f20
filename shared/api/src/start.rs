//! Start-up of a function behind HTTP.

use bytes::Bytes;
use http::Uri;
use http::header::HOST;
use http_body_util::Full;
use lambda_http::request::LambdaRequest;
pub use lambda_runtime::Error;
use lambda_runtime::{LambdaEvent, Runtime, service_fn};
use runtime::start::{app, run, variable};
use serde_json::value::RawValue;
use tower::layer::layer_fn;
use tower::{Service, ServiceExt};

use crate::ApiState;
use crate::after_answer::AfterAnswer;
use crate::event::{self, encoded_query, is_host};
use crate::settings::ApiSettings;

const X_FORWARDED_PROTO: &str = "x-forwarded-proto";

/// Runs a function of the API.
///
/// # Errors
/// When a setting is missing or invalid, or the runtime ends.
pub fn http<S, B>(build: fn(ApiState) -> S) -> Result<(), Error>
where
    S: Service<lambda_http::Request, Response = http::Response<B>, Error = std::convert::Infallible> + Clone + Send + 'static,
    S::Future: Send + 'static,
    B: http_body::Body + Send + Unpin + 'static,
    B::Error: std::fmt::Debug,
    B::Data: Into<bytes::Bytes> + Send,
    http::Response<B>: lambda_http::IntoResponse + Send,
{
    service(|| Ok(build(ApiState::new(app()?, ApiSettings::read(variable)?))))
}

/// Runs a function that reads its events as [`crate::event`] does. Its requests have an [`AfterAnswer`].
///
/// # Errors
/// When a setting is missing or invalid, or the runtime ends.
pub fn events<S, B>(build: fn(ApiState) -> S) -> Result<(), Error>
where
    S: Service<http::Request<Full<Bytes>>, Response = http::Response<B>, Error = std::convert::Infallible> + Clone + Send + 'static,
    S::Future: Send,
    B: http_body::Body<Data = Bytes> + Send,
    B::Error: std::fmt::Display,
{
    run(async move {
        let after = AfterAnswer::default();
        let service = build(ApiState::new(app()?, ApiSettings::read(variable)?)).map_request(after.extension());
        let serve = |LambdaEvent { payload, context }: LambdaEvent<Box<RawValue>>| {
            let service = service.clone();
            async move { Ok::<_, Error>(event::answer(service, payload.get(), context).await?) }
        };
        // Around the one that posts the answer.
        Runtime::new(service_fn(serve)).layer(layer_fn(|posting| after.clone().follow(posting))).run().await
    })
}

/// Runs a function behind HTTP that `build` makes at start-up, with whatever settings it has.
///
/// # Errors
/// When `build` fails, or the runtime ends.
pub fn service<S, B>(build: impl FnOnce() -> Result<S, Error>) -> Result<(), Error>
where
    S: Service<lambda_http::Request, Response = http::Response<B>, Error = std::convert::Infallible> + Clone + Send + 'static,
    S::Future: Send + 'static,
    B: http_body::Body + Send + Unpin + 'static,
    B::Error: std::fmt::Debug,
    B::Data: Into<bytes::Bytes> + Send,
    http::Response<B>: lambda_http::IntoResponse + Send,
{
    run(async move {
        let sanitized = lambda_http::Adapter::from(build()?)
            .map_request(|event: LambdaEvent<LambdaRequest>| LambdaEvent::new(sanitize_event(event.payload), event.context));
        Runtime::new(sanitized).run().await
    })
}

/// Removes from an event what `lambda_http` would panic over: it builds a URI from the scheme, host and query that the visitor
/// sent, and `xn--a.<public domain>`, for example, is not valid there. A request without its host names no handle.
pub fn sanitize_event(event: LambdaRequest) -> LambdaRequest {
    let LambdaRequest::ApiGatewayV2(mut request) = event else { return event };
    if request.headers.get(X_FORWARDED_PROTO).is_some_and(|scheme| scheme != "https" && scheme != "http") {
        request.headers.remove(X_FORWARDED_PROTO);
    }
    if let Some(query) = request.raw_query_string.as_mut().filter(|query| format!("/?{query}").parse::<Uri>().is_err()) {
        *query = encoded_query(query);
    }
    if request.headers.get(HOST).is_some_and(|host| !host.to_str().is_ok_and(is_host)) {
        request.headers.remove(HOST);
    }
    request.request_context.domain_name = request.request_context.domain_name.filter(|host| is_host(host));
    LambdaRequest::ApiGatewayV2(request)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(headers: serde_json::Value, query: &str) -> lambda_http::Request {
        let domain = headers["host"].as_str().unwrap_or("demo.10x.in").to_owned();
        let http =
            serde_json::json!({"method": "GET", "path": "/launch", "protocol": "HTTP/1.1", "sourceIp": "192.0.2.1", "userAgent": ""});
        let context = serde_json::json!({"http": http, "stage": "$default", "domainName": domain, "timeEpoch": 0});
        let event = serde_json::json!({
            "version": "2.0", "routeKey": "GET /{slug}", "rawPath": "/launch", "rawQueryString": query,
            "headers": headers, "requestContext": context, "isBase64Encoded": false,
        });
        sanitize_event(serde_json::from_value(event).unwrap()).into()
    }

    #[test]
    fn any_event_of_a_visitor_becomes_a_request() {
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
