//! Numbers and texts that describe a structure.

use super::made::{Made, Why, Workspace, structure};
use crate::builtins::settings::{count, elements, known, number, truth};
use crate::chem::acsf::{AcsfSettings, Angular};
use crate::chem::coulomb::{self, Convention, SymmetricMatrix, padded_eigenspectrum};
use crate::chem::density as dense;
use crate::chem::magpie::{FEATURES, Imputation, magpie_into};
use crate::chem::ofm::ofm_into;
use crate::chem::porosity::{Porosity, atomic_radii, porosity};
use crate::chem::soap::{Average, SoapSettings};
use crate::chem::species::SpeciesList;
use crate::chem::symmetry::{Symmetry, SymmetrySettings, symmetry};
use crate::chem::xrd::{Merging, VectorSettings, XrdSettings, powder_vector};
use crate::chem::{Structure, acsf as functions, ofm, porosity as room};
use crate::ir::{Call, Static};
use crate::types::Unit;

type Given<'a> = Vec<Made<'a>>;
type Done<'a> = Result<Made<'a>, Why>;

/// A setting the checker promised.
fn real(call: &Call, name: &str) -> Result<f64, Why> {
    number(call, name).ok_or_else(|| format!("it lacks its `{name}`").into())
}

fn one<'a>(value: f64) -> Done<'a> {
    Ok(Made::Numbers(vec![value]))
}

/// `magpie(…)`.
pub fn magpie<'a>(call: &Call, given: Given<'a>, _: &mut Workspace) -> Done<'a> {
    let mean = truth(call, "impute").unwrap_or(false);
    let imputation = if mean {
        Imputation::Mean
    } else {
        Imputation::None
    };
    let mut row = vec![0.0; FEATURES];
    let composition = structure(given)?.composition();
    let into = row.first_chunk_mut().ok_or("no room for the features")?;
    magpie_into(&composition, imputation, into).map_err(|error| Why {
        text: error.to_string(),
        help: Some("write `magpie(impute: true)`"),
    })?;
    Ok(Made::Numbers(row))
}

/// `xrd(…)`.
pub fn xrd<'a>(call: &Call, given: Given<'a>, _: &mut Workspace) -> Done<'a> {
    let Some(Static::Range(from, to, _)) = known(call, "two_theta") else {
        return Err(Why::from("it lacks its `two_theta`"));
    };
    let ends = [from.as_f64(), to.as_f64()].map(|end| end.unwrap_or(f64::NAN));
    let by_bins = truth(call, "merge_by_bins").unwrap_or(false);
    let settings = VectorSettings {
        xrd: XrdSettings {
            wavelength: real(call, "wavelength")?,
            two_theta: ends,
            merging: if by_bins {
                Merging::Bins
            } else {
                Merging::Tolerance
            },
        },
        bandwidth: real(call, "bandwidth")?,
        length: Some(count(call, "bins").unwrap_or(0)),
    };
    Ok(Made::Numbers(powder_vector(structure(given)?, &settings)?))
}

/// `density`.
pub fn density<'a>(_: &Call, given: Given<'a>, _: &mut Workspace) -> Done<'a> {
    let unit = Unit::parse("g/cm^3").map_err(|_| Why::from("g/cm^3 is no unit"))?;
    one(unit.canonical(dense::density(structure(given)?)))
}

/// `volume_per_atom`.
pub fn volume_per_atom<'a>(_: &Call, given: Given<'a>, _: &mut Workspace) -> Done<'a> {
    one(dense::volume_per_atom(structure(given)?))
}

/// `packing_fraction`.
pub fn packing_fraction<'a>(_: &Call, given: Given<'a>, _: &mut Workspace) -> Done<'a> {
    one(dense::packing_fraction(structure(given)?)?)
}

fn radii(call: &Call, structure: &Structure) -> Result<Vec<f64>, Why> {
    let scale = real(call, "scale")?;
    let radii = atomic_radii(structure)?;
    Ok(radii.into_iter().map(|radius| radius * scale).collect())
}

fn pores(call: &Call, given: Given<'_>) -> Result<Porosity, Why> {
    let structure = structure(given)?;
    Ok(porosity(structure, &radii(call, structure)?)?)
}

/// `void_fraction(…)`.
pub fn void_fraction<'a>(call: &Call, given: Given<'a>, _: &mut Workspace) -> Done<'a> {
    let structure = structure(given)?;
    one(room::void_fraction(structure, &radii(call, structure)?)?)
}

/// `largest_channel(…)`.
pub fn largest_channel<'a>(call: &Call, given: Given<'a>, _: &mut Workspace) -> Done<'a> {
    one(2.0 * pores(call, given)?.free_radius)
}

/// `largest_cavity(…)`.
pub fn largest_cavity<'a>(call: &Call, given: Given<'a>, _: &mut Workspace) -> Done<'a> {
    one(2.0 * pores(call, given)?.included_radius)
}

type Matrix =
    fn(&Structure, Convention) -> Result<SymmetricMatrix, coulomb::CoulombError>;

fn repulsion(call: &Call, given: Given<'_>, of: Matrix) -> Result<SymmetricMatrix, Why> {
    let convention = match truth(call, "bohr") {
        Some(true) => Convention::Matminer,
        _ => Convention::Dscribe,
    };
    Ok(of(structure(given)?, convention)?)
}

fn size(call: &Call) -> Result<usize, Why> {
    count(call, "size").ok_or_else(|| Why::from("`size` counts: it is 1 or more"))
}

const MAKE_ROOM: &str = "raise `size` to the most sites of a structure";

fn matrix<'a>(call: &Call, given: Given<'a>, of: Matrix) -> Done<'a> {
    let (size, matrix) = (size(call)?, repulsion(call, given, of)?);
    let order = matrix.order();
    if order > size {
        return Err(Why {
            text: format!("{order} sites do not fit into a matrix of {size}"),
            help: Some(MAKE_ROOM),
        });
    }
    let mut padded = vec![0.0; size * size];
    for (to, from) in padded.chunks_exact_mut(size).zip(0..order) {
        for (to, from) in to.iter_mut().zip(matrix.row(from)) {
            *to = *from;
        }
    }
    Ok(Made::Numbers(padded))
}

fn spectrum<'a>(call: &Call, given: Given<'a>, of: Matrix) -> Done<'a> {
    let (size, matrix) = (size(call)?, repulsion(call, given, of)?);
    let values = padded_eigenspectrum(&matrix, size).map_err(|error| Why {
        text: error.to_string(),
        help: Some(MAKE_ROOM),
    })?;
    Ok(Made::Numbers(values))
}

/// `coulomb_matrix(…)`.
pub fn coulomb_matrix<'a>(call: &Call, given: Given<'a>, _: &mut Workspace) -> Done<'a> {
    matrix(call, given, coulomb::coulomb_matrix)
}

/// `sine_coulomb_matrix(…)`.
pub fn sine_coulomb_matrix<'a>(
    call: &Call,
    given: Given<'a>,
    _: &mut Workspace,
) -> Done<'a> {
    matrix(call, given, coulomb::sine_coulomb_matrix)
}

/// `coulomb_spectrum(…)`.
pub fn coulomb_spectrum<'a>(
    call: &Call,
    given: Given<'a>,
    _: &mut Workspace,
) -> Done<'a> {
    spectrum(call, given, coulomb::coulomb_matrix)
}

/// `sine_coulomb_spectrum(…)`.
pub fn sine_coulomb_spectrum<'a>(
    call: &Call,
    given: Given<'a>,
    _: &mut Workspace,
) -> Done<'a> {
    spectrum(call, given, coulomb::sine_coulomb_matrix)
}

/// The records of a list setting, as the numbers of these fields.
fn records<const N: usize>(
    call: &Call,
    name: &str,
    fields: [&str; N],
) -> Result<Vec<[f64; N]>, Why> {
    let Some(Static::List(all)) = known(call, name) else {
        return Err(format!("it lacks its `{name}`").into());
    };
    let field = |record: &Static, wanted: &str| match record {
        Static::Record(fields) => fields
            .iter()
            .find(|(name, _)| &**name == wanted)
            .and_then(|(_, value)| value.as_f64()),
        _ => None,
    };
    let each = all
        .iter()
        .map(|record| fields.map(|name| field(record, name).unwrap_or(f64::NAN)));
    Ok(each.collect())
}

/// `acsf(…)`: the mean over the sites.
pub fn acsf<'a>(call: &Call, given: Given<'a>, workspace: &mut Workspace) -> Done<'a> {
    let angular = |name| -> Result<Vec<Angular>, Why> {
        let all = records(call, name, ["eta", "zeta", "lambda"])?;
        let each =
            all.into_iter()
                .map(|[eta, zeta, lambda]| Angular { eta, zeta, lambda });
        Ok(each.collect())
    };
    let g3 = match known(call, "g3") {
        Some(Static::List(all)) => all.iter().filter_map(Static::as_f64).collect(),
        _ => return Err(Why::from("it lacks its `g3`")),
    };
    let settings = AcsfSettings {
        r_cut: real(call, "radius")?,
        g2: records(call, "g2", ["eta", "shift"])?,
        g3,
        g4: angular("g4")?,
        g5: angular("g5")?,
    };
    let species = SpeciesList::new(elements(call, "species"));
    let finder = &mut workspace.finder;
    let rows = functions::acsf_in(finder, structure(given)?, &settings, &species)?;
    Ok(Made::Numbers(rows.mean()))
}

/// `soap(…)`.
pub fn soap<'a>(call: &Call, given: Given<'a>, workspace: &mut Workspace) -> Done<'a> {
    let counted = |name| count(call, name).unwrap_or(0);
    let settings = SoapSettings {
        r_cut: real(call, "radius")?,
        n_max: counted("n"),
        l_max: counted("l"),
        sigma: real(call, "sigma")?,
    };
    let average = match truth(call, "inner") {
        Some(false) => Average::Outer,
        _ => Average::Inner,
    };
    let species = SpeciesList::new(elements(call, "species"));
    let (soap, finder) = workspace.soap(settings)?;
    let rows = soap.spectra_in(finder, structure(given)?, &species, average)?;
    Ok(Made::Numbers(rows.into_values()))
}

/// `orbital_field_matrix(…)`.
pub fn orbital_field_matrix<'a>(
    call: &Call,
    given: Given<'a>,
    _: &mut Workspace,
) -> Done<'a> {
    let settings = SymmetrySettings {
        symprec: real(call, "tolerance")?,
    };
    let mut matrix = vec![0.0; ofm::FEATURES];
    let into = matrix.first_chunk_mut().ok_or("no room for the features")?;
    ofm_into(structure(given)?, &settings, into)?;
    Ok(Made::Numbers(matrix))
}

fn group(given: Given<'_>) -> Result<Symmetry, Why> {
    Ok(symmetry(structure(given)?, &SymmetrySettings::default())?)
}

/// `space_group`.
pub fn space_group<'a>(_: &Call, given: Given<'a>, _: &mut Workspace) -> Done<'a> {
    Ok(Made::Text(group(given)?.symbol))
}

/// `prototype`.
pub fn prototype<'a>(_: &Call, given: Given<'a>, _: &mut Workspace) -> Done<'a> {
    Ok(Made::Text(crate::chem::prototype::prototype(structure(
        given,
    )?)?))
}

/// `space_group_number`.
pub fn space_group_number<'a>(_: &Call, given: Given<'a>, _: &mut Workspace) -> Done<'a> {
    one(f64::from(group(given)?.number))
}
