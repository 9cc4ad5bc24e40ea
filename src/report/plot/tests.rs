//! Figures of all kinds with ordinary and odd data: every text lies inside the canvas, no
//! two texts overlap, and the bytes are the same each time. With TMO_FIGURES set to a
//! folder the pictures are left there, to be looked at.

use std::path::PathBuf;

use resvg::usvg::{Group, Node, Rect, Text, Tree};

mod painted;

use super::super::{Split, figure};
use super::*;
use crate::report::EpochLoss;

fn quantity(name: &str, unit: &str) -> Quantity {
    Quantity::new(name, unit)
}

fn name(text: &str) -> Mark {
    Mark::Name(text.to_owned())
}

fn point(x: Mark, y: f64, series: &str) -> Point {
    Point {
        x,
        y: Some(y),
        series: series.to_owned(),
    }
}

/// A row of numbers that look drawn at random, from 0 to 1.
fn dice(seed: u64) -> impl FnMut() -> f64 {
    let mut state = seed;
    move || {
        state = state
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1);
        (state >> 11) as f64 / (1_u64 << 53) as f64
    }
}

fn points(x: Quantity, y: Quantity, points: Vec<Point>) -> Points {
    let by = points
        .iter()
        .any(|one| !one.series.is_empty())
        .then(|| quantity("ion", ""));
    Points { x, y, by, points }
}

fn bars(data: Points, order: Order) -> Figure {
    Figure::Bars(Bars { data, order })
}

/// The potentials of one host of the reference study: ion, channel, eV per ion.
fn potentials() -> Vec<Point> {
    [
        ("Ca", [4.0, 4.0, 3.0]),
        ("Li", [4.73, 4.2, 3.53]),
        ("Al", [4.39, 1.73, -1.95]),
    ]
    .iter()
    .flat_map(|(ion, values)| {
        let channels = ["heptagonal", "hexagonal", "triangular"];
        let rows = channels.into_iter().zip(values);
        rows.map(|(channel, y)| point(name(channel), *y, ion))
    })
    .collect()
}

fn gaussian(roll: &mut impl FnMut() -> f64) -> f64 {
    (0..12).map(|_| roll()).sum::<f64>() - 6.0
}

fn parity_rows(many: usize) -> Vec<Prediction> {
    let mut roll = dice(5);
    (0..many)
        .map(|i| {
            let actual = -0.6 - 3.1 * roll().sqrt();
            Prediction {
                id: format!("mp-{i}"),
                formula: "TiO2".to_owned(),
                split: [Split::Train, Split::Train, Split::Test][i % 3],
                actual,
                predicted: actual + 0.1 * gaussian(&mut roll),
                uncertainty: None,
            }
        })
        .collect()
}

/// Figures as a user would want them.
fn ordinary() -> Vec<(&'static str, Figure)> {
    let count = || quantity("number of oxides", "");
    let elements = || quantity("number of elements", "");
    let sizes = [
        (2.0, 313.0),
        (3.0, 2932.0),
        (4.0, 4106.0),
        (5.0, 1873.0),
        (6.0, 899.0),
    ];
    let sizes = sizes.map(|(x, y)| point(Mark::Number(x), y, ""));
    let models = [
        ("XRD + CNN", 560.0),
        ("Magpie + CNN", 250.0),
        ("MEGNet", 130.0),
        ("DeeperGATGNN", 110.0),
        ("ALIGNN", 112.5),
    ];
    let models = models.map(|(x, y)| point(name(x), y, ""));
    let rmse = || quantity("test RMSE", "meV/atom");
    let long = [
        "convolutional network on 132 composition statistics",
        "graph network with line graph",
        "five networks that differ in their seed only, averaged",
    ];
    let mut roll = dice(3);
    let mut roll = move || roll();
    let errors: Vec<Option<f64>> = (0..2026)
        .map(|_| Some(0.05 * gaussian(&mut roll).abs()))
        .collect();
    let cells = [5.0, 6.0].into_iter().flat_map(|y| {
        [3.0, 4.0, 5.0].map(|x| Cell {
            x: Mark::Number(x),
            y: Mark::Number(y),
            value: Some(0.13 + 0.004 * x - 0.002 * y * x),
        })
    });
    let heat: Vec<Cell> = cells.collect();
    let table: Vec<(Element, Option<f64>)> = Element::all()
        .filter(|one| {
            (3..=94).contains(&one.z()) && ![10, 18, 36, 54, 86].contains(&one.z())
        })
        .map(|one| (one, Some((300.0 * roll() * roll()).ceil())))
        .collect();
    let mut counts = table.clone();
    counts.retain(|(one, _)| one.z() % 3 == 0 || (21..=30).contains(&one.z()));
    counts.push((Element::O, Some(728.0)));
    counts.retain(|(one, x)| *one != Element::O || *x == Some(728.0));
    let scattered = (0..300).map(|i| {
        let x = 3.0 * roll();
        let ion = ["Li", "Ca", "Al"][i % 3];
        point(
            Mark::Number(x),
            4.0 - 1.5 * x + 0.4 * gaussian(&mut roll),
            ion,
        )
    });
    let scattered: Vec<Point> = scattered.collect();
    let rates = (0..4_u8).flat_map(|series| {
        (1..=60_u8).map(move |x| {
            let x = f64::from(x);
            let y = (1.0 + f64::from(series)) / x.sqrt();
            point(
                Mark::Number(x),
                y,
                ["10 layers", "15 layers", "20 layers", "30"][usize::from(series)],
            )
        })
    });
    let boxed = (0..400).map(|i| {
        let x = ["binary", "ternary", "quaternary", "quinary"][i % 4];
        point(name(x), gaussian(&mut roll) * (1.0 + (i % 4) as f64), "")
    });
    let boxed: Vec<Point> = boxed.collect();
    let parity = |title: &str| {
        Figure::Parity(Parity {
            target: quantity("formation energy per atom", "eV/atom"),
            rows: parity_rows(300),
            title: title.to_owned(),
        })
    };
    let by_size = points(elements(), count(), sizes.to_vec());
    let channel = || quantity("channel", "");
    let potential = || quantity("potential", "eV");
    vec![
        ("bars_numbers", bars(by_size.clone(), Order::Given)),
        (
            "bars_names",
            bars(
                points(quantity("model", ""), rmse(), models.to_vec()),
                Order::Descending,
            ),
        ),
        (
            "bars_long",
            bars(
                points(
                    quantity("model", ""),
                    rmse(),
                    long.iter()
                        .zip([250.0, 111.0, 98.0])
                        .map(|(x, y)| point(name(x), y, ""))
                        .collect(),
                ),
                Order::Ascending,
            ),
        ),
        (
            "bars_grouped",
            bars(points(channel(), potential(), potentials()), Order::Given),
        ),
        (
            "lines_names",
            Figure::Lines(points(channel(), potential(), potentials())),
        ),
        (
            "histogram",
            Figure::Histogram(Histogram {
                of: quantity("absolute error", "eV/atom"),
                values: errors,
                bins: 40,
                shares: vec![0.05, 0.1],
            }),
        ),
        (
            "lines",
            Figure::Lines(points(
                quantity("epoch", ""),
                quantity("RMSE", "eV/atom"),
                rates.collect(),
            )),
        ),
        (
            "scatter",
            Figure::Scatter(points(
                quantity("charge transfer", "e"),
                potential(),
                scattered,
            )),
        ),
        (
            "boxes",
            Figure::Boxes(points(
                quantity("composition", ""),
                quantity("error", "eV/atom"),
                boxed,
            )),
        ),
        (
            "heatmap",
            Figure::Heatmap(Heatmap {
                x: quantity("blocks", ""),
                y: quantity("cutoff", "Å"),
                value: quantity("test RMSE", "eV/atom"),
                cells: heat,
            }),
        ),
        (
            "periodic_linear",
            Figure::PeriodicTable(PeriodicTable {
                value: count(),
                elements: table
                    .iter()
                    .map(|(e, x)| (*e, x.map(|x| 100.0 + x)))
                    .collect(),
            }),
        ),
        (
            "periodic_log",
            Figure::PeriodicTable(PeriodicTable {
                value: count(),
                elements: counts,
            }),
        ),
        ("parity", parity("")),
        (
            "curve",
            Figure::LearningCurve(Training {
                loss: "MSE".to_owned(),
                history: (1..=40)
                    .map(|epoch| EpochLoss {
                        epoch,
                        train: 1.0 / f64::from(epoch),
                        val: Some(1.2 / f64::from(epoch)),
                    })
                    .collect(),
                kept_epoch: Some(30),
                stopped: String::new(),
            }),
        ),
        (
            "grid",
            Figure::Grid(Grid {
                figures: vec![
                    parity("XRD"),
                    bars(by_size, Order::Given),
                    parity("ALIGNN"),
                    Figure::Lines(points(channel(), potential(), potentials())),
                ],
                columns: 2,
            }),
        ),
    ]
}

/// Data that figures must bear.
fn odd() -> Vec<(String, Figure)> {
    let mut roll = dice(11);
    let mut roll = move || roll();
    let number = |x: f64, y: f64| point(Mark::Number(x), y, "");
    let long = |i: usize| name(&format!("{i} {}", "very long name ".repeat(30)));
    let rows: Vec<(&str, Vec<Point>)> = vec![
        ("empty", vec![]),
        ("one", vec![number(3.0, 2.0)]),
        ("zero", vec![number(0.0, 0.0)]),
        (
            "equal",
            (0..20).map(|i| number(f64::from(i), 5.0)).collect(),
        ),
        ("same", vec![number(1.0, 1.0); 7]),
        (
            "nothing_finite",
            vec![number(1.0, f64::NAN), number(f64::INFINITY, 1.0)],
        ),
        (
            "some_nan",
            vec![
                number(1.0, 1.0),
                number(2.0, f64::NAN),
                number(3.0, f64::INFINITY),
                Point {
                    x: Mark::Missing,
                    y: Some(1.0),
                    series: String::new(),
                },
                Point {
                    x: Mark::Number(4.0),
                    y: None,
                    series: String::new(),
                },
                number(5.0, 2.0),
            ],
        ),
        (
            "many",
            (0..10_000)
                .map(|i| number(f64::from(i) + roll(), roll()))
                .collect(),
        ),
        ("long", (0..6).map(|i| point(long(i), roll(), "")).collect()),
        (
            "hundred_names",
            (0..100).map(|i| point(long(i), roll(), "")).collect(),
        ),
        ("negative", vec![number(1.0, -3.0), number(2.0, -1.0)]),
        (
            "both_signs",
            vec![number(-1.0, -3.0), number(2.0, 1.0), number(3.0, 0.0)],
        ),
        (
            "huge",
            vec![
                number(-1e300, 1e300),
                number(1e300, -1e300),
                number(0.0, 1e308),
            ],
        ),
        ("tiny", vec![number(1e-300, 1e-300), number(2e-300, 3e-300)]),
        (
            "near",
            vec![number(1_234_567.0, 1e9), number(1_234_567.5, 1e9 + 1.0)],
        ),
        (
            "unicode",
            [
                "Nb₁₂WO₃₃",
                "γ-MnO₂ (β → γ)",
                "Ünï çødé Ж",
                "<b>&\"'",
                "日本語",
                "a\nb\u{1}\u{ffff}c",
                "",
            ]
            .iter()
            .zip(1..)
            .map(|(x, y)| point(name(x), f64::from(y), ""))
            .collect(),
        ),
        (
            "series",
            (0..60_usize)
                .map(|i| {
                    point(
                        Mark::Number((i / 30) as f64),
                        roll(),
                        &format!("series {}", i % 30),
                    )
                })
                .collect(),
        ),
        (
            "long_series",
            (0..4_u32)
                .map(|i| {
                    point(
                        Mark::Number(f64::from(i)),
                        roll(),
                        &"long ".repeat(50 + i as usize),
                    )
                })
                .collect(),
        ),
    ];
    let mut figures = Vec::new();
    for (what, rows) in rows {
        let title = match what {
            "long" => quantity(&"a very long name of a quantity ".repeat(12), "eV/atom"),
            _ => quantity("energy", "eV"),
        };
        let data = points(title.clone(), title.clone(), rows.clone());
        let mut add =
            |kind: &str, figure| figures.push((format!("{kind}_{what}"), figure));
        for (order, kind) in [(Order::Given, "bars"), (Order::Descending, "sorted")] {
            add(kind, bars(data.clone(), order));
        }
        add("lines", Figure::Lines(data.clone()));
        add("scatter", Figure::Scatter(data.clone()));
        add("boxes", Figure::Boxes(data));
        add(
            "histogram",
            Figure::Histogram(Histogram {
                of: title.clone(),
                values: rows.iter().map(|one| one.y).collect(),
                bins: if what == "many" { 500 } else { 12 },
                shares: vec![0.5, 2.0, f64::NAN],
            }),
        );
        let y = |i: usize| {
            if what == "many" {
                (i % 100) as f64
            } else {
                i as f64
            }
        };
        add(
            "heatmap",
            Figure::Heatmap(Heatmap {
                x: title.clone(),
                y: title.clone(),
                value: title.clone(),
                cells: rows
                    .iter()
                    .enumerate()
                    .map(|(i, one)| Cell {
                        x: if what == "many" {
                            Mark::Number((i / 100) as f64)
                        } else {
                            one.x.clone()
                        },
                        y: Mark::Number(y(i)),
                        value: one.y,
                    })
                    .collect(),
            }),
        );
        add(
            "periodic",
            Figure::PeriodicTable(PeriodicTable {
                value: title,
                elements: Element::all().zip(rows.iter().map(|one| one.y)).collect(),
            }),
        );
    }
    figures.push(("grid_empty".to_owned(), Figure::Grid(Grid::default())));
    let all = figures
        .iter()
        .take(40)
        .map(|(_, figure)| figure.clone())
        .collect();
    let (figures_of, columns) = (all, 9);
    figures.push((
        "grid_large".to_owned(),
        Figure::Grid(Grid {
            figures: figures_of,
            columns,
        }),
    ));
    figures.push((
        "curve_none".to_owned(),
        Figure::LearningCurve(Training::default()),
    ));
    figures
}

/// The box of a text's letters: a line's box has besides room for accents and tails.
fn letters(text: &Text) -> Rect {
    let place = text.abs_bounding_box();
    let upright = text.abs_transform().has_skew();
    let [across, along] = match upright {
        true => [0.2 * place.width(), 0.0],
        false => [0.0, 0.2 * place.height()],
    };
    let [left, right] = [place.left() + across, place.right() - across];
    let [top, bottom] = [place.top() + along, place.bottom() - along];
    Rect::from_ltrb(left, top, right, bottom).unwrap()
}

/// The boxes of all texts, in canvas units, by walking the tree that is painted.
fn texts(group: &Group, found: &mut Vec<(String, Rect)>) {
    for node in group.children() {
        match node {
            Node::Group(inner) => texts(inner, found),
            Node::Text(text) => {
                let said: String = text.chunks().iter().map(|c| c.text()).collect();
                found.push((said, letters(text)));
            }
            _ => {}
        }
    }
}

fn tree(svg: &str) -> Tree {
    figure::tree(svg).unwrap()
}

/// What is wrong with a figure.
fn faults(what: &str, figure: &Figure) -> Vec<String> {
    let mut faults = Vec::new();
    let svg = figure.svg().unwrap_or_else(|e| panic!("{what}: {e}"));
    assert_eq!(
        svg,
        figure.svg().unwrap(),
        "{what}: the same bytes each time"
    );
    assert!(!svg.contains("NaN") && !svg.contains("inf"), "{what}");
    let tree = tree(&svg);
    let (wide, high) = (tree.size().width(), tree.size().height());
    let mut found = Vec::new();
    texts(tree.root(), &mut found);
    assert!(!found.is_empty(), "{what}");
    for (said, place) in &found {
        let inside = place.left() >= 0.0
            && place.top() >= 0.0
            && place.right() <= wide
            && place.bottom() <= high;
        if !inside {
            faults.push(format!("{what}: `{said}` at {place:?} of {wide} × {high}"));
        }
    }
    for (at, (said, a)) in found.iter().enumerate() {
        for (other, b) in &found[at + 1..] {
            let across = a.right().min(b.right()) - a.left().max(b.left());
            let along = a.bottom().min(b.bottom()) - a.top().max(b.top());
            let apart = across.min(along) <= 0.0;
            if !apart {
                faults.push(format!("{what}: `{said}` {a:?} over `{other}` {b:?}"));
            }
        }
    }
    if let Some(folder) = std::env::var_os("TMO_FIGURES") {
        let path = PathBuf::from(folder).join(format!("{what}.png"));
        std::fs::write(path, to_png(&svg).unwrap()).unwrap();
    }
    faults
}

fn check<'a>(figures: impl IntoIterator<Item = (&'a str, &'a Figure)>) {
    let all = figures
        .into_iter()
        .flat_map(|(what, figure)| faults(what, figure));
    let faults: Vec<String> = all.collect();
    assert!(faults.is_empty(), "{}\n{}", faults.len(), faults.join("\n"));
}

#[test]
fn ordinary_figures_are_in_order() {
    let figures = ordinary();
    check(figures.iter().map(|(what, figure)| (*what, figure)));
}

#[test]
fn odd_data_are_borne() {
    let figures = odd();
    check(figures.iter().map(|(what, figure)| (what.as_str(), figure)));
}
