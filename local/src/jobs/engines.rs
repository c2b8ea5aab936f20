//! The engines a job works through: those of the house that runs on the data, else its own on the same data.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use store::{AwsConnection, Credentials, QueueUrls, Store};

use crate::keys::Keys;
use crate::server::REGION;
use crate::settings::Settings;
use crate::{Error, LocalServer, Options};

/// The file in a data directory in which a running house tells where its engines are.
const FILE: &str = "engines.json";

#[derive(Clone, Serialize, Deserialize)]
struct Address {
    dynamodb: String,
    table: String,
}

impl Address {
    fn of(server: &LocalServer) -> Option<Self> {
        let environment = server.env("click-worker");
        Some(Self { dynamodb: environment.get("AWS_ENDPOINT_URL_DYNAMODB")?.clone(), table: environment.get("TABLE_NAME")?.clone() })
    }

    fn store(&self) -> Store {
        let connection = AwsConnection {
            region: REGION.to_owned(),
            credentials: Credentials::new("local", "local", None, None, "local"),
            dynamodb_endpoint: Some(self.dynamodb.clone()),
            sqs_endpoint: None,
            http: store::http_client(),
        };
        Store::connect(&connection, self.table.clone(), QueueUrls::default())
    }

    /// What a function must be told to work here.
    fn environment(&self, keys: &Keys) -> BTreeMap<String, String> {
        // Nothing that depends on the port or the plan of a house that may be running comes out of a job.
        let mut environment = Settings { port: 9000, plan: "ENTERPRISE", public_rpm: None, keys }.environment();
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

/// The file of a running server; it goes when the house does.
pub struct Published(PathBuf);

impl Published {
    /// Tells jobs where this house's engines are.
    ///
    /// # Errors
    /// When the file cannot be written.
    pub fn write(server: &LocalServer, data: &Path) -> Result<Self, Error> {
        let path = data.join(FILE);
        let address = Address::of(server).ok_or_else(|| Error::Unknown("table".to_owned()))?;
        fs::write(&path, serde_json::to_string(&address).map_err(Error::database)?).map_err(Error::on(&path))?;
        Ok(Self(path))
    }
}

impl Drop for Published {
    fn drop(&mut self) {
        // Where it stays, nothing answers at its address, and jobs open the data themselves.
        let _ = fs::remove_file(&self.0);
    }
}

/// A store over the data of a directory, and what must live as long as it is used.
pub struct Engines {
    /// The store.
    pub store: Store,
    address: Address,
    /// The house whose engines it uses, when they are not those of another process.
    _house: Option<LocalServer>,
}

impl Engines {
    /// Finds or opens the engines of a data directory.
    ///
    /// # Errors
    /// When there is no data, or it is in use by a house that does not say where its engines are.
    pub async fn of(data: &Path) -> Result<Self, Error> {
        if !data.join("dynamodb.sqlite").exists() {
            return Err(Error::Nothing(data.to_owned()));
        }
        if let Some(address) = running(data).await {
            return Ok(Self { store: address.store(), address, _house: None });
        }
        let server = LocalServer::open(Options { data: Some(data.to_owned()), ..Options::memory() }).await?;
        let address = Address::of(&server).ok_or_else(|| Error::Unknown("table".to_owned()))?;
        Ok(Self { store: address.store(), address, _house: Some(server) })
    }

    /// The state of the analytics function over these engines; `keys` are those of their data.
    ///
    /// # Errors
    /// When the function cannot be told what it needs.
    pub fn analytics(&self, keys: &Keys) -> Result<api::ApiState, Error> {
        let environment = self.address.environment(keys);
        let variable = |name: &str| environment.get(name).cloned();
        let settings = runtime::Settings::read(variable).map_err(Error::settings("analytics"))?;
        let api_settings = api::ApiSettings::read(variable).map_err(Error::settings("analytics"))?;
        Ok(api::ApiState::new(crate::functions::real_app("analytics", settings), api_settings))
    }
}

/// Where the house that runs on this data has its table; none when nothing answers there.
async fn running(data: &Path) -> Option<Address> {
    let address: Address = serde_json::from_str(&fs::read_to_string(data.join(FILE)).ok()?).ok()?;
    address.store().profiles().get(&crate::demo::HANDLE.parse().ok()?).await.ok()?;
    Some(address)
}
