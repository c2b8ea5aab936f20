//! The data a job works on: a directory of this machine, or the table of a deployment on AWS.

use std::collections::BTreeMap;
use std::path::PathBuf;

use store::{AwsConnection, Credentials, QueueUrls, Store};

use super::Engines;
use super::aws_cli;
use super::dead_letters::DeadLetterQueue;
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

impl Deployment {
    /// The stack that made the table, by the name that CloudFormation gives: `<stack>-Table-<random>`.
    fn stack(&self) -> Result<String, Error> {
        let (stack, _) = self.table.rsplit_once("-Table-").ok_or_else(|| Error::NoStack(self.table.clone()))?;
        Ok(stack.to_owned())
    }
}

/// Seconds that a call waits for the messages of a queue on AWS.
const WAIT_SECS: i32 = 3;

/// The data of a job.
pub struct JobData {
    /// The store.
    pub store: Store,
    source: Source,
}

enum Source {
    Engines(Box<Engines>, Keys),
    Aws(Box<Reached>),
}

/// A deployment that is reached.
struct Reached {
    deployment: Deployment,
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
                Ok(Self { store: engines.store.clone(), source: Source::Engines(Box::new(engines), Keys::known(path)?) })
            }
            Place::Aws(deployment) => {
                let reached = Reached::of(deployment).await?;
                Ok(Self { store: reached.store(), source: Source::Aws(Box::new(reached)) })
            }
        }
    }

    /// The dead letters of this data; `stack` names a deployment's stack where its table does not.
    ///
    /// # Errors
    /// When the queues are not found.
    pub async fn dead_letters(&self, stack: Option<String>) -> Result<Vec<DeadLetterQueue>, Error> {
        match &self.source {
            Source::Engines(engines, _) => engines.address().dead_letters(),
            Source::Aws(reached) => reached.dead_letters(stack).await,
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
        Ok(Self { deployment: deployment.clone(), region, credentials })
    }

    fn store(&self) -> Store {
        Store::connect(&self.connection(), self.deployment.table.clone(), QueueUrls::default())
    }

    async fn dead_letters(&self, stack: Option<String>) -> Result<Vec<DeadLetterQueue>, Error> {
        let stack = stack.map_or_else(|| self.deployment.stack(), Ok)?;
        let urls = aws_cli::queues(stack, self.region.clone(), self.deployment.profile.clone()).await.map_err(Error::Aws)?;
        DeadLetterQueue::all(&self.connection(), &urls, WAIT_SECS)
    }

    fn connection(&self) -> AwsConnection {
        AwsConnection {
            region: self.region.clone(),
            credentials: self.credentials.clone(),
            dynamodb_endpoint: None,
            sqs_endpoint: None,
            http: store::http_client(),
        }
    }

    /// The variables of a function on the table.
    fn environment(&self, keys: &Keys) -> BTreeMap<String, String> {
        let credentials = &self.credentials;
        let mut environment = LocalSettings { port: 9000, plan: "ENTERPRISE", public_rpm: None, keys }.environment();
        let variables = [
            ("TABLE_NAME", Some(self.deployment.table.as_str())),
            ("AWS_REGION", Some(self.region.as_str())),
            ("AWS_ACCESS_KEY_ID", Some(credentials.access_key_id())),
            ("AWS_SECRET_ACCESS_KEY", Some(credentials.secret_access_key())),
            ("AWS_SESSION_TOKEN", credentials.session_token()),
        ];
        environment.extend(variables.into_iter().filter_map(|(name, value)| Some((name.to_owned(), value?.to_owned()))));
        environment
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_stack_of_a_table_is_in_its_name_unless_the_table_was_restored() {
        let of = |table: &str| Deployment { table: table.to_owned(), region: None, profile: None }.stack();
        assert_eq!(of("tenx-links-Table-1A2B3C4D5E6F").unwrap(), "tenx-links");
        assert_eq!(of("my-Table-shop-Table-1A2B").unwrap(), "my-Table-shop");
        assert!(of("restored").unwrap_err().to_string().contains("--stack"));
    }
}
