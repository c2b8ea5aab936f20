//! Measures what the system costs: AWS calls, CPU, cold starts, package sizes, and the throughput of the local server.
//!
//! `cargo run --release -p bench` prints every table beside its goals, as Markdown. Arguments:
//! - sections: `calls`, `capacity`, `chain`, `reports`, `cpu`, `waits`, `bots`, `cold`, `sizes`, `local`, `backlog` (200,000 clicks), `webhooks`, `isolation` (100 s), `schedule` (155 s);
//! - `--markdown docs/performance.md --date 2026-03-01` writes the report, missed goals included, to a file: between the lines
//!   `<!-- bench: begin -->` and `<!-- bench: end -->` if the file has them;
//! - `as-built` measures the bootstraps as they are; without it they are built first.
//!
//! A missed goal is no failure: times depend on the machine, so compare the ratios within one run.

mod aws_stub;
mod backlog;
mod bench_env;
mod bootstrap;
mod bots;
mod calls;
mod capacity;
mod capacity_units;
mod chain;
mod cold;
mod cpu;
mod deliveries;
mod environment;
mod event;
mod handshake;
mod http1;
mod isolation;
mod ledger;
mod link;
mod logs;
mod one_core;
mod options;
mod prices;
mod programs;
mod report;
mod reports;
mod runtime_api;
mod sizes;
mod statistics;
mod table;
mod throughput;
mod timing_receiver;
mod visitors;
mod waits;

use std::process::ExitCode;

use anyhow::Result;

use options::Options;
use table::Table;

type Section = (&'static str, fn() -> Result<Vec<Table>>);

const SECTIONS: [Section; 14] = [
    ("calls", calls::measure),
    ("capacity", capacity::measure),
    ("chain", chain::measure),
    ("reports", reports::measure),
    ("cpu", cpu::measure),
    ("waits", waits::measure),
    ("bots", bots::measure),
    ("cold", cold::measure),
    ("sizes", sizes::measure),
    ("local", throughput::measure),
    ("backlog", backlog::measure),
    ("webhooks", deliveries::measure),
    ("isolation", isolation::measure),
    ("schedule", deliveries::measure_schedule),
];

/// Measurements that this program runs in a process of its own.
fn child_process(name: &str) -> Option<Result<()>> {
    match name {
        "load" => Some(throughput::run_load()),
        "first-classification" => {
            cpu::print_first_classification();
            Some(Ok(()))
        }
        "handshake" => Some(handshake::print_duration()),
        _ => None,
    }
}

fn main() -> ExitCode {
    // For the clients of this process. It fails only if one is installed already.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let done = arguments.first().and_then(|name| child_process(name)).unwrap_or_else(|| run(&arguments));
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn run(arguments: &[String]) -> Result<()> {
    let options = Options::parse(arguments, &SECTIONS.map(|(name, _)| name))?;
    if cfg!(debug_assertions) {
        println!("These are figures of a debug build: run with --release.");
    }
    let (mut tables, mut failed) = (Vec::new(), Vec::new());
    for (name, measure) in SECTIONS.into_iter().filter(|(name, _)| options.includes(name)) {
        match measure() {
            Ok(measured) => {
                measured.iter().for_each(|table| print!("{table}"));
                tables.extend(measured);
            }
            Err(error) => {
                eprintln!("section {name}: {error:#}");
                failed.push(format!("{name} ({error:#})"));
            }
        }
    }
    if let Some(path) = &options.markdown {
        report::write(path, &options, &tables, &failed)?;
    }
    anyhow::ensure!(failed.is_empty(), "not everything could be measured: {}", failed.join(", "));
    Ok(())
}
