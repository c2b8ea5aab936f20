//! The web console: the files of `web/dist`, which are compiled into the program.
//!
//! Nothing here reads a table, a queue or a key. The pages call the API with the token of the person who signed in.

mod answer;
mod files;
mod hosts;
mod policy;
mod settings;

use std::convert::Infallible;
use std::future::{Ready, ready};
use std::sync::Arc;
use std::task::{Context, Poll};

use api::Served;
use axum::response::Response;
use http::Request;
use runtime::Inputs;
use tower::Service;

pub use files::{FILES, File};
pub use settings::{ConsoleSettings, Login};

/// The function.
pub fn service(settings: ConsoleSettings, inputs: Inputs) -> Served<Console> {
    let settings = Arc::new(settings);
    Served::new(inputs, &settings.public_domain, Console(settings.clone()))
}

/// The console as a service.
#[derive(Clone)]
pub struct Console(Arc<ConsoleSettings>);

impl<B> Service<Request<B>> for Console {
    type Response = Response;
    type Error = Infallible;
    type Future = Ready<Result<Response, Infallible>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request<B>) -> Self::Future {
        ready(Ok(answer::answer(&self.0, &request.into_parts().0)))
    }
}
