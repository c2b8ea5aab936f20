//! The command line.

use std::path::PathBuf;

use anyhow::{Context, Result, bail};

/// Measures the bootstraps as they were built before.
pub(crate) const AS_BUILT: &str = "as-built";

/// What to measure and where to write it.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Options {
    /// The sections to measure; all of them when empty.
    pub(crate) sections: Vec<String>,
    /// The Markdown file to write the report to.
    pub(crate) markdown: Option<PathBuf>,
    /// The date of the report.
    pub(crate) date: Option<String>,
    /// The arguments, for the report.
    pub(crate) command_line: String,
}

impl Options {
    /// Reads the arguments after the program's name.
    pub(crate) fn parse(arguments: &[String], known_sections: &[&str]) -> Result<Self> {
        let mut options = Self { command_line: arguments.join(" "), ..Self::default() };
        let mut rest = arguments.iter();
        while let Some(argument) = rest.next() {
            match argument.as_str() {
                "--markdown" => options.markdown = Some(rest.next().context("--markdown needs a file")?.into()),
                "--date" => options.date = Some(rest.next().context("--date needs a day, such as 2026-03-01")?.clone()),
                AS_BUILT => {}
                section if known_sections.contains(&section) => options.sections.push(section.to_owned()),
                unknown => bail!("unknown argument {unknown}; sections are {}", known_sections.join(", ")),
            }
        }
        anyhow::ensure!(options.markdown.is_none() || options.date.is_some(), "--markdown needs --date, the day of the report");
        Ok(options)
    }

    /// Whether to measure a section.
    pub(crate) fn includes(&self, section: &str) -> bool {
        self.sections.is_empty() || self.sections.iter().any(|name| name == section)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(text: &str) -> Result<Options> {
        let arguments: Vec<String> = text.split_whitespace().map(str::to_owned).collect();
        Options::parse(&arguments, &["calls", "cpu"])
    }

    #[test]
    fn sections_and_the_report_are_read() {
        let options = parse("cpu as-built --markdown docs/performance.md --date 2026-03-01").unwrap();
        assert_eq!((options.sections.as_slice(), options.date.as_deref()), (["cpu".to_owned()].as_slice(), Some("2026-03-01")));
        assert_eq!(options.markdown, Some("docs/performance.md".into()));
        assert!(options.includes("cpu") && !options.includes("calls"));
        assert!(parse("").unwrap().includes("calls"));
        for wrong in ["nothing", "--markdown", "--markdown x.md", "--date"] {
            assert!(parse(wrong).is_err(), "{wrong}");
        }
    }
}
