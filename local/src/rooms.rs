//! temporary
use crate::{Error, Function, House};
/// x
pub fn furnish(house: &House) -> Result<(), Error> {
    let f = tower::service_fn(|_r: lambda_http::Request| async move {
        Ok::<_, std::convert::Infallible>(lambda_http::Response::builder().status(302).header("location","https://example.com/?ctx=c1.k1.aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa").header("cache-control","private, no-store").body(lambda_http::Body::Empty).unwrap_or_default())
    });
    house.mount("redirect", Function::Http(tower::util::BoxCloneSyncService::new(f)))?;
    Ok(())
}
