//! `fill`: makes the demo month in the data of a directory.

use std::io::{IsTerminal, Write, stderr};
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use local::{
    Error,
    demo::month::{MonthOptions, Pace},
    jobs::{
        Engines,
        fill::{self, FillRequest, OnProgress},
    },
    keys::Keys,
};
use tokio::time::Instant;

use super::args::FillArgs;

/// Makes the month and prints what it consists of.
///
/// # Errors
/// When there is no data, the handle exists, or the month cannot be made.
pub(super) async fn run(args: &FillArgs) -> Result<(), Error> {
    let started = Instant::now();
    let engines = Engines::of(&args.data).await?;
    let request = FillRequest {
        month: MonthOptions {
            handle: args.handle.clone(),
            days: usize::try_from(args.days).unwrap_or_default(),
            clicks: usize::try_from(args.clicks).unwrap_or_default(),
            orders: None,
            seed: args.seed,
            now: fill::wall_moment(),
        },
        target: engines.address().clone(),
        keys: Keys::known(&args.data)?,
        replace: args.replace,
        pace: Pace::Full,
    };
    let filled = fill::run(request, on_terminal()).await;
    if stderr().is_terminal() {
        eprint!("\r");
    }
    let filled = filled?;
    println!(
        "{}: {} visits, {} orders, {} refunds; {} records recounted, drift: 0; {} items in {:.1} s",
        args.handle,
        filled.month.visits,
        filled.month.orders,
        filled.month.refunds,
        filled.month.records,
        filled.items,
        started.elapsed().as_secs_f64()
    );
    Ok(())
}

/// Shows the progress on standard error: on one line of a terminal, else a line for every quarter.
fn on_terminal() -> OnProgress {
    let shown = AtomicU32::new(0);
    let is_terminal = stderr().is_terminal();
    Arc::new(move |part: f64| {
        let step = if is_terminal { 1 } else { 25 };
        let percent = percent_of(part) / step * step;
        if shown.swap(percent, Ordering::SeqCst) == percent {
            return;
        }
        let mut out = stderr().lock();
        // Progress that cannot be shown stops nothing.
        let _ = if is_terminal { write!(out, "\rdemo data: {percent} %") } else { writeln!(out, "demo data: {percent} %") };
        let _ = out.flush();
    })
}

/// A part as whole percent.
pub(super) fn percent_of(part: f64) -> u32 {
    (part.clamp(0.0, 1.0) * 100.0).round() as u32
}
