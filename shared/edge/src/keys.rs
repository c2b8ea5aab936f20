//! The platform secret: ctx keys and what is derived beside them, loaded once and refreshed every five minutes.

use std::collections::BTreeMap;
use std::sync::Arc;

use aws_sdk_secretsmanager::config::{BehaviorVersion, Region};
use aws_smithy_async::rt::sleep::{SharedAsyncSleep, TokioSleep};
use aws_smithy_runtime_api::client::http::SharedHttpClient;
use domain::ctx::{Keyring, ORIGIN_VERIFY};
use domain::moment::Moment;
use domain::secret::{MacKey, SecretText};
use domain::webhook::secret::SealingKey;
use tokio::sync::Mutex;

use crate::problem::{Code, Problem};
use crate::settings::{SecretSource, Settings};

const FRESH_MS: i64 = 300_000;
const NEWER_MS: i64 = 10_000;

/// What the platform secret gives.
#[derive(Debug)]
pub struct PlatformKeys {
    /// Seals and opens ctx.
    pub ring: Keyring,
    /// Hashes truncated addresses, a new key each day.
    pub address: MacKey,
    /// What the front proves itself with.
    pub origin_verify: Option<SecretText>,
    /// Seal webhook secrets, by key id: the current one seals, all open.
    sealing: BTreeMap<String, SealingKey>,
    current: String,
}

impl PlatformKeys {
    fn read(document: &str) -> Option<Self> {
        let ring = Keyring::from_json(document).ok()?;
        let mut members: BTreeMap<String, String> = serde_json::from_str(document).ok()?;
        let current = members.remove("current")?;
        let origin_verify = members.remove(ORIGIN_VERIFY).map(SecretText::new);
        let address = MacKey::derive(members.get(&current)?.as_bytes(), "address");
        let sealing = members.into_iter().map(|(id, master)| (id, SealingKey::derive(master.as_bytes()))).collect();
        Some(Self { ring, address, origin_verify, sealing, current })
    }

    /// The key that seals webhook secrets now, with its id.
    pub fn sealing(&self) -> Option<(&str, &SealingKey)> {
        self.sealing.get(&self.current).map(|key| (self.current.as_str(), key))
    }

    /// The ids of the keys that open and do not seal any more.
    pub fn former(&self) -> impl Iterator<Item = &str> {
        self.sealing.keys().map(String::as_str).filter(|id| *id != self.current)
    }

    /// The key that opens what was sealed under this id.
    pub fn opening(&self, id: &str) -> Option<&SealingKey> {
        self.sealing.get(id)
    }
}

pub(crate) struct KeyChest {
    source: SecretSource,
    region: String,
    credentials: store::Credentials,
    http: SharedHttpClient,
    loaded: Mutex<Option<(Moment, Arc<PlatformKeys>)>>,
}

impl KeyChest {
    pub(crate) fn new(settings: &Settings, http: SharedHttpClient) -> Self {
        Self {
            source: settings.secret.clone(),
            region: settings.region.clone(),
            credentials: settings.credentials(),
            http,
            loaded: Mutex::default(),
        }
    }

    /// Made for each load: there is one in five minutes, and a start has none to wait for.
    fn client(&self) -> aws_sdk_secretsmanager::Client {
        let config = aws_sdk_secretsmanager::Config::builder()
            .behavior_version(BehaviorVersion::v2026_01_12())
            .region(Region::new(self.region.clone()))
            .credentials_provider(aws_credential_types::provider::SharedCredentialsProvider::new(self.credentials.clone()))
            .http_client(self.http.clone())
            .sleep_impl(SharedAsyncSleep::new(TokioSleep::new()))
            .retry_config(store::sdk_settings::retries())
            .timeout_config(store::sdk_settings::timeouts());
        aws_sdk_secretsmanager::Client::from_conf(config.build())
    }

    pub(crate) async fn get(&self, now: Moment) -> Result<Arc<PlatformKeys>, Problem> {
        self.no_older_than(FRESH_MS, now).await
    }

    pub(crate) async fn get_newer(&self, now: Moment) -> Result<Arc<PlatformKeys>, Problem> {
        self.no_older_than(NEWER_MS, now).await
    }

    async fn no_older_than(&self, age_ms: i64, now: Moment) -> Result<Arc<PlatformKeys>, Problem> {
        let mut loaded = self.loaded.lock().await;
        if let Some((at, keys)) = loaded.as_ref()
            && now.millis() - at.millis() < age_ms
        {
            return Ok(keys.clone());
        }
        match (self.load().await, loaded.as_ref()) {
            (Ok(keys), _) => {
                let keys = Arc::new(keys);
                *loaded = Some((now, keys.clone()));
                Ok(keys)
            }
            // Keys live much longer than an outage: the old ones go on.
            (Err(problem), Some((_, keys))) => {
                tracing::warn!(cause = problem.causes(), "platform keys could not be refreshed");
                Ok(keys.clone())
            }
            (Err(problem), None) => Err(problem),
        }
    }

    async fn load(&self) -> Result<PlatformKeys, Problem> {
        let unfit = || Problem::new(Code::InternalError, "something went wrong on our side; the request id helps support find it");
        match &self.source {
            SecretSource::Inline(document) => PlatformKeys::read(document.expose()).ok_or_else(unfit),
            SecretSource::Manager { arn } => {
                let secret = self.client().get_secret_value().secret_id(arn).send().await.map_err(Problem::unavailable)?;
                secret.secret_string().and_then(PlatformKeys::read).ok_or_else(unfit)
            }
            SecretSource::None => Err(unfit()),
        }
    }
}
