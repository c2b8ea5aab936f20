//! What every handler has at hand: settings, the store, the keys, and the world's time and randomness as values.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use domain::burst::{Burst, Recent};
use domain::click::Click;
use domain::id::{ClickId, Id, Kind};
use domain::moment::Moment;
use store::Store;

use crate::jwt::Verifier;
use crate::keys::KeyChest;
use crate::settings::Settings;
use crate::{PlatformKeys, Problem};

/// Where the time comes from.
pub type Clock = Arc<dyn Fn() -> Moment + Send + Sync>;
/// Where randomness comes from: 128 fresh bits a call.
pub type Entropy = Arc<dyn Fn() -> u128 + Send + Sync>;

/// The state of one function; cheap to clone.
#[derive(Clone)]
pub struct App(Arc<Inner>);

struct Inner {
    settings: Settings,
    store: Store,
    clock: Clock,
    entropy: Entropy,
    verifier: Verifier,
    keys: KeyChest,
    recent_clicks: Mutex<Recent>,
}

impl App {
    /// Puts a function's state together; nothing is requested yet.
    pub fn new(settings: Settings, http: aws_smithy_runtime_api::client::http::SharedHttpClient, clock: Clock, entropy: Entropy) -> Self {
        let store = Store::connect(&settings.connection(http.clone()), settings.table.clone(), settings.queues.clone());
        let verifier = Verifier::new(&settings);
        let keys = KeyChest::new(&settings, http);
        Self(Arc::new(Inner { settings, store, clock, entropy, verifier, keys, recent_clicks: Mutex::default() }))
    }

    /// What the deployment sets.
    pub fn settings(&self) -> &Settings {
        &self.0.settings
    }

    /// The tables and queues.
    pub fn store(&self) -> &Store {
        &self.0.store
    }

    /// The present moment.
    pub fn now(&self) -> Moment {
        (self.0.clock)()
    }

    /// Fresh random bits.
    pub fn random(&self) -> u128 {
        (self.0.entropy)()
    }

    /// Fresh random bytes.
    pub fn random_bytes<const N: usize>(&self) -> [u8; N] {
        let mut bytes = [0; N];
        for chunk in bytes.chunks_mut(16) {
            let fresh = self.random().to_le_bytes();
            for (byte, fresh) in chunk.iter_mut().zip(fresh) {
                *byte = fresh;
            }
        }
        bytes
    }

    /// A fresh id.
    pub fn id<K: Kind>(&self) -> Id<K> {
        Id::new(self.now(), self.random())
    }

    /// The platform's keys, as fresh as five minutes.
    ///
    /// # Errors
    /// When they cannot be loaded and there are none from before.
    pub async fn keys(&self) -> Result<Arc<PlatformKeys>, Problem> {
        self.0.keys.get(self.now()).await
    }

    /// The platform's keys, loaded anew if they are older than some seconds: for a key id nobody knows yet.
    ///
    /// # Errors
    /// As [`App::keys`].
    pub async fn newer_keys(&self) -> Result<Arc<PlatformKeys>, Problem> {
        self.0.keys.get_newer(self.now()).await
    }

    /// Which of these clicks are in a burst, as far as this process has seen what is around them. Best effort: other
    /// processes see other clicks, and re-scoring sees them all.
    pub fn bursts_among<'a>(&self, clicks: impl IntoIterator<Item = &'a Click>) -> BTreeMap<ClickId, Burst> {
        self.0.recent_clicks.lock().unwrap_or_else(PoisonError::into_inner).notice(clicks, self.now())
    }

    pub(crate) fn verifier(&self) -> &Verifier {
        &self.0.verifier
    }
}
