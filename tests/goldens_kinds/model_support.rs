//! What the goldens of networks share: tensors of a file, the rule of comparison, a
//! network of the standard library by the settings a golden gives.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use serde_json::Value;
use tmo::builtins::lower;
use tmo::nn::Graph;
use tmo::session::Session;
use tmo::types::Given;
use tmo::world::Memory;

/// Tensors by name: shape and values. Whole numbers are read into f32 without loss.
pub type Tensors = BTreeMap<String, (Vec<usize>, Vec<f32>)>;

/// Every `models/START*.json` of the folder.
pub fn goldens(folder: &Path, start: &str) -> Vec<PathBuf> {
    let mut all: Vec<PathBuf> = fs::read_dir(folder.join("models"))
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| {
            let name = path.file_name().unwrap().to_str().unwrap();
            name.starts_with(start) && name.ends_with(".json")
        })
        .collect();
    all.sort();
    assert!(!all.is_empty(), "no {start}*.json beside the tensors");
    all
}

/// A golden: its JSON, weights, input and what is expected.
pub struct Golden {
    pub name: String,
    pub json: Value,
    pub weights: Tensors,
    /// The file of the weights.
    pub bytes: Vec<u8>,
    pub input: Tensors,
    pub expected: Tensors,
}

impl Golden {
    pub fn read(path: &Path) -> Golden {
        let name = path.file_stem().unwrap().to_str().unwrap().to_owned();
        let beside = |what: &str| {
            tensors(&path.with_file_name(format!("{name}_{what}.safetensors")))
        };
        Golden {
            json: serde_json::from_slice(&fs::read(path).unwrap()).unwrap(),
            weights: beside("weights"),
            bytes: fs::read(path.with_file_name(format!("{name}_weights.safetensors")))
                .unwrap(),
            input: beside("input"),
            expected: beside("expected"),
            name,
        }
    }

    /// A list of whole numbers of the input.
    pub fn whole(&self, name: &str) -> Vec<usize> {
        let of = |x: &f32| *x as usize;
        self.input[name].1.iter().map(of).collect()
    }

    /// Compares ours with the expected tensor of that name.
    pub fn near(&self, what: &str, ours: &[f32]) {
        let gradients = self.expected.iter().filter(|(k, _)| k.starts_with("grad/"));
        let largest_gradient =
            gradients.map(|(_, (_, x))| largest(x)).fold(0.0, f32::max);
        let (_, theirs) = self
            .expected
            .get(what)
            .unwrap_or_else(|| panic!("{}: no {what} is expected", self.name));
        near(
            &format!("{}: {what}", self.name),
            ours,
            theirs,
            largest_gradient,
        );
    }
}

/// The graph of the model `call`, `use`d from `module`, on crystals or on a vector.
pub fn through_the_library(
    module: &str,
    call: &str,
    input: &str,
    given: Given,
) -> (Graph, u64) {
    let name = call.split('(').next().unwrap();
    let script = format!(
        "tmo 1\n\nuse std.models.{module}.{{{name}}}\n\n\
         model golden()({input}) -> [rows, 1] =\n  {} |> {call}\n",
        input.split(':').next().unwrap(),
    );
    let world = Memory::default();
    let mut session = Session::new(&world);
    let checked = session.check("golden.tmo", &script);
    assert!(checked.problems.is_empty(), "{:?}", checked.problems);
    let shown = session.show(&checked.program, "golden", given).unwrap();
    assert!(shown.problems.is_empty(), "{:?}", shown.problems);
    let network = shown.network.expect("a model is shown as a network");
    let graph = lower(&network).unwrap_or_else(|problem| panic!("{problem:?}"));
    let count = graph.weight_count() as u64;
    (graph, count)
}

/// |a − b| ≤ 1e-4 · max|tensor| + 1e-6 · (largest gradient of the model): some gradients
/// are zero in exact arithmetic.
pub fn near(what: &str, ours: &[f32], theirs: &[f32], largest_gradient: f32) {
    assert_eq!(ours.len(), theirs.len(), "{what}");
    let allowed = 1e-4 * largest(theirs) + 1e-6 * largest_gradient;
    for (at, (x, y)) in ours.iter().zip(theirs).enumerate() {
        assert!(
            (x - y).abs() <= allowed,
            "{what}[{at}]: {x}, not {y} ± {allowed}"
        );
    }
}

pub fn largest(values: &[f32]) -> f32 {
    values.iter().fold(0.0, |most, x| most.max(x.abs()))
}

fn tensors(path: &Path) -> Tensors {
    tensors_of(&fs::read(path).unwrap_or_else(|e| panic!("{}: {e}", path.display())))
}

/// The tensors of a safetensors file.
pub fn tensors_of(bytes: &[u8]) -> Tensors {
    let archive = safetensors::SafeTensors::deserialize(bytes).unwrap();
    let read = |(name, view): (String, safetensors::tensor::TensorView<'_>)| {
        let number = |four: &[u8]| -> f32 {
            let four = four.try_into().unwrap();
            match view.dtype() {
                safetensors::Dtype::F32 => f32::from_le_bytes(four),
                safetensors::Dtype::I32 => i32::from_le_bytes(four) as f32,
                other => panic!("{name} is of type {other:?}"),
            }
        };
        let values = view.data().chunks_exact(4).map(number).collect();
        (name.clone(), (view.shape().to_vec(), values))
    };
    archive.tensors().into_iter().map(read).collect()
}

/// The weights of a golden taken into a script by `import_weights` and out of it again by
/// `export_weights`, under the reference code's names.
pub fn in_and_out(golden: &Golden, module: &str, call: &str, features: &str) -> Tensors {
    let name = call.split('(').next().unwrap();
    let script = format!(
        "tmo 1\n\nuse std.models.{module}.{{{name}}}\n\n\
         study s = bundled(\"flla-2015\") |> take(12)\n  \
         |> target(.formation_energy_per_atom) |> split(test: 20%)\n  \
         |> featurize({features})\n  \
         |> import_weights(\"given.safetensors\", {call})\n  \
         |> export_weights(\"out.safetensors\")\n",
    );
    let mut world = Memory::default();
    world.put("given.safetensors", golden.bytes.clone());
    let (told, ran) = crate::project::run_text(&world, "golden.tmo", &script);
    assert!(
        told.problems.is_empty(),
        "{}: {:?}",
        golden.name,
        told.problems
    );
    let outcome = ran.unwrap().outcomes.remove(0);
    let file = outcome
        .files
        .iter()
        .find(|file| file.name == "out.safetensors");
    tensors_of(&file.unwrap().bytes)
}
