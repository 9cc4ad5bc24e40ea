use super::*;

/// 20 oxides of the bundled set with matminer's values: tests/goldens/README.md.
const GOLDENS: &str = include_str!("../../../tests/goldens/magpie.json");

fn features(formula: &str, imputation: Imputation) -> [f64; FEATURES] {
    let mut out = [f64::NAN; FEATURES];
    magpie_into(&formula.parse().unwrap(), imputation, &mut out).unwrap();
    out
}

fn numbers(value: &serde_json::Value) -> Vec<f64> {
    value
        .as_array()
        .unwrap()
        .iter()
        .map(|x| x.as_f64().unwrap())
        .collect()
}

fn read_composition(value: &serde_json::Value) -> Composition {
    let pairs = value.as_object().unwrap().iter();
    Composition::new(pairs.map(|(e, x)| (e.parse().unwrap(), x.as_f64().unwrap())))
        .unwrap()
}

#[test]
fn equal_to_matminer() {
    let goldens: serde_json::Value = serde_json::from_str(GOLDENS).unwrap();
    assert_eq!(serde_json::json!(labels()), goldens["labels"]);
    let data = goldens["data"].as_array().unwrap();
    assert_eq!(data.len(), 20);
    for golden in data {
        for (composition, values, imputation) in [
            ("fractional", "x", Imputation::Mean),
            ("comp", "x_nonfractional", Imputation::Mean),
            ("fractional", "x_noimpute", Imputation::None),
        ] {
            let mut ours = [f64::NAN; FEATURES];
            let composition = read_composition(&golden[composition]);
            magpie_into(&composition, imputation, &mut ours).unwrap();
            let theirs = numbers(&golden[values]);
            assert_eq!(theirs.len(), FEATURES);
            for ((x, y), label) in ours.iter().zip(&theirs).zip(labels()) {
                // 1e-9 relative; a mean of equal values may be off by rounding.
                let allowed = 1e-9 * y.abs() + 1e-12;
                assert!(
                    (x - y).abs() <= allowed,
                    "{} {label}: {x} {y}",
                    golden["gid"]
                );
            }
        }
    }
}

#[test]
fn one_element_has_no_spread() {
    let out = features("O3", Imputation::None);
    for [least, most, range, mean, deviation, mode] in out.as_chunks::<6>().0 {
        assert_eq!((least, most), (mode, mode));
        assert_eq!((mean, *range, *deviation), (mode, 0.0, 0.0));
    }
}

#[test]
fn statistics_of_fe2o3_by_hand() {
    let out = features("Fe2O3", Imputation::None);
    // Number: 26 with 2/5, 8 with 3/5.
    let mean = (2.0 * 26.0 + 3.0 * 8.0) / 5.0;
    let deviation = (2.0 * (26.0 - mean) + 3.0 * (mean - 8.0)) / 5.0;
    for (x, y) in out.iter().zip([8.0, 26.0, 18.0, mean, deviation, 8.0]) {
        assert!((x - y).abs() < 1e-12, "{x} {y}");
    }
}

#[test]
fn the_mode_of_a_tie_is_the_least_value() {
    let out = features("FeO", Imputation::None);
    assert_eq!(out[5], 8.0);
    // O melts at 54.8 K, Fe at 1811 K; covalent radius of O is 66 pm.
    assert_eq!(out[6 * Property::MeltingT as usize + 5], 54.8);
    // Just outside the tolerance of a tie, the majority alone counts.
    assert_eq!(features("Fe1.001O", Imputation::None)[5], 26.0);
}

#[test]
fn only_the_ratio_counts() {
    let once = features("Li2MnO3", Imputation::None);
    assert_eq!(once, features("Li14Mn7O21", Imputation::None));
}

#[test]
fn an_element_without_a_value_is_named_or_imputed() {
    let composition: Composition = "XeArO2".parse().unwrap();
    let mut out = [0.0; FEATURES];
    let error = magpie_into(&composition, Imputation::None, &mut out).unwrap_err();
    assert_eq!(
        error.to_string(),
        "the Magpie table has no Electronegativity for Ar"
    );
    magpie_into(&composition, Imputation::Mean, &mut out).unwrap();
    assert!(out.iter().all(|x| x.is_finite()));
}

#[test]
fn many_rows_equal_one_by_one() {
    let formulas = ["Fe2O3", "LiCoO2", "V2O5", "Nb12WO33", "Ba2NdNb(CuO4)2"];
    let many: Vec<Composition> = (0..1000)
        .map(|i| formulas[i % 5].parse().unwrap())
        .collect();
    let rows = magpie_rows(&many, Imputation::None).unwrap();
    for (row, formula) in rows.iter().zip(formulas.iter().cycle()) {
        assert_eq!(row, &features(formula, Imputation::None));
    }
    assert!(
        magpie_rows::<Composition>(&[], Imputation::None)
            .unwrap()
            .is_empty()
    );
}

#[test]
fn the_first_bad_row_is_reported() {
    let mut many: Vec<Composition> = vec!["Fe2O3".parse().unwrap(); 2000];
    for at in [1700, 901, 900] {
        many[at] = "HeO".parse().unwrap();
    }
    let (row, error) = magpie_rows(&many, Imputation::None).unwrap_err();
    assert_eq!(row, 900);
    assert!(error.to_string().ends_with("no MeltingT for He"));
    assert!(magpie_rows(&many, Imputation::Mean).is_ok());
}
