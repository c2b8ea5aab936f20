//! HTTP/1.1 on a listener, with a graceful stop.

use std::{convert::Infallible, net::SocketAddr, pin::pin, time::Duration};

use hyper::{body::Incoming, server::conn::http1, service::Service};
use hyper_util::{
    rt::{TokioIo, TokioTimer},
    server::graceful::GracefulShutdown,
};
use tokio::net::TcpListener;

/// Time for requests in progress to finish after a stop.
const GRACE: Duration = Duration::from_secs(5);

/// Serves each connection with a service from `service` until `stop` resolves, then waits up to [`GRACE`] for requests in progress.
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
                    // Most likely no file descriptor is free: wait for connections to end.
                    tracing::warn!(%error, "connection not accepted");
                    pause().await;
                    continue;
                }
            },
            () = &mut stop => break,
        };
        if let Err(error) = stream.set_nodelay(true) {
            tracing::debug!(%error, "TCP_NODELAY not set");
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
        tracing::warn!("some requests did not finish in time");
    }
}

#[expect(clippy::disallowed_methods, reason = "nothing signals that a file descriptor became free")]
async fn pause() {
    tokio::time::sleep(Duration::from_millis(50)).await;
}
