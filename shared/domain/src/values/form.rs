//! Reading a JSON object field by field, so that every bad field is named at once (contract §1).

use std::cell::RefCell;

use serde::Serialize;
use serde_json::{Map, Value};

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

/// What happens to members nobody asked for (contract §1: refused on the control plane, ignored on ingestion).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unknown {
    /// Each is a fault of its own.
    Refuse,
    /// They are dropped.
    Ignore,
}

/// The faults found so far, shared by a form and the forms nested in it.
#[derive(Default)]
pub struct Notes(RefCell<Vec<Fault>>);

impl Notes {
    /// Records a fault.
    pub fn add(&self, field: impl Into<String>, message: impl Into<String>) {
        self.0.borrow_mut().push(Fault { field: field.into(), message: message.into() });
    }

    /// `value` if nothing was found, else every fault.
    pub fn settle<T>(self, value: Option<T>) -> Result<T, Faults> {
        let faults = self.0.into_inner();
        match value {
            Some(value) if faults.is_empty() => Ok(value),
            _ => Err(Faults(faults)),
        }
    }
}

/// A JSON object being read: each member is taken once, the rest is settled by [`Form::close`].
pub struct Form<'n> {
    path: String,
    members: Map<String, Value>,
    unknown: Unknown,
    notes: &'n Notes,
}

impl<'n> Form<'n> {
    /// Opens the object at the root of a request.
    pub fn open(value: Value, unknown: Unknown, notes: &'n Notes) -> Option<Self> {
        Self::nested(value, String::new(), unknown, notes)
    }

    fn nested(value: Value, path: String, unknown: Unknown, notes: &'n Notes) -> Option<Self> {
        if let Value::Object(members) = value {
            return Some(Self { path, members, unknown, notes });
        }
        notes.add(if path.is_empty() { "body".to_owned() } else { path }, "must be a JSON object");
        None
    }

    fn at(&self, name: &str) -> String {
        if self.path.is_empty() { name.to_owned() } else { format!("{}.{name}", self.path) }
    }

    /// Records a fault of this form's member `name`.
    pub fn fault(&self, name: &str, message: impl Into<String>) {
        self.notes.add(self.at(name), message);
    }

    /// Whether the member is there and not null.
    pub fn has(&self, name: &str) -> bool {
        self.members.get(name).is_some_and(|value| !value.is_null())
    }

    /// Whether the member is a list without entries.
    pub fn is_empty_list(&self, name: &str) -> bool {
        self.members.get(name).and_then(Value::as_array).is_some_and(Vec::is_empty)
    }

    /// Takes a member whose value does not matter and tells whether it was named at all.
    pub fn names(&mut self, name: &str) -> bool {
        self.members.remove(name).is_some()
    }

    /// A member that may be absent or null.
    pub fn optional<T, E: ToString>(&mut self, name: &str, parse: impl FnOnce(Value) -> Result<T, E>) -> Option<T> {
        let value = self.members.remove(name).filter(|value| !value.is_null())?;
        match parse(value) {
            Ok(parsed) => Some(parsed),
            Err(error) => {
                self.fault(name, error.to_string());
                None
            }
        }
    }

    /// A member that must be there.
    pub fn required<T, E: ToString>(&mut self, name: &str, parse: impl FnOnce(Value) -> Result<T, E>) -> Option<T> {
        if !self.has(name) {
            self.members.remove(name);
            self.fault(name, "is required");
            return None;
        }
        self.optional(name, parse)
    }

    /// A list of at most `most` values; absent or null is empty.
    pub fn list<T, E: ToString>(&mut self, name: &str, most: usize, mut parse: impl FnMut(Value) -> Result<T, E>) -> Vec<T> {
        let mut parsed = Vec::new();
        for (index, value) in self.take_array(name, most).into_iter().enumerate() {
            match parse(value) {
                Ok(item) => parsed.push(item),
                Err(error) => self.fault(&format!("{name}[{index}]"), error.to_string()),
            }
        }
        parsed
    }

    /// A list of objects of at most `most`, each read by `read`.
    pub fn objects<T>(&mut self, name: &str, most: usize, mut read: impl FnMut(&mut Form<'n>) -> Option<T>) -> Vec<T> {
        let mut parsed = Vec::new();
        for (index, value) in self.take_array(name, most).into_iter().enumerate() {
            let path = self.at(&format!("{name}[{index}]"));
            if let Some(item) = self.read_nested(value, path, &mut read) {
                parsed.push(item);
            }
        }
        parsed
    }

    /// A nested object that may be absent or null.
    pub fn object<T>(&mut self, name: &str, mut read: impl FnMut(&mut Form<'n>) -> Option<T>) -> Option<T> {
        let value = self.members.remove(name).filter(|value| !value.is_null())?;
        let path = self.at(name);
        self.read_nested(value, path, &mut read)
    }

    fn read_nested<T>(&self, value: Value, path: String, read: &mut impl FnMut(&mut Form<'n>) -> Option<T>) -> Option<T> {
        let mut form = Form::nested(value, path, self.unknown, self.notes)?;
        let item = read(&mut form);
        form.close();
        item
    }

    fn take_array(&mut self, name: &str, most: usize) -> Vec<Value> {
        match self.members.remove(name) {
            None | Some(Value::Null) => Vec::new(),
            Some(Value::Array(values)) if values.len() <= most => values,
            Some(Value::Array(values)) => {
                self.fault(name, format!("has {} entries, at most {most} are allowed", values.len()));
                Vec::new()
            }
            Some(_) => {
                self.fault(name, "must be a list");
                Vec::new()
            }
        }
    }

    /// Settles the members nobody took.
    pub fn close(self) {
        if self.unknown == Unknown::Refuse {
            for name in self.members.keys() {
                self.fault(name, "is not a known field");
            }
        }
    }
}

/// Any text.
pub fn text(value: Value) -> Result<String, &'static str> {
    match value {
        Value::String(text) => Ok(text),
        _ => Err("must be a string"),
    }
}

/// Text of at most `most` characters without control characters other than line breaks and tabs.
pub fn text_up_to(most: usize) -> impl Fn(Value) -> Result<String, String> {
    move |value| {
        let text = text(value)?;
        if text.chars().count() > most {
            return Err(format!("must be at most {most} characters"));
        }
        if text.chars().any(|c| c.is_control() && !matches!(c, '\n' | '\r' | '\t')) {
            return Err("must not contain control characters".to_owned());
        }
        Ok(text)
    }
}

/// `true` or `false`.
pub fn boolean(value: Value) -> Result<bool, &'static str> {
    value.as_bool().ok_or("must be true or false")
}

/// A whole number within bounds, both allowed.
pub fn integer(least: i64, most: i64) -> impl Fn(Value) -> Result<i64, String> {
    move |value| match value.as_i64() {
        Some(number) if (least..=most).contains(&number) => Ok(number),
        _ => Err(format!("must be a whole number from {least} to {most}")),
    }
}

/// Text parsed by the type's own door.
pub fn parsed<T: std::str::FromStr>(value: Value) -> Result<T, String>
where
    T::Err: ToString,
{
    text(value)?.parse().map_err(|error: T::Err| error.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn every_bad_member_is_named_with_its_path() {
        let notes = Notes::default();
        let body = json!({"a": 1, "list": [{"b": true}, {"b": "no"}, 3], "stray": 0});
        let mut form = Form::open(body, Unknown::Refuse, &notes).unwrap();
        form.required("a", text);
        form.required("missing", text);
        form.objects("list", 5, |inner| inner.required("b", boolean));
        form.close();
        let fields: Vec<_> = notes.settle(Some(())).unwrap_err().0.into_iter().map(|fault| fault.field).collect();
        assert_eq!(fields, ["a", "missing", "list[1].b", "list[2]", "stray"]);
    }
}
