//! The variables of the redirect: as deployed, and with a stub instead of AWS.

use std::collections::BTreeMap;
use std::net::SocketAddr;

use crate::event::DOMAIN;

/// The length on Lambda.
const SESSION_TOKEN_CHARS: usize = 900;

fn common() -> BTreeMap<String, String> {
    let session = "IQoJb3JpZ2luX2Vj".repeat(SESSION_TOKEN_CHARS / 16);
    let variables = [
        ("AWS_REGION", "eu-central-1"),
        ("AWS_ACCESS_KEY_ID", "ASIAIOSFODNN7EXAMPLE"),
        ("AWS_SECRET_ACCESS_KEY", "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"),
        ("AWS_SESSION_TOKEN", &session),
        ("TABLE_NAME", "bench"),
        ("PUBLIC_DOMAIN", DOMAIN),
        ("API_ORIGIN", "https://api.10x.example"),
        ("JWT_ISSUER", "https://idp.example"),
        ("JWT_CLIENT_ID", "bench"),
        ("CTX_LIFE_DAYS", "30"),
        ("RUST_LOG", "info"),
    ];
    variables.into_iter().map(|(name, value)| (name.to_owned(), value.to_owned())).collect()
}

/// As deployed by the template.
pub(crate) fn deployed() -> BTreeMap<String, String> {
    let mut variables = common();
    for (name, value) in [
        ("STAGE", "prod"),
        ("JWKS_URL", "https://idp.example/.well-known/jwks.json"),
        ("PLATFORM_SECRET_ARN", "arn:aws:secretsmanager:eu-central-1:000000000000:secret:bench"),
        ("CLICKS_QUEUE_URL", "https://sqs.eu-central-1.amazonaws.com/000000000000/clicks"),
    ] {
        variables.insert(name.to_owned(), value.to_owned());
    }
    variables
}

/// With tables and queues at `aws`, the secret as a variable, and trust in the viewer headers.
pub(crate) fn stubbed(aws: SocketAddr) -> BTreeMap<String, String> {
    let mut variables = common();
    for (name, value) in [
        ("STAGE", "local".to_owned()),
        ("JWT_HS256_SECRET", "0123456789abcdef0123456789abcdef".to_owned()),
        ("PLATFORM_SECRET", r#"{"current":"k1","k1":"0123456789abcdef0123456789abcdef"}"#.to_owned()),
        ("TRUST_VIEWER_HEADERS", "true".to_owned()),
        ("CLICKS_QUEUE_URL", format!("http://{aws}/000000000000/clicks")),
        ("AWS_ENDPOINT_URL_DYNAMODB", format!("http://{aws}")),
        ("AWS_ENDPOINT_URL_SQS", format!("http://{aws}")),
    ] {
        variables.insert(name.to_owned(), value);
    }
    variables
}
