//! Context and conversions on Lambda.

fn main() -> Result<(), lambda_http::Error> {
    edge::start::http(attribution::service)
}
