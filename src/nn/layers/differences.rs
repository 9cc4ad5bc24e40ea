//! Central finite differences, the judge of every layer's gradient (tests only).

use crate::draw::Stream;

/// `n` numbers between -1 and 1, none nearer to 0 than 0.05 (where relu has its kink).
pub(crate) fn random(n: usize, seed: u64) -> Vec<f32> {
    let mut stream = Stream::new(seed);
    let mut one = || {
        let size = stream.uniform(0.05, 1.0);
        if stream.below(2) == 0 { size } else { -size }
    };
    (0..n).map(|_| one()).collect()
}

/// Σ y·w in double precision: the scalar whose gradient with respect to y is `w`.
pub(crate) fn weighted(y: &[f32], w: &[f32]) -> f64 {
    assert_eq!(y.len(), w.len());
    let products = y.iter().zip(w).map(|(y, w)| f64::from(*y) * f64::from(*w));
    products.sum()
}

/// Compares `gradient` with the central differences of `value` around `x`. What is tested
/// is linear in each number between the kinks of relu, so that a wide step is exact and
/// rounding is small. A place whose differences to both sides disagree has a kink within
/// the step: it is tried with a narrower one, then passed over, which may be rare only.
pub(crate) fn check(
    what: &str,
    x: &[f32],
    gradient: &[f32],
    value: impl Fn(&[f32]) -> f64,
) {
    assert_eq!(x.len(), gradient.len(), "{what}: length of the gradient");
    let largest = gradient
        .iter()
        .fold(1.0f64, |m, g| m.max(f64::from(g.abs())));
    let middle = value(x);
    let mut kinks = 0;
    'places: for place in 0..x.len() {
        for (step, tolerance) in [(0.03f32, 2e-4), (0.003, 2e-3)] {
            let slope = |step: f32| {
                let mut moved = x.to_vec();
                moved[place] += step;
                let width = f64::from(moved[place]) - f64::from(x[place]);
                (value(&moved) - middle) / width
            };
            let (above, below) = (slope(step), slope(-step));
            if (above - below).abs() > 2.0 * tolerance * largest {
                continue;
            }
            let (slope, found) = ((above + below) / 2.0, f64::from(gradient[place]));
            assert!(
                (slope - found).abs() <= tolerance * largest,
                "{what}, place {place}: difference {slope}, gradient {found}"
            );
            continue 'places;
        }
        kinks += 1;
    }
    assert!(
        kinks <= 1 + x.len() / 8,
        "{what}: {kinks} kinks in {} places",
        x.len()
    );
}

/// [`check`] for functions that are smooth and curved: central differences with a step
/// that no kink is near (see [`random`]), right to its square.
pub(crate) fn check_curved(
    what: &str,
    x: &[f32],
    gradient: &[f32],
    value: impl Fn(&[f32]) -> f64,
) {
    assert_eq!(x.len(), gradient.len(), "{what}: length of the gradient");
    let largest = gradient
        .iter()
        .fold(1.0f64, |m, g| m.max(f64::from(g.abs())));
    for place in 0..x.len() {
        let slope = |step: f32| {
            let moved = |by: f32| {
                let mut moved = x.to_vec();
                moved[place] += by;
                (f64::from(moved[place]), value(&moved))
            };
            let (above, below) = (moved(step), moved(-step));
            (above.1 - below.1) / (above.0 - below.0)
        };
        // Richardson: the error in the square of the step cancels.
        let slope = (4.0 * slope(0.01) - slope(0.02)) / 3.0;
        let found = f64::from(gradient[place]);
        assert!(
            (slope - found).abs() <= 5e-4 * largest,
            "{what}, place {place}: difference {slope}, gradient {found}"
        );
    }
}
