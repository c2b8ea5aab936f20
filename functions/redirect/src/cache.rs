//! Links read lately: fresh for five seconds, a missing one for one, and an old copy for five minutes when the table is out of reach (contract §4).

use std::sync::Arc;

use api::{ApiState, Problem};
use domain::links::Link;
use domain::routing::PersonalizationRules;
use domain::values::moment::Moment;
use quick_cache::sync::Cache;

use crate::place::Place;

const FRESH_MS: i64 = 5_000;
const MISSING_FRESH_MS: i64 = 1_000;
const USABLE_MS: i64 = 300_000;
const MOST: usize = 10_000;

/// A link with everything its decision needs.
pub(crate) struct Found {
    pub(crate) link: Link,
    pub(crate) book: PersonalizationRules,
}

#[derive(Clone)]
struct Entry {
    read_at: Moment,
    found: Option<Arc<Found>>,
}

/// The links this environment has read lately.
pub(crate) struct Links(Cache<(String, String), Entry>);

impl Links {
    pub(crate) fn new() -> Self {
        Self(Cache::new(MOST))
    }

    /// The link at a place, from memory or in one read; none where there is no link.
    pub(crate) async fn find(&self, app: &ApiState, place: &Place) -> Result<Option<Arc<Found>>, Problem> {
        let key = (place.handle.to_string(), place.slug.to_string());
        let now = app.now();
        let cached = self.0.get(&key);
        let age = |entry: &Entry| now.millis() - entry.read_at.millis();
        if let Some(entry) = &cached
            && age(entry) < if entry.found.is_some() { FRESH_MS } else { MISSING_FRESH_MS }
        {
            return Ok(entry.found.clone());
        }
        match app.store().link_with_rules(&place.handle, &place.slug).await {
            Ok((link, book)) => {
                let found = link.map(|link| Arc::new(Found { link, book }));
                self.0.insert(key, Entry { read_at: now, found: found.clone() });
                Ok(found)
            }
            Err(error) => match cached.filter(|entry| entry.found.is_some() && age(entry) < USABLE_MS) {
                Some(entry) => {
                    tracing::warn!(
                        error = &error as &dyn std::error::Error,
                        metric = "stale_link_served",
                        "link could not be read; an older copy serves"
                    );
                    Ok(entry.found)
                }
                None => Err(error.into()),
            },
        }
    }
}
