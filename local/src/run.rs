//! Runs the house until Ctrl-C.

use std::{
    io::{IsTerminal, stdout},
    net::{Ipv4Addr, Ipv6Addr},
};

use futures::FutureExt;
use http::StatusCode;
use local::{
    Error, LocalServer, Options,
    demo::{Demo, Tokens},
    functions,
    jobs::Published,
    keys::Keys,
    listen::{Answer, Receiver},
    settings::Settings,
    shop::{self, Shop},
    wall_clock,
};
use tokio::{net::TcpListener, time::Instant};
use tracing_subscriber::EnvFilter;

use crate::{
    command::{ListenArgs, ServerArgs},
    welcome,
};

/// Opens the server, furnishes it, makes the demo's data and serves.
pub(crate) async fn server(args: &ServerArgs, started: Instant) -> Result<(), Error> {
    let filter =
        EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new("info,rustack_sqs_core=warn,dynoxide=error,api::service=warn"));
    tracing_subscriber::fmt().compact().with_target(false).with_ansi(stdout().is_terminal()).with_env_filter(filter).init();

    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, args.port)).await.map_err(Error::on_port(args.port))?;
    // Some clients try ::1 first for localhost; a machine without IPv6 does without.
    let sixth = TcpListener::bind((Ipv6Addr::LOCALHOST, args.port)).await.ok();
    let data = (!args.ephemeral).then(|| args.data.clone());
    let keys = data.as_deref().map_or_else(Keys::generate, Keys::open)?;
    let settings = Settings { port: args.port, plan: args.plan.name(), public_rpm: args.public_rpm, keys: &keys };
    let server = LocalServer::open(Options { data, environment: settings.environment(), ..Options::memory() }).await?;
    functions::mount_all(&server, functions::real_app)?;
    let _published = (!args.ephemeral).then(|| Published::write(&server, &args.data)).transpose()?;

    let tokens = Tokens::mint(&keys, wall_clock())?;
    let demo = Demo::of(&server)?;
    if let Err(error) = demo.prepare().await {
        tracing::warn!(%error, "no demo data");
    }
    let shop = match open_shop(&settings, args.shop_port, &demo).await {
        Ok(shop) => Some(shop),
        Err(error) => {
            tracing::warn!(%error, "no demo shop");
            None
        }
    };
    if let Some(path) = &args.env_file {
        std::fs::write(path, welcome::env_file(&settings, &tokens)).map_err(Error::on(path))?;
    }
    if let Some(path) = &args.functions_env {
        std::fs::write(path, welcome::functions_env(&server)).map_err(Error::on(path))?;
    }
    let ready_ms = u64::try_from(started.elapsed().as_millis()).unwrap_or(u64::MAX);
    println!("{}", welcome::text(&settings, &tokens, shop.is_some().then_some(args.shop_port)));
    tracing::info!(ready_ms, "ready on {}", settings.api_origin());

    let stop = interrupted().shared();
    let api = async {
        match sixth {
            Some(sixth) => {
                tokio::join!(server.serve(listener, stop.clone()), server.serve_http(sixth, stop.clone()));
            }
            None => server.serve(listener, stop.clone()).await,
        }
    };
    let shopping = async {
        if let Some((shop, doors)) = shop {
            futures::future::join_all(doors.into_iter().map(|door| shop.serve(door, stop.clone()))).await;
        }
    };
    tokio::join!(api, shopping);
    tracing::info!("stopped");
    Ok(())
}

/// The demo shop with the sockets it listens on, and what it needs of the demo.
async fn open_shop(settings: &Settings<'_>, port: u16, demo: &Demo) -> Result<(Shop, Vec<TcpListener>), Error> {
    let mut doors = vec![TcpListener::bind((Ipv4Addr::LOCALHOST, port)).await.map_err(Error::on_port(port))?];
    doors.extend(TcpListener::bind((Ipv6Addr::LOCALHOST, port)).await.ok());
    demo.stock(&shop::product(port)).await?;
    Ok((Shop::new(settings, port)?, doors))
}

/// Receives webhooks until Ctrl-C.
pub(crate) async fn listener(args: ListenArgs) -> Result<(), Error> {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, args.port)).await.map_err(Error::on_port(args.port))?;
    let sixth = TcpListener::bind((Ipv6Addr::LOCALHOST, args.port)).await.ok();
    let answer = if args.hang { Answer::Never } else { Answer::Status(args.fail.unwrap_or(StatusCode::OK)) };
    let receiver = Receiver::new(args.secret, answer, args.times);
    println!("listening; subscribe http://localhost:{}/", args.port);
    let stop = interrupted().shared();
    let tell = |line: &str| println!("{line}");
    match sixth {
        Some(sixth) => {
            tokio::join!(receiver.clone().run(listener, stop.clone(), tell), receiver.run(sixth, stop, tell));
        }
        None => receiver.run(listener, stop, tell).await,
    }
    Ok(())
}

/// Resolves at Ctrl-C or when the process is asked to end.
async fn interrupted() {
    use tokio::signal::unix::{SignalKind, signal};
    match signal(SignalKind::terminate()) {
        Ok(mut ended) => {
            tokio::select! {
                _ = tokio::signal::ctrl_c() => {}
                _ = ended.recv() => {}
            }
        }
        Err(_) => {
            let _ = tokio::signal::ctrl_c().await;
        }
    }
}
