//! Campaigns on Lambda.

fn main() -> Result<(), lambda_http::Error> {
    edge::start::http(campaigns::service)
}
