//! Published keys (JWKS): fetched when an unknown key id turns up, at most once in ten seconds, and kept while the issuer is down.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use domain::values::moment::Moment;
use jsonwebtoken::DecodingKey;
use jsonwebtoken::jwk::{AlgorithmParameters, Jwk, JwkSet, KeyAlgorithm, PublicKeyUse};
use tokio::sync::Mutex;

use crate::problem::Problem;

/// Milliseconds between two fetches.
const REFETCH_MS: i64 = 10_000;
/// Milliseconds for which fetched keys are used: a withdrawn key is forgotten within this time.
const FRESH_MS: i64 = 3_600_000;
/// How long one fetch may take.
const FETCH_TIMEOUT: Duration = Duration::from_millis(1500);
/// Bytes of a key set.
const MAX_BYTES: usize = 64 * 1024;
/// Characters of a modulus of 2048 bits, in base64url without padding.
const MIN_MODULUS_CHARS: usize = 342;

pub(crate) struct Jwks {
    url: String,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    client: Option<reqwest::Client>,
    keys: HashMap<String, Arc<DecodingKey>>,
    tried_at: Option<Moment>,
    fetched_at: Option<Moment>,
}

/// Why the issuer's keys could not be fetched.
#[derive(Debug, thiserror::Error)]
enum JwksError {
    #[error("the request for the published keys failed")]
    Request(#[from] reqwest::Error),
    #[error("the published keys are larger than {MAX_BYTES} bytes")]
    TooLarge,
    #[error("the published keys are not a key set")]
    NotAKeySet(#[from] serde_json::Error),
    #[error("the published keys contain no usable key")]
    NoKey,
}

impl Jwks {
    pub(crate) fn new(url: String) -> Self {
        Self { url, state: Mutex::default() }
    }

    /// The key with this id. The lock is held during a fetch, so that concurrent requests share one.
    ///
    /// # Errors
    /// When there are no keys at all because the issuer cannot be reached.
    pub(crate) async fn key(&self, kid: &str, now: Moment) -> Result<Option<Arc<DecodingKey>>, Problem> {
        let mut state = self.state.lock().await;
        let known = state.keys.get(kid).cloned();
        let within = |moment: Option<Moment>, span_ms: i64| moment.is_some_and(|moment| now.millis() - moment.millis() < span_ms);
        let is_fresh = known.is_some() && within(state.fetched_at, FRESH_MS);
        if is_fresh || within(state.tried_at, REFETCH_MS) {
            return Ok(known);
        }
        state.tried_at = Some(now);
        match self.fetch(&mut state).await {
            Ok(keys) => {
                state.keys = keys;
                state.fetched_at = Some(now);
                Ok(state.keys.get(kid).cloned())
            }
            // With cached keys an unknown id is simply unknown; without any, no token can be verified.
            Err(error) if state.keys.is_empty() => {
                state.tried_at = None;
                Err(Problem::unavailable(error))
            }
            Err(error) => {
                tracing::warn!(error = &error as &dyn std::error::Error, "published keys could not be refreshed");
                Ok(known)
            }
        }
    }

    async fn fetch(&self, state: &mut State) -> Result<HashMap<String, Arc<DecodingKey>>, JwksError> {
        let client = match &state.client {
            Some(client) => client.clone(),
            None => state.client.insert(client()?).clone(),
        };
        let mut response = client.get(&self.url).send().await?.error_for_status()?;
        let mut body = Vec::new();
        while let Some(chunk) = response.chunk().await? {
            body.extend_from_slice(&chunk);
            if body.len() > MAX_BYTES {
                return Err(JwksError::TooLarge);
            }
        }
        // One key of an unsupported type must not hide the others.
        let set: serde_json::Value = serde_json::from_slice(&body)?;
        let keys = set.get("keys").and_then(serde_json::Value::as_array).cloned().unwrap_or_default();
        let set = JwkSet { keys: keys.into_iter().filter_map(|key| serde_json::from_value(key).ok()).collect() };
        let usable: HashMap<_, _> = set.keys.iter().filter_map(usable).collect();
        // An issuer always has a key: an answer without one is an outage, and must not take the known keys with it.
        if usable.is_empty() { Err(JwksError::NoKey) } else { Ok(usable) }
    }
}

fn client() -> Result<reqwest::Client, reqwest::Error> {
    // Another part of the process may have installed the same provider before.
    let _ = rustls::crypto::ring::default_provider().install_default();
    reqwest::Client::builder().redirect(reqwest::redirect::Policy::none()).no_proxy().timeout(FETCH_TIMEOUT).build()
}

fn usable(jwk: &Jwk) -> Option<(String, Arc<DecodingKey>)> {
    let AlgorithmParameters::RSA(rsa) = &jwk.algorithm else { return None };
    let for_signatures = !matches!(&jwk.common.public_key_use, Some(other) if *other != PublicKeyUse::Signature);
    let for_rs256 = !matches!(&jwk.common.key_algorithm, Some(other) if *other != KeyAlgorithm::RS256);
    if !for_signatures || !for_rs256 || rsa.n.len() < MIN_MODULUS_CHARS {
        return None;
    }
    Some((jwk.common.key_id.clone()?, Arc::new(DecodingKey::from_jwk(jwk).ok()?)))
}
