//! How far a job is: a bar on a terminal, else a plain line for each handle-day.

use std::io::{IsTerminal, stderr};

use domain::values::moment::Day;
use domain::values::name::Handle;
use indicatif::{ProgressBar, ProgressStyle};

use super::Watcher;

/// Clicks on a terminal's bar: share of days done, records a second, and what it works on.
const STYLE: &str = "{bar:30} {percent:>3} %  {elapsed}  {msg}";

/// A watcher that shows what it hears on standard error; what the job says goes to standard output.
pub struct Bar {
    bar: Option<ProgressBar>,
    works_on: String,
    records: u64,
    done: u64,
    days: u64,
}

impl Bar {
    /// Over so many days, each handle's counted.
    pub fn over(days: u64) -> Self {
        let bar = stderr().is_terminal().then(|| {
            let style = ProgressStyle::with_template(STYLE).unwrap_or_else(|_| ProgressStyle::default_bar());
            ProgressBar::new(days).with_style(style)
        });
        Self { bar, works_on: String::new(), records: 0, done: 0, days }
    }

    /// Takes the bar away.
    pub fn finish(&self) {
        if let Some(bar) = &self.bar {
            bar.finish_and_clear();
        }
    }

    fn show(&self) {
        if let Some(bar) = &self.bar {
            let seconds = bar.elapsed().as_secs().max(1);
            bar.set_message(format!("{} records, {}/s, {}", self.records, self.records / seconds, self.works_on));
        }
    }
}

impl Watcher for Bar {
    fn begins(&mut self, handle: &Handle, day: Day) {
        self.works_on = format!("{handle} {day}");
        self.show();
    }

    fn has_read(&mut self, records: usize) {
        self.records += u64::try_from(records).unwrap_or_default();
        self.show();
    }

    fn says(&mut self, line: &str) {
        match &self.bar {
            Some(bar) => bar.suspend(|| println!("{line}")),
            None => println!("{line}"),
        }
    }

    fn day_done(&mut self) {
        self.done += 1;
        match &self.bar {
            Some(bar) => bar.inc(1),
            None => eprintln!("{} of {} handle-days, {} records, {}", self.done, self.days, self.records, self.works_on),
        }
    }
}
