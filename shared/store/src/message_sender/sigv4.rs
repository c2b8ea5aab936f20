//! AWS Signature Version 4 of a POST to `/` without a query (IAM User Guide, "Create a signed AWS API request").
//!
//! The signing key is derived once a day; the SDK derives it for each request.

use std::sync::{Mutex, PoisonError};

use domain::values::moment::Moment;
use domain::values::secret::{MacKey, hex, sha256};

use crate::client::Credentials;

const ALGORITHM: &str = "AWS4-HMAC-SHA256";
const TERMINATOR: &str = "aws4_request";

/// Signs requests to one service in one region.
#[derive(Debug)]
pub(crate) struct Signer {
    credentials: Credentials,
    region: String,
    service: &'static str,
    /// The last day and its key.
    key: Mutex<Option<(String, MacKey)>>,
}

impl Signer {
    pub(crate) fn new(credentials: Credentials, region: String, service: &'static str) -> Self {
        Self { credentials, region, service, key: Mutex::new(None) }
    }

    /// The header `authorization` for the headers, in the order of their names, which are in lower case. `date` is their `x-amz-date`.
    pub(crate) fn authorization(&self, date: &str, headers: &[(&str, &str)], payload: &[u8]) -> String {
        debug_assert!(headers.is_sorted(), "headers are signed in the order of their names");
        let day = date.get(..8).unwrap_or(date);
        let names: Vec<&str> = headers.iter().map(|(name, _)| *name).collect();
        let names = names.join(";");
        let mut request = String::with_capacity(1024);
        request.push_str("POST\n/\n\n");
        for (name, value) in headers {
            for part in [*name, ":", value.trim(), "\n"] {
                request.push_str(part);
            }
        }
        for part in ["\n", &names, "\n", &hex(&sha256(payload))] {
            request.push_str(part);
        }
        let scope = format!("{day}/{}/{}/{TERMINATOR}", self.region, self.service);
        let text = format!("{ALGORITHM}\n{date}\n{scope}\n{}", hex(&sha256(request.as_bytes())));
        let signature = hex(&self.key(day).tag(&[text.as_bytes()]));
        let access_key = self.credentials.access_key_id();
        format!("{ALGORITHM} Credential={access_key}/{scope}, SignedHeaders={names}, Signature={signature}")
    }

    /// The signing key of a day.
    fn key(&self, day: &str) -> MacKey {
        let mut cached = self.key.lock().unwrap_or_else(PoisonError::into_inner);
        match &*cached {
            Some((of, key)) if of == day => key.clone(),
            _ => {
                let key = self.derive(day);
                *cached = Some((day.to_owned(), key.clone()));
                key
            }
        }
    }

    fn derive(&self, day: &str) -> MacKey {
        let secret = format!("AWS4{}", self.credentials.secret_access_key());
        [day, &self.region, self.service, TERMINATOR]
            .into_iter()
            .fold(MacKey::new(secret.as_bytes()), |key, part| MacKey::new(&key.tag(&[part.as_bytes()])))
    }
}

/// A moment as `x-amz-date`: `20261122T223000Z`.
pub(crate) fn date_of(at: Moment) -> String {
    let seconds = at.seconds().rem_euclid(86_400);
    format!("{}T{:02}{:02}{:02}Z", at.day().compact(), seconds / 3600, seconds / 60 % 60, seconds % 60)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The credentials of AWS's published test suite.
    const SECRET: &str = "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY";

    fn signer(service: &'static str) -> Signer {
        Signer::new(Credentials::from_keys("AKIDEXAMPLE", SECRET, None), "us-east-1".to_owned(), service)
    }

    #[test]
    fn signatures_are_those_of_the_published_test_suite() {
        let date = "20150830T123600Z";
        let host = ("host", "example.amazonaws.com");
        for (case, headers, payload, signature) in [
            ("post-vanilla", vec![host, ("x-amz-date", date)], "", "5da7c1a2acd57cee7505fc6676e4e544621c30862966e37dddb68e92efbe5d6b"),
            (
                "post-header-value-case",
                vec![host, ("my-header1", "VALUE1"), ("x-amz-date", date)],
                "",
                "cdbc9802e29d2942e5e10b5bccfdd67c5f22c7c4e8ae67b53629efa58b974b7d",
            ),
            (
                "post-x-www-form-urlencoded",
                vec![
                    ("content-length", "13"),
                    ("content-type", "application/x-www-form-urlencoded"),
                    host,
                    ("x-amz-content-sha256", "9095672bbd1f56dfc5b65f3e153adc8731a4a654192329106275f4c7b24d0b6e"),
                    ("x-amz-date", date),
                ],
                "Param1=value1",
                "d3875051da38690788ef43de4db0d8f280229d82040bfac253562e56c3f20e0b",
            ),
        ] {
            let authorization = signer("service").authorization(date, &headers, payload.as_bytes());
            assert_eq!(authorization.rsplit('=').next(), Some(signature), "{case}");
        }
    }

    #[test]
    fn a_moment_is_written_in_the_basic_format_and_each_day_has_its_key() {
        let last: Moment = "2015-12-31T23:59:59.999Z".parse().unwrap();
        assert_eq!([date_of(last), date_of(last.plus_millis(1))], ["20151231T235959Z", "20160101T000000Z"]);
        let signer = signer("sqs");
        let tags = ["20151231", "20160101", "20151231"].map(|day| signer.key(day).tag(&[b"x"]));
        assert!(tags[0] != tags[1] && tags[0] == tags[2]);
    }
}
