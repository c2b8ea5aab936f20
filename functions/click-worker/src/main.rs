//! The click worker on Lambda.

fn main() -> Result<(), lambda_runtime::Error> {
    edge::start::queue(click_worker::handle)
}
