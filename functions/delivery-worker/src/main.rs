//! The delivery worker on Lambda.

fn main() -> Result<(), lambda_runtime::Error> {
    edge::start::queue(delivery_worker::handle)
}
