//! The local server: embedded engines, mounted functions, the gateway and the workers that call them.

use std::{
    borrow::Cow,
    collections::BTreeMap,
    net::{IpAddr, Ipv4Addr, SocketAddr},
    path::PathBuf,
    sync::Arc,
};

use aws_smithy_runtime_api::client::http::SharedHttpClient;
use bytes::Bytes;
use http::{Request, Response};
use lambda_http::lambda_runtime;
use tokio::{net::TcpListener, sync::watch};

use crate::{
    Error, MillisClock, TEMPLATE,
    database::{self, reads::ReadsApart},
    functions::slot::{Function, FunctionSlot},
    gateway::{self, routes::Routes},
    http_server,
    login::Login,
    private_files,
    queues::{self, Depth, EmbeddedQueues},
    template::{Site, Template},
    workers::{self, DrainReport, Hook, Source},
};

mod assembly;

/// The AWS region of every resource.
pub(crate) const REGION: &str = "eu-central-1";
/// The AWS account of every resource.
pub(crate) const ACCOUNT: &str = "000000000000";

/// How to open a server.
#[derive(Clone)]
pub struct Options {
    /// Its data directory; in memory when absent.
    pub data: Option<PathBuf>,
    /// Variables of every function; they override the template's.
    pub environment: BTreeMap<String, String>,
    /// Parameters of the template; they override its defaults.
    pub parameters: BTreeMap<String, String>,
    /// The clock.
    pub clock: MillisClock,
    /// The template.
    pub template: Cow<'static, str>,
    /// The address on which the engines listen: who reaches it can read and change everything.
    pub engines_host: IpAddr,
    /// Whether callers over HTTP may name a visitor's address in `CloudFront-Viewer-Address`.
    pub trust_viewer_address: bool,
    /// Where the console's users sign in; none for a server without one.
    pub login: Option<Arc<Login>>,
}

impl Options {
    /// A server in memory, on the wall clock, built from the project's own template.
    #[must_use]
    pub fn memory() -> Self {
        Self {
            data: None,
            environment: BTreeMap::new(),
            parameters: BTreeMap::new(),
            clock: Arc::new(crate::wall_clock),
            template: Cow::Borrowed(TEMPLATE),
            engines_host: Ipv4Addr::LOCALHOST.into(),
            trust_viewer_address: false,
            login: None,
        }
    }
}

/// The whole system in one process. A clone is another handle to the same server.
#[derive(Clone)]
pub struct LocalServer(Arc<Inner>);

struct Inner {
    slots: BTreeMap<String, Arc<FunctionSlot>>,
    routes: Routes,
    sources: Vec<Arc<Source>>,
    queues: Arc<EmbeddedQueues>,
    template: Template,
    clock: MillisClock,
    trust_viewer_address: bool,
    login: Option<Arc<Login>>,
    /// The address of the connection for reads of the table; none for a table in memory, which has one connection.
    reader: Option<SocketAddr>,
    /// The engines stop when this is dropped.
    _engines: watch::Sender<bool>,
}

impl LocalServer {
    /// Starts the engines with the template's tables and queues, and with the data of the data directory.
    ///
    /// # Errors
    /// When the template cannot be used, the data directory is in use or damaged, or no port is free.
    pub async fn open(options: Options) -> Result<Self, Error> {
        let data = options.data.as_deref();
        if let Some(data) = data {
            private_files::create_dir(data).map_err(Error::on(data))?;
        }
        let on_host = Error::on_address(options.engines_host);
        let database_listener = TcpListener::bind((options.engines_host, 0)).await.map_err(&on_host)?;
        let queue_listener = TcpListener::bind((options.engines_host, 0)).await.map_err(&on_host)?;
        let reader_listener = TcpListener::bind((options.engines_host, 0)).await.map_err(&on_host)?;
        let (database_address, queue_address) = (database_listener.local_addr()?, queue_listener.local_addr()?);
        let site = Site {
            region: REGION.to_owned(),
            account: ACCOUNT.to_owned(),
            queue_endpoint: format!("http://{queue_address}"),
            parameters: options.parameters,
        };
        let template = Template::parse(&options.template, &site)?;
        // The queues lock the data directory, so nothing else is opened before them.
        let queues = EmbeddedQueues::open(data, &site, queue_address, &template.queues, Arc::clone(&options.clock)).await?;
        let queues = Arc::new(queues);
        let database = database::open(data, &options.clock, &template.tables)?;
        let mut common = options.environment;
        common.extend(assembly::engine_environment(database_address, &site));
        let slots = assembly::slots(&template, &common);
        let (engines, running) = watch::channel(false);
        let reader = data.map(database::open_reader).transpose()?;
        let reader_address = reader.is_some().then(|| reader_listener.local_addr()).transpose()?;
        if let Some(reader) = reader {
            database::serve(reader_listener, reader, running.clone())?;
        }
        database::sweep(database.clone(), running.clone());
        database::serve(database_listener, database, running.clone())?;
        queues::serve(queue_listener, &queues, running);
        Ok(Self(Arc::new(Inner {
            routes: assembly::routes(&slots),
            sources: assembly::sources(&slots),
            slots,
            queues,
            template,
            clock: options.clock,
            trust_viewer_address: options.trust_viewer_address,
            login: options.login,
            reader: reader_address,
            _engines: engines,
        })))
    }

    /// The resolved environment of the function built from the binary `name`; empty when there is no such function.
    #[must_use]
    pub fn env(&self, name: &str) -> BTreeMap<String, String> {
        self.0.slots.get(name).map(|slot| slot.environment.clone()).unwrap_or_default()
    }

    /// What Lambda tells a function about itself.
    ///
    /// # Errors
    /// When there is no such function.
    pub(crate) fn function_config(&self, name: &str) -> Result<Arc<lambda_runtime::Config>, Error> {
        Ok(Arc::clone(&self.slot(name)?.config))
    }

    /// The HTTP client with which functions reach the engines.
    #[must_use]
    pub fn http_client(&self) -> SharedHttpClient {
        match self.0.reader {
            Some(reader) => SharedHttpClient::new(ReadsApart { inner: store::http_client(), reader }),
            None => store::http_client(),
        }
    }

    /// The binaries of all functions.
    pub fn functions(&self) -> impl Iterator<Item = &str> {
        self.0.slots.keys().map(String::as_str)
    }

    /// Whether callers over HTTP may name a visitor's address.
    pub(crate) fn trusts_viewer_address(&self) -> bool {
        self.0.trust_viewer_address
    }

    /// Where the console's users sign in.
    pub(crate) fn login(&self) -> Option<&Login> {
        self.0.login.as_deref()
    }

    /// Mounts a function's code in its slot.
    ///
    /// # Errors
    /// When the template has no such function, or it is mounted already.
    pub fn mount(&self, name: &str, function: Function) -> Result<(), Error> {
        if self.slot(name)?.mount(function) { Ok(()) } else { Err(Error::AlreadyMounted(name.to_owned())) }
    }

    /// Sends one request through the gateway, without a socket.
    pub async fn call(&self, request: Request<Bytes>, source_ip: IpAddr) -> Response<Bytes> {
        let (parts, body) = request.into_parts();
        gateway::respond(self, parts, body, source_ip).await
    }

    /// Serves the gateway, polls the queues and runs the schedules, until `shutdown` resolves.
    pub async fn serve(&self, listener: TcpListener, shutdown: impl Future<Output = ()>) {
        let (stop, stopped) = watch::channel(false);
        let mut workers = workers::start(self, &stopped);
        self.serve_http(listener, shutdown).await;
        stop.send_replace(true);
        while workers.join_next().await.is_some() {}
    }

    /// Serves the gateway alone, for tests that drain the queues themselves.
    pub async fn serve_http(&self, listener: TcpListener, shutdown: impl Future<Output = ()>) {
        let connect = |peer| gateway::GatewayConnection { server: self.clone(), peer };
        http_server::serve(listener, connect, shutdown).await;
    }

    /// Delivers what is visible in a queue, once, without waiting; `hook` may duplicate, reorder and drop messages.
    ///
    /// # Errors
    /// When the template has no such queue, or no function consumes it.
    pub async fn drain(&self, queue: &str, hook: Hook<'_>) -> Result<DrainReport, Error> {
        workers::drain(self, queue, usize::MAX, hook).await
    }

    /// Delivers what is visible in a queue, once, in batches of at most `batch_size` messages.
    ///
    /// # Errors
    /// As [`LocalServer::drain`].
    pub(crate) async fn drain_by(&self, queue: &str, batch_size: usize) -> Result<DrainReport, Error> {
        workers::drain(self, queue, batch_size, &mut |messages| messages).await
    }

    /// Runs the scheduled function built from the binary `name`, now.
    ///
    /// # Errors
    /// When there is no such function, it is not mounted, or it failed.
    pub async fn run_schedule(&self, name: &str) -> Result<(), Error> {
        if workers::once(self.slot(name)?).await { Ok(()) } else { Err(Error::Failed(name.to_owned())) }
    }

    /// How many messages a queue holds.
    ///
    /// # Errors
    /// When the template has no such queue.
    pub fn queue_depth(&self, queue: &str) -> Result<Depth, Error> {
        Ok(self.0.queues.depth(self.queue(queue)?))
    }

    /// When the delay of the next delayed message ends, in milliseconds since 1970 by the server's clock.
    pub(crate) fn next_due(&self) -> Option<i64> {
        self.0.queues.next_due()
    }

    /// Removes every message of a queue.
    ///
    /// # Errors
    /// When the template has no such queue.
    pub async fn purge(&self, queue: &str) -> Result<(), Error> {
        self.0.queues.purge(self.queue(queue)?).await;
        Ok(())
    }

    /// The template, resolved for this server.
    #[must_use]
    pub fn template(&self) -> &Template {
        &self.0.template
    }

    /// The key of the route that takes a request, such as `GET /{slug}` or `$default`, and the name of the function behind it.
    #[must_use]
    pub fn route_for(&self, method: &str, path: &str) -> Option<(String, String)> {
        let found = self.0.routes.find(method, path)?;
        Some((found.route.key.clone(), found.route.slot.spec.binary.clone()))
    }

    pub(crate) fn routes(&self) -> &Routes {
        &self.0.routes
    }

    pub(crate) fn slots(&self) -> impl Iterator<Item = &Arc<FunctionSlot>> {
        self.0.slots.values()
    }

    pub(crate) fn sources(&self) -> &[Arc<Source>] {
        &self.0.sources
    }

    pub(crate) fn queues(&self) -> &EmbeddedQueues {
        &self.0.queues
    }

    pub(crate) fn now(&self) -> i64 {
        (self.0.clock)()
    }

    fn slot(&self, name: &str) -> Result<&FunctionSlot, Error> {
        self.0.slots.get(name).map(Arc::as_ref).ok_or_else(|| Error::Unknown(name.to_owned()))
    }

    fn queue(&self, name: &str) -> Result<&queues::Queue, Error> {
        self.0.queues.find(name).ok_or_else(|| Error::Unknown(name.to_owned()))
    }
}
