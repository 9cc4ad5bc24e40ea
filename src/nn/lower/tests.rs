//! The three programs of a network: one step for each operation, rewritten, fused. They
//! give the same output, gradients and running statistics.

mod rules;

use super::super::batch::Batch;
use super::super::buffer::Buffer;
use super::super::layers::differences::random;
use super::super::processor::Processor;
use super::super::reference::tests::random::{SEEDS, on_crystals_of, on_vectors_of};
use super::super::run::crystal_tests::{build, crystals, views, weights};
use super::super::run::tests::vectors;
use super::super::run::{Mode, Run, Tape};
use super::super::{Features, Field, Graph, Grouping, Init, Link, Route, Weights};
use super::{Chained, Kernel, Program};
use rules::Tally;

/// A network, lowered in three ways.
pub(crate) struct Ways {
    pub(crate) plain: Program,
    pub(crate) rewritten: Program,
    pub(crate) fused: Program,
}

impl Ways {
    /// The chains of the fused program.
    pub(crate) fn chains(&self) -> impl Iterator<Item = &Chained> {
        self.fused
            .steps
            .iter()
            .filter_map(|step| match &step.kernel {
                Kernel::Chain(chained) => Some(&**chained),
                _ => None,
            })
    }
}

/// What a program makes of a batch.
struct Ran {
    output: Vec<f32>,
    /// The weights with the running statistics as they are then.
    followed: Weights,
    gradients: Weights,
}

/// Runs a program forward and backward.
fn ran(
    what: &str,
    program: &Program,
    graph: &Graph,
    weights: &Weights,
    batch: &Batch,
    mode: Mode,
) -> Ran {
    let run = Run {
        program,
        weights: &weights.buffers,
        mode,
        batch,
        watch: None,
    };
    let pass = |gradients: &mut Weights| {
        let (mut device, mut tape) = (Processor::default(), Tape::default());
        let y = run.forward(Some(&mut tape), &mut device);
        let mut followed = weights.clone();
        program.follow(&tape.statistics(&run, &device), &mut followed.buffers);
        let output = y.values().to_vec();
        let gy = Buffer::from_vec(random(output.len(), 6));
        run.backward(tape, y, gy, &mut gradients.buffers, &mut device);
        (output, followed)
    };
    let mut gradients = Weights::zeros(graph);
    let (output, followed) = pass(&mut gradients);
    let untaped = run.forward(None, &mut Processor::default());
    assert_eq!(output, untaped.values(), "{what}: with a tape, without");
    // A training writes the gradients of every batch over those of the one before.
    let mut again = gradients.clone();
    pass(&mut again);
    for ((name, _, again), (_, _, once)) in again.iter().zip(gradients.iter()) {
        assert_eq!(again, once, "{what}: {name} keeps some of an earlier batch");
    }
    Ran {
        output,
        followed,
        gradients,
    }
}

/// Asserts that the three programs of a network do the same on a batch; gives them.
pub(crate) fn compare(
    what: &str,
    graph: &Graph,
    batch: impl Fn(&Program) -> Batch,
) -> Ways {
    compare_from(what, graph, &weights(graph), batch)
}

/// The same from these weights.
pub(crate) fn compare_from(
    what: &str,
    graph: &Graph,
    weights: &Weights,
    batch: impl Fn(&Program) -> Batch,
) -> Ways {
    let ways = Ways {
        plain: Program::plain(graph),
        rewritten: Program::rewritten(graph),
        fused: Program::new(graph),
    };
    let batch = batch(&ways.plain);
    for mode in [Mode::Predict, Mode::Learn(None)] {
        let plain = format!("{what}, plain, {mode:?}");
        let expected = ran(&plain, &ways.plain, graph, weights, &batch, mode);
        for (way, program) in [("rewritten", &ways.rewritten), ("fused", &ways.fused)] {
            let what = format!("{what}, {way}, {mode:?}");
            let found = ran(&what, program, graph, weights, &batch, mode);
            near(&what, &[("output", &found.output, &expected.output)]);
            for (found, expected) in [
                (&found.followed, &expected.followed),
                (&found.gradients, &expected.gradients),
            ] {
                let pairs = found.iter().zip(expected.iter());
                let pairs = pairs.map(|((name, _, x), (_, _, y))| (name, x, y));
                near(&what, &pairs.collect::<Vec<_>>());
            }
        }
    }
    ways
}

/// Asserts that numbers are as near as single precision has them: to the largest of their
/// tensor, and to the largest of all, which rounding of a sum that cancels goes by.
fn near(what: &str, pairs: &[(&str, &[f32], &[f32])]) {
    let norm = |x: &[f32]| x.iter().fold(0.0f32, |most, x| most.max(x.abs()));
    let most = pairs.iter().map(|(_, _, y)| norm(y)).fold(0.0, f32::max);
    for (name, ours, plain) in pairs {
        assert_eq!(ours.len(), plain.len(), "{what}, {name}");
        let allowed = 2e-5 * norm(plain) + 2e-6 * most;
        for (x, y) in ours.iter().zip(*plain) {
            let near = (x - y).abs() <= allowed;
            assert!(near, "{what}, {name}: {x}, not {y} ± {allowed}");
        }
    }
}

/// Compares the programs of a network on crystals of all sorts, on the lone atom, with one
/// without angles beside it, on one crystal.
fn on_crystals(what: &str, graph: &Graph) -> Ways {
    let owned = crystals();
    let all = views(&owned);
    let on = |rows: &[usize]| {
        compare(&format!("{what}, crystals {rows:?}"), graph, |program| {
            let rows = rows.iter().copied();
            Batch::new(&program.needs, Features::Crystals(&all), rows)
        })
    };
    for rows in [&[1][..], &[1, 2], &[4]] {
        on(rows);
    }
    on(&[0, 1, 2, 3, 4])
}

#[test]
fn random_networks_over_vectors_are_the_same_in_three_ways() {
    let mut tally = Tally::new(&rules::of_all());
    for seed in 0..SEEDS {
        let graph = on_vectors_of(seed);
        let ways = compare(&format!("seed {seed}"), &graph, |program| {
            vectors(program, &random(7 * graph.input_width(), 5))
        });
        tally.note(&format!("seed {seed}"), &ways);
    }
    tally.check();
}

#[test]
fn random_networks_over_crystals_are_the_same_in_three_ways() {
    let rules = [rules::of_all(), rules::of_maps()].concat();
    let mut tally = Tally::new(&rules);
    for seed in 0..SEEDS {
        let ways = on_crystals(&format!("seed {seed}"), &on_crystals_of(seed));
        tally.note(&format!("seed {seed}"), &ways);
    }
    tally.check();
}

#[test]
fn a_layer_may_read_gathered_rows_in_other_lines() {
    // Rows of (lines, numbers) side by side, and the shape the layer reads them in.
    for (own, read) in [([2, 2], [1, 8]), ([1, 2], [2, 2]), ([1, 2], [4, 1])] {
        let graph = build(&|b| {
            let z = b.field("z", Field::Species)?;
            let [lines, numbers] = own;
            let x = b.embedding("e", z, 7, lines * numbers, Init::Uniform(0.5))?;
            let x = b.reshape("own", x, &own)?;
            let src = b.gather("src", x, &Route::new(Link::Src))?;
            let dst = b.gather("dst", x, &Route::new(Link::Dst))?;
            let both = b.concat("both", &[src, dst])?;
            let both = b.reshape("read", both, &read)?;
            let y = b.dense("layer", both, 3, true, Init::Kaiming)?;
            let y = b.tanh("tanh", y)?;
            let y = b.flatten("flat", y)?;
            b.group("rows", y, &Route::new(Link::BondRow), Grouping::Sum)
        });
        on_crystals(&format!("{own:?} as {read:?}"), &graph);
    }
}

#[test]
fn a_layer_used_in_parts_and_whole_learns_from_one_batch_at_a_time() {
    let graph = build(&|b| {
        let z = b.field("z", Field::Species)?;
        let x = b.embedding("e", z, 7, 3, Init::Uniform(0.5))?;
        let src = b.gather("src", x, &Route::new(Link::Src))?;
        let dst = b.gather("dst", x, &Route::new(Link::Dst))?;
        // Made in a chain, so after all that needs none: the layer is used whole between
        // its two parts.
        let late = b.multiply("late", src, dst)?;
        let both = b.concat("both", &[src, late])?;
        let d = b.field("d", Field::Distance)?;
        let whole = b.gaussians("whole", d, 6, (0.0, 2.0), 0.8)?;
        b.shared("layer");
        let parts = b.dense("layer", both, 3, true, Init::Kaiming)?;
        let whole = b.dense("layer", whole, 3, true, Init::Kaiming)?;
        let y = b.multiply("y", parts, whole)?;
        b.group("rows", y, &Route::new(Link::BondRow), Grouping::Sum)
    });
    on_crystals("in parts and whole", &graph);
}
