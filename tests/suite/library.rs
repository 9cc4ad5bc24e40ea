//! The standard library's families of elements and constants: they hang together.

use std::collections::BTreeMap;

use tmo::session::Session;
use tmo::world::Memory;

use crate::project::{check_text, tmo};

/// The families of `std.elements` as their text has them.
fn families() -> BTreeMap<String, Vec<tmo::chem::Element>> {
    let text = std::fs::read_to_string("stdlib/elements.tmo").unwrap();
    let mut found = BTreeMap::new();
    for part in text.split("\nlet ").skip(1) {
        let (name, rest) = part.split_once(" = [").unwrap();
        let (list, _) = rest.split_once(']').unwrap();
        let symbols = list.split(',').map(str::trim).filter(|s| !s.is_empty());
        let elements = symbols.map(|symbol| symbol.parse().unwrap()).collect();
        found.insert(name.to_owned(), elements);
    }
    assert!(found.len() >= 15, "{}", found.len());
    found
}

#[test]
fn families_are_in_order_and_name_no_element_twice() {
    for (name, elements) in families() {
        let numbers: Vec<u8> = elements.iter().map(|element| element.z()).collect();
        assert!(
            numbers.windows(2).all(|pair| pair[0] < pair[1]),
            "{name}: {numbers:?}"
        );
    }
}

#[test]
fn metals_metalloids_and_nonmetals_are_all_elements_once() {
    let families = families();
    let mut all: Vec<u8> = ["metals", "metalloids", "nonmetals"]
        .iter()
        .flat_map(|name| &families[*name])
        .map(|element| element.z())
        .collect();
    all.sort_unstable();
    assert_eq!(all, (1..=103).collect::<Vec<u8>>());
    for name in [
        "alkali",
        "alkaline_earth",
        "lanthanides",
        "actinides",
        "d_block",
        "rare_earths",
        "post_transition_metals",
        "transition_metals",
        "guests",
    ] {
        assert!(
            families[name]
                .iter()
                .all(|e| families["metals"].contains(e)),
            "{name}"
        );
    }
    for name in ["noble_gases", "halogens"] {
        assert!(
            families[name]
                .iter()
                .all(|e| families["nonmetals"].contains(e)),
            "{name}"
        );
    }
    assert_eq!(families["transition_metals"].len(), 24);
    assert!(
        families["transition_metals"]
            .iter()
            .all(|e| families["d_block"].contains(e))
    );
}

/// What a constant comes to, as a plain number.
fn number(expression: &str) -> f64 {
    let text = format!(
        "tmo 1\nuse std.units.{{a_0, c, coulomb, h, hartree_energy, hbar, k_B, m_e, m_p, mAh_per_g, rydberg_energy, thermal_energy}}\nlet it: Real = {expression}\n"
    );
    let world = Memory::default();
    let mut session = Session::new(&world);
    let checked = session.check("a.tmo", &text);
    assert!(!checked.failed(), "{:?}", checked.problems);
    let given = tmo::types::Given {
        length: 1,
        radius: 1.0,
    };
    let shown = session.show(&checked.program, "it", given).unwrap();
    shown.ty.to_string().parse().unwrap()
}

#[test]
fn constants_hang_together() {
    let close = |expression: &str, due: f64, within: f64| {
        let found = number(expression);
        assert!(
            (found / due - 1.0).abs() < within,
            "{expression}: {found}, not {due}"
        );
    };
    close("hbar * 6.283185307179586 / h", 1.0, 1e-15);
    close("2 * rydberg_energy / hartree_energy", 1.0, 1e-12);
    // The fine-structure constant, twice: 1/137.035 999 084 by CODATA 2018.
    close("coulomb * (1 e)^2 / (hbar * c)", 7.2973525693e-3, 1e-9);
    close("hbar / (m_e * c * a_0)", 7.2973525693e-3, 1e-9);
    close("m_p / m_e", 1836.15267343, 1e-9);
    close("m_e * c^2 / 1 keV", 510.99895, 1e-8);
    close("h * c / 500 nm / 1 eV", 2.4796839686, 1e-9);
    close("thermal_energy(300 K) / 1 meV", 25.851999786, 1e-9);
    // Lithium: 26 801 mAh per mole of electrons, 6.94 g per mole.
    close("1 e / 6.94 u / mAh_per_g", 3861.9, 1e-4);
    // One pascal is one joule per cubic metre: the pressure unit against Coulomb's energy.
    close("1 GPa * 1 Å^3 / 1 eV", 6.241509074e-3, 1e-9);
}

#[test]
fn a_list_of_metrics_is_spread() {
    let text = "tmo 1\nuse std.metrics.{regression}\nmodel m()(x: [rows, d]) -> [rows, 1] = x |> dense(1)\nstudy s = bundled(\"flla-2015\") |> target(.formation_energy_per_atom) |> split(test: 20%)\n  |> featurize(magpie())\n  |> train(m(), loss: mae, optimizer: adam(), rate: 1e-3, epochs: 2, batch: 32, keep: final)\n  |> evaluate(..regression)\n";
    let world = Memory::default();
    assert_eq!(check_text(&world, "a.tmo", text).short(), "");
    let plan = |text: &str| {
        let mut session = Session::new(&world);
        let checked = session.check("a.tmo", text);
        let plan = session.plan(&checked).unwrap();
        plan.node(plan.studies[0].root).unwrap().key
    };
    let written = text
        .replace("..regression", "mae, rmse, r2")
        .replace("use std.metrics.{regression}\n", "");
    assert_eq!(plan(text), plan(&written));
}

/// The networks of the library have as many weights as the reference codes use.
#[test]
fn show_counts_the_weights_of_the_reference_codes() {
    for (model, weights) in [
        ("alignn", "4 026 753 weights"),
        ("megnet", "167 761 weights"),
        ("deeper_gatgnn", "378 706 weights"),
        ("cgcnn", "80 833 weights"),
        ("descriptor_cnn", "2 164 097 weights"),
    ] {
        let shown = tmo(&["show", "stdlib", model]).output().unwrap();
        let text = String::from_utf8(shown.stdout).unwrap();
        assert_eq!(
            text.trim_end().lines().last().map(str::trim),
            Some(weights),
            "{text}"
        );
    }
}
