//! The headers that hold pages and files to what they need.

use http::header::{CONTENT_SECURITY_POLICY, REFERRER_POLICY, STRICT_TRANSPORT_SECURITY, X_CONTENT_TYPE_OPTIONS};
use http::{HeaderMap, HeaderName, HeaderValue};

use crate::ConsoleSettings;

static CROSS_ORIGIN_OPENER_POLICY: HeaderName = HeaderName::from_static("cross-origin-opener-policy");
static CROSS_ORIGIN_RESOURCE_POLICY: HeaderName = HeaderName::from_static("cross-origin-resource-policy");
static PERMISSIONS_POLICY: HeaderName = HeaderName::from_static("permissions-policy");

/// Files are parts of pages and never documents of their own.
const OF_FILES: HeaderValue = HeaderValue::from_static("default-src 'none'");

/// The headers of a page: scripts and styles of this origin only, no text that becomes markup or code, and no address to send to but
/// this origin and the token endpoint.
pub(crate) fn page(settings: &ConsoleSettings, headers: &mut HeaderMap) {
    let token = settings.login.as_ref().map(|login| format!(" {}", login.token_endpoint.origin().ascii_serialization()));
    let policy = format!(
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; font-src 'self'; connect-src 'self'{}; \
         base-uri 'none'; form-action 'none'; frame-ancestors 'none'; require-trusted-types-for 'script'; trusted-types 'none'",
        token.unwrap_or_default()
    );
    // An origin is ASCII without control characters, so this is always a header value.
    headers.insert(CONTENT_SECURITY_POLICY, HeaderValue::try_from(policy).unwrap_or(OF_FILES));
    headers.insert(REFERRER_POLICY, HeaderValue::from_static("no-referrer"));
    headers.insert(CROSS_ORIGIN_OPENER_POLICY.clone(), HeaderValue::from_static("same-origin"));
    headers.insert(PERMISSIONS_POLICY.clone(), HeaderValue::from_static("clipboard-write=(self)"));
    everywhere(headers);
}

/// The headers of any other file.
pub(crate) fn file(headers: &mut HeaderMap) {
    headers.insert(CONTENT_SECURITY_POLICY, OF_FILES);
    everywhere(headers);
}

fn everywhere(headers: &mut HeaderMap) {
    headers.insert(X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    headers.insert(CROSS_ORIGIN_RESOURCE_POLICY.clone(), HeaderValue::from_static("same-origin"));
    headers.insert(STRICT_TRANSPORT_SECURITY, HeaderValue::from_static("max-age=31536000"));
}
