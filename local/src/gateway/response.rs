//! Converts a function's JSON response into an HTTP response.

use std::{borrow::Cow, collections::HashMap};

use base64::{Engine as _, prelude::BASE64_STANDARD};
use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue, Response, StatusCode, header};
use serde::Deserialize;

use super::Failure;

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

/// The HTTP response that `json` describes.
///
/// # Errors
/// When it describes none, or one whose `content-length` is not that of its body: what callers get of it depends on the gateway.
pub(super) fn read(json: &str) -> Result<Response<Bytes>, Failure> {
    let function: FunctionResponse<'_> = serde_json::from_str(json).map_err(|_| Failure::Response)?;
    let body = function.body.unwrap_or_default();
    let body = if function.is_base64_encoded {
        Bytes::from(BASE64_STANDARD.decode(body.as_bytes()).map_err(|_| Failure::Response)?)
    } else {
        Bytes::from(body.into_owned())
    };
    let mut response = Response::new(body);
    *response.status_mut() = StatusCode::from_u16(function.status_code).map_err(|_| Failure::Response)?;
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
    let actual = response.body().len();
    let stated = response.headers_mut().remove(header::CONTENT_LENGTH);
    match stated.filter(|stated| stated.as_bytes() != actual.to_string().as_bytes()) {
        Some(stated) => Err(Failure::ContentLength { stated: String::from_utf8_lossy(stated.as_bytes()).into_owned(), actual }),
        None => Ok(response),
    }
}

/// A header that HTTP cannot carry is left out, as API Gateway does.
fn append(headers: &mut HeaderMap, name: &str, value: &str) {
    let name = HeaderName::try_from(name);
    // How it is framed is up to the HTTP server.
    if let (Ok(name), Ok(value)) = (name, HeaderValue::from_str(value))
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
            r#"{"statusCode":201,"headers":{"x-a":"1","content-length":"2"},"multiValueHeaders":{"x-b":["2","3"]},
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
        for json in ["null", r#"{"statusCode":20}"#, r#"{"statusCode":200,"body":"?","isBase64Encoded":true}"#] {
            assert!(matches!(read(json), Err(Failure::Response)), "{json}");
        }
    }

    #[test]
    fn a_length_that_is_not_the_body_s_is_refused() {
        for (json, actual) in [
            (r#"{"statusCode":404,"headers":{"content-length":"0"},"body":"{}"}"#, 2),
            (r#"{"statusCode":404,"multiValueHeaders":{"content-length":["0"]},"body":"{}"}"#, 2),
            (r#"{"statusCode":200,"headers":{"content-length":"8"},"body":"aGk=","isBase64Encoded":true}"#, 2),
            (r#"{"statusCode":204,"headers":{"content-length":"1"}}"#, 0),
        ] {
            assert!(matches!(read(json), Err(Failure::ContentLength { actual: found, .. }) if found == actual), "{json}");
        }
        assert!(read(r#"{"statusCode":204,"headers":{"content-length":"0"}}"#).is_ok());
    }
}
