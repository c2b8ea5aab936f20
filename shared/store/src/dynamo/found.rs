//! Items that cannot be decoded: each affects itself only.
//!
//! A read of one item returns an error ([`Error::Damaged`]) or a [`Found`]; a read of many returns those that can be decoded. Each
//! damaged item is logged where it is met, with `metric = "damaged_item"`. It can be replaced and deleted as it was read.

use aws_sdk_dynamodb::types::AttributeValue;
use aws_sdk_dynamodb::types::builders::{DeleteBuilder, PutBuilder};

use crate::dynamo::item::{Item, integer, optional};
use crate::error::{Error, Result};

/// What is stored under a key.
#[derive(Clone, Debug)]
pub enum Found<T> {
    /// It can be decoded.
    Intact(T),
    /// It cannot.
    Damaged(DamagedItem),
}

impl<T> Found<T> {
    /// The value, if it can be decoded.
    pub fn intact(&self) -> Option<&T> {
        match self {
            Self::Intact(value) => Some(value),
            Self::Damaged(_) => None,
        }
    }
}

/// An item that exists but cannot be decoded.
#[derive(Clone, Debug, PartialEq)]
pub struct DamagedItem {
    item: Item,
}

impl DamagedItem {
    /// A string attribute beside the document, if it has it.
    pub(crate) fn attribute(&self, name: &str) -> Option<&str> {
        optional(&self.item, name)
    }

    /// An attribute beside the document that counts, if it has it.
    pub(crate) fn number(&self, name: &str) -> Option<u64> {
        integer(&self.item, name).and_then(|number| u64::try_from(number).ok())
    }

    /// The condition that the item still has the document that was read, and the value it names `:damaged`.
    fn unchanged(&self) -> (&'static str, Option<AttributeValue>) {
        match self.item.get("doc") {
            Some(doc) => ("doc = :damaged", Some(doc.clone())),
            None => ("attribute_exists(pk) AND attribute_not_exists(doc)", None),
        }
    }

    /// Puts an item in its place.
    pub(crate) fn replace(&self, put: PutBuilder) -> PutBuilder {
        let (condition, value) = self.unchanged();
        let put = put.condition_expression(condition);
        value.into_iter().fold(put, |put, value| put.expression_attribute_values(":damaged", value))
    }

    /// Deletes it.
    pub(crate) fn delete(&self, delete: DeleteBuilder) -> DeleteBuilder {
        let (condition, value) = self.unchanged();
        let delete = delete.condition_expression(condition);
        value.into_iter().fold(delete, |delete, value| delete.expression_attribute_values(":damaged", value))
    }
}

/// Decodes an item; one that is damaged is logged.
///
/// # Errors
/// Those of `read` but [`Error::Damaged`].
pub(crate) fn found<T>(item: &Item, read: impl Fn(&Item) -> Result<T>) -> Result<Found<T>> {
    match read(item) {
        Ok(value) => Ok(Found::Intact(value)),
        Err(error @ Error::Damaged { .. }) => {
            log_damage(&error);
            Ok(Found::Damaged(DamagedItem { item: item.clone() }))
        }
        Err(error) => Err(error),
    }
}

/// Decodes an item, if that is possible; one that is damaged is logged.
///
/// # Errors
/// Those of `read` but [`Error::Damaged`].
pub(crate) fn readable<T>(item: &Item, read: impl Fn(&Item) -> Result<T>) -> Result<Option<T>> {
    Ok(match found(item, read)? {
        Found::Intact(value) => Some(value),
        Found::Damaged(_) => None,
    })
}

/// Logs an item that cannot be decoded.
pub(crate) fn log_damage(error: &Error) {
    tracing::error!(error = error as &dyn std::error::Error, metric = "damaged_item", "a stored item cannot be decoded");
}
