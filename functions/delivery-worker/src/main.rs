//! The delivery worker on Lambda.

fn main() -> Result<(), lambda_runtime::Error> {
    runtime::start::queue(std::convert::identity, delivery_worker::handle)
}
