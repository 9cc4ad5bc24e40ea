//! Shapes and domains of primitives over graphs, and of the library's layers made of them:
//! what the checker infers is what the network that is built has, on random sizes, and
//! random crystals go through it.

use std::borrow::Cow;
use std::sync::Arc;

use tmo::builtins::lower;
use tmo::draw::{Draws, Stream};
use tmo::ir::{Expr, Kind, Network};
use tmo::nn::{Crystal, Features, Line, Threads, Weights, predict};
use tmo::session::Session;
use tmo::types::Given;
use tmo::world::Memory;

/// Rounds with each.
const ROUNDS: u64 = 16;

/// The primitives of the prelude that are tried here.
pub const PRIMITIVES: &[&str] = &[
    "cgcnn_atoms",
    "embedding",
    "gaussians",
    "max",
    "mean",
    "one_hot",
    "ones",
    "softmax",
    "sum",
    "zeros",
];

/// What else is: the index, and layers of the library.
const BESIDES: &[&str] = &[
    "gather",
    "edge_gated",
    "alignn_block",
    "cgcnn_conv",
    "agat",
    "attention_pool",
    "mean_and_max",
    "set2set",
    "diff_group_norm",
];

/// The maps: what each is called, the tensor it is over, and the one it leads to.
const MAPS: &[(&str, char, char)] = &[
    ("g.src", 'e', 'n'),
    ("g.dst", 'e', 'n'),
    ("g.node_graph", 'n', 'r'),
    ("g.edge_graph", 'e', 'r'),
    ("g.line.src", 't', 'e'),
    ("g.line.dst", 't', 'e'),
];

fn below(stream: &mut Stream, end: usize) -> usize {
    (stream.next_u64() % end as u64) as usize
}

/// The tensor over a domain.
fn tensor(domain: char) -> &'static str {
    match domain {
        'n' => "x",
        'e' => "y",
        't' => "z",
        _ => "u",
    }
}

/// An expression in which that layer stands last, and what it has an entry for each of;
/// `width` is the last size of every tensor where `flat`.
fn expression(name: &str, width: usize, stream: &mut Stream) -> (String, char) {
    let (map, from, to) = MAPS[below(stream, MAPS.len())];
    let small = 1 + below(stream, 6);
    let nodes = |field: &str, stream: &mut Stream| match below(stream, 3) {
        0 => (field.to_owned(), 'n'),
        1 => (format!("{field}[g.src]"), 'e'),
        _ => (format!("{field}[g.dst]"), 'e'),
    };
    match name {
        "sum" | "mean" | "max" => (format!("{} |> {name}(by: {map})", tensor(from)), to),
        "softmax" => (format!("{} |> softmax(by: {map})", tensor(from)), from),
        "gather" => (format!("{}[{map}]", tensor(to)), from),
        "cgcnn_atoms" => {
            let (of, domain) = nodes("g.species", stream);
            (format!("{of} |> cgcnn_atoms"), domain)
        }
        "embedding" => {
            let (of, domain) = nodes("g.species", stream);
            (format!("{of} |> embedding(100, {small})"), domain)
        }
        "one_hot" => match below(stream, 3) {
            0 => ("g.degree |> one_hot(0..=30)".into(), 'n'),
            1 => ("g.line.degree |> one_hot(0..=30)".into(), 'e'),
            _ => {
                let (of, domain) = nodes("g.species", stream);
                (format!("{of} |> one_hot(1..{})", 96 + small), domain)
            }
        },
        "gaussians" => match below(stream, 3) {
            0 => (
                format!("g.distance |> gaussians({small}, span: 0 Å .. 6 Å, width: 1 Å)"),
                'e',
            ),
            1 => (
                format!("g.cosine |> gaussians({small}, span: -1 .. 1, width: 0.5)"),
                't',
            ),
            _ => (
                format!(
                    "{} |> gaussians({small}, span: 0 .. 2, width: 0.5)",
                    tensor(from)
                ),
                from,
            ),
        },
        "zeros" | "ones" => {
            let letter = if from == 'r' {
                "rows".into()
            } else {
                from.to_string()
            };
            (format!("{name}({letter}, {small}, {width})"), from)
        }
        "edge_gated" => match below(stream, 4) {
            0 => (format!("first(edge_gated({width})(g, x, y))"), 'n'),
            1 => (format!("second(edge_gated({width})(g, x, y))"), 'e'),
            2 => (format!("first(edge_gated({width})(g.line, y, z))"), 'e'),
            _ => (format!("second(edge_gated({width})(g.line, y, z))"), 't'),
        },
        "alignn_block" => {
            let (part, domain) = [("a", 'n'), ("b", 'e'), ("c", 't')][below(stream, 3)];
            let body = format!(
                "{{ let (a, b, c) = alignn_block({width})(g, x, y, z)\n    {part} }}"
            );
            (body, domain)
        }
        "cgcnn_conv" => (format!("cgcnn_conv({width})(g, x, y)"), 'n'),
        "agat" => match below(stream, 2) {
            0 => (format!("agat({width}, {small})(g, x, y)"), 'n'),
            _ => (format!("agat({width}, {small})(g.line, y, z)"), 'e'),
        },
        "attention_pool" | "mean_and_max" => {
            let call = match name {
                "attention_pool" => "attention_pool()",
                other => other,
            };
            (format!("{call}({}, {map})", tensor(from)), to)
        }
        "set2set" => {
            let (of, map) = match below(stream, 2) {
                0 => ("x", "g.node_graph"),
                _ => ("y", "g.edge_graph"),
            };
            (format!("set2set({small}, steps: 2)({of}, {map})"), 'r')
        }
        "diff_group_norm" => (
            format!("{} |> diff_group_norm({small})", tensor(from)),
            from,
        ),
        other => panic!("no expression for {other}"),
    }
}

/// Steps that bring a tensor to the rows.
fn closing(domain: char) -> &'static [&'static str] {
    match domain {
        'n' => &["sum(by: g.node_graph)"],
        'e' => &["sum(by: g.edge_graph)"],
        't' => &["sum(by: g.line.dst)", "sum(by: g.edge_graph)"],
        _ => &[],
    }
}

fn script(body: &str, domain: char, sizes: &[usize]) -> String {
    let width: usize = sizes.iter().product();
    let shape: Vec<String> = sizes.iter().map(usize::to_string).collect();
    let shaped = format!("dense({width}) |> reshape({})", shape.join(", "));
    let closing: String = closing(domain)
        .iter()
        .map(|step| format!(" |> {step}"))
        .collect();
    format!(
        r#"tmo 1
use std.models.alignn.{{edge_gated, alignn_block}}
use std.models.cgcnn.{{cgcnn_conv}}
use std.models.gatgnn.{{agat}}
use std.layers.{{attention_pool, mean_and_max, set2set, diff_group_norm}}

fn first(both: Any) = {{ let (a, b) = both
  a }}
fn second(both: Any) = {{ let (a, b) = both
  b }}

model tried()(g: Crystal[n, e, t]) -> [rows, 1] = {{
  let x = g.species |> one_hot(1..=100) |> {shaped}
  let y = g.distance |> gaussians(4, span: 0 Å .. 6 Å, width: 1 Å) |> {shaped}
  let z = g.cosine |> gaussians(3, span: -1 .. 1, width: 0.5) |> {shaped}
  let u = x |> mean(by: g.node_graph)
  let tried = {body}
  tried{closing} |> flatten |> dense(1)
}}
"#
    )
}

fn network(text: &str) -> Network {
    let world = Memory::default();
    let mut session = Session::new(&world);
    let checked = session.check("model.tmo", text);
    assert!(!checked.failed(), "{:?}\n{text}", checked.problems);
    let given = Given {
        length: 1,
        radius: 5.0,
    };
    let shown = session.show(&checked.program, "tried", given).unwrap();
    assert_eq!(shown.problems, [], "{text}");
    shown.network.unwrap()
}

/// What an expression is made of: its last input, behind the maps.
fn input(expr: &Expr) -> Arc<Expr> {
    match &expr.kind {
        Kind::Call(call) => call.inputs.last().unwrap().clone(),
        other => panic!("{other:?}"),
    }
}

/// Random crystals: their lists, which [`Crystal`] borrows.
struct Lists {
    species: Vec<u8>,
    bonds: [Vec<u32>; 2],
    distance: Vec<f32>,
    angles: [Vec<u32>; 2],
    cosine: Vec<f32>,
}

/// Edges into each of `nodes` nodes from any of them, none into some.
fn edges(nodes: usize, stream: &mut Stream) -> [Vec<u32>; 2] {
    let (mut src, mut dst) = (Vec::new(), Vec::new());
    for node in 0..nodes {
        for _ in 0..below(stream, 4) {
            src.push(below(stream, nodes) as u32);
            dst.push(node as u32);
        }
    }
    [src, dst]
}

fn lists(stream: &mut Stream) -> Lists {
    let atoms = 1 + below(stream, 5);
    let bonds = edges(atoms, stream);
    let angles = match bonds[0].len() {
        0 => [Vec::new(), Vec::new()],
        count => edges(count, stream),
    };
    Lists {
        species: (0..atoms).map(|_| 1 + below(stream, 94) as u8).collect(),
        distance: bonds[0]
            .iter()
            .map(|_| 1.0 + 4.0 * stream.next_f64() as f32)
            .collect(),
        cosine: angles[0]
            .iter()
            .map(|_| 2.0 * stream.next_f64() as f32 - 1.0)
            .collect(),
        bonds,
        angles,
    }
}

fn crystal(of: &Lists) -> Crystal<'_> {
    Crystal {
        species: Cow::Borrowed(&of.species),
        src: &of.bonds[0],
        dst: &of.bonds[1],
        distance: &of.distance,
        line: Some(Line {
            src: &of.angles[0],
            dst: &of.angles[1],
            cosine: &of.cosine,
        }),
    }
}

/// Build the network, compare shape and domain, and run three crystals through it.
fn holds(body: &str, domain: char, sizes: &[usize], stream: &mut Stream) {
    let text = script(body, domain, sizes);
    let network = network(&text);
    let steps = 2 + closing(domain).len();
    let mut tried = network.output.clone();
    for _ in 0..steps {
        tried = input(&tried);
    }
    let inferred = tried.shape.clone().unwrap();
    let graph = lower(&network).unwrap_or_else(|p| panic!("{p:?}\n{text}"));
    let nodes = graph.nodes();
    // Layers whose output nothing reads stand there too, behind the last of the model.
    let Kind::Call(last) = &network.output.kind else {
        panic!("{:?}", network.output.kind);
    };
    let label = &last.site.as_ref().unwrap().label;
    let mut built = nodes
        .iter()
        .rposition(|node| *node.label == **label)
        .unwrap();
    for _ in 0..steps {
        built = nodes[built]
            .inputs
            .last()
            .unwrap_or_else(|| panic!("{:?}\n{text}", nodes[built]))
            .index();
    }
    let built = &nodes[built];
    assert_eq!(inferred.sizes, built.sizes, "{text}");
    let word = built.domain.map(|domain| domain.word());
    assert_eq!(inferred.domain.as_deref(), word, "{text}");
    let weights = Weights::start(&graph, &Draws::new(1, 1));
    let lists: Vec<Lists> = (0..3).map(|_| lists(stream)).collect();
    let crystals: Vec<Crystal<'_>> = lists.iter().map(crystal).collect();
    let threads = Threads::new(Some(1)).unwrap();
    let out = predict(&graph, &weights, Features::Crystals(&crystals), &threads);
    let out = out.unwrap_or_else(|failure| panic!("{failure}\n{text}"));
    assert_eq!(out.len(), 3, "{text}");
    assert!(out.iter().all(|y| y.is_finite()), "{out:?}\n{text}");
}

#[test]
fn graph_primitives_have_the_shape_that_is_inferred() {
    for name in PRIMITIVES.iter().chain(BESIDES) {
        for round in 0..ROUNDS {
            let mut stream = Draws::new(41, round).stream(name, &[]);
            let mut sizes = vec![1 + below(&mut stream, 6)];
            // Maps leave the sizes alone, however many there are.
            let any = [
                "sum",
                "mean",
                "max",
                "softmax",
                "gather",
                "zeros",
                "gaussians",
            ];
            if any.contains(name) && below(&mut stream, 2) == 0 {
                sizes.push(1 + below(&mut stream, 4));
            }
            let width = *sizes.last().unwrap();
            let (body, domain) = expression(name, width, &mut stream);
            holds(&body, domain, &sizes, &mut stream);
        }
    }
}
