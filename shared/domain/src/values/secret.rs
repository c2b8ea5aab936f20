//! Keys that never print, and the keyed hashes made with them.

use std::fmt;

use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;

/// A prekeyed HMAC-SHA-256: the key schedule is paid once, each use clones the state.
#[derive(Clone)]
pub struct MacKey(Hmac<Sha256>);

impl MacKey {
    /// Derives the key for one purpose from a master secret, so that no two purposes share a key.
    pub fn derive(master: &[u8], purpose: &str) -> Self {
        let derived = Self::new(master).tag(&[purpose.as_bytes()]);
        Self::new(&derived)
    }

    /// A key as it is, for a protocol that says how keys are derived.
    pub fn new(key: &[u8]) -> Self {
        // HMAC takes keys of any length (RFC 2104); the error branch cannot be reached and falls back to the empty key's state.
        Self(Hmac::new_from_slice(key).unwrap_or_else(|_| Hmac::new(&Default::default())))
    }

    /// The tag over the parts, one after the other.
    pub fn tag(&self, parts: &[&[u8]]) -> [u8; 32] {
        let mut mac = self.0.clone();
        for part in parts {
            mac.update(part);
        }
        mac.finalize().into_bytes().into()
    }

    /// Whether `tag` is the first bytes of the tag over the parts; takes the same time for every wrong tag of one length.
    pub fn verifies(&self, parts: &[&[u8]], tag: &[u8]) -> bool {
        let mut mac = self.0.clone();
        for part in parts {
            mac.update(part);
        }
        mac.verify_truncated_left(tag).is_ok()
    }
}

impl fmt::Debug for MacKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("***")
    }
}

/// Secret text: `Debug` prints stars, there is no `Display`, and comparison takes constant time.
#[derive(Clone)]
pub struct SecretText(String);

impl SecretText {
    /// Wraps a secret.
    pub fn new(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    /// The secret itself, for the one place that needs it.
    pub fn expose(&self) -> &str {
        &self.0
    }

    /// Whether `candidate` is this secret.
    pub fn matches(&self, candidate: &str) -> bool {
        use subtle::ConstantTimeEq;
        self.0.as_bytes().ct_eq(candidate.as_bytes()).into()
    }
}

impl fmt::Debug for SecretText {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("***")
    }
}

/// SHA-256.
pub fn sha256(bytes: &[u8]) -> [u8; 32] {
    use sha2::Digest;
    Sha256::digest(bytes).into()
}

/// SHA-256 in lower-case hex, for table keys made of what users supply.
pub fn sha256_hex(bytes: &[u8]) -> String {
    hex(&sha256(bytes))
}

/// Bytes in lower-case hex.
pub fn hex(bytes: &[u8]) -> String {
    let digit = |value: u8| char::from_digit(u32::from(value), 16).unwrap_or('0');
    bytes.iter().flat_map(|byte| [digit(byte >> 4), digit(byte & 15)]).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_and_secrets_do_not_print() {
        assert_eq!(format!("{:?} {:?}", MacKey::derive(b"k", "p"), SecretText::new("hush")), "*** ***");
    }

    #[test]
    fn each_purpose_has_its_own_key() {
        let (a, b) = (MacKey::derive(b"master", "a"), MacKey::derive(b"master", "b"));
        assert_ne!(a.tag(&[b"x"]), b.tag(&[b"x"]));
        assert!(a.verifies(&[b"x"], &a.tag(&[b"x"])[..16]));
        assert!(!b.verifies(&[b"x"], &a.tag(&[b"x"])[..16]));
    }
}
