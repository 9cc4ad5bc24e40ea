//! ALIGNN, MEGNet, DeeperGATGNN and CGCNN through `stdlib/models/*.tmo` themselves: outputs
//! in both modes, loss, every gradient, running statistics after one step, and the weights
//! out and in again under the reference codes' names.

use std::borrow::Cow;
use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use serde_json::Value;
use tmo::chem::{CGCNN_WIDTH, cgcnn_atoms};
use tmo::draw::Draws;
use tmo::nn::{
    Crystal, Executor, Features, Graph, Line, Loss, Named, Rows, Threads, Weights,
    export_named, gradients, import_named, predict,
};
use tmo::types::Given;

use super::model_support::{Golden, goldens, in_and_out, through_the_library};

const GIVEN: Given = Given {
    length: 1,
    radius: 5.0,
};

/// One crystal of a golden.
#[derive(Default)]
struct Owned {
    species: Vec<u8>,
    src: Vec<u32>,
    dst: Vec<u32>,
    distance: Vec<f32>,
    line: (Vec<u32>, Vec<u32>, Vec<f32>),
}

impl Owned {
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

/// Edges over a whole batch, cut into those of each crystal. `of` gives the crystal of each
/// atom.
fn cut(
    of: &[usize],
    species: &[u8],
    edges: impl Iterator<Item = (usize, usize, f32)>,
) -> (Vec<Owned>, Vec<(usize, usize)>) {
    let count = of.iter().max().unwrap() + 1;
    let mut all: Vec<Owned> = (0..count).map(|_| Owned::default()).collect();
    let first: Vec<usize> = (0..count)
        .map(|g| of.iter().position(|own| *own == g).unwrap())
        .collect();
    for (own, z) in of.iter().zip(species) {
        all[*own].species.push(*z);
    }
    let mut places = Vec::new();
    for (src, dst, distance) in edges {
        let own = of[dst];
        places.push((own, all[own].src.len()));
        all[own].src.push((src - first[own]) as u32);
        all[own].dst.push((dst - first[own]) as u32);
        all[own].distance.push(distance);
    }
    (all, places)
}

/// The element whose 92 numbers these are.
fn element(row: &[f32]) -> u8 {
    let table = cgcnn_atoms();
    let place = table.chunks(CGCNN_WIDTH).position(|known| known == row);
    place.expect("the numbers of an element") as u8
}

/// The crystal of each atom from how many each has.
fn owners(counts: &[usize]) -> Vec<usize> {
    let of = |(crystal, count): (usize, &usize)| vec![crystal; *count];
    counts.iter().enumerate().flat_map(of).collect()
}

pub fn alignn(folder: &Path) -> Result<String, String> {
    let all = goldens(folder, "alignn_");
    for path in &all {
        let golden = Golden::read(path);
        let of = owners(&golden.whole("n_nodes"));
        let rows = golden.input["node_x"].1.chunks(CGCNN_WIDTH);
        let species: Vec<u8> = rows.map(element).collect();
        let (u, v) = (golden.whole("u"), golden.whole("v"));
        let lengths = golden.input["r"].1.chunks(3).map(|r| {
            let square: f64 = r.iter().map(|x| f64::from(*x).powi(2)).sum();
            square.sqrt() as f32
        });
        let edges = u.iter().zip(&v).zip(lengths).map(|((u, v), d)| (*u, *v, d));
        let (mut crystals, places) = cut(&of, &species, edges);
        let (from, to) = (golden.whole("lg_src"), golden.whole("lg_dst"));
        let angles = from.iter().zip(&to).zip(&golden.input["lg_cos"].1);
        for ((from, to), cosine) in angles {
            let ((own, from), (_, to)) = (places[*from], places[*to]);
            let line = &mut crystals[own].line;
            line.0.push(from as u32);
            line.1.push(to as u32);
            line.2.push(*cosine);
        }
        let config = &golden.json["config"];
        let call = format!(
            "alignn(blocks: {}, convs: {}, embed: {}, width: {})",
            config["alignn_layers"],
            config["gcn_layers"],
            config["embedding_features"],
            config["hidden_features"]
        );
        let model = Model {
            module: "alignn",
            architecture: "alignn",
            call,
            input: "g: Crystal[n, e, t]",
            weights: golden.json["nparams"].as_u64(),
            loss: Loss::Mse,
            range: None,
        };
        model.compare(&golden, &crystals);
    }
    Ok(format!("{} networks", all.len()))
}

pub fn megnet(folder: &Path) -> Result<String, String> {
    let all = goldens(folder, "megnet_");
    for path in &all {
        let golden = Golden::read(path);
        let of = golden.whole("gnode");
        let species: Vec<u8> = golden.whole("atom").iter().map(|z| *z as u8).collect();
        let (centre, other) = (golden.whole("index1"), golden.whole("index2"));
        let edges = centre.iter().zip(&other).zip(&golden.input["bond"].1);
        let (crystals, _) = cut(&of, &species, edges.map(|((v, u), d)| (*u, *v, *d)));
        let kw = &golden.json["kw"];
        let number = |name: &str, default: u64| kw[name].as_u64().unwrap_or(default);
        let centers = golden.weights["preblock_bond_0/kernel"].0[0];
        let call = format!(
            "megnet(blocks: {}, embed: {}, width: {}, hidden: {}, last: {}, centers: {centers})",
            number("nblocks", 3),
            number("embedding_dim", 16),
            number("n2", 32),
            number("n1", 64),
            number("n3", 16),
        );
        let model = Model {
            module: "megnet",
            architecture: "megnet",
            call,
            input: "g: Crystal[n, e]",
            weights: golden.json["nparams"].as_u64(),
            loss: Loss::Mse,
            range: None,
        };
        model.compare(&golden, &crystals);
    }
    Ok(format!("{} networks", all.len()))
}

/// Weights the reference makes and never uses.
const UNUSED_GATGNN: &str = "global_att_LAYER.bn_list.";

pub fn deeper_gatgnn(folder: &Path) -> Result<String, String> {
    let all = goldens(folder, "deepergatgnn_");
    for path in &all {
        let golden = Golden::read(path);
        let of = golden.whole("batch");
        let hot = golden.input["x"].1.chunks(114);
        let species: Vec<u8> = hot
            .map(|row| row.iter().position(|x| *x == 1.0).unwrap() as u8 + 1)
            .collect();
        let ends = golden.whole("edge_index");
        let (hears, heard) = ends.split_at(ends.len() / 2);
        let range = edge_range(&golden, folder);
        let lengths = golden.input["edge_weight"].1.iter();
        let edges = hears.iter().zip(heard).zip(lengths);
        let (crystals, _) = cut(&of, &species, edges.map(|((v, u), d)| (*u, *v, *d)));
        let kw = &golden.json["kw"];
        let call = format!(
            "deeper_gatgnn(layers: {}, width: {})",
            kw["gc_count"], kw["dim1"]
        );
        let unused = golden.json["params"].as_array().unwrap().iter();
        let unused = unused.filter(|p| p[0].as_str().unwrap().starts_with(UNUSED_GATGNN));
        let unused: u64 = unused
            .map(|p| p[1].as_array().unwrap().iter())
            .map(|sizes| sizes.map(|n| n.as_u64().unwrap()).product::<u64>())
            .sum();
        let model = Model {
            module: "gatgnn",
            architecture: "deeper_gatgnn",
            call,
            input: "g: Crystal[n, e]",
            weights: golden.json["nparams"].as_u64().map(|all| all - unused),
            loss: Loss::Mae,
            range: Some(range),
        };
        model.compare(&golden, &crystals);
    }
    Ok(format!("{} networks", all.len()))
}

/// The range of the lengths of all the set's edges: the golden's own, or the set's.
fn edge_range(golden: &Golden, folder: &Path) -> (f32, f32) {
    if let Some(range) = golden.json["edge_range"].as_array() {
        let end = |k: usize| range[k].as_f64().unwrap() as f32;
        return (end(0), end(1));
    }
    let summary = fs::read(folder.join("gat_graphs/summary.json")).unwrap();
    let summary: Value = serde_json::from_slice(&summary).unwrap();
    let end = |name: &str| summary[name].as_f64().unwrap() as f32;
    (end("feature_min"), end("feature_max"))
}

pub fn cgcnn(folder: &Path) -> Result<String, String> {
    let all = goldens(folder, "cgcnn_");
    for path in &all {
        let golden = Golden::read(path);
        let of = golden.whole("batch");
        let species: Vec<u8> = golden.input["atom_fea"]
            .1
            .chunks(CGCNN_WIDTH)
            .map(element)
            .collect();
        let (shape, lengths) = &golden.input["nbr_dist"];
        let heard = golden.whole("nbr_idx");
        let edges = heard.iter().zip(lengths).enumerate();
        let edges = edges.map(|(k, (u, d))| (*u, k / shape[1], *d));
        let (crystals, _) = cut(&of, &species, edges);
        let config = &golden.json["config"];
        let call = format!(
            "cgcnn(convs: {}, width: {}, hidden: {}, layers: {})",
            config["n_conv"], config["atom_fea_len"], config["h_fea_len"], config["n_h"]
        );
        let model = Model {
            module: "cgcnn",
            architecture: "cgcnn",
            call,
            input: "g: Crystal[n, e]",
            weights: None,
            loss: Loss::Mse,
            range: None,
        };
        model.compare(&golden, &crystals);
        let (_, count) =
            through_the_library("cgcnn", "cgcnn()", "g: Crystal[n, e]", GIVEN);
        assert_eq!(Some(count), golden.json["default_params"].as_u64());
    }
    Ok(format!("{} networks", all.len()))
}

/// A network of the standard library as a golden has it.
struct Model {
    module: &'static str,
    architecture: &'static str,
    call: String,
    input: &'static str,
    weights: Option<u64>,
    loss: Loss,
    /// What `range_scale` is fitted to.
    range: Option<(f32, f32)>,
}

impl Model {
    fn compare(&self, golden: &Golden, crystals: &[Owned]) {
        let name = &golden.name;
        let (graph, count) =
            through_the_library(self.module, &self.call, self.input, GIVEN);
        if let Some(expected) = self.weights {
            assert_eq!(count, expected, "{name}");
        }
        let fresh = Weights::start(&graph, &Draws::new(1, 1));
        let named = |all: &super::model_support::Tensors| -> Vec<Named> {
            let tensor = |(name, (sizes, values)): (&String, &(Vec<usize>, Vec<f32>))| {
                (name.clone(), sizes.clone(), values.clone())
            };
            all.iter().map(tensor).collect()
        };
        let given = named(&golden.weights);
        let weights = import_named(self.architecture, &graph, &fresh, given);
        let weights = weights.unwrap_or_else(|failure| panic!("{name}: {failure}"));
        let weights = self.fitted(&graph, weights);
        self.round_trip(golden, &weights);

        let views: Vec<Crystal> = crystals.iter().map(Owned::crystal).collect();
        let ids: Vec<u64> = (0..views.len() as u64).collect();
        let rows = Rows {
            features: Features::Crystals(&views),
            targets: &golden.input["target"].1,
            ids: &ids,
        };
        let threads = Threads::new(Some(2)).unwrap();
        for executor in [Executor::Fused, Executor::Reference] {
            let threads = threads.with(executor);
            self.compare_on(golden, &graph, &weights, rows, &threads);
        }
    }

    /// Outputs, loss, gradients and running statistics by one executor.
    fn compare_on(
        &self,
        golden: &Golden,
        graph: &Graph,
        weights: &Weights,
        rows: Rows<'_>,
        threads: &Threads,
    ) {
        let name = &golden.name;
        let predicted = predict(graph, weights, rows.features, threads).unwrap();
        let found = gradients(graph, weights, rows, self.loss, threads).unwrap();
        let l2 = golden.json["l2"].as_f64().unwrap_or(0.0) as f32;
        // The loss of Keras' goldens is without the penalty; its gradients are with it.
        if golden.expected.contains_key("out") {
            golden.near("out", &predicted);
            golden.near("out", &found.output);
            golden.near("loss", &[found.loss as f32]);
            golden.near("reg", &[penalty(graph, weights, l2)]);
        } else {
            golden.near("out/out_eval", &predicted);
            golden.near("out/out_train", &found.output);
            golden.near("out/loss", &[found.loss as f32]);
        }
        let mut compared = BTreeSet::new();
        let own = export_named(self.architecture, &found.gradients).unwrap();
        let at = export_named(self.architecture, weights).unwrap();
        let decays = decays(graph, self.architecture);
        for ((theirs, _, gradient), (_, _, values)) in own.iter().zip(&at) {
            let what = format!("grad/{theirs}");
            if !golden.expected.contains_key(&what) {
                assert!(gradient.iter().all(|g| *g == 0.0), "{name}: {what}");
                continue;
            }
            let factor = if decays.contains(theirs) {
                2.0 * l2
            } else {
                0.0
            };
            let pairs = gradient.iter().zip(values);
            let whole: Vec<f32> = pairs.map(|(g, w)| g + factor * w).collect();
            golden.near(&what, &whole);
            compared.insert(what);
        }
        let unused: BTreeSet<String> = ["no_grad_params", "no_grad"]
            .iter()
            .flat_map(|key| golden.json[*key].as_array().into_iter().flatten())
            .map(|name| {
                name.as_str()
                    .unwrap()
                    .rsplit_once('.')
                    .unwrap()
                    .0
                    .to_owned()
            })
            .collect();
        for (theirs, _, values) in
            export_named(self.architecture, &found.followed).unwrap()
        {
            let what = format!("after_train_step_running/{theirs}");
            // What the output does not need is not run here, so its statistics stay.
            let idle = unused.contains(theirs.rsplit_once('.').map_or("", |(l, _)| l));
            if golden.expected.contains_key(&what) && !idle {
                golden.near(&what, &values);
            }
            compared.insert(what);
        }
        for what in golden.expected.keys() {
            let of_a_weight = what.starts_with("grad/") || what.starts_with("after_");
            let unused = what.contains(UNUSED_GATGNN);
            assert!(
                compared.contains(what) || !of_a_weight || unused,
                "{name}: {what} is not compared"
            );
        }
    }

    /// What a script makes of its rows for this network.
    fn features(&self) -> &'static str {
        match self.module {
            "alignn" => "knn_graph(radius: 8 Å, neighbours: 12) >> with_angles",
            "cgcnn" => "padded_graph(radius: 8 Å, neighbours: 12)",
            "gatgnn" => "nearest_image_graph(radius: 8 Å, neighbours: 12)",
            _ => "crystal_graph(radius: 5 Å)",
        }
    }

    /// The weights with the ends of `range_scale` as the golden has them.
    fn fitted(&self, graph: &Graph, weights: Weights) -> Weights {
        let Some((low, high)) = self.range else {
            return weights;
        };
        let arrays = weights.iter().map(|(name, sizes, values)| {
            let values = match name.rsplit('.').next() {
                Some("low") => vec![low],
                Some("high") => vec![high],
                _ => values.to_vec(),
            };
            (name.to_owned(), sizes.to_vec(), values)
        });
        Weights::from_arrays(graph, arrays.collect()).unwrap()
    }

    /// Out under the reference code's names, every tensor is as it was: of the weights
    /// here, and of a script that imports the file and exports it.
    fn round_trip(&self, golden: &Golden, weights: &Weights) {
        let exported = export_named(self.architecture, weights).unwrap();
        let of_a_script = in_and_out(golden, self.module, &self.call, self.features());
        assert_eq!(of_a_script.len(), exported.len(), "{}", golden.name);
        for (theirs, sizes, values) in &exported {
            let (shape, given) = &golden.weights[theirs];
            assert_eq!((shape, given), (sizes, values), "{}: {theirs}", golden.name);
            let (shape, given) = &of_a_script[theirs];
            assert_eq!((shape, given), (sizes, values), "{}: {theirs}", golden.name);
        }
        let names: BTreeSet<&String> = exported.iter().map(|(name, ..)| name).collect();
        for name in golden.weights.keys() {
            let known = names.contains(name)
                || name.contains(UNUSED_GATGNN)
                || name.ends_with("centers");
            assert!(known, "{}: {name} is not exported", golden.name);
        }
    }
}

/// The reference's names of the weights that decay.
fn decays(graph: &Graph, architecture: &str) -> BTreeSet<String> {
    let flags = graph.weights().iter().map(|spec| {
        let flag = if spec.decay { 1.0 } else { 0.0 };
        (
            spec.name.clone(),
            spec.sizes.clone(),
            vec![flag; spec.count()],
        )
    });
    let flags = Weights::from_arrays(graph, flags.collect()).unwrap();
    let named = export_named(architecture, &flags).unwrap();
    let decaying = named.into_iter().filter(|(_, _, flags)| flags[0] == 1.0);
    decaying.map(|(name, ..)| name).collect()
}

fn penalty(graph: &Graph, weights: &Weights, l2: f32) -> f32 {
    let pairs = graph.weights().iter().zip(weights.iter());
    let decaying = pairs.filter(|(spec, _)| spec.decay);
    let squares = decaying.map(|(_, (_, _, values))| {
        values.iter().map(|w| f64::from(*w).powi(2)).sum::<f64>()
    });
    (f64::from(l2) * squares.sum::<f64>()) as f32
}
