//! `GET …/campaigns`: a handle's campaigns by id.

use axum::Json;
use axum::extract::State;
use domain::name::Handle;
use edge::{App, CampaignsRead, Listed, Member, Paging, Problem};

use crate::view::CampaignView;

/// Lists a handle's campaigns by id.
#[utoipa::path(get, path = "/v2/handles/{handle}/campaigns", tag = "campaigns", security(("jwt" = []), ("pat" = ["campaigns.read"])),
    params(("handle" = Handle, Path), ("limit" = Option<u32>, Query, minimum = 1, maximum = 100), ("cursor" = Option<String>, Query)),
    responses((status = 200, description = "A page of campaigns.", body = Listed<CampaignView>)))]
pub(crate) async fn handle(
    State(app): State<App>,
    member: Member<CampaignsRead>,
    paging: Paging,
) -> Result<Json<Listed<CampaignView>>, Problem> {
    let page = app.store().campaigns(member.handle(), paging.limit, paging.cursor.as_deref()).await?;
    Ok(Json(Listed::of(page, |campaign| CampaignView::of(campaign, &app))))
}
