//! The counted calls beside the goals for redirects, conversions and rollups.

use super::MeasuredOperation;
use super::operations::BATCH;
use crate::prices::{Bill, Dollars, FRONT_DOOR};
use crate::table::{Table, at_most};

/// Messages of one invocation of the event worker.
const EVENTS: usize = 10;
/// Seconds a link in memory is fresh (specification §4.4).
const FRESH_SECS: f64 = 5.0;

/// The goals and what was measured.
pub(super) fn table(operations: &[MeasuredOperation]) -> Table {
    let empty = Bill::default();
    let bill = |name: &str| operations.iter().find(|operation| operation.name == name).map_or(&empty, |operation| &operation.bill);
    let mut table = Table::goals("Calls and cost beside the goals");
    redirects(&mut table, bill("redirect, warm"));
    let (narrow, wide) = (bill("click worker: 100 clicks, 1 link"), bill("click worker: 100 clicks, 20 links"));
    click_dollars(&mut table, bill("redirect, warm"), narrow, wide);
    conversions(
        &mut table,
        bill("conversion"),
        bill("conversion, first request of its address this minute"),
        bill("event worker: counting a conversion"),
    );
    for (name, batch) in [("1 link", narrow), ("20 links", wide)] {
        let cells = batch.cells as f64 / BATCH as f64;
        table.metric(&format!("rollup updates per click, batch of {BATCH}, {name}"), format!("{cells:.2}"), "<= 0.1", at_most(cells, 0.1));
    }
    table.remark(format!("Lambda is priced at 256 MB arm64, 1 ms and 5 ms a call; API Gateway or CloudFront adds ${FRONT_DOOR:.2}."));
    table.remark("The goal for rollup updates was set for a batch of 1000; the template's batch is 100.");
    table
}

fn redirects(table: &mut Table, warm: &Bill) {
    table.metric("warm redirect: table reads", format!("{}", warm.units.read), "<= 0.01", at_most(warm.units.read, 0.01));
    table.metric("warm redirect: table writes before the response", format!("{}", warm.units.write), "0", at_most(warm.units.write, 0.0));
    let sends = warm.messages as f64;
    table.metric("warm redirect: SQS requests", format!("{sends}"), "<= 0.04 (1 at a low rate)", at_most(sends, 0.04));
    for rate in [0.25, 5.0, 50.0] {
        // After a read the link is fresh for FRESH_SECS, in which it has rate times FRESH_SECS further clicks on average.
        let misses = 1.0 / (1.0 + rate * FRESH_SECS);
        table.metric(
            &format!("table reads per redirect, a link with {rate} clicks/s in one environment (calculated)"),
            format!("{misses:.3}"),
            "<= 0.01",
            at_most(misses, 0.01),
        );
    }
}

fn click_dollars(table: &mut Table, warm: &Bill, narrow: &Bill, wide: &Bill) {
    let path = warm.dollars(1);
    table.metric("warm redirect before the response, $ per million", path.text(), "", "");
    for (name, batch) in [("1 link", narrow), ("20 links", wide)] {
        let after = batch.dollars(BATCH);
        table.metric(&format!("warm redirect after the response, $ per million, batch of {BATCH}, {name}"), after.text(), "", "");
        let all = (path + after).consumed();
        let measured = format!("{:.2} / {:.2}", all.all(), all.all() + FRONT_DOOR);
        table.metric(
            &format!("$ per million redirects / with API Gateway, {name}"),
            measured,
            "<= 0.30 / <= 1.30",
            at_most(all.all(), 0.30),
        );
    }
}

fn conversions(table: &mut Table, first: &Bill, new_address: &Bill, count: &Bill) {
    let path = |bill: &Bill| format!("{:.0}+{:.0} / {} / {}", bill.units.write, bill.units.indexes(), bill.units.read, bill.messages);
    let writes = first.units.write + first.units.indexes();
    table.metric(
        "conversion before the response: write units table+index / read units / SQS requests",
        path(first),
        "1 / 0 / 0",
        at_most(writes, 1.0),
    );
    let writes = new_address.units.write + new_address.units.indexes();
    table.metric("the same, first request of its address this minute", path(new_address), "1 / 0 / 0", at_most(writes, 1.0));
    table.metric("counting a conversion: write units table+index / read units / SQS requests", path(count), "", "");
    for (name, accept) in [("address seen this minute", first), ("first request of its address this minute", new_address)] {
        // Only the invocation is shared by the batch; each message has its own calls.
        let (alone, in_batch) = (count.dollars(1), count.dollars(EVENTS));
        let counted = Dollars { lambda: in_batch.lambda, ..alone };
        let all = (accept.dollars(1) + counted).consumed();
        table.metric(&format!("$ per million conversions, {name}"), all.text(), "<= 0.90", at_most(all.all(), 0.90));
    }
}
