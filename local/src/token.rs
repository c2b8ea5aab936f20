//! Access tokens with Cognito's claims, signed with this machine's key.

use std::time::Duration;

use jsonwebtoken::{Algorithm, EncodingKey, Header};
use serde::Serialize;

use crate::{Error, keys::Keys};

/// The `iss` of this machine's tokens.
pub const ISSUER: &str = "https://local.10x.test";

/// The `client_id` of this machine's tokens.
pub const CLIENT_ID: &str = "local";

#[derive(Serialize)]
struct Claims<'a> {
    iss: &'static str,
    sub: &'a str,
    token_use: &'static str,
    client_id: &'static str,
    iat: i64,
    exp: i64,
    #[serde(rename = "cognito:groups", skip_serializing_if = "<[_]>::is_empty")]
    groups: &'a [&'a str],
}

/// An access token for `user`, valid from `now` (milliseconds since 1970) for `ttl`, in whole seconds.
///
/// # Errors
/// When the key cannot sign.
pub fn mint(keys: &Keys, user: &str, groups: &[&str], now: i64, ttl: Duration) -> Result<String, Error> {
    let iat = now / 1_000;
    let life = i64::try_from(ttl.as_secs()).unwrap_or(i64::MAX);
    let claims = Claims { iss: ISSUER, sub: user, token_use: "access", client_id: CLIENT_ID, iat, exp: iat.saturating_add(life), groups };
    let key = EncodingKey::from_secret(keys.token.as_bytes());
    jsonwebtoken::encode(&Header::new(Algorithm::HS256), &claims, &key).map_err(Error::keys)
}
