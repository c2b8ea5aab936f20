//! Personal access tokens: `patv1_<tokenId>.<secret>`, bound to one handle and to scopes; only a digest of the secret is kept (specification §2).

mod credential;
mod request;

use std::collections::BTreeSet;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::values::moment::Moment;
use crate::values::name::{Handle, TokenId, UserId};
use crate::values::schema::{HasSchema, Schema};

pub use credential::{Digest, InvalidToken, Minted, Presented, Revealed};
pub use request::NewToken;

/// Tokens of one handle that are not revoked.
pub const MAX_TOKENS: u32 = 50;
/// How old `lastUsedAt` may be before a use writes it again.
pub const USE_NOTED_EVERY_MS: i64 = 300_000;
/// How long a token whose use was refused is refused without another audit event.
pub const REFUSAL_NOTED_EVERY_MS: i64 = 60_000;

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

/// Reads stored scopes. One that this version does not know covers nothing, and the token keeps its others.
fn known_grants<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<BTreeSet<Grant>, D::Error> {
    Ok(Vec::<String>::deserialize(deserializer)?.iter().filter_map(|text| text.parse().ok()).collect())
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
    #[serde(deserialize_with = "known_grants")]
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

#[cfg(test)]
mod tests;
