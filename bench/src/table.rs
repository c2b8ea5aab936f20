//! Result tables: rows beside goals, remarks, and their Markdown.

use std::fmt::{self, Display, Formatter};

/// A table of results.
pub(crate) struct Table {
    title: String,
    head: Vec<String>,
    rows: Vec<Vec<String>>,
    remarks: Vec<String>,
}

impl Table {
    /// A table of metrics beside their goals.
    pub(crate) fn goals(title: &str) -> Self {
        Self::new(title, &["metric", "measured", "goal", "result"])
    }

    /// A table with columns of its own.
    pub(crate) fn new(title: &str, head: &[&str]) -> Self {
        let head = head.iter().map(|name| (*name).to_owned()).collect();
        Self { title: title.to_owned(), head, rows: Vec::new(), remarks: Vec::new() }
    }

    /// Adds a row.
    pub(crate) fn row<const N: usize>(&mut self, cells: [String; N]) {
        self.rows.push(cells.into());
    }

    /// Adds a metric with its goal and result; both are empty for a figure without a goal.
    pub(crate) fn metric(&mut self, metric: &str, measured: impl Into<String>, goal: &str, result: impl Into<String>) {
        self.rows.push(vec![metric.to_owned(), measured.into(), goal.to_owned(), result.into()]);
    }

    /// Adds a remark under the table.
    pub(crate) fn remark(&mut self, text: impl Into<String>) {
        self.remarks.push(text.into());
    }

    /// The first cells of the rows whose goal is missed.
    pub(crate) fn missed(&self) -> impl Iterator<Item = &str> {
        let missed = self.rows.iter().filter(|row| row.iter().any(|cell| cell.starts_with(MISSED)));
        missed.filter_map(|row| row.first().map(String::as_str))
    }
}

/// Markdown, with aligned columns.
impl Display for Table {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let mut widths: Vec<usize> = self.head.iter().map(|cell| cell.chars().count()).collect();
        for row in &self.rows {
            for (width, cell) in widths.iter_mut().zip(row) {
                *width = (*width).max(cell.chars().count());
            }
        }
        writeln!(f, "\n## {}\n", self.title)?;
        write_row(f, &self.head, &widths)?;
        let rule: Vec<String> = widths.iter().map(|width| "-".repeat(*width)).collect();
        write_row(f, &rule, &widths)?;
        for row in &self.rows {
            write_row(f, row, &widths)?;
        }
        if !self.remarks.is_empty() {
            writeln!(f)?;
        }
        self.remarks.iter().try_for_each(|remark| f.write_str(&list_item(remark)))
    }
}

/// Longest line of the report outside its tables, in characters.
const MAX_LINE: usize = 140;

/// A text as an item of a list, in lines of at most 140 characters.
pub(crate) fn list_item(text: &str) -> String {
    let (mut item, mut length) = ("-".to_owned(), 1);
    for word in text.split_whitespace() {
        let added = 1 + word.chars().count();
        if length + added > MAX_LINE {
            item.push_str("\n ");
            length = 1;
        }
        length += added;
        item.push(' ');
        item.push_str(word);
    }
    item.push('\n');
    item
}

fn write_row(f: &mut Formatter<'_>, cells: &[String], widths: &[usize]) -> fmt::Result {
    let padded: Vec<String> =
        cells.iter().zip(widths).map(|(cell, width)| format!("{cell}{}", " ".repeat(width.saturating_sub(cell.chars().count())))).collect();
    writeln!(f, "| {} |", padded.join(" | "))
}

/// How the result of a metric that misses its goal begins.
pub(crate) const MISSED: &str = "missed";

/// The result of a metric whose goal is a yes or no.
pub(crate) fn met_if(is_met: bool) -> String {
    if is_met { "met" } else { MISSED }.to_owned()
}

/// The result of a metric that must not exceed `goal`.
pub(crate) fn at_most(measured: f64, goal: f64) -> String {
    if goal <= 0.0 {
        return met_if(measured <= goal);
    }
    let share = measured / goal;
    if share <= 1.0 { format!("met, {share:.2} of the goal") } else { format!("{MISSED}, {share:.1} times the goal") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_item_goes_on_in_the_next_line() {
        assert_eq!(list_item("one two"), "- one two\n");
        let item = list_item(&"word ".repeat(100));
        assert!(item.lines().skip(1).all(|line| line.starts_with("  word")) && item.lines().all(|line| line.len() <= MAX_LINE), "{item}");
        assert_eq!(item.split_whitespace().filter(|word| *word == "word").count(), 100);
    }

    #[test]
    fn a_table_is_markdown_and_lists_its_misses() {
        let mut table = Table::goals("Sizes");
        table.metric("a", "3 MB", "<= 2 MB", at_most(3.0, 2.0));
        table.metric("bb", "1 MB", "<= 2 MB", at_most(1.0, 2.0));
        table.remark("Zipped.");
        let expected = "\n## Sizes\n\n\
            | metric | measured | goal    | result                     |\n\
            | ------ | -------- | ------- | -------------------------- |\n\
            | a      | 3 MB     | <= 2 MB | missed, 1.5 times the goal |\n\
            | bb     | 1 MB     | <= 2 MB | met, 0.50 of the goal      |\n\
            \n- Zipped.\n";
        assert_eq!(table.to_string(), expected);
        assert_eq!(table.missed().collect::<Vec<_>>(), ["a"]);
    }
}
