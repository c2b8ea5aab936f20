//! What a page is to do when a rule matches.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::values::destination::{Destination, OwnHosts};
use crate::values::form::{self, Form};

const MAX_DATA_BYTES: usize = 4096;

/// What kind of action.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "lowercase")]
#[cfg_attr(feature = "openapi", schema(as = ChainActionType))]
pub enum ActionType {
    /// Go to another address.
    Redirect,
    /// Show another call to action.
    Cta,
    /// Open a popup.
    Popup,
    /// Show a banner.
    Banner,
    /// Show a message.
    Message,
    /// Nothing.
    #[default]
    None,
}

/// An action.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
#[cfg_attr(feature = "openapi", schema(as = ChainAction))]
pub struct Action {
    /// What kind.
    #[serde(rename = "type")]
    pub kind: ActionType,
    /// Where it leads; a redirect needs it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub destination_url: Option<Destination>,
    /// Its heading.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub title: Option<String>,
    /// Its text.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub text: Option<String>,
    /// The label of its button.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub label: Option<String>,
    /// Anything else the page uses.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(value_type = Option<Object>))]
    pub data: Option<Value>,
}

impl Action {
    pub(super) fn read(form: &mut Form<'_>, own: &OwnHosts) -> Option<Self> {
        let kinds = form::one_of([
            ("redirect", ActionType::Redirect),
            ("cta", ActionType::Cta),
            ("popup", ActionType::Popup),
            ("banner", ActionType::Banner),
            ("message", ActionType::Message),
            ("none", ActionType::None),
        ]);
        let kind = form.required("type", "What the page is to do.", kinds);
        let is_redirect = kind == Some(ActionType::Redirect);
        let doc = "Where it leads; required for `redirect`.";
        let destination_url = form.required_if(is_redirect, "destinationUrl", doc, Destination::field(own));
        let data = form.optional("data", "Anything else the page uses, at most 4 KiB of JSON.", form::json_object(MAX_DATA_BYTES));
        let title = form.optional("title", "Its heading.", form::text(0..=200));
        let text = form.optional("text", "Its text.", form::text(0..=2000));
        let label = form.optional("label", "The label of its button.", form::text(0..=100));
        Some(Self { kind: kind?, destination_url, title, text, label, data })
    }
}
