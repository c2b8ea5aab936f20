//! `cargo dev`: the whole system on port 9000, and the commands that work on its data.

use std::process::ExitCode;

mod cli;

#[tokio::main]
async fn main() -> ExitCode {
    cli::run_command().await
}
