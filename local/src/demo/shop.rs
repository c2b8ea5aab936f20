//! The demo shop and the page of a creator who links to it, on origins of their own.
//!
//! They use the API as a merchant's site does: their pages load the browser SDK, under a Content-Security-Policy that allows
//! nothing else.

use std::{convert::Infallible, future::Ready, sync::Arc};

use bytes::Bytes;
use http::{
    HeaderValue, Method, Request, Response, StatusCode,
    header::{ALLOW, CONTENT_SECURITY_POLICY, CONTENT_TYPE, HeaderMap, X_CONTENT_TYPE_OPTIONS},
};
use http_body_util::Full;
use hyper::service::Service;
use tokio::net::TcpListener;

use super::{HANDLE, SHOP};
use crate::{Error, http_server, settings::LocalSettings};

const HTML: &str = "text/html; charset=utf-8";
const SCRIPT: &str = "text/javascript; charset=utf-8";
const STYLE: &str = "text/css; charset=utf-8";

/// Path, content type and text of each file; `{{API}}`, `{{LINK}}` and `{{GUIDE}}` are replaced by addresses.
const FILES: [(&str, &str, &str); 10] = [
    ("/", HTML, include_str!("shop/guide.html")),
    ("/product", HTML, include_str!("shop/product.html")),
    ("/checkout", HTML, include_str!("shop/checkout.html")),
    ("/thanks", HTML, include_str!("shop/thanks.html")),
    ("/guide.js", SCRIPT, include_str!("shop/guide.js")),
    ("/product.js", SCRIPT, include_str!("shop/product.js")),
    ("/checkout.js", SCRIPT, include_str!("shop/checkout.js")),
    ("/thanks.js", SCRIPT, include_str!("shop/thanks.js")),
    ("/panel.js", SCRIPT, include_str!("shop/panel.js")),
    ("/shop.css", STYLE, include_str!("shop/shop.css")),
];

/// The path of the shop's receivers of webhooks, which take whatever they are sent.
const HOOKS: &str = "/hooks";

/// The address of the shop's receivers of webhooks.
#[must_use]
pub fn hooks(port: u16) -> String {
    format!("http://localhost:{port}{HOOKS}")
}

/// The creator's page; its site is not the shop's.
#[must_use]
pub fn guide(port: u16) -> String {
    format!("http://localhost:{port}")
}

/// The destination of the creator's link. It is not under `localhost`: the server refuses links to its own hosts.
#[must_use]
pub fn product(port: u16) -> String {
    format!("http://127.0.0.1:{port}/product")
}

/// The shop and the creator's page.
#[derive(Clone)]
pub struct Shop(Arc<Inner>);

struct Inner {
    files: Vec<(&'static str, &'static str, Bytes)>,
    policy: HeaderValue,
}

impl Shop {
    /// A shop on `port` whose pages use the server of `settings`.
    ///
    /// # Errors
    /// When the server's address is no header value.
    pub fn new(settings: &LocalSettings<'_>, port: u16) -> Result<Self, Error> {
        let api = settings.api_origin();
        let policy = format!(
            "default-src 'none'; script-src 'self' {api}; connect-src {api}; style-src 'self'; img-src data:; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
        );
        let link = format!("http://{}.{}/{}", HANDLE, settings.public_domain(), SHOP);
        let fill = |text: &str| text.replace("{{API}}", &api).replace("{{LINK}}", &link).replace("{{GUIDE}}", &guide(port));
        let files = FILES.into_iter().map(|(path, kind, text)| (path, kind, Bytes::from(fill(text)))).collect();
        Ok(Self(Arc::new(Inner { files, policy: HeaderValue::try_from(policy).map_err(Error::keys)? })))
    }

    /// Serves the pages until `stop` resolves.
    pub async fn serve(&self, listener: TcpListener, stop: impl Future<Output = ()>) {
        http_server::serve(listener, |_| self.clone(), stop).await;
    }

    fn response(&self, method: &Method, path: &str) -> Response<Full<Bytes>> {
        if method == Method::POST && path.starts_with(HOOKS) {
            return Response::new(Full::new(Bytes::from_static(b"ok")));
        }
        let mut response = Response::new(Full::default());
        let headers: &mut HeaderMap = response.headers_mut();
        headers.insert(CONTENT_SECURITY_POLICY, self.0.policy.clone());
        headers.insert(X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
        let Some((_, kind, text)) = self.0.files.iter().find(|(known, ..)| *known == path) else {
            *response.status_mut() = StatusCode::NOT_FOUND;
            return response;
        };
        if method != Method::GET && method != Method::HEAD {
            headers.insert(ALLOW, HeaderValue::from_static("GET, HEAD"));
            *response.status_mut() = StatusCode::METHOD_NOT_ALLOWED;
            return response;
        }
        headers.insert(CONTENT_TYPE, HeaderValue::from_static(kind));
        response.map(|_| Full::new(text.clone()))
    }
}

impl<B> Service<Request<B>> for Shop {
    type Response = Response<Full<Bytes>>;
    type Error = Infallible;
    type Future = Ready<Result<Self::Response, Self::Error>>;

    fn call(&self, request: Request<B>) -> Self::Future {
        std::future::ready(Ok(self.response(request.method(), request.uri().path())))
    }
}
