//! The event worker on Lambda.

fn main() -> Result<(), lambda_runtime::Error> {
    runtime::start::queue(std::convert::identity, event_worker::handle)
}
