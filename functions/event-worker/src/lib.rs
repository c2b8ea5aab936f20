//! event-worker
