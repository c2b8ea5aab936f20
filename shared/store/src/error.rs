//! Errors of the store.

use std::sync::Arc;

use aws_smithy_runtime_api::client::result::SdkError;

/// A result of the store.
pub type Result<T> = std::result::Result<T, Error>;

/// A failure of the store; a condition that did not hold is an outcome, not an error.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// A service did not respond, throttled the call, or returned an error.
    #[error("{operation} failed")]
    Unavailable {
        /// The AWS operation.
        operation: &'static str,
        /// The SDK's error.
        #[source]
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// Concurrent writers held the same items for all attempts of the named AWS operation; a later call can succeed.
    #[error("{0} met too many concurrent writers")]
    Contended(&'static str),
    /// DynamoDB does not accept what was sent, however often it is sent.
    #[error("{operation} was not accepted: {what}")]
    NotAccepted {
        /// The AWS operation.
        operation: &'static str,
        /// What DynamoDB says.
        what: String,
    },
    /// A stored item cannot be decoded.
    #[error("item {key} is damaged: {what}")]
    Damaged {
        /// Its partition key, as log lines have it.
        key: String,
        /// What is wrong with it.
        what: String,
    },
    /// The caller's cursor is not one of the list it is used with.
    #[error("the cursor is not one of this list")]
    ForeignCursor,
    /// No address of the named queue is configured for this function.
    #[error("no address is configured for the {0} queue")]
    NoQueue(&'static str),
}

impl Error {
    /// The error itself where it is not shared, else one with it as the source.
    pub(crate) fn of_shared(error: Arc<Self>) -> Self {
        Arc::try_unwrap(error).unwrap_or_else(|shared| Self::Unavailable { operation: "TransactWriteItems", source: Box::new(shared) })
    }

    /// Wraps the SDK's error of a call.
    pub(crate) fn call<E, R>(operation: &'static str) -> impl FnOnce(SdkError<E, R>) -> Self
    where
        E: std::error::Error + Send + Sync + 'static,
        R: std::fmt::Debug + Send + Sync + 'static,
    {
        move |source| Self::Unavailable { operation, source: Box::new(source) }
    }
}
