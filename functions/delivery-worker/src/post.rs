//! One POST to a receiver nobody here controls: the address checked where it is connected to, one deadline over the whole
//! exchange, no redirect, no proxy, nothing kept open, and no more read than is kept.

use std::error::Error as StdError;
use std::net::SocketAddr;
use std::sync::OnceLock;
use std::time::Duration;

use domain::webhook::delivery::{DEADLINE_MS, Outcome};
use domain::webhook::endpoint::{Egress, Endpoint};
use http::HeaderMap;
use reqwest::dns::{Addrs, Name, Resolve, Resolving};

/// How long a name server may take.
const RESOLVE: Duration = Duration::from_secs(2);
/// How long a connection may take, TLS included.
const CONNECT: Duration = Duration::from_secs(3);
/// How much of an answer is read; one that goes on is cut off.
const MOST_READ: usize = 64 * 1024;
/// How much of it is kept.
const MOST_KEPT: usize = 1024;

/// What came of a POST.
pub(crate) struct Reply {
    pub(crate) outcome: Outcome,
    /// The beginning of the answer, fit to be shown.
    pub(crate) snippet: Option<String>,
}

impl Reply {
    fn without_answer(outcome: Outcome) -> Self {
        Self { outcome, snippet: None }
    }
}

/// Sends a message; whatever goes wrong is an outcome.
pub(crate) async fn post(egress: Egress, endpoint: &Endpoint, headers: HeaderMap, body: String) -> Reply {
    // Names are checked by the resolver, which is never asked about a host that is an address.
    if endpoint.address().is_some_and(|address| !egress.permits(address)) {
        return Reply::without_answer(Outcome::BlockedAddress);
    }
    let Some(client) = client(egress) else { return Reply::without_answer(Outcome::Tls) };
    let exchange = async {
        let sent = client.post(endpoint.as_str()).headers(headers).body(body).send().await;
        match sent {
            Ok(response) => read(response).await,
            Err(error) => Reply::without_answer(outcome_of(&error)),
        }
    };
    let deadline = Duration::from_millis(DEADLINE_MS.unsigned_abs());
    tokio::time::timeout(deadline, exchange).await.unwrap_or_else(|_| Reply::without_answer(Outcome::Timeout))
}

async fn read(mut response: reqwest::Response) -> Reply {
    let status = response.status().as_u16();
    let mut kept = Vec::new();
    let mut read = 0;
    while read < MOST_READ {
        match response.chunk().await {
            Ok(Some(chunk)) => {
                read += chunk.len();
                kept.extend(chunk.iter().take(MOST_KEPT - kept.len()));
            }
            Ok(None) => break,
            // The status came whole, and a receiver that took the event need not say anything more.
            Err(_) => break,
        }
    }
    Reply { outcome: Outcome::Status(status), snippet: presentable(&kept) }
}

fn presentable(bytes: &[u8]) -> Option<String> {
    let text: String = String::from_utf8_lossy(bytes).chars().filter(|c| !c.is_control() || *c == '\n').collect();
    (!text.is_empty()).then_some(text)
}

fn outcome_of(error: &reqwest::Error) -> Outcome {
    let mut cause: Option<&(dyn StdError + 'static)> = Some(error);
    while let Some(error) = cause {
        if let Some(refused) = error.downcast_ref::<Refused>() {
            return match refused {
                Refused::NotPublic => Outcome::BlockedAddress,
                Refused::Unknown => Outcome::Dns,
            };
        }
        if error.is::<rustls::Error>() {
            return Outcome::Tls;
        }
        // An I/O error hides what it wraps from `source`.
        let inner = error.downcast_ref::<std::io::Error>().and_then(std::io::Error::get_ref);
        if inner.is_some_and(|inner| inner.is::<rustls::Error>()) {
            return Outcome::Tls;
        }
        cause = error.source();
    }
    if error.is_timeout() {
        return Outcome::Timeout;
    }
    if error.is_connect() { Outcome::Connect } else { Outcome::Disconnected }
}

/// One client a kind of egress, for its roots of trust are costly to read; it keeps no connection.
fn client(egress: Egress) -> Option<&'static reqwest::Client> {
    static PUBLIC: OnceLock<Option<reqwest::Client>> = OnceLock::new();
    static LOCAL: OnceLock<Option<reqwest::Client>> = OnceLock::new();
    let slot = match egress {
        Egress::Public => &PUBLIC,
        Egress::LocalDevelopment => &LOCAL,
    };
    slot.get_or_init(|| build(egress).inspect_err(|error| tracing::error!(%error, "no client for webhooks")).ok()).as_ref()
}

fn build(egress: Egress) -> Result<reqwest::Client, reqwest::Error> {
    // Another part of the process may have chosen already; then it chose the same.
    let _ = rustls::crypto::ring::default_provider().install_default();
    reqwest::Client::builder()
        .redirect(reqwest::redirect::Policy::none())
        .no_proxy()
        .pool_max_idle_per_host(0)
        .connect_timeout(CONNECT)
        .dns_resolver(Guard(egress))
        .build()
}

/// Resolves names and refuses the whole answer when one address in it may not be reached: the connection is made to the
/// very addresses that were checked.
struct Guard(Egress);

/// Why a name is not connected to.
#[derive(Debug, thiserror::Error)]
enum Refused {
    #[error("the name has no address")]
    Unknown,
    #[error("the name has an address that is not public")]
    NotPublic,
}

impl Resolve for Guard {
    fn resolve(&self, name: Name) -> Resolving {
        let egress = self.0;
        Box::pin(async move {
            let found = tokio::time::timeout(RESOLVE, tokio::net::lookup_host((name.as_str(), 0))).await;
            let addresses: Vec<SocketAddr> = match found {
                Ok(Ok(addresses)) => addresses.collect(),
                Ok(Err(_)) | Err(_) => Vec::new(),
            };
            if addresses.is_empty() {
                return Err(Refused::Unknown.into());
            }
            if !addresses.iter().all(|address| egress.permits(address.ip())) {
                return Err(Refused::NotPublic.into());
            }
            Ok(Box::new(addresses.into_iter()) as Addrs)
        })
    }
}
