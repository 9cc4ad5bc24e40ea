//! One graph: a graph comes in, its bytes go out, and back.
//!
//! | field | kind |
//! |---|---|
//! | cutoff | f64 |
//! | nodes, edges, flags | u32 each |
//! | atomic number, per node | u8 |
//! | end of the row, per node | u32 |
//! | source, per edge | u16 or, with flag 2, u32 |
//! | image, per edge | three i8 or, with flag 4, three i32 |
//! | displacement, per edge | three f32 |
//! | distance, per edge | f32 |
//!
//! Flag 1: the graph has a line graph.

use super::super::super::element::Element;
use super::super::super::neighbours::MAX_PAIRS;
use super::super::super::structure::MAX_SITES;
use super::super::{CrystalGraph, line_graph};

const LINE: u32 = 1;
const WIDE_SOURCE: u32 = 2;
const WIDE_IMAGE: u32 = 4;

/// Append the bytes of a graph; else what is wrong with it.
pub(super) fn write(graph: &CrystalGraph, out: &mut Vec<u8>) -> Result<(), &'static str> {
    check(graph)?;
    let nodes = u32::try_from(graph.nodes()).map_err(|_| "too many nodes")?;
    let edges = u32::try_from(graph.edges()).map_err(|_| "too many edges")?;
    let wide_source = graph.nodes() > usize::from(u16::MAX);
    let mut images = graph.image.iter().flatten();
    let wide_image = images.any(|&n| i8::try_from(n).is_err());
    let flag = |set: bool, flag: u32| if set { flag } else { 0 };
    let flags = flag(graph.line.is_some(), LINE)
        | flag(wide_source, WIDE_SOURCE)
        | flag(wide_image, WIDE_IMAGE);
    out.extend_from_slice(&graph.cutoff.to_le_bytes());
    for head in [nodes, edges, flags] {
        out.extend_from_slice(&head.to_le_bytes());
    }
    out.extend(graph.species.iter().map(|element| element.z()));
    out.extend(graph.rows.iter().skip(1).flat_map(|end| end.to_le_bytes()));
    if wide_source {
        out.extend(graph.src.iter().flat_map(|src| src.to_le_bytes()));
    } else {
        out.extend(graph.src.iter().flat_map(|&src| (src as u16).to_le_bytes()));
    }
    let images = graph.image.iter().flatten();
    if wide_image {
        out.extend(images.flat_map(|n| n.to_le_bytes()));
    } else {
        out.extend(images.flat_map(|&n| (n as i8).to_le_bytes()));
    }
    let displacements = graph.displacement.iter().flatten();
    out.extend(displacements.flat_map(|x| x.to_le_bytes()));
    out.extend(graph.distance.iter().flat_map(|x| x.to_le_bytes()));
    Ok(())
}

/// The graph of these bytes, whose checksum must be `sum`; else what is wrong.
pub(super) fn read((body, sum): (&[u8], &[u8])) -> Result<CrystalGraph, &'static str> {
    if super::checksum(body) != *sum {
        return Err("its checksum differs");
    }
    let mut rest = Rest(body);
    let cutoff = f64::from_le_bytes(rest.one()?);
    let nodes = u32::from_le_bytes(rest.one()?) as usize;
    let edges = u32::from_le_bytes(rest.one()?) as usize;
    let flags = u32::from_le_bytes(rest.one()?);
    if flags & !(LINE | WIDE_SOURCE | WIDE_IMAGE) != 0 {
        return Err("it has unknown flags");
    }
    let species = rest.many(nodes, |[z]| Element::from_z(z))?;
    let species: Option<Vec<Element>> = species.into_iter().collect();
    let species = species.ok_or("it has an atom of no known element")?;
    let mut rows = rest.many(nodes, u32::from_le_bytes)?;
    rows.insert(0, 0);
    let src = if flags & WIDE_SOURCE != 0 {
        rest.many(edges, u32::from_le_bytes)?
    } else {
        rest.many(edges, |b| u32::from(u16::from_le_bytes(b)))?
    };
    let image = if flags & WIDE_IMAGE != 0 {
        rest.many(edges, |b: [u8; 12]| triple(b, i32::from_le_bytes))?
    } else {
        rest.many(edges, |b: [u8; 3]| b.map(|n| i32::from(n.cast_signed())))?
    };
    let displacement = rest.many(edges, |b: [u8; 12]| triple(b, f32::from_le_bytes))?;
    let distance = rest.many(edges, f32::from_le_bytes)?;
    if !rest.0.is_empty() {
        return Err("it is followed by other bytes");
    }
    let mut graph = CrystalGraph {
        species,
        dst: destinations(&rows, edges)?,
        rows,
        src,
        image,
        displacement,
        distance,
        cutoff,
        line: None,
    };
    check(&graph)?;
    if flags & LINE != 0 {
        let line = line_graph(&graph).map_err(|_| "its edges make no line graph")?;
        graph.line = Some(line);
    }
    Ok(graph)
}

/// The node of each edge, by where the rows of the nodes end.
fn destinations(rows: &[u32], edges: usize) -> Result<Vec<u32>, &'static str> {
    let mut dst = Vec::with_capacity(edges);
    for (node, &end) in rows.iter().skip(1).enumerate() {
        let end = end as usize;
        if end < dst.len() || end > edges {
            return Err("the rows of its nodes do not follow each other");
        }
        dst.resize(end, node as u32);
    }
    if dst.len() != edges {
        return Err("the rows of its nodes do not hold all edges");
    }
    Ok(dst)
}

/// Whether the lists of a graph fit each other; else what does not.
fn check(graph: &CrystalGraph) -> Result<(), &'static str> {
    let (nodes, edges) = (graph.nodes(), graph.edges());
    if nodes > MAX_SITES || edges > MAX_PAIRS {
        return Err("it is too large");
    }
    if graph.rows.len() != nodes + 1 || graph.rows.first() != Some(&0) {
        return Err("its rows are not one per node");
    }
    let lengths = [
        graph.dst.len(),
        graph.image.len(),
        graph.displacement.len(),
        graph.distance.len(),
    ];
    if lengths.iter().any(|&length| length != edges) {
        return Err("its lists are not one entry per edge");
    }
    if graph.dst != destinations(&graph.rows, edges)? {
        return Err("its edges are not sorted by destination");
    }
    if graph.src.iter().any(|&src| src as usize >= nodes) {
        return Err("an edge comes from no node");
    }
    let lengths = graph
        .distance
        .iter()
        .chain(graph.displacement.iter().flatten());
    if !graph.cutoff.is_finite() || lengths.into_iter().any(|x| !x.is_finite()) {
        return Err("a length is not finite");
    }
    Ok(())
}

/// What has not been read yet.
struct Rest<'a>(&'a [u8]);

impl Rest<'_> {
    fn one<const N: usize>(&mut self) -> Result<[u8; N], &'static str> {
        let (one, rest) = self.0.split_first_chunk::<N>().ok_or("it is cut off")?;
        self.0 = rest;
        Ok(*one)
    }

    fn many<const N: usize, T>(
        &mut self,
        count: usize,
        of: impl Fn([u8; N]) -> T,
    ) -> Result<Vec<T>, &'static str> {
        // No memory is taken before the bytes are seen to be there.
        let length = count.checked_mul(N).ok_or("it is cut off")?;
        let (these, rest) = self.0.split_at_checked(length).ok_or("it is cut off")?;
        self.0 = rest;
        Ok(these.as_chunks::<N>().0.iter().map(|b| of(*b)).collect())
    }
}

fn triple<T>(bytes: [u8; 12], of: impl Fn([u8; 4]) -> T) -> [T; 3] {
    let [a, b, c, d, e, f, g, h, i, j, k, l] = bytes;
    [of([a, b, c, d]), of([e, f, g, h]), of([i, j, k, l])]
}
