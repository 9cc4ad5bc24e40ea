//! A network as wide as real ones, on as many bonds and angles: its matrix products are
//! cut into tiles, its sums into blocks, its chains into tasks.

use super::super::super::lower::tests::compare_from;
use super::*;
use crate::draw::Draws;

const WIDTH: usize = 64;

/// An edge-gated convolution, a layer over rows side by side, attention by index.
fn wide() -> Graph {
    build(&|b| {
        let (src, dst) = (link(Link::Src), link(Link::Dst));
        let z = b.field("z", Field::Species)?;
        let x = b.embedding("e", z, 7, WIDTH, Init::Uniform(0.5))?;
        let d = b.field("d", Field::Distance)?;
        let y = b.gaussians("g", d, 40, (0.0, 2.0), 0.2)?;
        let y = b.dense("y", y, WIDTH, true, Init::Kaiming)?;
        let c = b.field("c", Field::Cosine)?;
        let t = b.gaussians("g", c, 20, (-1.0, 1.0), 0.3)?;
        let t = b.dense("t", t, WIDTH, true, Init::Kaiming)?;
        // Messages along angles to bonds.
        let p = b.dense("p", y, WIDTH, true, Init::Kaiming)?;
        let p = b.gather("p", p, &link(Link::LineSrc))?;
        let m = b.add("m", p, t)?;
        let m = b.batch_norm("n", m, 1e-3, 0.1)?;
        let gate = b.sigmoid("gate", m)?;
        let s = b.gather("s", y, &link(Link::LineSrc))?;
        let s = b.multiply("s", gate, s)?;
        let s = b.group("s", s, &link(Link::LineDst), Grouping::Sum)?;
        let y = b.add("y", y, s)?;
        // Both ends and the bond side by side.
        let here = b.gather("here", x, &src)?;
        let there = b.gather("there", x, &dst)?;
        let all = b.gather("all", x, &dst)?;
        let all = b.multiply("all", all, y)?;
        let both = b.concat("both", &[here, all, there])?;
        let h = b.dense("h", both, 96, true, Init::Kaiming)?;
        let h = b.softplus("h", h)?;
        let h = b.dense("h2", h, WIDTH, false, Init::Kaiming)?;
        let score = b.multiply("score", h, there)?;
        let score = b.sum_last("score", score)?;
        let share = b.softmax_group("share", score, &dst)?;
        let h = b.multiply("h", h, share)?;
        let h = b.group("h", h, &dst, Grouping::Sum)?;
        let x = b.add("x", x, h)?;
        let x = b.group("rows", x, &link(Link::AtomRow), Grouping::Mean)?;
        b.dense("out", x, 1, true, Init::Glorot)
    })
}

fn bits(values: &[f32]) -> Vec<u32> {
    values.iter().map(|x| x.to_bits()).collect()
}

#[test]
fn a_wide_network_is_the_plain_one_and_threads_do_not_matter() {
    let owned: Vec<Owned> = (0..12)
        .map(|k| Owned::new(12 + k % 5, 90 + k, 250, 300 + k as u64, k % 3 > 0))
        .collect();
    let mut sorted: Vec<Owned> = Vec::new();
    sorted.extend((0..12).map(|k| Owned::new(15, 95, 260, 400 + k, true)));
    let graph = wide();
    let weights = Weights::start(&graph, &Draws::new(1, 2));
    for (which, owned) in [("mixed", owned), ("sorted", sorted)] {
        let all = views(&owned);
        compare_from(which, &graph, &weights, |program| {
            Batch::new(&program.needs, Features::Crystals(&all), 0..all.len())
        });
        let targets = random(all.len(), 3);
        let ids: Vec<u64> = (0..all.len() as u64).collect();
        let rows = Rows {
            features: Features::Crystals(&all),
            targets: &targets,
            ids: &ids,
        };
        let look = |threads: usize| {
            let threads = Threads::new(Some(threads)).unwrap();
            gradients(&graph, &weights, rows, Loss::Mse, &threads).unwrap()
        };
        let one = look(1);
        for count in [2, 5] {
            let other = look(count);
            let what = format!("{which}, {count} threads");
            assert_eq!(one.loss.to_bits(), other.loss.to_bits(), "{what}");
            assert_eq!(bits(&one.output), bits(&other.output), "{what}");
            for (one, other) in [
                (&one.gradients, &other.gradients),
                (&one.followed, &other.followed),
            ] {
                for ((name, _, a), (_, _, b)) in one.iter().zip(other.iter()) {
                    assert!(bits(a) == bits(b), "{what}: {name}");
                }
            }
        }
    }
}
