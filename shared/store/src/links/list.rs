//! Lists of links: by slug from the table, by creation from the index `list`.

use domain::links::Link;
use domain::values::id::LinkId;
use domain::values::name::Handle;

use super::Links;
use crate::dynamo::{ListRange, Listed, Stretch, decode_cursor, doc, found, optional, stretch_of, string, table, text};
use crate::error::Result;

/// Sorts before every id.
const FIRST: &str = " ";
/// Sorts after every id.
const LAST: &str = "~";
/// Links that are read at once: the keys of one `BatchGetItem` (DynamoDB).
const LINKS_AT_ONCE: usize = 100;
/// Bytes of links after which no more are read for one page.
const MAX_READ_BYTES: usize = 1024 * 1024;

/// The order of a list of links.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum LinkOrder {
    /// By slug.
    #[default]
    Slug,
    /// By creation, newest first; read from the `list` index, which lags.
    Newest,
}

impl Links<'_> {
    /// At most `most` of a handle's links, and at most a megabyte, in this order after the cursor: one `Query`.
    ///
    /// # Errors
    /// When the cursor is not one of this list, or the table is unavailable.
    pub async fn list(self, handle: &Handle, order: LinkOrder, most: usize, cursor: Option<&str>) -> Result<Stretch<Link>> {
        match order {
            LinkOrder::Slug => {
                let list = table::links(handle);
                let after = decode_cursor(&list, cursor)?.unwrap_or_else(|| " ".to_owned());
                let query = self.db.query().key_condition_expression("pk = :pk AND sk > :after").consistent_read(true);
                stretch_of(query.expression_attribute_values(":after", text(after)), (&list, &list), most, ["sk", "sk"], doc).await
            }
            LinkOrder::Newest => {
                let list = table::links_by_creation(handle);
                let last = decode_cursor(&list, cursor)?.and_then(|last| last.parse::<LinkId>().ok());
                let newest = last.map_or_else(|| LAST.to_owned(), |last| last.before().to_string());
                let range = ListRange::first(most, list.clone()).between(FIRST, newest).newest_first();
                self.of_index(&list, range).await
            }
        }
    }

    /// The links of a part of the index, in its order: one `Query`, and one `BatchGetItem` for a hundred links until a megabyte is read.
    async fn of_index(self, list: &str, range: ListRange) -> Result<Stretch<Link>> {
        let (entries, goes_on) = self.db.list_entries(range).await?;
        let (mut listed, mut bytes, mut read) = (Vec::new(), 0, 0);
        for entries in entries.chunks(LINKS_AT_ONCE) {
            if bytes >= MAX_READ_BYTES {
                break;
            }
            read += entries.len();
            for (position, item) in self.db.items_of(entries).await? {
                bytes += optional(&item, "doc").map_or(0, str::len);
                listed.push(Listed { position, name: string(&item, "sk")?.to_owned(), value: found(&item, doc)? });
            }
        }
        let is_more = goes_on.is_some() || read < entries.len();
        let end = entries.get(read.saturating_sub(1)).filter(|_| is_more).map(|entry| entry.position.clone());
        Ok(Stretch::new(list, listed, end))
    }
}
