//! The data a job works on: a directory of this machine, or the table of a deployment on AWS.

use std::collections::BTreeMap;
use std::path::PathBuf;

use store::{AwsConnection, Credentials, QueueUrls, Store};

use super::Engines;
use super::aws_cli;
use crate::keys::Keys;
use crate::settings::LocalSettings;
use crate::{Error, functions};

/// Where the data is.
#[derive(Clone, Debug)]
pub enum Place {
    /// A data directory; a server may be running on it.
    Directory(PathBuf),
    /// A deployment on AWS.
    Aws(Deployment),
}

/// A deployment on AWS, reached with the credentials of the AWS CLI.
#[derive(Clone, Debug)]
pub struct Deployment {
    /// The table: the output `TableName` of its stack.
    pub table: String,
    /// The region; that of the environment or the profile when absent.
    pub region: Option<String>,
    /// The profile of ~/.aws; what the AWS CLI uses without one when absent.
    pub profile: Option<String>,
}

/// The data of a job.
pub struct JobData {
    /// The store.
    pub store: Store,
    source: Source,
}

enum Source {
    Engines(Engines, Keys),
    Aws(Box<Reached>),
}

/// A deployment that is reached.
struct Reached {
    table: String,
    region: String,
    credentials: Credentials,
}

impl JobData {
    /// Opens the data.
    ///
    /// # Errors
    /// When there is no data, it is in use by a server that does not answer, or the AWS CLI finds no region or credentials.
    pub async fn open(place: &Place) -> Result<Self, Error> {
        match place {
            Place::Directory(path) => {
                let engines = Engines::of(path).await?;
                Ok(Self { store: engines.store.clone(), source: Source::Engines(engines, Keys::known(path)?) })
            }
            Place::Aws(deployment) => {
                let reached = Reached::of(deployment).await?;
                Ok(Self { store: reached.store(), source: Source::Aws(Box::new(reached)) })
            }
        }
    }

    /// The state of the analytics function on this data, and the keys with which it knows its callers.
    ///
    /// # Errors
    /// When its settings are invalid.
    pub fn analytics(&self) -> Result<(api::ApiState, Keys), Error> {
        let reached = match &self.source {
            Source::Engines(engines, keys) => return Ok((engines.analytics(keys)?, keys.clone())),
            Source::Aws(reached) => reached,
        };
        // The job is its own caller: it needs no key of the deployment.
        let keys = Keys::generate()?;
        Ok((functions::analytics_on(&reached.environment(&keys))?, keys))
    }
}

impl Reached {
    async fn of(deployment: &Deployment) -> Result<Self, Error> {
        let region = match &deployment.region {
            Some(region) => region.clone(),
            None => aws_cli::region(deployment.profile.clone()).await.map_err(Error::Aws)?,
        };
        let credentials = aws_cli::credentials(deployment.profile.clone()).await.map_err(Error::Aws)?;
        Ok(Self { table: deployment.table.clone(), region, credentials })
    }

    fn store(&self) -> Store {
        let connection = AwsConnection {
            region: self.region.clone(),
            credentials: self.credentials.clone(),
            dynamodb_endpoint: None,
            sqs_endpoint: None,
            http: store::http_client(),
        };
        Store::connect(&connection, self.table.clone(), QueueUrls::default())
    }

    /// The variables of a function on the table.
    fn environment(&self, keys: &Keys) -> BTreeMap<String, String> {
        let credentials = &self.credentials;
        let mut environment = LocalSettings { port: 9000, plan: "ENTERPRISE", public_rpm: None, keys }.environment();
        let variables = [
            ("TABLE_NAME", Some(self.table.as_str())),
            ("AWS_REGION", Some(self.region.as_str())),
            ("AWS_ACCESS_KEY_ID", Some(credentials.access_key_id())),
            ("AWS_SECRET_ACCESS_KEY", Some(credentials.secret_access_key())),
            ("AWS_SESSION_TOKEN", credentials.session_token()),
        ];
        environment.extend(variables.into_iter().filter_map(|(name, value)| Some((name.to_owned(), value?.to_owned()))));
        environment
    }
}
