//! Fused programs against the same networks one operation at a time.

use super::super::batch::Batch;
use super::super::layers::Map;
use super::super::layers::differences::random;
use super::super::lower::tests::compare;
use super::super::lower::{Kernel, Program};
use super::super::run::crystal_tests::{Owned, networks, views};
use super::super::run::tests::{curved, graphs, vectors};
use super::super::{Domain, Features, Field, GraphBuilder, Grouping, Init, Link, Route};
use super::{Expr, Leaf, Reach, Source};

#[test]
fn fused_networks_over_crystals_are_the_plain_ones() {
    let mixed = super::super::run::crystal_tests::crystals();
    let large: Vec<Owned> = (0..12)
        .map(|k| Owned::new(9 + k % 5, 170 + k, 900, 100 + k as u64, k % 2 == 0))
        .collect();
    let sorted: Vec<Owned> = (0..12)
        .map(|k| Owned::new(9 + k % 5, 170 + k, 900, 100 + k as u64, true))
        .collect();
    for (k, graph) in networks().iter().enumerate() {
        for (which, all) in [&mixed, &large, &sorted].into_iter().enumerate() {
            let all = views(all);
            let ways = compare(&format!("network {k}, {which}"), graph, |program| {
                Batch::new(&program.needs, Features::Crystals(&all), 0..all.len())
            });
            assert!(ways.chains().count() > 0, "network {k} has no chain");
        }
    }
}

#[test]
fn fused_networks_over_vectors_are_the_plain_ones() {
    for (k, graph) in graphs().iter().chain(&curved()).enumerate() {
        compare(&format!("network {k}"), graph, |program| {
            vectors(program, &random(40 * 18, 5))
        });
    }
}

#[test]
fn a_dense_layer_over_gathered_rows_is_done_before() {
    // MEGNet's and AGAT's way: one layer over rows of several domains side by side, the
    // second with a weight that two ends share.
    let build = |shared: bool| {
        super::super::run::crystal_tests::build(&|b| {
            let z = b.field("z", Field::Species)?;
            let x = b.embedding("e", z, 7, 3, Init::Uniform(0.5))?;
            let d = b.field("d", Field::Distance)?;
            let y = b.gaussians("g", d, 4, (0.0, 2.0), 0.8)?;
            let all = b.group("all", x, &Route::new(Link::AtomRow), Grouping::Sum)?;
            let (src, dst) = (Route::new(Link::Src), Route::new(Link::Dst));
            let from = b.gather("from", x, &src)?;
            let to = b.gather("to", x, &dst)?;
            let u = b.gather("u", all, &Route::new(Link::BondRow))?;
            let first = b.concat("first", &[from, y, u])?;
            let second = b.concat("second", &[to, y, u])?;
            if shared {
                b.shared("layer");
            }
            let other = if shared { "layer" } else { "other" };
            let first = b.dense("layer", first, 5, true, Init::Kaiming)?;
            let first = b.relu("relu", first)?;
            let second = b.dense(other, second, 5, true, Init::Kaiming)?;
            let both = b.multiply("both", first, second)?;
            let heard = b.group("heard", both, &dst, Grouping::Sum)?;
            let rows =
                b.group("rows", heard, &Route::new(Link::AtomRow), Grouping::Mean)?;
            b.dense("out", rows, 1, true, Init::Glorot)
        })
    };
    for shared in [false, true] {
        let graph = build(shared);
        let over = |program: &Program, domain| {
            let dense = program.steps.iter().filter(|step| {
                let of = program
                    .values
                    .get(step.output)
                    .and_then(|value| value.domain);
                matches!(step.kernel, Kernel::Dense(_)) && of == Some(domain)
            });
            dense.count()
        };
        let program = Program::new(&graph);
        // Over bonds only what stands for bonds, once where the weight is shared.
        let bonds = if shared { 1 } else { 2 };
        assert_eq!(over(&program, Domain::Bonds), bonds);
        let atoms = if shared { 1 } else { 2 };
        assert_eq!(over(&program, Domain::Atoms), atoms);
        let mixed = super::super::run::crystal_tests::crystals();
        let all = views(&mixed);
        compare(&format!("shared: {shared}"), &graph, |program| {
            Batch::new(&program.needs, Features::Crystals(&all), 0..all.len())
        });
    }
}

#[test]
fn a_function_that_alone_reads_a_dense_layer_is_done_within_it() {
    let mut b = GraphBuilder::new();
    let x = b.input("x", &[18]).unwrap();
    // Taken in, with the constant after it.
    let x = b.dense("shifted", x, 9, true, Init::Kaiming).unwrap();
    let x = b.softplus("softplus", x).unwrap();
    let less = b.scalar("ln 2", std::f64::consts::LN_2).unwrap();
    let x = b.subtract("less", x, less).unwrap();
    // Read before and after it, so not taken in; nor is what needs its input on the way back.
    let x = b.dense("twice", x, 8, true, Init::Kaiming).unwrap();
    let open = b.sigmoid("open", x).unwrap();
    let x = b.multiply("gated", open, x).unwrap();
    let x = b.dense("curved", x, 7, false, Init::Kaiming).unwrap();
    let x = b.silu("silu", x).unwrap();
    let x = b.dense("bounded", x, 6, true, Init::Kaiming).unwrap();
    let x = b.tanh("tanh", x).unwrap();
    let x = b.dense("out", x, 1, true, Init::Kaiming).unwrap();
    let graph = b.finish(x).unwrap();
    let then: Vec<Option<Map>> = Program::new(&graph)
        .steps
        .iter()
        .filter_map(|step| match &step.kernel {
            Kernel::Dense(dense) => Some(dense.then),
            _ => None,
        })
        .collect();
    let softplus = Map::Softplus(-std::f32::consts::LN_2);
    let expected = [Some(softplus), None, None, Some(Map::Tanh), None];
    assert_eq!(then, expected);
    compare("functions", &graph, |program| {
        vectors(program, &random(40 * 18, 5))
    });
}

#[test]
fn the_way_back_of_a_chain_reads_what_the_chain_kept() {
    for graph in networks() {
        let program = Program::new(&graph);
        for step in &program.steps {
            let Kernel::Chain(chained) = &step.kernel else {
                continue;
            };
            let Some(back) = &chained.back else { continue };
            for store in &chained.chain.stores {
                let made = back.second.exprs.expr(store.expr);
                let kept = Leaf {
                    source: Source::Value(store.value),
                    reach: Reach::Rows,
                };
                assert_eq!(made, &Expr::Leaf(kept));
            }
        }
    }
}
