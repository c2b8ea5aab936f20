//! How long a visitor waits for the answer of a warm redirect, when the click is sent before it and after it.

use std::time::Duration;

use anyhow::Result;

use crate::aws_stub::AwsStub;
use crate::bootstrap::{Bootstrap, Under};
use crate::environment::stubbed;
use crate::one_core::OneCore;
use crate::programs::Programs;
use crate::statistics::percentile;
use crate::table::Table;
use crate::{event, link};

const ROUNDS: usize = 20;
const INVOCATIONS: usize = 25;
const WARM_UP: usize = 100;
/// How long the queue takes: none beyond the stub's own time, and what SQS takes on AWS.
const QUEUE_MS: [u64; 2] = [0, 8];

/// Measures this section.
pub(crate) fn measure() -> Result<Vec<Table>> {
    let programs = Programs::ready()?;
    let _pinned = OneCore::new();
    let mut table =
        Table::new("Wait for the answer of a warm redirect, ms (p50; p99)", &["queue answers in", "click first", "answer first"]);
    let event = event::follow("GET", &link::slug(1), 1);
    for queue_ms in QUEUE_MS {
        let aws = AwsStub::start_with_queue(Duration::from_millis(queue_ms))?;
        let mut running = Vec::new();
        for policy in ["NEVER", "ALWAYS"] {
            let mut environment = stubbed(aws.address);
            environment.insert("ANSWER_FIRST".to_owned(), policy.to_owned());
            let bootstrap = Bootstrap::start(&programs.redirect, &environment, Under::NoTool)?;
            for _ in 0..WARM_UP {
                bootstrap.invoke(&event)?;
            }
            running.push((bootstrap, Vec::new()));
        }
        for _ in 0..ROUNDS {
            for (bootstrap, waits) in &mut running {
                for _ in 0..INVOCATIONS {
                    waits.push(bootstrap.wait(&event)?.as_secs_f64() * 1e3);
                }
            }
        }
        let cell =
            |waits: &Vec<f64>| format!("{:.2}; {:.2}", percentile(waits.iter().copied(), 0.5), percentile(waits.iter().copied(), 0.99));
        let [before, after] = [0, 1].map(|place| running.get(place).map(|(_, waits)| cell(waits)).unwrap_or_default());
        table.row([format!("{queue_ms} ms"), before, after]);
    }
    table.remark(
        "From giving the event to having the answer, over loopback, without API Gateway. `AnswerFirst` chooses (docs/operations.md).",
    );
    Ok(vec![table])
}
