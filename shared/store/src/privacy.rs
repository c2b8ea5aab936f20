//! A person's records: finding them by a walk over a handle's own lists and partitions, and erasing what is personal in them.
//!
//! No index names a person, on purpose. A walk reads a page of conversions or clicks at a time and can be continued; whatever is changed, is
//! changed from the very document that was read, together with what that changes in the figures.

mod erase;
mod request;
mod walk;

use std::collections::BTreeSet;

use domain::clicks::Click;
use domain::privacy::{Selector, Traces};
use domain::values::name::{Handle, SessionId};

use crate::conversions;
use crate::dynamo::{Database, table, text};
use crate::error::{Error, Result};
use crate::rollups::Rollups;

pub use request::{ErasureJob, ErasureStep};
pub use walk::{PersonRecord, PersonalAdjustment, PersonalConversion, Span, WalkPosition};

/// Handle of a person's records: `store.privacy()`.
#[derive(Clone, Copy, Debug)]
pub struct Privacy<'a> {
    pub(super) db: &'a Database,
    pub(super) rollups: Rollups<'a>,
}

impl<'a> Privacy<'a> {
    pub(crate) fn new(db: &'a Database, rollups: Rollups<'a>) -> Self {
        Self { db, rollups }
    }

    /// Adds to `traces` what tells the records of a person from others, and gives the person's sessions; none when there is no such
    /// conversion. A conversion and a click also name the session they were made in.
    ///
    /// # Errors
    /// When the table is unavailable.
    pub async fn find(self, handle: &Handle, selector: &Selector, traces: &mut Traces) -> Result<Option<BTreeSet<SessionId>>> {
        let mut sessions = BTreeSet::new();
        match selector {
            Selector::Session(session) => {
                traces.add_session(session);
                sessions.insert(session.clone());
            }
            Selector::Click(id) => {
                traces.add_click_id(*id);
                if let Some(click) = self.db.get_doc::<Click>(&table::click(handle, *id)).await? {
                    traces.add_click(&click);
                    sessions.extend(click.session_id);
                }
            }
            Selector::Order(key) => {
                let partition = table::conversion(handle, &key.digest()).pk;
                let query = self.db.query().key_condition_expression("pk = :pk").expression_attribute_values(":pk", text(partition));
                let found = query.consistent_read(true).send().await.map_err(Error::call("Query"))?;
                for item in found.items() {
                    let stored = conversions::stored(item)?;
                    for conversion in [Some(&stored.conversion), stored.confirmed.as_deref()].into_iter().flatten() {
                        traces.add_conversion(conversion);
                        sessions.extend(conversion.session_id.clone());
                        if let Some(click) = self.db.get_doc::<Click>(&table::click(handle, conversion.click_id)).await? {
                            traces.add_click(&click);
                            sessions.extend(click.session_id);
                        }
                    }
                }
                if found.items().is_empty() {
                    return Ok(None);
                }
            }
        }
        Ok(Some(sessions))
    }
}
