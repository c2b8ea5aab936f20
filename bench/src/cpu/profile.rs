//! Where the instructions of a warm redirect go: callgrind's count of each function, of the same program with the names of its functions.

use std::collections::BTreeMap;
use std::path::Path;
use std::process::Command;

use anyhow::{Context, Result, ensure};

use crate::bootstrap::{Bootstrap, Under};
use crate::table::Table;

use super::warm::{COUNTED, repeat};

/// What instructions are for, by parts of the names of functions: the first that fits counts. What the linker has inlined counts for the
/// function around it.
const PARTS: [(&str, &[&str]); 9] = [
    (SHA_256, &["sha2::", "sha256"]),
    ("allocator of the C library", &["malloc", "calloc", "realloc", "_int_free", "free", "unlink_chunk", "tcache"]),
    ("copying and comparing memory", &["memcpy", "memmove", "memset", "memcmp", "memchr", "strlen"]),
    ("HTTP over connections: hyper, http", &["hyper", "http::", "httparse", "http_body", "itoa"]),
    ("event, answer, click and message as JSON", &["serde", "aws_lambda_events", "ryu"]),
    (
        "redirect: classify, route, seal the token, sign and send",
        &["redirect::", "domain::", "store::", "api::", "hmac", "url::", "form_urlencoded", "base64", "idna", "percent_encoding"],
    ),
    ("AWS SDK: connector, request and response", &["aws_", "smithy"]),
    (
        "Lambda runtime, timers, tasks, sockets",
        &["tokio", "mio::", "lambda_runtime", "runtime::", "tower", "futures", "epoll", "recv", "send", "clock_gettime", "mutex"],
    ),
    ("log line", &["tracing", "core::fmt", "alloc::fmt"]),
];

/// The part whose instructions real processors have hardware for, which valgrind hides.
pub(super) const SHA_256: &str = "SHA-256";
const OTHER: &str = "other";

/// Instructions of one invocation, by what they are for.
pub(super) fn measure(program: &Path, environment: &BTreeMap<String, String>, event: &[u8]) -> Result<BTreeMap<&'static str, f64>> {
    let folder = tempfile::tempdir()?;
    let counted = |invocations: usize| -> Result<BTreeMap<&'static str, f64>> {
        let counts = folder.path().join(format!("{invocations}.out"));
        let bootstrap = Bootstrap::start(program, environment, Under::Profile(&counts))?;
        repeat(&bootstrap, event, invocations)?;
        bootstrap.end()?;
        by_part(&counts)
    };
    let (few, many) = (counted(COUNTED.0)?, counted(COUNTED.1)?);
    let per_invocation =
        |part: &'static str, all: f64| (part, (all - few.get(part).copied().unwrap_or_default()) / (COUNTED.1 - COUNTED.0) as f64);
    Ok(many.into_iter().map(|(part, all)| per_invocation(part, all)).collect())
}

/// The table of the parts, most instructions first.
pub(super) fn table(parts: &BTreeMap<&'static str, f64>) -> Table {
    let mut table = Table::new("Where the instructions of a warm redirect go", &["what", "instructions", "share"]);
    let all: f64 = parts.values().sum();
    let mut sorted: Vec<_> = parts.iter().collect();
    sorted.sort_by(|(_, a), (_, b)| b.total_cmp(a));
    for (part, count) in sorted {
        table.row([(*part).to_owned(), format!("{:.1} k", count / 1000.0), format!("{:.0} %", 100.0 * count / all)]);
    }
    table.remark("By callgrind and the names of functions; what is inlined counts for the function around it. Processors have instructions for SHA-256, which valgrind hides.");
    table
}

/// The instructions that callgrind has counted, by part.
fn by_part(counts: &Path) -> Result<BTreeMap<&'static str, f64>> {
    let output =
        Command::new("callgrind_annotate").args(["--threshold=100", "--show=Ir"]).arg(counts).output().context("callgrind_annotate")?;
    ensure!(output.status.success(), "callgrind_annotate failed");
    let text = String::from_utf8_lossy(&output.stdout);
    let mut parts = BTreeMap::new();
    for (function, count) in text.lines().filter_map(function) {
        *parts.entry(part(function)).or_default() += count;
    }
    ensure!(parts.len() > 3, "callgrind_annotate names no functions");
    Ok(parts)
}

/// A line such as `1,234 (5.6%)  file:function [object]`: the function and its instructions.
fn function(line: &str) -> Option<(&str, f64)> {
    let (count, rest) = line.trim_start().split_once(" (")?;
    let count: f64 = count.replace(',', "").parse().ok()?;
    let (_share, place) = rest.split_once("%)")?;
    let (_file, function) = place.trim().split_once(':')?;
    Some((function, count)).filter(|(function, _)| !function.is_empty())
}

fn part(function: &str) -> &'static str {
    let fits = |words: &&[&str]| words.iter().any(|word| function.contains(word));
    PARTS.iter().find(|(_, words)| fits(words)).map_or(OTHER, |(part, _)| part)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_with_functions_are_read_and_others_are_not() {
        let found = function("130,208 (28.6%)  ???:sha2::sha256::soft::compress [/app/redirect]").unwrap();
        assert_eq!((part(found.0), found.1), (SHA_256, 130_208.0));
        assert_eq!(function(" 9,001 ( 2.0%)  ./malloc/malloc.c:_int_free [/lib/libc.so.6]").map(|(name, _)| part(name)), Some(PARTS[1].0));
        for line in ["", "Ir", "--------", "454,912 (100.0%)  PROGRAM TOTALS", "Events shown:     Ir"] {
            assert_eq!(function(line), None, "{line}");
        }
        assert_eq!(part("main"), OTHER);
    }
}
