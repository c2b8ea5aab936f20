//! A conversion as it is stored.

use domain::conversions::Conversion;
use domain::reports::Origin;
use domain::values::id::ConversionId;
use domain::values::money::MoneyChange;
use domain::values::name::Handle;

use crate::dynamo::table::{self, Key};
use crate::dynamo::{Database, Item, doc, from_json, integer, key_of, optional};
use crate::error::Result;
use crate::outbox::is_due;

/// The attribute with the sum of a conversion's adjustments.
pub(super) const ADJUSTED: &str = "adjusted";
/// The attribute with what the merchant confirmed of a claimed conversion.
pub(crate) const CONFIRMED: &str = "confirmed";

/// A conversion with its adjustments' sum and its state of processing.
#[derive(Clone, Debug)]
pub struct StoredConversion {
    /// The record as it was accepted: the first entry of its ledger.
    pub conversion: Conversion,
    /// What the merchant confirmed afterwards of a conversion that was claimed.
    pub confirmed: Option<Box<Conversion>>,
    /// Whether it has been counted.
    pub counted: bool,
    /// Where its visitor came from, once counted.
    pub origin: Option<Origin>,
    /// The sum of its adjustments, in minor units of its currency.
    pub adjusted: i64,
    /// Its key.
    pub(super) at: Key,
}

impl StoredConversion {
    /// The record that is in effect: the confirmed one, otherwise the accepted one.
    pub fn current(&self) -> &Conversion {
        self.confirmed.as_deref().unwrap_or(&self.conversion)
    }

    /// The sum of its adjustments; none when it has no money.
    pub fn adjustments(&self) -> Option<MoneyChange> {
        self.current().money.map(|money| MoneyChange { minor: self.adjusted, currency: money.currency })
    }

    /// Its value after its adjustments; none when it has no money.
    pub fn net(&self) -> Option<MoneyChange> {
        self.current().money.map(|money| MoneyChange { minor: money.minor.saturating_add(self.adjusted), currency: money.currency })
    }
}

/// The conversion of an item.
pub(crate) fn stored(item: &Item) -> Result<StoredConversion> {
    let origin = optional(item, "origin").and_then(|text| serde_json::from_str(text).ok());
    let at = key_of(item)?;
    let adjusted = integer(item, ADJUSTED).unwrap_or_default();
    let confirmed = optional(item, CONFIRMED).map(|text| from_json(&at, text)).transpose()?;
    Ok(StoredConversion { conversion: doc(item)?, confirmed, counted: !is_due(item), origin, adjusted, at })
}

/// A conversion in its key's partition: it still holds the key, or has its own sort key since a later one holds it.
pub(super) async fn find(db: &Database, pk: &str, handle: &Handle, id: ConversionId) -> Result<Option<StoredConversion>> {
    let digest = pk.rsplit('#').next().unwrap_or_default();
    for at in [table::conversion(handle, digest), table::former_conversion(handle, digest, id)] {
        let found = db.get(&at).await?.as_ref().map(stored).transpose()?;
        if let Some(found) = found.filter(|found| found.conversion.id == id) {
            return Ok(Some(found));
        }
    }
    Ok(None)
}
