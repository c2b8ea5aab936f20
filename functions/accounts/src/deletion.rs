//! `DELETE /v2/handles/{handle}` and `…/restore`: deleting a handle, and undoing that for thirty days (specification §2.6).

use api::{ApiState, Code, JsonBody, Member, OwnerOfDeleted, Problem};
use axum::Json;
use axum::extract::State;
use domain::accounts::{Deletion, HandleDeletion, Profile};
use domain::values::name::Handle;
use http::StatusCode;
use serde_json::json;

use crate::handles::HandleView;

api::request_body!(DeletionBody, "The confirmation.", HandleDeletion::body(), {"confirm": "demo"});

/// Deletes a handle: its links and public routes answer 404 at once, and its other routes to all of its members.
///
/// For thirty days its owner can restore it with everything it had. Then all of it is erased but the totals of each day, and its name
/// stays taken. Redirects that were followed moments before may go on for five seconds. Not charged.
#[utoipa::path(
    delete,
    path = "/v2/handles/{handle}",
    tag = "handles",
    security(("jwt" = [])),
    params(("handle" = Handle, Path)),
    request_body = DeletionBody,
    responses(
        (status = 202, description = "Deleted; also when it was before.", body = HandleView),
        (status = 409, description = "The handle was changed concurrently.", body = api::openapi::ErrorBody),
    )
)]
pub(crate) async fn delete(
    State(app): State<ApiState>,
    member: Member<OwnerOfDeleted>,
    JsonBody(body): JsonBody,
) -> Result<(StatusCode, Json<HandleView>), Problem> {
    HandleDeletion::read(body, member.handle())?;
    let profile = match member.profile.deletion {
        Some(_) => member.profile.clone(),
        None => save(&app, &member, Some(Deletion::at(app.now())), "handle.deleted").await?,
    };
    Ok((StatusCode::ACCEPTED, Json(HandleView::of(&profile, member.role))))
}

/// Restores a deleted handle with everything it had, within thirty days after its deletion. Not charged.
#[utoipa::path(
    post,
    path = "/v2/handles/{handle}/restore",
    tag = "handles",
    security(("jwt" = [])),
    params(("handle" = Handle, Path)),
    responses(
        (status = 200, description = "Restored; also when it was not deleted.", body = HandleView),
        (status = 409, description = "The handle was changed concurrently.", body = api::openapi::ErrorBody),
    )
)]
pub(crate) async fn restore(State(app): State<ApiState>, member: Member<OwnerOfDeleted>) -> Result<Json<HandleView>, Problem> {
    let profile = match member.profile.deletion {
        None => member.profile.clone(),
        Some(_) => save(&app, &member, None, "handle.restored").await?,
    };
    Ok(Json(HandleView::of(&profile, member.role)))
}

async fn save(app: &ApiState, member: &Member<OwnerOfDeleted>, deletion: Option<Deletion>, action: &str) -> Result<Profile, Problem> {
    let before = &member.profile;
    let next = before.with_deletion(deletion);
    let state = |profile: &Profile| json!({"deletion": profile.deletion});
    let event = member.event(app, action, &before.handle).between(state(before), state(&next));
    if !app.store().profiles().save_deletion(&next, before, &event).await? {
        return Err(Problem::new(Code::Conflict, "the handle was changed concurrently; read it again and repeat the request"));
    }
    Ok(next)
}
