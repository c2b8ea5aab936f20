//! Verifies a message of 10x Links with the crates `standardwebhooks`, `http` and `serde_json`.

use std::error::Error;

use http::HeaderMap;
use serde_json::Value;
use standardwebhooks::Webhook;

/// The message, if it was signed with the secret (`whsec_…`) within the last five minutes. `body` is the body as it came, byte for byte.
pub fn verify(secret: &str, headers: &HeaderMap, body: &[u8]) -> Result<Value, Box<dyn Error>> {
    Webhook::new(secret)?.verify(body, headers)?;
    // Act once for each `id`: a message may come again.
    Ok(serde_json::from_slice(body)?)
}
