//! Mounts every function of the project: the same code that its `main.rs` passes to the Lambda runtime.

use std::{collections::BTreeMap, convert::Infallible, sync::Arc};

pub mod slot;

use api::{ApiSettings, ApiState};
use aws_lambda_events::sqs::{SqsBatchResponse, SqsEvent};
use aws_smithy_runtime_api::client::http::SharedHttpClient;
use bytes::Bytes;
use console::ConsoleSettings;
use futures::FutureExt;
use http_body_util::Full;
use lambda_http::lambda_runtime::Context;
use lambda_http::{Adapter, IntoResponse, LambdaEvent, Request};
use runtime::{App, Inputs, Settings, telemetry};
use tower::Service;

use crate::{Error, Function, LocalServer};

/// Mounts every function; `app` creates each one's state from its own settings, as its environment on Lambda would.
///
/// # Errors
/// When a function's settings are invalid, or the template has no such function.
pub fn mount_all(server: &LocalServer, app: impl Fn(&str, Settings) -> App) -> Result<(), Error> {
    let app_of = |name: &str| -> Result<App, Error> {
        let environment = server.env(name);
        let settings = Settings::read(|variable| environment.get(variable).cloned()).map_err(Error::settings(name))?;
        Ok(app(name, settings))
    };
    let state_of = |name: &str| -> Result<ApiState, Error> { api_state(server, name, app_of(name)?) };
    server.mount("redirect", events(redirect::service(state_of("redirect")?)))?;
    server.mount("links", http(links::service(state_of("links")?)))?;
    server.mount("campaigns", http(campaigns::service(state_of("campaigns")?)))?;
    server.mount("attribution", http(attribution::service(state_of("attribution")?)))?;
    server.mount("analytics", http(analytics::service(state_of("analytics")?)))?;
    server.mount("chain", http(chain::service(state_of("chain")?)))?;
    server.mount("webhooks", http(webhooks::service(state_of("webhooks")?)))?;
    server.mount("accounts", http(accounts::service(state_of("accounts")?)))?;
    server.mount("console", http(console::service(console_settings(server)?, app_of("console")?.inputs().clone())))?;
    let (clicks, events, deliveries) = (app_of("click-worker")?, app_of("event-worker")?, app_of("delivery-worker")?);
    let (inputs, worker) = (clicks.inputs().clone(), click_worker::ClickWorker::new(clicks));
    server.mount("click-worker", queue(server, "click-worker", inputs, move |event| click_worker::handle(worker.clone(), event))?)?;
    let inputs = events.inputs().clone();
    server.mount("event-worker", queue(server, "event-worker", inputs, move |event| event_worker::handle(events.clone(), event))?)?;
    let inputs = deliveries.inputs().clone();
    let deliver = move |event| delivery_worker::handle(deliveries.clone(), event);
    server.mount("delivery-worker", queue(server, "delivery-worker", inputs, deliver)?)?;
    server.mount("sweeper", schedule(app_of("sweeper")?, context(server, "sweeper")?, sweeper::sweep))?;
    server.mount("recounter", schedule(app_of("recounter")?, context(server, "recounter")?, recounter::recount_yesterday))
}

/// A function that a schedule invokes, as `runtime::start` runs it on Lambda.
fn schedule<F>(app: App, context: Context, handle: impl Fn(App) -> F + Send + Sync + 'static) -> Function
where
    F: Future<Output = ()> + Send + 'static,
{
    Function::Schedule(Arc::new(move || {
        let (context, inputs, work) = (context.clone(), app.inputs().clone(), handle(app.clone()));
        async move { telemetry::scheduled(&context, &inputs, work).await }.boxed()
    }))
}

/// A function that consumes a queue, as `runtime::start` runs it on Lambda.
fn queue<F>(
    server: &LocalServer,
    name: &str,
    inputs: Inputs,
    handle: impl Fn(SqsEvent) -> F + Clone + Send + Sync + 'static,
) -> Result<Function, Error>
where
    F: Future<Output = SqsBatchResponse> + Send + 'static,
{
    let context = context(server, name)?;
    Ok(Function::Queue(Arc::new(move |event| {
        let (context, inputs, work) = (context.clone(), inputs.clone(), handle(event));
        async move { telemetry::batch(&context, &inputs, work).await }.boxed()
    })))
}

/// The context of a function's invocations.
fn context(server: &LocalServer, name: &str) -> Result<Context, Error> {
    let mut context = Context::default();
    context.env_config = server.function_config(name)?;
    Ok(context)
}

/// The state of the HTTP function `name`.
///
/// # Errors
/// When its settings are invalid.
pub fn api_state(server: &LocalServer, name: &str, app: App) -> Result<ApiState, Error> {
    let environment = server.env(name);
    let settings = ApiSettings::read(|variable| environment.get(variable).cloned()).map_err(Error::settings(name))?;
    Ok(ApiState::new(app, settings))
}

/// The state of the analytics function with these variables, for a job that asks it.
///
/// # Errors
/// When they are invalid.
pub fn analytics_on(environment: &BTreeMap<String, String>) -> Result<ApiState, Error> {
    let variable = |name: &str| environment.get(name).cloned();
    let settings = Settings::read(variable).map_err(Error::settings("analytics"))?;
    let api_settings = ApiSettings::read(variable).map_err(Error::settings("analytics"))?;
    Ok(ApiState::new(real_app(store::http_client(), settings), api_settings))
}

/// The settings of the console.
///
/// # Errors
/// When they are invalid.
pub fn console_settings(server: &LocalServer) -> Result<ConsoleSettings, Error> {
    let environment = server.env("console");
    ConsoleSettings::read(|variable| environment.get(variable).cloned()).map_err(Error::settings("console"))
}

/// The state of every function on this machine, with the HTTP client `http`: the wall clock, the system's randomness.
pub fn real_app(http: SharedHttpClient, settings: Settings) -> App {
    App::new(settings, http, runtime::start::wall_clock(), runtime::start::system_entropy())
}

/// A function that reads its events by `lambda_http`, as most do.
pub(crate) fn http<S, B>(service: S) -> Function
where
    S: Service<Request, Response = http::Response<B>, Error = Infallible> + Clone + Send + Sync + 'static,
    S::Future: Send + 'static,
    http::Response<B>: IntoResponse + Send + 'static,
{
    Function::Http(Arc::new(move |event, context| {
        let service = service.clone();
        Box::pin(async move {
            let request = api::start::sanitize_event(serde_json::from_str(&event)?);
            // Called without waiting until it is ready, since each of these services always is.
            let call = Adapter::from(service).call(LambdaEvent::new(request, context));
            let Ok(answer) = call.await;
            serde_json::to_string(&answer)
        })
    }))
}

/// A function that reads its events by [`api::event`].
fn events<S, B>(service: S) -> Function
where
    S: Service<http::Request<Full<Bytes>>, Response = http::Response<B>, Error = Infallible> + Clone + Send + Sync + 'static,
    S::Future: Send,
    B: http_body::Body<Data = Bytes> + Send,
    B::Error: std::fmt::Display,
{
    Function::Http(Arc::new(move |event, context| {
        let service = service.clone();
        Box::pin(async move { serde_json::to_string(&api::event::answer(service, &event, context).await?) })
    }))
}
