//! Partitions of the lists of months in the index `list`.

use domain::values::moment::Day;
use domain::values::name::Handle;

/// Partitions that a month of a list is spread over: one partition would limit what a handle can write in a second.
pub const LIST_SHARDS: u32 = 4;

/// One partition of a month of a list in the `list` index.
pub(crate) fn list_shard(month: &str, shard: u32) -> String {
    format!("{month}#{shard}")
}

/// The partition of a month of a list that has the entry with this id.
pub(crate) fn listed_in(month: &str, id: [u8; 16]) -> String {
    list_shard(month, u32::from(id[15]) % LIST_SHARDS)
}

/// A month of a handle's conversions in the `list` index.
pub fn conversions(handle: &Handle, day: Day) -> String {
    format!("CONVS#{handle}#{}", day.month())
}

/// A month of a handle's adjustments in the `list` index.
pub fn adjustments_of_month(handle: &Handle, day: Day) -> String {
    format!("ADJS#{handle}#{}", day.month())
}
