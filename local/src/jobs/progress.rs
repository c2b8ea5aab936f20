//! The progress of a job on standard error: a bar on a terminal, else a line for each day of a handle.

use std::io::{IsTerminal, stderr};

use domain::values::moment::Day;
use domain::values::name::Handle;
use indicatif::{ProgressBar, ProgressStyle};

use super::Progress;

/// The bar: share of days done, time, records per second, and the current handle and day.
const STYLE: &str = "{bar:30} {percent:>3} %  {elapsed}  {msg}";

/// Shows progress on standard error; messages go to standard output.
pub struct TerminalProgress {
    bar: Option<ProgressBar>,
    current: String,
    records: u64,
    done: u64,
    days: u64,
}

impl TerminalProgress {
    /// For `days` days, summed over all handles.
    pub fn new(days: u64) -> Self {
        let bar = stderr().is_terminal().then(|| {
            let style = ProgressStyle::with_template(STYLE).unwrap_or_else(|_| ProgressStyle::default_bar());
            ProgressBar::new(days).with_style(style)
        });
        Self { bar, current: String::new(), records: 0, done: 0, days }
    }

    /// Removes the bar.
    pub fn finish(&self) {
        if let Some(bar) = &self.bar {
            bar.finish_and_clear();
        }
    }

    fn show(&self) {
        if let Some(bar) = &self.bar {
            let seconds = bar.elapsed().as_secs().max(1);
            bar.set_message(format!("{} records, {}/s, {}", self.records, self.records / seconds, self.current));
        }
    }
}

impl Progress for TerminalProgress {
    fn day_started(&mut self, handle: &Handle, day: Day) {
        self.current = format!("{handle} {day}");
        self.show();
    }

    fn records_read(&mut self, records: usize) {
        self.records += u64::try_from(records).unwrap_or_default();
        self.show();
    }

    fn message(&mut self, line: &str) {
        match &self.bar {
            Some(bar) => bar.suspend(|| println!("{line}")),
            None => println!("{line}"),
        }
    }

    fn day_done(&mut self) {
        self.done += 1;
        match &self.bar {
            Some(bar) => bar.inc(1),
            None => eprintln!("{} of {} handle-days, {} records, {}", self.done, self.days, self.records, self.current),
        }
    }
}
