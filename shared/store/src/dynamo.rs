//! DynamoDB: the table, its key templates, items, pages and transactions.

mod database;
mod found;
mod item;
mod listed;
mod page;
mod retry;
pub mod table;
mod transaction;

pub use found::{DamagedItem, Found};
pub use listed::ListCursor;
pub use page::{Page, Stretch, decode_cursor, encode_cursor, is_cursor};
pub use retry::RetryPolicy;

pub(crate) use database::{Database, MAX_BATCH, applied, apply};
pub(crate) use found::{found, log_damage, readable};
pub(crate) use item::{Item, damaged, doc, from_json, integer, key, key_of, logged_pk, number, optional, string, text, to_json, with_doc};
pub(crate) use listed::ListRange;
pub(crate) use page::{Listed, decode_parts, encode_parts, page_of, stretch_of};
pub(crate) use retry::{RetryStep, retry};
pub(crate) use transaction::{MAX_ACTIONS, OPERATION as TRANSACT, Transacted, absent};
