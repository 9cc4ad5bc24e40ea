use std::sync::Arc;

use crate::builtins::{Body, Registry, find};
use crate::chem::graph::{
    AlignnGraph, CrystalGraph, MegnetGraph, alignn_graph, line_graph, megnet_graph,
};
use crate::diagnostic::Problem;
use crate::nn::Threads;
use crate::plan;
use crate::run::interrupt::Interrupt;
use crate::run::progress::Silent;
use crate::run::store::Store;
use crate::run::{Dataset, Features, Runner, Settings, Value};
use crate::session::Session;
use crate::world::Memory;

/// What `rows |> featurize(…)` comes to, computed anew and read from the store again.
fn featurized(rows: &str, by: &str, threads: usize) -> Result<Arc<Dataset>, Problem> {
    let target = if rows.contains("bundled") {
        ".formation_energy_per_atom"
    } else {
        ".e * 1 eV"
    };
    let text = format!(
        "tmo 1\nuse std.models.megnet.{{megnet}}\nuse std.models.alignn.{{alignn}}\n\
         use std.models.cnn.{{descriptor_cnn}}\n\
         study s = {rows} |> target({target}) |> split(test: 20%) |> featurize({by})\n\
         |> train({}, loss: mse, optimizer: adam(), rate: 1e-3, epochs: 1, batch: 8,\n\
         keep: final) |> evaluate(mae)\n",
        if by.contains("angles") {
            "alignn()"
        } else if by.contains("graph") {
            "megnet()"
        } else {
            "descriptor_cnn(convs: [{ filters: 2, kernel: 3, drop: 0% }], widths: [4])"
        }
    );
    let records = include_str!("../../../tests/ui/E0712/parts/noble.jsonl");
    let mut world = Memory::default();
    world.put("noble.jsonl", records);
    let mut session = Session::new(&world);
    let checked = session.check("s.tmo", &text);
    assert!(!checked.failed(), "{:#?}", checked.problems);
    let plan = plan::plan(&checked.module, &Registry, &world, 0)?;
    let at = plan.nodes.iter().position(
        |node| matches!(&node.work, plan::Work::Verb(call) if call.short_name() == "featurize"),
    );
    let node = plan::NodeId(at.unwrap());
    let folder = tempfile::tempdir().unwrap();
    let store = Store::open(folder.path()).unwrap();
    let threads = Threads::new(Some(threads)).unwrap();
    let verbs = |name: &str| match find(name)? {
        Body::Verb(verb) => Some(verb),
        _ => None,
    };
    let run = || {
        let settings = Settings {
            store: &store,
            world: &world,
            progress: &Silent,
            interrupt: Interrupt::default(),
            threads: &threads,
            verbs: &verbs,
        };
        match Runner::new(&plan, settings).value(node)? {
            Value::Dataset(data) => Ok(data),
            _ => panic!("no rows"),
        }
    };
    let first = run()?;
    let again = run()?;
    assert_eq!(format!("{first:?}"), format!("{again:?}"));
    Ok(first)
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
    let Some(Features::Vector { sizes, values }) = &data.features else {
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
