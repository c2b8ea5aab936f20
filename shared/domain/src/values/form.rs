//! Reading a JSON object or a query member by member, so that every bad field is reported at once (specification §1).
//!
//! The function that reads a body also describes it: [`read`] runs it over the body, [`describe`] over nothing, and then the form
//! records which members are asked for instead of taking them. A reading function therefore asks for every member whatever the
//! values are, and gives up only after the last one.

mod field;
mod nested;
mod query;
#[cfg(test)]
mod tests;

use std::cell::RefCell;

use serde::Serialize;
use serde_json::{Map, Value};

use crate::values::schema::{Member, Schema, SchemaKind};

pub use field::{Field, any_text, boolean, integer, json_object, leaf, number, one_of, parsed, text};
pub use query::{describe_query, read_query, read_urlencoded};

/// One bad field of a request.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Fault {
    /// Where, as `routingRules[1].destinationUrl`.
    pub field: String,
    /// What is wrong and what would be right.
    pub message: String,
}

/// All bad fields of a request; never empty once it is an error.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{} invalid field(s)", .0.len())]
pub struct Faults(pub Vec<Fault>);

impl Faults {
    /// A single bad field.
    pub fn one(field: impl Into<String>, message: impl Into<String>) -> Self {
        Self(vec![Fault { field: field.into(), message: message.into() }])
    }
}

/// What happens to members that no reader asks for (specification §1: refused on the control plane, ignored on ingestion).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unknown {
    /// Each is a fault of its own.
    Refuse,
    /// They are dropped.
    Ignore,
}

/// What a write says of a member that can be reset.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Patch<T> {
    /// It is left out.
    Keep,
    /// It is null.
    Reset,
    /// It has a value.
    Set(T),
}

/// Reads a request body.
///
/// # Errors
/// Every bad field at once.
pub fn read<T>(body: Value, unknown: Unknown, fields: impl FnOnce(&mut Form<'_>) -> Option<T>) -> Result<T, Faults> {
    let notes = Notes::default();
    let value = Form::nested(body, String::new(), unknown, &notes).and_then(|mut form| {
        let value = fields(&mut form);
        form.close();
        value
    });
    notes.into_result(value)
}

/// Describes the body that [`read`] would read.
pub fn describe<T>(unknown: Unknown, fields: impl FnOnce(&mut Form<'_>) -> Option<T>) -> Schema {
    let notes = Notes::default();
    let mut form = Form::describing(unknown, &notes);
    fields(&mut form);
    form.into_schema()
}

/// The faults found so far, shared by a form and the forms nested in it.
#[derive(Default)]
struct Notes(RefCell<Vec<Fault>>);

impl Notes {
    fn add(&self, field: impl Into<String>, message: impl Into<String>) {
        self.0.borrow_mut().push(Fault { field: field.into(), message: message.into() });
    }

    fn into_result<T>(self, value: Option<T>) -> Result<T, Faults> {
        let faults = self.0.into_inner();
        match value {
            Some(value) if faults.is_empty() => Ok(value),
            _ => Err(Faults(faults)),
        }
    }
}

/// An object being read, each member at most once; or described, when there is none.
pub struct Form<'n> {
    path: String,
    members: Map<String, Value>,
    unknown: Unknown,
    source: Source,
    notes: &'n Notes,
    described: Option<Described>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Source {
    Body,
    Query,
}

/// Whether a member has to be there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Presence {
    /// It does, and is not null.
    Required,
    /// It may be left out; null is the same.
    Optional,
    /// It may be left out, and is not null.
    OptionalNotNull,
}

/// What a form without an object records.
#[derive(Default)]
struct Described {
    members: Vec<Member>,
    /// Whole objects, of which the value is one.
    choices: Vec<Schema>,
}

impl<'n> Form<'n> {
    fn nested(value: Value, path: String, unknown: Unknown, notes: &'n Notes) -> Option<Self> {
        if let Value::Object(members) = value {
            return Some(Self { path, members, unknown, source: Source::Body, notes, described: None });
        }
        notes.add(if path.is_empty() { "body".to_owned() } else { path }, "must be a JSON object");
        None
    }

    fn describing(unknown: Unknown, notes: &'n Notes) -> Self {
        let described = Some(Described::default());
        Self { path: String::new(), members: Map::new(), unknown, source: Source::Body, notes, described }
    }

    fn into_schema(self) -> Schema {
        let Described { members, choices } = self.described.unwrap_or_default();
        if choices.is_empty() {
            return Schema::new(SchemaKind::Object { members, open: self.unknown == Unknown::Ignore });
        }
        Schema::new(SchemaKind::OneOf(choices))
    }

    /// Records a member in place of reading it; whether that is what the form is for.
    fn describe(&mut self, name: &'static str, doc: &'static str, presence: Presence, schema: impl FnOnce() -> Schema) -> bool {
        let is_body = self.source == Source::Body;
        let Some(described) = &mut self.described else { return false };
        let schema = if doc.is_empty() { schema() } else { schema().description(doc) };
        let schema = if presence == Presence::Optional && is_body { schema.nullable() } else { schema };
        described.members.push(Member { name, required: presence == Presence::Required, schema });
        true
    }

    fn at(&self, name: &str) -> String {
        if self.path.is_empty() { name.to_owned() } else { format!("{}.{name}", self.path) }
    }

    /// Records a fault of this form's member `name`.
    pub fn fault(&self, name: &str, message: impl Into<String>) {
        if self.described.is_none() {
            self.notes.add(self.at(name), message);
        }
    }

    /// Whether the member is there and not null.
    pub fn has(&self, name: &str) -> bool {
        self.members.get(name).is_some_and(|value| !value.is_null())
    }

    /// Whether the member is there and is null.
    pub fn is_null(&self, name: &str) -> bool {
        self.members.get(name).is_some_and(Value::is_null)
    }

    /// A member that may be absent or null.
    pub fn optional<T>(&mut self, name: &'static str, doc: &'static str, field: impl Field<Output = T>) -> Option<T> {
        if self.describe(name, doc, Presence::Optional, || field.schema()) {
            return None;
        }
        self.take(name, &field)
    }

    /// A member that must be there.
    pub fn required<T>(&mut self, name: &'static str, doc: &'static str, field: impl Field<Output = T>) -> Option<T> {
        if self.describe(name, doc, Presence::Required, || field.schema()) || self.is_missing(name) {
            return None;
        }
        self.take(name, &field)
    }

    /// A member that may be left out, unless `condition` holds.
    pub fn required_if<T>(&mut self, condition: bool, name: &'static str, doc: &'static str, field: impl Field<Output = T>) -> Option<T> {
        if condition { self.required(name, doc, field) } else { self.optional(name, doc, field) }
    }

    /// A member that keeps what it was when absent and loses it when null.
    pub fn patch<T>(&mut self, name: &'static str, doc: &'static str, field: impl Field<Output = T>) -> Patch<T> {
        if self.describe(name, doc, Presence::Optional, || field.schema()) {
            return Patch::Keep;
        }
        match self.members.get(name) {
            None => Patch::Keep,
            Some(Value::Null) => {
                self.members.remove(name);
                Patch::Reset
            }
            Some(_) => self.take(name, &field).map_or(Patch::Keep, Patch::Set),
        }
    }

    /// The whole object in one of two shapes: with the member `name` the first, else the second.
    pub fn either<T>(
        &mut self,
        name: &str,
        with: impl FnOnce(&mut Form<'n>) -> Option<T>,
        without: impl FnOnce(&mut Form<'n>) -> Option<T>,
    ) -> Option<T> {
        let (unknown, notes) = (self.unknown, self.notes);
        if let Some(described) = &mut self.described {
            let (mut first, mut second) = (Form::describing(unknown, notes), Form::describing(unknown, notes));
            with(&mut first);
            without(&mut second);
            described.choices.extend([first, second].map(Form::into_schema));
            return None;
        }
        if self.has(name) { with(self) } else { without(self) }
    }

    /// A member that must be there under one of two names; when it is there under both, the first is taken.
    pub fn required_as<T>(&mut self, names: [(&'static str, &'static str); 2], field: impl Field<Output = T>) -> Option<T> {
        let [(first, doc), (second, other_doc)] = names;
        if self.describe(first, doc, Presence::Optional, || field.schema()) {
            self.describe(second, other_doc, Presence::Optional, || field.schema());
            return None;
        }
        if !self.has(first) && self.has(second) {
            self.members.remove(first);
            return self.take(second, &field);
        }
        self.required(first, doc, field)
    }

    fn is_missing(&mut self, name: &str) -> bool {
        let is_missing = !self.has(name);
        if is_missing {
            self.members.remove(name);
            self.fault(name, "is required");
        }
        is_missing
    }

    fn take<T>(&mut self, name: &str, field: &impl Field<Output = T>) -> Option<T> {
        let value = self.members.remove(name).filter(|value| !value.is_null())?;
        let read = match self.source {
            Source::Body => field.read(value),
            Source::Query => query::read_text(value, field),
        };
        read.map_err(|message| self.fault(name, message)).ok()
    }

    /// Refuses the members that no reader asked for, where that is the rule.
    fn close(self) {
        if self.unknown == Unknown::Refuse {
            let kind = if self.source == Source::Query { "parameter" } else { "field" };
            for name in self.members.keys() {
                self.fault(name, format!("is not a known {kind}"));
            }
        }
    }
}
