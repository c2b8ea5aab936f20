//! The redirect on Lambda.

fn main() -> Result<(), lambda_http::Error> {
    edge::start::http(redirect::service)
}
