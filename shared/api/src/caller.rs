//! Callers are types: a handler that takes a [`Member`] cannot be reached without the role or the scope (specification §2).

use std::marker::PhantomData;

use axum::extract::FromRequestParts;
use domain::accounts::audit::{self, Actor, ActorKind};
use domain::accounts::token::Scope;
use domain::accounts::{Deletion, Profile, Role};
use domain::values::id::RequestId;
use domain::values::name::{Handle, UserId};
use http::request::Parts;

use crate::ApiState;
use crate::access::Access;
use crate::code::Code;
use crate::jwt::Subject;
use crate::pat::is_of_pat_family;
use crate::path;
use crate::problem::Problem;
use crate::token::{self, TokenHolder};

/// A user with a valid bearer token.
#[derive(Clone, Debug)]
pub struct User {
    /// The user.
    pub id: UserId,
    /// The request that is being answered.
    pub request_id: RequestId,
    /// Whether the user's token carries the group `platform-admin`.
    pub is_platform_admin: bool,
}

impl User {
    /// The audit event of something this user does, to be written in the same transaction as the change.
    pub fn event(&self, app: &ApiState, action: &str, target: impl ToString) -> audit::AuditEvent {
        audit::AuditEvent::new(app.id(), app.now(), user_actor(&self.id), action, target, self.request_id)
    }
}

fn user_actor(user: &UserId) -> Actor {
    Actor { kind: ActorKind::Jwt, id: user.to_string() }
}

fn request_id(parts: &Parts, app: &ApiState) -> RequestId {
    parts.extensions.get().copied().unwrap_or_else(|| app.id())
}

/// A caller with the access `A` to the handle in the path: a user with the role, or a token with the scope.
pub struct Member<A> {
    /// The caller's role; for a token, the minimum role of the route.
    pub role: Role,
    /// The handle.
    pub profile: Profile,
    /// The request that is being answered.
    pub request_id: RequestId,
    user: Option<UserId>,
    token: Option<TokenHolder>,
    actor: Actor,
    access: PhantomData<A>,
}

impl<A> Member<A> {
    /// The audit event of something this member does to the handle, to be written in the same transaction as the change.
    pub fn event(&self, app: &ApiState, action: &str, target: impl ToString) -> audit::AuditEvent {
        audit::AuditEvent::new(app.id(), app.now(), self.actor.clone(), action, target, self.request_id)
    }

    /// The handle's name.
    pub fn handle(&self) -> &Handle {
        &self.profile.handle
    }

    /// Lets through who may do what needs this scope in addition to that of the route: a token that has it, and a user, whose role
    /// decides.
    ///
    /// # Errors
    /// 403 when a token lacks the scope.
    pub async fn needs(&self, scope: Scope, app: &ApiState) -> Result<(), Problem> {
        match &self.token {
            Some(holder) => holder.use_for(scope, &self.profile.owner, app).await,
            None => Ok(()),
        }
    }

    /// The user.
    ///
    /// # Errors
    /// 404 as for an unknown route, when the caller is a token.
    pub fn user(&self) -> Result<&UserId, Problem> {
        self.user.as_ref().ok_or_else(Problem::no_route)
    }
}

/// A user whose token carries the group `platform-admin`.
pub struct PlatformAdmin {
    /// The user.
    pub user: User,
}

async fn subject(parts: &Parts, app: &ApiState) -> Result<Subject, Problem> {
    let token = token::bearer(&parts.headers)?.ok_or_else(token::missing)?;
    app.verifier().verify(token, app.now()).await
}

impl FromRequestParts<ApiState> for User {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, app: &ApiState) -> Result<Self, Problem> {
        let Subject { user, is_platform_admin } = subject(parts, app).await?;
        Ok(Self { id: user, request_id: request_id(parts, app), is_platform_admin })
    }
}

impl FromRequestParts<ApiState> for PlatformAdmin {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, app: &ApiState) -> Result<Self, Problem> {
        let user = User::from_request_parts(parts, app).await?;
        if !user.is_platform_admin {
            return Err(Problem::new(Code::InsufficientRole, "this needs a platform administrator"));
        }
        Ok(Self { user })
    }
}

impl<A: Access> FromRequestParts<ApiState> for Member<A> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, app: &ApiState) -> Result<Self, Problem> {
        if is_of_pat_family(&parts.extensions) { token_member(parts, app).await } else { user_member(parts, app).await }
    }
}

/// The member who calls with a JWT.
async fn user_member<A: Access>(parts: &mut Parts, app: &ApiState) -> Result<Member<A>, Problem> {
    let user = subject(parts, app).await?.user;
    let profile = profile(parts, app, |_| true).await?;
    let role = profile.role_of(&user).ok_or_else(Problem::no_handle)?;
    if role < A::ROLE {
        let message = format!("your role on this handle is {}, this needs {}", role.as_str(), A::ROLE.as_str());
        return Err(Problem::new(Code::InsufficientRole, message));
    }
    if let Some(deletion) = profile.deletion.filter(|_| !A::REACHES_DELETED) {
        return Err(deleted(&profile, deletion));
    }
    let actor = user_actor(&user);
    Ok(Member { role, profile, request_id: request_id(parts, app), user: Some(user), token: None, actor, access: PhantomData })
}

/// The member that calls with a personal access token.
async fn token_member<A: Access>(parts: &mut Parts, app: &ApiState) -> Result<Member<A>, Problem> {
    let scope = A::SCOPE.ok_or_else(Problem::no_route)?;
    let request_id = request_id(parts, app);
    let holder = TokenHolder::of(&parts.headers, request_id, app).await?.ok_or_else(token::missing)?;
    let profile = profile(parts, app, |handle| *handle == holder.token().handle).await?;
    if !profile.is_open() {
        return Err(Problem::no_handle());
    }
    holder.use_for(scope, &profile.owner, app).await?;
    Ok(Member { role: A::ROLE, profile, request_id, user: None, actor: holder.actor(), token: Some(holder), access: PhantomData })
}

/// The handle in the path. A malformed one, and one that the caller may not know of, are answered as one that does not exist.
async fn profile(parts: &mut Parts, app: &ApiState, may_know: impl Fn(&Handle) -> bool + Send) -> Result<Profile, Problem> {
    let handle: Handle = path::text("handle", parts, app).await?.parse().map_err(|_| Problem::no_handle())?;
    let known = if may_know(&handle) { app.store().profiles().get(&handle).await? } else { None };
    known.filter(|profile| !profile.is_gone(app.now())).ok_or_else(Problem::no_handle)
}

/// 404 to a member, with what can be done about it.
fn deleted(profile: &Profile, deletion: Deletion) -> Problem {
    let until = deletion.restorable_until;
    let message =
        format!("this handle is deleted; until {until} its owner can restore it with POST /v2/handles/{}/restore", profile.handle);
    Problem::new(Code::HandleNotFound, message).with("restorableUntil", until.to_string())
}
