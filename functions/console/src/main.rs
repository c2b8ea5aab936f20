//! The console on Lambda.

use runtime::start::{inputs, variable};

fn main() -> Result<(), lambda_http::Error> {
    api::start::service(|| Ok(console::service(console::ConsoleSettings::read(variable)?, inputs())))
}
