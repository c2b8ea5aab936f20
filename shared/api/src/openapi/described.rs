//! Request bodies and queries in the document, from the descriptions of what reads them.

use domain::values::schema::{Member, Schema};
use serde_json::Value;
use utoipa::openapi::path::{Parameter, ParameterBuilder, ParameterIn};
use utoipa::openapi::{RefOr, Required};

use super::choices::split;

/// The schema of a request body, with its description and an example.
pub fn body(name: &str, schema: Schema, description: &'static str, example: Value) -> RefOr<utoipa::openapi::Schema> {
    split(name, schema.description(description).example(example).into()).0
}

/// The schemas that a request body of several forms refers to, with their names.
pub fn forms(name: &str, schema: Schema) -> Vec<(String, RefOr<utoipa::openapi::Schema>)> {
    split(name, schema.into()).1
}

/// The parameters of a query.
pub fn parameters(members: Vec<Member>) -> Vec<Parameter> {
    let parameter = |member: Member| {
        let required = if member.required { Required::True } else { Required::False };
        let (description, mut schema) = (member.schema.description, member.schema);
        schema.description = None;
        ParameterBuilder::new()
            .name(member.name)
            .parameter_in(ParameterIn::Query)
            .required(required)
            .description(description)
            .schema(Some(RefOr::<utoipa::openapi::Schema>::from(schema)))
            .build()
    };
    members.into_iter().map(parameter).collect()
}

/// Names a request body for `#[utoipa::path(request_body = …)]`: the name in the document, what it is, what describes it, an example.
#[macro_export]
macro_rules! request_body {
    ($name:ident, $description:literal, $schema:expr, $($example:tt)+) => {
        #[doc = $description]
        pub(crate) enum $name {}

        impl utoipa::PartialSchema for $name {
            fn schema() -> utoipa::openapi::RefOr<utoipa::openapi::Schema> {
                $crate::openapi::body(stringify!($name), $schema, $description, serde_json::json!($($example)+))
            }
        }

        impl utoipa::ToSchema for $name {
            fn schemas(schemas: &mut Vec<(String, utoipa::openapi::RefOr<utoipa::openapi::Schema>)>) {
                schemas.extend($crate::openapi::forms(stringify!($name), $schema));
            }
        }
    };
}

/// Names the parameters of a query for `#[utoipa::path(params(…))]`: the name, and the function that reads them from a form.
#[macro_export]
macro_rules! query_parameters {
    ($name:ident, $fields:expr) => {
        /// The parameters of the query.
        pub(crate) enum $name {}

        impl utoipa::IntoParams for $name {
            fn into_params(_: impl Fn() -> Option<utoipa::openapi::path::ParameterIn>) -> Vec<utoipa::openapi::path::Parameter> {
                $crate::openapi::parameters(domain::values::form::describe_query($fields))
            }
        }
    };
}
