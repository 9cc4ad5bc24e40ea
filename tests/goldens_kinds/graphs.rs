//! Graphs against the reference codes': `alignn_graphs`, `megnet_graphs`, `gat_graphs`
//! of a folder of goldens. Edges have no order there, so they are compared as multisets.
//!
//! Where a graph takes the nearest few, the references let rounding decide between
//! neighbours at the same distance. An edge that one side has and the other has not is
//! a near tie if its length is that of the last neighbour taken, to [`TIE`].

use std::path::Path;

use serde::Deserialize;
use serde::de::DeserializeOwned;
use tmo::chem::Structure;
use tmo::chem::graph::{
    AlignnGraph, CrystalGraph, LineGraph, MegnetGraph, NearestImageGraph, alignn_graph,
    megnet_graph, nearest_image_graph,
};

use super::npz::Npz;
use super::structures;

/// Source, destination and displacement in units of 1e-5 Å of an edge.
type Bond = (i64, i64, [i64; 3]);
/// Two edges that meet, and the cosine between them.
type LineEdge = (Bond, Bond, f64);

/// What was compared, and how far off it was.
#[derive(Debug, Default)]
pub struct Summary {
    pub structures: usize,
    pub edges: usize,
    pub line_edges: usize,
    /// Edges that only one side has, for a near tie.
    pub ties: usize,
    /// Largest difference of a length or of a component of a displacement, Å.
    pub length: f64,
    /// Largest difference of a cosine.
    pub cosine: f64,
}

/// Lengths (Å) and cosines may differ so much: they are kept as f32.
const ALLOWED: f64 = 1e-6;
/// Distances (Å) that differ less are equal but for rounding, at f32 (below 16 Å).
const TIE: f64 = 2e-6;

impl Summary {
    fn judge(self, what: &str) -> Result<Summary, String> {
        let good = self.structures > 0 && self.edges > 0;
        if !good || self.length > ALLOWED || self.cosine > ALLOWED {
            return Err(format!("{what} differ: {self:?}"));
        }
        Ok(self)
    }
}

fn read_json<T: DeserializeOwned>(path: &Path) -> Result<T, String> {
    let said = |why: String| format!("{}: {why}", path.display());
    let text = std::fs::read_to_string(path).map_err(|error| said(error.to_string()))?;
    serde_json::from_str(&text).map_err(|error| said(error.to_string()))
}

/// An edge as it is compared: ends, then vector.
type Edge = (i64, i64, [f64; 3]);

/// Edges that fit each other are taken out of both lists; how far off the worst was.
fn cancel(ours: &mut Vec<Edge>, theirs: &mut Vec<Edge>, allowed: f64) -> f64 {
    let mut worst = 0.0_f64;
    ours.retain(|edge| {
        let off = |other: &Edge| {
            if (edge.0, edge.1) != (other.0, other.1) {
                return f64::INFINITY;
            }
            let each = edge.2.iter().zip(&other.2).map(|(x, y)| (x - y).abs());
            each.fold(0.0, f64::max)
        };
        let fits: Vec<f64> = theirs.iter().map(off).collect();
        let best = (0..fits.len()).min_by(|&a, &b| fits[a].total_cmp(&fits[b]));
        match best {
            Some(best) if fits[best] <= allowed => {
                worst = worst.max(fits[best]);
                theirs.swap_remove(best);
                false
            }
            _ => true,
        }
    });
    worst
}

#[derive(Deserialize)]
struct AlignnSummary {
    gid: String,
    final_cutoff: f64,
}

/// ALIGNN's graphs and line graphs (`u`, `v`, `r`, `lg_src`, `lg_dst`, `lg_cos`).
pub fn check_alignn(folder: &Path) -> Result<Summary, String> {
    let at = folder.join("alignn_graphs");
    let known: Vec<AlignnSummary> = read_json(&at.join("summary.json"))?;
    let mut summary = Summary::default();
    for (gid, structure) in structures::read(folder)? {
        let said = |why: String| format!("ALIGNN graph of {gid}: {why}");
        let golden = Npz::open(&at.join(format!("{gid}.npz")))?;
        let graph = alignn_graph(&structure, &AlignnGraph::default())
            .map_err(|error| said(error.to_string()))?;
        let (u, v) = (golden.whole("u")?, golden.whole("v")?);
        let r = golden.triples("r")?;
        let mut theirs: Vec<Edge> = (0..u.len()).map(|k| (u[k], v[k], r[k])).collect();
        let mut ours: Vec<Edge> = (0..graph.edges())
            .map(|k| {
                let r = graph.displacement[k].map(f64::from);
                (i64::from(graph.src[k]), i64::from(graph.dst[k]), r)
            })
            .collect();
        summary.edges += ours.len();
        let off = cancel(&mut ours, &mut theirs, ALLOWED);
        summary.length = summary.length.max(off);
        let last = last_neighbours(&structure);
        for &(a, b, r) in ours.iter().chain(&theirs) {
            let length = (r[0] * r[0] + r[1] * r[1] + r[2] * r[2]).sqrt();
            let tie = |k: i64| (length - last[k as usize]).abs() < TIE;
            if !tie(a) && !tie(b) {
                return Err(said(format!("edge {a} -> {b} of {length} Å is no tie")));
            }
        }
        summary.ties += ours.len() + theirs.len();
        let row = known.iter().find(|row| row.gid == gid);
        let row = row.ok_or_else(|| said("not in the summary".to_owned()))?;
        if (graph.cutoff - row.final_cutoff).abs() > 1e-9 {
            return Err(said(format!("cutoff {}", graph.cutoff)));
        }
        if ours.is_empty() && theirs.is_empty() {
            let line = graph.line.as_ref();
            let line = line.ok_or_else(|| said("no line graph".to_owned()))?;
            let off = compare_line(&graph, line, &golden).map_err(said)?;
            summary.cosine = summary.cosine.max(off);
            summary.line_edges += line.edges();
        }
        summary.structures += 1;
    }
    summary.judge("ALIGNN graphs")
}

/// Distance of each atom's twelfth neighbour, Å.
fn last_neighbours(structure: &Structure) -> Vec<f64> {
    let mut reach = 4.0;
    loop {
        let list = tmo::chem::neighbours::neighbours(structure, reach);
        let far = list.ok().and_then(|list| {
            let each = (0..list.centres()).map(|centre| {
                let row = list.row(centre).distance.iter().copied();
                let mut far: Vec<f64> = row.filter(|&d| d > 0.15).collect();
                far.sort_by(f64::total_cmp);
                far.get(11).copied()
            });
            each.collect::<Option<Vec<f64>>>()
        });
        if let Some(far) = far {
            return far;
        }
        reach *= 1.5;
    }
}

/// Which edge follows which, told by ends and displacements, and the cosine.
fn compare_line(
    graph: &CrystalGraph,
    line: &LineGraph,
    golden: &Npz,
) -> Result<f64, String> {
    // Displacements to 1e-4 Å, so that f32 noise does not tell edges apart.
    let rough = |r: [f64; 3]| r.map(|x| (x * 1e4).round() as i64);
    let (u, v) = (golden.whole("u")?, golden.whole("v")?);
    let r = golden.triples("r")?;
    let (from, to) = (golden.whole("lg_src")?, golden.whole("lg_dst")?);
    let cosine = golden.floats("lg_cos")?;
    let edge = |k: usize| (u[k], v[k], rough(r[k]));
    let own = |k: usize| {
        let r = graph.displacement[k].map(f64::from);
        (i64::from(graph.src[k]), i64::from(graph.dst[k]), rough(r))
    };
    let close = |a: [i64; 3], b: [i64; 3]| (0..3).all(|k| (a[k] - b[k]).abs() <= 1);
    if from.len() != line.edges() {
        return Err(format!("{} line edges, not {}", line.edges(), from.len()));
    }
    let mut theirs: Vec<_> = (0..from.len())
        .map(|k| (edge(from[k] as usize), edge(to[k] as usize), cosine[k]))
        .collect();
    let mut ours: Vec<_> = (0..line.edges())
        .map(|k| {
            let (from, to) = (line.src[k] as usize, line.dst[k] as usize);
            (own(from), own(to), f64::from(line.cosine[k]))
        })
        .collect();
    let key = |x: &LineEdge| {
        (
            x.0.0,
            x.0.1,
            x.1.1,
            (x.2 * 1e3).round() as i64,
            x.0.2,
            x.1.2,
        )
    };
    theirs.sort_by_key(key);
    ours.sort_by_key(key);
    let mut worst = 0.0_f64;
    let mut unmatched = Vec::new();
    for (k, (a, b)) in ours.iter().zip(&theirs).enumerate() {
        let same = (a.0.0, a.0.1, a.1.0, a.1.1) == (b.0.0, b.0.1, b.1.0, b.1.1);
        if same && close(a.0.2, b.0.2) && close(a.1.2, b.1.2) {
            worst = worst.max((a.2 - b.2).abs());
        } else {
            unmatched.push(k);
        }
    }
    // Sorting rounded numbers may swap neighbours: match what is left one by one.
    let mut left: Vec<_> = unmatched.iter().map(|&k| theirs[k]).collect();
    for &k in &unmatched {
        let a = ours[k];
        let fits = left.iter().position(|b| {
            (a.0.0, a.0.1, a.1.0, a.1.1) == (b.0.0, b.0.1, b.1.0, b.1.1)
                && close(a.0.2, b.0.2)
                && close(a.1.2, b.1.2)
        });
        let fits = fits.ok_or("another line graph")?;
        worst = worst.max((a.2 - left.swap_remove(fits).2).abs());
    }
    Ok(worst)
}

/// MEGNet's graphs at 5 and 6 Å (`atom`, `index1`, `index2`, `bond`).
pub fn check_megnet(folder: &Path) -> Result<Summary, String> {
    let at = folder.join("megnet_graphs");
    let mut summary = Summary::default();
    for (gid, structure) in structures::read(folder)? {
        for cutoff in [5, 6] {
            let said = |why: String| format!("MEGNet graph of {gid}, {cutoff} Å: {why}");
            let golden = Npz::open(&at.join(format!("{gid}_{cutoff}.npz")))?;
            let settings = MegnetGraph {
                cutoff: f64::from(cutoff),
            };
            let graph = megnet_graph(&structure, &settings)
                .map_err(|error| said(error.to_string()))?;
            let atoms = golden.whole("atom")?;
            if !graph.species.iter().map(|e| i64::from(e.z())).eq(atoms) {
                return Err(said("other atoms".to_owned()));
            }
            let (one, two) = (golden.whole("index1")?, golden.whole("index2")?);
            let bond = golden.floats("bond")?;
            let mut theirs: Vec<_> =
                (0..one.len()).map(|k| (one[k], two[k], bond[k])).collect();
            let mut ours: Vec<_> = (0..graph.edges())
                .map(|k| {
                    let ends = (i64::from(graph.dst[k]), i64::from(graph.src[k]));
                    (ends.0, ends.1, f64::from(graph.distance[k]))
                })
                .collect();
            for list in [&mut ours, &mut theirs] {
                list.sort_by(|a, b| {
                    (a.0, a.1).cmp(&(b.0, b.1)).then(a.2.total_cmp(&b.2))
                });
            }
            let ends = |list: &[(i64, i64, f64)]| -> Vec<(i64, i64)> {
                list.iter().map(|e| (e.0, e.1)).collect()
            };
            if ends(&ours) != ends(&theirs) {
                return Err(said("other edges".to_owned()));
            }
            for (a, b) in ours.iter().zip(&theirs) {
                summary.length = summary.length.max((a.2 - b.2).abs());
            }
            summary.edges += ours.len();
        }
        summary.structures += 1;
    }
    summary.judge("MEGNet graphs")
}

/// DeeperGATGNN's graphs (`edge_index`, `edge_weight`).
pub fn check_gat(folder: &Path) -> Result<Summary, String> {
    let at = folder.join("gat_graphs");
    let mut summary = Summary::default();
    for (gid, structure) in structures::read(folder)? {
        let said = |why: String| format!("DeeperGATGNN graph of {gid}: {why}");
        let golden = Npz::open(&at.join(format!("{gid}.npz")))?;
        let graph = nearest_image_graph(&structure, &NearestImageGraph::default())
            .map_err(|error| said(error.to_string()))?;
        let ends = golden.whole("edge_index")?;
        let weight = golden.floats("edge_weight")?;
        let count = weight.len();
        let mut theirs: Vec<Edge> = (0..count)
            .map(|k| (ends[k], ends[count + k], [weight[k], 0.0, 0.0]))
            .collect();
        let mut ours: Vec<Edge> = (0..graph.edges())
            .map(|k| {
                let length = f64::from(graph.distance[k]);
                let ends = (i64::from(graph.dst[k]), i64::from(graph.src[k]));
                (ends.0, ends.1, [length, 0.0, 0.0])
            })
            .collect();
        if ours.len() != count {
            return Err(said(format!("{} edges, not {count}", ours.len())));
        }
        summary.edges += ours.len();
        let mut last = vec![0.0_f64; structure.sites()];
        for edge in &ours {
            last[edge.0 as usize] = last[edge.0 as usize].max(edge.2[0]);
        }
        let off = cancel(&mut ours, &mut theirs, ALLOWED);
        summary.length = summary.length.max(off);
        for edge in ours.iter().chain(&theirs) {
            if (edge.2[0] - last[edge.0 as usize]).abs() > TIE {
                return Err(said(format!("edge {edge:?} is no tie")));
            }
        }
        summary.ties += ours.len() + theirs.len();
        summary.structures += 1;
    }
    summary.judge("DeeperGATGNN graphs")
}
