//! The connector that the SDK's clients share: one pool of connections, one set of trust anchors.

use aws_smithy_async::rt::sleep::{SharedAsyncSleep, TokioSleep};
use aws_smithy_async::time::SystemTimeSource;
use aws_smithy_runtime::client::auth::no_auth::{NO_AUTH_SCHEME_ID, NoAuthScheme};
use aws_smithy_runtime::client::identity::IdentityCache;
use aws_smithy_runtime::client::identity::no_auth::NoAuthIdentityResolver;
use aws_smithy_runtime::client::orchestrator::endpoints::StaticUriEndpointResolver;
use aws_smithy_runtime::client::retries::strategy::NeverRetryStrategy;
use aws_smithy_runtime_api::client::auth::SharedAuthScheme;
use aws_smithy_runtime_api::client::auth::static_resolver::StaticAuthSchemeOptionResolver;
use aws_smithy_runtime_api::client::http::{HttpClient, HttpConnectorSettings, SharedHttpClient, SharedHttpConnector};
use aws_smithy_runtime_api::client::identity::SharedIdentityResolver;
use aws_smithy_runtime_api::client::runtime_components::{RuntimeComponents, RuntimeComponentsBuilder};

use crate::client::sdk_settings;

/// The connector of `http` under the settings of the SDK's clients, which are the key under which connectors are shared.
pub(super) fn of(http: &SharedHttpClient) -> Option<SharedHttpConnector> {
    let connect_timeout = sdk_settings::timeouts().connect_timeout();
    let mut settings = HttpConnectorSettings::builder();
    settings.set_connect_timeout(connect_timeout);
    Some(http.http_connector(&settings.build(), &components()?))
}

/// What a connector is made with: it takes the timer and the clock; the rest has no meaning without an SDK client.
fn components() -> Option<RuntimeComponents> {
    RuntimeComponentsBuilder::new("message sender")
        .with_sleep_impl(Some(SharedAsyncSleep::new(TokioSleep::new())))
        .with_time_source(Some(SystemTimeSource::new()))
        .with_auth_scheme_option_resolver(Some(StaticAuthSchemeOptionResolver::new(vec![NO_AUTH_SCHEME_ID])))
        .with_auth_scheme(SharedAuthScheme::new(NoAuthScheme::new()))
        .with_identity_cache(Some(IdentityCache::no_cache()))
        .with_identity_resolver(NO_AUTH_SCHEME_ID, SharedIdentityResolver::new(NoAuthIdentityResolver::new()))
        .with_endpoint_resolver(Some(StaticUriEndpointResolver::http_localhost(0)))
        .with_retry_strategy(Some(NeverRetryStrategy::new()))
        .build()
        .ok()
}
