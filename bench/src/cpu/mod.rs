//! CPU of a warm redirect through the real bootstrap, beside the smallest bootstraps; and of its parts in this process.

mod micro;
mod warm;

use anyhow::Result;

pub(crate) use micro::tell_marks;

/// Measures and prints.
pub(crate) fn print() -> Result<()> {
    warm::print()?;
    micro::print()
}
