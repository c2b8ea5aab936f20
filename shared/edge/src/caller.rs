//! Callers are types: a handler that takes a [`Member`] cannot be reached without the role (contract §2).

use std::marker::PhantomData;

use axum::extract::{FromRequestParts, RawPathParams};
use domain::account::{Profile, Role};
use domain::audit;
use domain::id::RequestId;
use domain::name::{Handle, UserId};
use http::header::AUTHORIZATION;
use http::request::Parts;

use crate::App;
use crate::jwt::Subject;
use crate::problem::{Code, Problem};

/// The least role a handler asks for.
pub trait LeastRole {
    /// That role.
    const ROLE: Role;
}

/// Any role on the handle.
pub enum Creator {}
/// OPERATOR or OWNER.
pub enum Operator {}
/// OWNER.
pub enum Owner {}

impl LeastRole for Creator {
    const ROLE: Role = Role::Creator;
}
impl LeastRole for Operator {
    const ROLE: Role = Role::Operator;
}
impl LeastRole for Owner {
    const ROLE: Role = Role::Owner;
}

/// Whoever holds a good bearer token.
#[derive(Clone, Debug)]
pub struct User {
    /// The user.
    pub id: UserId,
    /// The request that is being answered.
    pub request_id: RequestId,
}

impl User {
    /// The audit event of something this user does, written together with the change itself.
    pub fn event(&self, app: &App, action: &str, target: impl ToString) -> audit::Event {
        event_of(app, &self.id, self.request_id, action, target)
    }
}

fn event_of(app: &App, user: &UserId, request_id: RequestId, action: &str, target: impl ToString) -> audit::Event {
    audit::Event {
        audit_id: app.id(),
        at: app.now(),
        actor: audit::Actor { kind: audit::ActorKind::Jwt, id: user.to_string() },
        action: action.to_owned(),
        target: target.to_string(),
        before: None,
        after: None,
        request_id,
    }
}

fn request_id(parts: &Parts, app: &App) -> RequestId {
    parts.extensions.get().copied().unwrap_or_else(|| app.id())
}

/// A user with at least role `R` on the handle of the path.
pub struct Member<R> {
    /// The user.
    pub user: UserId,
    /// The user's role.
    pub role: Role,
    /// The handle.
    pub profile: Profile,
    /// The request that is being answered.
    pub request_id: RequestId,
    least: PhantomData<R>,
}

impl<R> Member<R> {
    /// The audit event of something this member does to the handle, written together with the change itself.
    pub fn event(&self, app: &App, action: &str, target: impl ToString) -> audit::Event {
        event_of(app, &self.user, self.request_id, action, target)
    }

    /// The handle's name.
    pub fn handle(&self) -> &Handle {
        &self.profile.handle
    }
}

/// A user whose token carries the group `platform-admin`.
pub struct PlatformAdmin {
    /// The user.
    pub id: UserId,
}

async fn subject(parts: &Parts, app: &App) -> Result<Subject, Problem> {
    let missing = || Problem::new(Code::MissingBearerToken, "send a bearer token as authorization: Bearer <token>");
    let mut headers = parts.headers.get_all(AUTHORIZATION).iter();
    let header = headers.next().ok_or_else(missing)?;
    if headers.next().is_some() {
        return Err(Problem::new(Code::InvalidToken, "send one authorization header"));
    }
    let text = header.to_str().map_err(|_| Problem::new(Code::InvalidToken, "the authorization header is not readable"))?;
    // The scheme is case-insensitive (RFC 9110 §11.1).
    let (scheme, token) = text.split_once(' ').ok_or_else(missing)?;
    if !scheme.eq_ignore_ascii_case("bearer") || token.trim().is_empty() {
        return Err(missing());
    }
    app.verifier().verify(token.trim(), app.now()).await
}

impl FromRequestParts<App> for User {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Problem> {
        Ok(Self { id: subject(parts, app).await?.user, request_id: request_id(parts, app) })
    }
}

impl FromRequestParts<App> for PlatformAdmin {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Problem> {
        let subject = subject(parts, app).await?;
        if !subject.is_platform_admin {
            return Err(Problem::new(Code::InsufficientRole, "this needs a platform administrator"));
        }
        Ok(Self { id: subject.user })
    }
}

impl<R: LeastRole> FromRequestParts<App> for Member<R> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Problem> {
        let user = subject(parts, app).await?.user;
        // A handle that cannot exist is a handle that does not exist.
        let Part(handle) = Part::<Handle>::named("handle", parts, app).await.map_err(|_| Problem::no_handle())?;
        let profile = app.store().profile(&handle).await?.ok_or_else(Problem::no_handle)?;
        let role = profile.role_of(&user).ok_or_else(Problem::no_handle)?;
        if role < R::ROLE {
            let message = format!("your role on this handle is {}, this needs {}", role.as_str(), R::ROLE.as_str());
            return Err(Problem::new(Code::InsufficientRole, message));
        }
        Ok(Self { user, role, profile, request_id: request_id(parts, app), least: PhantomData })
    }
}

/// A part of the path, parsed by its own type.
pub struct Part<T>(pub T);

impl<T: std::str::FromStr<Err = E>, E: ToString> Part<T> {
    async fn named(name: &str, parts: &mut Parts, app: &App) -> Result<Self, Problem> {
        let params = RawPathParams::from_request_parts(parts, app).await.map_err(|_| Problem::field(name, "is not readable"))?;
        let text = params.iter().find(|(key, _)| *key == name).map(|(_, value)| value).unwrap_or_default();
        text.parse().map(Self).map_err(|error: E| Problem::field(name, error.to_string()))
    }
}

macro_rules! parts {
    ($($type:ty => $name:literal),* $(,)?) => {$(
        impl FromRequestParts<App> for Part<$type> {
            type Rejection = Problem;

            async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Problem> {
                Self::named($name, parts, app).await
            }
        }
    )*};
}

parts! {
    domain::name::Slug => "slug",
    domain::name::RuleId => "ruleId",
    UserId => "userId",
    domain::name::CampaignId => "campaignId",
    domain::id::ConversionId => "conversionId",
    domain::name::SessionId => "sessionId",
    domain::id::SubscriptionId => "subscriptionId",
    domain::id::DeliveryId => "deliveryId",
}
