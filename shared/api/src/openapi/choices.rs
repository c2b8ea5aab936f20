//! Names for the forms of a body that has several: generators of clients make types of named schemas, and few of nested ones.

use utoipa::openapi::schema::{OneOf, Schema};
use utoipa::openapi::{Ref, RefOr};

/// Splits a body of several forms into what refers to them and the forms, each a schema of its own: `PreviewBody` is a
/// `PreviewBodyWithVisits` or a `PreviewBodyWithoutVisits`, by the member that the first form requires.
pub(super) fn split(body: &str, mut schema: RefOr<Schema>) -> (RefOr<Schema>, Vec<(String, RefOr<Schema>)>) {
    let mut forms = Vec::new();
    if let RefOr::T(Schema::OneOf(OneOf { items, .. })) = &mut schema
        && let Some(member) = items.iter().find_map(first_required)
    {
        for item in items {
            let how = if first_required(item).is_some() { "With" } else { "Without" };
            let name = format!("{body}{how}{}", capitalized(&member));
            let form = std::mem::replace(item, RefOr::Ref(Ref::from_schema_name(&name)));
            forms.push((name, form));
        }
    }
    (schema, forms)
}

fn first_required(form: &RefOr<Schema>) -> Option<String> {
    match form {
        RefOr::T(Schema::Object(object)) => object.required.first().cloned(),
        _ => None,
    }
}

fn capitalized(word: &str) -> String {
    let mut letters = word.chars();
    letters.next().map(|first| first.to_ascii_uppercase()).into_iter().chain(letters).collect()
}
