//! The query parameters of an export.

use api::DayRange;
use domain::reports::Selection;
use domain::values::form::{self, Faults, Field, Form};
use domain::values::id::ClickId;
use domain::values::moment::{Day, Moment};
use domain::values::name::{CampaignId, Handle, Slug};

api::query_parameters!(ExportParameters, |form| Some(ExportQuery::fields(form, Moment::from_millis(0).day())));

/// How an export is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum FileFormat {
    Csv,
    Json,
}

impl FileFormat {
    pub(super) const fn as_str(self) -> &'static str {
        match self {
            Self::Csv => "csv",
            Self::Json => "json",
        }
    }

    /// The media type; that of a CSV states whether the page has the header row (RFC 4180).
    pub(super) const fn content_type(self, is_first: bool) -> &'static str {
        match (self, is_first) {
            (Self::Csv, true) => "text/csv; charset=utf-8; header=present",
            (Self::Csv, false) => "text/csv; charset=utf-8; header=absent",
            (Self::Json, _) => "application/json",
        }
    }
}

/// What one row of an export is.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum ExportKind {
    Clicks,
    Conversions,
    Daily,
}

impl ExportKind {
    pub(super) const fn as_str(self) -> &'static str {
        match self {
            Self::Clicks => "clicks",
            Self::Conversions => "conversions",
            Self::Daily => "daily",
        }
    }
}

/// The parameters of an export.
pub(super) struct ExportQuery {
    pub(super) handle: Handle,
    pub(super) kind: ExportKind,
    pub(super) format: FileFormat,
    campaign: Option<CampaignId>,
    slug: Option<Slug>,
    pub(super) range: DayRange,
    pub(super) cursor: Option<Cursor>,
}

/// Where a page begins.
pub(super) enum Cursor {
    /// After this click.
    Click(ClickId),
    /// After this position of the ledger.
    Entry(String),
}

impl ExportQuery {
    /// # Errors
    /// Every parameter that is unknown, given twice or malformed.
    pub(super) fn read(handle: &Handle, query: &str, today: Day) -> Result<Self, Faults> {
        let with_handle = form::read_query(query, |form| Some(Self::fields(form, today)))?;
        Ok(with_handle(handle.clone()))
    }

    /// Everything but the handle, which is in the path.
    fn fields(form: &mut Form<'_>, today: Day) -> impl FnOnce(Handle) -> Self + use<> {
        let kinds = form::one_of([ExportKind::Clicks, ExportKind::Conversions, ExportKind::Daily].map(|kind| (kind.as_str(), kind)));
        let doc = "clicks (when left out): one row per click; conversions: one row per ledger entry; daily: one row per UTC day.";
        let kind = form.optional("type", doc, kinds).unwrap_or(ExportKind::Clicks);
        let range = DayRange::read(form, today);
        let formats = form::one_of([FileFormat::Csv, FileFormat::Json].map(|format| (format.as_str(), format)));
        let cursor = form::any_text().then(move |text| {
            let cursor = Cursor::read(&text, kind, range);
            cursor.ok_or_else(|| "must be the x-next-cursor of the page before, with all else as it was".to_owned())
        });
        let format = form.optional("format", "csv when left out.", formats).unwrap_or(FileFormat::Csv);
        let campaign = form.optional("campaignId", "Only what is credited to this campaign.", form::parsed());
        let slug = form.optional("slug", "Only this link.", form::parsed());
        let doc = "The `x-next-cursor` of the page before; the other parameters must not change.";
        let cursor = form.optional("cursor", doc, cursor);
        move |handle| Self { handle, kind, format, campaign, slug, range, cursor }
    }

    /// Whether a row of this link and campaign belongs to the export.
    pub(super) fn keeps(&self, slug: &Slug, campaign: Option<&CampaignId>) -> bool {
        self.slug.as_ref().is_none_or(|wanted| wanted == slug) && self.campaign.as_ref().is_none_or(|wanted| Some(wanted) == campaign)
    }

    /// The report cells that cover the export.
    pub(super) fn selection(&self) -> Selection {
        Selection::of(self.campaign.clone(), self.slug.clone())
    }

    /// `demo-clicks-partner-alpha-2026-03-01-2026-03-31.csv`; no part can hold anything but letters, digits, `-` and `_`.
    pub(super) fn file_name(&self) -> String {
        let mut name = format!("{}-{}", self.handle, self.kind.as_str());
        for filter in [self.campaign.as_ref().map(CampaignId::as_str), self.slug.as_ref().map(Slug::as_str)].into_iter().flatten() {
            name.push('-');
            name.push_str(filter);
        }
        let DayRange { from, to } = self.range;
        format!("{name}-{from}-{to}.{}", self.format.as_str())
    }

    /// The query of another page, with everything in it that has a default: the defaults change at midnight.
    pub(super) fn query_from(&self, cursor: &str) -> String {
        let mut query = url::form_urlencoded::Serializer::new(String::new());
        query.append_pair("format", self.format.as_str()).append_pair("type", self.kind.as_str());
        if let Some(campaign) = &self.campaign {
            query.append_pair("campaignId", campaign.as_str());
        }
        if let Some(slug) = &self.slug {
            query.append_pair("slug", slug.as_str());
        }
        let DayRange { from, to } = self.range;
        query.append_pair("from", &from.to_string()).append_pair("to", &to.to_string()).append_pair("cursor", cursor).finish()
    }
}

impl Cursor {
    fn read(text: &str, kind: ExportKind, range: DayRange) -> Option<Self> {
        match kind {
            ExportKind::Clicks => {
                let after: Option<ClickId> = text.parse().ok();
                after.filter(|id| (range.from..=range.to).contains(&id.moment().day())).map(Self::Click)
            }
            ExportKind::Conversions => Some(text).filter(|text| store::is_cursor(text)).map(|text| Self::Entry(text.to_owned())),
            // All days fit one page.
            ExportKind::Daily => None,
        }
    }
}
