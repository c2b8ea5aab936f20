//! Which messages of a batch are done, by the rules of Lambda's event source mapping.

use std::collections::HashSet;

use aws_lambda_events::sqs::SqsBatchResponse;

/// What becomes of a batch.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Verdict {
    /// Every message is deleted.
    Done,
    /// Every message stays.
    Failed,
    /// The named messages stay, the others are deleted.
    Partly(HashSet<String>),
}

impl Verdict {
    /// Judges an answer to a batch of messages with `ids`; no answer means that the function broke.
    ///
    /// Where the event source does not report failures, any answer will do. Otherwise an empty list means that all
    /// went well, and an id that is empty or not of the batch means that nothing did.
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

    fn judge(answer: Option<&str>, reports_failures: bool) -> Verdict {
        let response: Option<SqsBatchResponse> = answer.map(|answer| serde_json::from_str(answer).unwrap());
        Verdict::of(&HashSet::from(["a", "b"]), response.as_ref(), reports_failures)
    }

    #[test]
    fn an_empty_list_means_that_all_went_well() {
        assert_eq!(judge(Some(r#"{"batchItemFailures":[]}"#), true), Verdict::Done);
    }

    #[test]
    fn named_messages_stay_and_the_others_go() {
        let verdict = judge(Some(r#"{"batchItemFailures":[{"itemIdentifier":"b"}]}"#), true);
        assert!(verdict.is_done("a"));
        assert!(!verdict.is_done("b"));
    }

    #[test]
    fn an_empty_or_unknown_id_fails_the_whole_batch() {
        for id in ["", "c"] {
            let answer = format!(r#"{{"batchItemFailures":[{{"itemIdentifier":"a"}},{{"itemIdentifier":"{id}"}}]}}"#);
            assert_eq!(judge(Some(&answer), true), Verdict::Failed, "{id:?}");
        }
    }

    #[test]
    fn a_function_that_broke_has_done_nothing() {
        assert_eq!(judge(None, true), Verdict::Failed);
        assert_eq!(judge(None, false), Verdict::Failed);
    }

    #[test]
    fn failures_count_only_where_they_are_reported() {
        let answer = r#"{"batchItemFailures":[{"itemIdentifier":"a"}]}"#;
        assert_eq!(judge(Some(answer), false), Verdict::Done);
    }
}
