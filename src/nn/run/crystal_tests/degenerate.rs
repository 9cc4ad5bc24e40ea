//! Batches of crystals that all lack something: gradients against finite differences, in
//! training too, where statistics are of few rows or of none.

use super::*;

/// As many crystals as make statistics that move with every one of them, of so many atoms,
/// bonds and angles.
fn several(atoms: usize, bonds: usize, angles: usize) -> Vec<Owned> {
    let one = |k: u64| Owned::new(atoms, bonds, angles, 60 + k, k.is_multiple_of(2));
    (0..8).map(one).collect()
}

#[test]
fn gradients_on_crystals_that_lack_something_are_finite_differences() {
    let mut last_with_angles = several(3, 4, 0);
    last_with_angles.push(Owned::new(2, 5, 9, 70, false));
    for (what, owned) in [
        ("lone atoms", several(1, 0, 0)),
        ("atoms without bonds", several(3, 0, 0)),
        ("bonds without angles", several(3, 4, 0)),
        ("lone atoms bound to themselves", several(1, 3, 5)),
        ("the last alone with angles", last_with_angles),
    ] {
        let all = views(&owned);
        for (number, graph) in networks().iter().enumerate() {
            for mode in [Mode::Predict, Mode::Learn(None)] {
                differ(&format!("network {number}, {what}"), graph, &all, mode);
            }
        }
    }
}
