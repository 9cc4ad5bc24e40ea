use super::*;

fn close(found: f64, expected: f64) {
    assert!(
        (found - expected).abs() <= 1e-12 * expected.abs().max(1e-9),
        "{found}, not {expected}"
    );
}

fn place(step: u64, epoch: usize, total: u64) -> Place {
    Place { step, epoch, total }
}

#[test]
fn one_cycle_by_hand() {
    // 20 steps, 0.3 of them rising: the knots are steps 0, 5 and 19.
    let schedule = Schedule::OneCycle(OneCycle::default());
    let slope = Slope::new(1e-3);
    let at = |step| schedule.pace(1e-3, place(step, 0, 20), &slope);
    close(at(0).rate, 4e-5);
    close(at(0).momentum.unwrap(), 0.95);
    close(at(5).rate, 1e-3);
    close(at(5).momentum.unwrap(), 0.85);
    close(at(12).rate, (1e-3 + 4e-9) / 2.0);
    close(at(12).momentum.unwrap(), 0.9);
    close(at(19).rate, 4e-9);
    close(at(19).momentum.unwrap(), 0.95);
    // A fifth of the way up: 4e-5 and 1e-3 weighed by (1 + cos 36°)/2 = (5 + √5)/8... of
    // cos 36° = (1 + √5)/4.
    let weight = (1.0 + (1.0 + 5f64.sqrt()) / 4.0) / 2.0;
    close(at(1).rate, 1e-3 + (4e-5 - 1e-3) * weight);
    close(at(1).momentum.unwrap(), 0.85 + 0.1 * weight);
}

#[test]
fn one_cycle_of_hardly_any_steps_stays_in_its_range() {
    let cycle = OneCycle {
        momentum: None,
        ..OneCycle::default()
    };
    let schedule = Schedule::OneCycle(cycle);
    for total in 1..12 {
        for step in 0..total {
            let pace = schedule.pace(1.0, place(step, 0, total), &Slope::new(1.0));
            let range = 1.0 / 25.0 / 1e4 - 1e-12..=1.0;
            assert!(range.contains(&pace.rate), "{step} of {total}: {pace:?}");
            assert_eq!(pace.momentum, None);
        }
    }
}

#[test]
fn steps_and_cosine_by_hand() {
    let steps = Schedule::MultiStep {
        epochs: vec![2, 5],
        factor: 0.1,
    };
    let slope = Slope::new(1.0);
    for (epoch, rate) in [(0, 1.0), (1, 1.0), (2, 0.1), (4, 0.1), (5, 0.01), (9, 0.01)] {
        close(steps.pace(1.0, place(0, epoch, 100), &slope).rate, rate);
    }
    let cosine = Schedule::Cosine { final_rate: 0.2 };
    for (step, rate) in [(0, 1.0), (3, 0.8), (9, 0.2)] {
        let found = cosine.pace(1.0, place(step, 0, 9), &slope).rate;
        assert!((found - rate).abs() < 1e-12, "{step}: {found}");
    }
}

#[test]
fn a_plateau_lowers_the_rate_when_patience_is_over() {
    let plateau = Plateau {
        watch: Watch::Training,
        factor: 0.5,
        patience: 1,
        threshold: 0.1,
        lowest: 0.2,
    };
    let mut slope = Slope::new(1.0);
    // 0.95 is not a tenth below 1, so two epochs pass; 0.5 is; then it falls to 0.25 and
    // stops at the lowest rate.
    let losses = [1.0, 0.95, 0.95, 0.5, 0.5, 0.5, 0.5, 0.5, 0.5, 0.5];
    let rates = [1.0, 1.0, 0.5, 0.5, 0.5, 0.25, 0.25, 0.2, 0.2, 0.2];
    for (loss, rate) in losses.into_iter().zip(rates) {
        plateau.look(loss, &mut slope);
        assert_eq!(slope.rate, rate);
    }
    let pace = Schedule::Plateau(plateau).pace(1.0, place(0, 0, 1), &slope);
    assert_eq!(pace.rate, 0.2);
}

#[test]
fn settings_outside_their_range_are_refused() {
    let cycle = OneCycle::default();
    let plateau = Plateau {
        watch: Watch::Validation,
        factor: 0.5,
        patience: 1,
        threshold: 0.1,
        lowest: 0.0,
    };
    let steps = |epochs: &[usize]| Schedule::MultiStep {
        epochs: epochs.to_vec(),
        factor: 0.1,
    };
    assert!(Schedule::OneCycle(cycle).check(false).is_ok());
    assert!(Schedule::Plateau(plateau).check(true).is_ok());
    assert!(steps(&[1, 3]).check(false).is_ok());
    let one = |change: OneCycle| Schedule::OneCycle(change);
    let flat = |change: Plateau| Schedule::Plateau(change);
    let bad = [
        (one(OneCycle { rise: 0.0, ..cycle }), "rise"),
        (
            one(OneCycle {
                start_divisor: f64::NAN,
                ..cycle
            }),
            "start_divisor",
        ),
        (
            one(OneCycle {
                final_divisor: -1.0,
                ..cycle
            }),
            "final_divisor",
        ),
        (
            one(OneCycle {
                momentum: Some((0.9, 0.8)),
                ..cycle
            }),
            "momentum",
        ),
        (
            one(OneCycle {
                momentum: Some((0.9, 1.0)),
                ..cycle
            }),
            "momentum",
        ),
        (
            flat(Plateau {
                factor: 1.0,
                ..plateau
            }),
            "factor",
        ),
        (
            flat(Plateau {
                threshold: -0.1,
                ..plateau
            }),
            "threshold",
        ),
        (
            flat(Plateau {
                lowest: -1.0,
                ..plateau
            }),
            "lowest",
        ),
        (steps(&[]), "epochs"),
        (steps(&[0, 1]), "epochs"),
        (steps(&[3, 3]), "epochs"),
        (Schedule::Cosine { final_rate: -1.0 }, "final_rate"),
    ];
    for (schedule, name) in bad {
        let failure = schedule.check(true).unwrap_err();
        assert_eq!(failure.code(), "E0806");
        assert!(failure.to_string().starts_with(name), "{failure}");
    }
    let unwatched = Schedule::Plateau(plateau).check(false).unwrap_err();
    assert!(
        unwatched.to_string().contains("validation rows"),
        "{unwatched}"
    );
}
