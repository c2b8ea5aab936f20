//! Lists and nested objects of a form.

use std::ops::RangeInclusive;

use serde_json::Value;

use super::{Field, Form, Notes, Presence, Unknown};
use crate::values::schema::{Schema, SchemaKind};

impl<'n> Form<'n> {
    /// A list of at most `max` values; absent or null is empty.
    pub fn list<T>(&mut self, name: &'static str, doc: &'static str, max: usize, field: impl Field<Output = T>) -> Vec<T> {
        let size = 0..=max;
        if self.describe(name, doc, Presence::Optional, || list_schema(field.schema(), &size)) || !self.has(name) {
            self.members.remove(name);
            return Vec::new();
        }
        self.take_list(name, &size, &field)
    }

    /// A list that may be left out, but not null.
    pub fn optional_list<T>(
        &mut self,
        name: &'static str,
        doc: &'static str,
        size: RangeInclusive<usize>,
        field: impl Field<Output = T>,
    ) -> Option<Vec<T>> {
        let presence = Presence::OptionalNotNull;
        if self.describe(name, doc, presence, || list_schema(field.schema(), &size)) || !self.members.contains_key(name) {
            return None;
        }
        Some(self.take_list(name, &size, &field))
    }

    /// A list that must be there.
    pub fn required_list<T>(
        &mut self,
        name: &'static str,
        doc: &'static str,
        size: RangeInclusive<usize>,
        field: impl Field<Output = T>,
    ) -> Vec<T> {
        if self.describe(name, doc, Presence::Required, || list_schema(field.schema(), &size)) || self.is_missing(name) {
            return Vec::new();
        }
        self.take_list(name, &size, &field)
    }

    /// A list of at most `max` objects, each read by `read`; absent or null is empty.
    pub fn objects<T>(
        &mut self,
        name: &'static str,
        doc: &'static str,
        max: usize,
        read: impl FnMut(&mut Form<'n>) -> Option<T>,
    ) -> Vec<T> {
        self.object_list(name, doc, false, 0..=max, read)
    }

    /// A list of objects that must be there.
    pub fn required_objects<T>(
        &mut self,
        name: &'static str,
        doc: &'static str,
        size: RangeInclusive<usize>,
        read: impl FnMut(&mut Form<'n>) -> Option<T>,
    ) -> Vec<T> {
        self.object_list(name, doc, true, size, read)
    }

    fn object_list<T>(
        &mut self,
        name: &'static str,
        doc: &'static str,
        required: bool,
        size: RangeInclusive<usize>,
        mut read: impl FnMut(&mut Form<'n>) -> Option<T>,
    ) -> Vec<T> {
        let (unknown, notes) = (self.unknown, self.notes);
        let presence = if required { Presence::Required } else { Presence::Optional };
        if self.describe(name, doc, presence, || list_schema(described_object(unknown, notes, &mut read), &size)) {
            return Vec::new();
        }
        if !self.has(name) {
            if !required || self.is_missing(name) {
                self.members.remove(name);
            }
            return Vec::new();
        }
        let mut parsed = Vec::new();
        for (index, value) in self.take_array(name, &size).into_iter().enumerate() {
            let path = self.at(&format!("{name}[{index}]"));
            parsed.extend(self.read_nested(value, path, &mut read));
        }
        parsed
    }

    /// A nested object that may be absent or null.
    pub fn object<T>(&mut self, name: &'static str, doc: &'static str, read: impl FnMut(&mut Form<'n>) -> Option<T>) -> Option<T> {
        self.nested_object(name, doc, false, read)
    }

    /// A nested object that must be there.
    pub fn required_object<T>(&mut self, name: &'static str, doc: &'static str, read: impl FnMut(&mut Form<'n>) -> Option<T>) -> Option<T> {
        self.nested_object(name, doc, true, read)
    }

    fn nested_object<T>(
        &mut self,
        name: &'static str,
        doc: &'static str,
        required: bool,
        mut read: impl FnMut(&mut Form<'n>) -> Option<T>,
    ) -> Option<T> {
        let (unknown, notes) = (self.unknown, self.notes);
        let presence = if required { Presence::Required } else { Presence::Optional };
        if self.describe(name, doc, presence, || described_object(unknown, notes, &mut read)) || (required && self.is_missing(name)) {
            return None;
        }
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

    fn take_list<T>(&mut self, name: &str, size: &RangeInclusive<usize>, field: &impl Field<Output = T>) -> Vec<T> {
        let mut parsed = Vec::new();
        for (index, value) in self.take_array(name, size).into_iter().enumerate() {
            match field.read(value) {
                Ok(item) => parsed.push(item),
                Err(message) => self.fault(&format!("{name}[{index}]"), message),
            }
        }
        parsed
    }

    fn take_array(&mut self, name: &str, size: &RangeInclusive<usize>) -> Vec<Value> {
        let message = match self.members.remove(name) {
            Some(Value::Array(values)) if size.contains(&values.len()) => return values,
            Some(Value::Array(values)) if values.len() < *size.start() => format!("must have at least {} entry", size.start()),
            Some(Value::Array(values)) => format!("has {} entries, at most {} are allowed", values.len(), size.end()),
            _ => "must be a list".to_owned(),
        };
        self.fault(name, message);
        Vec::new()
    }
}

fn list_schema(items: Schema, size: &RangeInclusive<usize>) -> Schema {
    Schema::new(SchemaKind::List { items: Box::new(items), min: *size.start(), max: *size.end() })
}

fn described_object<'n, T>(unknown: Unknown, notes: &'n Notes, read: &mut impl FnMut(&mut Form<'n>) -> Option<T>) -> Schema {
    let mut form = Form::describing(unknown, notes);
    read(&mut form);
    form.into_schema()
}
