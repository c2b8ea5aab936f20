//! Errors of the local server and its jobs.

use std::{
    io,
    net::IpAddr,
    path::{Path, PathBuf},
};

use domain::{values::moment::Day, values::name::Handle};
use rustack_sqs_model::error::SqsError;

use crate::template;

/// Why a local server could not be opened or used, or a job could not run.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The template cannot be used.
    #[error(transparent)]
    Template(#[from] template::TemplateError),
    /// Disk or network.
    #[error(transparent)]
    Io(#[from] io::Error),
    /// Disk or network, with the file or port concerned.
    #[error("{at}: {source}")]
    At {
        /// The file or port.
        at: String,
        /// The operating system's error.
        source: io::Error,
    },
    /// The embedded DynamoDB refused a request.
    #[error("DynamoDB: {0}")]
    Database(String),
    /// The database's file is not what SQLite writes.
    #[error(
        "{} is damaged ({finding}): restore the data directory from a backup, or use another one with --data",
        .path.display()
    )]
    DamagedDatabase {
        /// The file.
        path: PathBuf,
        /// What SQLite says about it.
        finding: String,
    },
    /// The embedded SQS refused a request.
    #[error("SQS: {}", .0.message)]
    Queues(#[from] SqsError),
    /// A queue cannot be reached, or refused a request.
    #[error(
        "SQS: {0}; is the server running, or do the credentials allow it? What was done so far stays done, and the command may be repeated"
    )]
    QueueCall(String),
    /// No queue of this name has dead letters.
    #[error("{name} has no dead letters; those that have are {names}")]
    NoDeadLetters {
        /// What was asked for.
        name: String,
        /// What there is.
        names: String,
    },
    /// SQS did not take messages that were to be moved back.
    #[error("SQS did not take {0} of the messages; they are visible again after a minute, then repeat the command")]
    NotRedriven(usize),
    /// Another server uses this data directory.
    #[error("{} is in use by another process", .0.display())]
    InUse(PathBuf),
    /// The template has no such function or queue.
    #[error("template has no {0}")]
    Unknown(String),
    /// The data was written by a version with another layout.
    #[error(
        "the data was written by version 0.1, which stored reports in another form, and is not converted; start with another --data \
         directory, or remove this one"
    )]
    OtherVersion,
    /// No entry of the outbox with this partition key is set aside.
    #[error("no entry {0} is set aside; `outbox` lists those that are")]
    NotSetAside(String),
    /// The deployment on AWS cannot be reached.
    #[error("AWS: {0}")]
    Aws(String),
    /// A table's name does not say which stack it is of.
    #[error("the name of the table {0} does not begin with that of its stack: give --stack")]
    NoStack(String),
    /// No conversion has this id, or was posted by this request.
    #[error("no conversion has this id or was posted by this request")]
    NotTraced,
    /// A function was mounted twice.
    #[error("{0} is mounted already")]
    AlreadyMounted(String),
    /// A function's environment is invalid.
    #[error("{function}: {source}")]
    Settings {
        /// The function.
        function: String,
        /// What is wrong.
        source: runtime::InvalidSettings,
    },
    /// A function or a step of the server failed.
    #[error("{0} failed")]
    Failed(String),
    /// No server has stored data here.
    #[error("{} is no data directory of a local server", .0.display())]
    NoData(PathBuf),
    /// No server has created keys here.
    #[error("{} contains no keys; the first start of a server creates them", .0.display())]
    NoKeys(PathBuf),
    /// The file of platform keys is not what a server writes.
    #[error(
        "{} is damaged: restore it from a backup. Without its keys, context tokens handed out so far become invalid and stored webhook \
         secrets unreadable; to accept that, delete it, and the next start creates new keys",
        .0.display()
    )]
    DamagedKeys(PathBuf),
    /// The file of the access tokens' key is not what a server writes.
    #[error(
        "{} is damaged: restore it from a backup. Without it the access tokens handed out so far become invalid; to accept that, delete \
         it, and the next start creates a new key",
        .0.display()
    )]
    DamagedTokenKey(PathBuf),
    /// No such handle.
    #[error("there is no handle {0}")]
    NoHandle(Handle),
    /// The handle of the demo month exists.
    #[error("the handle {0} exists already; --replace removes it and fills it again, --handle names another one")]
    HandleExists(Handle),
    /// An event has placeholders without a value.
    #[error("{at} needs a value for {}: give each with --set NAME=VALUE", .names.join(", "))]
    Placeholders {
        /// The event's file.
        at: String,
        /// Their names.
        names: Vec<String>,
    },
    /// The first day is after the last.
    #[error("{from} is after {to}")]
    Days {
        /// The first.
        from: Day,
        /// The last.
        to: Day,
    },
    /// A function refused a job's request.
    #[error("refused: {0}")]
    Refused(String),
    /// Counters differ from the raw records they were made of.
    #[error("{0} counters have drifted from their raw records")]
    Drift(usize),
    /// Records were accepted too long ago and are not counted.
    #[error("{records} accepted records are not counted, the oldest for {minutes} minutes; let the server run, then look at its log")]
    Uncounted {
        /// How many.
        records: u64,
        /// Since when, in minutes.
        minutes: i64,
    },
    /// A key that would be removed still seals webhook secrets.
    #[error("webhook secrets are still sealed with the key that would be removed; let the server run for some minutes first")]
    StillSealed,
    /// A key or token cannot be created or read.
    #[error("keys: {0}")]
    Keys(String),
}

impl Error {
    /// Adds the file to an I/O error.
    pub fn on(path: &Path) -> impl FnOnce(io::Error) -> Self {
        move |source| Self::At { at: path.display().to_string(), source }
    }

    /// Adds the address to an I/O error.
    pub fn on_address(address: IpAddr) -> impl Fn(io::Error) -> Self {
        move |source| Self::At { at: format!("address {address}"), source }
    }

    /// Adds the port to an I/O error.
    pub fn on_port(port: u16) -> impl FnOnce(io::Error) -> Self {
        move |source| Self::At { at: format!("port {port}"), source }
    }

    /// Adds the function to an error of its settings.
    pub fn settings(function: &str) -> impl FnOnce(runtime::InvalidSettings) -> Self {
        let function = function.to_owned();
        move |source| Self::Settings { function, source }
    }

    pub(crate) fn database(error: impl std::error::Error) -> Self {
        Self::Database(error.to_string())
    }

    /// With its causes: the store's own error names the call only.
    pub(crate) fn queues(error: impl std::error::Error) -> Self {
        let mut text = error.to_string();
        let mut source = error.source();
        while let Some(cause) = source {
            text = format!("{text}: {cause}");
            source = cause.source();
        }
        Self::QueueCall(text)
    }

    pub(crate) fn keys(error: impl std::fmt::Display) -> Self {
        Self::Keys(error.to_string())
    }
}
