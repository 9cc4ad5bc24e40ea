use std::fs;

use super::*;

/// Numbers that look drawn at random, the same on every machine (a linear congruential
/// generator, Numerical Recipes' constants).
struct Dice(u64);

impl Dice {
    fn roll(&mut self) -> f64 {
        self.0 = self
            .0
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1);
        (self.0 >> 11) as f64 / (1_u64 << 53) as f64
    }

    /// The sum of twelve rolls: nearly normal, mean 0, deviation 1.
    fn normal(&mut self) -> f64 {
        (0..12).map(|_| self.roll()).sum::<f64>() - 6.0
    }
}

pub(super) fn sample() -> StudyReport {
    let mut dice = Dice(7);
    let formulas = [
        "Ba2NdNb(CuO4)2",
        "Sr2YbNbO6",
        "MnO2",
        "TiO2",
        "La2CuO4",
        "V2O5",
    ];
    let predictions = (0..728_usize)
        .map(|i| {
            let split = match i % 25 {
                0..5 => Split::Test,
                5..9 => Split::Val,
                _ => Split::Train,
            };
            let wide = if split == Split::Train { 0.05 } else { 0.13 };
            let actual = -0.6 - 3.1 * dice.roll().sqrt() + 0.2 * dice.normal();
            let predicted = 0.96 * actual - 0.08 + wide * dice.normal();
            Prediction {
                id: format!("mp-{}", 10_000 + 37 * i),
                formula: formulas[i % formulas.len()].to_owned(),
                split,
                actual,
                predicted,
                uncertainty: None,
            }
        })
        .collect();
    let history = (1..=86_u32)
        .map(|epoch| {
            let slow = 1.0 / f64::from(epoch);
            EpochLoss {
                epoch,
                train: 0.8 * slow * slow + 0.006 + 0.0006 * dice.normal().abs(),
                val: Some(0.9 * slow * slow + 0.016 + 0.0015 * dice.normal().abs()),
            }
        })
        .collect();
    let layer = |place: &str, layer: &str, output: &str, weights| LayerRow {
        place: place.to_owned(),
        layer: layer.to_owned(),
        output: output.to_owned(),
        weights,
    };
    StudyReport {
        study: "formation_energy".to_owned(),
        doc: "Magpie features into a small convolutional network.\nSecond line.\n\n\
              A second paragraph."
            .to_owned(),
        target: Target {
            name: "formation energy per atom".to_owned(),
            unit: "eV/atom".to_owned(),
        },
        predictions,
        within: Vec::new(),
        training: Training {
            loss: "MSE".to_owned(),
            history,
            kept_epoch: Some(71),
            stopped: "early: no better validation loss for 15 epochs".to_owned(),
        },
        model: Model {
            name: "descriptor_cnn".to_owned(),
            parameters: 2_164_097,
            layers: vec![
                layer("model.conv1d[0]", "conv1d(64, 5)", "[rows, 128, 64]", 384),
                layer("model.dense[0]", "dense(512)", "[rows, 512]", 2_163_200),
                layer("model.dense[1]", "dense(1)", "[rows, 1]", 513),
            ],
        },
        data: DataSummary {
            source: "bundled(\"flla-2015\")".to_owned(),
            rows: 728,
            notes: vec!["a note on origin and licence".to_owned()],
            skipped: vec![Skipped {
                kind: "energy is not a number".to_owned(),
                count: 3,
                first: vec!["hosts.jsonl line 12: formation_energy is NaN".to_owned()],
            }],
        },
        settings: vec![
            Named::new("optimizer", "adam(rate: 1e-3)"),
            Named::new("batch", "32"),
        ],
        script: Script {
            name: "quickstart.tmo".to_owned(),
            text: "tmo 1\n\nstudy formation_energy =\n\tmagpie |> train(cnn)\n"
                .to_owned(),
        },
        provenance: Provenance {
            tmo_version: "0.1.0".to_owned(),
            device: "cpu-avx2".to_owned(),
            keys: vec![Named::new("trained", "ab".repeat(32))],
            seeds: vec![Named::new("split", "7"), Named::new("root", "0")],
            versions: vec![Named::new("data", "cd".repeat(32))],
        },
    }
}

fn files(report: &StudyReport) -> Vec<OutcomeFile> {
    outcome_files(report, Some(b"weights")).unwrap()
}

fn text(report: &StudyReport, name: &str) -> String {
    let all = files(report);
    let file = all.iter().find(|file| file.name == name).unwrap();
    String::from_utf8(file.bytes.clone()).unwrap()
}

#[test]
fn the_same_report_gives_the_same_bytes_also_after_storing_it() {
    let report = sample();
    let stored = serde_json::to_string(&report).unwrap();
    let back: StudyReport = serde_json::from_str(&stored).unwrap();
    assert_eq!(back, report, "every f64 must read back exactly");
    let (first, second) = (files(&report), files(&back));
    let names: Vec<&str> = first.iter().map(|file| file.name.as_str()).collect();
    assert_eq!(
        names,
        [
            "parity.png",
            "parity.svg",
            "learning_curve.png",
            "learning_curve.svg",
            "predictions.csv",
            "metrics.json",
            "report.html",
            "weights.safetensors"
        ]
    );
    for (a, b) in first.iter().zip(&second) {
        assert!(!a.bytes.is_empty() && a.bytes == b.bytes, "{}", a.name);
    }
}

#[test]
fn files_are_written_where_the_user_says() {
    let dir = tempfile::tempdir().unwrap();
    let out = dir.path().join("out/formation_energy");
    let report = sample();
    let paths = write_all(&out, &report, Some(b"weights")).unwrap();
    assert_eq!(paths.len(), 8);
    for (path, file) in paths.iter().zip(files(&report)) {
        assert_eq!(fs::read(path).unwrap(), file.bytes);
    }
    assert_eq!(fs::read_dir(&out).unwrap().count(), 8);
}

#[test]
fn metrics_hold_what_the_rows_say() {
    let report = sample();
    let metrics: serde_json::Value =
        serde_json::from_str(&text(&report, "metrics.json")).unwrap();
    let scores = score_splits(&report.predictions).unwrap();
    for one in &scores {
        let split = &metrics["splits"][one.split.as_str()];
        assert_eq!(split["n"], one.scores.n);
        assert_eq!(split["rmse"], one.scores.rmse);
        assert_eq!(split["r2"], one.scores.r2.unwrap());
        assert_eq!(split["baseline"]["mae"], one.baseline.mae);
    }
    assert_eq!(metrics["target"]["unit"], "eV/atom");
    assert_eq!(metrics["epochs"], 86);
    assert_eq!(metrics["kept_epoch"], 71);
    assert_eq!(metrics["parameters"], 2_164_097);
    assert_eq!(metrics["seeds"]["split"], "7");
    let order = text(&report, "metrics.json");
    let at = |name: &str| order.find(name).unwrap();
    assert!(at("\"train\"") < at("\"val\"") && at("\"val\"") < at("\"test\""));

    let mut twice = report;
    twice.provenance.seeds.push(Named::new("split", "8"));
    let problem = outcome_files(&twice, None).unwrap_err();
    assert_eq!(problem.to_string(), "two seeds are called `split`");
}

#[test]
fn strings_of_others_stay_strings() {
    let evil = "</script><script>alert(1)</script>\"'&<img src=x onerror=y>";
    let mut report = sample();
    report.study = evil.to_owned();
    report.doc = evil.to_owned();
    report.target = Target {
        name: evil.to_owned(),
        unit: evil.to_owned(),
    };
    report.script = Script {
        name: evil.to_owned(),
        text: evil.to_owned(),
    };
    report.data.source = evil.to_owned();
    report.data.notes = vec![evil.to_owned()];
    report.data.skipped[0].kind = evil.to_owned();
    report.data.skipped[0].first = vec![evil.to_owned()];
    report.settings = vec![Named::new(evil, evil)];
    report.provenance.keys = vec![Named::new(evil, evil)];
    report.training.loss = evil.to_owned();
    report.training.stopped = evil.to_owned();
    report.model.name = evil.to_owned();
    report.model.layers[0].layer = evil.to_owned();
    for row in &mut report.predictions {
        row.id = evil.to_owned();
        row.formula = evil.to_owned();
    }
    let page = text(&report, "report.html");
    assert!(!page.contains("<script") && !page.contains("<img src=x"));
    assert!(page.contains("&lt;script&gt;alert(1)"));
    for name in ["parity.svg", "learning_curve.svg"] {
        let svg = text(&report, name);
        assert!(!svg.contains("<script") && !svg.contains("<img"), "{name}");
        to_png(&svg).unwrap();
    }
}

#[test]
fn what_a_note_has_between_backticks_is_code() {
    let mut report = sample();
    report.data.notes = vec!["the set `flla` & <b>".to_owned(), "one ` alone".to_owned()];
    let page = text(&report, "report.html");
    assert!(page.contains("the set <code>flla</code> &amp; &lt;b&gt;<br>one ` alone"));
}

#[test]
fn the_page_is_self_contained() {
    let page = text(&sample(), "report.html");
    assert!(page.contains(
        "content=\"default-src 'none'; style-src 'unsafe-inline'; img-src data:\""
    ));
    let outside = page.replace("http://www.w3.org/2000/svg", "");
    assert!(!outside.contains("http://") && !outside.contains("https://"));
    assert!(!outside.contains("<script") && !outside.contains("url("));
    for said in [
        "A second paragraph.",
        "3 × energy is not a number",
        "and 2 more",
        "2\u{202f}164\u{202f}097",
        "early: no better",
    ] {
        assert!(page.contains(said), "{said}");
    }
    assert_eq!(page.matches("src=\"data:image/svg+xml;base64,").count(), 2);
}

#[test]
fn figures_hold_every_split_and_nothing_of_other_fonts() {
    let report = sample();
    let svg = text(&report, "parity.svg");
    for said in [
        "test (148)",
        "val (116)",
        "train (464)",
        "y = x",
        "RMSE",
        "eV/atom",
        "R²",
    ] {
        assert!(svg.contains(said), "{said}");
    }
    assert!(svg.contains("Formation energy per atom, predicted (eV/atom)"));
    assert!(!svg.contains("opacity=\"0."), "marks are opaque");
    let curve = text(&report, "learning_curve.svg");
    assert!(curve.contains("kept: epoch 71"));
    assert!(
        curve.contains("0.01") && curve.contains("0.5"),
        "a logarithmic axis"
    );
}

#[test]
fn small_and_odd_reports_have_all_files_too() {
    let base = sample();
    let row = |split, actual, predicted| Prediction {
        id: "mp-1".to_owned(),
        formula: "MnO2".to_owned(),
        split,
        actual,
        predicted,
        uncertainty: None,
    };
    let cases = [
        vec![row(Split::Train, 1.0, 1.0)],
        vec![row(Split::Train, 0.0, 0.0), row(Split::Test, 0.0, 0.0)],
        vec![row(Split::Train, 1e12, -1e12), row(Split::Val, 0.0, 1e9)],
        vec![row(Split::Train, 1.0, 2.0), row(Split::Test, 1e-12, 2e-12)],
    ];
    for predictions in cases {
        let report = StudyReport {
            predictions,
            target: Target {
                name: "é".repeat(200),
                unit: String::new(),
            },
            training: Training::default(),
            model: Model::default(),
            data: DataSummary::default(),
            settings: vec![],
            ..base.clone()
        };
        let names: Vec<String> = outcome_files(&report, None)
            .unwrap()
            .into_iter()
            .map(|f| f.name)
            .collect();
        assert!(
            !names.iter().any(|name| name.contains("curve")),
            "{names:?}"
        );
        assert_eq!(names.len(), 5);
    }
    for history in [
        vec![EpochLoss {
            epoch: 1,
            train: 0.0,
            val: None,
        }],
        vec![
            EpochLoss {
                epoch: 1,
                train: 2.0,
                val: Some(2.0)
            };
            2
        ],
        (1..4)
            .map(|epoch| EpochLoss {
                epoch,
                train: 1e-30,
                val: None,
            })
            .collect(),
    ] {
        let training = Training {
            history,
            kept_epoch: Some(1),
            ..base.training.clone()
        };
        files(&StudyReport {
            training,
            ..base.clone()
        });
    }
}

#[test]
fn losses_that_are_not_finite_are_told() {
    let mut report = sample();
    report.training.history[3].val = Some(f64::NAN);
    let problem = outcome_files(&report, None).unwrap_err();
    assert_eq!(problem.to_string(), "the val loss of epoch 4 is NaN");
    assert!(problem.help().contains("diverged"));
}

#[test]
fn the_table_in_the_terminal() {
    let mut report = sample();
    report.predictions = (0..4_u8)
        .map(|i| Prediction {
            id: i.to_string(),
            formula: String::new(),
            split: if i < 3 { Split::Train } else { Split::Test },
            actual: f64::from(i),
            predicted: f64::from(i) + 0.5,
            uncertainty: None,
        })
        .collect();
    let look = terminal::Look {
        colour: false,
        unicode: true,
    };
    let expected = "\
formation_energy: formation energy per atom (eV/atom)
┌───────────────────────────┬──────┬────────┬────────┬────────┬───────────┐
│ split                     │ rows │   RMSE │    MAE │     R² │ max error │
├───────────────────────────┼──────┼────────┼────────┼────────┼───────────┤
│ train                     │    3 │ 0.5000 │ 0.5000 │ 0.6250 │    0.5000 │
│ test                      │    1 │ 0.5000 │ 0.5000 │      – │    0.5000 │
├───────────────────────────┼──────┼────────┼────────┼────────┼───────────┤
│ test by the mean of train │    1 │  2.000 │  2.000 │      – │     2.000 │
└───────────────────────────┴──────┴────────┴────────┴────────┴───────────┘
";
    let got = terminal::result_table(&report, look).unwrap();
    assert_eq!(got, expected);

    let ascii = terminal::result_table(
        &report,
        terminal::Look {
            colour: false,
            unicode: false,
        },
    )
    .unwrap();
    assert!(ascii.is_ascii(), "{ascii}");
    let colour = terminal::result_table(
        &report,
        terminal::Look {
            colour: true,
            unicode: true,
        },
    )
    .unwrap();
    assert!(colour.contains("\x1b[1m") && !got.contains('\x1b'));
}
