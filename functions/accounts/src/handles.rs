//! `/v2/handles`: creating a handle, reading it, and listing the caller's handles.

use api::{ApiState, Code, CreatorOfDeleted, JsonBody, ListResponse, Member, Paging, Problem, User, charge};
use axum::Json;
use axum::extract::State;
use domain::accounts::{Deletion, NewHandle, Profile, Role};
use domain::values::moment::Moment;
use domain::values::name::{Handle, UserId};
use http::StatusCode;
use serde::Serialize;
use serde_json::{Value, json};

api::request_body!(HandleBody, "A handle to create.", NewHandle::body(), {"handle": "acme"});

/// A handle as its owner or a collaborator sees it.
#[derive(Serialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct HandleView {
    handle: Handle,
    /// The caller's role.
    role: Role,
    owner_user_id: UserId,
    created_at: Moment,
    /// Only of a deleted handle.
    #[serde(skip_serializing_if = "Option::is_none")]
    deletion: Option<Deletion>,
}

impl HandleView {
    pub(crate) fn of(profile: &Profile, role: Role) -> Self {
        let Profile { handle, owner, created_at, deletion, .. } = profile.clone();
        Self { handle, role, owner_user_id: owner, created_at, deletion }
    }
}

/// Creates a handle; the caller becomes its owner.
#[utoipa::path(
    post,
    path = "/v2/handles",
    tag = "handles",
    security(("jwt" = [])),
    request_body = HandleBody,
    responses(
        (status = 201, description = "Created.", body = HandleView),
        (status = 409, description = "The handle is taken.", body = api::openapi::ErrorBody),
    )
)]
pub(crate) async fn create(
    State(app): State<ApiState>,
    user: User,
    JsonBody(body): JsonBody,
) -> Result<(StatusCode, Json<HandleView>), Problem> {
    let NewHandle { handle } = NewHandle::read(body)?;
    charge(&app, &user.id).await?;
    let event = user.event(&app, "handle.created", &handle).between(Value::Null, json!({"ownerUserId": user.id}));
    let profile = Profile { handle, owner: user.id, collaborators: Default::default(), created_at: app.now(), version: 1, deletion: None };
    if !app.store().profiles().save(&profile, None, &event).await? {
        return Err(Problem::new(Code::Conflict, "this handle is taken; choose another"));
    }
    Ok((StatusCode::CREATED, Json(HandleView::of(&profile, Role::Owner))))
}

/// Lists the handles that the caller owns or collaborates on, deleted ones included while they can be restored.
#[utoipa::path(get, path = "/v2/handles", tag = "handles", security(("jwt" = [])),
    params(Paging),
    responses((status = 200, description = "A page of handles.", body = ListResponse<HandleView>)))]
pub(crate) async fn list(State(app): State<ApiState>, user: User, paging: Paging) -> Result<Json<ListResponse<HandleView>>, Problem> {
    let mut page = app.store().profiles().list(&user.id, paging.limit, paging.cursor.as_deref()).await?;
    page.items.retain(|profile| !profile.is_gone(app.now()));
    Ok(Json(ListResponse::of(page, |profile| HandleView::of(&profile, profile.role_of(&user.id).unwrap_or(Role::Creator)))))
}

/// Reads a handle, also a deleted one while it can be restored.
#[utoipa::path(get, path = "/v2/handles/{handle}", tag = "handles", security(("jwt" = [])), params(("handle" = Handle, Path)),
    responses((status = 200, description = "The handle.", body = HandleView)))]
pub(crate) async fn get(member: Member<CreatorOfDeleted>) -> Json<HandleView> {
    Json(HandleView::of(&member.profile, member.role))
}
