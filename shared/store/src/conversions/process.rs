//! Counting conversions.

use std::sync::Arc;

use aws_sdk_dynamodb::types::TransactWriteItem;

use domain::conversions::Conversion;
use domain::reports::{Addition, Origin, Tally};
use domain::values::moment::Moment;
use domain::values::name::Handle;

use crate::clicks::Restatement;
use crate::conversions::read::Conversions;
use crate::dynamo::{text, to_json};
use crate::error::{Error, Result};
use crate::outbox::Pointer;
use crate::rollups::{CountOutcome, Entry};

/// A conversion of the outbox with what counting it needs.
#[derive(Clone, Debug)]
pub struct Countable {
    /// Its outbox entry.
    pub pointer: Pointer,
    /// The conversion.
    pub conversion: Conversion,
    /// Where its visitor came from.
    pub origin: Origin,
    /// The new classification of its click, where counting it shows one.
    pub restatement: Option<Restatement>,
}

impl Conversions<'_> {
    /// Counts conversions of one handle, each exactly once, in as few transactions as they fit, and restates their clicks with them. A
    /// test conversion leaves the outbox and adds to no cell.
    ///
    /// # Errors
    /// Per conversion, in their order: those that could not be written; the others are counted.
    pub async fn count(
        self,
        handle: &Handle,
        conversions: &[Countable],
        now: Moment,
    ) -> Vec<std::result::Result<CountOutcome, Arc<Error>>> {
        let entries: Result<Vec<Entry>> = conversions.iter().map(|countable| self.entry(countable)).collect();
        let entries = match entries.map_err(Arc::new) {
            Ok(entries) => entries,
            Err(error) => return conversions.iter().map(|_| Err(Arc::clone(&error))).collect(),
        };
        let outcome = |refused| match refused {
            None => CountOutcome::Counted,
            Some(0) => CountOutcome::AlreadyCounted,
            Some(_) => CountOutcome::ClickChanged,
        };
        self.rollups.append(handle, &entries, now).await.into_iter().map(|appended| appended.settled().map(outcome)).collect()
    }

    fn entry(self, Countable { pointer, conversion, origin, restatement }: &Countable) -> Result<Entry> {
        let mut added = Vec::new();
        if !conversion.test {
            let (day, tally) = (conversion.accepted_at.day(), Tally::of_conversion(conversion, origin));
            added.push(Addition::of_record(day, &conversion.slug, conversion.campaign_id.as_ref(), tally));
        }
        let mut actions = vec![self.leave_outbox(pointer, conversion, origin)?];
        if let Some(click) = restatement {
            added.push(click.addition());
            actions.push(click.part(self.db)?);
        }
        Ok(Entry { id: conversion.id.to_string(), actions, added })
    }

    fn leave_outbox(self, pointer: &Pointer, conversion: &Conversion, origin: &Origin) -> Result<TransactWriteItem> {
        let at = pointer.key();
        let origin = text(to_json(&at, origin)?);
        self.db.update_part(&at, |update| {
            update
                .update_expression("SET origin = :origin REMOVE duePk, dueAt")
                .condition_expression("attribute_exists(duePk) AND id = :id")
                .expression_attribute_values(":id", text(conversion.id.to_string()))
                .expression_attribute_values(":origin", origin)
        })
    }
}
