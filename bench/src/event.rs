//! The event of a redirect from API Gateway's HTTP API, payload format 2.0, with the headers of browsers and CloudFront.

use serde_json::json;

use crate::link::HANDLE;
use crate::visitors::visitor;

/// The domain of the bootstraps' short links.
pub(crate) const DOMAIN: &str = "10x.example";

/// The event of a visitor who follows a link.
pub(crate) fn follow(method: &str, slug: &str, number: usize) -> Vec<u8> {
    let visitor = visitor(number);
    let host = format!("{HANDLE}.{DOMAIN}");
    let path = format!("/{slug}");
    let query = "utm_content=hero-button";
    json!({
        "version": "2.0",
        "routeKey": format!("{method} /{{slug}}"),
        "rawPath": path,
        "rawQueryString": query,
        "headers": {
            "accept": "text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,image/webp,image/apng,*/*;q=0.8",
            "accept-encoding": "gzip, deflate, br, zstd",
            "accept-language": visitor.language,
            "cloudfront-forwarded-proto": "https",
            "cloudfront-is-desktop-viewer": "true",
            "cloudfront-viewer-address": format!("{}:443", visitor.address),
            "cloudfront-viewer-asn": "3320",
            "cloudfront-viewer-country": visitor.country,
            "content-length": "0",
            "host": host,
            "priority": "u=0, i",
            "referer": visitor.referrer,
            "sec-fetch-dest": "document",
            "sec-fetch-mode": "navigate",
            "sec-fetch-site": "cross-site",
            "upgrade-insecure-requests": "1",
            "user-agent": visitor.agent,
            "via": "2.0 0123456789abcdef0123456789abcdef.cloudfront.net (CloudFront)",
            "x-amz-cf-id": "kJ8v0g3lX5yUq0k2m0ZC8j1r1X2y3z4A5B6C7D8E9F0G1H2I3J4K5L==",
            "x-amzn-trace-id": "Root=1-5bef4de7-ad49b0e87f6ef6c87fc2e700",
            "x-forwarded-for": visitor.address.to_string(),
            "x-forwarded-port": "443",
            "x-forwarded-proto": "https",
        },
        "queryStringParameters": {"utm_content": "hero-button"},
        "pathParameters": {"slug": slug},
        "requestContext": {
            "accountId": "000000000000",
            "apiId": "a1b2c3d4e5",
            "domainName": host,
            "domainPrefix": HANDLE,
            "http": {"method": method, "path": path, "protocol": "HTTP/1.1", "sourceIp": visitor.address.to_string(), "userAgent": visitor.agent},
            "requestId": "JKJaXmPLvHcESHA=",
            "routeKey": format!("{method} /{{slug}}"),
            "stage": "$default",
            "time": "01/Mar/2026:12:00:00 +0000",
            "timeEpoch": 1_772_366_400_000_i64,
        },
        "isBase64Encoded": false,
    })
    .to_string()
    .into_bytes()
}
