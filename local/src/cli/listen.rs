//! `listen`: prints webhooks as they arrive, until Ctrl-C.

use std::net::{Ipv4Addr, Ipv6Addr};

use futures::FutureExt;
use http::StatusCode;
use local::{
    Error,
    webhook_receiver::{Reply, WebhookReceiver},
};
use tokio::net::TcpListener;

use super::{args::ListenArgs, shutdown};

/// Receives webhooks and prints one line for each.
///
/// # Errors
/// When the port is in use.
pub(super) async fn run(args: ListenArgs) -> Result<(), Error> {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, args.port)).await.map_err(Error::on_port(args.port))?;
    let ipv6_listener = TcpListener::bind((Ipv6Addr::LOCALHOST, args.port)).await.ok();
    let reply = if args.hang { Reply::Never } else { Reply::Status(args.fail.unwrap_or(StatusCode::OK)) };
    let receiver = WebhookReceiver::new(args.secret, reply, args.times);
    println!("listening; subscribe http://localhost:{}/", args.port);
    let stop = shutdown::requested().shared();
    let print = |line: &str| println!("{line}");
    match ipv6_listener {
        Some(ipv6_listener) => {
            tokio::join!(receiver.clone().run(listener, stop.clone(), print), receiver.run(ipv6_listener, stop, print));
        }
        None => receiver.run(listener, stop, print).await,
    }
    Ok(())
}
