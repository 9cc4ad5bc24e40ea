//! A ball within a convex cell: the cell and a radius come in, the volume of what the
//! two share goes out, exact but for rounding.

#![allow(
    clippy::indexing_slicing,
    reason = "corners are numbers of the cell's own vertices"
)]

use std::f64::consts::FRAC_PI_2;

use crate::chem::voronoi::{Face, VoronoiCell};

type Vec3 = [f64; 3];

/// Volume of the ball of `radius` around the cell's site that lies within the cell, Å^3.
///
/// The cell is the sum of the cones from the site over its faces, taken away where a
/// face lies on the site's near side (a radical cell may not hold its site). Of each cone
/// ∫ min(r, ρ)³/3 dΩ is wanted, ρ being the distance to the face's plane: see [`wedge`].
pub(super) fn within(cell: &VoronoiCell, radius: f64) -> f64 {
    let faces = cell.faces.iter();
    let sum: f64 = faces
        .map(|face| cone(cell, face, radius).copysign(face.plane))
        .sum();
    sum.max(0.0)
}

/// The ball's share of the cone over one face.
fn cone(cell: &VoronoiCell, face: &Face, radius: f64) -> f64 {
    let height = face.plane.abs();
    let corners = cell.corners(face);
    if height == 0.0 || corners.len() < 3 {
        return 0.0;
    }
    let at = |k: usize| &cell.vertices[corners[k % corners.len()] as usize];
    let normal = face.normal;
    let foot = normal.map(|n| n * face.plane);
    let mut sum = 0.0;
    for k in 0..corners.len() {
        let (a, b) = (sub(at(k), &foot), sub(at(k + 1), &foot));
        let edge = sub(&b, &a);
        let length = dot(&edge, &edge).sqrt();
        if length == 0.0 {
            continue;
        }
        // Twice the signed area of foot, a, b over the edge: the foot's distance.
        let side = dot(&cross(&a, &b), &normal) / length;
        let along = |p: &Vec3| dot(p, &edge) / length;
        let share = |p: &Vec3| wedge(height, side.abs(), along(p), radius);
        sum += (share(&b) - share(&a)).copysign(side);
    }
    sum.abs()
}

/// The ball's share of the cone over a right triangle in a plane at distance `h`: its
/// corners are the foot of the centre, the foot of an edge at distance `d` from there,
/// and the point `t` along that edge; odd in `t`.
///
/// With polar coordinates R, θ in the plane, dΩ = h R dR dθ / (h² + R²)^(3/2). Within
/// R0 = √(r² − h²) the plane bounds the cone and gives ∫ h R²/6 dθ; beyond it the ball
/// does, and gives r³/3 ∫ (h/√(h² + R0²) − h/√(h² + R²)) dθ. On the edge R = d / cos θ,
/// where ∫ h/√(h² + R²) dθ = asin(h sin θ / √(h² + d²)) and ∫ R² dθ = d² tan θ.
fn wedge(h: f64, d: f64, t: f64, r: f64) -> f64 {
    let end = libm::atan2(t.abs(), d);
    let slant = (h * h + d * d).sqrt();
    let bent = |angle: f64| libm::asin((h * libm::sin(angle) / slant).min(1.0));
    let ball = r * r * r / 3.0;
    let volume = if h >= r {
        ball * (end - bent(end))
    } else {
        let inner_square = r * r - h * h;
        let inner = inner_square.sqrt();
        // From this angle on the edge lies outside the ball.
        let leaves = if d < inner {
            libm::acos(d / inner)
        } else {
            0.0
        };
        let flat_to = end.min(leaves);
        let flat = if flat_to >= FRAC_PI_2 {
            0.0
        } else {
            h / 6.0 * d * d * libm::tan(flat_to)
        };
        let round = (end - leaves).max(0.0);
        let outer = if round > 0.0 {
            h / 6.0 * inner_square * round
                + ball * (h / r * round - (bent(end) - bent(leaves)))
        } else {
            0.0
        };
        flat + outer
    };
    volume.copysign(t)
}

fn dot(u: &Vec3, v: &Vec3) -> f64 {
    u[0] * v[0] + u[1] * v[1] + u[2] * v[2]
}

fn sub(u: &Vec3, v: &Vec3) -> Vec3 {
    [u[0] - v[0], u[1] - v[1], u[2] - v[2]]
}

fn cross(u: &Vec3, v: &Vec3) -> Vec3 {
    [
        u[1] * v[2] - u[2] * v[1],
        u[2] * v[0] - u[0] * v[2],
        u[0] * v[1] - u[1] * v[0],
    ]
}
