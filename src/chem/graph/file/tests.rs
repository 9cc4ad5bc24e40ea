//! Files of graphs: round trips, and damage of every kind.

use super::super::{AlignnGraph, MegnetGraph, Recipe, Workspace};
use super::*;
use crate::chem::structure::Structure;

fn samples() -> Vec<CrystalGraph> {
    let cell = [[3.9, 0.0, 0.0], [0.3, 4.1, 0.0], [-0.2, 0.5, 4.6]];
    let species = ["Ti", "O", "O"].map(|s| s.parse().unwrap()).to_vec();
    let frac = vec![[0.0, 0.0, 0.0], [0.5, 0.5, 0.02], [0.5, 0.0, 0.49]];
    let structure = Structure::new(cell, species, frac).unwrap();
    let mut far = structure.frac().to_vec();
    far[1][2] += 1000.0;
    let far = Structure::new(cell, structure.species().to_vec(), far).unwrap();
    let mut work = Workspace::new();
    let alignn = Recipe::Alignn(AlignnGraph::default());
    let megnet = Recipe::Megnet(MegnetGraph { cutoff: 4.0 });
    vec![
        alignn.make(&structure, &mut work).unwrap(),
        megnet.make(&structure, &mut work).unwrap(),
        alignn.make(&far, &mut work).unwrap(),
    ]
}

fn written(graphs: &[CrystalGraph]) -> Vec<u8> {
    let mut writer = GraphWriter::new(Vec::new()).unwrap();
    for graph in graphs {
        writer.add(graph).unwrap();
    }
    writer.finish().unwrap()
}

#[test]
fn graphs_come_back_as_they_were() {
    let graphs = samples();
    assert!(graphs[2].image.iter().flatten().any(|n| n.abs() > 900));
    let bytes = written(&graphs);
    let file = GraphFile::new(&bytes).unwrap();
    assert_eq!(file.len(), 3);
    for (number, graph) in graphs.iter().enumerate() {
        assert_eq!(&file.get(number).unwrap(), graph);
    }
    assert!(matches!(
        file.get(3),
        Err(GraphFileError::NoSuchGraph { graph: 3, count: 3 })
    ));
    file.verify().unwrap();
}

#[test]
fn many_nodes_take_wide_sources() {
    let nodes = 70_000_u32;
    let graph = CrystalGraph {
        species: vec![crate::chem::element::Element::O; nodes as usize],
        rows: (0..=nodes).collect(),
        src: (0..nodes).rev().collect(),
        dst: (0..nodes).collect(),
        image: vec![[0, -1, 1]; nodes as usize],
        displacement: vec![[1.0, 0.0, -2.5]; nodes as usize],
        distance: vec![2.0; nodes as usize],
        cutoff: 8.0,
        line: None,
    };
    let bytes = written(std::slice::from_ref(&graph));
    assert_eq!(GraphFile::new(&bytes).unwrap().get(0).unwrap(), graph);
}

#[test]
fn an_empty_file_holds_no_graph() {
    let bytes = written(&[]);
    assert_eq!(bytes.len(), HEADER + TRAILER);
    assert!(GraphFile::new(&bytes).unwrap().is_empty());
}

#[test]
fn a_file_is_read_and_mapped_alike() {
    let graphs = samples();
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("x.graphs");
    std::fs::write(&path, written(&graphs)).unwrap();
    let read = GraphFile::read(&path).unwrap();
    let mapped = GraphFile::map(&path).unwrap();
    for (number, graph) in graphs.iter().enumerate() {
        assert_eq!(&read.get(number).unwrap(), graph);
        assert_eq!(&mapped.get(number).unwrap(), graph);
    }
    let missing = GraphFile::map(&folder.path().join("y")).err().unwrap();
    assert!(matches!(missing, GraphFileError::Io(_)));
    std::fs::write(&path, b"").unwrap();
    assert!(GraphFile::map(&path).is_err());
}

/// Whether every graph that can be read is as it was, and at least one cannot.
fn notices(bytes: &[u8], graphs: &[CrystalGraph]) -> bool {
    let Ok(file) = GraphFile::new(bytes) else {
        return true;
    };
    assert_eq!(file.len(), graphs.len());
    let mut noticed = false;
    for (number, graph) in graphs.iter().enumerate() {
        match file.get(number) {
            Ok(read) => assert_eq!(&read, graph),
            Err(_) => noticed = true,
        }
    }
    noticed
}

#[test]
fn every_flipped_bit_of_every_byte_is_noticed() {
    let graphs = samples();
    let mut bytes = written(&graphs[1..2]);
    for at in 0..bytes.len() {
        let bit = 1 << (at % 8);
        bytes[at] ^= bit;
        assert!(notices(&bytes, &graphs[1..2]), "byte {at}");
        bytes[at] ^= bit;
    }
    let mut bytes = written(&graphs);
    for at in (0..bytes.len()).step_by(7) {
        bytes[at] ^= 0x55;
        assert!(notices(&bytes, &graphs), "byte {at}");
        bytes[at] ^= 0x55;
    }
}

#[test]
fn a_file_cut_off_anywhere_is_noticed() {
    let graphs = samples();
    let bytes = written(&graphs[1..2]);
    for length in 0..bytes.len() {
        assert!(GraphFile::new(&bytes[..length]).is_err(), "length {length}");
    }
    let longer = [&bytes[..], b"x"].concat();
    assert!(GraphFile::new(&longer).is_err());
}

/// A graph's bytes changed, with checksums made to fit: a forger's file.
fn forged(body: &[u8]) -> Result<CrystalGraph, GraphFileError> {
    let mut writer = GraphWriter::new(Vec::new()).unwrap();
    writer
        .index
        .extend_from_slice(&(HEADER as u64).to_le_bytes());
    writer
        .index
        .extend_from_slice(&(body.len() as u64).to_le_bytes());
    writer.index.extend_from_slice(&checksum(body));
    writer.out.extend_from_slice(body);
    writer.offset += body.len() as u64;
    let bytes = writer.finish().unwrap();
    GraphFile::new(bytes).unwrap().get(0)
}

#[test]
fn forged_graphs_never_panic() {
    for graph in samples() {
        let mut body = Vec::new();
        record::write(&graph, &mut body).unwrap();
        assert_eq!(forged(&body).unwrap(), graph);
        for at in 0..body.len().min(600) {
            for change in [0x01, 0x80, 0xff] {
                body[at] ^= change;
                // It may be another valid graph; it must not panic.
                let _ = forged(&body);
                body[at] ^= change;
            }
            assert!(forged(&body[..at]).is_err());
        }
        // Counts that ask for more memory than there is.
        body[8..16].fill(0xff);
        assert!(forged(&body).is_err());
    }
}

#[test]
fn index_entries_that_point_anywhere_never_panic() {
    let good = written(&samples()[1..2]);
    let from = good.len() - TRAILER - ENTRY;
    let offsets = [0, 15, from as u64, good.len() as u64, u64::MAX];
    for (offset, length) in offsets.iter().flat_map(|&o| offsets.map(|l| (o, l))) {
        let mut bytes = good.clone();
        bytes[from..from + 8].copy_from_slice(&offset.to_le_bytes());
        bytes[from + 8..from + 16].copy_from_slice(&length.to_le_bytes());
        let (index, counts) = (from..from + ENTRY, from + ENTRY..from + ENTRY + COUNTS);
        let sum = whole_checksum(&bytes[index], &bytes[counts]);
        let at = good.len() - TRAILER + COUNTS;
        bytes[at..at + 32].copy_from_slice(&sum);
        assert!(GraphFile::new(&bytes).unwrap().get(0).is_err());
    }
}

#[test]
fn graphs_that_do_not_fit_are_not_written() {
    let good = samples().remove(1);
    let mut writer = GraphWriter::new(Vec::new()).unwrap();
    let breaks: [fn(&mut CrystalGraph); 5] = [
        |graph| graph.src[0] = 99,
        |graph| graph.rows[1] = u32::MAX,
        |graph| graph.distance.truncate(1),
        |graph| graph.dst.swap(0, 20),
        |graph| graph.displacement[3][1] = f32::NAN,
    ];
    for (number, spoil) in breaks.iter().enumerate() {
        let mut graph = good.clone();
        spoil(&mut graph);
        let said = writer.add(&graph).err();
        assert!(
            matches!(said, Some(GraphFileError::BadGraph { .. })),
            "{number}"
        );
    }
}

#[test]
fn other_files_and_versions_are_told_apart() {
    let mut bytes = written(&samples());
    let said = |bytes: &[u8]| GraphFile::new(bytes).err().unwrap().to_string();
    assert_eq!(said(b"{\"id\": 1}"), "not a file of graphs");
    bytes[8] = 2;
    assert_eq!(
        said(&bytes),
        "a file of graphs of version 2: expected version 1"
    );
    bytes[8] = 1;
    bytes[12] = 1;
    assert_eq!(
        said(&bytes),
        "the file of graphs is damaged: the header has unknown flags"
    );
}
