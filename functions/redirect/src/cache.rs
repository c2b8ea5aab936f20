//! Cached links (specification §4): fresh for five seconds, a missing link for one second; an old copy can be used for five minutes
//! while the table cannot be read.

use std::sync::Arc;

use api::{ApiState, Problem};
use domain::links::Link;
use domain::routing::PersonalizationRules;
use domain::values::moment::Moment;
use quick_cache::sync::Cache;

use crate::link_address::LinkAddress;

/// Milliseconds for which a cached link is used without reading it again.
const FRESH_MS: i64 = 5_000;
/// The same for a link that does not exist.
const MISSING_FRESH_MS: i64 = 1_000;
/// Milliseconds for which an old copy is used while the table cannot be read.
const USABLE_MS: i64 = 300_000;
/// Links in the cache.
const MAX_ENTRIES: usize = 10_000;

/// A link with everything its decision needs.
pub(crate) struct LinkWithRules {
    pub(crate) link: Link,
    pub(crate) rules: PersonalizationRules,
}

#[derive(Clone)]
struct CachedLink {
    read_at: Moment,
    found: Option<Arc<LinkWithRules>>,
}

/// The links this execution environment has read recently.
pub(crate) struct LinkCache(Cache<LinkAddress, CachedLink>);

impl LinkCache {
    pub(crate) fn new() -> Self {
        Self(Cache::new(MAX_ENTRIES))
    }

    /// The link at an address, from memory or in one read; none where there is no link.
    pub(crate) async fn find(&self, app: &ApiState, address: &LinkAddress) -> Result<Option<Arc<LinkWithRules>>, Problem> {
        let now = app.now();
        let cached = self.0.get(address);
        let age = |entry: &CachedLink| now.millis() - entry.read_at.millis();
        if let Some(entry) = &cached
            && age(entry) < if entry.found.is_some() { FRESH_MS } else { MISSING_FRESH_MS }
        {
            return Ok(entry.found.clone());
        }
        match app.store().links().get_with_rules(&address.handle, &address.slug).await {
            Ok((link, rules)) => {
                let found = link.map(|link| Arc::new(LinkWithRules { link, rules }));
                self.0.insert(address.clone(), CachedLink { read_at: now, found: found.clone() });
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
