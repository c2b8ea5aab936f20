//! Starting a function on Lambda: settings from the environment, one thread, JSON lines for the log.

use std::future::Future;
use std::sync::Arc;

use aws_lambda_events::sqs::{SqsBatchResponse, SqsEvent};
use domain::moment::Moment;
use lambda_runtime::{Error, LambdaEvent, service_fn};
use tower::Service;

use crate::app::{App, Clock, Entropy};
use crate::settings::Settings;

/// The wall clock.
pub fn wall_clock() -> Clock {
    Arc::new(|| {
        #[expect(clippy::disallowed_methods, reason = "the one place where time enters")]
        let now = std::time::SystemTime::now();
        let since = now.duration_since(std::time::UNIX_EPOCH).unwrap_or_default();
        Moment::from_millis(i64::try_from(since.as_millis()).unwrap_or(i64::MAX))
    })
}

/// The operating system's randomness.
pub fn system_entropy() -> Entropy {
    Arc::new(|| {
        let mut bytes = [0; 16];
        #[expect(clippy::disallowed_methods, reason = "the one place where randomness enters")]
        let filled = getrandom::fill(&mut bytes);
        if filled.is_err() {
            // Ids and salts must not repeat: without randomness nothing may go on.
            std::process::abort();
        }
        u128::from_le_bytes(bytes)
    })
}

/// The state of this function from its environment.
///
/// # Errors
/// The variable that is missing or unfit.
pub fn app() -> Result<App, Error> {
    #[expect(clippy::disallowed_methods, reason = "the one place where the environment enters")]
    let settings = Settings::read(|name| std::env::var(name).ok())?;
    Ok(App::new(settings, store::http_client(), wall_clock(), system_entropy()))
}

/// Runs an HTTP function.
///
/// # Errors
/// When the environment is unfit or the runtime ends.
pub fn http<S, B>(build: fn(App) -> S) -> Result<(), Error>
where
    S: Service<lambda_http::Request, Response = http::Response<B>, Error = std::convert::Infallible> + Clone + Send + 'static,
    S::Future: Send + 'static,
    B: http_body::Body + Send + Unpin + 'static,
    B::Error: std::fmt::Debug,
    B::Data: Into<bytes::Bytes> + Send,
    http::Response<B>: lambda_http::IntoResponse + Send,
{
    run(async move { lambda_http::run(build(app()?)).await })
}

/// Runs a function that works off a queue.
///
/// # Errors
/// When the environment is unfit or the runtime ends.
pub fn queue<F>(handle: fn(App, SqsEvent) -> F) -> Result<(), Error>
where
    F: Future<Output = SqsBatchResponse> + Send,
{
    run(async move {
        let app = app()?;
        let serve = |event: LambdaEvent<SqsEvent>| {
            let app = app.clone();
            async move { Ok::<_, Error>(handle(app, event.payload).await) }
        };
        lambda_runtime::run(service_fn(serve)).await
    })
}

/// Runs a function that a schedule wakes.
///
/// # Errors
/// When the environment is unfit or the runtime ends.
pub fn schedule<F>(handle: fn(App) -> F) -> Result<(), Error>
where
    F: Future<Output = ()> + Send,
{
    run(async move {
        let app = app()?;
        let serve = |_: LambdaEvent<serde_json::Value>| {
            let app = app.clone();
            async move {
                handle(app).await;
                Ok::<_, Error>(())
            }
        };
        lambda_runtime::run(service_fn(serve)).await
    })
}

/// One thread: an environment serves one event at a time, and a second thread would double the CPU of each.
fn run(body: impl Future<Output = Result<(), Error>>) -> Result<(), Error> {
    #[expect(clippy::disallowed_methods, reason = "the log's own level, before there are settings")]
    let level = std::env::var("RUST_LOG").unwrap_or_else(|_| "info".to_owned());
    tracing_subscriber::fmt().json().flatten_event(true).with_current_span(false).with_target(false).without_time().with_env_filter(level).init();
    tokio::runtime::Builder::new_current_thread().enable_all().build()?.block_on(body)
}
