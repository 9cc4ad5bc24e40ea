//! Keras' convolutional networks through `stdlib/models/cnn.tmo` itself: outputs, loss,
//! every gradient, and five steps of Adam.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use serde_json::Value;
use tmo::builtins::lower;
use tmo::draw::Draws;
use tmo::nn::{
    Adam, AdamForm, Batching, Begin, Clip, Executor, Gradients, Graph, Keep, Loss, Rows,
    Schedule, Settings, Silent, Threads, Weights, gradients, predict, train,
};
use tmo::session::Session;
use tmo::types::Given;
use tmo::world::Memory;

/// Every `models/cnn_*.json` of the folder.
pub fn check(folder: &Path) -> Result<String, String> {
    let models = folder.join("models");
    let mut all: Vec<PathBuf> = fs::read_dir(&models)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| {
            let name = path.file_name().unwrap().to_str().unwrap();
            name.starts_with("cnn_") && name.ends_with(".json")
        })
        .collect();
    all.sort();
    for path in &all {
        network(path);
    }
    assert!(!all.is_empty(), "no cnn_*.json beside the tensors");
    Ok(format!("{} networks", all.len()))
}

/// Tensors by name: shape and values.
type Tensors = BTreeMap<String, (Vec<usize>, Vec<f32>)>;

fn network(path: &Path) {
    let golden: Value = serde_json::from_slice(&fs::read(path).unwrap()).unwrap();
    let name = path.file_stem().unwrap().to_str().unwrap();
    let beside =
        |what: &str| tensors(&path.with_file_name(format!("{name}_{what}.safetensors")));
    let (given, input, expected) =
        (beside("weights"), beside("input"), beside("expected"));
    assert!(
        golden["l2"].as_f64().unwrap_or(0.0) == 0.0,
        "{name}: the gradients of these goldens are compared without a penalty"
    );

    let (shape, x) = &input["x"];
    let [count, length, 1] = shape[..] else {
        panic!("{name}: x has the shape {shape:?}")
    };
    let graph = through_the_library(&golden, length);
    assert_eq!(
        graph.weight_count() as u64,
        golden["nparams"].as_u64().unwrap(),
        "{name}"
    );

    in_and_out_again(path, &golden, length);

    let keras = weight_names(&golden);
    let weights = weights(&graph, &keras, &given);
    let ids: Vec<u64> = (0..count as u64).collect();
    let rows = Rows {
        features: x.into(),
        targets: &input["target"].1,
        ids: &ids,
    };
    let threads = Threads::new(Some(1)).unwrap();
    for executor in [Executor::Fused, Executor::Reference] {
        let threads = threads.with(executor);
        compare(name, &golden, (&graph, &weights), rows, &expected, &threads);
    }
}

/// Outputs, loss, gradients and five steps by one executor.
fn compare(
    name: &str,
    golden: &Value,
    (graph, weights): (&Graph, &Weights),
    rows: Rows<'_>,
    expected: &Tensors,
    threads: &Threads,
) {
    let keras = weight_names(golden);
    let found = gradients(graph, weights, rows, Loss::Mse, threads).unwrap();
    let largest = largest_gradient(&keras, expected);
    let near = |what: &str, ours: &[f32]| {
        near(&format!("{name}: {what}"), ours, &expected[what].1, largest)
    };
    near("out", &found.output);
    near("loss", &[found.loss as f32]);
    for (ours, theirs) in own_names(&found).iter().zip(&keras) {
        let (_, values) = found.gradients.get(ours).unwrap();
        near(&format!("grad/{theirs}"), values);
    }

    let settings = Settings {
        batch: rows.ids.len(),
        drop_last: false,
        batching: Batching::default(),
        epochs: 5,
        loss: Loss::Mse,
        optimizer: Adam {
            form: AdamForm::Keras,
            rate: 1e-3,
            beta1: 0.9,
            beta2: 0.999,
            eps: 1e-7,
        }
        .into(),
        schedule: Schedule::Constant,
        clip: Clip::Never,
        l2: 0.0,
        decay_everything: false,
        ema: None,
        patience: None,
        min_delta: 0.0,
        keep: Keep::Last,
        draws: Draws::new(0, 0),
    };
    let begin = Begin::Weights(weights.clone());
    let trained =
        train(graph, begin, rows, None, &settings, threads, &mut Silent).unwrap();
    let losses: Vec<f32> = trained
        .history
        .iter()
        .map(|e| e.train_loss as f32)
        .collect();
    near("adam5_losses", &losses);
    near(
        "adam5_out",
        &predict(graph, &trained.weights, rows.features, threads).unwrap(),
    );
    let steps = expected
        .keys()
        .filter(|key| key.starts_with("adam5_"))
        .count();
    assert_eq!(
        steps, 2,
        "{name}: something of the five steps is not compared"
    );
}

/// A script takes the weights in and gives them out, layer by layer the same. Keras numbers
/// layers on from whatever else it made before; numbered afresh they are in the same order.
fn in_and_out_again(path: &Path, golden: &Value, length: usize) {
    let features = match length {
        128 => "xrd(bins: 128)",
        _ => "magpie()",
    };
    let read = super::model_support::Golden::read(path);
    let call = call(golden);
    let out = super::model_support::in_and_out(&read, "cnn", &call, features);
    let keras = weight_names(golden);
    assert_eq!(out.len(), keras.len(), "{}", read.name);
    let fresh = |theirs: &String| {
        let (layer, part) = theirs.split_once('/').unwrap();
        let (kind, _) = layer.rsplit_once('_').unwrap_or((layer, ""));
        let of_kind = |name: &&String| {
            name.strip_prefix(kind)
                .is_some_and(|rest| rest.starts_with(['_', '/']))
                && name.ends_with("/bias")
        };
        let layers: Vec<&String> = keras.iter().filter(of_kind).collect();
        let place = layers
            .iter()
            .position(|name| name.starts_with(&format!("{layer}/")));
        match place.unwrap() {
            0 => format!("{kind}/{part}"),
            number => format!("{kind}_{number}/{part}"),
        }
    };
    for theirs in &keras {
        assert_eq!(
            out[&fresh(theirs)],
            read.weights[theirs],
            "{}: {theirs}",
            read.name
        );
    }
}

/// The call of `descriptor_cnn` with the golden's settings.
fn call(golden: &Value) -> String {
    let conv = |conv: &Value| {
        format!("{{ filters: {}, kernel: {}, drop: 0% }}", conv[0], conv[1])
    };
    let convs: Vec<String> = golden["convs"]
        .as_array()
        .unwrap()
        .iter()
        .map(conv)
        .collect();
    let widths: Vec<String> = golden["dense"]
        .as_array()
        .unwrap()
        .iter()
        .map(Value::to_string)
        .collect();
    format!(
        "descriptor_cnn(convs: [{}], widths: [{}], drop: 0%)",
        convs.join(", "),
        widths.join(", ")
    )
}

/// The network that a script gets which names `descriptor_cnn` with the golden's settings.
fn through_the_library(golden: &Value, length: usize) -> Graph {
    let script = format!(
        "tmo 1\n\nuse std.models.cnn.{{descriptor_cnn}}\n\n\
         model golden()(x: [rows, length]) -> [rows, 1] =\n  x |> {}\n",
        call(golden)
    );
    let world = Memory::default();
    let mut session = Session::new(&world);
    let checked = session.check("golden.tmo", &script);
    assert!(checked.problems.is_empty(), "{:?}", checked.problems);
    let shown = session
        .show(
            &checked.program,
            "golden",
            Given {
                length,
                radius: 5.0,
            },
        )
        .unwrap();
    assert!(shown.problems.is_empty(), "{:?}", shown.problems);
    lower(&shown.network.expect("a model is shown as a network")).unwrap()
}

/// Keras' names of the weights, in the order of its layers: each kernel, then its bias.
fn weight_names(golden: &Value) -> Vec<String> {
    let name = |weight: &Value| weight[0].as_str().unwrap().to_owned();
    golden["weights"]
        .as_array()
        .unwrap()
        .iter()
        .map(name)
        .collect()
}

fn weights(graph: &Graph, keras: &[String], given: &Tensors) -> Weights {
    assert_eq!(graph.weights().len(), keras.len());
    let pairs = graph.weights().iter().zip(keras);
    let array = |(spec, name): (&tmo::nn::WeightSpec, &String)| {
        let (sizes, values) = given[name].clone();
        assert_eq!(sizes, spec.sizes, "{name} as {}", spec.name);
        (spec.name.clone(), sizes, values)
    };
    Weights::from_arrays(graph, pairs.map(array).collect()).unwrap()
}

fn own_names(found: &Gradients) -> Vec<String> {
    found.gradients.names().map(str::to_owned).collect()
}

fn largest_gradient(keras: &[String], expected: &Tensors) -> f32 {
    let of = |name: &String| largest(&expected[&format!("grad/{name}")].1);
    keras.iter().map(of).fold(0.0, f32::max)
}

fn largest(values: &[f32]) -> f32 {
    values.iter().fold(0.0, |most, x| most.max(x.abs()))
}

/// |a − b| ≤ 1e-4 · max|tensor| + 1e-6 · (largest gradient of the model): some gradients
/// are zero in exact arithmetic.
fn near(what: &str, ours: &[f32], theirs: &[f32], largest_gradient: f32) {
    assert_eq!(ours.len(), theirs.len(), "{what}");
    let allowed = 1e-4 * largest(theirs) + 1e-6 * largest_gradient;
    for (at, (x, y)) in ours.iter().zip(theirs).enumerate() {
        assert!(
            (x - y).abs() <= allowed,
            "{what}[{at}]: {x}, not {y} ± {allowed}"
        );
    }
}

fn tensors(path: &Path) -> Tensors {
    let bytes = fs::read(path).unwrap_or_else(|e| panic!("{}: {e}", path.display()));
    let archive = safetensors::SafeTensors::deserialize(&bytes).unwrap();
    let read = |(name, view): (String, safetensors::tensor::TensorView<'_>)| {
        assert_eq!(view.dtype(), safetensors::Dtype::F32, "{name}");
        let number = |four: &[u8]| f32::from_le_bytes(four.try_into().unwrap());
        (
            name,
            (
                view.shape().to_vec(),
                view.data().chunks_exact(4).map(number).collect(),
            ),
        )
    };
    archive.tensors().into_iter().map(read).collect()
}
