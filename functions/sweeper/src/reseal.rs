//! Webhook secrets that a former platform key seals: sealed anew, whether or not anything is sent to them, so that it can go.

use domain::webhook::secret::{Place, SealingKey};
use domain::webhook::subscription::Subscription;
use edge::{App, PlatformKeys};

/// Subscriptions of one key looked at in one run; the rest waits for the next minute.
const MOST: i32 = 200;

/// Seals anew what is not sealed with the key that seals now; looks at nothing else.
pub(crate) async fn former(app: &App) {
    let keys = match app.keys().await {
        Ok(keys) => keys,
        Err(problem) => return tracing::error!(cause = problem.causes(), "webhook secrets cannot be sealed anew"),
    };
    let Some(current) = keys.sealing() else { return };
    for key_id in keys.former().map(Some).chain([None]) {
        match app.store().sealed_with(key_id, MOST).await {
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
    let place = Place { handle: &subscription.handle, subscription: subscription.id };
    let resealed = match subscription.secrets.resealed(place, |id| keys.opening(id), current, || app.random_bytes(), app.now()) {
        Ok(Some(secrets)) => app.store().reseal_subscription(&Subscription { secrets, ..subscription.clone() }).await.map(drop),
        Ok(None) => Ok(()),
        Err(error) => return tracing::error!(subscription.id = %subscription.id, %error, "a secret cannot be sealed anew"),
    };
    if let Err(error) = resealed {
        tracing::warn!(subscription.id = %subscription.id, error = &error as &dyn std::error::Error, "a secret could not be sealed anew");
    }
}
