//! What a page is to do when a rule matches.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::values::destination::{Destination, OwnHosts};
use crate::values::form::{self, Form};

const MAX_DATA: usize = 4096;

/// What kind of action.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "lowercase")]
#[cfg_attr(feature = "openapi", schema(as = ChainActionType))]
pub enum ActionType {
    /// Go somewhere else.
    Redirect,
    /// Show another call to action.
    Cta,
    /// Open a window.
    Popup,
    /// Show a strip.
    Banner,
    /// Say something.
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
    /// What its button says.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub label: Option<String>,
    /// Whatever else the page knows to make something of.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(value_type = Option<Object>))]
    pub data: Option<Value>,
}

impl Action {
    pub(super) fn read(form: &mut Form<'_>, own: &OwnHosts) -> Option<Self> {
        let kind = form.required("type", |value| {
            serde_json::from_value::<ActionType>(value).map_err(|_| "must be redirect, cta, popup, banner, message or none")
        });
        let address = |value| Destination::admit(&form::text(value)?, own).map_err(|error| error.to_string());
        let destination_url = if kind == Some(ActionType::Redirect) {
            form.required("destinationUrl", address)
        } else {
            form.optional("destinationUrl", address)
        };
        let data = form.optional("data", |value| match &value {
            Value::Object(_) if value.to_string().len() <= MAX_DATA => Ok(value),
            Value::Object(_) => Err(format!("must be at most {MAX_DATA} bytes of JSON")),
            _ => Err("must be an object".to_owned()),
        });
        let title = form.optional("title", form::text_up_to(200));
        let text = form.optional("text", form::text_up_to(2000));
        let label = form.optional("label", form::text_up_to(100));
        Some(Self { kind: kind?, destination_url, title, text, label, data })
    }
}
