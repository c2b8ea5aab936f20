//! Signals: what a page reports of its visitor, and a session as the sum of them.

use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::Value;

use crate::values::decimal::decimal;
use crate::values::form::{self, Field};
use crate::values::moment::Moment;
use crate::values::name::SignalKey;

/// Signals one request may bring.
pub const MAX_IN_A_BATCH: usize = 50;
/// Signals a session may have in all.
pub const MAX_IN_A_SESSION: u32 = 200;
/// Signals a session may bring in a minute.
pub const MAX_A_MINUTE: u32 = 60;
/// Days a signal counts.
pub const SIGNAL_DAYS: i64 = 30;

/// How certain a signal is, from 0 to 1 in millionths: equal numbers are equal however they were written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Confidence(u32);

impl Confidence {
    /// Certain.
    pub const SURE: Self = Self(1_000_000);

    /// A number of millionths.
    pub const fn of_millionths(millionths: u32) -> Self {
        Self(millionths)
    }

    /// A number from 0 to 1 in a request, rounded to millionths.
    pub(super) fn field() -> impl Field<Output = Self> {
        form::number(0.0..=1.0).map(|number| Self::rounded(number.as_f64().unwrap_or_default()))
    }

    /// A number from 0 to 1 in millionths.
    fn rounded(number: f64) -> Self {
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "between 0 and a million")]
        let millionths = (number * f64::from(Self::SURE.0)).round() as u32;
        Self(millionths)
    }
}

impl Serialize for Confidence {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        decimal(i128::from(self.0), 6).serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for Confidence {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let number = Value::deserialize(deserializer)?.as_f64().ok_or_else(|| serde::de::Error::custom("is not a number"))?;
        Ok(Self::rounded(number.clamp(0.0, 1.0)))
    }
}

#[cfg(feature = "openapi")]
impl utoipa::PartialSchema for Confidence {
    fn schema() -> utoipa::openapi::RefOr<utoipa::openapi::Schema> {
        Self::field().schema().into()
    }
}

#[cfg(feature = "openapi")]
impl utoipa::ToSchema for Confidence {
    fn name() -> std::borrow::Cow<'static, str> {
        "SignalConfidence".into()
    }
}

/// A signal as it is stored.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Signal {
    /// When it happened.
    pub at: Moment,
    /// What the visitor did.
    pub key: SignalKey,
    /// A value that goes with it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub value: Option<String>,
    /// How certain it is.
    pub confidence: Confidence,
    /// Who reports it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub source: Option<String>,
    /// Anything else the page wanted stored, as JSON text.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub metadata: Option<String>,
}

impl Signal {
    /// Whether reports count it as an impression: an observation of intent.
    pub fn is_impression(&self) -> bool {
        self.key.as_str() == "intent"
    }

    /// From when on it no longer counts.
    pub fn ends_at(&self) -> Moment {
        self.at.plus_days(SIGNAL_DAYS)
    }

    /// Whether it still counts.
    pub fn is_live(&self, now: Moment) -> bool {
        now < self.ends_at()
    }
}

/// A session: its signals in a fixed order, independent of the order of arrival.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Session {
    signals: Vec<Signal>,
    /// Whether a conversion was made in it.
    pub is_converted: bool,
}

impl Session {
    /// The session of these signals; those past their time are left out.
    pub fn new(signals: impl IntoIterator<Item = Signal>, is_converted: bool, now: Moment) -> Self {
        let mut signals: Vec<Signal> = signals.into_iter().filter(|signal| signal.is_live(now)).collect();
        signals.sort();
        Self { signals, is_converted }
    }

    /// Its signals, oldest first.
    pub fn signals(&self) -> &[Signal] {
        &self.signals
    }
}
