//! What a deployment sets: read once from the environment, checked before the first request.

use domain::account::Plan;
use domain::destination::OwnHosts;
use domain::name::Handle;
use domain::secret::SecretText;
use domain::webhook::endpoint::Egress;
use store::{Connection, Credentials, Queues};

/// How bearer tokens are verified; fixed here, never by the token.
#[derive(Clone, Debug)]
pub enum JwtMode {
    /// RS256 against published keys.
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

/// Where the platform secret comes from.
#[derive(Clone, Debug)]
pub enum SecretSource {
    /// Secrets Manager, by `PLATFORM_SECRET_ARN`.
    Manager {
        /// The secret's name.
        arn: String,
    },
    /// The document itself, by `PLATFORM_SECRET`, for local use.
    Inline(SecretText),
    /// This function needs none.
    None,
}

/// Everything a function reads from its environment.
#[derive(Clone, Debug)]
pub struct Settings {
    /// Whether this is a production deployment (`STAGE`).
    pub production: bool,
    /// `TABLE_NAME`.
    pub table: String,
    /// `CLICKS_QUEUE_URL`, `EVENTS_QUEUE_URL`, `DELIVERIES_QUEUE_URL`, `RETRIES_QUEUE_URL`.
    pub queues: Queues,
    /// `PUBLIC_DOMAIN`: handles are labels before it.
    pub public_domain: String,
    /// `PUBLIC_ORIGIN`, with `{handle}` in it.
    pub public_origin: String,
    /// `API_ORIGIN`: where the API is reached.
    pub api_origin: String,
    /// The hosts no link may lead to.
    pub own_hosts: OwnHosts,
    /// `DEFAULT_PLAN`.
    pub default_plan: Plan,
    /// `CTX_LIFE_DAYS`.
    pub ctx_life_days: i64,
    /// `PUBLIC_RPM`: public requests a minute and source address.
    pub public_rpm: u32,
    /// `TRUST_VIEWER_HEADERS`: believe the front's headers without its secret, for local use.
    pub trust_viewer_headers: bool,
    /// `WEBHOOK_EGRESS`: how far webhooks may go; `local` also lets them reach this machine, for local use.
    pub egress: Egress,
    /// How tokens are verified.
    pub jwt: JwtMode,
    /// `JWT_ISSUER`.
    pub jwt_issuer: String,
    /// `JWT_CLIENT_ID`.
    pub jwt_client_id: String,
    /// Where ctx keys come from.
    pub secret: SecretSource,
    /// `AWS_REGION`.
    pub region: String,
    credentials: Credentials,
    dynamodb_endpoint: Option<String>,
    sqs_endpoint: Option<String>,
}

/// The environment is not fit to start with.
#[derive(Debug, thiserror::Error)]
#[error("environment variable {name}: {message}")]
pub struct InvalidSettings {
    /// Which variable.
    pub name: &'static str,
    /// What is wrong and what would be right.
    pub message: String,
}

fn invalid(name: &'static str, message: impl ToString) -> InvalidSettings {
    InvalidSettings { name, message: message.to_string() }
}

impl Settings {
    /// Reads the settings from `variable`, which looks a name up.
    ///
    /// # Errors
    /// When a needed variable is missing or unfit, or a production deployment carries a switch meant for local use.
    pub fn read(variable: impl Fn(&str) -> Option<String>) -> Result<Self, InvalidSettings> {
        let given = |name: &str| variable(name).filter(|value| !value.is_empty());
        let needed = |name: &'static str| given(name).ok_or_else(|| invalid(name, "must be set"));
        let production = match needed("STAGE")?.as_str() {
            "prod" => true,
            "local" => false,
            other => return Err(invalid("STAGE", format!("must be prod or local, not {other}"))),
        };
        let local_only = |name: &'static str| match given(name) {
            Some(_) if production => Err(invalid(name, "is for local use and must not be set in production")),
            other => Ok(other),
        };
        let public_domain = needed("PUBLIC_DOMAIN")?;
        let api_origin = given("API_ORIGIN").unwrap_or_else(|| format!("https://api.{public_domain}"));
        let jwt = match local_only("JWT_HS256_SECRET")? {
            Some(secret) if secret.len() < 32 => return Err(invalid("JWT_HS256_SECRET", "must be at least 32 characters")),
            Some(secret) => JwtMode::Shared { secret: SecretText::new(secret) },
            None => JwtMode::Jwks { url: jwks_url(needed("JWKS_URL")?, production)? },
        };
        let secret = match (local_only("PLATFORM_SECRET")?, given("PLATFORM_SECRET_ARN")) {
            (Some(document), _) => SecretSource::Inline(SecretText::new(document)),
            (None, Some(arn)) => SecretSource::Manager { arn },
            (None, None) => SecretSource::None,
        };
        Ok(Self {
            production,
            table: needed("TABLE_NAME")?,
            queues: Queues {
                clicks: given("CLICKS_QUEUE_URL"),
                events: given("EVENTS_QUEUE_URL"),
                deliveries: given("DELIVERIES_QUEUE_URL"),
                retries: given("RETRIES_QUEUE_URL"),
            },
            own_hosts: OwnHosts::new([host_of(&public_domain), host_of(&api_origin)]),
            api_origin,
            public_origin: given("PUBLIC_ORIGIN").unwrap_or_else(|| format!("https://{{handle}}.{public_domain}")),
            public_domain,
            default_plan: parsed("DEFAULT_PLAN", given("DEFAULT_PLAN"), Plan::Free)?,
            ctx_life_days: parsed("CTX_LIFE_DAYS", given("CTX_LIFE_DAYS"), 30)?,
            public_rpm: parsed("PUBLIC_RPM", given("PUBLIC_RPM"), 120)?,
            trust_viewer_headers: local_only("TRUST_VIEWER_HEADERS")?.as_deref() == Some("true"),
            egress: match local_only("WEBHOOK_EGRESS")?.as_deref() {
                None => Egress::Public,
                Some("local") => Egress::LocalDevelopment,
                Some(other) => return Err(invalid("WEBHOOK_EGRESS", format!("must be local or absent, not {other}"))),
            },
            jwt,
            jwt_issuer: needed("JWT_ISSUER")?,
            jwt_client_id: needed("JWT_CLIENT_ID")?,
            secret,
            region: needed("AWS_REGION")?,
            credentials: Credentials::new(
                needed("AWS_ACCESS_KEY_ID")?,
                needed("AWS_SECRET_ACCESS_KEY")?,
                given("AWS_SESSION_TOKEN"),
                None,
                "environment",
            ),
            dynamodb_endpoint: given("AWS_ENDPOINT_URL_DYNAMODB"),
            sqs_endpoint: given("AWS_ENDPOINT_URL_SQS"),
        })
    }

    /// The address of a link.
    pub fn short_url(&self, handle: &Handle, slug: &str) -> String {
        format!("{}/{slug}", self.public_origin.replace("{handle}", handle.as_str()))
    }

    /// How to reach the services, over this HTTP client.
    pub fn connection(&self, http: aws_smithy_runtime_api::client::http::SharedHttpClient) -> Connection {
        Connection {
            region: self.region.clone(),
            credentials: self.credentials.clone(),
            dynamodb_endpoint: self.dynamodb_endpoint.clone(),
            sqs_endpoint: self.sqs_endpoint.clone(),
            http,
        }
    }

    pub(crate) fn credentials(&self) -> Credentials {
        self.credentials.clone()
    }
}

fn parsed<T: std::str::FromStr>(name: &'static str, value: Option<String>, default: T) -> Result<T, InvalidSettings>
where
    T::Err: ToString,
{
    value.map_or(Ok(default), |text| text.parse().map_err(|error: T::Err| invalid(name, error.to_string())))
}

fn jwks_url(url: String, production: bool) -> Result<String, InvalidSettings> {
    if production && !url.starts_with("https://") {
        return Err(invalid("JWKS_URL", "must be an https:// address in production"));
    }
    Ok(url)
}

/// `http://localhost:9000` or `localhost:9000` as `localhost`.
fn host_of(origin: &str) -> String {
    let rest = origin.split_once("://").map_or(origin, |(_, rest)| rest);
    rest.split([':', '/']).next().unwrap_or_default().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(changes: &[(&str, &str)]) -> Result<Settings, InvalidSettings> {
        let base = [
            ("STAGE", "prod"),
            ("TABLE_NAME", "t"),
            ("PUBLIC_DOMAIN", "10x.example"),
            ("JWKS_URL", "https://idp.example/jwks.json"),
            ("JWT_ISSUER", "https://idp.example"),
            ("JWT_CLIENT_ID", "c"),
            ("AWS_REGION", "eu-central-1"),
            ("AWS_ACCESS_KEY_ID", "a"),
            ("AWS_SECRET_ACCESS_KEY", "s"),
        ];
        let all: std::collections::HashMap<_, _> = base.into_iter().chain(changes.iter().copied()).collect();
        Settings::read(|name| all.get(name).map(|value| (*value).to_owned()))
    }

    #[test]
    fn production_refuses_what_is_meant_for_local_use() {
        assert!(read(&[]).is_ok());
        for (name, value) in [
            ("JWT_HS256_SECRET", "0123456789abcdef0123456789abcdef"),
            ("PLATFORM_SECRET", "{}"),
            ("TRUST_VIEWER_HEADERS", "true"),
            ("WEBHOOK_EGRESS", "local"),
            ("JWKS_URL", "http://idp.example"),
        ] {
            assert_eq!(read(&[(name, value)]).unwrap_err().name, name);
        }
    }

    #[test]
    fn a_bad_variable_is_named() {
        for (name, value) in [("STAGE", "test"), ("DEFAULT_PLAN", "GOLD"), ("CTX_LIFE_DAYS", "soon"), ("TABLE_NAME", "")] {
            assert_eq!(read(&[(name, value)]).unwrap_err().name, name);
        }
        assert_eq!(read(&[("STAGE", "local"), ("JWT_HS256_SECRET", "short")]).unwrap_err().name, "JWT_HS256_SECRET");
    }

    #[test]
    fn settings_do_not_print_secrets() {
        let settings =
            read(&[("STAGE", "local"), ("JWT_HS256_SECRET", "hush-hush-hush-hush-hush-hush-hush"), ("AWS_SECRET_ACCESS_KEY", "hush-key")])
                .unwrap();
        assert!(!format!("{settings:?}").contains("hush"));
    }
}
