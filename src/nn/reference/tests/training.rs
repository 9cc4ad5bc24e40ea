//! Training by the reference executor: near the fused one's, the same bits for any number
//! of threads, and going on where it stopped.

use super::super::super::{
    Adam, Begin, Conv1d, Ended, Failure, Go, Keep, Observer, Rows, Settings, Trained,
    TrainingState, Weights, train,
};
use super::super::super::{EpochRecord, Silent};
use super::{
    Executor, Features, Graph, Init, Loss, Threads, conv, crystals, differences,
    networks, over, threads, views,
};
use crate::draw::Draws;

/// A network with all that training does beside gradients: masks, running statistics,
/// penalties.
fn network() -> Graph {
    over(&[8, 1], |b, x| {
        // A bias before the normalisation would have rounding for its gradient, of which
        // Adam makes whole steps.
        let conv = Conv1d {
            bias: false,
            ..conv(4, 3, 1, 2)
        };
        let x = b.conv1d("conv", x, conv, Init::Kaiming)?;
        let x = b.batch_norm("norm", x, 1e-3, 0.1)?;
        let x = b.relu("r", x)?;
        let x = b.dropout("d", x, 0.3)?;
        let x = b.flatten("f", x)?;
        b.dense("out", x, 1, true, Init::Kaiming)
    })
}

fn settings(epochs: usize) -> Settings {
    let mut settings = Settings::new(6, epochs, Adam::torch(0.02), Draws::new(1, 2));
    settings.l2 = 1e-3;
    settings.keep = Keep::Best;
    settings
}

struct Stop(usize);

impl Observer for Stop {
    fn epoch(&mut self, record: &EpochRecord, _: &TrainingState<'_>) -> Go {
        match record.epoch == self.0 {
            true => Go::Stop,
            false => Go::On,
        }
    }
}

fn ran(
    threads: &Threads,
    begin: Option<Begin>,
    watch: &mut dyn Observer,
) -> Result<Trained, Failure> {
    let graph = network();
    let values = differences::random(24 * 8, 1);
    let targets: Vec<f32> = values.chunks(8).map(|x| x[0] - x[3] * x[5]).collect();
    let ids: Vec<u64> = (0..24).collect();
    let rows = |from: usize, to: usize| Rows {
        features: Features::Vectors(&values[from * 8..to * 8]),
        targets: &targets[from..to],
        ids: &ids[from..to],
    };
    let start = || Begin::Weights(Weights::start(&graph, &Draws::new(3, 4)));
    train(
        &graph,
        begin.unwrap_or_else(start),
        rows(0, 18),
        Some(rows(18, 24)),
        &settings(6),
        threads,
        watch,
    )
}

fn trained(threads: &Threads, watch: &mut dyn Observer) -> Trained {
    ran(threads, None, watch).unwrap()
}

#[test]
fn both_executors_learn_the_same() {
    let fused = trained(&threads(Executor::Fused), &mut Silent);
    let plain = trained(&threads(Executor::Reference), &mut Silent);
    for (a, b) in plain.history.iter().zip(&fused.history) {
        let (a, b) = ((a.train_loss, a.val_loss), (b.train_loss, b.val_loss));
        assert!((a.0 - b.0).abs() < 1e-4 * b.0, "{a:?} {b:?}");
        let (a, b) = (a.1.unwrap(), b.1.unwrap());
        assert!((a - b).abs() < 1e-4 * b, "{a} {b}");
    }
    assert!(plain.history[5].train_loss < 0.9 * plain.history[0].train_loss);
    assert_ne!(plain.checkpoint.to_bytes(), fused.checkpoint.to_bytes());
}

#[test]
fn the_bits_are_the_same_for_any_number_of_threads() {
    let bytes = |count: usize| {
        let threads = Threads::new(Some(count)).unwrap();
        let trained = trained(&threads.with(Executor::Reference), &mut Silent);
        trained.checkpoint.to_bytes().unwrap()
    };
    assert_eq!(bytes(1), bytes(2));
}

#[test]
fn a_resumed_training_ends_in_the_same_bytes_and_only_by_the_same_executor() {
    let plain = threads(Executor::Reference);
    let whole = trained(&plain, &mut Silent);
    let part = trained(&plain, &mut Stop(3));
    assert_eq!(part.ended, Ended::Interrupted);
    let begin = || Some(Begin::Resume(part.checkpoint.clone()));
    let resumed = ran(&plain, begin(), &mut Silent).unwrap();
    let bytes = |trained: &Trained| trained.checkpoint.to_bytes().unwrap();
    assert_eq!(bytes(&resumed), bytes(&whole));
    let failure = ran(&threads(Executor::Fused), begin(), &mut Silent).unwrap_err();
    assert_eq!(failure.code(), "E0803");
}

#[test]
fn ranges_are_fitted_to_the_training_rows() {
    let graph = &networks()[1];
    let owned = crystals();
    let all = views(&owned);
    let targets = differences::random(5 * graph.output_width(), 3);
    let ids: Vec<u64> = (0..5).collect();
    let rows = Rows {
        features: Features::Crystals(&all),
        targets: &targets,
        ids: &ids,
    };
    let mut settings = Settings::new(5, 1, Adam::torch(0.02), Draws::new(1, 2));
    settings.loss = Loss::Mae;
    let [fused, plain] = [Executor::Fused, Executor::Reference].map(|executor| {
        let begin = Begin::Weights(Weights::start(graph, &Draws::new(3, 4)));
        let threads = threads(executor);
        let done = train(graph, begin, rows, None, &settings, &threads, &mut Silent);
        done.unwrap().weights
    });
    for end in ["range.low", "range.high"] {
        assert_eq!(fused.get(end), plain.get(end));
        assert_ne!(plain.get(end).unwrap().1, [0.0]);
    }
}
