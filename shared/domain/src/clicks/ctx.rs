//! The context token `ctx`: the facts of a click, signed so that a conversion needs no read of the click (specification §6).

use std::collections::BTreeMap;
use std::fmt;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::{Deserialize, Serialize};

use crate::values::id::ClickId;
use crate::values::moment::{MAX_CLOCK_SKEW_MS, Moment};
use crate::values::name::{CampaignId, Handle, SessionId, Slug};
use crate::values::secret::MacKey;

/// What the visitor consented to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "lowercase")]
pub enum Consent {
    /// Everything.
    #[default]
    Full,
    /// Attribution without a profile.
    Basic,
    /// No session in the token, no address hash with the click.
    Denied,
}

/// The contents of a token.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CtxClaims {
    /// The click; its id contains the moment it was made.
    pub click_id: ClickId,
    /// Owning handle of the link.
    pub handle: Handle,
    /// The link that was followed.
    pub slug: Slug,
    /// The campaign it is credited to.
    pub campaign_id: Option<CampaignId>,
    /// The label of the rule that decided the destination.
    pub rule: Option<String>,
    /// The session, unless consent was denied.
    pub session_id: Option<SessionId>,
    /// Signals the session had when the link was followed, at most 255.
    pub chain_position: u8,
    /// What the visitor consented to.
    pub consent: Consent,
    /// Whether the click was classified as a bot's.
    pub bot: bool,
    /// The token is refused from this moment on, to the second.
    pub expires_at: Moment,
}

/// Why a token is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum CtxRejected {
    /// It is not a token.
    #[error("the token is malformed")]
    Malformed,
    /// It was changed, or not signed by this service.
    #[error("the token's signature does not match")]
    BadSignature,
    /// It is too old.
    #[error("the token has expired")]
    Expired,
    /// It was signed with a key that is no longer, or not yet, known.
    #[error("the token's key is unknown")]
    UnknownKey,
}

impl CtxRejected {
    /// The stable code for it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Malformed => "malformed",
            Self::BadSignature => "bad_signature",
            Self::Expired => "expired",
            Self::UnknownKey => "unknown_key",
        }
    }
}

/// The member of the secret document that is not a key: the text with which the CDN in front of the API authenticates itself.
pub const ORIGIN_VERIFY: &str = "originVerify";

const VERSION: &str = "c1";
const LABEL: &[u8] = b"10x-ctx-v1";
const TAG_BYTES: usize = 16;
const MAX_TOKEN_BYTES: usize = 640;

const BOT: u8 = 0b0000_0100;
const CONSENT: u8 = 0b0000_0011;

/// The keys of tokens: one signs, all verify.
#[derive(Clone)]
pub struct Keyring {
    current: String,
    keys: BTreeMap<String, MacKey>,
}

/// The secret document is invalid.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error(r#"the platform secret must be a JSON object such as {{"current":"k1","k1":"<at least 32 characters>"}} with at most 4 keys"#)]
pub struct InvalidKeyring;

impl Keyring {
    /// Reads `{"current":"k2","k2":"…","k1":"…"}`: key ids with their master secrets and the one that signs.
    ///
    /// To rotate, add a key, wait until every verifier has it, then make it current; remove the old one when its tokens have expired.
    ///
    /// # Errors
    /// When there is no current key, a key id or secret is invalid, or there are more than four keys.
    pub fn from_json(document: &str) -> Result<Self, InvalidKeyring> {
        let mut members: BTreeMap<String, String> = serde_json::from_str(document).map_err(|_| InvalidKeyring)?;
        let current = members.remove("current").ok_or(InvalidKeyring)?;
        members.remove(ORIGIN_VERIFY);
        let is_kid = |kid: &str| (1..=8).contains(&kid.len()) && kid.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit());
        let is_valid =
            members.contains_key(&current) && members.len() <= 4 && members.iter().all(|(kid, secret)| is_kid(kid) && secret.len() >= 32);
        if !is_valid {
            return Err(InvalidKeyring);
        }
        let keys = members.into_iter().map(|(kid, secret)| (kid, MacKey::derive(secret.as_bytes(), "ctx"))).collect();
        Ok(Self { current, keys })
    }

    /// Makes the token for a click.
    pub fn seal(&self, claims: &CtxClaims) -> String {
        let payload = encode(claims);
        let mut token = format!("{VERSION}.{}.", self.current);
        URL_SAFE_NO_PAD.encode_string(&payload, &mut token);
        if let Some(key) = self.keys.get(&self.current) {
            let tag = key.tag(&signed_parts(&self.current, &payload));
            token.push('.');
            URL_SAFE_NO_PAD.encode_string(tag.first_chunk::<TAG_BYTES>().unwrap_or(&[0; TAG_BYTES]), &mut token);
        }
        token
    }

    /// Opens a token; its signature is checked before its contents are read.
    ///
    /// # Errors
    /// Why it is refused.
    pub fn open(&self, token: &str, now: Moment) -> Result<CtxClaims, CtxRejected> {
        if token.len() > MAX_TOKEN_BYTES {
            return Err(CtxRejected::Malformed);
        }
        let mut parts = token.split('.');
        let (Some(VERSION), Some(kid), Some(payload), Some(tag), None) =
            (parts.next(), parts.next(), parts.next(), parts.next(), parts.next())
        else {
            return Err(CtxRejected::Malformed);
        };
        // The engine refuses padding and stray trailing bits, so that a token has one spelling.
        let payload = URL_SAFE_NO_PAD.decode(payload).map_err(|_| CtxRejected::Malformed)?;
        let tag = URL_SAFE_NO_PAD.decode(tag).map_err(|_| CtxRejected::Malformed)?;
        if tag.len() != TAG_BYTES || kid.is_empty() || kid.len() > 8 {
            return Err(CtxRejected::Malformed);
        }
        let key = self.keys.get(kid).ok_or(CtxRejected::UnknownKey)?;
        if !key.verifies(&signed_parts(kid, &payload), &tag) {
            return Err(CtxRejected::BadSignature);
        }
        let claims = decode(&payload).ok_or(CtxRejected::Malformed)?;
        if claims.click_id.moment() > now.plus_millis(MAX_CLOCK_SKEW_MS) {
            return Err(CtxRejected::Malformed);
        }
        if now >= claims.expires_at {
            return Err(CtxRejected::Expired);
        }
        Ok(claims)
    }
}

impl fmt::Debug for Keyring {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Keyring").field("current", &self.current).field("keys", &self.keys).finish()
    }
}

fn signed_parts<'a>(kid: &'a str, payload: &'a [u8]) -> [&'a [u8]; 5] {
    [LABEL, &[0], kid.as_bytes(), &[0], payload]
}

/// Layout: flags (1 byte), click id (16), expiry (4, seconds), chain position (1), then handle, slug, campaign, rule and
/// session, each after its length (1).
fn encode(claims: &CtxClaims) -> Vec<u8> {
    let consent = match claims.consent {
        Consent::Full => 0,
        Consent::Basic => 1,
        Consent::Denied => 2,
    };
    let expiry = u32::try_from(claims.expires_at.seconds()).unwrap_or(u32::MAX);
    let mut payload = Vec::with_capacity(96);
    payload.push(consent | if claims.bot { BOT } else { 0 });
    payload.extend_from_slice(&claims.click_id.to_bytes());
    payload.extend_from_slice(&expiry.to_be_bytes());
    payload.push(claims.chain_position);
    let texts = [
        claims.handle.as_str(),
        claims.slug.as_str(),
        claims.campaign_id.as_ref().map_or("", CampaignId::as_str),
        claims.rule.as_deref().unwrap_or(""),
        claims.session_id.as_ref().map_or("", SessionId::as_str),
    ];
    for text in texts {
        let bytes = text.as_bytes();
        payload.push(u8::try_from(bytes.len()).unwrap_or(u8::MAX));
        payload.extend_from_slice(bytes.get(..usize::from(u8::MAX)).unwrap_or(bytes));
    }
    payload
}

fn decode(payload: &[u8]) -> Option<CtxClaims> {
    let (flags, rest) = payload.split_first()?;
    let (click_id, rest) = rest.split_first_chunk::<16>()?;
    let (expiry, rest) = rest.split_first_chunk::<4>()?;
    let (chain_position, mut rest) = rest.split_first()?;
    let mut text = || {
        let (length, tail) = rest.split_first()?;
        let (bytes, tail) = tail.split_at_checked(usize::from(*length))?;
        rest = tail;
        std::str::from_utf8(bytes).ok()
    };
    let (handle, slug, campaign, rule, session) = (text()?, text()?, text()?, text()?, text()?);
    if !rest.is_empty() {
        return None;
    }
    Some(CtxClaims {
        click_id: ClickId::from_bytes(*click_id),
        handle: handle.parse().ok()?,
        slug: slug.parse().ok()?,
        campaign_id: if campaign.is_empty() { None } else { Some(campaign.parse().ok()?) },
        rule: (!rule.is_empty()).then(|| rule.to_owned()),
        session_id: if session.is_empty() { None } else { Some(session.parse().ok()?) },
        chain_position: *chain_position,
        consent: match flags & CONSENT {
            0 => Consent::Full,
            1 => Consent::Basic,
            2 => Consent::Denied,
            _ => return None,
        },
        bot: flags & BOT != 0,
        expires_at: Moment::from_millis(i64::from(u32::from_be_bytes(*expiry)) * 1000),
    })
}

/// Consent by the query parameters `consent` and the browser's privacy signals. Without any it is full; of several the strictest counts,
/// and any other value is a denial, the empty one of a form that was not filled in too.
pub fn consent<'a>(asked: impl IntoIterator<Item = &'a str>, opted_out: bool) -> Consent {
    if opted_out {
        return Consent::Denied;
    }
    let read = |asked: &str| match asked.trim() {
        full if full.eq_ignore_ascii_case("full") => Consent::Full,
        basic if basic.eq_ignore_ascii_case("basic") => Consent::Basic,
        _ => Consent::Denied,
    };
    let stricter = |a, b| match (a, b) {
        (Consent::Denied, _) | (_, Consent::Denied) => Consent::Denied,
        (Consent::Basic, _) | (_, Consent::Basic) => Consent::Basic,
        (Consent::Full, Consent::Full) => Consent::Full,
    };
    asked.into_iter().map(read).fold(Consent::Full, stricter)
}

#[cfg(test)]
mod tests;
