//! The event worker on Lambda.

fn main() -> Result<(), lambda_runtime::Error> {
    edge::start::queue(event_worker::handle)
}
