//! What can go wrong below: the services cannot be reached, or an item is not what it should be.

use aws_smithy_runtime_api::client::result::SdkError;

/// Shorthand.
pub type Result<T> = std::result::Result<T, Error>;

/// A failure of the store; a condition that did not hold is an outcome, not an error.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// A service did not answer, refused for load, or answered with an error.
    #[error("{operation} failed")]
    Unavailable {
        /// Which call.
        operation: &'static str,
        /// What it said.
        #[source]
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// Too many writers at once wanted the same items; trying again will do.
    #[error("{0} met too many concurrent writers")]
    Contended(&'static str),
    /// A stored item cannot be read.
    #[error("item {key} is damaged: {what}")]
    Damaged {
        /// Its key.
        key: String,
        /// What is wrong with it.
        what: String,
    },
    /// The caller's cursor is not one of the list it is used on.
    #[error("the cursor is not one of this list")]
    ForeignCursor,
    /// This function was not given the queue.
    #[error("no address is configured for the {0} queue")]
    NoQueue(&'static str),
}

impl Error {
    /// Wraps what the SDK said of a call.
    pub(crate) fn call<E, R>(operation: &'static str) -> impl FnOnce(SdkError<E, R>) -> Self
    where
        E: std::error::Error + Send + Sync + 'static,
        R: std::fmt::Debug + Send + Sync + 'static,
    {
        move |source| Self::Unavailable { operation, source: Box::new(source) }
    }
}
