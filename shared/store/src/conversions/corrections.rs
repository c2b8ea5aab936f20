//! Corrections: a claimed conversion becomes what the merchant confirms, and its ledger gets both entries of that, or nothing.

use domain::accounts::audit::AuditEvent;
use domain::conversions::ledger::Adjustment;
use domain::conversions::ledger::correction::Correction;

use crate::accounts::audit;
use crate::conversions::ledger::pending_item;
use crate::conversions::read::Conversions;
use crate::conversions::stored::{ADJUSTED, CONFIRMED, StoredConversion};
use crate::dynamo::{absent, number, table, text, to_json};
use crate::error::Result;
use crate::outbox::Pointer;

impl Conversions<'_> {
    /// Corrects a conversion in one transaction with the audit event. Returns the outbox entries to announce; none, without a
    /// change, when the conversion is not as it was read: [`Conversions::reload`] it.
    ///
    /// # Errors
    /// When the table is unavailable.
    pub async fn confirm(self, claimed: &StoredConversion, correction: &Correction, event: &AuditEvent) -> Result<Option<[Pointer; 2]>> {
        let StoredConversion { conversion, at, .. } = claimed;
        let confirmed = text(to_json(at, &correction.confirmed)?);
        let correct = self.db.update_part(at, |update| {
            update
                .update_expression(format!("SET {CONFIRMED} = :confirmed, {ADJUSTED} = :carried"))
                .condition_expression(format!(
                    "id = :id AND attribute_not_exists({CONFIRMED}) AND ({ADJUSTED} = :adjusted{})",
                    or_never_adjusted(claimed)
                ))
                .expression_attribute_values(":id", text(conversion.id.to_string()))
                .expression_attribute_values(":confirmed", confirmed)
                .expression_attribute_values(":carried", number(correction.carried))
                .expression_attribute_values(":adjusted", number(claimed.adjusted))
        })?;
        let key = |entry| table::correction(&conversion.handle, conversion.id, entry);
        let (reversal, confirmation) = (key("reversal"), key("confirmation"));
        let put = |at, entry: &Adjustment| self.db.put_part(pending_item(at, &claimed.at, entry)?, absent);
        let parts = vec![
            correct,
            put(&reversal, &correction.reversal)?,
            put(&confirmation, &correction.confirmation)?,
            audit::part(self.db, &conversion.handle, event)?,
        ];
        let is_written = self.db.transact(parts).await?.is_written();
        Ok(is_written.then(|| [Pointer::to(&reversal), Pointer::to(&confirmation)]))
    }
}

/// A conversion that was never adjusted has no sum at all.
fn or_never_adjusted(claimed: &StoredConversion) -> String {
    if claimed.adjusted == 0 { format!(" OR attribute_not_exists({ADJUSTED})") } else { String::new() }
}
