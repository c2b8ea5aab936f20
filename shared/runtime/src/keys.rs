//! The platform keys: ctx keys and those derived from the same secret, loaded once and refreshed every five minutes.

use std::collections::BTreeMap;
use std::sync::Arc;

use aws_sdk_secretsmanager::config::{BehaviorVersion, Region};
use aws_smithy_async::rt::sleep::{SharedAsyncSleep, TokioSleep};
use aws_smithy_runtime_api::client::http::SharedHttpClient;
use domain::clicks::ctx::{Keyring, ORIGIN_VERIFY};
use domain::values::moment::Moment;
use domain::values::secret::{MacKey, SecretText};
use domain::webhooks::secret::SealingKey;
use tokio::sync::Mutex;

use crate::settings::{SecretSource, Settings};

/// Age in milliseconds after which keys are reloaded.
const FRESH_MS: i64 = 300_000;
/// Age in milliseconds after which keys are reloaded for an unknown key id.
const NEWER_MS: i64 = 10_000;

/// Why the platform keys could not be loaded.
#[derive(Debug, thiserror::Error)]
pub enum KeysError {
    /// Secrets Manager could not be reached or refused.
    #[error("Secrets Manager: GetSecretValue failed")]
    Unavailable(#[source] Box<dyn std::error::Error + Send + Sync>),
    /// There is no secret, or it is not a document of keys.
    #[error("the platform secret is missing or invalid")]
    Invalid,
}

/// The keys of the platform secret.
#[derive(Debug)]
pub struct PlatformKeys {
    /// Seals and opens ctx.
    pub ring: Keyring,
    /// Hashes truncated addresses, a new key each day.
    pub address: MacKey,
    /// The secret the CDN sends to prove a request came through it.
    pub origin_verify: Option<SecretText>,
    /// Keys of webhook secrets by key id: the current one seals, all of them open.
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

    /// The key that seals webhook secrets, with its id.
    pub fn sealing(&self) -> Option<(&str, &SealingKey)> {
        self.sealing.get(&self.current).map(|key| (self.current.as_str(), key))
    }

    /// The ids of the keys that still open and no longer seal.
    pub fn previous(&self) -> impl Iterator<Item = &str> {
        self.sealing.keys().map(String::as_str).filter(|id| *id != self.current)
    }

    /// The key that opens what was sealed under this key id.
    pub fn opening(&self, id: &str) -> Option<&SealingKey> {
        self.sealing.get(id)
    }
}

pub(crate) struct PlatformKeyCache {
    source: SecretSource,
    region: String,
    credentials: store::Credentials,
    http: SharedHttpClient,
    loaded: Mutex<Option<(Moment, Arc<PlatformKeys>)>>,
}

impl PlatformKeyCache {
    pub(crate) fn new(settings: &Settings, http: SharedHttpClient) -> Self {
        Self {
            source: settings.secret.clone(),
            region: settings.aws.region.clone(),
            credentials: settings.aws.credentials.clone(),
            http,
            loaded: Mutex::default(),
        }
    }

    /// Built for each load: loads are five minutes apart, and start-up does not pay for the client.
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

    pub(crate) async fn get(&self, now: Moment) -> Result<Arc<PlatformKeys>, KeysError> {
        self.no_older_than(FRESH_MS, now).await
    }

    pub(crate) async fn get_newer(&self, now: Moment) -> Result<Arc<PlatformKeys>, KeysError> {
        self.no_older_than(NEWER_MS, now).await
    }

    async fn no_older_than(&self, age_ms: i64, now: Moment) -> Result<Arc<PlatformKeys>, KeysError> {
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
            // Keys live much longer than an outage: the cached ones remain in use.
            (Err(error), Some((_, keys))) => {
                tracing::warn!(error = &error as &dyn std::error::Error, "platform keys could not be refreshed");
                Ok(keys.clone())
            }
            (Err(error), None) => Err(error),
        }
    }

    async fn load(&self) -> Result<PlatformKeys, KeysError> {
        match &self.source {
            SecretSource::Inline(document) => PlatformKeys::read(document.expose()).ok_or(KeysError::Invalid),
            SecretSource::Manager { arn } => {
                let secret = self
                    .client()
                    .get_secret_value()
                    .secret_id(arn)
                    .send()
                    .await
                    .map_err(|error| KeysError::Unavailable(Box::new(error)))?;
                secret.secret_string().and_then(PlatformKeys::read).ok_or(KeysError::Invalid)
            }
            SecretSource::None => Err(KeysError::Invalid),
        }
    }
}
