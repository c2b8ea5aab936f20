//! The cost of a decision by the number of its session's signals, of 20 decisions at once, and of recording signals.

use std::time::Instant;

use anyhow::{Result, anyhow, ensure};
use domain::chain::SignalBatch;
use http::Method;
use runtime::App;
use serde_json::{Value, json};
use store::Appended;

use crate::bench_env::BenchEnv;
use crate::ledger::Detail;
use crate::link::HANDLE;
use crate::logs;
use crate::prices::Bill;
use crate::statistics::{median, percentile};
use crate::table::Table;

const SIGNALS: &str = "/v2/public/chain/signals";
const RESOLVE: &str = "/v2/public/chain/resolve";
const PREFETCH: &str = "/v2/public/chain/prefetch";
/// Signals per session of the decisions.
const SIZES: [usize; 3] = [1, 50, 200];
/// Triggers of a prefetch, each with a rule that matches.
const TRIGGERS: usize = 20;
/// Signals per request: the maximum.
const BATCH: usize = 50;
/// Rounds of all operations in turn, so that a change of the machine's speed affects all of them.
const ROUNDS: usize = 300;
const WARM_UP: usize = 20;

/// A request that is repeated.
struct RepeatedOperation {
    name: String,
    path: &'static str,
    /// The body in a round; each recording of signals has a new session.
    body: Box<dyn Fn(usize) -> Value>,
    bill: Bill,
    millis: Vec<f64>,
}

impl RepeatedOperation {
    fn new(name: impl Into<String>, path: &'static str, body: impl Fn(usize) -> Value + 'static) -> Self {
        Self { name: name.into(), path, body: Box::new(body), bill: Bill::default(), millis: Vec::with_capacity(ROUNDS) }
    }
}

/// Measures this section.
pub(crate) fn measure() -> Result<Vec<Table>> {
    logs::install();
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    let operations = runtime.block_on(async {
        let env = BenchEnv::open(None, 9, Detail::Capacity).await?;
        prepare(&env).await?;
        let mut operations = operations();
        for round in 0..WARM_UP + ROUNDS {
            for operation in &mut operations {
                let body = (operation.body)(round);
                env.ledger.take();
                let started = Instant::now();
                env.post_public(operation.path, &body).await?;
                let millis = started.elapsed().as_secs_f64() * 1000.0;
                operation.bill = Bill::of(&env.ledger.take(), 0);
                if round >= WARM_UP {
                    operation.millis.push(millis);
                }
            }
        }
        anyhow::Ok(operations)
    })?;
    Ok(vec![table(&operations)])
}

fn operations() -> Vec<RepeatedOperation> {
    let mut operations: Vec<RepeatedOperation> = SIZES
        .iter()
        .map(|size| {
            let body = json!({"handle": HANDLE, "sessionId": session(*size), "trigger": trigger(0)});
            RepeatedOperation::new(format!("resolve, session of {size} signals"), RESOLVE, move |_| body.clone())
        })
        .collect();
    let triggers: Vec<String> = (0..TRIGGERS).map(trigger).collect();
    let body = json!({"handle": HANDLE, "sessionId": session(BATCH), "triggers": triggers});
    operations.push(RepeatedOperation::new(format!("prefetch, session of {BATCH} signals, {TRIGGERS} triggers"), PREFETCH, move |_| {
        body.clone()
    }));
    for (count, key) in [(1, "view"), (BATCH, "view"), (1, "intent"), (BATCH, "intent")] {
        operations.push(RepeatedOperation::new(format!("signals, {count} with the key {key}"), SIGNALS, move |round| {
            json!({"handle": HANDLE, "sessionId": format!("{key}-{count}-{round}"), "signals": vec![json!({"signalKey": key}); count]})
        }));
    }
    operations
}

/// Rules for every trigger, and sessions of every size.
async fn prepare(env: &BenchEnv) -> Result<()> {
    for number in 0..TRIGGERS {
        let when = json!({"all": [{"signalKey": "view"}, {"segmentIn": ["new", "returning"]}], "none": [{"signalKey": "purchase"}]});
        let action = json!({"type": "banner", "text": "10 % off until tonight"});
        let rule = json!({"trigger": trigger(number), "when": when, "action": action});
        env.write_returning(Method::PUT, &format!("chain/rules/rule-{number}"), &rule).await?;
    }
    let app = env.app("chain", Detail::Calls)?;
    for size in SIZES {
        fill(&app, size).await?;
        let decision = env.post_public(RESOLVE, &json!({"handle": HANDLE, "sessionId": session(size), "trigger": trigger(0)})).await?;
        let (considered, matched) = (decision.get("signalsConsidered").and_then(Value::as_u64), decision.get("matched"));
        ensure!(considered == Some(u64::try_from(size)?) && matched == Some(&json!(true)), "{decision}");
    }
    Ok(())
}

/// Records a session's signals, spread over the minutes that its rate limit requires, the last of them now.
async fn fill(app: &App, size: usize) -> Result<()> {
    let batches = size.div_ceil(BATCH);
    for batch in 0..batches {
        let at = app.now().plus_secs(61 * (i64::try_from(batch)? + 1 - i64::try_from(batches)?));
        let signal = json!({"signalKey": "view", "signalValue": "/spring/collection", "metadata": {"referrer": "newsletter"}});
        let body = json!({"handle": HANDLE, "sessionId": session(size), "signals": vec![signal; BATCH.min(size - batch * BATCH)]});
        let SignalBatch { handle, session, signals } =
            SignalBatch::read(body).map_err(|faults| anyhow!("the bench's signals: {faults:?}"))?;
        let fresh = || app.id::<domain::values::id::Request>().to_string();
        let appended = app.store().sessions().append((&handle, &session), &signals, &fresh, at).await?;
        ensure!(matches!(appended, Appended::Kept { .. }), "{appended:?}");
    }
    Ok(())
}

fn session(size: usize) -> String {
    format!("of-{size}")
}

fn trigger(number: usize) -> String {
    format!("trigger-{number}")
}

fn table(operations: &[RepeatedOperation]) -> Table {
    let mut table = Table::new(
        "Chain: decisions by the signals of their session, and recording signals",
        &[
            "operation",
            "AWS calls",
            "bytes sent/received",
            "read units",
            "write units, table+index",
            "p50 ms",
            "p99 ms",
            "ratio to the first",
        ],
    );
    let first = operations.first().map_or(&[][..], |operation| &operation.millis);
    for RepeatedOperation { name, bill, millis, .. } in operations {
        table.row([
            name.clone(),
            bill.calls_text(),
            format!("{}/{}", bill.bytes.0, bill.bytes.1),
            format!("{:.1}", bill.units.read),
            format!("{:.0}+{:.0}", bill.units.write, bill.units.indexes()),
            format!("{:.2}", median(millis.iter().copied())),
            format!("{:.2}", percentile(millis.iter().copied(), 0.99)),
            format!("{:.2}x", median(millis.iter().zip(first).map(|(its, of_first)| its / of_first))),
        ]);
    }
    table.remark(format!(
        "{ROUNDS} rounds of all operations in turn, one request at a time, on the embedded engine. The ratio is the median of the rounds."
    ));
    table.remark(
        "A decision is one query of its session for any number of triggers. An `intent` signal also sends an impression to the reports.",
    );
    table
}
