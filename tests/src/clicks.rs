//! Stored clicks, as tests read them.

use domain::clicks::Click;
use domain::values::moment::Day;
use domain::values::name::Handle;
use store::{Result, Store};

/// All stored clicks of a handle's day in time order.
///
/// # Errors
/// When the table is unavailable.
pub async fn clicks_of_day(store: &Store, handle: &Handle, day: Day) -> Result<Vec<Click>> {
    let mut stored = store.clicks().in_order(handle, day, None);
    let mut clicks = Vec::new();
    while let Some(click) = stored.next().await? {
        clicks.push(click);
    }
    Ok(clicks)
}
