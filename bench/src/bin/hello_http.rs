//! The smallest function on `lambda_http`: the cost of every response to an HTTP event.

use lambda_http::{Body, Error, Request, Response, service_fn};

fn main() -> Result<(), Error> {
    let serve = |_: Request| async {
        let response = Response::builder().status(302).header("location", "https://example.com/");
        Ok::<_, Error>(response.body(Body::Empty)?)
    };
    tokio::runtime::Builder::new_current_thread().enable_all().build()?.block_on(lambda_http::run(service_fn(serve)))
}
