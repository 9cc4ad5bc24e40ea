//! Numbers written as rows: what is known before the network runs. In: numbers of the host
//! and the settings of an operation. Out: places to take rows from, or rows.

/// The place of each whole number in a table of `rows`; the place after the last for those
/// outside.
pub(super) fn places(x: &[f32], rows: usize) -> Vec<usize> {
    let place = |x: &f32| match *x as usize {
        at if *x >= 0.0 && at < rows => at,
        _ => rows,
    };
    x.iter().map(place).collect()
}

/// Rows of `classes` numbers, 1 at the place of each whole number among `low`, `low` + 1, …
pub(super) fn one_hot(x: &[f32], low: i64, classes: usize) -> Vec<f32> {
    let mut rows = vec![0.0; x.len() * classes];
    for (row, x) in rows.chunks_exact_mut(classes.max(1)).zip(x) {
        let place = usize::try_from(*x as i64 - low).ok();
        if let Some(one) = place.and_then(|place| row.get_mut(place)) {
            *one = 1.0;
        }
    }
    rows
}

/// `count` centres from `low` to `high`.
pub(super) fn centres(count: usize, low: f64, high: f64) -> Vec<f32> {
    let step = (high - low) / (count.max(2) - 1) as f64;
    (0..count).map(|k| (low + step * k as f64) as f32).collect()
}
