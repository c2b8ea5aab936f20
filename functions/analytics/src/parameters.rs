//! Query parameters: each read once, unknown ones refused, every invalid one reported at once.

use std::collections::BTreeMap;
use std::str::FromStr;

use domain::values::form::{Fault, Faults};
use domain::values::moment::Day;

/// Days a report may cover.
const MAX_DAYS: i64 = 400;
/// Days a report covers when `from` is left out.
const DEFAULT_DAYS: i64 = 30;

/// Days in UTC, both included.
#[derive(Clone, Copy)]
pub(crate) struct Range {
    pub(crate) from: Day,
    pub(crate) to: Day,
}

/// The parameters of a request while they are read.
pub(crate) struct Parameters {
    members: BTreeMap<String, String>,
    faults: Vec<Fault>,
}

impl Parameters {
    /// Parses a query string.
    pub(crate) fn open(query: &str, known: &[&str]) -> Self {
        let mut parameters = Self { members: BTreeMap::new(), faults: Vec::new() };
        for (name, value) in url::form_urlencoded::parse(query.as_bytes()) {
            if !known.contains(&&*name) {
                parameters.fault(&name, "is not a known parameter");
            } else if parameters.members.insert(name.to_string(), value.into_owned()).is_some() {
                parameters.fault(&name, "is given more than once");
            }
        }
        parameters
    }

    /// A parameter as it is given.
    pub(crate) fn text(&self, name: &str) -> Option<&str> {
        self.members.get(name).map(String::as_str)
    }

    /// Reports an invalid parameter.
    pub(crate) fn fault(&mut self, name: &str, message: impl Into<String>) {
        self.faults.push(Fault { field: name.to_owned(), message: message.into() });
    }

    /// A parameter, if it is given and valid.
    pub(crate) fn read<T: FromStr<Err = E>, E: ToString>(&mut self, name: &str) -> Option<T> {
        match self.members.get(name)?.parse::<T>() {
            Ok(value) => Some(value),
            Err(error) => {
                self.fault(name, error.to_string());
                None
            }
        }
    }

    /// Whether a parameter is `true`; false when left out.
    pub(crate) fn flag(&mut self, name: &str) -> bool {
        match self.members.get(name).map(String::as_str) {
            Some("true") => true,
            None | Some("false") => false,
            Some(_) => {
                self.fault(name, "must be true or false");
                false
            }
        }
    }

    /// The days from `from` to `to`, by default the last thirty.
    pub(crate) fn range(&mut self, today: Day) -> Range {
        let to = self.read("to").unwrap_or(today);
        let from = self.read("from").unwrap_or_else(|| to.plus(1 - DEFAULT_DAYS));
        if !(1..=MAX_DAYS).contains(&from.days_to(to)) {
            self.fault("from", format!("must not be after to, nor more than {MAX_DAYS} days before it"));
        }
        Range { from, to }
    }

    /// What was read.
    ///
    /// # Errors
    /// Every invalid parameter.
    pub(crate) fn settle<T>(self, read: T) -> Result<T, Faults> {
        if self.faults.is_empty() { Ok(read) } else { Err(Faults(self.faults)) }
    }
}
