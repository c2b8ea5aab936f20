//! The rows of one response, written as CSV or kept for JSON, and how much of the response they fill.

use std::borrow::Cow;

use api::Problem;
use domain::values::spreadsheet::harmless;
use serde::Serialize;
use serde_json::Value;

use super::Export;
use super::clicks::ClickRow;
use super::conversions::EntryRow;
use super::daily::DayRow;

/// Bytes one response may carry, well below the six megabytes of a Lambda.
const MAX_BYTES: usize = 4 * 1024 * 1024;

/// How an export is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Format {
    Csv,
    Json,
}

impl Format {
    pub(super) const fn as_str(self) -> &'static str {
        match self {
            Self::Csv => "csv",
            Self::Json => "json",
        }
    }

    /// The media type; of a CSV it tells whether the page has the header row (RFC 4180).
    pub(super) const fn content_type(self, is_first: bool) -> &'static str {
        match (self, is_first) {
            (Self::Csv, true) => "text/csv; charset=utf-8; header=present",
            (Self::Csv, false) => "text/csv; charset=utf-8; header=absent",
            (Self::Json, _) => "application/json",
        }
    }
}

/// One row; its members are the columns of a CSV.
#[derive(Serialize, utoipa::ToSchema)]
#[serde(untagged)]
#[schema(as = ExportRow)]
pub(crate) enum Row {
    Click(Box<ClickRow>),
    Entry(Box<EntryRow>),
    Day(DayRow),
}

/// Rows on their way into one response.
pub(super) struct Sheet {
    columns: Vec<String>,
    written: Written,
    weight: usize,
}

enum Written {
    Csv(Box<csv::Writer<Vec<u8>>>),
    Json(Vec<Row>),
}

impl Sheet {
    /// An empty sheet; the first page of a CSV begins with its columns' names.
    pub(super) fn begin(format: Format, columns: Vec<String>, is_first: bool) -> Result<Self, Problem> {
        let written = match format {
            Format::Json => Written::Json(Vec::new()),
            Format::Csv => {
                let mut options = csv::WriterBuilder::new();
                let options = options.terminator(csv::Terminator::CRLF).quote_style(csv::QuoteStyle::NonNumeric);
                let mut writer = options.from_writer(Vec::new());
                if is_first {
                    writer.write_record(&columns).map_err(Problem::internal)?;
                }
                Written::Csv(Box::new(writer))
            }
        };
        Ok(Self { columns, written, weight: 0 })
    }

    /// Adds a row.
    pub(super) fn push(&mut self, row: Row) -> Result<(), Problem> {
        match &mut self.written {
            Written::Json(rows) => {
                self.weight += weight(&serde_json::to_vec(&row).map_err(Problem::internal)?);
                rows.push(row);
            }
            Written::Csv(writer) => {
                writer.flush().map_err(Problem::internal)?;
                let before = writer.get_ref().len();
                let value = serde_json::to_value(&row).map_err(Problem::internal)?;
                let cells = self.columns.iter().map(|column| value.get(column).map(cell).unwrap_or_default());
                writer.write_record(cells).map_err(Problem::internal)?;
                writer.flush().map_err(Problem::internal)?;
                self.weight += weight(writer.get_ref().get(before..).unwrap_or_default());
            }
        }
        Ok(())
    }

    /// Whether no more rows should go into this response.
    pub(super) fn is_full(&self) -> bool {
        self.weight >= MAX_BYTES
    }

    /// The body; `enclose` puts the rows of JSON into what stands around them.
    pub(super) fn into_body(self, enclose: impl FnOnce(Vec<Row>) -> Export) -> Result<Vec<u8>, Problem> {
        match self.written {
            Written::Json(rows) => serde_json::to_vec(&enclose(rows)).map_err(Problem::internal),
            Written::Csv(writer) => writer.into_inner().map_err(|error| Problem::internal(error.into_error())),
        }
    }
}

/// A value as a cell.
fn cell(value: &Value) -> String {
    match value {
        Value::Number(number) => number.to_string(),
        other => harmless(&plain(other)).into_owned(),
    }
}

/// A value as text; words of a list stand apart by blanks.
fn plain(value: &Value) -> Cow<'_, str> {
    match value {
        Value::Null => Cow::Borrowed(""),
        Value::String(text) => Cow::Borrowed(text),
        Value::Array(words) => Cow::Owned(words.iter().map(plain).collect::<Vec<_>>().join(" ")),
        other => Cow::Owned(other.to_string()),
    }
}

/// What bytes take inside the JSON text that carries a body out of a Lambda: strangers choose the quotes in them.
fn weight(bytes: &[u8]) -> usize {
    let escaped = |byte: &u8| match byte {
        b'"' | b'\\' | b'\r' | b'\n' | b'\t' => 2,
        0..=31 => 6,
        _ => 1,
    };
    bytes.iter().map(escaped).sum()
}
