//! Counting conversions.

use std::collections::BTreeMap;

use aws_sdk_dynamodb::types::TransactWriteItem;

use domain::conversions::Conversion;
use domain::reports::{CellKey, Origin, Tally, cells};
use domain::values::moment::Moment;

use crate::clicks::Restatement;
use crate::conversions::read::Conversions;
use crate::dynamo::{text, to_json};
use crate::error::Result;
use crate::outbox::Pointer;
use crate::rollups::{CountOutcome, count_once};

impl Conversions<'_> {
    /// Counts a conversion exactly once and restates its click with it. A test conversion leaves the outbox and adds to no cell.
    ///
    /// # Errors
    /// When the table is unavailable or contended.
    pub async fn count(
        self,
        pointer: &Pointer,
        conversion: &Conversion,
        origin: &Origin,
        click: Option<&Restatement>,
        now: Moment,
    ) -> Result<CountOutcome> {
        let tally = Tally::of_conversion(conversion, origin);
        let day = conversion.accepted_at.day();
        let tallies: BTreeMap<CellKey, Tally> = cells(&conversion.handle, &conversion.slug, conversion.campaign_id.as_ref(), day)
            .into_iter()
            .filter(|_| !conversion.test)
            .map(|cell| (cell, tally.clone()))
            .collect();
        let change = click.map(|click| click.change(self.db)).transpose()?;
        let leave_outbox = self.leave_outbox(pointer, conversion, origin)?;
        count_once(self.db, &tallies, change.as_ref(), conversion.click_id, now, &leave_outbox).await
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
