//! Loads the platform keys from Secrets Manager, or from the environment.

use aws_sdk_secretsmanager::config::{BehaviorVersion, Region};
use aws_smithy_async::rt::sleep::{SharedAsyncSleep, TokioSleep};
use aws_smithy_runtime_api::client::http::SharedHttpClient;

use super::cache::Load;
use super::{KeysError, PlatformKeys};
use crate::settings::{AwsSettings, SecretSource, Settings};

/// Where the platform secret is.
pub(crate) struct PlatformSecret {
    source: SecretSource,
    aws: AwsSettings,
    http: SharedHttpClient,
}

impl PlatformSecret {
    pub(crate) fn new(settings: &Settings, http: SharedHttpClient) -> Self {
        Self { source: settings.secret.clone(), aws: settings.aws.clone(), http }
    }

    /// Built for each load: loads are five minutes apart, and start-up does not pay for the client.
    fn client(&self) -> aws_sdk_secretsmanager::Client {
        let mut config = aws_sdk_secretsmanager::Config::builder()
            .behavior_version(BehaviorVersion::v2026_01_12())
            .region(Region::new(self.aws.region.clone()))
            .credentials_provider(aws_credential_types::provider::SharedCredentialsProvider::new(self.aws.credentials.clone()))
            .http_client(self.http.clone())
            .sleep_impl(SharedAsyncSleep::new(TokioSleep::new()))
            .retry_config(store::sdk_settings::retries())
            .timeout_config(store::sdk_settings::timeouts());
        config.set_endpoint_url(self.aws.secrets_manager_endpoint.clone());
        aws_sdk_secretsmanager::Client::from_conf(config.build())
    }
}

impl Load for PlatformSecret {
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
