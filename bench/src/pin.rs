//! Two cores, one for the driver and its stubs and one for the bootstrap: what a wake-up costs depends on which core it
//! comes from, and the scheduler's mood would make one program twice as dear as its equal.

use std::process::Child;

use rustix::process::Pid;
use rustix::thread::{CpuSet, sched_getaffinity, sched_setaffinity};

/// Keeps the threads started from now on to one core, until it is dropped.
pub(crate) struct Pinned {
    before: CpuSet,
}

impl Pinned {
    /// Pins; not where there is only one core, or no permission, which costs no more than steadiness.
    pub(crate) fn new() -> Option<Self> {
        let before = sched_getaffinity(None).ok()?;
        let [driver, _] = cores(&before)?;
        sched_setaffinity(None, &only(driver)).ok()?;
        Some(Self { before })
    }

    /// Puts a bootstrap onto the other core.
    pub(crate) fn place(&self, child: &Child) {
        if let Some([_, bootstrap]) = cores(&self.before) {
            // Where it may not be moved it runs beside the driver.
            let _ = sched_setaffinity(Some(Pid::from_child(child)), &only(bootstrap));
        }
    }
}

impl Drop for Pinned {
    fn drop(&mut self) {
        let _ = sched_setaffinity(None, &self.before);
    }
}

/// The first two cores there are.
fn cores(allowed: &CpuSet) -> Option<[usize; 2]> {
    let mut cores = (0..CpuSet::MAX_CPU).filter(|core| allowed.is_set(*core));
    Some([cores.next()?, cores.next()?])
}

fn only(core: usize) -> CpuSet {
    let mut set = CpuSet::new();
    set.set(core);
    set
}
