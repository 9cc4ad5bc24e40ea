//! What a block says comes in, its structure goes out, or what is wrong with it.

#![allow(
    clippy::indexing_slicing,
    reason = "3 × 3 algebra with constant indices"
)]

use super::atoms::{Atom, whole_atoms};
use super::block::{Block, CELL, no_number};
use super::expand::{TooMany, expand, misfit};
use super::group::{self, Setting};
use super::operator::Operator;
use super::token::Value;
use super::{code, hall};
use crate::chem::composition::Composition;
use crate::chem::element::Element;
use crate::chem::fault::code as known;
use crate::chem::formats::merge::firsts;
use crate::chem::formats::number::measured;
use crate::chem::formats::source::{Bad, impossible, quoted};
use crate::chem::formats::{Disorder, Settings};
use crate::chem::structure::{MAX_SITES, Structure};

/// Fractions of the formula may differ this much from the structure's.
const FORMULA: f64 = 5e-3;

pub(super) fn build(block: &Block<'_>, settings: &Settings) -> Result<Structure, Bad> {
    let (lengths, angles) = read_cell(block)?;
    let lattice = lattice(&lengths, &angles, cell_at(block))?;
    // The cell is checked before anything is measured in it.
    Structure::new(lattice, vec![Element::O], vec![[0.0; 3]])
        .map_err(|error| impossible(&error, cell_at(block), ""))?;
    if block.sites.is_empty() {
        let title = if block.has_sites {
            "the block has only dummy sites"
        } else {
            "the block has a cell but no atom sites"
        };
        return Err(Bad::new(known::MISSING_FIELD, block.at, title)
            .field("_atom_site_fract_x")
            .help("a structure needs a loop of sites with fractional coordinates"));
    }
    let formula = block.formula.as_ref().and_then(read_formula);
    let atoms = whole_atoms(block, &lattice, formula.as_ref(), settings)?;
    let positions: Vec<[f64; 3]> = atoms.iter().map(|atom| atom.frac).collect();
    let images = images(
        block, &lattice, &lengths, &angles, &positions, &atoms, settings,
    )?;
    let structure = gather(block, &lattice, &atoms, &images, settings)?;
    if let (Some(formula), Some(value), Disorder::Refuse) =
        (&formula, &block.formula, settings.disorder)
    {
        check_formula(formula, value, &structure)?;
    }
    Ok(structure)
}

/// Where the cell stands.
fn cell_at(block: &Block<'_>) -> usize {
    block.cell[0].map_or(block.at, |value| value.at)
}

fn read_cell(block: &Block<'_>) -> Result<([f64; 3], [f64; 3]), Bad> {
    let mut numbers = [0.0; 6];
    for ((number, value), name) in numbers.iter_mut().zip(&block.cell).zip(&CELL) {
        let given = value.and_then(|value| value.given().map(|text| (value, text)));
        let Some((value, text)) = given else {
            let at = value.map_or(block.at, |value| value.at);
            return Err(Bad::new(
                known::MISSING_FIELD,
                at,
                format!("`{name}` is not given"),
            )
            .field(*name)
            .help("give the three lengths in Å and the three angles in degrees"));
        };
        *number = measured(text).ok_or_else(|| no_number(Some(name), &value))?;
    }
    let [a, b, c, alpha, beta, gamma] = numbers;
    Ok(([a, b, c], [alpha, beta, gamma]))
}

/// Cosine of an angle in degrees; exact for the angles of crystal systems.
fn cosine(degrees: f64) -> f64 {
    match degrees {
        90.0 => 0.0,
        120.0 => -0.5,
        60.0 => 0.5,
        _ => libm::cos(degrees.to_radians()),
    }
}

/// Rows a, b, c: c along z, a in the plane of x and z (the orientation that pymatgen
/// gives such a cell).
pub(super) fn lattice(
    lengths: &[f64; 3],
    angles: &[f64; 3],
    at: usize,
) -> Result<[[f64; 3]; 3], Bad> {
    let wrong = |title: String| {
        Bad::new(known::IMPOSSIBLE_LATTICE, at, title).help(
            "give lengths in Å and angles in degrees that can meet in one corner: each \
             smaller than the sum of the other two, together less than 360",
        )
    };
    for ((angle, name), length) in
        angles.iter().zip(["alpha", "beta", "gamma"]).zip(lengths)
    {
        if !(*angle > 0.0 && *angle < 180.0) {
            return Err(wrong(format!("the angle {name} is {angle} degrees")));
        }
        if *length <= 0.0 {
            return Err(wrong(format!("a cell length is {length} Å")));
        }
    }
    let [ca, cb, cg] = angles.map(cosine);
    let (sa, sb) = ((1.0 - ca * ca).sqrt(), (1.0 - cb * cb).sqrt());
    let star = (ca * cb - cg) / (sa * sb);
    if !star.is_finite() || star.abs() >= 1.0 {
        return Err(wrong("the three angles span no cell".to_owned()));
    }
    let [a, b, c] = *lengths;
    let sine = (1.0 - star * star).sqrt();
    Ok([
        [a * sb, 0.0, a * cb],
        [-b * sa * star, b * sa * sine, b * ca],
        [0.0, 0.0, c],
    ])
}

fn read_formula(value: &Value<'_>) -> Option<Composition> {
    let text = std::str::from_utf8(value.text).ok()?;
    if text.len() > 400 {
        return None;
    }
    let squeezed: String = text.split_whitespace().collect();
    squeezed.parse().ok()
}

/// The images of each atom under the block's symmetry.
fn images(
    block: &Block<'_>,
    lattice: &[[f64; 3]; 3],
    lengths: &[f64; 3],
    angles: &[f64; 3],
    positions: &[[f64; 3]],
    atoms: &[Atom<'_>],
    settings: &Settings,
) -> Result<Vec<Vec<[f64; 3]>>, Bad> {
    let with = |operators: &[Operator]| {
        expand(lattice, positions, operators, settings.tolerance).map_err(|TooMany| {
            let title = format!("symmetry makes more than {MAX_SITES} sites");
            Bad::new(known::WRONG_TYPE, block.at, title).help("describe a smaller cell")
        })
    };
    let check = |operators: &[Operator], at: usize, what: &str| match misfit(
        lattice, operators,
    ) {
        None => Ok(()),
        Some(i) => {
            let text = operators.get(i).map(Operator::text).unwrap_or_default();
            let title = format!("{what} (operator `{text}`) does not fit the cell");
            Err(Bad::new(code::SYMMETRY, at, title).help(
                "the lengths or angles of the cell contradict this symmetry: are both in \
                 the same setting of axes?",
            ))
        }
    };
    if let Some(first) = block.operators.first() {
        let operators = read_operators(block)?;
        if operators.len() > 1 {
            check(&operators, first.at, "the list of operators")?;
        }
        return with(&operators);
    }
    if let Some(value) = &block.hall {
        let operators = by_hall(value)?;
        check(&operators, value.at, "the Hall symbol")?;
        return with(&operators);
    }
    let (candidates, at, what) = candidates(block)?;
    let Some(first) = candidates.first() else {
        return with(&[Operator::IDENTITY]);
    };
    let only = |setting: &Setting| {
        let operators = hall::operators(setting.hall).map_err(|error| {
            Bad::new(code::SYMMETRY, at, format!("the Hall symbol {error}"))
        })?;
        Ok((operators, setting.written()))
    };
    if candidates.len() == 1 {
        let (operators, _) = only(first)?;
        check(&operators, at, &what)?;
        return with(&operators);
    }
    let mut fitting: Vec<&&Setting> = candidates
        .iter()
        .filter(|s| s.fits(lengths, angles))
        .collect();
    if fitting.len() > 1 && fitting.iter().any(|s| s.choice.starts_with('b')) {
        // All angles are right: the unique axis is b by convention.
        fitting.retain(|s| s.choice.starts_with('b'));
    }
    let mut sound = Vec::new();
    for setting in &fitting {
        let (operators, name) = only(setting)?;
        let images = with(&operators)?;
        if agrees(block, atoms, &images) {
            sound.push((images, name));
        }
    }
    if sound.len() == 1 {
        return Ok(sound.pop().map(|(images, _)| images).unwrap_or_default());
    }
    let names: Vec<String> = candidates.iter().take(4).map(|s| s.written()).collect();
    let why = match sound.len() {
        0 => "none of which fits the cell and its sites",
        _ => "which give different structures",
    };
    let title = format!("{what} has {} settings, {why}", candidates.len());
    Err(Bad::new(code::SYMMETRY, at, title).help(format!(
        "write the symmetry operators (`_space_group_symop_operation_xyz`), or the symbol \
         with its setting, such as `{}`",
        names.join("` or `")
    )))
}

/// Whether images agree with the multiplicities and the formula a block gives. Where
/// it gives none there is nothing to tell settings apart.
fn agrees(block: &Block<'_>, atoms: &[Atom<'_>], images: &[Vec<[f64; 3]>]) -> bool {
    let multiplicities = atoms.iter().zip(images).all(|(atom, images)| {
        atom.site.multiplicity == 0 || atom.site.multiplicity as usize == images.len()
    });
    let formula = block.formula.as_ref().and_then(read_formula);
    let units = block
        .formula_units
        .as_ref()
        .and_then(|value| measured(value.text));
    let total = match (formula, units) {
        (Some(formula), Some(units)) => {
            let sites: usize = images.iter().map(Vec::len).sum();
            // Z may count another formula unit: only whole multiples are told apart.
            let ratio = sites as f64 / (formula.total() * units);
            !ratio.is_finite() || (ratio - ratio.round()).abs() < 1e-6
        }
        _ => true,
    };
    multiplicities && total
}

fn read_operators(block: &Block<'_>) -> Result<Vec<Operator>, Bad> {
    let read = |values: &[Value<'_>]| -> Result<Vec<Operator>, Bad> {
        let mut operators = Vec::with_capacity(values.len());
        for value in values {
            let operator = Operator::parse(value.text).map_err(|error| {
                let title = format!("the operator `{}` {error}", quoted(value.text));
                Bad::new(code::SYMMETRY, value.at, title)
                    .field("_space_group_symop_operation_xyz")
                    .help("an operator has three parts of x, y, z and fractions: `-x+1/2, y, -z`")
            })?;
            operators.push(operator);
        }
        Ok(operators)
    };
    let operators = read(&block.operators)?;
    if !operators.contains(&Operator::IDENTITY) {
        let at = block.operators.first().map_or(block.at, |value| value.at);
        return Err(Bad::new(code::SYMMETRY, at, "the operators lack `x, y, z`")
            .field("_space_group_symop_operation_xyz")
            .help("list all operators of the space group; is the list whole?"));
    }
    if block.centrings.is_empty() {
        return Ok(operators);
    }
    let mut all = Vec::new();
    for centring in read(&block.centrings)? {
        all.extend(operators.iter().map(|operator| Operator {
            rotation: operator.rotation,
            translation: [0, 1, 2].map(|i| {
                super::operator::wrap(operator.translation[i] + centring.translation[i])
            }),
        }));
    }
    if all.len() > super::block::MAX_OPERATORS {
        let title = "operators and centrings make too many operators";
        return Err(Bad::new(code::SYMMETRY, block.at, title)
            .help("no space group has so many; describe a smaller cell"));
    }
    Ok(all)
}

fn by_hall(value: &Value<'_>) -> Result<Vec<Operator>, Bad> {
    let text = String::from_utf8_lossy(value.text);
    hall::operators(&text).map_err(|error| {
        let title = format!("the Hall symbol `{}` {error}", quoted(value.text));
        Bad::new(code::SYMMETRY, value.at, title)
            .field("_space_group_name_Hall")
            .help(
                "write it as in International Tables B, `-P 2ybc`, or list the operators",
            )
    })
}

/// The settings that symbol or number may mean, where that stands, and what it is
/// called. None where the block says nothing of symmetry.
fn candidates(block: &Block<'_>) -> Result<(Vec<&'static Setting>, usize, String), Bad> {
    let number = match &block.number {
        None => None,
        Some(value) => {
            let text = std::str::from_utf8(value.text).unwrap_or_default();
            match text.parse::<i32>() {
                Ok(number @ 1..=230) => Some((number, value.at)),
                _ => {
                    let title =
                        format!("`{}` is no space-group number", quoted(value.text));
                    return Err(Bad::new(code::SYMMETRY, value.at, title)
                        .field("_space_group_IT_number")
                        .help("space groups have the numbers 1 to 230"));
                }
            }
        }
    };
    let code = block
        .setting
        .map(|value| String::from_utf8_lossy(value.text));
    if let (Some((number, at)), Some(code)) = (number, code) {
        let found = group::by_code(number, code.trim());
        if !found.is_empty() {
            let what = format!("space group {number} in setting {code}");
            return Ok((found, at, what));
        }
    }
    if let Some(value) = block.hermann.iter().flatten().next() {
        let text = String::from_utf8_lossy(value.text);
        let found = group::by_hermann_mauguin(&text);
        let what = format!("the symbol `{}`", quoted(value.text));
        if found.is_empty() {
            return Err(Bad::new(
                code::SYMMETRY,
                value.at,
                format!("{what} is of no space group"),
            )
            .field("_space_group_name_H-M_alt")
            .help(
                "write the Hermann–Mauguin symbol with blanks, `P 1 21/c 1`, or list \
                     the operators (`_space_group_symop_operation_xyz`)",
            ));
        }
        if let Some((number, at)) = number
            && found.iter().all(|s| s.number != number)
        {
            let title = format!("{what} is not that of space group {number}");
            return Err(Bad::new(known::CONTRADICTION, at, title)
                .field("_space_group_IT_number")
                .help("correct the symbol or the number, or list the operators"));
        }
        return Ok((found, value.at, what));
    }
    match number {
        Some((number, at)) => Ok((
            group::by_number(number),
            at,
            format!("space group {number}"),
        )),
        None => Ok((Vec::new(), block.at, String::new())),
    }
}

/// All sites as a structure; a site written twice is one.
fn gather(
    block: &Block<'_>,
    lattice: &[[f64; 3]; 3],
    atoms: &[Atom<'_>],
    images: &[Vec<[f64; 3]>],
    settings: &Settings,
) -> Result<Structure, Bad> {
    let total = images.iter().map(Vec::len).sum();
    let mut species = Vec::with_capacity(total);
    let mut frac = Vec::with_capacity(total);
    let mut owner = Vec::with_capacity(total);
    for (i, (atom, images)) in atoms.iter().zip(images).enumerate() {
        for image in images {
            species.push(atom.element);
            frac.push(*image);
            owner.push(i);
        }
    }
    let firsts = firsts(lattice, &frac, settings.tolerance);
    for (i, first) in firsts.iter().enumerate() {
        if species[i] != species[*first] {
            let (this, other) = (&atoms[owner[i]], &atoms[owner[*first]]);
            let title = format!(
                "sites `{}` ({}) and `{}` ({}) lie on one another",
                quoted(other.site.label),
                other.element,
                quoted(this.site.label),
                this.element
            );
            return Err(Bad::new(known::CONTRADICTION, this.site.at, title).help(
                "two atoms cannot be in one place: correct a position, or give both \
                 their occupancies",
            ));
        }
    }
    if firsts.iter().enumerate().any(|(i, first)| i != *first) {
        let mut at = 0..firsts.len();
        let keep: Vec<usize> = at.by_ref().filter(|i| firsts[*i] == *i).collect();
        species = keep.iter().map(|i| species[*i]).collect();
        frac = keep.iter().map(|i| frac[*i]).collect();
    }
    Structure::new(*lattice, species, frac).map_err(|error| {
        let at = match &error {
            crate::chem::structure::StructureError::Coordinate { site, .. } => {
                owner.get(*site).map_or(block.at, |i| atoms[*i].site.at)
            }
            _ => cell_at(block),
        };
        impossible(&error, at, "of the whole cell")
    })
}

fn check_formula(
    formula: &Composition,
    value: &Value<'_>,
    structure: &Structure,
) -> Result<(), Bad> {
    let found = structure.composition();
    if formula.same_ratio(&found, FORMULA) {
        return Ok(());
    }
    let title = format!(
        "the formula is `{}`, but the sites make {}",
        quoted(value.text),
        found.reduced_formula()
    );
    Err(Bad::new(known::CONTRADICTION, value.at, title)
        .field("_chemical_formula_sum")
        .help(
            "atoms are missing (hydrogen often is) or the symmetry is not that of the \
             sites; correct the file, or remove the formula if it is wrong",
        ))
}
