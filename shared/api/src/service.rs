//! What surrounds every HTTP function: the request id, one log line, problems written out, unknown routes answered.

use std::task::{Context, Poll};

use axum::Router;
use axum::body::Body;
use axum::response::{IntoResponse, Response};
use futures::future::BoxFuture;
use http::header::{ALLOW, CONTENT_TYPE, HeaderName};
use http::{Extensions, HeaderValue, Method, Request, StatusCode, Uri};
use tower::Service;
use tower_http::cors::{Any, CorsLayer};

use domain::values::id::RequestId;

use crate::ApiState;
use crate::problem::{Code, Problem};

static X_REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// What the paths of the PAT family begin with: the same handlers as of `/v2/handles/`, with a token's scope instead of a role.
pub const PAT_FAMILY: &str = "/v2/public/handles/";
/// What the paths of handles begin with.
pub(crate) const HANDLES: &str = "/v2/handles/";

/// Marks a request of the PAT family with the address it was sent to; its own is that of the handler.
#[derive(Clone)]
struct PatFamily(Uri);

/// Whether the request came by the PAT family, so that its caller must be a token.
pub(crate) fn is_of_pat_family(extensions: &Extensions) -> bool {
    extensions.get::<PatFamily>().is_some()
}

/// The path a request was sent to, whatever handler takes it.
pub fn asked_path<'r>(extensions: &'r Extensions, uri: &'r Uri) -> &'r str {
    extensions.get::<PatFamily>().map_or(uri, |PatFamily(asked)| asked).path()
}

/// Sends a request of the PAT family to the handler of the same route, marked.
fn rewrite_pat_path<B>(request: &mut Request<B>) {
    let Some(rest) = request.uri().path_and_query().and_then(|path| path.as_str().strip_prefix(PAT_FAMILY)) else { return };
    let mut parts = request.uri().clone().into_parts();
    parts.path_and_query = format!("{HANDLES}{rest}").parse().ok();
    if let Ok(uri) = Uri::from_parts(parts) {
        let asked = std::mem::replace(request.uri_mut(), uri);
        request.extensions_mut().insert(PatFamily(asked));
    }
}

/// Finishes a function's routes with ids, logging and written-out problems.
///
/// Requests no route takes never get here: the gateway's default route answers them.
pub fn serve(app: ApiState, routes: Router<ApiState>) -> Served<Router> {
    Served::new(app.clone(), routes.with_state(app))
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
    app: ApiState,
    inner: S,
}

impl<S> Served<S> {
    /// Surrounds a service.
    pub fn new(app: ApiState, inner: S) -> Self {
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
        rewrite_pat_path(&mut request);
        let started = self.app.now();
        let app = self.app.clone();
        let ready = self.inner.clone();
        let mut inner = std::mem::replace(&mut self.inner, ready);
        Box::pin(async move {
            let response = inner.call(request).await?;
            let id = id.to_string();
            let mut response = write_problem(problem_for_router_error(response), &id);
            if let Ok(value) = HeaderValue::from_str(&id) {
                response.headers_mut().insert(X_REQUEST_ID.clone(), value);
            }
            let duration_ms = app.now().millis() - started.millis();
            tracing::info!(request.id = %id, http.method = %method, http.path = %path, http.status = response.status().as_u16(), duration_ms, "request");
            Ok(response)
        })
    }
}

/// Makes the router's bare 404 or 405 a problem: the gateway and the router differ on some paths.
///
/// The gateway takes `GET …/deliveries/replay` for a read of the delivery `replay`, and that is a route of its own. It
/// takes the `..` of `…/links/..` for a slug, and a request's URL is without dot segments.
fn problem_for_router_error(response: Response) -> Response {
    if response.headers().contains_key(CONTENT_TYPE) {
        return response;
    }
    match response.status() {
        StatusCode::NOT_FOUND => Problem::no_route().into_response(),
        StatusCode::METHOD_NOT_ALLOWED => {
            let allowed = response.headers().get(ALLOW).and_then(|methods| methods.to_str().ok()).unwrap_or_default().replace(',', ", ");
            Problem::new(Code::MethodNotAllowed, "this route does not know the method; see Allow").allow(allowed).into_response()
        }
        _ => response,
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
