//! Schemas of requests as those of the OpenAPI document.

use serde_json::Value;
use utoipa::openapi::schema::{AdditionalProperties, ArrayBuilder, ObjectBuilder, OneOfBuilder, SchemaType, Type};
use utoipa::openapi::{KnownFormat, RefOr, Schema as Documented, SchemaFormat};

use super::{Schema, SchemaKind, TextRules};

impl From<Schema> for RefOr<Documented> {
    fn from(schema: Schema) -> Self {
        let nullable = schema.nullable;
        let typed = |kind: Type| if nullable { SchemaType::from_iter([kind, Type::Null]) } else { SchemaType::new(kind) };
        let examples = schema.example.into_iter();
        let object = |kind: Type| ObjectBuilder::new().schema_type(typed(kind)).description(schema.description).examples(examples.clone());
        match schema.kind {
            SchemaKind::Text(text) => documented_text(object(Type::String), text, nullable).into(),
            SchemaKind::Integer { one_of, .. } if !one_of.is_empty() => {
                object(Type::Integer).enum_values(Some(with_null(one_of, nullable))).into()
            }
            SchemaKind::Integer { min, max, .. } => object(Type::Integer).minimum(Some(min)).maximum(Some(max)).into(),
            SchemaKind::Number { min, max } => object(Type::Number).minimum(Some(min)).maximum(Some(max)).into(),
            SchemaKind::Boolean => object(Type::Boolean).into(),
            SchemaKind::FreeObject => object(Type::Object).additional_properties(Some(AdditionalProperties::FreeForm(true))).into(),
            SchemaKind::Any => ObjectBuilder::new().schema_type(SchemaType::any()).description(schema.description).into(),
            SchemaKind::List { items, min, max } => {
                let min = Some(min).filter(|min| *min > 0);
                let items: RefOr<Documented> = (*items).into();
                let list = ArrayBuilder::new().schema_type(typed(Type::Array)).items(items).min_items(min).max_items(Some(max));
                list.description(schema.description).into()
            }
            SchemaKind::Object { members, open } => {
                let closed = (!open).then_some(AdditionalProperties::FreeForm(false));
                let whole = members.into_iter().fold(object(Type::Object), |whole, member| {
                    let whole = whole.property(member.name, RefOr::<Documented>::from(member.schema));
                    if member.required { whole.required(member.name) } else { whole }
                });
                if let Some(closed) = closed { whole.additional_properties(Some(closed)).into() } else { whole.into() }
            }
            SchemaKind::OneOf(choices) => {
                let whole = choices.into_iter().fold(OneOfBuilder::new(), |whole, choice| whole.item(RefOr::<Documented>::from(choice)));
                whole.description(schema.description).examples(examples).into()
            }
        }
    }
}

fn documented_text(object: ObjectBuilder, text: TextRules, nullable: bool) -> ObjectBuilder {
    let format = text.format.map(|format| match format {
        "date-time" => SchemaFormat::KnownFormat(KnownFormat::DateTime),
        "date" => SchemaFormat::KnownFormat(KnownFormat::Date),
        other => SchemaFormat::Custom(other.to_owned()),
    });
    let object = object.format(format).pattern(text.pattern).max_length(text.max).min_length(Some(text.min).filter(|min| *min > 0));
    if text.one_of.is_empty() {
        return object;
    }
    object.enum_values(Some(with_null(text.one_of, nullable)))
}

/// The only values; where null is one of them the list has to name it as well (JSON Schema validation §6.1.2).
fn with_null<T: Into<Value>>(values: Vec<T>, nullable: bool) -> impl Iterator<Item = Value> {
    values.into_iter().map(T::into).chain(nullable.then_some(Value::Null))
}
