//! Counts the bytes the functions log, which CloudWatch bills; nothing is printed.

use std::io::{self, Write};
use std::sync::atomic::{AtomicU64, Ordering};

use tracing::Metadata;
use tracing_subscriber::filter::{LevelFilter, Targets};
use tracing_subscriber::fmt::MakeWriter;
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;

static BYTES: AtomicU64 = AtomicU64::new(0);

/// Targets of code that only runs on a developer's machine.
const LOCAL_TARGETS: [&str; 3] = ["local", "dynoxide", "rustack"];

/// Resets the counter and returns the bytes logged so far.
pub(crate) fn take_bytes() -> u64 {
    BYTES.swap(0, Ordering::Relaxed)
}

/// Makes the functions log as on Lambda, into the counter.
pub(crate) fn install() {
    // It fails if an earlier section has installed it.
    let targets = Targets::new().with_default(LevelFilter::INFO).with_target("rustack_sqs_core", LevelFilter::WARN);
    let _ = runtime::log::subscriber().with_max_level(LevelFilter::TRACE).with_writer(Counter).finish().with(targets).try_init();
    runtime::telemetry::install("tenx-links", |line| {
        BYTES.fetch_add(line.len() as u64, Ordering::Relaxed);
    });
}

struct Counter;

enum Line {
    Counted,
    Dropped,
}

impl<'a> MakeWriter<'a> for Counter {
    type Writer = Line;

    fn make_writer(&'a self) -> Line {
        Line::Counted
    }

    fn make_writer_for(&'a self, metadata: &Metadata<'_>) -> Line {
        if LOCAL_TARGETS.iter().any(|name| metadata.target().starts_with(name)) { Line::Dropped } else { Line::Counted }
    }
}

impl Write for Line {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if matches!(self, Self::Counted) {
            BYTES.fetch_add(bytes.len() as u64, Ordering::Relaxed);
        }
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
