//! The command line.

use std::{net::IpAddr, path::PathBuf, time::Duration};

use clap::{Args, Parser, Subcommand, ValueEnum};
use domain::{
    values::name::{Handle, UserId},
    webhooks::secret::WebhookSecret,
};
use http::StatusCode;

mod jobs;

pub(super) use jobs::{DeadLettersArgs, ExportArgs, JobArgs, OutboxArgs, TraceArgs};

/// 10x Links on this machine: gateway, DynamoDB, SQS and all functions in one process.
#[derive(Parser)]
#[command(name = "local", display_name = "10x-links", version, args_conflicts_with_subcommands = true)]
pub(super) struct Cli {
    #[command(subcommand)]
    pub(super) command: Option<Command>,
    #[command(flatten)]
    pub(super) server: ServerArgs,
}

#[derive(Args)]
pub(super) struct ServerArgs {
    /// The port to listen on.
    #[arg(long, default_value_t = 9000)]
    pub(super) port: u16,
    /// The port of the demo shop, a merchant's site that uses the API.
    #[arg(long, value_name = "PORT", default_value_t = 9080)]
    pub(super) shop_port: u16,
    /// The data directory: tables, messages and keys.
    #[arg(long, default_value = ".data")]
    pub(super) data: PathBuf,
    /// Keep everything in memory.
    #[arg(long)]
    pub(super) ephemeral: bool,
    /// Make no demo month; without this, the first start on an empty data directory makes one in the background.
    #[arg(long)]
    pub(super) bare: bool,
    /// Write a shell file with API_BASE, PUBLIC_DOMAIN, HANDLE and tokens of the demo's users; it contains secrets.
    #[arg(long, value_name = "PATH")]
    pub(super) env_file: Option<PathBuf>,
    /// Write the variables with which a function runs by itself on this server's tables and queues, for `cargo lambda watch --env-file`,
    /// or for `sam local --env-vars` if the file's name ends in .json; it contains secrets.
    #[arg(long, value_name = "PATH")]
    pub(super) functions_env: Option<PathBuf>,
    /// The address on which tables and queues listen, for functions in containers: an address of this machine that they reach. Who
    /// reaches it can read and change everything.
    #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1", value_parser = engines_host)]
    pub(super) engines_host: IpAddr,
    /// Public requests per minute and source address [default: 120, as deployed].
    #[arg(long, value_name = "N")]
    pub(super) public_rpm: Option<u32>,
    /// Take visitors' addresses from the header CloudFront-Viewer-Address: rate limits then count by what callers say.
    #[arg(long)]
    pub(super) trust_viewer_address: bool,
    /// Write one line of metrics for each invocation of a function to standard output, as on Lambda.
    #[arg(long)]
    pub(super) metrics: bool,
    /// The plan of a new account.
    #[arg(long, value_enum, default_value_t = PlanArg::Enterprise)]
    pub(super) plan: PlanArg,
}

#[derive(Clone, Copy, ValueEnum)]
#[value(rename_all = "UPPER")]
pub(super) enum PlanArg {
    Free,
    Pro,
    Enterprise,
}

impl PlanArg {
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Free => "FREE",
            Self::Pro => "PRO",
            Self::Enterprise => "ENTERPRISE",
        }
    }
}

#[derive(Subcommand)]
pub(super) enum Command {
    /// Print an access token.
    Token {
        /// The user id.
        #[arg(long, value_name = "ID")]
        user: UserId,
        /// A group the user is in, such as platform-admin.
        #[arg(long)]
        group: Option<String>,
        /// Its lifetime: 90s, 15m, 1h, 7d.
        #[arg(long, default_value = "1h", value_parser = duration)]
        ttl: Duration,
        /// The data directory with the keys.
        #[arg(long, default_value = ".data")]
        data: PathBuf,
    },
    /// Print the API's OpenAPI document, the content of functions/accounts/openapi.json.
    Openapi,
    /// Re-classify stored clicks with the current classifier, and correct the rollups.
    Rescore(JobArgs),
    /// Compare the rollups with the raw records; fails if they differ.
    Recount(JobArgs),
    /// Show the way of a conversion: its click, the request that posted it, and each delivery with the receiver's answers.
    Trace(TraceArgs),
    /// List what the sweeper has set aside because it could not be processed; retry or drop it.
    Outbox(OutboxArgs),
    /// Count the messages that workers could not process; show them, or move them back to their queue.
    DeadLetters(DeadLettersArgs),
    /// Write a handle's clicks, ledger entries or daily totals to a file, as the API exports them.
    Export(ExportArgs),
    /// Make a handle with a month of demo data, by the real functions on a clock that walks through the month.
    Fill(FillArgs),
    /// Print an event of events/ with tokens of this server, and with the values that --set gives, in place of its placeholders.
    Event(EventArgs),
    /// Receive webhooks on this machine: verify each and print one line for it.
    Listen(ListenArgs),
    /// Create a new platform key for context tokens and webhook secrets, and keep the previous one.
    RotateKeys {
        /// The data directory with the keys.
        #[arg(long, default_value = ".data")]
        data: PathBuf,
    },
}

#[derive(Args)]
pub(super) struct FillArgs {
    /// The days of the month, today included.
    #[arg(long, default_value_t = 30, value_parser = clap::value_parser!(u32).range(2..=90))]
    pub(super) days: u32,
    /// How often links are followed in the month; orders, signals and deliveries are in proportion.
    #[arg(long, default_value_t = 24_000, value_parser = clap::value_parser!(u32).range(100..=1_000_000))]
    pub(super) clicks: u32,
    /// The same seed makes the same month, up to the present moment.
    #[arg(long, default_value_t = 1)]
    pub(super) seed: u64,
    /// The handle; its people are those of the handle demo.
    #[arg(long, default_value = local::demo::month::HANDLE)]
    pub(super) handle: Handle,
    /// The port of the server's demo shop, which receives the month's webhooks from then on.
    #[arg(long, value_name = "PORT", default_value_t = 9080)]
    pub(super) shop_port: u16,
    /// Remove a handle of this name, with everything it owns, and make it again.
    #[arg(long)]
    pub(super) replace: bool,
    /// The data directory; a server may be running on it.
    #[arg(long, default_value = ".data")]
    pub(super) data: PathBuf,
}

#[derive(Args)]
pub(super) struct EventArgs {
    /// The event's file, such as events/links/list.json.
    #[arg(value_name = "FILE")]
    pub(super) file: PathBuf,
    /// The value of a placeholder, such as CTX=c1…; it takes the place of {{CTX}}.
    #[arg(long, value_name = "NAME=VALUE", value_parser = assignment)]
    pub(super) set: Vec<(String, String)>,
    /// The port of the server's demo shop, which receives webhooks.
    #[arg(long, value_name = "PORT", default_value_t = 9080)]
    pub(super) shop_port: u16,
    /// The data directory with the keys.
    #[arg(long, default_value = ".data")]
    pub(super) data: PathBuf,
}

#[derive(Args)]
pub(super) struct ListenArgs {
    /// The port to listen on; every path is accepted.
    #[arg(long, default_value_t = 9100)]
    pub(super) port: u16,
    /// The secret that creating the subscription returned; both secrets during a rotation.
    #[arg(long, value_name = "WHSEC")]
    pub(super) secret: Vec<WebhookSecret>,
    /// Reply to verified messages with this status instead of 200; refused ones get 401.
    #[arg(long, value_name = "STATUS", conflicts_with = "hang")]
    pub(super) fail: Option<StatusCode>,
    /// Never reply to verified messages.
    #[arg(long)]
    pub(super) hang: bool,
    /// Fail or hang only for the first N messages, then reply 200.
    #[arg(long, value_name = "N")]
    pub(super) times: Option<usize>,
}

fn assignment(text: &str) -> Result<(String, String), String> {
    let (name, value) = text.split_once('=').ok_or_else(|| "must be NAME=VALUE".to_owned())?;
    Ok((name.to_owned(), value.to_owned()))
}

/// An address at which others find the engines, which no address of all networks is.
fn engines_host(text: &str) -> Result<IpAddr, String> {
    let address: IpAddr = text.parse().map_err(|_| "must be an address, such as 172.17.0.1".to_owned())?;
    if address.is_unspecified() { Err(format!("must be one address of this machine, and {address} is all of them")) } else { Ok(address) }
}

fn duration(text: &str) -> Result<Duration, String> {
    let wrong = || format!("{text:?} is not like 90s, 15m, 1h or 7d");
    let split = text.len().saturating_sub(1);
    let (count, unit) = text.split_at_checked(split).ok_or_else(wrong)?;
    let unit_secs = match unit {
        "s" => 1,
        "m" => 60,
        "h" => 3_600,
        "d" => 86_400,
        _ => return Err(wrong()),
    };
    let count: u64 = count.parse().map_err(|_| wrong())?;
    if count == 0 {
        return Err("must be longer than zero".to_owned());
    }
    Ok(Duration::from_secs(count.saturating_mul(unit_secs)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_have_a_unit() {
        assert_eq!(duration("90s"), Ok(Duration::from_secs(90)));
        assert_eq!(duration("7d"), Ok(Duration::from_secs(604_800)));
        for wrong in ["", "h", "5", "1.5h", "5µ", "0s"] {
            assert!(duration(wrong).is_err(), "{wrong:?}");
        }
    }

    #[test]
    fn engines_listen_on_one_address() {
        assert_eq!(engines_host("172.17.0.1"), Ok(IpAddr::from([172, 17, 0, 1])));
        for wrong in ["0.0.0.0", "::", "localhost", "", "127.0.0.1:80"] {
            assert!(engines_host(wrong).is_err(), "{wrong:?}");
        }
    }
}
