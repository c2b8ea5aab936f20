//! The sweeper on Lambda.

fn main() -> Result<(), lambda_runtime::Error> {
    runtime::start::schedule(sweeper::sweep)
}
