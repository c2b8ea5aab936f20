//! Opening context tokens, and the error for one that is refused.

use api::{ApiState, Problem};
use domain::clicks::ctx::{Claims, Rejected};

/// Opens a token. A key id that is unknown here may have been published a moment ago: then the keys are loaded again.
///
/// # Errors
/// When the platform keys cannot be loaded.
pub(crate) async fn open(app: &ApiState, token: &str) -> Result<Result<Claims, Rejected>, Problem> {
    let now = app.now();
    match app.keys().await?.ring.open(token, now) {
        Err(Rejected::UnknownKey) => Ok(app.newer_keys().await?.ring.open(token, now)),
        other => Ok(other),
    }
}

/// The message for the field `ctx`: what the sender of a refused token can do about it.
pub(crate) fn refusal(token: &str, rejected: Rejected) -> String {
    if token.is_empty() { "is required".to_owned() } else { format!("is refused: {rejected}; take a fresh one from the redirect") }
}
