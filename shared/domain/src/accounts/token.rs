//! Personal access tokens: `patv1_<tokenId>.<secret>`, bound to one handle and to scopes; only a digest of the secret is kept (specification §2).

mod request;

use std::collections::BTreeSet;
use std::fmt;
use std::str::FromStr;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD as BASE64;
use serde::{Deserialize, Serialize, Serializer};

use crate::values::moment::Moment;
use crate::values::name::{Handle, TokenId, UserId};
use crate::values::schema::{HasSchema, Schema};
use crate::values::secret::{SecretText, sha256_hex};

pub use request::NewToken;

/// Tokens of one handle that are not revoked.
pub const MAX_TOKENS: u32 = 50;
/// How old `lastUsedAt` may be before a use writes it again.
pub const USE_NOTED_EVERY_MS: i64 = 300_000;
/// How long a token whose use was refused is refused without another audit event.
pub const REFUSAL_NOTED_EVERY_MS: i64 = 60_000;

const PREFIX: &str = "patv1_";
const SECRET_BYTES: usize = 32;
const SECRET_LENGTH: usize = 43;

macro_rules! scopes {
    ($($scope:ident => $text:literal,)*) => {
        /// What one call of the PAT family needs.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
        pub enum Scope {
            $(#[doc = concat!("`", $text, "`")] $scope,)*
        }

        impl Scope {
            /// Every scope there is.
            pub const ALL: &'static [Self] = &[$(Self::$scope,)*];

            /// As requests and answers spell it.
            pub const fn as_str(self) -> &'static str {
                match self {
                    $(Self::$scope => $text,)*
                }
            }
        }
    };
}

scopes! {
    LinksRead => "links.read",
    LinksWrite => "links.write",
    CampaignsRead => "campaigns.read",
    CampaignsWrite => "campaigns.write",
    AnalyticsRead => "analytics.read",
    WebhooksRead => "webhooks.read",
    WebhooksWrite => "webhooks.write",
    ConversionsWrite => "conversions.write",
    ChainSignalWrite => "chain.signal.write",
    PersonalizationRead => "personalization.read",
}

/// Whole families of scopes.
const FAMILIES: &[&str] = &["links.*", "campaigns.*", "analytics.*", "webhooks.*", "conversions.*", "chain.*", "personalization.*"];

/// What a token is given: one scope, or a whole family of them such as `links.*`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(transparent)]
pub struct Grant(&'static str);

impl Grant {
    /// Everything a token can be given.
    pub fn all() -> impl Iterator<Item = Self> {
        Scope::ALL.iter().map(|scope| scope.as_str()).chain(FAMILIES.iter().copied()).map(Self)
    }

    /// As requests and answers spell it.
    pub const fn as_str(self) -> &'static str {
        self.0
    }

    /// Whether it lets a call through that needs this scope.
    pub fn covers(self, scope: Scope) -> bool {
        match self.0.strip_suffix('*') {
            Some(family) => scope.as_str().starts_with(family),
            None => self.0 == scope.as_str(),
        }
    }
}

impl FromStr for Grant {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        Self::all().find(|grant| grant.0 == text).ok_or_else(|| {
            let known: Vec<&str> = Self::all().map(Self::as_str).collect();
            format!("must be one of {}", known.join(", "))
        })
    }
}

impl<'de> Deserialize<'de> for Grant {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = std::borrow::Cow::<'de, str>::deserialize(deserializer)?;
        text.parse().map_err(serde::de::Error::custom)
    }
}

impl HasSchema for Grant {
    fn schema() -> Schema {
        Schema::one_of(Self::all().map(Self::as_str)).description("A scope, or a whole family of them.")
    }
}

#[cfg(feature = "openapi")]
impl utoipa::PartialSchema for Grant {
    fn schema() -> utoipa::openapi::RefOr<utoipa::openapi::Schema> {
        <Self as HasSchema>::schema().into()
    }
}

#[cfg(feature = "openapi")]
impl utoipa::ToSchema for Grant {
    fn name() -> std::borrow::Cow<'static, str> {
        "Scope".into()
    }
}

/// A token as its handle's people see it; what proves it is a [`Digest`] apart.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Token {
    /// Its public half.
    pub token_id: TokenId,
    /// The one handle it reaches.
    pub handle: Handle,
    /// What its creator calls it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// What it may do.
    pub scopes: BTreeSet<Grant>,
    /// When it was made.
    pub created_at: Moment,
    /// Who made it.
    pub created_by: UserId,
    /// The moment from which it is refused.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expires_at: Option<Moment>,
    /// When it was revoked.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub revoked_at: Option<Moment>,
    /// When it was last used, to five minutes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_used_at: Option<Moment>,
}

/// Why a token whose secret is right is refused all the same.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ended {
    /// It was revoked.
    Revoked,
    /// It has expired.
    Expired,
}

impl Token {
    /// Whether it is still good.
    ///
    /// # Errors
    /// What ended it.
    pub fn check(&self, now: Moment) -> Result<(), Ended> {
        if self.revoked_at.is_some() {
            return Err(Ended::Revoked);
        }
        if self.expires_at.is_some_and(|expires| expires <= now) {
            return Err(Ended::Expired);
        }
        Ok(())
    }

    /// Whether it may do what needs this scope.
    pub fn allows(&self, scope: Scope) -> bool {
        self.scopes.iter().any(|grant| grant.covers(scope))
    }

    /// Whether this use is to be noted.
    pub fn notes_use(&self, now: Moment) -> bool {
        self.last_used_at.is_none_or(|last| last.plus_millis(USE_NOTED_EVERY_MS) <= now)
    }
}

/// SHA-256 of a secret. A fast hash suffices for 256 random bits; there is no `==`, so that comparisons take constant time.
#[derive(Clone)]
pub struct Digest(SecretText);

impl Digest {
    fn of(secret: &SecretText) -> Self {
        Self(SecretText::new(sha256_hex(secret.expose().as_bytes())))
    }

    /// The digest of no secret, to compare with where there is no token: both answers take the same time.
    pub fn of_nobody() -> Self {
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

#[cfg(test)]
mod tests;
