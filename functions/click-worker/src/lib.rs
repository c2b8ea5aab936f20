//! click-worker
