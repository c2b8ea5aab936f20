//! A bootstrap as a process of its own, driven by the Runtime API and measured through `/proc`.

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Read};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use anyhow::{Context, Result};
use rustix::process::{Pid, Signal, kill_process};

use crate::runtime_api::RuntimeApi;

/// How a bootstrap runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Under<'a> {
    /// Directly.
    NoTool,
    /// Under callgrind, which counts its instructions.
    Callgrind,
    /// Under callgrind, which writes the instructions of each function to this file.
    Profile(&'a Path),
}

/// A running bootstrap.
pub(crate) struct Bootstrap {
    child: Child,
    api: RuntimeApi,
    log_bytes: Arc<AtomicU64>,
}

impl Bootstrap {
    /// Starts it and waits until it polls for its first event.
    pub(crate) fn start(program: &Path, environment: &BTreeMap<String, String>, under: Under<'_>) -> Result<Self> {
        let api = RuntimeApi::start()?;
        let mut command = match under {
            Under::NoTool => Command::new(program),
            Under::Callgrind => callgrind(Path::new("/dev/null"), program),
            Under::Profile(counts) => callgrind(counts, program),
        };
        command.env_clear().envs(environment);
        if let Some(path) = std::env::var_os("PATH") {
            command.env("PATH", path);
        }
        for (name, value) in [
            ("AWS_LAMBDA_RUNTIME_API", api.address.to_string().as_str()),
            ("AWS_LAMBDA_FUNCTION_NAME", "bench"),
            ("AWS_LAMBDA_FUNCTION_MEMORY_SIZE", "256"),
            ("AWS_LAMBDA_FUNCTION_VERSION", "$LATEST"),
            ("AWS_LAMBDA_LOG_GROUP_NAME", "/lambda/bench"),
            ("AWS_LAMBDA_LOG_STREAM_NAME", "bench"),
        ] {
            command.env(name, value);
        }
        command.stdin(Stdio::null()).stdout(Stdio::piped());
        command.stderr(if under == Under::NoTool { Stdio::inherit() } else { Stdio::piped() });
        let mut child = command.spawn().with_context(|| format!("starting {}", program.display()))?;
        let log_bytes = Arc::new(AtomicU64::new(0));
        if let Some(log) = child.stdout.take() {
            let counted = Arc::clone(&log_bytes);
            std::thread::spawn(move || count(log, &counted));
        }
        let bootstrap = Self { child, api, log_bytes };
        bootstrap.api.wait_for_poll()?;
        Ok(bootstrap)
    }

    /// Runs one invocation and waits until it polls for the next.
    pub(crate) fn invoke(&self, event: &[u8]) -> Result<Vec<u8>> {
        self.api.invoke(event)
    }

    /// Runs one invocation as [`Bootstrap::invoke`] does; returns how long the response took.
    pub(crate) fn wait(&self, event: &[u8]) -> Result<Duration> {
        Ok(self.api.timed(event)?.1)
    }

    /// CPU time of its threads so far, in microseconds.
    pub(crate) fn cpu_us(&self) -> Result<f64> {
        let mut nanoseconds = 0.0;
        for thread in std::fs::read_dir(format!("/proc/{}/task", self.child.id()))? {
            let statistics = std::fs::read_to_string(thread?.path().join("schedstat"))?;
            let spent = statistics.split_whitespace().next().and_then(|text| text.parse::<f64>().ok());
            nanoseconds += spent.context("schedstat")?;
        }
        Ok(nanoseconds / 1000.0)
    }

    /// Resident memory, in MB.
    pub(crate) fn resident_mb(&self) -> Result<f64> {
        resident_mb(self.child.id())
    }

    /// Bytes it has logged so far.
    pub(crate) fn log_bytes(&self) -> u64 {
        self.log_bytes.load(Ordering::Relaxed)
    }

    /// Ends it; under callgrind, returns the number of instructions.
    pub(crate) fn end(mut self) -> Result<Option<f64>> {
        // It has sent its poll; let its threads finish before the instructions are counted.
        std::thread::sleep(Duration::from_millis(20));
        kill_process(Pid::from_child(&self.child), Signal::TERM)?;
        let mut output = String::new();
        if let Some(mut report) = self.child.stderr.take() {
            report.read_to_string(&mut output)?;
        }
        self.child.wait()?;
        let collected = output.lines().find_map(|line| line.split_once("Collected :")).map(|(_, count)| count.trim().parse());
        Ok(collected.transpose()?)
    }
}

impl Drop for Bootstrap {
    fn drop(&mut self) {
        // After `end` the process is gone.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Resident memory of a process, in MB.
pub(crate) fn resident_mb(process: u32) -> Result<f64> {
    memory_mb(process, "Rss:")
}

/// Resident memory of a process that is no part of a file, in MB: what it has allocated.
pub(crate) fn allocated_mb(process: u32) -> Result<f64> {
    memory_mb(process, "Anonymous:")
}

fn memory_mb(process: u32, name: &'static str) -> Result<f64> {
    let rollup = std::fs::read_to_string(format!("/proc/{process}/smaps_rollup"))?;
    let line = rollup.lines().find_map(|line| line.strip_prefix(name)).context(name)?;
    let kilobytes: f64 = line.trim().trim_end_matches("kB").trim().parse()?;
    Ok(kilobytes / 1024.0)
}

fn count(log: impl Read, bytes: &AtomicU64) {
    let mut reader = BufReader::new(log);
    while let Ok(chunk) = reader.fill_buf() {
        let length = chunk.len();
        if length == 0 {
            return;
        }
        bytes.fetch_add(length as u64, Ordering::Relaxed);
        reader.consume(length);
    }
}

fn callgrind(counts: &Path, program: &Path) -> Command {
    let mut command = Command::new("valgrind");
    command.arg("--tool=callgrind").arg(format!("--callgrind-out-file={}", counts.display())).arg(program);
    command
}

/// Whether valgrind is installed.
pub(crate) fn has_valgrind() -> bool {
    let status = Command::new("valgrind").arg("--version").stdout(Stdio::null()).stderr(Stdio::null()).status();
    status.is_ok_and(|status| status.success())
}
