//! The headers of a message: its ids and its signatures.

use domain::values::moment::Moment;
use domain::webhooks::delivery::Delivery;
use domain::webhooks::headers::{BODY_SIGNATURE, STANDARD_SIGNATURE, of_message};
use domain::webhooks::secret::{SecretOwner, WebhookSecret};
use domain::webhooks::signature;
use http::HeaderMap;
use http::header::{HeaderName, HeaderValue};
use runtime::{App, KeysError, PlatformKeys};
use store::{Error, Result, SubscriptionWithHealth};

/// The live secrets; none when the platform key that opens them no longer exists.
pub(crate) async fn secrets(app: &App, known: &SubscriptionWithHealth) -> Result<Option<Vec<WebhookSecret>>> {
    let no_keys = |error: KeysError| Error::Damaged { key: "the platform secret".to_owned(), what: error.to_string() };
    let now = app.now();
    let place = SecretOwner { handle: &known.subscription.handle, subscription: known.subscription.id };
    let opened = |keys: &PlatformKeys| known.subscription.secrets.live(place, |id| keys.opening(id), now);
    let opened = match opened(&*app.keys().await.map_err(no_keys)?) {
        Ok(secrets) => Ok(secrets),
        // Sealed with a key that is newer than the cached ones.
        Err(_) => opened(&*app.newer_keys().await.map_err(no_keys)?),
    };
    if let Err(error) = &opened {
        tracing::error!(subscription.id = %known.subscription.id, %error, "message cannot be signed");
    }
    Ok(opened.ok())
}

/// The headers that identify a message and prove its origin.
pub(crate) fn headers(delivery: &Delivery, secrets: &[WebhookSecret], text: &str, now: Moment) -> HeaderMap {
    // This header has one value: the oldest live secret signs it, for receivers that do not have the new secret yet.
    let of_body = secrets.last().map(|secret| signature::of_body(secret, text.as_bytes())).unwrap_or_default();
    let signatures =
        [(STANDARD_SIGNATURE, signature::standard(secrets, delivery.event_id, now, text.as_bytes())), (BODY_SIGNATURE, of_body)];
    let mut headers = HeaderMap::new();
    for (name, value) in of_message(delivery, delivery.attempt, Some(now)).into_iter().chain(signatures) {
        if let Ok(value) = HeaderValue::from_str(&value) {
            headers.insert(HeaderName::from_static(name), value);
        }
    }
    headers
}
