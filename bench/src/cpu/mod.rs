//! CPU of a warm redirect through the real bootstrap, beside the smallest bootstraps; and of its parts in this process.

mod micro;
mod profile;
mod warm;

use anyhow::Result;

use crate::table::Table;

pub(crate) use micro::print_first_classification;

/// Measures a warm invocation and its parts.
pub(crate) fn measure() -> Result<Vec<Table>> {
    let mut tables = warm::measure()?;
    tables.push(micro::measure()?);
    Ok(tables)
}
