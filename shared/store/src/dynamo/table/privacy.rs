//! Keys of what erasing handles and persons needs, and leaves.

use domain::values::id::{ErasureId, LinkId};
use domain::values::moment::Day;
use domain::values::name::{CampaignId, Handle, Slug};

use super::Key;

/// The totals of a day of an erased handle.
pub fn totals(handle: &Handle, day: Day) -> Key {
    Key { pk: format!("TOTALS#{handle}"), sk: day.compact() }
}

/// The partition of what names the remains of deleted links and campaigns.
pub fn remains(handle: &Handle) -> String {
    format!("GONE#{handle}")
}

/// What names the versions and figures that a deleted link leaves behind.
pub fn remains_of_link(handle: &Handle, slug: &Slug, id: LinkId) -> Key {
    Key { pk: remains(handle), sk: format!("L#{slug}#{id}") }
}

/// What names the figures that a deleted campaign leaves behind.
pub fn remains_of_campaign(handle: &Handle, id: &CampaignId) -> Key {
    Key { pk: remains(handle), sk: format!("C#{id}") }
}

/// The partition of a handle's requests to erase a person.
pub fn erasures(handle: &Handle) -> String {
    format!("ERASE#{handle}")
}

/// A request to erase a person.
pub fn erasure(handle: &Handle, id: ErasureId) -> Key {
    Key { pk: erasures(handle), sk: id.to_string() }
}

/// The partition of the last observed health of a handle's campaigns.
pub fn healths(handle: &Handle) -> String {
    format!("HEALTH#{handle}")
}
