//! One POST to a receiver nobody here controls: the address checked where it is connected to, one deadline over the whole
//! exchange, no redirect, no proxy, nothing kept open, and no more read than is kept.

use std::error::Error as StdError;
use std::sync::OnceLock;
use std::time::Duration;

use domain::webhooks::delivery::{DEADLINE_MS, PostOutcome};
use domain::webhooks::endpoint::{Egress, Endpoint};
use http::HeaderMap;
use tokio::time::{Instant, timeout_at};

use crate::resolve::{Guard, Refused, system};

/// How long a connection may take, TLS included.
const CONNECT: Duration = Duration::from_secs(3);
/// How long the body of an answer is waited for: its status has told all that matters.
const BODY: Duration = Duration::from_secs(2);
/// How much of an answer is read; one that goes on is cut off.
const MAX_READ: usize = 64 * 1024;
/// How much of it is kept.
const MAX_KEPT: usize = 1024;

/// What came of a POST.
#[derive(Debug)]
pub(crate) struct Reply {
    pub(crate) outcome: PostOutcome,
    /// The beginning of the answer, fit to be shown.
    pub(crate) snippet: Option<String>,
}

impl Reply {
    pub(crate) fn without_answer(outcome: PostOutcome) -> Self {
        Self { outcome, snippet: None }
    }
}

/// Sends a message; whatever goes wrong is an outcome.
pub(crate) async fn post(egress: Egress, endpoint: &Endpoint, headers: HeaderMap, body: String) -> Reply {
    match client(egress) {
        Some(client) => exchange(client, egress, endpoint, headers, body).await,
        None => Reply::without_answer(PostOutcome::Tls),
    }
}

async fn exchange(client: &reqwest::Client, egress: Egress, endpoint: &Endpoint, headers: HeaderMap, body: String) -> Reply {
    // Names are checked by the resolver, which is never asked about a host that is an address.
    if endpoint.address().is_some_and(|address| !egress.permits(address)) {
        return Reply::without_answer(PostOutcome::BlockedAddress);
    }
    let deadline = Instant::now() + Duration::from_millis(DEADLINE_MS.unsigned_abs());
    let answer = timeout_at(deadline, client.post(endpoint.as_str()).headers(headers).body(body).send()).await;
    let mut response = match answer {
        Ok(Ok(response)) => response,
        Ok(Err(error)) => return Reply::without_answer(outcome_of(&error)),
        Err(_) => return Reply::without_answer(PostOutcome::Timeout),
    };
    let mut kept = Vec::new();
    // The status came whole: a receiver that took the event need not end its answer, nor say anything more.
    let _ = timeout_at(deadline.min(Instant::now() + BODY), read(&mut response, &mut kept)).await;
    Reply { outcome: PostOutcome::Status(response.status().as_u16()), snippet: presentable(&kept) }
}

async fn read(response: &mut reqwest::Response, kept: &mut Vec<u8>) {
    let mut read = 0;
    while read < MAX_READ {
        let Ok(Some(chunk)) = response.chunk().await else { return };
        read += chunk.len();
        kept.extend(chunk.iter().take(MAX_KEPT - kept.len()));
    }
}

/// The beginning of an answer as a line of text, without what could steer whatever shows it.
fn presentable(bytes: &[u8]) -> Option<String> {
    let text = String::from_utf8_lossy(bytes);
    let shown = text.chars().map(|c| if matches!(c, '\n' | '\r' | '\t') { ' ' } else { c }).filter(|c| !c.is_control());
    let mut shown: String = shown.collect();
    // A byte that is no text became three.
    shown.truncate(shown.floor_char_boundary(MAX_KEPT));
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
        // An I/O error hides what it wraps from `source`.
        let inner = error.downcast_ref::<std::io::Error>().and_then(std::io::Error::get_ref);
        if inner.is_some_and(|inner| inner.is::<rustls::Error>()) {
            return PostOutcome::Tls;
        }
        cause = error.source();
    }
    if error.is_timeout() {
        return PostOutcome::Timeout;
    }
    if error.is_connect() { PostOutcome::Connect } else { PostOutcome::Disconnected }
}

/// One client a kind of egress, for its roots of trust are costly to read; it keeps no connection.
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
    // Another part of the process may have chosen already; then it chose the same.
    let _ = rustls::crypto::ring::default_provider().install_default();
    reqwest::Client::builder()
        .redirect(reqwest::redirect::Policy::none())
        .no_proxy()
        .pool_max_idle_per_host(0)
        .connect_timeout(CONNECT)
        .dns_resolver(guard)
        .build()
}

#[cfg(test)]
mod tests;
