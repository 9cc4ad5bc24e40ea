//! Graphs against their definitions, followed word by word over long lists.

use super::super::neighbours::neighbours;
use super::super::neighbours::tests::{Numbers, random_structure};
use super::*;

fn structures(count: usize, atoms: usize) -> Vec<Structure> {
    let mut numbers = Numbers(7);
    (0..count)
        .map(|_| {
            loop {
                let atoms = 1 + numbers.below(atoms);
                let structure = random_structure(&mut numbers, atoms);
                // Some edge within 5 Å, so that there is a MEGNet graph.
                if neighbours(&structure, 5.0).unwrap().pairs() > 0 {
                    return structure;
                }
            }
        })
        .collect()
}

fn plain() -> AlignnGraph {
    AlignnGraph {
        lattice_decimals: None,
        ..AlignnGraph::default()
    }
}

fn assert_sound(graph: &CrystalGraph, structure: &Structure) {
    let edges = graph.edges();
    assert_eq!(graph.species, structure.species());
    assert_eq!(graph.rows.len(), graph.nodes() + 1);
    for list in [graph.dst.len(), graph.image.len(), graph.distance.len()] {
        assert_eq!(list, edges);
    }
    let lattice = structure.lattice();
    for edge in 0..edges {
        let (src, dst) = (graph.src[edge] as usize, graph.dst[edge] as usize);
        assert!((graph.rows[dst]..graph.rows[dst + 1]).contains(&(edge as u32)));
        if graph.displacement[edge] == [0.0; 3] {
            continue;
        }
        let (f, g) = (&structure.frac()[src], &structure.frac()[dst]);
        let off = [0, 1, 2].map(|k| g[k] - f[k] - f64::from(graph.image[edge][k]));
        let mut square = 0.0;
        for (k, &ours) in graph.displacement[edge].iter().enumerate() {
            let x: f64 = off.iter().zip(lattice).map(|(f, row)| f * row[k]).sum();
            square += x * x;
            assert!((x - f64::from(ours)).abs() < 3e-5);
        }
        assert!((square.sqrt() - f64::from(graph.distance[edge])).abs() < 3e-5);
    }
}

/// The ALIGNN graph as the reference makes it: search all, sort, cut, put in a set.
/// Per edge: source, destination, image of the source.
fn alignn_by_definition(structure: &Structure) -> (f64, Vec<(u32, u32, [i32; 3])>) {
    let mut cutoff = 8.0;
    let list = loop {
        let list = neighbours(structure, cutoff).unwrap();
        let counted = |centre| {
            let far = list.row(centre).distance;
            far.iter().filter(|&&d| d > 0.15 && d <= cutoff).count()
        };
        if (0..list.centres()).all(|centre| counted(centre) >= 12) {
            break list;
        }
        let longest = structure.lengths().into_iter().fold(0.0, f64::max);
        cutoff = if cutoff < longest {
            longest
        } else {
            2.0 * cutoff
        };
    };
    let mut set = std::collections::BTreeSet::new();
    for centre in 0..list.centres() {
        let row = list.row(centre);
        let mut near: Vec<usize> = (0..row.index.len()).collect();
        near.retain(|&k| row.distance[k] > 0.15 && row.distance[k] <= cutoff);
        near.sort_by(|&a, &b| row.distance[a].total_cmp(&row.distance[b]));
        let last = row.distance[near[11]];
        for k in near.into_iter().filter(|&k| row.distance[k] <= last) {
            let (i, j, image) = (centre as u32, row.index[k], row.image[k]);
            set.insert(if j < i {
                (j, i, image.map(|n| -n))
            } else {
                (i, j, image)
            });
        }
    }
    let mut edges = Vec::new();
    for (i, j, image) in set {
        edges.push((i, j, image.map(|n| -n)));
        edges.push((j, i, image));
    }
    edges.sort_unstable();
    (cutoff, edges)
}

#[test]
fn alignn_graphs_follow_the_definition() {
    let mut loops = 0;
    for structure in structures(120, 12) {
        let graph = alignn_graph(&structure, &plain()).unwrap();
        assert_sound(&graph, &structure);
        let mut ours: Vec<_> = (0..graph.edges())
            .map(|e| (graph.src[e], graph.dst[e], graph.image[e]))
            .collect();
        loops += ours.iter().filter(|edge| edge.0 == edge.1).count();
        ours.sort_unstable();
        let (cutoff, theirs) = alignn_by_definition(&structure);
        assert_eq!(ours, theirs, "{structure:?}");
        assert!((graph.cutoff - cutoff).abs() < 1e-12);
    }
    assert!(loops > 100);
}

#[test]
fn bonds_to_own_images_come_four_times() {
    let cube = [[3.0, 0.0, 0.0], [0.0, 3.1, 0.0], [0.0, 0.0, 3.2]];
    let one = Structure::new(cube, vec![Element::O], vec![[0.2; 3]]).unwrap();
    let settings = AlignnGraph {
        max_neighbors: 2,
        ..AlignnGraph::default()
    };
    let graph = alignn_graph(&one, &settings).unwrap();
    assert_eq!(graph.edges(), 4);
    let x: Vec<f32> = graph.displacement.iter().map(|r| r[0]).collect();
    assert_eq!(x, [3.0, 3.0, -3.0, -3.0]);
    // Each of the four hears the three others.
    let line = graph.line.unwrap();
    assert_eq!(line.edges(), 12);
    assert!(line.src.iter().zip(&line.dst).all(|(a, b)| a != b));
    assert_eq!(line.cosine.iter().filter(|&&c| c == 1.0).count(), 8);
    assert_eq!(line.cosine.iter().filter(|&&c| c == -1.0).count(), 4);
}

#[test]
fn a_sparse_cell_grows_the_cutoff_as_the_reference_does() {
    let cell = [[3.0, 0.0, 0.0], [0.0, 30.0, 0.0], [0.0, 0.0, 40.0]];
    let chain = Structure::new(cell, vec![Element::O], vec![[0.0; 3]]).unwrap();
    let graph = alignn_graph(&chain, &AlignnGraph::default()).unwrap();
    // Six to each side along the chain: 18 Å.
    assert_eq!(graph.cutoff, 40.0);
    assert_eq!(graph.edges(), 24);
    let cell = cell.map(|row| row.map(|x| 100.0 * x));
    let lonely = Structure::new(cell, vec![Element::O], vec![[0.0; 3]]).unwrap();
    assert_eq!(
        alignn_graph(&lonely, &AlignnGraph::default())
            .unwrap()
            .cutoff,
        4000.0
    );
}

#[test]
fn line_graphs_follow_the_definition() {
    for structure in structures(12, 6) {
        let graph = alignn_graph(&structure, &AlignnGraph::default()).unwrap();
        let line = graph.line.as_ref().unwrap();
        let mut expected = Vec::new();
        for to in 0..graph.edges() {
            for from in 0..graph.edges() {
                if graph.dst[from] == graph.src[to] && from != to {
                    let (a, b) = (graph.displacement[from], graph.displacement[to]);
                    let (a, b) = (a.map(f64::from), b.map(f64::from));
                    let dot = |u: [f64; 3], v: [f64; 3]| {
                        u[0] * v[0] + u[1] * v[1] + u[2] * v[2]
                    };
                    let cosine = -dot(a, b) / (dot(a, a) * dot(b, b)).sqrt();
                    expected.push((from as u32, to as u32, cosine.clamp(-1.0, 1.0)));
                }
            }
        }
        assert_eq!(line.edges(), expected.len());
        for (k, (from, to, cosine)) in expected.into_iter().enumerate() {
            assert_eq!((line.src[k], line.dst[k]), (from, to));
            assert!((f64::from(line.cosine[k]) - cosine).abs() < 1e-6);
            let row = line.rows[to as usize]..line.rows[to as usize + 1];
            assert!(row.contains(&(k as u32)));
        }
    }
}

#[test]
fn an_edge_without_length_makes_no_line_graph() {
    let cube = [[4.0, 0.0, 0.0], [0.0, 4.0, 0.0], [0.0, 0.0, 4.0]];
    let frac = vec![[0.5; 3], [0.5; 3]];
    let twice = Structure::new(cube, vec![Element::O; 2], frac).unwrap();
    let graph = megnet_graph(&twice, &MegnetGraph { cutoff: 1.0 }).unwrap();
    assert_eq!(line_graph(&graph), Err(GraphError::ZeroLength { edge: 0 }));
    // ALIGNN does not join them, and so has a line graph.
    assert!(alignn_graph(&twice, &AlignnGraph::default()).is_ok());
}

#[test]
fn megnet_graphs_are_the_neighbour_list() {
    for structure in structures(30, 8) {
        let list = neighbours(&structure, 5.0).unwrap();
        let graph = megnet_graph(&structure, &MegnetGraph::default()).unwrap();
        assert_sound(&graph, &structure);
        assert_eq!(graph.rows, list.offsets());
        assert_eq!(graph.src, list.index());
        assert_eq!(graph.image, list.image());
    }
    let sparse = [[20.0, 0.0, 0.0], [0.0, 20.0, 0.0], [0.0, 0.0, 20.0]];
    let lonely = Structure::new(sparse, vec![Element::O], vec![[0.0; 3]]).unwrap();
    assert_eq!(
        megnet_graph(&lonely, &MegnetGraph::default()),
        Err(GraphError::NoEdges { cutoff: 5.0 })
    );
}

/// Shortest distance of two atoms over all images within the radius.
fn shortest(list: &Neighbours, i: usize, j: usize) -> f64 {
    let row = list.row(i);
    let pairs = row.index.iter().zip(row.distance);
    let these = pairs.filter(|(index, _)| **index as usize == j);
    these.map(|(_, d)| *d).fold(f64::INFINITY, f64::min)
}

#[test]
fn nearest_image_graphs_follow_the_definition() {
    let settings = NearestImageGraph {
        radius: 6.0,
        neighbours: 5,
    };
    for structure in structures(60, 20) {
        let list = neighbours(&structure, 6.0).unwrap();
        let graph = nearest_image_graph(&structure, &settings).unwrap();
        assert_sound(&graph, &structure);
        for dst in 0..graph.nodes() {
            let mut near: Vec<_> = (0..graph.nodes())
                .filter(|&src| src != dst)
                .map(|src| (shortest(&list, dst, src), src as u32))
                .filter(|(d, _)| d.is_finite())
                .collect();
            near.sort_by(|a, b| a.0.total_cmp(&b.0));
            near.truncate(5);
            near.sort_by_key(|entry| entry.1);
            near.push((0.0, dst as u32));
            let row = graph.rows[dst] as usize..graph.rows[dst + 1] as usize;
            let ours: Vec<_> = row
                .map(|e| (f64::from(graph.distance[e]), graph.src[e]))
                .collect();
            assert_eq!(ours.len(), near.len());
            for (a, b) in ours.iter().zip(&near) {
                assert_eq!(a.1, b.1);
                assert!((a.0 - b.0).abs() < 1e-6);
            }
        }
    }
}

#[test]
fn padded_graphs_are_full_and_sorted() {
    for structure in structures(30, 8) {
        let list = neighbours(&structure, 8.0).unwrap();
        let graph = cgcnn_graph(&structure, &CgcnnGraph::default()).unwrap();
        assert_sound(&graph, &structure);
        for dst in 0..graph.nodes() {
            let mut near = list.row(dst).distance.to_vec();
            near.sort_by(f64::total_cmp);
            near.resize(12.max(near.len()), 9.0);
            let row = graph.rows[dst] as usize..graph.rows[dst + 1] as usize;
            assert_eq!(row.len(), 12);
            for (edge, d) in row.zip(near) {
                assert!((f64::from(graph.distance[edge]) - d).abs() < 1e-6);
            }
        }
    }
    let cell = [[7.9, 0.0, 0.0], [0.0, 50.0, 0.0], [0.0, 0.0, 50.0]];
    let chain = Structure::new(cell, vec![Element::O], vec![[0.0; 3]]).unwrap();
    let graph = cgcnn_graph(&chain, &CgcnnGraph::default()).unwrap();
    assert_eq!(graph.distance[..2], [7.9, 7.9]);
    assert_eq!(graph.distance[2..], [9.0; 10]);
    assert_eq!(graph.src, [0; 12]);
}

fn all_recipes() -> [Recipe; 4] {
    [
        Recipe::Alignn(AlignnGraph::default()),
        Recipe::Megnet(MegnetGraph::default()),
        Recipe::NearestImage(NearestImageGraph::default()),
        Recipe::Cgcnn(CgcnnGraph::default()),
    ]
}

#[test]
fn one_search_for_all_gives_the_same_graphs() {
    let (mut shared, mut own) = (Workspace::new(), Workspace::new());
    for structure in structures(60, 30) {
        let all = graphs_of(&structure, &all_recipes(), &mut shared).unwrap();
        for (recipe, graph) in all_recipes().iter().zip(all) {
            assert_eq!(graph, recipe.make(&structure, &mut own).unwrap());
        }
    }
}

#[test]
fn any_number_of_threads_gives_the_same_graphs() {
    let structures = structures(75, 10);
    for recipe in all_recipes() {
        let mut work = Workspace::new();
        let one_by_one: Vec<_> = structures
            .iter()
            .map(|structure| recipe.make(structure, &mut work).unwrap())
            .collect();
        for threads in [1, 2, 5] {
            let pool = rayon::ThreadPoolBuilder::new().num_threads(threads);
            let made = pool
                .build()
                .unwrap()
                .install(|| graphs(&structures, &recipe));
            assert_eq!(made.unwrap(), one_by_one);
        }
    }
}

#[test]
fn the_first_structure_without_a_graph_is_named() {
    let mut all = structures(60, 4);
    let sparse = [[20.0, 0.0, 0.0], [0.0, 20.0, 0.0], [0.0, 0.0, 20.0]];
    let lonely = Structure::new(sparse, vec![Element::O], vec![[0.0; 3]]).unwrap();
    all[52] = lonely.clone();
    all[19] = lonely;
    let made = graphs(&all, &Recipe::Megnet(MegnetGraph::default()));
    assert_eq!(made, Err((19, GraphError::NoEdges { cutoff: 5.0 })));
}

#[test]
fn lists_that_do_not_fit_are_refused() {
    let structures = structures(2, 3);
    let mut work = Workspace::new();
    let short = neighbours(&structures[0], 4.0).unwrap();
    let said = MegnetGraph::default().make_from(&structures[0], &short);
    assert_eq!(
        said,
        Err(GraphError::ListTooShort {
            cutoff: 4.0,
            needed: 5.0
        })
    );
    let cube = [[4.0, 0.0, 0.0], [0.0, 4.0, 0.0], [0.0, 0.0, 4.0]];
    let other = Structure::new(cube, vec![Element::O; 9], vec![[0.0; 3]; 9]).unwrap();
    let list = neighbours(&structures[1], 8.0).unwrap();
    let said = CgcnnGraph::default().make_from(&other, &list, &mut work);
    assert!(matches!(said, Err(GraphError::OtherStructure { .. })));
}

#[test]
fn no_neighbours_wanted_is_an_error() {
    let structure = &structures(1, 3)[0];
    let alignn = AlignnGraph {
        max_neighbors: 0,
        ..AlignnGraph::default()
    };
    let said = alignn_graph(structure, &alignn);
    assert_eq!(said, Err(GraphError::NoNeighboursWanted));
    let cgcnn = CgcnnGraph {
        neighbours: 0,
        ..CgcnnGraph::default()
    };
    let said = cgcnn_graph(structure, &cgcnn);
    assert_eq!(said, Err(GraphError::NoNeighboursWanted));
    let gat = NearestImageGraph {
        neighbours: 0,
        ..NearestImageGraph::default()
    };
    let said = nearest_image_graph(structure, &gat);
    assert_eq!(said, Err(GraphError::NoNeighboursWanted));
}
