//! Work of a request that is done after its answer has been handed to Lambda, and before the next event is asked for.
//!
//! Lambda passes an answer on as soon as the runtime has posted it, and neither stops the process nor gives it another event until the
//! runtime asks for one. Work in between costs the caller no time; if the process dies meanwhile, the work is lost.

use std::fmt;
use std::future::Future;
use std::sync::{Arc, Mutex, PoisonError};

use futures::FutureExt;
use futures::future::BoxFuture;
use http::Request;
use runtime::log::continued;
use tower::{Service, service_fn};

/// Takes the work that requests leave for after their answers. Requests have it as an extension on Lambda only, in
/// functions started by [`crate::start::events`].
#[derive(Clone, Default)]
pub struct AfterAnswer(Arc<Mutex<Vec<BoxFuture<'static, ()>>>>);

impl fmt::Debug for AfterAnswer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("AfterAnswer")
    }
}

impl AfterAnswer {
    /// Leaves work for after the answer of the present request. Its messages and log lines name this request.
    pub fn defer(&self, work: impl Future<Output = ()> + Send + 'static) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).push(continued(work).boxed());
    }

    /// What gives this to requests.
    pub fn extension<B>(&self) -> impl FnMut(Request<B>) -> Request<B> + Clone + use<B> {
        let after = self.clone();
        move |mut request| {
            request.extensions_mut().insert(after.clone());
            request
        }
    }

    /// Does what was left, in its order.
    async fn work(&self) {
        let left = std::mem::take(&mut *self.0.lock().unwrap_or_else(PoisonError::into_inner));
        for work in left {
            work.await;
        }
    }

    /// A service that does what was left when `inner` has posted the answer, even if posting it failed: a request that was carried out
    /// is not done without this work.
    pub fn follow<S, R>(self, mut inner: S) -> impl Service<R, Response = S::Response, Error = S::Error, Future: Send>
    where
        S: Service<R>,
        S::Future: Send,
        S::Response: Send,
        S::Error: Send,
    {
        // None of the services within has to be waited for: all of them are functions.
        service_fn(move |invocation| {
            let (posted, after) = (inner.call(invocation), self.clone());
            async move {
                let posted = posted.await;
                after.work().await;
                posted
            }
        })
    }
}
