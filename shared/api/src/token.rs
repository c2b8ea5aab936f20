//! Personal access tokens: who calls with one, whether it is valid, and the error returned otherwise (specification §2, §12).

use domain::accounts::Feature;
use domain::accounts::audit::{Actor, ActorKind, AuditEvent};
use domain::accounts::token::{Digest, Ended, Presented, Scope, Token};
use domain::values::id::RequestId;
use domain::values::name::UserId;
use http::header::AUTHORIZATION;
use http::{HeaderMap, HeaderValue};
use serde_json::json;
use store::StoredToken;

use crate::ApiState;
use crate::code::Code;
use crate::problem::Problem;
use crate::quota::require_feature;

/// The header that carries a token when `authorization` is used for something else.
pub(crate) const X_API_KEY: &str = "x-api-key";

/// The bearer token of the `authorization` header; none without the header.
///
/// # Errors
/// When there are several, or one that is not ASCII or of another scheme.
pub(crate) fn bearer(headers: &HeaderMap) -> Result<Option<&str>, Problem> {
    let Some(header) = only(headers, AUTHORIZATION.as_str())? else { return Ok(None) };
    let text = text_of(header)?;
    // The scheme is case-insensitive (RFC 9110 §11.1).
    let token = text.split_once(' ').filter(|(scheme, _)| scheme.eq_ignore_ascii_case("bearer")).map(|(_, token)| token.trim());
    token.filter(|token| !token.is_empty()).map(Some).ok_or_else(missing)
}

/// 401: a bearer token is missing.
pub(crate) fn missing() -> Problem {
    Problem::new(Code::MissingBearerToken, "send a bearer token as authorization: Bearer <token>")
}

fn only<'h>(headers: &'h HeaderMap, name: &str) -> Result<Option<&'h HeaderValue>, Problem> {
    let mut values = headers.get_all(name).iter();
    let value = values.next();
    if values.next().is_some() {
        return Err(Problem::new(Code::InvalidToken, format!("send one {name} header")));
    }
    Ok(value)
}

fn text_of(header: &HeaderValue) -> Result<&str, Problem> {
    header.to_str().map_err(|_| Problem::new(Code::InvalidToken, "the header with the token is not ASCII text"))
}

fn invalid() -> Problem {
    Problem::new(Code::InvalidToken, "unknown personal access token; create one with POST /v2/handles/{handle}/tokens")
}

/// A valid token and the request it came with.
pub(crate) struct TokenHolder {
    stored: StoredToken,
    request_id: RequestId,
}

impl TokenHolder {
    /// The holder of the token in `authorization` or `x-api-key`; none when there is neither header.
    ///
    /// # Errors
    /// 401 when it is unknown, revoked or expired. A token that does not exist and one with a wrong secret cost the same calls.
    pub(crate) async fn of(headers: &HeaderMap, request_id: RequestId, app: &ApiState) -> Result<Option<Self>, Problem> {
        let text = match (bearer(headers)?, only(headers, X_API_KEY)?) {
            (Some(_), Some(_)) => return Err(Problem::new(Code::InvalidToken, "send the token in one header, not in two")),
            (Some(text), None) => text,
            (None, Some(header)) => text_of(header)?,
            (None, None) => return Ok(None),
        };
        let presented: Presented = text.parse().map_err(|_| invalid())?;
        let found = app.store().tokens().get(&presented.token_id).await?;
        let digest = found.as_ref().map_or_else(Digest::of_no_secret, |stored| stored.digest.clone());
        let is_proven = digest.proves(&presented);
        let holder = Self { stored: found.ok_or_else(invalid)?, request_id };
        if !is_proven {
            return Err(holder.refused(app, None, invalid()).await);
        }
        match holder.token().check(app.now()) {
            Ok(()) => Ok(Some(holder)),
            Err(ended) => {
                let problem = match ended {
                    Ended::Revoked => Problem::new(Code::TokenRevoked, "this token was revoked; create a new one"),
                    Ended::Expired => Problem::new(Code::TokenExpired, "this token has expired; create a new one"),
                };
                Err(holder.refused(app, None, problem).await)
            }
        }
    }

    /// The token.
    pub(crate) fn token(&self) -> &Token {
        &self.stored.token
    }

    /// Who acts, as the audit log names it.
    pub(crate) fn actor(&self) -> Actor {
        Actor { kind: ActorKind::Pat, id: self.token().token_id.to_string() }
    }

    /// Uses the token for what needs this scope, on a handle of this owner.
    ///
    /// # Errors
    /// 403 when it lacks the scope, or the plan of the owner no longer includes tokens.
    pub(crate) async fn use_for(&self, scope: Scope, owner: &UserId, app: &ApiState) -> Result<(), Problem> {
        match require_feature(app, owner, Feature::GrowthTools).await {
            Err(problem) if problem.code() == Code::FeatureLocked => return Err(self.refused(app, None, problem).await),
            other => other?,
        }
        if !self.token().allows(scope) {
            let message = format!("this token lacks the scope {}", scope.as_str());
            let problem = Problem::new(Code::InsufficientScope, message).with("requiredScope", scope.as_str());
            return Err(self.refused(app, Some(scope), problem).await);
        }
        let now = app.now();
        if self.token().notes_use(now)
            && let Err(error) = app.store().tokens().record_use(&self.token().token_id, now).await
        {
            let error = &error as &dyn std::error::Error;
            tracing::warn!(error, token.id = %self.token().token_id, "use of a token could not be recorded");
        }
        Ok(())
    }

    /// Records in the handle's audit log that the token was refused, at most once a minute. Best effort.
    async fn refused(&self, app: &ApiState, scope: Option<Scope>, problem: Problem) -> Problem {
        let now = app.now();
        if !self.stored.records_refusal(now) {
            return problem;
        }
        let after = json!({"error": problem.code().as_str(), "requiredScope": scope.map(Scope::as_str)});
        let event = AuditEvent::new(app.id(), now, self.actor(), "token.refused", &self.token().token_id, self.request_id);
        let event = event.with_states(None, Some(after));
        if let Err(error) = app.store().tokens().record_refusal(self.token(), now, &event).await {
            let error = &error as &dyn std::error::Error;
            tracing::warn!(error, token.id = %self.token().token_id, "refusal of a token could not be recorded");
        }
        problem
    }
}

/// The handle's own server, calling a public route with a token.
pub struct Merchant {
    /// Its token.
    pub token: Token,
    /// Who acts, as the audit log names it.
    pub actor: Actor,
}

impl Merchant {
    /// The merchant that authenticates a public call with a token of this scope; none when the call carries no token.
    ///
    /// # Errors
    /// 401 when the token is not valid, 403 when it lacks the scope or the plan of the handle's owner has no tokens.
    pub async fn of(headers: &HeaderMap, request_id: RequestId, scope: Scope, app: &ApiState) -> Result<Option<Self>, Problem> {
        let Some(holder) = TokenHolder::of(headers, request_id, app).await? else { return Ok(None) };
        let profile = app.store().profiles().open(&holder.token().handle).await?.ok_or_else(Problem::no_handle)?;
        holder.use_for(scope, &profile.owner, app).await?;
        Ok(Some(Self { actor: holder.actor(), token: holder.stored.token }))
    }
}
