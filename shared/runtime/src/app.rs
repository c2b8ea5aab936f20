//! The state of one function: settings, store, platform keys, clock and randomness.

use std::sync::Arc;

use aws_smithy_runtime_api::client::http::SharedHttpClient;
use domain::values::id::{Id, IdKind};
use domain::values::moment::Moment;
use domain::webhooks::endpoint::Egress;
use store::Store;

use crate::keys::{KeyCache, KeysError, PlatformKeys, PlatformSecret};
use crate::settings::Settings;

/// Where the time comes from.
pub type Clock = Arc<dyn Fn() -> Moment + Send + Sync>;
/// Where randomness comes from: 128 fresh bits a call.
pub type Entropy = Arc<dyn Fn() -> u128 + Send + Sync>;

/// What no program has of itself: the time and randomness. Cheap to clone.
#[derive(Clone)]
pub struct Inputs {
    clock: Clock,
    entropy: Entropy,
}

impl Inputs {
    /// From this clock and this randomness.
    pub fn new(clock: Clock, entropy: Entropy) -> Self {
        Self { clock, entropy }
    }

    /// The present moment.
    pub fn now(&self) -> Moment {
        (self.clock)()
    }

    /// Fresh random bits.
    pub fn random(&self) -> u128 {
        (self.entropy)()
    }

    /// A fresh id.
    pub fn id<K: IdKind>(&self) -> Id<K> {
        Id::new(self.now(), self.random())
    }
}

/// The state of one function; cheap to clone.
#[derive(Clone)]
pub struct App(Arc<Inner>);

struct Inner {
    settings: Settings,
    store: Store,
    inputs: Inputs,
    keys: KeyCache<PlatformSecret>,
}

impl App {
    /// Builds a function's state; nothing is requested yet.
    pub fn new(settings: Settings, http: SharedHttpClient, clock: Clock, entropy: Entropy) -> Self {
        let store = Store::connect(&settings.connection(http.clone()), settings.table.clone(), settings.queues.clone());
        let keys = KeyCache::new(PlatformSecret::new(&settings, http));
        Self(Arc::new(Inner { settings, store, inputs: Inputs::new(clock, entropy), keys }))
    }

    /// What the deployment sets.
    pub fn settings(&self) -> &Settings {
        &self.0.settings
    }

    /// Which networks webhooks may reach.
    pub fn egress(&self) -> Egress {
        self.0.settings.egress
    }

    /// The table and queues.
    pub fn store(&self) -> &Store {
        &self.0.store
    }

    /// The clock and the randomness.
    pub fn inputs(&self) -> &Inputs {
        &self.0.inputs
    }

    /// The present moment.
    pub fn now(&self) -> Moment {
        self.0.inputs.now()
    }

    /// Fresh random bits.
    pub fn random(&self) -> u128 {
        self.0.inputs.random()
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
    pub fn id<K: IdKind>(&self) -> Id<K> {
        self.0.inputs.id()
    }

    /// The platform's keys. After five minutes one request reloads them; while that takes long or fails, the old ones are used.
    ///
    /// # Errors
    /// When there are none yet and they cannot be loaded.
    pub async fn keys(&self) -> Result<Arc<PlatformKeys>, KeysError> {
        self.0.keys.get(self.now()).await
    }

    /// The platform's keys, for a request that goes on without them: waits at most 300 ms for the first ones.
    ///
    /// # Errors
    /// When there are none yet and they cannot be loaded in that time.
    pub async fn keys_soon(&self) -> Result<Arc<PlatformKeys>, KeysError> {
        self.0.keys.get_soon(self.now()).await
    }

    /// The platform's keys, reloaded if they are older than ten seconds: for a key id the cached ones lack.
    ///
    /// # Errors
    /// As [`App::keys`].
    pub async fn newer_keys(&self) -> Result<Arc<PlatformKeys>, KeysError> {
        self.0.keys.get_newer(self.now()).await
    }
}
