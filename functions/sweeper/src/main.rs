//! The sweeper on Lambda.

fn main() -> Result<(), lambda_runtime::Error> {
    edge::start::schedule(sweeper::sweep)
}
