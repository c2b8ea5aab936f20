//! What a deployment sets for every function: read once from the environment, checked before the first event.

use aws_smithy_runtime_api::client::http::SharedHttpClient;
use domain::values::secret::SecretText;
use domain::webhooks::endpoint::Egress;
use store::{AwsConnection, Credentials, QueueUrls};

/// An environment variable is missing or has an invalid value.
#[derive(Debug, thiserror::Error)]
#[error("environment variable {name}: {message}")]
pub struct InvalidSettings {
    /// The variable.
    pub name: &'static str,
    /// What is wrong and what would be right.
    pub message: String,
}

impl InvalidSettings {
    /// This variable has this problem.
    pub fn new(name: &'static str, message: impl ToString) -> Self {
        Self { name, message: message.to_string() }
    }
}

/// The environment of a function, with the checks that all settings share.
pub struct Variables<F> {
    lookup: F,
    production: bool,
}

impl<F: Fn(&str) -> Option<String>> Variables<F> {
    /// The variables that `lookup` finds.
    ///
    /// # Errors
    /// When `STAGE` is neither `prod` nor `local`.
    pub fn new(lookup: F) -> Result<Self, InvalidSettings> {
        let mut variables = Self { lookup, production: true };
        variables.production = match variables.required("STAGE")?.as_str() {
            "prod" => true,
            "local" => false,
            other => return Err(InvalidSettings::new("STAGE", format!("must be prod or local, not {other}"))),
        };
        Ok(variables)
    }

    /// Whether this is a production deployment (`STAGE`).
    pub fn is_production(&self) -> bool {
        self.production
    }

    /// A variable that may be absent; an empty one is absent.
    pub fn optional(&self, name: &str) -> Option<String> {
        (self.lookup)(name).filter(|value| !value.is_empty())
    }

    /// A variable that must be set.
    ///
    /// # Errors
    /// When it is absent or empty.
    pub fn required(&self, name: &'static str) -> Result<String, InvalidSettings> {
        self.optional(name).ok_or_else(|| InvalidSettings::new(name, "must be set"))
    }

    /// A variable for local use.
    ///
    /// # Errors
    /// When a production deployment sets it.
    pub fn local_only(&self, name: &'static str) -> Result<Option<String>, InvalidSettings> {
        match self.optional(name) {
            Some(_) if self.production => Err(InvalidSettings::new(name, "is for local use and must not be set in production")),
            value => Ok(value),
        }
    }

    /// A variable parsed by its type, or the default where it is absent.
    ///
    /// # Errors
    /// When it cannot be parsed.
    pub fn parsed<T: std::str::FromStr>(&self, name: &'static str, default: T) -> Result<T, InvalidSettings>
    where
        T::Err: ToString,
    {
        self.optional(name).map_or(Ok(default), |text| text.parse().map_err(|error: T::Err| InvalidSettings::new(name, error.to_string())))
    }
}

/// Where the platform secret comes from.
#[derive(Clone, Debug)]
pub enum SecretSource {
    /// Secrets Manager, by `PLATFORM_SECRET_ARN`.
    Manager {
        /// The secret's ARN.
        arn: String,
    },
    /// The document itself, by `PLATFORM_SECRET`, for local use.
    Inline(SecretText),
    /// This function needs none.
    None,
}

impl SecretSource {
    fn read<F: Fn(&str) -> Option<String>>(variables: &Variables<F>) -> Result<Self, InvalidSettings> {
        Ok(match (variables.local_only("PLATFORM_SECRET")?, variables.optional("PLATFORM_SECRET_ARN")) {
            (Some(document), _) => Self::Inline(SecretText::new(document)),
            (None, Some(arn)) => Self::Manager { arn },
            (None, None) => Self::None,
        })
    }
}

/// How the AWS services are reached.
#[derive(Clone, Debug)]
pub struct AwsSettings {
    /// `AWS_REGION`.
    pub region: String,
    /// `AWS_ACCESS_KEY_ID`, `AWS_SECRET_ACCESS_KEY`, `AWS_SESSION_TOKEN`.
    pub credentials: Credentials,
    /// `AWS_ENDPOINT_URL_DYNAMODB`, else `AWS_ENDPOINT_URL`; for local use, as are the others.
    pub dynamodb_endpoint: Option<String>,
    /// `AWS_ENDPOINT_URL_SQS`, else `AWS_ENDPOINT_URL`.
    pub sqs_endpoint: Option<String>,
    /// `AWS_ENDPOINT_URL_SECRETS_MANAGER`, else `AWS_ENDPOINT_URL`.
    pub secrets_manager_endpoint: Option<String>,
}

impl AwsSettings {
    fn read<F: Fn(&str) -> Option<String>>(variables: &Variables<F>) -> Result<Self, InvalidSettings> {
        let every_service = variables.local_only("AWS_ENDPOINT_URL")?;
        let endpoint = |name| Ok(variables.local_only(name)?.or_else(|| every_service.clone()));
        let (key, secret) = (variables.required("AWS_ACCESS_KEY_ID")?, variables.required("AWS_SECRET_ACCESS_KEY")?);
        Ok(Self {
            region: variables.required("AWS_REGION")?,
            credentials: Credentials::new(key, secret, variables.optional("AWS_SESSION_TOKEN"), None, "environment"),
            dynamodb_endpoint: endpoint("AWS_ENDPOINT_URL_DYNAMODB")?,
            sqs_endpoint: endpoint("AWS_ENDPOINT_URL_SQS")?,
            secrets_manager_endpoint: endpoint("AWS_ENDPOINT_URL_SECRETS_MANAGER")?,
        })
    }
}

/// Days a raw click is kept where the deployment does not say.
const CLICK_DAYS: u16 = 400;

/// What every function reads from its environment.
#[derive(Clone, Debug)]
pub struct Settings {
    /// Whether this is a production deployment (`STAGE`).
    pub production: bool,
    /// `TABLE_NAME`.
    pub table: String,
    /// `CLICKS_QUEUE_URL`, `EVENTS_QUEUE_URL`, `CLICK_EVENTS_QUEUE_URL`, `DELIVERIES_QUEUE_URL`, `RETRIES_QUEUE_URL`.
    pub queues: QueueUrls,
    /// `WEBHOOK_EGRESS`: which networks webhooks may reach; `local` adds this machine, for local use.
    pub egress: Egress,
    /// `CLICK_DAYS`: how many days a raw click is kept.
    pub click_days: u16,
    /// Where the platform keys come from.
    pub secret: SecretSource,
    /// How the AWS services are reached.
    pub aws: AwsSettings,
}

impl Settings {
    /// Reads the settings from `lookup`, which looks a variable up by name.
    ///
    /// # Errors
    /// When a required variable is missing or invalid, or a production deployment sets a switch meant for local use.
    pub fn read(lookup: impl Fn(&str) -> Option<String>) -> Result<Self, InvalidSettings> {
        let variables = Variables::new(lookup)?;
        Ok(Self {
            production: variables.is_production(),
            table: variables.required("TABLE_NAME")?,
            queues: QueueUrls {
                clicks: variables.optional("CLICKS_QUEUE_URL"),
                events: variables.optional("EVENTS_QUEUE_URL"),
                click_events: variables.optional("CLICK_EVENTS_QUEUE_URL"),
                deliveries: variables.optional("DELIVERIES_QUEUE_URL"),
                retries: variables.optional("RETRIES_QUEUE_URL"),
            },
            egress: match variables.local_only("WEBHOOK_EGRESS")?.as_deref() {
                None => Egress::Public,
                Some("local") => Egress::LocalDevelopment,
                Some(other) => return Err(InvalidSettings::new("WEBHOOK_EGRESS", format!("must be local or absent, not {other}"))),
            },
            click_days: variables.parsed("CLICK_DAYS", CLICK_DAYS)?,
            secret: SecretSource::read(&variables)?,
            aws: AwsSettings::read(&variables)?,
        })
    }

    /// How to reach the services, over this HTTP client.
    pub fn connection(&self, http: SharedHttpClient) -> AwsConnection {
        AwsConnection {
            region: self.aws.region.clone(),
            credentials: self.aws.credentials.clone(),
            dynamodb_endpoint: self.aws.dynamodb_endpoint.clone(),
            sqs_endpoint: self.aws.sqs_endpoint.clone(),
            http,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(changes: &[(&str, &str)]) -> Result<Settings, InvalidSettings> {
        let base = [
            ("STAGE", "prod"),
            ("TABLE_NAME", "t"),
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
            ("PLATFORM_SECRET", "{}"),
            ("WEBHOOK_EGRESS", "local"),
            ("AWS_ENDPOINT_URL", "http://127.0.0.1:1"),
            ("AWS_ENDPOINT_URL_DYNAMODB", "http://127.0.0.1:1"),
            ("AWS_ENDPOINT_URL_SQS", "http://127.0.0.1:1"),
            ("AWS_ENDPOINT_URL_SECRETS_MANAGER", "http://127.0.0.1:1"),
        ] {
            assert_eq!(read(&[(name, value)]).unwrap_err().name, name);
        }
    }

    #[test]
    fn the_endpoint_of_a_service_precedes_that_of_all() {
        let aws = read(&[("STAGE", "local"), ("AWS_ENDPOINT_URL", "http://all"), ("AWS_ENDPOINT_URL_SQS", "http://sqs")]).unwrap().aws;
        let endpoints = [aws.dynamodb_endpoint, aws.sqs_endpoint, aws.secrets_manager_endpoint].map(Option::unwrap);
        assert_eq!(endpoints, ["http://all", "http://sqs", "http://all"]);
        let aws = read(&[("STAGE", "local")]).unwrap().aws;
        assert_eq!((aws.dynamodb_endpoint, aws.sqs_endpoint, aws.secrets_manager_endpoint), (None, None, None), "those of the region");
    }

    #[test]
    fn a_bad_variable_is_named() {
        for (name, value) in [("STAGE", "test"), ("TABLE_NAME", ""), ("CLICK_DAYS", "some")] {
            assert_eq!(read(&[(name, value)]).unwrap_err().name, name);
        }
        assert_eq!(read(&[("STAGE", "local"), ("WEBHOOK_EGRESS", "all")]).unwrap_err().name, "WEBHOOK_EGRESS");
    }

    #[test]
    fn settings_do_not_print_secrets() {
        let settings = read(&[("STAGE", "local"), ("PLATFORM_SECRET", "hush"), ("AWS_SECRET_ACCESS_KEY", "hush-key")]).unwrap();
        assert!(!format!("{settings:?}").contains("hush"));
    }
}
