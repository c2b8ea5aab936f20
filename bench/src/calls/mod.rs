//! AWS calls of each operation, counted at the SDK's connector on the local server, and what a million of them cost.

mod goals;
mod operations;
mod partners;

use anyhow::Result;

use crate::bench_env::BenchEnv;
use crate::ledger::Detail;
use crate::logs;
use crate::prices::Bill;
use crate::table::Table;

/// A measured operation.
pub(crate) struct MeasuredOperation {
    name: &'static str,
    /// How many of them share an invocation: the clicks of a batch.
    shared_by: usize,
    bill: Bill,
}

/// Measures this section.
pub(crate) fn measure() -> Result<Vec<Table>> {
    logs::install();
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    let operations = runtime.block_on(async {
        let env = BenchEnv::open(None, 9, Detail::Capacity).await?;
        operations::measure(&env).await
    })?;
    let mut table = Table::new(
        "AWS calls and cost of each operation",
        &["operation", "AWS calls", "bytes sent/received", "read units", "write units, table+index", "log bytes", "$ per million"],
    );
    for MeasuredOperation { name, shared_by, bill } in &operations {
        let per = |value: f64| value / *shared_by as f64;
        table.row([
            (*name).to_owned(),
            bill.calls_text(),
            format!("{}/{}", bill.bytes.0 / shared_by, bill.bytes.1 / shared_by),
            format!("{:.2}", per(bill.units.read)),
            format!("{:.2}+{:.2}", per(bill.units.write), per(bill.units.indexes())),
            format!("{:.0}", per(bill.log_bytes as f64)),
            format!("{:.2}", bill.dollars(*shared_by).all()),
        ]);
    }
    table.remark(
        "For batches, the calls are those of the whole batch and the other columns are per click. Without API Gateway or CloudFront, and without the queue's receives and deletes.",
    );
    table.remark("On Lambda each line also has the ids of its invocation; the section `cpu` measures whole lines.");
    table.remark("On Lambda an environment also reads the platform secret at its first request and every five minutes, and fetches the issuer's keys once.");
    Ok(vec![table, goals::table(&operations)])
}
