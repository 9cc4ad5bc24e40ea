//! Shapes of every primitive, those over graphs in `on_graphs`: what the checker infers is what the network that is built
//! has, and what it computes has as many numbers, on random sizes.

use std::collections::BTreeSet;
use std::sync::Arc;

use tmo::builtins::{Body, find, lower, names};
use tmo::draw::{Draws, Stream};
use tmo::ir::{Expr, Kind, Network};
use tmo::nn::{Threads, Weights, predict};
use tmo::session::Session;
use tmo::types::Given;
use tmo::world::Memory;

use crate::on_graphs::PRIMITIVES;

/// Rounds with each primitive.
const ROUNDS: u64 = 12;

/// Layers that no network can hold yet: building one says so.
const NOT_BUILT: &[&str] = &[];

fn below(stream: &mut Stream, end: usize) -> usize {
    (stream.next_u64() % end as u64) as usize
}

/// An expression in `z`, a tensor of these sizes, in which that primitive stands last.
fn expression(name: &str, sizes: &[usize], stream: &mut Stream) -> Option<String> {
    let (last, all) = (*sizes.last()?, sizes.iter().product::<usize>());
    let small = 1 + below(stream, 6);
    Some(match name {
        "abs" | "cbrt" | "exp" | "relu" | "sigmoid" | "tanh" | "silu" | "softplus"
        | "flatten" | "sum_last" | "mean_last" | "max_last" | "softmax_last" => {
            format!("z |> {name}")
        }
        // A logarithm and a root of what is above 0.
        "ln" => "exp(z) |> ln".into(),
        // A root of what is not below 0.
        "sqrt" => "z * z |> sqrt".into(),
        "clamp" => "z |> clamp(-1 .. 1)".into(),
        "leaky_relu" => "z |> leaky_relu(0.1)".into(),
        "dropout" => "z |> dropout(25%)".into(),
        "batch_norm" => "z |> batch_norm()".into(),
        "layer_norm" => "z |> layer_norm()".into(),
        "range_scale" => "z |> range_scale()".into(),
        "dense" => format!("z |> dense({small}, bias: {})", small.is_multiple_of(2)),
        "weight" => format!("z * weight({last})"),
        "concat" => format!("concat(z, z |> dense({small}), relu(z))"),
        "reshape" => match below(stream, 3) {
            0 => format!("z |> reshape({all})"),
            1 => format!("z |> reshape({all}, 1)"),
            _ => format!("z |> reshape({last}, {})", all / last),
        },
        "slice" => {
            let start = below(stream, last);
            let stop = start + 1 + below(stream, last - start);
            format!("z |> slice({start}, {stop})")
        }
        "transpose" if sizes.len() >= 2 => "z |> transpose".into(),
        "conv1d" if sizes.len() == 2 => {
            let length = sizes[sizes.len() - 2];
            let padding = below(stream, 4);
            let kernel = 1 + below(stream, (length + padding).min(5));
            let stride = 1 + below(stream, 3);
            format!(
                "z |> conv1d({small}, kernel: {kernel}, stride: {stride}, padding: {padding})"
            )
        }
        "avg_pool1d" if sizes.len() == 2 => {
            let width = 1 + below(stream, sizes[sizes.len() - 2]);
            format!("z |> avg_pool1d({width}, stride: {})", 1 + below(stream, 4))
        }
        _ => return None,
    })
}

/// Operators, which are primitives too.
fn operators(sizes: &[usize], stream: &mut Stream) -> Vec<String> {
    let ones: Vec<String> = sizes
        .iter()
        .map(|size| {
            if below(stream, 2) == 0 {
                "1".into()
            } else {
                size.to_string()
            }
        })
        .collect();
    let broadcast = format!("weight({})", ones.join(", "));
    let mut all = vec![
        "-z".into(),
        "z * z".into(),
        "2 * z + 1".into(),
        "z - mean_last(z)".into(),
    ];
    for op in ["+", "-", "*"] {
        all.push(format!("z {op} {broadcast}"));
        all.push(format!("{broadcast} {op} z"));
    }
    all.push("z / (1 + exp(z))".into());
    all
}

fn network(body: &str, sizes: &[usize]) -> Option<Network> {
    let length: usize = sizes.iter().product();
    let shape: Vec<String> = sizes.iter().map(usize::to_string).collect();
    let text = format!(
        "tmo 1\nmodel tried()(x: [rows, {length}]) -> [rows, 1] =\n  x |> reshape({}) |> (z => {body}) |> flatten |> dense(1)\n",
        shape.join(", ")
    );
    let world = Memory::default();
    let mut session = Session::new(&world);
    let checked = session.check("model.tmo", &text);
    assert!(!checked.failed(), "{:?}\n{text}", checked.problems);
    let given = Given {
        length,
        radius: 5.0,
    };
    let shown = session.show(&checked.program, "tried", given).unwrap();
    assert_eq!(shown.problems, [], "{text}");
    shown.network
}

/// The expression under test: the input of the `flatten` before the last layer.
fn tried(network: &Network) -> Arc<Expr> {
    let input = |expr: &Expr| match &expr.kind {
        Kind::Call(call) => call.inputs[0].clone(),
        other => panic!("{other:?}"),
    };
    input(&input(&network.output))
}

/// Build the network, compare the shapes, and run three rows through it.
fn holds(body: &str, sizes: &[usize]) {
    let network = network(body, sizes).unwrap_or_else(|| panic!("{body} over {sizes:?}"));
    let inferred = tried(&network).shape.clone().unwrap();
    let graph =
        lower(&network).unwrap_or_else(|p| panic!("{p:?}: {body} over {sizes:?}"));
    let nodes = graph.nodes();
    let dense = nodes
        .iter()
        .rfind(|node| node.label.starts_with("dense"))
        .unwrap();
    let flatten = &nodes[dense.inputs[0].index()];
    let built = &nodes[flatten.inputs[0].index()];
    assert_eq!(inferred.sizes, built.sizes, "{body} over {sizes:?}");
    assert_eq!(flatten.sizes, [inferred.sizes.iter().product::<usize>()]);
    let weights = Weights::start(&graph, &Draws::new(1, 1));
    let length: usize = sizes.iter().product();
    let features: Vec<f32> = (0..3 * length)
        .map(|k| (k % 7) as f32 / 4.0 - 0.7)
        .collect();
    let threads = Threads::new(Some(1)).unwrap();
    let out = predict(&graph, &weights, &features, &threads).unwrap();
    assert_eq!(out.len(), 3, "{body} over {sizes:?}");
    assert!(
        out.iter().all(|y| y.is_finite()),
        "{body} over {sizes:?}: {out:?}"
    );
}

fn random_sizes(stream: &mut Stream, least: usize) -> Vec<usize> {
    let count = least.max(1 + below(stream, 3));
    (0..count).map(|_| 1 + below(stream, 7)).collect()
}

#[test]
fn every_primitive_has_the_shape_that_is_inferred() {
    let mut untested = Vec::new();
    for name in layers() {
        if PRIMITIVES.contains(&&*name) || NOT_BUILT.contains(&&*name) {
            continue;
        }
        for round in 0..ROUNDS {
            let mut stream = Draws::new(21, round).stream(&name, &[]);
            let mut sizes = random_sizes(&mut stream, 2);
            if matches!(&*name, "conv1d" | "avg_pool1d") {
                // These take a length and channels, and no axis besides.
                sizes.truncate(2);
            }
            match expression(&name, &sizes, &mut stream) {
                Some(body) => holds(&body, &sizes),
                None => {
                    untested.push(name);
                    break;
                }
            }
        }
    }
    assert!(untested.is_empty(), "no expression for {untested:?}");
}

#[test]
fn operators_have_the_shape_that_is_inferred() {
    for round in 0..ROUNDS {
        let mut stream = Draws::new(22, round).stream("operators", &[]);
        let sizes = random_sizes(&mut stream, 1);
        for body in operators(&sizes, &mut stream) {
            holds(&body, &sizes);
        }
    }
}

#[test]
fn what_cannot_be_built_yet_says_so() {
    for name in NOT_BUILT {
        let mut stream = Draws::new(23, 0).stream(name, &[]);
        let body = expression(name, &[2, 3], &mut stream).unwrap();
        let built = lower(&network(&body, &[2, 3]).unwrap());
        assert!(built.is_err(), "{name} can be built: take it off the list");
    }
}

/// The builtins that are layers.
fn layers() -> BTreeSet<String> {
    let all = names().filter(|name| matches!(find(name), Some(Body::Layer)));
    all.map(|name| name.rsplit('.').next().unwrap().to_owned())
        .collect()
}
