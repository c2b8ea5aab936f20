//! Which messages of a batch are processed, by the rules of Lambda's event source mapping.

use std::collections::HashSet;

use aws_lambda_events::sqs::SqsBatchResponse;

/// The result of a batch.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum BatchResult {
    /// Every message is deleted.
    Done,
    /// Every message stays in the queue.
    Failed,
    /// The named messages stay, the others are deleted.
    Partly(HashSet<String>),
}

impl BatchResult {
    /// Evaluates the response to a batch of messages with `ids`; no response means that the function failed.
    ///
    /// Without `ReportBatchItemFailures`, every response is a success. With it, an empty list is a success of the whole batch,
    /// and an id that is empty or not in the batch a failure of the whole batch.
    pub(super) fn of(ids: &HashSet<&str>, response: Option<&SqsBatchResponse>, reports_failures: bool) -> Self {
        let Some(response) = response else { return Self::Failed };
        if !reports_failures || response.batch_item_failures.is_empty() {
            return Self::Done;
        }
        let failed = response.batch_item_failures.iter().map(|failure| failure.item_identifier.as_str());
        let failed: HashSet<_> = failed.collect();
        if failed.is_subset(ids) { Self::Partly(failed.into_iter().map(str::to_owned).collect()) } else { Self::Failed }
    }

    /// Whether the message `id` is to be deleted.
    pub(super) fn is_done(&self, id: &str) -> bool {
        match self {
            Self::Done => true,
            Self::Failed => false,
            Self::Partly(failed) => !failed.contains(id),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn result_of(answer: Option<&str>, reports_failures: bool) -> BatchResult {
        let response: Option<SqsBatchResponse> = answer.map(|answer| serde_json::from_str(answer).unwrap());
        BatchResult::of(&HashSet::from(["a", "b"]), response.as_ref(), reports_failures)
    }

    #[test]
    fn an_empty_list_is_a_success() {
        assert_eq!(result_of(Some(r#"{"batchItemFailures":[]}"#), true), BatchResult::Done);
    }

    #[test]
    fn reported_messages_stay_and_the_others_are_deleted() {
        let result = result_of(Some(r#"{"batchItemFailures":[{"itemIdentifier":"b"}]}"#), true);
        assert!(result.is_done("a"));
        assert!(!result.is_done("b"));
    }

    #[test]
    fn an_empty_or_unknown_id_fails_the_whole_batch() {
        for id in ["", "c"] {
            let answer = format!(r#"{{"batchItemFailures":[{{"itemIdentifier":"a"}},{{"itemIdentifier":"{id}"}}]}}"#);
            assert_eq!(result_of(Some(&answer), true), BatchResult::Failed, "{id:?}");
        }
    }

    #[test]
    fn a_function_that_failed_has_processed_nothing() {
        assert_eq!(result_of(None, true), BatchResult::Failed);
        assert_eq!(result_of(None, false), BatchResult::Failed);
    }

    #[test]
    fn failures_count_only_where_they_are_reported() {
        let answer = r#"{"batchItemFailures":[{"itemIdentifier":"a"}]}"#;
        assert_eq!(result_of(Some(answer), false), BatchResult::Done);
    }
}
