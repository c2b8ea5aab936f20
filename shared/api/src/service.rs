//! What wraps every HTTP function: the request id, one log line, problems written out, and the answers to unknown routes and to what the
//! host of a handle does not have.

use std::sync::Arc;
use std::task::{Context, Poll};

use axum::Router;
use axum::body::Body;
use axum::response::{IntoResponse, Response};
use futures::future::BoxFuture;
use http::header::{ALLOW, CONTENT_LENGTH, CONTENT_TYPE, HeaderName};
use http::{HeaderMap, HeaderValue, Method, Request, StatusCode};
use tower::Service;
use tower_http::cors::{Any, CorsLayer};
use utoipa_axum::router::OpenApiRouter;

use domain::values::id::RequestId;
use runtime::Inputs;
use runtime::telemetry::Invocation;
use store::invocation::{Metric, for_request};

use crate::ApiState;
use crate::code::Code;
use crate::host;
use crate::page::{Html, wants_html};
use crate::pat::{PatRoutes, rewrite_pat_path};
use crate::problem::Problem;

static X_REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// Finishes a function's routes with request ids, logging, written-out problems and the PAT family.
///
/// Requests that no route of the template takes never get here: the gateway's default route sends them to `accounts`.
pub fn serve(app: ApiState, routes: OpenApiRouter<ApiState>) -> Served<Router> {
    let (router, document) = routes.split_for_parts();
    let served = Served::new(app.inputs().clone(), &app.settings().public_domain, router.with_state(app.clone()));
    Served { pat_routes: Some(Arc::new(PatRoutes::of(&document))), ..served }
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

/// A service with request ids, one log line a request with its metrics, and problems written out.
#[derive(Clone)]
pub struct Served<S> {
    inputs: Inputs,
    public_domain: Arc<str>,
    /// The routes that tokens reach; none where `inner` answers for unknown routes itself.
    pat_routes: Option<Arc<PatRoutes>>,
    inner: S,
}

impl<S> Served<S> {
    /// Wraps a service. The hosts of handles are below `public_domain`.
    pub fn new(inputs: Inputs, public_domain: &str, inner: S) -> Self {
        Self { inputs, public_domain: public_domain.into(), pat_routes: None, inner }
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

    fn call(&mut self, request: Request<B>) -> Self::Future {
        let id: RequestId = self.inputs.id();
        let (mut parts, body) = request.into_parts();
        parts.extensions.insert(id);
        let (method, path) = (parts.method.clone(), logged_path(parts.uri.path()));
        let unknown = (!host::has_path(&parts, &self.public_domain)).then(|| no_link(&parts.headers));
        let mut request = Request::from_parts(parts, body);
        rewrite_pat_path(&mut request);
        let refused = unknown.or_else(|| Some(self.pat_routes.as_ref()?.check(&request).err()?.into_response()));
        // Without a context the service is called by a test.
        let begin = |context: &lambda_runtime::Context| Invocation::begin(context, self.inputs.now());
        let invocation = request.extensions().get().map_or_else(|| begin(&lambda_runtime::Context::default()), begin);
        let inputs = self.inputs.clone();
        let ready = self.inner.clone();
        let mut inner = std::mem::replace(&mut self.inner, ready);
        Box::pin(async move {
            let answer = async {
                let response = match refused {
                    None => inner.call(request).await?,
                    Some(refusal) => refusal,
                };
                let id = id.to_string();
                let mut response = write_problem(problem_for_router_error(response), &id);
                if method == Method::HEAD {
                    *response.body_mut() = Body::empty();
                }
                if let Ok(value) = HeaderValue::from_str(&id) {
                    response.headers_mut().insert(X_REQUEST_ID.clone(), value);
                }
                let status = response.status();
                if status.is_server_error() {
                    invocation.measure(Metric::Errors, 1);
                }
                let members = [
                    ("message", "request"),
                    ("request.id", id.as_str()),
                    ("http.method", method.as_str()),
                    ("http.path", path.as_str()),
                    ("http.status", status.as_str()),
                ];
                if !invocation.end(inputs.now(), &members) {
                    tracing::info!(http.method = %method, http.path = %path, http.status = status.as_u16(), "request");
                }
                Ok(response)
            };
            invocation.run(for_request(id, answer)).await
        })
    }
}

/// The answer on the host of a handle to all that is not there.
fn no_link(headers: &HeaderMap) -> Response {
    if wants_html(headers) { Html::no_link().into_response() } else { Problem::not_found("link").into_response() }
}

/// Turns a 404 or 405 of the router without a body into a problem. The gateway and the router differ on some paths: to the gateway
/// `GET …/deliveries/replay` reads the delivery `replay`, which is a route of its own here, and the `..` of `…/links/..` is a slug,
/// while the URL of a request has no dot segments.
fn problem_for_router_error(response: Response) -> Response {
    if response.headers().contains_key(CONTENT_TYPE) {
        return response;
    }
    match response.status() {
        StatusCode::NOT_FOUND => Problem::no_route().into_response(),
        StatusCode::METHOD_NOT_ALLOWED => {
            let allowed = response.headers().get(ALLOW).and_then(|methods| methods.to_str().ok()).unwrap_or_default().replace(',', ", ");
            Problem::new(Code::MethodNotAllowed, "this route does not support the method; see Allow").allow(allowed).into_response()
        }
        _ => response,
    }
}

/// Writes the body of a problem, and logs its cause.
fn write_problem(mut response: Response, request_id: &str) -> Response {
    let Some(problem) = response.extensions_mut().remove::<Problem>() else { return response };
    if let Some(cause) = problem.causes() {
        tracing::error!(error.code = problem.code().as_str(), error.cause = %cause, "request failed");
    }
    let (mut parts, _) = response.into_parts();
    // The router has counted the empty body that the problem had until now.
    parts.headers.remove(CONTENT_LENGTH);
    (parts, Body::from(problem.body(request_id).to_string())).into_response()
}

/// A path as log lines have it: without the session that it may name, since lines are kept for long.
pub fn logged_path(path: &str) -> String {
    match path.rsplit_once("/chain/") {
        Some((before, rest)) if path.contains("/handles/") && !is_chain_resource(rest) => format!("{before}/chain/-"),
        _ => path.to_owned(),
    }
}

/// Whether what follows `/chain/` names a resource of the API and not a session.
fn is_chain_resource(rest: &str) -> bool {
    let first = rest.split('/').next().unwrap_or_default();
    ["rules", "preview", "signals"].contains(&first)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_logged_path_names_no_session() {
        for session in ["sess-1", "rules7", "preview-of-anna", "signals."] {
            assert_eq!(logged_path(&format!("/v2/handles/demo/chain/{session}")), "/v2/handles/demo/chain/-");
        }
        for path in
            ["/v2/handles/demo/chain/rules/r1", "/v2/handles/demo/chain/preview", "/v2/public/chain/resolve", "/chain/launch", "/launch"]
        {
            assert_eq!(logged_path(path), path);
        }
    }
}
