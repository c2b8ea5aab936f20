//! The redirect on Lambda.

fn main() -> Result<(), lambda_http::Error> {
    api::start::http(redirect::service)
}
