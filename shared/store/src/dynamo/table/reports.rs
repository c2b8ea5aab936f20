//! Keys of report cells, deltas and fold states.

use domain::reports::{CellPart, CellScope, Selection};
use domain::values::moment::Day;
use domain::values::name::{CampaignId, Handle};

use crate::dynamo::table::Key;

/// Partitions that a handle's deltas are spread over: one takes about 8,000 clicks a second in full batches.
pub const DELTA_LANES: u32 = 4;

/// The partition of the report cells of a selection.
pub fn rollups(handle: &Handle, selection: &Selection) -> String {
    match selection {
        Selection::Handle => format!("ROLLUP#{handle}#H"),
        Selection::Campaign(campaign) => format!("ROLLUP#{handle}#C#{campaign}"),
        Selection::Link(slug) | Selection::LinkInCampaign(slug, _) => format!("ROLLUP#{handle}#L#{slug}"),
    }
}

/// The part of sort keys in which all cells of a part from one day to another are.
pub fn cell_range(part: CellPart, from: Day, to: Day) -> [String; 2] {
    [format!("{}#{}", part.as_str(), from.compact()), format!("{}#{}#~", part.as_str(), to.compact())]
}

/// A report cell.
pub fn cell(handle: &Handle, scope: &CellScope, part: CellPart, day: Day) -> Key {
    let day = format!("{}#{}", part.as_str(), day.compact());
    let (selection, sk) = match scope {
        CellScope::Handle => (Selection::Handle, day),
        CellScope::Campaign(campaign) => (Selection::Campaign(campaign.clone()), day),
        CellScope::Link(slug, campaign) => {
            (Selection::Link(slug.clone()), format!("{day}#{}", campaign.as_ref().map_or("", CampaignId::as_str)))
        }
    };
    Key { pk: rollups(handle, &selection), sk }
}

/// One lane of a handle's deltas.
pub fn deltas(handle: &Handle, lane: u32) -> String {
    format!("DELTA#{handle}#{lane}")
}

/// A delta, named by one of the records in it.
pub fn delta(handle: &Handle, day: Day, id: &str) -> Key {
    let lane = u32::from(id.bytes().last().unwrap_or_default()) % DELTA_LANES;
    Key { pk: deltas(handle, lane), sk: format!("{}#{id}", day.compact()) }
}

/// The partition with the state of folding each day of a handle.
pub fn folds(handle: &Handle) -> String {
    format!("FOLD#{handle}")
}

/// The state of folding a day of a handle.
pub fn fold(handle: &Handle, day: Day) -> Key {
    Key { pk: folds(handle), sk: day.compact() }
}

/// Where the recounter is.
pub fn recount() -> Key {
    Key::single("SYSTEM#recount".to_owned())
}

/// The lease of a day's fold; it sorts after the states of all days.
pub fn fold_lease(handle: &Handle, day: Day) -> Key {
    Key { pk: folds(handle), sk: format!("lease#{}", day.compact()) }
}
