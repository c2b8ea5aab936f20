//! The chain on Lambda.

fn main() -> Result<(), lambda_http::Error> {
    edge::start::http(chain::service)
}
