mod ways;

use super::*;
use crate::draw::{Draws, Stream};
use crate::nn::{
    Adam, Conv1d, GraphBuilder, Init, Loss, Sgd, Silent, evaluate_loss, predict,
    predict_dropped,
};

const WIDTH: usize = 40;

fn graph() -> Graph {
    let mut b = GraphBuilder::new();
    let x = b.input("x", &[WIDTH, 1]).unwrap();
    let conv = Conv1d {
        filters: 24,
        kernel: 4,
        stride: 1,
        padding: 3,
        bias: true,
    };
    let x = b.conv1d("conv", x, conv, Init::Glorot).unwrap();
    let x = b.relu("relu", x).unwrap();
    let x = b.avg_pool1d("pool", x, 2, 2).unwrap();
    let x = b.dropout("dropout", x, 0.3).unwrap();
    let x = b.flatten("flatten", x).unwrap();
    let x = b.dense("dense[0]", x, 150, true, Init::Glorot).unwrap();
    let x = b.relu("relu", x).unwrap();
    let x = b.dropout("dropout", x, 0.2).unwrap();
    let x = b.dense("dense[1]", x, 1, true, Init::Glorot).unwrap();
    b.finish(x).unwrap()
}

/// One dense layer: what it learns is known.
fn line() -> Graph {
    let mut b = GraphBuilder::new();
    let x = b.input("x", &[3]).unwrap();
    let x = b.dense("dense", x, 1, true, Init::Kaiming).unwrap();
    b.finish(x).unwrap()
}

struct Data {
    features: Vec<f32>,
    targets: Vec<f32>,
    ids: Vec<u64>,
}

impl Data {
    /// Rows whose target is 2·first - second + 0.5, and `noise` times a uniform number.
    fn new(rows: usize, width: usize, noise: f32, seed: u64) -> Data {
        let mut stream = Stream::new(seed);
        let mut data = Data {
            features: Vec::new(),
            targets: Vec::new(),
            ids: (0..rows as u64).map(|i| 1000 * seed + i).collect(),
        };
        for _ in 0..rows {
            let row: Vec<f32> = (0..width).map(|_| stream.uniform(-1.0, 1.0)).collect();
            let error = noise * stream.uniform(-1.0, 1.0);
            data.targets.push(2.0 * row[0] - row[1] + 0.5 + error);
            data.features.extend(row);
        }
        data
    }

    fn rows(&self) -> Rows<'_> {
        Rows {
            features: (&self.features).into(),
            targets: &self.targets,
            ids: &self.ids,
        }
    }
}

fn settings(epochs: usize) -> Settings {
    Settings {
        keep: Keep::Best,
        ..Settings::new(16, epochs, Adam::keras(3e-3), Draws::new(1, 9))
    }
}

fn begin(graph: &Graph) -> Begin {
    Begin::Weights(Weights::start(graph, &Draws::new(1, 2)))
}

fn threads(count: usize) -> Threads {
    Threads::new(Some(count)).unwrap()
}

/// Stops after so many batches, or after an epoch.
struct StopAt {
    batches: usize,
    epochs: usize,
}

impl Observer for StopAt {
    fn batch(&mut self, _: &BatchProgress, _: &TrainingState<'_>) -> Go {
        self.batches = self.batches.wrapping_sub(1);
        if self.batches == 0 { Go::Stop } else { Go::On }
    }

    fn epoch(&mut self, _: &EpochRecord, _: &TrainingState<'_>) -> Go {
        self.epochs = self.epochs.wrapping_sub(1);
        if self.epochs == 0 { Go::Stop } else { Go::On }
    }
}

#[test]
fn the_bits_are_the_same_for_any_number_of_threads() {
    let graph = graph();
    let (data, val) = (Data::new(75, WIDTH, 0.1, 1), Data::new(300, WIDTH, 0.1, 2));
    let run = |count: usize| {
        let (settings, threads) = (settings(4), threads(count));
        let (rows, watched) = (data.rows(), Some(val.rows()));
        let start = begin(&graph);
        let out = train(
            &graph,
            start,
            rows,
            watched,
            &settings,
            &threads,
            &mut Silent,
        );
        out.unwrap()
    };
    let one = run(1);
    assert_eq!(one.ended, Ended::AllEpochs);
    for count in [2, 8, 2] {
        let other = run(count);
        assert_eq!(one.history, other.history);
        let bytes = |t: &Trained| t.checkpoint.to_bytes().unwrap();
        assert_eq!(bytes(&one), bytes(&other), "{count} threads");
        let all = |t: &Trained, n: usize| {
            predict(&graph, &t.weights, &val.features, &threads(n)).unwrap()
        };
        assert_eq!(all(&one, 1), all(&other, count));
    }
}

#[test]
fn a_resumed_training_ends_in_the_same_bytes() {
    let graph = graph();
    let (data, val) = (Data::new(75, WIDTH, 0.1, 1), Data::new(30, WIDTH, 0.1, 2));
    let run = |start: Begin, watch: &mut dyn Observer| {
        let (rows, watched) = (data.rows(), Some(val.rows()));
        train(
            &graph,
            start,
            rows,
            watched,
            &settings(5),
            &threads(2),
            watch,
        )
        .unwrap()
    };
    let whole = run(begin(&graph), &mut Silent);
    let expected = whole.checkpoint.to_bytes().unwrap();
    // Five batches an epoch: within epochs, at their last batch, between them.
    let stops = [1, 3, 5, 6, 13, 20, 24].map(|batches| StopAt { batches, epochs: 0 });
    let between = [1, 4].map(|epochs| StopAt { batches: 0, epochs });
    for mut stop in stops.into_iter().chain(between) {
        let broken = run(begin(&graph), &mut stop);
        assert_eq!(broken.ended, Ended::Interrupted);
        assert!(broken.history.len() < 5);
        let saved = broken.checkpoint.to_bytes().unwrap();
        let loaded = Checkpoint::from_bytes(&graph, &saved).unwrap();
        assert_eq!(loaded.epochs(), broken.history.len());
        assert_eq!(loaded.to_bytes().unwrap(), saved);
        let resumed = run(Begin::Resume(loaded), &mut Silent);
        assert_eq!(resumed.ended, Ended::AllEpochs);
        assert_eq!(resumed.history, whole.history);
        assert!(resumed.weights.iter().eq(whole.weights.iter()));
        assert_eq!(resumed.checkpoint.to_bytes().unwrap(), expected);
    }
    let again = run(Begin::Resume(whole.checkpoint), &mut Silent);
    assert_eq!(again.checkpoint.to_bytes().unwrap(), expected);
}

#[test]
fn a_checkpoint_taken_between_batches_or_epochs_is_as_good() {
    struct Save(Vec<Vec<u8>>);
    impl Observer for Save {
        fn epoch(&mut self, _: &EpochRecord, state: &TrainingState<'_>) -> Go {
            self.0.push(state.checkpoint().to_bytes().unwrap());
            Go::On
        }

        fn batch(&mut self, _: &BatchProgress, state: &TrainingState<'_>) -> Go {
            self.0.push(state.checkpoint().to_bytes().unwrap());
            Go::On
        }
    }
    let (graph, data) = (line(), Data::new(20, 3, 0.1, 1));
    let settings = Settings {
        keep: Keep::Last,
        ..settings(4)
    };
    let mut save = Save(Vec::new());
    let mut run = |start: Begin| {
        let rows = data.rows();
        train(&graph, start, rows, None, &settings, &threads(1), &mut save).unwrap()
    };
    let whole = run(begin(&graph)).checkpoint.to_bytes().unwrap();
    let saved = save.0.clone();
    // Two batches and the end of each of four epochs.
    assert_eq!(saved.len(), 12);
    assert_eq!(saved[11], whole);
    for from in [0, 3, 5] {
        let mut save = Save(Vec::new());
        let start = Checkpoint::from_bytes(&graph, &saved[from]).unwrap();
        let (start, rows) = (Begin::Resume(start), data.rows());
        let out = train(&graph, start, rows, None, &settings, &threads(1), &mut save);
        assert_eq!(out.unwrap().checkpoint.to_bytes().unwrap(), whole);
        assert_eq!(save.0, saved[from + 1..]);
    }
}

#[test]
fn a_line_is_learnt_with_both_losses_and_forms() {
    let (graph, data) = (line(), Data::new(64, 3, 0.0, 3));
    for loss in [Loss::Mse, Loss::Mae] {
        for optimizer in [Adam::keras(0.02), Adam::torch(0.02)] {
            let settings = Settings {
                loss,
                optimizer: optimizer.into(),
                keep: Keep::Last,
                ..settings(150)
            };
            let rows = data.rows();
            let out = train(
                &graph,
                begin(&graph),
                rows,
                None,
                &settings,
                &threads(1),
                &mut Silent,
            );
            let out = out.unwrap();
            let (_, weight) = out.weights.get("dense.weight").unwrap();
            let (_, bias) = out.weights.get("dense.bias").unwrap();
            for (found, expected) in weight.iter().chain(bias).zip([2.0, -1.0, 0.0, 0.5])
            {
                assert!(
                    (found - expected).abs() < 0.03,
                    "{loss:?} {optimizer:?} {found}"
                );
            }
            let after = evaluate_loss(&graph, &out.weights, rows, loss, &threads(1));
            assert!(after.unwrap() < 0.1 * out.history[0].train_loss);
        }
    }
}

#[test]
fn the_best_weights_are_kept_and_patience_ends_the_training() {
    let graph = graph();
    let (data, val) = (Data::new(20, WIDTH, 1.0, 5), Data::new(40, WIDTH, 1.0, 6));
    let settings = Settings {
        patience: Some(4),
        ..settings(200)
    };
    let run = |settings: &Settings| {
        let (start, watched) = (begin(&graph), Some(val.rows()));
        let rows = data.rows();
        train(
            &graph,
            start,
            rows,
            watched,
            settings,
            &threads(1),
            &mut Silent,
        )
        .unwrap()
    };
    let out = run(&settings);
    assert_eq!(out.ended, Ended::Patience);
    let best = out.best.unwrap();
    assert_eq!(out.history.len(), best.epoch + 4);
    let losses: Vec<f64> = out.history.iter().filter_map(|r| r.val_loss).collect();
    assert!(losses.iter().all(|&loss| loss >= best.loss));
    assert_eq!(losses[best.epoch - 1], best.loss);
    let score = |weights: &Weights| {
        evaluate_loss(&graph, weights, val.rows(), Loss::Mse, &threads(1)).unwrap()
    };
    assert_eq!(score(&out.weights), best.loss);
    let last = run(&Settings {
        keep: Keep::Last,
        ..settings.clone()
    });
    assert_eq!(score(&last.weights), *losses.last().unwrap());
    let demanding = run(&Settings {
        min_delta: 1e9,
        ..settings.clone()
    });
    assert_eq!(demanding.history.len(), 5);
    assert_eq!(demanding.ended, Ended::Patience);
}

#[test]
fn a_loss_that_is_no_number_names_epoch_batch_and_rows() {
    let (graph, data) = (line(), Data::new(20, 3, 0.1, 1));
    let settings = Settings {
        optimizer: Adam::keras(3.3e38).into(),
        keep: Keep::Last,
        ..settings(3)
    };
    let run = |data: &Data, watched: Option<Rows>, settings: &Settings| {
        let (start, rows) = (begin(&graph), data.rows());
        train(
            &graph,
            start,
            rows,
            watched,
            settings,
            &threads(1),
            &mut Silent,
        )
        .unwrap_err()
    };
    let failure = run(&data, None, &settings);
    assert_eq!(failure.code(), "E0801");
    let Failure::LossNotFinite { epoch, batch, rows } = failure else {
        unreachable!("another failure: {failure}");
    };
    assert!(epoch <= 2 && batch <= 2, "{epoch} {batch}");
    let order = settings.draws.order("shuffle", &[epoch as u64], &data.ids);
    let ids: Vec<u64> = order.iter().map(|&row| data.ids[row]).collect();
    let expected = ids.chunks(16).nth(batch - 1).unwrap();
    assert_eq!(rows, expected);
    // The only batch is the last: the validation rows are looked at after it.
    let one = Settings {
        epochs: 1,
        batch: 20,
        optimizer: Adam::keras(1e38).into(),
        ..settings
    };
    let mut steep = Data::new(20, 3, 0.1, 1);
    steep.features.iter_mut().for_each(|x| *x *= 10.0);
    let failure = run(&data, Some(steep.rows()), &one);
    assert!(
        matches!(failure, Failure::EpochNotFinite { epoch: 1, .. }),
        "{failure}"
    );
}

#[test]
fn a_gradient_that_is_no_number_names_its_own_batch() {
    // The slope of √ at 0 is infinite, and times 0 no number; the loss is finite.
    let mut b = GraphBuilder::new();
    let x = b.input("x", &[3]).unwrap();
    let flat = b.dense("d", x, 1, true, Init::Kaiming).unwrap();
    let zero = b.scalar("0", 0.0).unwrap();
    let flat = b.multiply("zero", flat, zero).unwrap();
    let out = b.sqrt("root", flat).unwrap();
    let graph = b.finish(out).unwrap();
    let data = Data::new(20, 3, 0.1, 1);
    for optimizer in [
        Adam::torch(1e-3).into(),
        Sgd {
            rate: 1e-3,
            momentum: 0.9,
        }
        .into(),
    ] {
        let settings = Settings {
            optimizer,
            keep: Keep::Last,
            ..settings(1)
        };
        let (start, rows) = (begin(&graph), data.rows());
        let run = train(
            &graph,
            start,
            rows,
            None,
            &settings,
            &threads(1),
            &mut Silent,
        );
        let failure = run.unwrap_err();
        assert_eq!(failure.code(), "E0801");
        let Failure::WeightNotFinite {
            epoch: 1,
            batch: 1,
            rows,
            weight,
        } = failure
        else {
            unreachable!("another failure: {failure}");
        };
        assert_eq!((rows.len(), &*weight), (settings.batch, "d.weight"));
    }
}

#[test]
fn data_and_settings_that_cannot_be_used_are_refused() {
    let (graph, good) = (line(), Data::new(20, 3, 0.1, 1));
    let refused = |change: &dyn Fn(&mut Data), settings: &Settings| {
        let mut data = Data::new(20, 3, 0.1, 1);
        change(&mut data);
        let (start, rows) = (begin(&graph), data.rows());
        let failure = train(
            &graph,
            start,
            rows,
            None,
            settings,
            &threads(1),
            &mut Silent,
        );
        let failure = failure.unwrap_err();
        (failure.code(), failure.to_string())
    };
    let fine = Settings {
        keep: Keep::Last,
        ..settings(1)
    };
    let (code, text) = refused(&|d| d.features[7] = f32::NAN, &fine);
    assert_eq!(code, "E0808");
    assert!(text.contains("feature number 2 of row 1002"), "{text}");
    let (code, text) = refused(&|d| d.targets[3] = f32::INFINITY, &fine);
    assert_eq!(code, "E0808");
    assert!(
        text.contains("the target of row 1003") && text.contains("inf"),
        "{text}"
    );
    let (code, text) = refused(&|d| d.features.truncate(50), &fine);
    assert_eq!(code, "E0804");
    assert!(text.contains("60") && text.contains("50"), "{text}");
    let (code, text) = refused(&|d| *d = Data::new(0, 3, 0.0, 1), &fine);
    assert_eq!(code, "E0804");
    assert!(text.contains("no rows to train on"), "{text}");
    for (bad, name) in [
        (
            Settings {
                batch: 0,
                ..fine.clone()
            },
            "batch",
        ),
        (
            Settings {
                epochs: 0,
                ..fine.clone()
            },
            "epochs",
        ),
        (
            Settings {
                patience: Some(0),
                ..fine.clone()
            },
            "patience",
        ),
        (
            Settings {
                patience: Some(3),
                ..fine.clone()
            },
            "patience",
        ),
        (
            Settings {
                min_delta: f64::NAN,
                ..fine.clone()
            },
            "min_delta",
        ),
        (settings(1), "keep"),
    ] {
        let (code, text) = refused(&|_| (), &bad);
        assert_eq!(code, "E0806");
        assert!(text.starts_with(name), "{text}");
    }
    let other = Data::new(19, 3, 0.1, 1);
    let run = |data: &Data, start: Begin, settings: &Settings| {
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
    let saved = run(&good, begin(&graph), &fine).unwrap().checkpoint;
    let resume = || Begin::Resume(saved.clone());
    let failure = run(&other, resume(), &fine).unwrap_err();
    assert_eq!(failure.code(), "E0803");
    let changed = Settings {
        batch: 7,
        ..fine.clone()
    };
    assert_eq!(run(&good, resume(), &changed).unwrap_err().code(), "E0803");
    let longer = Settings { epochs: 2, ..fine };
    assert_eq!(run(&good, resume(), &longer).unwrap().history.len(), 2);
}

#[test]
fn damaged_checkpoints_are_refused() {
    let (graph, data) = (line(), Data::new(20, 3, 0.1, 1));
    let (start, rows) = (begin(&graph), data.rows());
    let settings = settings(2);
    let watched = Some(data.rows());
    let out = train(
        &graph,
        start,
        rows,
        watched,
        &settings,
        &threads(1),
        &mut Silent,
    );
    let checkpoint = out.unwrap().checkpoint;
    let bytes = checkpoint.to_bytes().unwrap();
    for cut in 0..bytes.len() {
        let failure = Checkpoint::from_bytes(&graph, &bytes[..cut]).unwrap_err();
        assert_eq!(failure.code(), "E0803");
    }
    for place in 0..bytes.len() {
        let mut bytes = bytes.clone();
        bytes[place] ^= 0x04;
        if let Ok(read) = Checkpoint::from_bytes(&graph, &bytes) {
            // Only the header's blanks and the sum's own name carry no meaning.
            assert_eq!(read.to_bytes().unwrap(), checkpoint.to_bytes().unwrap());
        }
    }
    let failure = Checkpoint::from_bytes(&self::graph(), &bytes).unwrap_err();
    assert!(failure.to_string().contains("conv.weight"), "{failure}");
}

/// Dropout asked again: each row by itself, batch norms as they predict.
#[test]
fn passes_with_dropout_depend_on_their_row_alone() {
    let graph = graph();
    let data = Data::new(9, WIDTH, 0.1, 1);
    let weights = Weights::start(&graph, &Draws::new(1, 2));
    let ask = |features: &[f32], passes: usize, count: usize| {
        let (draws, threads) = (Draws::new(1, 5), threads(count));
        predict_dropped(&graph, &weights, features, passes, draws, &threads).unwrap()
    };
    // More passes than a batch of copies takes at once.
    let all = ask(&data.features, 300, 1);
    assert_eq!(all.len(), 9 * 300);
    assert_eq!(all, ask(&data.features, 300, 2));
    let third = &data.features[2 * WIDTH..3 * WIDTH];
    assert_eq!(ask(third, 300, 1), all[2 * 300..3 * 300]);
    let distinct: std::collections::BTreeSet<u32> =
        all[..300].iter().map(|x| x.to_bits()).collect();
    assert!(distinct.len() > 290, "{}", distinct.len());
    // Without dropout every pass says what a prediction says.
    let mut b = GraphBuilder::new();
    let x = b.input("x", &[3]).unwrap();
    let x = b.dense("dense", x, 4, true, Init::Kaiming).unwrap();
    let x = b.batch_norm("norm", x, 1e-5, 0.1).unwrap();
    let x = b.dense("out", x, 1, true, Init::Kaiming).unwrap();
    let plain = b.finish(x).unwrap();
    let weights = Weights::start(&plain, &Draws::new(1, 2));
    let data = Data::new(5, 3, 0.1, 1);
    let once = predict(&plain, &weights, &data.features, &threads(1)).unwrap();
    let draws = Draws::new(1, 5);
    let said =
        predict_dropped(&plain, &weights, &data.features, 3, draws, &threads(1)).unwrap();
    for (one, passes) in once.iter().zip(said.chunks(3)) {
        assert!(passes.iter().all(|x| x == one), "{one} {passes:?}");
    }
}
