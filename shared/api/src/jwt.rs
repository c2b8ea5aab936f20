//! Bearer tokens: the algorithm comes from the settings, the time from the clock, the roles from the table (specification §2, RFC 8725).

use domain::values::moment::Moment;
use domain::values::name::UserId;
use jsonwebtoken::errors::ErrorKind;
use jsonwebtoken::{Algorithm, DecodingKey, Header, Validation, decode, decode_header};
use serde::Deserialize;

use crate::code::Code;
use crate::jwks::Jwks;
use crate::problem::Problem;
use crate::settings::{JwtMode, JwtSettings};

/// Seconds by which the clocks of issuer and verifier may differ.
const LEEWAY_SECS: i64 = 30;
/// Bytes of a token.
const MAX_TOKEN_BYTES: usize = 8192;

/// The claims of an access token, as Cognito issues them. Wrong types make the token invalid.
#[derive(Clone, Debug, Deserialize)]
pub struct JwtClaims {
    /// The user.
    pub sub: String,
    iss: String,
    exp: i64,
    #[serde(default)]
    nbf: Option<i64>,
    token_use: String,
    client_id: String,
    #[serde(default, rename = "cognito:groups")]
    groups: Vec<String>,
}

/// The user that a valid token names.
#[derive(Clone, Debug)]
pub(crate) struct Subject {
    pub(crate) user: UserId,
    pub(crate) is_platform_admin: bool,
}

pub(crate) struct Verifier {
    keys: Keys,
    issuer: String,
    client_ids: Vec<String>,
}

enum Keys {
    Shared(Box<DecodingKey>),
    Published(Jwks),
}

impl Verifier {
    pub(crate) fn new(settings: &JwtSettings) -> Self {
        let keys = match &settings.mode {
            JwtMode::Shared { secret } => Keys::Shared(Box::new(DecodingKey::from_secret(secret.expose().as_bytes()))),
            JwtMode::Jwks { url } => Keys::Published(Jwks::new(url.clone())),
        };
        Self { keys, issuer: settings.issuer.clone(), client_ids: settings.client_ids.clone() }
    }

    pub(crate) async fn verify(&self, token: &str, now: Moment) -> Result<Subject, Problem> {
        if token.len() > MAX_TOKEN_BYTES {
            return Err(invalid());
        }
        let claims = match &self.keys {
            Keys::Shared(key) => read(token, key, Algorithm::HS256)?,
            Keys::Published(jwks) => {
                let kid = decode_header(token).ok().and_then(|header| header.kid).filter(|kid| kid.len() <= 128).ok_or_else(invalid)?;
                let key = jwks.key(&kid, now).await?.ok_or_else(invalid)?;
                read(token, &key, Algorithm::RS256)?
            }
        };
        self.check(claims, now)
    }

    fn check(&self, claims: JwtClaims, now: Moment) -> Result<Subject, Problem> {
        let is_for_us = claims.iss == self.issuer && self.client_ids.contains(&claims.client_id) && claims.token_use == "access";
        let has_begun = claims.nbf.is_none_or(|nbf| nbf <= now.seconds() + LEEWAY_SECS);
        if !is_for_us || !has_begun {
            return Err(invalid());
        }
        if now.seconds() >= claims.exp.saturating_add(LEEWAY_SECS) {
            return Err(Problem::new(Code::TokenExpired, "the bearer token has expired; log in again"));
        }
        let user = claims.sub.parse().map_err(|_| invalid())?;
        Ok(Subject { user, is_platform_admin: claims.groups.iter().any(|group| group == "platform-admin") })
    }
}

/// Checks the signature; times and audiences are checked by [`Verifier::check`], against the clock that was passed in.
fn read(token: &str, key: &DecodingKey, algorithm: Algorithm) -> Result<JwtClaims, Problem> {
    let mut validation = Validation::new(algorithm);
    validation.validate_exp = false;
    validation.validate_nbf = false;
    validation.validate_aud = false;
    validation.set_required_spec_claims(&["exp", "iss", "sub"]);
    match decode::<JwtClaims>(token, key, &validation) {
        Ok(data) if is_plain(&data.header) => Ok(data.claims),
        Ok(_) => Err(invalid()),
        Err(error) => match error.kind() {
            ErrorKind::ExpiredSignature => Err(Problem::new(Code::TokenExpired, "the bearer token has expired; log in again")),
            _ => Err(invalid()),
        },
    }
}

/// Whether the header requires nothing unsupported: no critical extension (RFC 7515 §4.1.11), no other type of token.
fn is_plain(header: &Header) -> bool {
    let is_access_token = |kind: &String| ["jwt", "at+jwt", "application/at+jwt"].contains(&kind.to_ascii_lowercase().as_str());
    header.crit.is_none() && header.typ.as_ref().is_none_or(is_access_token)
}

fn invalid() -> Problem {
    Problem::new(Code::InvalidToken, "the bearer token is not valid here; log in again")
}
