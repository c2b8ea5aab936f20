//! `…/tokens`: personal access tokens of a handle, created, listed and revoked by its operators.

use std::collections::BTreeSet;

use api::{ApiState, Code, JsonBody, ListResponse, Member, Operator, Paging, PathId, Problem, charge, require_feature};
use axum::Json;
use axum::extract::State;
use domain::accounts::Feature;
use domain::accounts::token::{Grant, MAX_TOKENS, Minted, NewToken, Revealed, Token};
use domain::values::moment::Moment;
use domain::values::name::{Handle, TokenId, UserId};
use http::StatusCode;
use http::header::{CACHE_CONTROL, HeaderName};
use serde::Serialize;
use serde_json::{Value, json};
use store::AddToken;

api::request_body!(TokenBody, "A token to create.", NewToken::body(), {
    "name": "nightly import",
    "scopes": ["links.read", "conversions.write"],
    "expiresAt": "2030-01-01T00:00:00Z"
});

/// A token without its secret.
#[derive(Serialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = PersonalAccessToken)]
pub(crate) struct TokenView {
    token_id: TokenId,
    handle: Handle,
    name: Option<String>,
    scopes: BTreeSet<Grant>,
    created_at: Moment,
    created_by: UserId,
    expires_at: Option<Moment>,
    /// When it was last used, to five minutes.
    last_used_at: Option<Moment>,
}

impl TokenView {
    fn of(token: Token) -> Self {
        let Token { token_id, handle, name, scopes, created_at, created_by, expires_at, last_used_at, revoked_at: _ } = token;
        Self { token_id, handle, name, scopes, created_at, created_by, expires_at, last_used_at }
    }
}

/// A token with its secret, which is returned only once.
#[derive(Serialize, utoipa::ToSchema)]
#[schema(as = CreatedToken)]
pub(crate) struct CreatedToken {
    /// The whole token. It cannot be read again: store it where secrets are stored.
    #[schema(value_type = String, pattern = "^patv1_[0-9A-Za-z]{16}\\.[0-9A-Za-z_-]{43}$")]
    token: Revealed,
    #[serde(flatten)]
    view: TokenView,
}

/// Creates a personal access token for programs.
///
/// It reaches the routes under `/v2/public/handles/{handle}` that its scopes name, and confirms conversions with `conversions.write`.
/// Send it as `authorization: Bearer <token>` or as `x-api-key: <token>`. Needs the plan PRO. A handle may have 50.
#[utoipa::path(post, path = "/v2/handles/{handle}/tokens", tag = "tokens", security(("jwt" = [])), params(("handle" = Handle, Path)),
    request_body = TokenBody,
    responses((status = 201, description = "Created; `token` is returned only once.", body = CreatedToken),
        (status = 409, description = "The handle has the maximum number of tokens.", body = api::openapi::ErrorBody)))]
pub(crate) async fn create(
    State(app): State<ApiState>,
    member: Member<Operator>,
    JsonBody(body): JsonBody,
) -> Result<(StatusCode, [(HeaderName, &'static str); 1], Json<CreatedToken>), Problem> {
    require_feature(&app, &member.profile.owner, Feature::GrowthTools).await?;
    let draft = NewToken::read(body, app.now())?;
    charge(&app, &member.profile.owner).await?;
    let minted = Minted::of(app.random(), [app.random(), app.random()]).map_err(Problem::internal)?;
    let token = Token {
        token_id: minted.token_id().clone(),
        handle: member.handle().clone(),
        name: draft.name,
        scopes: draft.scopes,
        created_at: app.now(),
        created_by: member.user()?.clone(),
        expires_at: draft.expires_at,
        revoked_at: None,
        last_used_at: None,
    };
    let event = member.event(&app, "token.created", &token.token_id).between(Value::Null, audited(&token));
    match app.store().tokens().add(&token, &minted.digest(), &event).await? {
        AddToken::Added => {
            let created = CreatedToken { token: minted.reveal(), view: TokenView::of(token) };
            Ok((StatusCode::CREATED, [(CACHE_CONTROL, "no-store")], Json(created)))
        }
        AddToken::TooMany => {
            Err(Problem::new(Code::Conflict, format!("a handle may have {MAX_TOKENS} tokens, expired ones too; revoke one first")))
        }
    }
}

/// Lists a handle's tokens without their secrets, newest first.
#[utoipa::path(get, path = "/v2/handles/{handle}/tokens", tag = "tokens", security(("jwt" = [])),
    params(("handle" = Handle, Path), Paging),
    responses((status = 200, description = "A page of the tokens that are not revoked.", body = ListResponse<TokenView>)))]
pub(crate) async fn list(
    State(app): State<ApiState>,
    member: Member<Operator>,
    paging: Paging,
) -> Result<Json<ListResponse<TokenView>>, Problem> {
    require_feature(&app, &member.profile.owner, Feature::GrowthTools).await?;
    let page = app.store().tokens().list(member.handle(), paging.limit, paging.cursor.as_deref()).await?;
    Ok(Json(ListResponse::of(page, TokenView::of)))
}

/// Revokes a token; its next use is refused. Every plan allows this and it is not charged, so that a lost token can always be revoked.
#[utoipa::path(delete, path = "/v2/handles/{handle}/tokens/{tokenId}", tag = "tokens", security(("jwt" = [])),
    params(("handle" = Handle, Path), ("tokenId" = TokenId, Path)), responses((status = 204, description = "Revoked.")))]
pub(crate) async fn revoke(
    State(app): State<ApiState>,
    member: Member<Operator>,
    PathId(id): PathId<TokenId>,
) -> Result<StatusCode, Problem> {
    let missing = || Problem::not_found("token");
    let stored = app.store().tokens().get(&id).await?.filter(|stored| stored.token.handle == *member.handle()).ok_or_else(missing)?;
    if stored.token.revoked_at.is_some() {
        return Err(missing());
    }
    // Not charged: a lost token must be revocable whatever has been written that day.
    let event = member.event(&app, "token.revoked", &id).between(audited(&stored.token), Value::Null);
    if app.store().tokens().revoke(member.handle(), &id, app.now(), &event).await? { Ok(StatusCode::NO_CONTENT) } else { Err(missing()) }
}

fn audited(token: &Token) -> Value {
    json!({"name": token.name, "scopes": token.scopes, "expiresAt": token.expires_at})
}
