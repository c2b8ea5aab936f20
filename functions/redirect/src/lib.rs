//! The redirect: one link, one decision, one click on the queue, one answer.
//!
//! A warm request reads nothing from the table; a cold one makes one read. The click is queued before the visitor is
//! answered, and a queue that cannot be reached delays nobody by more than a moment and fails nobody.

mod answer;
mod cache;
mod click;
mod facts;
mod follow;
mod place;
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

use cache::Links;
use place::Place;

pub use follow::document;

/// The function.
pub fn service(app: ApiState) -> Served<Redirect> {
    domain::clicks::agent::load();
    Served::new(app.clone(), Redirect { app, links: Arc::new(Links::new()) })
}

/// The redirect as a service, with the links it has read lately.
#[derive(Clone)]
pub struct Redirect {
    app: ApiState,
    links: Arc<Links>,
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
            let answered = match Place::of(&parts, &app.settings().public_domain) {
                None => Err(answer::unknown()),
                Some(place) if parts.method == Method::POST => unlock::handle(&app, &links, &place, &parts, body).await,
                Some(place) => follow::handle(&app, &links, &place, &parts).await,
            };
            Ok(answered.unwrap_or_else(|problem| answer::problem(problem, &parts.headers).into_response()))
        })
    }
}
