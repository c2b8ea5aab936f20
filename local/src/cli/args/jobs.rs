//! Arguments of the jobs.

use std::path::PathBuf;

use clap::Args;
use domain::{
    values::moment::Day,
    values::name::{CampaignId, Handle},
};
use local::jobs::{
    Deployment, Place,
    export::{ExportFormat, RowType},
    trace::TraceId,
};

/// Where the data of a job is.
#[derive(Args)]
pub(in crate::cli) struct PlaceArgs {
    /// The data directory; a server may be running on it.
    #[arg(long, default_value = ".data")]
    data: PathBuf,
    /// The table of a deployment on AWS, in place of a data directory: the output TableName of its stack.
    #[arg(long, value_name = "NAME", conflicts_with = "data")]
    table: Option<String>,
    /// Its region [default: that of the profile].
    #[arg(long, requires = "table")]
    region: Option<String>,
    /// The profile of ~/.aws with the credentials [default: what the AWS CLI uses].
    #[arg(long, value_name = "NAME", requires = "table")]
    profile: Option<String>,
}

impl PlaceArgs {
    /// The place they name.
    pub(in crate::cli) fn place(&self) -> Place {
        match &self.table {
            Some(table) => Place::Aws(Deployment { table: table.clone(), region: self.region.clone(), profile: self.profile.clone() }),
            None => Place::Directory(self.data.clone()),
        }
    }
}

#[derive(Args)]
pub(in crate::cli) struct TraceArgs {
    /// The conversion, cnv_…, or the request that posted it, req_… (requestId and x-request-id of the answer).
    pub(in crate::cli) id: TraceId,
    /// Only this handle; all handles when absent.
    #[arg(long)]
    pub(in crate::cli) handle: Option<Handle>,
    #[command(flatten)]
    pub(in crate::cli) place: PlaceArgs,
}

#[derive(Args)]
pub(in crate::cli) struct OutboxArgs {
    /// Give every entry back to the sweeper, after its cause is repaired.
    #[arg(long, conflicts_with = "drop")]
    pub(in crate::cli) retry: bool,
    /// Take the entry with this partition key out of the outbox without processing it: what it stands for is never counted or sent.
    #[arg(long, value_name = "PK")]
    pub(in crate::cli) drop: Option<String>,
    #[command(flatten)]
    pub(in crate::cli) place: PlaceArgs,
}

#[derive(Args)]
pub(in crate::cli) struct DeadLettersArgs {
    /// Show the first hundred messages of a queue: clicks, events, click-events, deliveries or retries.
    #[arg(long, value_name = "QUEUE", conflicts_with = "redrive")]
    pub(in crate::cli) show: Option<String>,
    /// Move every message back to its queue, after its cause is repaired.
    #[arg(long, value_name = "QUEUE")]
    pub(in crate::cli) redrive: Option<String>,
    /// The stack on AWS [default: the one in the name of its table].
    #[arg(long, value_name = "NAME", requires = "table")]
    pub(in crate::cli) stack: Option<String>,
    #[command(flatten)]
    pub(in crate::cli) place: PlaceArgs,
}

#[derive(Args)]
pub(in crate::cli) struct JobArgs {
    /// The first day, in UTC, such as 2026-03-01.
    #[arg(long, value_name = "DAY")]
    pub(in crate::cli) from: Day,
    /// The last day.
    #[arg(long, value_name = "DAY")]
    pub(in crate::cli) to: Day,
    /// Only this handle; all handles when absent.
    #[arg(long)]
    pub(in crate::cli) handle: Option<Handle>,
    #[command(flatten)]
    pub(in crate::cli) place: PlaceArgs,
}

#[derive(Args)]
pub(in crate::cli) struct ExportArgs {
    /// The handle.
    #[arg(long)]
    pub(in crate::cli) handle: Handle,
    /// The first day, in UTC, such as 2026-03-01.
    #[arg(long, value_name = "DAY")]
    pub(in crate::cli) from: Day,
    /// The last day.
    #[arg(long, value_name = "DAY")]
    pub(in crate::cli) to: Day,
    #[command(flatten)]
    pub(in crate::cli) place: PlaceArgs,
    /// Only this campaign's rows.
    #[arg(long, value_name = "ID")]
    pub(in crate::cli) campaign: Option<CampaignId>,
    /// What a row is.
    #[arg(long = "type", value_enum, default_value_t = RowType::Clicks)]
    pub(in crate::cli) kind: RowType,
    /// The file format.
    #[arg(long, value_enum, default_value_t = ExportFormat::Csv)]
    pub(in crate::cli) format: ExportFormat,
    /// The file; an existing one is replaced when the export is complete.
    #[arg(long, value_name = "FILE")]
    pub(in crate::cli) out: PathBuf,
}
