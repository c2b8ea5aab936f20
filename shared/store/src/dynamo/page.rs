//! Pages of lists and the cursors between them.

use aws_sdk_dynamodb::operation::query::builders::QueryFluentBuilder;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

use domain::values::secret::sha256_hex;

use crate::dynamo::found::{Found, found};
use crate::dynamo::item::{Item, string, text};
use crate::error::{Error, Result};

/// One page of a list and where the next one starts.
#[derive(Clone, Debug)]
pub struct Page<T> {
    /// The entries.
    pub items: Vec<T>,
    /// The cursor of the next page; none on the last.
    pub next_cursor: Option<String>,
    /// The names of the entries of this page that cannot be decoded.
    pub damaged: Vec<String>,
}

impl<T> Page<T> {
    /// A page without damaged entries.
    pub fn new(items: Vec<T>, next_cursor: Option<String>) -> Self {
        Self { items, next_cursor, damaged: Vec::new() }
    }

    /// The first page also names what cannot be decoded of a list that has been read completely.
    #[must_use]
    pub fn with_damaged(self, damaged: Vec<String>, cursor: Option<&str>) -> Self {
        Self { damaged: if cursor.is_none() { damaged } else { Vec::new() }, ..self }
    }

    /// A page of a list that has been read completely; `position` is an entry's sort key, unique in the list.
    ///
    /// # Errors
    /// [`Error::ForeignCursor`] when the cursor is not one of this list.
    pub fn paginate(list: &str, entries: Vec<T>, limit: usize, cursor: Option<&str>, position: impl Fn(&T) -> String) -> Result<Self> {
        let after = decode_cursor(list, cursor)?;
        let mut rest = entries.into_iter().filter(|entry| after.as_ref().is_none_or(|after| position(entry) > *after));
        let items: Vec<T> = rest.by_ref().take(limit).collect();
        let is_more = rest.next().is_some();
        let next_cursor = items.last().filter(|_| is_more).map(|last| encode_cursor(list, &position(last)));
        Ok(Self::new(items, next_cursor))
    }
}

/// Entries of a list that were read in its order, of which a page shows those that pass a filter.
#[derive(Clone, Debug)]
pub struct Stretch<T> {
    list: String,
    entries: Vec<Listed<T>>,
    /// The position up to which the list was read, if it goes on.
    end: Option<String>,
}

/// An entry of a list.
#[derive(Clone, Debug)]
pub(crate) struct Listed<T> {
    /// Its place in the list, to which a cursor refers.
    pub(crate) position: String,
    /// What a page calls it when it cannot be decoded.
    pub(crate) name: String,
    /// The entry.
    pub(crate) value: Found<T>,
}

impl<T> Stretch<T> {
    /// What was read of the list `list`, and the position up to which it was read, if it goes on.
    pub(crate) fn new(list: &str, entries: Vec<Listed<T>>, end: Option<String>) -> Self {
        Self { list: list.to_owned(), entries, end }
    }

    /// The entries that can be decoded.
    pub fn intact(&self) -> impl Iterator<Item = &T> {
        self.entries.iter().filter_map(|entry| entry.value.intact())
    }

    /// The first `limit` entries that pass. The next page begins after what was looked at: a page may be short, or empty, and still
    /// have a cursor. Entries that cannot be decoded are named, since it cannot be known whether they pass.
    pub fn into_page(self, limit: usize, passes: impl Fn(&T) -> bool) -> Page<T> {
        let (mut items, mut damaged, mut last) = (Vec::new(), Vec::new(), None);
        let mut rest = self.entries.into_iter().peekable();
        while let Some(entry) = rest.next_if(|_| items.len() < limit) {
            match entry.value {
                Found::Intact(value) if passes(&value) => items.push(value),
                Found::Intact(_) => {}
                Found::Damaged(_) => damaged.push(entry.name),
            }
            last = Some(entry.position);
        }
        let is_full = rest.any(|entry| entry.value.intact().is_none_or(&passes));
        let next_cursor = if is_full { last } else { self.end }.map(|last| encode_cursor(&self.list, &last));
        Page { items, next_cursor, damaged }
    }
}

/// At most `most` entries, and at most a megabyte, in the order of the query: one `Query`. The attributes `position` and `name` of an
/// item are its place in the list and what a page calls it when it cannot be decoded.
pub(crate) async fn stretch_of<T>(
    query: QueryFluentBuilder,
    (list, partition): (&str, &str),
    most: usize,
    [position, name]: [&str; 2],
    read: impl Fn(&Item) -> Result<T>,
) -> Result<Stretch<T>> {
    let query = query.expression_attribute_values(":pk", text(partition)).limit(i32::try_from(most).unwrap_or(i32::MAX));
    let answer = query.send().await.map_err(Error::call("Query"))?;
    let listed = |item: &Item| {
        let (position, name) = (string(item, position)?.to_owned(), string(item, name)?.to_owned());
        Ok(Listed { position, name, value: found(item, &read)? })
    };
    let entries: Vec<Listed<T>> = answer.items().iter().map(listed).collect::<Result<_>>()?;
    let end = entries.last().filter(|_| answer.last_evaluated_key().is_some()).map(|last| last.position.clone());
    Ok(Stretch::new(list, entries, end))
}

/// A page of a partition, in the order of the query: one `Query`. Entries that cannot be decoded are named by their sort key.
/// The partition's key names the list in its cursors.
pub(crate) async fn page_of<T>(
    query: QueryFluentBuilder,
    partition: &str,
    limit: usize,
    read: impl Fn(&Item) -> Result<T>,
) -> Result<Page<T>> {
    // One entry beyond the page distinguishes a full last page from one that others follow.
    let query = query.expression_attribute_values(":pk", text(partition)).limit(i32::try_from(limit + 1).unwrap_or(i32::MAX));
    let answer = query.send().await.map_err(Error::call("Query"))?;
    let is_more = answer.items().len() > limit || answer.last_evaluated_key().is_some();
    let page = || answer.items().iter().take(limit);
    let last = page().next_back().filter(|_| is_more);
    let next_cursor = last.map(|last| string(last, "sk").map(|position| encode_cursor(partition, position))).transpose()?;
    let (mut items, mut damaged) = (Vec::new(), Vec::new());
    for item in page() {
        match found(item, &read)? {
            Found::Intact(entry) => items.push(entry),
            Found::Damaged(_) => damaged.push(string(item, "sk")?.to_owned()),
        }
    }
    Ok(Page { items, next_cursor, damaged })
}

/// A cursor to a position in a list. It carries a digest of both, so that a cursor of another list or a changed one is detected.
pub fn encode_cursor(list: &str, position: &str) -> String {
    encode_parts(&[&digest(list, position), position])
}

/// The position a cursor names, if there is a cursor.
///
/// # Errors
/// [`Error::ForeignCursor`] when it is not one of this list.
pub fn decode_cursor(list: &str, cursor: Option<&str>) -> Result<Option<String>> {
    let Some(cursor) = cursor else { return Ok(None) };
    match decode_parts(cursor) {
        Some([found, position]) if found == digest(list, &position) => Ok(Some(position)),
        _ => Err(Error::ForeignCursor),
    }
}

fn digest(list: &str, position: &str) -> String {
    sha256_hex(format!("{list}\n{position}").as_bytes()).chars().take(16).collect()
}

/// An opaque cursor of these parts.
pub(crate) fn encode_parts(parts: &[&str]) -> String {
    URL_SAFE_NO_PAD.encode(parts.join("\n"))
}

/// The `N` parts of a cursor; none for any other text.
pub(crate) fn decode_parts<const N: usize>(cursor: &str) -> Option<[String; N]> {
    let text = String::from_utf8(URL_SAFE_NO_PAD.decode(cursor).ok()?).ok()?;
    let parts: Vec<String> = text.split('\n').map(str::to_owned).collect();
    parts.try_into().ok()
}

/// Whether a text has the form of a cursor of this store.
pub fn is_cursor(text: &str) -> bool {
    URL_SAFE_NO_PAD.decode(text).is_ok_and(|bytes| String::from_utf8(bytes).is_ok())
}
