//! Callers: users and programs with their tokens, and visitors with their browsers.

use std::net::IpAddr;
use std::time::Duration;

use http::{Method, Request};
use serde_json::{Value, json};

use crate::{Answer, TestEnv};

/// The user agent of a common browser.
pub const BROWSER: &str =
    "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/126.0.0.0 Safari/537.36";

/// A caller of the API, with or without a token.
#[derive(Clone)]
pub struct Caller<'e> {
    env: &'e TestEnv,
    token: Option<String>,
    ip: IpAddr,
    headers: Vec<(String, String)>,
}

impl TestEnv {
    /// The owner of `demo`.
    pub fn owner(&self) -> Caller<'_> {
        self.user("owner", &[])
    }

    /// An operator of `demo`.
    pub fn operator(&self) -> Caller<'_> {
        self.user("operator", &[])
    }

    /// A creator of `demo`.
    pub fn creator(&self) -> Caller<'_> {
        self.user("creator", &[])
    }

    /// A user with a valid token who is no member of `demo`.
    pub fn stranger(&self) -> Caller<'_> {
        self.user("stranger", &[])
    }

    /// A platform administrator.
    pub fn admin(&self) -> Caller<'_> {
        self.user("admin", &["platform-admin"])
    }

    /// Any user, in these groups, with a token that is valid for an hour.
    pub fn user(&self, id: &str, groups: &[&str]) -> Caller<'_> {
        let token = local::token::mint(self.keys(), id, groups, self.now().millis(), Duration::from_secs(3600)).expect("a token");
        self.bearer(&token)
    }

    /// A caller with this token.
    pub fn bearer(&self, token: &str) -> Caller<'_> {
        Caller { token: Some(token.to_owned()), ..self.anonymous() }
    }

    /// A program with a new personal access token of `demo` that has these scopes, created through the API.
    pub async fn pat_client(&self, scopes: &[&str]) -> Caller<'_> {
        let made = self.owner().post("/v2/handles/demo/tokens", json!({"scopes": scopes})).await.expect(201);
        self.bearer(made.json()["token"].as_str().expect("a token"))
    }

    /// A caller without a token.
    pub fn anonymous(&self) -> Caller<'_> {
        Caller { env: self, token: None, ip: IpAddr::from([198, 51, 100, 7]), headers: Vec::new() }
    }

    /// A visitor with a common browser.
    pub fn visitor(&self) -> Visit<'_> {
        Visit(self.anonymous().with("user-agent", BROWSER).with("accept-language", "en-US,en;q=0.9"))
    }
}

impl Caller<'_> {
    /// Adds a header, or replaces it.
    #[must_use]
    pub fn with(mut self, name: &str, value: &str) -> Self {
        self.headers.retain(|(known, _)| known != name);
        self.headers.push((name.to_owned(), value.to_owned()));
        self
    }

    /// Leaves a header out.
    #[must_use]
    pub fn without(mut self, name: &str) -> Self {
        self.headers.retain(|(known, _)| known != name);
        self
    }

    /// Calls from this address.
    #[must_use]
    pub fn from(mut self, ip: &str) -> Self {
        self.ip = ip.parse().expect("an address");
        self
    }

    /// Reads.
    pub async fn get(&self, path: &str) -> Answer {
        self.send(Method::GET, path, Vec::new()).await
    }

    /// Deletes.
    pub async fn delete(&self, path: &str) -> Answer {
        self.send(Method::DELETE, path, Vec::new()).await
    }

    /// Writes JSON.
    pub async fn put(&self, path: &str, body: Value) -> Answer {
        self.json(Method::PUT, path, body).await
    }

    /// Posts JSON.
    pub async fn post(&self, path: &str, body: Value) -> Answer {
        self.json(Method::POST, path, body).await
    }

    async fn json(&self, method: Method, path: &str, body: Value) -> Answer {
        let caller = self.clone();
        let caller = if self.headers.iter().any(|(name, _)| name == "content-type") {
            caller
        } else {
            caller.with("content-type", "application/json")
        };
        caller.send(method, path, body.to_string().into_bytes()).await
    }

    /// Sends anything.
    pub async fn send(&self, method: Method, path: &str, body: Vec<u8>) -> Answer {
        let mut request = Request::builder().method(method).uri(path);
        if !self.headers.iter().any(|(name, _)| name == "host") {
            request = request.header("host", "localhost:9000");
        }
        for (name, value) in &self.headers {
            request = request.header(name, value);
        }
        if let Some(token) = &self.token {
            request = request.header("authorization", format!("Bearer {token}"));
        }
        let request = request.body(body.into()).expect("a request");
        self.env.send(request, self.ip).await
    }
}

/// A visitor of public links.
#[derive(Clone)]
pub struct Visit<'e>(Caller<'e>);

impl<'e> Visit<'e> {
    /// Adds a header, or replaces it.
    #[must_use]
    pub fn with(self, name: &str, value: &str) -> Self {
        Self(self.0.with(name, value))
    }

    /// Leaves a header out.
    #[must_use]
    pub fn without(self, name: &str) -> Self {
        Self(self.0.without(name))
    }

    /// Visits from this address.
    #[must_use]
    pub fn from(self, ip: &str) -> Self {
        Self(self.0.from(ip))
    }

    /// Visits from a network of its own, one of 16,384: visitors with different numbers are never in one burst.
    #[must_use]
    pub fn number(self, number: usize) -> Self {
        self.from(&format!("100.{}.{}.9", 64 + number / 256 % 64, number % 256))
    }

    /// Comes from this country.
    #[must_use]
    pub fn in_country(self, country: &str) -> Self {
        self.with("cloudfront-viewer-country", country)
    }

    /// Follows a link of `demo`: `launch?source=ad`.
    pub async fn follow(&self, path: &str) -> Answer {
        self.follow_as(Method::GET, path, Vec::new()).await
    }

    /// Requests a link's headers only.
    pub async fn head(&self, path: &str) -> Answer {
        self.follow_as(Method::HEAD, path, Vec::new()).await
    }

    /// Posts a password to a link.
    pub async fn unlock(&self, path: &str, password: &str) -> Answer {
        let form = url::form_urlencoded::Serializer::new(String::new()).append_pair("password", password).finish();
        self.clone().with("content-type", "application/x-www-form-urlencoded").follow_as(Method::POST, path, form.into_bytes()).await
    }

    async fn follow_as(&self, method: Method, path: &str, body: Vec<u8>) -> Answer {
        self.0.clone().with("host", "demo.localhost:9000").send(method, &format!("/{path}"), body).await
    }

    /// The caller behind the visitor.
    pub fn caller(&self) -> &Caller<'e> {
        &self.0
    }
}
