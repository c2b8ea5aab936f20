//! Queries: forms whose values are all text.

use serde_json::{Map, Value};

use super::{Faults, Field, Form, Notes, Source, Unknown};
use crate::values::schema::Member;

/// Reads a query string; unknown and repeated parameters are refused.
///
/// # Errors
/// Every bad parameter at once.
pub fn read_query<T>(query: &str, fields: impl FnOnce(&mut Form<'_>) -> Option<T>) -> Result<T, Faults> {
    read_urlencoded(query.as_bytes(), Unknown::Refuse, fields)
}

/// Reads what an HTML form sends; repeated members are refused.
///
/// # Errors
/// Every bad member at once.
pub fn read_urlencoded<T>(text: &[u8], unknown: Unknown, fields: impl FnOnce(&mut Form<'_>) -> Option<T>) -> Result<T, Faults> {
    let notes = Notes::default();
    let mut members = Map::new();
    for (name, value) in url::form_urlencoded::parse(text) {
        if members.contains_key(&*name) {
            notes.add(name, "is given more than once");
        } else {
            members.insert(name.into_owned(), Value::String(value.into_owned()));
        }
    }
    let mut form = Form { path: String::new(), members, unknown, source: Source::Query, notes: &notes, described: None };
    let value = fields(&mut form);
    form.close();
    notes.into_result(value)
}

/// The parameters that [`read_query`] would read.
pub fn describe_query<T>(fields: impl FnOnce(&mut Form<'_>) -> Option<T>) -> Vec<Member> {
    let notes = Notes::default();
    let mut form = Form { source: Source::Query, ..Form::describing(Unknown::Refuse, &notes) };
    fields(&mut form);
    form.into_schema().into_members()
}

/// Reads a parameter: as text, and where the field takes none as the number or boolean the text spells.
pub(super) fn read_text<T>(value: Value, field: &impl Field<Output = T>) -> Result<T, String> {
    let spelled = value.as_str().and_then(|text| serde_json::from_str::<Value>(text).ok());
    let spelled = spelled.filter(|spelled| spelled.is_number() || spelled.is_boolean());
    field.read(value).or_else(|message| spelled.map_or(Err(message), |spelled| field.read(spelled)))
}
