//! Opening context tokens, and the error for one that is refused.

use api::{ApiState, Problem};
use domain::clicks::ctx::{CtxClaims, CtxRejected};

/// Opens a token. A key id that is unknown here may have been published a moment ago: then the keys are loaded again.
///
/// # Errors
/// When the platform keys cannot be loaded.
pub(crate) async fn open(app: &ApiState, token: &str) -> Result<Result<CtxClaims, CtxRejected>, Problem> {
    let now = app.now();
    match app.keys().await?.ring.open(token, now) {
        Err(CtxRejected::UnknownKey) => Ok(app.newer_keys().await?.ring.open(token, now)),
        other => Ok(other),
    }
}

/// The message for the field `ctx`: what the sender of a refused token can do about it.
pub(crate) fn refusal(token: &str, rejected: CtxRejected) -> String {
    if token.is_empty() { "is required".to_owned() } else { format!("is refused: {rejected}; take a fresh one from the redirect") }
}
