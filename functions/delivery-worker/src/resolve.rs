//! DNS resolution of receivers: one lookup an attempt, refused as a whole when one of its addresses may not be reached. The
//! connection is made to the addresses that were checked.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use domain::webhooks::endpoint::Egress;
use futures::FutureExt;
use futures::future::BoxFuture;
use reqwest::dns::{Addrs, Name, Resolve, Resolving};

/// How long a name server may take.
const RESOLVE: Duration = Duration::from_secs(2);

/// Looks up a host name.
pub(crate) type Lookup = Arc<dyn Fn(String) -> BoxFuture<'static, io::Result<Vec<SocketAddr>>> + Send + Sync>;

/// Looks it up with the system resolver.
pub(crate) fn system() -> Lookup {
    Arc::new(|name| async move { tokio::net::lookup_host((name, 0)).await.map(Iterator::collect) }.boxed())
}

/// Resolves names to addresses that may be reached.
pub(crate) struct Guard {
    pub(crate) egress: Egress,
    pub(crate) lookup: Lookup,
}

/// Why a name is not connected to.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Refused {
    /// It has no address, or the lookup timed out.
    #[error("the name has no address")]
    Unknown,
    /// One of its addresses may not be reached.
    #[error("the name has an address that is not public")]
    NotPublic,
}

impl Resolve for Guard {
    fn resolve(&self, name: Name) -> Resolving {
        let (egress, found) = (self.egress, (self.lookup)(name.as_str().to_owned()));
        Box::pin(async move {
            let addresses = match tokio::time::timeout(RESOLVE, found).await {
                Ok(Ok(addresses)) => addresses,
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
