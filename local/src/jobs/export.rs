//! Exporting: what the analytics function answers, asked page after page and written on as it comes.
//!
//! No more than a page is in memory at a time. Pages of a CSV stand one after another, the header before the first; the
//! items of JSON pages stand in one array.

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

use super::Watcher;
use crate::keys::Keys;
use crate::{Error, token};

/// How long the token of one page is good.
const TOKEN_LIFE: Duration = Duration::from_secs(300);

/// What a row is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub enum Kind {
    /// A click.
    Clicks,
    /// An entry of the ledger.
    Conversions,
    /// A UTC day.
    Daily,
}

impl Kind {
    const fn as_str(self) -> &'static str {
        match self {
            Self::Clicks => "clicks",
            Self::Conversions => "conversions",
            Self::Daily => "daily",
        }
    }
}

/// How rows are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub enum Format {
    /// RFC 4180.
    Csv,
    /// One array.
    Json,
}

impl Format {
    const fn as_str(self) -> &'static str {
        match self {
            Self::Csv => "csv",
            Self::Json => "json",
        }
    }
}

/// What is to be exported.
#[derive(Clone, Debug)]
pub struct Wanted {
    /// Whose.
    pub handle: Handle,
    /// The first day.
    pub from: Day,
    /// The last day.
    pub to: Day,
    /// Only this campaign's.
    pub campaign: Option<CampaignId>,
    /// What a row is.
    pub kind: Kind,
    /// How rows are written.
    pub format: Format,
}

impl Wanted {
    /// How many days it covers.
    pub fn size(&self) -> u64 {
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

    /// The day a cursor has come to.
    fn day_of(&self, cursor: &str) -> Option<Day> {
        match self.kind {
            Kind::Clicks => cursor.parse::<ClickId>().ok().map(|id| id.moment().day()),
            Kind::Conversions => store::ledger_cursor_moment(cursor).map(|moment| moment.day()),
            Kind::Daily => None,
        }
    }
}

/// What an export has written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Summary {
    /// Rows.
    pub rows: u64,
    /// Pages they came in.
    pub pages: u64,
}

/// Writes everything wanted, as the analytics function answers the owner of the handle.
///
/// # Errors
/// When there is no such handle, the function refuses, or the rows cannot be written.
pub async fn run(
    analytics: &ApiState,
    keys: &Keys,
    wanted: &Wanted,
    out: &mut impl Write,
    watcher: &mut impl Watcher,
) -> Result<Summary, Error> {
    if wanted.size() < 1 {
        return Err(Error::Days { from: wanted.from, to: wanted.to });
    }
    let profile = analytics.store().profiles().get(&wanted.handle).await.map_err(Error::database)?;
    let owner = profile.ok_or_else(|| Error::NoHandle(wanted.handle.clone()))?.owner;
    let (mut done, mut cursor, mut day) = (Summary::default(), None, wanted.from);
    watcher.begins(&wanted.handle, day);
    loop {
        let page = ask(analytics, keys, &owner, &wanted.path(cursor.as_deref())).await?;
        let rows = match wanted.format {
            Format::Csv => write_csv(&page, out)?,
            Format::Json => write_json(&page, done.rows == 0, out)?,
        };
        done.rows += u64::try_from(rows).unwrap_or_default();
        done.pages += 1;
        watcher.has_read(rows);
        cursor = page.next_cursor;
        let reached = cursor.as_deref().map_or(Some(wanted.to), |cursor| wanted.day_of(cursor));
        while reached.is_some_and(|reached| day < reached) {
            watcher.day_done();
            day = day.plus(1);
            watcher.begins(&wanted.handle, day);
        }
        if cursor.is_none() {
            break;
        }
    }
    if wanted.format == Format::Json {
        out.write_all(if done.rows == 0 { b"[]\n" } else { b"\n]\n" })?;
    }
    watcher.day_done();
    Ok(done)
}

/// One answer of the function.
struct Page {
    body: Vec<u8>,
    has_header: bool,
    next_cursor: Option<String>,
}

async fn ask(analytics: &ApiState, keys: &Keys, owner: &UserId, path: &str) -> Result<Page, Error> {
    let token = token::mint(keys, owner.as_str(), &[], analytics.now().millis(), TOKEN_LIFE)?;
    let request = Request::builder().uri(path).header("authorization", format!("Bearer {token}")).body(Body::empty());
    let answer = analytics::service(analytics.clone()).oneshot(request.map_err(refused)?).await.map_err(refused)?;
    let (parts, body) = answer.into_parts();
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

/// The items of a page, each exactly as it came.
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

/// A file under construction: it stands under its name when it is whole.
pub struct Draft {
    file: BufWriter<File>,
    at: PathBuf,
    name: PathBuf,
}

impl Draft {
    /// Begins a file, beside the one that may stand there.
    ///
    /// # Errors
    /// When it cannot be made.
    pub fn of(name: &Path) -> io::Result<Self> {
        let mut at = name.as_os_str().to_owned();
        at.push(".part");
        let at = PathBuf::from(at);
        Ok(Self { file: BufWriter::new(File::create(&at)?), at, name: name.to_owned() })
    }

    /// Puts it under its name.
    ///
    /// # Errors
    /// When it cannot be written to its end.
    pub fn keep(mut self) -> io::Result<()> {
        self.file.flush()?;
        self.file.get_ref().sync_all()?;
        fs::rename(&self.at, &self.name)
    }
}

impl Write for Draft {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.file.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.file.flush()
    }
}

impl Drop for Draft {
    fn drop(&mut self) {
        // Where it was kept, it is no longer here.
        let _ = fs::remove_file(&self.at);
    }
}
