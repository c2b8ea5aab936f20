//! The click worker on Lambda.

fn main() -> Result<(), lambda_runtime::Error> {
    runtime::start::queue(click_worker::ClickWorker::new, click_worker::handle)
}
