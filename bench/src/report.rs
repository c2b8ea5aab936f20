//! The report as a Markdown file: machine, date, command line, missed goals, and every table.

use std::path::Path;
use std::process::Command;

use anyhow::{Context, Result};

use crate::options::Options;
use crate::table::{Table, list_item};

/// What surrounds the report in a file that has text of its own.
const BEGIN: &str = "<!-- bench: begin -->\n";
const END: &str = "<!-- bench: end -->";

/// Writes the report to `path`: between its markers if it has them, else as the whole file.
pub(crate) fn write(path: &Path, options: &Options, tables: &[Table], failed: &[String]) -> Result<()> {
    let existing = std::fs::read_to_string(path).unwrap_or_default();
    let report = text(options, tables, failed);
    std::fs::write(path, placed(&existing, &report)).with_context(|| path.display().to_string())
}

fn placed(existing: &str, report: &str) -> String {
    let parts = existing.split_once(BEGIN).and_then(|(before, rest)| Some((before, rest.split_once(END)?.1)));
    match parts {
        Some((before, after)) => format!("{before}{BEGIN}{report}{END}{after}"),
        None => format!("# Performance\n\n{report}"),
    }
}

fn text(options: &Options, tables: &[Table], failed: &[String]) -> String {
    let mut text = String::new();
    let mut line = |name: &str, value: &str| text.push_str(&list_item(&format!("{name}: {value}")));
    line("Date", options.date.as_deref().unwrap_or("unknown"));
    line("Command", format!("`cargo run --release -p bench -- {}`", options.command_line).as_str());
    line("Machine", &machine());
    let missed: Vec<&str> = tables.iter().flat_map(Table::missed).collect();
    line("Goals missed", &if missed.is_empty() { "none".to_owned() } else { missed.join("; ") });
    if !failed.is_empty() {
        line("Not measured", &failed.join("; "));
    }
    tables.iter().for_each(|table| text.push_str(&table.to_string()));
    text
}

fn machine() -> String {
    let read = |path: &str| std::fs::read_to_string(path).unwrap_or_default();
    let value = |text: &str, name: &str| {
        let line = text.lines().find_map(|line| line.strip_prefix(name)?.trim_start().strip_prefix(':'));
        line.map_or_else(|| "unknown".to_owned(), |value| value.trim().to_owned())
    };
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    let (cpu, memory) = (value(&read("/proc/cpuinfo"), "model name"), value(&read("/proc/meminfo"), "MemTotal"));
    let rustc = Command::new("rustc").arg("--version").output().map(|output| output.stdout).unwrap_or_default();
    let kernel = read("/proc/sys/kernel/osrelease");
    format!("{cpu}, {cores} cores, {memory} memory, Linux {}, {}", kernel.trim(), String::from_utf8_lossy(&rustc).trim())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::table::at_most;

    #[test]
    fn a_report_has_every_table_and_names_the_misses() {
        let mut table = Table::goals("Sizes");
        table.metric("redirect", "3 MB", "<= 2 MB", at_most(3.0, 2.0));
        let options = Options { date: Some("2026-03-01".to_owned()), command_line: "sizes".to_owned(), ..Options::default() };
        let report = text(&options, &[table], &["cpu: valgrind failed".to_owned()]);
        for expected in ["- Date: 2026-03-01\n", "bench -- sizes`", "- Goals missed: redirect\n", "- Not measured: cpu: ", "| redirect |"] {
            assert!(report.contains(expected), "{expected}: {report}");
        }
    }

    #[test]
    fn text_around_the_markers_is_kept() {
        let existing = format!("# Title\n{BEGIN}old\n{END}\nEnd.\n");
        assert_eq!(placed(&existing, "new\n"), format!("# Title\n{BEGIN}new\n{END}\nEnd.\n"));
        assert_eq!(placed("", "new\n"), "# Performance\n\nnew\n");
    }
}
