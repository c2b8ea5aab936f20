//! The closed list of error codes, and their statuses (specification §1).

use http::StatusCode;

/// Every error code of the API.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Code {
    /// Several fields are invalid, or one without a code of its own.
    InvalidPayload,
    /// The slug is invalid.
    InvalidSlug,
    /// The destination is invalid.
    InvalidDestinationUrl,
    /// The context token is invalid.
    InvalidCtx,
    /// The list of collaborators is invalid.
    InvalidCollaborators,
    /// A transfer names no valid new owner.
    NewOwnerRequired,
    /// No bearer token was sent.
    MissingBearerToken,
    /// The bearer token is not valid.
    InvalidToken,
    /// The bearer token has expired.
    TokenExpired,
    /// The personal access token was revoked.
    TokenRevoked,
    /// The caller's role is insufficient.
    InsufficientRole,
    /// The token lacks a scope.
    InsufficientScope,
    /// The plan does not include the feature.
    FeatureLocked,
    /// The handle does not exist, or the caller may not know of it.
    HandleNotFound,
    /// The thing does not exist, or the caller may not know of it.
    NotFound,
    /// The route does not support the method.
    MethodNotAllowed,
    /// The user is no collaborator of the handle.
    NotACollaborator,
    /// Conflicts with the current state.
    Conflict,
    /// The link has ended.
    LinkExpired,
    /// `If-Match` names another version.
    VersionMismatch,
    /// The body is too large.
    PayloadTooLarge,
    /// The media type is not supported.
    UnsupportedMediaType,
    /// A limit is reached.
    RateLimited,
    /// Internal error.
    InternalError,
    /// A service this needs cannot be reached.
    Unavailable,
}

impl Code {
    /// As the body's `error` spells it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::InvalidPayload => "invalid_payload",
            Self::InvalidSlug => "invalid_slug",
            Self::InvalidDestinationUrl => "invalid_destination_url",
            Self::InvalidCtx => "invalid_ctx",
            Self::InvalidCollaborators => "invalid_collaborators",
            Self::NewOwnerRequired => "new_owner_required",
            Self::MissingBearerToken => "missing_bearer_token",
            Self::InvalidToken => "invalid_token",
            Self::TokenExpired => "token_expired",
            Self::TokenRevoked => "token_revoked",
            Self::InsufficientRole => "insufficient_role",
            Self::InsufficientScope => "insufficient_scope",
            Self::FeatureLocked => "feature_locked",
            Self::HandleNotFound => "handle_not_found",
            Self::NotFound => "not_found",
            Self::MethodNotAllowed => "method_not_allowed",
            Self::NotACollaborator => "not_a_collaborator",
            Self::Conflict => "conflict",
            Self::LinkExpired => "link_expired",
            Self::VersionMismatch => "version_mismatch",
            Self::PayloadTooLarge => "payload_too_large",
            Self::UnsupportedMediaType => "unsupported_media_type",
            Self::RateLimited => "rate_limited",
            Self::InternalError => "internal_error",
            Self::Unavailable => "unavailable",
        }
    }

    /// Its HTTP status.
    pub const fn status(self) -> StatusCode {
        match self {
            Self::InvalidPayload
            | Self::InvalidSlug
            | Self::InvalidDestinationUrl
            | Self::InvalidCtx
            | Self::InvalidCollaborators
            | Self::NewOwnerRequired => StatusCode::BAD_REQUEST,
            Self::MissingBearerToken | Self::InvalidToken | Self::TokenExpired | Self::TokenRevoked => StatusCode::UNAUTHORIZED,
            Self::InsufficientRole | Self::InsufficientScope | Self::FeatureLocked => StatusCode::FORBIDDEN,
            Self::HandleNotFound | Self::NotFound => StatusCode::NOT_FOUND,
            Self::MethodNotAllowed => StatusCode::METHOD_NOT_ALLOWED,
            Self::NotACollaborator | Self::Conflict => StatusCode::CONFLICT,
            Self::LinkExpired => StatusCode::GONE,
            Self::VersionMismatch => StatusCode::PRECONDITION_FAILED,
            Self::PayloadTooLarge => StatusCode::PAYLOAD_TOO_LARGE,
            Self::UnsupportedMediaType => StatusCode::UNSUPPORTED_MEDIA_TYPE,
            Self::RateLimited => StatusCode::TOO_MANY_REQUESTS,
            Self::InternalError => StatusCode::INTERNAL_SERVER_ERROR,
            Self::Unavailable => StatusCode::SERVICE_UNAVAILABLE,
        }
    }

    /// The code for one invalid field, where the specification names one.
    pub(crate) fn of_field(field: &str) -> Self {
        match field {
            _ if field == "slug" || field.ends_with(".slug") => Self::InvalidSlug,
            "ctx" => Self::InvalidCtx,
            "newOwnerUserId" => Self::NewOwnerRequired,
            _ if field.ends_with("destinationUrl") => Self::InvalidDestinationUrl,
            _ if field.starts_with("collaborators") => Self::InvalidCollaborators,
            _ => Self::InvalidPayload,
        }
    }
}
