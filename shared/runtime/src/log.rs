//! Log lines: JSON objects that begin with the ids of the work they belong to, under the names they have in the line of metrics.
//!
//! The ids are read where the work keeps them when a line is written. As fields of tracing spans they would be formatted for every
//! invocation, also for the many that log nothing.

use std::fmt;
use std::sync::Arc;

use serde_json::Value;
use store::invocation::{for_request, request};
use tracing::{Event, Subscriber};
use tracing_subscriber::fmt::format::{Format, Json, JsonFields, Writer};
use tracing_subscriber::fmt::{FmtContext, FormatEvent, FormatFields, SubscriberBuilder};
use tracing_subscriber::registry::LookupSpan;

tokio::task_local! {
    static INVOCATION: Arc<InvocationIds>;
}

/// What Lambda calls an invocation.
#[derive(Debug)]
pub(crate) struct InvocationIds {
    pub(crate) request_id: String,
    /// That of X-Ray.
    pub(crate) trace_id: Option<String>,
}

impl InvocationIds {
    /// The names of log members, with their values.
    pub(crate) fn members(&self) -> impl Iterator<Item = (&str, &str)> {
        let trace = self.trace_id.as_deref().map(|id| ("lambda.traceId", id));
        [("lambda.requestId", self.request_id.as_str())].into_iter().chain(trace)
    }

    /// Does `work` of this invocation: its log lines have these ids.
    pub(crate) async fn scope<F: Future>(self: Arc<Self>, work: F) -> F::Output {
        INVOCATION.scope(self, work).await
    }
}

/// `work` that is done later or by another task: its messages and log lines name the present request and invocation. It may outlive the
/// invocation, so it measures nothing.
pub fn continued<F: Future>(work: F) -> impl Future<Output = F::Output> {
    let (ids, request) = (INVOCATION.try_with(Arc::clone).ok(), request());
    let work = for_request(request, work);
    async move {
        match ids {
            Some(ids) => ids.scope(work).await,
            None => work.await,
        }
    }
}

/// The format of log lines.
#[derive(Debug)]
pub struct LogLines(Format<Json, ()>);

/// A subscriber that writes log lines, up to the level `INFO` and to standard output unless it is told otherwise.
pub fn subscriber() -> SubscriberBuilder<JsonFields, LogLines> {
    let json = tracing_subscriber::fmt::format().json().flatten_event(true).with_current_span(false).with_span_list(false);
    tracing_subscriber::fmt().event_format(LogLines(json.with_target(false).without_time())).fmt_fields(JsonFields::new())
}

impl<S, N> FormatEvent<S, N> for LogLines
where
    S: Subscriber + for<'l> LookupSpan<'l>,
    N: for<'w> FormatFields<'w> + 'static,
{
    fn format_event(&self, context: &FmtContext<'_, S, N>, mut writer: Writer<'_>, event: &Event<'_>) -> fmt::Result {
        let mut line = String::new();
        self.0.format_event(context, Writer::new(&mut line), event)?;
        writer.write_char('{')?;
        // Outside an invocation there are none.
        let _ = INVOCATION.try_with(|ids| ids.members().try_for_each(|(name, id)| write!(writer, r#""{name}":{},"#, Value::from(id))));
        if let Some(id) = request() {
            write!(writer, r#""request.id":"{id}","#)?;
        }
        writer.write_str(line.strip_prefix('{').unwrap_or(&line))
    }
}

#[cfg(test)]
mod tests {
    use std::io;
    use std::sync::Mutex;

    use domain::values::id::RequestId;
    use domain::values::moment::Moment;
    use futures::FutureExt;

    use super::*;

    #[derive(Clone, Default)]
    struct Written(Arc<Mutex<Vec<u8>>>);

    impl io::Write for Written {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0.lock().expect("a lock").write(bytes)
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    #[test]
    fn a_line_has_the_ids_of_its_invocation_and_of_the_request_it_is_for() {
        let written = Written::default();
        let writer = written.clone();
        let _guard = tracing::subscriber::set_default(subscriber().with_writer(move || writer.clone()).finish());
        let invocation = |trace_id| Arc::new(InvocationIds { request_id: "84\"76".to_owned(), trace_id });
        let request = RequestId::new(Moment::from_millis(1), 1);
        let log = |place: &'static str| async move { tracing::warn!(place, "something") };
        let mut later = None;
        let work = invocation(Some("Root=1-57".to_owned())).scope(for_request(request, async { later = Some(continued(log("request"))) }));
        work.now_or_never().expect("nothing is waited for");
        later.and_then(FutureExt::now_or_never).expect("nothing is waited for");
        invocation(None).scope(log("batch")).now_or_never().expect("nothing is waited for");
        log("start").now_or_never().expect("nothing is waited for");
        let lines = String::from_utf8(written.0.lock().expect("a lock").clone()).expect("text");
        let lines: Vec<Value> = lines.lines().map(|line| serde_json::from_str(line).expect("JSON")).collect();
        let common = |place| serde_json::json!({"level": "WARN", "message": "something", "place": place});
        let mut expected = [common("request"), common("batch"), common("start")];
        expected[0]["lambda.traceId"] = "Root=1-57".into();
        expected[0]["request.id"] = request.to_string().into();
        expected[0]["lambda.requestId"] = "84\"76".into();
        expected[1]["lambda.requestId"] = "84\"76".into();
        assert_eq!(lines, expected);
    }
}
