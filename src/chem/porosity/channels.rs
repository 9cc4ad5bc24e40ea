//! The ways through a crystal: radical Voronoi cells and radii come in, the largest
//! sphere that fits and the largest that passes go out.
//!
//! Nodes are the vertices of all cells; copies of one point in neighbouring cells are
//! one node. A node knows how far its image lies from that of the node it was joined to,
//! in whole lattice vectors: a path that comes back to its start in another image goes
//! through the crystal.

#![allow(
    clippy::indexing_slicing,
    reason = "nodes are numbered by construction"
)]

use crate::chem::voronoi::{Face, Tessellator, VoronoiCell, VoronoiError};

type Vec3 = [f64; 3];

/// Radii of the largest included and free sphere, Å; negative where spheres overlap.
#[derive(Clone, Copy, Debug)]
pub(super) struct Spheres {
    pub(super) included: f64,
    pub(super) free: f64,
}

/// An edge of a cell: its ends as nodes, and the largest sphere that passes along it.
struct Passage {
    width: f64,
    ends: [usize; 2],
}

/// Corners of a face and of its other side are the same points if they lie closer, in
/// parts of the cell's size.
const SAME: f64 = 1e-7;

pub(super) fn spheres(
    tessellator: &mut Tessellator,
    cells: &[VoronoiCell],
    radii: &[f64],
) -> Result<Spheres, VoronoiError> {
    let mut first = Vec::with_capacity(cells.len());
    let mut nodes = 0;
    for cell in cells {
        first.push(nodes);
        nodes += cell.vertices.len();
    }
    let mut joined = Joined::new(nodes);
    for (site, cell) in cells.iter().enumerate() {
        for face in &cell.faces {
            join_sides(&mut joined, cells, &first, site, face);
        }
    }
    let mut included = f64::NEG_INFINITY;
    let mut passages = Vec::with_capacity(nodes * 3 / 2);
    let mut others = Vec::new();
    for (site, cell) in cells.iter().enumerate() {
        larger_around(tessellator, cell, site, radii, &mut others)?;
        let width = |a: &Vec3, b: &Vec3| width(a, b, radii[site], &others);
        for vertex in &cell.vertices {
            included = included.max(width(vertex, vertex));
        }
        for &[a, b] in &cell.edges {
            let [p, q] = [a, b].map(|v| &cell.vertices[v as usize]);
            passages.push(Passage {
                width: width(p, q),
                ends: [a, b].map(|v| first[site] + v as usize),
            });
        }
    }
    passages.sort_by(|p, q| q.width.total_cmp(&p.width).then(p.ends.cmp(&q.ends)));
    for passage in &passages {
        let [a, b] = passage.ends;
        if joined.join(a, b, [0; 3]) {
            let free = passage.width;
            return Ok(Spheres { included, free });
        }
    }
    let free = f64::NEG_INFINITY;
    Ok(Spheres { included, free })
}

/// Join the corners of a face with those of its other side.
fn join_sides(
    joined: &mut Joined,
    cells: &[VoronoiCell],
    first: &[usize],
    site: usize,
    face: &Face,
) {
    let (here, there) = (&cells[site], &cells[face.neighbour]);
    let back = face.image.map(|n| -n);
    let is_twin = |other: &&Face| other.neighbour == site && other.image == back;
    let Some(twin) = there.faces.iter().find(is_twin) else {
        return;
    };
    let to = face.normal.map(|n| n * face.distance);
    let size = face.distance + face.area.sqrt();
    for &corner in here.corners(face) {
        let point = sub(&here.vertices[corner as usize], &to);
        let square = |&&v: &&u32| {
            let apart = sub(&there.vertices[v as usize], &point);
            dot(&apart, &apart)
        };
        let same = there
            .corners(twin)
            .iter()
            .min_by(|a, b| square(a).total_cmp(&square(b)));
        if let Some(same) = same
            && square(&same) < (SAME * size) * (SAME * size)
        {
            let ends = [
                first[site] + corner as usize,
                first[face.neighbour] + *same as usize,
            ];
            // The same point: no way through, whatever the images.
            joined.join(ends[0], ends[1], face.image);
        }
    }
}

/// Spheres larger than the site's own that can come nearer to a point of its cell than
/// its own: others cannot, since in the cell |x|² − r_i² ≤ |x − p_j|² − r_j².
fn larger_around(
    tessellator: &mut Tessellator,
    cell: &VoronoiCell,
    site: usize,
    radii: &[f64],
    others: &mut Vec<(Vec3, f64)>,
) -> Result<(), VoronoiError> {
    others.clear();
    let own = radii[site];
    let largest = radii.iter().copied().fold(0.0, f64::max);
    if largest <= own || cell.vertices.is_empty() {
        return Ok(());
    }
    let square = cell.vertices.iter().map(|v| dot(v, v)).fold(0.0, f64::max);
    // A sphere matters only if its surface may be nearer than the own one's is.
    let reach = 2.0 * square.sqrt() - own + largest;
    let mut around = Vec::new();
    tessellator.around(site, reach.max(0.0), &mut around)?;
    let larger = around.iter().filter(|(other, _)| radii[*other] > own);
    others.extend(larger.map(|&(other, vector)| (vector, radii[other])));
    Ok(())
}

/// The largest sphere that can move from a to b: the least distance of the line between
/// them from a surface.
fn width(a: &Vec3, b: &Vec3, own: f64, others: &[(Vec3, f64)]) -> f64 {
    let edge = sub(b, a);
    let length_square = dot(&edge, &edge);
    let from = |centre: &Vec3| {
        let to = sub(centre, a);
        let along = if length_square > 0.0 {
            (dot(&to, &edge) / length_square).clamp(0.0, 1.0)
        } else {
            0.0
        };
        let apart = sub(&to, &edge.map(|x| x * along));
        dot(&apart, &apart).sqrt()
    };
    let mut least = from(&[0.0; 3]) - own;
    for (centre, radius) in others {
        least = least.min(from(centre) - radius);
    }
    least
}

/// Nodes joined so far (union–find): each knows a node of its group and how many
/// lattice vectors its image lies from that one's.
struct Joined {
    parent: Vec<usize>,
    offset: Vec<[i32; 3]>,
}

impl Joined {
    fn new(nodes: usize) -> Joined {
        Joined {
            parent: (0..nodes).collect(),
            offset: vec![[0; 3]; nodes],
        }
    }

    /// The group's node, and the image of `node` relative to it.
    fn root(&mut self, node: usize) -> (usize, [i32; 3]) {
        let (mut root, mut image) = (node, [0; 3]);
        while self.parent[root] != root {
            image = add(&image, &self.offset[root]);
            root = self.parent[root];
        }
        // Everything on the way points at it from now on.
        let (mut at, mut rest) = (node, image);
        while self.parent[at] != root && at != root {
            let (next, step) = (self.parent[at], self.offset[at]);
            self.parent[at] = root;
            self.offset[at] = rest;
            rest = [0, 1, 2].map(|k| rest[k] - step[k]);
            at = next;
        }
        (root, image)
    }

    /// Join `b` in image `image` with `a`. True if the two were joined already in
    /// another image.
    fn join(&mut self, a: usize, b: usize, image: [i32; 3]) -> bool {
        let ((ra, ia), (rb, ib)) = (self.root(a), self.root(b));
        // Node x of group root r lies where r's image i_x is: b's copy that touches a
        // has its root at ia + image − ib.
        let apart = [0, 1, 2].map(|k| ia[k] + image[k] - ib[k]);
        if ra == rb {
            return apart != [0; 3];
        }
        self.parent[rb] = ra;
        self.offset[rb] = apart;
        false
    }
}

fn dot(u: &Vec3, v: &Vec3) -> f64 {
    u[0] * v[0] + u[1] * v[1] + u[2] * v[2]
}

fn sub(u: &Vec3, v: &Vec3) -> Vec3 {
    [u[0] - v[0], u[1] - v[1], u[2] - v[2]]
}

fn add(u: &[i32; 3], v: &[i32; 3]) -> [i32; 3] {
    [u[0] + v[0], u[1] + v[1], u[2] + v[2]]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_ring_closes_only_in_another_image() {
        let mut joined = Joined::new(4);
        assert!(!joined.join(0, 1, [0; 3]));
        assert!(!joined.join(1, 2, [1, 0, 0]));
        assert!(!joined.join(3, 2, [0, -2, 0]));
        // 0 → 1 → 2 is one image along a.
        assert!(!joined.join(0, 2, [1, 0, 0]));
        assert!(joined.join(0, 2, [0; 3]));
        // 3 is at 2's image plus (0, 2, 0).
        assert!(!joined.join(0, 3, [1, 2, 0]));
        assert!(joined.join(3, 3, [0, 0, 1]));
    }
}
