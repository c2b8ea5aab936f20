//! What the functions of an environment log, seen by a test.

use std::io::Write;
use std::sync::{Arc, Mutex, PoisonError};

use serde_json::Value;
use tracing::Dispatch;
use tracing::subscriber::DefaultGuard;

/// The log of one thread, from DEBUG on.
pub struct Log {
    lines: Lines,
    _guard: DefaultGuard,
    _second: Dispatch,
}

#[derive(Clone, Default)]
struct Lines(Arc<Mutex<Vec<u8>>>);

impl Log {
    /// Records what this thread logs from now on. The test must run on one thread, so that this is the log of its environment alone.
    pub fn record() -> Self {
        // While one subscriber is all there is, a line is for ever wanted or not as the thread that first comes to it says, which may
        // be another test's. With a second one every subscriber is asked.
        let second = Dispatch::new(tracing_subscriber::registry());
        let lines = Lines::default();
        let writer = lines.clone();
        let subscriber = tracing_subscriber::fmt().with_max_level(tracing::Level::DEBUG).with_writer(move || writer.clone()).finish();
        Self { lines, _guard: tracing::subscriber::set_default(subscriber), _second: second }
    }

    /// What was logged.
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.lines.0.lock().expect("lines")).into_owned()
    }
}

impl Write for Lines {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().expect("lines").extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

/// The lines of metrics of all tests in this process.
static METRIC_LINES: Mutex<Vec<Value>> = Mutex::new(Vec::new());

/// Keeps the lines of metrics that functions write from now on.
pub fn keep_metric_lines() {
    runtime::telemetry::install("tests", |line| {
        let line = serde_json::from_slice(line).expect("a line is JSON");
        METRIC_LINES.lock().unwrap_or_else(PoisonError::into_inner).push(line);
    });
}

/// Those of the lines, of all tests in this process.
pub fn metric_lines(is_wanted: impl Fn(&Value) -> bool) -> Vec<Value> {
    METRIC_LINES.lock().unwrap_or_else(PoisonError::into_inner).iter().filter(|line| is_wanted(line)).cloned().collect()
}
