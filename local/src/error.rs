//! What can go wrong with a house.

use std::{io, path::PathBuf};

use domain::moment::Day;
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
    /// A function did not end well.
    #[error("{0} failed")]
    Failed(String),
    /// No house has lived here.
    #[error("{} holds no data of a house", .0.display())]
    Nothing(PathBuf),
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
    pub(crate) fn database(error: impl std::error::Error) -> Self {
        Self::Database(error.to_string())
    }

    pub(crate) fn keys(error: impl std::fmt::Display) -> Self {
        Self::Keys(error.to_string())
    }
}
