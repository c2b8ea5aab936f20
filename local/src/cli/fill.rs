//! `fill`: makes the demo month in the data of a directory, on command or in the background of a first start.

use std::io::{IsTerminal, Write, stderr};
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use local::{
    Error,
    demo::{
        month::{HANDLE, MonthOptions, Pace},
        shop,
    },
    jobs::{
        EngineAddress, Engines,
        fill::{self, FillRequest, FirstFill, OnProgress},
    },
    keys::Keys,
};
use tokio::{sync::watch, time::Instant};

use super::args::FillArgs;

/// Makes the month and prints what it consists of.
///
/// # Errors
/// When there is no data, the handle exists, or the month cannot be made.
pub(super) async fn run(args: &FillArgs) -> Result<(), Error> {
    let started = Instant::now();
    let engines = Engines::of(&args.data).await?;
    let month = MonthOptions {
        handle: args.handle.clone(),
        days: usize::try_from(args.days).unwrap_or_default(),
        clicks: usize::try_from(args.clicks).unwrap_or_default(),
        seed: args.seed,
        hooks: Some(shop::hooks(args.shop_port)),
        ..MonthOptions::ending(fill::wall_moment())?
    };
    let (target, keys) = (engines.address().clone(), Keys::known(&args.data)?);
    let request = FillRequest { month, target, keys, replace: args.replace, pace: Pace::Full };
    let filled = fill::run(request, on_terminal()).await;
    if stderr().is_terminal() {
        eprint!("\r");
    }
    let filled = filled?;
    println!(
        "{}: {} visits, {} orders, {} refunds, {} signals; {} records recounted, drift: 0; {} items in {:.1} s",
        args.handle,
        filled.month.visits,
        filled.month.orders,
        filled.month.refunds,
        filled.month.signals,
        filled.month.records,
        filled.items,
        started.elapsed().as_secs_f64()
    );
    Ok(())
}

/// Makes the month of a new data directory while the server runs, and logs every quarter of it.
pub(super) async fn at_first_start(first: FirstFill, target: EngineAddress, keys: Keys, shop_port: u16) {
    // The month is made on a thread that logs nothing, so the quarters are logged here.
    let (reached, mut reaches) = watch::channel(0);
    let progress = move |part: f64| {
        let quarter = percent_of(part) / 25 * 25;
        reached.send_if_modified(|last| std::mem::replace(last, quarter) != quarter);
    };
    let log = async {
        while reaches.changed().await.is_ok() {
            let percent = *reaches.borrow_and_update();
            if percent < 100 {
                tracing::info!("demo data: {percent} %");
            }
        }
    };
    let filled = async {
        let month = MonthOptions { hooks: Some(shop::hooks(shop_port)), ..MonthOptions::ending(fill::wall_moment())? };
        let request = FillRequest { month, target, keys, replace: false, pace: Pace::Shared };
        first.run(request, Arc::new(progress)).await
    };
    match tokio::join!(filled, log).0 {
        Ok(filled) => tracing::info!(visits = filled.month.visits, orders = filled.month.orders, "demo data: complete, handle {HANDLE}"),
        Err(Error::HandleExists(handle)) => tracing::info!("no demo data: there is a handle {handle}"),
        Err(error) => tracing::warn!(%error, "no demo data; the next start tries again"),
    }
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
fn percent_of(part: f64) -> u32 {
    (part.clamp(0.0, 1.0) * 100.0).round() as u32
}
