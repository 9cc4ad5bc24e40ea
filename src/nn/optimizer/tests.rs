use super::*;
use crate::draw::Draws;
use crate::nn::{Graph, GraphBuilder, Init};

/// A dense layer of one weight and one bias, and a running statistic beside it.
fn graph() -> Graph {
    let mut b = GraphBuilder::new();
    let x = b.input("x", &[1]).unwrap();
    let x = b.dense("d", x, 1, true, Init::Constant(1.0)).unwrap();
    let x = b.batch_norm("n", x, 1e-5, 0.1).unwrap();
    b.finish(x).unwrap()
}

fn filled(graph: &Graph, values: [f32; 6]) -> Weights {
    let mut weights = Weights::zeros(graph);
    for (buffer, value) in weights.buffers.iter_mut().zip(values) {
        buffer.values_mut().fill(value);
    }
    weights
}

fn numbers(weights: &Weights) -> Vec<f64> {
    let all = weights.buffers.iter().flat_map(|b| b.values());
    all.map(|x| f64::from(*x)).collect()
}

struct Case {
    optimizer: Optimizer,
    clip: Clip,
    l2: f64,
    everything: bool,
    momentum: Option<f64>,
}

/// The weights after steps with these gradients, from [2, -1, 1, 0] and statistics [7, 8].
fn after(case: &Case, gradients: &[[f32; 6]]) -> Vec<f64> {
    let graph = graph();
    let mut weights = filled(&graph, [2.0, -1.0, 1.0, 0.0, 7.0, 8.0]);
    let (mut m, mut v) = (Weights::zeros(&graph), Weights::zeros(&graph));
    for (k, g) in gradients.iter().enumerate() {
        let gradients = filled(&graph, *g);
        let update = Update {
            optimizer: case.optimizer,
            clip: case.clip,
            l2: case.l2,
            everything: case.everything,
            pace: Pace {
                rate: case.optimizer.rate(),
                momentum: case.momentum,
            },
            step: k as u64 + 1,
            gradients: &gradients,
        };
        assert!(update.apply(&mut weights, &mut m, &mut v));
    }
    numbers(&weights)
}

fn close(found: &[f64], expected: &[f64], what: &str) {
    assert_eq!(found.len(), expected.len(), "{what}");
    for (a, b) in found.iter().zip(expected) {
        assert!((a - b).abs() <= 2e-6 * b.abs().max(1.0), "{what}: {a} {b}");
    }
}

#[test]
fn sgd_with_momentum_by_hand_and_statistics_left_alone() {
    let case = Case {
        optimizer: Sgd {
            rate: 0.5,
            momentum: 0.9,
        }
        .into(),
        clip: Clip::Never,
        l2: 0.0,
        everything: false,
        momentum: None,
    };
    // b = 1, then 0.9 + 1 = 1.9: together 2.9 half steps.
    let g = [1.0, -2.0, 0.0, 4.0, 100.0, 100.0];
    let found = after(&case, &[g, g]);
    close(&found, &[0.55, 1.9, 1.0, -5.8, 7.0, 8.0], "sgd");
}

#[test]
fn adamw_follows_its_formula_and_spares_what_has_no_decay() {
    let adam = Adam::torch(0.1);
    let gradients = [
        [1.0, 1.0, 1.0, 1.0, 0.0, 0.0],
        [-3.0, 0.5, 2.0, 1.0, 0.0, 0.0],
        [0.25, 0.5, 2.0, -1.0, 0.0, 0.0],
    ];
    for everything in [false, true] {
        for momentum in [None, Some(0.8)] {
            let case = Case {
                optimizer: AdamW { adam, decay: 0.2 }.into(),
                everything,
                clip: Clip::Never,
                l2: 0.0,
                momentum,
            };
            let mut expected = vec![2.0, -1.0, 1.0, 0.0, 7.0, 8.0];
            for (place, value) in expected.iter_mut().enumerate().take(4) {
                let (mut m, mut v) = (0.0, 0.0);
                let beta1 = momentum.unwrap_or(0.9);
                for (k, g) in gradients.iter().enumerate() {
                    let (t, g) = (k as i32 + 1, f64::from(g[place]));
                    if everything || place == 0 {
                        *value *= 1.0 - 0.1 * 0.2;
                    }
                    m = beta1 * m + (1.0 - beta1) * g;
                    v = 0.999 * v + 0.001 * g * g;
                    let root = (v / (1.0 - 0.999f64.powi(t))).sqrt() + 1e-8;
                    *value -= 0.1 / (1.0 - beta1.powi(t)) * m / root;
                }
            }
            close(&after(&case, &gradients), &expected, "adamw");
        }
    }
}

#[test]
fn clipping_and_penalty_by_hand() {
    let case = |clip, l2| Case {
        optimizer: Sgd {
            rate: 1.0,
            momentum: 0.0,
        }
        .into(),
        clip,
        l2,
        everything: false,
        momentum: None,
    };
    let start = [2.0, -1.0, 1.0, 0.0, 7.0, 8.0];
    let moved = |by: [f64; 4]| {
        let mut end = start.to_vec();
        end.iter_mut().zip(by).for_each(|(p, by)| *p -= by);
        end
    };
    let g = [3.0, 4.0, 12.0, 0.0, 50.0, 50.0];
    // Length 13 together; statistics do not count.
    let found = after(&case(Clip::Global(6.5), 0.0), &[g]);
    close(&found, &moved([1.5, 2.0, 6.0, 0.0]), "global");
    let found = after(&case(Clip::Global(14.0), 0.0), &[g]);
    close(&found, &moved([3.0, 4.0, 12.0, 0.0]), "global, not needed");
    let found = after(&case(Clip::PerVariable(3.5), 0.0), &[g]);
    close(&found, &moved([3.0, 3.5, 3.5, 0.0]), "per variable");
    // 2·0.25·2 is added to the gradient of the weight, which then counts as clipped.
    let found = after(&case(Clip::Never, 0.25), &[g]);
    close(&found, &moved([4.0, 4.0, 12.0, 0.0]), "l2");
    let found = after(&case(Clip::PerVariable(2.0), 0.25), &[g]);
    close(&found, &moved([2.0, 2.0, 2.0, 0.0]), "l2, clipped");
    // With everything decaying, half of each is added: of the bias and the norm as well.
    let all = Case {
        everything: true,
        ..case(Clip::Never, 0.25)
    };
    let found = after(&all, &[g]);
    close(&found, &moved([4.0, 3.5, 12.5, 0.0]), "l2 on everything");
    assert_eq!(penalised(&filled(&graph(), [3.0; 6]), false), 9.0);
}

#[test]
fn the_decay_flag_can_be_set_per_layer() {
    let mut b = GraphBuilder::new();
    let x = b.input("x", &[2]).unwrap();
    let d = b.dense("d", x, 2, true, Init::Glorot).unwrap();
    let n = b.batch_norm("n", d, 1e-5, 0.1).unwrap();
    b.set_decay(d, false);
    b.set_decay(n, true);
    let graph = b.finish(n).unwrap();
    let flags = graph.weights().iter().map(|spec| spec.decay);
    let expected = [false, false, true, false, false, false];
    assert!(flags.eq(expected));
    let weights = Weights::start(&graph, &Draws::new(1, 1));
    assert_eq!(penalised(&weights, false), 2.0);
}

#[test]
fn settings_outside_their_range_are_refused() {
    let sgd = Sgd {
        rate: 0.1,
        momentum: 0.9,
    };
    let adamw = AdamW {
        adam: Adam::torch(0.1),
        decay: 0.01,
    };
    assert!(Optimizer::from(sgd).check().is_ok());
    assert!(Optimizer::from(adamw).check().is_ok());
    let bad: [(Optimizer, &str); 4] = [
        (Sgd { rate: 0.0, ..sgd }.into(), "rate"),
        (
            Sgd {
                momentum: 1.0,
                ..sgd
            }
            .into(),
            "momentum",
        ),
        (
            AdamW {
                decay: -0.1,
                ..adamw
            }
            .into(),
            "decay",
        ),
        (
            AdamW {
                adam: Adam::torch(-1.0),
                ..adamw
            }
            .into(),
            "rate",
        ),
    ];
    for (optimizer, name) in bad {
        let text = optimizer.check().unwrap_err().to_string();
        assert!(text.starts_with(name), "{text}");
    }
    for clip in [Clip::Global(0.0), Clip::PerVariable(f64::NAN)] {
        assert!(clip.check().unwrap_err().to_string().starts_with("clip"));
    }
}
