//! Products of which many have something in common, each done by one thread: a right factor
//! that is made ready once, a sum that all are added to. In: rows. Out: rows, or the sum.

use super::{Shape, View, check, multiply, turned};
#[cfg(target_arch = "x86_64")]
use super::{pack, split};

/// A right factor that many products have in common.
pub(crate) struct Right {
    depth: usize,
    columns: usize,
    kind: Kind,
}

enum Kind {
    /// Row-major.
    Plain(Vec<f32>),
    #[cfg(target_arch = "x86_64")]
    Split(split::Right),
}

/// Room for the work of one thread, used again and again.
#[derive(Default)]
pub(crate) struct Room {
    #[cfg(target_arch = "x86_64")]
    left: pack::Panels,
    #[cfg(target_arch = "x86_64")]
    right: pack::Panels,
}

impl Right {
    /// `bᵀ`, for `b` of `columns` rows `depth` long, to be multiplied with about so many rows.
    pub(crate) fn turned(b: &[f32], columns: usize, depth: usize, rows: usize) -> Right {
        let shape = Shape {
            rows,
            columns,
            depth,
        };
        Right {
            depth,
            columns,
            kind: Kind::new(turned(b, depth), shape),
        }
    }

    /// `c = a·b`, or `c += a·b` if `onto`, for `a` of rows `depth` long, on this thread.
    #[cfg_attr(
        not(target_arch = "x86_64"),
        allow(unused_variables, reason = "only a tile unit needs room")
    )]
    pub(crate) fn multiply(&self, room: &mut Room, a: &[f32], c: &mut [f32], onto: bool) {
        let a = View::rows(a, self.depth);
        let shape = Shape {
            rows: c.len() / self.columns.max(1),
            columns: self.columns,
            depth: self.depth,
        };
        match &self.kind {
            Kind::Plain(b) => multiply(shape, a, View::rows(b, self.columns), c, onto),
            #[cfg(target_arch = "x86_64")]
            Kind::Split(b) => b.multiply(&mut room.left, (a, 0), c, onto),
        }
    }
}

impl Kind {
    #[cfg(target_arch = "x86_64")]
    fn new(b: Vec<f32>, shape: Shape) -> Kind {
        let view = View::rows(&b, shape.columns);
        match split::serves(shape, View::rows(&[], shape.depth), view) {
            true => Kind::Split(split::Right::new(view, shape.columns, shape.depth)),
            false => Kind::Plain(b),
        }
    }

    #[cfg(not(target_arch = "x86_64"))]
    fn new(b: Vec<f32>, _: Shape) -> Kind {
        Kind::Plain(b)
    }
}

/// `c += aᵀ·b`, for `a` and `b` of `shape.depth` rows, on this thread.
#[cfg_attr(
    not(target_arch = "x86_64"),
    allow(unused_variables, reason = "only a tile unit needs room")
)]
pub(crate) fn accumulate(
    room: &mut Room,
    shape: Shape,
    a: &[f32],
    b: &[f32],
    c: &mut [f32],
) {
    let (a, b) = (View::rows(a, shape.rows), View::rows(b, shape.columns));
    check(shape, a.turned(), b, c);
    #[cfg(target_arch = "x86_64")]
    if split::serves(shape, a.turned(), b) {
        let room = [&mut room.left, &mut room.right];
        return split::accumulate(room, shape, a, b, c);
    }
    multiply(shape, a.turned(), b, c, true);
}
