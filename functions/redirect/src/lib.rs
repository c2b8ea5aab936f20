//! The redirect: one link, one decision, one click on the queue, one answer.
//!
//! A warm request reads nothing from the table; a cold one makes one read. The click is queued before the visitor is answered, unless the
//! deployment has it the other way round; a queue that cannot be reached delays the answer briefly and never fails it.

mod answer;
mod cache;
mod click;
mod follow;
mod followed;
mod link_address;
mod request_facts;
mod unlock;

use std::convert::Infallible;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use api::{ApiState, Served};
use axum::body::Body;
use axum::response::{IntoResponse, Response};
use http::{Method, Request};
use tower::Service;

use cache::LinkCache;
use link_address::LinkAddress;

pub use follow::document;

/// The function.
pub fn service(app: ApiState) -> Served<Redirect> {
    Served::new(app.inputs().clone(), &app.settings().public_domain, Redirect { app: app.clone(), links: Arc::new(LinkCache::new()) })
}

/// The redirect as a service, with its cached links.
#[derive(Clone)]
pub struct Redirect {
    app: ApiState,
    links: Arc<LinkCache>,
}

impl<B> Service<Request<B>> for Redirect
where
    B: http_body::Body<Data = bytes::Bytes> + Send + 'static,
    B::Error: Into<Box<dyn std::error::Error + Send + Sync>>,
{
    type Response = Response<Body>;
    type Error = Infallible;
    type Future = Pin<Box<dyn Future<Output = Result<Self::Response, Infallible>> + Send>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request<B>) -> Self::Future {
        let Self { app, links } = self.clone();
        Box::pin(async move {
            let (parts, body) = request.into_parts();
            let answered = match LinkAddress::of(&parts, &app.settings().public_domain) {
                None => api::console_entry(&parts, &app.settings().public_domain).ok_or_else(answer::unknown),
                Some(address) if parts.method == Method::POST => unlock::handle(&app, &links, &address, &parts, body).await,
                Some(address) => follow::handle(&app, &links, &address, &parts).await,
            };
            Ok(answered.unwrap_or_else(|problem| answer::problem(problem, &parts.headers).into_response()))
        })
    }
}
