//! An identity provider for this machine: the demo's users sign in to the console with a click.
//!
//! OAuth 2.0 authorization code with PKCE, as the console uses it with a provider on the internet (RFC 6749, RFC 7636). It is no function:
//! only this server has it, which listens on loopback, and it answers nothing that comes from another address or asks for another host.

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use base64::{Engine as _, prelude::BASE64_URL_SAFE_NO_PAD};
use bytes::Bytes;
use http::header::{ALLOW, HOST, ORIGIN};
use http::request::Parts;
use http::{Method, Response};
use runtime::Entropy;

use crate::{keys::Keys, settings::LocalSettings, token};

mod answer;
mod authorize;
mod grants;
mod users;

use answer::TokenAnswer;
use authorize::{Authorization, Unfit};
use grants::{CodeRequest, Grants, Refusal};
pub use users::{USERS, User};

/// The paths below which everything is.
const PATH: &str = "/_dev/login/";
/// Lifetime of an access token; short, so that its renewal is in use.
const ACCESS_TTL: Duration = Duration::from_secs(15 * 60);

/// The identity provider.
pub struct Login {
    keys: Keys,
    /// The origins at which the console is.
    origins: [String; 2],
    entropy: Entropy,
    grants: Mutex<Grants>,
}

impl Login {
    /// The provider for the console of the server with these settings.
    #[must_use]
    pub fn new(settings: &LocalSettings<'_>, entropy: Entropy) -> Self {
        let origins = [settings.api_origin(), format!("http://app.{}", settings.public_domain())];
        Self { keys: settings.keys.clone(), origins, entropy, grants: Mutex::default() }
    }

    /// Answers a request from this machine at `now`, in milliseconds since 1970; none if it is not for the provider.
    pub(crate) fn respond(&self, parts: &Parts, body: &[u8], now: i64) -> Option<Response<Bytes>> {
        let page = parts.uri.path().strip_prefix(PATH)?;
        let host = parts.headers.get(HOST)?.to_str().ok()?;
        // A page of another host that resolves to this machine must not read what is answered here.
        self.origins.iter().find(|origin| origin.trim_start_matches("http://").eq_ignore_ascii_case(host))?;
        let (get, post) = (parts.method == Method::GET || parts.method == Method::HEAD, parts.method == Method::POST);
        let query = parts.uri.query().unwrap_or_default().as_bytes();
        Some(match page {
            "authorize" if get => self.ask(query),
            "authorize" if post => self.grant(body, now),
            "authorize" => not_allowed("GET, HEAD, POST"),
            "token" if post => self.exchange(parts, body, now),
            "token" => not_allowed("POST"),
            "logout" if get => self.leave(query),
            "logout" => not_allowed("GET, HEAD"),
            "style.css" if get => answer::style(),
            _ => return None,
        })
    }

    /// `GET authorize`: a page with a button for each user.
    fn ask(&self, query: &[u8]) -> Response<Bytes> {
        match Authorization::read(query, &self.origins) {
            Ok(authorization) => answer::choice(&authorization, &self.origins),
            Err(unfit) => self.refuse(&unfit),
        }
    }

    /// `POST authorize`: the button that was pressed; back to the console with a code.
    fn grant(&self, form: &[u8], now: i64) -> Response<Bytes> {
        let authorization = match Authorization::read(form, &self.origins) {
            Ok(authorization) => authorization,
            Err(unfit) => return self.refuse(&unfit),
        };
        let Some(user) = authorization.user.as_deref().and_then(users::find) else {
            return answer::message("There is no such user.", &self.origins);
        };
        let code = self.secret();
        self.grants(|grants| grants.issue(&code, user, &authorization.redirect_uri, &authorization.challenge, now));
        answer::back(&authorization.redirect_uri, &[("code", &code), ("state", &authorization.state)])
    }

    fn refuse(&self, unfit: &Unfit) -> Response<Bytes> {
        match unfit {
            Unfit::Unknown(why) => answer::message(why, &self.origins),
            Unfit::Known { redirect_uri, state, error, why } => {
                answer::back(redirect_uri, &[("error", error), ("error_description", why), ("state", state)])
            }
        }
    }

    /// `POST token`: tokens for a code or for a refresh token.
    fn exchange(&self, parts: &Parts, form: &[u8], now: i64) -> Response<Bytes> {
        let origin = parts.headers.get(ORIGIN).and_then(|origin| origin.to_str().ok());
        // At app.<domain> this is another origin to the console.
        let reader = self.origins.iter().find(|known| Some(known.as_str()) == origin);
        answer::tokens(self.redeem(&parts.headers, form, now), reader.map(String::as_str))
    }

    fn redeem(&self, headers: &http::HeaderMap, form: &[u8], now: i64) -> Result<TokenAnswer, Refusal> {
        let form = authorize::form(headers, form)?;
        let value = |name: &'static str| form.get(name).map(String::as_str).ok_or(Refusal::missing(name));
        let kind = value("grant_type")?;
        let refresh_token = self.secret();
        let user = match kind {
            "authorization_code" => {
                self.check_client(value("client_id")?)?;
                let request = CodeRequest { code: value("code")?, redirect_uri: value("redirect_uri")?, verifier: value("code_verifier")? };
                self.grants(|grants| grants.redeem(&request, &refresh_token, now))?
            }
            "refresh_token" => {
                self.check_client(value("client_id")?)?;
                let token = value("refresh_token")?;
                self.grants(|grants| grants.refresh(token, &refresh_token, now))?
            }
            _ => return Err(Refusal::UNSUPPORTED_GRANT),
        };
        let access_token = token::mint(&self.keys, user.id, user.groups, now, ACCESS_TTL).map_err(|_| Refusal::SERVER)?;
        Ok(TokenAnswer { access_token, refresh_token, expires_in: ACCESS_TTL.as_secs(), token_type: "Bearer" })
    }

    fn check_client(&self, client_id: &str) -> Result<(), Refusal> {
        if client_id == token::CLIENT_ID { Ok(()) } else { Err(Refusal::UNKNOWN_CLIENT) }
    }

    /// `GET logout`: no session is kept here, so it only leads back.
    fn leave(&self, query: &[u8]) -> Response<Bytes> {
        match authorize::return_address(query, &self.origins) {
            Some(address) => answer::back(&address, &[]),
            None => answer::message("Sign-out leads back to a page of the console only.", &self.origins),
        }
    }

    /// 256 random bits, as base64url.
    fn secret(&self) -> String {
        let bits = [(self.entropy)(), (self.entropy)()];
        BASE64_URL_SAFE_NO_PAD.encode(bits.map(u128::to_le_bytes).as_flattened())
    }

    /// A change of what is granted is whole or has not begun, so a panic elsewhere leaves nothing half done.
    fn grants<T>(&self, change: impl FnOnce(&mut Grants) -> T) -> T {
        change(&mut self.grants.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

fn not_allowed(methods: &'static str) -> Response<Bytes> {
    let mut response = Response::new(Bytes::new());
    *response.status_mut() = http::StatusCode::METHOD_NOT_ALLOWED;
    response.headers_mut().insert(ALLOW, http::HeaderValue::from_static(methods));
    response
}
