//! Context and conversions on Lambda.

fn main() -> Result<(), lambda_http::Error> {
    api::start::http(attribution::service)
}
