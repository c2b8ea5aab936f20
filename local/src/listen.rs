//! A receiver of webhooks to look at: it verifies what comes, tells it on one line, and answers as it was told to: 401 to one that is refused.

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

/// Messages are far smaller.
const MAX_BYTES: usize = 1024 * 1024;
/// What a line shows of a payload, as far as it is there.
const SHOWN: [&str; 15] = [
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

/// How the receiver answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Answer {
    /// With this status.
    Status(StatusCode),
    /// Not at all, while the connection stays open.
    Never,
}

/// What the signatures of a message say.
enum Judgement {
    /// No secret is known to hold them against.
    Unverified,
    Verified,
    /// With the reasons.
    Refused(String),
}

impl fmt::Display for Judgement {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unverified => f.write_str("not verified (no --secret)"),
            Self::Verified => f.write_str("verified"),
            Self::Refused(reasons) => write!(f, "REFUSED ({reasons})"),
        }
    }
}

/// A receiver.
pub struct Receiver {
    secrets: Vec<WebhookSecret>,
    trouble: Answer,
    /// How often it still answers so, before it answers 200; for ever when none.
    trouble_left: Mutex<Option<usize>>,
    taken: Mutex<BTreeSet<String>>,
}

impl Receiver {
    /// One that knows these secrets and answers so for so many messages it does not refuse, or always, and 200 after that.
    #[must_use]
    pub fn new(secrets: Vec<WebhookSecret>, answer: Answer, times: Option<usize>) -> Arc<Self> {
        Arc::new(Self { secrets, trouble: answer, trouble_left: Mutex::new(times), taken: Mutex::default() })
    }

    /// Receives until `stop` resolves; `tell` gets a line for each message.
    pub async fn run(self: Arc<Self>, listener: TcpListener, stop: impl Future<Output = ()>, tell: fn(&str)) {
        let service = |_: SocketAddr| {
            let receiver = self.clone();
            service_fn(move |request| receiver.clone().take(request, tell))
        };
        http_server::serve(listener, service, stop).await;
    }

    async fn take(self: Arc<Self>, request: Request<Incoming>, tell: fn(&str)) -> Result<Response<Full<Bytes>>, Infallible> {
        let (parts, body) = request.into_parts();
        let answer = match Limited::new(body, MAX_BYTES).collect().await {
            Ok(body) => {
                let (answer, line) = self.receive(&parts.headers, &body.to_bytes(), Moment::from_millis(wall_clock()));
                tell(&line);
                answer
            }
            Err(_) => Answer::Status(StatusCode::PAYLOAD_TOO_LARGE),
        };
        match answer {
            Answer::Status(status) => {
                let mut response = Response::new(Full::default());
                *response.status_mut() = status;
                Ok(response)
            }
            Answer::Never => std::future::pending().await,
        }
    }

    /// How one message is answered, and what is told of it.
    fn receive(&self, headers: &HeaderMap, body: &[u8], now: Moment) -> (Answer, String) {
        let judgement = self.judge(headers, body);
        let answer = match judgement {
            Judgement::Refused(_) => Answer::Status(StatusCode::UNAUTHORIZED),
            Judgement::Unverified | Judgement::Verified => self.next_answer(),
        };
        (answer, self.line(headers, body, &judgement, answer, now))
    }

    fn next_answer(&self) -> Answer {
        let mut left = self.trouble_left.lock().unwrap_or_else(PoisonError::into_inner);
        match left.as_mut() {
            None => self.trouble,
            Some(0) => Answer::Status(StatusCode::OK),
            Some(left) => {
                *left -= 1;
                self.trouble
            }
        }
    }

    /// One message on one line.
    fn line(&self, headers: &HeaderMap, body: &[u8], judgement: &Judgement, answer: Answer, now: Moment) -> String {
        let header = |name: &str| headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or("-").to_owned();
        let time = now.to_string();
        let payload = serde_json::from_slice::<Value>(body).unwrap_or_default();
        let payload = payload.get("payload").cloned().unwrap_or_default();
        let shown = SHOWN.iter().filter_map(|name| {
            let value = payload.get(name).filter(|value| !value.is_null())?;
            Some(format!("{name}={}", value.as_str().map_or_else(|| value.to_string(), str::to_owned)))
        });
        let id = header("webhook-id");
        let is_known = match answer {
            Answer::Status(status) if status.is_success() => !self.taken.lock().unwrap_or_else(PoisonError::into_inner).insert(id.clone()),
            Answer::Status(_) | Answer::Never => false,
        };
        let answered = match answer {
            Answer::Status(status) => status.as_u16().to_string(),
            Answer::Never => "hangs".to_owned(),
        };
        let mut line = [
            time.get(11..23).unwrap_or_default(),
            &format!("{:<23}", header("x-10x-event-type")),
            &id,
            &format!("attempt {}", header("x-10x-attempt")),
            &judgement.to_string(),
            &format!("-> {answered}"),
            if is_known { "seen before" } else { "" },
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

    /// Looks at both signatures, each under any of the secrets.
    fn judge(&self, headers: &HeaderMap, body: &[u8]) -> Judgement {
        if self.secrets.is_empty() {
            return Judgement::Unverified;
        }
        let mut refused = Vec::new();
        let standard: Vec<_> = self.secrets.iter().map(|secret| Webhook::new(secret.expose())?.verify(body, headers)).collect();
        if !standard.iter().any(Result::is_ok) {
            let why = standard.into_iter().find_map(Result::err).map(|error| error.to_string());
            refused.push(format!("webhook-signature: {}", why.unwrap_or_default()));
        }
        let told = headers.get("x-10x-signature").and_then(|value| value.to_str().ok()).unwrap_or_default();
        if !self.secrets.iter().any(|secret| is_hex_signature(secret, body, told)) {
            refused.push("x-10x-signature: signature invalid".to_owned());
        }
        if refused.is_empty() { Judgement::Verified } else { Judgement::Refused(refused.join(", ")) }
    }
}

/// Whether `sha256=<hex>` is the HMAC of the body under the secret's own text.
fn is_hex_signature(secret: &WebhookSecret, body: &[u8], told: &str) -> bool {
    let Some(hex) = told.strip_prefix("sha256=") else { return false };
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

    fn line(receiver: &Receiver, headers: &HeaderMap, body: &[u8]) -> String {
        receiver.receive(headers, body, Moment::from_millis(1_772_366_400_123)).1
    }

    #[test]
    fn a_good_message_is_one_line_with_what_matters() {
        let secret = WebhookSecret::of_bytes([1; 32]);
        let receiver = Receiver::new(vec![secret.clone()], Answer::Status(StatusCode::OK), None);
        let headers = message(&secret);
        let id = headers["webhook-id"].to_str().unwrap();
        let expected =
            format!("12:00:00.123  conversion.recorded      {id}  attempt 2  verified  -> 200  slug=launch  value=24.99  test=false");
        assert_eq!(line(&receiver, &headers, BODY), expected);
        assert!(line(&receiver, &headers, BODY).contains("  -> 200  seen before  "));
    }

    #[test]
    fn what_does_not_fit_is_refused_with_the_reason() {
        let (own, other) = (WebhookSecret::of_bytes([1; 32]), WebhookSecret::of_bytes([2; 32]));
        let ok = Answer::Status(StatusCode::OK);
        let both = Receiver::new(vec![other.clone(), own.clone()], ok, None);
        assert!(line(&both, &message(&own), BODY).contains("  verified  "), "one secret that fits is enough");
        let wrong = Receiver::new(vec![other.clone()], ok, None);
        let refused = "REFUSED (webhook-signature: signature invalid, x-10x-signature: signature invalid)";
        assert!(line(&wrong, &message(&own), BODY).contains(&format!("{refused}  -> 401  ")));
        assert!(line(&both, &message(&own), b"{}").contains(refused), "another body");
        let mut old = message(&own);
        old.insert("webhook-timestamp", "1772366400".parse().unwrap());
        assert!(line(&both, &old, BODY).contains("REFUSED (webhook-signature: signature timestamp too old)"));
        assert!(line(&both, &HeaderMap::new(), BODY).contains("missing header"));
        assert!(line(&Receiver::new(Vec::new(), ok, None), &message(&own), BODY).contains("not verified"));
    }

    #[test]
    fn trouble_ends_after_so_many_messages() {
        let receiver = Receiver::new(Vec::new(), Answer::Status(StatusCode::SERVICE_UNAVAILABLE), Some(2));
        let answers: Vec<Answer> = (0..3).map(|_| receiver.next_answer()).collect();
        let status = |code: u16| Answer::Status(StatusCode::from_u16(code).unwrap());
        assert_eq!(answers, [status(503), status(503), status(200)]);
        assert_eq!(Receiver::new(Vec::new(), Answer::Never, None).next_answer(), Answer::Never);
    }
}
