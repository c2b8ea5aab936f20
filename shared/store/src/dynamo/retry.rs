//! Retries after contention: a write that another writer got in front of is made again, at once, a limited number of times.
//!
//! Failures of the network and of the service are not retried here; the SDK does that, see [`crate::sdk_settings`].

use crate::error::{Error, Result};
use crate::invocation::{Metric, measure};

/// How many attempts a contended operation has before contention is returned to the caller.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RetryPolicy {
    attempts: u32,
}

impl RetryPolicy {
    /// A transaction or update that is sent again as it is. A conflict lasts as long as the other transaction, a few
    /// milliseconds; six attempts outlast several of them and fit into a function's time.
    pub const TRANSACTION: Self = Self { attempts: 6 };
    /// Read, decide, write under the condition that nothing has changed; and writes to an item that all callers of a handle
    /// share, such as a counter. Of `n` writers that start together the last one needs `n` attempts: eight admits eight.
    pub const OPTIMISTIC_WRITE: Self = Self { attempts: 8 };
    /// Signals of one session, which a page sends in many small batches at once: all of them write the session's limits.
    pub const SESSION_APPEND: Self = Self { attempts: 60 };
    /// A conversion that restates its click: only other conversions of the same click contend, and the queue delivers the
    /// message again afterwards.
    pub const CLICK_RESTATEMENT: Self = Self { attempts: 4 };

    /// The numbers of the attempts, from 1.
    pub fn attempts(self) -> impl Iterator<Item = u32> {
        1..=self.attempts
    }
}

/// What one attempt led to.
#[derive(Clone, Copy, Debug)]
pub(crate) enum RetryStep<T, S = ()> {
    /// The operation has ended.
    Done(T),
    /// Another writer was first: attempt it again, from this state.
    Again(S),
}

/// Attempts an operation until it is done; each attempt gets its number, from 1, and the state the one before left.
///
/// # Errors
/// Those of an attempt; [`Error::Contended`] naming `operation` after the policy's last attempt.
pub(crate) async fn retry<T, S, F>(
    policy: RetryPolicy,
    operation: &'static str,
    mut state: S,
    attempt: impl Fn(u32, S) -> F + Send,
) -> Result<T>
where
    F: Future<Output = Result<RetryStep<T, S>>>,
{
    for number in policy.attempts() {
        match attempt(number, state).await? {
            RetryStep::Done(outcome) => return Ok(outcome),
            RetryStep::Again(next) => {
                measure(Metric::Conflicts, 1);
                state = next;
            }
        }
    }
    Err(Error::Contended(operation))
}

#[cfg(test)]
mod tests {
    use futures::FutureExt;

    use super::*;

    #[test]
    fn an_operation_is_attempted_until_it_is_done_or_its_policy_ends() {
        for policy in [RetryPolicy::TRANSACTION, RetryPolicy::OPTIMISTIC_WRITE, RetryPolicy::SESSION_APPEND, RetryPolicy::CLICK_RESTATEMENT]
        {
            let last = policy.attempts;
            let until = |done_at: u32| {
                let outcome = retry(policy, "UpdateItem", 0, |number, made: u32| async move {
                    assert_eq!(number, made + 1, "the state passes from one attempt to the next");
                    Ok(if number == done_at { RetryStep::Done(number) } else { RetryStep::Again(number) })
                });
                outcome.now_or_never().expect("nothing is waited for")
            };
            assert!(matches!(until(1), Ok(1)));
            assert!(matches!(until(last), Ok(number) if number == last));
            assert!(matches!(until(last + 1), Err(Error::Contended("UpdateItem"))));
        }
    }
}
