//! What a decision costs by how much its session has told, what 20 of them cost at once, and what telling costs.

use std::time::Instant;

use anyhow::{Result, anyhow, ensure};
use domain::chain::Batch;
use http::Method;
use runtime::App;
use serde_json::{Value, json};
use store::Appended;

use crate::bench_env::BenchEnv;
use crate::ledger::Detail;
use crate::link::HANDLE;
use crate::logs;
use crate::prices::Bill;
use crate::stats::{median, percentile};
use crate::table::Table;

const SIGNALS: &str = "/v2/public/chain/signals";
const RESOLVE: &str = "/v2/public/chain/resolve";
const PREFETCH: &str = "/v2/public/chain/prefetch";
/// Signals of the sessions that are asked for.
const SIZES: [usize; 3] = [1, 50, 200];
/// Triggers of a prefetch, each with a rule that matches.
const TRIGGERS: usize = 20;
/// Signals of one request, as many as it may bring.
const BATCH: usize = 50;
/// Rounds, in which every operation has its turn: a change of the machine's speed meets all of them alike.
const ROUNDS: usize = 300;
const WARM_UP: usize = 20;

/// A request that is made again and again.
struct Operation {
    name: String,
    path: &'static str,
    /// The body in a round; a post is of a new session each.
    body: Box<dyn Fn(usize) -> Value>,
    bill: Bill,
    millis: Vec<f64>,
}

impl Operation {
    fn new(name: impl Into<String>, path: &'static str, body: impl Fn(usize) -> Value + 'static) -> Self {
        Self { name: name.into(), path, body: Box::new(body), bill: Bill::default(), millis: Vec::with_capacity(ROUNDS) }
    }
}

/// Measures and prints.
pub(crate) fn print() -> Result<()> {
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
                let asked = Instant::now();
                env.tell(operation.path, &body).await?;
                let millis = asked.elapsed().as_secs_f64() * 1000.0;
                operation.bill = Bill::of(&env.ledger.take(), 0);
                if round >= WARM_UP {
                    operation.millis.push(millis);
                }
            }
        }
        anyhow::Ok(operations)
    })?;
    report(&operations);
    Ok(())
}

fn operations() -> Vec<Operation> {
    let mut operations: Vec<Operation> = SIZES
        .iter()
        .map(|size| {
            let body = json!({"handle": HANDLE, "sessionId": session(*size), "trigger": trigger(0)});
            Operation::new(format!("resolve, session of {size}"), RESOLVE, move |_| body.clone())
        })
        .collect();
    let triggers: Vec<String> = (0..TRIGGERS).map(trigger).collect();
    let body = json!({"handle": HANDLE, "sessionId": session(BATCH), "triggers": triggers});
    operations.push(Operation::new(format!("prefetch, session of {BATCH}, {TRIGGERS} triggers"), PREFETCH, move |_| body.clone()));
    for (many, key) in [(1, "view"), (BATCH, "view"), (1, "intent"), (BATCH, "intent")] {
        operations.push(Operation::new(format!("signals, {many} of the key {key}"), SIGNALS, move |round| {
            json!({"handle": HANDLE, "sessionId": format!("{key}-{many}-{round}"), "signals": vec![json!({"signalKey": key}); many]})
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
        env.made(Method::PUT, &format!("chain/rules/rule-{number}"), &rule).await?;
    }
    let app = env.app("chain", Detail::Calls)?;
    for size in SIZES {
        fill(&app, size).await?;
        let asked = env.tell(RESOLVE, &json!({"handle": HANDLE, "sessionId": session(size), "trigger": trigger(0)})).await?;
        let (considered, matched) = (asked.get("signalsConsidered").and_then(Value::as_u64), asked.get("matched"));
        ensure!(considered == Some(u64::try_from(size)?) && matched == Some(&json!(true)), "{asked}");
    }
    Ok(())
}

/// Tells a session's signals in as many minutes as its limit asks for, the last of them just now.
async fn fill(app: &App, size: usize) -> Result<()> {
    let batches = size.div_ceil(BATCH);
    for batch in 0..batches {
        let at = app.now().plus_secs(61 * (i64::try_from(batch)? + 1 - i64::try_from(batches)?));
        let signal = json!({"signalKey": "view", "signalValue": "/spring/collection", "metadata": {"referrer": "newsletter"}});
        let body = json!({"handle": HANDLE, "sessionId": session(size), "signals": vec![signal; BATCH.min(size - batch * BATCH)]});
        let Batch { handle, session, signals } = Batch::read(body).map_err(|faults| anyhow!("the bench's own signals: {faults:?}"))?;
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

fn report(operations: &[Operation]) {
    let mut table = Table::new(
        "The chain: decisions by what their session has told, and telling",
        &["operation", "calls", "bytes out/in", "RRU", "WRU table+index", "p50 ms", "p99 ms", "to the first"],
    );
    let first = operations.first().map_or(&[][..], |operation| &operation.millis);
    for Operation { name, bill, millis, .. } in operations {
        table.row([
            name.clone(),
            bill.words(),
            format!("{}/{}", bill.bytes.0, bill.bytes.1),
            format!("{:.1}", bill.units.read),
            format!("{:.0}+{:.0}", bill.units.write, bill.units.index),
            format!("{:.2}", median(millis.iter().copied())),
            format!("{:.2}", percentile(millis.iter().copied(), 0.99)),
            format!("{:.2}x", median(millis.iter().zip(first).map(|(its, of_first)| its / of_first))),
        ]);
    }
    table.remark(format!(
        "{ROUNDS} rounds of all of them in turn, one request at a time, each over all its calls to the embedded engine: the ratio is the middle one of the rounds."
    ));
    table.remark("A decision is one query of its session, whatever the triggers; an intent is an impression, which reports are told of.");
    table.print();
}
