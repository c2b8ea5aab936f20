//! Start-up of a function on Lambda: settings from the environment, one thread, JSON log lines.

use std::future::Future;
use std::sync::Arc;

use aws_lambda_events::sqs::{SqsBatchResponse, SqsEvent};
use domain::values::moment::Moment;
use lambda_runtime::{Error, LambdaEvent, Runtime, service_fn};
use tracing_subscriber::filter::LevelFilter;

use crate::app::{App, Clock, Entropy, Inputs};
use crate::settings::Settings;
use crate::{log, telemetry};

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
            // Ids and salts must not repeat: without randomness the process must end.
            std::process::abort();
        }
        u128::from_le_bytes(bytes)
    })
}

/// The wall clock and the operating system's randomness.
pub fn inputs() -> Inputs {
    Inputs::new(wall_clock(), system_entropy())
}

/// The value of an environment variable.
pub fn variable(name: &str) -> Option<String> {
    #[expect(clippy::disallowed_methods, reason = "the one place where the environment enters")]
    std::env::var(name).ok()
}

/// The state of this function from its environment.
///
/// # Errors
/// When a variable is missing or invalid.
pub fn app() -> Result<App, Error> {
    Ok(App::new(Settings::read(variable)?, store::http_client(), wall_clock(), system_entropy()))
}

/// Runs a function that consumes a queue; `build` makes its state from what every function has.
///
/// # Errors
/// When a setting is missing or invalid, or the runtime ends.
pub fn queue<W, F>(build: fn(App) -> W, handle: fn(W, SqsEvent) -> F) -> Result<(), Error>
where
    W: Clone,
    F: Future<Output = SqsBatchResponse> + Send,
{
    run(async move {
        let app = app()?;
        let (worker, inputs) = (build(app.clone()), app.inputs().clone());
        let serve = |event: LambdaEvent<SqsEvent>| {
            let (worker, inputs) = (worker.clone(), inputs.clone());
            // Boxed: one in the other, the futures would be too deep for the compiler.
            let work = Box::pin(handle(worker, event.payload));
            async move { Ok::<_, Error>(telemetry::batch(&event.context, &inputs, work).await) }
        };
        Runtime::new(service_fn(serve)).run().await
    })
}

/// Runs a function that a schedule invokes.
///
/// # Errors
/// When a setting is missing or invalid, or the runtime ends.
pub fn schedule<F>(handle: fn(App) -> F) -> Result<(), Error>
where
    F: Future<Output = ()> + Send,
{
    run(async move {
        let app = app()?;
        let serve = |event: LambdaEvent<serde_json::Value>| {
            let app = app.clone();
            let inputs = app.inputs().clone();
            // Boxed, as above.
            let work = Box::pin(handle(app));
            async move {
                telemetry::scheduled(&event.context, &inputs, work).await;
                Ok::<_, Error>(())
            }
        };
        Runtime::new(service_fn(serve)).run().await
    })
}

/// Runs a function on one thread, with its log as [`log`] lines.
///
/// An environment serves one event at a time; a second thread would double the CPU of each.
///
/// # Errors
/// When the runtime ends.
pub fn run(body: impl Future<Output = Result<(), Error>>) -> Result<(), Error> {
    let level = variable("RUST_LOG").and_then(|level| level.parse().ok()).unwrap_or(LevelFilter::INFO);
    log::subscriber().with_max_level(level).init();
    if let Some(namespace) = variable("METRICS_NAMESPACE").filter(|name| !name.is_empty()) {
        telemetry::install(&namespace, telemetry::to_stdout);
    }
    tokio::runtime::Builder::new_current_thread().enable_all().build()?.block_on(body)
}
