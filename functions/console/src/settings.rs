//! What a deployment sets for the console.

use runtime::{InvalidSettings, Variables};
use serde::Serialize;
use url::Url;

/// Where people sign in: an identity provider that knows the console as a public client.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Login {
    /// `LOGIN_AUTHORIZATION_ENDPOINT`.
    pub authorization_endpoint: Url,
    /// `LOGIN_TOKEN_ENDPOINT`.
    pub token_endpoint: Url,
    /// `LOGIN_LOGOUT_URL`: ends the session at the provider; absent where the provider has no such page.
    pub logout_url: Option<Url>,
    /// `LOGIN_CLIENT_ID`.
    pub client_id: String,
    /// `LOGIN_SCOPES`, separated by spaces; empty for what the provider gives a client that asks for none.
    pub scopes: String,
}

/// What the console reads from its environment.
#[derive(Clone, Debug)]
pub struct ConsoleSettings {
    /// `PUBLIC_DOMAIN`: the console is at `app.<PUBLIC_DOMAIN>`.
    pub public_domain: String,
    /// `PUBLIC_ORIGIN`: the origin of links, with the placeholder `{handle}`.
    pub public_origin: String,
    /// `API_ORIGIN`: the origin of the API, on whose host the console is too.
    pub api_origin: String,
    /// Where people sign in; without it they paste a token.
    pub login: Option<Login>,
    /// `WEBHOOK_EGRESS`: whether webhooks may be sent to the machine that the functions run on, over http.
    pub local_receivers: bool,
    /// `DEMO_HANDLE`: the handle that the local server fills with demo data since its start, if it does.
    pub demo_handle: Option<String>,
}

impl ConsoleSettings {
    /// Reads the settings from `lookup`, which looks a variable up by name.
    ///
    /// # Errors
    /// When a required variable is missing or invalid, or the sign-in is set in part.
    pub fn read(lookup: impl Fn(&str) -> Option<String>) -> Result<Self, InvalidSettings> {
        let variables = Variables::new(lookup)?;
        let public_domain = variables.required("PUBLIC_DOMAIN")?;
        Ok(Self {
            public_origin: variables.optional("PUBLIC_ORIGIN").unwrap_or_else(|| format!("https://{{handle}}.{public_domain}")),
            api_origin: variables.optional("API_ORIGIN").unwrap_or_else(|| format!("https://api.{public_domain}")),
            public_domain,
            login: read_login(&variables)?,
            local_receivers: variables.local_only("WEBHOOK_EGRESS")?.is_some(),
            demo_handle: variables.local_only("DEMO_HANDLE")?,
        })
    }

    /// What the pages know of the deployment. `origin` is where they were loaded from: the API answers there too.
    pub(crate) fn config<'a>(&'a self, origin: &'a str) -> Config<'a> {
        let login = self.login.as_ref();
        Config {
            authorization_endpoint: login.map(|login| login.authorization_endpoint.as_str()),
            token_endpoint: login.map(|login| login.token_endpoint.as_str()),
            logout_url: login.and_then(|login| login.logout_url.as_ref()).map(Url::as_str),
            client_id: login.map(|login| login.client_id.as_str()),
            scopes: login.map(|login| login.scopes.as_str()),
            api_origin: origin,
            public_origin: &self.public_origin,
            local_receivers: self.local_receivers,
            demo_handle: self.demo_handle.as_deref(),
        }
    }
}

/// The answer to `GET /console/config.json`.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Config<'a> {
    authorization_endpoint: Option<&'a str>,
    token_endpoint: Option<&'a str>,
    logout_url: Option<&'a str>,
    client_id: Option<&'a str>,
    scopes: Option<&'a str>,
    api_origin: &'a str,
    public_origin: &'a str,
    local_receivers: bool,
    demo_handle: Option<&'a str>,
}

fn read_login<F: Fn(&str) -> Option<String>>(variables: &Variables<F>) -> Result<Option<Login>, InvalidSettings> {
    let address = |name| variables.optional(name).map(|text| read_url(name, &text, variables.is_production())).transpose();
    let logout_url = address("LOGIN_LOGOUT_URL")?;
    let Some(authorization_endpoint) = address("LOGIN_AUTHORIZATION_ENDPOINT")? else {
        return match variables.optional("LOGIN_TOKEN_ENDPOINT") {
            Some(_) => Err(InvalidSettings::new("LOGIN_AUTHORIZATION_ENDPOINT", "must be set together with LOGIN_TOKEN_ENDPOINT")),
            None => Ok(None),
        };
    };
    Ok(Some(Login {
        authorization_endpoint,
        token_endpoint: read_url("LOGIN_TOKEN_ENDPOINT", &variables.required("LOGIN_TOKEN_ENDPOINT")?, variables.is_production())?,
        logout_url,
        client_id: variables.required("LOGIN_CLIENT_ID")?,
        scopes: variables.optional("LOGIN_SCOPES").unwrap_or_default(),
    }))
}

fn read_url(name: &'static str, text: &str, production: bool) -> Result<Url, InvalidSettings> {
    let url = Url::parse(text).map_err(|error| InvalidSettings::new(name, error))?;
    let is_web = url.scheme() == "https" || (!production && url.scheme() == "http");
    if is_web { Ok(url) } else { Err(InvalidSettings::new(name, "must be an https:// address")) }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LOGIN: [(&str, &str); 4] = [
        ("LOGIN_AUTHORIZATION_ENDPOINT", "https://login.example/oauth2/authorize"),
        ("LOGIN_TOKEN_ENDPOINT", "https://login.example/oauth2/token"),
        ("LOGIN_LOGOUT_URL", "https://login.example/logout"),
        ("LOGIN_CLIENT_ID", "console"),
    ];

    fn read(changes: &[(&str, &str)]) -> Result<ConsoleSettings, InvalidSettings> {
        let base = [("STAGE", "prod"), ("PUBLIC_DOMAIN", "10x.example")];
        let all: std::collections::HashMap<_, _> = base.into_iter().chain(changes.iter().copied()).collect();
        ConsoleSettings::read(|name| all.get(name).map(|value| (*value).to_owned()))
    }

    #[test]
    fn without_a_login_the_console_is_served_all_the_same() {
        let settings = read(&[]).unwrap();
        assert_eq!((settings.login, settings.api_origin.as_str()), (None, "https://api.10x.example"));
        assert_eq!(settings.public_origin, "https://{handle}.10x.example");
    }

    #[test]
    fn a_login_is_set_as_a_whole_or_not_at_all() {
        let login = read(&LOGIN).unwrap().login.unwrap();
        assert_eq!((login.client_id.as_str(), login.scopes.as_str()), ("console", ""));
        for missing in ["LOGIN_AUTHORIZATION_ENDPOINT", "LOGIN_TOKEN_ENDPOINT", "LOGIN_CLIENT_ID"] {
            let some: Vec<_> = LOGIN.into_iter().map(|(name, value)| (name, if name == missing { "" } else { value })).collect();
            assert_eq!(read(&some).unwrap_err().name, missing);
        }
    }

    #[test]
    fn production_refuses_what_is_meant_for_local_use() {
        for (name, value) in [("WEBHOOK_EGRESS", "local"), ("DEMO_HANDLE", "acme")] {
            assert_eq!(read(&[(name, value)]).unwrap_err().name, name);
            assert!(read(&[(name, value), ("STAGE", "local")]).is_ok(), "{name}");
        }
        let settings = read(&[]).unwrap();
        assert_eq!((settings.local_receivers, settings.demo_handle), (false, None));
    }

    #[test]
    fn addresses_of_a_login_are_https_in_production() {
        for name in ["LOGIN_AUTHORIZATION_ENDPOINT", "LOGIN_TOKEN_ENDPOINT", "LOGIN_LOGOUT_URL"] {
            for value in ["http://login.example/", "login.example", "javascript:alert(1)", "data:,"] {
                let some: Vec<_> = LOGIN.into_iter().chain([(name, value)]).collect();
                assert_eq!(read(&some).unwrap_err().name, name, "{value}");
            }
        }
    }
}
