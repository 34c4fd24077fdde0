//! How the functions reach AWS.

use aws_sdk_dynamodb::config::SharedHttpClient;
use aws_smithy_http_client::Builder;
use aws_smithy_http_client::tls::rustls_provider::CryptoMode;
use aws_smithy_http_client::tls::{Provider, TlsContext, TrustStore};

/// The five roots that every endpoint of AWS has its certificate from
/// (<https://www.amazontrust.com/repository/>, "Trust store and pinning recommendations").
const ROOTS: &str = include_str!("aws/roots.pem");

/// The HTTP client of one AWS client. It trusts Amazon's own roots alone: reading all those of the
/// system took most of a function's start, and no other authority may vouch for an AWS endpoint.
pub(crate) fn http_client() -> SharedHttpClient {
    let roots = TrustStore::empty().with_pem_certificate(ROOTS);
    let context = TlsContext::builder().with_trust_store(roots).build();
    Builder::new()
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
            let hash = digest(&SHA256, &certificate);
            hash.as_ref().iter().map(|byte| format!("{byte:02x}")).collect::<String>()
        });
        assert_eq!(found.collect::<Vec<_>>(), FINGERPRINTS);
    }
}
