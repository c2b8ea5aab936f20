//! Runs driver, stubs and bootstrap, which take turns, on one core: a wake-up from another core costs many times one from
//! the same core, so that scheduling would dominate the comparison of programs.

use rustix::thread::{CpuSet, sched_getaffinity, sched_setaffinity};

/// Restricts threads and processes started from now on to one core, until it is dropped.
pub(crate) struct OneCore {
    before: CpuSet,
}

impl OneCore {
    /// Restricts; none if that is not permitted, which only makes the figures less stable.
    pub(crate) fn new() -> Option<Self> {
        let before = sched_getaffinity(None).ok()?;
        let core = (0..CpuSet::MAX_CPU).rev().find(|core| before.is_set(*core))?;
        let mut one = CpuSet::new();
        one.set(core);
        sched_setaffinity(None, &one).ok()?;
        Some(Self { before })
    }
}

impl Drop for OneCore {
    fn drop(&mut self) {
        // If it fails, the rest of the run is only slower.
        let _ = sched_setaffinity(None, &self.before);
    }
}
