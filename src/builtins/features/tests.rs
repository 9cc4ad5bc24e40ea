use std::sync::Arc;

use crate::builtins::{Body, Registry, find};
use crate::chem::Structure;
use crate::chem::acsf::{AcsfSettings, Angular, acsf};
use crate::chem::coulomb::{Convention, coulomb_matrix, sine_coulomb_matrix};
use crate::chem::density::{density, packing_fraction};
use crate::chem::graph::{
    AlignnGraph, CrystalGraph, MegnetGraph, alignn_graph, line_graph, megnet_graph,
};
use crate::chem::magpie::{Imputation, magpie_into};
use crate::chem::ofm::ofm_into;
use crate::chem::porosity::{atomic_radii, porosity};
use crate::chem::soap::{Average, Soap, SoapSettings};
use crate::chem::species::SpeciesList;
use crate::chem::symmetry::{SymmetrySettings, symmetry};
use crate::chem::xrd::{Merging, VectorSettings, powder_vector};
use crate::diagnostic::Problem;
use crate::nn::{Executor, Threads};
use crate::plan;
use crate::run::interrupt::Interrupt;
use crate::run::progress::{Event, Progress, Recording, Silent, Work as Amount};
use crate::run::store::Store;
use crate::run::{Dataset, Features, Runner, Settings, Value};
use crate::session::Session;
use crate::types::Unit;
use crate::world::Memory;

/// What `rows |> featurize(…)` comes to, computed anew and read from the store again.
fn featurized(rows: &str, by: &str, threads: usize) -> Result<Arc<Dataset>, Problem> {
    let folder = tempfile::tempdir().unwrap();
    let store = Store::open(folder.path()).unwrap();
    let first = featurized_in(&store, rows, by, threads, &Silent)?;
    let again = featurized_in(&store, rows, by, threads, &Silent)?;
    assert_eq!(format!("{first:?}"), format!("{again:?}"));
    Ok(first)
}

fn featurized_in(
    store: &Store,
    rows: &str,
    by: &str,
    threads: usize,
    progress: &dyn Progress,
) -> Result<Arc<Dataset>, Problem> {
    let target = if rows.contains("bundled") {
        ".formation_energy_per_atom"
    } else {
        ".e * 1 eV"
    };
    let text = format!(
        "tmo 1\nuse std.models.megnet.{{megnet}}\nuse std.models.alignn.{{alignn}}\n\
         model any()(x: [rows, ..]) -> [rows, 1] = x |> flatten |> dense(1)\n\
         study s = {rows} |> target({target}) |> split(test: 20%) |> featurize({by})\n\
         |> train({}, loss: mse, optimizer: adam(), rate: 1e-3, epochs: 1, batch: 8,\n\
         keep: final) |> evaluate(mae)\n",
        if by.contains("angles") {
            "alignn()"
        } else if by.contains("graph") {
            "megnet()"
        } else {
            "any()"
        }
    );
    let records = include_str!("../../../tests/ui/E0712/parts/noble.jsonl");
    let mut world = Memory::default();
    world.put("noble.jsonl", records);
    let mut session = Session::new(&world);
    let checked = session.check("s.tmo", &text);
    assert!(!checked.failed(), "{:#?}", checked.problems);
    let plan = plan::plan(&checked.module, &Registry, &world, 0, Executor::Fused)?;
    let at = plan.nodes.iter().position(
        |node| matches!(&node.work, plan::Work::Verb(call) if call.short_name() == "featurize"),
    );
    let node = plan::NodeId(at.unwrap());
    let threads = Threads::new(Some(threads)).unwrap();
    let verbs = |name: &str| match find(name)? {
        Body::Verb(verb) => Some(verb),
        _ => None,
    };
    let settings = Settings {
        store,
        world: &world,
        progress,
        interrupt: Interrupt::default(),
        threads: &threads,
        checkpoint_every: std::time::Duration::ZERO,
        verbs: &verbs,
        field: super::super::field,
        cells: super::super::cells,
        functions: &super::super::functions,
    };
    match Runner::new(&plan, settings).value(node)? {
        Value::Dataset(data) => Ok(data),
        _ => panic!("no rows"),
    }
}

fn graphs(data: &Dataset) -> &[Arc<CrystalGraph>] {
    match &data.features {
        Some(Features::Graphs(graphs)) => graphs,
        other => panic!("no graphs: {other:?}"),
    }
}

const FEW: &str = "bundled(\"flla-2015\") |> take(30)";
const NOBLE: &str = "jsonl(\"noble.jsonl\")";

#[test]
fn a_radius_graph_of_each_row_is_the_library_s() {
    let data = featurized(FEW, "crystal_graph(radius: 5 Å)", 2).unwrap();
    assert_eq!(graphs(&data).len(), 30);
    for (row, graph) in data.rows.iter().zip(graphs(&data)) {
        let settings = MegnetGraph { cutoff: 5.0 };
        assert_eq!(**graph, megnet_graph(&row.structure, &settings).unwrap());
    }
}

#[test]
fn angles_are_added_to_the_nearest_neighbours() {
    let by = "knn_graph(radius: 8 Å, neighbours: 12) >> with_angles";
    let data = featurized(FEW, by, 1).unwrap();
    for (row, graph) in data.rows.iter().zip(graphs(&data)) {
        let due = alignn_graph(&row.structure, &AlignnGraph::default()).unwrap();
        assert_eq!(**graph, due);
        assert_eq!(graph.line, Some(line_graph(graph).unwrap()));
    }
}

#[test]
fn the_other_graphs_have_the_edges_they_promise() {
    let by = "padded_graph(radius: 6 Å, neighbours: 9)";
    let data = featurized(FEW, by, 1).unwrap();
    for graph in graphs(&data) {
        assert_eq!(graph.edges(), 9 * graph.nodes());
    }
    let by = "nearest_image_graph(radius: 8 Å, neighbours: 12)";
    let data = featurized(FEW, by, 1).unwrap();
    for graph in graphs(&data) {
        let loops = graph.src.iter().zip(&graph.dst).filter(|(a, b)| a == b);
        assert_eq!(loops.count(), graph.nodes());
    }
}

#[test]
fn a_structure_without_the_feature_is_named_or_left_out_and_counted() {
    let problem = featurized(NOBLE, "magpie()", 1).unwrap_err();
    assert_eq!(problem.code.name(), "E0712");
    let told = format!("{problem:?}");
    assert!(
        told.contains("record b") && told.contains("impute: true"),
        "{told}"
    );
    let data = featurized(NOBLE, "magpie(), on_bad: skip", 1).unwrap();
    let ids: Vec<&str> = data.rows.iter().map(|row| &*row.id).collect();
    assert_eq!(ids, ["a", "c"]);
    let target = data.target.as_ref().unwrap();
    assert_eq!(target.values, [1.5, 2.5]);
    let [(code, count, first)] = &data.source.skipped[..] else {
        panic!("{:?}", data.source.skipped);
    };
    assert_eq!((&**code, *count, first.len()), ("E0712", 1, 1));
    assert_eq!(first[0].record.as_deref(), Some("b"));
    let Some(Features::Vector { sizes, values, .. }) = &data.features else {
        panic!("no numbers");
    };
    assert_eq!((&sizes[..], values.len()), (&[132][..], 264));
}

#[test]
fn a_graph_without_edges_says_so() {
    let by = "crystal_graph(radius: 0.5 Å)";
    let problem = featurized(NOBLE, by, 1).unwrap_err();
    let told = format!("{problem:?}");
    assert!(
        told.contains("record a") && told.contains("longer"),
        "{told}"
    );
    let problem = featurized(NOBLE, "crystal_graph(radius: 0.5 Å), on_bad: skip", 1);
    let told = format!("{:?}", problem.unwrap_err());
    assert!(told.contains("no row of the data set"), "{told}");
    let by = "nearest_image_graph(radius: 8 Å, neighbours: 12) >> with_angles";
    let told = format!("{:?}", featurized(NOBLE, by, 1).unwrap_err());
    assert!(told.contains("length 0"), "{told}");
}

fn numbers(data: &Dataset) -> (&[usize], &[f32]) {
    match &data.features {
        Some(Features::Vector { sizes, values, .. }) => (sizes, values),
        other => panic!("no numbers: {other:?}"),
    }
}

/// The features of every row against the library's numbers.
fn same(by: &str, sizes: &[usize], due: impl Fn(&Structure) -> Vec<f64>) {
    let data = featurized(FEW, by, 2).unwrap();
    let (found, values) = numbers(&data);
    assert_eq!(found, sizes, "{by}");
    let width: usize = sizes.iter().product();
    for (row, values) in data.rows.iter().zip(values.chunks(width.max(1))) {
        let due = due(&row.structure);
        assert_eq!(values.len(), due.len(), "{by} of {}", row.id);
        for (x, due) in values.iter().zip(due) {
            assert_eq!(*x, due as f32, "{by} of {}", row.id);
        }
    }
}

#[test]
fn numbers_are_the_library_s() {
    let default = VectorSettings::default();
    same("xrd()", &[128], |s| powder_vector(s, &default).unwrap());
    let mut narrow = default;
    narrow.xrd.wavelength = 0.7093;
    narrow.xrd.two_theta = [10.0, 60.0];
    narrow.xrd.merging = Merging::Bins;
    narrow.length = Some(40);
    narrow.bandwidth = 0.1;
    let by = "xrd(wavelength: 0.7093 Å, two_theta: 10° .. 60°, bins: 40, \
              bandwidth: 0.1, merge_by_bins: true)";
    same(by, &[40], |s| powder_vector(s, &narrow).unwrap());
    same("s => density(s) / 1 g/cm^3", &[], |s| {
        let unit = Unit::parse("g/cm^3").unwrap();
        vec![unit.canonical(density(s)) / unit.canonical(1.0)]
    });
    same("s => volume_per_atom(s) / 1 Å^3/atom", &[], |s| {
        vec![s.volume() / s.sites() as f64]
    });
    same("packing_fraction", &[], |s| {
        vec![packing_fraction(s).unwrap()]
    });
    let radii = |s: &Structure, scale: f64| -> Vec<f64> {
        atomic_radii(s).unwrap().iter().map(|r| r * scale).collect()
    };
    same("void_fraction(scale: 0.9)", &[], |s| {
        vec![porosity(s, &radii(s, 0.9)).unwrap().void_fraction]
    });
    same("s => largest_channel()(s) / 1 Å", &[], |s| {
        vec![2.0 * porosity(s, &radii(s, 1.0)).unwrap().free_radius]
    });
    same("s => largest_cavity()(s) / 1 Å", &[], |s| {
        vec![2.0 * porosity(s, &radii(s, 1.0)).unwrap().included_radius]
    });
    same("space_group_number", &[], |s| {
        let found = symmetry(s, &SymmetrySettings::default()).unwrap();
        vec![f64::from(found.number)]
    });
}

#[test]
fn matrices_are_padded_and_joined() {
    same("sine_coulomb_spectrum(size: 300)", &[300], |s| {
        let matrix = sine_coulomb_matrix(s, Convention::Dscribe).unwrap();
        let mut spectrum = matrix.eigenspectrum().unwrap();
        spectrum.resize(300, 0.0);
        spectrum
    });
    let by = "coulomb_matrix(size: 120, bohr: true)";
    same(by, &[120, 120], |s| {
        let matrix = coulomb_matrix(s, Convention::Matminer).unwrap();
        let mut padded = vec![0.0; 120 * 120];
        for row in 0..matrix.order() {
            padded[row * 120..][..matrix.order()].copy_from_slice(matrix.row(row));
        }
        padded
    });
    same("s => concat(xrd()(s), magpie()(s))", &[260], |s| {
        let mut row = powder_vector(s, &VectorSettings::default()).unwrap();
        let mut more = [0.0; 132];
        magpie_into(&s.composition(), Imputation::None, &mut more).unwrap();
        row.extend(more);
        row
    });
    // Along the last axis, not one matrix after the other.
    let by = "s => concat(orbital_field_matrix()(s), 2 * orbital_field_matrix()(s))";
    same(by, &[32, 64], |s| {
        let mut matrix = [0.0; 1024];
        ofm_into(s, &SymmetrySettings::default(), &mut matrix).unwrap();
        let twice = |row: &[f64]| row.iter().map(|x| 2.0 * x).collect::<Vec<_>>();
        let rows = matrix.chunks(32).flat_map(|row| [row.to_vec(), twice(row)]);
        rows.flatten().collect()
    });
    let small = featurized(FEW, "coulomb_matrix(size: 1)", 1).unwrap_err();
    let told = format!("{small:?}");
    assert!(told.contains("raise `size`"), "{told}");
}

#[test]
fn descriptors_of_elements_know_their_length() {
    let by =
        "soap(species: [Ni, O, O], radius: 4 Å, n: 3, l: 2, inner: false), on_bad: skip";
    let data = featurized(NOBLE, by, 1).unwrap();
    let (sizes, values) = numbers(&data);
    assert_eq!((sizes, values.len()), (&[63][..], 126));
    let settings = SoapSettings {
        r_cut: 4.0,
        n_max: 3,
        l_max: 2,
        sigma: 0.5,
    };
    let soap = Soap::new(settings).unwrap();
    let structure = &data.rows[0].structure;
    let species = SpeciesList::of(structure);
    let due = soap.spectra(structure, &species, Average::Outer).unwrap();
    let due: Vec<f32> = due.values().iter().map(|x| *x as f32).collect();
    assert_eq!(values[..63], due);
    let by = "acsf(species: [Ni, O], g2: [{ eta: 1 Å^-2, shift: 2 Å }], g3: [0.5 Å^-1],\
              g4: [{ eta: 0.01 Å^-2, zeta: 2, lambda: -1 }]), on_bad: skip";
    let data = featurized(NOBLE, by, 1).unwrap();
    let settings = AcsfSettings {
        r_cut: 6.0,
        g2: vec![[1.0, 2.0]],
        g3: vec![0.5],
        g4: vec![Angular {
            eta: 0.01,
            zeta: 2.0,
            lambda: -1.0,
        }],
        g5: Vec::new(),
    };
    let due = acsf(structure, &settings, &species).unwrap().mean();
    let due: Vec<f32> = due.iter().map(|x| *x as f32).collect();
    assert_eq!(numbers(&data).0, [9]);
    assert_eq!(numbers(&data).1[..9], due);
    let told = featurized(NOBLE, "soap(species: [Ni, O])", 1).unwrap_err();
    assert!(format!("{told:?}").contains("list of species"), "{told:?}");
}

/// How many structures were computed.
fn computed(events: &Recording) -> Vec<u64> {
    let rows = |event| match event {
        Event::Started {
            work: Amount::Rows(rows),
            ..
        } => Some(rows),
        _ => None,
    };
    events.events().into_iter().filter_map(rows).collect()
}

#[test]
fn only_what_the_store_lacks_is_computed() {
    for by in [
        "xrd()",
        "knn_graph(radius: 8 Å, neighbours: 12) >> with_angles",
    ] {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::open(folder.path()).unwrap();
        let run = |rows: &str, by: &str| {
            let events = Recording::default();
            let data = featurized_in(&store, rows, by, 2, &events).unwrap();
            (data, computed(&events))
        };
        assert_eq!(run("bundled(\"flla-2015\") |> take(20)", by).1, [20]);
        // Ten more rows: ten are computed, and all are as if computed at once.
        let (more, count) = run(FEW, by);
        assert_eq!(count, [10]);
        let anew = featurized(FEW, by, 1).unwrap();
        assert_eq!(
            format!("{:?}", more.features),
            format!("{:?}", anew.features)
        );
        // Other rows that are all known: nothing is.
        let few = "bundled(\"flla-2015\") |> take(25)";
        let (data, count) = run(few, by);
        assert_eq!((data.rows.len(), count), (25, vec![0]));
        // Another setting is another featurizer.
        let other = by.replace("8 Å", "7 Å").replace("xrd()", "xrd(bins: 64)");
        assert_eq!(run(few, &other).1, [25]);
        // What is damaged is computed again.
        let mut damaged = 0;
        for entry in std::fs::read_dir(folder.path()).unwrap() {
            for name in ["features.graphs", "features.safetensors"] {
                let path = entry.as_ref().unwrap().path().join(name);
                if let Ok(mut bytes) = std::fs::read(&path) {
                    let middle = bytes.len() / 2;
                    bytes[middle] ^= 1;
                    std::fs::write(&path, bytes).unwrap();
                    damaged += 1;
                }
            }
        }
        assert_eq!(damaged, 3);
        let (mended, count) = run(FEW, by);
        assert_eq!(count, [30]);
        assert_eq!(
            format!("{:?}", mended.features),
            format!("{:?}", anew.features)
        );
    }
}
