//! Optimisers, schedules, clipping and penalty in whole trainings.

use super::*;

/// A network with everything that training carries along: shared weights, running
/// statistics, dropout.
fn everything() -> Graph {
    let mut b = GraphBuilder::new();
    let x = b.input("x", &[WIDTH]).unwrap();
    b.shared("twice");
    let y = b.dense("twice", x, WIDTH, true, Init::Kaiming).unwrap();
    let y = b.batch_norm("norm", y, 1e-5, 0.1).unwrap();
    let y = b.silu("silu", y).unwrap();
    let y = b.dropout("drop", y, 0.2).unwrap();
    let z = b.dense("twice", y, WIDTH, true, Init::Kaiming).unwrap();
    let y = b.add("skip", y, z).unwrap();
    let y = b.dense("out", y, 1, true, Init::Kaiming).unwrap();
    b.finish(y).unwrap()
}

#[test]
fn every_way_of_training_resumes_to_the_same_bytes_on_any_threads() {
    use crate::nn::{AdamW, Clip, OneCycle, Plateau, Schedule, Sgd, Watch};
    let graph = everything();
    let (data, val) = (Data::new(75, WIDTH, 0.1, 1), Data::new(30, WIDTH, 0.1, 2));
    let adamw = AdamW {
        adam: Adam::torch(3e-3),
        decay: 0.1,
    };
    let sgd = Sgd {
        rate: 1e-3,
        momentum: 0.9,
    };
    let plateau = |watch| {
        Schedule::Plateau(Plateau {
            watch,
            factor: 0.5,
            patience: 0,
            threshold: 0.5,
            lowest: 1e-6,
        })
    };
    let ways = [
        Settings {
            optimizer: adamw.into(),
            schedule: Schedule::OneCycle(OneCycle::default()),
            clip: Clip::Global(0.5),
            ..settings(5)
        },
        Settings {
            optimizer: sgd.into(),
            schedule: plateau(Watch::Training),
            clip: Clip::PerVariable(0.1),
            l2: 1e-3,
            loss: Loss::Huber { delta: 0.5 },
            ..settings(5)
        },
        Settings {
            schedule: plateau(Watch::Validation),
            loss: Loss::Mae,
            ..settings(5)
        },
        Settings {
            schedule: Schedule::MultiStep {
                epochs: vec![1, 3],
                factor: 0.1,
            },
            ..settings(5)
        },
        Settings {
            schedule: Schedule::Cosine { final_rate: 0.0 },
            ..settings(5)
        },
        Settings {
            ema: Some(0.9),
            ..settings(5)
        },
        Settings {
            ema: Some(0.5),
            keep: Keep::Last,
            optimizer: adamw.into(),
            decay_everything: true,
            ..settings(5)
        },
        Settings {
            l2: 1e-3,
            ..settings(5)
        },
        Settings {
            l2: 1e-3,
            decay_everything: true,
            min_delta: 1e-4,
            ..settings(5)
        },
    ];
    let mut ends = Vec::new();
    for way in &ways {
        let run = |start: Begin, count: usize, watch: &mut dyn Observer| {
            let (rows, watched) = (data.rows(), Some(val.rows()));
            let threads = threads(count);
            train(&graph, start, rows, watched, way, &threads, watch).unwrap()
        };
        let whole = run(begin(&graph), 1, &mut Silent);
        let expected = whole.checkpoint.to_bytes().unwrap();
        let (_, mean) = whole.weights.get("norm.running_mean").unwrap();
        assert!(mean.iter().any(|m| *m != 0.0));
        assert!(whole.history[4].train_loss < whole.history[0].train_loss);
        for batches in [3, 5, 13, 20] {
            let mut stop = StopAt { batches, epochs: 0 };
            let broken = run(begin(&graph), 2, &mut stop);
            let saved = broken.checkpoint.to_bytes().unwrap();
            let loaded = Checkpoint::from_bytes(&graph, &saved).unwrap();
            let resumed = run(Begin::Resume(loaded), 2, &mut Silent);
            assert_eq!(resumed.checkpoint.to_bytes().unwrap(), expected, "{way:?}");
        }
        // A checkpoint of one way is not one of another.
        for other in ways.iter().filter(|other| *other != way) {
            let (rows, watched) = (data.rows(), Some(val.rows()));
            let start = Begin::Resume(whole.checkpoint.clone());
            let threads = threads(1);
            let failure =
                train(&graph, start, rows, watched, other, &threads, &mut Silent);
            assert_eq!(failure.unwrap_err().code(), "E0803");
        }
        ends.push(expected);
    }
    for (k, end) in ends.iter().enumerate() {
        assert!(!ends[..k].contains(end), "two ways end alike");
    }
}

#[test]
fn a_training_that_knows_its_end_cannot_be_made_longer() {
    use crate::nn::Schedule;
    let (graph, data) = (line(), Data::new(20, 3, 0.1, 1));
    let short = Settings {
        keep: Keep::Last,
        schedule: Schedule::Cosine { final_rate: 0.0 },
        ..settings(1)
    };
    let run = |start: Begin, settings: &Settings| {
        let rows = data.rows();
        train(
            &graph,
            start,
            rows,
            None,
            settings,
            &threads(1),
            &mut Silent,
        )
    };
    let saved = run(begin(&graph), &short).unwrap().checkpoint;
    let longer = Settings { epochs: 2, ..short };
    assert_eq!(
        run(Begin::Resume(saved), &longer).unwrap_err().code(),
        "E0803"
    );
}

#[test]
fn the_penalty_is_part_of_both_losses() {
    let (graph, data) = (line(), Data::new(16, 3, 0.1, 1));
    let run = |l2: f64| {
        let settings = Settings {
            l2,
            optimizer: Adam::keras(1e-30).into(),
            ..settings(1)
        };
        let (rows, watched) = (data.rows(), Some(data.rows()));
        let start = begin(&graph);
        train(
            &graph,
            start,
            rows,
            watched,
            &settings,
            &threads(1),
            &mut Silent,
        )
        .unwrap()
    };
    let (plain, with) = (run(0.0), run(0.5));
    let (_, weight) = plain.weights.get("dense.weight").unwrap();
    let squares: f64 = weight.iter().map(|w| f64::from(w * w)).sum();
    let (a, b) = (plain.history[0], with.history[0]);
    assert!((b.train_loss - a.train_loss - 0.5 * squares).abs() < 1e-6);
    let (a, b) = (a.val_loss.unwrap(), b.val_loss.unwrap());
    assert!((b - a - 0.5 * squares).abs() < 1e-6);
}

#[test]
fn a_last_batch_too_small_for_a_variance_is_refused() {
    let mut b = GraphBuilder::new();
    let x = b.input("x", &[3]).unwrap();
    let x = b.batch_norm("norm", x, 1e-5, 0.1).unwrap();
    let x = b.dense("dense", x, 1, true, Init::Kaiming).unwrap();
    let graph = b.finish(x).unwrap();
    let data = Data::new(17, 3, 0.1, 1);
    let run = |batch: usize| {
        let settings = Settings {
            batch,
            keep: Keep::Last,
            ..settings(1)
        };
        let (start, rows) = (begin(&graph), data.rows());
        train(
            &graph,
            start,
            rows,
            None,
            &settings,
            &threads(1),
            &mut Silent,
        )
    };
    for batch in [16, 8, 1] {
        let failure = run(batch).unwrap_err();
        assert_eq!(failure.code(), "E0806");
        assert!(failure.to_string().contains("last batch"), "{failure}");
    }
    assert!(run(17).is_ok() && run(15).is_ok());
}

#[test]
fn the_running_mean_of_the_weights_is_what_is_kept_and_judged() {
    let (graph, data) = (line(), Data::new(32, 3, 0.1, 1));
    let run = |ema: Option<f64>, epochs: usize| {
        let settings = Settings {
            batch: 32,
            ema,
            keep: Keep::Last,
            ..settings(epochs)
        };
        let (rows, watched) = (data.rows(), Some(data.rows()));
        let threads = threads(1);
        let start = begin(&graph);
        train(
            &graph,
            start,
            rows,
            watched,
            &settings,
            &threads,
            &mut Silent,
        )
        .unwrap()
    };
    // One step an epoch, so the weights after each step are those of shorter trainings.
    let weight = |trained: &Trained| trained.weights.get("dense.weight").unwrap().1[0];
    let steps: Vec<f32> = (1..=3).map(|n| weight(&run(None, n))).collect();
    let mean = 0.75 * (0.75 * steps[0] + 0.25 * steps[1]) + 0.25 * steps[2];
    let averaged = run(Some(0.75), 3);
    assert!((weight(&averaged) - mean).abs() < 1e-6);
    let loss = evaluate_loss(
        &graph,
        &averaged.weights,
        data.rows(),
        Loss::Mse,
        &threads(1),
    );
    assert_eq!(averaged.history[2].val_loss, Some(loss.unwrap()));
    // The steps themselves are taken by the weights, not by their mean.
    assert_eq!(
        averaged.history[2].train_loss,
        run(None, 3).history[2].train_loss
    );
    let refused = Settings {
        ema: Some(1.0),
        ..settings(1)
    };
    let start = begin(&graph);
    let failure = train(
        &graph,
        start,
        data.rows(),
        Some(data.rows()),
        &refused,
        &threads(1),
        &mut Silent,
    );
    assert!(failure.unwrap_err().to_string().starts_with("ema"));
}
