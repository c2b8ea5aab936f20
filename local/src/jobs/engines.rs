//! The engines of a job: those of the server that runs on the data, else its own on the same data.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use store::{AwsConnection, Credentials, QueueUrls, Store};

use super::dead_letters::DeadLetterQueue;
use crate::keys::Keys;
use crate::server::REGION;
use crate::settings::LocalSettings;
use crate::{Error, LocalServer, Options, database, private_files};

/// The file in a data directory in which a running server publishes where its engines listen.
const FILE: &str = "engines.json";

/// Where the engines of a running server listen.
#[derive(Clone, Serialize, Deserialize)]
pub struct EngineAddress {
    dynamodb: String,
    table: String,
    #[serde(default)]
    sqs: String,
    /// The addresses of the queues by their ids in the template.
    #[serde(default)]
    queues: BTreeMap<String, String>,
}

impl EngineAddress {
    /// The engines of a server in this process.
    ///
    /// # Errors
    /// When its template has no table.
    pub fn of(server: &LocalServer) -> Result<Self, Error> {
        let environment = server.env("click-worker");
        let variable = |name: &str| environment.get(name).cloned().ok_or_else(|| Error::Unknown("table".to_owned()));
        let queues = server.template().queues.iter().map(|queue| (queue.id.clone(), queue.url.clone())).collect();
        let (dynamodb, sqs) = (variable("AWS_ENDPOINT_URL_DYNAMODB")?, variable("AWS_ENDPOINT_URL_SQS")?);
        Ok(Self { dynamodb, table: variable("TABLE_NAME")?, sqs, queues })
    }

    /// A store on their table, with connections of its own.
    #[must_use]
    pub fn store(&self) -> Store {
        Store::connect(&self.connection(), self.table.clone(), QueueUrls::default())
    }

    /// Their dead letters.
    ///
    /// # Errors
    /// When the server that runs on the data is older than this program.
    pub fn dead_letters(&self) -> Result<Vec<DeadLetterQueue>, Error> {
        // The engine looks at all its messages, so there is nothing to wait for.
        DeadLetterQueue::all(&self.connection(), &self.queues, 0)
    }

    fn connection(&self) -> AwsConnection {
        AwsConnection {
            region: REGION.to_owned(),
            credentials: Credentials::new("local", "local", None, None, "local"),
            dynamodb_endpoint: Some(self.dynamodb.clone()),
            sqs_endpoint: Some(self.sqs.clone()),
            http: store::http_client(),
        }
    }

    /// The variables of a function on these engines.
    fn environment(&self, keys: &Keys) -> BTreeMap<String, String> {
        // No job depends on port or plan, which may differ from those of the running server.
        let mut environment = LocalSettings { port: 9000, plan: "ENTERPRISE", public_rpm: None, keys }.environment();
        let variables = [
            ("TABLE_NAME", self.table.as_str()),
            ("AWS_ENDPOINT_URL_DYNAMODB", &self.dynamodb),
            ("AWS_REGION", REGION),
            ("AWS_ACCESS_KEY_ID", "local"),
            ("AWS_SECRET_ACCESS_KEY", "local"),
        ];
        environment.extend(variables.map(|(name, value)| (name.to_owned(), value.to_owned())));
        environment
    }
}

/// The file in which a running server publishes its engines; dropping it removes the file.
pub struct EngineAddressFile(PathBuf);

impl EngineAddressFile {
    /// Publishes where this server's engines listen.
    ///
    /// # Errors
    /// When the file cannot be written.
    pub fn write(server: &LocalServer, data: &Path) -> Result<Self, Error> {
        let path = data.join(FILE);
        let address = EngineAddress::of(server)?;
        let content = serde_json::to_string(&address).map_err(Error::database)?;
        private_files::write(&path, &content).map_err(Error::on(&path))?;
        Ok(Self(path))
    }
}

impl Drop for EngineAddressFile {
    fn drop(&mut self) {
        // If it remains, nothing answers at its address, and jobs open the data themselves.
        let _ = fs::remove_file(&self.0);
    }
}

/// A store on the data of a directory.
pub struct Engines {
    /// The store.
    pub store: Store,
    address: EngineAddress,
    /// The server whose engines it uses, unless it runs in another process.
    _server: Option<LocalServer>,
}

impl Engines {
    /// Finds or opens the engines of a data directory.
    ///
    /// # Errors
    /// When there is no data, or it is in use by a server that does not answer.
    pub async fn of(data: &Path) -> Result<Self, Error> {
        if !data.join(database::FILE).exists() {
            return Err(Error::NoData(data.to_owned()));
        }
        if let Some(address) = running(data).await {
            return Ok(Self { store: address.store(), address, _server: None });
        }
        let server = LocalServer::open(Options { data: Some(data.to_owned()), ..Options::memory() }).await?;
        let address = EngineAddress::of(&server)?;
        Ok(Self { store: address.store(), address, _server: Some(server) })
    }

    /// Where they listen.
    #[must_use]
    pub fn address(&self) -> &EngineAddress {
        &self.address
    }

    /// The state of the analytics function on these engines; `keys` are those of their data.
    ///
    /// # Errors
    /// When its settings are invalid.
    pub fn analytics(&self, keys: &Keys) -> Result<api::ApiState, Error> {
        crate::functions::analytics_on(&self.address.environment(keys))
    }
}

/// The address of the server that runs on this data; none when none answers.
async fn running(data: &Path) -> Option<EngineAddress> {
    let address: EngineAddress = serde_json::from_str(&fs::read_to_string(data.join(FILE)).ok()?).ok()?;
    address.store().profiles().get(&crate::demo::HANDLE.parse().ok()?).await.ok()?;
    Some(address)
}
