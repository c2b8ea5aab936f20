//! What can go wrong with a server.

use std::{
    io,
    path::{Path, PathBuf},
};

use domain::{values::moment::Day, values::name::Handle};
use rustack_sqs_model::error::SqsError;

use crate::template;

/// Why a house could not be opened or used.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The template cannot be used.
    #[error(transparent)]
    Template(#[from] template::Error),
    /// Disk or network.
    #[error(transparent)]
    Io(#[from] io::Error),
    /// Disk or network, and the file or port that was asked for.
    #[error("{at}: {source}")]
    At {
        /// The file or port.
        at: String,
        /// What became of it.
        source: io::Error,
    },
    /// The embedded DynamoDB refused.
    #[error("DynamoDB: {0}")]
    Database(String),
    /// The embedded SQS refused.
    #[error("SQS: {}", .0.message)]
    Queues(#[from] SqsError),
    /// Another house lives here.
    #[error("{} is in use by another process", .0.display())]
    InUse(PathBuf),
    /// The template has nothing of this name.
    #[error("template has no {0}")]
    Unknown(String),
    /// A room has its code already.
    #[error("{0} is mounted already")]
    Taken(String),
    /// A function's environment is invalid.
    #[error("{function}: {source}")]
    Settings {
        /// The function.
        function: String,
        /// What is wrong.
        source: runtime::InvalidSettings,
    },
    /// A function did not end well.
    #[error("{0} failed")]
    Failed(String),
    /// No house has lived here.
    #[error("{} holds no data of a house", .0.display())]
    Nothing(PathBuf),
    /// No house has made keys here.
    #[error("{} holds no keys of a server; the first start of one makes them", .0.display())]
    NoKeys(PathBuf),
    /// No such handle.
    #[error("there is no handle {0}")]
    NoHandle(Handle),
    /// Days the wrong way round.
    #[error("{from} is after {to}")]
    Days {
        /// The first.
        from: Day,
        /// The last.
        to: Day,
    },
    /// The function that was asked said no.
    #[error("refused: {0}")]
    Refused(String),
    /// Counters are not what their raw records make them.
    #[error("{0} counters have drifted from their raw records")]
    Drift(usize),
    /// A key still seals what would be lost with it.
    #[error("webhook secrets are still sealed with the key that would go; let the house run for some minutes first")]
    StillSealed,
    /// A key or token cannot be made or read.
    #[error("keys: {0}")]
    Keys(String),
}

impl Error {
    /// Says of which file something was wanted that failed.
    pub fn on(path: &Path) -> impl FnOnce(io::Error) -> Self {
        move |source| Self::At { at: path.display().to_string(), source }
    }

    /// Says of which port something was wanted that failed.
    pub fn on_port(port: u16) -> impl FnOnce(io::Error) -> Self {
        move |source| Self::At { at: format!("port {port}"), source }
    }

    /// Says which function's settings are invalid.
    pub fn settings(function: &str) -> impl FnOnce(runtime::InvalidSettings) -> Self {
        let function = function.to_owned();
        move |source| Self::Settings { function, source }
    }

    pub(crate) fn database(error: impl std::error::Error) -> Self {
        Self::Database(error.to_string())
    }

    pub(crate) fn keys(error: impl std::fmt::Display) -> Self {
        Self::Keys(error.to_string())
    }
}
