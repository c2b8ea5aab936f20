//! Analytics on Lambda.

fn main() -> Result<(), lambda_http::Error> {
    api::start::http(analytics::service)
}
