//! DynamoDB: items, keys and transactions.

pub(crate) mod item;
pub mod table;
pub(crate) mod transaction;
