//! Re-sealing of webhook secrets with the current platform key, so that previous keys can be removed.

use domain::webhooks::secret::{SealingKey, SecretOwner};
use domain::webhooks::subscription::Subscription;
use runtime::{App, PlatformKeys};

/// Subscriptions of one key processed in one run; the rest follows in the next one.
const MAX_SUBSCRIPTIONS: usize = 200;

/// Re-seals every secret that is not sealed with the current key.
pub(crate) async fn reseal_previous_keys(app: &App) {
    let keys = match app.keys().await {
        Ok(keys) => keys,
        Err(error) => {
            return tracing::error!(error = &error as &dyn std::error::Error, "webhook secrets cannot be re-sealed without platform keys");
        }
    };
    let Some(current) = keys.sealing() else { return };
    for key_id in keys.previous().map(Some).chain([None]) {
        match app.store().subscriptions().sealed_with(key_id, MAX_SUBSCRIPTIONS).await {
            Ok(found) => {
                for subscription in &found {
                    reseal_one(app, &keys, current, subscription).await;
                }
            }
            Err(error) => tracing::error!(key_id, error = &error as &dyn std::error::Error, "sealed secrets could not be listed"),
        }
    }
}

/// Re-seals one subscription's secrets. When its owner changes them concurrently, the next run finds it again.
async fn reseal_one(app: &App, keys: &PlatformKeys, current: (&str, &SealingKey), subscription: &Subscription) {
    let place = SecretOwner { handle: &subscription.handle, subscription: subscription.id };
    let resealed = match subscription.secrets.resealed(place, |id| keys.opening(id), current, || app.random_bytes(), app.now()) {
        Ok(Some(secrets)) => app.store().subscriptions().reseal(&Subscription { secrets, ..subscription.clone() }).await.map(drop),
        Ok(None) => Ok(()),
        Err(error) => return tracing::error!(subscription.id = %subscription.id, %error, "secret cannot be re-sealed"),
    };
    if let Err(error) = resealed {
        tracing::warn!(subscription.id = %subscription.id, error = &error as &dyn std::error::Error, "secret could not be re-sealed");
    }
}
