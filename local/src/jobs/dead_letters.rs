//! Dead letters: the messages that their workers could not process. Counted, shown, and moved back to the queues they come from.

use std::collections::BTreeMap;

use store::{AwsConnection, DeadLetter, DeadLetterCount, DeadLetters};

use crate::server::{ACCOUNT, REGION};
use crate::template::{Site, Template};
use crate::{Error, TEMPLATE};

/// The most messages that are shown.
pub const MAX_SHOWN: usize = 100;

/// The dead letters of one queue.
pub struct DeadLetterQueue {
    /// The queue they come from: `clicks`, `events`, `click-events`, `deliveries`, `retries`.
    pub name: String,
    letters: DeadLetters,
}

/// How many messages were moved back, and how many SQS did not take.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Redriven {
    /// Those that are in their queue again.
    pub moved: usize,
    /// Those that stay where they were.
    pub refused: usize,
}

impl DeadLetterQueue {
    /// Every queue of the template that has dead letters, at the addresses `urls` has for the ids of queues.
    ///
    /// # Errors
    /// When an address is missing.
    pub(super) fn all(connection: &AwsConnection, urls: &BTreeMap<String, String>, wait_secs: i32) -> Result<Vec<Self>, Error> {
        let url = |id: &str| urls.get(id).cloned().ok_or_else(|| Error::Unknown(format!("queue {id}")));
        let connect = |(source, dead): (String, String)| {
            let letters = DeadLetters::connect(connection, url(&dead)?, url(&source)?, wait_secs);
            Ok(Self { name: name(&source), letters })
        };
        pairs()?.into_iter().map(connect).collect()
    }

    /// How many there are.
    ///
    /// # Errors
    /// When the queue is unavailable.
    pub async fn count(&self) -> Result<DeadLetterCount, Error> {
        self.letters.count().await.map_err(Error::queues)
    }

    /// The first hundred of them, which stay where they are.
    ///
    /// # Errors
    /// When the queue is unavailable.
    pub async fn show(&self) -> Result<Vec<DeadLetter>, Error> {
        let mut shown: Vec<DeadLetter> = Vec::new();
        while shown.len() < MAX_SHOWN {
            let received = self.letters.receive().await.map_err(Error::queues)?;
            if received.is_empty() {
                break;
            }
            shown.extend(received);
        }
        self.letters.release(&shown).await.map_err(Error::queues)?;
        shown.sort_by_key(|letter| letter.sent_at);
        shown.truncate(MAX_SHOWN);
        Ok(shown)
    }

    /// Moves all of them back to the queue they come from. A message may be there twice when this is interrupted, which changes nothing.
    ///
    /// # Errors
    /// When a queue is unavailable; what was moved until then stays moved.
    pub async fn redrive(&self) -> Result<Redriven, Error> {
        let mut redriven = Redriven::default();
        loop {
            let received = self.letters.receive().await.map_err(Error::queues)?;
            if received.is_empty() {
                return Ok(redriven);
            }
            let moved = self.letters.move_back(&received).await.map_err(Error::queues)?;
            redriven.moved += moved;
            redriven.refused += received.len() - moved;
        }
    }
}

/// The dead letters of the queue with this name.
///
/// # Errors
/// When there is no such queue.
pub fn named<'q>(queues: &'q [DeadLetterQueue], name: &str) -> Result<&'q DeadLetterQueue, Error> {
    let names = || queues.iter().map(|queue| queue.name.as_str()).collect::<Vec<_>>().join(", ");
    queues.iter().find(|queue| queue.name == name).ok_or_else(|| Error::NoDeadLetters { name: name.to_owned(), names: names() })
}

/// The ids of the template's queues with those of their dead-letter queues.
fn pairs() -> Result<Vec<(String, String)>, Error> {
    // Only the ids matter here, which are the same everywhere.
    let site = Site { region: REGION.to_owned(), account: ACCOUNT.to_owned(), queue_endpoint: String::new(), parameters: BTreeMap::new() };
    let queues = Template::parse(TEMPLATE, &site)?.queues;
    let dead = |arn: &str| queues.iter().find(|queue| queue.arn == arn).map(|queue| queue.id.clone());
    Ok(queues.iter().filter_map(|queue| Some((queue.id.clone(), dead(&queue.redrive.as_ref()?.target_arn)?))).collect())
}

/// What a queue is called on the command line: `ClickEventsQueue` is `click-events`.
fn name(id: &str) -> String {
    let words = id.strip_suffix("Queue").unwrap_or(id);
    let mut name = String::new();
    for letter in words.chars() {
        if letter.is_ascii_uppercase() && !name.is_empty() {
            name.push('-');
        }
        name.push(letter.to_ascii_lowercase());
    }
    name
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_queue_of_the_template_has_its_dead_letters_and_a_name() {
        let pairs = pairs().unwrap();
        let names: Vec<String> = pairs.iter().map(|(source, _)| name(source)).collect();
        assert_eq!(names, ["clicks", "events", "click-events", "deliveries", "retries"]);
        for (source, dead) in pairs {
            assert_eq!(dead, source.replace("Queue", "DeadLetters"));
        }
    }
}
