//! The memory of a whole data set: `TMO_BENCH_RECORDS` names a file of records; each
//! goes through Magpie, the powder pattern and ALIGNN's graph with its line graph, which
//! is written to a file and read back through a memory map. Prints structures per second
//! and the most memory the program had.
//!
//! `TMO_BENCH_RECORDS=… cargo bench --bench memory`; without it, the bundled data set.

use std::fs::File;
use std::io::BufWriter;
use std::time::Instant;

use tmo::chem::bundled::bundled;
use tmo::chem::graph::file::{GraphFile, GraphWriter};
use tmo::chem::graph::{AlignnGraph, Workspace};
use tmo::chem::magpie::{FEATURES, Imputation, magpie_into};
use tmo::chem::records::{OnBad, read_path};
use tmo::chem::xrd::{VectorSettings, powder_vector};

type Failure = Box<dyn std::error::Error>;

fn main() -> Result<(), Failure> {
    let records = match std::env::var_os("TMO_BENCH_RECORDS") {
        Some(path) => read_path(path.as_ref(), OnBad::Fail)?,
        None => bundled("flla-2015").ok_or("no bundled data")?.read()?,
    };
    println!("{} structures, {} MB so far", records.rows.len(), peak());
    let mut stage = Instant::now();
    let mut done = |what: &str| {
        let rate = records.rows.len() as f64 / stage.elapsed().as_secs_f64();
        println!("{what:<32} {rate:>8.0} /s, peak {} MB", peak());
        stage = Instant::now();
    };
    let mut numbers: Vec<f32> = Vec::new();
    for row in &records.rows {
        let mut features = [0.0; FEATURES];
        magpie_into(
            &row.structure.composition(),
            Imputation::Mean,
            &mut features,
        )?;
        numbers.extend(features.iter().map(|x| *x as f32));
    }
    done("magpie");
    for row in &records.rows {
        match powder_vector(&row.structure, &VectorSettings::default()) {
            Ok(vector) => numbers.extend(vector.iter().map(|x| *x as f32)),
            // One strong peak has no width to be smoothed by.
            Err(error) => println!("  {}: {error}", row.id),
        }
    }
    done("powder patterns");
    let folder = std::env::temp_dir().join(format!("tmo-memory-{}", std::process::id()));
    std::fs::create_dir_all(&folder)?;
    let path = folder.join("graphs");
    let mut writer = GraphWriter::new(BufWriter::new(File::create(&path)?))?;
    let (settings, mut workspace) = (AlignnGraph::default(), Workspace::new());
    let (mut edges, mut angles) = (0, 0);
    for row in &records.rows {
        let graph = settings.make(&row.structure, &mut workspace)?;
        edges += graph.edges();
        angles += graph.line.as_ref().map_or(0, |line| line.edges());
        writer.add(&graph)?;
    }
    writer.finish()?;
    done("ALIGNN graphs, written");
    let bytes = std::fs::metadata(&path)?.len();
    let file = GraphFile::map(&path)?;
    let (mut edges_back, mut angles_back) = (0, 0);
    for graph in file.iter() {
        let graph = graph?;
        edges_back += graph.edges();
        angles_back += graph.line.as_ref().map_or(0, |line| line.edges());
    }
    done("ALIGNN graphs, read from the map");
    assert_eq!(
        (edges, angles),
        (edges_back, angles_back),
        "other graphs came back"
    );
    std::fs::remove_dir_all(&folder)?;
    println!(
        "{edges} edges and {angles} angles in a file of {} MB; {} numbers; peak {} MB",
        bytes >> 20,
        numbers.len(),
        peak()
    );
    Ok(())
}

/// The most memory the program has had, in MB, where the system tells.
fn peak() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    let kilobytes =
        line.and_then(|line| line.split_whitespace().next()?.parse::<u64>().ok());
    kilobytes.unwrap_or(0) / 1024
}
