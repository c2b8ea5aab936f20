//! The local server with the bench's handle, and requests of its users and visitors; the ledger counts every AWS call.

use std::net::{IpAddr, Ipv4Addr};
use std::path::Path;

use anyhow::{Context, Result, ensure};
use bytes::Bytes;
use http::{Method, Request, Response, StatusCode};
use local::demo::{self, Tokens};
use local::keys::Keys;
use local::{LocalServer, Options, functions};
use runtime::App;
use runtime::start::{system_entropy, wall_clock};
use serde_json::{Value, json};

use crate::ledger::{Detail, Ledger};
use crate::link::HANDLE;
use crate::visitors::{Visitor, visitor};

/// No measurement reaches this limit.
const PUBLIC_RPM: u32 = 1_000_000_000;

/// The local server and its ledger.
pub(crate) struct BenchEnv {
    /// The server.
    pub(crate) server: LocalServer,
    /// Its calls.
    pub(crate) ledger: Ledger,
    owner: String,
    domain: String,
}

impl BenchEnv {
    /// Opens a server on `data`, or in memory, for a gateway on `port`.
    pub(crate) async fn open(data: Option<&Path>, port: u16, detail: Detail) -> Result<Self> {
        let keys = Keys::generate()?;
        let settings = local::settings::LocalSettings { port, plan: "ENTERPRISE", public_rpm: Some(PUBLIC_RPM), keys: &keys };
        let domain = settings.public_domain();
        let options = Options { data: data.map(Path::to_owned), environment: settings.environment(), ..Options::memory() };
        let server = LocalServer::open(options).await?;
        let ledger = Ledger::default();
        functions::mount_all(&server, |_, settings| {
            App::new(settings, ledger.client(server.http_client(), detail), wall_clock(), system_entropy())
        })?;
        let tokens = Tokens::mint(&keys, local::wall_clock())?;
        demo::Demo::of(&server)?.create_handle().await?;
        let env = Self { server, ledger, owner: tokens.owner, domain };
        env.post("campaigns", &crate::link::campaign()).await?;
        Ok(env)
    }

    /// A new state of `function`, with empty caches.
    pub(crate) fn app(&self, function: &str, detail: Detail) -> Result<App> {
        let environment = self.server.env(function);
        let settings = runtime::Settings::read(|name| environment.get(name).cloned())?;
        Ok(App::new(settings, self.ledger.client(self.server.http_client(), detail), wall_clock(), system_entropy()))
    }

    /// The public host of the bench's handle.
    pub(crate) fn host(&self) -> String {
        self.host_of(HANDLE)
    }

    fn host_of(&self, handle: &str) -> String {
        format!("{handle}.{}", self.domain)
    }

    /// Writes a link.
    pub(crate) async fn put_link(&self, slug: &str, body: &Value) -> Result<()> {
        self.write(Method::PUT, &format!("links/{slug}"), body).await
    }

    /// Sends a POST to a path of the handle, as its owner.
    pub(crate) async fn post(&self, path: &str, body: &Value) -> Result<()> {
        self.write(Method::POST, path, body).await
    }

    async fn write(&self, method: Method, path: &str, body: &Value) -> Result<()> {
        self.write_returning(method, path, body).await.map(drop)
    }

    /// Sends a write to a path of the handle, as its owner; returns the response's body.
    pub(crate) async fn write_returning(&self, method: Method, path: &str, body: &Value) -> Result<Value> {
        self.write_at(method, &format!("/v2/handles/{HANDLE}/{path}"), body).await
    }

    /// Sends a write to any path, as the owner; returns the response's body.
    pub(crate) async fn write_at(&self, method: Method, path: &str, body: &Value) -> Result<Value> {
        let request = Request::builder().method(method).uri(path);
        let request = request.header("host", "localhost").header("content-type", "application/json");
        let request = request.header("authorization", format!("Bearer {}", self.owner)).body(Bytes::from(body.to_string()))?;
        let response = self.call(request).await;
        ensure!(response.status().is_success(), "writing {path}: {} {:?}", response.status(), response.body());
        Ok(serde_json::from_slice(response.body()).unwrap_or_default())
    }

    /// Follows a link; returns the ctx of its redirect.
    pub(crate) async fn follow(&self, slug: &str, number: usize) -> Result<String> {
        self.follow_on(HANDLE, slug, number).await
    }

    /// Follows a link of any handle; returns the ctx of its redirect.
    pub(crate) async fn follow_on(&self, handle: &str, slug: &str, number: usize) -> Result<String> {
        let request = Request::builder().uri(format!("/{slug}")).header("host", self.host_of(handle));
        let response = self.call(with_visitor(request, &visitor(number)).body(Bytes::new())?).await;
        let location = response.headers().get("location").and_then(|value| value.to_str().ok());
        let location = location.with_context(|| format!("following a link: {}", response.status()))?;
        let (_, ctx) = location.split_once("ctx=").context("a location without ctx")?;
        Ok(ctx.split(['&', '#']).next().unwrap_or_default().to_owned())
    }

    /// Resolves a ctx.
    pub(crate) async fn context(&self, ctx: &str, number: usize) -> Result<()> {
        let request = Request::builder().uri(format!("/v2/public/context?ctx={ctx}")).header("host", "localhost");
        let response = self.call(with_visitor(request, &visitor(number)).body(Bytes::new())?).await;
        ensure!(response.status() == StatusCode::OK, "context: {}", response.status());
        Ok(())
    }

    /// Submits a conversion; returns the status.
    pub(crate) async fn convert(&self, ctx: &str, key: &str, number: usize) -> Result<StatusCode> {
        let request = Request::builder().method(Method::POST).uri("/v2/public/conversions").header("host", "localhost");
        let request = with_visitor(request, &visitor(number)).header("content-type", "application/json");
        let response = self.call(request.body(Bytes::from(conversion(ctx, key)))?).await;
        ensure!(response.status().is_success(), "conversion: {} {:?}", response.status(), response.body());
        Ok(response.status())
    }

    /// Sends a POST to a public route; returns the response's body.
    pub(crate) async fn post_public(&self, path: &str, body: &Value) -> Result<Value> {
        let request =
            Request::builder().method(Method::POST).uri(path).header("host", "localhost").header("content-type", "application/json");
        let response = self.call(with_visitor(request, &visitor(0)).body(Bytes::from(body.to_string()))?).await;
        ensure!(response.status().is_success(), "{path}: {} {:?}", response.status(), response.body());
        Ok(serde_json::from_slice(response.body())?)
    }

    /// Sends a GET as the handle's owner; returns the response's body.
    pub(crate) async fn read(&self, path: &str) -> Result<Value> {
        let request = Request::builder().uri(path).header("host", "localhost").header("authorization", format!("Bearer {}", self.owner));
        let response = self.call(request.body(Bytes::new())?).await;
        ensure!(response.status() == StatusCode::OK, "{path}: {} {:?}", response.status(), response.body());
        Ok(serde_json::from_slice(response.body())?)
    }

    /// Delivers what is visible in a queue, once; returns the number of messages.
    pub(crate) async fn drain(&self, queue: &str) -> Result<usize> {
        let report = self.server.drain(queue, &mut |messages| messages).await?;
        ensure!(report.failed == 0, "{} messages of {queue} failed", report.failed);
        Ok(report.received)
    }

    /// Processes the outbox until it is empty, the folds that counting has announced for two seconds later included.
    pub(crate) async fn settle(&self) -> Result<()> {
        let mut ticks = tokio::time::interval(std::time::Duration::from_millis(2_200));
        ticks.tick().await;
        ticks.tick().await;
        while self.drain("EventsQueue").await? > 0 {}
        Ok(())
    }

    async fn call(&self, request: Request<Bytes>) -> Response<Bytes> {
        self.server.call(request, IpAddr::V4(Ipv4Addr::LOCALHOST)).await
    }
}

fn with_visitor(request: http::request::Builder, visitor: &Visitor) -> http::request::Builder {
    request
        .header("user-agent", visitor.agent)
        .header("accept-language", visitor.language)
        .header("referer", visitor.referrer)
        .header("cloudfront-viewer-address", format!("{}:443", visitor.address))
        .header("cloudfront-viewer-country", visitor.country)
}

/// The body of a merchant's conversion.
pub(crate) fn conversion(ctx: &str, key: &str) -> String {
    json!({"ctx": ctx, "idempotencyKey": key, "eventType": "purchase", "value": 24.99, "currency": "EUR", "metadata": {"plan": "yearly"}})
        .to_string()
}
