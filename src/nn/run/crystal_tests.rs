//! Networks over crystals: gradients against finite differences, rows that do not see each
//! other, the same bits for any number of threads.

mod degenerate;
mod wide;

use std::borrow::Cow;

use super::super::buffer::Buffer;
use super::super::layers::differences::{check_curved, random, weighted};
use super::super::processor::Processor;
use super::super::{
    Crystal, Crystals, Domain, Failure, Features, Field, Graph, GraphBuilder, Grouping,
    Init, Line, Link, Loss, NodeId, Route, Rows, Threads, Weights, gradients, predict,
};
use super::*;
use crate::draw::Stream;

/// A crystal that owns its lists.
pub(crate) struct Owned {
    species: Vec<u8>,
    src: Vec<u32>,
    dst: Vec<u32>,
    distance: Vec<f32>,
    line: (Vec<u32>, Vec<u32>, Vec<f32>),
}

impl Owned {
    pub(crate) fn new(
        atoms: usize,
        bonds: usize,
        angles: usize,
        seed: u64,
        sorted: bool,
    ) -> Owned {
        let mut stream = Stream::new(seed);
        let mut places = |count: usize, below: usize| -> Vec<u32> {
            let draw = |_| stream.below(below as u64) as u32;
            (0..count).map(draw).collect()
        };
        let species = places(atoms, 5).iter().map(|z| *z as u8 + 1).collect();
        let (src, mut dst) = (places(bonds, atoms), places(bonds, atoms));
        let (from, mut to) = (places(angles, bonds), places(angles, bonds));
        if sorted {
            dst.sort_unstable();
            to.sort_unstable();
        }
        Owned {
            species,
            src,
            dst,
            distance: random(bonds, seed + 1)
                .iter()
                .map(|d| d.abs() + 1.0)
                .collect(),
            line: (from, to, random(angles, seed + 2)),
        }
    }

    fn crystal(&self) -> Crystal<'_> {
        Crystal {
            species: Cow::Borrowed(&self.species),
            src: &self.src,
            dst: &self.dst,
            distance: &self.distance,
            line: Some(Line {
                src: &self.line.0,
                dst: &self.line.1,
                cosine: &self.line.2,
            }),
        }
    }
}

/// Crystals of all sorts: a lone atom without bonds, bonds without angles, edges sorted and
/// not.
pub(crate) fn crystals() -> Vec<Owned> {
    vec![
        Owned::new(4, 9, 14, 1, true),
        Owned::new(1, 0, 0, 2, true),
        Owned::new(3, 7, 0, 3, false),
        Owned::new(2, 3, 5, 4, false),
        Owned::new(5, 12, 20, 5, true),
    ]
}

pub(crate) fn views(all: &[Owned]) -> Vec<Crystal<'_>> {
    all.iter().map(Owned::crystal).collect()
}

pub(crate) fn build(f: &dyn Fn(&mut GraphBuilder) -> Result<NodeId, Failure>) -> Graph {
    let mut b = GraphBuilder::new();
    b.crystals("g", true).unwrap();
    let y = f(&mut b).unwrap();
    b.finish(y).unwrap()
}

fn link(link: Link) -> Route {
    Route::new(link)
}

/// Networks that between them use every operation over domains.
pub(crate) fn networks() -> Vec<Graph> {
    let glorot = Init::Glorot;
    vec![
        // An edge-gated convolution on bonds and one on angles.
        build(&|b| {
            let z = b.field("z", Field::Species)?;
            let x = b.embedding("e", z, 7, 3, Init::Uniform(0.5))?;
            let d = b.field("d", Field::Distance)?;
            let y = b.gaussians("g", d, 4, (0.0, 2.0), 0.8)?;
            let y = b.dense("y", y, 3, true, Init::Kaiming)?;
            let c = b.field("c", Field::Cosine)?;
            let t = b.gaussians("g", c, 3, (-1.0, 1.0), 0.7)?;
            let t = b.dense("t", t, 3, true, Init::Kaiming)?;
            let mut gated = |name: &str, x, y, src: Link, dst: Link| {
                let mut dense = |k: usize, x| {
                    b.dense(&format!("{name}{k}"), x, 3, true, Init::Kaiming)
                };
                let (p, q, r) = (dense(0, x)?, dense(1, x)?, dense(2, y)?);
                let (s, u) = (dense(3, x)?, dense(4, x)?);
                let p = b.gather("p", p, &link(src))?;
                let q = b.gather("q", q, &link(dst))?;
                let m = b.add("m", p, q)?;
                let m = b.add("m", m, r)?;
                let gate = b.sigmoid("gate", m)?;
                let s = b.gather("s", s, &link(src))?;
                let s = b.multiply("s", gate, s)?;
                let s = b.group("s", s, &link(dst), Grouping::Sum)?;
                let w = b.group("w", gate, &link(dst), Grouping::Sum)?;
                let little = b.scalar("little", 1e-6)?;
                let w = b.add("w", w, little)?;
                let h = b.divide("h", s, w)?;
                let h = b.add("h", u, h)?;
                let h = b.batch_norm(&format!("{name}n"), h, 1e-2, 0.1)?;
                let h = b.silu("h", h)?;
                let n = b.batch_norm(&format!("{name}e"), m, 1e-2, 0.1)?;
                let n = b.silu("n", n)?;
                Ok::<_, Failure>((b.add("x", x, h)?, b.add("y", y, n)?))
            };
            let (x, m) = gated("one", x, y, Link::Src, Link::Dst)?;
            let (y, _) = gated("two", m, t, Link::LineSrc, Link::LineDst)?;
            let (x, _) = gated("three", x, y, Link::Src, Link::Dst)?;
            let x = b.group("mean", x, &link(Link::AtomRow), Grouping::Mean)?;
            b.dense("out", x, 1, true, glorot)
        }),
        // Attention with heads, over an unsorted map; the composition; shares by crystal.
        build(&|b| {
            let z = b.field("z", Field::Species)?;
            let hot = b.one_hot("hot", z, 1, 5)?;
            let degree = b.field("degree", Field::Degree)?;
            let ranks = b.one_hot("rank", degree, 0, 6)?;
            let x = b.concat("c", &[hot, ranks])?;
            let x = b.dense("x", x, 3, true, glorot)?;
            let d = b.field("d", Field::Distance)?;
            let y = b.range_scale("range", d)?;
            let y = b.gaussians("g", y, 4, (0.0, 1.0), 0.4)?;
            let here = b.gather("here", x, &link(Link::Src))?;
            let here = b.concat("c", &[here, y])?;
            let there = b.gather("there", x, &link(Link::Dst))?;
            let there = b.concat("c", &[there, y])?;
            b.shared("project");
            let here = b.dense("project", here, 6, false, glorot)?;
            let there = b.dense("project", there, 6, false, glorot)?;
            let here = b.reshape("r", here, &[2, 3])?;
            let there = b.reshape("r", there, &[2, 3])?;
            let w = b.weight("w", &[2, 6], glorot)?;
            let both = b.concat("c", &[here, there])?;
            let score = b.multiply("m", both, w)?;
            let score = b.sum_last("s", score)?;
            let score = b.flatten("f", score)?;
            let score = b.batch_norm("n", score, 1e-2, 0.1)?;
            let share = b.softmax_group("share", score, &link(Link::Src))?;
            let share = b.reshape("r", share, &[2, 1])?;
            let heard = b.multiply("m", there, share)?;
            let heard = b.group("sum", heard, &link(Link::Src), Grouping::Sum)?;
            let heard = b.transpose("t", heard)?;
            let heard = b.mean_last("m", heard)?;
            let heard = b.flatten("f", heard)?;
            let bias = b.weight("b", &[3], Init::Constant(0.1))?;
            let x = b.add("x", heard, bias)?;
            let whole = b.group("whole", hot, &link(Link::AtomRow), Grouping::Mean)?;
            let whole = b.gather("whole", whole, &link(Link::AtomRow))?;
            let score = b.concat("c", &[x, whole])?;
            let score = b.dense("score", score, 1, true, glorot)?;
            let score = b.softmax_group("score", score, &link(Link::AtomRow))?;
            let x = b.multiply("m", x, score)?;
            b.group("sum", x, &link(Link::AtomRow), Grouping::Sum)
        }),
        // Chains of maps, the largest of a group, zeros with a domain, a fixed table.
        build(&|b| {
            let z = b.field("z", Field::Species)?;
            let table = random(8 * 2, 9);
            let x = b.lookup("table", z, table.into(), 2)?;
            let x = b.dense("x", x, 2, true, glorot)?;
            let far = link(Link::Src).then(&link(Link::AtomRow)).unwrap();
            let round = link(Link::LineDst).then(&link(Link::Dst)).unwrap();
            let rows = b.zeros("zeros", Some(Domain::Rows), &[2])?;
            let u = b.dense("u", rows, 2, true, Init::Kaiming)?;
            let y = b.gather("far", u, &far)?;
            let s = b.gather("src", x, &link(Link::Src))?;
            let y = b.multiply("y", y, s)?;
            let y = b.tanh("y", y)?;
            let t = b.gather("round", x, &round)?;
            let e = b.gather("line", y, &link(Link::LineSrc))?;
            let t = b.multiply("t", t, e)?;
            let d = b.field("degree", Field::LineDegree)?;
            let d = b.one_hot("d", d, 1, 2)?;
            let y = b.concat("c", &[y, d])?;
            let y = b.dense("y", y, 2, true, glorot)?;
            let y = b.group("max", y, &link(Link::BondRow), Grouping::Max)?;
            let t = b.group("mean", t, &link(Link::AngleRow), Grouping::Mean)?;
            let y = b.add("both", y, t)?;
            let y = b.clamp("c", y, -3.0, 3.0)?;
            let y = b.sum_last("s", y)?;
            b.add("u", y, u)
        }),
        // Set2Set, of a crystal's atoms and of its bonds.
        build(&|b| {
            let z = b.field("z", Field::Species)?;
            let x = b.embedding("e", z, 7, 3, Init::Uniform(0.5))?;
            let d = b.field("d", Field::Distance)?;
            let y = b.gaussians("g", d, 4, (0.0, 2.0), 0.8)?;
            let y = b.dense("y", y, 3, true, Init::Kaiming)?;
            let here = b.gather("here", x, &link(Link::Src))?;
            let y = b.multiply("y", y, here)?;
            let atoms = asked(b, "atoms", x, &link(Link::AtomRow))?;
            let bonds = asked(b, "bonds", y, &link(Link::BondRow))?;
            let all = b.concat("all", &[atoms, bonds])?;
            b.dense("out", all, 1, true, glorot)
        }),
    ]
}

/// An LSTM asks, attention over the rows of `x`, three numbers each, answers: twice.
fn asked(
    b: &mut GraphBuilder,
    name: &str,
    x: NodeId,
    of: &Route,
) -> Result<NodeId, Failure> {
    b.shared(name);
    let zeros = b.zeros("zeros", Some(Domain::Rows), &[3])?;
    let (mut cell, mut said, mut heard) = (zeros, zeros, zeros);
    for _ in 0..2 {
        let both = b.concat("both", &[said, heard])?;
        let gates = b.dense(name, both, 12, true, Init::Glorot)?;
        let part =
            |b: &mut GraphBuilder, k: usize| b.slice("part", gates, 3 * k, 3 * k + 3);
        let gate = |b: &mut GraphBuilder, k: usize| {
            let part = part(b, k)?;
            b.sigmoid("gate", part)
        };
        let (take, keep, give) = (gate(b, 0)?, gate(b, 1)?, gate(b, 2)?);
        let new = part(b, 3)?;
        let new = b.tanh("new", new)?;
        let new = b.multiply("new", take, new)?;
        let kept = b.multiply("kept", keep, cell)?;
        cell = b.add("cell", kept, new)?;
        let open = b.tanh("open", cell)?;
        said = b.multiply("said", give, open)?;
        let here = b.gather("here", said, of)?;
        let score = b.multiply("score", x, here)?;
        let score = b.sum_last("score", score)?;
        let share = b.softmax_group("share", score, of)?;
        let told = b.multiply("told", x, share)?;
        heard = b.group("heard", told, of, Grouping::Sum)?;
    }
    b.concat("both", &[said, heard])
}

/// Weights away from their start, so that every one of them matters.
pub(crate) fn weights(graph: &Graph) -> Weights {
    let mut weights = Weights::zeros(graph);
    for (k, buffer) in weights.buffers.iter_mut().enumerate() {
        let (spec, count) = (&graph.weights()[k], buffer.values().len());
        let mut values = random(count, 40 + k as u64);
        match &spec.name {
            name if name.ends_with("running_var") || name.ends_with("high") => {
                values.iter_mut().for_each(|x| *x = x.abs() + 1.0);
            }
            _ => (),
        }
        buffer.values_mut().copy_from_slice(&values);
    }
    weights
}

#[test]
fn gradients_are_finite_differences() {
    let owned = crystals();
    let all = views(&owned);
    for (number, graph) in networks().iter().enumerate() {
        // All crystals; the lone atom; those without angles.
        for rows in [&[0, 1, 2, 3, 4][..], &[1], &[1, 2], &[4]] {
            let chosen: Vec<_> = rows.iter().map(|row| all[*row].clone()).collect();
            let what = format!("network {number}, {rows:?}");
            let check = |mode| differ(&what, graph, &chosen, mode);
            check(Mode::Predict);
            // One or two rows give ±1 whatever they are: no step is small there.
            if rows.len() == 5 {
                check(Mode::Learn(None));
            }
        }
    }
}

/// Asserts that the gradients on a batch of these crystals are finite differences.
fn differ(what: &str, graph: &Graph, all: &dyn Crystals, mode: Mode) {
    let (program, weights) = (Program::new(graph), weights(graph));
    let batch = Batch::new(&program.needs, Features::Crystals(all), 0..all.count());
    let run = Run {
        program: &program,
        weights: &weights.buffers,
        mode,
        batch: &batch,
        watch: None,
    };
    let forward = |weights: &[Buffer]| {
        let run = Run { weights, ..run };
        let y = run.forward(None, &mut Processor::default());
        y.values().to_vec()
    };
    let (mut tape, mut device) = (Tape::default(), Processor::default());
    let y = run.forward(Some(&mut tape), &mut device);
    assert_eq!(y.values(), forward(&weights.buffers));
    assert!(y.values().iter().all(|y| y.is_finite()), "{what}");
    let g = random(y.values().len(), 6);
    let mut found = Weights::zeros(graph);
    let gy = Buffer::from_vec(g.clone());
    run.backward(tape, y, gy, &mut found.buffers, &mut device);
    for (k, gradient) in found.buffers.iter().enumerate() {
        let spec = &graph.weights()[k];
        if !spec.trained {
            assert!(gradient.values().iter().all(|g| *g == 0.0), "{what}");
            continue;
        }
        let at = weights.buffers[k].values();
        let what = format!("{what}, {mode:?}, {}", spec.name);
        check_curved(&what, at, gradient.values(), |values| {
            let mut changed = weights.buffers.clone();
            changed[k] = Buffer::from_vec(values.to_vec());
            weighted(&forward(&changed), &g)
        });
    }
}

#[test]
fn every_weight_matters_and_threads_do_not() {
    let owned: Vec<Owned> = (0..40)
        .map(|k| Owned::new(9 + k % 5, 70 + k, 300, 100 + k as u64, k % 2 == 0))
        .collect();
    let all = views(&owned);
    let ids: Vec<u64> = (0..40).collect();
    for graph in networks() {
        let weights = weights(&graph);
        let targets = random(40 * graph.output_width(), 3);
        let rows = Rows {
            features: Features::Crystals(&all),
            targets: &targets,
            ids: &ids,
        };
        let look = |threads: usize| {
            let threads = Threads::new(Some(threads)).unwrap();
            let found = gradients(&graph, &weights, rows, Loss::Mse, &threads).unwrap();
            let predicted = predict(&graph, &weights, rows.features, &threads).unwrap();
            (found, predicted)
        };
        let ((one, first), (two, second)) = (look(1), look(2));
        assert_eq!((&one.output, &first), (&two.output, &second));
        let pairs = one.gradients.iter().zip(two.gradients.iter());
        for ((name, _, a), (_, _, b)) in pairs {
            assert_eq!(a, b, "{name}");
            let trained = graph.weights().iter().any(|w| w.name == name && w.trained);
            let unused = [
                "threee.weight",
                "threee.bias",
                "twoe.weight",
                "twoe.bias",
                // It multiplies zeros.
                "u.weight",
            ];
            let moved = a.iter().any(|g| *g != 0.0);
            assert_eq!(moved, trained && !unused.contains(&name), "{name}");
        }
        // A prediction does not depend on the rows beside it.
        for row in [0, 17, 39] {
            let lone = vec![all[row].clone()];
            let threads = Threads::new(Some(1)).unwrap();
            let alone = predict(&graph, &weights, Features::Crystals(&lone), &threads);
            let width = graph.output_width();
            for (a, b) in alone.unwrap().iter().zip(&first[row * width..]) {
                assert!((a - b).abs() <= 1e-5 * b.abs().max(1.0), "{a} {b}");
            }
        }
    }
}

#[test]
fn crystals_that_do_not_fit_are_refused_by_row() {
    let graph = &networks()[0];
    let weights = weights(graph);
    let threads = Threads::new(Some(1)).unwrap();
    let refused = |change: &dyn Fn(&mut Owned)| {
        let mut owned = crystals();
        change(&mut owned[3]);
        let all = views(&owned);
        let failure = predict(graph, &weights, Features::Crystals(&all), &threads);
        let failure = failure.unwrap_err();
        assert_eq!(failure.code(), "E0804");
        failure.to_string()
    };
    let text = refused(&|c| c.src[0] = 2);
    assert!(text.contains("row 3") && text.contains("2 atoms"), "{text}");
    let text = refused(&|c| c.species[1] = 7);
    assert!(text.contains("species reaches 7"), "{text}");
    let text = refused(&|c| c.distance[1] = f32::NAN);
    assert!(text.contains("bond 1"), "{text}");
    let text = refused(&|c| c.line.2[4] = f32::INFINITY);
    assert!(text.contains("angle 4"), "{text}");
    let text = refused(&|c| c.line.1[0] = 3);
    assert!(text.contains("3 bonds"), "{text}");
    let text = refused(&|c| c.species.clear());
    assert!(text.contains("no atom"), "{text}");
    let vectors = predict(graph, &weights, &[0.0; 3][..], &threads).unwrap_err();
    assert!(vectors.to_string().contains("takes crystal graphs"));
}
