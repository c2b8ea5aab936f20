//! The HTTP API: finds the function for a request, hands it the event, turns its answer back.

use std::{
    convert::Infallible,
    net::{IpAddr, SocketAddr},
    pin::Pin,
    sync::Arc,
    time::Duration,
};

use bytes::Bytes;
use http::{HeaderValue, Request, Response, StatusCode, header, request::Parts};
use http_body_util::{BodyExt, Collected, Full, Limited};
use hyper::{
    body::{Body as _, Incoming},
    service::Service,
};
use lambda_http::{LambdaEvent, lambda_runtime, request::LambdaRequest};
use tokio::time::Instant;
use tower::ServiceExt;
use uuid::Uuid;

mod answer;
mod event;
pub(crate) mod routes;
#[cfg(test)]
mod tests;

use crate::{LocalServer, function_slot::FunctionSlot};
use event::Arrival;

/// API Gateway's limit for a request's body.
const MAX_BODY_BYTES: usize = 10 * 1024 * 1024;

/// API Gateway waits no longer than this.
const MAX_WAIT: Duration = Duration::from_secs(30);

/// A function's answer could not be used.
#[derive(Debug, thiserror::Error)]
enum Failure {
    #[error("no code is mounted for it")]
    Empty,
    #[error("it took too long")]
    Timeout,
    #[error("event or answer is not JSON: {0}")]
    Json(#[from] serde_json::Error),
    #[error("its answer is no response")]
    Answer,
}

/// Answers one request.
pub(crate) async fn respond(server: &LocalServer, parts: Parts, body: Bytes, source_ip: IpAddr) -> Response<Bytes> {
    let started = Instant::now();
    let request_id = Uuid::new_v4().to_string();
    let Some(found) = server.routes().find(parts.method.as_str(), parts.uri.path()) else {
        return finish(answer::own(StatusCode::NOT_FOUND, "Not Found"), &request_id);
    };
    let slot = &found.route.slot;
    let arrival = Arrival { request_id: &request_id, source_ip, now: server.now() };
    let response = match event::build(&parts, &body, &found, &arrival) {
        Ok(event) => invoke(slot, &event, &arrival).await,
        Err(error) => Err(error.into()),
    };
    let response = response.unwrap_or_else(|failure| {
        tracing::error!(function = slot.spec.binary, %failure, "function failed");
        answer::own(StatusCode::INTERNAL_SERVER_ERROR, "Internal Server Error")
    });
    tracing::info!(
        status = response.status().as_u16(),
        us = u64::try_from(started.elapsed().as_micros()).unwrap_or(u64::MAX),
        function = slot.spec.binary,
        "{} {}",
        parts.method,
        parts.uri.path()
    );
    finish(response, &request_id)
}

async fn invoke(slot: &FunctionSlot, event: &str, arrival: &Arrival<'_>) -> Result<Response<Bytes>, Failure> {
    let function = slot.http().ok_or(Failure::Empty)?.clone();
    let request: LambdaRequest = serde_json::from_str(event)?;
    let patience = slot.spec.timeout.min(MAX_WAIT);
    let mut context = lambda_runtime::Context::default();
    context.request_id = arrival.request_id.to_owned();
    let deadline = arrival.now.saturating_add(i64::try_from(patience.as_millis()).unwrap_or(i64::MAX));
    context.deadline = u64::try_from(deadline).unwrap_or_default();
    context.env_config = Arc::clone(&slot.config);
    let call = lambda_http::Adapter::from(function).oneshot(LambdaEvent::new(api::start::sanitize_event(request), context));
    let outcome = tokio::time::timeout(patience, call).await.map_err(|_| Failure::Timeout)?;
    let Ok(answer) = outcome;
    answer::read(&serde_json::to_string(&answer)?).ok_or(Failure::Answer)
}

fn finish(mut response: Response<Bytes>, request_id: &str) -> Response<Bytes> {
    if let Ok(id) = HeaderValue::from_str(request_id) {
        response.headers_mut().insert("apigw-requestid", id);
    }
    response
}

/// The gateway on one connection.
pub(crate) struct Connection {
    /// The house it belongs to.
    pub(crate) server: LocalServer,
    /// Who is at the other end.
    pub(crate) peer: SocketAddr,
}

impl Service<Request<Incoming>> for Connection {
    type Response = Response<Full<Bytes>>;
    type Error = Infallible;
    type Future = Pin<Box<dyn Future<Output = Result<Self::Response, Self::Error>> + Send>>;

    fn call(&self, request: Request<Incoming>) -> Self::Future {
        let (server, source_ip) = (self.server.clone(), self.peer.ip());
        Box::pin(async move {
            let (parts, body) = request.into_parts();
            let response = match read(body).await {
                Some(body) => respond(&server, parts, body, source_ip).await,
                None => too_large(),
            };
            Ok(response.map(Full::new))
        })
    }
}

/// The whole body, unless it is larger than it says or may be, or never comes.
async fn read(body: Incoming) -> Option<Bytes> {
    if body.size_hint().lower() > MAX_BODY_BYTES as u64 {
        return None;
    }
    Limited::new(body, MAX_BODY_BYTES).collect().await.ok().map(Collected::to_bytes)
}

fn too_large() -> Response<Bytes> {
    let mut refusal = answer::own(StatusCode::PAYLOAD_TOO_LARGE, "Request Entity Too Large");
    // Whatever else the client sends is not read.
    refusal.headers_mut().insert(header::CONNECTION, HeaderValue::from_static("close"));
    refusal
}
