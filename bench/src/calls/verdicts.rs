//! What the counted calls say of the goals M6, M7, M8 and M10b.

use super::Operation;
use super::operations::BATCH;
use crate::prices::{Bill, Dollars, FRONT_DOOR};
use crate::table::{Table, at_most};

/// Messages of one invocation of the event worker.
const EVENTS: usize = 10;
/// Seconds a link in memory is fresh (specification §4).
const FRESH_SECS: f64 = 5.0;

/// Prints the goals.
pub(super) fn print(operations: &[Operation]) {
    let empty = Bill::default();
    let bill = |name: &str| operations.iter().find(|operation| operation.name == name).map_or(&empty, |operation| &operation.bill);
    let mut table = Table::goals("Calls and dollars beside the goals");
    redirects(&mut table, bill("redirect, warm"));
    let (narrow, wide) = (bill("click worker: 100 clicks, 1 link"), bill("click worker: 100 clicks, 20 links"));
    click_dollars(&mut table, bill("redirect, warm"), narrow, wide);
    conversions(&mut table, bill("conversion"), bill("conversion, address new this minute"), bill("event worker: settling a conversion"));
    for (name, batch) in [("1 link", narrow), ("20 links", wide)] {
        let cells = batch.cells as f64 / BATCH as f64;
        table.metric(
            &format!("M10b rollup updates per click, batch of {BATCH}, {name}"),
            format!("{cells:.2}"),
            "<= 0.1",
            at_most(cells, 0.1),
        );
    }
    table.remark(format!("Lambda is priced at 256 MB arm64, 1 ms and 5 ms a call; a front door adds ${FRONT_DOOR:.2}."));
    table.remark("A batch of 1000 is what the goal of M10b was written for; the template's is 100.");
    table.print();
}

fn redirects(table: &mut Table, warm: &Bill) {
    table.metric("M6 warm redirect: table reads", format!("{}", warm.units.read), "<= 0.01", at_most(warm.units.read, 0.01));
    table.metric("M6 warm redirect: table writes in the path", format!("{}", warm.units.write), "0", at_most(warm.units.write, 0.0));
    let sends = warm.messages as f64;
    table.metric("M6 warm redirect: SQS requests", format!("{sends}"), "<= 0.04; 1 at trickle", at_most(sends, 0.04));
    for rate in [0.25, 5.0, 50.0] {
        // A read opens a window of FRESH_SECS, in which a link sees rate times FRESH_SECS further clicks on average.
        let misses = 1.0 / (1.0 + rate * FRESH_SECS);
        table.metric(
            &format!("M6 reads per redirect, a link with {rate} clicks/s in one environment (by rule)"),
            format!("{misses:.3}"),
            "<= 0.01",
            at_most(misses, 0.01),
        );
    }
}

fn click_dollars(table: &mut Table, warm: &Bill, narrow: &Bill, wide: &Bill) {
    let path = warm.dollars(1);
    table.metric("M7 in the path of a warm redirect, $ per million", path.words(), "", "");
    for (name, batch) in [("1 link", narrow), ("20 links", wide)] {
        let behind = batch.dollars(BATCH);
        table.metric(&format!("M7 behind it, batch of {BATCH}, {name}"), behind.words(), "", "");
        let all = (path + behind).consumed();
        let measured = format!("{:.2} / {:.2}", all.all(), all.all() + FRONT_DOOR);
        table.metric(
            &format!("M7 $ per million redirects / with front door, {name}"),
            measured,
            "<= 0.30 / <= 1.30",
            at_most(all.all(), 0.30),
        );
    }
}

fn conversions(table: &mut Table, first: &Bill, stranger: &Bill, settle: &Bill) {
    let path = |bill: &Bill| format!("{:.0}+{:.0} / {} / {}", bill.units.write, bill.units.index, bill.units.read, bill.messages);
    let writes = first.units.write + first.units.index;
    table.metric("M8 conversion, in the path: WRU table+index / RRU / SQS", path(first), "1 / 0 / 0", at_most(writes, 1.0));
    let writes = stranger.units.write + stranger.units.index;
    table.metric("M8 the same, address new this minute", path(stranger), "1 / 0 / 0", at_most(writes, 1.0));
    table.metric("M8 settling it", path(settle), "", "");
    for (name, accept) in [("address seen", first), ("address new", stranger)] {
        // Only the invocation is shared by the batch; each message has its own calls.
        let (alone, in_batch) = (settle.dollars(1), settle.dollars(EVENTS));
        let settled = Dollars { lambda: in_batch.lambda, ..alone };
        let all = (accept.dollars(1) + settled).consumed();
        table.metric(&format!("M8 $ per million conversions, {name}"), all.words(), "<= 0.90", at_most(all.all(), 0.90));
    }
}
