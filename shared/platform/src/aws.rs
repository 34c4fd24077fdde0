//! What the clients of all AWS services have in common.

use std::time::Duration;

use aws_sdk_dynamodb::config::retry::RetryConfig;
use aws_sdk_dynamodb::config::timeout::TimeoutConfig;
use aws_sdk_dynamodb::config::{
    BehaviorVersion, Credentials, Region, SharedCredentialsProvider, SharedHttpClient,
    StalledStreamProtectionConfig,
};
use aws_smithy_http_client::Builder as HttpClientBuilder;
use aws_smithy_http_client::tls::rustls_provider::CryptoMode;
use aws_smithy_http_client::tls::{Provider, TlsContext, TrustStore};
use aws_types::SdkConfig;
use aws_types::sdk_config::Builder;

use crate::config::{ConfigError, Settings};

/// The five roots that every endpoint of AWS has its certificate from
/// (<https://www.amazontrust.com/repository/>, "Trust store and pinning recommendations").
const ROOTS: &str = include_str!("aws/roots.pem");

/// Who signs the calls and where to, straight from the environment: the usual provider chain would
/// cost start-up time and gives nothing more under Lambda. [`retries`] and [`timeouts`] hold unless
/// the client has others.
pub fn client_config(settings: &Settings) -> Result<Builder, ConfigError> {
    let credentials = Credentials::new(
        settings.required("AWS_ACCESS_KEY_ID")?,
        settings.required("AWS_SECRET_ACCESS_KEY")?,
        settings.optional("AWS_SESSION_TOKEN"),
        None,
        "environment",
    );
    let config = SdkConfig::builder()
        .behavior_version(BehaviorVersion::latest())
        .http_client(http_client())
        .region(Region::new(settings.required("AWS_REGION")?))
        .credentials_provider(SharedCredentialsProvider::new(credentials))
        .retry_config(retries())
        .timeout_config(timeouts())
        .stalled_stream_protection(StalledStreamProtectionConfig::disabled());
    Ok(config)
}

/// Attempts are few and quick: an HTTP function answers within 20 seconds, whatever happens.
fn retries() -> RetryConfig {
    RetryConfig::standard()
        .with_max_attempts(4)
        .with_initial_backoff(Duration::from_millis(25))
        .with_max_backoff(Duration::from_secs(1))
}

/// Two seconds an attempt and five for all of them.
fn timeouts() -> TimeoutConfig {
    TimeoutConfig::builder()
        .operation_timeout(Duration::from_secs(5))
        .connect_timeout(Duration::from_secs(1))
        .operation_attempt_timeout(Duration::from_secs(2))
        .build()
}

/// The HTTP client of one AWS client. It trusts Amazon's own roots alone: reading all those of the
/// system took most of a function's start, and no other authority may vouch for an AWS endpoint.
fn http_client() -> SharedHttpClient {
    let roots = TrustStore::empty().with_pem_certificate(ROOTS);
    let context = TlsContext::builder().with_trust_store(roots).build();
    HttpClientBuilder::new()
        .tls_provider(Provider::Rustls(CryptoMode::AwsLc))
        .tls_context(context.expect("nothing in it can be wrong before it is used"))
        .build_https()
}

#[cfg(test)]
mod tests {
    use aws_lc_rs::digest::{SHA256, digest};
    use base64::Engine as _;
    use base64::engine::general_purpose::STANDARD;

    use super::ROOTS;

    /// SHA-256 of the certificates of Amazon Root CA 1 to 4 and of Starfield Services Root
    /// Certificate Authority G2, as the common trust stores list them.
    const FINGERPRINTS: [&str; 5] = [
        "8ecde6884f3d87b1125ba31ac3fcb13d7016de7f57cc904fe1cb97c6ae98196e",
        "1ba5b2aa8c65401a82960118f80bec4f62304d83cec4713a19c39c011ea46db4",
        "18ce6cfe7bf14e60b2e347b8dfe868cb31d02ebb3ada271569f50343b46db3a4",
        "e35d28419ed02025cfa69038cd623962458da5c695fbdea3c22b0bfb25897092",
        "568d6905a2c88708a4b3025190edcfedb1974a606a13c6e5290fcb2ae63edab5",
    ];

    #[test]
    fn the_roots_are_those_of_amazon() {
        let body = |block: &str| block.split("-----END").next().unwrap_or_default().replace('\n', "");
        let found = ROOTS.split("-----BEGIN CERTIFICATE-----").skip(1).map(|block| {
            let certificate = STANDARD.decode(body(block)).expect("base64");
            digest(&SHA256, &certificate)
                .as_ref()
                .iter()
                .fold(String::new(), |hex, byte| format!("{hex}{byte:02x}"))
        });
        assert_eq!(found.collect::<Vec<_>>(), FINGERPRINTS);
    }
}
