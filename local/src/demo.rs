//! The handle `demo` and its people, made through the API like everybody else's.

use std::{
    net::{IpAddr, Ipv4Addr},
    time::Duration,
};

use bytes::Bytes;
use http::{Method, Request, StatusCode, header};
use serde_json::{Value, json};

use crate::{Error, House, keys::Keys, token};

/// The demo's handle.
pub const HANDLE: &str = "demo";

/// How long the demo's tokens are good.
const TOKEN_LIFE: Duration = Duration::from_secs(24 * 3_600);

/// A token for each of the demo's people.
pub struct Tokens {
    /// `demo-owner`, who owns the handle.
    pub owner: String,
    /// `demo-operator`.
    pub operator: String,
    /// `demo-creator`.
    pub creator: String,
    /// `demo-admin`, who has no part in the handle and runs the platform.
    pub platform_admin: String,
}

impl Tokens {
    /// Tokens from `now`, in milliseconds.
    ///
    /// # Errors
    /// When the key cannot sign.
    pub fn mint(keys: &Keys, now: i64) -> Result<Self, Error> {
        let mint = |user: &str, groups: &[&str]| token::mint(keys, user, groups, now, TOKEN_LIFE);
        Ok(Self {
            owner: mint("demo-owner", &[])?,
            operator: mint("demo-operator", &[])?,
            creator: mint("demo-creator", &[])?,
            platform_admin: mint("demo-admin", &["platform-admin"])?,
        })
    }
}

/// Makes the handle and lets its people in, unless it is there already.
///
/// # Errors
/// When the API refuses.
pub async fn prepare(house: &House, tokens: &Tokens) -> Result<(), Error> {
    let created = call(house, tokens, Method::POST, "/v2/handles", &json!({"handle": HANDLE})).await?;
    if created == StatusCode::CONFLICT {
        return Ok(());
    }
    expect(created, StatusCode::CREATED, "POST /v2/handles")?;
    let people = json!({"collaborators": [
        {"userId": "demo-operator", "role": "OPERATOR"},
        {"userId": "demo-creator", "role": "CREATOR"},
    ]});
    let path = format!("/v2/handles/{HANDLE}/collaborators");
    let admitted = call(house, tokens, Method::PUT, &path, &people).await?;
    expect(admitted, StatusCode::OK, &path)
}

fn expect(status: StatusCode, wanted: StatusCode, what: &str) -> Result<(), Error> {
    if status == wanted { Ok(()) } else { Err(Error::Failed(format!("demo: {what} answered {status}; it"))) }
}

async fn call(house: &House, tokens: &Tokens, method: Method, path: &str, body: &Value) -> Result<StatusCode, Error> {
    let request = Request::builder()
        .method(method)
        .uri(path)
        .header(header::HOST, "localhost")
        .header(header::CONTENT_TYPE, "application/json")
        .header(header::AUTHORIZATION, format!("Bearer {}", tokens.owner))
        .body(Bytes::from(body.to_string()))
        .map_err(Error::keys)?;
    Ok(house.call(request, IpAddr::V4(Ipv4Addr::LOCALHOST)).await.status())
}
