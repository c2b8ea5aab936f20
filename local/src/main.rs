//! `cargo run --release -p local`: the whole system on port 9000.

use std::{process::ExitCode, time::Duration};

use clap::Parser;
use domain::values::name::UserId;
use local::{Error, keys::Keys, token, wall_clock};
use tokio::time::Instant;

mod command;
mod job;
mod run;
mod welcome;

use command::{Command, Line};

#[tokio::main]
async fn main() -> ExitCode {
    let started = Instant::now();
    let line = Line::parse();
    let outcome = match line.command {
        None => run::server(&line.server, started).await,
        Some(Command::Token { user, group, ttl, data }) => print_token(&user, group.as_deref(), ttl, &data),
        Some(Command::RotateKeys { data }) => rotate(&data).await,
        Some(Command::Rescore(args)) => job::rescore(&args).await,
        Some(Command::Recount(args)) => job::recount(&args).await,
        Some(Command::Export(args)) => job::export(&args).await,
        Some(Command::Listen(args)) => run::listener(args).await,
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

fn print_token(user: &UserId, group: Option<&str>, ttl: Duration, data: &std::path::Path) -> Result<(), Error> {
    let groups: Vec<_> = group.into_iter().collect();
    println!("{}", token::mint(&Keys::known(data)?, user.as_str(), &groups, wall_clock(), ttl)?);
    Ok(())
}

async fn rotate(data: &std::path::Path) -> Result<(), Error> {
    println!("{} signs from the next start on; the key before it stays good", local::jobs::rotate::run(data).await?);
    Ok(())
}
