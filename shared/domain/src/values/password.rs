//! Link passwords: stored only as a salted slow hash (specification §4).

use argon2::password_hash::phc::PasswordHash;
use argon2::password_hash::{PasswordHasher, PasswordVerifier};
use argon2::{Algorithm, Argon2, Params, Version};
use serde::{Deserialize, Serialize};

/// An Argon2id hash in the PHC string format, with the parameters OWASP recommends for a small server (19 MiB, two passes).
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Hashed(String);

impl Hashed {
    /// Hashes a password; `None` only if it is longer than Argon2 takes, which no parsed password is.
    pub fn new(password: &str, salt: [u8; 16]) -> Option<Self> {
        let hash: PasswordHash = argon().hash_password_with_salt(password.as_bytes(), &salt).ok()?;
        Some(Self(hash.to_string()))
    }

    /// Whether this is the password; the digests are compared in constant time.
    pub fn verifies(&self, password: &str) -> bool {
        PasswordHash::new(&self.0).is_ok_and(|hash| argon().verify_password(password.as_bytes(), &hash).is_ok())
    }
}

impl std::fmt::Debug for Hashed {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("***")
    }
}

fn argon() -> Argon2<'static> {
    Argon2::new(Algorithm::Argon2id, Version::V0x13, Params::default())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_password_opens_and_the_hash_does_not_print() {
        let hashed = Hashed::new("open sesame", [7; 16]).unwrap();
        assert!(hashed.verifies("open sesame"));
        assert!(!hashed.verifies("open sesamE"));
        assert!(!hashed.0.contains("sesame"));
        assert_eq!(format!("{hashed:?}"), "***");
    }
}
