//! `GET …/conversions/{conversionId}`: one conversion.

use axum::Json;
use axum::extract::State;
use domain::id::ConversionId;
use domain::name::Handle;
use edge::{App, Creator, Member, Part, Problem};

use crate::view::ConversionDetail;

/// Reads a conversion.
#[utoipa::path(get, path = "/v2/handles/{handle}/conversions/{conversionId}", tag = "conversions", security(("jwt" = [])),
    params(("handle" = Handle, Path), ("conversionId" = ConversionId, Path)),
    responses((status = 200, description = "The conversion.", body = ConversionDetail)))]
pub(crate) async fn handle(
    State(app): State<App>,
    member: Member<Creator>,
    id: Result<Part<ConversionId>, Problem>,
) -> Result<Json<ConversionDetail>, Problem> {
    let missing = || Problem::not_found("conversion");
    // An id that cannot be is an id that is not.
    let Part(id) = id.map_err(|_| missing())?;
    let stored = app.store().conversion(member.handle(), id).await?.ok_or_else(missing)?;
    Ok(Json(ConversionDetail::of(stored)))
}
