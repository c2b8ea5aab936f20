//! What the `{{…}}` of paths, bodies and event files are replaced with: tokens, addresses, and ids from earlier answers.

use std::collections::BTreeMap;
use std::time::Duration;

use domain::values::moment::Moment;

use super::{Operation, Source};
use crate::{Answer, Receiver};

/// Values of the placeholders that are known so far.
#[derive(Clone, Debug)]
pub struct Placeholders(BTreeMap<&'static str, String>);

impl Placeholders {
    /// With tokens that are valid for an hour from `now`, and a receiver of webhooks; ctx and ids follow from answers.
    pub fn new(keys: &local::keys::Keys, now: Moment, receiver: &Receiver) -> Self {
        let mint =
            |user: &str, groups: &[&str]| local::token::mint(keys, user, groups, now.millis(), Duration::from_secs(3600)).expect("a token");
        Self(BTreeMap::from([
            ("JWT_OWNER", mint("owner", &[])),
            ("JWT_PLATFORM_ADMIN", mint("admin", &["platform-admin"])),
            ("ORIGIN_VERIFY", "what CloudFront proves itself with".to_owned()),
            ("RECEIVER", receiver.url("/ingest")),
            ("SINCE", now.plus_secs(-60).to_string()),
        ]))
    }

    /// Well-formed values of nothing that exists.
    pub fn samples() -> Self {
        let samples = [
            ("RECEIVER", "https://hooks.example.com/ingest"),
            ("SINCE", "2026-03-01T12:00:00Z"),
            ("CTX", "bogus"),
            ("CONVERSION_ID", "cnv_01JZ0000000000000000000000"),
            ("TOKEN_ID", "0123456789abcdef"),
            ("SUBSCRIPTION_ID", "whs_01JZ0000000000000000000000"),
            ("DELIVERY_ID", "dlv_01JZ0000000000000000000000"),
        ];
        Self(samples.into_iter().map(|(name, value)| (name, value.to_owned())).collect())
    }

    /// The same with this value.
    #[must_use]
    pub fn with(mut self, placeholder: &'static str, value: &str) -> Self {
        self.0.insert(placeholder, value.to_owned());
        self
    }

    /// The text with values for its placeholders; `name` says in a failure where it is from.
    #[track_caller]
    pub fn fill(&self, name: &str, text: &str) -> String {
        let filled = self.0.iter().fold(text.to_owned(), |text, (name, value)| text.replace(&format!("{{{{{name}}}}}"), value));
        assert!(!filled.contains("{{"), "{name} needs a value that no earlier answer had: {filled}");
        filled
    }

    /// Keeps what later requests need of the answer to `operation`.
    #[track_caller]
    pub fn learn(&mut self, operation: &Operation, answer: &Answer) {
        for (placeholder, source) in &operation.captures {
            let value = match source {
                Source::Member(member) => answer.json()[*member].as_str().expect("text").to_owned(),
                Source::Ctx => answer.ctx(),
            };
            self.0.insert(placeholder, value);
        }
    }

    /// The value of a placeholder.
    #[track_caller]
    pub fn value(&self, placeholder: &str) -> &str {
        self.0.get(placeholder).map(String::as_str).unwrap_or_else(|| panic!("no answer had {placeholder} yet"))
    }
}
