//! Structures come in, CIF text goes out: all sites without symmetry, or one site of
//! each orbit with the space group said in one of three ways.

use std::fmt::Write;

use super::group::{Setting, setting};
use super::hall;
use super::operator::{Operator, wrap};
use crate::chem::composition::Composition;
use crate::chem::element::Element;
use crate::chem::formats::merge::distance2;
use crate::chem::structure::Structure;
use crate::chem::symmetry::{SymmetryError, SymmetrySettings, symmetry};

/// How a file says its symmetry.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Symmetry {
    /// All operators, and the names beside them.
    Full,
    /// The operators only.
    Operators,
    /// The Hermann–Mauguin symbol only, with its origin or axes where it needs them.
    HermannMauguin,
    /// The Hall symbol only.
    Hall,
}

/// A crystal as one site of each orbit of its space group.
#[derive(Clone, Debug)]
pub struct Asymmetric {
    /// The conventional cell with all its sites.
    pub cell: Structure,
    /// The space group and its setting.
    pub setting: &'static Setting,
    /// Of each orbit its element, one position, and the number of its sites.
    pub sites: Vec<(Element, [f64; 3], usize)>,
}

/// Why a crystal was not reduced to its asymmetric unit.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum ReduceError {
    /// Its symmetry was not found.
    #[error(transparent)]
    Symmetry(#[from] SymmetryError),
    /// The space group that was found does not map the sites onto each other.
    #[error("the sites are no orbits of the space group number {0}")]
    NoOrbits(u8),
}

/// Find the space group and cut the sites of the conventional cell down to one of each
/// orbit.
///
/// # Errors
/// No space group is found, or its orbits are not those of the sites.
pub fn reduce(
    structure: &Structure,
    settings: &SymmetrySettings,
) -> Result<Asymmetric, ReduceError> {
    let found = symmetry(structure, settings)?;
    let no_orbits = || ReduceError::NoOrbits(found.number);
    let setting = setting(i32::from(found.hall_number)).ok_or_else(no_orbits)?;
    let cell = found.conventional;
    let sites = orbits(&cell, setting, found.symprec).ok_or_else(no_orbits)?;
    Ok(Asymmetric {
        cell,
        setting,
        sites,
    })
}

/// One site of each orbit; `None` where an image is no site of the cell.
fn orbits(
    cell: &Structure,
    setting: &Setting,
    symprec: f64,
) -> Option<Vec<(Element, [f64; 3], usize)>> {
    let operators = hall::operators(setting.hall).ok()?;
    let limit = (10.0 * symprec) * (10.0 * symprec);
    let mut orbit_of: Vec<Option<usize>> = vec![None; cell.sites()];
    let mut sites = Vec::new();
    for (start, (element, position)) in cell.species().iter().zip(cell.frac()).enumerate()
    {
        if orbit_of.get(start).copied().flatten().is_some() {
            continue;
        }
        let mut members = 0;
        for operator in &operators {
            let image = operator.apply(position).map(wrap);
            let found = cell.frac().iter().zip(cell.species()).position(|(x, e)| {
                e == element && distance2(cell.lattice(), x, &image) <= limit
            })?;
            let orbit = orbit_of.get_mut(found)?;
            if orbit.is_none() {
                *orbit = Some(sites.len());
                members += 1;
            }
        }
        sites.push((*element, *position, members));
    }
    Some(sites)
}

/// All sites in space group P 1, coordinates with ten decimals.
pub fn p1(name: &str, structure: &Structure) -> String {
    let mut text = head(name, structure);
    text.push_str(
        "_symmetry_space_group_name_H-M   'P 1'\n_symmetry_Int_Tables_number   1\n\
         loop_\n _symmetry_equiv_pos_site_id\n _symmetry_equiv_pos_as_xyz\n  1  'x, y, z'\n",
    );
    let sites = structure.species().iter().zip(structure.frac());
    push_sites(&mut text, sites.map(|(element, x)| (*element, *x, 1)));
    text
}

/// One site of each orbit, coordinates with ten decimals.
pub fn symmetric(name: &str, crystal: &Asymmetric, symmetry: Symmetry) -> String {
    let mut text = head(name, &crystal.cell);
    let setting = crystal.setting;
    if matches!(symmetry, Symmetry::Full | Symmetry::HermannMauguin) {
        let _ = writeln!(text, "_space_group_name_H-M_alt   '{}'", setting.written());
    }
    if matches!(symmetry, Symmetry::Full | Symmetry::Hall) {
        // Of the two spellings of the diagonal axis the file holds the quotes.
        let symbol = setting.hall.replace('=', "\"").replace('^', "'");
        let quote = if symbol.contains('\'') { '"' } else { '\'' };
        let _ = writeln!(text, "_space_group_name_Hall   {quote}{symbol}{quote}");
    }
    if symmetry == Symmetry::Full {
        let _ = writeln!(text, "_space_group_IT_number   {}", setting.number);
    }
    if matches!(symmetry, Symmetry::Full | Symmetry::Operators) {
        text.push_str(
            "loop_\n _space_group_symop_id\n _space_group_symop_operation_xyz\n",
        );
        let operators = hall::operators(setting.hall).unwrap_or_default();
        for (i, operator) in operators.iter().map(Operator::text).enumerate() {
            let _ = writeln!(text, "  {}  '{operator}'", i + 1);
        }
    }
    push_sites(&mut text, crystal.sites.iter().copied());
    text
}

fn head(name: &str, structure: &Structure) -> String {
    let word: String = name
        .chars()
        .map(|c| if c.is_ascii_graphic() { c } else { '_' })
        .collect();
    let mut text = format!("data_{word}\n");
    let (lengths, angles) = (structure.lengths(), structure.angles());
    for (tag, length) in ["a", "b", "c"].iter().zip(lengths) {
        let _ = writeln!(text, "_cell_length_{tag}   {length:.10}");
    }
    for (tag, angle) in ["alpha", "beta", "gamma"].iter().zip(angles) {
        let _ = writeln!(text, "_cell_angle_{tag}   {angle:.10}");
    }
    let composition: Composition = structure.composition();
    let parts: Vec<String> = composition
        .iter()
        .map(|(element, amount)| format!("{element}{amount}"))
        .collect();
    let _ = writeln!(text, "_chemical_formula_sum   '{}'", parts.join(" "));
    let _ = writeln!(text, "_cell_volume   {:.10}", structure.volume());
    text
}

fn push_sites(
    text: &mut String,
    sites: impl Iterator<Item = (Element, [f64; 3], usize)>,
) {
    text.push_str(
        "loop_\n _atom_site_type_symbol\n _atom_site_label\n \
         _atom_site_symmetry_multiplicity\n _atom_site_fract_x\n _atom_site_fract_y\n \
         _atom_site_fract_z\n _atom_site_occupancy\n",
    );
    for (i, (element, [x, y, z], count)) in sites.enumerate() {
        let _ = writeln!(
            text,
            "  {element}  {element}{i}  {count}  {x:.10}  {y:.10}  {z:.10}  1"
        );
    }
}
