//! `GET …/conversions/{conversionId}`: one conversion with its ledger.

use api::{ApiState, ConversionsRead, Member, PathId, Problem};
use axum::Json;
use axum::extract::State;
use domain::values::id::ConversionId;
use domain::values::name::Handle;
use serde::Serialize;

use crate::view::{ConversionDetail, EntryView};

/// A conversion with its ledger.
#[derive(Serialize, utoipa::ToSchema)]
pub(crate) struct ConversionWithLedger {
    #[serde(flatten)]
    conversion: ConversionDetail,
    /// The conversion itself and every adjustment since, oldest first.
    entries: Vec<EntryView>,
}

/// Reads a conversion with its ledger.
#[utoipa::path(
    get,
    path = "/v2/handles/{handle}/conversions/{conversionId}",
    tag = "conversions",
    security(("jwt" = []), ("pat" = ["analytics.read"])),
    params(("handle" = Handle, Path), ("conversionId" = ConversionId, Path)),
    responses((status = 200, description = "The conversion.", body = ConversionWithLedger))
)]
pub(crate) async fn handle(
    State(app): State<ApiState>,
    member: Member<ConversionsRead>,
    PathId(id): PathId<ConversionId>,
) -> Result<Json<ConversionWithLedger>, Problem> {
    let stored = app.store().conversions().get(member.handle(), id).await?.ok_or_else(|| Problem::not_found("conversion"))?;
    let (stored, entries) = app.store().ledger().with_entries(stored).await?;
    Ok(Json(ConversionWithLedger { conversion: ConversionDetail::of(stored), entries: entries.into_iter().map(EntryView::of).collect() }))
}
