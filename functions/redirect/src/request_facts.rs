//! What a request shows of its visitor, read once (specification §4, "Visit context").

use std::borrow::Cow;

use api::{ApiSettings, PlatformKeys};
use api::{Viewer, opted_out};
use domain::clicks::agent::{Classification, Evidence, PURPOSE_HEADERS, RequestKind, classify, kept_part, prefetch_purpose};
use domain::clicks::ctx::{Consent, consent};
use domain::links::Link;
use domain::links::visit::{Visit, country, preferred_language, referral, word};
use domain::values::moment::Moment;
use domain::values::name::SessionId;
use http::header::{ACCEPT_LANGUAGE, REFERER, USER_AGENT};
use http::request::Parts;
use http::{HeaderMap, Method};

/// What one request shows of its visitor.
pub(crate) struct RequestFacts<'r> {
    pub(crate) viewer: Viewer,
    pub(crate) classification: Classification,
    pub(crate) consent: Consent,
    pub(crate) user_agent: Option<&'r str>,
    pub(crate) purpose: Option<&'r str>,
    pub(crate) no_accept_language: bool,
    /// The visitor's own query parameters.
    pub(crate) query: Vec<(Cow<'r, str>, Cow<'r, str>)>,
    headers: &'r HeaderMap,
}

fn header(headers: &HeaderMap, name: impl http::header::AsHeaderName) -> Option<&str> {
    headers.get(name).and_then(|value| value.to_str().ok())
}

impl<'r> RequestFacts<'r> {
    pub(crate) fn of(parts: &'r Parts, settings: &ApiSettings, keys: Option<&PlatformKeys>) -> Self {
        let headers = &parts.headers;
        let query: Vec<_> = url::form_urlencoded::parse(parts.uri.query().unwrap_or_default().as_bytes()).collect();
        let user_agent = header(headers, USER_AGENT).map(kept_part);
        let purpose = prefetch_purpose(PURPOSE_HEADERS.map(|name| header(headers, name)));
        let no_accept_language = headers.get(ACCEPT_LANGUAGE).is_none_or(|value| value.as_bytes().trim_ascii().is_empty());
        let request_kind = if parts.method == Method::HEAD { RequestKind::HeadersOnly } else { RequestKind::Answer };
        let consents = query.iter().filter(|(name, _)| name == "consent").map(|(_, value)| value.as_ref());
        Self {
            viewer: Viewer::of_parts(parts, settings, keys),
            classification: classify(&Evidence { user_agent, request_kind, purpose, no_accept_language, ..Evidence::default() }),
            consent: consent(consents, opted_out(headers)),
            user_agent,
            purpose,
            no_accept_language,
            query,
            headers,
        }
    }

    fn parameter(&self, name: &str) -> Option<&str> {
        self.query.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_ref())
    }

    /// The visit as routing sees it.
    pub(crate) fn visit(&self, link: &Link, at: Moment) -> Visit {
        let referral = referral(header(self.headers, REFERER));
        let first_word = |names: &[&str]| names.iter().filter_map(|name| self.parameter(name)).find_map(word);
        let session_id: Option<SessionId> =
            self.parameter("sid").and_then(|text| text.parse().ok()).filter(|_| self.consent != Consent::Denied);
        let subject = match &session_id {
            Some(session) => session.to_string(),
            // Used for this one decision and stored nowhere.
            None => format!("{} {}", self.viewer.ip, self.user_agent.unwrap_or_default()),
        };
        Visit {
            country: country(self.viewer.country.as_deref()),
            device: self.classification.device,
            source: first_word(&["source", "utm_source", "src"]).unwrap_or(referral.source),
            campaign: first_word(&["campaign", "utm_campaign"]).or_else(|| link.settings.campaign_id.as_ref().map(ToString::to_string)),
            referrer: referral.host,
            language: header(self.headers, ACCEPT_LANGUAGE).and_then(preferred_language),
            session_id,
            segments: Vec::new(),
            at,
            subject,
        }
    }
}
