//! What the system costs: AWS calls, CPU, cold starts, package sizes, and the throughput of the local process.
//!
//! `cargo run --release -p bench` prints everything beside its goals; `-- calls`, `chain`, `reports`, `cpu`, `bots`, `cold`, `sizes`,
//! `local`, `webhooks`, `isolation` (100 s) or `schedule` (155 s) a part.
//! It builds the bootstraps it drives; `-- as-built` takes them as they are.
//! It prints and never fails for a figure: times differ by machine, so look at ratios within one run.

mod aws_stub;
mod bench_env;
mod bootstrap;
mod bots;
mod calls;
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
mod pin;
mod prices;
mod programs;
mod receiver;
mod reports;
mod runtime_api;
mod sizes;
mod stats;
mod table;
mod throughput;
mod units;
mod visitor;

use std::process::ExitCode;

use anyhow::Result;

/// Takes the bootstraps as they are.
pub(crate) const AS_BUILT: &str = "as-built";

type Section = (&'static str, fn() -> Result<()>);

const SECTIONS: [Section; 11] = [
    ("calls", calls::print),
    ("chain", chain::print),
    ("reports", reports::print),
    ("cpu", cpu::print),
    ("bots", bots::print),
    ("cold", cold::print),
    ("sizes", sizes::print),
    ("local", throughput::print),
    ("webhooks", deliveries::print),
    ("isolation", isolation::print),
    ("schedule", deliveries::print_schedule),
];

/// What this program also does, in processes of its own.
fn child(name: &str) -> Option<Result<()>> {
    match name {
        "load" => Some(throughput::run_load()),
        "marks" => {
            cpu::tell_marks();
            Some(Ok(()))
        }
        "handshake" => Some(handshake::tell()),
        _ => None,
    }
}

fn main() -> ExitCode {
    let mut wanted: Vec<String> = std::env::args().skip(1).collect();
    let done = match wanted.first().and_then(|name| child(name)) {
        Some(done) => done,
        None => {
            wanted.retain(|name| name != AS_BUILT);
            sections(&wanted)
        }
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn sections(wanted: &[String]) -> Result<()> {
    if let Some(unknown) = wanted.iter().find(|name| SECTIONS.iter().all(|(section, _)| section != name)) {
        let known = SECTIONS.map(|(section, _)| section).join(", ");
        anyhow::bail!("there is no section {unknown}: {known}");
    }
    if cfg!(debug_assertions) {
        println!("These are figures of a debug build: run with --release.");
    }
    let mut failed = Vec::new();
    for (name, print) in SECTIONS {
        if !wanted.is_empty() && !wanted.iter().any(|section| section == name) {
            continue;
        }
        if let Err(error) = print() {
            eprintln!("section {name}: {error:#}");
            failed.push(name);
        }
    }
    anyhow::ensure!(failed.is_empty(), "not everything could be measured: {}", failed.join(", "));
    Ok(())
}
