//! Webhook secrets that a former platform key seals: sealed anew, whether or not anything is sent to them, so that it can go.

use domain::webhooks::secret::{SealingKey, SecretOwner};
use domain::webhooks::subscription::Subscription;
use runtime::{App, PlatformKeys};

/// Subscriptions of one key looked at in one run; the rest waits for the next minute.
const MOST: i32 = 200;

/// Seals anew what is not sealed with the key that seals now; looks at nothing else.
pub(crate) async fn former(app: &App) {
    let keys = match app.keys().await {
        Ok(keys) => keys,
        Err(error) => {
            return tracing::error!(error = &error as &dyn std::error::Error, "webhook secrets cannot be sealed again: no platform keys");
        }
    };
    let Some(current) = keys.sealing() else { return };
    for key_id in keys.previous().map(Some).chain([None]) {
        match app.store().subscriptions().sealed_with(key_id, MOST).await {
            Ok(found) => {
                for subscription in &found {
                    again(app, &keys, current, subscription).await;
                }
            }
            Err(error) => tracing::error!(key_id, error = &error as &dyn std::error::Error, "sealed secrets could not be looked for"),
        }
    }
}

/// Seals one subscription's secrets anew, unless its owner is changing them: then it is found again.
async fn again(app: &App, keys: &PlatformKeys, current: (&str, &SealingKey), subscription: &Subscription) {
    let place = SecretOwner { handle: &subscription.handle, subscription: subscription.id };
    let resealed = match subscription.secrets.resealed(place, |id| keys.opening(id), current, || app.random_bytes(), app.now()) {
        Ok(Some(secrets)) => app.store().subscriptions().reseal(&Subscription { secrets, ..subscription.clone() }).await.map(drop),
        Ok(None) => Ok(()),
        Err(error) => return tracing::error!(subscription.id = %subscription.id, %error, "a secret cannot be sealed anew"),
    };
    if let Err(error) = resealed {
        tracing::warn!(subscription.id = %subscription.id, error = &error as &dyn std::error::Error, "a secret could not be sealed anew");
    }
}
