//! Responses to a visitor: a redirect, a bridge page, a password form, or an error.

use api::{Code, Forms, Html, Problem, escape, wants_html};
use axum::response::{IntoResponse, Response};
use domain::links::Closed;
use domain::links::visit::DIRECT;
use http::header::{CACHE_CONTROL, LOCATION, REFERRER_POLICY};
use http::{HeaderMap, HeaderName, HeaderValue, StatusCode};

static X_ROBOTS_TAG: HeaderName = HeaderName::from_static("x-robots-tag");

/// A redirect.
pub(crate) fn redirect(status: StatusCode, location: &str) -> Response {
    // Destinations are serialised URLs and what is added is percent-encoded, so this is always a header value.
    match HeaderValue::from_str(location) {
        Ok(value) => private((status, [(LOCATION, value)]).into_response()),
        Err(_) => unknown().into_response(),
    }
}

/// A page that forwards the visitor without scripts.
pub(crate) fn bridge(location: &str) -> Response {
    let target = escape(location);
    let page = Html {
        status: StatusCode::OK,
        forms: Forms::None,
        title: "One moment".to_owned(),
        head: format!(r#"<meta http-equiv="refresh" content="0;url={target}">"#),
        body: format!(r#"<p>You are being taken on. <a href="{target}">Continue</a></p>"#),
    };
    private(page.into_response())
}

/// A form that posts the password back to the link, with the host from which the visitor came, or [`DIRECT`].
pub(crate) fn password_form(status: StatusCode, error: Option<&str>, referrer: &str) -> Response {
    let referrer = match referrer {
        DIRECT => String::new(),
        host => format!(r#"<input type="hidden" name="referrer" value="{}">"#, escape(host)),
    };
    let error = error.map(|text| format!(r#"<p role="alert">{}</p>"#, escape(text))).unwrap_or_default();
    let page = Html {
        status,
        forms: Forms::Redirected,
        title: "This link needs a password".to_owned(),
        head: String::new(),
        body: format!(
            r#"{error}<form method="post">{referrer}<label>Password <input name="password" type="password" maxlength="128" required autofocus autocomplete="off"></label><button>Continue</button></form>"#
        ),
    };
    private(page.into_response())
}

fn private(mut response: Response) -> Response {
    let headers = response.headers_mut();
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("private, no-store"));
    headers.insert(REFERRER_POLICY, HeaderValue::from_static("no-referrer-when-downgrade"));
    headers.insert(X_ROBOTS_TAG.clone(), HeaderValue::from_static("noindex"));
    response
}

/// 404: there is no link, or it has not started.
pub(crate) fn unknown() -> Problem {
    Problem::new(Code::NotFound, "there is no such link")
}

/// The error of a closed link.
pub(crate) fn closed(why: Closed) -> Problem {
    if why.is_gone() { Problem::new(Code::LinkExpired, "this link has ended") } else { unknown() }
}

/// An error: a small page for a browser, JSON for other callers.
pub(crate) fn problem(problem: Problem, headers: &HeaderMap) -> Response {
    if !wants_html(headers) {
        return private(problem.into_response());
    }
    if let Some(cause) = problem.causes() {
        tracing::error!(error.code = problem.code().as_str(), error.cause = %cause, "visitor could not be redirected");
    }
    let status = problem.code().status();
    let page = match problem.code() {
        Code::NotFound => Html::no_link(),
        Code::LinkExpired => Html::message(status, "This link has ended", "Its owner has set an end, and it has passed."),
        Code::RateLimited => Html::message(status, "Too many attempts", "Wait a minute, then try again."),
        _ if status.is_server_error() => {
            Html::message(status, "Try again shortly", "Something is wrong on our side. Trying again in a moment usually helps.")
        }
        _ => Html::message(status, "This did not work", "Go back and try again."),
    };
    let (parts, _) = problem.into_response().into_parts();
    let mut response = private(page.into_response());
    for name in [http::header::RETRY_AFTER, http::header::ALLOW] {
        if let Some(value) = parts.headers.get(&name) {
            response.headers_mut().insert(name, value.clone());
        }
    }
    response
}
