//! Small HTML pages for browsers; text in them is escaped.

use axum::response::{IntoResponse, Response};
use http::header::{ACCEPT, CONTENT_SECURITY_POLICY, CONTENT_TYPE, X_CONTENT_TYPE_OPTIONS};
use http::{HeaderMap, HeaderValue, StatusCode};

/// A page with a status; its content security policy allows no scripts and nothing from other origins.
pub struct Html {
    /// The status.
    pub status: StatusCode,
    /// What its forms may do.
    pub forms: Forms,
    /// The title, as text.
    pub title: String,
    /// Additional markup of the head.
    pub head: String,
    /// Markup of the body.
    pub body: String,
}

/// What the forms of a page may do.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Forms {
    /// The page has none, and none can be submitted.
    None,
    /// The page posts to its own address, and the answer redirects to another origin.
    Redirected,
}

impl Forms {
    /// The content security policy of a page.
    fn policy(self) -> &'static str {
        match self {
            Self::None => "default-src 'none'; style-src 'unsafe-inline'; form-action 'none'; frame-ancestors 'none'; base-uri 'none'",
            // Chromium applies `form-action` to the redirect that answers the form as well, so `'self'` stops a visitor there. Naming
            // the destination would disclose it before the password is known, and any list of schemes would exclude links into apps.
            // Nothing of this page comes from a visitor, scripts and <base> are forbidden, and a form without an action posts to the
            // page's own address: without the directive no other form can be submitted either.
            Self::Redirected => "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'; base-uri 'none'",
        }
    }
}

impl Html {
    /// A page with one paragraph of text.
    pub fn message(status: StatusCode, title: &str, text: &str) -> Self {
        Self { status, forms: Forms::None, title: title.to_owned(), head: String::new(), body: format!("<p>{}</p>", escape(text)) }
    }

    /// For a visitor of an address without a link.
    pub fn no_link() -> Self {
        let text = "There is no link at this address. Check it for typing errors, or ask the person who gave it to you.";
        Self::message(StatusCode::NOT_FOUND, "Link not found", text)
    }

    /// The document.
    pub fn render(&self) -> String {
        let Self { title, head, body, .. } = self;
        let title = escape(title);
        format!(
            r#"<!doctype html><html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width,initial-scale=1"><meta name="robots" content="noindex"><title>{title}</title>{head}<style>body{{font:16px/1.5 system-ui,sans-serif;margin:15vh auto;max-width:28rem;padding:0 1rem;color:#1a1a1a;background:#fff}}h1{{font-size:1.4rem}}a,button{{color:#0b5cad}}input,button{{font:inherit;padding:.5rem;margin:.25rem 0;box-sizing:border-box}}input{{width:100%}}@media(prefers-color-scheme:dark){{body{{color:#eee;background:#161616}}a,button{{color:#7db8f5}}}}</style></head><body><main><h1>{title}</h1>{body}</main></body></html>"#
        )
    }
}

impl IntoResponse for Html {
    fn into_response(self) -> Response {
        let mut response = (self.status, self.render()).into_response();
        let headers = response.headers_mut();
        headers.insert(CONTENT_TYPE, HeaderValue::from_static("text/html; charset=utf-8"));
        headers.insert(CONTENT_SECURITY_POLICY, HeaderValue::from_static(self.forms.policy()));
        headers.insert(X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
        response
    }
}

/// Text escaped for elements and quoted attributes.
pub fn escape(text: &str) -> String {
    text.chars().fold(String::with_capacity(text.len()), |mut safe, c| {
        match c {
            '&' => safe.push_str("&amp;"),
            '<' => safe.push_str("&lt;"),
            '>' => safe.push_str("&gt;"),
            '"' => safe.push_str("&quot;"),
            '\'' => safe.push_str("&#39;"),
            other => safe.push(other),
        }
        safe
    })
}

/// Whether the caller accepts HTML, as browsers do.
pub fn wants_html(headers: &HeaderMap) -> bool {
    headers.get_all(ACCEPT).iter().filter_map(|value| value.to_str().ok()).any(|accept| accept.to_ascii_lowercase().contains("text/html"))
}
