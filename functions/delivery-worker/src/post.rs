//! One POST to an untrusted receiver: the address is checked at the connection, one deadline covers the whole exchange, redirects and
//! proxies are off, no connection is kept open, and the part of the response that is read is limited.

use std::error::Error as StdError;
use std::sync::OnceLock;
use std::time::Duration;

use domain::webhooks::delivery::{DEADLINE_MS, PostOutcome};
use domain::webhooks::endpoint::{Egress, Endpoint};
use http::HeaderMap;
use tokio::time::{Instant, timeout_at};

use crate::resolve::{Guard, Refused, system};

/// How long a connection may take, TLS included.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(3);
/// How long the body of a response is read: its status is all that matters.
const BODY_TIMEOUT: Duration = Duration::from_secs(2);
/// Bytes of a response that are read.
const MAX_READ_BYTES: usize = 64 * 1024;
/// Bytes of a response that are stored.
const MAX_SNIPPET_BYTES: usize = 1024;

/// The result of a POST.
#[derive(Debug)]
pub(crate) struct Reply {
    pub(crate) outcome: PostOutcome,
    /// The beginning of the response as printable text.
    pub(crate) snippet: Option<String>,
}

impl Reply {
    pub(crate) fn without_response(outcome: PostOutcome) -> Self {
        Self { outcome, snippet: None }
    }
}

/// Sends a message; every failure is an outcome.
pub(crate) async fn post(egress: Egress, endpoint: &Endpoint, headers: HeaderMap, body: String) -> Reply {
    match client(egress) {
        Some(client) => exchange(client, egress, endpoint, headers, body).await,
        None => Reply::without_response(PostOutcome::Tls),
    }
}

async fn exchange(client: &reqwest::Client, egress: Egress, endpoint: &Endpoint, headers: HeaderMap, body: String) -> Reply {
    // Host names are checked by the resolver, which is not called for a host that is an address.
    if endpoint.address().is_some_and(|address| !egress.permits(address)) {
        return Reply::without_response(PostOutcome::BlockedAddress);
    }
    let deadline = Instant::now() + Duration::from_millis(DEADLINE_MS.unsigned_abs());
    let answer = timeout_at(deadline, client.post(endpoint.as_str()).headers(headers).body(body).send()).await;
    let mut response = match answer {
        Ok(Ok(response)) => response,
        Ok(Err(error)) => return Reply::without_response(outcome_of(&error)),
        Err(_) => return Reply::without_response(PostOutcome::Timeout),
    };
    let mut kept = Vec::new();
    // The status decides: a receiver that accepted the event need not end its response.
    let _ = timeout_at(deadline.min(Instant::now() + BODY_TIMEOUT), read(&mut response, &mut kept)).await;
    Reply { outcome: PostOutcome::Status(response.status().as_u16()), snippet: presentable(&kept) }
}

async fn read(response: &mut reqwest::Response, kept: &mut Vec<u8>) {
    let mut read = 0;
    while read < MAX_READ_BYTES {
        let Ok(Some(chunk)) = response.chunk().await else { return };
        read += chunk.len();
        kept.extend(chunk.iter().take(MAX_SNIPPET_BYTES - kept.len()));
    }
}

/// The beginning of a response as a line of text, without control characters.
fn presentable(bytes: &[u8]) -> Option<String> {
    let text = String::from_utf8_lossy(bytes);
    let shown = text.chars().map(|c| if matches!(c, '\n' | '\r' | '\t') { ' ' } else { c }).filter(|c| !c.is_control());
    let mut shown: String = shown.collect();
    // An invalid byte became three.
    shown.truncate(shown.floor_char_boundary(MAX_SNIPPET_BYTES));
    (!shown.trim().is_empty()).then_some(shown)
}

fn outcome_of(error: &reqwest::Error) -> PostOutcome {
    let mut cause: Option<&(dyn StdError + 'static)> = Some(error);
    while let Some(error) = cause {
        if let Some(refused) = error.downcast_ref::<Refused>() {
            return match refused {
                Refused::NotPublic => PostOutcome::BlockedAddress,
                Refused::Unknown => PostOutcome::Dns,
            };
        }
        if error.downcast_ref::<hyper::Error>().is_some_and(hyper::Error::is_parse) {
            return PostOutcome::BadResponse;
        }
        if error.is::<rustls::Error>() {
            return PostOutcome::Tls;
        }
        // An I/O error hides what it wraps from `source`, and the error of a handshake is wrapped twice.
        let wrapped = error.downcast_ref::<std::io::Error>().and_then(std::io::Error::get_ref);
        cause = wrapped.map(|inner| inner as &(dyn StdError + 'static)).or_else(|| error.source());
    }
    if error.is_timeout() {
        return PostOutcome::Timeout;
    }
    if error.is_connect() { PostOutcome::Connect } else { PostOutcome::Disconnected }
}

/// One client for each kind of egress, because its root certificates are costly to load; it keeps no connection open.
fn client(egress: Egress) -> Option<&'static reqwest::Client> {
    static PUBLIC: OnceLock<Option<reqwest::Client>> = OnceLock::new();
    static LOCAL: OnceLock<Option<reqwest::Client>> = OnceLock::new();
    let slot = match egress {
        Egress::Public => &PUBLIC,
        Egress::LocalDevelopment => &LOCAL,
    };
    let build = || build(Guard { egress, lookup: system() }).inspect_err(|error| tracing::error!(%error, "no client for webhooks"));
    slot.get_or_init(|| build().ok()).as_ref()
}

fn build(guard: Guard) -> Result<reqwest::Client, reqwest::Error> {
    // Another part of the process may have installed the same provider before.
    let _ = rustls::crypto::ring::default_provider().install_default();
    reqwest::Client::builder()
        .redirect(reqwest::redirect::Policy::none())
        .no_proxy()
        .pool_max_idle_per_host(0)
        .connect_timeout(CONNECT_TIMEOUT)
        .dns_resolver(guard)
        .build()
}

#[cfg(test)]
mod tests;
