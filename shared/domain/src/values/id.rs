//! Identifiers: a prefix for the kind and a ULID, which contains the moment of creation (specification §1).

use std::fmt;
use std::marker::PhantomData;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer};
use ulid::Ulid;

use crate::values::moment::Moment;
use crate::values::schema::{HasSchema, Schema};

/// The kind of object an [`Id`] identifies.
pub trait IdKind {
    /// The text before the ULID, with its underscore.
    const PREFIX: &'static str;
}

macro_rules! kinds {
    ($($kind:ident, $alias:ident, $prefix:literal, $doc:literal;)*) => {$(
        #[doc = $doc]
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum $kind {}
        impl IdKind for $kind { const PREFIX: &'static str = $prefix; }
        #[doc = $doc]
        pub type $alias = Id<$kind>;
    )*};
}

kinds! {
    Click, ClickId, "clk_", "One visit of a tracked link.";
    Conversion, ConversionId, "cnv_", "One accepted conversion.";
    Adjustment, AdjustmentId, "adj_", "One entry of a conversion's ledger after its first.";
    Decision, DecisionId, "dec_", "One decision of the chain.";
    Link, LinkId, "lnk_", "One link from creation to deletion; a link created again under its slug has another id.";
    Event, EventId, "evt_", "One event that webhooks deliver.";
    Delivery, DeliveryId, "dlv_", "The delivery of one event to one subscription.";
    Subscription, SubscriptionId, "whs_", "One webhook subscription.";
    Audit, AuditId, "aud_", "One audit event.";
    Erasure, ErasureId, "ers_", "One request to erase a person's data.";
    Request, RequestId, "req_", "One request, as in `x-request-id`.";
}

/// A typed, time-sortable identifier such as `clk_01J…`.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Id<K>(Ulid, PhantomData<K>);

impl<K: IdKind> Id<K> {
    /// Makes the id of something that happened `at` this moment, one before 1970 being taken for its beginning; `random` gives its
    /// lower 80 bits.
    pub fn new(at: Moment, random: u128) -> Self {
        Self(Ulid::from_parts(at.millis().max(0).unsigned_abs(), random & ((1 << 80) - 1)), PhantomData)
    }

    /// The greatest id that sorts before this one.
    #[must_use]
    pub fn before(self) -> Self {
        Self(Ulid(self.0.0.saturating_sub(1)), PhantomData)
    }

    /// The moment the id was made, to the millisecond.
    pub fn moment(&self) -> Moment {
        Moment::from_millis(i64::try_from(self.0.timestamp_ms()).unwrap_or(i64::MAX))
    }

    /// The sixteen bytes of the ULID.
    pub fn to_bytes(self) -> [u8; 16] {
        self.0.to_bytes()
    }

    /// The id with these sixteen bytes.
    pub fn from_bytes(bytes: [u8; 16]) -> Self {
        Self(Ulid::from_bytes(bytes), PhantomData)
    }
}

/// The text is not an id of the expected kind.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("is not a valid id")]
pub struct InvalidId;

impl<K: IdKind> FromStr for Id<K> {
    type Err = InvalidId;

    fn from_str(text: &str) -> Result<Self, InvalidId> {
        let body = text.strip_prefix(K::PREFIX).ok_or(InvalidId)?;
        let ulid = Ulid::from_string(body).map_err(|_| InvalidId)?;
        // Crockford's alphabet reads lower case and look-alikes too; one id has one spelling here.
        if ulid.to_string() != body {
            return Err(InvalidId);
        }
        Ok(Self(ulid, PhantomData))
    }
}

impl<K: IdKind> fmt::Display for Id<K> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(K::PREFIX)?;
        f.write_str(self.0.array_to_str(&mut [0; ulid::ULID_LEN]))
    }
}

impl<K: IdKind> fmt::Debug for Id<K> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl<K: IdKind> Serialize for Id<K> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de, K: IdKind> Deserialize<'de> for Id<K> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = std::borrow::Cow::<'de, str>::deserialize(deserializer)?;
        text.parse().map_err(serde::de::Error::custom)
    }
}

impl<K: IdKind> HasSchema for Id<K> {
    fn schema() -> Schema {
        Schema::text().pattern(format!("^{}[0-7][0-9A-HJKMNP-TV-Z]{{25}}$", K::PREFIX))
    }
}

#[cfg(feature = "openapi")]
impl<K: IdKind> utoipa::PartialSchema for Id<K> {
    fn schema() -> utoipa::openapi::RefOr<utoipa::openapi::Schema> {
        <Self as HasSchema>::schema().into()
    }
}

#[cfg(feature = "openapi")]
impl<K: IdKind> utoipa::ToSchema for Id<K> {
    fn name() -> std::borrow::Cow<'static, str> {
        format!("{}id", K::PREFIX).into()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_reads_back_and_contains_its_moment() {
        let at = Moment::from_millis(1_760_000_000_123);
        let id = ClickId::new(at, u128::MAX);
        assert_eq!(id.to_string().parse(), Ok(id));
        assert_eq!(id.moment(), at);
        assert_eq!(ClickId::from_bytes(id.to_bytes()), id);
    }

    #[test]
    fn another_kind_or_another_spelling_is_refused() {
        let id = ClickId::new(Moment::from_millis(1_760_000_000_000), u128::MAX).to_string();
        assert_eq!(id.parse::<ConversionId>(), Err(InvalidId));
        assert_eq!(id.to_lowercase().parse::<ClickId>(), Err(InvalidId));
    }
}
