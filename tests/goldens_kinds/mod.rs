//! The kinds of goldens: which files are of which kind, and how they are compared.

use std::fmt::Debug;
use std::path::Path;

mod acsf;
pub mod cifs;
mod cnn;
mod coulomb;
mod crystal_networks;
mod density;
mod descriptor_support;
pub mod formats;
mod graphs;
mod magpie;
mod model_support;
mod neighbours;
mod npz;
mod ofm;
mod soap;
mod structures;
mod xrd;

/// Compare all goldens of one kind in a folder: a sentence about what was compared, or
/// what differs.
pub type Check = fn(&Path) -> Result<String, String>;

/// A kind: the files it claims (`*` stands for any rest), and its check once it is built.
/// To build one, write `KIND.rs` beside this file, its `mod` above, and its line here.
pub const KINDS: &[(&str, Option<Check>)] = &[
    ("magpie.json", Some(|folder| told(magpie::check(folder)))),
    ("models/cnn_*", Some(|folder| told(cnn::check(folder)))),
    ("acsf.json", Some(|folder| told(acsf::check(folder)))),
    (
        "alignn_graphs/*",
        Some(|folder| told(graphs::check_alignn(folder))),
    ),
    ("density.json", Some(|folder| told(density::check(folder)))),
    (
        "gat_graphs/*",
        Some(|folder| told(graphs::check_gat(folder))),
    ),
    (
        "megnet_graphs/*",
        Some(|folder| told(graphs::check_megnet(folder))),
    ),
    (
        "models/alignn_*",
        Some(|folder| told(crystal_networks::alignn(folder))),
    ),
    (
        "models/cgcnn_*",
        Some(|folder| told(crystal_networks::cgcnn(folder))),
    ),
    (
        "models/deepergatgnn_*",
        Some(|folder| told(crystal_networks::deeper_gatgnn(folder))),
    ),
    (
        "models/megnet_*",
        Some(|folder| told(crystal_networks::megnet(folder))),
    ),
    (
        "neighbors.npz",
        Some(|folder| told(neighbours::check(folder))),
    ),
    ("ofm.json", Some(|folder| told(ofm::check(folder)))),
    (
        "sine_coulomb.json",
        Some(|folder| told(coulomb::check(folder))),
    ),
    ("soap.json", Some(|folder| told(soap::check(folder)))),
    ("structures/*", Some(|folder| told(cifs::check(folder)))),
    ("xrd.json", Some(|folder| told(xrd::check_2026(folder)))),
    (
        "xrd_pymatgen2024.json",
        Some(|folder| told(xrd::check_2024(folder))),
    ),
];

/// What a check found, as a sentence.
fn told<Found: Debug>(found: Result<Found, String>) -> Result<String, String> {
    found.map(|found| format!("{found:?}").trim_matches('"').to_owned())
}
