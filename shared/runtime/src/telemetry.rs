//! One line for each invocation, in CloudWatch's embedded metric format, from which CloudWatch makes metrics without an API call.
//!
//! The line is written by hand into one buffer: the crates for this format (metrique, metrics_cloudwatch_embedded) collect named values in
//! maps behind a global recorder, which costs a redirect more than the line does, for names that are all known here.
//!
//! A metric has one dimension, the function. Handles, slugs and ids are members of the line only, and never a dimension: CloudWatch bills
//! each combination of values as a metric of its own.

use std::io::Write;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, OnceLock};

use aws_lambda_events::sqs::SqsBatchResponse;
use domain::values::moment::Moment;
use lambda_runtime::{Config, Context};
use store::invocation::{Measured, Metric, measured};

use crate::Inputs;
use crate::log::InvocationIds;

/// Where the lines go.
struct Sink {
    /// The namespace of the metrics, as a JSON string.
    namespace: String,
    write: fn(&[u8]),
}

static SINK: OnceLock<Sink> = OnceLock::new();
/// Whether this process has begun an invocation.
static WARM: AtomicBool = AtomicBool::new(false);

/// From now on every invocation of this process writes its line with `write`. The first call counts.
pub fn install(namespace: &str, write: fn(&[u8])) {
    let namespace = serde_json::Value::from(namespace).to_string();
    let _ = SINK.set(Sink { namespace, write });
}

/// Writes a line to standard output, which Lambda passes on to CloudWatch.
pub fn to_stdout(line: &[u8]) {
    // When standard output is closed, there is nothing left to report to.
    let _ = std::io::stdout().lock().write_all(line);
}

/// An invocation that has begun.
pub struct Invocation {
    config: Arc<Config>,
    ids: Arc<InvocationIds>,
    started: Moment,
    measured: Arc<Measured>,
}

impl Invocation {
    /// Begins an invocation with the context that Lambda gave it.
    pub fn begin(context: &Context, now: Moment) -> Self {
        let measured = Arc::new(Measured::default());
        if !WARM.swap(true, Ordering::Relaxed) {
            measured.add(Metric::ColdStart, 1);
        }
        Self {
            config: Arc::clone(&context.env_config),
            ids: Arc::new(InvocationIds { request_id: context.request_id.clone(), trace_id: context.xray_trace_id.clone() }),
            started: now,
            measured,
        }
    }

    /// Does the work of the invocation, which measures into it and logs with its ids.
    pub async fn run<F: Future>(&self, work: F) -> F::Output {
        Arc::clone(&self.ids).scope(measured(Arc::clone(&self.measured), work)).await
    }

    /// Measures something of it.
    pub fn measure(&self, metric: Metric, value: i64) {
        self.measured.add(metric, value);
    }

    /// Ends it with its line, which has these members besides; false when no lines are written.
    pub fn end(&self, now: Moment, members: &[(&str, &str)]) -> bool {
        let Some(sink) = SINK.get() else { return false };
        self.measure(Metric::Latency, now.millis() - self.started.millis());
        (sink.write)(&self.line(&sink.namespace, now, members));
        true
    }

    fn line(&self, namespace: &str, now: Moment, members: &[(&str, &str)]) -> Vec<u8> {
        let mut line = Vec::with_capacity(768);
        // Writing into memory does not fail.
        let _ = write!(line, r#"{{"_aws":{{"Timestamp":{},"CloudWatchMetrics":[{{"Namespace":{namespace},"#, now.millis());
        line.extend_from_slice(br#""Dimensions":[["FunctionName"]],"Metrics":["#);
        for (place, (metric, _)) in self.measured.values().enumerate() {
            let comma = if place == 0 { "" } else { "," };
            let _ = write!(line, r#"{comma}{{"Name":"{}","Unit":"{}"}}"#, metric.name(), metric.unit().name());
        }
        line.extend_from_slice(br#"]}]},"level":"INFO""#);
        for (metric, value) in self.measured.values() {
            let _ = write!(line, r#","{}":{value}"#, metric.name());
        }
        let function = ("FunctionName", self.config.function_name.as_str());
        for (name, text) in [function].into_iter().chain(self.ids.members()).chain(members.iter().copied()) {
            let _ = write!(line, r#","{name}":"#);
            let _ = serde_json::to_writer(&mut line, text);
        }
        line.extend_from_slice(b"}\n");
        line
    }
}

/// Runs a batch of messages as one invocation.
pub async fn batch<F>(context: &Context, inputs: &Inputs, work: F) -> SqsBatchResponse
where
    F: Future<Output = SqsBatchResponse>,
{
    let invocation = Invocation::begin(context, inputs.now());
    let response = invocation.run(work).await;
    let failed = response.batch_item_failures.len();
    if failed > 0 {
        invocation.measure(Metric::Errors, i64::try_from(failed).unwrap_or(i64::MAX));
    }
    invocation.end(inputs.now(), &[("message", "batch")]);
    response
}

/// Runs a run of a schedule as one invocation.
pub async fn scheduled(context: &Context, inputs: &Inputs, work: impl Future<Output = ()>) {
    let invocation = Invocation::begin(context, inputs.now());
    invocation.run(work).await;
    invocation.end(inputs.now(), &[("message", "run")]);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_is_a_document_of_the_embedded_metric_format() {
        let at = Moment::from_millis;
        let mut context = Context::default();
        context.request_id = "8476a536".to_owned();
        context.xray_trace_id = Some("Root=1-5759e988".to_owned());
        context.env_config = Arc::new(Config { function_name: "redirect".to_owned(), ..Config::default() });
        let invocation = Invocation::begin(&context, at(1_000));
        invocation.measure(Metric::ClickSend, 7);
        invocation.measure(Metric::Latency, 12);
        let line = invocation.line("\"shop\"", at(2_000), &[("http.path", "/a\"b\\\n\u{1}")]);
        assert_eq!(line.iter().filter(|byte| **byte == b'\n').count(), 1, "one line");
        let line: serde_json::Value = serde_json::from_slice(&line).expect("JSON");
        let metrics = &line["_aws"]["CloudWatchMetrics"][0];
        assert_eq!((&line["_aws"]["Timestamp"], &metrics["Namespace"]), (&2_000.into(), &"shop".into()));
        assert_eq!(metrics["Dimensions"], serde_json::json!([["FunctionName"]]));
        for (name, unit, value) in [("latency_ms", "Milliseconds", 12), ("click_send_ms", "Milliseconds", 7)] {
            let named = metrics["Metrics"].as_array().expect("metrics").iter().find(|metric| metric["Name"] == name);
            assert_eq!((&named.expect(name)["Unit"], &line[name]), (&unit.into(), &value.into()));
        }
        let texts = [("FunctionName", "redirect"), ("lambda.requestId", "8476a536"), ("lambda.traceId", "Root=1-5759e988")];
        for (name, text) in texts.into_iter().chain([("http.path", "/a\"b\\\n\u{1}")]) {
            assert_eq!(line[name], text, "{name}");
        }
    }
}
