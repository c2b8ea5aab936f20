//! Exporting: requests page after page from the analytics function and writes each as it arrives.
//!
//! At most one page is in memory. CSV pages are concatenated, with one header; the items of JSON pages form one array.

use std::fs::{self, File};
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};
use std::time::Duration;

use api::ApiState;
use axum::body::Body;
use domain::values::id::ClickId;
use domain::values::moment::Day;
use domain::values::name::{CampaignId, Handle, UserId};
use http::Request;
use http_body_util::BodyExt;
use serde::Deserialize;
use serde_json::value::RawValue;
use tower::ServiceExt;

use super::Progress;
use crate::keys::Keys;
use crate::{Error, token};

/// Lifetime of the token of one page.
const TOKEN_TTL: Duration = Duration::from_secs(300);

/// What a row of an export is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub enum RowType {
    /// A click.
    Clicks,
    /// A ledger entry: a conversion or an adjustment.
    Conversions,
    /// A UTC day.
    Daily,
}

impl RowType {
    const fn as_str(self) -> &'static str {
        match self {
            Self::Clicks => "clicks",
            Self::Conversions => "conversions",
            Self::Daily => "daily",
        }
    }
}

/// The file format.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub enum ExportFormat {
    /// CSV (RFC 4180).
    Csv,
    /// One JSON array.
    Json,
}

impl ExportFormat {
    const fn as_str(self) -> &'static str {
        match self {
            Self::Csv => "csv",
            Self::Json => "json",
        }
    }
}

/// An export.
#[derive(Clone, Debug)]
pub struct ExportRequest {
    /// The handle.
    pub handle: Handle,
    /// The first day.
    pub from: Day,
    /// The last day.
    pub to: Day,
    /// Only this campaign's rows.
    pub campaign: Option<CampaignId>,
    /// What a row is.
    pub kind: RowType,
    /// The file format.
    pub format: ExportFormat,
}

impl ExportRequest {
    /// The number of days.
    pub fn days(&self) -> u64 {
        u64::try_from(self.from.days_to(self.to)).unwrap_or_default()
    }

    fn path(&self, cursor: Option<&str>) -> String {
        let mut query = url::form_urlencoded::Serializer::new(String::new());
        query.append_pair("type", self.kind.as_str()).append_pair("format", self.format.as_str());
        query.append_pair("from", &self.from.to_string()).append_pair("to", &self.to.to_string());
        let others = [("campaignId", self.campaign.as_ref().map(CampaignId::as_str)), ("cursor", cursor)];
        for (name, value) in others {
            if let Some(value) = value {
                query.append_pair(name, value);
            }
        }
        format!("/v2/handles/{}/analytics/export?{}", self.handle, query.finish())
    }

    /// The day a cursor has reached.
    fn day_of(&self, cursor: &str) -> Option<Day> {
        match self.kind {
            RowType::Clicks => cursor.parse::<ClickId>().ok().map(|id| id.moment().day()),
            RowType::Conversions => store::ledger_cursor_moment(cursor).map(|moment| moment.day()),
            RowType::Daily => None,
        }
    }
}

/// The result of an export.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ExportSummary {
    /// Rows.
    pub rows: u64,
    /// Pages.
    pub pages: u64,
}

/// Writes the rows that the analytics function returns to the owner of the handle.
///
/// # Errors
/// When there is no such handle, the function refuses, or the rows cannot be written.
pub async fn run(
    analytics: &ApiState,
    keys: &Keys,
    request: &ExportRequest,
    out: &mut impl Write,
    progress: &mut impl Progress,
) -> Result<ExportSummary, Error> {
    if request.days() < 1 {
        return Err(Error::Days { from: request.from, to: request.to });
    }
    let profile = analytics.store().profiles().get(&request.handle).await.map_err(Error::database)?;
    let owner = profile.ok_or_else(|| Error::NoHandle(request.handle.clone()))?.owner;
    let (mut done, mut cursor, mut day) = (ExportSummary::default(), None, request.from);
    progress.day_started(&request.handle, day);
    loop {
        let page = request_page(analytics, keys, &owner, &request.path(cursor.as_deref())).await?;
        let rows = match request.format {
            ExportFormat::Csv => write_csv(&page, out)?,
            ExportFormat::Json => write_json(&page, done.rows == 0, out)?,
        };
        done.rows += u64::try_from(rows).unwrap_or_default();
        done.pages += 1;
        progress.records_read(rows);
        cursor = page.next_cursor;
        let reached = cursor.as_deref().map_or(Some(request.to), |cursor| request.day_of(cursor));
        while reached.is_some_and(|reached| day < reached) {
            progress.day_done();
            day = day.plus(1);
            progress.day_started(&request.handle, day);
        }
        if cursor.is_none() {
            break;
        }
    }
    if request.format == ExportFormat::Json {
        out.write_all(if done.rows == 0 { b"[]\n" } else { b"\n]\n" })?;
    }
    progress.day_done();
    Ok(done)
}

/// A page of the export.
struct Page {
    body: Vec<u8>,
    has_header: bool,
    next_cursor: Option<String>,
}

async fn request_page(analytics: &ApiState, keys: &Keys, owner: &UserId, path: &str) -> Result<Page, Error> {
    let token = token::mint(keys, owner.as_str(), &[], analytics.now().millis(), TOKEN_TTL)?;
    let request = Request::builder().uri(path).header("authorization", format!("Bearer {token}")).body(Body::empty());
    let response = analytics::service(analytics.clone()).oneshot(request.map_err(refused)?).await.map_err(refused)?;
    let (parts, body) = response.into_parts();
    let body = body.collect().await.map_err(refused)?.to_bytes().to_vec();
    if !parts.status.is_success() {
        return Err(Error::Refused(String::from_utf8_lossy(&body).into_owned()));
    }
    let header = |name| parts.headers.get(name).and_then(|value| value.to_str().ok());
    let has_header = header("content-type").is_some_and(|kind| kind.contains("header=present"));
    Ok(Page { body, has_header, next_cursor: header("x-next-cursor").map(str::to_owned) })
}

fn refused(error: impl ToString) -> Error {
    Error::Refused(error.to_string())
}

fn write_csv(page: &Page, out: &mut impl Write) -> Result<usize, Error> {
    out.write_all(&page.body)?;
    let mut rows = csv::ReaderBuilder::new().has_headers(page.has_header).from_reader(page.body.as_slice());
    Ok(rows.byte_records().count())
}

/// The items of a page, unparsed.
#[derive(Deserialize)]
struct Items<'a> {
    #[serde(borrow)]
    items: Vec<&'a RawValue>,
}

fn write_json(page: &Page, is_first: bool, out: &mut impl Write) -> Result<usize, Error> {
    let page: Items<'_> = serde_json::from_slice(&page.body).map_err(refused)?;
    for (number, item) in page.items.iter().enumerate() {
        let before = if is_first && number == 0 { "[\n" } else { ",\n" };
        write!(out, "{before}{}", item.get())?;
    }
    Ok(page.items.len())
}

/// A file that gets its name when it is complete; dropping it earlier removes it.
pub struct PartialFile {
    file: BufWriter<File>,
    partial: PathBuf,
    name: PathBuf,
}

impl PartialFile {
    /// Starts a file `<name>.part`; a file called `name` is unchanged until [`Self::finish`].
    ///
    /// # Errors
    /// When it cannot be created.
    pub fn create(name: &Path) -> io::Result<Self> {
        let mut partial = name.as_os_str().to_owned();
        partial.push(".part");
        let partial = PathBuf::from(partial);
        Ok(Self { file: BufWriter::new(File::create(&partial)?), partial, name: name.to_owned() })
    }

    /// Gives the file its name.
    ///
    /// # Errors
    /// When it cannot be written or renamed.
    pub fn finish(mut self) -> io::Result<()> {
        self.file.flush()?;
        self.file.get_ref().sync_all()?;
        fs::rename(&self.partial, &self.name)
    }
}

impl Write for PartialFile {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.file.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.file.flush()
    }
}

impl Drop for PartialFile {
    fn drop(&mut self) {
        // After `finish` there is no such file.
        let _ = fs::remove_file(&self.partial);
    }
}
