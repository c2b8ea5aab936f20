//! The HTTP API: finds the function for a request, calls it with the event, and converts its response.

use std::{
    convert::Infallible,
    net::{IpAddr, SocketAddr},
    pin::Pin,
    sync::Arc,
    time::Duration,
};

use bytes::Bytes;
use http::{HeaderValue, Request, Response, StatusCode, request::Parts};
use http_body_util::Full;
use hyper::{body::Incoming, service::Service};
use lambda_http::lambda_runtime;
use tokio::time::Instant;
use uuid::Uuid;

mod body;
mod event;
mod response;
pub(crate) mod routes;
#[cfg(test)]
mod tests;

use crate::{LocalServer, functions::slot::FunctionSlot};
use event::RequestMeta;

/// The header in which CloudFront reports a visitor's address.
const VIEWER_ADDRESS: &str = "cloudfront-viewer-address";

/// API Gateway's longest integration timeout.
const MAX_TIMEOUT: Duration = Duration::from_secs(30);

/// Why a function gave no usable response.
#[derive(Debug, thiserror::Error)]
enum Failure {
    #[error("it is not mounted")]
    NotMounted,
    #[error("it timed out")]
    Timeout,
    #[error("event or response is not JSON: {0}")]
    Json(#[from] serde_json::Error),
    #[error("its response is not an HTTP response")]
    Response,
    #[error("its response has content-length {stated} and a body of {actual} bytes")]
    ContentLength { stated: String, actual: usize },
}

/// Answers one request.
pub(crate) async fn respond(server: &LocalServer, parts: Parts, body: Bytes, source_ip: IpAddr) -> Response<Bytes> {
    let started = Instant::now();
    let request_id = Uuid::new_v4().to_string();
    if source_ip.is_loopback()
        && let Some(response) = server.login().and_then(|login| login.respond(&parts, &body, server.now()))
    {
        return finish(response, &request_id);
    }
    let Some(found) = server.routes().find(parts.method.as_str(), parts.uri.path()) else {
        return finish(response::own(StatusCode::NOT_FOUND, "Not Found"), &request_id);
    };
    let slot = &found.route.slot;
    let meta = RequestMeta { request_id: &request_id, source_ip, now: server.now() };
    let response = match event::build(&parts, &body, &found, &meta) {
        Ok(event) => invoke(slot, event, &meta).await,
        Err(error) => Err(error.into()),
    };
    let response = response.unwrap_or_else(|failure| {
        tracing::error!(function = slot.spec.binary, %failure, "function failed");
        response::own(StatusCode::INTERNAL_SERVER_ERROR, "Internal Server Error")
    });
    tracing::info!(
        status = response.status().as_u16(),
        us = u64::try_from(started.elapsed().as_micros()).unwrap_or(u64::MAX),
        function = slot.spec.binary,
        "{} {}",
        parts.method,
        api::logged_path(parts.uri.path())
    );
    finish(response, &request_id)
}

async fn invoke(slot: &FunctionSlot, event: String, meta: &RequestMeta<'_>) -> Result<Response<Bytes>, Failure> {
    let function = slot.http().ok_or(Failure::NotMounted)?;
    let timeout = slot.spec.timeout.min(MAX_TIMEOUT);
    let mut context = lambda_runtime::Context::default();
    context.request_id = meta.request_id.to_owned();
    let deadline = meta.now.saturating_add(i64::try_from(timeout.as_millis()).unwrap_or(i64::MAX));
    context.deadline = u64::try_from(deadline).unwrap_or_default();
    context.env_config = Arc::clone(&slot.config);
    let answer = tokio::time::timeout(timeout, function(event, context)).await.map_err(|_| Failure::Timeout)??;
    response::read(&answer)
}

fn finish(mut response: Response<Bytes>, request_id: &str) -> Response<Bytes> {
    if let Ok(id) = HeaderValue::from_str(request_id) {
        response.headers_mut().insert("apigw-requestid", id);
    }
    response
}

/// The gateway on one connection.
pub(crate) struct GatewayConnection {
    /// The server it belongs to.
    pub(crate) server: LocalServer,
    /// The client's address.
    pub(crate) peer: SocketAddr,
}

impl Service<Request<Incoming>> for GatewayConnection {
    type Response = Response<Full<Bytes>>;
    type Error = Infallible;
    type Future = Pin<Box<dyn Future<Output = Result<Self::Response, Self::Error>> + Send>>;

    fn call(&self, request: Request<Incoming>) -> Self::Future {
        let (server, source_ip) = (self.server.clone(), self.peer.ip());
        Box::pin(async move {
            let (mut parts, body) = request.into_parts();
            if !server.trusts_viewer_address() {
                // Limits count by it, so a caller could have a new limit for each request.
                parts.headers.remove(VIEWER_ADDRESS);
            }
            let response = match body::read(body).await {
                Ok(body) => respond(&server, parts, body, source_ip).await,
                Err(unread) => unread.response(),
            };
            Ok(response.map(Full::new))
        })
    }
}
