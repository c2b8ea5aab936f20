//! The credential of a personal access token: created, presented, compared by its digest (specification §2).

use std::fmt;
use std::str::FromStr;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD as BASE64;
use serde::{Serialize, Serializer};

use crate::values::name::TokenId;
use crate::values::secret::{SecretText, sha256_hex};

const PREFIX: &str = "patv1_";
/// Random bytes of a secret.
const SECRET_BYTES: usize = 32;
/// Their length in base64url without padding.
const SECRET_LENGTH: usize = 43;

/// SHA-256 of a secret. A fast hash suffices for 256 random bits; there is no `==`, so that comparisons take constant time.
#[derive(Clone)]
pub struct Digest(SecretText);

impl Digest {
    fn of(secret: &SecretText) -> Self {
        Self(SecretText::new(sha256_hex(secret.expose().as_bytes())))
    }

    /// The digest of no secret, to compare with where there is no token: both answers take the same time.
    pub fn of_no_secret() -> Self {
        Self(SecretText::new("0".repeat(64)))
    }

    /// Reads a stored one back.
    pub fn stored(hex: &str) -> Self {
        Self(SecretText::new(hex))
    }

    /// As the table keeps it.
    pub fn hex(&self) -> &str {
        self.0.expose()
    }

    /// Whether it is the digest of what was presented, in constant time.
    pub fn proves(&self, presented: &Presented) -> bool {
        self.0.matches(Self::of(&presented.secret).0.expose())
    }
}

impl fmt::Debug for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("***")
    }
}

/// A token as a caller presented it: well formed, not yet verified.
#[derive(Clone, Debug)]
pub struct Presented {
    /// Its public half.
    pub token_id: TokenId,
    secret: SecretText,
}

/// The text is not a personal access token.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("is not a personal access token")]
pub struct InvalidToken;

impl FromStr for Presented {
    type Err = InvalidToken;

    fn from_str(text: &str) -> Result<Self, InvalidToken> {
        let (id, secret) = text.strip_prefix(PREFIX).and_then(|rest| rest.split_once('.')).ok_or(InvalidToken)?;
        let token_id = id.parse().map_err(|_| InvalidToken)?;
        // Strict base64url: no padding, and one spelling only of the last character.
        let is_secret = secret.len() == SECRET_LENGTH && BASE64.decode(secret).is_ok_and(|bytes| bytes.len() == SECRET_BYTES);
        if is_secret { Ok(Self { token_id, secret: SecretText::new(secret) }) } else { Err(InvalidToken) }
    }
}

/// A token just created: the only time its secret is available.
#[derive(Clone, Debug)]
pub struct Minted(Presented);

impl Minted {
    /// Makes one of random bits: 95 of the first for its id, all of the others for its secret.
    ///
    /// # Errors
    /// Never: an id of base62 digits is one. The caller handles it as its own fault.
    pub fn of(id: u128, secret: [u128; 2]) -> Result<Self, InvalidToken> {
        const DIGITS: &[u8; 62] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
        let mut rest = id;
        let digits = (0..16).filter_map(|_| {
            let digit = usize::try_from(rest % 62).ok().and_then(|place| DIGITS.get(place));
            rest /= 62;
            digit.copied().map(char::from)
        });
        let token_id = digits.collect::<String>().parse().map_err(|_| InvalidToken)?;
        let bytes: Vec<u8> = secret.iter().flat_map(|half| half.to_be_bytes()).collect();
        Ok(Self(Presented { token_id, secret: SecretText::new(BASE64.encode(bytes)) }))
    }

    /// Its public half.
    pub fn token_id(&self) -> &TokenId {
        &self.0.token_id
    }

    /// What the table keeps of its secret.
    pub fn digest(&self) -> Digest {
        Digest::of(&self.0.secret)
    }

    /// The whole token, for the one response that returns it.
    pub fn reveal(&self) -> Revealed {
        Revealed(SecretText::new(format!("{PREFIX}{}.{}", self.0.token_id, self.0.secret.expose())))
    }
}

/// A whole token on its way to its creator: it is serialized into the response and prints nowhere else.
#[derive(Clone, Debug)]
pub struct Revealed(SecretText);

impl Serialize for Revealed {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.0.expose())
    }
}
