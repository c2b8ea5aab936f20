//! Corrections: a claimed conversion becomes what the merchant confirms, and its ledger gets both entries of that, or nothing happens.

use domain::accounts::audit::Event;
use domain::conversions::ledger::Adjustment;
use domain::conversions::ledger::correction::Correction;

use crate::Store;
use crate::conversions::accept::{ADJUSTED, CONFIRMED, Stored};
use crate::conversions::ledger::pending_item;
use crate::dynamo::item::{number, text, to_json};
use crate::dynamo::table;
use crate::dynamo::transaction::absent;
use crate::error::Result;
use crate::outbox::Pointer;

impl Store {
    /// Corrects a conversion that is as it was read, in one transaction with the audit event; gives back the entries to announce,
    /// or none when the conversion is no longer so: read it again.
    pub async fn confirm(&self, claimed: &Stored, correction: &Correction, event: &Event) -> Result<Option<[Pointer; 2]>> {
        let Stored { conversion, at, .. } = claimed;
        let confirmed = text(to_json(at, &correction.confirmed)?);
        let correct = self.update_part(at, |update| {
            update
                .update_expression(format!("SET {CONFIRMED} = :confirmed, {ADJUSTED} = :carried"))
                .condition_expression(format!(
                    "id = :id AND attribute_not_exists({CONFIRMED}) AND ({ADJUSTED} = :adjusted{})",
                    never(claimed)
                ))
                .expression_attribute_values(":id", text(conversion.id.to_string()))
                .expression_attribute_values(":confirmed", confirmed)
                .expression_attribute_values(":carried", number(correction.carried))
                .expression_attribute_values(":adjusted", number(claimed.adjusted))
        })?;
        let place = |part| table::correction(&conversion.handle, conversion.id, part);
        let (reversal, confirmation) = (place("reversal"), place("confirmation"));
        let put = |at, entry: &Adjustment| self.put_part(pending_item(at, &claimed.at, entry)?, absent);
        let parts = vec![
            correct,
            put(&reversal, &correction.reversal)?,
            put(&confirmation, &correction.confirmation)?,
            self.audit_part(&conversion.handle, event)?,
        ];
        let written = self.transact(parts).await?.is_written();
        Ok(written.then(|| [Pointer::to(&reversal), Pointer::to(&confirmation)]))
    }
}

/// What no adjustment has ever touched has no sum at all.
fn never(claimed: &Stored) -> String {
    if claimed.adjusted == 0 { format!(" OR attribute_not_exists({ADJUSTED})") } else { String::new() }
}
