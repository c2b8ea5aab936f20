//! Cold starts: initialization, the first redirect, and the memory of an environment.

use std::collections::BTreeMap;
use std::path::Path;

use anyhow::{Context, Result};

use crate::aws_stub::AwsStub;
use crate::bootstrap::{Bootstrap, Under, has_valgrind};
use crate::environment::{deployed, stubbed};
use crate::handshake;
use crate::one_core::OneCore;
use crate::programs::{Programs, workspace};
use crate::statistics::median;
use crate::table::{Table, at_most, met_if};
use crate::{event, link};

const STARTS: usize = 20;
const INVOCATIONS: usize = 10_000;
const LINKS: usize = 200;
/// Services the first redirect connects to on Lambda: the secret, the table, the queue.
const SERVICES: f64 = 3.0;

/// Measures this section.
pub(crate) fn measure() -> Result<Vec<Table>> {
    let programs = Programs::ready()?;
    let _pinned = OneCore::new();
    let mut table = Table::goals("Cold start and memory");
    init(&mut table, &programs)?;
    first(&mut table, &programs)?;
    jitter_entropy(&mut table)?;
    memory(&mut table, &programs)?;
    table.remark("When the goals were set, hello_runtime needed 0.405 M instructions and 0.73-1.25 ms, a redirect that connects at the start 1.49 M.");
    Ok(vec![table])
}

fn init(table: &mut Table, programs: &Programs) -> Result<()> {
    if !has_valgrind() {
        table.metric("init instructions, redirect / hello_runtime", "valgrind is not installed", "<= 2x", "not measured");
        return Ok(());
    }
    let counted = |program: &Path, environment: &BTreeMap<String, String>| -> Result<f64> {
        Bootstrap::start(program, environment, Under::Callgrind)?.end()?.context("callgrind reports no count")
    };
    let aws = AwsStub::start()?;
    let hello = counted(&programs.hello_runtime, &deployed())?;
    let http = counted(&programs.hello_http, &deployed())?;
    let redirect = counted(&programs.redirect, &deployed())?;
    let inline = counted(&programs.redirect, &stubbed(aws.address))?;
    let millions = |count: f64| format!("{:.3} M", count / 1e6);
    table.metric("init instructions: hello_runtime", millions(hello), "", "");
    table.metric("init instructions: hello_http", millions(http), "", "");
    table.metric("init instructions: redirect, three clients", millions(redirect), "", "");
    table.metric("init instructions: redirect, secret given, two clients", millions(inline), "", "");
    let ratio = redirect / hello;
    table.metric("init instructions, redirect / hello_runtime", format!("{ratio:.2}x"), "<= 2x", at_most(ratio, 2.0));
    Ok(())
}

fn first(table: &mut Table, programs: &Programs) -> Result<()> {
    let aws = AwsStub::start()?;
    let (mut hello, mut init, mut cold, mut second) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
    let event = event::follow("GET", &link::slug(1), 1);
    for _ in 0..STARTS {
        hello.push(Bootstrap::start(&programs.hello_runtime, &deployed(), Under::NoTool)?.cpu_us()? / 1000.0);
        init.push(Bootstrap::start(&programs.redirect, &deployed(), Under::NoTool)?.cpu_us()? / 1000.0);
        let bootstrap = Bootstrap::start(&programs.redirect, &stubbed(aws.address), Under::NoTool)?;
        bootstrap.invoke(&event)?;
        let after_first = bootstrap.cpu_us()? / 1000.0;
        cold.push(after_first);
        bootstrap.invoke(&event)?;
        second.push(bootstrap.cpu_us()? / 1000.0 - after_first);
    }
    let handshake = handshake::first_ms(STARTS)?;
    let milliseconds = |value: f64| format!("{value:.2} ms");
    table.metric("CPU of init: hello_runtime", milliseconds(median(hello.iter().copied())), "", "");
    let ratio = median(init.iter().zip(&hello).map(|(a, b)| a / b));
    table.metric("CPU of init: redirect", milliseconds(median(init)), "", format!("{ratio:.2}x hello_runtime"));
    table.metric("CPU of init and first redirect, link not in memory, without TLS", milliseconds(median(cold.iter().copied())), "", "");
    table.metric("CPU of the second redirect", milliseconds(median(second)), "", "");
    table.metric("CPU of a process's first TLS 1.3 handshake (ring), client", milliseconds(handshake), "< 10 ms", at_most(handshake, 10.0));
    let hello = median(hello);
    let with_tls = median(cold) + SERVICES * handshake;
    let measured = format!("{with_tls:.2} ms, {:.1}x", with_tls / hello);
    table.metric(
        "CPU of init and first redirect with three handshakes / init of hello_runtime",
        measured,
        "<= 5x",
        at_most(with_tls / hello, 5.0),
    );
    Ok(())
}

/// The TLS provider that spends CPU on jitter entropy is no dependency, and its variable that disables it is set.
fn jitter_entropy(table: &mut Table) -> Result<()> {
    let lock = std::fs::read_to_string(workspace().join("Cargo.lock"))?;
    let is_locked = lock.lines().any(|line| line == r#"name = "aws-lc-sys""#);
    let config = std::fs::read_to_string(workspace().join(".cargo/config.toml")).unwrap_or_default();
    let is_disabled = config.contains("AWS_LC_SYS_NO_JITTER_ENTROPY");
    let measured =
        format!("aws-lc {} Cargo.lock, variable {}", if is_locked { "in" } else { "not in" }, if is_disabled { "set" } else { "missing" });
    table.metric("no jitter entropy at the first handshake", measured, "not in, set", met_if(!is_locked && is_disabled));
    Ok(())
}

fn memory(table: &mut Table, programs: &Programs) -> Result<()> {
    let aws = AwsStub::start()?;
    let bootstrap = Bootstrap::start(&programs.redirect, &deployed(), Under::NoTool)?;
    let after_init = bootstrap.resident_mb()?;
    drop(bootstrap);
    let bootstrap = Bootstrap::start(&programs.redirect, &stubbed(aws.address), Under::NoTool)?;
    let events: Vec<_> = (0..LINKS).map(|number| event::follow("GET", &link::slug(number), number)).collect();
    let mut halfway = 0.0;
    for (number, event) in events.iter().cycle().take(INVOCATIONS).enumerate() {
        bootstrap.invoke(event)?;
        if number == INVOCATIONS / 2 {
            halfway = bootstrap.resident_mb()?;
        }
    }
    let at_end = bootstrap.resident_mb()?;
    table.metric("resident memory after init", format!("{after_init:.1} MB"), "<= 7 MB", at_most(after_init, 7.0));
    table.metric("resident memory after 10,000 redirects of 200 links", format!("{at_end:.1} MB"), "<= 9 MB", at_most(at_end, 9.0));
    table.metric(
        "growth of resident memory over the second half",
        format!("{:.2} MB", at_end - halfway),
        "< 0.3 MB",
        met_if(at_end - halfway < 0.3),
    );
    let calls = aws.take_calls();
    let per = |operation: &str| calls.get(operation).copied().unwrap_or_default() as f64 / INVOCATIONS as f64;
    let (reads, sends) = (per("BatchGetItem"), per("SendMessage"));
    table.metric("table reads per redirect, 200 links at full speed", format!("{reads:.4}"), "<= 0.01", at_most(reads, 0.01));
    table.metric("SQS requests per redirect, 200 links at full speed", format!("{sends:.4}"), "<= 0.04", at_most(sends, 0.04));
    Ok(())
}
