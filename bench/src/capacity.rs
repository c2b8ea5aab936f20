//! The capacity ledger: what each scenario writes and reads per record, which partitions carry it, and at which rate the first of them
//! reaches DynamoDB's limits.

mod partitions;
mod scenarios;

use anyhow::Result;

use crate::logs;
use crate::table::{Table, at_most};
use partitions::Partitions;
use scenarios::Scenario;

/// Write units a partition takes in a second (DynamoDB).
const MAX_WRITES: f64 = 1000.0;
/// Read units a partition serves in a second.
const MAX_READS: f64 = 3000.0;
/// Partitions shown of each scenario.
const HOTTEST: usize = 10;
/// List prices of us-east-1 per million units.
const WRITE_PRICE: f64 = 0.625;
const READ_PRICE: f64 = 0.125;

/// Measures this section.
pub(crate) fn measure() -> Result<Vec<Table>> {
    logs::install();
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    let scenarios = runtime.block_on(scenarios::measure())?;
    let mut units = Table::goals("Capacity: write units per record, folds included");
    for Scenario { name, records, used, goal, .. } in &scenarios {
        let write = used.writes() / *records;
        let dollars = write * WRITE_PRICE + used.reads() / *records * READ_PRICE;
        let measured = format!("{write:.2} WRU, {:.2} RRU: ${dollars:.2} per million", used.reads() / *records);
        match goal {
            Some(goal) => units.metric(name, measured, &format!("{goal} WRU"), at_most(write, *goal)),
            None => units.metric(name, measured, "", ""),
        }
    }
    units.remark("DynamoDB only, by the capacity the engine reports; a transaction's units are divided by the sizes of what it writes.");
    let mut hottest = Table::new(
        "Capacity: the ten hottest partitions of each scenario",
        &["scenario", "partition", "write units per record", "read units per record", "reaches its limit at"],
    );
    for Scenario { name, records, used, .. } in &scenarios {
        for (partition, read, write) in used.hottest(HOTTEST) {
            let (read, write) = (read / records, write / records);
            let rate = (MAX_WRITES / write).min(MAX_READS / read);
            let rate = if rate.is_finite() { format!("{rate:.0} records/s") } else { "never".to_owned() };
            hottest.row([(*name).to_owned(), partition, format!("{write:.3}"), format!("{read:.3}"), rate]);
        }
    }
    hottest.remark(
        "The first line of a scenario is the partition that limits it. A partition takes 1,000 write or 3,000 read units a second.",
    );
    Ok(vec![units, classes(&scenarios), rates(&scenarios), hottest])
}

/// How near to its limit the busiest partition comes at the rates that are asked for.
fn rates(scenarios: &[Scenario]) -> Table {
    let mut table = Table::goals("Capacity: the busiest partition at the rates to be sustained");
    let handles = Some((scenarios::PLATFORM_HANDLES as f64, 1_000.0));
    for (what, name, rate, handles) in [
        ("one handle, 10,000 clicks/s", scenarios::VIRAL_LINK, 10_000.0, None),
        ("one handle, 1,000 conversions/s", scenarios::LARGE_MERCHANT, 1_000.0, None),
        ("one subscription, 1,000 webhooks/s", scenarios::WEBHOOKS, 1_000.0, None),
        ("platform of 1,000 handles, 50,000 clicks/s", scenarios::PLATFORM_CLICKS, 50_000.0, handles),
        ("platform of 1,000 handles, 5,000 conversions/s", scenarios::PLATFORM_CONVERSIONS, 5_000.0, handles),
    ] {
        let Some(Scenario { records, used, .. }) = scenarios.iter().find(|scenario| scenario.name == name) else { continue };
        let (share, partition) = used.busiest(*records, rate, handles);
        table.metric(what, format!("{:.0} % of the limit of {partition}", share * 100.0), "80 %", at_most(share, 0.8));
    }
    table
}

/// Where the write units of each scenario go.
fn classes(scenarios: &[Scenario]) -> Table {
    let mut table =
        Table::new("Capacity: units per record by class of item and by index", &["scenario", "class", "write units", "read units"]);
    for Scenario { name, records, used, .. } in scenarios {
        for (class, read, write) in used.classes() {
            table.row([(*name).to_owned(), class, format!("{:.3}", write / records), format!("{:.3}", read / records)]);
        }
    }
    table
}

/// What a scenario used, by partition.
pub(crate) type Used = Partitions;
