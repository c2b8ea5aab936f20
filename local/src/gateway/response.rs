//! Converts a function's JSON response into an HTTP response.

use std::{borrow::Cow, collections::HashMap};

use base64::{Engine as _, prelude::BASE64_STANDARD};
use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue, Response, StatusCode, header};
use serde::Deserialize;

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct FunctionResponse<'a> {
    status_code: u16,
    #[serde(borrow, default)]
    headers: HashMap<Cow<'a, str>, Cow<'a, str>>,
    #[serde(borrow, default)]
    multi_value_headers: HashMap<Cow<'a, str>, Vec<Cow<'a, str>>>,
    #[serde(borrow, default)]
    cookies: Vec<Cow<'a, str>>,
    #[serde(borrow, default)]
    body: Option<Cow<'a, str>>,
    #[serde(default)]
    is_base64_encoded: bool,
}

/// The HTTP response that `json` describes; none when it is not one.
pub(super) fn read(json: &str) -> Option<Response<Bytes>> {
    let function: FunctionResponse<'_> = serde_json::from_str(json).ok()?;
    let body = function.body.unwrap_or_default();
    let body = if function.is_base64_encoded {
        Bytes::from(BASE64_STANDARD.decode(body.as_bytes()).ok()?)
    } else {
        Bytes::from(body.into_owned())
    };
    let mut response = Response::new(body);
    *response.status_mut() = StatusCode::from_u16(function.status_code).ok()?;
    let headers = response.headers_mut();
    for (name, value) in &function.headers {
        append(headers, name, value);
    }
    for (name, values) in &function.multi_value_headers {
        values.iter().for_each(|value| append(headers, name, value));
    }
    for cookie in &function.cookies {
        append(headers, header::SET_COOKIE.as_str(), cookie);
    }
    Some(response)
}

/// A header that HTTP cannot carry is left out, as API Gateway does.
fn append(headers: &mut HeaderMap, name: &str, value: &str) {
    let name = HeaderName::try_from(name);
    // The HTTP server sets the length of what it sends.
    if let (Ok(name), Ok(value)) = (name, HeaderValue::from_str(value))
        && name != header::CONTENT_LENGTH
        && name != header::TRANSFER_ENCODING
    {
        headers.append(name, value);
    }
}

/// A response of the gateway itself, with API Gateway's body.
pub(super) fn own(status: StatusCode, message: &str) -> Response<Bytes> {
    let mut response = Response::new(Bytes::from(format!(r#"{{"message":"{message}"}}"#)));
    *response.status_mut() = status;
    response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
    response
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_function_response_becomes_status_headers_cookies_and_body() {
        let response = read(
            r#"{"statusCode":201,"headers":{"x-a":"1","content-length":"99"},"multiValueHeaders":{"x-b":["2","3"]},
                "cookies":["a=1","b=2"],"body":"aGk=","isBase64Encoded":true}"#,
        )
        .unwrap();
        assert_eq!(response.status(), StatusCode::CREATED);
        assert_eq!(response.headers()["x-a"], "1");
        assert_eq!(response.headers().get_all("x-b").iter().count(), 2);
        assert_eq!(response.headers().get_all(header::SET_COOKIE).iter().count(), 2);
        assert!(!response.headers().contains_key(header::CONTENT_LENGTH));
        assert_eq!(response.body().as_ref(), b"hi");
    }

    #[test]
    fn invalid_json_is_no_response() {
        assert!(read("null").is_none());
        assert!(read(r#"{"statusCode":20}"#).is_none());
        assert!(read(r#"{"statusCode":200,"body":"?","isBase64Encoded":true}"#).is_none());
    }
}
