//! The bodies of requests that write a link (specification §4).

use std::collections::BTreeSet;

use serde_json::Value;

use super::{LinkSettings, MAX_RULES, PasswordChange, RedirectType, Tracking, TrackingPolicy, Transport};
use crate::links::rules::RoutingRule;
use crate::values::destination::{Destination, OwnHosts};
use crate::values::form::{self, Faults, Field, Form, Unknown};
use crate::values::moment::Moment;
use crate::values::name::Slug;
use crate::values::schema::{Schema, SchemaKind};

/// Tags, and categories, one link may have.
const MAX_LABELS: usize = 50;
/// Characters of a campaign parameter.
const MAX_UTM: usize = 200;

impl LinkSettings {
    /// Reads the body of a link write.
    ///
    /// # Errors
    /// Every bad field at once.
    pub fn read(body: Value, own: &OwnHosts) -> Result<(Self, PasswordChange), Faults> {
        form::read(body, Unknown::Refuse, |form| Self::fields(form, own))
    }

    /// Describes the body of a link write.
    pub fn body() -> Schema {
        form::describe(Unknown::Refuse, |form| Self::fields(form, &OwnHosts::default()))
    }

    /// Reads the members of a link write from a form that may hold others too.
    pub(crate) fn fields(form: &mut Form<'_>, own: &OwnHosts) -> Option<(Self, PasswordChange)> {
        let destination_url = form.required("destinationUrl", "Where visitors go when no rule matches.", Destination::field(own));
        let (scheduled_start_at, scheduled_end_at) = schedule(form);
        let password = form.patch(
            "password",
            "Asked of visitors. Left out, the present one stays, because it cannot be read back; null removes it.",
            form::text(1..=128),
        );
        let settings = Self {
            title: form.optional("title", "Shown in lists.", form::text(0..=200)),
            description: form.optional("description", "Free text.", form::text(0..=2000)),
            tags: form.list("tags", "Labels.", MAX_LABELS, form::text(0..=64)),
            categories: form.list("categories", "Coarser labels.", MAX_LABELS, form::text(0..=64)),
            enabled: form.optional("enabled", "False: the link answers 404. True when left out.", form::boolean()).unwrap_or(true),
            redirect_type: form
                .optional("redirectType", "The status of the redirect: 302 when left out; 307 keeps the method.", redirect_type())
                .unwrap_or_default(),
            scheduled_start_at,
            scheduled_end_at,
            expires_at: form.optional("expiresAt", "From this moment on the link answers 410.", form::parsed()),
            max_clicks: form
                .optional("maxClicks", "Human clicks after which the link answers 410.", form::integer(1..=1_000_000_000))
                .map(i64::unsigned_abs),
            campaign_id: form.optional("campaignId", "The campaign its clicks and conversions are credited to.", form::parsed()),
            fallback_url: form.optional(
                "fallbackUrl",
                "Where visitors go, without `ctx`, while the link is not open.",
                Destination::field(own),
            ),
            routing_rules: form.objects(
                "routingRules",
                "Rules, evaluated by ascending priority; the first that matches decides.",
                MAX_RULES,
                |rule| RoutingRule::read(rule, own),
            ),
            tracking: form
                .object("tracking", "Campaign parameters, added to the destination where it lacks them.", Tracking::read)
                .unwrap_or_default(),
            tracking_policy: form.object("trackingPolicy", "How a click's context travels on.", TrackingPolicy::read).unwrap_or_default(),
            query_passthrough: form
                .optional(
                    "queryPassthrough",
                    "Whether the visitor's own query parameters are passed on; false when left out.",
                    form::boolean(),
                )
                .unwrap_or(false),
            og_title: form.optional("ogTitle", "Title of the social preview.", form::text(0..=200)),
            og_description: form.optional("ogDescription", "Text of the social preview.", form::text(0..=500)),
            og_image: form.optional("ogImage", "Picture of the social preview.", Destination::field(own)),
            destination_url: destination_url?,
        };
        Some((settings, password.into()))
    }
}

/// Links that one request may write.
pub const MAX_BATCH: usize = 100;
/// Bytes of JSON that a link of a batch may have; the whole request has no more.
const MAX_BATCHED_BYTES: usize = 64 * 1024;

/// A link of a batch.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BatchedLink {
    /// Its slug.
    pub slug: Slug,
    /// What its owner sets.
    pub settings: LinkSettings,
}

/// The links of a batch, each read by itself: one that is refused refuses no other.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LinkBatch(pub Vec<Result<BatchedLink, Faults>>);

impl LinkBatch {
    /// Reads `{links: […]}`.
    ///
    /// # Errors
    /// When it is not a list of 1 to [`MAX_BATCH`] objects. What is wrong with a link is in its place.
    pub fn read(body: Value, own: &OwnHosts) -> Result<Self, Faults> {
        let links = form::read(body, Unknown::Refuse, |form| Some(Self::fields(form)))?;
        let mut slugs = BTreeSet::new();
        let read = |link: Value| {
            let link = form::read(link, Unknown::Refuse, |form| BatchedLink::fields(form, own))?;
            let is_first = slugs.insert(link.slug.clone());
            if is_first { Ok(link) } else { Err(Faults::one("slug", "is named by an earlier link of this batch")) }
        };
        Ok(Self(links.into_iter().map(read).collect()))
    }

    /// Describes the body of a batch.
    pub fn body() -> Schema {
        form::describe(Unknown::Refuse, |form| Some(Self::fields(form)))
    }

    fn fields(form: &mut Form<'_>) -> Vec<Value> {
        let doc = "Links, each with its `slug` and otherwise as `PUT …/links/{slug}` takes it, but without `password`.";
        form.required_list("links", doc, 1..=MAX_BATCH, form::json_object(MAX_BATCHED_BYTES))
    }
}

impl BatchedLink {
    fn fields(form: &mut Form<'_>, own: &OwnHosts) -> Option<Self> {
        let slug = form.required("slug", "Its path.", form::parsed());
        if form.has("password") || form.is_null("password") {
            form.fault("password", "is not written in batches, since hashing it takes long; write this link by itself");
        }
        let (settings, _) = LinkSettings::fields(form, own)?;
        Some(Self { slug: slug?, settings })
    }
}

/// When the link begins and ends to be open.
fn schedule(form: &mut Form<'_>) -> (Option<Moment>, Option<Moment>) {
    let start = form.optional("scheduledStartAt", "Before this moment the link answers 404.", form::parsed::<Moment>());
    let doc = "From this moment on the link answers 410; after `scheduledStartAt`.";
    let end = form.optional("scheduledEndAt", doc, form::parsed::<Moment>());
    if start.zip(end).is_some_and(|(start, end)| end <= start) {
        form.fault("scheduledEndAt", "must be after scheduledStartAt");
    }
    (start, end)
}

impl Tracking {
    fn read(form: &mut Form<'_>) -> Option<Self> {
        let value = || form::text(0..=MAX_UTM);
        Some(Self {
            utm_source: form.optional("utmSource", "`utm_source`.", value()),
            utm_medium: form.optional("utmMedium", "`utm_medium`.", value()),
            utm_campaign: form.optional("utmCampaign", "`utm_campaign`.", value()),
            utm_term: form.optional("utmTerm", "`utm_term`.", value()),
            utm_content: form.optional("utmContent", "`utm_content`.", value()),
        })
    }
}

impl TrackingPolicy {
    fn read(form: &mut Form<'_>) -> Option<Self> {
        let modes = form::one_of([("DIRECT", Transport::Direct), ("BRIDGE", Transport::Bridge)]);
        let mode =
            form.optional("mode", "`DIRECT` (when left out): a redirect; `BRIDGE`: a page in between that works with scripts off.", modes);
        let append =
            form.optional("appendContextParam", "Whether `ctx` is appended to the destination; true when left out.", form::boolean());
        Some(Self { mode: mode.unwrap_or_default(), append_context_param: append.unwrap_or(true) })
    }
}

fn redirect_type() -> impl Field<Output = RedirectType> {
    let schema = || Schema::new(SchemaKind::Integer { min: 302, max: 307, one_of: vec![302, 307] });
    form::leaf(schema, |value| {
        let status = form::integer(302..=307).read(value).ok().and_then(|status| u16::try_from(status).ok());
        status.filter(|status| matches!(status, 302 | 307)).map(RedirectType::from).ok_or_else(|| "must be 302 or 307".to_owned())
    })
}

/// The version a link is to be rolled back to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rollback {
    /// An earlier version.
    pub version: u64,
}

impl Rollback {
    /// Reads the body of a rollback.
    ///
    /// # Errors
    /// Every bad field at once.
    pub fn read(body: Value) -> Result<Self, Faults> {
        form::read(body, Unknown::Refuse, Self::fields)
    }

    /// Describes the body of a rollback.
    pub fn body() -> Schema {
        form::describe(Unknown::Refuse, Self::fields)
    }

    fn fields(form: &mut Form<'_>) -> Option<Self> {
        let version = form.required("version", "The version to restore.", form::integer(1..=i64::MAX));
        Some(Self { version: version?.unsigned_abs() })
    }
}
