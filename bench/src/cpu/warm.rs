//! The warm redirect: CPU time in interleaved rounds, and instructions as the difference of two run lengths.

use std::collections::BTreeMap;
use std::path::Path;

use anyhow::{Context, Result};

use crate::aws_stub::AwsStub;
use crate::bootstrap::{Bootstrap, Under, has_valgrind};
use crate::environment::stubbed;
use crate::event;
use crate::link;
use crate::one_core::OneCore;
use crate::programs::{Programs, redirect_with_symbols};
use crate::statistics::median;
use crate::table::{Table, at_most};

use super::profile;

/// Short rounds, so that a change of the machine's speed affects all programs.
const ROUNDS: usize = 41;
const INVOCATIONS: usize = 250;
const WARM_UP: usize = 300;
/// The lengths of the two runs under callgrind.
pub(super) const COUNTED: (usize, usize) = (100, 500);
/// The minimal CPU of a warm redirect over that of an empty invocation, as measured when the goals were set: 17.5 and 11.95 µs.
const FLOOR_RATIO: f64 = 17.5 / 11.95;

struct Runner<'a> {
    name: &'static str,
    program: &'a Path,
    event: Vec<u8>,
    environment: BTreeMap<String, String>,
}

/// Goals of a redirect, over hello_http; the stretch is 1.2.
const GOAL_INSTRUCTIONS: f64 = 2.2;
const GOAL_CPU: f64 = 1.9;

/// Measures this section.
pub(super) fn measure() -> Result<Vec<Table>> {
    let programs = Programs::ready()?;
    let pinned = OneCore::new();
    let aws = AwsStub::start()?;
    let runner = |name, program, method| {
        let event = event::follow(method, &link::slug(1), 1);
        Runner { name, program, event, environment: stubbed(aws.address) }
    };
    let runners = [
        runner("floor", &programs.floor, "GET"),
        runner("hello_runtime", &programs.hello_runtime, "GET"),
        runner("hello_http", &programs.hello_http, "GET"),
        runner("redirect", &programs.redirect, "GET"),
        // HEAD is the whole redirect without the click.
        runner("redirect, HEAD", &programs.redirect, "HEAD"),
    ];
    let mut table = Table::goals("CPU of a warm invocation");
    times(&mut table, &runners, &aws)?;
    drop(pinned);
    let mut parts = None;
    if has_valgrind() {
        let event = event::follow("GET", &link::slug(1), 1);
        let measured = profile::measure(&redirect_with_symbols()?, &stubbed(aws.address), &event)?;
        aws.take_calls();
        instructions(&mut table, &runners, &aws, measured.get(profile::SHA_256).copied().unwrap_or_default())?;
        parts = Some(profile::table(&measured));
    } else {
        table.metric("instructions: redirect / hello_http", "valgrind is not installed", "<= 2.2x", "not measured");
    }
    table.remark("`floor` is one blocking connection without JSON. When the goals were set: floor 11.5-12.4 µs, hello_runtime 52, hello_http 55-59, with one SDK SendMessage 231-265.");
    Ok([Some(table), parts].into_iter().flatten().collect())
}

fn times(table: &mut Table, runners: &[Runner<'_>], aws: &AwsStub) -> Result<()> {
    let mut running = Vec::new();
    for runner in runners {
        let bootstrap = Bootstrap::start(runner.program, &runner.environment, Under::NoTool)?;
        repeat(&bootstrap, &runner.event, WARM_UP)?;
        running.push((runner, bootstrap, Vec::new()));
    }
    aws.take_calls();
    for _ in 0..ROUNDS {
        for (runner, bootstrap, spent) in &mut running {
            let before = bootstrap.cpu_us()?;
            repeat(bootstrap, &runner.event, INVOCATIONS)?;
            spent.push((bootstrap.cpu_us()? - before) / INVOCATIONS as f64);
        }
    }
    let rounds: BTreeMap<&str, &Vec<f64>> = running.iter().map(|(runner, _, spent)| (runner.name, spent)).collect();
    let of = |name: &str| rounds.get(name).copied().with_context(|| name.to_owned());
    let ratio = |name: &str, to: &str| -> Result<f64> { Ok(median(of(name)?.iter().zip(of(to)?).map(|(a, b)| a / b))) };
    for runner in runners {
        let (to_http, to_floor) = (ratio(runner.name, "hello_http")?, ratio(runner.name, "floor")?);
        let measured = format!("{:.1} µs", median(of(runner.name)?.iter().copied()));
        table.metric(&format!("CPU: {}", runner.name), measured, "", format!("{to_http:.2}x hello_http, {to_floor:.1}x floor"));
    }
    for name in ["redirect", "redirect, HEAD"] {
        let over = ratio(name, "hello_http")?;
        table.metric(&format!("CPU: {name} / hello_http"), format!("{over:.2}x"), "<= 1.9x", at_most(over, GOAL_CPU));
        let over = ratio(name, "floor")? / FLOOR_RATIO;
        table.metric(&format!("CPU: {name} / minimum of a redirect"), format!("{over:.1}x"), "<= 4x", at_most(over, 4.0));
    }
    let calls = aws.take_calls();
    let redirects = (ROUNDS * INVOCATIONS) as f64;
    for (operation, count) in &calls {
        table.metric(&format!("AWS calls per GET redirect: {operation}"), format!("{:.4}", *count as f64 / redirects), "", "");
    }
    let logged = running.iter().find(|(runner, ..)| runner.name == "redirect").map_or(0, |(_, bootstrap, _)| bootstrap.log_bytes());
    table.metric("log bytes per redirect", format!("{:.0}", logged as f64 / (redirects + WARM_UP as f64)), "", "");
    Ok(())
}

fn instructions(table: &mut Table, runners: &[Runner<'_>], aws: &AwsStub, sha_256: f64) -> Result<()> {
    let mut counts = BTreeMap::new();
    for runner in runners {
        let counted = |invocations: usize| -> Result<f64> {
            let bootstrap = Bootstrap::start(runner.program, &runner.environment, Under::Callgrind)?;
            repeat(&bootstrap, &runner.event, invocations)?;
            bootstrap.end()?.context("callgrind reports no count")
        };
        let difference = counted(COUNTED.1)? - counted(COUNTED.0)?;
        counts.insert(runner.name, difference / (COUNTED.1 - COUNTED.0) as f64);
    }
    let of = |name: &str| counts.get(name).copied().unwrap_or_default();
    for runner in runners {
        let ratio = of(runner.name) / of("hello_http");
        table.metric(
            &format!("instructions: {}", runner.name),
            format!("{:.1} k", of(runner.name) / 1000.0),
            "",
            format!("{ratio:.2}x hello_http"),
        );
    }
    for name in ["redirect", "redirect, HEAD"] {
        let ratio = of(name) / of("hello_http");
        table.metric(&format!("instructions: {name} / hello_http"), format!("{ratio:.2}x"), "<= 2.2x", at_most(ratio, GOAL_INSTRUCTIONS));
    }
    let ratio = (of("redirect") - sha_256) / of("hello_http");
    let name = "instructions: redirect / hello_http, without SHA-256";
    table.metric(name, format!("{ratio:.2}x"), "<= 2.2x", at_most(ratio, GOAL_INSTRUCTIONS));
    // Under valgrind a call may time out and be retried, which counts twice.
    let sends = aws.take_calls().get("SendMessage").copied().unwrap_or_default();
    let expected = COUNTED.0 + COUNTED.1;
    table.remark(format!("Instructions: {sends} sends for {expected} counted redirects."));
    Ok(())
}

pub(super) fn repeat(bootstrap: &Bootstrap, event: &[u8], invocations: usize) -> Result<()> {
    for _ in 0..invocations {
        bootstrap.invoke(event)?;
    }
    Ok(())
}
