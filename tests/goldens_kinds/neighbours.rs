//! Neighbour lists against pymatgen's: `neighbors.npz` of a folder of goldens.

use std::path::Path;

use tmo::chem::neighbours::{Neighbours, Search};

use super::npz::Npz;
use super::structures;

/// What was compared, and how far off it was.
#[derive(Debug)]
pub struct Summary {
    pub structures: usize,
    pub pairs: usize,
    /// Largest difference of a distance, Å.
    pub distance: f64,
    /// Largest difference of a sum of distances, relative.
    pub sum: f64,
}

/// A distance may differ so much, Å, and a sum relatively.
const ALLOWED: f64 = 1e-9;

/// Every list at 8 Å by its entries, those at 5, 6, 8 and 12 Å by counts and sums.
pub fn check(folder: &Path) -> Result<Summary, String> {
    let goldens = Npz::open(&folder.join("neighbors.npz"))?;
    let mut summary = Summary {
        structures: 0,
        pairs: 0,
        distance: 0.0,
        sum: 0.0,
    };
    let (mut search, mut list) = (Search::new(), Neighbours::default());
    for (gid, structure) in structures::read(folder)? {
        for cutoff in [5, 6, 8, 12] {
            let said = |why: &str| format!("{gid} at {cutoff} Å: {why}");
            search
                .run(&structure, f64::from(cutoff), &mut list)
                .map_err(|error| said(&error.to_string()))?;
            let counts = goldens.whole(&format!("{gid}_count_{cutoff}"))?;
            let ours = list.offsets().windows(2).map(|w| i64::from(w[1] - w[0]));
            if !ours.eq(counts) {
                return Err(said("other numbers of neighbours"));
            }
            let golden = goldens.floats(&format!("{gid}_sumd_{cutoff}"))?[0];
            let sum: f64 = list.distance().iter().sum();
            summary.sum = summary.sum.max((sum / golden - 1.0).abs());
            if cutoff == 8 {
                let worst = compare(&goldens, &gid, &list).map_err(|why| said(&why))?;
                summary.distance = summary.distance.max(worst);
                summary.pairs += list.pairs();
            }
        }
        summary.structures += 1;
    }
    if summary.structures == 0 || summary.distance > ALLOWED || summary.sum > ALLOWED {
        return Err(format!("neighbours differ: {summary:?}"));
    }
    Ok(summary)
}

/// Entries by centre, neighbour and image; the largest difference of a distance.
fn compare(goldens: &Npz, gid: &str, list: &Neighbours) -> Result<f64, String> {
    let centre = goldens.whole(&format!("{gid}_c"))?;
    let point = goldens.whole(&format!("{gid}_p"))?;
    let image = goldens.triples(&format!("{gid}_im"))?;
    let distance = goldens.floats(&format!("{gid}_d"))?;
    let mut theirs: Vec<_> = (0..centre.len())
        .map(|k| {
            let image = image[k].map(|x| x as i32);
            ((centre[k], point[k], image), distance[k])
        })
        .collect();
    let mut ours: Vec<_> = (0..list.centres())
        .flat_map(|centre| {
            let row = list.row(centre);
            (0..row.index.len()).map(move |k| {
                let point = i64::from(row.index[k]);
                ((centre as i64, point, row.image[k]), row.distance[k])
            })
        })
        .collect();
    theirs.sort_by_key(|entry| entry.0);
    ours.sort_by_key(|entry| entry.0);
    let mut worst = 0.0_f64;
    for (ours, theirs) in ours.iter().zip(&theirs) {
        if ours.0 != theirs.0 {
            return Err(format!("{:?} for {:?}", ours.0, theirs.0));
        }
        worst = worst.max((ours.1 - theirs.1).abs());
    }
    Ok(worst)
}
