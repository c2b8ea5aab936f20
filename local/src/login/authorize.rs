//! Reads the requests of the console: parameters in a query or in a form.

use std::collections::BTreeMap;

use http::HeaderMap;
use http::header::CONTENT_TYPE;
use url::form_urlencoded;

use super::grants::Refusal;
use crate::token;

/// Where the console takes the code; the only address, at each of its origins, to which one is sent.
const CALLBACK: &str = "/console/callback";
/// Characters of `state`, which goes back as it came.
const MAX_STATE: usize = 1024;

/// A request for a code.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Authorization {
    pub(super) redirect_uri: String,
    pub(super) state: String,
    pub(super) challenge: String,
    /// The user whose button was pressed.
    pub(super) user: Option<String>,
}

/// Why no code is granted.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Unfit {
    /// It is not the console that asks: nothing is sent anywhere (RFC 6749 §4.1.2.1).
    Unknown(&'static str),
    /// The console asks for what there is not, and learns it.
    Known { redirect_uri: String, state: String, error: &'static str, why: &'static str },
}

impl Authorization {
    /// Reads the parameters of a query or a form.
    pub(super) fn read(encoded: &[u8], origins: &[String]) -> Result<Self, Unfit> {
        let parameters = once_each(encoded).ok_or(Unfit::Unknown("A parameter is there twice."))?;
        let value = |name: &str| parameters.get(name).cloned();
        if value("client_id").as_deref() != Some(token::CLIENT_ID) {
            return Err(Unfit::Unknown("The client_id is not known here."));
        }
        let known = |address: &String| origins.iter().any(|origin| address.strip_prefix(origin.as_str()) == Some(CALLBACK));
        let redirect_uri =
            value("redirect_uri").filter(known).ok_or(Unfit::Unknown("The redirect_uri is not an address of this server's console."))?;
        let state = value("state").filter(|state| !state.is_empty() && state.len() <= MAX_STATE);
        let state = state.ok_or(Unfit::Unknown("The state is missing, or longer than 1024 bytes."))?;
        let unfit = |error, why| Unfit::Known { redirect_uri: redirect_uri.clone(), state: state.clone(), error, why };
        if value("response_type").as_deref() != Some("code") {
            return Err(unfit("unsupported_response_type", "response_type must be code"));
        }
        let is_challenge =
            |text: &String| text.len() == 43 && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_".contains(&byte));
        let challenge = value("code_challenge").filter(is_challenge);
        match (challenge, value("code_challenge_method").as_deref()) {
            (Some(challenge), Some("S256")) => Ok(Self { challenge, user: value("user"), redirect_uri, state }),
            _ => Err(unfit("invalid_request", "code_challenge with code_challenge_method S256 is required")),
        }
    }

    /// The parameters as the form of the page sends them again.
    pub(super) fn parameters(&self) -> [(&'static str, &str); 6] {
        [
            ("response_type", "code"),
            ("client_id", token::CLIENT_ID),
            ("redirect_uri", &self.redirect_uri),
            ("state", &self.state),
            ("code_challenge", &self.challenge),
            ("code_challenge_method", "S256"),
        ]
    }
}

/// The parameters of the token endpoint.
pub(super) fn form(headers: &HeaderMap, body: &[u8]) -> Result<BTreeMap<String, String>, Refusal> {
    let kind = headers.get(CONTENT_TYPE).and_then(|kind| kind.to_str().ok()).unwrap_or_default();
    let kind = kind.split(';').next().unwrap_or_default().trim();
    let parameters = kind.eq_ignore_ascii_case("application/x-www-form-urlencoded").then(|| once_each(body)).flatten();
    parameters.ok_or(Refusal::NO_FORM)
}

/// Where sign-out leads: to a page of the console. Cognito calls it `logout_uri`, others `redirect_uri`.
pub(super) fn return_address(query: &[u8], origins: &[String]) -> Option<String> {
    let parameters = once_each(query)?;
    let address = ["logout_uri", "redirect_uri"].into_iter().find_map(|name| parameters.get(name))?;
    let is_console = |origin: &String| address.strip_prefix(origin.as_str()).is_some_and(|path| path.starts_with("/console/"));
    origins.iter().any(is_console).then(|| address.clone())
}

/// Each parameter with its value; none if one is there twice (RFC 6749 §3.1).
fn once_each(encoded: &[u8]) -> Option<BTreeMap<String, String>> {
    let mut parameters = BTreeMap::new();
    for (name, value) in form_urlencoded::parse(encoded) {
        if parameters.insert(name.into_owned(), value.into_owned()).is_some() {
            return None;
        }
    }
    Some(parameters)
}
