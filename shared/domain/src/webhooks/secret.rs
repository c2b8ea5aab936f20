//! The secrets a subscription's messages are signed with: returned once, stored encrypted, rotated with an overlap (specification
//! §10; Standard Webhooks 1.0.0).

use std::str::FromStr;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use chacha20poly1305::aead::{Aead, KeyInit, Payload};
use chacha20poly1305::{XChaCha20Poly1305, XNonce};
use serde::{Deserialize, Serialize};

use crate::values::id::SubscriptionId;
use crate::values::moment::Moment;
use crate::values::name::Handle;
use crate::values::secret::{MacKey, SecretText};

const PREFIX: &str = "whsec_";
/// Bytes of a nonce: long enough for every one to be random (XChaCha20).
const NONCE: usize = 24;
/// Previous secrets that may still sign.
const MAX_PREVIOUS: usize = 2;

/// The longest overlap of two secrets, in seconds: a week.
pub const MAX_OVERLAP_SECS: i64 = 604_800;
/// The overlap when none is requested, in seconds: a day.
pub const DEFAULT_OVERLAP_SECS: i64 = 86_400;

/// A secret as it is returned to its owner once: `whsec_` and the base64 of 32 bytes.
#[derive(Clone, Debug)]
pub struct WebhookSecret(SecretText);

impl WebhookSecret {
    /// The secret made of these random bytes.
    pub fn of_bytes(bytes: [u8; 32]) -> Self {
        Self(SecretText::new(format!("{PREFIX}{}", STANDARD.encode(bytes))))
    }

    /// The text, for the one answer that contains it and for signing.
    pub fn expose(&self) -> &str {
        self.0.expose()
    }

    /// The bytes encoded in it.
    pub fn bytes(&self) -> Vec<u8> {
        self.expose().strip_prefix(PREFIX).and_then(|text| STANDARD.decode(text).ok()).unwrap_or_default()
    }
}

impl FromStr for WebhookSecret {
    type Err = InvalidSecret;

    fn from_str(text: &str) -> Result<Self, InvalidSecret> {
        let bytes = text.strip_prefix(PREFIX).and_then(|base64| STANDARD.decode(base64).ok());
        bytes.and_then(|bytes| bytes.try_into().ok()).map(Self::of_bytes).ok_or(InvalidSecret)
    }
}

/// The text is not a secret.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("must be {PREFIX} and the base64 of 32 bytes, as it was returned when the subscription was created")]
pub struct InvalidSecret;

/// The key that encrypts secrets, derived from a platform key.
#[derive(Clone)]
pub struct SealingKey(XChaCha20Poly1305);

impl SealingKey {
    /// Derives the key from a master secret.
    pub fn derive(master: &[u8]) -> Self {
        let key = MacKey::derive(master, "webhook-secrets").tag(&[b"xchacha20poly1305"]);
        Self(XChaCha20Poly1305::new(&key.into()))
    }
}

impl std::fmt::Debug for SealingKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("***")
    }
}

/// The subscription a sealed secret is bound to; copied to another one it does not open.
#[derive(Clone, Copy, Debug)]
pub struct SecretOwner<'a> {
    /// Owning handle.
    pub handle: &'a Handle,
    /// The subscription.
    pub subscription: SubscriptionId,
}

impl SecretOwner<'_> {
    fn bound_to(&self, version: u32) -> Vec<u8> {
        format!("{}|{}|{version}", self.handle, self.subscription).into_bytes()
    }
}

/// A secret as it is stored: encrypted.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct SealedSecret {
    version: u32,
    /// The platform key it was sealed with.
    key_id: String,
    /// Nonce and ciphertext, base64.
    sealed: String,
    created_at: Moment,
    /// From this moment on it does not sign.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    expires_at: Option<Moment>,
}

/// A secret cannot be opened: it belongs to another subscription, or the platform key is gone.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a webhook secret cannot be opened")]
pub struct CannotOpenSecret;

/// There are as many previous secrets as allowed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{MAX_PREVIOUS} previous secrets still sign; the first of them ends at {until}")]
pub struct TooManySecrets {
    /// When the first of them expires.
    pub until: Moment,
}

/// The secrets of one subscription, newest first.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct WebhookSecrets(Vec<SealedSecret>);

impl WebhookSecrets {
    /// The first secret of a subscription.
    pub fn first(secret: &WebhookSecret, owner: SecretOwner<'_>, key: (&str, &SealingKey), nonce: [u8; NONCE], now: Moment) -> Self {
        Self(vec![seal(secret, owner, 1, key, nonce, now)])
    }

    /// With a new secret in front; the one before continues to sign for `overlap_secs` seconds. With 0, as after a leak, every
    /// previous secret ends at once.
    ///
    /// # Errors
    /// When two previous secrets still sign, unless they end too.
    pub fn rotated(
        &self,
        secret: &WebhookSecret,
        owner: SecretOwner<'_>,
        key: (&str, &SealingKey),
        nonce: [u8; NONCE],
        overlap_secs: i64,
        now: Moment,
    ) -> Result<Self, TooManySecrets> {
        let is_live = |sealed: &&SealedSecret| sealed.expires_at.is_none_or(|until| now < until);
        let mut live: Vec<SealedSecret> = self.0.iter().filter(is_live).filter(|_| overlap_secs > 0).cloned().collect();
        if live.len() > MAX_PREVIOUS {
            let until = live.iter().filter_map(|sealed| sealed.expires_at).min().unwrap_or(now);
            return Err(TooManySecrets { until });
        }
        let version = self.0.first().map_or(0, |newest| newest.version) + 1;
        if let Some(newest) = live.first_mut() {
            newest.expires_at = Some(now.plus_secs(overlap_secs));
        }
        live.insert(0, seal(secret, owner, version, key, nonce, now));
        Ok(Self(live))
    }

    /// The secrets that sign at this moment, newest first.
    ///
    /// # Errors
    /// When one of them cannot be opened.
    pub fn live<'k>(
        &self,
        owner: SecretOwner<'_>,
        key: impl Fn(&str) -> Option<&'k SealingKey>,
        now: Moment,
    ) -> Result<Vec<WebhookSecret>, CannotOpenSecret> {
        let is_live = |sealed: &&SealedSecret| sealed.expires_at.is_none_or(|until| now < until);
        self.0.iter().filter(is_live).map(|sealed| open(sealed, owner, key(&sealed.key_id).ok_or(CannotOpenSecret)?)).collect()
    }

    /// The id of the platform key all of them are encrypted with; none when there are several.
    pub fn key_id(&self) -> Option<&str> {
        let (newest, previous) = self.0.split_first()?;
        previous.iter().all(|sealed| sealed.key_id == newest.key_id).then_some(&newest.key_id)
    }

    /// The secrets that still sign, all encrypted with the current key; none when they already are.
    ///
    /// # Errors
    /// When one of them cannot be opened.
    pub fn resealed<'k>(
        &self,
        owner: SecretOwner<'_>,
        key: impl Fn(&str) -> Option<&'k SealingKey>,
        current: (&str, &SealingKey),
        mut nonce: impl FnMut() -> [u8; NONCE],
        now: Moment,
    ) -> Result<Option<Self>, CannotOpenSecret> {
        if self.key_id() == Some(current.0) {
            return Ok(None);
        }
        let is_live = |sealed: &&SealedSecret| sealed.expires_at.is_none_or(|until| now < until);
        let mut reseal = |before: &SealedSecret| {
            let secret = open(before, owner, key(&before.key_id).ok_or(CannotOpenSecret)?)?;
            let sealed = seal(&secret, owner, before.version, current, nonce(), before.created_at);
            Ok(SealedSecret { expires_at: before.expires_at, ..sealed })
        };
        self.0.iter().filter(is_live).map(&mut reseal).collect::<Result<_, _>>().map(|secrets| Some(Self(secrets)))
    }
}

fn seal(
    secret: &WebhookSecret,
    owner: SecretOwner<'_>,
    version: u32,
    (key_id, key): (&str, &SealingKey),
    nonce: [u8; NONCE],
    now: Moment,
) -> SealedSecret {
    let aad = owner.bound_to(version);
    let payload = Payload { msg: secret.expose().as_bytes(), aad: &aad };
    // Encryption fails only for messages of gigabytes; an empty ciphertext could not be opened.
    let ciphertext = key.0.encrypt(&XNonce::from(nonce), payload).unwrap_or_default();
    let sealed = STANDARD.encode([nonce.as_slice(), &ciphertext].concat());
    SealedSecret { version, key_id: key_id.to_owned(), sealed, created_at: now, expires_at: None }
}

fn open(sealed: &SealedSecret, owner: SecretOwner<'_>, key: &SealingKey) -> Result<WebhookSecret, CannotOpenSecret> {
    let bytes = STANDARD.decode(&sealed.sealed).map_err(|_| CannotOpenSecret)?;
    let (nonce, ciphertext) = bytes.split_first_chunk::<NONCE>().ok_or(CannotOpenSecret)?;
    let aad = owner.bound_to(sealed.version);
    let text = key.0.decrypt(&XNonce::from(*nonce), Payload { msg: ciphertext, aad: &aad }).map_err(|_| CannotOpenSecret)?;
    String::from_utf8(text).map(|text| WebhookSecret(SecretText::new(text))).map_err(|_| CannotOpenSecret)
}

#[cfg(test)]
mod tests;
