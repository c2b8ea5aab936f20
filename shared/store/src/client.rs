//! The SDK clients: one HTTP and TLS stack, Amazon's own trust anchors, short timeouts.

use std::sync::OnceLock;
use std::time::Duration;

use aws_credential_types::provider::SharedCredentialsProvider;
use aws_sdk_dynamodb::config::{BehaviorVersion, Region};
use aws_smithy_async::rt::sleep::{SharedAsyncSleep, TokioSleep};
use aws_smithy_http_client::{Builder, tls};
use aws_smithy_runtime_api::client::http::{HttpClient, HttpConnectorSettings, SharedHttpClient, SharedHttpConnector};
use aws_smithy_runtime_api::client::runtime_components::RuntimeComponents;
use aws_smithy_types::retry::RetryConfig;
use aws_smithy_types::timeout::TimeoutConfig;

/// Credentials that stay valid for the life of the Lambda environment.
pub type Credentials = aws_credential_types::Credentials;

/// How to reach DynamoDB and SQS.
#[derive(Clone, Debug)]
pub struct AwsConnection {
    /// The region, as in `AWS_REGION`.
    pub region: String,
    /// The credentials that requests are signed with.
    pub credentials: Credentials,
    /// The endpoint of DynamoDB, when it is not the region's default.
    pub dynamodb_endpoint: Option<String>,
    /// The endpoint of SQS, when it is not the region's default.
    pub sqs_endpoint: Option<String>,
    /// The HTTP client that all SDK clients share; tests and the bench wrap it.
    pub http: SharedHttpClient,
}

impl AwsConnection {
    pub(crate) fn dynamodb(&self) -> aws_sdk_dynamodb::Client {
        let mut config = aws_sdk_dynamodb::Config::builder()
            .behavior_version(BehaviorVersion::v2026_01_12())
            .region(Region::new(self.region.clone()))
            .credentials_provider(SharedCredentialsProvider::new(self.credentials.clone()))
            .http_client(self.http.clone())
            .sleep_impl(SharedAsyncSleep::new(TokioSleep::new()))
            .retry_config(sdk_settings::retries())
            .timeout_config(sdk_settings::timeouts());
        config.set_endpoint_url(self.dynamodb_endpoint.clone());
        aws_sdk_dynamodb::Client::from_conf(config.build())
    }

    pub(crate) fn sqs(&self) -> aws_sdk_sqs::Client {
        let mut config = aws_sdk_sqs::Config::builder()
            .behavior_version(aws_sdk_sqs::config::BehaviorVersion::v2026_01_12())
            .region(aws_sdk_sqs::config::Region::new(self.region.clone()))
            .credentials_provider(SharedCredentialsProvider::new(self.credentials.clone()))
            .http_client(self.http.clone())
            .sleep_impl(SharedAsyncSleep::new(TokioSleep::new()))
            .retry_config(sdk_settings::retries())
            .timeout_config(sdk_settings::timeouts());
        config.set_endpoint_url(self.sqs_endpoint.clone());
        aws_sdk_sqs::Client::from_conf(config.build())
    }
}

/// The SQS client, created on first use, which shortens the cold start of functions that need none for their first request.
#[derive(Debug)]
pub(crate) struct Sqs {
    connection: AwsConnection,
    client: OnceLock<aws_sdk_sqs::Client>,
}

impl Sqs {
    pub(crate) fn new(connection: AwsConnection) -> Self {
        Self { connection, client: OnceLock::new() }
    }

    pub(crate) fn client(&self) -> &aws_sdk_sqs::Client {
        self.client.get_or_init(|| self.connection.sqs())
    }
}

/// Retries and timeouts of every SDK client of the system.
pub mod sdk_settings {
    use super::{Duration, RetryConfig, TimeoutConfig};

    /// Three attempts, 25 to 200 ms apart; together they fit into a function's timeout.
    pub fn retries() -> RetryConfig {
        RetryConfig::standard()
            .with_max_attempts(3)
            .with_initial_backoff(Duration::from_millis(25))
            .with_max_backoff(Duration::from_millis(200))
    }

    /// One second per attempt, three in total; one second to connect.
    pub fn timeouts() -> TimeoutConfig {
        TimeoutConfig::builder()
            .connect_timeout(Duration::from_secs(1))
            .operation_attempt_timeout(Duration::from_secs(1))
            .operation_timeout(Duration::from_secs(3))
            .build()
    }
}

/// The root certificates that AWS endpoints chain to. Parsing the system's whole bundle would be 87 % of a cold start's instructions.
const AMAZON_ROOTS: &[u8] = include_bytes!("../certs/amazon-roots.pem");

/// The HTTP client of every SDK client: rustls with ring, which collects no jitter entropy in its first handshake.
pub fn http_client() -> SharedHttpClient {
    let roots = tls::TrustStore::empty().with_pem_certificate(AMAZON_ROOTS);
    let builder = Builder::new()
        .pool_idle_timeout(Duration::from_secs(300))
        .tls_provider(tls::Provider::Rustls(tls::rustls_provider::CryptoMode::Ring));
    let client = match tls::TlsContext::builder().with_trust_store(roots).build() {
        Ok(context) => builder.tls_context(context).build_https(),
        // Unreachable: the certificates are compiled in and a test parses them. The platform's roots are a safe fallback.
        Err(_) => builder.build_https(),
    };
    SharedHttpClient::new(Unvalidated(client))
}

/// The client without the validation step in which each SDK client builds a connector when it is created: that would parse the
/// same certificates once more.
#[derive(Debug)]
struct Unvalidated(SharedHttpClient);

impl HttpClient for Unvalidated {
    fn http_connector(&self, settings: &HttpConnectorSettings, components: &RuntimeComponents) -> SharedHttpConnector {
        self.0.http_connector(settings, components)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_trust_anchors_are_the_five_of_amazon() {
        let text = std::str::from_utf8(AMAZON_ROOTS).unwrap();
        assert_eq!(text.matches("BEGIN CERTIFICATE").count(), 5);
        let roots = tls::TrustStore::empty().with_pem_certificate(AMAZON_ROOTS);
        assert!(tls::TlsContext::builder().with_trust_store(roots).build().is_ok());
    }
}
