//! The bodies of the chain's requests: signals, and questions what to do (specification §11).

use serde_json::Value;

use super::{Confidence, MAX_IN_A_BATCH, SIGNAL_DAYS, Signal};
use crate::values::form::{self, Faults, Form, Unknown};
use crate::values::moment::Moment;
use crate::values::name::{Handle, SessionId, SignalKey, Trigger};
use crate::values::schema::Schema;

/// Triggers one prefetch may name.
pub(super) const MAX_TRIGGERS: usize = 20;
/// Bytes of JSON that `metadata` may have.
const MAX_METADATA_BYTES: usize = 2048;

/// A signal as it was posted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewSignal {
    /// What the visitor did.
    pub key: SignalKey,
    /// A value that goes with it.
    pub value: Option<String>,
    /// How certain it is.
    pub confidence: Confidence,
    /// Who reports it.
    pub source: Option<String>,
    /// Anything else the page wants stored, as JSON text.
    pub metadata: Option<String>,
    /// The page's own id of it: a repeated signal of this id is the same one.
    pub signal_id: Option<String>,
    /// When the page says it happened.
    pub occurred_at: Option<Moment>,
}

impl NewSignal {
    pub(super) fn read(form: &mut Form<'_>) -> Option<Self> {
        let names = [
            ("signalKey", "What the visitor did, such as `view` or `intent`; required here or as `type`."),
            ("type", "A short form of `signalKey`."),
        ];
        let key = form.required_as(names, form::parsed());
        let value = form.optional("signalValue", "A value that goes with it.", form::text(0..=256));
        let confidence = form.optional("confidence", "How certain it is; 1 when left out.", Confidence::field());
        let source = form.optional("source", "Who reports it.", form::text(0..=64));
        let metadata = form.optional("metadata", "Anything else, at most 2 KiB of JSON.", form::json_object(MAX_METADATA_BYTES));
        let doc = "The page's own id: a repeated signal of this id is the same one.";
        let signal_id = form.optional("signalId", doc, form::text(1..=128));
        let occurred_at = form.optional("occurredAt", "When it happened, by the page's clock.", form::parsed());
        Some(Self {
            key: key?,
            value,
            confidence: confidence.unwrap_or(Confidence::SURE),
            source,
            metadata: metadata.map(|metadata| metadata.to_string()),
            signal_id,
            occurred_at,
        })
    }

    /// As it is stored: a page's clock is believed as far as it names a possible moment.
    pub fn kept(self, now: Moment) -> Signal {
        let at = self.occurred_at.filter(|at| *at <= now && now < at.plus_days(SIGNAL_DAYS)).unwrap_or(now);
        Signal { key: self.key, value: self.value, confidence: self.confidence, source: self.source, metadata: self.metadata, at }
    }
}

/// A posted batch of signals.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SignalBatch {
    /// The handle whose visitor it is.
    pub handle: Handle,
    /// The visitor's session.
    pub session: SessionId,
    /// What the visitor did.
    pub signals: Vec<NewSignal>,
}

impl SignalBatch {
    /// Reads a batch that a page posted; unknown members are ignored.
    ///
    /// # Errors
    /// Every bad field at once.
    pub fn read(body: Value) -> Result<Self, Faults> {
        form::read(body, Unknown::Ignore, Self::fields)
    }

    /// Reads a batch that a server posted for this handle; unknown members are refused, and the handle is one.
    ///
    /// # Errors
    /// Every bad field at once.
    pub fn read_for(handle: &Handle, body: Value) -> Result<Self, Faults> {
        let (session, signals) = form::read(body, Unknown::Refuse, Self::session_fields)?;
        Ok(Self { handle: handle.clone(), session, signals })
    }

    /// Describes a batch that a page posts.
    pub fn body() -> Schema {
        form::describe(Unknown::Ignore, Self::fields)
    }

    /// Describes a batch that a server posts.
    pub fn session_body() -> Schema {
        form::describe(Unknown::Refuse, Self::session_fields)
    }

    fn fields(form: &mut Form<'_>) -> Option<Self> {
        let handle = form.required("handle", "The handle whose visitor it is.", form::parsed());
        let (session, signals) = Self::session_fields(form)?;
        Some(Self { handle: handle?, session, signals })
    }

    fn session_fields(form: &mut Form<'_>) -> Option<(SessionId, Vec<NewSignal>)> {
        let session = form.required("sessionId", "The visitor's session.", form::parsed());
        let signals = form.required_objects("signals", "What the visitor did.", 1..=MAX_IN_A_BATCH, NewSignal::read);
        Some((session?, signals))
    }
}

/// A posted question: what to do at a trigger.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Question {
    /// The handle whose visitor it is.
    pub handle: Handle,
    /// The visitor's session.
    pub session: SessionId,
    /// What the page is about to do.
    pub trigger: Trigger,
}

/// A posted question: what to do at each of several triggers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Questions {
    /// The handle whose visitor it is.
    pub handle: Handle,
    /// The visitor's session.
    pub session: SessionId,
    /// What the page is about to do, each once.
    pub triggers: Vec<Trigger>,
}

impl Question {
    /// Reads `{handle, sessionId, trigger}`; unknown members are ignored.
    ///
    /// # Errors
    /// Every bad field at once.
    pub fn read(body: Value) -> Result<Self, Faults> {
        form::read(body, Unknown::Ignore, Self::fields)
    }

    /// Describes the question.
    pub fn body() -> Schema {
        form::describe(Unknown::Ignore, Self::fields)
    }

    fn fields(form: &mut Form<'_>) -> Option<Self> {
        let (handle, session) = visitor(form);
        let trigger = form.required("trigger", "What the page is about to do, such as `checkout`.", form::parsed());
        Some(Self { handle: handle?, session: session?, trigger: trigger? })
    }
}

impl Questions {
    /// Reads `{handle, sessionId, triggers}`; unknown members are ignored.
    ///
    /// # Errors
    /// Every bad field at once.
    pub fn read(body: Value) -> Result<Self, Faults> {
        form::read(body, Unknown::Ignore, Self::fields)
    }

    /// Describes the questions.
    pub fn body() -> Schema {
        form::describe(Unknown::Ignore, Self::fields)
    }

    fn fields(form: &mut Form<'_>) -> Option<Self> {
        let (handle, session) = visitor(form);
        let doc = "What the page is about to do, such as `checkout`; each is answered once.";
        let mut triggers: Vec<Trigger> = form.required_list("triggers", doc, 1..=MAX_TRIGGERS, form::parsed());
        triggers.sort();
        triggers.dedup();
        Some(Self { handle: handle?, session: session?, triggers })
    }
}

fn visitor(form: &mut Form<'_>) -> (Option<Handle>, Option<SessionId>) {
    let handle = form.required("handle", "The handle whose visitor it is.", form::parsed());
    let session = form.required("sessionId", "The visitor's session.", form::parsed());
    form.optional("context", "Accepted for later use: no condition reads it yet.", form::json_object(usize::MAX));
    (handle, session)
}
