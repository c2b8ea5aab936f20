//! The events of an HTTP API (payload format 2.0) as requests, and the answers to them.
//!
//! The redirect reads its events by this module instead of `lambda_http`, which parses an event twice, builds maps of its query, path and
//! stage, and copies every text of its context: a third of what a redirect costs without its click. Other functions use `lambda_http`.

use std::borrow::Cow;
use std::convert::Infallible;
use std::fmt;
use std::net::IpAddr;

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use bytes::Bytes;
use http::header::{COOKIE, HOST};
use http::uri::PathAndQuery;
use http::{HeaderMap, HeaderName, HeaderValue, Method, Request, Response, Uri};
use http_body_util::{BodyExt, Full};
use lambda_runtime::Context;
use serde::de::Error as _;
use serde::de::{MapAccess, Visitor};
use serde::ser::SerializeMap;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::Error;
use tower::{Service, ServiceExt};
use url::{Url, form_urlencoded};

/// The address that a request came from, as the gateway reports it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SourceIp(pub IpAddr);

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Event<'e> {
    #[serde(borrow)]
    raw_path: Text<'e>,
    #[serde(borrow)]
    raw_query_string: Option<Text<'e>>,
    #[serde(default)]
    headers: Headers,
    #[serde(borrow)]
    cookies: Option<Vec<Text<'e>>>,
    #[serde(borrow)]
    request_context: RequestContext<'e>,
    #[serde(borrow)]
    body: Option<Text<'e>>,
    #[serde(default)]
    is_base64_encoded: bool,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct RequestContext<'e> {
    #[serde(borrow)]
    domain_name: Option<Text<'e>>,
    #[serde(borrow)]
    http: Http<'e>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Http<'e> {
    #[serde(borrow)]
    method: Text<'e>,
    #[serde(borrow)]
    source_ip: Option<Text<'e>>,
}

/// A text that is borrowed from the event unless it has escapes.
#[derive(Deserialize)]
struct Text<'t>(#[serde(borrow)] Cow<'t, str>);

/// The headers that are valid in HTTP.
#[derive(Default)]
struct Headers(HeaderMap);

impl<'de> Deserialize<'de> for Headers {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct OfHeaders;
        impl<'de> Visitor<'de> for OfHeaders {
            type Value = Headers;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object of headers")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
                let mut headers = HeaderMap::with_capacity(32);
                while let Some((name, value)) = map.next_entry::<Text<'de>, Text<'de>>()? {
                    if let (Ok(name), Ok(value)) = (HeaderName::from_bytes(name.0.as_bytes()), HeaderValue::from_str(&value.0)) {
                        headers.append(name, value);
                    }
                }
                Ok(Headers(headers))
            }
        }
        deserializer.deserialize_map(OfHeaders)
    }
}

/// The request that an event describes, with its [`SourceIp`] as an extension. Its URI has no host; without a header `host` it gets that
/// of the domain which the gateway names.
///
/// # Errors
/// When the text is not an event of this format, or its method or body is none.
pub fn request(event: &str) -> serde_json::Result<Request<Bytes>> {
    let Event { raw_path, raw_query_string, headers, cookies, request_context, body, is_base64_encoded } = serde_json::from_str(event)?;
    let mut request = Request::new(body.map(|text| bytes(text.0, is_base64_encoded)).transpose()?.unwrap_or_default());
    *request.method_mut() = Method::from_bytes(request_context.http.method.0.as_bytes()).map_err(Error::custom)?;
    *request.uri_mut() = uri(&raw_path.0, raw_query_string.as_ref().map_or("", |query| &query.0)).map_err(Error::custom)?;
    *request.headers_mut() = headers.0;
    if let Some(value) = cookies.and_then(|cookies| HeaderValue::from_str(&join(cookies.iter().map(|cookie| &*cookie.0), "; ")).ok()) {
        request.headers_mut().insert(COOKIE, value);
    }
    // A request without its host names no handle.
    if request.headers().get(HOST).is_some_and(|host| !host.to_str().is_ok_and(is_host)) {
        request.headers_mut().remove(HOST);
    }
    let domain = request_context.domain_name.filter(|domain| is_host(&domain.0));
    if let Some(domain) = domain.and_then(|domain| HeaderValue::from_str(&domain.0).ok()) {
        request.headers_mut().entry(HOST).or_insert(domain);
    }
    if let Some(ip) = request_context.http.source_ip.and_then(|ip| ip.0.parse().ok()) {
        request.extensions_mut().insert(SourceIp(ip));
    }
    Ok(request)
}

fn bytes(body: Cow<'_, str>, is_base64_encoded: bool) -> serde_json::Result<Bytes> {
    match is_base64_encoded {
        true => BASE64_STANDARD.decode(body.as_bytes()).map(Bytes::from).map_err(Error::custom),
        false => Ok(Bytes::from(body.into_owned())),
    }
}

/// Whether a text is a host with or without a port, and nothing else.
pub(crate) fn is_host(text: &str) -> bool {
    let (name, port) = text.split_once(':').unwrap_or((text, "443"));
    let is_in_name = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'.' || byte == b'-';
    // No number, which could be an address, and no encoded name, which must be decoded to be checked.
    let ends_in_letter = name.ends_with(|last: char| last.is_ascii_alphabetic());
    if ends_in_letter && name.bytes().all(is_in_name) && !name.contains("--") && port.parse::<u16>().is_ok() {
        return true;
    }
    // These characters would end the host and begin another part of the URL.
    let is_alone = !text.is_empty() && !text.contains(['/', '\\', '?', '#', '@']);
    is_alone && Url::parse(&format!("https://{text}/")).is_ok_and(|address| address.as_str().parse::<Uri>().is_ok())
}

/// A URI of these; what is not valid in it is percent-encoded, and dot segments are resolved, as WHATWG URLs have it.
fn uri(path: &str, query: &str) -> Result<Uri, http::uri::InvalidUri> {
    let is_as_it_is = |byte: u8| byte.is_ascii_alphanumeric() || b"/-_~".contains(&byte);
    let path = if path.starts_with('/') && path.bytes().all(is_as_it_is) {
        Cow::Borrowed(path)
    } else {
        Url::parse(&format!("http://localhost{path}")).map_or(Cow::Borrowed("/"), |url| Cow::Owned(url.path().to_owned()))
    };
    let target = |query: &str| match query {
        "" => path.parse::<PathAndQuery>(),
        _ => PathAndQuery::from_maybe_shared(Bytes::from(join([&*path, query].into_iter(), "?"))),
    };
    target(query).or_else(|_| target(&encoded_query(query))).map(Uri::from)
}

/// A query with everything percent-encoded that a URI does not allow.
pub(crate) fn encoded_query(query: &str) -> String {
    form_urlencoded::Serializer::new(String::new()).extend_pairs(form_urlencoded::parse(query.as_bytes())).finish()
}

fn join<'t>(texts: impl Iterator<Item = &'t str>, separator: &str) -> String {
    let mut joined = String::new();
    for (place, text) in texts.enumerate() {
        joined.push_str(if place == 0 { "" } else { separator });
        joined.push_str(text);
    }
    joined
}

/// The answer to an event.
#[derive(Debug)]
pub struct Answer(Response<Bytes>);

impl Serialize for Answer {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let (headers, body) = (self.0.headers(), self.0.body());
        let text = std::str::from_utf8(body).ok();
        let mut answer = serializer.serialize_map(Some(4))?;
        answer.serialize_entry("statusCode", &self.0.status().as_u16())?;
        answer.serialize_entry("headers", &AnswerHeaders(headers))?;
        match text {
            Some(text) => answer.serialize_entry("body", text)?,
            None => answer.serialize_entry("body", &BASE64_STANDARD.encode(body))?,
        }
        answer.serialize_entry("isBase64Encoded", &text.is_none())?;
        answer.end()
    }
}

/// Headers by name; the values of a repeated one are joined, as the gateway joins those of a request.
struct AnswerHeaders<'h>(&'h HeaderMap);

impl Serialize for AnswerHeaders<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut headers = serializer.serialize_map(Some(self.0.keys_len()))?;
        for name in self.0.keys() {
            let mut values = self.0.get_all(name).iter().map(|value| String::from_utf8_lossy(value.as_bytes()));
            let first = values.next().unwrap_or_default();
            let value = values.fold(first, |joined, value| Cow::Owned(format!("{joined}, {value}")));
            headers.serialize_entry(name.as_str(), &value)?;
        }
        headers.end()
    }
}

/// Answers an event with a service.
///
/// # Errors
/// When it is not an event of this format.
pub async fn answer<S, B>(service: S, event: &str, context: Context) -> serde_json::Result<Answer>
where
    S: Service<Request<Full<Bytes>>, Response = Response<B>, Error = Infallible>,
    B: http_body::Body<Data = Bytes>,
    B::Error: fmt::Display,
{
    let mut request = request(event)?.map(Full::new);
    request.extensions_mut().insert(context);
    let Ok(response) = service.oneshot(request).await;
    let (parts, body) = response.into_parts();
    let body = body.collect().await.map_err(Error::custom)?.to_bytes();
    Ok(Answer(Response::from_parts(parts, body)))
}

#[cfg(test)]
mod tests;
