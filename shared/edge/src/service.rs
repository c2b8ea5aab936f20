//! What surrounds every HTTP function: the request id, one log line, problems written out, unknown routes answered.

use std::task::{Context, Poll};

use axum::Router;
use axum::body::Body;
use axum::response::{IntoResponse, Response};
use futures::future::BoxFuture;
use http::header::HeaderName;
use http::{HeaderValue, Method, Request};
use tower::Service;
use tower_http::cors::{Any, CorsLayer};

use domain::id::RequestId;

use crate::App;
use crate::problem::{Code, Problem};

static X_REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// Finishes a function's routes with ids, logging and written-out problems. Requests no route takes never get here: the
/// gateway's default route answers them. A method can be unknown here all the same, where the gateway took a word of a path
/// for an id: `GET …/deliveries/replay`.
pub fn serve(app: App, routes: Router<App>) -> Served<Router> {
    let unknown_method = async || Problem::new(Code::MethodNotAllowed, "this route does not know the method; see Allow");
    Served::new(app.clone(), routes.method_not_allowed_fallback(unknown_method).with_state(app))
}

/// Any origin may read the public routes; credentials are never part of it.
pub fn public_cors() -> CorsLayer {
    CorsLayer::new()
        .allow_origin(Any)
        .allow_methods([Method::GET, Method::POST])
        .allow_headers([http::header::CONTENT_TYPE])
        .expose_headers([X_REQUEST_ID.clone(), http::header::RETRY_AFTER])
        .max_age(std::time::Duration::from_secs(86_400))
}

/// A service with the surroundings.
#[derive(Clone)]
pub struct Served<S> {
    app: App,
    inner: S,
}

impl<S> Served<S> {
    /// Surrounds a service.
    pub fn new(app: App, inner: S) -> Self {
        Self { app, inner }
    }
}

impl<S, B> Service<Request<B>> for Served<S>
where
    S: Service<Request<B>, Response = Response, Error = std::convert::Infallible> + Clone + Send + 'static,
    S::Future: Send,
    B: Send + 'static,
{
    type Response = Response;
    type Error = std::convert::Infallible;
    type Future = BoxFuture<'static, Result<Response, Self::Error>>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), Self::Error>> {
        self.inner.poll_ready(context)
    }

    fn call(&mut self, mut request: Request<B>) -> Self::Future {
        let id: RequestId = self.app.id();
        request.extensions_mut().insert(id);
        let (method, path) = (request.method().clone(), request.uri().path().to_owned());
        let started = self.app.now();
        let app = self.app.clone();
        let ready = self.inner.clone();
        let mut inner = std::mem::replace(&mut self.inner, ready);
        Box::pin(async move {
            let response = inner.call(request).await?;
            let id = id.to_string();
            let mut response = write_problem(response, &id);
            if let Ok(value) = HeaderValue::from_str(&id) {
                response.headers_mut().insert(X_REQUEST_ID.clone(), value);
            }
            let duration_ms = app.now().millis() - started.millis();
            tracing::info!(request.id = %id, http.method = %method, http.path = %path, http.status = response.status().as_u16(), duration_ms, "request");
            Ok(response)
        })
    }
}

/// Gives a problem its body, and its cause to the log.
fn write_problem(mut response: Response, request_id: &str) -> Response {
    let Some(problem) = response.extensions_mut().remove::<Problem>() else { return response };
    if let Some(cause) = problem.causes() {
        tracing::error!(request.id = %request_id, error.code = problem.code().as_str(), error.cause = %cause, "request failed");
    }
    let (parts, _) = response.into_parts();
    (parts, Body::from(problem.body(request_id).to_string())).into_response()
}
