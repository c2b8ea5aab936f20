//! Personal access tokens: who calls with one, whether it is good, and what is told when it is not (contract §2, §12).

use domain::accounts::audit::{Actor, ActorKind, Event};
use domain::accounts::token::{Digest, Ended, Presented, Scope, Token};
use domain::values::id::RequestId;
use http::header::AUTHORIZATION;
use http::{HeaderMap, HeaderValue};
use serde_json::json;
use store::StoredToken;

use crate::ApiState;
use crate::problem::{Code, Problem};

/// The header that carries a token where `authorization` is taken.
pub(crate) const X_API_KEY: &str = "x-api-key";

/// What the `authorization` header carries as a bearer token; none without the header.
///
/// # Errors
/// When there are several, or one that is not to be read or of another scheme.
pub(crate) fn bearer(headers: &HeaderMap) -> Result<Option<&str>, Problem> {
    let Some(header) = only(headers, AUTHORIZATION.as_str())? else { return Ok(None) };
    let text = readable(header)?;
    // The scheme is case-insensitive (RFC 9110 §11.1).
    let token = text.split_once(' ').filter(|(scheme, _)| scheme.eq_ignore_ascii_case("bearer")).map(|(_, token)| token.trim());
    token.filter(|token| !token.is_empty()).map(Some).ok_or_else(missing)
}

/// That a bearer token is missing.
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

fn readable(header: &HeaderValue) -> Result<&str, Problem> {
    header.to_str().map_err(|_| Problem::new(Code::InvalidToken, "the header with the token is not readable"))
}

fn invalid() -> Problem {
    Problem::new(Code::InvalidToken, "this is no personal access token of ours; make one with POST /v2/handles/{handle}/tokens")
}

/// A good token and the request it came with.
pub(crate) struct TokenHolder {
    stored: StoredToken,
    request_id: RequestId,
}

impl TokenHolder {
    /// Whoever calls with a token, in `authorization` or `x-api-key`; none when there is neither.
    ///
    /// # Errors
    /// 401 when it is none of ours, revoked or expired. One that does not exist and one with another secret take the same way.
    pub(crate) async fn of(headers: &HeaderMap, request_id: RequestId, app: &ApiState) -> Result<Option<Self>, Problem> {
        let text = match (bearer(headers)?, only(headers, X_API_KEY)?) {
            (Some(_), Some(_)) => return Err(Problem::new(Code::InvalidToken, "send the token in one header, not in two")),
            (Some(text), None) => text,
            (None, Some(header)) => readable(header)?,
            (None, None) => return Ok(None),
        };
        let presented: Presented = text.parse().map_err(|_| invalid())?;
        let found = app.store().token(&presented.token_id).await?;
        let digest = found.as_ref().map_or_else(Digest::of_nobody, |stored| stored.digest.clone());
        let is_proven = digest.proves(&presented);
        let holder = Self { stored: found.ok_or_else(invalid)?, request_id };
        if !is_proven {
            return Err(holder.refused(app, None, invalid()).await);
        }
        match holder.token().check(app.now()) {
            Ok(()) => Ok(Some(holder)),
            Err(ended) => {
                let problem = match ended {
                    Ended::Revoked => Problem::new(Code::TokenRevoked, "this token was revoked; make another"),
                    Ended::Expired => Problem::new(Code::TokenExpired, "this token has expired; make another"),
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

    /// Uses the token for what needs this scope.
    ///
    /// # Errors
    /// 403 when it does not have it.
    pub(crate) async fn use_for(&self, scope: Scope, app: &ApiState) -> Result<(), Problem> {
        if !self.token().allows(scope) {
            let message = format!("this token has not the scope {}; make one that has", scope.as_str());
            let problem = Problem::new(Code::InsufficientScope, message).with("requiredScope", scope.as_str());
            return Err(self.refused(app, Some(scope), problem).await);
        }
        let now = app.now();
        if self.token().notes_use(now)
            && let Err(error) = app.store().note_token_use(&self.token().token_id, now).await
        {
            tracing::warn!(error = &error as &dyn std::error::Error, token.id = %self.token().token_id, "use of a token could not be noted");
        }
        Ok(())
    }

    /// Tells the handle's audit log that the token was refused, at most once a minute; the answer does not wait on its success.
    async fn refused(&self, app: &ApiState, scope: Option<Scope>, problem: Problem) -> Problem {
        let now = app.now();
        if !self.stored.tells_refusal(now) {
            return problem;
        }
        let after = json!({"error": problem.code().as_str(), "requiredScope": scope.map(Scope::as_str)});
        let event = Event::new(app.id(), now, self.actor(), "token.refused", &self.token().token_id, self.request_id);
        let event = event.with_states(None, Some(after));
        if let Err(error) = app.store().note_token_refusal(self.token(), now, &event).await {
            tracing::warn!(error = &error as &dyn std::error::Error, token.id = %self.token().token_id, "refusal of a token could not be told");
        }
        problem
    }
}

/// The handle's own program, on a public route that anybody may call.
pub struct Merchant {
    /// Its token.
    pub token: Token,
    /// Who acts, as the audit log names it.
    pub actor: Actor,
}

impl Merchant {
    /// Whoever signs a public call with a token good for this scope; none when the call carries no token at all.
    ///
    /// # Errors
    /// 401 when what it carries is no good token of ours, 403 when the token has not the scope.
    pub async fn of(headers: &HeaderMap, request_id: RequestId, scope: Scope, app: &ApiState) -> Result<Option<Self>, Problem> {
        let Some(holder) = TokenHolder::of(headers, request_id, app).await? else { return Ok(None) };
        holder.use_for(scope, app).await?;
        Ok(Some(Self { actor: holder.actor(), token: holder.stored.token }))
    }
}
