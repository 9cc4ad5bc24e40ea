//! The two executors against each other: outputs, losses, every gradient and running
//! statistics, on networks that between them have every operation, and on random ones.

pub(crate) mod random;
mod training;

use std::collections::BTreeSet;

use super::super::layers::differences;
use super::super::run::crystal_tests::{crystals, networks, views, weights};
use super::super::{
    Conv1d, Domain, Executor, Failure, Features, Field, Graph, GraphBuilder, Grouping,
    Init, Link, Loss, NodeId, Op, Route, Rows, Threads, gradients, predict,
};

/// Rows of vectors that networks are tried on.
const ROWS: usize = 7;

fn threads(executor: Executor) -> Threads {
    Threads::new(Some(2)).unwrap().with(executor)
}

/// Numbers of two tensors are as near as single precision has them: `most` is the largest
/// of all tensors of their kind, which rounding of a sum that cancels goes by.
fn near(what: &str, a: &[f32], b: &[f32], most: f32) {
    assert_eq!(a.len(), b.len(), "{what}");
    let largest = b.iter().fold(0.0f32, |m, x| m.max(x.abs()));
    let allowed = 2e-5 * largest + 2e-6 * most + 1e-12;
    for (at, (a, b)) in a.iter().zip(b).enumerate() {
        let same = a.to_bits() == b.to_bits() || (a - b).abs() <= allowed;
        assert!(
            same,
            "{what}[{at}]: {a} and {b} differ by more than {allowed}"
        );
    }
}

/// Both executors give the same for this network on these features.
fn agree(what: &str, graph: &Graph, features: Features<'_>, rows: usize) {
    let weights = weights(graph);
    let targets = differences::random(rows * graph.output_width(), 3);
    let ids: Vec<u64> = (0..rows as u64).collect();
    let rows = Rows {
        features,
        targets: &targets,
        ids: &ids,
    };
    let [fused, plain] = [Executor::Fused, Executor::Reference].map(|executor| {
        let threads = threads(executor);
        let found = gradients(graph, &weights, rows, Loss::Mse, &threads).unwrap();
        let said = predict(graph, &weights, features, &threads).unwrap();
        (found, said)
    });
    let ((fused, fused_said), (plain, plain_said)) = (fused, plain);
    assert!(fused.output.iter().all(|x| x.is_finite()), "{what}");
    near(
        &format!("{what}: output"),
        &plain.output,
        &fused.output,
        0.0,
    );
    near(&format!("{what}: predicted"), &plain_said, &fused_said, 0.0);
    let losses = (plain.loss as f32, fused.loss as f32);
    near(&format!("{what}: loss"), &[losses.0], &[losses.1], 0.0);
    let most = |all: &super::super::Weights| {
        let numbers = all.iter().flat_map(|(_, _, values)| values);
        numbers.fold(0.0f32, |m, x| m.max(x.abs()))
    };
    for (kind, a, b) in [
        ("gradient", &plain.gradients, &fused.gradients),
        ("followed", &plain.followed, &fused.followed),
    ] {
        let most = most(b);
        for ((name, _, a), (_, _, b)) in a.iter().zip(b.iter()) {
            near(&format!("{what}: {kind} of {name}"), a, b, most);
        }
    }
}

/// A network over rows of vectors of that shape.
fn over(
    sizes: &[usize],
    f: impl Fn(&mut GraphBuilder, NodeId) -> Result<NodeId, Failure>,
) -> Graph {
    let mut b = GraphBuilder::new();
    let x = b.input("x", sizes).unwrap();
    let y = f(&mut b, x).unwrap();
    b.finish(y).unwrap()
}

fn on_vectors(what: &str, graph: &Graph, rows: usize) {
    let values = differences::random(rows * graph.input_width(), 5);
    agree(what, graph, Features::Vectors(&values), rows);
}

type Made = Result<NodeId, Failure>;
type Build<'a> = &'a dyn Fn(&mut GraphBuilder, NodeId) -> Made;
/// What a network under test does with a value.
type Operation = Box<dyn Fn(&mut GraphBuilder, NodeId) -> Made>;

/// Each operation on numbers between two dense layers, so that both its value and its
/// gradient matter.
fn between(sizes: &[usize], op: Build<'_>) -> Graph {
    over(sizes, |b, x| {
        let last = *sizes.last().unwrap();
        let y = b.dense("before", x, last, true, Init::Kaiming)?;
        let y = op(b, y)?;
        let y = b.flatten("f", y)?;
        b.dense("after", y, 2, true, Init::Kaiming)
    })
}

/// Functions of each number, on numbers where they are defined.
fn maps() -> Vec<(&'static str, Operation)> {
    fn above(b: &mut GraphBuilder, x: NodeId, low: f64) -> Made {
        let x = b.abs("abs", x)?;
        let low = b.scalar("low", low)?;
        b.add("above", x, low)
    }
    vec![
        ("relu", Box::new(|b, x| b.relu("r", x))),
        ("leaky_relu", Box::new(|b, x| b.leaky_relu("l", x, 0.2))),
        ("sigmoid", Box::new(|b, x| b.sigmoid("s", x))),
        ("tanh", Box::new(|b, x| b.tanh("t", x))),
        ("silu", Box::new(|b, x| b.silu("s", x))),
        ("softplus", Box::new(|b, x| b.softplus("s", x))),
        ("exp", Box::new(|b, x| b.exp("e", x))),
        ("negate", Box::new(|b, x| b.negate("n", x))),
        ("abs", Box::new(|b, x| b.abs("a", x))),
        ("cbrt", Box::new(|b, x| b.cbrt("c", x))),
        ("clamp", Box::new(|b, x| b.clamp("c", x, -0.4, 0.3))),
        ("range_scale", Box::new(|b, x| b.range_scale("range", x))),
        ("dropout", Box::new(|b, x| b.dropout("d", x, 0.4))),
        (
            "ln",
            Box::new(|b, x| above(b, x, 0.3).and_then(|x| b.ln("l", x))),
        ),
        (
            "sqrt",
            Box::new(|b, x| above(b, x, 0.3).and_then(|x| b.sqrt("s", x))),
        ),
        (
            "gaussians",
            Box::new(|b, x| b.gaussians("g", x, 5, (-1.0, 1.5), 0.7)),
        ),
        (
            "one gaussian",
            Box::new(|b, x| b.gaussians("g", x, 1, (0.2, 1.0), 0.9)),
        ),
    ]
}

/// Operations along the last axes.
fn along() -> Vec<(&'static str, Operation)> {
    vec![
        ("slice", Box::new(|b, x| b.slice("s", x, 1, 3))),
        ("whole slice", Box::new(|b, x| b.slice("s", x, 0, 3))),
        ("transpose", Box::new(|b, x| b.transpose("t", x))),
        ("sum_last", Box::new(|b, x| b.sum_last("s", x))),
        ("mean_last", Box::new(|b, x| b.mean_last("m", x))),
        ("max_last", Box::new(|b, x| b.max_last("m", x))),
        (
            "max_last of equals",
            Box::new(|b, x| {
                let x = b.relu("r", x)?;
                b.max_last("m", x)
            }),
        ),
        (
            "ones",
            Box::new(|b, x| {
                let ones = b.ones("o", None, &[2, 3])?;
                let y = b.subtract("s", ones, x)?;
                b.multiply("m", x, y)
            }),
        ),
        ("softmax_last", Box::new(|b, x| b.softmax_last("s", x))),
        ("layer_norm", Box::new(|b, x| b.layer_norm("n", x, 1e-2))),
        (
            "batch_norm",
            Box::new(|b, x| b.batch_norm("n", x, 1e-2, 0.1)),
        ),
        (
            "concat",
            Box::new(|b, x| {
                let y = b.tanh("t", x)?;
                b.concat("c", &[x, y, x, x])
            }),
        ),
        ("one part", Box::new(|b, x| b.concat("c", &[x]))),
        (
            "dense",
            Box::new(|b, x| b.dense("d", x, 4, false, Init::Glorot)),
        ),
    ]
}

/// The four operations on pairs of every kind.
fn pairs() -> Vec<(&'static str, Operation)> {
    fn all(b: &mut GraphBuilder, x: NodeId, y: NodeId) -> Made {
        let sum = b.add("add", x, y)?;
        let product = b.multiply("multiply", sum, y)?;
        let size = b.abs("abs", y)?;
        let one = b.scalar("1", 1.0)?;
        let size = b.add("size", one, size)?;
        let quotient = b.divide("divide", product, size)?;
        let quotient = b.subtract("subtract", quotient, y)?;
        let turned = b.divide("turned", one, size)?;
        let turned = b.subtract("from", one, turned)?;
        b.add("both", turned, quotient)
    }
    vec![
        ("itself", Box::new(|b, x| all(b, x, x))),
        (
            "itself reshaped",
            Box::new(|b, x| {
                let y = b.reshape("r", x, &[2, 3])?;
                all(b, x, y)
            }),
        ),
        (
            "a line",
            Box::new(|b, x| {
                let w = b.weight("w", &[3], Init::Constant(0.3))?;
                all(b, x, w)
            }),
        ),
        (
            "a column",
            Box::new(|b, x| {
                let y = b.mean_last("m", x)?;
                let other = all(b, y, x)?;
                let x = all(b, x, y)?;
                b.add("sum", x, other)
            }),
        ),
        (
            "more axes",
            Box::new(|b, x| {
                let w = b.weight("w", &[4, 1, 3], Init::Kaiming)?;
                let v = b.weight("v", &[4, 2, 1], Init::Kaiming)?;
                let y = all(b, x, w)?;
                all(b, v, y)
            }),
        ),
        (
            "one and the same weight",
            Box::new(|b, x| {
                b.shared("w");
                let w = b.weight("w", &[2, 3], Init::Kaiming)?;
                let v = b.weight("w", &[2, 3], Init::Kaiming)?;
                let y = all(b, w, v)?;
                b.multiply("m", x, y)
            }),
        ),
    ]
}

fn conv(filters: usize, kernel: usize, stride: usize, padding: usize) -> Conv1d {
    Conv1d {
        filters,
        kernel,
        stride,
        padding,
        bias: stride != 2,
    }
}

#[test]
fn operations_on_vectors_agree() {
    let sizes = [2, 3];
    for (what, op) in maps().iter().chain(&along()).chain(&pairs()) {
        let graph = between(&sizes, op);
        for rows in [1, ROWS] {
            on_vectors(&format!("{what}, {rows} rows"), &graph, rows);
        }
    }
    // Classes are of numbers that nothing learnt has gone into.
    let graph = over(&[4], |b, x| {
        let two = b.scalar("2", 2.0)?;
        let x = b.multiply("twice", x, two)?;
        let hot = b.one_hot("hot", x, -1, 3)?;
        let w = b.weight("w", &[3], Init::Glorot)?;
        let y = b.multiply("w", hot, w)?;
        b.flatten("f", y)
    });
    on_vectors("one_hot", &graph, ROWS);
    // A row that is one number: axes of length 1 everywhere.
    for (what, op) in &maps() {
        on_vectors(&format!("{what} of one number"), &between(&[1], op), 1);
    }
}

#[test]
fn signals_agree() {
    for (length, conv) in [
        (1, conv(1, 1, 1, 0)),
        (7, conv(3, 3, 1, 2)),
        (9, conv(2, 4, 2, 3)),
        (6, conv(2, 6, 1, 0)),
        (3, conv(2, 2, 1, 9)),
        (5, conv(1, 2, 4, 1)),
    ] {
        let graph = over(&[length, 2], |b, x| {
            let x = b.conv1d("first", x, conv, Init::Glorot)?;
            let again = Conv1d {
                kernel: 1,
                padding: 0,
                ..conv
            };
            let x = b.conv1d("again", x, again, Init::Glorot)?;
            b.tanh("t", x)
        });
        on_vectors(&format!("{conv:?} of {length}"), &graph, ROWS);
    }
    for (length, width, stride) in [(1, 1, 1), (8, 2, 2), (9, 3, 2), (7, 4, 1), (9, 2, 5)]
    {
        let graph = between(&[length, 2], &|b, x| b.avg_pool1d("p", x, width, stride));
        on_vectors(&format!("pool {width}/{stride} of {length}"), &graph, ROWS);
    }
}

/// A value of that domain, of two numbers a row, that weights have gone into.
fn made_of(b: &mut GraphBuilder, domain: Domain) -> Made {
    let link = |link: Link| Route::new(link);
    let atoms = {
        let z = b.field("z", Field::Species)?;
        b.embedding("e", z, 7, 2, Init::Uniform(0.5))?
    };
    match domain {
        Domain::Atoms => Ok(atoms),
        Domain::Rows => b.group("g", atoms, &link(Link::AtomRow), Grouping::Mean),
        Domain::Bonds => {
            let here = b.gather("g", atoms, &link(Link::Src))?;
            let d = b.field("d", Field::Distance)?;
            let d = b.reshape("r", d, &[1])?;
            b.multiply("m", here, d)
        }
        Domain::Angles => {
            let c = b.field("c", Field::Cosine)?;
            let c = b.reshape("r", c, &[1])?;
            b.dense("c", c, 2, true, Init::Kaiming)
        }
    }
}

/// Routes of one link and of several.
fn routes() -> Vec<Route> {
    let links = [
        Link::Src,
        Link::Dst,
        Link::AtomRow,
        Link::BondRow,
        Link::LineSrc,
        Link::LineDst,
        Link::AngleRow,
    ];
    let single = links.map(Route::new);
    let pairs = single
        .iter()
        .flat_map(|a| single.iter().filter_map(|b| a.then(b)));
    single.iter().cloned().chain(pairs).collect()
}

/// Brings a value of any domain to the rows, so that it can be an output.
fn to_rows(b: &mut GraphBuilder, x: NodeId) -> Made {
    let link = match b.domain(x) {
        Some(Domain::Atoms) => Link::AtomRow,
        Some(Domain::Bonds) => Link::BondRow,
        Some(Domain::Angles) => Link::AngleRow,
        Some(Domain::Rows) | None => return Ok(x),
    };
    b.group("rows", x, &Route::new(link), Grouping::Sum)
}

fn over_crystals(f: impl Fn(&mut GraphBuilder) -> Made) -> Graph {
    let mut b = GraphBuilder::new();
    b.crystals("g", true).unwrap();
    let y = f(&mut b).unwrap();
    let y = to_rows(&mut b, y).unwrap();
    b.finish(y).unwrap()
}

/// All crystals; a lone atom; a crystal without angles beside it; one crystal.
const CHOICES: [&[usize]; 5] = [&[0, 1, 2, 3, 4], &[1], &[1, 2], &[2, 1], &[4]];

fn on_crystals(what: &str, graph: &Graph) {
    let owned = crystals();
    let all = views(&owned);
    for rows in CHOICES {
        let chosen: Vec<_> = rows.iter().map(|row| all[*row].clone()).collect();
        let what = format!("{what}, crystals {rows:?}");
        agree(&what, graph, Features::Crystals(&chosen), rows.len());
    }
}

fn networks_over_maps() -> Vec<(String, Graph)> {
    let mut all = Vec::new();
    for route in routes() {
        let words = route.words();
        let mut add = |what: &str, f: &dyn Fn(&mut GraphBuilder) -> Made| {
            all.push((format!("{what} by {words}"), over_crystals(f)));
        };
        add("gather", &|b| {
            let x = made_of(b, route.to())?;
            let x = b.gather("here", x, &route)?;
            b.tanh("t", x)
        });
        add("softmax", &|b| {
            let x = made_of(b, route.from())?;
            let share = b.softmax_group("share", x, &route)?;
            b.multiply("m", share, x)
        });
        for grouping in [Grouping::Sum, Grouping::Mean, Grouping::Max] {
            add(&format!("{grouping:?}"), &|b| {
                let x = made_of(b, route.from())?;
                let x = b.group("of", x, &route, grouping)?;
                b.tanh("t", x)
            });
        }
    }
    all
}

#[test]
fn operations_by_maps_agree() {
    for (what, graph) in networks_over_maps() {
        on_crystals(&what, &graph);
    }
}

#[test]
fn whole_networks_over_crystals_agree() {
    for (number, graph) in networks().iter().enumerate() {
        on_crystals(&format!("network {number}"), graph);
    }
}

#[test]
fn crystals_with_numbers_beside_them_agree() {
    let graph = over_crystals(|b| {
        let x = b.input("x", &[4])?;
        let bonds = b.field("distance", Field::Distance)?;
        let bonds = b.gaussians("g", bonds, 3, (0.0, 4.0), 1.0)?;
        let pooled = to_rows(b, bonds)?;
        let all = b.concat("c", &[x, pooled])?;
        b.dense("d", all, 2, true, Init::Kaiming)
    });
    let owned = crystals();
    let all = views(&owned);
    for rows in CHOICES {
        let chosen: Vec<_> = rows.iter().map(|row| all[*row].clone()).collect();
        let numbers = differences::random(rows.len() * 4, 5);
        let features = Features::Both(&chosen, &numbers);
        agree("both", &graph, features, rows.len());
    }
}

/// The number of an operation, so that none is forgotten here: a new one does not compile.
fn number(op: &Op) -> usize {
    match op {
        Op::Input(_) => 0,
        Op::Zeros => 1,
        Op::Spread => 2,
        Op::Gather { .. } => 3,
        Op::Group { .. } => 4,
        Op::SoftmaxGroup { .. } => 5,
        Op::Embedding { .. } => 6,
        Op::Lookup { .. } => 7,
        Op::OneHot { .. } => 8,
        Op::Gaussians { .. } => 9,
        Op::Clamp { .. } => 10,
        Op::RangeScale => 11,
        Op::Sqrt => 12,
        Op::Cbrt => 13,
        Op::Abs => 14,
        Op::Reshape => 15,
        Op::Conv1d(_) => 16,
        Op::AvgPool1d { .. } => 17,
        Op::Relu => 18,
        Op::LeakyRelu { .. } => 19,
        Op::Sigmoid => 20,
        Op::Tanh => 21,
        Op::Silu => 22,
        Op::Softplus => 23,
        Op::Exp => 24,
        Op::Ln => 25,
        Op::Negate => 26,
        Op::Scalar(_) => 27,
        Op::Weight => 28,
        Op::Add => 29,
        Op::Subtract => 30,
        Op::Multiply => 31,
        Op::Divide => 32,
        Op::Concat => 33,
        Op::Slice { .. } => 34,
        Op::Transpose => 35,
        Op::SumLast => 36,
        Op::MeanLast => 37,
        Op::SoftmaxLast => 38,
        Op::BatchNorm { .. } => 39,
        Op::LayerNorm { .. } => 40,
        Op::Dropout { .. } => 41,
        Op::Dense { .. } => 42,
        Op::Ones => 43,
        Op::MaxLast => 44,
    }
}

#[test]
fn no_operation_is_left_out() {
    let vectors = maps().into_iter().chain(along()).chain(pairs());
    let vectors = vectors.map(|(_, op)| between(&[2, 3], &op));
    let signal = over(&[4, 1], |b, x| {
        let x = b.conv1d("c", x, conv(1, 2, 1, 0), Init::Glorot)?;
        b.avg_pool1d("p", x, 2, 1)
    });
    let crystals = networks_over_maps().into_iter().map(|(_, graph)| graph);
    let all = vectors.chain([signal]).chain(crystals).chain(networks());
    let seen: BTreeSet<usize> = all
        .flat_map(|graph| {
            graph
                .nodes()
                .iter()
                .map(|n| number(&n.op))
                .collect::<Vec<_>>()
        })
        .collect();
    assert_eq!(seen, (0..45).collect());
}
