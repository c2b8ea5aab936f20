//! A person's data: which records are a person's, what of them is personal, and what stays without it (specification §2.7).

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::clicks::Click;
use crate::conversions::{Conversion, IdempotencyKey};
use crate::reports::Origin;
use crate::values::form::{self, Faults, Form, Unknown};
use crate::values::id::{ClickId, ConversionId, ErasureId};
use crate::values::moment::{Day, Moment};
use crate::values::name::{Handle, SessionId};
use crate::values::schema::Schema;
use crate::values::secret::sha256_hex;

/// Days for which an erasure is repeated: messages wait in a queue and in its dead letters for fourteen at most.
pub const REPEATED_DAYS: i64 = 15;
/// Erasures of a handle that are under way at the same time, so that they stay a small part of what its table does.
pub const MAX_UNDER_WAY: usize = 50;

/// What names a person.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Selector {
    /// A session, as the merchant's pages name it.
    Session(SessionId),
    /// A conversion, by the merchant's key of it.
    Order(IdempotencyKey),
    /// A click.
    Click(ClickId),
}

impl Selector {
    /// Reads `{sessionId | idempotencyKey | clickId}`.
    ///
    /// # Errors
    /// Every bad field, and when there is not exactly one.
    pub fn read(body: Value) -> Result<Self, Faults> {
        form::read(body, Unknown::Refuse, Self::fields)
    }

    /// Describes the body.
    pub fn body() -> Schema {
        form::describe(Unknown::Refuse, Self::fields)
    }

    /// Reads the same from a body or a query that has other members too.
    pub fn fields(form: &mut Form<'_>) -> Option<Self> {
        let given = ["sessionId", "idempotencyKey", "clickId"].into_iter().filter(|name| form.has(name)).count();
        let session = form.optional("sessionId", "The person's session.", form::parsed());
        let key = form.optional(
            "idempotencyKey",
            "The key of one of the person's conversions, such as the order number.",
            IdempotencyKey::field(),
        );
        let click = form.optional("clickId", "One of the person's clicks.", form::parsed());
        if given != 1 {
            form.fault("sessionId", "exactly one of sessionId, idempotencyKey and clickId is required");
        }
        session.map(Self::Session).or(key.map(Self::Order)).or(click.map(Self::Click))
    }

    /// Its name in requests.
    pub const fn name(&self) -> &'static str {
        match self {
            Self::Session(_) => "sessionId",
            Self::Order(_) => "idempotencyKey",
            Self::Click(_) => "clickId",
        }
    }
}

/// What tells the records of a person from others. Sessions are known by a salted digest, so that what is stored of an erasure does
/// not identify the person once it has been made.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Traces {
    salt: String,
    #[serde(default)]
    sessions: BTreeSet<String>,
    #[serde(default)]
    clicks: BTreeSet<ClickId>,
    #[serde(default)]
    conversions: BTreeSet<ConversionId>,
    /// Records that are younger are of a visit after the request.
    until: Option<Moment>,
}

impl Traces {
    /// Without any record; those made up to `until` can be added.
    pub fn new(salt: String, until: Moment) -> Self {
        Self { salt, until: Some(until), ..Self::default() }
    }

    /// Adds a session.
    pub fn add_session(&mut self, session: &SessionId) {
        self.sessions.insert(self.digest(session));
    }

    /// Adds a click, and its session.
    pub fn add_click(&mut self, click: &Click) {
        self.clicks.insert(click.id);
        if let Some(session) = &click.session_id {
            self.add_session(session);
        }
    }

    /// Adds a click of which nothing else is known.
    pub fn add_click_id(&mut self, id: ClickId) {
        self.clicks.insert(id);
    }

    /// Adds a conversion, its click and its session.
    pub fn add_conversion(&mut self, conversion: &Conversion) {
        self.conversions.insert(conversion.id);
        self.clicks.insert(conversion.click_id);
        if let Some(session) = &conversion.session_id {
            self.add_session(session);
        }
    }

    fn digest(&self, session: &SessionId) -> String {
        sha256_hex(format!("{}\n{session}", self.salt).as_bytes())
    }

    fn has_session(&self, session: Option<&SessionId>) -> bool {
        !self.sessions.is_empty() && session.is_some_and(|session| self.sessions.contains(&self.digest(session)))
    }

    fn is_in_time(&self, at: Moment) -> bool {
        self.until.is_none_or(|until| at <= until)
    }

    /// Whether a click is one of the person's.
    pub fn has_click(&self, click: &Click) -> bool {
        self.is_in_time(click.at()) && (self.clicks.contains(&click.id) || self.has_session(click.session_id.as_ref()))
    }

    /// Whether a conversion is one of the person's; either of its records may name the session.
    pub fn has_conversion(&self, conversion: &Conversion, confirmed: Option<&Conversion>) -> bool {
        let is_named =
            |conversion: &Conversion| self.clicks.contains(&conversion.click_id) || self.has_session(conversion.session_id.as_ref());
        self.is_in_time(conversion.accepted_at)
            && (self.conversions.contains(&conversion.id) || is_named(conversion) || confirmed.is_some_and(is_named))
    }
}

/// A request to erase a person's data, as it is stored until it has been repeated long enough.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Erasure {
    /// Its id, which contains the moment of the request.
    pub id: ErasureId,
    /// The handle.
    pub handle: Handle,
    /// The first day of which there can be records.
    pub first_day: Day,
    /// What tells the person's records from others.
    pub traces: Traces,
    /// The sessions whose signals are erased; none once they are.
    #[serde(default)]
    pub sessions: BTreeSet<SessionId>,
    /// What was found so far.
    #[serde(default)]
    pub erased: Erased,
}

/// How many records an erasure has changed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Erased {
    /// Clicks.
    pub clicks: u64,
    /// Conversions.
    pub conversions: u64,
    /// Sessions.
    pub sessions: u64,
}

impl Erasure {
    /// When it was requested.
    pub fn requested_at(&self) -> Moment {
        self.id.moment()
    }

    /// Until when it is repeated.
    pub fn repeated_until(&self) -> Moment {
        self.requested_at().plus_days(REPEATED_DAYS)
    }
}

/// The referrer of what was erased: that of clicks of which none is known.
pub const REFERRER: &str = "unknown";

impl Click {
    /// The click without what is personal in it: all that its figures need stays, but the referrer.
    #[must_use]
    pub fn erased(&self) -> Self {
        Self {
            session_id: None,
            address: None,
            user_agent: None,
            language: None,
            campaign: None,
            referrer: REFERRER.to_owned(),
            erased: true,
            ..self.clone()
        }
    }
}

impl Conversion {
    /// The conversion without what is personal in it: the key, the amounts and what it is credited to stay.
    #[must_use]
    pub fn erased(&self) -> Self {
        Self { session_id: None, metadata: None, ..self.clone() }
    }
}

impl Origin {
    /// The origin of an erased click.
    #[must_use]
    pub fn erased(&self) -> Self {
        self.with_referrer(REFERRER)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn exactly_one_name_of_a_person_is_taken() {
        assert_eq!(Selector::read(json!({"sessionId": "s-1"})), Ok(Selector::Session("s-1".parse().unwrap())));
        let click = "clk_01K2TQ5Z9GZV8M1Y6N4C7R3XDA";
        assert_eq!(Selector::read(json!({"clickId": click})), Ok(Selector::Click(click.parse().unwrap())));
        assert!(matches!(Selector::read(json!({"idempotencyKey": "order 1"})), Ok(Selector::Order(_))));
        for body in [json!({}), json!({"sessionId": "s-1", "clickId": click}), json!({"sessionId": "a b"}), json!({"person": "x"})] {
            assert!(Selector::read(body.clone()).is_err(), "{body}");
        }
    }
}
