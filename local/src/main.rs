//! `cargo dev`: the whole system on port 9000, and the commands that work on its data.

use std::process::ExitCode;

mod cli;

/// The embedded engines allocate small pieces on many threads, where this allocator takes less time than that of the system.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

#[tokio::main]
async fn main() -> ExitCode {
    cli::run_command().await
}
