//! `GET …/webhooks`: a handle's subscriptions.

use api::{ApiState, ListResponse, Member, Paging, Problem, WebhooksRead};
use axum::Json;
use axum::extract::State;
use domain::values::name::Handle;

use crate::view::SubscriptionView;

/// Lists a handle's webhook subscriptions in the order of their creation.
#[utoipa::path(get, path = "/v2/handles/{handle}/webhooks", tag = "webhooks", security(("jwt" = []), ("pat" = ["webhooks.read"])),
    params(("handle" = Handle, Path), Paging),
    responses((status = 200, description = "A page of the subscriptions.", body = ListResponse<SubscriptionView>)))]
pub(crate) async fn handle(
    State(app): State<ApiState>,
    member: Member<WebhooksRead>,
    paging: Paging,
) -> Result<Json<ListResponse<SubscriptionView>>, Problem> {
    let page = app.store().subscriptions().list_page(member.handle(), app.now(), paging.limit, paging.cursor.as_deref()).await?;
    Ok(Json(ListResponse::of(page, |known| SubscriptionView::of_known(&known))))
}
