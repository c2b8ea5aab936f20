//! `…/collaborators` and `…/transfer-ownership`: the owner and the collaborators of a handle.

use api::{ApiState, Code, Creator, JsonBody, Member, Owner, Problem, charge};
use axum::Json;
use axum::extract::State;
use domain::accounts::{OwnershipTransfer, Profile, Role};
use domain::values::name::{Handle, UserId};
use serde::Serialize;
use serde_json::json;

/// A user's role on a handle.
#[derive(Serialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Collaborator {
    user_id: UserId,
    role: Role,
}

/// The owner and the collaborators of a handle.
#[derive(Serialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct People {
    handle: Handle,
    owner_user_id: UserId,
    /// All but the owner, at most 100.
    collaborators: Vec<Collaborator>,
}

impl People {
    fn of(profile: &Profile) -> Json<Self> {
        let collaborators = profile.collaborators.iter().map(|(user, role)| Collaborator { user_id: user.clone(), role: *role }).collect();
        Json(Self { handle: profile.handle.clone(), owner_user_id: profile.owner.clone(), collaborators })
    }
}

api::request_body!(NewPeople, "The whole new list of collaborators.", Profile::collaborators_body(), {
    "collaborators": [{"userId": "creator", "role": "CREATOR"}]
});

api::request_body!(Transfer, "The user who becomes the owner.", OwnershipTransfer::body(), {"newOwnerUserId": "creator"});

/// Lists the collaborators of a handle.
#[utoipa::path(get, path = "/v2/handles/{handle}/collaborators", tag = "handles", security(("jwt" = [])), params(("handle" = Handle, Path)),
    responses((status = 200, description = "The owner and the collaborators.", body = People)))]
pub(crate) async fn get(member: Member<Creator>) -> Json<People> {
    People::of(&member.profile)
}

/// Replaces the whole list of collaborators; the owner stays.
#[utoipa::path(
    put,
    path = "/v2/handles/{handle}/collaborators",
    tag = "handles",
    security(("jwt" = [])),
    params(("handle" = Handle, Path)),
    request_body = NewPeople,
    responses(
        (status = 200, description = "The owner and the collaborators.", body = People),
        (status = 409, description = "The handle was changed concurrently.", body = api::openapi::ErrorBody),
    )
)]
pub(crate) async fn put(State(app): State<ApiState>, member: Member<Owner>, JsonBody(body): JsonBody) -> Result<Json<People>, Problem> {
    let next = member.profile.with_collaborators(body)?;
    save(&app, &member, next, "collaborators.replaced").await
}

/// Transfers a handle to one of its collaborators; the previous owner becomes an operator. This cannot be undone by the previous owner.
#[utoipa::path(
    post,
    path = "/v2/handles/{handle}/transfer-ownership",
    tag = "handles",
    security(("jwt" = [])),
    params(("handle" = Handle, Path)),
    request_body = Transfer,
    responses(
        (status = 200, description = "The owner and the collaborators.", body = People),
        (
            status = 409,
            description = "`not_a_collaborator`: the user is no collaborator of the handle; or the handle was changed concurrently.",
            body = api::openapi::ErrorBody,
        ),
    )
)]
pub(crate) async fn transfer(
    State(app): State<ApiState>,
    member: Member<Owner>,
    JsonBody(body): JsonBody,
) -> Result<Json<People>, Problem> {
    let OwnershipTransfer { new_owner } = OwnershipTransfer::read(body)?;
    if member.profile.role_of(&new_owner).is_none() {
        // A mistyped user id would give the handle away for good.
        let message =
            format!("{new_owner} is no collaborator of this handle; add the user with PUT /v2/handles/{{handle}}/collaborators first");
        return Err(Problem::new(Code::NotACollaborator, message));
    }
    let next = member.profile.transferred_to(new_owner);
    save(&app, &member, next, "handle.transferred").await
}

async fn save(app: &ApiState, member: &Member<Owner>, next: Profile, action: &str) -> Result<Json<People>, Problem> {
    let before = &member.profile;
    charge(app, &before.owner).await?;
    let people = |profile: &Profile| json!({"ownerUserId": profile.owner, "collaborators": profile.collaborators});
    let event = member.event(app, action, &before.handle).between(people(before), people(&next));
    if !app.store().profiles().save(&next, Some(before), &event).await? {
        return Err(Problem::new(Code::Conflict, "the handle was changed concurrently; read it again and repeat the change"));
    }
    Ok(People::of(&next))
}
