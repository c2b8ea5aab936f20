//! The rows of one response as CSV or JSON, and the bytes they take.

use std::borrow::Cow;

use api::Problem;
use domain::values::spreadsheet::harmless;
use serde::Serialize;
use serde_json::Value;

use super::query::FileFormat;

/// Clicks or ledger entries one response looks through, so that a filter that keeps few of them does not take it long.
pub(super) const MAX_SCANNED: usize = 25_000;
/// Bytes one response may carry, well below the six megabytes of a Lambda.
const MAX_BYTES: usize = 4 * 1024 * 1024;

/// One page of an export.
pub(super) struct ExportPage<R> {
    pub(super) sheet: Sheet<R>,
    pub(super) next_cursor: Option<String>,
}

/// The rows of one response; a row's members are the columns of a CSV.
pub(super) struct Sheet<R> {
    columns: Vec<String>,
    written: Written<R>,
    weight: usize,
}

enum Written<R> {
    Csv(Box<csv::Writer<Vec<u8>>>),
    Json(Vec<R>),
}

impl<R: Serialize> Sheet<R> {
    /// An empty sheet; the first page of a CSV begins with its columns' names.
    pub(super) fn begin(format: FileFormat, columns: Vec<String>, is_first: bool) -> Result<Self, Problem> {
        let written = match format {
            FileFormat::Json => Written::Json(Vec::new()),
            FileFormat::Csv => {
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
    pub(super) fn push(&mut self, row: R) -> Result<(), Problem> {
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

    /// The body; `enclose` makes the JSON document of its rows.
    pub(super) fn into_body<D: Serialize>(self, enclose: impl FnOnce(Vec<R>) -> D) -> Result<Vec<u8>, Problem> {
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

/// A value as text; the words of a list are separated by spaces.
fn plain(value: &Value) -> Cow<'_, str> {
    match value {
        Value::Null => Cow::Borrowed(""),
        Value::String(text) => Cow::Borrowed(text),
        Value::Array(words) => Cow::Owned(words.iter().map(plain).collect::<Vec<_>>().join(" ")),
        other => Cow::Owned(other.to_string()),
    }
}

/// The bytes a row takes inside the JSON text that carries a body out of a Lambda: visitors choose the quotes in it.
fn weight(bytes: &[u8]) -> usize {
    let escaped = |byte: &u8| match byte {
        b'"' | b'\\' | b'\r' | b'\n' | b'\t' => 2,
        0..=31 => 6,
        _ => 1,
    };
    bytes.iter().map(escaped).sum()
}
