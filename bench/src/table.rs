//! What is printed: tables with a heading, remarks below them, and the verdict over a goal.

/// A table that is printed when it is complete.
pub(crate) struct Table {
    title: String,
    head: Vec<String>,
    rows: Vec<Vec<String>>,
    remarks: Vec<String>,
}

impl Table {
    /// A table of metrics beside their goals.
    pub(crate) fn goals(title: &str) -> Self {
        Self::new(title, &["metric", "measured", "goal", "verdict"])
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

    /// Adds a metric.
    pub(crate) fn metric(&mut self, metric: &str, measured: impl Into<String>, goal: &str, verdict: impl Into<String>) {
        self.rows.push(vec![metric.to_owned(), measured.into(), goal.to_owned(), verdict.into()]);
    }

    /// Adds a remark under the table.
    pub(crate) fn remark(&mut self, text: impl Into<String>) {
        self.remarks.push(text.into());
    }

    /// Prints it, its columns aligned.
    pub(crate) fn print(&self) {
        let mut widths: Vec<usize> = self.head.iter().map(|cell| cell.chars().count()).collect();
        for row in &self.rows {
            for (width, cell) in widths.iter_mut().zip(row) {
                *width = (*width).max(cell.chars().count());
            }
        }
        println!("\n## {}\n", self.title);
        print_row(&self.head, &widths);
        let rule: Vec<String> = widths.iter().map(|width| "-".repeat(*width)).collect();
        print_row(&rule, &widths);
        for row in &self.rows {
            print_row(row, &widths);
        }
        for remark in &self.remarks {
            println!("\n- {remark}");
        }
    }
}

fn print_row(cells: &[String], widths: &[usize]) {
    let padded: Vec<String> =
        cells.iter().zip(widths).map(|(cell, width)| format!("{cell}{}", " ".repeat(width.saturating_sub(cell.chars().count())))).collect();
    println!("| {} |", padded.join(" | "));
}

/// Whether `measured` is within `goal`, and by how much.
pub(crate) fn at_most(measured: f64, goal: f64) -> String {
    let share = measured / goal;
    if goal <= 0.0 {
        return if measured <= goal { "met".to_owned() } else { "MISSED".to_owned() };
    }
    if share <= 1.0 { format!("met, {share:.2} of it") } else { format!("MISSED, {share:.1}x") }
}
