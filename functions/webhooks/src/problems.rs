//! Errors that several webhook endpoints return.

use api::Problem;

/// 404: the handle has no such subscription.
pub(crate) fn no_subscription() -> Problem {
    Problem::not_found("webhook subscription")
}

/// 500: the platform secret has no current key to seal webhook secrets with.
pub(crate) fn no_sealing_key() -> Problem {
    Problem::internal(std::io::Error::other("the platform secret has no current key"))
}
