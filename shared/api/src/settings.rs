//! What a deployment sets for the functions behind HTTP, beside [`runtime::Settings`].

use std::str::FromStr;

use domain::accounts::Plan;
use domain::values::destination::OwnHosts;
use domain::values::name::Handle;
use domain::values::secret::SecretText;
use runtime::{InvalidSettings, Variables};

/// Characters of a shared secret; HS256 requires a key as long as its hash (RFC 7518 §3.2).
const MIN_SHARED_SECRET: usize = 32;

/// How bearer tokens are verified; set by the deployment, never by the token.
#[derive(Clone, Debug)]
pub enum JwtMode {
    /// RS256 with published keys.
    Jwks {
        /// `JWKS_URL`.
        url: String,
    },
    /// HS256 with a shared secret, for local use.
    Shared {
        /// `JWT_HS256_SECRET`.
        secret: SecretText,
    },
}

/// Which bearer tokens are accepted.
#[derive(Clone, Debug)]
pub struct JwtSettings {
    /// The algorithm and its keys.
    pub mode: JwtMode,
    /// `JWT_ISSUER`.
    pub issuer: String,
    /// `JWT_CLIENT_ID`: the clients whose tokens are accepted, separated by commas.
    pub client_ids: Vec<String>,
}

impl JwtSettings {
    fn read<F: Fn(&str) -> Option<String>>(variables: &Variables<F>) -> Result<Self, InvalidSettings> {
        let mode = match variables.local_only("JWT_HS256_SECRET")? {
            Some(secret) if secret.len() < MIN_SHARED_SECRET => {
                return Err(InvalidSettings::new("JWT_HS256_SECRET", format!("must be at least {MIN_SHARED_SECRET} characters")));
            }
            Some(secret) => JwtMode::Shared { secret: SecretText::new(secret) },
            None => JwtMode::Jwks { url: jwks_url(variables.required("JWKS_URL")?, variables.is_production())? },
        };
        Ok(Self { mode, issuer: variables.required("JWT_ISSUER")?, client_ids: client_ids(&variables.required("JWT_CLIENT_ID")?)? })
    }
}

/// The ids in a list; an empty one would accept the tokens of a client without a name.
fn client_ids(list: &str) -> Result<Vec<String>, InvalidSettings> {
    let ids: Vec<String> = list.split(',').map(|id| id.trim().to_owned()).collect();
    if ids.iter().any(String::is_empty) {
        return Err(InvalidSettings::new("JWT_CLIENT_ID", "must be one client id, or several separated by commas"));
    }
    Ok(ids)
}

fn jwks_url(url: String, production: bool) -> Result<String, InvalidSettings> {
    if production && !url.starts_with("https://") {
        return Err(InvalidSettings::new("JWKS_URL", "must be an https:// address in production"));
    }
    Ok(url)
}

/// Which visitors are answered before their click is on the queue (docs/operations.md, "Answer first").
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AnswerFirst {
    /// None.
    Never,
    /// Those of links without a campaign: by clicks of a campaign people are paid.
    WithoutCampaign,
    /// All.
    Always,
}

impl FromStr for AnswerFirst {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text {
            "NEVER" => Ok(Self::Never),
            "WITHOUT_CAMPAIGN" => Ok(Self::WithoutCampaign),
            "ALWAYS" => Ok(Self::Always),
            _ => Err("must be NEVER, WITHOUT_CAMPAIGN or ALWAYS"),
        }
    }
}

/// What a function behind HTTP reads from its environment.
#[derive(Clone, Debug)]
pub struct ApiSettings {
    /// `PUBLIC_DOMAIN`: the links of a handle are at `<handle>.<PUBLIC_DOMAIN>`.
    pub public_domain: String,
    /// `PUBLIC_ORIGIN`: the origin of links, with the placeholder `{handle}`.
    pub public_origin: String,
    /// `API_ORIGIN`: the origin of the API.
    pub api_origin: String,
    /// The hosts that no link may redirect to.
    pub own_hosts: OwnHosts,
    /// `DEFAULT_PLAN`: the plan of a new account.
    pub default_plan: Plan,
    /// `CTX_LIFE_DAYS`: days a context token is valid.
    pub ctx_life_days: i64,
    /// `ANSWER_FIRST`: which visitors are answered before their click is on the queue.
    pub answer_first: AnswerFirst,
    /// `PUBLIC_RPM`: public requests per minute and source address.
    pub public_rpm: u32,
    /// `TRUST_VIEWER_HEADERS`: accept CloudFront's viewer headers without its secret, for local use.
    pub trust_viewer_headers: bool,
    /// Which bearer tokens are accepted.
    pub jwt: JwtSettings,
}

impl ApiSettings {
    /// Reads the settings from `lookup`, which looks a variable up by name.
    ///
    /// # Errors
    /// When a required variable is missing or invalid, or a production deployment sets a switch meant for local use.
    pub fn read(lookup: impl Fn(&str) -> Option<String>) -> Result<Self, InvalidSettings> {
        let variables = Variables::new(lookup)?;
        let public_domain = variables.required("PUBLIC_DOMAIN")?;
        let api_origin = variables.optional("API_ORIGIN").unwrap_or_else(|| format!("https://api.{public_domain}"));
        Ok(Self {
            own_hosts: OwnHosts::new([host_of(&public_domain), host_of(&api_origin)]),
            api_origin,
            public_origin: variables.optional("PUBLIC_ORIGIN").unwrap_or_else(|| format!("https://{{handle}}.{public_domain}")),
            public_domain,
            default_plan: variables.parsed("DEFAULT_PLAN", Plan::Free)?,
            ctx_life_days: variables.parsed("CTX_LIFE_DAYS", 30)?,
            answer_first: variables.parsed("ANSWER_FIRST", AnswerFirst::Never)?,
            public_rpm: variables.parsed("PUBLIC_RPM", 120)?,
            trust_viewer_headers: variables.local_only("TRUST_VIEWER_HEADERS")?.as_deref() == Some("true"),
            jwt: JwtSettings::read(&variables)?,
        })
    }

    /// The address of a link.
    pub fn short_url(&self, handle: &Handle, slug: &str) -> String {
        format!("{}/{slug}", self.public_origin.replace("{handle}", handle.as_str()))
    }
}

/// `http://localhost:9000` or `localhost:9000` as `localhost`.
fn host_of(origin: &str) -> String {
    let rest = origin.split_once("://").map_or(origin, |(_, rest)| rest);
    rest.split([':', '/']).next().unwrap_or_default().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(changes: &[(&str, &str)]) -> Result<ApiSettings, InvalidSettings> {
        let base = [
            ("STAGE", "prod"),
            ("PUBLIC_DOMAIN", "10x.example"),
            ("JWKS_URL", "https://idp.example/jwks.json"),
            ("JWT_ISSUER", "https://idp.example"),
            ("JWT_CLIENT_ID", "c"),
        ];
        let all: std::collections::HashMap<_, _> = base.into_iter().chain(changes.iter().copied()).collect();
        ApiSettings::read(|name| all.get(name).map(|value| (*value).to_owned()))
    }

    #[test]
    fn production_refuses_what_is_meant_for_local_use() {
        assert!(read(&[]).is_ok());
        for (name, value) in
            [("JWT_HS256_SECRET", "0123456789abcdef0123456789abcdef"), ("TRUST_VIEWER_HEADERS", "true"), ("JWKS_URL", "http://idp.example")]
        {
            assert_eq!(read(&[(name, value)]).unwrap_err().name, name);
        }
    }

    #[test]
    fn a_bad_variable_is_named() {
        for (name, value) in [
            ("STAGE", "test"),
            ("DEFAULT_PLAN", "GOLD"),
            ("CTX_LIFE_DAYS", "soon"),
            ("ANSWER_FIRST", "true"),
            ("PUBLIC_DOMAIN", ""),
            ("JWT_CLIENT_ID", "a,,b"),
            ("JWT_CLIENT_ID", ","),
        ] {
            assert_eq!(read(&[(name, value)]).unwrap_err().name, name);
        }
        assert_eq!(read(&[("STAGE", "local"), ("JWT_HS256_SECRET", "short")]).unwrap_err().name, "JWT_HS256_SECRET");
    }

    #[test]
    fn several_clients_are_a_list() {
        assert_eq!(read(&[("JWT_CLIENT_ID", "shop, console")]).unwrap().jwt.client_ids, ["shop", "console"]);
        assert_eq!(read(&[]).unwrap().jwt.client_ids, ["c"]);
    }

    #[test]
    fn settings_do_not_print_secrets() {
        let settings = read(&[("STAGE", "local"), ("JWT_HS256_SECRET", "hush-hush-hush-hush-hush-hush-hush")]).unwrap();
        assert!(!format!("{settings:?}").contains("hush"));
    }
}
