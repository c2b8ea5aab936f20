//! `GET …/webhooks`: a handle's subscriptions.

use axum::Json;
use axum::extract::State;
use domain::name::Handle;
use edge::{App, Listed, Member, Operator, Problem};

use crate::view::SubscriptionView;

/// Lists a handle's webhook subscriptions in the order they were made; all on one page.
#[utoipa::path(get, path = "/v2/handles/{handle}/webhooks", tag = "webhooks", security(("jwt" = [])), params(("handle" = Handle, Path)),
    responses((status = 200, description = "The subscriptions.", body = Listed<SubscriptionView>)))]
pub(crate) async fn handle(State(app): State<App>, member: Member<Operator>) -> Result<Json<Listed<SubscriptionView>>, Problem> {
    let known = app.store().subscriptions(member.handle(), app.now()).await?;
    Ok(Json(Listed { items: known.iter().map(SubscriptionView::of_known).collect(), next_cursor: None }))
}
