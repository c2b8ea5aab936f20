//! The redirect on Lambda.

fn main() -> Result<(), api::start::Error> {
    api::start::events(redirect::service)
}
