//! Opening context tokens, and the error for one that is refused.

use api::{ApiState, Problem};
use domain::clicks::ctx::{CtxClaims, CtxRejected};
use domain::values::name::Handle;

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

/// Lets a token of a handle pass that is there.
///
/// # Errors
/// 404 when the handle is deleted; when the table cannot be reached.
pub(crate) async fn require_open(app: &ApiState, handle: &Handle) -> Result<(), Problem> {
    if app.store().profiles().is_open(handle, app.now()).await? { Ok(()) } else { Err(Problem::unknown_handle()) }
}

/// The message for the field `ctx`: what the sender of a refused token can do about it.
pub(crate) fn refusal(token: &str, rejected: CtxRejected) -> String {
    if token.is_empty() { "is required".to_owned() } else { format!("is refused: {rejected}; take a fresh one from the redirect") }
}
