//! The server: runs until Ctrl-C.

use std::{
    net::{Ipv4Addr, Ipv6Addr},
    sync::Arc,
};

use futures::FutureExt;
use local::{
    Error, LocalServer, Options,
    demo::{
        Demo, Tokens, month,
        shop::{self, Shop},
    },
    functions,
    jobs::{EngineAddress, EngineAddressFile, fill::FirstFill},
    keys::Keys,
    login::Login,
    private_files,
    settings::LocalSettings,
    wall_clock,
};
use runtime::telemetry;
use tokio::{net::TcpListener, time::Instant};

use super::{args::ServerArgs, fill, log, shutdown, welcome};

/// Opens the server, mounts the functions, creates the demo's data and serves until Ctrl-C.
///
/// # Errors
/// When the port or the data directory is in use, or a file cannot be read or written.
pub(super) async fn run(args: &ServerArgs, started: Instant) -> Result<(), Error> {
    log::start();
    if args.metrics {
        telemetry::install("local", telemetry::to_stdout);
    }
    let listeners = listen(args.port).await?;
    let data = (!args.ephemeral).then(|| args.data.clone());
    let first_fill = data.as_deref().filter(|_| !args.bare).map(FirstFill::due).transpose()?.flatten();
    let keys = data.as_deref().map_or_else(Keys::generate, Keys::open)?;
    let settings = LocalSettings { port: args.port, plan: args.plan.name(), public_rpm: args.public_rpm, keys: &keys };
    let login = Arc::new(Login::new(&settings, runtime::start::system_entropy()));
    let mut environment = settings.environment();
    if first_fill.is_some() {
        // The console says that the month is being made until the handle is there.
        environment.insert("DEMO_HANDLE".to_owned(), month::HANDLE.to_owned());
    }
    let trust_viewer_address = args.trust_viewer_address;
    let options =
        Options { data, environment, engines_host: args.engines_host, trust_viewer_address, login: Some(login), ..Options::memory() };
    let server = LocalServer::open(options).await?;
    functions::mount_all(&server, |_, settings| functions::real_app(server.http_client(), settings))?;
    let _address_file = (!args.ephemeral).then(|| EngineAddressFile::write(&server, &args.data)).transpose()?;

    let tokens = Tokens::mint(&keys, wall_clock())?;
    let shop = open_demo(&server, &settings, args.shop_port).await?;
    write_env_files(args, &server, &settings, &tokens)?;
    let ready_ms = u64::try_from(started.elapsed().as_millis()).unwrap_or(u64::MAX);
    println!("{}", welcome::text(&settings, &tokens, shop.is_some().then_some(args.shop_port)));
    tracing::info!(ready_ms, "ready on {}", settings.api_origin());
    if let Some(first_fill) = first_fill {
        tokio::spawn(fill::at_first_start(first_fill, EngineAddress::of(&server)?, keys.clone(), args.shop_port));
    }

    serve(&server, listeners, shop).await;
    tracing::info!("stopped");
    Ok(())
}

/// Loopback addresses that listen on one port.
struct Listeners {
    ipv4: TcpListener,
    /// Some clients try ::1 first for localhost; it is missing on a machine without IPv6.
    ipv6: Option<TcpListener>,
}

async fn listen(port: u16) -> Result<Listeners, Error> {
    let ipv4 = TcpListener::bind((Ipv4Addr::LOCALHOST, port)).await.map_err(Error::on_port(port))?;
    Ok(Listeners { ipv4, ipv6: TcpListener::bind((Ipv6Addr::LOCALHOST, port)).await.ok() })
}

/// Creates the demo's data. The server runs without the demo if it, or its shop, cannot be created.
async fn open_demo(server: &LocalServer, settings: &LocalSettings<'_>, shop_port: u16) -> Result<Option<(Shop, Listeners)>, Error> {
    let demo = Demo::of(server)?;
    if let Err(error) = demo.create_handle().await {
        tracing::warn!(%error, "no demo data");
    }
    match open_shop(settings, shop_port, &demo).await {
        Ok(shop) => Ok(Some(shop)),
        Err(error) => {
            tracing::warn!(%error, "no demo shop");
            Ok(None)
        }
    }
}

/// The demo shop with the sockets it listens on, and the data it uses.
async fn open_shop(settings: &LocalSettings<'_>, port: u16, demo: &Demo) -> Result<(Shop, Listeners), Error> {
    let listeners = listen(port).await?;
    demo.create_shop_data(&shop::product(port)).await?;
    Ok((Shop::new(settings, port)?, listeners))
}

fn write_env_files(args: &ServerArgs, server: &LocalServer, settings: &LocalSettings<'_>, tokens: &Tokens) -> Result<(), Error> {
    if let Some(path) = &args.env_file {
        private_files::write(path, &welcome::env_file(settings, tokens)).map_err(Error::on(path))?;
    }
    if let Some(path) = &args.functions_env {
        let is_json = path.extension().is_some_and(|extension| extension == "json");
        let text = if is_json { welcome::functions_env_json(server) } else { welcome::functions_env(server) };
        private_files::write(path, &text).map_err(Error::on(path))?;
    }
    Ok(())
}

async fn serve(server: &LocalServer, listeners: Listeners, shop: Option<(Shop, Listeners)>) {
    let stop = shutdown::requested().shared();
    let api = async {
        match listeners.ipv6 {
            Some(ipv6) => {
                tokio::join!(server.serve(listeners.ipv4, stop.clone()), server.serve_http(ipv6, stop.clone()));
            }
            None => server.serve(listeners.ipv4, stop.clone()).await,
        }
    };
    let shop = async {
        if let Some((shop, listeners)) = shop {
            let listeners = std::iter::once(listeners.ipv4).chain(listeners.ipv6);
            futures::future::join_all(listeners.map(|listener| shop.serve(listener, stop.clone()))).await;
        }
    };
    tokio::join!(api, shop);
}
