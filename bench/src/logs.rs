//! Counts the bytes the functions log, which CloudWatch bills; nothing is shown.

use std::io::{self, Write};
use std::sync::atomic::{AtomicU64, Ordering};

use tracing::Metadata;
use tracing_subscriber::filter::{LevelFilter, Targets};
use tracing_subscriber::fmt::MakeWriter;
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;

static BYTES: AtomicU64 = AtomicU64::new(0);

/// What only runs on a developer's machine logs under these names.
const NOT_OURS: [&str; 3] = ["local", "dynoxide", "rustack"];

/// Log bytes since the last time.
pub(crate) fn take_bytes() -> u64 {
    BYTES.swap(0, Ordering::Relaxed)
}

/// Lets the functions log as they do on Lambda, into the counter.
pub(crate) fn install() {
    let format = tracing_subscriber::fmt().json().flatten_event(true).with_current_span(false).with_target(false).without_time();
    // A second section of the same run finds it installed.
    let targets = Targets::new().with_default(LevelFilter::INFO).with_target("rustack_sqs_core", LevelFilter::WARN);
    let _ = format.with_max_level(LevelFilter::TRACE).with_writer(Counter).finish().with(targets).try_init();
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
        if NOT_OURS.iter().any(|name| metadata.target().starts_with(name)) { Line::Dropped } else { Line::Counted }
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
