//! The platform keys: ctx keys and those derived from the same secret.

use std::collections::BTreeMap;

use domain::clicks::ctx::{Keyring, ORIGIN_VERIFY};
use domain::values::secret::{MacKey, SecretText};
use domain::webhooks::secret::SealingKey;

mod cache;
mod secret;

pub(crate) use cache::KeyCache;
pub(crate) use secret::PlatformSecret;

/// Why the platform keys could not be loaded.
#[derive(Debug, thiserror::Error)]
pub enum KeysError {
    /// Secrets Manager could not be reached or refused.
    #[error("Secrets Manager: GetSecretValue failed")]
    Unavailable(#[source] Box<dyn std::error::Error + Send + Sync>),
    /// There is no secret, or it is not a document of keys.
    #[error("the platform secret is missing or invalid")]
    Invalid,
    /// They could not be loaded a moment ago, or not in the time there was.
    #[error("the platform keys are not loaded yet")]
    NotYet,
}

/// The keys of the platform secret.
#[derive(Debug)]
pub struct PlatformKeys {
    /// Seals and opens ctx.
    pub ring: Keyring,
    /// Hashes truncated addresses, a new key each day.
    pub address: MacKey,
    /// The secret the CDN sends to prove a request came through it.
    pub origin_verify: Option<SecretText>,
    /// Keys of webhook secrets by key id: the current one seals, all of them open.
    sealing: BTreeMap<String, SealingKey>,
    current: String,
}

impl PlatformKeys {
    pub(crate) fn read(document: &str) -> Option<Self> {
        let ring = Keyring::from_json(document).ok()?;
        let mut members: BTreeMap<String, String> = serde_json::from_str(document).ok()?;
        let current = members.remove("current")?;
        let origin_verify = members.remove(ORIGIN_VERIFY).map(SecretText::new);
        let address = MacKey::derive(members.get(&current)?.as_bytes(), "address");
        let sealing = members.into_iter().map(|(id, master)| (id, SealingKey::derive(master.as_bytes()))).collect();
        Some(Self { ring, address, origin_verify, sealing, current })
    }

    /// The key that seals webhook secrets, with its id.
    pub fn sealing(&self) -> Option<(&str, &SealingKey)> {
        self.sealing.get(&self.current).map(|key| (self.current.as_str(), key))
    }

    /// The ids of the keys that still open and no longer seal.
    pub fn previous(&self) -> impl Iterator<Item = &str> {
        self.sealing.keys().map(String::as_str).filter(|id| *id != self.current)
    }

    /// The key that opens what was sealed under this key id.
    pub fn opening(&self, id: &str) -> Option<&SealingKey> {
        self.sealing.get(id)
    }
}
