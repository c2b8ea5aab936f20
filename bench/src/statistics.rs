//! Statistics of repeated measurements.

/// The median; zero without values.
pub(crate) fn median(values: impl IntoIterator<Item = f64>) -> f64 {
    percentile(values, 0.5)
}

/// The percentile at `share` (0 to 1); zero without values.
pub(crate) fn percentile(values: impl IntoIterator<Item = f64>, share: f64) -> f64 {
    let mut sorted: Vec<f64> = values.into_iter().collect();
    sorted.sort_by(f64::total_cmp);
    let last = sorted.len().saturating_sub(1);
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "an index of the list")]
    let index = (last as f64 * share).round() as usize;
    sorted.get(index).copied().unwrap_or_default()
}

/// Nanoseconds per call: the minimum and the median of 25 batches.
pub(crate) fn nanoseconds<T>(mut call: impl FnMut() -> T) -> (f64, f64) {
    const BATCH: u32 = 2_000;
    let batches: Vec<f64> = (0..25)
        .map(|_| {
            let started = std::time::Instant::now();
            for _ in 0..BATCH {
                std::hint::black_box(call());
            }
            started.elapsed().as_secs_f64() * 1e9 / f64::from(BATCH)
        })
        .collect();
    (percentile(batches.iter().copied(), 0.0), median(batches))
}
