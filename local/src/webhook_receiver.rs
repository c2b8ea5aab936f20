//! A webhook receiver for development: verifies each message, prints one line for it, and replies as configured, with 401 to a
//! message whose signatures are invalid.

use std::collections::BTreeSet;
use std::convert::Infallible;
use std::fmt;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, PoisonError};

use bytes::Bytes;
use domain::values::moment::Moment;
use domain::webhooks::secret::WebhookSecret;
use hmac::{Hmac, KeyInit, Mac};
use http::{HeaderMap, Request, Response, StatusCode};
use http_body_util::{BodyExt, Full, Limited};
use hyper::body::Incoming;
use hyper::service::service_fn;
use serde_json::Value;
use sha2::Sha256;
use standardwebhooks::Webhook;
use tokio::net::TcpListener;

use crate::{http_server, wall_clock};

/// Largest message accepted; the system's are far smaller.
const MAX_BYTES: usize = 1024 * 1024;
/// Members of a payload that a line shows, if present.
const SHOWN_MEMBERS: [&str; 15] = [
    "slug",
    "version",
    "campaignId",
    "eventType",
    "value",
    "currency",
    "trust",
    "test",
    "verdict",
    "country",
    "source",
    "before",
    "after",
    "status",
    "message",
];

/// How the receiver replies.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reply {
    /// With this status code.
    Status(StatusCode),
    /// Never; the connection stays open.
    Never,
}

/// The result of verifying a message's signatures.
enum Verification {
    /// There is no secret to verify with.
    Unverified,
    Verified,
    /// The reasons.
    Refused(String),
}

impl fmt::Display for Verification {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unverified => f.write_str("not verified (no --secret)"),
            Self::Verified => f.write_str("verified"),
            Self::Refused(reasons) => write!(f, "REFUSED ({reasons})"),
        }
    }
}

/// A webhook receiver.
pub struct WebhookReceiver {
    secrets: Vec<WebhookSecret>,
    reply: Reply,
    /// Messages that still get `reply` before the receiver replies 200; always `reply` when none.
    replies_left: Mutex<Option<usize>>,
    accepted_ids: Mutex<BTreeSet<String>>,
}

impl WebhookReceiver {
    /// A receiver that verifies with `secrets`. The first `times` messages that pass get `reply`, later ones 200; all of them
    /// without `times`.
    #[must_use]
    pub fn new(secrets: Vec<WebhookSecret>, reply: Reply, times: Option<usize>) -> Arc<Self> {
        Arc::new(Self { secrets, reply, replies_left: Mutex::new(times), accepted_ids: Mutex::default() })
    }

    /// Receives until `stop` resolves; `print` is called with a line for each message.
    pub async fn run(self: Arc<Self>, listener: TcpListener, stop: impl Future<Output = ()>, print: fn(&str)) {
        let service = |_: SocketAddr| {
            let receiver = self.clone();
            service_fn(move |request| receiver.clone().handle(request, print))
        };
        http_server::serve(listener, service, stop).await;
    }

    async fn handle(self: Arc<Self>, request: Request<Incoming>, print: fn(&str)) -> Result<Response<Full<Bytes>>, Infallible> {
        let (parts, body) = request.into_parts();
        let reply = match Limited::new(body, MAX_BYTES).collect().await {
            Ok(body) => {
                let (reply, line) = self.receive(&parts.headers, &body.to_bytes(), Moment::from_millis(wall_clock()));
                print(&line);
                reply
            }
            Err(_) => Reply::Status(StatusCode::PAYLOAD_TOO_LARGE),
        };
        match reply {
            Reply::Status(status) => {
                let mut response = Response::new(Full::default());
                *response.status_mut() = status;
                Ok(response)
            }
            Reply::Never => std::future::pending().await,
        }
    }

    /// The reply to a message, and its line.
    fn receive(&self, headers: &HeaderMap, body: &[u8], now: Moment) -> (Reply, String) {
        let verification = self.verify(headers, body);
        let reply = match verification {
            Verification::Refused(_) => Reply::Status(StatusCode::UNAUTHORIZED),
            Verification::Unverified | Verification::Verified => self.next_reply(),
        };
        (reply, self.line(headers, body, &verification, reply, now))
    }

    fn next_reply(&self) -> Reply {
        let mut left = self.replies_left.lock().unwrap_or_else(PoisonError::into_inner);
        match left.as_mut() {
            None => self.reply,
            Some(0) => Reply::Status(StatusCode::OK),
            Some(left) => {
                *left -= 1;
                self.reply
            }
        }
    }

    /// The line of a message.
    fn line(&self, headers: &HeaderMap, body: &[u8], verification: &Verification, reply: Reply, now: Moment) -> String {
        let header = |name: &str| headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or("-").to_owned();
        let time = now.to_string();
        let payload = serde_json::from_slice::<Value>(body).unwrap_or_default();
        let payload = payload.get("payload").cloned().unwrap_or_default();
        let shown = SHOWN_MEMBERS.iter().filter_map(|name| {
            let value = payload.get(name).filter(|value| !value.is_null())?;
            Some(format!("{name}={}", value.as_str().map_or_else(|| value.to_string(), str::to_owned)))
        });
        let id = header("webhook-id");
        let was_accepted = match reply {
            Reply::Status(status) if status.is_success() => {
                !self.accepted_ids.lock().unwrap_or_else(PoisonError::into_inner).insert(id.clone())
            }
            Reply::Status(_) | Reply::Never => false,
        };
        let status = match reply {
            Reply::Status(status) => status.as_u16().to_string(),
            Reply::Never => "hangs".to_owned(),
        };
        let mut line = [
            time.get(11..23).unwrap_or_default(),
            &format!("{:<23}", header("x-10x-event-type")),
            &id,
            &format!("attempt {}", header("x-10x-attempt")),
            &verification.to_string(),
            &format!("-> {status}"),
            if was_accepted { "seen before" } else { "" },
        ]
        .into_iter()
        .filter(|part| !part.is_empty())
        .collect::<Vec<_>>()
        .join("  ");
        for shown in shown {
            line.push_str("  ");
            line.push_str(&shown);
        }
        line
    }

    /// Verifies both signatures; each must be valid under one of the secrets.
    fn verify(&self, headers: &HeaderMap, body: &[u8]) -> Verification {
        if self.secrets.is_empty() {
            return Verification::Unverified;
        }
        let mut refused = Vec::new();
        let standard: Vec<_> = self.secrets.iter().map(|secret| Webhook::new(secret.expose())?.verify(body, headers)).collect();
        if !standard.iter().any(Result::is_ok) {
            let why = standard.into_iter().find_map(Result::err).map(|error| error.to_string());
            refused.push(format!("webhook-signature: {}", why.unwrap_or_default()));
        }
        let signature = headers.get("x-10x-signature").and_then(|value| value.to_str().ok()).unwrap_or_default();
        if !self.secrets.iter().any(|secret| is_hex_signature(secret, body, signature)) {
            refused.push("x-10x-signature: signature invalid".to_owned());
        }
        if refused.is_empty() { Verification::Verified } else { Verification::Refused(refused.join(", ")) }
    }
}

/// Whether `signature` is `sha256=<hex>` of the body's HMAC with the secret's text as the key.
fn is_hex_signature(secret: &WebhookSecret, body: &[u8], signature: &str) -> bool {
    let Some(hex) = signature.strip_prefix("sha256=") else { return false };
    let bytes = hex.as_bytes().chunks(2).map(|pair| u8::from_str_radix(std::str::from_utf8(pair).ok()?, 16).ok());
    let (Some(bytes), Ok(mut mac)) = (bytes.collect::<Option<Vec<u8>>>(), Hmac::<Sha256>::new_from_slice(secret.expose().as_bytes()))
    else {
        return false;
    };
    mac.update(body);
    mac.verify_slice(&bytes).is_ok()
}

#[cfg(test)]
mod tests {
    use domain::values::id::EventId;
    use domain::webhooks::signature;

    use super::*;

    const BODY: &[u8] =
        br#"{"id":"evt_1","type":"conversion.recorded","payload":{"conversionId":"cnv_1","slug":"launch","campaignId":null,"value":24.99,"test":false}}"#;

    fn message(secret: &WebhookSecret) -> HeaderMap {
        let (id, at) = (EventId::new(Moment::from_millis(1_772_366_400_000), 7), Moment::from_millis(wall_clock()));
        let mut headers = HeaderMap::new();
        let mut put = |name: &'static str, value: String| headers.insert(name, value.parse().unwrap());
        put("webhook-id", id.to_string());
        put("webhook-timestamp", at.seconds().to_string());
        put("webhook-signature", signature::standard(std::slice::from_ref(secret), id, at, BODY));
        put("x-10x-signature", signature::of_body(secret, BODY));
        put("x-10x-event-type", "conversion.recorded".to_owned());
        put("x-10x-attempt", "2".to_owned());
        headers
    }

    fn line(receiver: &WebhookReceiver, headers: &HeaderMap, body: &[u8]) -> String {
        receiver.receive(headers, body, Moment::from_millis(1_772_366_400_123)).1
    }

    #[test]
    fn a_valid_message_is_one_line_with_the_main_members() {
        let secret = WebhookSecret::of_bytes([1; 32]);
        let receiver = WebhookReceiver::new(vec![secret.clone()], Reply::Status(StatusCode::OK), None);
        let headers = message(&secret);
        let id = headers["webhook-id"].to_str().unwrap();
        let expected =
            format!("12:00:00.123  conversion.recorded      {id}  attempt 2  verified  -> 200  slug=launch  value=24.99  test=false");
        assert_eq!(line(&receiver, &headers, BODY), expected);
        assert!(line(&receiver, &headers, BODY).contains("  -> 200  seen before  "));
    }

    #[test]
    fn an_invalid_message_is_refused_with_the_reason() {
        let (own, other) = (WebhookSecret::of_bytes([1; 32]), WebhookSecret::of_bytes([2; 32]));
        let ok = Reply::Status(StatusCode::OK);
        let both = WebhookReceiver::new(vec![other.clone(), own.clone()], ok, None);
        assert!(line(&both, &message(&own), BODY).contains("  verified  "), "one matching secret is enough");
        let wrong = WebhookReceiver::new(vec![other.clone()], ok, None);
        let refused = "REFUSED (webhook-signature: signature invalid, x-10x-signature: signature invalid)";
        assert!(line(&wrong, &message(&own), BODY).contains(&format!("{refused}  -> 401  ")));
        assert!(line(&both, &message(&own), b"{}").contains(refused), "another body");
        let mut old = message(&own);
        old.insert("webhook-timestamp", "1772366400".parse().unwrap());
        assert!(line(&both, &old, BODY).contains("REFUSED (webhook-signature: signature timestamp too old)"));
        assert!(line(&both, &HeaderMap::new(), BODY).contains("missing header"));
        assert!(line(&WebhookReceiver::new(Vec::new(), ok, None), &message(&own), BODY).contains("not verified"));
    }

    #[test]
    fn the_configured_reply_ends_after_the_given_number_of_messages() {
        let receiver = WebhookReceiver::new(Vec::new(), Reply::Status(StatusCode::SERVICE_UNAVAILABLE), Some(2));
        let replies: Vec<Reply> = (0..3).map(|_| receiver.next_reply()).collect();
        let status = |code: u16| Reply::Status(StatusCode::from_u16(code).unwrap());
        assert_eq!(replies, [status(503), status(503), status(200)]);
        assert_eq!(WebhookReceiver::new(Vec::new(), Reply::Never, None).next_reply(), Reply::Never);
    }
}
