//! One core for driver, stubs and bootstrap, which take turns: a wake-up from another core costs many times what one from
//! the same core does, and the scheduler's mood would make one program twice as dear as its equal.

use rustix::thread::{CpuSet, sched_getaffinity, sched_setaffinity};

/// Keeps the threads and programs started from now on to one core, until it is dropped.
pub(crate) struct Pinned {
    before: CpuSet,
}

impl Pinned {
    /// Pins; none where that is not allowed, which costs no more than steadiness.
    pub(crate) fn new() -> Option<Self> {
        let before = sched_getaffinity(None).ok()?;
        let core = (0..CpuSet::MAX_CPU).rev().find(|core| before.is_set(*core))?;
        let mut one = CpuSet::new();
        one.set(core);
        sched_setaffinity(None, &one).ok()?;
        Some(Self { before })
    }
}

impl Drop for Pinned {
    fn drop(&mut self) {
        // What cannot be undone only makes the rest of the run slower.
        let _ = sched_setaffinity(None, &self.before);
    }
}
