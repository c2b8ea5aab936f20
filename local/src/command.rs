//! The command line.

use std::{path::PathBuf, time::Duration};

use clap::{Args, Parser, Subcommand, ValueEnum};
use domain::{
    values::moment::Day,
    values::name::{CampaignId, Handle, UserId},
    webhooks::secret::WebhookSecret,
};
use http::StatusCode;
use local::jobs::export::{Format, Kind};

/// 10x Links on this machine: gateway, DynamoDB, SQS and all functions in one process.
#[derive(Parser)]
#[command(name = "local", display_name = "10x-links", version, args_conflicts_with_subcommands = true)]
pub(crate) struct Line {
    #[command(subcommand)]
    pub(crate) command: Option<Command>,
    #[command(flatten)]
    pub(crate) server: ServerArgs,
}

#[derive(Args)]
pub(crate) struct ServerArgs {
    /// The port to listen on.
    #[arg(long, default_value_t = 9000)]
    pub(crate) port: u16,
    /// The port of the demo shop, which has nothing to do with the API but to use it.
    #[arg(long, value_name = "PORT", default_value_t = 9080)]
    pub(crate) shop_port: u16,
    /// Where tables, messages and keys live.
    #[arg(long, default_value = ".data")]
    pub(crate) data: PathBuf,
    /// Keep everything in memory and forget it at the end.
    #[arg(long)]
    pub(crate) ephemeral: bool,
    /// Write a shell file with API_BASE, PUBLIC_DOMAIN, HANDLE and tokens for the demo's users.
    #[arg(long, value_name = "PATH")]
    pub(crate) env_file: Option<PathBuf>,
    /// Write what functions run by themselves need to work on this house's tables and queues, for `cargo lambda watch --env-file`.
    #[arg(long, value_name = "PATH")]
    pub(crate) functions_env: Option<PathBuf>,
    /// Public requests a minute and source address [default: 120, as deployed].
    #[arg(long, value_name = "N")]
    pub(crate) public_rpm: Option<u32>,
    /// The plan of a new account.
    #[arg(long, value_enum, default_value_t = Plan::Enterprise)]
    pub(crate) plan: Plan,
}

#[derive(Clone, Copy, ValueEnum)]
#[value(rename_all = "UPPER")]
pub(crate) enum Plan {
    Free,
    Pro,
    Enterprise,
}

impl Plan {
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Free => "FREE",
            Self::Pro => "PRO",
            Self::Enterprise => "ENTERPRISE",
        }
    }
}

#[derive(Subcommand)]
pub(crate) enum Command {
    /// Print an access token.
    Token {
        /// Whom it is for.
        #[arg(long, value_name = "ID")]
        user: UserId,
        /// A group the user is in, such as platform-admin.
        #[arg(long)]
        group: Option<String>,
        /// How long it is good: 90s, 15m, 1h, 7d.
        #[arg(long, default_value = "1h", value_parser = duration)]
        ttl: Duration,
        /// Where the keys live.
        #[arg(long, default_value = ".data")]
        data: PathBuf,
    },
    /// Print the API's OpenAPI document, as functions/accounts/openapi.json holds it.
    Openapi,
    /// Judge stored clicks again by the present classifier, and restate the rollups.
    Rescore(JobArgs),
    /// Hold the rollups against the raw records; fails when they drift apart.
    Recount(JobArgs),
    /// Write clicks, ledger entries or days of a handle into a file, as the API exports them.
    Export(ExportArgs),
    /// Receive webhooks on this machine: verify each and tell it on one line.
    Listen(ListenArgs),
    /// Make a new key for ctx and webhook secrets, and keep the one before.
    RotateKeys {
        /// Where the keys live.
        #[arg(long, default_value = ".data")]
        data: PathBuf,
    },
}

#[derive(Args)]
pub(crate) struct ListenArgs {
    /// The port to listen on; any path is good.
    #[arg(long, default_value_t = 9100)]
    pub(crate) port: u16,
    /// A secret of the subscription, as its creation answered it; two while they rotate.
    #[arg(long, value_name = "WHSEC")]
    pub(crate) secret: Vec<WebhookSecret>,
    /// Answer verified messages with this status instead of 200; refused ones get 401.
    #[arg(long, value_name = "STATUS", conflicts_with = "hang")]
    pub(crate) fail: Option<StatusCode>,
    /// Never answer verified messages.
    #[arg(long)]
    pub(crate) hang: bool,
    /// Fail or hang only for so many messages, and answer 200 after that.
    #[arg(long, value_name = "N")]
    pub(crate) times: Option<usize>,
}

#[derive(Args)]
pub(crate) struct JobArgs {
    /// The first day, in UTC, such as 2026-03-01.
    #[arg(long, value_name = "DAY")]
    pub(crate) from: Day,
    /// The last day.
    #[arg(long, value_name = "DAY")]
    pub(crate) to: Day,
    /// Only this handle's; all of them when absent.
    #[arg(long)]
    pub(crate) handle: Option<Handle>,
    /// Where the tables live; a house may be running there.
    #[arg(long, default_value = ".data")]
    pub(crate) data: PathBuf,
}

#[derive(Args)]
pub(crate) struct ExportArgs {
    /// Whose.
    #[arg(long)]
    pub(crate) handle: Handle,
    /// The first day, in UTC, such as 2026-03-01.
    #[arg(long, value_name = "DAY")]
    pub(crate) from: Day,
    /// The last day.
    #[arg(long, value_name = "DAY")]
    pub(crate) to: Day,
    /// Where the tables live; a house may be running there.
    #[arg(long, default_value = ".data")]
    pub(crate) data: PathBuf,
    /// Only this campaign's.
    #[arg(long, value_name = "ID")]
    pub(crate) campaign: Option<CampaignId>,
    /// What a row is.
    #[arg(long = "type", value_enum, default_value_t = Kind::Clicks)]
    pub(crate) kind: Kind,
    /// How rows are written.
    #[arg(long, value_enum, default_value_t = Format::Csv)]
    pub(crate) format: Format,
    /// The file; what stands there is replaced when the export is whole.
    #[arg(long, value_name = "FILE")]
    pub(crate) out: PathBuf,
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
        return Err("must be longer than nothing".to_owned());
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
}
