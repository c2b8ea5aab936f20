//! Routing rules: those of one link (specification §5).

use serde::{Deserialize, Serialize};

use crate::links::conditions::Conditions;
use crate::values::destination::{Destination, OwnHosts};
use crate::values::form::{self, Form};

/// The highest priority number a rule may have; the lowest is 0.
pub(crate) const MAX_PRIORITY: i64 = 1_000_000;

/// A rule of one link.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
pub struct RoutingRule {
    /// The lowest number is evaluated first.
    #[serde(default)]
    pub priority: i64,
    /// Where a matching visitor goes.
    pub destination_url: Destination,
    /// What it asks for.
    #[serde(default)]
    pub conditions: Conditions,
}

impl RoutingRule {
    pub(crate) fn read(form: &mut Form<'_>, own: &OwnHosts) -> Option<Self> {
        let priority = priority(form, "The lowest number is evaluated first, equal ones in the order of the list; 0 when left out.");
        let destination_url = form.required("destinationUrl", "Where a matching visitor goes.", Destination::field(own));
        let conditions = form.object("conditions", "All of them hold for the rule to match; without any it always does.", Conditions::read);
        Some(Self { priority, destination_url: destination_url?, conditions: conditions.unwrap_or_default() })
    }
}

/// The member `priority` of any rule.
pub(crate) fn priority(form: &mut Form<'_>, doc: &'static str) -> i64 {
    form.optional("priority", doc, form::integer(0..=MAX_PRIORITY)).unwrap_or(0)
}
