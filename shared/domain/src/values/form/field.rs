//! Fields: what reads one value also says what the value may be.

use std::ops::RangeInclusive;
use std::str::FromStr;

use serde_json::Value;

use crate::values::decimal::scaled;
use crate::values::schema::{HasSchema, Schema, SchemaKind};

/// Control characters other than tab, line feed and carriage return are in no text.
const NO_CONTROL: &str = r"^[^\x00-\x08\x0B\x0C\x0E-\x1F\x7F-\x9F]*$";

/// Reads one value, and describes the values it reads.
pub trait Field {
    /// What it makes of a value.
    type Output;

    /// Reads a value that is not null.
    ///
    /// # Errors
    /// What is wrong with it, and what would be right.
    fn read(&self, value: Value) -> Result<Self::Output, String>;

    /// The values it reads.
    fn schema(&self) -> Schema;

    /// Reads on from the value: checks what no schema can say, or makes another type of it.
    fn then<U, C: Fn(Self::Output) -> Result<U, String>>(self, check: C) -> Then<Self, C>
    where
        Self: Sized,
    {
        Then { field: self, check }
    }

    /// Makes another type of the value.
    fn map<U>(self, make: impl Fn(Self::Output) -> U) -> impl Field<Output = U>
    where
        Self: Sized,
    {
        self.then(move |value| Ok(make(value)))
    }
}

/// A field whose value is read on.
pub struct Then<F, C> {
    field: F,
    check: C,
}

impl<F: Field, U, C: Fn(F::Output) -> Result<U, String>> Field for Then<F, C> {
    type Output = U;

    fn read(&self, value: Value) -> Result<U, String> {
        (self.check)(self.field.read(value)?)
    }

    fn schema(&self) -> Schema {
        self.field.schema()
    }
}

struct Leaf<S, R> {
    schema: S,
    read: R,
}

impl<T, S: Fn() -> Schema, R: Fn(Value) -> Result<T, String>> Field for Leaf<S, R> {
    type Output = T;

    fn read(&self, value: Value) -> Result<T, String> {
        (self.read)(value)
    }

    fn schema(&self) -> Schema {
        (self.schema)()
    }
}

/// A field of its own kind.
pub fn leaf<T>(schema: impl Fn() -> Schema, read: impl Fn(Value) -> Result<T, String>) -> impl Field<Output = T> {
    Leaf { schema, read }
}

fn string(value: Value) -> Result<String, String> {
    match value {
        Value::String(text) => Ok(text),
        _ => Err("must be a string".to_owned()),
    }
}

/// Any text at all.
pub fn any_text() -> impl Field<Output = String> {
    leaf(Schema::text, string)
}

/// Text of so many characters, without control characters other than line breaks and tabs.
pub fn text(size: RangeInclusive<usize>) -> impl Field<Output = String> {
    let (min, max) = size.into_inner();
    let read = move |value| {
        let text = string(value)?;
        match text.chars().count() {
            length if length > max => Err(format!("must be at most {max} characters")),
            0 if min > 0 => Err("must not be empty".to_owned()),
            length if length < min => Err(format!("must be at least {min} characters")),
            _ if text.chars().any(|c| c.is_control() && !matches!(c, '\n' | '\r' | '\t')) => {
                Err("must not contain control characters".to_owned())
            }
            _ => Ok(text),
        }
    };
    leaf(move || Schema::text().min_length(min).max_length(max).pattern(NO_CONTROL), read)
}

/// `true` or `false`.
pub fn boolean() -> impl Field<Output = bool> {
    leaf(|| Schema::new(SchemaKind::Boolean), |value| value.as_bool().ok_or_else(|| "must be true or false".to_owned()))
}

/// A whole number within bounds.
pub fn integer(bounds: RangeInclusive<i64>) -> impl Field<Output = i64> {
    let (min, max) = bounds.into_inner();
    let read = move |value: Value| {
        // `5.0` is a whole number too (JSON Schema validation §6.1.1).
        let number = value.as_i64().or_else(|| scaled(&value, 0).and_then(|number| i64::try_from(number).ok()));
        number.filter(|number| (min..=max).contains(number)).ok_or_else(|| format!("must be a whole number from {min} to {max}"))
    };
    leaf(move || Schema::new(SchemaKind::Integer { min, max, one_of: Vec::new() }), read)
}

/// A number within bounds, as it is given.
pub fn number(bounds: RangeInclusive<f64>) -> impl Field<Output = Value> {
    let (min, max) = bounds.into_inner();
    let read = move |value: Value| match value.as_f64() {
        Some(number) if value.is_number() && (min..=max).contains(&number) => Ok(value),
        _ => Err(format!("must be a number from {min} to {max}")),
    };
    leaf(move || Schema::new(SchemaKind::Number { min, max }), read)
}

/// Text read by the type's own constructor.
pub fn parsed<T: FromStr + HasSchema>() -> impl Field<Output = T>
where
    T::Err: ToString,
{
    leaf(T::schema, |value| string(value)?.parse().map_err(|error: T::Err| error.to_string()))
}

/// One of a few words.
pub fn one_of<T: Copy, const N: usize>(words: [(&'static str, T); N]) -> impl Field<Output = T> {
    let read = move |value: Value| {
        let found = value.as_str().and_then(|text| words.iter().find(|(word, _)| *word == text));
        found.map(|(_, value)| *value).ok_or_else(|| format!("must be {}", alternatives(&words.map(|(word, _)| word))))
    };
    leaf(move || Schema::one_of(words.map(|(word, _)| word)), read)
}

/// `A, B or C`.
fn alternatives(words: &[&str]) -> String {
    match words.split_last() {
        Some((last, [])) => (*last).to_owned(),
        Some((last, rest)) => format!("{} or {last}", rest.join(", ")),
        None => String::new(),
    }
}

/// Levels of objects and lists that a JSON object of a caller may have. Readers refuse JSON that is nested too deeply, and what is
/// stored is part of a greater document.
const MAX_LEVELS: usize = 32;

/// A JSON object of the caller's own making, of at most `max` bytes.
pub fn json_object(max: usize) -> impl Field<Output = Value> {
    let read = move |value: Value| match &value {
        Value::Object(_) if !is_within(&value, MAX_LEVELS) => Err(format!("must be nested at most {MAX_LEVELS} levels deep")),
        Value::Object(_) if value.to_string().len() <= max => Ok(value),
        Value::Object(_) => Err(format!("must be at most {max} bytes of JSON")),
        _ => Err("must be an object".to_owned()),
    };
    leaf(|| Schema::new(SchemaKind::FreeObject), read)
}

/// Whether a value has at most so many levels of objects and lists.
fn is_within(value: &Value, levels: usize) -> bool {
    match (value, levels.checked_sub(1)) {
        (Value::Array(values), Some(rest)) => values.iter().all(|value| is_within(value, rest)),
        (Value::Object(members), Some(rest)) => members.values().all(|value| is_within(value, rest)),
        (Value::Array(_) | Value::Object(_), None) => false,
        (Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_), _) => true,
    }
}
