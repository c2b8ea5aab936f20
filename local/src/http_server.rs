//! Accepts connections and serves HTTP/1.1 on them until it is told to stop.

use std::{convert::Infallible, net::SocketAddr, pin::pin, time::Duration};

use hyper::{body::Incoming, server::conn::http1, service::Service};
use hyper_util::{
    rt::{TokioIo, TokioTimer},
    server::graceful::GracefulShutdown,
};
use tokio::net::TcpListener;

/// Requests under way get this long to end.
const GRACE: Duration = Duration::from_secs(5);

/// Serves what `service` makes for each connection until `stop` resolves, then lets requests under way end.
pub(crate) async fn serve<S, B>(listener: TcpListener, service: impl Fn(SocketAddr) -> S, stop: impl Future<Output = ()>)
where
    S: Service<http::Request<Incoming>, Response = http::Response<B>, Error = Infallible> + Send + 'static,
    S::Future: Send + 'static,
    B: hyper::body::Body + Send + 'static,
    B::Data: Send,
    B::Error: Into<Box<dyn std::error::Error + Send + Sync>>,
{
    let graceful = GracefulShutdown::new();
    let mut stop = pin!(stop);
    loop {
        let (stream, peer) = tokio::select! {
            accepted = listener.accept() => match accepted {
                Ok(accepted) => accepted,
                Err(error) => {
                    // Out of file handles, most likely: let some connections end first.
                    tracing::warn!(%error, "connection not accepted");
                    pause().await;
                    continue;
                }
            },
            () = &mut stop => break,
        };
        if let Err(error) = stream.set_nodelay(true) {
            tracing::debug!(%error, "connection keeps its delay");
        }
        let connection = http1::Builder::new().timer(TokioTimer::new()).serve_connection(TokioIo::new(stream), service(peer));
        let connection = graceful.watch(connection);
        tokio::spawn(async move {
            if let Err(error) = connection.await {
                tracing::debug!(%error, "connection ended");
            }
        });
    }
    drop(listener);
    if tokio::time::timeout(GRACE, graceful.shutdown()).await.is_err() {
        tracing::warn!("some requests did not end in time");
    }
}

#[expect(clippy::disallowed_methods, reason = "nothing tells when a file handle becomes free")]
async fn pause() {
    tokio::time::sleep(Duration::from_millis(50)).await;
}
