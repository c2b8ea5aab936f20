//! The OpenAPI document of the whole API, merged from the routes of every function.

use utoipa::openapi::{InfoBuilder, OpenApi, OpenApiBuilder};

use crate::Error;

/// The document as it is published: pretty-printed, with a line break at the end.
///
/// # Errors
/// When it cannot be serialized.
pub fn text() -> Result<String, Error> {
    let mut text = assemble().to_pretty_json().map_err(|error| Error::Failed(format!("serializing the OpenAPI document ({error})")))?;
    text.push('\n');
    Ok(text)
}

fn assemble() -> OpenApi {
    let info = InfoBuilder::new()
        .title("10x Links")
        .version(env!("CARGO_PKG_VERSION"))
        .description(Some(
            "Tracked links, conversions that count once, and reports on both. Times are RFC 3339 UTC with milliseconds; money is a number \
             with its exact decimal digits beside an ISO 4217 currency; every error is one flat object with a stable `error` code.",
        ))
        .build();
    let mut document = OpenApiBuilder::new().info(info).build();
    for function in [
        links::routes(),
        campaigns::routes(),
        attribution::routes(),
        analytics::routes(),
        webhooks::routes(),
        chain::routes(),
        accounts::routes(),
    ] {
        document.merge(function.into_openapi());
    }
    let (path, item, (name, schema)) = redirect::document();
    document.paths.paths.insert(path, item);
    document.components.get_or_insert_default().schemas.insert(name, schema);
    api::openapi::complete(document)
}
