//! Waiting for items that are still on their way.

/// Seconds until the next try: short at first, since the item is usually a second behind.
pub(crate) fn seconds_until_next_try(age_ms: i64) -> i32 {
    if age_ms < 10_000 { 2 } else { 20 }
}
