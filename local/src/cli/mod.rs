//! The command line: [`args`] declares it, the other modules run one command each.

use std::{path::Path, process::ExitCode, time::Duration};

use clap::Parser;
use domain::values::name::UserId;
use local::{Error, keys::Keys, token, wall_clock};
use tokio::time::Instant;

mod args;
mod event;
mod fill;
mod jobs;
mod listen;
mod log;
mod run;
mod shutdown;
mod welcome;

use args::{Cli, Command};

/// Parses the command line and runs what it names; without a command, the server.
pub(crate) async fn run_command() -> ExitCode {
    let started = Instant::now();
    let cli = Cli::parse();
    let outcome = match cli.command {
        None => run::run(&cli.server, started).await,
        Some(Command::Token { user, group, ttl, data }) => print_token(&user, group.as_deref(), ttl, &data),
        Some(Command::RotateKeys { data }) => rotate_keys(&data).await,
        Some(Command::Rescore(args)) => jobs::rescore(&args).await,
        Some(Command::Recount(args)) => jobs::recount(&args).await,
        Some(Command::Trace(args)) => jobs::trace(&args).await,
        Some(Command::Outbox(args)) => jobs::outbox(&args).await,
        Some(Command::DeadLetters(args)) => jobs::dead_letters(&args).await,
        Some(Command::Export(args)) => jobs::export(&args).await,
        Some(Command::Fill(args)) => fill::run(&args).await,
        Some(Command::Listen(args)) => listen::run(args).await,
        Some(Command::Event(args)) => event::run(&args),
        Some(Command::Openapi) => local::document::text().map(|text| print!("{text}")),
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::FAILURE
        }
    }
}

fn print_token(user: &UserId, group: Option<&str>, ttl: Duration, data: &Path) -> Result<(), Error> {
    let groups: Vec<_> = group.into_iter().collect();
    println!("{}", token::mint(&Keys::known(data)?, user.as_str(), &groups, wall_clock(), ttl)?);
    Ok(())
}

async fn rotate_keys(data: &Path) -> Result<(), Error> {
    println!("{} is used from the next start on; the previous key remains valid", local::jobs::rotate::run(data).await?);
    Ok(())
}
