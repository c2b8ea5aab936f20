//! The recounter on Lambda.

fn main() -> Result<(), lambda_runtime::Error> {
    runtime::start::schedule(recounter::recount_yesterday)
}
