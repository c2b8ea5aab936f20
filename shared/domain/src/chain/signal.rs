//! Signals: what a page tells of its visitor, and a session as the sum of them.

use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::Value;

use crate::values::form::{self, Faults, Form, Notes, Unknown};
use crate::values::moment::Moment;
use crate::values::money::decimal;
use crate::values::name::{Handle, SessionId, SignalKey, Trigger};

/// Signals one request may bring.
pub const MAX_IN_A_BATCH: usize = 50;
/// Signals a session may have in all.
pub const MAX_IN_A_SESSION: u32 = 200;
/// Signals a session may bring in a minute.
pub const MAX_A_MINUTE: u32 = 60;
/// Days a signal counts.
pub const SIGNAL_DAYS: i64 = 30;
/// Triggers one prefetch may name.
const MAX_TRIGGERS: usize = 20;
const MAX_METADATA: usize = 2048;

/// A signal as it was posted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewSignal {
    /// What the visitor did.
    pub key: SignalKey,
    /// With what.
    pub value: Option<String>,
    /// How sure it is.
    pub confidence: Confidence,
    /// Who says so.
    pub source: Option<String>,
    /// Whatever else the page wants kept, as JSON text.
    pub metadata: Option<String>,
    /// The page's own id of it: a signal that comes again under it is the same one.
    pub signal_id: Option<String>,
    /// When the page says it happened.
    pub occurred_at: Option<Moment>,
}

impl NewSignal {
    fn read(form: &mut Form<'_>) -> Option<Self> {
        // `{"type": "view"}` is the short form of a key (seed 002).
        let name = if form.has("signalKey") {
            "signalKey"
        } else if form.has("type") {
            "type"
        } else {
            "signalKey"
        };
        let key = form.required(name, form::parsed);
        let value = form.optional("signalValue", form::text_up_to(256));
        let confidence = form.optional("confidence", Confidence::read).unwrap_or(Confidence::SURE);
        let source = form.optional("source", form::text_up_to(64));
        let metadata = form.optional("metadata", |value| match &value {
            Value::Object(_) if value.to_string().len() <= MAX_METADATA => Ok(value.to_string()),
            Value::Object(_) => Err(format!("must be at most {MAX_METADATA} bytes of JSON")),
            _ => Err("must be an object".to_owned()),
        });
        let signal_id = form.optional("signalId", |value| match form::text_up_to(128)(value) {
            Ok(text) if text.is_empty() => Err("must not be empty".to_owned()),
            other => other,
        });
        let occurred_at = form.optional("occurredAt", form::parsed);
        Some(Self { key: key?, value, confidence, source, metadata, signal_id, occurred_at })
    }

    /// As it is kept: a page's clock is believed as far as it names a moment that can be.
    pub fn kept(self, now: Moment) -> Signal {
        let at = self.occurred_at.filter(|at| *at <= now && now < at.plus_days(SIGNAL_DAYS)).unwrap_or(now);
        Signal { key: self.key, value: self.value, confidence: self.confidence, source: self.source, metadata: self.metadata, at }
    }
}

/// How sure a signal is, from 0 to 1 in millionths: two that were written alike are alike.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Confidence(u32);

impl Confidence {
    /// Beyond doubt.
    pub const SURE: Self = Self(1_000_000);

    /// So many millionths.
    pub const fn of_millionths(millionths: u32) -> Self {
        Self(millionths)
    }

    /// Reads a number from 0 to 1, rounded to millionths.
    ///
    /// # Errors
    /// When it is none.
    pub fn read(value: Value) -> Result<Self, &'static str> {
        let number = value.as_f64().filter(|number| (0.0..=1.0).contains(number)).ok_or("must be a number from 0 to 1")?;
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "between 0 and a million")]
        Ok(Self((number * f64::from(Self::SURE.0)).round() as u32))
    }
}

impl Serialize for Confidence {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        decimal(i128::from(self.0), 6).serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for Confidence {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Self::read(Value::deserialize(deserializer)?).map_err(serde::de::Error::custom)
    }
}

#[cfg(feature = "openapi")]
impl utoipa::PartialSchema for Confidence {
    fn schema() -> utoipa::openapi::RefOr<utoipa::openapi::Schema> {
        let number = utoipa::openapi::ObjectBuilder::new().schema_type(utoipa::openapi::schema::Type::Number);
        number.minimum(Some(0)).maximum(Some(1)).into()
    }
}

#[cfg(feature = "openapi")]
impl utoipa::ToSchema for Confidence {
    fn name() -> std::borrow::Cow<'static, str> {
        "SignalConfidence".into()
    }
}

/// A posted batch of signals.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Batch {
    /// Whose visitor.
    pub handle: Handle,
    /// The visitor's session.
    pub session: SessionId,
    /// What happened.
    pub signals: Vec<NewSignal>,
}

impl Batch {
    /// Reads a batch that a page posted; members nobody knows are ignored.
    ///
    /// # Errors
    /// Every bad field at once.
    pub fn read(body: Value) -> Result<Self, Faults> {
        Self::fields(body, Unknown::Ignore, |form| form.required("handle", form::parsed))
    }

    /// Reads a batch that a server posted for this handle; members nobody knows are refused, and the handle is one.
    ///
    /// # Errors
    /// Every bad field at once.
    pub fn read_for(handle: &Handle, body: Value) -> Result<Self, Faults> {
        Self::fields(body, Unknown::Refuse, |_| Some(handle.clone()))
    }

    fn fields(body: Value, unknown: Unknown, whose: impl FnOnce(&mut Form<'_>) -> Option<Handle>) -> Result<Self, Faults> {
        let notes = Notes::default();
        let read = Form::open(body, unknown, &notes).and_then(|mut form| {
            let handle = whose(&mut form);
            let session = form.required("sessionId", form::parsed);
            let is_empty = form.has("signals") && form.is_empty_list("signals");
            if !form.has("signals") || is_empty {
                form.fault("signals", "is required: a list of 1 to 50 signals");
            }
            let signals = form.objects("signals", MAX_IN_A_BATCH, NewSignal::read);
            form.close();
            Some(Self { handle: handle?, session: session?, signals })
        });
        notes.settle(read)
    }
}

fn who(form: &mut Form<'_>) -> (Option<Handle>, Option<SessionId>) {
    (form.required("handle", form::parsed), form.required("sessionId", form::parsed))
}

/// A posted question: what to do at several triggers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Triggers {
    /// Whose visitor.
    pub handle: Handle,
    /// The visitor's session.
    pub session: SessionId,
    /// What the page is about to do, each once.
    pub triggers: Vec<Trigger>,
}

/// A posted question: what to do at one trigger.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SingleTrigger {
    /// Owning handle of the visitor's session.
    pub handle: Handle,
    /// The visitor's session.
    pub session: SessionId,
    /// What the page is about to do.
    pub trigger: Trigger,
}

impl SingleTrigger {
    /// Reads `{handle, sessionId, trigger}`.
    ///
    /// # Errors
    /// Every bad field at once.
    pub fn read(body: Value) -> Result<Self, Faults> {
        let notes = Notes::default();
        let read = Form::open(body, Unknown::Ignore, &notes).and_then(|mut form| {
            let (handle, session) = who(&mut form);
            let trigger: Option<Trigger> = form.required("trigger", form::parsed);
            Some(Self { handle: handle?, session: session?, trigger: trigger? })
        });
        notes.settle(read)
    }
}

impl Triggers {
    /// Reads `{handle, sessionId, triggers}`.
    ///
    /// # Errors
    /// Every bad field at once.
    pub fn read(body: Value) -> Result<Self, Faults> {
        let notes = Notes::default();
        let read = Form::open(body, Unknown::Ignore, &notes).and_then(|mut form| {
            let (handle, session) = who(&mut form);
            if !form.has("triggers") || form.is_empty_list("triggers") {
                form.fault("triggers", "is required: a list of 1 to 20 triggers");
            }
            let mut triggers: Vec<Trigger> = form.list("triggers", MAX_TRIGGERS, form::parsed);
            triggers.sort();
            triggers.dedup();
            Some(Self { handle: handle?, session: session?, triggers })
        });
        notes.settle(read)
    }
}

/// A signal as it is kept.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Signal {
    /// When it happened.
    pub at: Moment,
    /// What the visitor did.
    pub key: SignalKey,
    /// With what.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub value: Option<String>,
    /// How sure it is.
    pub confidence: Confidence,
    /// Who says so.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub source: Option<String>,
    /// Whatever else the page wanted kept, as JSON text.
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

/// A session: its signals in a fixed order, whatever order they came in.
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
