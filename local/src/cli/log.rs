//! The server's log.

use std::fmt;
use std::io::IsTerminal;

use tracing_subscriber::filter::{LevelFilter, Targets};
use tracing_subscriber::fmt::format::Writer;
use tracing_subscriber::fmt::{FmtContext, FormatEvent, FormatFields};
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::registry::LookupSpan;
use tracing_subscriber::util::SubscriberInitExt;

/// Logs to standard output what `RUST_LOG` selects, by target and level.
#[expect(clippy::disallowed_methods, reason = "RUST_LOG is no setting of a function")]
pub(super) fn start() {
    let selected = std::env::var("RUST_LOG").ok().and_then(|text| text.parse().ok());
    let default = || {
        let quieter = [("rustack_sqs_core", LevelFilter::WARN), ("dynoxide", LevelFilter::ERROR), ("api::service", LevelFilter::WARN)];
        Targets::new().with_default(LevelFilter::INFO).with_targets(quieter)
    };
    let format = tracing_subscriber::fmt::format().compact().with_target(false).with_ansi(std::io::stdout().is_terminal());
    let format = tracing_subscriber::fmt().event_format(OfRequest(format));
    format.with_max_level(LevelFilter::TRACE).finish().with(selected.unwrap_or_else(default)).init();
}

/// Lines that begin with the id of the request they are for.
struct OfRequest<F>(F);

impl<S, N, F: FormatEvent<S, N>> FormatEvent<S, N> for OfRequest<F>
where
    S: tracing::Subscriber + for<'l> LookupSpan<'l>,
    N: for<'w> FormatFields<'w> + 'static,
{
    fn format_event(&self, context: &FmtContext<'_, S, N>, mut writer: Writer<'_>, event: &tracing::Event<'_>) -> fmt::Result {
        if let Some(id) = store::invocation::request() {
            write!(writer, "{id} ")?;
        }
        self.0.format_event(context, writer, event)
    }
}
