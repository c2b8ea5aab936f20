//! How types that are text outside describe themselves in the OpenAPI document.

/// Describes a type as text under some rules of utoipa's `ObjectBuilder`.
macro_rules! text_schema {
    ($type:ty, $($rule:ident($value:expr)),+) => {
        #[cfg(feature = "openapi")]
        impl utoipa::PartialSchema for $type {
            fn schema() -> utoipa::openapi::RefOr<utoipa::openapi::Schema> {
                let text = utoipa::openapi::ObjectBuilder::new().schema_type(utoipa::openapi::schema::Type::String);
                text$(.$rule(Some($value)))+.into()
            }
        }

        #[cfg(feature = "openapi")]
        impl utoipa::ToSchema for $type {}
    };
}

pub(crate) use text_schema;
