//! Shapes: those that the checker infers are those of the network that is built, and what
//! the checker refuses cannot be built. Two hundred random models.

use tmo::builtins::lower;
use tmo::draw::{Draws, Stream};
use tmo::nn::{
    Conv1d, Failure, Graph, GraphBuilder, Init, NodeId, Threads, Weights, predict,
};
use tmo::session::Session;
use tmo::types::Given;
use tmo::world::Memory;

use crate::project::check_text;

/// A step of a random model.
#[derive(Clone, Debug)]
enum Layer {
    Conv {
        filters: usize,
        kernel: usize,
        stride: usize,
        padding: usize,
    },
    Pool {
        width: usize,
        stride: usize,
    },
    Dense(usize),
    Relu,
    Dropout,
    Reshape(Vec<usize>),
    Flatten,
}

impl Layer {
    fn script(&self) -> String {
        match self {
            Layer::Conv {
                filters,
                kernel,
                stride,
                padding,
            } => {
                format!(
                    "conv1d({filters}, kernel: {kernel}, stride: {stride}, padding: {padding})"
                )
            }
            Layer::Pool { width, stride } if width == stride => {
                format!("avg_pool1d({width})")
            }
            Layer::Pool { width, stride } => {
                format!("avg_pool1d({width}, stride: {stride})")
            }
            Layer::Dense(units) => format!("dense({units})"),
            Layer::Relu => "relu".into(),
            Layer::Dropout => "dropout(20%)".into(),
            Layer::Reshape(sizes) => {
                let sizes: Vec<String> = sizes.iter().map(usize::to_string).collect();
                format!("reshape({})", sizes.join(", "))
            }
            Layer::Flatten => "flatten".into(),
        }
    }

    /// The same layer built by hand, without the language.
    fn build(
        &self,
        builder: &mut GraphBuilder,
        at: usize,
        x: NodeId,
    ) -> Result<NodeId, Failure> {
        let label = format!("layer {at}");
        match self {
            Layer::Conv {
                filters,
                kernel,
                stride,
                padding,
            } => {
                let conv = Conv1d {
                    filters: *filters,
                    kernel: *kernel,
                    stride: *stride,
                    padding: *padding,
                    bias: true,
                };
                builder.conv1d(&label, x, conv, Init::Glorot)
            }
            Layer::Pool { width, stride } => {
                builder.avg_pool1d(&label, x, *width, *stride)
            }
            Layer::Dense(units) => builder.dense(&label, x, *units, true, Init::Kaiming),
            Layer::Relu => builder.relu(&label, x),
            Layer::Dropout => builder.dropout(&label, x, 0.2),
            Layer::Reshape(sizes) => builder.reshape(&label, x, sizes),
            Layer::Flatten => builder.flatten(&label, x),
        }
    }
}

fn below(stream: &mut Stream, end: u64) -> usize {
    (stream.next_u64() % end) as usize
}

fn random_layer(stream: &mut Stream, sizes: &[usize]) -> Layer {
    match below(stream, 12) {
        0..=3 => Layer::Conv {
            // 0 now and then: that is to be refused.
            filters: below(stream, 12),
            kernel: if below(stream, 8) == 0 {
                below(stream, 60)
            } else {
                1 + below(stream, 7)
            },
            stride: if below(stream, 10) == 0 {
                0
            } else {
                1 + below(stream, 3)
            },
            padding: below(stream, 9),
        },
        4..=6 => {
            let width = below(stream, 7);
            let stride = if below(stream, 2) == 0 {
                width
            } else {
                below(stream, 5)
            };
            Layer::Pool { width, stride }
        }
        7 => Layer::Dense(below(stream, 20)),
        8 => Layer::Relu,
        9 => Layer::Dropout,
        10 => {
            let all: usize = sizes.iter().product();
            let part = 1 + below(stream, 6);
            match below(stream, 4) {
                0 => Layer::Reshape(vec![all / part, part]),
                1 => Layer::Reshape(vec![all]),
                _ if all.is_multiple_of(part) => Layer::Reshape(vec![part, all / part]),
                _ => Layer::Reshape(vec![all, 1]),
            }
        }
        _ => Layer::Flatten,
    }
}

/// A random model over vectors of that length; where a layer cannot be built, the
/// failure, and the layers up to it.
fn random_model(
    stream: &mut Stream,
    length: usize,
) -> (Vec<Layer>, Result<Graph, Failure>) {
    let mut builder = GraphBuilder::new();
    let mut x = builder.input("x", &[length]).unwrap();
    let mut layers = Vec::new();
    if below(stream, 10) > 0 {
        layers.push(Layer::Reshape(vec![length, 1]));
        x = layers[0].build(&mut builder, 0, x).unwrap();
    }
    for _ in 0..1 + below(stream, 6) {
        let layer = random_layer(stream, builder.sizes(x));
        layers.push(layer.clone());
        x = match layer.build(&mut builder, layers.len() - 1, x) {
            Ok(x) => x,
            Err(failure) => return (layers, Err(failure)),
        };
    }
    for layer in [Layer::Flatten, Layer::Dense(1)] {
        x = layer.build(&mut builder, layers.len(), x).unwrap();
        layers.push(layer);
    }
    let graph = builder.finish(x);
    (layers, graph)
}

/// A layer for each beginning of a model, with its shape declared: the checker accepts it
/// exactly if it infers that shape.
fn declared(layers: &[Layer], length: usize, shapes: &[Vec<usize>]) -> String {
    let mut text = String::from("tmo 1\n");
    let mut body = String::from("x");
    for (at, (layer, sizes)) in layers.iter().zip(shapes).enumerate() {
        body.push_str(&format!(" |> {}", layer.script()));
        let sizes: Vec<String> = sizes.iter().map(usize::to_string).collect();
        let sizes = sizes.join(", ");
        text.push_str(&format!(
            "layer part_{at}()(x: [rows, {length}]) -> [rows, {sizes}] = {body}\n"
        ));
    }
    text
}

fn shapes_of(graph: &Graph) -> Vec<Vec<usize>> {
    graph
        .nodes()
        .iter()
        .skip(1)
        .map(|node| node.sizes.clone())
        .collect()
}

#[test]
fn two_hundred_random_models() {
    let world = Memory::default();
    let (mut built, mut refused) = (0, 0);
    for number in 0..200 {
        let mut stream = Draws::new(2, number).stream("model", &[]);
        let length = 1 + below(&mut stream, 150);
        let (layers, by_hand) = random_model(&mut stream, length);
        let body: Vec<String> = layers.iter().map(Layer::script).collect();
        let text = format!(
            "tmo 1\n\nmodel random()(x: [rows, {length}]) -> [rows, 1] =\n  x |> {}\n",
            body.join("\n    |> ")
        );
        let mut session = Session::new(&world);
        let checked = session.check("model.tmo", &text);
        match by_hand {
            Err(failure) => {
                assert!(
                    checked.failed(),
                    "checks, but cannot be built: {failure}\n{text}"
                );
                let code = checked.problems[0].code.name();
                // A size, a count or a setting that is 0, or values lost in a reshape.
                assert!(
                    ["E0401", "E0403", "E0502"].contains(&code),
                    "{code}: {failure}\n{text}"
                );
                refused += 1;
            }
            Ok(graph) => {
                assert!(!checked.failed(), "{:?}\n{text}", checked.problems);
                let shown = session
                    .show(
                        &checked.program,
                        "random",
                        Given {
                            length,
                            radius: 5.0,
                        },
                    )
                    .unwrap();
                let network = shown
                    .network
                    .unwrap_or_else(|| panic!("{:?}\n{text}", shown.problems));
                let mut shapes = shapes_of(&graph);
                let parts = declared(&layers, length, &shapes);
                let told = check_text(&world, "parts.tmo", &parts).short();
                assert_eq!(told, "", "{parts}");
                // Another shape than the inferred one is refused, at every place.
                shapes.iter_mut().for_each(|sizes| sizes[0] += 1);
                let told =
                    check_text(&world, "parts.tmo", &declared(&layers, length, &shapes));
                assert_eq!(
                    told.problems.len(),
                    layers.len(),
                    "{}\n{parts}",
                    told.short()
                );
                let lowered = lower(&network).unwrap();
                assert_eq!(shapes_of(&lowered), shapes_of(&graph), "{text}");
                assert_eq!(lowered.weight_count(), graph.weight_count(), "{text}");
                runs(&lowered, length, &text);
                built += 1;
            }
        }
    }
    // Neither kind is rare.
    assert!(
        built >= 60 && refused >= 60,
        "{built} built, {refused} refused"
    );
}

/// Three rows through the network give three finite numbers.
fn runs(graph: &Graph, length: usize, text: &str) {
    let weights = Weights::start(graph, &Draws::new(1, 1));
    let features: Vec<f32> = (0..3 * length).map(|k| (k % 7) as f32 - 3.0).collect();
    let threads = Threads::new(Some(1)).unwrap();
    let out = predict(graph, &weights, &features, &threads).unwrap();
    assert_eq!(out.len(), 3, "{text}");
    assert!(out.iter().all(|y| y.is_finite()), "{text}");
}
